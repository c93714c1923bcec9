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
_YEARLY = re.compile(r"[A-Z0-9=;,+TZ-]*FREQ=YEARLY[A-Z0-9=;,+TZ-]*", re.IGNORECASE)
_OF_A_DAY = re.compile(r"BY(HOUR|MINUTE|SECOND|SETPOS|YEARDAY|WEEKNO)", re.IGNORECASE)


class Zones:
    """The zones of one calendar. `blocks` are its VTIMEZONE components by TZID, as lines."""

    def __init__(self, blocks: Mapping[str, str]) -> None:
        self._blocks = blocks
        self._known: dict[str, tzinfo | None] = {}

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
        return next((zone for each in names if (zone := zone_of(each))), None) or _ruled(self._blocks.get(name, ""))


def _ruled(block: str) -> tzinfo | None:
    """By its own rules, which are only followed where they are those of a year: others may take for ever."""
    rules = _RULE.findall(block)
    if not block or len(block) > LONGEST or len(rules) > 40:
        return None
    if not all(len(rule) < 200 and _YEARLY.fullmatch(rule.strip()) and not _OF_A_DAY.search(rule) for rule in rules):
        return None
    try:
        component = Timezone.from_ical(block)
        zone = component.to_tz(lookup_tzid=False) if isinstance(component, Timezone) else None
        # Rules that nobody can follow show when they are used, so they are used here.
        return zone if zone and datetime(2024, 1, 1, tzinfo=zone).utcoffset() is not None else None
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, OverflowError):
        return None
