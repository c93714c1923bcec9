"""programme.ics: an iCalendar file (RFC 5545), as calendars and conference tools export it.

Who is invited, who organises and what is attached is never looked into: it is named as left out.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from icalendar import vDuration
from icalendar.parser import Contentline

from models.imports.decoding import decode, is_broken, shape
from models.imports.findings import Findings
from models.imports.repeats import RULES, Endless, ends, times
from models.imports.sheets import CELL, Given, Unreadable
from models.imports.slots import SLOTS, YEARS, Fields, Keys, Slot, Told, as_key, placed
from models.imports.tidying import clean
from models.imports.words import kind_of
from models.imports.zones import Zones

LINES = 200_000
WRONG = 200
ZONES = 20
EXPECTED = "a calendar (iCalendar, .ics)"
WANTED = (
    "UID", "SUMMARY", "LOCATION", "DTSTART", "DTEND", "DURATION", "DESCRIPTION", "CATEGORIES", "STATUS", "SEQUENCE",
    "RRULE", "RDATE", "EXDATE", "RECURRENCE-ID",
)  # fmt: skip
_NAME = re.compile(r"([A-Za-z0-9-]+)\s*(?=[;:])")
_MOMENT = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})(?:T([0-9]{2})([0-9]{2})(?:[0-9]{2})?(Z?))?")
_LENGTH = re.compile(r"\+?P(?=.)(?:[0-9]{1,3}W)?(?:[0-9]{1,3}D)?(?:T(?:[0-9]{1,5}H)?(?:[0-9]{1,6}M)?(?:[0-9]{1,6}S)?)?")
_ESCAPED = re.compile(r"\\(.)")


K = TypeVar("K")


@dataclass(frozen=True, slots=True)
class _Value:
    text: str
    zone: str = ""
    language: str = ""


@dataclass(slots=True)
class _Entry:
    """One VEVENT. `values` by the name of the property."""

    n: int
    values: dict[str, list[_Value]] = field(default_factory=dict)

    def first(self, name: str) -> _Value:
        return self.values[name][0] if name in self.values else _Value("")

    def text(self, name: str) -> str:
        return _unescaped(self.first(name).text)


@dataclass(slots=True)
class _Calendar:
    entries: list[_Entry] = field(default_factory=list)
    zones: dict[str, str] = field(default_factory=dict)
    zone: str = ""
    is_cancelled: bool = False


def read_calendar(given: Given, found: Findings) -> tuple[list[Slot], Fields]:
    """Raises Unreadable."""
    fields = Fields(WANTED)
    calendar = _calendar(_lines(given, found), fields, found)
    reading = _Reading(calendar, found)
    return reading.slots(), fields


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
    text = decode(b"\n".join(map(b"".join, whole)))
    if text.told:
        found.note(given.file, 0, "read_as", encoding=text.told)
    lines = text.text.split("\n")
    first = lines[0].strip().upper() if lines else ""
    if first != "BEGIN:VCALENDAR":
        told = "an address card" if first == "BEGIN:VCARD" else what or clean(lines[0], 40) or "empty"
        raise Unreadable("another_shape", expected=EXPECTED, found=told)
    return list(zip(begins, lines, strict=True))


def _calendar(lines: Sequence[tuple[int, str]], fields: Fields, found: Findings) -> _Calendar:
    calendar = _Calendar()
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
                calendar.entries.append(_Entry(n))
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


def _keep_zone(calendar: _Calendar, block: Sequence[str]) -> None:
    name = next((line.partition(":")[2].strip() for line in block if line.upper().startswith("TZID")), "")
    if len(calendar.zones) < ZONES:
        calendar.zones[name] = "\r\n".join(block) + "\r\n"


def _keep(entry: _Entry, name: str, line: str, n: int, fields: Fields, found: Findings) -> bool:
    """Whether it could be read."""
    told = Told(found, n, _of(entry))
    if not name:
        told.problem("no_property", value=clean(line, 60))
        return False
    fields.see((name,))
    if name not in WANTED:
        return True
    if is_broken(line):
        told.problem("cell_not_utf8", column=name)
        return False
    if len(line) > CELL:
        told.problem("cell_too_long", column=name, limit=CELL)
        return False
    head, colon, value = line.partition(":")
    zone = language = ""
    if ";" in head:
        try:
            _, given, value = Contentline(line).parts()  # type: ignore[no-untyped-call]
        except ValueError:
            told.problem("no_property", value=clean(line, 60))
            return False
        zone, language = (_text(given.get(each)) for each in ("TZID", "LANGUAGE"))
    entry.values.setdefault(name, []).append(_Value(value if colon else "", zone, language))
    return True


def _text(value: object) -> str:
    return value[:200] if isinstance(value, str) else ""


def _unescaped(text: str) -> str:
    return _ESCAPED.sub(lambda match: "\n" if match[1] in "nN" else match[1], text)


def _of(entry: _Entry) -> str:
    return clean(entry.text("SUMMARY"), 60)


@dataclass(frozen=True, slots=True)
class _Moment:
    at: datetime
    is_day: bool = False

    @property
    def mark(self) -> tuple[bool, datetime]:
        """Equal where it is the same moment, whatever zone it was written in."""
        if self.at.tzinfo is None:
            return False, self.at
        return True, self.at.astimezone(UTC).replace(tzinfo=None)


class _Reading:
    """From what stands there to what takes place."""

    def __init__(self, calendar: _Calendar, found: Findings) -> None:
        self._calendar, self._found = calendar, found
        self._zones = Zones(calendar.zones)
        self._keys = Keys()
        self._rules = self._n = 0

    def slots(self) -> list[Slot]:
        alone, moved = self._sorted()
        slots: list[Slot] = []
        for uid, entry in alone.items():
            slots += self._taking_place(entry, uid, moved.pop(uid, {}))
        for uid, others in moved.items():
            # Of something that repeats only single days are there, as in an excerpt.
            for at, entry in others.items():
                slots += self._one(entry, uid, at)
        return slots

    def _sorted(self) -> tuple[dict[str, _Entry], dict[str, dict[_Moment, _Entry]]]:
        """By UID what stands for itself, and what replaces one day of it."""
        alone: dict[str, _Entry] = {}
        moved: dict[str, dict[_Moment, _Entry]] = {}
        for entry in self._calendar.entries:
            told = self._told(entry)
            uid = entry.text("UID").strip()
            if not as_key(uid):
                told.problem("no_identifier", value="UID")
            elif "RECURRENCE-ID" in entry.values:
                at = self._moment(entry, "RECURRENCE-ID", told)
                if at:
                    self._put(moved.setdefault(uid, {}), at, entry, told)
            else:
                self._put(alone, uid, entry, told)
        return alone, moved

    @staticmethod
    def _put(kept: dict[K, _Entry], key: K, entry: _Entry, told: Told) -> None:
        other = kept.get(key)
        if other is None:
            kept[key] = entry
        elif other.values == entry.values:
            told.note("row_twice", first=other.n)
        elif (version := _version(entry)) != _version(other):
            told.note("newer_taken", first=other.n)
            if version > _version(other):
                kept[key] = entry
        else:
            told.problem("twice", column="UID", value=clean(entry.text("UID"), 60), first=other.n)

    def _taking_place(self, entry: _Entry, uid: str, moved: dict[_Moment, _Entry]) -> list[Slot]:
        told = self._told(entry)
        first = self._moment(entry, "DTSTART", told)
        if first is None:
            return []
        if not any(name in entry.values for name in ("RRULE", "RDATE")):
            slots = self._one(entry, uid, None)
            for at, other in moved.items():
                slots += self._one(other, uid, at)
            return slots
        if first.is_day:
            told.note("all_day")
            return []
        try:
            every = self._times(entry, first, told)
        except Endless as error:
            told.problem(error.key, **error.params)
            return []
        slots = []
        instead = {at.mark: (at, other) for at, other in moved.items() if not at.is_day}
        instead_days = {at.at.date(): (at, other) for at, other in moved.items() if at.is_day}
        for at in every:
            replaced = instead.pop(at.mark, None) or instead_days.pop(at.at.date(), None)
            slots += self._one(replaced[1], uid, at) if replaced else self._one(entry, uid, at, begin=at)
        for at, other in (*instead.values(), *instead_days.values()):
            slots += self._one(other, uid, at)
        return slots

    def _times(self, entry: _Entry, first: _Moment, told: Told) -> list[_Moment]:
        """Raises Endless."""
        zone, local = first.at.tzinfo, first.at.replace(tzinfo=None)
        found = {first.mark: first}
        for rule in entry.values.get("RRULE", ()):
            self._rules += 1
            if self._rules > RULES or len(entry.values["RRULE"]) > 1:
                raise Endless("repeats_so", value=clean(rule.text, 60))
            until, count = self._until(rule, first, told), ends(rule.text.upper()).get("COUNT", "")
            for each in times(local, rule.text.upper(), until, int(count) if count[:6].isdecimal() else None):
                at = _Moment(each.replace(tzinfo=zone))
                found[at.mark] = at
        for value in (part for each in entry.values.get("RDATE", ()) for part in _parts(each)):
            at_date = self._at(value, told, "RDATE")
            if at_date is None or at_date.is_day:
                raise Endless("repeats_so", value=clean(value.text, 60))
            found[at_date.mark] = at_date
            if len(found) > SLOTS:
                raise Endless("repeats_often", limit=SLOTS)
        for value in (part for each in entry.values.get("EXDATE", ()) for part in _parts(each)):
            out = self._at(value, told, "EXDATE")
            if out and out.is_day:
                found = {mark: at for mark, at in found.items() if at.at.date() != out.at.date()}
            elif out:
                found.pop(out.mark, None)
        return sorted(found.values(), key=lambda at: at.mark)

    def _until(self, rule: _Value, first: _Moment, told: Told) -> datetime | None:
        written = ends(rule.text.upper()).get("UNTIL")
        if written is None:
            return None
        until = self._at(_Value(written), told, "UNTIL")
        if until is None:
            raise Endless("repeats_so", value=clean(rule.text, 60))
        if until.is_day:
            return until.at + timedelta(days=1, seconds=-1)
        at = until.at.astimezone(first.at.tzinfo) if until.at.tzinfo and first.at.tzinfo else until.at
        return at.replace(tzinfo=None)

    def _one(self, entry: _Entry, uid: str, of: _Moment | None, begin: _Moment | None = None) -> list[Slot]:
        """What takes place once. `of` is the time that the calendar first had for it, where it repeats."""
        told = self._told(entry)
        first = self._moment(entry, "DTSTART", told)
        length = self._length(entry, first, told) if first else None
        if first is None or length is None:
            return []
        if first.is_day:
            told.note("all_day")
            return []
        digest = hashlib.sha256(uid.encode("utf-8", "surrogatepass")).hexdigest()
        key = as_key(uid.rpartition("@")[0] or uid) or as_key(uid)
        key = key if len(key) <= 46 else f"{key[:33]}-{digest[:12]}"
        if of:
            key += f"-{of.at:%Y%m%d}" if of.is_day else f"-{of.at:%Y%m%d-%H%M}"
        key = self._keys.take(key, digest)
        self._n += 1
        if self._n > SLOTS:
            raise Unreadable("too_many_slots", limit=SLOTS)
        if not key:
            told.problem("stands_twice", value=clean(uid, 60))
            return []
        sorts = [_unescaped(text) for each in entry.values.get("CATEGORIES", ()) for text in _comma(each.text)]
        titles = {each.language.lower(): _unescaped(each.text) for each in reversed(entry.values.get("SUMMARY", []))}
        is_off = self._calendar.is_cancelled or entry.text("STATUS").strip().upper() == "CANCELLED"
        return [
            Slot(
                entry.n, key, clean(entry.text("LOCATION"), 200), (begin or first).at, length, titles, told.of,
                track=next((each for each in sorts if not kind_of(each)), ""),
                type=next((each for each in sorts if kind_of(each)), ""),
                abstract=entry.text("DESCRIPTION"), is_cancelled=is_off,
            )
        ]  # fmt: skip

    def _length(self, entry: _Entry, first: _Moment, told: Told) -> timedelta | None:
        if first.is_day:
            return timedelta(0)
        if "DTEND" in entry.values:
            end = self._moment(entry, "DTEND", told)
            if end is None:
                return None
            if end.is_day or (end.at.tzinfo is None) != (first.at.tzinfo is None):
                told.problem("not_a_moment", column="DTEND", value=clean(entry.first("DTEND").text, 60))
                return None
            return end.mark[1] - first.mark[1]
        written = entry.first("DURATION").text.strip().upper()
        try:
            if not _LENGTH.fullmatch(written):
                raise ValueError(written)
            length: timedelta = vDuration.from_ical(written)  # type: ignore[no-untyped-call]
        except (ValueError, OverflowError):
            told.problem("not_a_length", column="DTEND, DURATION", value=clean(written, 60) or "nothing")
            return None
        return length

    def _moment(self, entry: _Entry, name: str, told: Told) -> _Moment | None:
        """None where it is none, which is told."""
        if name not in entry.values:
            told.problem("missing", column=name)
            return None
        return self._at(entry.first(name), told, name)

    def _at(self, value: _Value, told: Told, name: str) -> _Moment | None:
        match = _MOMENT.fullmatch(value.text.strip().upper())
        try:
            if match is None:
                raise ValueError(value.text)
            at = datetime(int(match[1]), int(match[2]), int(match[3]), int(match[4] or 0), int(match[5] or 0))
            if at.year not in YEARS:
                raise ValueError(value.text)
        except ValueError:
            told.problem("not_a_moment", column=name, value=clean(value.text, 60) or "nothing")
            return None
        if match[4] is None:
            return _Moment(at, is_day=True)
        if match[6]:
            return _Moment(at.replace(tzinfo=UTC))
        where = value.zone or self._calendar.zone
        zone = self._zones.get(where) if where else None
        if where and zone is None:
            told.problem("zone_unknown", value=clean(where, 60))
            return None
        return _Moment(placed(at, zone))

    def _told(self, entry: _Entry) -> Told:
        return Told(self._found, entry.n, _of(entry))


def _version(entry: _Entry) -> int:
    text = entry.first("SEQUENCE").text.strip()
    return int(text) if text[:9].isdecimal() and len(text) < 9 else 0


def _parts(value: _Value) -> list[_Value]:
    return [replace(value, text=part) for part in value.text.split(",")[:SLOTS]]


def _comma(text: str) -> list[str]:
    """Parted at commas that stand for themselves."""
    return re.findall(r"(?:\\.|[^,\\])+", text)
