"""User text as it is kept."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.tidy import MARKS, tidy


@given(st.text(max_size=400), st.integers(1, 200))
def test_a_tidy_text_is_short_of_one_line_and_without_control_characters(text: str, limit: int) -> None:
    kept = tidy(text, limit)

    assert len(kept) <= limit
    assert kept == kept.strip()
    assert not [c for c in kept if unicodedata.category(c)[0] == "C" and c not in "\u200c\u200d"]
    assert not [c for c in kept if unicodedata.category(c)[0] == "Z" and c != " "]


@given(st.text(max_size=200))
def test_tidying_twice_is_tidying_once(text: str) -> None:
    once = tidy(text, 100)

    assert tidy(once, 100) == once


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("  two \t words\n\n here ", "two words here"),
        ("a\u202eb\u2066c\u200bd\ufeffe\x00f\x1b[31mg", "abcdef[31mg"),
        ("e\u0301", "é"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("\u0301\u0301start", "start"),
        ("a\u00a0b\u2003c\u2028d", "a b c d"),
        ("İstanbul'da oy", "İstanbul'da oy"),
        ("", ""),
    ],
)
def test_what_people_need_is_kept_and_what_harms_is_not(text: str, kept: str) -> None:
    assert tidy(text, 80) == kept


def test_marks_do_not_pile_up_on_one_letter() -> None:
    kept = tidy("z" + "\u0335" * 50 + "algo", 80)

    assert kept == "z" + "\u0335" * MARKS + "algo"


def test_a_very_long_text_is_not_read_to_its_end() -> None:
    assert tidy("a" * 10_000_000, 10) == "a" * 10
