"""The conference: event, halls and sessions in parallel. A session starts and ends by a person, never by the clock."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, ClassVar

from sqlalchemy import JSON, Column
from sqlmodel import Field, SQLModel, col, select

from models import rights
from models.command import Badge, Touched
from models.refusals import Refused
from models.store import Tx

LETTERS = "ABCDEFGHJKMNPQRTUVWXYZ"
DIGITS = "23456789"
Texts = dict[str, str]
"""A text by language code: {"en": "Hall A", "ar": ...}."""


class Event(SQLModel, table=True):
    """One conference. There is one row."""

    id: int | None = Field(default=None, primary_key=True)
    key: str
    names: Texts = Field(sa_column=Column(JSON, nullable=False))
    zone: str = "UTC"
    languages: str = "en,tr,ar,ru"
    """Order of dignity on screens; the first is the floor language."""
    indicative: bool = True
    """Every result carries "Indicative, not a decision" unless an organiser removes it."""
    accent: str = ""
    """Colour of buttons and rings, "#0a5c66"; empty for Hallside's own."""
    logo: bytes | None = None
    """A PNG of at most 200 kB, on the lobby and on badges."""


class Hall(SQLModel, table=True):
    """A room with a screen. Heights and distances in metres; capacity in persons."""

    id: int | None = Field(default=None, primary_key=True)
    key: str = Field(unique=True)
    names: Texts = Field(sa_column=Column(JSON, nullable=False))
    capacity: int = 0
    screen_height_m: float = 2.0
    farthest_seat_m: float = 12.0
    languages: str = "en"

    @property
    def mode(self) -> float:
        """Farthest viewer in picture heights, from 4 (near) to 12; 6 is standard (AVIXA DISCAS, 1/200 of distance)."""
        return min(12.0, max(4.0, self.farthest_seat_m / max(0.1, self.screen_height_m)))


class Meeting(SQLModel, table=True):
    """A session of the conference: one talk or panel in one hall. `start` and `end` are local "HH:MM".

    An `end` from "24:00" to "29:59" is after midnight; `day` is the one it begins on. `moment` compares them.
    """

    __tablename__: ClassVar[Any] = "session"

    id: int | None = Field(default=None, primary_key=True)
    key: str = Field(unique=True)
    hall_id: int = Field(foreign_key="hall.id", index=True)
    day: str
    start: str
    end: str
    track: str = ""
    kind: str = "parallel"
    titles: Texts = Field(sa_column=Column(JSON, nullable=False))
    abstract: str = ""
    languages: str = "en"
    code: str = Field(unique=True)
    state: str = "planned"
    """planned, on, ended, postponed, cancelled"""
    started_at: float | None = None
    ended_at: float | None = None
    listed: Texts = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    """What the list said before a person changed it: of "day", "start", "end", "hall" (its key) those that differ."""


def new_code(tx: Tx) -> str:
    """Letter, digit, letter, digit, so that no code is a word; unique among sessions."""
    while True:
        code = "".join(secrets.choice(a) for a in (LETTERS, DIGITS, LETTERS, DIGITS))
        if tx.exec(select(Meeting.id).where(Meeting.code == code)).first() is None:
            return code


_LOOKALIKES = str.maketrans(
    "АВЕКМНРСТУХабвекмнрстухİıОоЅѕ" + "٠١٢٣٤٥٦٧٨٩" + "۰۱۲۳۴۵۶۷۸۹",
    "ABEKMHPCTYXABBEKMHPCTYXIIOOSS" + "0123456789" + "0123456789",
)


def tidy_code(text: str) -> str:
    """What a hurried person typed, as a code: look-alike Cyrillic letters and Arabic digits are accepted."""
    return "".join(c for c in text[:40].translate(_LOOKALIKES).upper() if c.isascii() and c.isalnum())


def by_code(tx: Tx, text: str) -> Meeting:
    """The session a code leads to. Refused with what to do when there is none or it is over."""
    meeting = tx.exec(select(Meeting).where(Meeting.code == tidy_code(text))).first()
    if meeting is None:
        raise Refused("no_such_code")
    return meeting


@dataclass(frozen=True, slots=True)
class AgendaRow:
    """One session in the agenda, texts by language."""

    id: int
    day: str
    start: str
    end: str
    hall: Texts
    titles: Texts
    kind: str
    track: str
    state: str
    code: str
    languages: tuple[str, ...]
    was: Mapping[str, str] = field(default_factory=dict)
    """What the list said of "day", "start" and "end" where a person changed it since."""
    was_hall: Texts = field(default_factory=dict)
    """The hall it was to be in, if another."""

    @property
    def ends(self) -> str:
        """When it is over, as local_now() tells the time."""
        return moment(self.day, self.end)


