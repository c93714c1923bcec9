"""From the bytes of a list to its rows by column name, whatever format they are in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from models.imports.cells import Row
from models.imports.decoding import WORKBOOK, decode, shape
from models.imports.findings import Findings
from models.imports.headers import Header, find
from models.imports.separated import sheets as text_sheets
from models.imports.sheets import CELL, LIMIT_MB, Given, Line, Sheet, Unreadable, within
from models.imports.tidying import hidden, is_formula
from models.imports.workbook import sheets as book_sheets

WRONG = 200
"""Rows that cannot be read before the rest of a file is left unread."""


@dataclass(frozen=True, slots=True)
class Columns:
    """Which columns of a file entered and which did not, and how many rows stood under them."""

    kept: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    rows: int = 0
    written: Mapping[str, str] = field(default_factory=dict)
    """How the file calls the columns that entered."""


def read_table(
    given: Given, needed: Sequence[str], optional: Sequence[str], found: Findings
) -> tuple[list[Row], Columns]:
    """The rows of a list. Columns that are in neither list stay outside."""
    try:
        where = find(given, _sheets(given, found), needed, optional, found)
        if where is None:
            return [], Columns()
        sheet, header = where
        columns = Columns(tuple(header.written), header.dropped, written=header.written)
        if header.titles:
            found.note(given.file, header.row, "header_here", n=header.titles)
        rows, n = _rows(given, sheet, header, found)
    except Unreadable as error:
        found.problem(given.file, 0, error.key, **error.params)
        return [], Columns()
    if not n:
        found.problem(given.file, 0, "no_rows")
    return rows, replace(columns, rows=len(rows))


def _sheets(given: Given, found: Findings) -> Sequence[Sheet]:
    if len(given.data) > LIMIT_MB * 1_000_000:
        raise Unreadable("too_big", limit=LIMIT_MB)
    is_book = given.name.endswith(".xlsx")
    what = shape(given.data)
    if what == WORKBOOK and is_book:
        return book_sheets(given.data)
    if what or is_book:
        expected = f"{WORKBOOK} (.xlsx)" if is_book else "text with one row a line (.csv)"
        raise Unreadable("another_shape", expected=expected, found=what or "text")
    text = decode(given.data, given.encoding)
    if text.told:
        found.note(given.file, 0, "read_as", encoding=text.told)
    return text_sheets(text.text)


def _rows(given: Given, sheet: Sheet, header: Header, found: Findings) -> tuple[list[Row], int]:
    """The sound rows, and how many there are in all. Every other one is named, and its neighbours are read."""
    rows: list[Row] = []
    n = wrong = unseen = 0
    last = max(header.places.values())
    is_book = bool(sheet.name)
    for line in within(sheet.lines()):
        if line.n <= header.row or not (line.odd or any(map(str.strip, line.cells)) or line.odd_cells):
            continue
        n += 1
        unseen += line.hidden
        filled = len(line.cells)
        if is_book:
            # Cells at the end of a row are written or not, as it pleases the program.
            line.cells += [""] * (last + 1 - filled)
            filled = max((place + 1 for place, cell in enumerate(line.cells) if cell.strip()), default=0)
        if line.odd:
            found.problem(given.file, line.n, line.odd, value=line.cells[0][:60] if line.cells else "")
        elif filled > header.width or len(line.cells) <= last:
            found.problem(given.file, line.n, "cells", n=filled, of=header.width)
        elif _is_sound(given.file, line, header, found):
            cells = {name: line.cells[place] for name, place in header.places.items()}
            rows.append(Row(given.file, line.n, cells, found, sheet.day_zero))
            continue
        wrong += 1
        if wrong > WRONG:
            raise Unreadable("too_many_wrong", n=WRONG)
    if unseen:
        found.note(given.file, 0, "rows_hidden", n=unseen)
    return rows, n


def _is_sound(file: str, line: Line, header: Header, found: Findings) -> bool:
    """Whether every cell that would enter can. What is taken out of one, or taken as it is, is told."""
    sound = True
    for name, place in header.places.items():
        cell, odd = line.cells[place], line.odd_cells.get(place, "")
        if odd == "formula_used":
            found.note(file, line.n, odd, column=name, value=cell)
        elif odd:
            found.problem(file, line.n, odd, column=name, limit=CELL)
            sound = False
        if is_formula(cell):
            found.problem(file, line.n, "formula", column=name, value=cell)
            sound = False
        elif cell.startswith("'") and is_formula(cell[1:]):
            line.cells[place] = cell[1:]
        if (not cell.isprintable()) and (seen := hidden(cell)):
            found.note(file, line.n, "hidden_characters", column=name, value=seen)
    return sound
