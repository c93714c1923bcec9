"""What staff did, chained so that nobody rewrites it unseen."""

from __future__ import annotations

import hashlib
import json

import pytest

from models import doors, journal, rounds, stage, voting
from models.command import Done
from models.store import Tx
from tests.world import World


def busy(world: World) -> int:
    """A dozen acts. The poll they are about."""
    poll = world.poll()
    world.do(stage.SetBlank(hall=1, on=True))
    world.do(stage.SetBlank(hall=1, on=False))
    world.seal(poll)
    world.do(voting.Reveal(poll=poll))
    return poll


def tampered(world: World, sql: str, *values: object) -> int | None:
    def run(tx: Tx) -> Done:
        tx.cursor.execute(sql, values)
        return Done()

    world.store.do(run)
    return world.read(journal.broken_at)


def test_the_chain_holds_over_every_act(world: World) -> None:
    busy(world)

    assert len(world.dump()["journal"]) > 10
    assert world.read(journal.broken_at) is None


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE journal SET facts = '{}' WHERE id = 5",
        "UPDATE journal SET person_id = 1 + person_id WHERE id = 5",
        "UPDATE journal SET act = 'revealed' WHERE id = 5",
        "UPDATE journal SET at = at + 1 WHERE id = 5",
        "UPDATE journal SET nonce = zeroblob(16) WHERE id = 5",
        "UPDATE journal SET head = zeroblob(32) WHERE id = 5",
        "DELETE FROM journal WHERE id = 5",
    ],
)
def test_a_changed_or_missing_entry_is_found(world: World, change: str) -> None:
    busy(world)

    assert tampered(world, change) in (5, 6)


def test_two_entries_that_changed_places_are_found(world: World) -> None:
    busy(world)

    assert tampered(world, "UPDATE journal SET id = CASE id WHEN 5 THEN -6 ELSE -5 END WHERE id IN (5, 6)") is not None
    assert tampered(world, "UPDATE journal SET id = -id WHERE id < 0") == 5


def test_anybody_can_check_the_chain_with_nothing_but_a_digest(world: World) -> None:
    """The rule of the protocol, without our code: whoever has the entries computes the head."""
    busy(world)
    rows = world.store.peek.cursor.execute(
        "SELECT at, person_id, act, facts, nonce, head FROM journal ORDER BY id"
    ).fetchall()

    head = b"\0" * 32
    for at, person, act, facts, nonce, _ in rows:
        told = hashlib.sha256(nonce + f"{at:.3f}|{person}|{act}|".encode() + facts.encode()).digest()
        head = hashlib.sha256(head + nonce + told).digest()

    assert head == rows[-1][-1]
    assert len({row[4] for row in rows}) == len(rows)


def test_the_desk_reads_the_last_acts_first(world: World) -> None:
    busy(world)

    rows = world.read(lambda tx: journal.latest(tx, 1, limit=3))

    assert [row.act for row in rows] == ["revealed", "sealed", "voting_ended"]
    assert rows[0].who == "Given2 Family2"
    assert [row.undoable for row in rows] == [False, False, False]


def test_no_act_on_an_open_vote_can_be_undone(world: World) -> None:
    """Undo never undoes open, end or reveal."""
    poll = busy(world)
    world.do(rounds.NewRound(poll=poll, round=2))
    world.do(doors.EndSession(session=1, confirm=47))

    rows = world.read(lambda tx: journal.latest(tx, 1))
    undoable = {row.act for row in rows if row.undoable}
    assert undoable == {"blanked", "unblanked"}


def test_an_entry_holds_no_name_and_nothing_that_was_chosen(world: World) -> None:
    poll = world.poll(ballot="named")
    for n in range(5):
        world.vote(poll, n, n % 3)
    world.seal(poll)
    world.do(voting.Reveal(poll=poll))

    facts = [json.loads(row[5]) for row in world.dump()["journal"]]

    assert {key for fact in facts for key in fact} == {
        "poll", "language", "of", "override", "n", "difference",
    }  # fmt: skip
