"""One vote of a whole hall, from the desk's press to the screen: four languages, bad lines, one number everywhere.

Everything that reaches a phone or the screen is kept, and nothing of the result may be in it before the reveal.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Response, WebSocket, expect, sync_playwright

from live.badges import Badges
from tests.browser.phone_room import LANGUAGES
from tests.browser.screen_hall import CHROMIUM, HALL, Desk, Platform, until_shown

pytestmark = pytest.mark.browser

TEXTS = [
    {"en": "Where should we begin?", "tr": "Nereden başlamalıyız?", "ar": "من أين نبدأ؟", "ru": "С чего нам начать?"},
    {"en": "Training", "tr": "Eğitim", "ar": "التدريب", "ru": "Обучение"},
    {"en": "Equipment", "tr": "Donanım", "ar": "المعدات", "ru": "Оборудование"},
    {"en": "Law", "tr": "Hukuk", "ar": "القانون", "ru": "Право"},
]
SPLIT = re.compile(r'class="fill"|class="dots"|class="res\b|data-bar=')
"""What only a drawn result has in its markup: bars, dots, rows of figures."""
NUMBERS = {
    "turnout": {"poll", "n", "of"},
    "here": {"n"},
    "my": {"session", "poll", "elector", "turn", "marks", "wording"},
}
"""All that a part of numbers may tell while the result is nobody's business: any other name is a leak."""


@dataclass
class Heard:
    """Everything that reached one browser: frames of its lines, and bodies of what it loaded."""

    texts: list[str] = field(default_factory=list)

    def listen(self, page: Page) -> None:
        def line(socket: WebSocket) -> None:
            socket.on("framereceived", lambda data: self.texts.append(str(data)))

        def loaded(response: Response) -> None:
            page_or_fetch = response.request.resource_type in ("document", "fetch", "xhr")
            if page_or_fetch and "/static/" not in response.url and response.status == 200:
                self.texts.append(response.text())

        page.on("websocket", line)
        page.on("response", loaded)

    @property
    def splits(self) -> list[str]:
        """Texts with something of a result in them."""
        found = []
        for text in self.texts:
            told: Any = json.loads(text) if text.startswith(("{", "[")) else {"html": text}
            for part in told if isinstance(told, list) else [told]:
                told_more = set(part.get("numbers") or {}) - NUMBERS.get(part.get("part", ""), set())
                if told_more or SPLIT.search(part.get("html") or ""):
                    found.append(text)
        return found


@dataclass
class Hall:
    platform: Platform
    browser: Browser
    moderator: Page
    moderator_heard: Heard
    screen: Page
    screen_heard: Heard
    organiser: Desk
    session: int

    def ask(self, sql: str, *args: Any) -> list[Any]:
        with sqlite3.connect(self.platform.folder / "hallside.sqlite") as db:
            rows = db.execute(sql, args).fetchall()
        db.close()
        return rows

    def sign_in(self, person: int, language: str, **options: Any) -> Page:
        context = self.browser.new_context(base_url=self.platform.base, **options)
        secret = Badges.open(self.platform.folder).link_secret(person, 1)
        headers = {"origin": self.platform.base, "accept": "application/json"}
        for path, form in (("/badge", {"link": secret}), ("/do/set_language", {"language": language})):
            assert context.request.post(path, form=form, headers=headers).status in (200, 303)
        return context.new_page()

    def phone(self, n: int, language: str, **options: Any) -> tuple[Page, Heard]:
        """The n-th participant, come in to the session."""
        person = self.ask("SELECT id FROM person WHERE role = 'participant' ORDER BY id LIMIT 1 OFFSET ?", n)[0][0]
        page = self.sign_in(person, language, viewport={"width": 390, "height": 844}, **options)
        heard = Heard()
        heard.listen(page)
        headers = {"origin": self.platform.base, "accept": "application/json"}
        assert page.context.request.post("/do/check_in", data={"session": self.session}, headers=headers).ok
        page.goto("/")
        expect(page.locator("html")).to_have_attribute("lang", language)
        return page, heard

    def press(self, command: str) -> None:
        """One press at the moderator's desk, on the poll that is on."""
        self.moderator.click(f"[data-on] [action='/do/{command}'] button")

    def poll(self, results: str) -> int:
        told = self.organiser.do("write_poll", session=self.session, kind="single", texts=TEXTS, results=results)
        poll = int(told["facts"]["poll"])
        for language in LANGUAGES:
            self.organiser.do("approve_text", poll=poll, language=language)
        self.organiser.do("make_ready", poll=poll)
        return poll


