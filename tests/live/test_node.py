"""One door in, one way out, on one node and on two."""

from __future__ import annotations

import asyncio
import secrets
import sqlite3
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from live import deadlines, presence
from live import node as node_module
from live import projector as projector_module
from live.badges import hash_token
from live.faces import look
from live.node import BADGE_KEPT, SWEEP, THE_SYSTEM, Node
from models import imports, polls, stage, voting
from models.ballots import CastVote
from models.command import Badge, Command, Done
from models.doors import CheckIn
from models.imports import there
from models.imports.comparing import compare
from models.lists import ImportLists, digest
from models.logins import SignOut
from models.people import ReissueBadge, RevokeBadge
from models.refusals import Refused
from models.screens import RevokeScreen
from models.store import Tx
from tests.house import Guest, House
from tests.live.phones import until
from tests.world import World

pytestmark = pytest.mark.anyio

SCREEN = Badge(0, "screen", hall_id=1, screen_id=1)
OFTEN = 0.25
"""How often nodes sweep in most of these tests, so that they need not wait for two seconds."""
HEALED = OFTEN + 1.75
"""Until the sweep of a node has looked, and what it found is painted (seconds)."""


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "x.sqlite", participants=12)


@pytest.fixture
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nodes sweep, count and ring more often, so that tests need not wait for it."""
    monkeypatch.setattr(node_module, "SWEEP", OFTEN)
    monkeypatch.setattr(node_module, "WATCH", 0.1)
    monkeypatch.setattr(node_module, "RING", 0.01)


@pytest.fixture
async def house(world: World, tmp_path: Path, often: None) -> AsyncIterator[House]:
    async with House(world, tmp_path, grace=60) as made:
        yield made


@pytest.fixture
async def unswept(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[House]:
    """Nothing is found here by looking anyway: what is touched is shown, and nothing else."""
    monkeypatch.setattr(node_module, "SWEEP", 3600)
    async with House(world, tmp_path, grace=60) as made:
        yield made


@pytest.fixture
async def two(world: World, tmp_path: Path, often: None) -> AsyncIterator[House]:
    async with House(world, tmp_path, nodes=2, grace=60) as made:
        yield made


def vote(world: World, poll: int, choice: int = 0) -> CastVote:
    item = world.items(poll)[choice]
    return CastVote(poll=poll, secret=secrets.token_hex(16), intent=secrets.token_hex(16), turn=1, marks=[[item]])


def shows(guest: Guest, part: str, words: str) -> Callable[[], bool]:
    return lambda: words in str(guest.held.get(part))


def state(world: World, poll: int) -> str:
    return world.read(lambda tx: tx.get_one(polls.Poll, poll).state)


# One door


async def test_every_outcome_is_answered_and_counted(house: House) -> None:
    poll = house.world.poll()

    class Fails(CastVote, tag="fails"):
        def perform(self, tx: Tx, badge: Badge, now: float) -> Done:
            raise ZeroDivisionError

    node_module.commands._FROM_PEOPLE.add(Fails)
    try:
        done = await house.perform(house.world.person(0), vote(house.world, poll))
        with pytest.raises(Refused, match="not_in_electorate"):
            await house.perform(house.world.moderator, vote(house.world, poll))
        with pytest.raises(ZeroDivisionError):
            await house.perform(house.world.person(0), Fails(poll=1, secret="0" * 32, intent="0" * 32, turn=1))
    finally:
        node_module.commands._FROM_PEOPLE.remove(Fails)

    counted = house.node.counters
    assert done.notice == "recorded"
    assert (counted.done, counted.refused, counted.failed) == (1, 1, 1)


async def test_a_desk_command_is_done_within_five_seconds_or_dropped(house: House) -> None:
    desk = await house.guest(house.world.moderator, "desk", session=1)
    blank = stage.SetBlank(hall=1, on=True)
    before = house.world.dump()
    house.node.wall = lambda: 1000.0

    late = await desk.ask(blank, at=994.9)
    early = await desk.ask(blank, at=1060.0)

    assert (late["no"], early["no"]) == ("too_late", "too_late")
    assert late["words"].startswith("Not done")
    assert house.world.dump() == before
    assert (await desk.ask(blank, at=995.1))["ok"] == "blanked"


async def test_a_desk_command_that_waited_for_the_disk_is_dropped_too(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(node_module, "DESK_LIMIT", 0.3)
    world = house.world
    world.do(stage.StageNext(hall=1, scene=stage.Scene(kind="lobby")))
    desk = await house.guest(world.moderator, "desk", session=1)
    world.store.write(lambda tx: (time.sleep(0.6), Done())[1], lambda out: None, post=lambda f, *a: f(*a))

    answer = await desk.ask(stage.Take(hall=1, seen=world.air().version), at=time.time())

    assert answer["no"] == "too_late"
    assert world.air().program.kind != "lobby"


async def test_a_vote_that_was_under_way_for_long_still_counts(house: House) -> None:
    poll = house.world.poll()
    phone = await house.guest(house.world.person(0))

    answer = await phone.ask(vote(house.world, poll), at=time.time() - 60)

    assert answer["ok"] == "recorded"


async def test_nobody_but_the_platform_seals_or_signs_people_in(house: House) -> None:
    poll = house.world.poll()
    for badge in (house.world.organiser, house.world.moderator, house.world.person(0), SCREEN):
        with pytest.raises(Refused, match="not_yours"):
            await house.perform(badge, voting.SealPoll(poll=poll, closed_at=1.0))


# Two nodes


async def test_votes_on_two_nodes_make_one_result_on_both(two: House) -> None:
    world, poll = two.world, two.world.poll()
    phones = [await two.guest(world.person(n), node=n % 2) for n in range(10)]
    desks = [await two.guest(world.moderator, "desk", session=1, node=n) for n in range(2)]

    answers = [await phone.ask(vote(world, poll, n % 3)) for n, phone in enumerate(phones)]

    assert {answer["ok"] for answer in answers} == {"recorded"}
    for desk in desks:
        await desk.until(lambda desk=desk: desk.held["turnout"] == {"poll": poll, "n": 10, "of": 12})
    world.seal(poll)
    world.do(voting.LookFirst(poll=poll))
    assert world.counts(poll) == [4, 3, 3]


async def test_one_person_on_two_nodes_has_one_vote(two: House) -> None:
    poll = two.world.poll()
    first = await two.guest(two.world.person(0), node=0)
    second = await two.guest(two.world.person(0), node=1)

    answers = await asyncio.gather(first.ask(vote(two.world, poll)), second.ask(vote(two.world, poll)))

    assert sorted("ok" if "ok" in answer else answer["no"] for answer in answers) == ["changed_elsewhere", "ok"]
    assert two.world.board(poll).voted == 1


@pytest.mark.fault
async def test_with_the_bus_down_the_sweep_finds_what_staff_did(two: House) -> None:
    world, poll = two.world, two.world.poll(open_=False)
    phone, screen = await two.guest(world.person(0), node=1), await two.guest(SCREEN, "screen", node=1)
    two.bus.down = True

    await two.perform(world.moderator, voting.OpenPoll(poll=poll))
    await two.perform(world.moderator, stage.ShowScene(hall=1, scene=stage.Scene(kind="poll", poll=poll)))

    await phone.until(shows(phone, "now", f'data-poll="{poll}"'))
    await screen.until(shows(screen, "scene", "Question"))


@pytest.mark.fault
async def test_a_lost_bus_costs_two_seconds_at_most(world: World, tmp_path: Path) -> None:
    async with House(world, tmp_path, nodes=2) as two:
        poll = world.poll(open_=False)
        phone = await two.guest(world.person(0), node=1)
        two.bus.down = True
        started = time.monotonic()

        await two.perform(world.moderator, voting.OpenPoll(poll=poll))
        await phone.until(shows(phone, "now", f'data-poll="{poll}"'))

        assert SWEEP == 2.0
        assert time.monotonic() - started < SWEEP + 0.5


@pytest.mark.fault
async def test_with_neither_bus_nor_sweep_nothing_arrives(two: House) -> None:
    """The control: what heals is the sweep, and nothing else."""
    world, poll = two.world, two.world.poll(open_=False)
    phone = await two.guest(world.person(0), node=1)
    two.bus.down = True
    for task in two.nodes[1]._tasks:
        if task.get_coro().__name__ == "_sweep":  # type: ignore[union-attr]
            task.cancel()

    await two.perform(world.moderator, voting.OpenPoll(poll=poll))

    with pytest.raises(TimeoutError):
        await phone.until(shows(phone, "now", f'data-poll="{poll}"'), HEALED)


@pytest.mark.fault
async def test_with_the_bus_down_the_sweep_counts_the_votes_of_the_other_node(two: House) -> None:
    world, poll = two.world, two.world.poll()
    phone, screen = await two.guest(world.person(0), node=0), await two.guest(SCREEN, "screen", node=1)
    world.do(stage.ShowScene(hall=1, scene=stage.Scene(kind="poll", poll=poll)))
    two.bus.down = True

    await phone.ask(vote(world, poll))

    await screen.until(lambda: screen.held["turnout"] == {"poll": poll, "n": 1, "of": 12})


@pytest.mark.fault
@pytest.mark.parametrize("ballot", polls.BALLOTS)
async def test_with_the_bus_down_the_sweep_finds_the_seal(two: House, ballot: str) -> None:
    world, poll = two.world, two.world.poll(ballot=ballot)
    desk = await two.guest(world.moderator, "desk", session=1, node=1)
    await desk.until(shows(desk, "polls", 'data-state="open"'))
    await two.perform(world.moderator, voting.EndVoting(poll=poll))
    await desk.until(shows(desk, "polls", 'data-state="closing"'))
    two.bus.down = True
    await asyncio.sleep(OFTEN + 0.2)  # what was heard before is no news to the sweep any more
    closed_at = world.read(lambda tx: tx.get_one(polls.Poll, poll).closed_at) or 0.0

    await two.perform(THE_SYSTEM, voting.SealPoll(poll=poll, closed_at=closed_at))

    await desk.until(shows(desk, "polls", 'data-state="sealed"'))


# Revocation


REVOKED: list[Any] = [
    (RevokeBadge(person=4), Badge(4, "participant"), "phone"),
    (ReissueBadge(person=4, seen_issue=1), Badge(4, "participant"), "phone"),
    (RevokeScreen(screen=1, seen_issue=1), SCREEN, "screen"),
]


@pytest.mark.parametrize("down", [False, True], ids=["bus up", "bus down"])
@pytest.mark.parametrize(("command", "badge", "view"), REVOKED, ids=lambda v: type(v).__name__)
async def test_a_revoked_badge_loses_its_sockets_on_every_node(
    two: House, command: Command, badge: Badge, view: str, down: bool
) -> None:
    lines = [await two.guest(badge, view, node=n) for n in range(2)]
    others = [await two.guest(two.world.person(3), node=n) for n in range(2)]
    token = two.token(badge)
    two.bus.down = down

    await two.perform(two.world.organiser, command)

    for n, line in enumerate(lines):
        await line.until(lambda line=line: line.code == 4001)
        assert two.nodes[n].badge_of(token) is None
    assert [other.code for other in others] == [None, None]
    again = await two.guest(None)
    assert again.code == 4002


@pytest.mark.parametrize("down", [False, True], ids=["bus up", "bus down"])
async def test_who_has_another_role_by_a_list_loses_the_lines_of_the_old_one(two: House, down: bool) -> None:
    world, deputy = two.world, Badge(3, "organiser")

    def appoint(tx: Tx) -> Done:
        tx.cursor.execute("UPDATE person SET role = 'organiser' WHERE id = 3")
        return Done()

    world.store.do(appoint)
    desks = [await two.guest(deputy, "desk", session=1, node=n) for n in range(2)]
    other = await two.guest(world.organiser, "desk", session=1)
    two.bus.down = down

    await two.perform(THE_SYSTEM, listed(world, "1003,Given3,Family3,participant"))

    for desk in desks:
        await desk.until(lambda desk=desk: desk.code is not None)
    assert [desk.code for desk in (*desks, other)] == [4001, 4001, None]
    assert (await desks[0].ask(RevokeBadge(person=1))) == {"no": "closed"}


async def test_who_keeps_their_role_in_a_list_keeps_their_lines(house: House) -> None:
    phone = await house.guest(house.world.person(0))

    await house.perform(THE_SYSTEM, listed(house.world, "1004,Anna,Family4,participant"))
    await asyncio.sleep(HEALED)

    assert phone.code is None


def listed(world: World, *rows: str) -> ImportLists:
    """A list of people with these rows, as the organiser has seen it in the preview."""
    text = "\n".join(("number,given_name,family_name,role", *rows))
    with world.store.reading() as tx:
        plan = compare(imports.parse({"people.csv": text.encode()}, tx.cursor), there.look(tx.cursor))
    return ImportLists(plan=plan, seen=digest(plan), person=1)


async def test_signing_out_closes_this_browsers_lines_and_no_others(house: House) -> None:
    anna = house.world.person(0)
    first = house.token(anna)
    here = await house.guest(anna)
    house.token(anna, fresh=True)
    there = await house.guest(anna)

    await house.perform(Badge(anna.person_id, anna.role, login=hash_token(first)), SignOut())

    await here.until(lambda: here.code == 4001)
    assert there.code is None


async def test_nothing_is_done_on_a_line_that_was_told_to_go(house: House) -> None:
    poll = house.world.poll()
    phone = await house.guest(house.world.person(0))

    phone.send(vote(house.world, poll))
    await phone.until(lambda: 1 in phone.answers)
    house.node.hub.close([house.node.lines_of("person:4")[0]], 4001, "signed out")
    phone.send(vote(house.world, poll))
    await phone.until(lambda: phone.code is not None)
    await asyncio.sleep(0.05)

    assert list(phone.answers) == [1]


async def test_a_badge_is_looked_up_once_in_two_seconds(house: House) -> None:
    """And a row that goes by another way than revocation is believed for two seconds at most."""
    now = 1000.0
    house.node.clock = lambda: now
    token = house.token(house.world.person(0))
    assert house.node.badge_of(token)

    house.world.store.do(lambda tx: (tx.cursor.execute("DELETE FROM login"), Done())[1])

    known = [house.node.badge_of(token) is not None]
    for now in (1000.0 + BADGE_KEPT - 0.01, 1000.0 + BADGE_KEPT + 0.01):  # noqa: B007 - the clock reads it
        known.append(house.node.badge_of(token) is not None)
    assert known == [True, True, False]


async def test_a_token_that_is_wrong_is_never_kept(house: House) -> None:
    assert [house.node.badge_of(token) for token in ("", "x", "y" * 101)] == [None, None, None]
    assert house.node._known == {}


# What a badge may look at


async def test_a_desk_looks_at_its_own_hall_only(house: House) -> None:
    """A monitor names its session; the hall comes from the records, not from whoever asks."""
    world = house.world
    world.do(stage.StageNext(hall=2, scene=stage.Scene(kind="announcement", text="Not yet said", language="en")),
             world.other)  # fmt: skip

    guest = await house.guest(world.moderator, "monitor", session=1, hall=2, next=True)
    own = await house.guest(world.other, "monitor", session=2, hall=2, next=True)

    assert "Not yet said" in str(own.held)
    assert "Not yet said" not in str(guest.held)
    assert "Not yet said" not in str(guest.frames)


@pytest.mark.parametrize("view", ["phone", "screen", "desk", "monitor", "program", "office", ""])
async def test_a_badge_sees_the_views_of_its_role(house: House, view: str) -> None:
    world = house.world
    wanted = {
        "phone": {"participant", "moderator", "organiser"}, "screen": {"screen"}, "desk": {"moderator", "organiser"},
        "monitor": {"moderator", "organiser"}, "program": {"moderator", "organiser"},
    }  # fmt: skip

    for badge in (world.person(0), world.moderator, world.organiser, SCREEN):
        if badge.role in wanted.get(view, set()):
            look(house.node, badge, view, session=1)
        else:
            with pytest.raises(Refused, match=r"not_yours|not_understood"):
                look(house.node, badge, view, session=1)
    with pytest.raises(Refused, match="not_yours"):
        look(house.node, world.other, "desk", session=1)


# Showing


async def test_who_joins_between_two_changes_ends_with_the_last(house: House) -> None:
    """A page that was read between them holds what was never shown to the others. It must be told, too."""
    world = house.world
    first = await house.guest(SCREEN, "screen")
    rows = world.read(lambda tx: tx.cursor.execute("SELECT * FROM stage WHERE hall_id = 1").fetchall())

    def put(program: str) -> None:
        world.store.do(lambda tx: (tx.cursor.execute("UPDATE stage SET program = ?", (program,)), Done())[1])
        house.node.projector.touch(frozenset({("hall:1", "scene")}))

    before = first.held["scene"]
    house.node.projector.touch(frozenset({("hall:1", "scene")}))
    await asyncio.sleep(0.05)  # painted, and now the next one waits for its pace
    put('{"kind":"agenda","session":1}')
    late = await house.guest(SCREEN, "screen")
    put(rows[0][2])

    await late.until(lambda: late.held["scene"] == before)
    assert first.held["scene"] == before


async def test_a_page_asked_for_while_its_part_is_being_painted_is_not_the_old_one(
    unswept: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a form changed must stand on the page it leads to: Take would else be refused for an old picture."""
    house, projector = unswept, unswept.node.projector
    await house.guest(SCREEN, "screen")
    seen = {name: audience for audience, name in look(house.node, SCREEN, "screen").seen}
    began, go_on = asyncio.Event(), asyncio.Event()
    read_once = projector._read_once

    async def slow(*read: Any) -> Any:
        board = await read_once(*read)
        began.set()
        await go_on.wait()
        return board

    monkeypatch.setattr(projector, "_read_once", slow)
    house.world.do(stage.ShowScene(hall=1, scene=stage.Scene(kind="agenda")))
    projector.touch(frozenset({("hall:1", "scene")}))
    await asyncio.wait_for(began.wait(), 5)

    shown = projector.look(seen["scene"], "scene")

    go_on.set()
    await projector.settle()
    assert shown.html == projector.look(seen["scene"], "scene").html
    assert 'data-scene="agenda"' in shown.html


