"""Which row is the header, and which column is what. Rows above it are titles."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from models.imports.columns import folded, known
from models.imports.findings import Findings
from models.imports.sheets import Given, Line, Sheet, within
from models.imports.tidying import clean

HEAD = 20
"""Rows among which the header must stand, empty ones not counted."""


@dataclass(frozen=True, slots=True)
class Header:
    row: int
    places: Mapping[str, int]
    """Where each of our columns stands."""
    written: Mapping[str, str]
    """How each of our columns is called there."""
    dropped: tuple[str, ...]
    width: int
    titles: int
    """Rows above it that hold something."""


def find(
    given: Given, sheets: Sequence[Sheet], needed: Sequence[str], optional: Sequence[str], found: Findings
) -> tuple[Sheet, Header] | None:
    """The sheet with a header, or None where there is none or a needed column is missing, which is said."""
    wanted = (*needed, *optional)
    names = known(given.file, wanted) | _by_hand(given, wanted, found)
    heads = [head for sheet in sheets if (head := _head(sheet, names))]
    score = max((head.score for head in heads), default=0)
    likely = [head for head in heads if head.score == score]
    is_book = any(sheet.name for sheet in sheets)
    if not heads:
        found.problem(given.file, 0, "empty")
    elif not score:
        found.problem(given.file, 0, "no_header", columns=", ".join(needed), rows=HEAD, value=_told(heads[0].first))
    elif len(likely) > 1 and is_book:
        found.problem(given.file, 0, "sheets", value=", ".join(head.sheet.name for head in likely))
    else:
        head = likely[0]
        if is_book and len(sheets) > 1:
            others = ", ".join(each.name for each in sheets if each is not head.sheet)
            found.note(given.file, 0, "sheet_read", value=head.sheet.name, others=others)
        header = _header(given, head, names, found)
        missing = [name for name in needed if name not in header.places]
        for name in missing:
            found.problem(given.file, header.row, "column_missing", column=name, value=_told(head.line))
        if not missing:
            return head.sheet, header
    return None


@dataclass(frozen=True, slots=True)
class _Head:
    """The row of a sheet that is most like a header, `score` columns of which are known."""

    score: int
    sheet: Sheet
    line: Line
    titles: int
    first: Line


def _head(sheet: Sheet, names: Mapping[str, str]) -> _Head | None:
    rows = [line for line in islice(within(sheet.lines()), HEAD * 50) if any(map(str.strip, line.cells))][:HEAD]
    if not rows:
        return None
    scores = [len({names.get(folded(cell)) for cell in line.cells} - {None, ""}) for line in rows]
    top = scores.index(max(scores))
    return _Head(scores[top], sheet, rows[top], top, rows[0])


def _told(line: Line) -> str:
    return ", ".join(filter(None, (clean(cell, 30) for cell in line.cells[:20]))) or "nothing"


def _by_hand(given: Given, wanted: Iterable[str], found: Findings) -> dict[str, str]:
    """By folded header, what decisions.json says of it."""
    for header, column in given.columns.items():
        if column and column not in wanted:
            found.problem(given.file, 0, "column_unknown", column=column, header=header, allowed=", ".join(wanted))
    return {folded(header): column for header, column in given.columns.items()}


def _header(given: Given, head: _Head, names: Mapping[str, str], found: Findings) -> Header:
    line = head.line
    cells = [clean(cell, 60) for cell in line.cells]
    absent = [header for header in given.columns if folded(header) not in map(folded, cells)]
    if absent:
        found.problem(given.file, line.n, "header_absent", value=", ".join(absent))
    claims: dict[str, list[int]] = {}
    for place, cell in enumerate(cells):
        if column := names.get(folded(cell)) if cell else "":
            claims.setdefault(column, []).append(place)
    by_hand = {folded(header) for header in given.columns}
    places: dict[str, int] = {}
    for column, claimed in claims.items():
        # What somebody decided goes before our own name for it, and that before a word that may mean it.
        for first in ([p for p in claimed if folded(cells[p]) in by_hand],
                      [p for p in claimed if cells[p].lower() == column], claimed):  # fmt: skip
            if first:
                places[column] = first[0]
                if len(first) > 1:
                    pair = {"first": cells[first[0]], "other": cells[first[1]]}
                    found.problem(given.file, line.n, "column_twice", column=column, **pair)
                break
    taken = set(places.values())
    written = {column: cells[place] for column, place in sorted(places.items(), key=lambda each: each[1])}
    dropped = tuple(cell for place, cell in enumerate(cells) if cell and place not in taken)
    return Header(line.n, places, written, dropped, len(cells), head.titles)