@pytest.fixture(scope="module")
def hall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hall]:
    folder: Path = tmp_path_factory.mktemp("platform")
    with Platform(folder) as platform, sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM)
        screen = browser.new_context(viewport={"width": 1920, "height": 1080}).new_page()
        heard = Heard()
        heard.listen(screen)
        screen.goto(f"{platform.base}/screen/link#{platform.link('/screen/link', 'Hall A')}")
        screen.wait_for_url("**/screen")
        hall = Hall(platform, browser, screen, Heard(), screen, heard, Desk(play, platform), 0)
        hall.session = hall.ask("SELECT id FROM session WHERE state = 'on' AND hall_id = ?", HALL)[0][0]
        who = hall.ask("SELECT person_id FROM sessionstaff WHERE session_id = ? AND role = 'moderator'", hall.session)
        hall.moderator = hall.sign_in(who[0][0], "en", viewport={"width": 1440, "height": 900})
        hall.moderator_heard.listen(hall.moderator)
        yield hall
        browser.close()


def choose(page: Page, option: int) -> None:
    page.locator("label.row").nth(option - 1).click()
    page.locator("form[data-poll] .act .btn").click()


def my(page: Page, state: str, seconds: float = 20) -> None:
    expect(page.locator("[data-poll]")).to_have_attribute("data-my", state, timeout=1000 * seconds)


def until(done: Callable[[], bool], page: Page, seconds: float = 10) -> None:
    for _ in range(int(seconds * 10)):
        if done():
            return
        page.wait_for_timeout(100)
    assert done()


def test_a_figure_in_a_part_of_numbers_is_seen_by_the_watch_for_leaks() -> None:
    turnout, split = {"poll": 1, "n": 5, "of": 9}, {"1": 3, "2": 2}
    quiet = [{"part": "turnout", "numbers": turnout}, {"part": "turnout", "numbers": None}, {"beat": 1.0}]
    leaks = [
        {"part": "turnout", "numbers": {**turnout, "items": split}},
        {"part": "my", "numbers": {"poll": 1, "split": [3, 2]}},
        {"part": "board", "numbers": split},
    ]

    assert Heard([json.dumps(each) for each in quiet]).splits == []
    assert len(Heard([json.dumps(each) for each in leaks]).splits) == len(leaks)


def test_live_results_are_seen_by_the_watch_for_leaks(hall: Hall) -> None:
    """The control: a poll whose live results are wanted leaks them by design, and the watch sees it."""
    page, heard = hall.phone(11, "en")
    poll = hall.poll("live")
    hall.organiser.do("open_poll", poll=poll)
    page.locator(f"[data-poll='{poll}']").wait_for()
    choose(page, 1)
    my(page, "recorded")

    page.reload()

    until(lambda: bool(heard.splits), page)
    hall.organiser.do("withdraw", poll=poll)
    page.context.close()


