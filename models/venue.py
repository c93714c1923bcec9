"""Halls and what hangs in them: measures, languages, screens. Tablets and revoking are in `models.screens`."""

from __future__ import annotations

import math
from dataclasses import dataclass

import msgspec
from sqlmodel import select

from models import journal, programme
from models.command import Badge, Command, Done, Id, Touched, Word
from models.office import NAME, Names, new_key, spoken, texts
from models.programme import Hall
from models.refusals import Refused
from models.rights import require
from models.screens import Screen
from models.store import Tx
from models.tidy import tidy

HEIGHT, SEAT = (0.2, 50.0), (1.0, 500.0)
"""Metres that a picture may be high, and that the farthest seat may be away: as in lists."""
SCREEN = 60
"""Longest name of a screen, in characters."""
THEMES = ("dark", "light", "black")


class AddHall(Command):
    """A further hall with its main screen. One of the same name is there once, however often this is sent."""

    names: Names
    capacity: Id = 0
    screen_height_m: float = 2.0
    farthest_seat_m: float = 12.0
    languages: list[Word] = msgspec.field(default_factory=list)

    def perform(self, tx: Tx, badge: Badge, now: float) -> Done:
        require(tx, badge, "manage_event")
        names = texts(self.names, NAME)
        for old in tx.exec(select(Hall)):
            if old.names == names:
                return Done(notice="hall_saved", facts={"hall": old.id or 0})
        taken = set(tx.exec(select(Hall.key)))
        hall = Hall(key=new_key(programme.pick(names, "en"), "hall", taken), names=names)
        _measure(hall, self)
        tx.add(hall)
        tx.flush()
        assert hall.id is not None
        tx.add(Screen(hall_id=hall.id))
        journal.write(tx, badge, now, None, "hall_added", hall=hall.key)
        return Done(frozenset({("event", "agenda")}), "hall_saved", {"hall": hall.id})


class EditHall(Command):
    """Names, seats, languages and measures of a hall. Its open screens take the size over at once."""

    hall: Id
    names: Names
    capacity: Id = 0
    screen_height_m: float = 2.0
    farthest_seat_m: float = 12.0
    languages: list[Word] = msgspec.field(default_factory=list)

    def perform(self, tx: Tx, badge: Badge, now: float) -> Done:
        require(tx, badge, "manage_event")
        hall = tx.get(Hall, self.hall)
        if hall is None:
            raise Refused("no_such_hall")
        hall.names = texts(self.names, NAME)
        _measure(hall, self)
        tx.add(hall)
        journal.write(tx, badge, now, None, "hall_edited", hall=hall.key)
        return Done(frozenset({("event", "agenda"), *_of_hall(self.hall)}), "hall_saved", {"hall": self.hall})


class AddScreen(Command):
    """A further screen of a hall. One of the same name is there once, however often this is sent."""

    hall: Id
    name: Word

    def perform(self, tx: Tx, badge: Badge, now: float) -> Done:
        require(tx, badge, "manage_event")
        name = tidy(self.name, SCREEN)
        if not name:
            raise Refused("text_needed")
        if tx.get(Hall, self.hall) is None:
            raise Refused("no_such_hall")
        found = tx.exec(
            select(Screen).where(Screen.hall_id == self.hall, Screen.name == name, Screen.kind == "screen")
        ).first()
        if found is None:
            found = Screen(hall_id=self.hall, name=name)
            tx.add(found)
            tx.flush()
            journal.write(tx, badge, now, None, "screen_added", screen=found.id or 0)
        return Done(frozenset({(f"hall:{self.hall}", "air")}), "screen_saved", {"screen": found.id or 0})


class EditScreen(Command):
    """Name, languages in their order, and theme of a screen. An open one takes it over when its page is loaded again.

    Without `languages` it shows those of its hall.
    """

    screen: Id
    name: Word
    languages: list[Word] = msgspec.field(default_factory=list)
    theme: Word = "dark"

    def perform(self, tx: Tx, badge: Badge, now: float) -> Done:
        require(tx, badge, "manage_event")
        screen = tx.get(Screen, self.screen)
        if screen is None:
            raise Refused("no_such_screen")
        name = tidy(self.name, SCREEN)
        if not name:
            raise Refused("text_needed")
        if self.theme not in THEMES:
            raise Refused("no_such_setting")
        screen.name, screen.theme = name, self.theme
        screen.languages = spoken(self.languages) if any(self.languages) else ""
        tx.add(screen)
        journal.write(tx, badge, now, None, "screen_edited", screen=self.screen)
        return Done(frozenset({(f"hall:{screen.hall_id}", "air")}), "screen_edited", {"screen": self.screen})


@dataclass(frozen=True, slots=True)
class Wall:
    """A screen or tablet for the organiser. Its link is made by the door, from `id` and `issue`."""

    id: int
    hall_id: int
    name: str
    languages: tuple[str, ...]
    """Empty: the hall's."""
    theme: str
    issue: int
    kind: str
    opened: bool
    """Whether a browser is signed in with its present link."""


def walls(tx: Tx) -> tuple[Wall, ...]:
    """Every screen and tablet whose link is valid, by hall, screens first."""
    rows = tx.cursor.execute(
        "SELECT s.id, s.hall_id, s.name, s.languages, s.theme, s.issue, s.kind, EXISTS"
        " (SELECT 1 FROM login l WHERE l.screen_id = s.id AND l.issue = s.issue)"
        " FROM screen s WHERE NOT s.revoked ORDER BY s.hall_id, s.kind, s.id"
    )
    return tuple(
        Wall(id_, hall, name, tuple(filter(None, languages.split(","))), theme, issue, kind, bool(opened))
        for id_, hall, name, languages, theme, issue, kind, opened in rows
    )


def _measure(hall: Hall, told: AddHall | EditHall) -> None:
    for value, (least, most) in ((told.screen_height_m, HEIGHT), (told.farthest_seat_m, SEAT)):
        if not math.isfinite(value) or not least <= value <= most:
            raise Refused("measure_out_of_range")
    hall.capacity = min(told.capacity, 100_000)
    hall.screen_height_m, hall.farthest_seat_m = round(told.screen_height_m, 2), round(told.farthest_seat_m, 1)
    hall.languages = spoken(told.languages, hall.languages)


def _of_hall(hall: int) -> Touched:
    return frozenset({(f"hall:{hall}", part) for part in ("scene", "turnout", "here", "air")})
