"""From a folder, or files that came another way, to a plan. Nothing is written here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from sqlite3 import Cursor
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from models.imports.cells import OFFERED
from models.imports.comparing import compare
from models.imports.decisions import Decisions, read_decisions, read_object
from models.imports.findings import Findings
from models.imports.halls import HALLS, PROGRAMME, read_halls, read_programme
from models.imports.people import DELEGATIONS, PEOPLE, read_delegations, read_people
from models.imports.plan import DECISIONS, EVENT, Plan
from models.imports.polls import POLLS, read_polls
from models.imports.rows import DelegationRow, EventRow, HallRow, MeetingRow, PersonRow, PollRow
from models.imports.sheets import LIMIT_MB, Given
from models.imports.tables import Columns
from models.imports.there import There, look
from models.imports.tidying import clean

LISTS = (HALLS, DELEGATIONS, PROGRAMME, PEOPLE)
FILES = (*LISTS, POLLS)
ENDINGS = (".csv", ".tsv", ".txt", ".xlsx", ".xls", ".ods")
"""Under which a list is looked for; the latter two are named and refused."""


def read(folder: Path, cursor: Cursor | None = None, *, merge: Mapping[str, str] | None = None) -> Plan:
    """Read a folder and compare it with the database behind `cursor`, or with an empty one.

    `merge` says of a badge number which other one is the same person; `decisions.json` may say it, too. Raises OSError.
    """
    names = [_stem(name) + ending for name in LISTS for ending in ENDINGS]
    files = {name: _bytes(path) for name in (*names, POLLS, EVENT, DECISIONS) if (path := folder / name).is_file()}
    return parse(files, cursor, merge=merge, name=folder.resolve().name)


def parse(
    files: Mapping[str, bytes], cursor: Cursor | None = None, *, merge: Mapping[str, str] | None = None,
    name: str = "the folder",
) -> Plan:  # fmt: skip
    """The same for files that came another way."""
    names = {file: there[0] for file in LISTS if (there := _candidates(file, files))}
    found = Findings(names)
    decisions = read_decisions(files.get(DECISIONS), [_stem(each) for each in LISTS], found)
    decided = {**decisions.merge, **(merge or {})}
    lists = {file: given for file in LISTS if (given := _given(file, files, decisions, found))}
    if not lists and POLLS not in files:
        found.problem(name, 0, "nothing_here", files=", ".join(FILES))
    columns: dict[str, Columns] = {}
    halls: list[HallRow] = []
    delegations: list[DelegationRow] = []
    meetings: list[MeetingRow] = []
    people: list[PersonRow] = []
    polls: list[PollRow] = []
    if HALLS in lists:
        halls, columns[lists[HALLS].name] = read_halls(lists[HALLS], found)
    if DELEGATIONS in lists:
        delegations, columns[lists[DELEGATIONS].name] = read_delegations(lists[DELEGATIONS], found)
    if PEOPLE in lists:
        people, columns[lists[PEOPLE].name] = read_people(lists[PEOPLE], found, decided)
    if PROGRAMME in lists:
        meetings, columns[lists[PROGRAMME].name] = read_programme(lists[PROGRAMME], found)
        meetings = [_same_people(meeting, decided) for meeting in meetings]
    if POLLS in files:
        polls, columns[POLLS] = read_polls(files[POLLS], found)
    plan = Plan(
        _event(files.get(EVENT), found), tuple(halls), tuple(delegations), tuple(people),
        tuple(meetings), tuple(polls), columns, names, tuple(found.all),
    )  # fmt: skip
    return compare(plan, look(cursor) if cursor is not None else There())


def _given(file: str, files: Mapping[str, bytes], decisions: Decisions, found: Findings) -> Given | None:
    """The file a list is read from: one of those that may hold it. That there are two is asked about."""
    stem, there = _stem(file), _candidates(file, files)
    for other in there[1:]:
        found.decision(other, 0, "beside", other=there[0])
    if not there:
        return None
    return Given(
        file, there[0], files[there[0]], decisions.encodings.get(stem, ""), decisions.columns.get(stem, {})
    )  # fmt: skip


def _candidates(file: str, files: Mapping[str, bytes]) -> list[str]:
    return [name for ending in ENDINGS if (name := _stem(file) + ending) in files]


def _stem(file: str) -> str:
    return file.partition(".")[0]


def _bytes(path: Path) -> bytes:
    """A file, or the beginning of one that is too large to be read in any case."""
    with path.open("rb") as file:
        return file.read(LIMIT_MB * 1_000_000 + 1)


def _same_people(meeting: MeetingRow, merge: Mapping[str, str]) -> MeetingRow:
    return replace(meeting, moderators=tuple(dict.fromkeys(merge.get(each, each) for each in meeting.moderators)))


def _event(data: bytes | None, found: Findings) -> EventRow | None:
    """event.json: {"key", "names": {"en": ...}, "zone", "languages": ["en", ...]}"""
    if data is None:
        return None
    given = read_object(EVENT, data, found)
    names = given.get("names")
    names = {la: clean(str(names[la]), 200) for la in OFFERED if names.get(la)} if isinstance(names, dict) else {}
    languages = given.get("languages", list(OFFERED))
    zone = str(given.get("zone") or "")
    try:
        ZoneInfo(zone or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        found.problem(EVENT, 0, "no_zone", value=zone)
    if not zone:
        found.problem(EVENT, 0, "zone_missing")
    if not names:
        found.problem(EVENT, 0, "text_missing", column="names")
    if not isinstance(languages, list) or not languages or not all(la in OFFERED for la in languages):
        found.problem(EVENT, 0, "not_a_word", column="languages", allowed=", ".join(OFFERED), value=str(languages))
        languages = list(OFFERED)
    return EventRow(clean(str(given.get("key", "event")), 60), names, zone, ",".join(dict.fromkeys(languages)))
