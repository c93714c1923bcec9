"""The registration desk as it is served: what it shows to whom, and what its acts do to open lines."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator
from io import StringIO
from pathlib import Path
from typing import Any

import httpx2
import pytest

from live.badges import grouped
from live.node import SWEEP
from models import people
from models.arrivals import ReplacePerson
from models.binding import BindSpare
from models.command import Badge, Done
from models.doors import CheckIn
from models.people import Person, ReissueBadge
from models.refusals import Refused
from models.spares import MakeSpares
from models.staffing import HandSession, TakeBack
from models.store import Tx
from tests.house import HOST, House, browser
from tests.world import World

pytestmark = pytest.mark.anyio
ANNA = 4
DESK = Badge(9, "registration")
"""The last participant of the small conference sits at the desk."""


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    world = World(tmp_path / "x.sqlite")

    def seat(tx: Tx) -> Done:
        tx.cursor.execute("UPDATE person SET role = 'registration' WHERE id = 9")
        tx.cursor.execute("UPDATE person SET native_name = 'آنا' WHERE id = 4")
        return Done()

    world.store.do(seat)
    world.do(MakeSpares(count=3, seen=0), world.organiser)
    async with House(world, tmp_path, nodes=2, message_rate=1000, message_burst=1000) as made:
        yield made


def at(house: House, badge: Badge, **headers: str) -> httpx2.AsyncClient:
    """A browser of this badge, without script."""
    return httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app=house.apps[0]), base_url=f"http://{HOST}",
        headers={"origin": f"http://{HOST}", "cookie": f"hallside={house.token(badge)}"} | headers,
    )  # fmt: skip


async def page(house: House, badge: Badge, path: str) -> tuple[int, str]:
    async with at(house, badge) as client:
        answer = await client.get(path)
        return answer.status_code, answer.text


async def test_the_desk_is_for_organisers_and_registration(house: House) -> None:
    for badge in (DESK, house.world.organiser):
        status, html = await page(house, badge, "/registration?q=Given")
        assert status == 200
        assert html.count('class="one"') == 3 + house.world.participants
    for badge in (house.world.person(0), house.world.moderator):
        assert (await page(house, badge, "/registration"))[0] == 403


async def test_whoever_is_found_alone_is_open_and_the_first_press_is_arrived(house: House) -> None:
    for query in ("1004", "Given4", "آنا", "انا"):
        _, html = await page(house, DESK, f"/registration?q={query}")
        button = re.search(r'<button[^>]*id="b-arrive"[^>]*>', html)
        assert button, query
        assert "autofocus" in button[0]
        assert html.count("autofocus") == 1
    _, html = await page(house, DESK, "/registration?q=nobody-at-all")
    assert "Nobody has this number or name." in html


async def test_the_desk_opens_its_page_after_the_door(house: House) -> None:
    code = house.node.badges.code(9, 1)
    async with browser(house, accept="text/html") as client:
        answer = await client.post("/badge", data={"code": code})

    assert (answer.status_code, answer.headers["location"]) == (303, "/registration")


async def test_a_code_is_shown_for_guests_and_an_organisers_to_organisers_only(house: House) -> None:
    code = house.node.badges.code(ANNA, 1)
    for path in (f"/registration?person={ANNA}&show=1", f"/people?show={ANNA}"):
        _, html = await page(house, DESK, path)
        assert grouped(code) in html
    mine = house.node.badges.code(1, 1)
    for path in ("/registration?person=1&show=1", "/people?show=1"):
        status, html = await page(house, DESK, path)
        assert (status, grouped(mine) in html) == (403, False)
        assert grouped(mine) in (await page(house, house.world.organiser, path))[1]
    _, html = await page(house, DESK, "/registration?person=1")
    assert not re.search(r"/do/(reissue_badge|bind_spare|replace_person|revoke_badge)", html)


@pytest.mark.parametrize("form", ["code", "link"])
async def test_a_spare_is_bound_by_what_is_printed_on_it_and_the_old_badge_is_out_at_once(
    house: House, form: str, logged: StringIO
) -> None:
    badges, world = house.node.badges, house.world
    phone = await house.guest(world.person(0))
    elsewhere = await house.guest(world.person(0), node=1)
    printed = grouped(badges.spare_code(2)) if form == "code" else f"http://{HOST}/b#{badges.spare_secret(2)}"
    fields: dict[str, Any] = {"person": ANNA, "seen_issue": 1, "code": printed, "spare": 3, "next": "/registration"}

    began = time.monotonic()
    async with at(house, DESK) as client:
        answer = await client.post("/do/bind_spare", data=fields)
    await phone.until(lambda: phone.code is not None)
    await elsewhere.until(lambda: elsewhere.code is not None)

    assert (phone.code, elsewhere.code) == (4001, 4001)
    assert time.monotonic() - began < 60  # how fast it is on a machine of its own is measured in the story
    assert answer.headers["location"] == "/registration"
    assert [row[:3] for row in world.dump()["spare"]] == [(1, None, 0), (2, ANNA, 2), (3, None, 0)]
    for secret in (badges.spare_code(2), badges.spare_secret(2), grouped(badges.spare_code(2))):
        assert secret not in repr(world.dump())
        assert secret not in logged.getvalue()
    for node in house.nodes:
        with node.store.reading() as tx:
            node.badges.refresh(tx)
        assert node.badges.find_code(badges.spare_code(2)) == (ANNA, 2)
        assert node.badges.find_code(badges.code(ANNA, 1)) is None
    async with at(house, DESK, accept="application/json") as client:
        wrong = await client.post("/do/bind_spare", data=fields | {"person": 5, "code": "AAAAA 22222"})
        used = await client.post("/do/bind_spare", data=fields | {"person": 5})
    assert [each.json()["no"] for each in (wrong, used)] == ["no_such_spare", "spare_was_used"]


async def test_who_may_not_bind_is_not_told_whether_a_code_is_a_spares(house: House) -> None:
    code = house.node.badges.spare_code(1)
    for told in (code, "AAAAA22222"):
        with pytest.raises(Refused, match="not_yours"):
            await house.perform(house.world.person(0), BindSpare(person=5, seen_issue=1, code=told))


async def test_a_session_that_is_taken_back_closes_the_desk_and_leaves_the_phone(house: House) -> None:
    world = house.world
    organiser, anna = world.organiser, world.person(0)
    await house.perform(organiser, HandSession(session=2, person=ANNA))
    desk, far = await house.guest(anna, "desk", session=2), await house.guest(anna, "desk", session=2, node=1)
    phone = await house.guest(anna)
    assert "run" in desk.held

    await house.perform(organiser, TakeBack(session=2, person=ANNA))
    await desk.until(lambda: desk.code is not None)
    await far.until(lambda: far.code is not None)

    assert (desk.code, far.code, phone.code) == (4001, 4001, None)
    assert (await page(house, anna, "/desk/2"))[0] == 403


async def test_a_session_that_is_taken_back_leaves_the_desks_of_their_other_ones_open(house: House) -> None:
    world = house.world
    organiser, anna = world.organiser, world.person(0)
    for session, role in ((1, "moderator"), (2, "chair"), (2, "moderator")):
        await house.perform(organiser, HandSession(session=session, person=ANNA, role=role))
    one, two = await house.guest(anna, "desk", session=1), await house.guest(anna, "desk", session=2, node=1)

    await house.perform(organiser, TakeBack(session=1, person=ANNA))
    await house.perform(organiser, TakeBack(session=2, person=ANNA))
    await one.until(lambda: one.code is not None)
    again = await house.guest(anna, "desk", session=2)
    await asyncio.sleep(SWEEP + 0.2)  # which looks again at everything that was touched

    assert (one.code, two.code, again.code) == (4001, None, None)


async def test_every_desk_hears_of_what_another_did(house: House) -> None:
    here, there = (
        await house.guest(DESK, "registration"),
        await house.guest(house.world.organiser, "registration", node=1),
    )
    before = dict(there.held["arrivals"])  # type: ignore[call-overload]
    assert (before["n"], before["of"]) == (0, 3 + house.world.participants)

    answer = await here.ask({"do": "arrive", "person": ANNA})
    await there.until(lambda: there.held["arrivals"]["n"] == 1)  # type: ignore[call-overload]
    await house.perform(DESK, ReissueBadge(person=ANNA, seen_issue=1))
    await there.until(lambda: there.held["arrivals"]["act"] > before["act"] + 1)  # type: ignore[call-overload]

    assert answer["ok"] == "arrived"
    guest = await house.guest(house.world.person(1), "registration")
    assert guest.held == {}
    assert guest.code == 1008


async def test_a_walk_in_goes_from_the_desk_to_the_organiser_and_back(house: House) -> None:
    fields = {
        "given_name": "Yara",
        "family_name": "<b>Haddad",
        "role": "participant",
        "next": "/registration?person=new",
    }
    async with at(house, DESK) as client:
        answer = await client.post("/do/add_walk_in", data=fields)
    where = answer.headers["location"]
    new = int(where.rpartition("=")[2])

    _, desk = await page(house, DESK, where)
    _, office = await page(house, house.world.organiser, "/people")
    assert "Waits for an organiser" in desk
    assert "approve_walk_in" not in desk
    assert "<b>Haddad" not in desk + office
    assert f'name="person" value="{new}"' in office[office.index("approve_walk_in") :]
    async with at(house, house.world.organiser) as client:
        await client.post("/do/approve_walk_in", data={"person": new, "next": "/people"})
    _, desk = await page(house, DESK, where)

    assert "Waits for an organiser" not in desk
    assert "b-print" in desk
    assert house.world.read(lambda tx: tx.get_one(Person, new).revoked) is False


async def test_the_page_says_how_many_are_here_and_offers_the_way_back(house: House) -> None:
    async with at(house, DESK) as client:
        answer = await client.post(
            "/do/arrive", data={"person": ANNA, "on": "true", "next": f"/registration?done={ANNA}"}
        )
    _, html = await page(house, DESK, answer.headers["location"])

    assert f"<b>1</b> of {3 + house.world.participants} people arrived" in html
    assert 'id="undo-4"' in html
    assert re.search(r'id="q"[^>]*autofocus', html)
    assert house.world.read(people.arrivals).n == 1


async def test_who_comes_in_anothers_place_reads_on_the_phone_that_the_open_vote_is_not_theirs(house: House) -> None:
    world = house.world
    poll = world.poll()
    done = await house.perform(DESK, ReplacePerson(person=ANNA, given_name="Nora", family_name="Berg"))
    heir = Badge(int(done.facts["person"]), "participant")
    await house.perform(heir, CheckIn(session=1))
    phone = await house.guest(heir)

    _, html = await page(house, heir, "/")
    told = await phone.ask(
        {"do": "cast_vote", "poll": poll, "secret": "0" * 32, "intent": "1" * 32, "turn": 1, "marks": []}
    )
    here = await house.guest(world.person(1))

    assert phone.held["my"]["elector"] is False  # type: ignore[call-overload]
    assert here.held["my"]["elector"] is True  # type: ignore[call-overload]
    assert "You came in after it was opened, or your badge has no vote." in html
    assert told["no"] == "not_in_electorate"
    assert "You can vote in the next one." in told["words"]
