"""Imports broken lists in a process of its own, so that time and memory are those of the import and of nothing else.

    python -m tests.faults.lists DATABASE fuzz|FOLDER [careless|boundless|trusting]

Prints what happened as JSON. Memory is the most the whole process ever had, Python and the database included.
"""

from __future__ import annotations

import csv
import io
import json
import random
import resource
import sys
import time
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from models import imports, stage
from models.command import SYSTEM, Badge, Done
from models.imports import Plan, archive, calendars, frab, happenings, separated, sheets
from models.imports.sheets import Line
from models.refusals import Refused
from models.store import Store, Tx
from tests import schedules
from tests.books import book, rows

EXAMPLE = Path(__file__).parents[2] / "examples" / "ibmc-2023"
TABLES = (stage,)
"""Not named elsewhere here, but an import looks at it."""
FILES = 1_000
HEAD = "number,title,given_name,family_name,native_name,organisation,country,email,role,languages,delegation,note"
SESSIONS = len(schedules.PROGRAMME)
LOCAL = {"flip", "drop", "quote", "unquote", "insert"}
"""Breakages of a few bytes: of text they may cost a few rows and no more."""
COST = 3


def main(database: str, what: str, how: str = "") -> None:
    if how == "boundless":
        archive.ELEMENTS = archive.UNPACKED_MB = archive.TAG = sheets.CELLS = sheets.ROWS = 10**9  # type: ignore[misc]
        frab.ELEMENTS = frab.TAG = frab.DEPTH = frab.SLOTS = calendars.LINES = 10**9  # type: ignore[misc]
        calendars.SLOTS = happenings.SLOTS = 10**9  # type: ignore[attr-defined]
    if how == "trusting":
        separated._rows = trusting
    store = Store.open(Path(database))
    others = {name: (EXAMPLE / name).read_bytes() for name in ("event.json", "halls.csv", "delegations.csv")}
    apply(store, imports.parse(others))
    told: dict[str, Any] = {"outcomes": Counter(), "halves": [], "swallowed": [], "slowest": 0.0, "slow": ""}
    for name, kind, data in fuzzed() if what == "fuzz" else lying(Path(what)):
        begun = time.process_time()
        with store.reading() as tx:
            plan = imports.parse({name: data}, tx.cursor)
        sound = whatever_fits(plan) if how == "careless" else plan
        before = there(store)
        done = apply(store, sound)
        spent = time.process_time() - begun
        if spent > told["slowest"]:
            told["slowest"], told["slow"] = spent, kind
        told["outcomes"]["imported" if done else "refused"] += 1
        after = there(store)
        whole = {person.key for person in plan.people} | {meeting.key for meeting in plan.meetings}
        if (after != before) if plan.problems else (after != whole):
            told["halves"].append(kind)
        if how == "boundless" and spent > 2:
            break
        if kind.split()[0] in LOCAL and lost(name, plan) > COST:
            told["swallowed"].append(kind)
        store.do(empty)
    store.close()
    told["megabytes"] = most()
    print(json.dumps(told))


def most() -> int:
    """Megabytes this process ever had. A child inherits the figure of its parent."""
    status = Path("/proc/self/status")
    if status.exists():
        return int(status.read_text().partition("VmHWM:")[2].split()[0]) // 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def apply(store: Store, plan: Plan) -> bool:
    try:
        store.do(lambda tx: imports.apply(tx, plan, Badge(0, SYSTEM), 1.0).done())
    except Refused as refused:
        if refused.key != "import_has_problems":
            raise
        return False
    return True


def whatever_fits(plan: Plan) -> Plan:
    """The rows that could be read, and nothing about the others."""
    meetings = tuple(each for each in plan.meetings if each.hall and each.day and each.start and each.end)
    return replace(plan, findings=(), meetings=meetings)


def there(store: Store) -> set[str]:
    """People by number and sessions by key."""
    with store.reading() as tx:
        sql = "SELECT number FROM person UNION ALL SELECT key FROM session"
        return {key for (key,) in tx.cursor.execute(sql).fetchall()}


def empty(tx: Tx) -> Done:
    tx.cursor.execute("DELETE FROM person")
    tx.cursor.execute("DELETE FROM session")
    return Done(frozenset())


