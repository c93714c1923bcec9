"""A command is a wish as plain validated data; a Done says what it touched. Everything that changes anything is one.

Commands are msgspec structs: the socket decodes them strictly, forms leniently, and both end in `perform`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, ClassVar

import msgspec

if TYPE_CHECKING:
    from models.store import Tx

Touched = frozenset[tuple[str, str]]
"""(address, part) pairs, for instance ("session:7", "now"). Addresses: event, hall:ID, session:ID, person:ID."""

Id = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
"""Every number that comes from outside: whole, not negative, and safe in a browser and in SQLite."""

Word = Annotated[str, msgspec.Meta(max_length=200)]
"""A language, a setting, a list of roles: never longer than any that exists."""
Body = Annotated[str, msgspec.Meta(max_length=4000)]
"""What a person wrote. It is tidied and cut to what its place holds."""

NOTHING: Touched = frozenset()
SYSTEM = "system"
"""The role of the platform itself: timers and seals go through the same door."""


@dataclass(frozen=True, slots=True)
class Badge:
    """Who you are here. `person_id` is 0 for a screen or the system; `hall_id` is set for a screen only."""

    person_id: int
    role: str
    language: str = "en"
    hall_id: int | None = None
    screen_id: int | None = None
    login: bytes = b""

    @property
    def key(self) -> str:
        """One word for everything this badge holds open: sockets, limits, presence."""
        return f"screen:{self.screen_id}" if self.screen_id else f"person:{self.person_id}"


@dataclass(frozen=True, slots=True)
class Done:
    """What a command did. `notice` is the key of the words for the actor, `facts` travel beside it as data.

    `sequel` belongs to a command that runs alone: it is performed in a second transaction after the write-ahead
    log was truncated.
    """

    touched: Touched = NOTHING
    notice: str = "done"
    facts: dict[str, int | str | float] = field(default_factory=dict)
    wipe: bool = False
    """What was deleted must not be read from the write-ahead log either: empty it as soon as nobody reads."""
    sequel: Callable[[Tx], Done] | None = None


def snake(name: str) -> str:
    """CastVote -> cast_vote: the word a command has on the line and in forms."""
    return "".join("_" + c.lower() if c.isupper() else c for c in name).lstrip("_")


class Command(msgspec.Struct, forbid_unknown_fields=True, tag_field="do", tag=snake):
    """Base of all commands. Subclasses hold bounded fields and `perform(tx, badge, now)`.

    `now` is wall time in seconds since 1970; order never comes from it.
    """

    hot: ClassVar[bool] = False
    """A verb sent by every phone at once. It bumps no version and asks no session object for anything."""
    alone: ClassVar[bool] = False
    """Runs in a group of its own."""

    def perform(self, tx: Tx, badge: Badge, now: float) -> Done:
        raise NotImplementedError
