"""What the command line does to a data folder while no server runs on it, and what it reads while one does."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from live.badges import Badges
from live.lock import Lock
from live.settings import Settings, Wrong
from models.command import SYSTEM, Badge, Command, Done
from models.migrations import migrate
from models.people import ReissueBadge, RevokeBadge
from models.refusals import Refused
from models.store import Store, Tx, bump

BY_HAND = Badge(0, SYSTEM)
"""Whoever has the machine may do everything; the journal says that it was not done at a desk."""


@contextmanager
def prepared(settings: Settings, purpose: str, say: Callable[[str], None]) -> Iterator[Lock]:
    """Hold the data folder's lock, its key and database up to date. Raises Taken, NotOurs, NotAKey, OSError."""
    lock = Lock(settings.lock, purpose)
    try:
        orphaned = settings.database.exists() and not (settings.data / "key").exists()
        Badges.open(settings.data)
        if orphaned:
            say("Attention: the badge key was missing and a new one was made. Badges printed before no longer work.")
        if migrate(settings.database):
            say(f"The database {settings.database} is ready.")
        yield lock
    finally:
        lock.release()


@contextmanager
def storing(settings: Settings) -> Iterator[Store]:
    """The store of a prepared folder."""
    store = Store.open(settings.database, create=False)
    try:
        yield store
    finally:
        store.close()


def write(settings: Settings, run: Callable[[Tx], Done], say: Callable[[str], None]) -> Done:
    """One transaction with the server stopped."""

    def whole(tx: Tx) -> Done:
        done = run(tx)
        tx.flush()
        bump(tx, done.touched)
        return done

    with prepared(settings, "a command is running", say), storing(settings) as store:
        return store.do(whole)


def change_badge(settings: Settings, number: str, *, new: bool, now: float, say: Callable[[str], None]) -> Done:
    """Revoke a badge, or with `new` issue the next one. Raises Refused("no_such_person")."""

    def run(tx: Tx) -> Done:
        found = tx.cursor.execute("SELECT id, issue FROM person WHERE number = ?", (number,)).fetchone()
        if found is None:
            raise Refused("no_such_person")
        command: Command = ReissueBadge(person=found[0], seen_issue=found[1]) if new else RevokeBadge(person=found[0])
        return command.perform(tx, BY_HAND, now)

    return write(settings, run, say)


@contextmanager
def reading(settings: Settings) -> Iterator[sqlite3.Connection]:
    """A read-only look at the database, harmless while a server writes to it. Raises Wrong where there is none."""
    if not settings.database.exists():
        raise Wrong(f"There is no conference in {settings.data} yet. Start with: scripts/hallside import FOLDER")
    raw = sqlite3.connect(f"{settings.database.resolve().as_uri()}?mode=ro", uri=True, isolation_level=None)
    try:
        raw.execute("PRAGMA query_only=ON")
        raw.execute("BEGIN")
        yield raw
    finally:
        raw.close()