async def test_live_results_move_while_people_vote_on_phones_screens_and_desks(unswept: House) -> None:
    house, world = unswept, unswept.world
    poll = world.poll(results="live")
    world.do(stage.ShowScene(hall=1, scene=stage.Scene(kind="results", poll=poll)))
    screen, desk = await house.guest(SCREEN, "screen"), await house.guest(world.moderator, "desk", session=1)
    phones = [await house.guest(world.person(n)) for n in range(11)]
    faces = [(screen, SCREEN, "screen", "scene"), (desk, world.moderator, "desk", "polls"),
             (phones[0], world.person(0), "phone", "now")]  # fmt: skip
    before = [guest.held[part] for guest, _, _, part in faces]

    for phone in phones:
        await phone.ask(vote(world, poll))

    for (guest, badge, view, part), held in zip(faces, before, strict=True):
        seen = {name: audience for audience, name in look(house.node, badge, view, session=1).seen}
        await guest.until(lambda g=guest, p=part, a=seen[part]: g.held[p] == house.fresh(a, p))
        assert guest.held[part] != held


async def test_hidden_results_send_numbers_of_turnout_and_no_new_page(unswept: House) -> None:
    """A sweep may draw the page again with the seats taken by then; a vote alone must not."""
    house, world = unswept, unswept.world
    poll = world.poll()
    world.do(stage.ShowScene(hall=1, scene=stage.Scene(kind="results", poll=poll)))
    screen = await house.guest(SCREEN, "screen")
    scene = screen.held["scene"]

    for n in range(3):
        await house.perform(world.person(n), vote(world, poll))
    await screen.until(lambda: screen.held["turnout"] == {"poll": poll, "n": 3, "of": 12})

    assert screen.held["scene"] == scene


