"""Yes, no, abstain: one of three fixed answers, told in counts first. Nothing is said of a majority."""

from __future__ import annotations

from dataclasses import dataclass

from models.kinds.choice import SINGLE
from models.kinds.kind import Mark, Rules


@dataclass(frozen=True, slots=True)
class Motion:
    """A choice of one among `yes`, `no` and `abstain`."""

    name: str = "yes_no_abstain"
    template: str = "choice"
    fixed_items: tuple[str, ...] = ("yes", "no", "abstain")
    fixed_texts: tuple[dict[str, str], ...] = (
        {"en": "Yes", "tr": "Evet", "ar": "نعم", "ru": "Да"},
        {"en": "No", "tr": "Hayır", "ar": "لا", "ru": "Нет"},
        {"en": "Abstain", "tr": "Çekimser", "ar": "أمتنع عن التصويت", "ru": "Воздерживаюсь"},
    )

    def check(self, rules: Rules, marks: list[list[int]]) -> list[Mark]:
        return SINGLE.check(Rules(rules.items, 1, 1), marks)


MOTION = Motion()
