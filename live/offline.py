"""What the command line does to a data folder while no server runs on it, and what it reads while one does."""

from __future__ import annotations

import errno
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


class Unusable(Exception):
    """The data folder cannot be used, in words for whoever chose it."""


@contextmanager
def locked(settings: Settings, purpose: str) -> Iterator[Lock]:
    """Hold the data folder's lock; the folder is made if it is missing. Raises Taken, Unusable."""
    with in_words(settings):
        lock = Lock(settings.lock, purpose)
    try:
        yield lock
    finally:
        lock.release()


def prepare(settings: Settings, say: Callable[[str], None]) -> None:
    """Bring key and database of a locked folder up to date. Raises Unusable, NotOurs, NotAKey."""
    with in_words(settings):
        orphaned = settings.database.exists() and not (settings.data / "key").exists()
        Badges.open(settings.data)
        if orphaned:
            say("Attention: the badge key was missing and a new one was made. Badges printed before no longer work.")
        if migrate(settings.database):
            say(f"The database {settings.database} is ready.")


@contextmanager
def in_words(settings: Settings) -> Iterator[None]:
    """What the system says against the data folder, as Unusable."""
    try:
        yield
    except OSError as error:
        file = error.filename or settings.data
        why = {
            errno.EACCES: f"there is no permission to write {file}",
            errno.EPERM: f"there is no permission to write {file}",
            errno.EROFS: "its disk is read-only",
            errno.EEXIST: f"{file} is a file, not a folder",
            errno.ENOTDIR: f"there is a file where a folder must be, on the way to {file}",
            errno.ENOSPC: "its disk is full",
        }.get(error.errno or 0, error.strerror or str(error))
        raise Unusable(f"Cannot use {settings.data}: {why}. Another folder is chosen with --data DIR.") from None


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

    with locked(settings, "a command is running"):
        prepare(settings, say)
        with storing(settings) as store:
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
        raise Wrong(
            f"There is no conference in {settings.data} yet. Start with: python3 scripts/hallside import FOLDER"
        )
    raw = sqlite3.connect(f"{settings.database.resolve().as_uri()}?mode=ro", uri=True, isolation_level=None)
    try:
        raw.execute("PRAGMA query_only=ON")
        raw.execute("BEGIN")
        yield raw
    finally:
        raw.close()