async def test_the_number_of_people_is_right_at_every_desk_of_every_node(two: House) -> None:
    world = two.world
    desks = [await two.guest(world.moderator, "desk", session=1, node=n) for n in range(2)]
    phones = [await two.guest(world.person(n), node=n % 2) for n in range(3)]
    for desk in desks:
        await desk.until(lambda desk=desk: desk.held["here"] == {"n": 3})

    await phones[0].leave()
    await two.perform(world.person(1), CheckIn(session=2))

    for desk in desks:
        await desk.until(lambda desk=desk: desk.held["here"] == {"n": 1})
        await desk.until(shows(desk, "journal", ">11<"))


async def test_a_number_that_moved_and_moved_back_is_told_to_who_looked_in_between(house: House) -> None:
    phone = await house.guest(house.world.person(0))
    await asyncio.sleep(0.3)
    short = await house.guest(house.world.person(1))
    desk = await house.guest(house.world.moderator, "desk", session=1)
    await short.leave()

    await desk.until(lambda: desk.held["here"] == {"n": 1})
    assert phone.code is None


async def test_a_node_that_is_closed_leaves_nothing_running(world: World, tmp_path: Path) -> None:
    before = asyncio.all_tasks()
    async with House(world, tmp_path) as house:
        await house.guest(SCREEN, "screen")
        for _ in range(3):
            house.node.projector.touch(frozenset({("hall:1", "scene")}))
            await asyncio.sleep(0.01)

    await asyncio.sleep(0.05)
    assert asyncio.all_tasks() - before == set()


