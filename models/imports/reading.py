"""From a folder, or files that came another way, to a plan. Nothing is written here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
from models.imports.schedules import SCHEDULES, Around, read_schedule
from models.imports.sheets import LIMIT_MB, Given
from models.imports.slots import zone_of
from models.imports.tables import Columns
from models.imports.there import There, look
from models.imports.tidying import clean

LISTS = (HALLS, DELEGATIONS, PROGRAMME, PEOPLE)
FILES = (*LISTS, POLLS)
ENDINGS = (".csv", ".tsv", ".txt", ".xlsx", ".xls", ".ods")
"""Under which a list is looked for; the latter two are named and refused."""


def read(
    folder: Path, cursor: Cursor | None = None, *, merge: Mapping[str, str] | None = None,
    decided: Decisions | None = None,
) -> Plan:  # fmt: skip
    """Read a folder and compare it with the database behind `cursor`, or with an empty one.

    `merge` says of a badge number which other one is the same person. It and everything else that `decisions.json` may
    say may be `decided` here, which goes before the file. Raises OSError.
    """
    names = [name for file in LISTS for name in _names(file)]
    files = {name: _bytes(path) for name in (*names, POLLS, EVENT, DECISIONS) if (path := folder / name).is_file()}
    return parse(files, cursor, merge=merge, decided=decided, name=folder.resolve().name)


def parse(
    files: Mapping[str, bytes], cursor: Cursor | None = None, *, merge: Mapping[str, str] | None = None,
    decided: Decisions | None = None, name: str = "the folder",
) -> Plan:  # fmt: skip
    """The same for files that came another way."""
    names = {file: here[0] for file in LISTS if (here := _candidates(file, files))}
    found = Findings(names)
    decisions = read_decisions(files.get(DECISIONS), STEMS, found)
    decisions = decisions.with_more(decided or Decisions()).with_more(Decisions(merge or {}))
    there = look(cursor) if cursor is not None else There()
    event = _event(files.get(EVENT), found)
    lists = {file: each for file in LISTS if (each := _given(file, files, decisions, found))}
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
        people, columns[lists[PEOPLE].name] = read_people(lists[PEOPLE], found, decisions.merge)
    given = lists.get(PROGRAMME)
    if given and given.name in SCHEDULES:
        scheduled = read_schedule(given, _around(event, there, halls, HALLS in lists, decisions), found)
        meetings, columns[given.name] = scheduled.meetings, scheduled.columns
        halls += scheduled.halls
    elif given:
        meetings, columns[given.name] = read_programme(given, found)
        meetings = [_same_people(meeting, decisions.merge) for meeting in meetings]
    if POLLS in files:
        polls, columns[POLLS] = read_polls(files[POLLS], found)
    plan = Plan(
        event, tuple(halls), tuple(delegations), tuple(people),
        tuple(meetings), tuple(polls), columns, names, tuple(found.all),
    )  # fmt: skip
    return compare(plan, there)


def _around(
    event: EventRow | None, there: There, halls: Sequence[HallRow], is_listed: bool, decisions: Decisions
) -> Around:  # fmt: skip
    """What a schedule does not say itself: zone and languages of the event, and which halls there are."""
    event = event or there.event
    known = {key: row for key, (_, row) in there.halls.items()} | {hall.key: hall for hall in halls}
    return Around(
        (zone_of(event.zone) if event else None) or ZoneInfo("UTC"),
        tuple(event.languages.split(",")) if event else OFFERED,
        tuple(known.values()), not known and not is_listed, there, decisions.halls,
    )  # fmt: skip


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
    return [name for name in _names(file) if name in files]


def _names(file: str) -> list[str]:
    """How a list may be called, the one that is read first at the front."""
    return [*(_stem(file) + ending for ending in ENDINGS), *(SCHEDULES if file == PROGRAMME else ())]


def _stem(file: str) -> str:
    return file.partition(".")[0]


STEMS = tuple(map(_stem, LISTS))


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
