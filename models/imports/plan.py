"""What a folder holds, what is wrong with it, and what would change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from models.imports.findings import Finding
from models.imports.rows import DelegationRow, EventRow, HallRow, MeetingRow, PersonRow, PollRow
from models.imports.tables import Columns

EVENT, DECISIONS = "event.json", "decisions.json"


class Keyed(Protocol):
    @property
    def key(self) -> str: ...


R = TypeVar("R", bound=Keyed)


@dataclass(frozen=True, slots=True)
class Diff(Generic[R]):
    """One list against what is there. `absent` are there and not in the list; they stay."""

    new: tuple[R, ...] = ()
    changed: tuple[tuple[int, R], ...] = ()
    same: int = 0
    absent: int = 0


@dataclass(frozen=True, slots=True)
class Changes:
    """What applying would do."""

    event: EventRow | None = None
    halls: Diff[HallRow] = field(default_factory=Diff)
    delegations: Diff[DelegationRow] = field(default_factory=Diff)
    people: Diff[PersonRow] = field(default_factory=Diff)
    meetings: Diff[MeetingRow] = field(default_factory=Diff)
    moderators: tuple[tuple[str, str], ...] = ()
    """(session, badge number) that would be added."""
    polls: Diff[PollRow] = field(default_factory=Diff)

    @property
    def n(self) -> int:
        """How many rows would be written."""
        lists = (self.halls, self.delegations, self.people, self.meetings, self.polls)
        return (self.event is not None) + len(self.moderators) + sum(len(d.new) + len(d.changed) for d in lists)


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that can be told of a folder before it is applied.

    `columns` says how many rows stood in each file, the lists hold what is taken. `findings` are in order of files.
    """

    event: EventRow | None = None
    halls: tuple[HallRow, ...] = ()
    delegations: tuple[DelegationRow, ...] = ()
    people: tuple[PersonRow, ...] = ()
    meetings: tuple[MeetingRow, ...] = ()
    polls: tuple[PollRow, ...] = ()
    columns: dict[str, Columns] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    """How the file of a list is called, where it is no CSV."""
    findings: tuple[Finding, ...] = ()
    changes: Changes = field(default_factory=Changes)

    @property
    def problems(self) -> tuple[Finding, ...]:
        return tuple(each for each in self.findings if each.kind == "problem")
