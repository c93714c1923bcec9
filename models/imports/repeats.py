"""What repeats in a calendar, within bounds: a rule of one line may stand for more days than there are."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from itertools import islice

from dateutil.rrule import rrulestr

REPEATS = 200
"""Times that one entry may take place."""
RULES = 100
"""Entries that may repeat by a rule."""
WITHIN = timedelta(days=800)
"""From the first time on. Rules are worked out day by day; two years of one cost a few milliseconds [measured]."""
RULE = 400
"""Longest rule, in characters."""
_ENDS = re.compile(r"(?:^|;)(COUNT|UNTIL)=([0-9TZ]+)(?=;|$)")


class Endless(Exception):
    """A rule without an end, with too many times, or of a kind that no programme has. `key` is that of a finding."""

    def __init__(self, key: str, /, **params: str | int) -> None:
        super().__init__(key)
        self.key, self.params = key, params


def times(first: datetime, rule: str, until: datetime | None, count: int | None) -> list[datetime]:
    """When a rule says that it takes place, by the clock of its own zone: `first` and `until` name no zone."""
    kind = re.search(r"(?:^|;)FREQ=([A-Z]+)", rule)
    if len(rule) > RULE or kind is None or kind[1] not in ("DAILY", "WEEKLY", "MONTHLY", "YEARLY"):
        raise Endless("repeats_so", value=rule[:80])
    if until is None and count is None:
        raise Endless("repeats_ever")
    if re.search(r"BY(HOUR|MINUTE|SECOND)=[0-9]*,", rule):
        raise Endless("repeats_so", value=rule[:80])
    last = min(until or first + WITHIN, first + WITHIN)
    try:
        # Both ends are held here: the library would look for the hundredth 30 February until the year 9999.
        each = rrulestr(f"RRULE:{_ENDS.sub('', rule).strip(';')};UNTIL={last:%Y%m%dT%H%M%S}", dtstart=first)
        found = list(islice(each, min(count or REPEATS + 1, REPEATS + 1)))
        if first not in found[:1]:
            # The first time is always one, whether the rule says so or not.
            found = [first, *found][: count or REPEATS + 2]
    except (ValueError, TypeError, KeyError, OverflowError, IndexError) as error:
        raise Endless("repeats_so", value=f"{rule[:80]} ({str(error)[:60]})") from None
    if len(found) > REPEATS:
        raise Endless("repeats_often", limit=REPEATS)
    if count is not None and len(found) < count and until is None and last == first + WITHIN:
        raise Endless("repeats_long", days=WITHIN.days)
    if until and until > last:
        raise Endless("repeats_long", days=WITHIN.days)
    return found


def ends(rule: str) -> dict[str, str]:
    """COUNT and UNTIL as they stand."""
    return {match[1]: match[2] for match in _ENDS.finditer(rule)}
