"""A hall's tablet: people without a phone, one after another, each with one ballot, and nothing of them left."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import httpx2
import pytest

from live import welcome
from live.node import TABLET_TRIES
from live.settings import Settings
from live.visits import SECONDS, Visits
from models import doors, people, screens, voting
from models.command import Badge, Done
from models.refusals import Refused
from models.store import Tx
from tests.house import House, browser
from tests.world import LANGUAGES, World

pytestmark = pytest.mark.anyio

PAGE = {"accept": "text/html"}


class Tablet:
    """A browser that opened the link of a tablet in hall 1, and follows every redirect as browsers do."""

    def __init__(self, house: House, client: httpx2.AsyncClient, screen: int) -> None:
        self.house, self.client, self.screen = house, client, screen

    async def get(self) -> str:
        answer = await self.client.get("/tablet", headers=PAGE)
        assert answer.headers["cache-control"] == "no-store"
        return answer.text

    async def post(self, path: str, **fields: str | list[str]) -> str:
        answer = await self.client.post(path, data=fields, headers=PAGE)
        assert (answer.status_code, answer.headers["location"]) == (303, "/tablet")
        assert answer.headers["cache-control"] == "no-store"
        return await self.get()

    async def show(self, person: Badge, *, issue: int = 1, link: bool = False) -> str:
        """Type the code of a badge, or let a scanner type its link."""
        badges = self.house.node.badges
        secret = f"https://conference.example/b#{badges.link_secret(person.person_id, issue)}"
        return await self.post("/tablet", badge=secret if link else badges.code(person.person_id, issue).lower())

    async def vote(self, page: str, *choices: int) -> str:
        """Send the ballot of this page."""
        return await self.post("/tablet/vote", **self.filled(page, *choices))

    def filled(self, page: str, *choices: int) -> dict[str, str | list[str]]:
        rows = re.findall(r'name="marks" value="(\d+)"', page)
        hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page))
        return hidden | {"marks": [rows[choice] for choice in choices]}

    def held(self) -> set[str]:
        return {cookie.name for cookie in self.client.cookies.jar}


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with House(World(tmp_path / "x.sqlite"), tmp_path, grace=60) as made:
        yield made


@pytest.fixture
async def tablet(house: House) -> AsyncIterator[Tablet]:
    screen = int(house.world.do(screens.AddTablet(hall=1, name="At the door"), house.world.organiser).facts["screen"])
    async with browser(house) as client:
        answer = await client.post("/screen/link", data={"link": house.node.badges.screen_secret(screen, 1)})
        assert answer.json() == {"ok": "signed_in", "to": "/tablet"}
        yield Tablet(house, client, screen)


def is_(page: str) -> str:
    found = re.search(r'<main[^>]*data-page="(\w+)"', page)
    return found[1] if found else "?"


def head(page: str) -> str:
    """What its heading says."""
    found = re.search(r"<h1[^>]*>(.*?)</h1>", page, re.DOTALL)
    return found[1].strip() if found else ""


# --- the idle page


async def test_the_idle_page_asks_in_four_languages_and_names_hall_and_session(tablet: Tablet) -> None:
    page = await tablet.get()

    assert is_(page) == "idle"
    assert all(f'id="ask-{la}"' in page and f"Session 1 {la}" in page for la in LANGUAGES)
    assert "Scan or type your badge" in page
    assert "Hall A" in page


async def test_without_a_link_nobody_can_show_a_badge(house: House, tablet: Tablet) -> None:
    async with browser(house) as stranger:
        page = await stranger.get("/tablet", headers=PAGE)
        answer = await stranger.post("/tablet", data={"badge": house.node.badges.code(4, 1)}, headers=PAGE)

        assert (page.status_code, is_(page.text)) == (401, "link")
        assert "hallside_visit" not in {cookie.name for cookie in stranger.cookies.jar}
        assert answer.status_code == 303


async def test_a_screen_is_no_tablet_and_a_tablet_no_screen(house: House, tablet: Tablet) -> None:
    async with browser(house) as hall:
        answer = await hall.post("/screen/link", data={"link": house.node.badges.screen_secret(1, 1)})
        token = hall.cookies["hallside_screen"]
        as_tablet = await hall.get("/tablet", headers=PAGE | {"cookie": f"hallside_tablet={token}"})
    theirs = tablet.client.cookies["hallside_tablet"]
    async with browser(house) as fake:
        as_screen = await fake.get("/screen", headers=PAGE | {"cookie": f"hallside_screen={theirs}"})
        live = await fake.get("/screen/live?view=screen", headers={"cookie": f"hallside_screen={theirs}"})

    assert answer.json()["to"] == "/screen"
    assert (as_tablet.status_code, as_screen.status_code, live.status_code) == (401, 401, 403)


async def test_a_tablet_is_none_of_the_halls_screens(house: House, tablet: Tablet) -> None:
    desk = await house.guest(house.world.moderator, "desk", session=1)

    assert "At the door" not in str(desk.held["air"])
    assert "Main screen" in str(desk.held["air"])


async def test_a_new_link_stops_the_tablet_at_once(house: House, tablet: Tablet) -> None:
    told = await house.perform(house.world.organiser, screens.RevokeScreen(screen=tablet.screen, seen_issue=1))

    assert told.notice == "tablet_revoked"
    assert is_(await tablet.get()) == "link"


# --- a vote


async def test_a_typed_code_leads_to_the_ballot_and_recorded_leaves_nothing(house: House, tablet: Tablet) -> None:
    poll = house.world.poll()
    person = house.world.person(0)

    page = await tablet.show(person)
    recorded = await tablet.vote(page, 1)
    after = await tablet.get()

    assert (is_(page), head(page)) == ("ballot", "Question en")
    assert (is_(recorded), head(recorded)) == ("told", "Recorded")
    assert house.world.board(poll).voted == 1
    house.world.seal(poll)
    house.world.do(voting.LookFirst(poll=poll))
    assert house.world.counts(poll) == [0, 1, 0]
    assert is_(after) == "idle"
    assert tablet.held() == {"hallside_tablet"}


async def test_no_page_names_the_person_and_no_address_says_anything(house: House, tablet: Tablet) -> None:
    house.world.poll()
    person = house.world.person(0)
    code = house.node.badges.code(person.person_id, 1)

    pages = [await tablet.show(person)]
    pages.append(await tablet.vote(pages[0], 0))
    pages.append(await tablet.get())

    for page in pages:
        assert "Given4" not in page
        assert "data-person" not in page
        assert code not in page.upper()
        assert "1004" not in page


async def test_a_scanner_types_the_whole_link(house: House, tablet: Tablet) -> None:
    house.world.poll()

    assert is_(await tablet.show(house.world.person(0), link=True)) == "ballot"


async def test_it_makes_no_login_and_leaves_a_person_three_browsers(house: House, tablet: Tablet) -> None:
    house.world.poll()
    before = house.world.dump()["login"]

    await tablet.vote(await tablet.show(house.world.person(0)), 0)

    assert house.world.dump()["login"] == before


async def test_the_ballot_is_in_the_persons_language_and_in_three_others(house: House, tablet: Tablet) -> None:
    house.world.poll()
    house.world.store.do(lambda tx: _speaks(tx, 4, "ar,en"))

    page = await tablet.show(house.world.person(0))
    visit = re.search(r'name="visit" value="(\w+)"', page)
    assert visit is not None
    russian = await tablet.post("/tablet/language", visit=visit[1], to="ru")

    assert ('lang="ar" dir="rtl"' in page, head(page)) == (True, "Question ar")
    assert ('<html lang="ru"' in russian, head(russian)) == (True, "Question ru")
    assert is_(await tablet.vote(russian, 0)) == "told"


def _speaks(tx: Tx, person: int, languages: str) -> Done:
    tx.cursor.execute("UPDATE person SET languages = ? WHERE id = ?", (languages, person))
    return Done()


async def test_the_phone_of_whoever_votes_on_a_tablet_says_at_once_that_there_is_a_vote(
    house: House, tablet: Tablet
) -> None:
    """It may be its owner, who sees that somebody else had the badge."""
    poll = house.world.poll()
    phone = await house.guest(house.world.person(0))
    assert phone.held["my"]["turn"] == 0  # type: ignore[index]

    await tablet.vote(await tablet.show(house.world.person(0)), 1)

    await phone.until(lambda: phone.held["my"]["turn"] == 1)  # type: ignore[index]
    assert phone.held["my"]["poll"] == poll  # type: ignore[index]


async def test_several_people_one_after_another_each_have_one_ballot(house: House, tablet: Tablet) -> None:
    poll = house.world.poll()

    for n, choice in enumerate([0, 1, 1, 2]):
        await tablet.vote(await tablet.show(house.world.person(n)), choice)
    house.world.vote(poll, 4, 1)

    house.world.seal(poll)
    house.world.do(voting.LookFirst(poll=poll))
    assert house.world.counts(poll) == [1, 3, 1]


async def test_too_few_choices_bring_the_ballot_back_with_the_reason(house: House, tablet: Tablet) -> None:
    poll = house.world.poll()

    again = await tablet.vote(await tablet.show(house.world.person(0)))

    assert is_(again) == "ballot"
    assert "Choose one answer, then send." in again
    assert "Choose one answer, then send." not in await tablet.get()
    assert house.world.board(poll).voted == 0


async def test_the_same_page_sent_twice_is_one_vote(house: House, tablet: Tablet) -> None:
    """The answer to the first was lost: the page is asked to scan again, and then says what is so."""
    poll = house.world.poll()
    page = await tablet.show(house.world.person(0))
    await tablet.vote(page, 1)

    second = await tablet.vote(page, 2)
    again = await tablet.show(house.world.person(0))

    assert head(second).startswith("This tablet has forgotten you.")
    assert "You have voted." in again
    house.world.seal(poll)
    house.world.do(voting.LookFirst(poll=poll))
    assert house.world.counts(poll) == [0, 1, 0]


async def test_who_voted_on_a_phone_is_told_so_and_may_change_it(house: House, tablet: Tablet) -> None:
    poll = house.world.poll()
    house.world.vote(poll, 0, 0)

    page = await tablet.show(house.world.person(0))
    changed = await tablet.vote(page, 2)

    assert "You have voted." in page
    assert not re.search(r'name="marks"[^>]* checked', page)
    assert head(changed) == "Recorded"
    house.world.seal(poll)
    house.world.do(voting.LookFirst(poll=poll))
    assert house.world.counts(poll) == [0, 0, 1]


async def test_a_vote_sent_by_phone_meanwhile_counts_and_the_tablet_says_so(house: House, tablet: Tablet) -> None:
    poll = house.world.poll()
    page = await tablet.show(house.world.person(0))
    sent = house.world.vote(poll, 0, 0)
    house.world.vote(poll, 0, 1, turn=2, secret=sent.secret)

    told = await tablet.vote(page, 2)

    assert head(told).startswith("You voted on another device meanwhile.")
    house.world.seal(poll)
    house.world.do(voting.LookFirst(poll=poll))
    assert house.world.counts(poll) == [0, 1, 0]


async def test_a_secret_vote_is_final_on_a_tablet_and_says_so(house: House, tablet: Tablet) -> None:
    poll = house.world.poll(ballot="secret")

    page = await tablet.show(house.world.person(0))
    recorded = await tablet.vote(page, 1)
    again = await tablet.show(house.world.person(0))

    assert "A secret vote sent from a tablet is final." in page
    assert "A secret vote sent from a tablet is final." in recorded
    assert (is_(again), head(again)) == ("told", "You have voted. A secret vote cannot be changed here.")
    assert house.world.board(poll).voted == 1
    with house.world.store.reading() as tx:
        assert tx.cursor.execute("SELECT ballot FROM turnout WHERE turn > 0").fetchall() == [(None,)]


async def test_a_vote_after_the_end_is_refused_in_words_and_the_visit_is_over(house: House, tablet: Tablet) -> None:
    poll = house.world.poll()
    page = await tablet.show(house.world.person(0))
    house.world.seal(poll)

    told = await tablet.vote(page, 0)

    assert head(told) == "Voting closed before your answer arrived. It was not counted."
    assert is_(await tablet.get()) == "idle"


# --- who has no ballot


async def test_before_a_vote_the_badge_is_checked_in_and_told_to_come_back(house: House, tablet: Tablet) -> None:
    person = house.world.person(0)
    house.world.do(doors.CheckIn(session=2), person)

    told = await tablet.show(person)

    assert head(told) == "You are in. Come back when a vote is open."
    assert house.node.session_of(person) == 1
    assert tablet.held() == {"hallside_tablet"}


async def test_who_comes_after_the_opening_is_told_and_is_in_for_the_next(house: House, tablet: Tablet) -> None:
    person = house.world.person(0)
    house.world.do(doors.CheckIn(session=2), person)
    first = house.world.poll()

    told = await tablet.show(person)
    house.world.do(voting.Withdraw(poll=first))
    house.world.poll()
    page = await tablet.show(person)

    assert head(told) == "You came in after this vote was opened. You can vote in the next one."
    assert is_(page) == "ballot"


async def test_a_badge_without_a_vote_is_not_promised_the_next(house: House, tablet: Tablet) -> None:
    house.world.poll()

    told = await tablet.show(house.world.other)

    assert head(told).startswith("You are in. Your badge has no vote in this question")


async def test_where_no_session_is_on_nobody_is_checked_in(house: House, tablet: Tablet) -> None:
    house.world.do(doors.EndSession(session=1, confirm=47), house.world.organiser)
    person = house.world.person(0)
    house.world.do(doors.CheckIn(session=2), person)

    told = await tablet.show(person)

    assert "No session is on now." in await tablet.get()
    assert head(told).startswith("No session is on in this hall now.")
    assert house.node.session_of(person) == 2


# --- wrong badges, and what a stolen cookie is worth


async def test_every_wrong_try_has_one_answer_in_all_languages(house: House, tablet: Tablet) -> None:
    house.world.do(people.RevokeBadge(person=4), house.world.organiser)
    house.world.do(people.ReissueBadge(person=5, seen_issue=1), house.world.organiser)
    badges = house.node.badges
    tries = ["AAAAA AAAAA", badges.code(4, 1), badges.link_secret(4, 1), badges.code(5, 1), f"x/b#{'9-1-' + 'a' * 22}"]

    told = [await tablet.post("/tablet", badge=text) for text in tries]

    said = [re.findall(r'(?s)<div class="said".*?</div>', page) for page in told]
    assert len({one[0] for one in said}) == 1
    assert said[0][0].count("<p lang=") == 4
    assert all(is_(page) == "idle" for page in told)


async def test_a_joker_stops_typed_codes_for_seconds_and_scanned_badges_never(house: House, tablet: Tablet) -> None:
    house.world.poll()
    now = [1000.0]
    house.node.clock = lambda: now[0]
    for _ in range(TABLET_TRIES):
        await tablet.post("/tablet", badge="AAAAA AAAAA")

    typed = await tablet.show(house.world.person(0))
    scanned = await tablet.show(house.world.person(0), link=True)
    now[0] += 6.1
    later = await tablet.show(house.world.person(1))

    assert "Too many wrong codes here." in typed
    assert (is_(typed), is_(scanned), is_(later)) == ("idle", "ballot", "ballot")


async def test_a_badge_revoked_while_its_owner_stands_there_is_refused_at_once(house: House, tablet: Tablet) -> None:
    poll = house.world.poll()
    page = await tablet.show(house.world.person(0))
    house.world.do(people.RevokeBadge(person=4), house.world.organiser)

    told = await tablet.vote(page, 0)

    assert is_(told) != "ballot"
    assert "Recorded" not in told
    assert house.world.board(poll).voted == 0


async def test_the_tablets_own_cookie_opens_no_command_and_no_vote(house: House, tablet: Tablet) -> None:
    poll = house.world.poll()
    token = tablet.client.cookies["hallside_tablet"]
    async with browser(house) as thief:
        cookies = {"cookie": f"hallside_tablet={token}; hallside={token}"}
        command = await thief.post("/do/check_in", json={"session": 1}, headers=cookies)
        told = await thief.post(
            "/tablet/vote", headers=PAGE | cookies,
            data={"visit": "0" * 8, "poll": str(poll), "turn": "1", "marks": str(house.world.items(poll)[0])},
        )  # fmt: skip

    assert (command.status_code, command.json()["no"]) == (403, "not_yours")
    assert told.status_code == 303
    assert house.world.board(poll).voted == 0


async def test_a_page_of_one_person_never_votes_for_the_next(house: House, tablet: Tablet) -> None:
    """Two tabs: the second person showed their badge while the first one's page still stood there."""
    poll = house.world.poll()
    first = await tablet.show(house.world.person(0))
    await tablet.show(house.world.person(1))

    told = await tablet.vote(first, 0)

    assert head(told).startswith("This tablet has forgotten you.")
    assert house.world.board(poll).voted == 0


