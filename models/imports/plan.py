"""A folder, read: what it holds, what is wrong with it, and what would change. Nothing is written here."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from sqlite3 import Cursor
from typing import Any, Generic, Protocol, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from models.imports.findings import Finding, Findings
from models.imports.halls import HALLS, PROGRAMME, read_halls, read_programme
from models.imports.people import DELEGATIONS, PEOPLE, read_delegations, read_people
from models.imports.polls import POLLS, read_polls
from models.imports.rows import DelegationRow, EventRow, HallRow, MeetingRow, PersonRow, PollRow
from models.imports.tables import OFFERED, Columns, clean, decode
from models.imports.there import There, look

EVENT, DECISIONS = "event.json", "decisions.json"
FILES = (HALLS, DELEGATIONS, PROGRAMME, PEOPLE, POLLS)


class Keyed(Protocol):
    @property
    def key(self) -> str: ...


R = TypeVar("R", bound=Keyed)


@dataclass(frozen=True, slots=True)
class Diff(Generic[R]):
    """One list against what is there. `absent` are there and not in the list; they stay."""

    new: tuple[R, ...] = ()
    changed: tuple[tuple[int, R], ...] = ()
    same: int = 0
    absent: int = 0


@dataclass(frozen=True, slots=True)
class Changes:
    """What applying would do."""

    event: EventRow | None = None
    halls: Diff[HallRow] = field(default_factory=Diff)
    delegations: Diff[DelegationRow] = field(default_factory=Diff)
    people: Diff[PersonRow] = field(default_factory=Diff)
    meetings: Diff[MeetingRow] = field(default_factory=Diff)
    moderators: tuple[tuple[str, str], ...] = ()
    """(session, badge number) that would be added."""
    polls: Diff[PollRow] = field(default_factory=Diff)

    @property
    def n(self) -> int:
        """How many rows would be written."""
        lists = (self.halls, self.delegations, self.people, self.meetings, self.polls)
        return (self.event is not None) + len(self.moderators) + sum(len(d.new) + len(d.changed) for d in lists)


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that can be told of a folder before it is applied.

    `columns` says how many rows stood in each file, the lists hold what is taken. `findings` are in order of files.
    """

    name: str
    event: EventRow | None = None
    halls: tuple[HallRow, ...] = ()
    delegations: tuple[DelegationRow, ...] = ()
    people: tuple[PersonRow, ...] = ()
    meetings: tuple[MeetingRow, ...] = ()
    polls: tuple[PollRow, ...] = ()
    columns: dict[str, Columns] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    changes: Changes = field(default_factory=Changes)

    @property
    def problems(self) -> tuple[Finding, ...]:
        return tuple(each for each in self.findings if each.kind == "problem")


def read(
    folder: Path, cursor: Cursor | None = None, *, merge: Mapping[str, str] | None = None, event: EventRow | None = None
) -> Plan:
    """Read a folder and compare it with the database behind `cursor`, or with an empty one.

    `merge` says of a badge number which other one is the same person; `decisions.json` may say it, too. `event`
    stands for an event.json. Raises OSError.
    """
    files = {name: path.read_bytes() for name in (*FILES, EVENT, DECISIONS) if (path := folder / name).is_file()}
    return parse(files, cursor, merge=merge, event=event, name=folder.resolve().name)


def parse(
    files: Mapping[str, bytes], cursor: Cursor | None = None, *, merge: Mapping[str, str] | None = None,
    event: EventRow | None = None, name: str = "event",
) -> Plan:  # fmt: skip
    """The same for files that came another way."""
    found = Findings()
    columns: dict[str, Columns] = {}
    if not any(file in files for file in FILES):
        found.problem(name, 0, "nothing_here", files=", ".join(FILES))
    decided = _decisions(files.get(DECISIONS), found) | dict(merge or {})
    halls: list[HallRow] = []
    delegations: list[DelegationRow] = []
    meetings: list[MeetingRow] = []
    people: list[PersonRow] = []
    polls: list[PollRow] = []
    if HALLS in files:
        halls, columns[HALLS] = read_halls(files[HALLS], found)
    if DELEGATIONS in files:
        delegations, columns[DELEGATIONS] = read_delegations(files[DELEGATIONS], found)
    if PEOPLE in files:
        people, columns[PEOPLE] = read_people(files[PEOPLE], found, decided)
    if PROGRAMME in files:
        meetings, columns[PROGRAMME] = read_programme(files[PROGRAMME], found)
        meetings = [_same_people(meeting, decided) for meeting in meetings]
    if POLLS in files:
        polls, columns[POLLS] = read_polls(files[POLLS], found)
    plan = Plan(
        name, event or _event(files.get(EVENT), found), tuple(halls), tuple(delegations), tuple(people),
        tuple(meetings), tuple(polls), columns, tuple(found.all),
    )  # fmt: skip
    return compare(plan, look(cursor) if cursor is not None else There())


