"""Which marks are a valid ballot."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.kinds import KINDS
from models.kinds.kind import Rules
from models.refusals import Refused

marks = st.lists(st.lists(st.integers(0, 9), max_size=3), max_size=8)


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS.keys())
@given(marks=marks, items=st.frozensets(st.integers(0, 9), min_size=2), least=st.integers(0, 3), more=st.integers(0, 5))
def test_a_ballot_is_within_the_rules_or_refused(
    kind: object, marks: list[list[int]], items: frozenset[int], least: int, more: int
) -> None:
    rules = Rules(items, least, max(1, least + more))
    try:
        ballot = kind.check(rules, marks)  # type: ignore[attr-defined]
    except Refused:
        return

    chosen = [item for item, _, _ in ballot]
    assert sorted(set(chosen)) == chosen == sorted(mark[0] for mark in marks)
    assert items.issuperset(chosen)
    assert all((x, y) == (1, 0) for _, x, y in ballot)
    if KINDS["yes_no_abstain"] is kind:
        assert len(chosen) == 1
    else:
        assert rules.min <= len(chosen) <= rules.max


@pytest.mark.parametrize("wrong", [[[1], [1]], [[9]], [[]], [[1, 2]], [[1, 1, 1]], [[1, 0]]])
def test_marks_that_no_form_sends_are_refused(wrong: list[list[int]]) -> None:
    for kind in KINDS.values():
        with pytest.raises(Refused, match="no_such_option"):
            kind.check(Rules(frozenset({1, 2}), 0, 2), wrong)


def test_the_order_of_marks_does_not_matter_and_an_x_of_one_may_be_said() -> None:
    rules = Rules(frozenset({1, 2, 3}), 1, 3)

    assert KINDS["multiple"].check(rules, [[3], [1, 1]]) == KINDS["multiple"].check(rules, [[1], [3]])


def test_every_kind_has_its_partials_name_and_fixed_items_only_where_they_are_fixed() -> None:
    assert {name: kind.name for name, kind in KINDS.items()} == {name: name for name in KINDS}
    assert {name for name, kind in KINDS.items() if kind.fixed_items} == {"yes_no_abstain"}
