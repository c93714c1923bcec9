"""Hall screens and their links."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec
from sqlmodel import Field, SQLModel

from models import journal
from models.command import Badge, Command, Done, Id
from models.refusals import Refused
from models.rights import require
from models.store import Tx


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


class RevokeScreen(Command):
    """A screen link that leaked: the old link stops, `issue` counts up for a new one."""

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
        return Done(frozenset(touched), "screen_revoked")


@dataclass(frozen=True, slots=True)
class ScreenRow:
    """A hall screen in the list. Its link is made by the door, from `id` and `issue`."""

    id: int
    name: str
    hall: dict[str, str]
    issue: int
    revoked: bool


def by_hall(tx: Tx) -> tuple[ScreenRow, ...]:
    """All hall screens, by hall."""
    rows = tx.cursor.execute(
        "SELECT s.id, s.name, h.names, s.issue, s.revoked FROM screen s JOIN hall h ON h.id = s.hall_id"
        " ORDER BY h.key, s.id"
    )
    return tuple(ScreenRow(i, name, msgspec.json.decode(names), issue, bool(r)) for i, name, names, issue, r in rows)
