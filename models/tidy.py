"""User text as it is kept, and folded as it is searched and sorted.

Kept: NFC, one kind of space, no control or format characters, marks bounded.
"""

from __future__ import annotations

import unicodedata

MARKS = 4
"""Combining marks kept on one letter; Vietnamese needs two, Arabic with full vowels three."""
_TURKISH = str.maketrans("İIı", "iii")
_ALIKE = str.maketrans(
    {
        "ł": "l", "ø": "o", "đ": "d", "ð": "d", "æ": "ae", "œ": "oe", "þ": "th", "ə": "e",
        "ی": "ي", "ى": "ي", "ک": "ك", "ة": "ه", "ٱ": "ا", "ـ": None, "ء": None, "\u200c": None, "\u200d": None,
        "'": None, "’": None, "‘": None, "ʼ": None, "ʻ": None, "`": None, "-": " ", "–": " ", "‑": " ",
    }
    | {chr(start + n): str(n) for start in (0x660, 0x6F0) for n in range(10)}
)  # fmt: skip
"""Letters without a decomposition, what Arabic writes in two ways, and what people leave out of a name they type."""


def tidy(text: str, limit: int) -> str:
    """The text as one line of at most `limit` characters. Joiners that Arabic and Persian need are kept."""
    kept: list[str] = []
    marks = 0
    for c in unicodedata.normalize("NFC", text[: limit * 8]):
        category = unicodedata.category(c)
        if category in ("Mn", "Me"):
            marks += 1
            if marks > MARKS or not kept:
                continue
        else:
            marks = 0
        if category[0] == "C" and c not in "\n\t\u200c\u200d":
            continue
        kept.append(" " if category[0] == "Z" or c in "\n\t" else c)
    return " ".join("".join(kept).split())[:limit].strip()


def fold(text: str) -> str:
    """For searching: case, accents, the Turkish dotless i, the hamza, ё and hyphens do not matter."""
    plain = unicodedata.normalize("NFKD", text.translate(_TURKISH).casefold())
    return "".join(c for c in plain if not unicodedata.combining(c)).translate(_ALIKE)