async def test_a_token_that_was_kept_is_worth_nothing_after_the_visit(house: House, tablet: Tablet) -> None:
    house.world.poll()
    page = await tablet.show(house.world.person(0))
    kept = tablet.client.cookies["hallside_visit"]
    await tablet.post("/tablet/done")

    tablet.client.cookies.set("hallside_visit", kept, domain="hall.test")
    told = await tablet.vote(page, 0)

    assert head(told).startswith("This tablet has forgotten you.")


async def test_another_site_cannot_press_its_buttons(house: House, tablet: Tablet) -> None:
    for path in ("/tablet", "/tablet/vote", "/tablet/language", "/tablet/done"):
        answer = await tablet.client.post(path, data={}, headers=PAGE | {"origin": "https://evil.example"})
        assert answer.status_code == 403


async def test_a_visit_is_bound_to_its_tablet_its_time_and_its_key(house: House) -> None:
    now = [5000.0]
    visits = Visits(house.node.badges.mac, lambda: now[0])
    visit = visits.begin(3, 4, 1, "ar")
    token = visits.token(visit)

    assert visits.read(token, 3) == visit
    assert visits.read(token, 2) is None
    assert visits.read(token.replace("3.4.1", "3.5.1"), 3) is None
    assert Visits(lambda label: b"x" * 32, lambda: now[0]).read(token, 3) is None
    assert visits.read("", 3) is None
    assert visits.keys(visit, 1, 1) == visits.keys(visit, 1, 1)
    assert len({visits.keys(visit, 1, 1), visits.keys(visit, 1, 2), visits.keys(visit, 2, 1)}) == 3
    now[0] += SECONDS + 2
    assert visits.read(token, 3) is None


