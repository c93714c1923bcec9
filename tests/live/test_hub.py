"""Who is listening: every line of an audience ends with the newest frame, and nobody else sees it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from live import hub as hub_module
from live.frames import Frame, page_frame, payload_of
from live.hub import Audience, Hub
from live.line import Line, Stage
from live.server import running
from tests.live.phones import HALL, Room, phone, until

pytestmark = pytest.mark.anyio

DESK = Audience("session:7", "desk", ("en",))
OTHER = Audience("session:8", "phone", ("en",))


@dataclass(frozen=True)
class Badge:
    key: str


@dataclass(eq=False)
class Ear:
    """A line that remembers what it was shown."""

    who: object = None
    stage: Stage = Stage.LISTENING
    behind: bool = False
    shown: list[Frame] = field(default_factory=list)
    closed: list[int] = field(default_factory=list)
    lost: list[Callable[[Line], None]] = field(default_factory=list)

    def listen(self, on_text: Callable[[bytes], None]) -> None: ...
    def send(self, data: bytes) -> None: ...
    def abort(self) -> None: ...
    async def run(self) -> None: ...

    def show(self, frame: Frame) -> None:
        self.shown.append(frame)

    def close(self, code: int, reason: str = "") -> None:
        self.closed.append(code)

    def on_lost(self, callback: Callable[[Line], None]) -> None:
        self.lost.append(callback)


def frame(key: str, part: str = "poll") -> Frame:
    return page_frame(part, key, key.encode())


def joined(hub: Hub, count: int, audience: Audience = HALL) -> list[Ear]:
    ears = [Ear(Badge(f"person:{n}")) for n in range(count)]
    for ear in ears:
        hub.join(ear, audience)
    return ears


def test_a_frame_reaches_its_audience_and_nobody_else() -> None:
    hub = Hub()
    here, there = joined(hub, 2), joined(hub, 2, OTHER)

    assert hub.show(HALL, frame("a")) == 2

    assert [len(ear.shown) for ear in here + there] == [1, 1, 0, 0]


def test_an_audience_of_nobody_is_no_error() -> None:
    assert Hub().show(HALL, frame("a")) == 0


def test_joining_twice_shows_once() -> None:
    hub = Hub()
    (ear,) = joined(hub, 1)
    hub.join(ear, HALL)

    hub.show(HALL, frame("a"))

    assert len(ear.shown) == 1
    assert len(ear.lost) == 1


def test_a_line_that_left_is_in_no_audience() -> None:
    hub = Hub()
    (ear,) = joined(hub, 1)
    hub.join(ear, DESK)

    hub.leave(ear)

    assert hub.audiences() == []
    assert hub.audiences_of(ear) == ()
    hub.leave(ear)


def test_audiences_are_listed_by_address() -> None:
    hub = Hub()
    for each in (HALL, DESK, OTHER):
        joined(hub, 1, each)

    assert hub.audiences("session:7") == [HALL, DESK]
    assert hub.count(DESK) == 1


def test_a_person_whose_badge_is_revoked_is_closed_everywhere_and_shown_nothing_more() -> None:
    hub = Hub()
    mine, other = Ear(Badge("person:1")), Ear(Badge("person:2"))
    stranger = Ear()
    for ear in (mine, other, stranger):
        hub.join(ear, HALL)
        hub.join(ear, DESK)

    hub.close([mine], 4001, "badge revoked")
    hub.show(HALL, frame("secret"))

    assert (mine.closed, other.closed, stranger.closed) == ([4001], [], [])
    assert (len(mine.shown), len(other.shown)) == (0, 1)


async def test_a_large_audience_is_written_in_slices_so_that_others_get_their_turn() -> None:
    hub = Hub()
    ears = joined(hub, 10 * hub_module.SLICE)
    turns = 0

    async def other_work() -> None:
        nonlocal turns
        while len(ears[-1].shown) == 0:
            turns += 1
            await asyncio.sleep(0)

    work = asyncio.create_task(other_work())
    written = await hub.broadcast(HALL, frame("a"))
    await work

    assert written == len(ears)
    assert all(len(ear.shown) == 1 for ear in ears)
    assert turns >= 9


async def test_a_newer_frame_ends_an_unfinished_older_one_and_everybody_ends_with_it() -> None:
    hub = Hub()
    ears = joined(hub, 5 * hub_module.SLICE)

    older = asyncio.create_task(hub.broadcast(HALL, frame("old")))
    beside = asyncio.create_task(hub.broadcast(HALL, frame("beside", "questions")))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    newer = await hub.broadcast(HALL, frame("new"))

    assert await older < len(ears)
    assert await beside == newer == len(ears)
    for ear in ears:
        polls = [shown for shown in ear.shown if shown.part == "poll"]
        assert polls[-1] == frame("new")
        assert frame("old") not in polls[polls.index(frame("new")) :]


async def test_under_constant_change_nobody_at_the_end_of_the_list_waits_for_ever() -> None:
    hub = Hub()
    ears = joined(hub, 5 * hub_module.SLICE)

    tasks = []
    for n in range(20):
        tasks.append(asyncio.create_task(hub.broadcast(HALL, frame(str(n)))))
        await asyncio.sleep(0)  # Only one slice gets through before the next change.
        assert n < 5 or ears[-1].shown
    await asyncio.gather(*tasks)

    assert all(ear.shown[-1] == frame("19") for ear in ears)


async def test_a_line_that_moves_on_during_a_broadcast_does_not_get_the_page_of_where_it_was() -> None:
    hub = Hub()
    ears = joined(hub, 3 * hub_module.SLICE)

    task = asyncio.create_task(hub.broadcast(HALL, frame("a")))
    await asyncio.sleep(0)
    hub.leave(ears[-1])
    hub.join(ears[-1], OTHER)
    hub.leave(ears[-2])
    await task

    assert ears[-1].shown == ears[-2].shown == []
    assert len(ears[-3].shown) == 1


@pytest.mark.parametrize("plain", [False, True])
async def test_real_phones_get_the_same_bytes_and_leave_by_themselves(plain: bool) -> None:
    room = Room(plain=plain)
    async with running(room) as url:
        async with phone(url) as first, phone(url) as second:
            await until(lambda: room.hub.count(HALL) == 2)
            await room.hub.broadcast(HALL, frame("a"))

            sent = payload_of(frame("a").data).decode()
            assert await first.recv() == await second.recv() == sent
        await until(lambda: room.hub.count(HALL) == 0)
