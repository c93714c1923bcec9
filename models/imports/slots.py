"""One entry of a schedule as it stood, before it becomes a session of ours.

What a schedule may cost is bounded as lists are: what is none costs at most 2 s and 200 MB.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from models.imports.findings import Findings
from models.imports.halls import PROGRAMME
from models.imports.tidying import clean

SLOTS = 5_000
"""Entries of one schedule, repeated ones counted as often as they take place."""
YEARS = range(1990, 2200)
"""In which a session may be. Beyond them clocks of zones cannot be told."""
NAMES = 60
"""Fields that are named as left out; a hostile file may have a million."""


@dataclass(frozen=True, slots=True)
class Slot:
    """`n` is the line where it begins, or where lines mean nothing which one it is. Moments without a zone are the
    event's own. `of` names it where something is told of it."""

    n: int
    key: str
    room: str
    begin: datetime
    length: timedelta
    titles: dict[str, str]
    """By language code, "" where the schedule does not say which one it is."""
    titled: str
    track: str = ""
    type: str = ""
    language: str = ""
    abstract: str = ""
    is_cancelled: bool = False


@dataclass(slots=True)
class Fields:
    """Which fields a schedule has, in the order of finding them."""

    wanted: tuple[str, ...]
    kept: dict[str, None] = field(default_factory=dict)
    dropped: dict[str, None] = field(default_factory=dict)

    def see(self, names: Iterable[str]) -> None:
        for name in names:
            if name in self.wanted:
                self.kept[name] = None
            elif len(self.dropped) < NAMES and name not in self.dropped and (shown := clean(name, 40)):
                self.dropped[shown] = None


@dataclass(slots=True)
class Told:
    """Findings about one entry, which is named with them: nobody counts lines of a schedule."""

    found: Findings
    n: int
    titled: str

    def problem(self, key: str, /, **params: str | int) -> None:
        self.found.problem(PROGRAMME, self.n, key, titled=self.titled, **params)

    def note(self, key: str, /, **params: str | int) -> None:
        self.found.note(PROGRAMME, self.n, key, titled=self.titled, **params)


class Keys:
    """Each key once: what stands twice gets something else that tells it apart, the first keeps its own."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def take(self, key: str, apart: str) -> str:
        """Empty where even `apart` stands twice."""
        for each in (key, f"{key[:50]}-{apart[:8]}" if apart else ""):
            if each and each not in self._taken:
                self._taken.add(each)
                return each
        return ""


_NO_KEY = re.compile(r"[\x00-\x20,;:\"<>|\\]+")
_NO_START = re.compile(r"\A\W+")


def as_key(text: str) -> str:
    """An identifier as it may name a session: the same each time, and "" where nothing is left of it."""
    return _NO_START.sub("", _NO_KEY.sub("-", clean(text, 400)).rstrip("-"))


def zone_of(name: str) -> ZoneInfo | None:
    """A zone by its IANA name, or None."""
    try:
        return ZoneInfo(name) if name else None
    except (KeyError, ValueError, OSError):
        return None


def placed(moment: datetime, zone: tzinfo | None) -> datetime:
    """A moment that names no zone, in this one."""
    return moment if moment.tzinfo or zone is None else moment.replace(tzinfo=zone)


def on_clock(begin: datetime, length: timedelta, zone: tzinfo) -> tuple[str, str, str]:
    """Day, start and end on the clocks of a zone: an end of 24:30 is half an hour after midnight.

    The end is "" from 06:00 of the next day on: no session of ours is as long.
    """
    first = placed(begin, zone).astimezone(UTC)
    start, end = first.astimezone(zone), (first + length).astimezone(zone)
    hour = end.hour + 24 * (end.date() - start.date()).days
    return start.date().isoformat(), f"{start:%H:%M}", f"{hour:02d}:{end.minute:02d}" if hour < 30 else ""


def span(text: str) -> timedelta | None:
    """1:30 or 01:30 as hours and minutes, 00:01:30 as days, hours and minutes; None where it is neither."""
    match = re.fullmatch(r"(?:([0-9]{1,2}):)?([0-9]{1,3}):([0-5][0-9])", text.strip())
    return timedelta(days=int(match[1] or 0), hours=int(match[2]), minutes=int(match[3])) if match else None
