"""From an Excel workbook (.xlsx) to its sheets. docs/decisions/0010 says why no library does it."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from urllib.parse import unquote

from models.imports.archive import Archive, Elements
from models.imports.sheets import CELLS, DAY_ZERO, ROWS, Line, Unreadable
from models.imports.worksheet import Rows, Words, unescaped

SHEETS = 50
STYLES = 100_000
_MAC_ZERO = date(1904, 1, 1)
_BUILT_IN_DATES = frozenset(map(str, (*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59))))


@dataclass(frozen=True, slots=True)
class _Book:
    archive: Archive
    strings: list[str]
    dates: frozenset[int]
    """Styles that show a number as a day or a time."""
    day_zero: date


@dataclass(frozen=True, slots=True)
class BookSheet:
    name: str
    book: _Book
    part: str

    @property
    def day_zero(self) -> date:
        return self.book.day_zero

    def lines(self) -> Iterator[Line]:
        rows = Rows(self.book.strings, self.book.dates, self.book.day_zero)
        for _ in self.book.archive.parse(self.part, rows.elements):
            yield from rows.taken()


def sheets(data: bytes) -> list[BookSheet]:
    """The sheets that can be seen, in the order of their tabs. Raises Unreadable."""
    archive = Archive(data)
    main = _related(archive, "", "officeDocument")
    path = next(iter(main.values()), "")
    if path not in archive:
        raise Unreadable("workbook_damaged", why="it names no workbook")
    if path.endswith(".bin"):
        raise Unreadable("another_shape", expected="a workbook saved as .xlsx", found="a binary one (.xlsb)")
    found: list[tuple[str, str]] = []
    zero = DAY_ZERO

    def properties(given: dict[str, str]) -> None:
        nonlocal zero
        if given.get("date1904") in ("1", "true"):
            zero = _MAC_ZERO

    def sheet(given: dict[str, str]) -> None:
        if given.get("state", "visible") == "visible":
            place = next((value for key, value in given.items() if key.rpartition(":")[2] == "id"), "")
            found.append((given.get("name", ""), place))

    archive.each(path, {"workbookPr": properties, "sheet": sheet})
    parts = _related(archive, path, "worksheet")
    strings = next(iter(_related(archive, path, "sharedStrings").values()), "")
    styles = next(iter(_related(archive, path, "styles").values()), "")
    book = _Book(archive, _strings(archive, strings), _dates(archive, styles), zero)
    return [BookSheet(name, book, parts[id_]) for name, id_ in found[:SHEETS] if parts.get(id_, "") in archive]


def _related(archive: Archive, path: str, kind: str) -> dict[str, str]:
    """Parts of a kind that belong to one, by their id."""
    folder, name = posixpath.split(path)
    found: dict[str, str] = {}

    def relationship(given: dict[str, str]) -> None:
        if given.get("Type", "").endswith("/" + kind):
            target = unquote(given.get("Target", ""))
            found[given.get("Id", "")] = posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/")

    archive.each(posixpath.join(folder, "_rels", f"{name}.rels"), {"Relationship": relationship})
    return found


def _strings(archive: Archive, part: str) -> list[str]:
    """Texts that cells share by their number. Of one in several styles the pieces make one."""
    texts: list[str] = []
    words = Words()

    def end() -> None:
        if len(texts) >= CELLS:
            raise Unreadable("too_many_rows", rows=ROWS, cells=CELLS)
        texts.append(unescaped(words.taken()))

    if part in archive:
        elements = Elements({"si": words.begin, **words.starts}, {"si": end, **words.ends}, words.text)
        for _ in archive.parse(part, elements):
            pass
    return texts


def _dates(archive: Archive, part: str) -> frozenset[int]:
    formats: dict[str, str] = {}
    styles: list[str] = []
    within = ""

    def number_format(given: dict[str, str]) -> None:
        formats[given.get("numFmtId", "")] = given.get("formatCode", "")

    def cells(_: dict[str, str]) -> None:
        nonlocal within
        within = "cells"

    def others(_: dict[str, str]) -> None:
        nonlocal within
        within = ""

    def style(given: dict[str, str]) -> None:
        if within and len(styles) < STYLES:
            styles.append(given.get("numFmtId", "0"))

    archive.each(
        part,
        {"numFmt": number_format, "cellXfs": cells, "cellStyleXfs": others, "dxfs": others, "xf": style},
    )
    return frozenset(n for n, style in enumerate(styles) if _is_date(style, formats.get(style)))


def _is_date(number: str, code: str | None) -> bool:
    if code is None:
        return number in _BUILT_IN_DATES
    bare = re.sub(r'"[^"]*"|\\.|_.|\*.|\[(?![hms]+\])[^\]]*\]', "", code[:200].split(";")[0].lower())
    return "general" not in bare and any(c in bare for c in "dmyhs")
