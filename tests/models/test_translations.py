"""Every language version of a text is a draft, or approved by a name."""

from __future__ import annotations

from models import translations
from models.command import Done
from models.store import Tx
from tests.world import World

OWNER = "poll:77"


def write(world: World, slot: int, language: str, body: str) -> bool:
    changed: list[bool] = []

    def run(tx: Tx) -> Done:
        changed.append(translations.write(tx, OWNER, slot, language, body))
        return Done()

    world.store.do(run)
    return changed[0]


def approve(world: World, language: str) -> int:
    found: list[int] = []

    def run(tx: Tx) -> Done:
        found.append(translations.approve(tx, OWNER, language, 1, 5.0))
        return Done()

    world.store.do(run)
    return found[0]


def approved(world: World) -> dict[int, dict[str, str]]:
    return world.read(lambda tx: translations.slots(tx, OWNER, approved_only=True))


def test_a_new_text_is_a_draft_until_somebody_approves_it(world: World) -> None:
    assert write(world, 0, "en", "Question")

    assert world.read(lambda tx: translations.slots(tx, OWNER)) == {0: {"en": "Question"}}
    assert approved(world) == {}
    assert approve(world, "en") == 1
    assert approved(world) == {0: {"en": "Question"}}


def test_changing_one_language_un_approves_all_of_that_text_and_no_other(world: World) -> None:
    for slot in (0, 1):
        for language in ("en", "tr"):
            write(world, slot, language, "Words")
    approve(world, "en")
    approve(world, "tr")

    assert write(world, 0, "tr", "Sözler")

    assert approved(world) == {1: {"en": "Words", "tr": "Words"}}


def test_writing_the_same_words_again_changes_nothing(world: World) -> None:
    write(world, 0, "en", "Question")
    approve(world, "en")
    before = world.dump()

    assert write(world, 0, "en", "Question") is False

    assert world.dump() == before


def test_approving_again_says_that_there_was_nothing_left(world: World) -> None:
    write(world, 0, "en", "Question")

    assert [approve(world, "en"), approve(world, "en"), approve(world, "ru")] == [1, 0, 0]


def test_a_language_is_missing_while_one_slot_lacks_it(world: World) -> None:
    for slot in (0, 1):
        write(world, slot, "en", "Words")
    write(world, 0, "tr", "Sözler")
    approve(world, "en")
    approve(world, "tr")

    def missing(slots: int) -> tuple[str, ...]:
        return world.read(lambda tx: translations.missing(tx, OWNER, slots, ("en", "tr", "ru")))

    assert missing(1) == ("ru",)
    assert missing(2) == ("tr", "ru")
