"""What is committed together is worth the same as one by one, each in a savepoint: answers, and every row."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from models import doors, drafts, hands, people, voting
from models.ballots import CastVote
from models.command import Badge, Command, Done
from models.refusals import Refused
from models.store import Store, Tx, bump
from tests.world import World

PEOPLE = 8
NOW = 1000.0
SECRETS = [f"{n + 1:032x}" for n in range(PEOPLE + 2)]
Job = tuple[Callable[[Tx], Done], bool]
"""What is done, and whether it is one of a crowd's."""


class Bug(Exception):
    """A command that wrote and then failed."""


def job(command: Command, badge: Badge, fault: Exception | None) -> Job:
    def run(tx: Tx) -> Done:
        done = command.perform(tx, badge, NOW)
        if not command.hot:
            tx.flush()
            bump(tx, done.touched)
        if fault is not None:
            raise fault
        return done

    return run, command.hot


def together(store: Store, jobs: list[Job]) -> list[str]:
    """All of them in one group of the lane; what each was answered."""
    held, free, answered = threading.Event(), threading.Event(), threading.Semaphore(0)
    told: dict[int, str] = {}

    def hold(tx: Tx) -> Done:
        held.set()
        free.wait(10)
        return Done()

    def answer(n: int, out: Done | BaseException) -> None:
        told[n] = out.notice if isinstance(out, Done) else out.key if isinstance(out, Refused) else type(out).__name__
        answered.release()

    store.write(hold, lambda out: None, post=lambda f, *a: f(*a))
    assert held.wait(10)
    for n, (run, hot) in enumerate(jobs):
        store.write(run, lambda out, n=n: answer(n, out), post=lambda f, *a: f(*a), hot=hot)  # type: ignore[misc]
    free.set()
    for _ in jobs:
        assert answered.acquire(timeout=20)
    return [told[n] for n in range(len(jobs))]


def rows(world: World) -> dict[str, Any]:
    """Every row, without what differs from one world to the next: real times, and the random keys of polls."""
    held = {table: each for table, each in world.dump().items() if table not in ("journal", "login")}
    held["poll"] = [(id_, *rest) for id_, _, *rest in held["poll"]]
    return {
        table: [tuple(cell for cell in row if not (isinstance(cell, float) and cell > 2 * NOW)) for row in each]
        for table, each in held.items()
    }


def a_command(chance: random.Random, poll: int, items: list[int], turns: dict[int, int], staff: Badge) -> Any:
    n = chance.randrange(PEOPLE)
    badge = Badge(4 + n, "participant")
    if chance.random() < 0.6:
        turns[n] = max(1, turns.get(n, 0) + chance.choice([-1, 0, 1, 1, 1]))
        secret = SECRETS[n] if chance.random() < 0.8 else chance.choice(SECRETS)  # somebody else's, or a new phone's
        intent = chance.randrange(3 if chance.random() < 0.2 else 2**60)
        marks = [[item] for item in chance.sample(items, chance.randint(0, 2))]
        return CastVote(poll=poll, secret=secret, intent=f"{intent:032x}", turn=turns[n], marks=marks), badge
    late = chance.random() < 0.5
    return chance.choice(
        [
            (doors.CheckIn(session=chance.choice([1, 1, 2, 9])), badge),
            (doors.CheckIn(session=1), badge),
            (hands.CountHands(poll=poll, item=chance.choice(items), n=chance.randrange(4), late=late), staff),
            (voting.SetTimer(poll=poll, seconds=chance.choice([0, 60, 90])), chance.choice([staff, badge])),
            (drafts.CorrectWording(poll=poll, slot=0, language="en", body=chance.choice("abc")), staff),
            (voting.EndVoting(poll=poll), staff),
            (voting.ContinueVoting(poll=poll), staff),
        ]
    )


def a_world(path: Path, ballot: str, electorate: str) -> tuple[World, int]:
    world = World(path, participants=PEOPLE)
    world.do(people.NameVoter(delegation=1, voter=4, alternate=6), world.organiser)
    world.do(people.NameVoter(delegation=2, voter=5), world.organiser)
    return world, world.poll(ballot=ballot, electorate=electorate, kind="multiple", least=0, most=2)


@pytest.mark.parametrize("ballot", ["secret", "confidential", "named"])
@pytest.mark.parametrize("electorate", ["present", "delegations"])
def test_a_group_of_commands_is_worth_the_same_as_one_by_one(tmp_path: Path, ballot: str, electorate: str) -> None:
    chance = random.Random(f"{ballot} {electorate}")
    answers: set[str] = set()
    grouped, poll = a_world(tmp_path / "grouped.sqlite", ballot, electorate)
    single, _ = a_world(tmp_path / "single.sqlite", ballot, electorate)
    turns: dict[int, int] = {}
    for _ in range(12):
        jobs = []
        for _ in range(chance.randint(1, 14)):
            command, badge = a_command(chance, poll, grouped.items(poll), turns, grouped.moderator)
            jobs.append(job(command, badge, chance.choices([None, Bug(), Refused("try_again")], [12, 1, 1])[0]))

        told = together(grouped.store, jobs)

        assert told == [together(single.store, [(run, False)])[0] for run, _ in jobs]
        assert rows(grouped) == rows(single)
        answers |= set(told)
    assert {"recorded", "Bug", "try_again"} <= answers
    for world in (grouped, single):
        world.store.close()