class Pace:
    """The clock by which parts are painted again. It stands until it is moved."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 0.0
        monkeypatch.setattr(projector_module, "_pause", self._pause)

    async def _pause(self, hurry: asyncio.Event, seconds: float) -> None:
        end = self.now + seconds
        while self.now < end and not hurry.is_set():  # noqa: ASYNC110 - there are two things to wait for
            await asyncio.sleep(0.001)


@pytest.mark.parametrize(
    ("command", "told"),
    [(voting.Withdraw, "This question was withdrawn"), (voting.EndVoting, "Voting has closed")],
    ids=["withdraw", "end"],
)
async def test_what_a_person_does_to_a_poll_waits_for_no_pace(
    unswept: House, monkeypatch: pytest.MonkeyPatch, command: Any, told: str
) -> None:
    house, world = unswept, unswept.world
    Pace(monkeypatch)
    poll = world.poll(open_=False, results="live")
    phone, screen = await house.guest(world.person(0)), await house.guest(SCREEN, "screen")
    await house.perform(world.moderator, voting.OpenPoll(poll=poll))
    await house.perform(world.moderator, stage.ShowScene(hall=1, scene=stage.Scene(kind="poll", poll=poll)))
    await phone.until(shows(phone, "now", f'data-poll="{poll}"'))
    await screen.until(shows(screen, "scene", "Question"))
    before = screen.held["scene"]

    await house.perform(world.moderator, command(poll=poll))

    await phone.until(shows(phone, "now", told))
    await screen.until(lambda: screen.held["scene"] != before)


async def test_votes_are_shown_at_the_pace_of_the_part(unswept: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control to the test before: where nobody is in a hurry, the clock must move first."""
    house, world = unswept, unswept.world
    pace, poll = Pace(monkeypatch), world.poll(results="live")
    phone = await house.guest(world.person(0))
    await house.perform(world.person(1), vote(world, poll))
    await phone.until(lambda: ">1 person<" in str(phone.held["now"]))

    await house.perform(world.person(2), vote(world, poll))
    with pytest.raises(TimeoutError):
        await phone.until(lambda: ">2 people<" in str(phone.held["now"]), 0.3)
    pace.now += 1.0

    await phone.until(lambda: ">2 people<" in str(phone.held["now"]))


