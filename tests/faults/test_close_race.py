"""Votes race the end of voting. The seal is one point in one order: before it everything counts, after it nothing."""

from __future__ import annotations

import itertools
import random
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import pytest

from models import polls
from models.ballots import count
from models.command import Badge, Done
from models.refusals import Refused
from models.store import Store, Tx
from models.voting import EndVoting, SealPoll
from tests.faults.voters import FIRST, Crowd
from tests.world import SYSTEM_BADGE, World

pytestmark = pytest.mark.fault

RACES = 300
THREADS, EACH = 3, 8


@dataclass
class Race:
    """What one race came to."""

    recorded: int
    """Votes that were answered "recorded"."""
    sealed: int
    """The figure of the seal, read the moment it was answered."""
    later: int
    """The same figure, read when every vote had its answer."""
    box: int
    """Ballots in the box at the end."""
    raced: tuple[str, ...]
    """Answers to the votes that were under way together with the end and the seal."""

    def wrong(self) -> bool:
        return not self.recorded == self.sealed == self.later == self.box


class Field:
    """Who runs against the seal: when they may start, and the answers they got."""

    def __init__(self) -> None:
        self.answers: dict[int, str] = {}
        self.ending, self.sealing = threading.Event(), threading.Event()
        """Set the moment before the command is sent: who waited for it is beside it, not behind."""
        self._moved = threading.Condition()

    def hear(self, n: int, out: Done | BaseException) -> None:
        with self._moved:
            self.answers[n] = (
                out.notice if isinstance(out, Done) else out.key if isinstance(out, Refused) else repr(out)
            )
            self._moved.notify_all()

    def until(self, count: int) -> None:
        """Wait until so many have their answer."""
        with self._moved:
            assert self._moved.wait_for(lambda: len(self.answers) >= count, 10)


class Sealer:
    """Ends voting and seals, as two nodes do at once: each sends both commands, and the second does nothing."""

    def __init__(self, world: World, poll: int) -> None:
        self.world, self.poll, self.closed_at = world, poll, 0.0

    def seal(self, field: Field) -> None:
        end = EndVoting(poll=self.poll)
        field.ending.set()
        self.world.store.do(lambda tx: end.perform(tx, SYSTEM_BADGE, 5.0))
        field.sealing.set()
        self.send(SealPoll(poll=self.poll, closed_at=5.0))

    def send(self, seal: SealPoll) -> None:
        """The seal runs alone, as the node sends it."""
        landed = threading.Event()
        self.world.store.write(
            lambda tx: seal.perform(tx, SYSTEM_BADGE, 6.0), lambda out: landed.set(), post=lambda f, *a: f(*a),
            alone=True,
        )  # fmt: skip
        assert landed.wait(10)


class Hasty(Sealer):
    """The control: counts first and closes afterwards, as whoever asks a database without thinking of the order."""

    def seal(self, field: Field) -> None:
        store = self.world.store
        with store.reading() as tx:
            n = count(tx, self.poll)

        def close(tx: Tx) -> Done:
            row = tx.get_one(polls.Poll, self.poll)
            row.state, row.counted, row.closed_at, row.sealed_at = "sealed", n, 5.0, 6.0
            polls.changed(tx, row)
            return Done()

        field.ending.set()
        field.sealing.set()
        field.until(len(field.answers) + 1)
        store.do(close)


def race(world: World, sealer: Callable[[World, int], Sealer], ballot: str, chance: random.Random) -> Race:
    """A few votes are in before the end of voting is asked for, a few come after the seal. Those between run against
    both from several threads, and nobody knows on which side each will be."""
    crowd, field, store = Crowd.invited(world, THREADS * EACH, ballot=ballot), Field(), world.store
    first, last = chance.randint(1, 4), THREADS * EACH - chance.randint(1, 4)

    def send(electors: Iterable[int], starts: Iterable[threading.Event | None]) -> None:
        for n, start in zip(electors, starts, strict=False):
            vote, badge = crowd.vote(n), Badge(FIRST + n, "participant")
            if start is not None:
                assert start.wait(10)
            if chance.random() < 0.5:
                threading.Event().wait(chance.random() * 0.002)
            store.write(
                lambda tx, v=vote, b=badge: v.perform(tx, b, 1.0), lambda out, n=n: field.hear(n, out),
                post=lambda f, *a: f(*a), hot=vote.hot,
            )  # fmt: skip

    def figure() -> int:
        return world.read(lambda tx: tx.get_one(polls.Poll, crowd.poll).counted)

    send(range(first), itertools.repeat(None))
    field.until(first)
    threads = []
    for n in range(THREADS):
        between, starts = range(first + n, last, THREADS), (None, field.ending, field.sealing)
        begin = sorted(chance.randrange(3) for _ in between)
        threads.append(threading.Thread(target=send, args=(between, [starts[each] for each in begin])))
    for thread in threads:
        thread.start()
    sealer(world, crowd.poll).seal(field)
    sealed = figure()
    for thread in threads:
        thread.join()
    send(range(last, crowd.size), itertools.repeat(None))
    field.until(crowd.size)
    answers = list(field.answers.values())
    found = Race(
        answers.count("recorded"), sealed, figure(), world.read(lambda tx: count(tx, crowd.poll)),
        tuple(field.answers[n] for n in range(first, last)),
    )  # fmt: skip
    assert set(answers) == {"recorded", "poll_closed"}
    assert world.read(lambda tx: tx.get_one(polls.Poll, crowd.poll).state) == "sealed"
    return found


def run(path: Path, sealer: Callable[[World, int], Sealer], races: int) -> list[Race]:
    world = World(path, kind=Store)
    chance = random.Random(7)
    found = [race(world, sealer, polls.BALLOTS[n % 3], chance) for n in range(races)]
    world.store.close()
    return found


def test_what_was_acknowledged_is_in_the_sealed_figure_and_the_figure_never_moves(tmp_path: Path) -> None:
    races = run(tmp_path / "x.sqlite", Sealer, RACES)

    assert [each for each in races if each.wrong()] == []
    raced = [answer for each in races for answer in each.raced]
    assert raced.count("recorded") > RACES, "hardly any vote was before the seal"
    assert raced.count("poll_closed") > RACES, "hardly any vote was after the seal"


def test_a_seal_that_counts_before_it_closes_is_found(tmp_path: Path) -> None:
    """The control of the test above."""
    races = run(tmp_path / "x.sqlite", Hasty, RACES // 30)

    assert [each for each in races if not each.wrong()] == []


@pytest.mark.parametrize("ballot", polls.BALLOTS)
def test_the_seals_of_two_nodes_seal_once(tmp_path: Path, ballot: str) -> None:
    world = World(tmp_path / "x.sqlite", kind=Store)
    crowd = Crowd.invited(world, 50, ballot=ballot)
    crowd.send(list(range(50)))
    threads = [threading.Thread(target=Sealer(world, crowd.poll).seal, args=(Field(),)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    acts = [row[0] for row in world.store.peek.cursor.execute("SELECT act FROM journal WHERE facts LIKE '%\"n\"%'")]
    world.store.close()
    assert acts.count("sealed") == 1
