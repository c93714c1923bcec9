"""Which zone a calendar means: by the name the world has for it, or by the rules that the file brings along."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, tzinfo

from icalendar import Timezone
from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from models.imports.slots import zone_of

LONGEST = 20_000
"""Characters of a zone's own rules. Outlook writes 400, others every year since 1900."""
_RULE = re.compile(r"^RRULE[^:]*:(.*)$", re.MULTILINE | re.IGNORECASE)
_PARTS = {
    "FREQ": "YEARLY", "INTERVAL": "1", "WKST": "[A-Z]{2}", "COUNT": "[0-9]{1,4}", "UNTIL": "[0-9TZ]{8,16}",
    "BYMONTH": "0?[1-9]|1[0-2]", "BYDAY": "[+-]?[1-5]?(MO|TU|WE|TH|FR|SA|SU)",
    "BYMONTHDAY": "-?[0-9]{1,2}(,-?[0-9]{1,2}){0,6}",
}  # fmt: skip
_IN_EVERY_MONTH = re.compile("(.*,)?-?0?([1-9]|1[0-9]|2[0-8])(,.*)?")
"""Days of which each month has one: after 30 February the library would look until it ends."""
RULES = 60
"""Of all zones of a file together that are followed."""


class Zones:
    """The zones of one calendar. `blocks` are its VTIMEZONE components by TZID, as lines."""

    def __init__(self, blocks: Mapping[str, str]) -> None:
        self._blocks = blocks
        self._known: dict[str, tzinfo | None] = {}
        self._left = RULES

    def get(self, name: str) -> tzinfo | None:
        """None where nobody knows it."""
        if name not in self._known:
            self._known[name] = self._find(name)
        return self._known[name]

    def _find(self, name: str) -> tzinfo | None:
        if name.upper() in ("UTC", "GMT", "Z"):
            return zone_of("UTC")
        parts = name.strip("/").split("/")
        # Some write a path before it: /calendar.example/20240101/Europe/Istanbul.
        names = [name, *("/".join(parts[-n:]) for n in (3, 2) if len(parts) > n), WINDOWS_TO_OLSON.get(name, "")]
        return next((zone for each in names if (zone := zone_of(each))), None) or self._ruled(
            self._blocks.get(name, "")
        )

    def _ruled(self, block: str) -> tzinfo | None:
        """By its own rules, which are only followed where they are those of a year: others may take for ever."""
        rules = _RULE.findall(block)
        self._left -= len(rules)
        is_short = block and len(block) <= LONGEST and self._left >= 0
        return _followed(block) if is_short and all(map(_is_of_a_year, rules)) else None


def _is_of_a_year(rule: str) -> bool:
    """Whether it tells one day of one month, as zones do: all days of all months since 1601 would take minutes."""
    given = dict(part.partition("=")[::2] for part in rule.strip().upper().strip(";").split(";"))
    day, days = given.get("BYDAY", ""), given.get("BYMONTHDAY", "")
    return (
        all(name in _PARTS and re.fullmatch(_PARTS[name], value) for name, value in given.items())
        and given.get("FREQ") == "YEARLY"
        and ("BYMONTH" in given or not (day or days))
        and (not days or (len(day) in (0, 2) and _IN_EVERY_MONTH.fullmatch(days) is not None))
    )


def _followed(block: str) -> tzinfo | None:
    try:
        component = Timezone.from_ical(block)
        zone = component.to_tz(lookup_tzid=False) if isinstance(component, Timezone) else None
        # Rules that nobody can follow show when they are used, so they are used here.
        return zone if zone and datetime(2024, 1, 1, tzinfo=zone).utcoffset() is not None else None
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, OverflowError):
        return None
