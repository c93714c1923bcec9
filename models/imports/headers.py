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
    best: list[tuple[int, Sheet, Line, int]] = []
    seen: list[str] = []
    for sheet in sheets:
        rows = [line for line in islice(within(sheet.lines()), HEAD * 50) if any(map(str.strip, line.cells))][:HEAD]
        if rows:
            seen.append(_told(rows[0]))
            scores = [len({names.get(folded(cell)) for cell in line.cells} - {None, ""}) for line in rows]
            top = scores.index(max(scores))
            best.append((scores[top], sheet, rows[top], top))
    score = max((each[0] for each in best), default=0)
    likely = [each for each in best if each[0] == score]
    is_book = any(sheet.name for sheet in sheets)
    if not is_book:
        likely = likely[:1]
    if not seen:
        found.problem(given.file, 0, "empty")
    elif not score:
        found.problem(given.file, 0, "no_header", columns=", ".join(needed), rows=HEAD, value=seen[0])
    elif len(likely) > 1:
        found.problem(given.file, 0, "sheets", value=", ".join(each[1].name for each in likely))
    else:
        [(_, sheet, line, titles)] = likely
        header = _header(given, line, titles, names, wanted, found)
        missing = [name for name in needed if name not in header.places]
        for name in missing:
            found.problem(given.file, line.n, "column_missing", column=name, value=_told(line))
        if is_book and len(sheets) > 1:
            others = ", ".join(each.name for each in sheets if each is not sheet)
            found.note(given.file, 0, "sheet_read", value=sheet.name, others=others)
        if not missing:
            return sheet, header
    return None


def _told(line: Line) -> str:
    return ", ".join(filter(None, (clean(cell, 30) for cell in line.cells[:20]))) or "nothing"


def _by_hand(given: Given, wanted: Iterable[str], found: Findings) -> dict[str, str]:
    """By folded header, what decisions.json says of it."""
    for header, column in given.columns.items():
        if column and column not in wanted:
            found.problem(given.file, 0, "column_unknown", column=column, header=header, allowed=", ".join(wanted))
    return {folded(header): column for header, column in given.columns.items()}


def _header(
    given: Given, line: Line, titles: int, names: Mapping[str, str], wanted: Sequence[str], found: Findings
) -> Header:
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
    return Header(line.n, places, written, dropped, len(cells), titles)
