"""schedule.xml and schedule.json, as frab and pretalx export them.

Speakers, recordings, links and attachments are never looked into: they are named as left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from xml.etree.ElementTree import ParseError

import msgspec
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from models.imports.decoding import BY_HAND, decode, shape
from models.imports.findings import Findings
from models.imports.sheets import CELL, Given, Unreadable
from models.imports.slots import SLOTS, YEARS, Fields, Keys, Slot, Told, as_key, placed, span, zone_of
from models.imports.tidying import clean

PIECE = 1 << 16
ELEMENTS = 250_000
"""Of a whole file: 5,000 sessions with 50 each."""
DEPTH = 60
"""Elements within each other; a schedule has eight."""
TAG = 1_000_000
"""Bytes of a tag."""
WANTED = (
    "date", "start", "duration", "room", "guid", "id", "code", "slug", "title", "track", "type", "language", "abstract",
    "description",
)  # fmt: skip
LONG = ("abstract", "description")
"""What may be longer than a cell, since much less of it enters."""
EXPECTED = "a schedule as frab or pretalx exports it"
Texts = Mapping[str, str]


@dataclass(slots=True)
class _Day:
    date: str = ""
    start: str = ""
    """When it begins: what is earlier by the clock belongs to the next date."""


@dataclass(slots=True)
class _Entry:
    n: int
    day: _Day
    room: str
    fields: dict[str, str] = field(default_factory=dict)
    titles: dict[str, str] = field(default_factory=dict)
    too_long: list[str] = field(default_factory=list)
    odd: list[str] = field(default_factory=list)


def read_xml(given: Given, found: Findings) -> tuple[list[Slot], Fields]:
    """Raises Unreadable."""
    fields = Fields(WANTED)
    target = _Schedule(fields)
    encoding = BY_HAND[given.encoding].removesuffix("-sig") if given.encoding else None
    parser = DefusedXMLParser(target=target, encoding=encoding, forbid_dtd=True)
    target.line = lambda: int(parser.parser.CurrentLineNumber)
    try:
        for at in range(0, len(given.data), PIECE):
            parser.feed(given.data[at : at + PIECE])
            # A tag that does not end is read anew with every piece.
            if at - parser.parser.CurrentByteIndex > TAG:
                raise Unreadable("not_xml", line=target.line(), why="a tag does not end")
        parser.close()
    except DefusedXmlException:
        what = shape(given.data)
        told = what if what == "a web page" else "XML that declares a document type or entities"
        raise Unreadable("another_shape", expected=EXPECTED, found=told) from None
    except ParseError as error:
        if not target.seen:
            what = shape(given.data)
            if what != "XML":
                raise Unreadable("another_shape", expected=EXPECTED, found=what or "no XML") from None
        raise Unreadable("not_xml", line=error.position[0], why=re.sub(r": line.*", "", str(error))) from None
    except (LookupError, ValueError) as error:
        # An encoding that is named and does not exist.
        raise Unreadable("not_xml", line=1, why=str(error)[:80]) from None
    return _slots(target.entries, target.zone, found), fields


class _Schedule:
    """What the parser tells, element by element. Only texts of wanted elements are kept."""

    def __init__(self, fields: Fields) -> None:
        self.entries: list[_Entry] = []
        self.zone = ""
        self.line: Callable[[], int] = lambda: 0
        self.seen = False
        self._fields = fields
        self._path: list[str] = []
        self._left = ELEMENTS
        self._day, self._room = _Day(), ""
        self._text: list[str] | None = None
        self._size = 0
        self._language = ""

    def start(self, tag: str, given: dict[str, str]) -> None:
        self._left -= 1
        if self._left < 0:
            raise Unreadable("too_many_elements", limit=ELEMENTS)
        name = tag.rpartition("}")[2]
        path = self._path
        path.append(name)
        depth = len(path)
        if depth > DEPTH:
            raise Unreadable("not_xml", line=self.line(), why="nested too deeply")
        if depth == 1:
            self.seen = True
            if name != "schedule":
                what = "a web page" if name.lower() == "html" else f"XML that begins with <{clean(name, 40)}>"
                raise Unreadable("another_shape", expected=EXPECTED, found=what)
        elif path[1] == "conference":
            if depth == 3 and name == "time_zone_name":
                self._text, self._size = [], 0
        elif path[1] != "day":
            return
        elif depth == 2:
            self._day = _Day(given.get("date", ""), given.get("start", ""))
        elif depth == 3:
            self._room = given.get("name", "") if name == "room" else ""
        elif depth == 4 and name == "event":
            if len(self.entries) >= SLOTS:
                raise Unreadable("too_many_slots", limit=SLOTS)
            self.entries.append(_Entry(self.line(), self._day, self._room))
            self._fields.see(given)
            self.entries[-1].fields |= {key: given[key][:CELL] for key in ("guid", "id", "code") if key in given}
        elif depth == 5 and path[3] == "event":
            self._fields.see((name,))
            if name in WANTED:
                self._text, self._size = [], 0
                self._language = given.get("{http://www.w3.org/XML/1998/namespace}lang", "")

    def data(self, text: str) -> None:
        if self._text is not None and len(self._path) in (3, 5):
            if self._size < CELL:
                self._text.append(text[: CELL - self._size])
            self._size += len(text)

    def end(self, _tag: str) -> None:
        name, depth = self._path.pop(), len(self._path) + 1
        if self._text is None or depth not in (3, 5):
            return
        text, self._text = "".join(self._text), None
        if depth == 3:
            self.zone = text.strip()
            return
        entry = self.entries[-1]
        if self._size > CELL and name not in LONG:
            entry.too_long.append(name)
        elif name == "title":
            entry.titles.setdefault(self._language.lower(), text)
        elif name not in entry.fields:
            entry.fields[name] = text

    def close(self) -> None:
        pass


class _JsonDay(msgspec.Struct):
    rooms: dict[str, list[dict[str, msgspec.Raw]]]
    date: Any = ""
    day_start: Any = ""


class _Conference(msgspec.Struct):
    days: list[_JsonDay]
    time_zone_name: Any = ""


class _Plan(msgspec.Struct):
    conference: _Conference


class _File(msgspec.Struct):
    schedule: _Plan


def read_json(given: Given, found: Findings) -> tuple[list[Slot], Fields]:
    """Raises Unreadable. Entries are counted, for nobody finds a line in JSON."""
    what = shape(given.data)
    if what and what != "JSON":
        raise Unreadable("another_shape", expected=EXPECTED, found=what)
    data = decode(given.data, given.encoding).text.encode() if given.encoding else given.data
    data = data.removeprefix(b"\xef\xbb\xbf")
    try:
        data.decode()
    except UnicodeDecodeError:
        raise Unreadable("not_utf8") from None
    if data.count(b",") + data.count(b"{") + data.count(b"[") > ELEMENTS:
        raise Unreadable("too_many_elements", limit=ELEMENTS)
    try:
        file = msgspec.json.decode(data, type=_File)
    except msgspec.ValidationError as error:
        expected = f"{EXPECTED}, with schedule, conference and days"
        first = {b"[": "a JSON list", b'"': "a JSON text"}.get(data.lstrip()[:1])
        raise Unreadable("another_shape", expected=expected, found=first or f"JSON that differs: {error}") from None
    except msgspec.DecodeError as error:
        if not what:
            raise Unreadable("another_shape", expected=EXPECTED, found="no JSON") from None
        raise Unreadable("not_json", why=str(error)) from None
    except RecursionError:
        raise Unreadable("not_json", why="nested too deeply") from None
    fields = Fields(WANTED)
    entries: list[_Entry] = []
    for day in file.schedule.conference.days:
        for room, events in day.rooms.items():
            for event in events:
                entries.append(_entry(len(entries) + 1, _Day(_str(day.date), _str(day.day_start)), room, event, fields))
                if len(entries) > SLOTS:
                    raise Unreadable("too_many_slots", limit=SLOTS)
    return _slots(entries, _str(file.schedule.conference.time_zone_name), found), fields


def _entry(n: int, day: _Day, room: str, event: Mapping[str, msgspec.Raw], fields: Fields) -> _Entry:
    fields.see(event)
    entry = _Entry(n, day, room)
    for name in WANTED:
        if name not in event:
            continue
        try:
            value = msgspec.json.decode(event[name], type=str | int | None | dict[str, str | None])
        except (msgspec.DecodeError, RecursionError):
            entry.odd.append(name)
            continue
        texts = value if isinstance(value, dict) else {"": str(value) if value not in (None, "") else ""}
        if name in LONG:
            texts = {language: (text or "")[:CELL] for language, text in texts.items()}
        if any(len(text or "") > CELL for text in texts.values()):
            entry.too_long.append(name)
        elif name == "title":
            entry.titles = {language.lower(): text for language, text in texts.items() if text}
        else:
            entry.fields[name] = next((text for text in texts.values() if text), "")
    return entry


def _str(value: object) -> str:
    return value if isinstance(value, str) else ""


def _slots(entries: list[_Entry], zone: str, found: Findings) -> list[Slot]:
    keys, where = Keys(), zone_of(zone)
    slots = []
    for entry in entries:
        told = Told(found, entry.n, _named(entry))
        slot = _slot(entry, keys, told)
        if slot and zone and where is None and slot.begin.tzinfo is None:
            told.problem("zone_unknown", value=clean(zone, 60))
        elif slot:
            slots.append(slot if slot.begin.tzinfo else replace(slot, begin=placed(slot.begin, where)))
    return slots


def _named(entry: _Entry) -> str:
    return clean(next(iter(entry.titles.values()), ""), 60)


def _slot(entry: _Entry, keys: Keys, told: Told) -> Slot | None:
    """None where it cannot be one, which is told."""
    given = entry.fields
    for name in entry.too_long:
        told.problem("cell_too_long", column=name, limit=CELL)
    for name in entry.odd:
        told.note("field_odd", column=name)
    begin, length = _begin(entry, told), span(given.get("duration", ""))
    if length is None:
        told.problem("not_a_length", column="duration", value=clean(given.get("duration", ""), 60) or "nothing")
    ids = [as_key(given.get(name, "")) for name in ("code", "guid", "id", "slug")]
    key = next((each for each in ids if each), "")
    if not key:
        told.problem("no_identifier", value="code, guid, id, slug")
    elif len(key) > 60:
        told.problem("bad_key", column="guid", limit=60, value=key)
    elif not (key := keys.take(key, ids[1] or ids[2])):
        told.problem("stands_twice", value=next(each for each in ids if each))
    if begin is None or length is None or not key or len(key) > 60 or entry.too_long:
        return None
    return Slot(
        entry.n, key, clean(given.get("room", "") or entry.room, 200), begin, length, entry.titles, told.titled,
        given.get("track", ""), given.get("type", ""), given.get("language", ""),
        given.get("abstract", "").strip() or given.get("description", ""),
    )  # fmt: skip


def _begin(entry: _Entry, told: Told) -> datetime | None:
    """Its date, which tells the real day of what is after midnight, or else that of the day with its own start."""
    written = entry.fields.get("date", "").strip()
    try:
        moment = datetime.fromisoformat(written) if "T" in written or " " in written else None
        day = (moment or datetime.fromisoformat(written or entry.day.date.strip())).date()
        if day.year not in YEARS:
            raise ValueError
    except ValueError:
        told.problem("not_a_moment", column="date", value=clean(written or entry.day.date, 60) or "nothing")
        return None
    if moment:
        return moment
    match = re.fullmatch(r"([01]?[0-9]|2[0-3]):([0-5][0-9])(?::[0-5][0-9])?", entry.fields.get("start", "").strip())
    if match is None:
        told.problem("not_a_time", column="start", value=clean(entry.fields.get("start", ""), 60) or "nothing")
        return None
    begin = datetime(day.year, day.month, day.day, int(match[1]), int(match[2]))
    opens = re.search(r"T([0-9]{2}:[0-9]{2})", entry.day.start)
    early = not written and opens is not None and f"{begin:%H:%M}" < opens[1]
    return begin + timedelta(days=1) if early else begin
