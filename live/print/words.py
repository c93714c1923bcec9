"""What is printed in words. The key is English, the catalogues have the other languages; `_` only marks."""

from __future__ import annotations

from live.languages import catalogue


def _(message: str) -> str:
    return message


SCAN = _("Scan this, or type the code at %(address)s. This code is yours alone.")
SPARE = _("Spare badge")
ROLES: dict[str, str] = {
    "participant": _("Participant"),
    "observer": _("Observer"),
    "moderator": _("Moderator"),
    "chair": _("Chair"),
    "interpreter": _("Interpreter"),
    "translator": _("Translator"),
    "teller": _("Teller"),
    "av": _("Technician"),
    "registration": _("Registration desk"),
    "rapporteur": _("Rapporteur"),
    "organiser": _("Organiser"),
    "data_protection": _("Data protection"),
}
LIST = _("People by family name")
PRINTED = _("Printed %(when)s")
PAGE = _("Page %(page)s of %(pages)s")
COLUMNS = {
    "arrived": _("Here"),
    "name": _("Name"),
    "native": _("Own script"),
    "delegation": _("Delegation"),
    "role": _("Role"),
    "number": _("Number"),
}
GAPS = _("The name in their own script cannot be printed, since the fonts lack its letters: %(numbers)s")


def say(message: str, language: str, **params: str | int) -> str:
    """A sentence of this file in a language."""
    said = catalogue(language).gettext(message)
    return said % params if params else said


def role(name: str, language: str) -> str:
    """The word for a role as it stands on a badge."""
    return say(ROLES.get(name, name), language)
