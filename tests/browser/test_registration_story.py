"""Eight in the morning: three desks, one list, two hundred people. Lost badges, replacements, walk-ins among them."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect, sync_playwright
from playwright.sync_api import TimeoutError as PlaywrightTimeout
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from websockets.typing import Origin

from live.badges import Badges, grouped
from models import journal, people
from models.store import Store
from tests.browser.screen_hall import CHROMIUM, Desk, Platform
from tests.browser.test_by_keyboard import go_to
from tests.browser.test_phone_access import faults

pytestmark = pytest.mark.browser

TAPS, SECONDS = 4, 20.0
"""What one act takes at most."""
OUT_WITHIN = 2.0
"""Seconds in which a badge that was revoked is out, sockets included."""
SPARES = 12
PACE = 0.04
"""Seconds between two arrivals at the desk that is played without a browser."""


@dataclass
class Morning:
    """The platform with its people, two of whom sit at registration desks."""

    platform: Platform
    browser: Browser
    organiser: Desk
    badges: Badges
    desks: tuple[int, int, int]
    wrong: list[str] = field(default_factory=list)

    def ask(self, sql: str, *values: Any) -> list[Any]:
        with closing(sqlite3.connect(self.platform.folder / "hallside.sqlite")) as raw:
            return raw.execute(sql, values).fetchall()

    def numbers(self, sql: str = "role = 'participant'") -> list[str]:
        return [n for (n,) in self.ask(f"SELECT number FROM person WHERE NOT revoked AND {sql} ORDER BY id")]

    def id_of(self, number: str) -> int:
        return int(self.ask("SELECT id FROM person WHERE number = ?", number)[0][0])

    def secret(self, person: int) -> str:
        return self.badges.link_secret(person, int(self.ask("SELECT issue FROM person WHERE id = ?", person)[0][0]))

    def browser_of(self, person: int, language: str = "en", **options: Any) -> BrowserContext:
        context = self.browser.new_context(base_url=self.platform.base, **options)
        told = {"origin": self.platform.base, "accept": "application/json"}
        answer = context.request.post("/badge", form={"link": self.secret(person)}, headers=told)
        assert answer.ok, answer.text()
        context.request.post("/do/set_language", data={"language": language}, headers=told)
        return context

    def desk(self, person: int, language: str = "en", **options: Any) -> AtDesk:
        page = self.browser_of(person, language, **options).new_page()
        page.on("pageerror", lambda error: self.wrong.append(f"{error} {error.stack}"))
        page.goto("/registration")
        return AtDesk(self, page)


@dataclass
class AtDesk:
    """A person at a desk. Presses are counted; what is typed, scanned or ended with Enter is none."""

    morning: Morning
    page: Page
    taps: int = 0
    most: Counter[str] = field(default_factory=Counter)
    began: float = 0.0
    longest: float = 0.0

    def leave(self) -> None:
        """Close, then sign out, so that the next story finds a browser free.

        In this order: a page that is signed out loads itself anew, and a context that is closed meanwhile may hang.
        """
        self.page.close()
        told = {"origin": self.morning.platform.base, "accept": "application/json"}
        assert self.page.context.request.post("/do/sign_out", data={}, headers=told).ok
        self.page.context.close()

    def find(self, text: str) -> None:
        self.taps, self.began = 0, time.monotonic()
        self.page.locator("#q").fill(text)
        self.page.locator("#q").press("Enter")
        expect(self.page.locator("#one-h")).to_contain_text(text)

    def tap(self, what: Locator | str) -> None:
        self.taps += 1
        (self.page.locator(what) if isinstance(what, str) else what).click()

    def done(self, act: str, notice: str) -> None:
        """The page says it, and it took no more presses than it may."""
        expect(self.page.locator("#said")).to_have_text(notice)
        took = time.monotonic() - self.began
        assert (self.taps <= TAPS, took < SECONDS) == (True, True), (act, self.taps, took)
        self.longest = max(self.longest, took)
        self.most[act] = max(self.most[act], self.taps)

    def arrive(self, number: str) -> None:
        self.find(number)
        self.tap("#b-arrive")
        self.done("arrive", "Arrived")
        expect(self.page.locator("#q")).to_be_focused()

    def spare(self, number: str, printed: str) -> None:
        self.find(number)
        self.tap("#spare summary")
        expect(self.page.locator("#spare-code")).to_be_focused()
        self.page.keyboard.insert_text(printed)
        self.page.keyboard.press("Enter")  # as a scanner ends what it read
        self.done("spare", "Spare badge given. The old badge no longer works.")
        self.tap(f"#arrived-{self.morning.id_of(number)}")
        self.done("spare and arrive", "Arrived")

    def replace(self, number: str, given: str, family: str) -> None:
        self.find(number)
        self.tap("#replace summary")
        expect(self.page.locator("#r-given")).to_be_focused()
        self.page.keyboard.insert_text(given)
        self.page.locator("#r-family").fill(family)
        self.tap("#replace .b.go")
        self.done("replace", "Replaced. The old badge no longer works.")
        expect(self.page.locator("#card-h")).to_contain_text(f"{given} {family}")
        assert "show" not in self.page.url

    def walk_in(self, given: str, family: str) -> int:
        self.page.goto("/registration")
        self.taps, self.began = 0, time.monotonic()
        self.tap("#walk-in summary")
        expect(self.page.locator("#w-given")).to_be_focused()
        self.page.keyboard.insert_text(given)
        self.page.locator("#w-family").fill(family)
        self.tap("#walk-in .b.go")
        self.done("walk-in", "Written down. An organiser must approve.")
        return int(self.page.url.rpartition("=")[2])

    def show(self, number: str) -> None:
        self.find(number)
        self.tap("#b-print")
        expect(self.page.locator(".badge-card .code")).to_be_visible()
        assert self.taps < TAPS
        self.most["print again"] = self.taps

    def renew(self, number: str) -> None:
        self.find(number)
        self.tap("#b-new")
        self.done("new badge", "New badge made. The old one no longer works.")
        person = self.morning.id_of(number)
        expect(self.page.locator(".badge-card .code")).to_have_text(grouped(self.morning.badges.code(person, 2)))

    def hand(self, number: str) -> int:
        self.find(number)
        self.tap("#hand summary")
        button = self.page.locator("#hand .session").first
        session = int(button.get_attribute("value") or 0)
        self.tap(button)
        self.done("hand a session", "Session handed over")
        return session


@dataclass
class Phone:
    """What a lost badge is still open in: a page, and a line that a program of its own reads."""

    morning: Morning
    person: int

    def __post_init__(self) -> None:
        self.context = self.morning.browser_of(self.person)
        self.page = self.context.new_page()
        self.page.goto("/agenda")
        expect(self.page.locator("[data-part=agenda]")).to_be_visible()
        cookies = {each["name"]: each["value"] for each in self.context.cookies()}
        self.ended: list[tuple[int, float]] = []
        self.greeted = threading.Event()
        self.thread = threading.Thread(target=self._read, args=(cookies["hallside"],), daemon=True)
        self.thread.start()
        assert self.greeted.wait(10)

    def _read(self, token: str) -> None:
        base = self.morning.platform.base
        with connect(
            base.replace("http", "ws") + "/socket", origin=Origin(base),
            additional_headers={"cookie": f"hallside={token}"}, compression=None, proxy=None,
        ) as line:  # fmt: skip
            line.send(json.dumps({"do": "hello", "view": "phone"}))
            try:
                while True:
                    line.recv()
                    self.greeted.set()
            except ConnectionClosed as closed:
                self.ended.append((closed.rcvd.code if closed.rcvd else 0, time.monotonic()))

    def out(self, since: float) -> float:
        """Seconds until both were out; the page says how to come in again."""
        self.thread.join(OUT_WITHIN + 3)
        self.page.locator("#code").wait_for(timeout=5000)
        page_out = time.monotonic() - since
        code, at = self.ended[0]
        assert code == 4001
        assert self.context.request.get("/menu", max_redirects=0).status == 303
        self.context.close()
        assert page_out < OUT_WITHIN + 3
        return at - since


@pytest.fixture(scope="module")
def morning(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Morning]:
    folder: Path = tmp_path_factory.mktemp("morning")
    with Platform(folder) as platform, sync_playwright() as play:
        platform.stop()
        with closing(sqlite3.connect(folder / "hallside.sqlite")) as raw:
            seats = raw.execute("SELECT id FROM person WHERE role = 'participant' ORDER BY id DESC LIMIT 3").fetchall()
            raw.executemany("UPDATE person SET role = 'registration' WHERE id = ?", seats)
            raw.commit()
        platform.start()
        browser = play.chromium.launch(executable_path=CHROMIUM)
        organiser = Desk(play, platform)
        organiser.do("make_spares", count=SPARES, seen=0)
        first, second, third = (id_ for (id_,) in seats)
        yield Morning(platform, browser, organiser, Badges.open(folder), (first, second, third))
        browser.close()


def third_desk(morning: Morning, people_: list[int], faults_: list[str]) -> None:
    """A desk of its own, without a browser: a queue of everybody who has nothing special."""
    base = morning.platform.base
    with httpx2.Client(base_url=base, headers={"origin": base, "accept": "application/json"}, timeout=30) as client:
        answer = client.post("/badge", data={"link": morning.secret(morning.desks[2])})
        assert answer.json()["ok"] == "signed_in"
        for person in people_:
            told = client.post("/do/arrive", json={"person": person}).json()
            if told.get("ok") not in ("arrived", "done"):
                faults_.append(f"{person}: {told}")
            time.sleep(PACE)


def test_two_hundred_arrive_at_three_desks_and_each_is_there_once(morning: Morning) -> None:
    guests = morning.numbers()
    everybody = morning.numbers("1")
    lost, replaced, renewed, shown, handed = guests[:3], guests[3:5], guests[5], guests[6], guests[7]
    by_hand = guests[8:13]
    special = {*lost, *replaced, renewed, shown, handed, *by_hand}
    queue = [morning.id_of(number) for number in everybody if number not in special]
    both = queue[:3]
    """Whom two desks press for at once."""
    laptop = morning.desk(morning.desks[0], viewport={"width": 1280, "height": 800})
    phone = morning.desk(morning.desks[1], viewport={"width": 360, "height": 780})
    lost_phones = [Phone(morning, morning.id_of(lost[0])), Phone(morning, morning.id_of(replaced[0]))]
    faults_: list[str] = []
    other = threading.Thread(target=third_desk, args=(morning, queue, faults_))
    slowest = 0.0
    other.start()
    began = time.monotonic()
    for number in (str(morning.ask("SELECT number FROM person WHERE id = ?", id_)[0][0]) for id_ in both):
        laptop.page.goto(f"/registration?q={number}")
        with contextlib.suppress(PlaywrightTimeout):  # the button goes where the other desk was quicker
            laptop.page.locator("#b-arrive").click(timeout=1000)
        expect(laptop.page.locator("#done .state, .is-here").first).to_contain_text("Arrived")

    laptop.arrive(by_hand[0])
    since = time.monotonic()
    phone.spare(lost[0], f"{morning.platform.base}/b#{morning.badges.spare_secret(1)}")
    slowest = max(slowest, lost_phones[0].out(since))
    laptop.spare(lost[1], grouped(morning.badges.spare_code(2)))
    phone.spare(lost[2], morning.badges.spare_code(3).lower())
    since = time.monotonic()
    laptop.replace(replaced[0], "Nora", "Berg")
    slowest = max(slowest, lost_phones[1].out(since))
    phone.replace(replaced[1], "Айгуль", "Сатпаева")
    walk_ins = [laptop.walk_in("Yara", "Haddad"), phone.walk_in("Ole", "Dahl")]
    for person in walk_ins:
        morning.organiser.do("approve_walk_in", person=person)
    expect(phone.page.locator("#b-print")).to_be_visible(timeout=10_000)  # seen without a reload
    phone.show(shown)
    laptop.renew(renewed)
    session = phone.hand(handed)
    for number in (renewed, shown, handed, *by_hand[1:3]):
        laptop.arrive(number)
    for number in by_hand[3:]:
        phone.arrive(number)
    other.join(60)
    print(f"all at {time.monotonic() - began:.0f} s")

    total = len(everybody) + len(walk_ins)
    for desk in (laptop, phone):
        expect(desk.page.locator("#arrivals")).to_have_text(f"{total} of {total} people arrived", timeout=10_000)
    assert faults_ == []
    assert morning.wrong == []
    once = Counter(
        json.loads(facts)["by" if act == "person_replaced" else "person"]
        for act, facts in morning.ask(
            "SELECT act, facts FROM journal WHERE act IN ('arrived', 'person_replaced', 'walk_in_waits')"
        )
    )
    here = {n for (n,) in morning.ask("SELECT number FROM person WHERE arrived")}
    assert once == Counter(here)
    assert len(here) == total
    assert {n for (n,) in morning.ask("SELECT number FROM person WHERE replaced_by_id")} == set(replaced)
    told = Counter(act for (act,) in morning.ask("SELECT act FROM journal"))
    assert (told["spare_bound"], told["person_replaced"], told["walk_in_approved"]) == (3, 2, 2)
    assert (told["badge_reissued"], told["session_handed"], told["arrival_undone"]) == (1, 1, 0)
    bound = morning.ask("SELECT person_id, issue FROM spare WHERE person_id IS NOT NULL ORDER BY id")
    assert bound == [(morning.id_of(number), 2) for number in lost]
    assert slowest < OUT_WITHIN
    print(f"longest act {max(laptop.longest, phone.longest):.1f} s")
    print(f"out in {slowest:.2f} s; presses: {dict(laptop.most | phone.most)}")
    comes_in_with_a_spare_and_moderates(morning, lost[1], handed, session)
    with closing_store(morning) as store, store.reading() as tx:
        assert journal.broken_at(tx) is None
        assert people.arrivals(tx).waiting == 0
    laptop.leave()
    phone.leave()


def comes_in_with_a_spare_and_moderates(morning: Morning, lost: str, handed: str, session: int) -> None:
    """The spare opens for its owner, their old badge for nobody; whoever was handed a session has its desk."""
    context = morning.browser.new_context(base_url=morning.platform.base)
    told = {"origin": morning.platform.base, "accept": "application/json"}
    old = context.request.post("/badge", form={"code": morning.badges.code(morning.id_of(lost), 1)}, headers=told)
    new = context.request.post("/badge", form={"code": morning.badges.spare_code(2)}, headers=told)
    assert (old.json()["no"], new.json()["ok"]) == ("no_such_badge", "signed_in")
    context.close()
    moderator = morning.browser_of(morning.id_of(handed))
    assert moderator.request.get(f"/desk/{session}").ok
    moderator.close()


def closing_store(morning: Morning) -> closing[Store]:
    return closing(Store.open(morning.platform.folder / "hallside.sqlite", create=False))


def test_by_keyboard_a_person_is_found_arrives_and_the_next_one_can_be_typed(morning: Morning) -> None:
    desk = morning.desk(morning.desks[0])
    page = desk.page
    number = morning.numbers()[20]
    morning.organiser.do("arrive", person=morning.id_of(number), on=False)
    page.keyboard.type(number)
    page.keyboard.press("Enter")
    expect(page.locator("#b-arrive")).to_be_focused()
    page.keyboard.press("Enter")

    expect(page.locator("#said")).to_have_text("Arrived")
    expect(page.locator("#q")).to_be_focused()
    page.keyboard.type(number)
    page.keyboard.press("Enter")
    expect(page.locator("#one-h")).to_contain_text(number)
    go_to(page, page.locator("#spare summary"))
    page.keyboard.press("Enter")
    expect(page.locator("#spare-code")).to_be_focused()
    page.keyboard.type(morning.badges.spare_code(4))
    page.keyboard.press("Enter")
    expect(page.locator("#said")).to_have_text("Spare badge given. The old badge no longer works.")
    desk.leave()


def test_without_script_everything_is_a_form(morning: Morning) -> None:
    desk = morning.desk(morning.desks[1], java_script_enabled=False)
    page, number = desk.page, morning.numbers()[21]
    morning.organiser.do("arrive", person=morning.id_of(number), on=False)
    desk.arrive(number)
    page.locator(f"#undo-{morning.id_of(number)}").click()
    expect(page.locator("#said")).to_have_text("Arrival undone")
    desk.find(number)
    page.locator("#spare summary").click()
    page.locator("#spare-code").fill(f"{morning.platform.base}/b#{morning.badges.spare_secret(5)}")
    page.locator("#spare .b.go").click()
    expect(page.locator("#said")).to_have_text("Spare badge given. The old badge no longer works.")
    desk.find(morning.numbers()[22])
    page.locator("#spare summary").click()
    page.locator("#spare-code").fill(morning.badges.spare_code(5))
    page.locator("#spare .b.go").click()
    expect(page.locator("#said.is-no")).to_contain_text("given to somebody already")
    desk.arrive(number)
    desk.leave()


def test_the_link_of_a_badge_never_stands_in_an_address(morning: Morning) -> None:
    desk = morning.desk(morning.desks[0])
    asked: list[str] = []
    desk.page.on("request", lambda request: asked.append(request.url))
    secret = morning.secret(morning.desks[2])
    desk.page.locator("#q").press_sequentially(f"{morning.platform.base}/b#{secret}", delay=5)  # as a scanner types
    desk.page.wait_for_timeout(400)
    desk.page.locator("#q").press("Enter")
    expect(desk.page.locator("#told")).to_contain_text("This is the link of a badge.")
    desk.page.wait_for_timeout(400)

    assert [url for url in asked if secret[:8] in url or "%23" in url] == []
    assert "#" not in desk.page.url
    assert desk.page.locator("#q").input_value() == ""
    desk.leave()


@pytest.mark.parametrize("language", ["en", "tr", "ar", "ru"])
def test_the_desk_passes_axe_on_a_phone(morning: Morning, language: str) -> None:
    theme = "dark" if language in ("tr", "ar") else "light"
    desk = morning.desk(morning.desks[1], language, viewport={"width": 360, "height": 780}, color_scheme=theme)
    person = morning.id_of(morning.numbers()[30])
    morning.organiser.do("arrive", person=person, on=False)
    found: list[str] = []
    for path, folds in (
        ("/registration", ("walk-in", "acts")), ("/registration?q=an", ()),
        (f"/registration?person={person}", ("spare", "replace", "hand")), (f"/registration?person={person}&show=1", ()),
        ("/registration?person=1", ()), (f"/registration?done={person}", ()),
    ):  # fmt: skip
        desk.page.goto(path)
        for fold in folds:
            desk.page.evaluate("id => document.getElementById(id).setAttribute('open', '')", fold)
        found += [
            f"{path} {each}" for each in faults(desk.page) if 'type="radio"' not in each
        ]  # their labels are 44 px

    assert found == []
    assert desk.page.locator("html").get_attribute("dir") == ("rtl" if language == "ar" else "ltr")
    desk.leave()
