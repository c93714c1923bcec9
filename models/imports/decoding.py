"""From bytes to text. A code page is told by whether its words could be words; where that is not sure, nobody guesses.

Bytes that break UTF-8 here and there stay in the text as lone surrogates, so that their row can be named.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from models.imports.findings import Findings
from models.imports.sheets import LIMIT_MB, Unreadable

BY_HAND = {
    "utf-8": "utf-8-sig", "utf-16": "utf-16", "utf-16-le": "utf-16-le", "utf-16-be": "utf-16-be",
    **{f"windows-{page}": f"cp{page}" for page in range(1250, 1259)},
}  # fmt: skip
"""What may be named in decisions.json, and how Python calls it."""
SURE = 0.9
"""Part of the words with letters beyond ASCII that must be well formed."""
EVIDENCE = 3
"""Fewer such words prove nothing."""
SAMPLE = 200_000
"""Bytes that are looked at, from the first beyond ASCII on."""
_ONLY_TURKISH = "ğĞıİşŞ"
_IN_TURKISH = _ONLY_TURKISH + "çÇöÖüÜâÂîÎûÛ"
_EDGES = re.compile(r"[\s\x00-\x2f:-@\[-`{-~\u00a0\u2010-\u2026\u00ab\u00bb\u060c\u061b\u061f]+")
_BROKEN = re.compile("[\udc80-\udcff]")

_SHAPES: tuple[tuple[bytes, str], ...] = (
    (b"%PDF", "a PDF"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"\x1f\x8b", "a packed file"),
    (b"7z\xbc\xaf", "a packed file"),
    (b"Rar!", "a packed file"),
    (b"SQLite format 3", "a database"),
    (b"{\\rtf", "a text document"),
)
OLD_EXCEL = "an old Excel file (.xls), or one with a password"
WORKBOOK = "an Excel workbook"


@dataclass(frozen=True, slots=True)
class Text:
    text: str
    told: str = ""
    """As what it was read, where that was concluded and not certain."""


def shape(data: bytes) -> str:
    """What a file is that is no text, in words; "" for text."""
    if data.startswith(b"PK\x03\x04"):
        return WORKBOOK if b"xl/" in data else "a packed file"
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        return OLD_EXCEL
    found = next((words for start, words in _SHAPES if data.startswith(start)), "")
    if not found:
        head = data[:400].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
        if head.startswith((b"<!doctype html", b"<html", b"<table")):
            found = "a web page"
        elif head.startswith(b"<?xml"):
            found = "XML"
        elif re.match(rb'\{\s*("|\})|\[\s*[\[{"]', head):
            found = "JSON"
        elif head.startswith((b"begin:vcalendar", b"begin:vcard")):
            found = "a calendar or an address card"
    return found


def decode(data: bytes, by_hand: str = "") -> Text:
    """The text of a file. `by_hand` is one of BY_HAND. Raises Unreadable."""
    if by_hand:
        try:
            return Text(data.decode(BY_HAND[by_hand]).removeprefix("\ufeff"))
        except UnicodeDecodeError as error:
            raise Unreadable("not_encoded_so", encoding=by_hand, byte=error.start + 1) from None
    wide, told = _wide(data)
    if wide:
        try:
            return Text(data.decode(wide).removeprefix("\ufeff"), told)
        except UnicodeDecodeError as error:
            raise Unreadable("not_encoded_so", encoding="utf-16", byte=error.start + 1) from None
    try:
        return Text(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        pass
    broken = data.decode("utf-8", "surrogateescape")
    # Counted without a list of them: ten million strings would be 500 MB.
    lost = len(data) - len(broken.encode("utf-8", "ignore"))
    beyond_ascii = len(data) - len(data.decode("ascii", "ignore"))
    if beyond_ascii - lost > 2 * lost:
        return Text(broken.removeprefix("\ufeff"))
    return _page(data)


def utf8(file: str, data: bytes, found: Findings) -> str | None:
    """UTF-8 with or without a byte order mark, as JSON is. Anything else is a problem."""
    if len(data) > LIMIT_MB * 1_000_000:
        found.problem(file, 0, "too_big", limit=LIMIT_MB)
        return None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        found.problem(file, 0, "not_utf8")
        return None


def is_broken(cell: str) -> bool:
    """Whether bytes stand in it that are no letters in UTF-8."""
    return _BROKEN.search(cell) is not None


def _wide(data: bytes) -> tuple[str, str]:
    """UTF-16 by its byte order mark, or, which is told, by the zero bytes of its digits, commas and line ends."""
    if data.startswith((b"\xff\xfe\x00\x00", b"\x00\x00\xfe\xff")):
        raise Unreadable("encoding_unknown")
    if data.startswith(b"\xff\xfe"):
        return "utf-16-le", ""
    if data.startswith(b"\xfe\xff"):
        return "utf-16-be", ""
    head = data[:4000]
    first, second = head[::2].count(0), head[1::2].count(0)
    if max(first, second) < len(head) / 20 or max(first, second) < 10 * min(first, second) + 2:
        return "", ""
    return ("utf-16-be", "UTF-16 BE") if first > second else ("utf-16-le", "UTF-16 LE")


def _page(data: bytes) -> Text:
    """Raises Unreadable where not exactly one code page makes words of it."""
    begin = re.search(rb"[\x80-\xff]", data)
    assert begin
    sample = data[max(0, begin.start() - 200) : begin.start() + SAMPLE]
    likely: list[tuple[str, str]] = []
    for page, words, well_formed, is_enough in _PAGES:
        found = {word for word in _EDGES.split(sample.decode(page, "replace")) if not word.isascii()}
        good = [word for word in found if _in_case(word) and well_formed(word)]
        if len(good) >= max(EVIDENCE, SURE * len(found)) and is_enough(good):
            likely.append((page, words))
    if len(likely) != 1:
        raise Unreadable("encoding_unknown")
    try:
        return Text(data.decode(likely[0][0]), likely[0][1])
    except UnicodeDecodeError:
        raise Unreadable("encoding_unknown") from None


def _in_case(word: str) -> bool:
    """Written as people write: all small, all capital, or a capital first. Arabic has no case."""
    rest = word.lstrip("’‘'")[1:]
    return rest == rest.lower() or word == word.upper()


def _turkish(word: str) -> bool:
    """Guests bring letters of the west, but not into a word with ğ, ı or ş. No Latin word has such letters alone."""
    strange = [c for c in word if c > "\x7f"]
    if not word.isalpha() or max(strange) > "ſ" or len(strange) > 0.6 * len(word):
        return False
    return not any(c in _ONLY_TURKISH for c in strange) or all(c in _IN_TURKISH for c in strange)


def _has_turkish_letters(words: list[str]) -> bool:
    """Two of ğ, ı, ş, for one alone may be another letter in another code page: ý, ţ or đ."""
    letters = [c for word in words for c in word if c > "\x7f"]
    kinds = {_ONLY_TURKISH.index(c) // 2 for c in letters if c in _ONLY_TURKISH}
    return len(kinds) > 1 and sum(c in _IN_TURKISH for c in letters) >= 0.6 * len(letters)


def _arabic(word: str) -> bool:
    if all("\u0600" <= c <= "\u06ff" or c in "\u200c\u200d\u200e\u200f" for c in word):
        return len(word) > 1 or word in "وء"
    return word.isalpha() and sum(c > "\x7f" for c in word) <= 0.5 * len(word) and max(word) < "\u0180"


def _has_arabic(words: list[str]) -> bool:
    """Alef and lam are a quarter of any Arabic text, and of Persian and Urdu names nearly as much."""
    letters = "".join(word for word in words if "\u0600" <= word[0] <= "\u06ff")
    return len(letters) >= 12 and sum(letters.count(c) for c in "اليمنر") >= 0.3 * len(letters)


def _cyrillic(word: str) -> bool:
    return all("\u0400" <= c <= "\u045f" or c in "ґҐ" for c in word)


def _has_vowels(words: list[str]) -> bool:
    letters = "".join(words).lower()
    return len(letters) >= 12 and 0.25 <= sum(letters.count(c) for c in "аеёиоуыэюяіїє") / len(letters) <= 0.65


_PAGES: tuple[tuple[str, str, Callable[[str], bool], Callable[[list[str]], bool]], ...] = (
    ("cp1254", "Windows-1254 (Turkish)", _turkish, _has_turkish_letters),
    ("cp1256", "Windows-1256 (Arabic)", _arabic, _has_arabic),
    ("cp1251", "Windows-1251 (Cyrillic)", _cyrillic, _has_vowels),
)
