"""Many invented voters of one poll, straight at a store: what was acknowledged, and what is on disk."""

from __future__ import annotations

import hashlib
import sqlite3
import threading
from dataclasses import dataclass, field
from pathlib import Path

from models.ballots import CastVote
from models.command import Badge, Done
from models.refusals import Refused
from models.store import Store, Tx
from tests.world import World

FIRST = 100_000
"""Electors from this number on are nobody on the list: a vote asks the register, and where they are."""


@dataclass
class Crowd:
    """Electors of a poll, their votes, and the answers they got."""

    world: World
    poll: int
    items: list[int]
    size: int
    answers: dict[int, str] = field(default_factory=dict)
    """Elector to "recorded" or the key of the refusal, the last one that came."""

    @classmethod
    def invited(cls, world: World, size: int, *, ballot: str = "confidential") -> Crowd:
        poll = world.poll(ballot=ballot)

        def enrol(tx: Tx) -> Done:
            rows = [(poll, FIRST + n) for n in range(size)]
            tx.cursor.execute("DELETE FROM turnout WHERE poll_id = ?", (poll,))
            tx.cursor.executemany("INSERT INTO turnout (poll_id, elector_id, turn) VALUES (?, ?, 0)", rows)
            here = [(elector, 1) for _, elector in rows]
            tx.cursor.executemany("INSERT OR REPLACE INTO presence (person_id, session_id) VALUES (?, ?)", here)
            return Done()

        world.store.do(enrol)
        return cls(world, poll, world.items(poll), size)

    def vote(self, n: int, *, turn: int = 1) -> CastVote:
        """The vote of the n-th elector: always the same for the same turn, as a phone sends it again."""
        secret = hashlib.sha256(b"secret %d %d" % (self.poll, n)).hexdigest()[:32]
        intent = hashlib.sha256(b"intent %d %d %d" % (self.poll, n, turn)).hexdigest()[:32]
        return CastVote(
            poll=self.poll, secret=secret, intent=intent, turn=turn, marks=[[self.items[(n + turn) % len(self.items)]]]
        )

    def send(self, electors: list[int], *, together: bool = True, turn: int = 1) -> dict[int, str]:
        """Send their votes, as one group or one by one, and wait for every answer."""
        store, landed, held, free = self.world.store, threading.Event(), threading.Event(), threading.Event()
        found: dict[int, str] = {}
        if not electors:
            return found

        def hold(tx: Tx) -> Done:
            held.set()
            free.wait(10)
            return Done()

        def write(n: int) -> None:
            vote, badge = self.vote(n, turn=turn), Badge(FIRST + n, "participant")

            def answer(out: Done | BaseException) -> None:
                found[n] = out.notice if isinstance(out, Done) else out.key if isinstance(out, Refused) else repr(out)
                if len(found) == len(electors) or not together:
                    landed.set()

            store.write(lambda tx: vote.perform(tx, badge, 0.0), answer, post=lambda f, *a: f(*a), hot=vote.hot)

        if together:
            store.write(hold, lambda out: None, post=lambda f, *a: f(*a))
            held.wait(10)
            for n in electors:
                write(n)
            free.set()
            assert landed.wait(10)
        else:
            for n in electors:
                landed.clear()
                write(n)
                assert landed.wait(10)
        self.answers |= found
        return found

    def ballast(self, size: int) -> None:
        """Make the file bigger by so many bytes."""

        def run(tx: Tx) -> Done:
            tx.cursor.execute("INSERT INTO wording VALUES (NULL, 1, 1, 1, 'en', ?, '', 0)", ("x" * size,))
            return Done()

        self.world.store.do(run)

    def recorded(self) -> set[int]:
        return {n for n, answer in self.answers.items() if answer == "recorded"}


def on_disk(path: Path, poll: int) -> dict[int, bytes]:
    """Elector to intent of every vote in the register, by a connection that has nothing to do with the store."""
    with sqlite3.connect(path) as raw:
        rows = raw.execute("SELECT elector_id, intent FROM turnout WHERE poll_id = ? AND turn > 0", (poll,)).fetchall()
    raw.close()
    return dict(rows)


def wrongs(crowd: Crowd) -> list[str]:
    """Where the answers and the disk do not agree, and where register, box and tally do not."""
    found: list[str] = []
    stored = on_disk(crowd.world.store.path, crowd.poll)
    for n in range(crowd.size):
        told, kept = crowd.answers.get(n) == "recorded", stored.get(FIRST + n)
        if told and kept is None:
            found.append(f"{n} was told recorded and is not on disk")
        if kept is not None and not told and n in crowd.answers:
            found.append(f"{n} was refused ({crowd.answers[n]}) and is on disk")
    with sqlite3.connect(crowd.world.store.path) as raw:
        count = {
            table: raw.execute(f"SELECT count(*) FROM {table} WHERE poll_id = ?", (crowd.poll,)).fetchone()[0]
            for table in ("ballot", "mark")
        }
        tally = raw.execute("SELECT coalesce(sum(n), 0) FROM tally WHERE poll_id = ?", (crowd.poll,)).fetchone()[0]
    raw.close()
    if not len(stored) == count["ballot"] == count["mark"] == tally:
        found.append(f"{len(stored)} in the register, {count} in the box, {tally} in the tally")
    return found


def integrity(path: Path) -> str:
    with sqlite3.connect(path) as raw:
        found: str = raw.execute("PRAGMA integrity_check").fetchone()[0]
    raw.close()
    return found


def pages(store: Store) -> int:
    found: list[int] = []

    def run(tx: Tx) -> Done:
        found.append(tx.cursor.execute("PRAGMA page_count").fetchone()[0])
        return Done()

    store.do(run)
    return found[0]


def limit(store: Store, pages: int) -> None:
    """The disk is full when the file has so many pages."""

    def run(tx: Tx) -> Done:
        tx.cursor.execute(f"PRAGMA max_page_count = {pages}")
        return Done()

    store.do(run)
