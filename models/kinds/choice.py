"""Single and multiple choice: a mark is an item with x = 1."""

from __future__ import annotations

from dataclasses import dataclass

from models.kinds.kind import Mark, Rules
from models.refusals import Refused


@dataclass(frozen=True, slots=True)
class Choice:
    """`min` to `max` different items. `max` is the poll's; single choice is 1 and 1."""

    name: str
    template: str = "choice"
    fixed_items: tuple[str, ...] = ()
    fixed_texts: tuple[dict[str, str], ...] = ()

    def check(self, rules: Rules, marks: list[list[int]]) -> list[Mark]:
        chosen = sorted({mark[0] for mark in marks if mark})
        if len(chosen) != len(marks) or any(item not in rules.items for item in chosen):
            raise Refused("no_such_option")
        if any(len(mark) > 1 and mark[1:] != [1] for mark in marks):
            raise Refused("no_such_option")
        if len(chosen) < rules.min:
            raise Refused("choose_one" if rules.max == 1 else "choose_at_least", count=rules.min)
        if len(chosen) > rules.max:
            raise Refused("choose_at_most", count=rules.max)
        return [(item, 1, 0) for item in chosen]


SINGLE = Choice("single")
MULTIPLE = Choice("multiple")