# --- links and lists


async def test_the_organiser_adds_tablets_and_finds_their_links_apart(house: House, tablet: Tablet) -> None:
    async with browser(house, cookie=f"hallside={house.token(house.world.organiser)}") as office:
        answer = await office.post("/do/add_tablet", json={"hall": 2, "name": "  Back\u200b row "})
        again = await office.post("/do/add_tablet", json={"hall": 2, "name": "Back row"})
        nameless = await office.post("/do/add_tablet", json={"hall": 2, "name": " "})
        page = (await office.get("/office/halls", headers=PAGE)).text

    screen = answer.json()["facts"]["screen"]
    assert (answer.json()["ok"], again.json()["facts"]) == ("tablet_added", {"screen": screen})
    assert nameless.json()["no"] == "name_it_first"
    row = page[page.index(f'id="screen-{screen}"') :]
    assert "Back row" in row
    assert f"/tablet/link#{house.node.badges.screen_secret(screen, 1)}" in row
    assert page.count("Tablet for people without a phone") == 2


async def test_what_is_printed_names_tablets_apart_from_screens(house: House, tablet: Tablet, tmp_path: Path) -> None:
    badges = house.node.badges
    with closing(sqlite3.connect(tmp_path / "x.sqlite")) as raw:
        told = welcome.told(raw, badges, Settings(data=tmp_path, address="https://conference.example"))

    halls, _, apart = told.partition("Tablets for people without a phone:")
    assert f"Hall A, At the door\n    https://conference.example/tablet/link#{tablet.screen}-1-" in apart
    assert "/tablet/link" not in halls
    assert halls.count("/screen/link#") == 2


async def test_participants_add_no_tablets(house: House) -> None:
    with pytest.raises(Refused, match="not_yours"):
        await house.perform(house.world.person(0), screens.AddTablet(hall=1, name="x"))
    with pytest.raises(Refused, match="no_such_hall"):
        await house.perform(house.world.organiser, screens.AddTablet(hall=9, name="x"))
