"""The example's programme as other programs would export it, written here from programme.csv and nothing else.

And small folders around a schedule, read and told of.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5
from xml.sax.saxutils import escape, quoteattr
from zlib import crc32

from models import imports
from models.command import SYSTEM, Badge
from models.imports import Plan
from models.store import Store

EXAMPLE = Path(__file__).parents[1] / "examples" / "ibmc-2023"


def table(name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO((EXAMPLE / name).read_text("utf-8"), newline="")))


NAMES = {row["key"]: row["name_en"] for row in table("halls.csv")}
PROGRAMME = table("programme.csv")


def guid(row: dict[str, str]) -> str:
    return str(uuid5(NAMESPACE_URL, row["key"]))


def number(row: dict[str, str]) -> int:
    return crc32(row["key"].encode()) % 99_999


def begins(row: dict[str, str]) -> datetime:
    return datetime.fromisoformat(f"{row['day']}T{row['start']}")


def lasts(row: dict[str, str]) -> timedelta:
    return datetime.fromisoformat(f"{row['day']}T{row['end']}") - begins(row)


def hours(span: timedelta) -> str:
    minutes = int(span.total_seconds()) // 60
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def days(rows: Sequence[dict[str, str]]) -> Iterable[tuple[str, dict[str, list[dict[str, str]]]]]:
    """By day, by name of the hall."""
    for day in dict.fromkeys(row["day"] for row in rows):
        rooms: dict[str, list[dict[str, str]]] = {}
        for row in rows:
            if row["day"] == day:
                rooms.setdefault(NAMES[row["hall"]], []).append(row)
        yield day, rooms


def as_xml(rows: Sequence[dict[str, str]] = PROGRAMME) -> bytes:
    """As pretalx writes schedule.xml, but for what nobody would read anyway."""
    out = [
        '<?xml version="1.0" encoding="utf-8"?>', "<schedule>", '    <generator name="pretalx" version="2026.1"/>',
        "    <version>wip</version>", "    <conference>", "        <title>Border Days</title>",
        "        <time_zone_name>Europe/Istanbul</time_zone_name>",
        '        <track name="policy" color="#336699" slug="1-policy"/>', "    </conference>",
    ]  # fmt: skip
    for index, (day, rooms) in enumerate(days(rows), 1):
        out.append(f'    <day index="{index}" date="{day}" start="{day}T04:00:00+03:00" end="{day}T03:59:00+03:00">')
        for room, held in rooms.items():
            out.append(f"        <room name={quoteattr(room)} guid={quoteattr('r-' + room)}>")
            for row in held:
                out += [
                    f'            <event guid="{guid(row)}" id="{number(row)}" code="{row["key"]}">',
                    f"                <room>{escape(room)}</room>",
                    f"                <title>{escape(row['title_en'])}</title>",
                    "                <subtitle></subtitle>",
                    f"                <type>{row['kind'].title()}</type>",
                    f"                <date>{begins(row).isoformat()}+03:00</date>",
                    f"                <start>{row['start']}</start>",
                    f"                <duration>{hours(lasts(row))}</duration>",
                    f"                <abstract>{escape(row['abstract_en'])}</abstract>",
                    f"                <slug>bd-{row['key']}</slug>",
                    f"                <track>{escape(row['track'])}</track>",
                    "                <persons>",
                    '                    <person id="7">Ada Byron<email>ada@conference.example</email></person>',
                    "                </persons>",
                    f"                <language>{row['languages']}</language>",
                    "                <recording><license></license><optout>true</optout></recording>",
                    '                <links><link href="https://conference.example/talk">Talk</link></links>',
                    "                <attachments/>",
                    "            </event>",
                ]
            out.append("        </room>")
        out.append("    </day>")
    return "\n".join([*out, "</schedule>", ""]).encode()


def as_json(rows: Sequence[dict[str, str]] = PROGRAMME, **more: Any) -> bytes:
    """As pretalx writes schedule.json. `more` goes into each event."""
    told = [
        {
            "index": index, "date": day, "day_start": f"{day}T04:00:00+03:00", "day_end": f"{day}T03:59:00+03:00",
            "rooms": {
                room: [
                    {
                        "guid": guid(row), "code": row["key"], "id": number(row), "logo": None,
                        "date": f"{begins(row).isoformat()}+03:00", "start": row["start"],
                        "duration": hours(lasts(row)), "room": room, "slug": f"bd-{row['key']}",
                        "url": "https://conference.example/talk", "title": row["title_en"], "subtitle": "",
                        "track": row["track"] or None, "type": row["kind"].title(), "language": row["languages"],
                        "abstract": row["abstract_en"], "description": None, "recording_license": "",
                        "do_not_record": True, "attachments": [], "links": [{"title": "Talk", "url": "https://x"}],
                        "persons": [{"code": "ABC", "name": "Ada Byron", "email": "ada@conference.example"}],
                    }
                    | more
                    for row in held
                ]
                for room, held in rooms.items()
            },
        }
        for index, (day, rooms) in enumerate(days(rows), 1)
    ]  # fmt: skip
    conference = {"acronym": "bd", "title": "Border Days", "time_zone_name": "Europe/Istanbul", "days": told}
    return json.dumps(
        {"generator": {"name": "pretalx"}, "schedule": {"version": "1", "conference": conference}}
    ).encode()


def as_ics(rows: Sequence[dict[str, str]] = PROGRAMME) -> bytes:
    """As calendars write it: escaped, folded at 75 bytes, times in a zone of the world."""
    return calendar(
        [
            f"UID:{row['key']}@conference.example", "DTSTAMP:20231101T080000Z",
            f"DTSTART;TZID=Europe/Istanbul:{begins(row):%Y%m%dT%H%M%S}",
            f"DTEND;TZID=Europe/Istanbul:{begins(row) + lasts(row):%Y%m%dT%H%M%S}",
            f"SUMMARY;LANGUAGE=en:{escaped(row['title_en'])}", f"DESCRIPTION:{escaped(row['abstract_en'])}",
            f"LOCATION:{escaped(NAMES[row['hall']])}", f"CATEGORIES:{escaped(row['track'])},{row['kind']}",
            "ORGANIZER;CN=Ada Byron:mailto:ada@conference.example", "ATTENDEE:mailto:charles@conference.example",
        ]
        for row in rows
    )  # fmt: skip


def calendar(events: Iterable[Sequence[str]], *before: str) -> bytes:
    """A calendar of these events, each as its lines."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Border Days//EN", *before]
    for event in events:
        lines += ["BEGIN:VEVENT", *event, "END:VEVENT"]
    return b"".join(map(fold, [*lines, "END:VCALENDAR"]))


