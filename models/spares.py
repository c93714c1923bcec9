"""Spare badges: printed before doors without a name, and bound to a person at the registration desk."""

from __future__ import annotations

from typing import Annotated

import msgspec
from sqlmodel import col, func, select

from models import journal
from models.command import Badge, Command, Done, Id
from models.logins import Spare
from models.rights import require
from models.store import Tx

MOST = 200
"""Spare badges that are made at once."""


class MakeSpares(Command):
    """So many more spare badges. `seen` is the last number the page showed: the same form sent twice makes them once.

    Its facts are the `first` and `last` of the new ones.
    """

    count: Annotated[int, msgspec.Meta(ge=1, le=MOST)]
    seen: Id

    def perform(self, tx: Tx, badge: Badge, now: float) -> Done:
        require(tx, badge, "manage_people")
        if self.seen != last(tx):
            return Done(notice="spares_made")
        new = [Spare() for _ in range(self.count)]
        tx.add_all(new)
        tx.flush()
        ids = [spare.id or 0 for spare in new]
        journal.write(tx, badge, now, None, "spares_made", n=self.count, first=min(ids), last=max(ids))
        return Done(frozenset({("event", "people")}), "spares_made", {"first": min(ids), "last": max(ids)})


def last(tx: Tx) -> int:
    """The highest number of a spare badge, 0 before the first."""
    return tx.exec(select(func.max(Spare.id))).one() or 0


def free(tx: Tx) -> tuple[int, ...]:
    """The numbers of spare badges that were never bound to a person."""
    rows = tx.exec(select(Spare.id).where(col(Spare.person_id).is_(None)).order_by(col(Spare.id)))
    return tuple(number for number in rows if number)


def label(number: int) -> str:
    """The number as it is printed: S-014."""
    return f"S-{number:03d}"
