"""Hands counted in the hall, kept and shown apart from the votes."""

from __future__ import annotations

from sqlmodel import Field, SQLModel

from models import journal, rights
from models.command import Badge, Command, Done, Id
from models.polls import Poll, changed, items, touched
from models.refusals import Refused
from models.store import Tx


class Hands(SQLModel, table=True):
    """Hands counted in the hall for one item, shown apart. `late`: counted after the seal, a line of its own."""

    poll_id: int = Field(primary_key=True)
    item_id: int = Field(primary_key=True)
    late: bool = Field(primary_key=True, default=False)
    n: int


class CountHands(Command):
    """Hands counted in the hall for one option: beside the votes before the seal, later on a line of their own."""

    poll: Id
    item: Id
    n: Id

    def perform(self, tx: Tx, badge: Badge, now: float) -> Done:
        poll = tx.get(Poll, self.poll)
        if poll is None:
            raise Refused("no_such_poll")
        rights.require(tx, badge, "count_hands", poll.session_id)
        if poll.state not in ("open", "closing", "sealed", "revealed"):
            raise Refused("poll_not_open")
        if not 0 <= self.n <= 100_000 or self.item not in {item.id for item in items(tx, self.poll)}:
            raise Refused("no_such_option")
        late = poll.state in ("sealed", "revealed")
        row = tx.get(Hands, (self.poll, self.item, late)) or Hands(poll_id=self.poll, item_id=self.item, late=late, n=0)
        if row.n == self.n:
            return Done()
        row.n = self.n
        tx.add(row)
        changed(tx, poll)
        journal.write(tx, badge, now, poll.session_id, "hands_counted", poll=self.poll, item=self.item, n=self.n)
        return Done(touched(poll), "hands_counted")
