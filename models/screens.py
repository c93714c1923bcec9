"""Hall screens and their links."""

from __future__ import annotations

from sqlmodel import Field, SQLModel, select

from models import journal
from models.command import Badge, Command, Done, Id, Word
from models.programme import Hall
from models.refusals import Refused
from models.rights import require
from models.store import Peek, Tx
from models.tidy import tidy

NAME = 40
"""Longest name of a tablet, in characters."""


class Screen(SQLModel, table=True):
    """A hall screen, or a hall's tablet. It signs in by its own revocable link and sends no commands."""

    id: int | None = Field(default=None, primary_key=True)
    hall_id: int = Field(foreign_key="hall.id")
    name: str = "Main screen"
    languages: str = ""
    """Languages it shows, in order; empty: the hall's."""
    theme: str = "dark"
    issue: int = 1
    revoked: bool = False
    kind: str = "screen"
    """screen, or tablet: where people without a phone vote."""


class AddTablet(Command):
    """A tablet for people without a phone, in a hall. Its link is made by the door. A name is a tablet's own there."""

    hall: Id
    name: Word

    def perform(self, tx: Tx, badge: Badge, now: float) -> Done:
        require(tx, badge, "manage_people")
        if tx.get(Hall, self.hall) is None:
            raise Refused("no_such_hall")
        name = tidy(self.name, NAME)
        if not name:
            raise Refused("name_it_first")
        have = tx.exec(
            select(Screen.id).where(Screen.hall_id == self.hall, Screen.kind == "tablet", Screen.name == name)
        ).first()
        if have is not None:
            return Done(facts={"screen": have})
        tablet = Screen(hall_id=self.hall, name=name, kind="tablet")
        tx.add(tablet)
        tx.flush()
        assert tablet.id is not None
        journal.write(tx, badge, now, None, "tablet_added", screen=tablet.id, name=name)
        return Done(frozenset({("event", "people")}), "tablet_added", {"screen": tablet.id})


class RevokeScreen(Command):
    """A screen's or a tablet's link that leaked: the old link stops, `issue` counts up for a new one."""

    screen: Id
    seen_issue: Id

    def perform(self, tx: Tx, badge: Badge, now: float) -> Done:
        require(tx, badge, "manage_people")
        screen = tx.get(Screen, self.screen)
        if screen is None:
            raise Refused("no_such_screen")
        if screen.issue == self.seen_issue:
            screen.issue += 1
            tx.add(screen)
            tx.cursor.execute("DELETE FROM login WHERE screen_id = ?", (screen.id,))
            journal.write(tx, badge, now, None, "screen_revoked", screen=self.screen)
        touched = {(f"screen:{screen.id}", "badge"), ("event", "people"), (f"hall:{screen.hall_id}", "air")}
        return Done(frozenset(touched), "tablet_revoked" if screen.kind == "tablet" else "screen_revoked")


def kind_of(tx: Tx | Peek, screen_id: int) -> str:
    """screen or tablet; "" where there is none."""
    row = tx.cursor.execute("SELECT kind FROM screen WHERE id = ?", (screen_id,)).fetchone()
    return row[0] if row else ""
