"""From a worksheet's elements to rows.

Numbers come as people would type them, days as 2026-12-06, of a formula the value that was last saved with it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from models.imports.archive import Elements
from models.imports.sheets import CELL, CELLS, WIDTH, Line, Unreadable

_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")


class Words:
    """The text of one cell, in pieces, without how it is spoken."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._room = CELL
        self._takes = self._spoken = False
        self.starts = {"t": self._take, "v": self._take, "rPh": self._speak}
        self.ends = {"t": self._leave, "v": self._leave, "rPh": self._spoke}

    def begin(self, given: dict[str, str]) -> None:
        self._pieces, self._room = [], CELL

    def taken(self) -> str:
        return "".join(self._pieces) if self._pieces else ""

    def text(self, text: str) -> None:
        # One character more than fits tells that it is too long; the rest may be 60 MB.
        if self._takes and self._room >= 0:
            self._pieces.append(text[: self._room + 1])
            self._room -= len(text)

    def _take(self, given: dict[str, str]) -> None:
        self._takes = not self._spoken

    def _leave(self) -> None:
        self._takes = False

    def _speak(self, given: dict[str, str]) -> None:
        self._spoken = True

    def _spoke(self) -> None:
        self._spoken = False


class Rows:
    """Rows as they come, empty ones left out. `dates` are the styles that show a number as a day or a time."""

    def __init__(self, strings: Sequence[str], dates: frozenset[int], day_zero: date) -> None:
        self._strings, self._dates, self._day_zero = strings, dates, day_zero
        self._words = words = Words()
        self.elements = Elements(
            {"row": self._begin_row, "c": self._begin_cell, "f": self._begin_formula, **words.starts},
            {"row": self._end_row, "c": self._end_cell, **words.ends},
            words.text,
        )
        self._done: list[Line] = []
        self._line: Line | None = None
        self._n = 0
        self._row: dict[str, str] = {}
        self._place = -1
        self._given: dict[str, str] = {}
        self._formula = False

    def taken(self) -> list[Line]:
        done, self._done = self._done, []
        return done

    def _begin_row(self, given: dict[str, str]) -> None:
        n = _whole(given.get("r", ""), self._n + 1)
        if not self._n < n <= 1_048_576:
            raise Unreadable("workbook_damaged", why=f"row {n} does not follow row {self._n}")
        self._n, self._row, self._place = n, given, -1

    def _begin_cell(self, given: dict[str, str]) -> None:
        self._given, self._formula = given, False
        self._place = _column(given.get("r", ""), self._place)
        self._words.begin(given)

    def _begin_formula(self, given: dict[str, str]) -> None:
        self._formula = True

    def _end_cell(self) -> None:
        words = self._words.taken()
        if words or self._formula:
            self._put(words)

    def _end_row(self) -> None:
        if self._line:
            self._done.append(self._line)
            self._line = None

    def _put(self, words: str) -> None:
        line = self._line or Line(self._n, [], hidden=self._row.get("hidden") in ("1", "true"))
        self._line, place = line, self._place
        if place >= WIDTH:
            line.odd = "row_too_long"
            return
        cell, odd = self._cell(words)
        if len(cell) > CELL:
            cell, odd = "", "cell_too_long"
        line.cells += [""] * (place + 1 - len(line.cells))
        line.cells[place] = cell
        if odd:
            line.odd_cells[place] = odd

    def _cell(self, raw: str) -> tuple[str, str]:
        """The text of a cell, and what is odd about it."""
        kind = self._given.get("t", "n")
        odd = "formula_used" if self._formula else ""
        if self._formula and not raw and kind != "str":
            return "", "formula_bare"
        if kind == "e":
            return "", "cell_error"
        if kind == "s":
            place = _whole(raw, CELLS)
            if place >= len(self._strings):
                raise Unreadable("workbook_damaged", why=f"row {self._n} names a text that is not there")
            return self._strings[place], odd
        if kind == "b":
            return ("yes" if raw == "1" else "no"), odd
        if kind in ("str", "inlineStr"):
            return unescaped(raw), odd
        if kind == "d":
            return raw.removesuffix("T00:00:00"), odd
        dated = _whole(self._given.get("s", ""), 0) in self._dates
        return _number(raw, self._day_zero if dated else None), odd


def _whole(text: str, default: int) -> int:
    return int(text) if text.isdecimal() and len(text) < 9 else default


def _column(name: str, last: int) -> int:
    """The place of a cell by its name, such as 27 of AB7; without a name it is beside the last."""
    letters = name.rstrip("0123456789")
    place = _PLACES.get(letters)
    if place is None:
        if not letters or len(letters) > 3 or not (letters.isascii() and letters.isupper()):
            return last + 1
        place = 0
        for letter in letters:
            place = place * 26 + ord(letter) - 64
        place -= 1
    return place


_PLACES = {chr(65 + place): place for place in range(26)}
"""Those that lists have."""


def _number(raw: str, zero: date | None) -> str:
    """As people type it: 1001 and not 1001.0; a day, a time, or both where it is shown as such."""
    try:
        number = float(raw)
    except ValueError:
        return raw
    if zero and 0 <= number < 200_000:
        moment = datetime.combine(zero, datetime.min.time()) + timedelta(minutes=round(number * 1440))
        clock = "" if number == int(number) else f"{moment:%H:%M}"
        return clock if number < 1 and clock else f"{moment.date().isoformat()} {clock}".strip()
    if number.is_integer() and abs(number) < 1e15:
        return str(int(number))
    # With four places a part of a day is no time as people write it.
    return f"{number:.4f}" if 0 < number < 1 and len(repr(number)) < 6 else repr(number)


def unescaped(text: str) -> str:
    """Characters that XML cannot hold are written as _x000D_."""
    return _ESCAPED.sub(_character, text) if "_x" in text else text


def _character(match: re.Match[str]) -> str:
    code = int(match[1], 16)
    # Half of a character alone is none, and no database takes it.
    return "\ufffd" if 0xD800 <= code < 0xE000 else chr(code)
