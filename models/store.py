"""The only door to the database: one writer lane with group commit, and read-only readers.

"Done" means on disk. The lane takes every waiting job in order, undoes what is refused, commits once, and only then
answers the whole group. The lane's order is the order of votes and closes.

One long file: lane, gate of the readers and emptying of the log wait for each other, and apart none can be understood.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.pool import QueuePool
from sqlmodel import Field, Session, SQLModel

from models.command import Done
from models.refusals import Refused

log = logging.getLogger("hallside.store")
Answer = Callable[[Done | BaseException], None]
Post = Callable[..., object]

GROUP = 512
"""Jobs a commit carries at most: 512 votes are about 12 ms of the lane."""
TRUNCATE_WITHIN = 0.25
"""Seconds a seal waits for readers before the lane serves the others again."""
WIPE_AGAIN = 5.0
"""Seconds until the log is tried to be emptied again of what was deleted: one in twenty for whoever reads on."""
BUSY_MS = 5000
GATHER, ENOUGH = 0.004, 64
"""Seconds from one group of votes to the next while fewer than so many wait: at 2,000 votes a second a commit for each
would cost more than the votes."""


class Version(SQLModel, table=True):
    """Counts what staff commands touched, so that a node that missed the doorbell finds out by looking."""

    address: str = Field(primary_key=True)
    part: str = Field(primary_key=True)
    n: int = 0


class _Connection(sqlite3.Connection):
    """Begin and commit belong to the lane alone: a failed flush must not roll the group back behind its back."""

    def commit(self) -> None: ...

    def rollback(self) -> None: ...


class Tx(Session):
    """A database session inside one transaction. `cursor` is the driver's own, for the hot verbs."""

    cursor: sqlite3.Cursor
    cache: dict[Any, Any]
    """Facts that only the lane reads and that carry their own version in the key."""


class Peek:
    """Single statements on the loop's own read-only connection, each its own moment."""

    def __init__(self, raw: sqlite3.Connection) -> None:
        self.cursor = raw.cursor()


@dataclass(slots=True)
class _Job:
    run: Callable[[Tx], Done]
    answer: Answer
    post: Post
    alone: bool = False
    hot: bool = False
    asked: float = 0.0
    """Monotonic seconds when it was queued."""


class Lost(Exception):
    """The transaction is gone: the disk is full or failing. Nobody in the group was recorded."""


