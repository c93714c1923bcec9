"""From text to rows. A lost quotation mark costs its own row and no other: reading goes on with the next line."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

from models.imports.decoding import is_broken
from models.imports.sheets import CELL, CELLS, DAY_ZERO, ROWS, WIDTH, Line, Unreadable

SEPARATORS = ",;\t"
LOOKED_AT = 5_000
"""Characters of a line by which the separator is told."""
LINES = 300_000
"""Lines of a file: a row may have several, and spreadsheets write empty ones."""
LONGEST = 100_000
"""Characters of a row."""
INNER = 400
"""Lines of one cell."""
_BREAK = re.compile(r"\r\n|\n|\r")
_QUOTED = re.compile(r'"(?:[^"]|"")*"')
_SAID = re.compile(r'"?sep=(.)"?', re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class TextSheet:
    """A text read with one separator; `width` is how many cells most rows have."""

    rows: list[str]
    separator: str
    width: int
    name: str = ""
    day_zero: date = field(default=DAY_ZERO)

    def lines(self) -> Iterator[Line]:
        return _rows(self.rows, self.separator, self.width)


def sheets(text: str) -> list[TextSheet]:
    """What a text may be, by separator, the likeliest first. Raises Unreadable.

    Likely is the one that stands equally often in most rows, outside of quotes: lists of languages and organisations
    have others. Who knows which header is expected knows better.
    """
    if text.count("\n") + text.count("\r") > LINES:
        raise Unreadable("too_many_rows", rows=ROWS, cells=CELLS)
    lines = _BREAK.split(text)
    if not lines[-1]:
        lines.pop()
    # Spreadsheets take a first line such as sep=; for themselves and do not count it.
    said = _SAID.fullmatch(lines[0]) if lines else None
    if said:
        lines.pop(0)
    bare = [_QUOTED.sub("", line[:LOOKED_AT]) for line in lines[:40] if line.strip(SEPARATORS + " ")]
    found: list[tuple[int, int, str]] = []
    for separator in said[1] if said else SEPARATORS:
        counts = Counter(n for line in bare if (n := line.count(separator)))
        often, n = max(((often, n) for n, often in counts.items()), default=(0, 0))
        found.append((often, n, separator))
    found.sort(key=lambda each: each[:2], reverse=True)
    return [TextSheet(lines, separator, n + 1) for _, n, separator in found]


def _rows(lines: list[str], separator: str, width: int) -> Iterator[Line]:
    i = n = 0
    while i < len(lines):
        line, taken = lines[i], 1
        n += 1
        if len(line) > LONGEST or line.count(separator) >= WIDTH:
            row = Line(n, [line[:200]], "row_too_long")
        elif '"' not in line:
            row = Line(n, line.split(separator))
        else:
            row, taken = _quoted(lines, i, n, separator, width)
        if not row.odd:
            for place, cell in enumerate(row.cells):
                if len(cell) > CELL:
                    row.odd_cells[place] = "cell_too_long"
                    row.cells[place] = ""
                elif not cell.isascii() and is_broken(cell):
                    row.odd_cells[place] = "cell_not_utf8"
        yield row
        i += taken


def _quoted(lines: list[str], i: int, n: int, separator: str, width: int) -> tuple[Line, int]:
    """The row that begins at line i, and how many lines it takes.

    A quotation mark that is never closed would take all the rows that follow. So a line that is a row of its own, with
    as many cells as most, ends the search: the row where it began is named, and reading goes on below it.
    """
    broken = Line(n, [lines[i][:200]], "quotes"), 1
    cells, is_open = _cells(lines[i], separator)
    if not is_open:
        # A quotation mark within a cell without quotes is a letter like others, if it has its pair.
        return (Line(n, cells), 1) if cells and lines[i].count('"') % 2 == 0 else broken
    length = len(lines[i])
    for j in range(i + 1, min(i + INNER, len(lines))):
        line = lines[j]
        length += len(line)
        if length > LONGEST:
            return broken
        if line.count('"') % 2:
            cells, is_open = _cells("\n".join(lines[i : j + 1]), separator)
            return (Line(n, cells), j + 1 - i) if cells and not is_open else broken
        if width > 2 and line.count(separator) >= width - 1 and len(_cells(line, separator)[0]) == width:
            return broken
    return broken


def _cells(text: str, separator: str) -> tuple[list[str], bool]:
    """Cells of one row, none where its quotes are wrong, and whether it ends within quotes."""
    try:
        return next(csv.reader([text], delimiter=separator, strict=True)), False
    except csv.Error as error:
        return [], "end of data" in str(error)
