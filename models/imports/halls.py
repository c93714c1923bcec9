"""halls.csv and programme.csv."""

from __future__ import annotations

import re
from datetime import date, timedelta

from models.imports.cells import OFFERED, Row, once
from models.imports.findings import Findings
from models.imports.rows import HallRow, MeetingRow
from models.imports.sheets import Given
from models.imports.tables import Columns, read_table
from models.imports.tidying import clean, digits

HALLS, PROGRAMME = "halls.csv", "programme.csv"
KINDS = ("parallel", "plenary", "break")
_TIME = re.compile(r"([01]?[0-9]|2[0-3])[:.]([0-5][0-9])(?:[:.]00)?")
_LATE = re.compile(r"(2[4-9])[:.]([0-5][0-9])(?:[:.]00)?")
"""An end after midnight: 24:30 is half an hour after it."""
_NEXT_DAY = re.compile(r"1899-12-31 (0[0-5]):([0-5][0-9])|1904-01-02 (0[0-5]):([0-5][0-9])")
"""The same as workbooks give it: a day and a half hour after their day zero."""
_DAY_NUMBER = re.compile(r"[2-7][0-9]{4}(\.0+)?")
"""Days since 1900, as spreadsheets keep them: 45180 is 11 September 2023."""
_PART_OF_DAY = re.compile(r"0\.([0-9]|[0-9]{3,})")
"""A time as spreadsheets keep it: 0.375 is 09:00. People write 0.25 for 00:25; workbooks give 0.2500 for 06:00."""
_DOTTED = re.compile(r"([0-9]{1,2})\.([0-9]{1,2})\.([0-9]{4})")
"""A day as spreadsheets of much of Europe write one back. With slashes it may be the month that comes first."""


def read_halls(given: Given, found: Findings) -> tuple[list[HallRow], Columns]:
    names = [f"name_{language}" for language in OFFERED]
    rows, columns = read_table(
        given, ["key"], [*names, "capacity", "screen_height_m", "farthest_seat_m", "languages"], found
    )
    halls = [
        HallRow(
            key=row.key("key"),
            names=row.texts("name", 80),
            capacity=int(row.number("capacity", 0, 100_000, whole=True)) if row.cells.get("capacity") else 0,
            screen_height_m=row.number("screen_height_m", 0.2, 50) if row.cells.get("screen_height_m") else 2.0,
            farthest_seat_m=row.number("farthest_seat_m", 1, 500) if row.cells.get("farthest_seat_m") else 12.0,
            languages=_spoken(row, found),
            row=row.n,
        )
        for row in rows
    ]
    taken = once(rows, found, [hall.key for hall in halls], halls, "key")
    return [halls[i] for i in taken], columns


def read_programme(given: Given, found: Findings) -> tuple[list[MeetingRow], Columns]:
    texts = [f"{stem}_{language}" for stem in ("title",) for language in OFFERED]
    rows, columns = read_table(
        given, ["key", "day", "start", "end", "hall"],
        [*texts, "track", "kind", "abstract_en", "languages", "moderator_1", "moderator_2"], found,
    )  # fmt: skip
    meetings = [_meeting(row, found) for row in rows]
    whole = [(meeting, meeting.moderators) for meeting in meetings]
    taken = once(rows, found, [meeting.key for meeting in meetings], whole, "key")
    return [meetings[i] for i in taken], columns


def _meeting(row: Row, found: Findings) -> MeetingRow:
    start, end = _time(row, "start", found), _time(row, "end", found)
    if start and end and start >= end:
        found.problem(row.file, row.n, "ends_before", start=start, end=end)
    moderators = [row.badge(column)[:20] for column in ("moderator_1", "moderator_2")]
    return MeetingRow(
        key=row.key("key"),
        hall=row.key("hall"),
        day=_day(row, found),
        start=start,
        end=end,
        track=row.text("track", 60),
        kind=row.word("kind", KINDS, "parallel"),
        titles=row.texts("title", 200),
        abstract=_paragraphs(row),
        languages=_spoken(row, found),
        moderators=tuple(dict.fromkeys(number for number in moderators if number)),
        row=row.n,
    )


def _day(row: Row, found: Findings) -> str:
    value = digits(clean(row.cells.get("day", ""), 40))
    dotted = _DOTTED.fullmatch(value)
    try:
        if _DAY_NUMBER.fullmatch(value):
            day = (row.day_zero + timedelta(days=int(value.partition(".")[0]))).isoformat()
            found.note(row.file, row.n, "day_number", column="day", value=value, day=day)
            return day
        if dotted:
            return date(int(dotted[3]), int(dotted[2]), int(dotted[1])).isoformat()
        return date.fromisoformat(value).isoformat()
    except ValueError:
        found.problem(row.file, row.n, "not_a_day", column="day", value=value)
        return ""


def _time(row: Row, column: str, found: Findings) -> str:
    value = digits(clean(row.cells.get(column, ""), 40))
    if _PART_OF_DAY.fullmatch(value):
        minutes = round(float(value) * 1440)
        return f"{minutes // 60:02d}:{minutes % 60:02d}" if minutes < 1440 else "23:59"
    match = _TIME.fullmatch(value)
    if column == "end" and (late := _LATE.fullmatch(value)):
        match = late
    elif column == "end" and (late := _NEXT_DAY.fullmatch(value)):
        return f"{int(late[1] or late[3]) + 24}:{late[2] or late[4]}"
    if match is None:
        found.problem(row.file, row.n, "not_a_time", column=column, value=value)
        return ""
    return f"{int(match[1]):02d}:{match[2]}"


def _paragraphs(row: Row) -> str:
    """The abstract with its blank lines: they part paragraphs."""
    parts = re.split(r"\n\s*\n", row.cells.get("abstract_en", "").replace("\r\n", "\n"))
    return "\n\n".join(filter(None, (clean(part, 4000) for part in parts)))[:4000]


def _spoken(row: Row, found: Findings) -> str:
    for code in row.wished("languages"):
        if code not in OFFERED:
            found.note(row.file, row.n, "language_not_offered", value=code)
    return ",".join(row.languages("languages")) or "en"
