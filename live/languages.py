"""Four languages: catalogues compiled in memory from `templates/locales`, and how each writes numbers and times."""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from gettext import GNUTranslations, NullTranslations
from pathlib import Path
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

LOCALES = Path(__file__).parent.parent / "templates" / "locales"


@dataclass(frozen=True, slots=True)
class Language:
    """One interface language. `short` is what the switch shows."""

    code: str
    name: str
    short: str
    direction: str


LANGUAGES: dict[str, Language] = {
    "en": Language("en", "English", "EN", "ltr"),
    "tr": Language("tr", "Türkçe", "TR", "ltr"),
    "ar": Language("ar", "العربية", "ع", "rtl"),
    "ru": Language("ru", "Русский", "RU", "ltr"),
}


@cache
def catalogue(code: str) -> NullTranslations:
    """The translations of one language; English is written in the source itself."""
    path = LOCALES / f"{code}.po"
    if not path.exists():
        return NullTranslations()
    with path.open("rb") as file:
        messages = read_po(file, locale=code)
    compiled = io.BytesIO()
    write_mo(compiled, messages)
    compiled.seek(0)
    return GNUTranslations(compiled)


def direction(code: str) -> str:
    return LANGUAGES[code].direction if code in LANGUAGES else "ltr"


DAYS = {"ar": "EEEE، d MMMM", "tr": "d MMMM EEEE"}
"""How a day is written where it is not "Tuesday, 24 November"."""


@cache
def tongue(which: str, code: str) -> str:
    """What a language is called in another one: Arabic, Arapça."""
    return str(Locale.parse(code).languages.get(which, which))


def listed(words: Iterable[str], code: str) -> str:
    """Words of a list, with the language's own comma between them."""
    return ("، " if direction(code) == "rtl" else ", ").join(words)


def percent(value: int, code: str) -> str:
    """41%, %41 in Turkish, 41 % with a no-break space in Russian. Digits are Western in all four."""
    match code:
        case "tr":
            return f"%{value}"
        case "ru":
            return f"{value}\u00a0%"
        case _:
            return f"{value}%"


def clock(at: float, zone: str, *, seconds: bool = False) -> str:
    """Wall seconds as the event's clock time: 14:32."""
    return datetime.fromtimestamp(at, ZoneInfo(zone)).strftime("%H:%M:%S" if seconds else "%H:%M")


def day(iso: str, code: str) -> str:
    """2026-11-24 as a day of the week and a date in words, digits Western."""
    words = format_date(date.fromisoformat(iso), DAYS.get(code, "EEEE, d MMMM"), locale=code)
    return words.translate(str.maketrans("٠١٢٣٤٥٦٧٨٩", "0123456789"))


def of_day(clock: str) -> str:
    """A time of a programme as clocks show it: an end of 24:30 is 00:30."""
    return f"{int(clock[:2]) - 24:02d}{clock[2:]}" if clock >= "24" else clock


def negotiate(header: str, offered: tuple[str, ...] = tuple(LANGUAGES)) -> str:
    """The first language of an Accept-Language header that is offered, else the first offered."""
    wishes: list[tuple[float, str]] = []
    for part in header[:200].split(","):
        tag, _, q = part.strip().partition(";q=")
        try:
            wishes.append((-float(q or 1), tag.split("-")[0].lower()))
        except ValueError:
            continue
    return next((tag for _, tag in sorted(wishes, key=lambda w: w[0]) if tag in offered), offered[0])
