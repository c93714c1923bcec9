"""Hands counted in the hall, kept and shown apart from the votes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import msgspec
from sqlmodel import Field, SQLModel, select

from models import journal, programme, rights
from models.command import Badge, Command, Done, Id
from models.polls import Poll, changed, items, touched
from models.refusals import Refused
from models.store import Tx

MOST = 100_000
"""More hands than that are a slip of the finger."""


class Hands(SQLModel, table=True):
    """Hands counted in the hall for one item, shown apart. `late`: counted after the seal, a line of its own."""

    poll_id: int = Field(primary_key=True)
    item_id: int = Field(primary_key=True)
    late: bool = Field(primary_key=True, default=False)
    n: int


class CountHands(Command):
    """Hands counted in the hall for one option: beside the votes before the seal, later on a line of their own.

    `late` is what the sender's page said of the seal: a count made before it that arrives after it is refused, never
    moved to the other line unseen.
    """

    poll: Id
    item: Id
    n: Id
    late: bool = False

    def perform(self, tx: Tx, badge: Badge, now: float) -> Done:
        poll = _countable(tx, badge, self.poll, late=self.late)
        return _record(tx, badge, poll, {self.item: self.n}, now)


class RecordHands(Command):
    """Hands for several options at once, `counts` by item, and `late` as in CountHands."""

    poll: Id
    counts: Annotated[dict[Id, Id], msgspec.Meta(min_length=1, max_length=100)]
    late: bool = False

    def perform(self, tx: Tx, badge: Badge, now: float) -> Done:
        poll = _countable(tx, badge, self.poll, late=self.late)
        return _record(tx, badge, poll, self.counts, now)


def is_late(poll: Poll) -> bool:
    """Whether hands that are counted now stand on the line of their own."""
    return poll.state in ("sealed", "revealed")


def _countable(tx: Tx, badge: Badge, poll_id: int, *, late: bool) -> Poll:
    poll = tx.get(Poll, poll_id)
    if poll is None:
        raise Refused("no_such_poll")
    rights.require(tx, badge, "count_hands", poll.session_id)
    if poll.state not in ("open", "closing", "sealed", "revealed"):
        raise Refused("poll_not_open")
    if late != is_late(poll):
        raise Refused("not_sealed_yet" if late else "hands_after_seal")
    return poll


def _record(tx: Tx, badge: Badge, poll: Poll, counts: dict[int, int], now: float) -> Done:
    assert poll.id is not None
    known = {item.id for item in items(tx, poll.id)}
    if any(item not in known or not 0 <= n <= MOST for item, n in counts.items()):
        raise Refused("no_such_option")
    late = is_late(poll)
    moved = False
    for item, n in counts.items():
        row = tx.get(Hands, (poll.id, item, late)) or Hands(poll_id=poll.id, item_id=item, late=late, n=0)
        if row.n == n:
            continue
        row.n, moved = n, True
        tx.add(row)
        act = "hands_counted_late" if late else "hands_counted"
        journal.write(tx, badge, now, poll.session_id, act, poll=poll.id, item=item, n=n)
    if not moved:
        return Done()
    changed(tx, poll)
    return Done(touched(poll), "hands_counted")


def no_longer_late(tx: Tx, poll_id: int) -> None:
    """Voting goes on, so what was counted after the seal that was is counted before the one to come."""
    for row in tx.exec(select(Hands).where(Hands.poll_id == poll_id, Hands.late)).all():
        before = tx.get(Hands, (poll_id, row.item_id, False)) or Hands(poll_id=poll_id, item_id=row.item_id, n=0)
        before.n += row.n
        tx.add(before)
        tx.delete(row)


def counted(tx: Tx, poll_id: int) -> dict[tuple[int, bool], int]:
    """What was counted, by (item, late)."""
    return {(h.item_id, h.late): h.n for h in tx.exec(select(Hands).where(Hands.poll_id == poll_id))}


@dataclass(frozen=True, slots=True)
class Place:
    """A session that is on, in which somebody may count."""

    session: int
    hall: programme.Texts
    titles: programme.Texts


def places(tx: Tx, badge: Badge) -> tuple[Place, ...]:
    """Where this badge may count hands now, by hall."""
    rows = tx.exec(
        select(programme.Meeting, programme.Hall)
        .where(programme.Meeting.state == "on", programme.Hall.id == programme.Meeting.hall_id)
        .order_by(programme.Hall.key)
    ).all()
    return tuple(
        Place(meeting.id or 0, hall.names, meeting.titles)
        for meeting, hall in rows
        if rights.may(tx, badge, "count_hands", meeting.id)
    )