def fold(line: str) -> bytes:
    """Where it is too long it goes on in the next line behind a space, if need be in the middle of a letter."""
    rest, folded = line.encode(), b""
    while len(rest) > 75:
        folded, rest = folded + rest[:74] + b"\r\n ", rest[74:]
    return folded + rest + b"\r\n"


def escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")


EVENT = b'{"names": {"en": "A day"}, "zone": "Europe/Istanbul", "languages": ["en", "tr", "ar", "ru"]}'
HALLS = b"key,name_en,name_tr,languages\nhall-a,Hall A,A Salonu,en;tr;ar;ru\nhall-b,Hall B,B Salonu,en;tr\n"
TITLE = "SUMMARY;LANGUAGE=en:Opening"
ROOM = "LOCATION:Hall A"


def parse(name: str, data: bytes | str, there: Store | None = None, **more: bytes | str) -> Plan:
    """A folder with an event, two halls and this file; two underlines in other names stand for the dot."""
    files: dict[str, bytes | str] = {"event.json": EVENT, "halls.csv": HALLS, name: data}
    files |= {other.replace("__", "."): content for other, content in more.items()}
    given = {name: data.encode() if isinstance(data, str) else data for name, data in files.items() if data}
    if there is None:
        return imports.parse(given)
    with there.reading() as tx:
        return imports.parse(given, tx.cursor)


def said(plan: Plan, kind: str = "problem") -> list[str]:
    return [str(each) for each in plan.findings if each.kind == kind]


def ics(*lines: str, before: Sequence[str] = ()) -> bytes:
    """A calendar of one event."""
    return calendar([lines], *before)


def times(plan: Plan) -> list[tuple[str, str, str]]:
    return [(meeting.day, meeting.start, meeting.end) for meeting in plan.meetings]


def apply(store: Store, plan: Plan) -> None:
    store.do(lambda tx: imports.apply(tx, plan, Badge(0, SYSTEM), 1.0).done())
