"""What every list is read as, whatever it came in: rows of text cells, counted as a spreadsheet counts them.

The limits hold for every format: what is no list costs at most 2 s and 200 MB, and a list as long as it may be takes
3 s, right or wrong [measured]. A longer one comes in parts, for what an import does not name stays.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

LIMIT_MB = 10
"""Largest file. A list of 25,000 people has 4."""
ROWS = 25_000
CELLS = 500_000
WIDTH = 256
CELL = 10_000
"""Longest cell, in characters; the longest text that enters has 4,000."""
DAY_ZERO = date(1899, 12, 30)
"""From where spreadsheets count days, but for some written on old Macs."""


class Unreadable(Exception):
    """A whole file that cannot be read. `key` is that of a finding."""

    def __init__(self, key: str, /, **params: str | int) -> None:
        super().__init__(key)
        self.key, self.params = key, params


@dataclass(frozen=True, slots=True)
class Given:
    """One list as it was given: which one, the name of its file, its bytes, and what was decided about them by hand."""

    file: str
    name: str
    data: bytes
    encoding: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)
    """By header as written: which of our columns it is, or "" for none."""


@dataclass(slots=True)
class Line:
    """One row. What is odd about it or a cell, by position, is the key of a finding; an odd row has no cells to use."""

    n: int
    cells: list[str]
    odd: str = ""
    odd_cells: dict[int, str] = field(default_factory=dict)
    hidden: bool = False


class Sheet(Protocol):
    """One table. `name` is "" where a file can hold one only."""

    @property
    def name(self) -> str: ...

    @property
    def day_zero(self) -> date: ...

    def lines(self) -> Iterator[Line]:
        """From the first row on, each time anew. Raises Unreadable."""


def within(lines: Iterator[Line]) -> Iterator[Line]:
    """The same rows, as long as they are not too many to hold."""
    rows = cells = 0
    for line in lines:
        rows += any(line.cells)
        cells += len(line.cells)
        if rows > ROWS or cells > CELLS:
            raise Unreadable("too_many_rows", rows=ROWS, cells=CELLS)
        yield line
