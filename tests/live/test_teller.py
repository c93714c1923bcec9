"""The teller's page: where somebody may count, by form and over the line."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest

from models import doors, voting
from models.command import Badge, Done
from models.hands import RecordHands
from models.people import Person
from models.rights import SessionStaff
from models.store import Tx
from tests.house import HOST, House, browser
from tests.world import World

pytestmark = pytest.mark.anyio

PAGE = {"accept": "text/html"}
TELLER = Badge(9, "teller")
OF_SESSION = Badge(8, "participant")


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    world = World(tmp_path / "x.sqlite")

    def name(tx: Tx) -> Done:
        tx.get_one(Person, TELLER.person_id).role = "teller"
        tx.add(SessionStaff(session_id=1, person_id=OF_SESSION.person_id, role="teller"))
        return Done()

    world.store.do(name)
    async with House(world, tmp_path, grace=60) as made:
        yield made


def signed_in(house: House, badge: Badge) -> httpx2.AsyncClient:
    client = browser(house)
    client.cookies.set("hallside", house.token(badge), domain=HOST)
    return client


async def get(house: House, badge: Badge, path: str) -> tuple[int, str]:
    async with signed_in(house, badge) as client:
        answer = await client.get(path, headers=PAGE)
        return answer.status_code, answer.headers.get("location", "") or answer.text


async def test_a_teller_comes_in_at_the_page_of_tellers(house: House) -> None:
    async with browser(house) as client:
        answer = await client.post("/badge", data={"link": house.node.badges.link_secret(9, 1)})

    assert answer.json()["to"] == "/teller"


async def test_one_session_is_opened_at_once_and_several_are_a_list(house: House) -> None:
    several = await get(house, TELLER, "/teller")
    one = await get(house, OF_SESSION, "/teller")
    house.world.do(doors.EndSession(session=1, confirm=47), house.world.organiser)
    none = await get(house, OF_SESSION, "/teller")

    assert (several[0], 'href="/teller/1"' in several[1], 'href="/teller/2"' in several[1]) == (200, True, True)
    assert one == (303, "/teller/1")
    assert "No session is on in which you count." in none[1]


async def test_who_does_not_count_is_refused_and_not_sent_there(house: House) -> None:
    pages = [await get(house, house.world.person(0), path) for path in ("/teller", "/teller/1")]
    pages.append(await get(house, OF_SESSION, "/teller/2"))
    menus = [(await get(house, badge, "/menu"))[1] for badge in (house.world.person(0), OF_SESSION, TELLER)]

    assert [status for status, _ in pages] == [403, 403, 403]
    assert ['href="/teller"' in menu for menu in menus] == [False, True, True]


async def test_a_form_without_script_records_all_numbers(house: House) -> None:
    poll = house.world.poll()
    _, page = await get(house, TELLER, "/teller/1")
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page))
    fields = re.findall(r'name="(counts\.\d+)"', page)

    async with signed_in(house, TELLER) as client:
        answer = await client.post(
            "/do/record_hands", data=hidden | dict(zip(fields, ("6", "0", "12"), strict=True)), headers=PAGE
        )
        shown = await client.get(answer.headers["location"], headers=PAGE)

    assert hidden == {"poll": str(poll), "late": "false", "next": "/teller/1"}
    assert re.search(r'id="said"[^>]*>Hands recorded<', shown.text)
    assert re.findall(r'name="counts\.\d+"[^>]*value="(\d+)"', shown.text) == ["6", "0", "12"]
    assert re.search(r"data-total>18<", shown.text)
    assert re.search(r"<dd>5</dd>", shown.text)


async def test_a_form_that_comes_after_the_seal_is_refused_in_words(house: House) -> None:
    poll = house.world.poll()
    item = house.world.items(poll)[0]
    house.world.seal(poll)

    async with signed_in(house, TELLER) as client:
        late = {"poll": str(poll), "late": "false", f"counts.{item}": "6", "next": "/teller/1"}
        answer = await client.post("/do/record_hands", data=late, headers=PAGE)
        page = (await client.get(answer.headers["location"], headers=PAGE)).text

    assert "The vote was sealed before this count arrived" in page
    assert "Save as counted after the seal" in page
    assert 'name="late" value="true"' in page


async def test_the_state_of_the_vote_comes_over_the_line(house: House) -> None:
    teller = await house.guest(TELLER, "teller", session=1)
    assert "No vote to count for" in str(teller.held["hands"])

    poll = house.world.poll(open_=False, timer_s=90)
    await house.perform(house.world.moderator, voting.OpenPoll(poll=poll))
    await teller.until(lambda: "data-left" in str(teller.held["hands"]))
    answer = await teller.ask(RecordHands(poll=poll, counts={house.world.items(poll)[0]: 4}))
    await teller.until(lambda: 'value="4"' in str(teller.held["hands"]))
    await house.perform(house.world.moderator, voting.EndVoting(poll=poll))
    await teller.until(lambda: "save now" in str(teller.held["hands"]))

    assert answer["ok"] == "hands_counted"


async def test_nobody_else_listens_there(house: House) -> None:
    other = await house.guest(house.world.person(0), "teller", session=1)

    assert other.greeted is None
    assert other.held == {}


async def test_tellers_see_no_figures_before_they_are_shown(house: House) -> None:
    poll = house.world.poll()
    for n in range(3):
        house.world.vote(poll, n, 1)
    house.world.seal(poll)

    _, page = await get(house, TELLER, "/teller/1")

    board = house.world.board(poll, "phone")
    assert all(option.line is None for option in board.options)
    assert 'class="res' not in page
