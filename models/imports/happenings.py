"""From the entries of a calendar to what takes place: once, again and again, instead of another time, or not at all."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from icalendar import vDuration

from models.imports.calendars import Calendar, Entry, Value, read_entries, unescaped
from models.imports.findings import Findings
from models.imports.repeats import RULES, Endless, ends, times
from models.imports.sheets import Given, Unreadable
from models.imports.slots import SLOTS, YEARS, Fields, Keys, Slot, Told, as_key, placed
from models.imports.tidying import clean
from models.imports.words import kind_of
from models.imports.zones import Zones

_MOMENT = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})(?:T([0-9]{2})([0-9]{2})(?:[0-9]{2})?(Z?))?")
_LENGTH = re.compile(r"\+?P(?=.)(?:[0-9]{1,3}W)?(?:[0-9]{1,3}D)?(?:T(?:[0-9]{1,5}H)?(?:[0-9]{1,6}M)?(?:[0-9]{1,6}S)?)?")
KEY = 46
"""Longest identifier that is taken as it stands, so that the time of what repeats fits behind it."""
K = TypeVar("K")


def read_calendar(given: Given, found: Findings) -> tuple[list[Slot], Fields]:
    """Raises Unreadable."""
    calendar, fields = read_entries(given, found)
    return _Reading(calendar, found).slots(), fields


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

    def __init__(self, calendar: Calendar, found: Findings) -> None:
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

    def _sorted(self) -> tuple[dict[str, Entry], dict[str, dict[_Moment, Entry]]]:
        """By UID what stands for itself, and what replaces one day of it."""
        alone: dict[str, Entry] = {}
        moved: dict[str, dict[_Moment, Entry]] = {}
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
    def _put(kept: dict[K, Entry], key: K, entry: Entry, told: Told) -> None:
        other = kept.get(key)
        if other is None:
            kept[key] = entry
        elif other.values == entry.values:
            told.note("entry_twice", first=other.n)
        elif (version := _version(entry)) != _version(other):
            told.note("newer_taken", first=other.n)
            if version > _version(other):
                kept[key] = entry
        else:
            told.problem("same_uid", value=clean(entry.text("UID"), 60), first=other.n)

    def _taking_place(self, entry: Entry, uid: str, moved: dict[_Moment, Entry]) -> list[Slot]:
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
        if self._length(entry, first, told) is None:
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

    def _times(self, entry: Entry, first: _Moment, told: Told) -> list[_Moment]:
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
            # Said in the zone of the first time, by whose clock the others are known.
            found[at_date.mark] = _Moment(at_date.at.astimezone(zone)) if zone and at_date.at.tzinfo else at_date
            if len(found) > SLOTS:
                raise Endless("repeats_often", limit=SLOTS)
        for value in (part for each in entry.values.get("EXDATE", ()) for part in _parts(each)):
            out = self._at(value, told, "EXDATE")
            if out and out.is_day:
                found = {mark: at for mark, at in found.items() if at.at.date() != out.at.date()}
            elif out:
                found.pop(out.mark, None)
        return sorted(found.values(), key=lambda at: at.mark)

    def _until(self, rule: Value, first: _Moment, told: Told) -> datetime | None:
        written = ends(rule.text.upper()).get("UNTIL")
        if written is None:
            return None
        until = self._at(Value(written), told, "UNTIL")
        if until is None:
            raise Endless("repeats_so", value=clean(rule.text, 60))
        if until.is_day:
            return until.at + timedelta(days=1, seconds=-1)
        at = until.at.astimezone(first.at.tzinfo) if until.at.tzinfo and first.at.tzinfo else until.at
        return at.replace(tzinfo=None)

    def _one(self, entry: Entry, uid: str, of: _Moment | None, begin: _Moment | None = None) -> list[Slot]:
        """What takes place once. `of` is the time that the calendar first had for it, where it repeats."""
        told = self._told(entry)
        first = self._moment(entry, "DTSTART", told)
        length = self._length(entry, first, told) if first else None
        if first is None or length is None:
            return []
        if first.is_day:
            told.note("all_day")
            return []
        key = self._key(uid, of)
        self._n += 1
        if self._n > SLOTS:
            raise Unreadable("too_many_slots", limit=SLOTS)
        if not key:
            told.problem("stands_twice", value=clean(uid, 60))
            return []
        sorts = [unescaped(text) for each in entry.values.get("CATEGORIES", ()) for text in _comma(each.text)]
        titles = {each.language.lower(): unescaped(each.text) for each in reversed(entry.values.get("SUMMARY", []))}
        is_off = self._calendar.is_cancelled or entry.text("STATUS").strip().upper() == "CANCELLED"
        return [
            Slot(
                entry.n, key, clean(entry.text("LOCATION"), 200), (begin or first).at, length, titles, told.titled,
                track=next((each for each in sorts if not kind_of(each)), ""),
                type=next((each for each in sorts if kind_of(each)), ""),
                abstract=entry.text("DESCRIPTION"), is_cancelled=is_off,
            )
        ]  # fmt: skip

    def _key(self, uid: str, of: _Moment | None) -> str:
        """What stands before the @, which calendars add for the whole world; cut where it is too long."""
        digest = hashlib.sha256(uid.encode("utf-8", "surrogatepass")).hexdigest()
        key = as_key(uid.rpartition("@")[0] or uid) or as_key(uid)
        key = key if len(key) <= KEY else f"{key[:33]}-{digest[:12]}"
        if of:
            key += f"-{of.at:%Y%m%d}" if of.is_day else f"-{of.at:%Y%m%d-%H%M}"
        return self._keys.take(key, digest)

    def _length(self, entry: Entry, first: _Moment, told: Told) -> timedelta | None:
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

    def _moment(self, entry: Entry, name: str, told: Told) -> _Moment | None:
        """None where it is none, which is told."""
        if name not in entry.values:
            told.problem("missing", column=name)
            return None
        return self._at(entry.first(name), told, name)

    def _at(self, value: Value, told: Told, name: str) -> _Moment | None:
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

    def _told(self, entry: Entry) -> Told:
        return Told(self._found, entry.n, entry.titled)


def _version(entry: Entry) -> int:
    text = entry.first("SEQUENCE").text.strip()
    return int(text) if text[:9].isdecimal() and len(text) < 9 else 0


def _parts(value: Value) -> list[Value]:
    return [replace(value, text=part) for part in value.text.split(",")[:SLOTS]]


def _comma(text: str) -> list[str]:
    """Parted at commas that stand for themselves."""
    return re.findall(r"(?:\\.|[^,\\])+", text)