@pytest.mark.parametrize("part", ["air", "turnout"])
async def test_what_no_line_follows_is_a_second_old_at_most(unswept: House, part: str) -> None:
    """Somebody without script or socket asks now and then. A row that changed by another way touches nothing here."""
    house, world = unswept, unswept.world
    now, poll = house.node.clock(), world.poll()
    house.node.clock = lambda: now
    seen = {name: audience for audience, name in look(house.node, world.moderator, "desk", session=1).seen}
    before = house.node.projector.look(seen[part], part).body

    world.vote(poll, 0, 0)
    world.do(stage.SetBlank(hall=1, on=True))

    now += 0.9
    assert house.node.projector.look(seen[part], part).body == before
    now += 0.2
    assert house.node.projector.look(seen[part], part).body == house.fresh(seen[part], part) != before


async def test_a_page_that_was_read_before_its_first_line_came_is_read_once_more_and_no_oftener(unswept: House) -> None:
    house, reads = unswept, []
    now, read = house.node.clock(), house.node.projector._read
    house.node.clock = lambda: now
    badge = house.world.person(0)
    audience = next(a for a, name in look(house.node, badge, "phone").seen if name == "now")
    house.node.projector.look(audience, "now")
    await house.guest(badge)
    house.node.projector._read = lambda address, part: reads.append(part.name) or read(address, part)  # type: ignore[method-assign,func-returns-value]

    now += 1.1
    for _ in range(10):
        house.node.projector.look(audience, "now")

    assert reads == ["now"]


