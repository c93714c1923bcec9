"""What many ask for at once is made once: pages of one second."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from live import projector
from live.hub import Audience
from live.pages import Recent
from live.parts import PARTS, Part
from models import voting
from models.command import Badge
from tests.house import HOST, House
from tests.live.phones import until
from tests.world import World

pytestmark = pytest.mark.anyio


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    world = World(tmp_path / "db.sqlite")
    async with House(world, tmp_path) as house:
        yield house


async def page(house: House, badge: Badge, **cookies: str) -> str:
    cookies = {"hallside": house.token(badge), "script": "1", **cookies}
    transport = httpx2.ASGITransport(app=house.apps[0])
    async with httpx2.AsyncClient(transport=transport, base_url=f"http://{HOST}") as client:
        answer = await client.get("/", headers={"cookie": "; ".join(f"{k}={v}" for k, v in cookies.items())})
    assert answer.status_code == 200
    return answer.text


def person(html: str) -> int:
    found = re.search(r'data-person="(\d+)"', html)
    assert found
    return int(found[1])


def hold_the_clock(house: House) -> None:
    house.node.wall = lambda: 1795492179.25


async def test_two_people_get_one_page_and_each_their_own_number(house: House) -> None:
    hold_the_clock(house)
    house.world.poll()

    first = await page(house, house.world.person(0))
    second = await page(house, house.world.person(1))

    assert (person(first), person(second)) == (4, 5)
    assert first.replace('data-person="4"', "") == second.replace('data-person="5"', "")
    assert str(Recent.PERSON) not in first + second
    assert 'data-now="1795492179.25"' in first


async def test_who_has_voted_gets_another_page_than_who_has_not(house: House) -> None:
    hold_the_clock(house)
    poll = house.world.poll()
    before = await page(house, house.world.person(0))

    house.world.vote(poll, 0, 1)
    voted, waiting = await page(house, house.world.person(0)), await page(house, house.world.person(1))

    assert '"turn": 1' in voted.replace('"turn":1', '"turn": 1')
    assert waiting.replace('data-person="5"', "") == before.replace('data-person="4"', "")


async def test_language_theme_and_a_poll_of_the_same_second_are_not_mixed_up(house: House) -> None:
    hold_the_clock(house)
    one, other = house.world.person(0), house.world.person(1)
    russian = Badge(other.person_id, other.role, "ru")
    empty = await page(house, one)

    await house.perform(house.world.moderator, voting.OpenPoll(poll=house.world.poll(open_=False)))
    opened, dark = await page(house, one), await page(house, one, theme="dark")
    translated = await page(house, russian)

    assert "cast_vote" not in empty
    assert "cast_vote" in opened
    assert 'data-theme="dark"' in dark
    assert 'data-theme="dark"' not in opened
    assert 'lang="ru"' in translated.partition("<head>")[0]


async def test_the_parts_of_a_desk_are_read_once_and_never_from_before_the_touch(house: House) -> None:
    desk = await house.guest(house.world.moderator, "desk", session=1)
    reads: list[str] = []
    read = house.node.projector._read

    def counted(address: str, part: Any) -> Any:
        reads.append(part.name)
        return read(address, part)

    def up_to_date() -> bool:
        audience = Audience("session:1", "desk", ("en",))
        return all(desk.held[part] == house.fresh(audience, part) for part in ("place", "run", "polls", "journal"))

    poll = house.world.poll(open_=False)
    await house.node.projector.settle()
    for task in house.node._tasks:  # nobody else looks anyway
        task.cancel()
    house.node.projector._read = counted  # type: ignore[method-assign]

    await house.perform(house.world.moderator, voting.OpenPoll(poll=poll))
    await until(up_to_date)

    assert sum(name in ("place", "run", "polls", "journal") for name in reads) == 1
    for n in range(5):
        await house.perform(house.world.moderator, voting.SetTimer(poll=poll, seconds=300 + n))
        await asyncio.sleep(0.003 * n)
    await until(up_to_date)


async def test_what_is_being_read_already_is_not_shared_with_who_was_touched_since(house: House) -> None:
    projector = house.node.projector
    begun, go = threading.Semaphore(0), threading.Event()

    def read(address: str, part: Any) -> str:
        begun.release()
        go.wait(5)
        return part.name

    projector._read = read  # type: ignore[method-assign, assignment]
    run, journal = (part for part in PARTS if part.view == "desk" and part.name in ("run", "journal"))
    assert run.read is journal.read

    async def once(part: Part) -> asyncio.Task[tuple[Any, float]]:
        task = asyncio.create_task(projector._read_once("session:1", part))
        await asyncio.sleep(0)
        return task

    before, with_it = await once(run), await once(journal)
    projector._touches += 1
    since = await once(journal)
    for _ in range(2):
        await asyncio.to_thread(begun.acquire)
    go.set()

    assert [(await each)[0] for each in (before, with_it, since)] == ["run", "run", "journal"]


@pytest.mark.parametrize("weight", ["LINE_COST", "READ_SHARE"])
async def test_the_pace_stretches_with_the_audience_and_with_what_a_painting_costs(
    house: House, monkeypatch: pytest.MonkeyPatch, weight: str
) -> None:
    world, pauses, poll = house.world, [0.0], house.world.poll(open_=False)
    await house.guest(world.person(0), "phone")
    await house.node.projector.settle()

    async def pause(hurry: asyncio.Event, seconds: float) -> None:
        pauses.append(seconds)

    monkeypatch.setattr(projector, "_pause", pause)
    await house.perform(world.moderator, voting.OpenPoll(poll=poll))
    await house.node.projector.settle()
    usual = max(pauses)

    monkeypatch.setattr(projector, weight, 1e6)
    await house.perform(world.moderator, voting.EndVoting(poll=poll))
    await house.node.projector.settle()

    assert usual < 10
    assert max(pauses) > 100
