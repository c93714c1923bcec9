"""The lists, tidied: what may enter, and nothing else. `row` is where it stood and does not count when comparing."""

from __future__ import annotations

from dataclasses import dataclass, field

Texts = dict[str, str]


@dataclass(frozen=True, slots=True)
class EventRow:
    """The event. `languages` in their order of dignity."""

    key: str
    names: Texts
    zone: str
    languages: str


@dataclass(frozen=True, slots=True)
class HallRow:
    key: str
    names: Texts
    capacity: int
    screen_height_m: float
    farthest_seat_m: float
    languages: str
    row: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class DelegationRow:
    key: str
    place: int
    votes: bool
    names: Texts
    row: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class PersonRow:
    """`key` is the badge number, `delegation` the key of one or "", `languages` the offered ones, preferred first."""

    key: str
    title: str
    given_name: str
    family_name: str
    native_name: str
    organisation: str
    delegation: str
    role: str
    languages: str
    row: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class MeetingRow:
    """One session or break. `moderators` are badge numbers and are compared on their own."""

    key: str
    hall: str
    day: str
    start: str
    end: str
    track: str
    kind: str
    titles: Texts
    abstract: str
    languages: str
    moderators: tuple[str, ...] = field(default=(), compare=False)
    row: int = field(default=0, compare=False)
    is_staffed: bool = field(default=True, compare=False)
    """Whether the list says who moderates. Schedules say who speaks, which is something else."""


@dataclass(frozen=True, slots=True)
class PollRow:
    """One poll. `texts` are question, then options, each by language."""

    key: str
    session: str
    kind: str
    texts: tuple[Texts, ...]
    items: tuple[str, ...]
    ballot: str
    results: str
    electorate: str
    min: int
    max: int
    timer_s: int
    row: int = field(default=0, compare=False)