async def test_numbers_that_wait_for_their_pace_are_a_second_old_at_most_to_who_asks(
    unswept: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house, world = unswept, unswept.world
    pace, now = Pace(monkeypatch), house.node.clock()
    house.node.clock = lambda: now
    poll = world.poll()
    phone = await house.guest(world.person(0))
    audience = next(a for a, name in look(house.node, world.person(0), "phone").seen if name == "turnout")
    for n in range(2):  # the first is shown at once, the second waits
        await house.perform(world.person(n), vote(world, poll))
        await phone.until(lambda: phone.held["turnout"] == {"poll": poll, "n": 1, "of": 12})

    now += 1.1
    asked = house.node.projector.look(audience, "turnout").body
    pace.now += 10

    assert asked == {"poll": poll, "n": 2, "of": 12}
    await phone.until(lambda: phone.held["turnout"] == asked)


async def test_a_face_is_counted_once_whatever_it_looks_at(house: House) -> None:
    world = house.world
    await house.guest(world.person(0))
    await house.guest(world.person(1), page="agenda")
    await house.guest(SCREEN, "screen")
    await house.guest(world.moderator, "desk", session=1)
    for next_ in (True, False):
        await house.guest(world.moderator, "monitor", session=1, hall=1, next=next_)

    assert house.node.faces() == {"phone": 2, "screen": 1, "desk": 1}


async def test_what_was_shown_last_is_not_sent_again(house: House) -> None:
    screen = await house.guest(SCREEN, "screen")
    frames = len(screen.frames)

    for _ in range(5):
        house.node.projector.touch(frozenset({("hall:1", "scene"), ("hall:1", "turnout")}))
        await asyncio.sleep(0.05)
    await asyncio.sleep(0.3)

    assert len(screen.frames) == frames


# Phones that vanish


async def vanish(house: House, phones: list[Guest], code: int = 1006) -> None:
    """All between two looks of the watch, however slow the machine is."""
    watch = house.node._stop_timers
    house.node._stop_timers = lambda now: asyncio.sleep(0)  # type: ignore[method-assign]
    for phone in phones:
        await phone.leave(code=code)
    house.node._stop_timers = watch  # type: ignore[method-assign]


async def watched(house: House, times: int = 2) -> None:
    """Until the watch has looked so many times from now on."""
    watch, done = house.node._stop_timers, asyncio.Semaphore(0)

    async def counted(now: float) -> None:
        await watch(now)
        done.release()

    house.node._stop_timers = counted  # type: ignore[method-assign]
    for _ in range(times):
        await asyncio.wait_for(done.acquire(), house.patience)
    house.node._stop_timers = watch  # type: ignore[method-assign]


async def test_when_many_phones_vanish_the_timer_stops_and_the_desk_is_told(house: House) -> None:
    world = house.world
    poll = world.poll(timer_s=600)
    desk = await house.guest(world.moderator, "desk", session=1)
    phones = [await house.guest(world.person(n)) for n in range(12)]

    await vanish(house, phones[:6])

    await desk.until(shows(desk, "journal", "Timer stopped"))
    await desk.until(lambda: "6" in str(desk.held["air"]) and "12" in str(desk.held["air"]))
    assert world.board(poll).closes_at is None
    assert state(world, poll) == "open"
    assert house.node.presence.alarms == {1: (6, 12)}


async def test_when_a_few_phones_vanish_the_timer_goes_on(house: House) -> None:
    world = house.world
    poll = world.poll(timer_s=600)
    phones = [await house.guest(world.person(n)) for n in range(12)]

    await vanish(house, phones[:3])
    await watched(house)

    assert world.board(poll).closes_at is not None


async def silence(house: House, *, away: bool) -> polls.Poll:
    """Twelve phones, of which eleven say nothing any more though their sockets stand. What became of the poll."""
    clock, poll = Clock(house), house.world.poll(timer_s=600)
    phones = [await house.guest(house.world.person(n)) for n in range(12)]
    for phone in phones[1:] if away else ():
        phone.say({"do": "beat", "away": True})
    for _ in range(4):
        await watched(house)
        await clock.move(presence.SILENT / 3)
        phones[0].say({"do": "beat"})
    await watched(house)
    return house.world.read(lambda tx: tx.get_one(polls.Poll, poll))


async def test_phones_that_fall_silent_all_at_once_are_lost_though_their_sockets_stand(house: House) -> None:
    assert (await silence(house, away=False)).closes_at is None
    assert house.node.presence.alarms == {1: (11, 12)}


async def test_phones_that_said_their_page_is_hidden_may_fall_silent(house: House) -> None:
    assert (await silence(house, away=True)).closes_at is not None


async def test_our_own_goodbye_stops_no_timer(house: House) -> None:
    poll = house.world.poll(timer_s=600)
    phones = [await house.guest(house.world.person(n)) for n in range(12)]

    await house.node.drain()
    await vanish(house, phones, 1012)
    await watched(house)

    assert house.world.board(poll).closes_at is not None


async def test_a_timer_that_could_not_be_stopped_leaves_no_other_hall_alone_and_is_tried_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    node, stopped = house.node, list[int]()
    polls_ = {house.world.poll(timer_s=600): 1, house.world.poll(timer_s=600, open_=False): 2}

    def elsewhere(tx: Tx) -> Done:
        """Open in the other hall, where this moderator has no say."""
        tx.cursor.execute(
            "UPDATE poll SET session_id = 2, hall_id = 2, state = 'open', closes_at = ? WHERE id = ?",
            (time.time() + 600, max(polls_)),
        )
        return Done()

    house.world.store.do(elsewhere)

    async def ask(badge: Badge, command: Command) -> Done:
        assert isinstance(command, voting.SetTimer)
        stopped.append(polls_[command.poll])
        if len(stopped) == 1:
            raise Refused("try_again")
        return Done()

    monkeypatch.setattr(node, "ask", ask)
    for session in (1, 2):
        for person in range(100, 110):
            node.presence.came(session, person, node.clock())
            node.presence.went(session, person, node.clock(), lost=True)
    await watched(house, 3)

    assert sorted(stopped[:2]) == [1, 2]
    assert stopped[2:] == stopped[:1]


async def test_a_badge_has_a_dozen_lines_and_no_more(house: House) -> None:
    guests = [await house.guest(house.world.person(0)) for _ in range(13)]

    assert [guest.code for guest in guests] == [None] * 12 + [4008]


async def test_a_second_loss_stops_the_timer_again(house: House) -> None:
    """After a person has set it, or once the phones are back, the alarm is over and can be raised anew."""
    world = house.world
    poll = world.poll(timer_s=600)
    phones = [await house.guest(world.person(n)) for n in range(12)]
    await vanish(house, phones[:6])
    while house.world.board(poll).closes_at is not None:  # noqa: ASYNC110 - the watch looks once a second
        await asyncio.sleep(0.05)

    phones[:6] = [await house.guest(world.person(n)) for n in range(6)]
    await house.perform(world.moderator, voting.SetTimer(poll=poll, seconds=600))
    await watched(house)
    calm = dict(house.node.presence.alarms)
    await vanish(house, phones[:7])
    await watched(house)

    assert calm == {}
    assert world.board(poll).closes_at is None


# Clocks


class Clock:
    """Both clocks of a node, moved by hand."""

    def __init__(self, house: House) -> None:
        self.house, self.passed = house, 0.0
        mono, wall = time.monotonic(), time.time()
        for node in house.nodes:
            node.clock, node.wall = (lambda: mono + self.passed), (lambda: wall + self.passed)

    async def move(self, seconds: float) -> None:
        self.passed += seconds
        for node in self.house.nodes:
            node.deadlines.look(1)
        await until(lambda: not any(self._owes(node) for node in self.house.nodes))

    @staticmethod
    def _owes(node: Node) -> bool:
        """Has this node something to do that is due?"""
        kept = node.deadlines
        return not kept._stopped and any(due.at <= node.clock() for due in kept._due.values())


async def test_a_timer_ends_voting_and_the_seal_follows_after_the_grace(world: World, tmp_path: Path) -> None:
    house = House(world, tmp_path, grace=5)
    clock = Clock(house)
    async with house:
        poll = world.poll(open_=False, timer_s=30)
        await house.perform(world.moderator, voting.OpenPoll(poll=poll))
        lived = []
        for seconds in (29, 2, 4, 2):
            await clock.move(seconds)
            lived.append(state(world, poll))

    assert lived == ["open", "closing", "closing", "sealed"]


async def test_a_timer_that_was_stopped_or_moved_is_heeded(world: World, tmp_path: Path) -> None:
    house = House(world, tmp_path, grace=5)
    clock = Clock(house)
    async with house:
        poll = world.poll(open_=False, timer_s=30)
        await house.perform(world.moderator, voting.OpenPoll(poll=poll))
        await house.perform(world.moderator, voting.SetTimer(poll=poll, seconds=0))
        await clock.move(60)
        stopped = state(world, poll)
        await house.perform(world.moderator, voting.SetTimer(poll=poll, seconds=10))
        await clock.move(9)
        before = state(world, poll)
        await clock.move(2)
        after = state(world, poll)

    assert (stopped, before, after) == ("open", "open", "closing")


async def test_voting_that_goes_on_is_not_sealed_by_the_old_grace(world: World, tmp_path: Path) -> None:
    house = House(world, tmp_path, grace=5)
    clock = Clock(house)
    async with house:
        poll = world.poll()
        await house.perform(world.moderator, voting.EndVoting(poll=poll))
        await clock.move(4)
        await house.perform(world.moderator, voting.ContinueVoting(poll=poll))
        await clock.move(10)

    assert state(world, poll) == "open"


async def test_a_wall_clock_that_is_set_right_moves_no_deadline(world: World, tmp_path: Path) -> None:
    house = House(world, tmp_path, grace=5)
    clock = Clock(house)
    async with house:
        poll = world.poll(open_=False, timer_s=30)
        await house.perform(world.moderator, voting.OpenPoll(poll=poll))
        house.node.wall = lambda: time.time() + 3600
        await clock.move(1)
        early = state(world, poll)
        await clock.move(30)

    assert (early, state(world, poll)) == ("open", "closing")


async def test_the_clocks_go_on_after_an_unforeseen_error(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(deadlines, "AGAIN", 0.01)
    house = House(world, tmp_path, grace=5)
    clock = Clock(house)
    look_at, faults = house.node.deadlines._look_at, [sqlite3.OperationalError("unforeseen")]

    def fails_once(poll: int) -> None:
        if faults:
            raise faults.pop()
        look_at(poll)

    monkeypatch.setattr(house.node.deadlines, "_look_at", fails_once)
    async with house:
        poll = world.poll(open_=False, timer_s=30)
        await house.perform(world.moderator, voting.OpenPoll(poll=poll))
        await clock.move(31)
        await clock.move(6)

    assert faults == []
    assert "unforeseen" in caplog.text
    assert state(world, poll) == "sealed"


async def test_two_nodes_end_one_vote_once(world: World, tmp_path: Path) -> None:
    house = House(world, tmp_path, nodes=2, grace=5)
    clock = Clock(house)
    async with house:
        poll = world.poll(open_=False, timer_s=30)
        await house.perform(world.moderator, voting.OpenPoll(poll=poll))
        await clock.move(31)
        await clock.move(6)

    acts = _acts(world)
    assert [acts.count(act) for act in ("voting_ended", "sealed")] == [1, 1]


def _acts(world: World) -> list[str]:
    with sqlite3.connect(world.store.path) as raw:
        found = [row[0] for row in raw.execute("SELECT act FROM journal")]
    raw.close()
    return found


@pytest.mark.parametrize("ballot", polls.BALLOTS)
async def test_a_poll_found_closing_is_sealed_before_anybody_is_let_in(
    world: World, tmp_path: Path, ballot: str
) -> None:
    poll = world.poll(ballot=ballot)
    world.vote(poll, 0, 1)
    world.close(poll)

    async with House(world, tmp_path, grace=60):
        found = state(world, poll)

    assert found == "sealed"


@pytest.mark.fault
async def test_a_poll_found_closing_that_cannot_be_sealed_yet_is_sealed_when_it_can(
    world: World, tmp_path: Path
) -> None:
    poll = world.poll(ballot="secret")
    world.close(poll)
    other = sqlite3.connect(world.store.path, isolation_level=None)
    other.execute("BEGIN")
    other.execute("SELECT count(*) FROM poll").fetchone()

    async with House(world, tmp_path, grace=0.1):
        found = state(world, poll)
        other.execute("ROLLBACK")
        other.close()
        async with asyncio.timeout(5):
            while state(world, poll) != "sealed":  # noqa: ASYNC110 - the deadline asks again by itself
                await asyncio.sleep(0.02)

    assert found == "closing"


async def test_a_timer_that_ran_out_while_down_ends_voting_fifteen_seconds_after_readiness(
    world: World, tmp_path: Path
) -> None:
    poll = world.poll(timer_s=10)
    house = House(world, tmp_path, grace=5)
    clock = Clock(house)
    clock.passed = 300.0
    async with house:
        lived = []
        for seconds in (0, 14, 2):
            await clock.move(seconds)
            lived.append(state(world, poll))

    assert lived == ["open", "open", "closing"]


async def test_a_node_that_drains_takes_no_more_timers(world: World, tmp_path: Path) -> None:
    house = House(world, tmp_path, grace=5)
    clock = Clock(house)
    async with house:
        poll = world.poll(open_=False, timer_s=10)
        await house.perform(world.moderator, voting.OpenPoll(poll=poll))
        await house.node.drain()
        await clock.move(20)
        ready = house.node.ready

    assert not ready
    assert state(world, poll) == "open"
