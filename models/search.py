"""How a person is found by a few typed letters: in any script, and across scripts where nothing is found otherwise.

A Latin name stands on every list. So a name typed in Cyrillic or Arabic is also looked for as it sounds in Latin
letters, and the other way round: loosely, and only when no name holds the letters themselves.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from models.tidy import fold

_CYRILLIC = {
    "а": "a", "б": "b", "в": "v", "г": "g", "д": "d", "е": "e", "ж": "zh", "з": "z", "и": "i", "к": "k", "л": "l",
    "м": "m", "н": "n", "о": "o", "п": "p", "р": "r", "с": "s", "т": "t", "у": "u", "ф": "f", "х": "kh", "ц": "ts",
    "ч": "ch", "ш": "sh", "щ": "shch", "ъ": "", "ы": "y", "ь": "", "э": "e", "ю": "yu", "я": "ya", "і": "i",
    "є": "ye", "ґ": "g", "ђ": "dj", "ј": "j", "љ": "lj", "њ": "nj", "ћ": "c", "џ": "dz", "ә": "a", "қ": "k",
    "ғ": "g", "ң": "n", "ө": "o", "ұ": "u", "ү": "u", "һ": "h", "ҳ": "h", "ҷ": "j",
}  # fmt: skip
_ARABIC = {
    "ب": "b", "پ": "b", "ت": "t", "ث": "th", "ج": "j", "گ": "j", "چ": "ch", "ح": "h", "خ": "kh", "د": "d", "ذ": "dh",
    "ر": "r", "ز": "z", "ژ": "zh", "س": "s", "ش": "sh", "ص": "s", "ض": "d", "ط": "t", "ظ": "z", "غ": "gh", "ف": "f",
    "ق": "k", "ك": "k", "ل": "l", "م": "m", "ن": "n", "ه": "h",
}  # fmt: skip
"""The consonants that both scripts write. Vowels, long ones too, and the letters that stand for them are left out."""
_SAME = (("shch", "s"), ("sh", "s"), ("kh", "h"), ("zh", "j"), ("ch", "c"), ("ts", "c"), ("dj", "j"), ("y", "i"),
         ("w", "v"), ("q", "k"))  # fmt: skip
"""Spellings of one sound, for `loose`."""
LEAST, LEAST_BONES = 3, 2
"""Letters a word needs before it is looked for loosely."""


@dataclass(frozen=True, slots=True)
class Words:
    """A text as it is searched: folded, as it sounds, and the consonants of its Latin and of its Arabic words."""

    folded: str
    loose: str
    latin: frozenset[str]
    arabic: frozenset[str]


@lru_cache(maxsize=60_000)
def words_of(text: str) -> Words:
    """The same text is worked out once: a list is searched at every key, and its names stay."""
    folded = fold(text)
    each = folded.split()
    return Words(
        folded, loose(folded),
        frozenset(bones(word) for word in each if word.isascii()),
        frozenset(bones(word) for word in each if _is_arabic(word)),
    )  # fmt: skip


def holds(text: str, wanted: Iterable[str]) -> bool:
    """Whether the text has every wanted word, or a part of a word, as it is written."""
    there = words_of(text).folded
    return all(word in there for word in wanted)


def sounds(text: str, wanted: Iterable[str]) -> bool:
    """Whether the text has every wanted word as it sounds, in whatever script."""
    there = words_of(text)
    return all(_sounds(there, word) for word in wanted)


def loose(folded: str) -> str:
    """Folded text in Latin letters, with one letter for each sound and none twice in a row. Arabic stays as it is."""
    latin = "".join(_CYRILLIC.get(c, c) for c in folded)
    for spelling, sound in _SAME:
        latin = latin.replace(spelling, sound)
    return re.sub(r"(.)\1+", r"\1", latin)


def bones(word: str) -> str:
    """The consonants of a folded word, Latin or Arabic, without the article."""
    if _is_arabic(word):
        kept = "".join(_ARABIC.get(c, "") for c in word.removeprefix("ال"))
    else:
        kept = re.sub("[^bcdfghjklmnpqrstvxz]", "", word)
        kept = re.sub("c(?!h)", "k", kept).translate(str.maketrans("qpv", "kbf"))
        kept = re.sub("g(?!h)", "j", kept)
    kept = re.sub(r"(.)\1+", r"\1", kept)
    return kept[:-1] if len(kept) > 1 and kept.endswith("h") and not kept.endswith(("th", "sh", "kh", "gh")) else kept


def _sounds(there: Words, word: str) -> bool:
    said = loose(word)
    if word in there.folded or (len(said) >= LEAST and said in there.loose):
        return True
    heard = bones(word)
    return len(heard) >= LEAST_BONES and heard in (there.latin if _is_arabic(word) else there.arabic)


def _is_arabic(word: str) -> bool:
    return any("\u0600" <= c <= "\u06ff" for c in word)
