"""Cells as they are kept."""

from __future__ import annotations

import re
import unicodedata

from models.tidy import tidy

_PRESENTATION = re.compile("[\ufb50-\ufdff\ufe70-\ufefc]+")
_HIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069\ufff0-\ufffb]")
_FORMULA = re.compile(r"\s*[=+@-]")
_BEFORE_FORMULA = frozenset("=+@- \t\n\r\u00a0")
_NUMBER = re.compile(r"\s*[+-]?[\d\s().,/٫-]*%?\s*")
_LOST = re.compile(r"\ufffd|\?\?|\w\?\w|(?<!\S)\?\w")


def clean(text: str, limit: int) -> str:
    """Tidied as all texts are (NFC, one kind of space); Arabic presentation forms become the letters they stand for."""
    if not text:
        return ""
    if text.isascii() and text.isprintable():
        return " ".join(text.split())[:limit].strip()
    return tidy(_PRESENTATION.sub(lambda forms: unicodedata.normalize("NFKC", forms[0]), text), limit)


def cut(text: str, limit: int) -> str:
    """At most `limit` characters, ending between words where one is near, with an ellipsis."""
    head = text[: limit - 1]
    space = head.rfind(" ")
    return (head[:space] if space > limit // 2 else head).rstrip(" ,;") + "…"


def hidden(cell: str) -> str:
    """Control and direction override characters in it, by their numbers. Tidying takes them out."""
    return ", ".join(dict.fromkeys(f"U+{ord(c):04X}" for c in _HIDDEN.findall(cell)[:5]))


def is_formula(cell: str) -> bool:
    """Whether a spreadsheet would take it for one. Phone numbers, days and dashes are none."""
    return cell[:1] in _BEFORE_FORMULA and _FORMULA.match(cell) is not None and _NUMBER.fullmatch(cell) is None


def lost_letters(cell: str) -> bool:
    """Whether question marks stand where letters stood before the list was saved in a code page without them."""
    return _LOST.search(cell) is not None


def digits(cell: str) -> str:
    """The same with digits of any script as ASCII, and the Arabic decimal point as a point."""
    if cell.isascii():
        return cell
    return "".join(str(unicodedata.decimal(c, c)) for c in cell).replace("٫", ".")


def badge_number(cell: str) -> str:
    """A badge number as the badge has it: 1001 where a spreadsheet made 1001.0 of it, or wrote it in other digits."""
    number = digits(clean(cell, 400))
    whole, point, rest = number.partition(".")
    return whole if point and whole.isdecimal() and rest and not rest.strip("0") else number
