"""A day that does not go by the list: a hall runs late, a session moves while people vote in it, and is cancelled.

Phones in three languages and the screens of both halls are read after each act.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect, sync_playwright

from live.badges import Badges
from models.programme import confirmation
from tests.browser.phone_room import Room
from tests.browser.screen_hall import CHROMIUM, Desk, Platform, seen, until_shown
from tests.browser.test_phone_access import RULES, faults

pytestmark = pytest.mark.browser

SPOKEN = ("en", "ar", "ru")
MOVED = {
    "en": "This session has moved to \u2068Hall B\u2069.",
    "ar": "القاعة الجديدة لهذه الجلسة: \u2068القاعة B\u2069.",
    "ru": "Новый зал заседания: \u2068Зал B\u2069.",
}
CANCELLED = {"en": "This session was cancelled.", "ar": "أُلغيت", "ru": "отменено"}


@dataclass
class Day:
    """Two halls, the first session of the day on in hall A, and nothing in hall B."""

    room: Room
    session: int
    organiser: Page
    """The desk of that session, before an organiser."""
    screens: dict[str, Page]
    phones: dict[str, Page]

    def last(self, words: str) -> None:
        expect(self.organiser.locator("#last-words")).to_have_text(words)

    def unfold(self, name: str) -> None:
        fold = self.organiser.locator(name)
        if fold.get_attribute("open") is None:
            fold.locator("summary").first.click()


def axe(page: Page) -> list[str]:
    found = Axe().run(page, options=RULES).response["violations"]
    return [f"{one['id']}: {node['html'][:120]}" for one in found for node in one["nodes"]]


def screen(browser: Browser, platform: Platform, hall: str, wrong: list[str]) -> Page:
    page = browser.new_context(viewport={"width": 1920, "height": 1080}).new_page()
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.goto(f"{platform.base}/screen/link#{platform.link('/screen/link', hall)}")
    page.wait_for_url("**/screen")
    page.wait_for_selector(".hall[data-fitted]")
    return page


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Day]:
    folder: Path = tmp_path_factory.mktemp("platform")
    with Platform(folder) as platform, sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM)
        room = Room(platform, browser, Desk(play, platform))
        for (on,) in room.ask("SELECT id FROM session WHERE state = 'on'"):
            room.desk.do("end_session", session=on, confirm=confirmation(on))
        session = room.ask("SELECT id FROM session WHERE key = 'd1-pre-standards'")[0][0]
        room.desk.do("start_session", session=session)
        screens = {hall: screen(browser, platform, hall, room.wrong) for hall in ("Hall A", "Hall B")}
        phones = {}
        for language in SPOKEN:
            phone = room.phone(viewport={"width": 360, "height": 740})
            phone.post("set_language", language=language)
            phone.page.goto("/")
            phones[language] = phone.page
        context = browser.new_context(base_url=platform.base, viewport={"width": 1440, "height": 900})
        organiser = room.ask("SELECT id FROM person WHERE role = 'organiser' ORDER BY id LIMIT 1 OFFSET 1") or room.ask(
            "SELECT id FROM person WHERE role = 'organiser'"
        )
        link = Badges.open(folder).link_secret(organiser[0][0], 1)
        headers = {"origin": platform.base, "accept": "application/json"}
        assert context.request.post("/badge", form={"link": link}, headers=headers).ok
        context.request.post("/do/set_language", data={"language": "en"}, headers=headers)
        page = context.new_page()
        page.on("pageerror", lambda error: room.wrong.append(f"{error} {error.stack}"))
        page.goto(f"/desk/{session}")
        page.wait_for_selector('[data-line="open"]')
        yield Day(room, session, page, screens, phones)
        browser.close()


def test_a_day_goes_otherwise_than_the_list(day: Day) -> None:
    room, desk, number = day.room, day.organiser, str(confirmation(day.session))
    agenda = day.phones["ar"].context.new_page()
    agenda.goto("/agenda")

    # Twenty minutes late: one press shifts the hall, and the agenda tells both times.
    day.unfold("#d-changes")
    desk.locator(f"#f-late-{day.session} [value='20']").click()
    day.last("Times shifted. Phones and screens show the new ones.")
    opening = room.ask("SELECT id, start FROM session WHERE key = 'd1-opening'")[0]
    assert opening[1] == "11:50"
    row = agenda.locator(f"[data-session='{opening[0]}']")
    expect(row).to_contain_text("11:50")
    expect(row.locator("s")).to_have_text("11:30")
    expect(row.locator(".h .vh")).to_have_text("كان الموعد 11:30")
    expect(desk.locator("[data-part=place]")).to_contain_text("09:30–11:20")
    expect(desk.locator("#log li").first).to_contain_text("Shifted by")
    assert "11:20" in seen(day.screens["Hall A"])["text"]

    # A poll is open and on air; one has voted, one has chosen and not sent, one has done nothing.
    poll = room.poll()
    room.desk.do("show_scene", hall=1, scene={"kind": "poll", "poll": poll})
    until_shown(day.screens["Hall A"], "poll")
    for page in day.phones.values():
        page.locator(f"[data-poll='{poll}']").wait_for()
    for language, option in (("ru", 1), ("en", 2)):
        day.phones[language].locator("label.row").nth(option - 1).click()
    day.phones["ru"].locator("form[data-poll] .act .btn").click()
    expect(day.phones["ru"].locator("[data-poll]")).to_have_attribute("data-my", "recorded")

    # The session moves while it is on.
    day.unfold(f"#d-move-{day.session}")
    form = desk.locator(f"#f-move-{day.session}")
    form.locator("[name=hall]").select_option(label="Hall B (no booth: AR)")
    form.locator("[name=confirm]").fill("11")
    form.locator("button").click()
    day.last(f"Type {number} to confirm.")
    form.locator("[name=confirm]").fill(number)
    form.locator("button").click()
    day.last("Session moved. Phones and screens say where and when.")
    for language, page in day.phones.items():
        expect(page.locator("#moved b")).to_have_text(MOVED[language])
        expect(page.locator(".top .t span")).to_have_text(MOVED[language].split("\u2068")[1].split("\u2069")[0])
        assert faults(page) == []
    until_shown(day.screens["Hall A"], "announcement")
    told = day.screens["Hall A"].locator(".hall:not([aria-hidden])").text_content() or ""
    for words in (
        "This session moves to",
        "القاعة الجديدة لهذه الجلسة",
        "Новый зал заседания",
        "Bu oturumun yeni salonu",
    ):
        assert words in told
    until_shown(day.screens["Hall B"], "title")
    expect(desk.locator("[data-part=place]")).to_contain_text("Hall B")
    expect(desk.locator("#session-h ~ .quiet")).to_contain_text("No booth in this hall for AR.")
    expect(desk.locator(".mon.next .what")).to_contain_text("Poll")
    assert axe(desk) == []

    # What was chosen is still chosen, and the vote goes on in the new hall with one press at the desk.
    assert day.phones["en"].locator("label.row input").nth(1).is_checked()
    day.phones["en"].locator("form[data-poll] .act .btn").click()
    expect(day.phones["en"].locator("[data-poll]")).to_have_attribute("data-my", "recorded")
    day.phones["ar"].locator("[data-stay]").click()
    expect(day.phones["ar"].locator("#moved")).to_be_hidden()
    day.phones["ar"].reload()
    expect(day.phones["ar"].locator("#moved")).to_be_hidden()
    desk.locator("#b-take").click()
    until_shown(day.screens["Hall B"], "poll")
    assert room.ballots(poll) == [1, 1, 0]
    assert room.ask("SELECT count(*) FROM presence WHERE session_id = ?", day.session) == [(3,)]
    assert room.ask("SELECT state, hall_id FROM poll WHERE id = ?", poll) == [("open", 2)]

    # It is cancelled with the poll open: phones and screen clear at once, and the words wait for one press.
    day.phones["ar"].locator("label.row").first.click()
    day.unfold(f"#d-cancel-{day.session}")
    form = desk.locator(f"#f-cancel-{day.session}")
    form.locator("[name=confirm]").fill(number)
    form.locator("button").click()
    day.last("Session cancelled. Open polls were withdrawn.")
    for language, page in day.phones.items():
        expect(page.locator("[data-part=now] h1")).to_contain_text(CANCELLED[language])
        expect(page.locator("[data-part=now] form")).to_have_count(0)
        assert faults(page) == []
    expect(day.screens["Hall B"].locator(".hall:not([aria-hidden])")).to_contain_text("This question was withdrawn.")
    expect(desk.locator(".mon.next .what")).to_contain_text("This session is cancelled")
    desk.wait_for_timeout(2100)  # who else took a scene just now is asked for again
    desk.locator("#b-take").click()
    shown = day.screens["Hall B"].locator(".hall:not([aria-hidden])")
    for words in ("This session is cancelled.", "Bu oturum iptal edildi.", "أُلغيت", "отменено"):
        expect(shown).to_contain_text(words)
    assert room.ask("SELECT state, counted FROM poll WHERE id = ?", poll) == [("withdrawn", 2)]
    assert room.ballots(poll) == [0, 0, 0]

    # By mistake: it is planned again, and says so.
    desk.locator(f"#f-restore-{day.session} button").click()
    day.last("The session is planned again. Withdrawn polls stay withdrawn.")
    expect(day.phones["ru"].locator("[data-part=now] h1")).to_contain_text("Заседание начнётся в 09:30")
    assert room.wrong == []


@pytest.mark.parametrize("width", [360, 1440])
def test_the_forms_fit_and_pass_axe_on_the_list_of_desks(day: Day, width: int) -> None:
    day.organiser.set_viewport_size({"width": width, "height": 900})
    day.organiser.goto("/desk")
    fold = day.organiser.locator("[id^=d-acts]:has([id^=d-move])").first
    fold.locator("summary").first.click()
    fold.locator("[id^=d-move] > summary").click()

    assert axe(day.organiser) == []
    assert day.organiser.evaluate("document.documentElement.scrollWidth") <= width
    low = fold.locator("button:visible, input:visible:not([type=checkbox]), select:visible, summary:visible")
    assert [round(box["height"]) for one in low.all() if (box := one.bounding_box()) and box["height"] < 43.5] == []
