"""The cells of one row, tidied as what they are: a text, a number, a word of a list. What is wrong is said by row."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from models.imports.findings import Findings
from models.imports.rows import Texts
from models.imports.sheets import DAY_ZERO
from models.imports.tidying import badge_number, clean, cut, digits, lost_letters
from models.imports.words import meant
from models.logins import LANGUAGES

OFFERED = LANGUAGES
"""Languages the platform speaks."""
_KEY = re.compile(r"\w[^\x00-\x1f,;:\"<>|\\]*")


@dataclass(frozen=True, slots=True)
class Row:
    """One row by column name, as it stood. Missing optional columns read as empty."""

    file: str
    n: int
    cells: dict[str, str]
    found: Findings
    day_zero: date = DAY_ZERO
    """From where the file counts days."""

    def text(self, column: str, limit: int, *, asks: bool = True) -> str:
        """One cell tidied. Longer than `limit` is cut between words, and said. A name never `asks`: “?” is a loss."""
        raw = self.cells.get(column, "")
        whole = clean(raw, len(raw) * 4 + 1)
        if ("?" in whole or "\ufffd" in whole) and (not asks or lost_letters(whole)):
            self.found.note(self.file, self.n, "lost_letters", column=column, value=whole)
        if len(whole) <= limit:
            return whole
        self.found.note(self.file, self.n, "shortened", column=column, n=len(whole), limit=limit)
        return cut(whole, limit)

    def key(self, column: str, limit: int = 60, *, badge: bool = False) -> str:
        """A cell that names something, or a `badge` number. Empty where it cannot, which is a problem."""
        value = self.badge(column) if badge else clean(self.cells.get(column, ""), 400)
        if not value:
            self.found.problem(self.file, self.n, "missing", column=column)
            return ""
        if len(value) > limit or not _KEY.fullmatch(value):
            self.found.problem(self.file, self.n, "bad_key", column=column, limit=limit, value=value)
            return ""
        return value

    def badge(self, column: str) -> str:
        return badge_number(self.cells.get(column, ""))

    def number(self, column: str, least: float, most: float, *, whole: bool = False) -> float:
        value = digits(clean(self.cells.get(column, ""), 400))
        # A decimal comma is one where there are fractions. In a whole number it parts thousands, or nobody knows.
        fits = value.isdecimal() if whole else "_" not in value
        try:
            number = float(value.replace(",", ".") if fits else "nan")
        except ValueError:
            number = float("nan")
        if least <= number <= most:
            return number
        self.found.problem(
            self.file, self.n, "not_a_whole_number" if whole else "not_a_number",
            column=column, least=f"{least:g}", most=f"{most:g}", value=value,
        )  # fmt: skip
        return least

    def word(self, column: str, allowed: Sequence[str], default: str | None = None) -> str:
        """One of these words in any case, with spaces or underlines, or what one is called in the event's languages."""
        value = clean(self.cells.get(column, ""), 400).lower().replace(" ", "_").replace("-", "_")
        if value in allowed:
            return value
        if other := meant(value, allowed):
            return other
        if not value and default is not None:
            return default
        self.found.problem(
            self.file, self.n, "not_a_word", column=column, allowed=", ".join(allowed), value=value or "nothing"
        )
        return allowed[0]

    def texts(self, stem: str, limit: int) -> Texts:
        """The columns stem_en, stem_tr, ... that are not empty."""
        texts = {language: self.text(f"{stem}_{language}", limit) for language in OFFERED}
        texts = {language: text for language, text in texts.items() if text}
        if not texts:
            self.found.problem(self.file, self.n, "text_missing", column=stem)
        return texts

    def languages(self, column: str) -> tuple[str, ...]:
        """Codes of offered languages, in the cell's order."""
        return tuple(language for language in self.wished(column) if language in OFFERED)

    def wished(self, column: str) -> tuple[str, ...]:
        """Every code of the cell, offered or not, each once."""
        codes = re.split(r"[;,/|\s]+", clean(self.cells.get(column, ""), 400).lower())
        return tuple(dict.fromkeys(code.split("-")[0].split("_")[0] for code in codes if code))


def once(
    rows: Sequence[Row], found: Findings, keys: Sequence[str], records: Sequence[object], column: str
) -> list[int]:
    """Positions of the records to take: a second equal one is dropped, a second different one is a problem."""
    first: dict[str, int] = {}
    taken: list[int] = []
    for i, (row, key) in enumerate(zip(rows, keys, strict=True)):
        if not key:
            continue
        if key not in first:
            first[key] = i
            taken.append(i)
        elif records[i] == records[first[key]]:
            found.note(row.file, row.n, "row_twice", first=rows[first[key]].n)
        else:
            found.problem(row.file, row.n, "twice", column=column, value=key, first=rows[first[key]].n)
    return taken
