"""A small conference for tests: one event, two halls, sessions that are on, people who are checked in."""

from __future__ import annotations

import functools
import secrets
import sqlite3
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from sqlalchemy import Engine, event

from models import doors, drafts, people, polls, programme, rights, screens, stage, voting
from models.ballots import CastVote
from models.command import SYSTEM, Badge, Command, Done
from models.results import Board, board
from models.store import Store, Tx, bump

T = TypeVar("T")

LANGUAGES = ("en", "tr", "ar", "ru")
SYSTEM_BADGE = Badge(0, SYSTEM)


class Unhurried(Store):
    """A store that leaves it to the system when bytes reach the disk: only a crash of the machine tells it apart.

    What is said about crashes and failing disks (tests/faults) is said about a plain `Store`. All of them know each
    statement once it was compiled for one: that takes longer than most tests.
    """

    _first: ClassVar[Engine | None] = None

    def __init__(self, path: Path, **options: Any) -> None:
        super().__init__(path, **options)
        event.listen(self.writer, "checkout", lambda raw, *_: raw.execute("PRAGMA synchronous=OFF"))
        first = Unhurried._first = Unhurried._first or self.writer
        for engine in (self.writer, self.readers):
            engine.dialect = engine.pool._dialect = first.dialect
            engine._compiled_cache = first._compiled_cache


