"""What a way to ask has to answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

Mark = tuple[int, int, int]
"""(item id, x, y). A choice is x = 1; what x and y mean belongs to the kind."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What a ballot is checked against: the items of the poll and its bounds."""

    items: frozenset[int]
    min: int
    max: int


class Kind(Protocol):
    """One way to ask."""

    @property
    def name(self) -> str: ...

    @property
    def template(self) -> str:
        """The partials `phone/_TEMPLATE.html` and `screen/_TEMPLATE.html` that draw it."""

    @property
    def fixed_items(self) -> tuple[str, ...]:
        """Keys of items that are always these, in this order; empty when the moderator writes them."""

    @property
    def fixed_texts(self) -> tuple[dict[str, str], ...]:
        """What the fixed items say, by language, in their order. Every language the platform offers is there."""

    def check(self, rules: Rules, marks: list[list[int]]) -> list[Mark]:
        """The marks of a valid ballot, in the order of items. Raises Refused with what to do otherwise."""
        ...
