"""A hall without phones: a tablet in Chromium, people one after another, and a teller who counts hands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from live.badges import Badges
from tests.browser.phone_room import LANGUAGES, Room
from tests.browser.screen_hall import HALL, until_shown

pytestmark = pytest.mark.browser

FIRST = 40
"""People from here on have no phone: those before are given to phones."""


@dataclass
class Tablet:
    """A tablet in hall A, opened by its own link."""

    room: Room
    context: BrowserContext
    page: Page
    taken: int = FIRST

    def person(self) -> tuple[int, int, str, str]:
        """The next participant without a phone: id, issue, number, name."""
        self.taken += 1
        found: tuple[int, int, str, str] = self.room.ask(
            "SELECT id, issue, number, family_name FROM person WHERE role = 'participant' AND NOT revoked"
            " AND languages LIKE 'en%' ORDER BY id LIMIT 1 OFFSET ?",
            self.taken,
        )[0]
        return found

    def show(self, person: tuple[int, int, str, str], *, link: bool = False) -> None:
        """Type the code of a badge or, as a scanner does, its link and Enter, wherever the focus is."""
        badges = Badges.open(self.room.platform.folder)
        secret = f"{self.room.platform.base}/b#{badges.link_secret(*person[:2])}"
        expect(self.page.locator("#badge")).to_be_focused()
        self.page.keyboard.type(secret if link else badges.code(*person[:2]).lower())
        self.page.keyboard.press("Enter")

    def choose(self, option: int) -> None:
        self.page.locator("label.row").nth(option - 1).click()

    def send(self) -> None:
        self.page.locator("#vote .btn").click()

    def vote(self, person: tuple[int, int, str, str], option: int, *, link: bool = False) -> None:
        """One person, from the badge to the idle page."""
        self.show(person, link=link)
        self.choose(option)
        self.send()
        expect(self.heading).to_have_text("Recorded")
        self.leave()

    def leave(self) -> None:
        self.page.get_by_role("button", name="Done, forget me").click()
        self.is_idle()

    @property
    def heading(self) -> Locator:
        return self.page.locator("main h1")

    def is_(self, kind: str, seconds: float = 5) -> None:
        expect(self.page.locator(f"main[data-page={kind}]")).to_be_visible(timeout=1000 * seconds)

    def is_idle(self, seconds: float = 5) -> None:
        self.is_("idle", seconds)
        expect(self.page.locator("#badge")).to_have_value("")

    def holds_nothing_of(self, *people: tuple[int, int, str, str]) -> None:
        """Not in the page, not in its storage, not in its cookies, not in the address."""
        badges = Badges.open(self.room.platform.folder)
        told: str = self.page.evaluate(
            "() => [document.documentElement.outerHTML, JSON.stringify({...localStorage}),"
            " JSON.stringify({...sessionStorage}), location.href, document.cookie].join('\\n')"
        )
        cookies: list[Any] = self.context.cookies()
        for person in people:
            for secret in (person[3], person[2], badges.code(*person[:2]), badges.link_secret(*person[:2])):
                assert secret.lower() not in told.lower(), secret
        assert {cookie["name"] for cookie in cookies} <= {"hallside_tablet"}
        assert self.page.evaluate("() => [localStorage.length, sessionStorage.length]") == [0, 0]


def opened(room: Room, name: str, **options: Any) -> Tablet:
    screen = int(room.desk.do("add_tablet", hall=HALL, name=name)["facts"]["screen"])
    context = room.browser.new_context(
        base_url=room.platform.base, **{"viewport": {"width": 1024, "height": 768}, "locale": "en-GB"} | options
    )
    page = context.new_page()
    page.on("pageerror", lambda error: room.wrong.append(f"{error} {error.stack}"))
    secret = Badges.open(room.platform.folder).screen_secret(screen, 1)
    if options.get("java_script_enabled", True):
        page.goto(f"/tablet/link#{secret}")
    else:
        page.goto("/tablet")
        page.locator("#link").fill(f"{room.platform.base}/tablet/link#{secret}")
        page.locator("form.enter button").click()
    expect(page.locator("main[data-page=idle]")).to_be_visible()
    return Tablet(room, context, page)


@pytest.fixture(scope="module")
def tablet(room: Room) -> Iterator[Tablet]:
    made = opened(room, "At the door")
    yield made
    made.context.close()
    assert room.wrong == []


def test_five_people_vote_one_after_another_while_phones_vote(room: Room, tablet: Tablet) -> None:
    phones = [room.phone(), room.phone()]
    people = [tablet.person() for _ in range(5)]
    for n, person in enumerate(people):
        tablet.show(person, link=n == 0)
        expect(tablet.heading).to_have_text("You are in. Come back when a vote is open.")
        tablet.leave()
    poll = room.poll(results="after_close")
    before = tablet.page.evaluate("history.length")

    for n, person in enumerate(people[:4]):
        tablet.vote(person, 1 + n % 3, link=n % 2 == 1)
    for phone in phones:
        phone.until_poll(poll)
        phone.choose(2)
        phone.send()
        phone.is_("recorded")
    tablet.show(people[4])
    tablet.choose(3)
    room.platform.stop()
    room.platform.start()
    tablet.send()
    expect(tablet.heading).to_have_text("Recorded")
    tablet.is_idle(8)

    assert tablet.page.evaluate("history.length") == before
    assert room.ballots(poll) == [2, 3, 2]
    tablet.holds_nothing_of(*people)
    tablet.page.reload()
    tablet.is_idle()
    tablet.holds_nothing_of(*people)
    tablet.page.go_back()
    tablet.page.go_forward()
    tablet.is_idle()
    tablet.holds_nothing_of(*people)
    for phone in phones:
        phone.close()


def test_a_second_try_is_told_and_may_change_and_a_revoked_badge_may_nothing(room: Room, tablet: Tablet) -> None:
    person, gone = tablet.person(), tablet.person()
    for one in (person, gone):
        tablet.show(one)
        tablet.leave()
    poll = room.poll()
    tablet.vote(person, 1)
    room.desk.do("revoke_badge", person=gone[0])

    tablet.show(person)
    expect(tablet.page.locator("main")).to_contain_text("You have voted.")
    expect(tablet.page.locator("label.row").first).to_be_hidden()
    tablet.page.get_by_text("Change my vote").first.click()
    assert tablet.page.locator("input[name=marks]:checked").count() == 0
    tablet.choose(2)
    tablet.send()
    expect(tablet.heading).to_have_text("Recorded")
    tablet.leave()
    tablet.show(gone)

    expect(tablet.page.locator(".said")).to_contain_text("This code is not on our list.")
    assert tablet.page.locator(".said p").count() == 4
    assert room.ballots(poll) == [0, 1, 0]


def test_who_walks_away_is_forgotten_after_a_question(room: Room, tablet: Tablet) -> None:
    person = tablet.person()
    tablet.show(person)
    tablet.leave()
    room.poll()
    tablet.page.clock.install()
    tablet.page.goto("/tablet")
    tablet.show(person)
    tablet.is_("ballot")

    tablet.page.clock.run_for(52_000)
    expect(tablet.page.locator("#still")).to_be_visible()
    tablet.page.get_by_role("button", name="I am here").click()
    expect(tablet.page.locator("#still")).to_be_hidden()
    tablet.page.clock.run_for(61_000)

    tablet.page.clock.resume()
    tablet.is_idle()
    tablet.holds_nothing_of(person)


def test_a_lost_line_is_said_in_all_languages_and_an_unsure_vote_asks_to_scan_again(room: Room, tablet: Tablet) -> None:
    person = tablet.person()
    tablet.show(person)
    tablet.leave()
    poll = room.poll()
    tablet.context.set_offline(True)
    tablet.is_("lost", 15)
    assert tablet.page.locator("main p").count() == 4
    expect(tablet.page.locator("main")).to_contain_text("Please use another tablet or tell the staff.")
    tablet.context.set_offline(False)
    tablet.is_idle(10)

    tablet.show(person)
    tablet.choose(1)
    # The vote arrives, its answer does not.
    tablet.page.route("**/tablet/vote", lambda route: (route.fetch(max_redirects=0), route.abort())[1])
    tablet.send()
    expect(tablet.heading).to_have_text("No answer. Show your badge again.")
    tablet.page.unroute("**/tablet/vote")
    tablet.is_idle(15)
    tablet.show(person)

    expect(tablet.page.locator("main")).to_contain_text("You have voted.")
    assert room.ballots(poll) == [1, 0, 0]
    tablet.leave()


def test_without_script_it_votes_and_forgets_and_back_shows_nobody(room: Room) -> None:
    room.nothing_open()
    plain = opened(room, "Plain", java_script_enabled=False)
    plain.taken += 30
    person = plain.person()
    plain.page.locator("#badge").fill(Badges.open(room.platform.folder).code(*person[:2]))
    plain.page.locator("form.enter button").click()
    expect(plain.heading).to_have_text("You are in. Come back when a vote is open.")
    poll = room.poll(ballot="secret")
    plain.page.goto("/tablet")

    plain.page.locator("#badge").fill(Badges.open(room.platform.folder).code(*person[:2]))
    plain.page.locator("form.enter button").click()
    expect(plain.page.locator("#vote")).to_contain_text("A secret vote sent from a tablet is final.")
    plain.choose(3)
    plain.send()
    expect(plain.heading).to_have_text("Recorded")
    plain.is_("idle", 10)
    for _ in range(4):
        plain.page.go_back()
        plain.is_("idle")
        assert person[3] not in plain.page.content()
        assert plain.page.locator("#badge").input_value() == ""

    assert room.ballots(poll) == [0, 0, 1]
    plain.context.close()


def test_a_teller_counts_hands_and_everybody_sees_them_apart(room: Room, tablet: Tablet) -> None:
    phone, person = room.phone(), tablet.person()
    tablet.show(person)
    tablet.leave()
    poll = room.poll()
    phone.until_poll(poll)
    phone.choose(1)
    phone.send()
    phone.is_("recorded")
    teller = signed_in(room)
    teller.goto(f"/teller/{room.session}")

    more = teller.get_by_role("button", name="One more: A")
    for _ in range(6):
        more.click()
    expect(teller.locator("[data-total]")).to_have_text("6")
    teller.get_by_role("button", name="Save").click()
    expect(teller.locator("#said")).to_have_text("Hands recorded")
    teller.locator("input[type=number]").nth(1).fill("2")
    room.desk.do("end_voting", poll=poll)
    expect(teller.locator(".state")).to_contain_text("save now")
    assert teller.locator("input[type=number]").nth(1).input_value() == "2"
    room.until(poll, "sealed")
    expect(teller.locator(".state")).to_contain_text("counted after the seal")
    assert teller.locator("input[type=number]").nth(1).input_value() == "2"
    teller.get_by_role("button", name="Save as counted after the seal").click()
    expect(teller.locator("#said")).to_have_text("Hands recorded")
    room.desk.do("reveal", poll=poll)

    expect(phone.page.locator(".res").first).to_contain_text("+6 by hand")
    expect(phone.page.locator(".res").nth(1)).to_contain_text("+2 by hand, counted after the seal")
    screen = room.browser.new_context(base_url=room.platform.base, viewport={"width": 1920, "height": 1080}).new_page()
    screen.goto(f"/screen/link#{room.platform.link('/screen/link', 'Hall A')}")
    room.desk.show("results", poll=poll)
    until_shown(screen, "results")
    told = screen.locator(".hall:not([aria-hidden])").inner_html()
    wanted = ("+6 by hand", "+6 el kaldırarak", "يُضاف 6 برفع الأيدي", "+6 поднятием рук")
    assert [words for words in wanted if words not in told] == []
    assert re.search(r"Hands counted later, not in the result: .{1,3}B \+2", told)
    screen.context.close()
    for language, words in zip(LANGUAGES, wanted, strict=True):
        phone.post("set_language", language=language)
        phone.page.goto("/")
        expect(phone.page.locator(".res").first).to_contain_text(words)
    teller.goto(f"/desk/{room.session}#poll-{poll}")
    row = teller.locator(f"#d-figures-{poll} tbody tr")
    expect(row.nth(0)).to_contain_text("+6")
    expect(row.nth(1)).to_contain_text("+2 late")
    teller.context.close()
    phone.close()


def signed_in(room: Room, language: str = "en") -> Page:
    """An organiser's phone: who may count in every session."""
    context = room.browser.new_context(base_url=room.platform.base, viewport={"width": 390, "height": 844})
    room.desk.request.post("/do/set_language", data={"language": language})
    token = next(each for each in room.desk.request.storage_state()["cookies"] if each["name"] == "hallside")
    context.add_cookies([{"name": "hallside", "value": token["value"], "url": room.platform.base}])
    page = context.new_page()
    page.on("pageerror", lambda error: room.wrong.append(f"{error} {error.stack}"))
    return page
