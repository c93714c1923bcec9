"""Votes race the end of voting. The seal is one point in one order: before it everything counts, after it nothing."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from models import polls
from models.ballots import count
from models.command import Badge, Done
from models.polls import EndVoting, SealPoll
from models.refusals import Refused
from models.store import Store, Tx
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
    refused: int

    def wrong(self) -> bool:
        return not self.recorded == self.sealed == self.later == self.box


class Sealer:
    """Ends voting and seals, as two nodes do at once: each sends both commands, and the second does nothing."""

    def __init__(self, world: World, poll: int) -> None:
        self.world, self.poll, self.closed_at = world, poll, 0.0

    def seal(self) -> None:
        end = EndVoting(poll=self.poll)
        self.world.store.do(lambda tx: end.perform(tx, SYSTEM_BADGE, 5.0))
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

    def seal(self) -> None:
        store = self.world.store
        with store.reading() as tx:
            n = count(tx, self.poll)

        def close(tx: Tx) -> Done:
            row = tx.get_one(polls.Poll, self.poll)
            row.state, row.counted, row.closed_at, row.sealed_at = "sealed", n, 5.0, 6.0
            polls.changed(tx, row)
            return Done()

        store.do(close)


def race(world: World, sealer: Callable[[World, int], Sealer], ballot: str, chance: random.Random) -> Race:
    """Voters in several threads, and somewhere among their votes the end and the seal."""
    crowd = Crowd.invited(world, THREADS * EACH, ballot=ballot)
    answers: list[str] = []
    left = threading.Semaphore(0)
    store: Store = world.store

    def told(out: Done | BaseException) -> None:
        answers.append(out.notice if isinstance(out, Done) else out.key if isinstance(out, Refused) else repr(out))
        left.release()

    def voters(start: int) -> None:
        for n in range(start, start + EACH):
            vote, badge = crowd.vote(n), Badge(FIRST + n, "participant")
            store.write(lambda tx, v=vote, b=badge: v.perform(tx, b, 1.0), told, post=lambda f, *a: f(*a))
            if chance.random() < 0.5:
                threading.Event().wait(chance.random() * 0.002)

    threads = [threading.Thread(target=voters, args=(n * EACH,)) for n in range(THREADS)]
    for thread in threads:
        thread.start()
    threading.Event().wait(chance.random() * 0.012)
    sealer(world, crowd.poll).seal()

    def figure() -> int:
        return world.read(lambda tx: tx.get_one(polls.Poll, crowd.poll).counted)

    sealed = figure()
    for thread in threads:
        thread.join()
    for _ in range(crowd.size):
        assert left.acquire(timeout=10)
    found = Race(
        answers.count("recorded"), sealed, figure(), world.read(lambda tx: count(tx, crowd.poll)),
        answers.count("poll_closed"),
    )  # fmt: skip
    assert found.recorded + found.refused == crowd.size
    assert world.read(lambda tx: tx.get_one(polls.Poll, crowd.poll).state) == "sealed"
    return found


def run(path: Path, sealer: Callable[[World, int], Sealer], races: int) -> list[Race]:
    world = World(path)
    chance = random.Random(7)
    found = [race(world, sealer, polls.BALLOTS[n % 3], chance) for n in range(races)]
    world.store.close()
    return found


def test_what_was_acknowledged_is_in_the_sealed_figure_and_the_figure_never_moves(tmp_path: Path) -> None:
    races = run(tmp_path / "x.sqlite", Sealer, RACES)

    assert [each for each in races if each.wrong()] == []
    assert sum(0 < each.sealed < THREADS * EACH for each in races) > RACES / 4, "hardly any race was one"


def test_a_seal_that_counts_before_it_closes_is_found(tmp_path: Path) -> None:
    """The control of the test above."""
    races = run(tmp_path / "x.sqlite", Hasty, RACES // 3)

    assert [each for each in races if each.wrong()]


@pytest.mark.parametrize("ballot", polls.BALLOTS)
def test_the_seals_of_two_nodes_seal_once(tmp_path: Path, ballot: str) -> None:
    world = World(tmp_path / "x.sqlite")
    crowd = Crowd.invited(world, 50, ballot=ballot)
    crowd.send(list(range(50)))
    threads = [threading.Thread(target=Sealer(world, crowd.poll).seal) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    acts = [row[0] for row in world.store.peek.cursor.execute("SELECT act FROM journal WHERE facts LIKE '%\"n\"%'")]
    world.store.close()
    assert acts.count("sealed") == 1
