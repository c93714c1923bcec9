"""From the bytes of a file to named, tidied cells."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace

from models.imports.findings import Findings
from models.imports.rows import Texts
from models.logins import LANGUAGES
from models.tidy import tidy

OFFERED = LANGUAGES
"""Languages the platform speaks."""
LIMIT_MB = 20
_KEY = re.compile(r"\w[^\x00-\x1f,;:\"<>|\\]*")
_PRESENTATION = re.compile("[\ufb50-\ufdff\ufe70-\ufefc]+")


@dataclass(frozen=True, slots=True)
class Columns:
    """Which columns of a file entered and which did not, and how many rows stood under them."""

    kept: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    rows: int = 0


@dataclass(frozen=True, slots=True)
class Row:
    """One row by column name, as it stood. Missing optional columns read as empty."""

    file: str
    n: int
    cells: dict[str, str]
    found: Findings

    def text(self, column: str, limit: int) -> str:
        """One cell tidied. Longer than `limit` is cut between words, and said."""
        raw = self.cells.get(column, "")
        whole = clean(raw, len(raw) * 4 + 1)
        if len(whole) <= limit:
            return whole
        self.found.note(self.file, self.n, "shortened", column=column, n=len(whole), limit=limit)
        return cut(whole, limit)

    def key(self, column: str, limit: int = 60) -> str:
        """A cell that names something. Empty where it cannot, which is a problem."""
        value = clean(self.cells.get(column, ""), 400)
        if not value:
            self.found.problem(self.file, self.n, "missing", column=column)
            return ""
        if len(value) > limit or not _KEY.fullmatch(value):
            self.found.problem(self.file, self.n, "bad_key", column=column, limit=limit, value=value)
            return ""
        return value

    def number(self, column: str, least: float, most: float, *, whole: bool = False) -> float:
        value = clean(self.cells.get(column, ""), 400)
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
        """One of these words, in any case, with spaces or underlines."""
        value = clean(self.cells.get(column, ""), 400).lower().replace(" ", "_").replace("-", "_")
        if value in allowed:
            return value
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


def read_table(
    file: str, data: bytes, needed: Sequence[str], optional: Sequence[str], found: Findings
) -> tuple[list[Row], Columns]:
    """The rows of a CSV file. Columns that are in neither list stay outside."""
    text = decode(file, data, found)
    if text is None:
        return [], Columns()
    head = text.split("\n", 1)[0]
    # Spreadsheets of half the world write semicolons.
    delimiter = max(",;\t", key=head.count)
    try:
        lines = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as error:
        found.problem(file, 0, "not_csv", why=str(error))
        return [], Columns()
    header = [clean(name, 60).lower() for name in lines[0]] if lines else []
    for name in sorted({name for name in header if name and header.count(name) > 1}):
        found.problem(file, 1, "column_twice", column=name)
    for name in needed:
        if name not in header:
            found.problem(file, 1, "column_missing", column=name)
    wanted = [(i, name) for i, name in enumerate(header) if name in needed or name in optional]
    columns = Columns(
        tuple(name for _, name in wanted),
        tuple(name for name in header if name and name not in needed and name not in optional),
    )
    if any(name not in header for name in needed):
        return [], columns
    rows: list[Row] = []
    for n, cells in enumerate(lines[1:], 2):
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) > len(header) or len(cells) <= wanted[-1][0]:
            found.problem(file, n, "cells", n=len(cells), of=len(header))
            continue
        rows.append(Row(file, n, {name: cells[i] for i, name in wanted}, found))
    if not any(any(cell.strip() for cell in cells) for cells in lines[1:]):
        found.problem(file, 0, "no_rows")
    return rows, replace(columns, rows=len(rows))


def decode(file: str, data: bytes, found: Findings) -> str | None:
    """UTF-8 with or without a byte order mark."""
    if len(data) > LIMIT_MB * 1_000_000:
        found.problem(file, 0, "too_big", limit=LIMIT_MB)
        return None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        found.problem(file, 0, "not_utf8")
        return None


def clean(text: str, limit: int) -> str:
    """Tidied as all texts are (NFC, one kind of space); Arabic presentation forms become the letters they stand for."""
    if text.isascii() and text.isprintable():
        return " ".join(text.split())[:limit].strip()
    return tidy(_PRESENTATION.sub(lambda forms: unicodedata.normalize("NFKC", forms[0]), text), limit)


def cut(text: str, limit: int) -> str:
    """At most `limit` characters, ending between words where one is near, with an ellipsis."""
    head = text[: limit - 1]
    space = head.rfind(" ")
    return (head[:space] if space > limit // 2 else head).rstrip(" ,;") + "…"


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