def compare(plan: Plan, there: There) -> Plan:
    """The plan with what it would change, and what does not fit together with what is there."""
    found = Findings([each for each in plan.findings if each.key not in _COMPARED])
    event = plan.event
    if event is None and there.event is None:
        event = EventRow(plan.name, {"en": plan.name})
        found.note(EVENT, 0, "event_invented", value=plan.name)
    meetings = tuple(_held(meeting, there, found) for meeting in plan.meetings)
    _references(plan, there, found)
    _bookings(meetings, there, found)
    polls = _polls(plan.polls, there, found)
    changes = Changes(
        event if event != there.event else None,
        _diff(plan.halls, there.halls),
        _diff(plan.delegations, there.delegations),
        _diff(plan.people, there.people),
        _diff(meetings, there.meetings),
        _moderators(meetings, there, found),
        polls,
    )
    return replace(plan, findings=tuple(found.all), changes=changes)


_COMPARED = frozenset(
    {
        "event_invented", "no_such", "hall_twice", "person_twice", "hall_kept", "moderates_still", "was_opened",
        "poll_in_break", "no_booth",
    }
)  # fmt: skip
"""Found by comparing, so found anew each time."""


def mark(poll: PollRow) -> str:
    """Digest of a row as it was imported: a text mended at the desk is not overwritten by the same old row."""
    whole = msgspec.json.encode([getattr(poll, name) for name in PollRow.__slots__ if name != "row"])
    return hashlib.sha256(whole).hexdigest()[:16]


def _diff(planned: Sequence[R], there: Mapping[str, tuple[int, R]]) -> Diff[R]:
    new = tuple(row for row in planned if row.key not in there)
    changed = tuple((there[row.key][0], row) for row in planned if row.key in there and there[row.key][1] != row)
    same = len(planned) - len(new) - len(changed)
    return Diff(new, changed, same, len(there) - same - len(changed) if planned else 0)


def _polls(planned: Sequence[PollRow], there: There, found: Findings) -> Diff[PollRow]:
    new: list[PollRow] = []
    changed: list[tuple[int, PollRow]] = []
    same = 0
    for poll in planned:
        old = there.polls.get(poll.key)
        if old is None:
            new.append(poll)
        elif old.mark == mark(poll):
            same += 1
        elif old.state not in ("draft", "ready"):
            found.note(POLLS, poll.row, "was_opened", key=poll.key)
            same += 1
        else:
            changed.append((old.id, poll))
    absent = sum(key not in {poll.key for poll in planned} for key in there.polls) if planned else 0
    return Diff(tuple(new), tuple(changed), same, absent)


def _held(meeting: MeetingRow, there: There, found: Findings) -> MeetingRow:
    """A session that has begun stays in its hall: its screen, phones and polls are there. Moving is done at a desk."""
    old = there.meetings.get(meeting.key)
    if old is None or meeting.key not in there.fixed or old[1].hall == meeting.hall:
        return meeting
    found.note(PROGRAMME, meeting.row, "hall_kept", key=meeting.key, hall=old[1].hall)
    return replace(meeting, hall=old[1].hall)


def _references(plan: Plan, there: There, found: Findings) -> None:
    halls = {hall.key: hall for hall in (*(row for _, row in there.halls.values()), *plan.halls)}
    delegations = there.delegations.keys() | {each.key for each in plan.delegations}
    numbers = there.people.keys() | {person.key for person in plan.people}
    meetings = {each.key: each for each in (*(row for _, row in there.meetings.values()), *plan.meetings)}
    for person in plan.people:
        if person.delegation and person.delegation not in delegations:
            found.problem(PEOPLE, person.row, "no_such", what="delegation", value=person.delegation)
    for meeting in plan.meetings:
        hall = halls.get(meeting.hall)
        if hall is None:
            if meeting.hall:
                found.problem(PROGRAMME, meeting.row, "no_such", what="hall", value=meeting.hall)
        elif missing := [la for la in meeting.languages.split(",") if la not in hall.languages.split(",")]:
            found.note(PROGRAMME, meeting.row, "no_booth", key=meeting.key, value=", ".join(missing))
        for number in meeting.moderators:
            if number not in numbers:
                found.problem(PROGRAMME, meeting.row, "no_such", what="person", value=number)
    for poll in plan.polls:
        owner = meetings.get(poll.session)
        if owner is None:
            found.problem(POLLS, poll.row, "no_such", what="session", value=poll.session)
        elif owner.kind == "break":
            found.problem(POLLS, poll.row, "poll_in_break", key=poll.key, value=poll.session)


