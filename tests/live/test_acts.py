"""What just happened is told for every act the records can write."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from live import acts
from models import journal

MODELS = Path(acts.__file__).parent.parent / "models"


def row(act: str, **facts: int | str | float) -> journal.JournalRow:
    return journal.JournalRow(
        id=1, at=1795492179.0, who="Murat Kaya", person_id=7, act=act, facts=facts, undoable=False, undone=False
    )


def written() -> set[str]:
    """Every act named in a call of journal.write."""
    calls = [
        call
        for path in MODELS.rglob("*.py")
        for call in re.findall(r"journal\.write\((.*?)\)\n", path.read_text(), re.DOTALL)
    ]
    return {act for call in calls for act in re.findall(r'"([a-z_]+)"', call)} | {"timer_set", "timer_stopped"}


def test_every_act_of_the_records_has_its_words() -> None:
    assert written() >= {"took", "poll_opened", "session_started"}
    assert written() - acts.ACTS.keys() - acts.SCENES.keys() == set()


@pytest.mark.parametrize("act", sorted(acts.ACTS))
def test_a_sentence_never_fails_for_want_of_a_fact(act: str) -> None:
    assert "%(" not in acts.sentence("en", row(act))


def test_numbers_are_told_in_their_own_form() -> None:
    assert acts.sentence("en", row("sealed", poll=3, n=1)) == "Poll sealed with 1 answer"
    assert acts.sentence("en", row("sealed", poll=3, n=146)) == "Poll sealed with 146 answers"


def test_opening_without_a_language_names_it() -> None:
    said = acts.sentence("en", row("poll_opened", poll=3, of=212, override="ar,ru"))

    assert said == "Poll: voting opened without AR, RU"


def test_a_timer_stopped_by_lost_phones_says_so() -> None:
    assert "phones lost" in acts.sentence("en", row("timer_stopped", poll=3, seconds=0, why="142 of 168 phones lost"))


def test_an_act_nobody_knows_is_still_told() -> None:
    assert acts.sentence("en", row("invented")) == "A change was made"


def test_languages_are_listed_with_the_comma_of_the_reader() -> None:
    assert acts.sentence("ar", row("poll_opened", poll=3, of=212, override="ar,ru")).endswith("AR، RU")