@functools.cache
def _file(participants: int) -> bytes:
    """The conference as a file, made once: a copy takes a hundredth of the time."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.sqlite"
        made = World(path, participants, store=Unhurried.open(path))
        with closing(sqlite3.connect(path)) as raw:
            found: bytes = raw.serialize()  # with what is still in the log
        made.store.close()
        return found


class World:
    """A store with a conference in it, and short words for what tests do.

    Person 1 is an organiser, person 2 moderates session 1, person 3 moderates session 2; participants follow from 4
    on and are checked in to session 1. A file that holds such a conference already is taken as it is.
    """

    def __init__(
        self, path: Path, participants: int = 6, *, kind: type[Store] = Unhurried, store: Store | None = None
    ) -> None:
        if store is None:
            if not path.exists():
                path.write_bytes(_file(participants))
            store = kind.open(path, create=False)
        self.store = store
        self.participants = participants
        self.organiser, self.moderator, self.other = Badge(1, "organiser"), Badge(2, "moderator"), Badge(3, "moderator")
        if self.store.peek.cursor.execute("SELECT 1 FROM event").fetchone():
            return
        self.store.do(self._found)
        self.do(doors.StartSession(session=1), self.organiser)
        self.do(doors.StartSession(session=2), self.organiser)
        self.store.do(self._fill)

    def _found(self, tx: Tx) -> Done:
        tx.add(programme.Event(key="test", names={"en": "Test event"}, zone="Europe/Istanbul"))
        for n, letter in enumerate("ab", 1):
            names = {"en": f"Hall {letter.upper()}"}
            tx.add(programme.Hall(key=f"hall-{letter}", names=names, languages="en,tr,ar,ru"))
            tx.flush()
            tx.add(
                programme.Meeting(
                    key=f"s{n}", hall_id=n, day="2026-05-12", start="09:00", end="10:00",
                    titles={la: f"Session {n} {la}" for la in LANGUAGES}, languages="en,tr,ar,ru", code=f"K7M{n + 1}",
                )
            )  # fmt: skip
            tx.add(people.Delegation(key=f"D{n}", place=n, votes=True, names={"en": f"Delegation {n}"}))
        roles = ["organiser", "moderator", "moderator", *["participant"] * self.participants]
        for n, role in enumerate(roles, 1):
            tx.add(
                people.Person(
                    number=str(1000 + n), given_name=f"Given{n}", family_name=f"Family{n}", role=role,
                    delegation_id=1 + n % 2,
                )
            )  # fmt: skip
        tx.flush()
        tx.add(rights.SessionStaff(session_id=1, person_id=2, role="moderator"))
        tx.add(rights.SessionStaff(session_id=2, person_id=3, role="moderator"))
        for n in (1, 2):
            tx.add(screens.Screen(hall_id=n))
        return Done()

    def _fill(self, tx: Tx) -> Done:
        tx.cursor.executemany(
            "INSERT INTO presence (person_id, session_id) VALUES (?, 1)",
            [(n,) for n in range(4, 4 + self.participants)],
        )
        return Done()

    def do(self, command: Command, badge: Badge | None = None, *, now: float | None = None) -> Done:
        """Perform as the node would, and wait until it is on disk. Raises Refused."""

        def run(tx: Tx) -> Done:
            done = command.perform(tx, badge or self.moderator, time.time() if now is None else now)
            if not command.hot:
                tx.flush()
                bump(tx, done.touched)
            return done

        return self.store.do(run)

    def read(self, look: Callable[[Tx], T]) -> T:
        with self.store.reading() as tx:
            return look(tx)

    def person(self, n: int) -> Badge:
        """The n-th participant, from 0."""
        return Badge(4 + n, "participant")

    def poll(
        self, *, options: int = 3, kind: str = "single", ballot: str = "confidential", results: str = "on_release",
        electorate: str = "present", least: int = 1, most: int = 1, timer_s: int = 0, open_: bool = True,
    ) -> int:  # fmt: skip
        """A poll of session 1 with approved texts in four languages, open unless told otherwise. Its id."""
        texts = [{la: f"Question {la}" for la in LANGUAGES}]
        texts += [{la: f"Option {n} {la}" for la in LANGUAGES} for n in range(options)]
        written = drafts.WritePoll(
            session=1, kind=kind, texts=texts, ballot=ballot, results=results, electorate=electorate, min=least,
            max=most, timer_s=timer_s,
        )  # fmt: skip

        def run(tx: Tx) -> Done:
            """All in one transaction: a test waits for the disk once."""
            now = time.time()
            poll = int(written.perform(tx, self.moderator, now).facts["poll"])
            for language in LANGUAGES:
                drafts.ApproveText(poll=poll, language=language).perform(tx, self.moderator, now)
            drafts.MakeReady(poll=poll).perform(tx, self.moderator, now)
            if open_:
                voting.OpenPoll(poll=poll).perform(tx, self.moderator, now)
            bump(tx, polls.touched(tx.get_one(polls.Poll, poll)))
            return Done(facts={"poll": poll})

        return int(self.store.do(run).facts["poll"])

    def items(self, poll: int) -> list[int]:
        return self.read(lambda tx: [item.id or 0 for item in polls.items(tx, poll)])

    def vote(
        self, poll: int, n: int, *choices: int, turn: int = 1, secret: str | None = None, intent: str | None = None
    ) -> CastVote:
        """A vote of the n-th participant for options by number from 0. Returns what was sent."""
        ids = self.items(poll)
        command = CastVote(
            poll=poll, secret=secret or secrets.token_hex(16), intent=intent or secrets.token_hex(16), turn=turn,
            marks=[[ids[c]] for c in choices],
        )  # fmt: skip
        self.do(command, self.person(n))
        return command

    def close(self, poll: int) -> None:
        self.do(voting.EndVoting(poll=poll))

    def seal(self, poll: int) -> None:
        """End voting if it is open, and seal."""
        self.close(poll)
        closed_at = self.read(lambda tx: tx.get_one(polls.Poll, poll).closed_at) or 0.0
        seal = voting.SealPoll(poll=poll, closed_at=closed_at)
        self.store.do(lambda tx: seal.perform(tx, SYSTEM_BADGE, time.time()))

    def board(self, poll: int, view: str = "phone") -> Board:
        found = self.read(lambda tx: board(tx, poll, view))
        assert found is not None
        return found

    def counts(self, poll: int, view: str = "desk") -> list[int | None]:
        """The figures of a board, option by option; None where they are hidden."""
        return [option.line.count if option.line else None for option in self.board(poll, view).options]

    def air(self, hall: int = 1) -> stage.Air:
        found = self.read(lambda tx: stage.air(tx, hall))
        assert found is not None
        return found

    def dump(self) -> dict[str, list[tuple[object, ...]]]:
        """Every row of every table: to show that a refused command changed nothing."""
        with self.store.reading() as tx:
            tables = [r[0] for r in tx.cursor.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()]
            return {t: sorted(tx.cursor.execute(f"SELECT * FROM {t}").fetchall(), key=repr) for t in tables}
