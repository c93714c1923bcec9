"""programme.ics: an iCalendar file (RFC 5545), as calendars and conference tools export it.

Who is invited, who organises and what is attached is never looked into: it is named as left out.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from icalendar.parser import Contentline

from models.imports.decoding import decode, is_broken, shape
from models.imports.findings import Findings
from models.imports.sheets import CELL, Given, Unreadable
from models.imports.slots import SLOTS, Fields, Told
from models.imports.tables import WRONG
from models.imports.tidying import clean

LINES = 200_000
ZONES = 20
HEAD = 1_000
"""Characters before the value of a property."""
EXPECTED = "a calendar (iCalendar, .ics)"
WANTED = (
    "UID", "SUMMARY", "LOCATION", "DTSTART", "DTEND", "DURATION", "DESCRIPTION", "CATEGORIES", "STATUS", "SEQUENCE",
    "RRULE", "RDATE", "EXDATE", "RECURRENCE-ID",
)  # fmt: skip
_NAME = re.compile(r"([A-Za-z0-9-]+)\s*(?=[;:])")
_ESCAPED = re.compile(r"\\(.)")


@dataclass(frozen=True, slots=True)
class Value:
    """What a property says, escaped as it stands, and in which zone and language."""

    text: str
    zone: str = ""
    language: str = ""


@dataclass(slots=True)
class Entry:
    """One VEVENT. `values` by the name of the property."""

    n: int
    values: dict[str, list[Value]] = field(default_factory=dict)

    def first(self, name: str) -> Value:
        return self.values[name][0] if name in self.values else Value("")

    def text(self, name: str) -> str:
        return unescaped(self.first(name).text)

    @property
    def titled(self) -> str:
        return clean(self.text("SUMMARY"), 60)


@dataclass(slots=True)
class Calendar:
    """What a file holds. `zones` are its own time zones by name, as lines, `zone` is that of times without one."""

    entries: list[Entry] = field(default_factory=list)
    zones: dict[str, str] = field(default_factory=dict)
    zone: str = ""
    is_cancelled: bool = False


def read_entries(given: Given, found: Findings) -> tuple[Calendar, Fields]:
    """Everything in the file, and which properties there are. Raises Unreadable."""
    fields = Fields(WANTED)
    return _calendar(_lines(given, found), fields, found), fields


def _lines(given: Given, found: Findings) -> list[tuple[int, str]]:
    """The lines, unfolded, with the number of the first of those that make up one."""
    what = shape(given.data)
    if what and not what.startswith("a calendar"):
        raise Unreadable("another_shape", expected=EXPECTED, found=what)
    data = given.data
    if given.encoding or data[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\x00" in data[:64]:
        data = decode(data, given.encoding).text.encode("utf-8", "surrogatepass")
    if b"\n" not in data:
        data = data.replace(b"\r", b"\n")
    if data.count(b"\n") > LINES:
        raise Unreadable("too_many_lines", limit=LINES)
    begins: list[int] = []
    whole: list[list[bytes]] = []
    # Folded before letters were told: some break a line in the middle of one.
    for n, line in enumerate(data.split(b"\n"), 1):
        line = line.removesuffix(b"\r")
        if line[:1] in (b" ", b"\t") and whole:
            whole[-1].append(line[1:])
        elif line:
            begins.append(n)
            whole.append([line.replace(b"\r", b" ")])
    try:
        text = decode(b"\n".join(map(b"".join, whole)))
    except Unreadable as error:
        raise Unreadable(
            "calendar_encoding" if error.key == "encoding_unknown" else error.key, **error.params
        ) from None
    if text.told:
        found.note(given.file, 0, "read_as", encoding=text.told)
    lines = text.text.split("\n")
    first = lines[0].strip().upper() if lines else ""
    if first != "BEGIN:VCALENDAR":
        told = "an address card" if first == "BEGIN:VCARD" else what or clean(lines[0], 40) or "empty"
        raise Unreadable("another_shape", expected=EXPECTED, found=told)
    return list(zip(begins, lines, strict=True))


def _calendar(lines: Sequence[tuple[int, str]], fields: Fields, found: Findings) -> Calendar:
    calendar = Calendar()
    within: list[str] = []
    block: list[str] = []
    wrong = 0
    for n, line in lines:
        match = _NAME.match(line)
        name = match[1].upper() if match else ""
        if name == "BEGIN":
            within.append(line.partition(":")[2].strip().upper()[:40])
            if len(within) > 10:
                raise Unreadable("calendar_broken", line=n)
            if within == ["VCALENDAR", "VEVENT"]:
                if len(calendar.entries) >= SLOTS:
                    raise Unreadable("too_many_slots", limit=SLOTS)
                calendar.entries.append(Entry(n))
            elif within == ["VCALENDAR", "VTIMEZONE"]:
                block = []
            elif within[1:2] != ["VTIMEZONE"] and within != ["VCALENDAR"]:
                fields.see((within[-1],))
        elif not within:
            raise Unreadable("calendar_broken", line=n)
        if within[1:2] == ["VTIMEZONE"]:
            block.append(line)
        if name == "END":
            if within.pop() != line.partition(":")[2].strip().upper()[:40]:
                raise Unreadable("calendar_broken", line=n)
            if within == ["VCALENDAR"] and block:
                _keep_zone(calendar, block)
                block = []
        elif within == ["VCALENDAR", "VEVENT"] and name != "BEGIN":
            wrong += not _keep(calendar.entries[-1], name, line, n, fields, found)
            if wrong > WRONG:
                raise Unreadable("too_many_wrong", n=WRONG)
        elif within == ["VCALENDAR"] and name:
            value = line.partition(":")[2].strip()
            if name == "X-WR-TIMEZONE":
                calendar.zone = value[:100]
            elif name == "METHOD":
                calendar.is_cancelled = value.upper() == "CANCEL"
            elif name == "VERSION" and value == "1.0":
                raise Unreadable("another_shape", expected=EXPECTED, found="a vCalendar 1.0, which is older")
    if within:
        raise Unreadable("calendar_cut", value=within[-1])
    return calendar


def _keep_zone(calendar: Calendar, block: Sequence[str]) -> None:
    name = next((line.partition(":")[2].strip() for line in block if line.upper().startswith("TZID")), "")
    if len(calendar.zones) < ZONES:
        calendar.zones[name] = "\r\n".join(block) + "\r\n"


def _keep(entry: Entry, name: str, line: str, n: int, fields: Fields, found: Findings) -> bool:
    """Whether it could be read."""
    told = Told(found, n, entry.titled)
    if not name:
        told.problem("no_property", value=clean(line, 60))
        return False
    fields.see((name,))
    if name not in WANTED:
        return True
    if is_broken(line):
        told.problem("cell_not_utf8", column=name)
        return False
    if name == "DESCRIPTION":
        # What enters of it is much shorter.
        line = line[:CELL]
    if len(line) > CELL:
        told.problem("cell_too_long", column=name, limit=CELL)
        return False
    head, colon, value = line.partition(":")
    zone = language = ""
    if ";" in head:
        try:
            if len(head) > HEAD:
                raise ValueError("more parameters than any property has")
            _, given, value = Contentline(line).raw_parts()  # type: ignore[no-untyped-call]
        except ValueError:
            told.problem("no_property", value=clean(line, 60))
            return False
        zone, language = (_text(given.get(each)) for each in ("TZID", "LANGUAGE"))
    entry.values.setdefault(name, []).append(Value(value if colon else "", zone, language))
    return True


def _text(value: object) -> str:
    return value[:200] if isinstance(value, str) else ""


def unescaped(text: str) -> str:
    return _ESCAPED.sub(lambda match: "\n" if match[1] in "nN" else match[1], text)
