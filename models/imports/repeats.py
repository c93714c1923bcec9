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
_DAYS = r"(MO|TU|WE|TH|FR|SA|SU)(,(MO|TU|WE|TH|FR|SA|SU))*"
_PLAIN: tuple[tuple[str, dict[str, str]], ...] = (
    ("DAILY", {}), ("DAILY", {"BYDAY": _DAYS}), ("WEEKLY", {}), ("WEEKLY", {"BYDAY": _DAYS}), ("MONTHLY", {}),
    ("MONTHLY", {"BYDAY": r"[+-]?[1-4](MO|TU|WE|TH|FR|SA|SU)"}), ("MONTHLY", {"BYDAY": _DAYS, "BYSETPOS": r"-?[1-4]"}),
    ("MONTHLY", {"BYMONTHDAY": r"-?([1-9]|1[0-9]|2[0-8])"}), ("YEARLY", {}),
)  # fmt: skip
"""Kinds of rules with the parts that make up each."""
_ENDS = re.compile(r"(?:^|;)(COUNT|UNTIL)=([0-9TZ]+)(?=;|$)")


class Endless(Exception):
    """A rule without an end, with too many times, or of a kind that no programme has. `key` is that of a finding."""

    def __init__(self, key: str, /, **params: str | int) -> None:
        super().__init__(key)
        self.key, self.params = key, params


def times(first: datetime, rule: str, until: datetime | None, count: int | None) -> list[datetime]:
    """When a rule says that it takes place, by the clock of its own zone: `first` and `until` name no zone."""
    if not _is_plain(rule):
        raise Endless("repeats_so", value=rule[:80])
    if until is None and count is None:
        raise Endless("repeats_ever")
    last = first + WITHIN
    if until and until > last:
        raise Endless("repeats_long", days=WITHIN.days)
    try:
        bare = _ENDS.sub("", rule).strip(";")
        each = rrulestr(f"RRULE:{bare};UNTIL={until or last:%Y%m%dT%H%M%S}", dtstart=first)
        found = list(islice(each, min(count or REPEATS + 1, REPEATS + 1)))
    except (ValueError, TypeError, KeyError, OverflowError, IndexError) as error:
        raise Endless("repeats_so", value=f"{rule[:80]} ({str(error)[:60]})") from None
    if first not in found[:1]:
        # The first time is always one, whether the rule says so or not.
        found = [first, *found][: count or REPEATS + 1]
    if len(found) > REPEATS:
        raise Endless("repeats_often", limit=REPEATS)
    if until is None and count is not None and len(found) < count:
        raise Endless("repeats_long", days=WITHIN.days)
    return found


def _is_plain(rule: str) -> bool:
    """Whether it is of a kind that programmes have. Each of these comes to its next day before long: the library
    would look for the next 30 February until the year 9999, and UNTIL does not end that."""
    parts = [part.partition("=")[::2] for part in _ENDS.sub("", rule).strip(";").split(";")]
    given = dict(parts)
    kind = given.pop("FREQ", "")
    given.pop("WKST", "")
    steps = given.pop("INTERVAL", "1")
    fits = len(rule) <= RULE and len(given) <= 2 and re.fullmatch(r"0*[1-9][0-9]?", steps)
    return bool(fits) and any(
        kind == freq
        and given.keys() == wanted.keys()
        and all(re.fullmatch(wanted[name], given[name]) for name in wanted)
        for freq, wanted in _PLAIN
        if freq != "DAILY" or not wanted or steps == "1"
    )


def ends(rule: str) -> dict[str, str]:
    """COUNT and UNTIL as they stand."""
    return {match[1]: match[2] for match in _ENDS.finditer(rule)}
