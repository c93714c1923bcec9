"""Spare badges: printed before doors without a name, and bound to a person at the registration desk."""

from __future__ import annotations

from typing import Annotated

import msgspec

from models import journal
from models.command import Badge, Command, Done, Id
from models.logins import Spare
from models.rights import require
from models.store import Peek, Tx

MOST = 200
"""Spare badges that are made at once."""


class MakeSpares(Command):
    """So many more spare badges. `seen` is the last number the page showed: the same form sent twice makes them once,
    and one from an older page does not say that it made any.

    Its facts are the `first` and `last` of the new ones.
    """

    count: Annotated[int, msgspec.Meta(ge=1, le=MOST)]
    seen: Id

    def perform(self, tx: Tx, badge: Badge, now: float) -> Done:
        require(tx, badge, "manage_people")
        if self.seen != last(tx):
            return Done()
        new = [Spare() for _ in range(self.count)]
        tx.add_all(new)
        tx.flush()
        ids = [spare.id or 0 for spare in new]
        journal.write(tx, badge, now, None, "spares_made", n=self.count, first=min(ids), last=max(ids))
        return Done(frozenset({("event", "people")}), "spares_made", {"first": min(ids), "last": max(ids)})


def last(tx: Tx | Peek) -> int:
    """The highest number of a spare badge, 0 before the first."""
    number: int = tx.cursor.execute("SELECT coalesce(max(id), 0) FROM spare").fetchone()[0]
    return number


def free(tx: Tx | Peek) -> tuple[int, ...]:
    """The numbers of spare badges that were never bound to a person."""
    return tuple(n for (n,) in tx.cursor.execute("SELECT id FROM spare WHERE person_id IS NULL ORDER BY id"))


def label(number: int) -> str:
    """The number as it is printed: S-014."""
    return f"S-{number:03d}"