def _bookings(meetings: Sequence[MeetingRow], there: There, found: Findings) -> None:
    """No hall and no moderator twice at a time, those of sessions that are not in the list included."""
    listed = {meeting.key for meeting in meetings}
    others = [row for key, (_, row) in there.meetings.items() if key not in listed and key not in there.off]
    busy: dict[tuple[str, str, str], list[MeetingRow]] = {}
    for meeting in (*others, *meetings):
        if meeting.start and meeting.end and meeting.key not in there.off:
            for what, who in (("hall", meeting.hall), *(("person", number) for number in meeting.moderators)):
                busy.setdefault((what, who, meeting.day), []).append(meeting)
    for (what, who, _), taken in busy.items():
        taken.sort(key=lambda meeting: (meeting.start, meeting.end))
        longest = taken[0]
        for meeting in taken[1:]:
            if meeting.start < longest.end and (meeting.row or longest.row):
                late, early = (meeting, longest) if meeting.row else (longest, meeting)
                told: dict[str, str] = {"other": early.key, "start": early.start, "end": early.end}
                told["hall" if what == "hall" else "number"] = who
                found.problem(PROGRAMME, late.row, f"{what}_twice", **told)
            longest = max(longest, meeting, key=lambda each: each.end)


def _moderators(meetings: Sequence[MeetingRow], there: There, found: Findings) -> tuple[tuple[str, str], ...]:
    """Who is added. Nobody is taken off: a co-moderator may have been named at the desk today."""
    added: list[tuple[str, str]] = []
    for meeting in meetings:
        have = there.meetings[meeting.key][1].moderators if meeting.key in there.meetings else ()
        added += [(meeting.key, number) for number in meeting.moderators if number not in have]
        for number in have:
            if number not in meeting.moderators:
                found.note(PROGRAMME, meeting.row, "moderates_still", number=number, key=meeting.key)
    return tuple(added)


def _same_people(meeting: MeetingRow, merge: Mapping[str, str]) -> MeetingRow:
    return replace(meeting, moderators=tuple(dict.fromkeys(merge.get(each, each) for each in meeting.moderators)))


def _decisions(data: bytes | None, found: Findings) -> dict[str, str]:
    """decisions.json: {"merge": {"1203": "1114"}}"""
    given = _object(DECISIONS, data, found)
    merge = given.get("merge", {})
    if not isinstance(merge, dict) or not all(isinstance(other, str) for other in merge.values()):
        found.problem(DECISIONS, 0, "shape", key="merge", what="it")
        return {}
    return merge


def _event(data: bytes | None, found: Findings) -> EventRow | None:
    """event.json: {"key", "names": {"en": ...}, "zone", "languages": ["en", ...]}"""
    if data is None:
        return None
    given = _object(EVENT, data, found)
    names = given.get("names")
    names = {la: clean(str(names[la]), 200) for la in OFFERED if names.get(la)} if isinstance(names, dict) else {}
    languages = given.get("languages", list(OFFERED))
    zone = str(given.get("zone", "UTC"))
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        found.problem(EVENT, 0, "no_zone", value=zone)
    if not names:
        found.problem(EVENT, 0, "text_missing", column="names")
    if not isinstance(languages, list) or not languages or not all(la in OFFERED for la in languages):
        found.problem(EVENT, 0, "not_a_word", column="languages", allowed=", ".join(OFFERED), value=str(languages))
        languages = list(OFFERED)
    return EventRow(clean(str(given.get("key", "event")), 60), names, zone, ",".join(dict.fromkeys(languages)))


def _object(file: str, data: bytes | None, found: Findings) -> dict[str, Any]:
    text = decode(file, data, found) if data is not None else None
    if text is None:
        return {}
    try:
        given = msgspec.json.decode(text.encode(), type=dict[str, Any])
    except msgspec.DecodeError as error:
        found.problem(file, 0, "not_json", why=str(error))
        return {}
    return given
