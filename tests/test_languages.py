"""Every sentence exists in four languages, with the same parameters and all plural forms."""

from __future__ import annotations

import pytest

from live import languages
from tests import sentences


@pytest.mark.parametrize("code", sentences.CATALOGUES)
def test_every_sentence_is_translated(code: str) -> None:
    assert sentences.missing(code) == []


def test_a_missing_translation_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    found = sentences.sentences()
    found.add("A sentence nobody has translated")
    monkeypatch.setattr(sentences, "sentences", lambda: found)

    assert sentences.missing("tr") == ["A sentence nobody has translated"]


def test_a_parameter_lost_in_translation_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    have = sentences.catalogue("ru")
    message = next(m for m in have if isinstance(m.id, str) and "%(" in m.id)
    message.string = "без параметра"
    monkeypatch.setattr(sentences, "catalogue", lambda code: have)

    assert message.id in sentences.missing("ru")


def test_numbers_and_percent_signs_follow_the_language() -> None:
    assert [languages.percent(41, code) for code in ("en", "tr", "ar", "ru")] == ["41%", "%41", "41%", "41\u00a0%"]
    assert languages.day("2026-11-24", "ar").isascii() is False
    assert any(c in "0123456789" for c in languages.day("2026-11-24", "ar"))


def test_the_first_wish_that_is_offered_wins() -> None:
    assert languages.negotiate("de-DE,ru;q=0.8,en;q=0.9") == "en"
    assert languages.negotiate("fr") == "en"
    assert languages.negotiate("ar-EG,en;q=0.5") == "ar"
    assert languages.negotiate(";q=x,,") == "en"
