"""From a folder, or files that came another way, to a plan. Nothing is written here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from sqlite3 import Cursor
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from models.imports.comparing import compare
from models.imports.findings import Findings
from models.imports.halls import HALLS, PROGRAMME, read_halls, read_programme
from models.imports.people import DELEGATIONS, PEOPLE, read_delegations, read_people
from models.imports.plan import DECISIONS, EVENT, Plan
from models.imports.polls import POLLS, read_polls
from models.imports.rows import DelegationRow, EventRow, HallRow, MeetingRow, PersonRow, PollRow
from models.imports.tables import OFFERED, Columns, clean, decode
from models.imports.there import There, look

FILES = (HALLS, DELEGATIONS, PROGRAMME, PEOPLE, POLLS)


def read(folder: Path, cursor: Cursor | None = None, *, merge: Mapping[str, str] | None = None) -> Plan:
    """Read a folder and compare it with the database behind `cursor`, or with an empty one.

    `merge` says of a badge number which other one is the same person; `decisions.json` may say it, too. Raises OSError.
    """
    files = {name: path.read_bytes() for name in (*FILES, EVENT, DECISIONS) if (path := folder / name).is_file()}
    return parse(files, cursor, merge=merge, name=folder.resolve().name)


def parse(
    files: Mapping[str, bytes], cursor: Cursor | None = None, *, merge: Mapping[str, str] | None = None,
    name: str = "the folder",
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
        _event(files.get(EVENT), found), tuple(halls), tuple(delegations), tuple(people),
        tuple(meetings), tuple(polls), columns, tuple(found.all),
    )  # fmt: skip
    return compare(plan, look(cursor) if cursor is not None else There())


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