def test_a_hall_votes_in_four_languages_and_one_number_is_everywhere(hall: Hall) -> None:
    poll = hall.poll("on_release")
    hall.moderator.goto(f"/desk/{hall.session}#poll-{poll}")
    hall.moderator.wait_for_selector('[data-line="open"]')
    phones = {la: hall.phone(n, la) for n, la in enumerate(LANGUAGES)}
    late, late_heard = hall.phone(4, "en")
    plain, plain_heard = hall.phone(5, "ru", java_script_enabled=False)
    pages = {la: page for la, (page, _) in phones.items()}
    ears = [hall.moderator_heard, hall.screen_heard, late_heard, plain_heard, *(heard for _, heard in phones.values())]
    for heard in ears:
        heard.texts.clear()

    # Stage and take: the picture changes, the poll does not.
    hall.moderator.locator(f"#f-stage-poll-{poll} button").click()
    hall.moderator.locator("[action='/do/take'] button").first.click()
    until_shown(hall.screen, "poll")
    assert hall.ask("SELECT state FROM poll WHERE id = ?", poll) == [("ready",)]
    hall.press("open_poll")
    for language, page in pages.items():
        page.locator(f"[data-poll='{poll}']").wait_for()
        expect(page.locator("h1").first).to_contain_text(TEXTS[0][language])
    expect(pages["ar"].locator("html")).to_have_attribute("dir", "rtl")

    # Four languages vote: one changes its mind, one is offline and comes back, one has no script at all.
    choose(pages["en"], 1)
    choose(pages["tr"], 2)
    pages["ar"].context.set_offline(True)
    choose(pages["ar"], 1)
    choose(pages["ru"], 3)
    for language in ("en", "tr", "ru"):
        my(pages[language], "recorded")
    pages["tr"].wait_for_timeout(700)
    pages["tr"].locator("form[data-poll] .act .btn").click()
    choose(pages["tr"], 1)
    my(pages["tr"], "changed")
    plain.goto("/")
    choose(plain, 2)
    expect(plain.locator("body")).to_contain_text("Ваш голос получен залом")
    assert hall.ask("SELECT count(*) FROM ballot WHERE poll_id = ?", poll) == [(4,)]
    pages["ar"].context.set_offline(False)
    my(pages["ar"], "recorded", 30)

    # The hall sees how many, the desk too.
    expect(hall.moderator.locator(f'[data-turnout="{poll}"]')).to_have_text("5")
    until(lambda: "5" in (hall.screen.locator(".hall").last.inner_text()), hall.screen)

    # One chooses, loses the line, and sends when it is over.
    late.locator("label.row").nth(2).click()
    late.context.set_offline(True)
    late.locator("form[data-poll] .act .btn").click()
    hall.press("end_voting")
    expect(hall.moderator.locator("[data-on] .is .word")).to_have_text("Counting")
    expect(hall.moderator.locator("[data-on] .is .word")).to_have_text("Sealed", timeout=12_000)
    late.context.set_offline(False)
    my(late, "late", 30)

    # Sealed, and nobody has seen a figure: not in a page, not in a frame, not at the desk, not in a log.
    hall.moderator.locator(f"#f-stage-results-{poll} button").click()
    hall.moderator.locator("[action='/do/take'] button").first.click()
    until_shown(hall.screen, "results")
    for page in pages.values():
        page.reload()
    assert all(heard.texts for heard in ears)
    assert [split for heard in ears for split in heard.splits] == []
    assert hall.moderator.locator("[data-on] .figures").count() == 0
    metrics = hall.organiser.request.get("/metrics").text()
    told = hall.platform.log() + metrics
    assert not SPLIT.search(told)
    assert not re.search(r"tally|marks|counts", told)

    # Revealed: the same numbers everywhere, in every language.
    hall.press("reveal")
    wanted = [3, 1, 1]
    for page in pages.values():
        rows = page.locator("[data-part=now] .res")
        expect(rows).to_have_count(3)
        assert [row.locator(".dots i").count() for row in rows.all()] == wanted
    bars = hall.screen.locator(".hall:not([aria-hidden]) [data-item]")
    until(lambda: bars.count() == 3 and [b.locator(".dots i").count() for b in bars.all()] == wanted, hall.screen)
    hall.moderator.click("[data-on] .figures summary")
    figures = hall.moderator.locator("[data-on] .figures tbody tr")
    assert [int(row.locator("td").first.inner_text()) for row in figures.all()] == wanted
    expect(pages["en"].locator("[data-part=now]")).to_contain_text("5")
    marks = "SELECT count(*) FROM mark WHERE mark.item_id = item.id"
    assert hall.ask(f"SELECT ({marks}) FROM item WHERE poll_id = ? ORDER BY n", poll) == [(n,) for n in wanted]
    assert any(heard.splits for heard in ears)