@dataclass(frozen=True, slots=True)
class HallRow:
    """A hall to choose, and the languages that have a booth there, in the event's order."""

    id: int
    names: Texts
    languages: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Agenda:
    """The whole programme by day, in order of time and hall."""

    names: Texts
    zone: str
    days: tuple[str, ...]
    rows: tuple[AgendaRow, ...]


def agenda(tx: Tx) -> Agenda:
    event, named = the_event(tx), {hall.key: hall.names for hall in tx.exec(select(Hall))}
    rows = tx.exec(
        select(Meeting, Hall).join(Hall, col(Hall.id) == Meeting.hall_id).order_by(Meeting.day, Meeting.start, Hall.key)
    ).all()
    return Agenda(
        names=event.names,
        zone=event.zone,
        days=tuple(dict.fromkeys(meeting.day for meeting, _ in rows)),
        rows=tuple(
            AgendaRow(
                id=meeting.id or 0, day=meeting.day, start=meeting.start, end=meeting.end, hall=hall.names,
                titles=meeting.titles, kind=meeting.kind, track=meeting.track, state=meeting.state,
                code=meeting.code, languages=tuple(meeting.languages.split(",")),
                was=was(meeting), was_hall=named.get(meeting.listed.get("hall", ""), {}),
            )
            for meeting, hall in rows
        ),
    )  # fmt: skip


def halls(tx: Tx) -> tuple[HallRow, ...]:
    """All halls in the order of their keys."""
    order = the_event(tx).languages.split(",")
    rows = tx.exec(select(Hall).order_by(Hall.key))
    return tuple(
        HallRow(hall.id or 0, hall.names, tuple(la for la in order if la in hall.languages.split(","))) for hall in rows
    )


def was(meeting: Meeting) -> dict[str, str]:
    """What the list said of day, start and end where it differs now."""
    return {name: said for name, said in meeting.listed.items() if name != "hall"}


def depart(meeting: Meeting, name: str, there: str, wished: str) -> None:
    """Keep what the list says of *name* when a person changes it from *there* to *wished*; nothing once they agree."""
    said = meeting.listed.get(name, there)
    rest = {key: value for key, value in meeting.listed.items() if key != name}
    meeting.listed = rest if said == wished else {**rest, name: said}


def the_event(tx: Tx) -> Event:
    """The one event. Refused("no_event") on an empty database."""
    event = tx.exec(select(Event)).first()
    if event is None:
        raise Refused("no_event")
    return event


def pick(texts: Texts, language: str) -> str:
    """The text in this language, or in the first there is."""
    return texts.get(language) or next(iter(texts.values()), "")


def moment(day: str, clock: str) -> str:
    """A time of a day as "2026-12-06 09:30", so that moments compare. "24:30" is 00:30 of the next date."""
    if clock < "24":
        return f"{day} {clock}"
    return f"{date.fromisoformat(day) + timedelta(days=1)} {int(clock[:2]) - 24:02d}{clock[2:]}"


def end_after(start: str, end: str) -> str:
    """An end as it is kept: "00:30" typed for what starts at 23:00 is "24:30"."""
    return f"{int(end[:2]) + 24}{end[2:]}" if end < start and end < "06:00" else end


def touched_by(meeting: Meeting) -> Touched:
    """What every face must look at again when a session starts, ends or moves."""
    return frozenset(
        {
            (f"session:{meeting.id}", "now"),
            (f"session:{meeting.id}", "place"),
            (f"session:{meeting.id}", "desk"),
            (f"hall:{meeting.hall_id}", "scene"),
            (f"hall:{meeting.hall_id}", "turnout"),
            (f"hall:{meeting.hall_id}", "here"),
            (f"hall:{meeting.hall_id}", "air"),
            ("event", "agenda"),
        }
    )


def desks(tx: Tx, *halls: int) -> Touched:
    """All desks of these halls: each says which session comes next, and which one holds the screen."""
    rows = tx.exec(select(Meeting.id).where(col(Meeting.hall_id).in_(halls)))
    return frozenset((f"session:{id_}", "desk") for id_ in rows)


def staffed(tx: Tx, badge: Badge, session_id: int) -> Meeting:
    """The session, if this badge may moderate it; Refused otherwise."""
    meeting = tx.get(Meeting, session_id)
    if meeting is None:
        raise Refused("no_such_session")
    rights.require(tx, badge, "moderate", session_id)
    return meeting


def confirmation(number: int) -> int:
    """The two digits shown beside an irreversible act: enough to stop a slip, short enough to type under stress."""
    return 10 + number * 37 % 90