def lost(name: str, plan: Plan) -> int:
    """Rows or sessions that are neither read nor named, of a file that as a whole was readable."""
    if name.endswith(".csv"):
        return swallowed(plan)
    if name.endswith(".xlsx") or any(each.row == 0 for each in plan.problems) or not plan.meetings:
        return 0
    named = {each.row for each in plan.findings}
    return SESSIONS - len(plan.meetings) - len(named)


def swallowed(plan: Plan) -> int:
    """Rows that are neither read nor named, where the file as a whole was readable."""
    if any(each.row == 0 for each in plan.problems) or not plan.columns["people.csv"].rows:
        return 0
    named = {
        each.row for each in plan.findings if each.key in ("cells", "quotes", "row_too_long") or "cell" in each.key
    }
    named |= {each.row for each in plan.findings if each.key == "formula"}
    return 204 - plan.columns["people.csv"].rows - len(named)


def fuzzed() -> Iterator[tuple[str, str, bytes]]:
    """The example's people, and its programme as three schedules, each broken in another way; the same each time."""
    text = (EXAMPLE / "people.csv").read_text("utf-8")
    pages = ("utf-8", "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1254", "cp1256", "cp1251")
    workbook = (EXAMPLE / "people.xlsx").read_bytes()
    written = (
        ("schedule.xml", schedules.as_xml()), ("schedule.json", schedules.as_json()),
        ("programme.ics", schedules.as_ics()),
    )  # fmt: skip
    for seed in range(FILES):
        dice = random.Random(seed)
        if seed % 5 in (1, 3):
            name, data = written[seed // 2 % 3]
            kind, data = broken(data, dice)
            yield name, f"{kind} {name} {seed}", data
        elif seed % 3:
            page = dice.choice(pages)
            kind, data = broken(text.encode(page, "replace"), dice)
            yield "people.csv", f"{kind} {page} {seed}", data
        else:
            kind, data = broken(workbook, dice) if dice.random() < 0.3 else within(workbook, dice)
            yield "people.xlsx", f"{kind} xlsx {seed}", data


def broken(data: bytes, dice: random.Random) -> tuple[str, bytes]:
    kind = dice.choice((*LOCAL, *LOCAL, "cut", "repeat", "shuffle", "noise", "giant", "lines"))
    place = dice.randrange(len(data))
    if kind == "flip":
        return kind, data[:place] + bytes([data[place] ^ 1 << dice.randrange(8)]) + data[place + 1 :]
    if kind == "drop":
        return kind, data[:place] + data[place + dice.randint(1, 4) :]
    if kind == "quote":
        return kind, data[:place] + b'"' + data[place:]
    if kind == "unquote":
        quotes = [i for i, byte in enumerate(data) if byte == 34] or [place]
        place = dice.choice(quotes)
        return kind, data[:place] + data[place + 1 :]
    if kind == "insert":
        odd = (b"\x00", b"\xff", b"=", b",", b";", b"\t", b"\n", b"\xe2\x80\xae", b"\x1b", b"\xed\xa0\x80", b",=1+1,")
        return kind, data[:place] + dice.choice(odd) + data[place:]
    if kind == "cut":
        return kind, data[:place]
    other = dice.randrange(len(data))
    piece = data[other : other + dice.randint(1, 5_000)]
    if kind == "repeat":
        return kind, data[:place] + piece * dice.randint(1, 20) + data[place:]
    if kind == "shuffle":
        return kind, data[:place] + piece + data[place + len(piece) :]
    if kind == "noise":
        return kind, data[:place] + dice.randbytes(dice.randint(1, 3_000)) + data[place:]
    if kind == "giant":
        return kind, data[:place] + dice.choice((b"x", b'"', b",", b"\n", b"a,")) * dice.randint(
            9_000, 2_000_000
        ) + data[place:]
    return kind, data.replace(b"\n", dice.choice((b"", b"\r", b"\n\n", b"\n\x00", b'"\n')))


def within(data: bytes, dice: random.Random) -> tuple[str, bytes]:
    """A workbook that unpacks well, of which one part is broken."""
    source, out = zipfile.ZipFile(io.BytesIO(data)), io.BytesIO()
    chosen = dice.choice([name for name in source.namelist() if "theme" not in name] + ["xl/worksheets/sheet1.xml"] * 6)
    kind = ""
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            part = source.read(name)
            if name == chosen:
                kind, part = broken(part, dice)
            target.writestr(name, part)
    return f"{kind} {chosen}", out.getvalue()


def lying(folder: Path) -> Iterator[tuple[str, str, bytes]]:
    """Files that were made elsewhere: making them takes more memory than reading them may."""
    names = {".xml": "schedule.xml", ".json": "schedule.json", ".ics": "programme.ics"}
    for path in sorted(folder.iterdir()):
        yield names.get(path.suffix, f"people{path.suffix}"), path.stem, path.read_bytes()


def trusting(lines: list[str], separator: str, width: int) -> Iterator[Line]:
    """Takes every quotation mark for what it seems."""
    csv.field_size_limit(10**9)
    table = csv.reader(io.StringIO("\n".join(lines), newline=""), delimiter=separator)
    for n, cells in enumerate(table, 1):
        yield Line(n, cells)


def bombs() -> Iterator[tuple[str, str, bytes]]:
    """Small files that would grow, and large ones that would take long."""
    head = HEAD.encode()
    for kind, data in (
        ("zeros", bytes(10_000_000)), ("commas", b"," * 10_000_000), ("quotes", b'"' * 10_000_000),
        ("lines", head + b"\n" * 9_900_000), ("short rows", head + b"\n1," * 90_000),
        ("open quotes", head + b'\n1,"' * 99_000),
        ("pairs", head + (b'\n"' + b"x" * 50) * 180_000),
        ("wide rows", (head + (b"\n" + b",".join([b"12"] * 12)) * 250_000)), ("high bytes", b"\xff" * 9_999_999),
        ("letters", ("Иван," * 1_999_999).encode("cp1251")), ("noise", random.Random(1).randbytes(9_999_999)),
        ("wrong utf-8", ("Иван".encode() + b"\xff\n") * 999_999),
        ("wide text", "\U0001f600,\n".encode("utf-16-le") * 1_200_000),
        ("sep", b"sep=x\n" + b"x" * 9_900_000),
    ):  # fmt: skip
        yield "people.csv", kind, data
    top = rows([HEAD.split(",")])
    sheet, shared, styles = "xl/worksheets/sheet0.xml", "xl/sharedStrings.xml", "xl/styles.xml"
    opened = f"<worksheet><sheetData>{top}".encode()
    for kind, part, data in (
        ("texts", shared, b"<sst>" + b"<si><t>ab</t></si>" * 3_000_000 + b"</sst>"),
        ("one text", shared, b"<sst><si><t>" + b"x" * 55_000_000 + b"</t></si></sst>"),
        ("long texts", shared, b"<sst>" + (b"<si><t>" + b"x" * 9_000 + b"</t></si>") * 6_000 + b"</sst>"),
        ("styles", styles, b"<s><cellXfs>" + b'<xf numFmtId="14"/>' * 2_900_000 + b"</cellXfs></s>"),
        ("blanks", sheet, opened + b" " * 90_000_000),
        ("cells", sheet, opened + b"<row>" + b"<c><v>1</v></c>" * 3_500_000),
        ("empty rows", sheet, opened + b"<row/>" * 8_000_000),
        ("last column", sheet, opened + b'<row><c r="IV1"><v>1</v></c></row>' * 1_500_000),
        ("elements", sheet, opened + b"<a/>" * 14_000_000),
        ("depth", sheet, opened + b"<a>" * 18_000_000),
        ("one tag", sheet, opened + b"<a " + b'b="1" ' * 9_000_000),
        ("one comment", sheet, opened + b"<!--" + b"x> " * 18_000_000),
        ("entities", sheet, b'<!DOCTYPE a [<!ENTITY b "' + b"x" * 100_000 + b'">]><a>' + b"&b;" * 100_000),
        ("corner", sheet, opened + b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData></worksheet>'),
    ):
        yield "people.xlsx", kind, book(("People", top), parts={part: data})
    yield "people.xlsx", "sheets", book(*((f"P{n}", '<row><c t="str"><v>x</v></c></row>' * 9_000) for n in range(200)))
    yield "people.xlsx", "entries", book(("People", top), parts={f"x/{n}": b"" for n in range(60_000)})


def schedule_bombs() -> Iterator[tuple[str, str, bytes]]:
    """The same of the three kinds of schedules."""
    day = b'<?xml version="1.0"?><schedule><day date="2023-12-06"><room name="Hall A">'
    entities = b"".join(b'<!ENTITY a%d "%s">' % (n + 1, b"&a%d;" % n * 10) for n in range(9))
    for kind, data in (
        ("zeros", bytes(10_000_000)), ("elements", day + b"<a/>" * 2_400_000), ("depth", day + b"<a>" * 3_000_000),
        ("fields", day + b"<event id='1'>" + b"<title>a</title>" * 600_000),
        ("names", day + b"<event id='1'>" + b"".join(b"<n%d/>" % n for n in range(900_000))),
        ("one tag", day + b"<a " + b'b="1" ' * 1_600_000), ("one comment", day + b"<!--" + b"x> " * 3_300_000),
        ("one text", day + b"<event id='1'><title>" + b"x" * 9_900_000), ("events", day + b"<event/>" * 1_200_000),
        ("laughs", b'<!DOCTYPE s [<!ENTITY a0 "ha">' + entities + b"]><schedule>&a9;</schedule>"),
        ("outside", b'<!DOCTYPE s [<!ENTITY a SYSTEM "file:///dev/zero">]><schedule>&a;</schedule>'),
        ("noise", random.Random(2).randbytes(9_999_999)),
    ):  # fmt: skip
        yield "schedule.xml", f"xml {kind}", data
    days = b'{"schedule":{"conference":{"days":['
    for kind, data in (
        ("deep", b"[" * 9_900_000),
        ("deep in a field", days + b'{"rooms":{"a":[{"title":' + b"[" * 200_000),
        ("lists", days + b"[]," * 3_000_000 + b"[]]}}}"),
        ("objects", days + b'{"rooms":{}},' * 750_000),
        ("rooms", days + b'{"rooms":{' + b",".join(b'"%d":[]' % n for n in range(700_000)) + b"}}]}}}"),
        ("events", days + b'{"rooms":{"a":[' + b"{}," * 3_000_000 + b"{}]}}]}}}"),
        ("one text", days + b'{"rooms":{"a":[{"title":"' + b"x" * 9_900_000 + b'"}]}}]}}}'),
        ("noise", random.Random(3).randbytes(9_999_999)),
    ):
        yield "schedule.json", f"json {kind}", data
    begin = b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n"
    entry = b"BEGIN:VEVENT\r\nUID:%d\r\nDTSTART:20231206T093000Z\r\nDURATION:PT1H\r\nLOCATION:Hall A\r\n%s\r\n"
    entry += b"END:VEVENT\r\n"
    zone = b"BEGIN:VTIMEZONE\r\nTZID:%d\r\nBEGIN:STANDARD\r\nDTSTART:00010101T000000\r\nTZOFFSETFROM:+0200\r\n"
    zone += b"TZOFFSETTO:+0300\r\nRRULE:FREQ=%s\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
    never = b"BYMONTH=2;BYMONTHDAY=30"
    zones = b"".join(zone % (n, freq + never) for n, freq in enumerate((b"SECONDLY;", b"YEARLY;")))
    for kind, data in (
        ("lines", begin + b"\n" * 9_900_000), ("short lines", begin + b"A:1\n" * 2_400_000),
        ("folds", begin + b"A:1\n" + b" x\n" * 3_300_000), ("parts", begin + b"BEGIN:A\r\n" * 190_000),
        ("parameters", begin + b"BEGIN:VEVENT\r\n" + (b"SUMMARY;" + b"A=b;" * 2_000 + b":x\r\n") * 1_200),
        ("empty events", begin + b"BEGIN:VEVENT\r\nEND:VEVENT\r\n" * 99_000),
        ("never", begin + b"".join(entry % (n, b"RRULE:FREQ=DAILY;COUNT=2;" + never) for n in range(5_000))),
        ("seconds", begin + entry % (1, b"RRULE:FREQ=SECONDLY;COUNT=2;" + never) + b"END:VCALENDAR\r\n"),
        ("often", begin + b"".join(entry % (n, b"RRULE:FREQ=DAILY;COUNT=200") for n in range(400))
         + b"END:VCALENDAR\r\n"),
        ("dates", begin + b"".join(
            entry % (n, b"RDATE:" + b",".join([b"20231206T093000Z"] * 600)) for n in range(900))),
        ("zones", begin + zones + b"".join(
            (entry % (n, b"SUMMARY:a")).replace(b"DTSTART:", b"DTSTART;TZID=%d:" % (n % 2)).replace(b"00Z", b"00")
            for n in range(4_000)) + b"END:VCALENDAR\r\n"),
        ("noise", random.Random(4).randbytes(9_999_999)),
    ):  # fmt: skip
        yield "programme.ics", f"ics {kind}", data


if __name__ == "__main__":
    main(*sys.argv[1:])