class Store:
    """Writes go through `write`, reads through `reading` and `peek`. One Store per database file and process."""

    def __init__(self, path: Path, *, fatal: Callable[[BaseException], None] | None = None) -> None:
        self.path = path
        self._fatal = fatal or _exit
        self._jobs: deque[_Job] = deque()
        self._ready = threading.Condition()
        self._gate = threading.Condition()
        self._reads = 0
        self._held = False
        self._stopping = False
        self._landed = 0.0
        self._wipe_at: float | None = 0.0
        """When the log is to be emptied of what was deleted; None for no need. At start it may be left from a crash."""
        self.groups = 0
        self.largest = 0
        self._slow = (0, 0.0, 0.0)
        """The minute, and the slowest group of it and of the one before."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self.writer = _engine(f"file:{path}", read_only=False)
        with self.writer.connect() as connection:
            raw = connection.connection.driver_connection
            assert raw is not None
            raw.execute("PRAGMA journal_mode=WAL")
        self.readers = _engine(f"file:{path}?mode=ro", read_only=True)
        self._peeks = threading.local()
        self._lane = threading.Thread(target=self._run, name="writer-lane", daemon=True)

    @classmethod
    def open(cls, path: Path, *, create: bool = True, fatal: Callable[[BaseException], None] | None = None) -> Store:
        """Open the file, make missing tables, start the lane. Raises OSError when the folder cannot be written."""
        store = cls(path, fatal=fatal)
        if create:
            SQLModel.metadata.create_all(store.writer)
        store._lane.start()
        return store

    # --- writing

    def write(
        self, run: Callable[[Tx], Done], answer: Answer, *, post: Post, alone: bool = False, hot: bool = False
    ) -> None:
        """Queue one job. `answer` is called through `post(function, *args)` after the commit, a whole group at once.

        A `hot` one comes in crowds and may wait for company, GATHER at most; one that comes alone does not wait.
        It receives the Done, a Refused, or another exception, which is a bug. Safe from any thread.
        """
        with self._ready:
            if self._stopping:
                post(answer, Refused("try_again"))
                return
            self._jobs.append(_Job(run, answer, post, alone, hot, time.monotonic()))
            self._ready.notify()

    def do(self, run: Callable[[Tx], Done]) -> Done:
        """Write and wait: for scripts and tests. Raises what the job raised."""
        box: list[Done | BaseException] = []
        landed = threading.Event()

        def answer(out: Done | BaseException) -> None:
            box.append(out)
            landed.set()

        self.write(run, answer, post=lambda f, *a: f(*a))
        landed.wait()
        if isinstance(box[0], BaseException):
            raise box[0]
        return box[0]

    def _run(self) -> None:
        """The lane. It ends with the store or takes the process along: without it every later vote would wait."""
        try:
            self._serve()
        except BaseException as exc:
            log.critical("the writer lane failed", exc_info=True)
            self._fatal(exc)

    def _serve(self) -> None:
        connection = self.writer.connect()
        raw = connection.connection.driver_connection
        assert isinstance(raw, sqlite3.Connection)
        cache: dict[Any, Any] = {}

        def fresh() -> Tx:
            tx = Tx(connection, autoflush=True, expire_on_commit=False)
            tx.cursor = raw.cursor()
            tx.cache = cache
            return tx

        tx = fresh()
        while (group := self._take()) is not None:
            if not group:
                self._wipe_at = None if self._truncate_log(raw) else time.monotonic() + WIPE_AGAIN
                continue
            self.groups += 1
            self.largest = max(self.largest, len(group))
            results = self._perform(tx, raw, group)
            sequel = results[0].sequel if len(group) == 1 and isinstance(results[0], Done) else None
            if sequel is not None:
                emptied = self._truncate_log(raw)
                results = (
                    self._perform(tx, raw, [_Job(sequel, group[0].answer, group[0].post)]) if emptied else [Lost()]
                )
            if any(isinstance(r, Lost) for r in results):
                cache.clear()
                tx = fresh()
            self._landed = time.monotonic()
            self._note(self._landed - group[0].asked)
            if any(isinstance(r, Done) and r.wipe for r in results):
                self._wipe_at = self._landed
            _answer(group, [Refused("try_again") if isinstance(r, Lost) else r for r in results])
        tx.close()
        connection.close()

    def _note(self, took: float) -> None:
        minute, slowest, before = self._slow
        now = int(self._landed // 60)
        if now != minute:
            slowest, before = 0.0, slowest if now == minute + 1 else 0.0
        self._slow = (now, max(slowest, took), before)

    @property
    def lag(self) -> float:
        """Seconds from being asked to being on disk: of the slowest command in this minute and the one before, or of
        the one that waits now."""
        now = time.monotonic()
        minute, slowest, before = self._slow
        passed = int(now // 60) - minute
        with self._ready:
            waiting = now - self._jobs[0].asked if self._jobs else 0.0
        return max(waiting, slowest if passed < 2 else 0.0, before if passed < 1 else 0.0)

    def _take(self) -> list[_Job] | None:
        """Every waiting job in order, up to GROUP; one that runs alone comes alone. None when stopping.

        An empty group when it is time to empty the log.
        """
        with self._ready:
            while True:
                left = None if self._wipe_at is None else self._wipe_at - time.monotonic()
                if left is not None and left <= 0 and not self._stopping:
                    return []
                if self._jobs:
                    break
                if self._stopping:
                    return None
                self._ready.wait(left)
            first, waiting = self._jobs[0], len(self._jobs)
        pause = self._landed + GATHER - time.monotonic()
        if pause > 0 and first.hot and waiting < ENOUGH:
            time.sleep(pause)
        with self._ready:
            group = [self._jobs.popleft()]
            while not group[0].alone and self._jobs and not self._jobs[0].alone and len(group) < GROUP:
                group.append(self._jobs.popleft())
            return group

    def _perform(
        self, tx: Tx, raw: sqlite3.Connection, group: list[_Job], *, careful: bool = False
    ) -> list[Done | BaseException]:
        """One transaction for the group. Results are in the group's order; all are Lost if it did not reach the disk.

        Only Refused and IntegrityError are undone to the savepoint: after any other database error the engine may
        have rolled back everything, later savepoints would commit by themselves, and "recorded" would be a lie.

        Hot jobs check before they write, and get no savepoint: it is a sixth of a vote. Should one fail after it
        wrote, the whole group is done once more, carefully.
        """
        cursor = tx.cursor
        results: list[Done | BaseException] = []
        try:
            cursor.execute("BEGIN IMMEDIATE")
            for job in group:
                guarded = careful or not job.hot
                written = raw.total_changes
                if guarded:
                    cursor.execute("SAVEPOINT one")
                out: Done | BaseException
                try:
                    out = job.run(tx)
                    if guarded:
                        tx.flush()
                except (IntegrityError, sqlite3.IntegrityError) as exc:
                    out = exc
                except (DBAPIError, sqlite3.Error):
                    raise
                except Exception as exc:  # noqa: BLE001 - a bug in one command must not take its neighbours along
                    out = exc
                if not raw.in_transaction:
                    raise Lost
                if isinstance(out, BaseException):
                    if not guarded and raw.total_changes != written:
                        cursor.execute("ROLLBACK")
                        _forget(tx)
                        tx.cache.clear()
                        return self._perform(tx, raw, group, careful=True)
                    if not isinstance(out, Refused):
                        log.error("command failed", exc_info=out)
                    if guarded:
                        cursor.execute("ROLLBACK TO one")
                        _forget(tx)
                if guarded:
                    cursor.execute("RELEASE one")
                results.append(out)
            cursor.execute("COMMIT")
        except (Lost, DBAPIError, sqlite3.Error) as exc:
            self._roll_back(raw, exc)
            _forget(tx)
            return [Lost() for _ in group]
        _forget(tx)
        return results

    def _roll_back(self, raw: sqlite3.Connection, exc: BaseException) -> None:
        log.error("group lost: %s", _words(exc))
        if raw.in_transaction:
            raw.execute("ROLLBACK")
        if "disk I/O error" in _words(exc):
            # Never retry and acknowledge: what reached the disk is unknown until the file is opened afresh.
            self._fatal(exc)

    def _truncate_log(self, raw: sqlite3.Connection) -> bool:
        """Empty the write-ahead log, which holds the order of the votes. New reads wait; running ones finish.

        False if it could not be done: somebody reads on, such as a backup by another program, or the disk is full.
        Whoever asked must ask again; the lane and the pages of everybody else do not wait for that.
        """
        end = time.monotonic() + TRUNCATE_WITHIN
        with self._gate:
            self._held = True
            self._gate.wait_for(lambda: not self._reads, TRUNCATE_WITHIN)
        try:
            raw.execute("PRAGMA busy_timeout=0")
            while raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
                if time.monotonic() > end:
                    log.warning("the log is being read and was not emptied")
                    return False
                time.sleep(0.005)
            return True
        except sqlite3.Error as exc:
            self._roll_back(raw, exc)
            return False
        finally:
            raw.execute(f"PRAGMA busy_timeout={BUSY_MS}")
            with self._gate:
                self._held = False
                self._gate.notify_all()

    # --- reading

    @contextmanager
    def reading(self) -> Iterator[Tx]:
        """A read-only snapshot. Everything read inside belongs to one moment."""
        with self._gate:
            while self._held:
                self._gate.wait()
            self._reads += 1
        try:
            with self.readers.connect() as connection:
                raw = connection.connection.driver_connection
                assert isinstance(raw, sqlite3.Connection)
                with Tx(connection, autoflush=False) as tx:
                    tx.cursor = raw.cursor()
                    tx.cache = {}
                    tx.cursor.execute("BEGIN")
                    try:
                        yield tx
                    finally:
                        tx.cursor.execute("ROLLBACK")
        finally:
            with self._gate:
                self._reads -= 1
                self._gate.notify_all()

    @property
    def peek(self) -> Peek:
        """For look-ups of a row by its key: 9 us, cheap enough for the loop."""
        peek: Peek | None = getattr(self._peeks, "peek", None)
        if peek is None:
            raw = sqlite3.connect(f"file:{self.path}?mode=ro", uri=True, isolation_level=None)
            self._peeks.peek = peek = Peek(raw)
        return peek

    def close(self) -> None:
        """Finish what is queued, then stop. Later writes are refused with `try_again`."""
        with self._ready:
            self._stopping = True
            self._ready.notify_all()
        if self._lane.is_alive():
            self._lane.join()
        self.readers.dispose()
        self.writer.dispose()


def bump(tx: Tx, touched: frozenset[tuple[str, str]]) -> None:
    """Count what a staff command touched."""
    tx.cursor.executemany(
        "INSERT INTO version (address, part, n) VALUES (?, ?, 1) ON CONFLICT (address, part) DO UPDATE SET n = n + 1",
        sorted(touched),
    )


def _engine(uri: str, *, read_only: bool) -> Engine:
    engine = create_engine(
        "sqlite://",
        creator=lambda: sqlite3.connect(
            uri, uri=True, isolation_level=None, factory=_Connection, check_same_thread=False, cached_statements=256
        ),
        poolclass=QueuePool,
        pool_size=8,
    )

    @event.listens_for(engine, "connect")
    def prepare(raw: sqlite3.Connection, _record: object) -> None:
        raw.execute("PRAGMA foreign_keys=ON")
        raw.execute(f"PRAGMA busy_timeout={BUSY_MS}")
        if read_only:
            raw.execute("PRAGMA query_only=ON")
        else:
            raw.execute("PRAGMA synchronous=FULL")
            raw.execute("PRAGMA secure_delete=ON")
            raw.execute("PRAGMA wal_autocheckpoint=2000")

    return engine


def _forget(tx: Tx) -> None:
    """Drop everything the session remembers; the driver's transaction is not its business."""
    tx.rollback()
    tx.expunge_all()


def _answer(group: list[_Job], results: list[Done | BaseException]) -> None:
    """Post every answer of the group with one wake-up per loop: 4 us a command against 18 for one each."""
    by_post: dict[Post, list[tuple[Answer, Done | BaseException]]] = {}
    for job, result in zip(group, results, strict=True):
        by_post.setdefault(job.post, []).append((job.answer, result))
    for post, pairs in by_post.items():
        try:
            post(_deliver, pairs)
        except RuntimeError:
            log.warning("a loop was closed before its answers arrived")


def _deliver(pairs: list[tuple[Answer, Done | BaseException]]) -> None:
    for answer, result in pairs:
        try:
            answer(result)
        except Exception:
            log.exception("an answer failed")


def _words(exc: BaseException) -> str:
    return str(exc.__cause__ or exc) if isinstance(exc, Lost) else str(exc)


def _exit(exc: BaseException) -> None:
    log.critical("nothing can be written any more, stopping: %s", exc)
    os._exit(70)
