"""A schedule of another program, or a calendar, instead of programme.csv: the same sessions, told of alike."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from models.imports.cells import OFFERED, Row
from models.imports.findings import Findings
from models.imports.frab import read_json, read_xml
from models.imports.halls import PROGRAMME
from models.imports.happenings import read_calendar
from models.imports.rooms import halls_of, made_of
from models.imports.rows import HallRow, MeetingRow, Texts
from models.imports.sheets import LIMIT_MB, Given, Unreadable
from models.imports.slots import Fields, Slot, Told, on_clock
from models.imports.tables import Columns
from models.imports.there import There
from models.imports.tidying import clean, hidden
from models.imports.words import kind_of

ABSTRACT = 4_000
"""Longest abstract, in characters."""
SCHEDULES = ("schedule.xml", "schedule.json", "programme.ics", "schedule.ics")
"""What a programme may be called where it is no list, in this order."""
_READERS: Mapping[str, Callable[[Given, Findings], tuple[list[Slot], Fields]]] = {
    "xml": read_xml, "json": read_json, "ics": read_calendar,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Around:
    """What a schedule does not say by itself."""

    zone: ZoneInfo
    languages: tuple[str, ...]
    """Of the event, in its order."""
    halls: Sequence[HallRow]
    """Of the folder and of the database."""
    may_make_halls: bool
    """Whether there is no list of halls at all."""
    there: There
    decided: Mapping[str, str] = field(default_factory=dict)
    """By room, the hall somebody named; "" leaves its sessions out."""


@dataclass(frozen=True, slots=True)
class Scheduled:
    meetings: list[MeetingRow] = field(default_factory=list)
    halls: list[HallRow] = field(default_factory=list)
    """Made from the rooms."""
    columns: Columns = field(default_factory=Columns)


def read_schedule(given: Given, around: Around, found: Findings) -> Scheduled:
    """The sessions of a schedule. Nothing of it enters where it cannot be read whole."""
    if given.columns:
        found.problem(given.file, 0, "header_absent", value=", ".join(given.columns))
    try:
        if len(given.data) > LIMIT_MB * 1_000_000:
            raise Unreadable("too_big", limit=LIMIT_MB)
        if not given.data.strip(b"\xef\xbb\xbf\x00 \t\r\n"):
            raise Unreadable("empty")
        slots, fields = _READERS[given.name.rpartition(".")[2]](given, found)
    except Unreadable as error:
        line = error.params.get("line", 0)
        found.problem(given.file, line if isinstance(line, int) else 0, error.key, **error.params)
        return Scheduled()
    columns = Columns(tuple(fields.kept), tuple(fields.dropped), len(slots))
    held = [slot for slot in slots if not _is_off(slot, around.there, found)]
    if not slots and not any(each.kind == "problem" and each.file == given.name for each in found.all):
        found.problem(given.file, 0, "no_slots")
    spoken = {id(slot): _spoken(slot, around, found) for slot in held}
    made: list[HallRow] = []
    if around.may_make_halls:
        by_room: dict[str, str] = {}
        for slot in held:
            by_room[slot.room] = f"{by_room.get(slot.room, '')},{spoken[id(slot)]}"
        made = made_of(held, around.languages[0], by_room, found)
    halls = halls_of(held, [*around.halls, *made], around.decided, found)
    unsaid: Counter[str] = Counter()
    meetings = []
    for slot in held:
        hall = halls[slot.room]
        if hall is None:
            Told(found, slot.n, slot.titled).note("room_left_out", room=slot.room)
        else:
            meetings.append(_meeting(slot, hall, spoken[id(slot)], around, unsaid, found))
    for language, n in unsaid.items():
        value = language or "no language"
        found.note(given.file, 0, "title_language", n=n, value=value, language=around.languages[0])
    _tell_zones(held, around.zone, given, found)
    return Scheduled(meetings, made, columns)


def _is_off(slot: Slot, there: There, found: Findings) -> bool:
    """Cancelling a session clears phones and screens, and is done by a person at a desk."""
    if slot.is_cancelled:
        known = slot.key in there.meetings and slot.key not in there.off
        Told(found, slot.n, slot.titled).note("cancelled_there" if known else "cancelled", key=slot.key)
    return slot.is_cancelled


def _spoken(slot: Slot, around: Around, found: Findings) -> str:
    """Its languages; where the schedule names none, those it has already, or else the event's first."""
    row = Row(PROGRAMME, slot.n, {"languages": slot.language}, found)
    for code in row.wished("languages"):
        if code not in OFFERED:
            Told(found, slot.n, slot.titled).note("language_not_offered", value=code[:40])
    old = around.there.meetings.get(slot.key)
    return ",".join(row.languages("languages")) or (old[1].languages if old else around.languages[0])


def _meeting(
    slot: Slot, hall: str, spoken: str, around: Around, unsaid: Counter[str], found: Findings
) -> MeetingRow:  # fmt: skip
    day, start, end = on_clock(slot.begin, slot.length, around.zone)
    told = Told(found, slot.n, slot.titled)
    if slot.length.total_seconds() <= 0 or (end and end <= start):
        told.problem("ends_before", start=start, end=end or "?")
    elif not end:
        told.problem("ends_late", start=start)
    old = around.there.meetings.get(slot.key)
    cells = _titles(slot, around, unsaid) | {"track": slot.track, "abstract": slot.abstract}
    for column, text in cells.items():
        if not text.isprintable() and (seen := hidden(text)):
            told.note("hidden_characters", column=column, value=seen)
    row = Row(PROGRAMME, slot.n, cells, found)
    abstract = "\n\n".join(
        filter(None, (clean(each, ABSTRACT) for each in re.split(r"\n\s*\n", _lines(slot.abstract))))
    )
    if len(slot.abstract) > ABSTRACT:
        told.note("shortened", column="abstract", n=len(slot.abstract), limit=ABSTRACT)
    return MeetingRow(
        key=slot.key,
        hall=hall,
        day=day,
        start=start,
        end=end,
        track=row.text("track", 60),
        kind=kind_of(slot.type) or "parallel",
        # A schedule speaks one language. What the others are called stays.
        titles=(old[1].titles if old else {}) | row.texts("title", 200),
        abstract=abstract[:ABSTRACT],
        languages=spoken,
        is_staffed=False,
        row=slot.n,
    )


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n")


def _titles(slot: Slot, around: Around, unsaid: Counter[str]) -> Texts:
    """As columns of a list: title_en. What is in no language of ours is put down to the event's first."""
    said = {language.split("-")[0].split("_")[0]: title for language, title in slot.titles.items() if title.strip()}
    titles = {language: title for language, title in said.items() if language in OFFERED}
    if said and not titles:
        own = re.split(r"[;,/|\s]+", slot.language.strip().lower())[0].split("-")[0].split("_")[0]
        language, title = next(iter(said.items()))
        written = language or own
        if written not in OFFERED:
            unsaid[written[:20]] += 1
            written = around.languages[0]
        titles = {written: title}
    return {f"title_{language}": _lines(title) for language, title in titles.items()}


def _tell_zones(slots: Sequence[Slot], zone: ZoneInfo, given: Given, found: Findings) -> None:
    """A schedule in another zone is most often a mistake of one setting, so it is said."""
    n = 0
    for slot in slots:
        ours = slot.begin.astimezone(zone) if slot.begin.tzinfo else None
        n += ours is not None and ours.replace(tzinfo=None) != slot.begin.replace(tzinfo=None)
    if n:
        found.note(given.file, 0, "zone_converted", n=n, zone=str(zone))
