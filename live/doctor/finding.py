"""What the doctor says of one thing."""

from __future__ import annotations

from dataclasses import dataclass

GOOD, LOOK, WRONG = "good", "look at", "wrong"


@dataclass(frozen=True, slots=True)
class Finding:
    """`state` is GOOD, LOOK or WRONG; `words` what is so; `do` what to do about it."""

    about: str
    state: str
    words: str
    do: str = ""
