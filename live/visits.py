"""A person before a hall's tablet, for three minutes at most: no login, nothing in the records, nothing on the tablet.

The page carries a signed token that names the tablet, the person and the issue of their badge. It is forgotten by the
tablet with the page and accepted no more once it was ended. The keys of a vote are made from it: the same page sent
twice has one intention, whatever became of the first answer.
"""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace

SECONDS = 180
_TOKEN = re.compile(
    r"([1-9]\d{0,15})\.([1-9]\d{0,15})\.([1-9]\d{0,8})\.([a-z]{2})\.(\d{1,12})\.([0-9a-f]{32})\.([0-9a-f]{64})"
)


@dataclass(frozen=True, slots=True)
class Visit:
    """Who stands there: ids of tablet and person, issue of the badge, wall seconds of the scan."""

    tablet: int
    person: int
    issue: int
    language: str
    made_at: int
    name: str
    """32 random hex digits. Its first 8 stand in the page's forms, so that no page speaks for another visit."""

    @property
    def mark(self) -> str:
        return self.name[:8]


class Visits:
    """Makes and reads the tokens. *mac* is `Badges.mac`, *wall* wall seconds."""

    def __init__(self, mac: Callable[[bytes], bytes], wall: Callable[[], float]) -> None:
        self._mac = mac
        self._wall = wall
        self._ended: dict[str, float] = {}

    def begin(self, tablet: int, person: int, issue: int, language: str) -> Visit:
        return Visit(tablet, person, issue, language, int(self._wall()), secrets.token_hex(16))

    def token(self, visit: Visit) -> str:
        """What the tablet's cookie holds meanwhile."""
        told = self._told(visit)
        return f"{told}.{self._mac(b'visit|' + told.encode()).hex()}"

    def read(self, token: str, tablet: int) -> Visit | None:
        """The visit of a token, if it was made for this tablet, is under three minutes old and was not ended."""
        found = _TOKEN.fullmatch(token) if len(token) < 200 else None
        if found is None:
            return None
        visit = Visit(int(found[1]), int(found[2]), int(found[3]), found[4], int(found[5]), found[6])
        right = hmac.compare_digest(self.token(visit), token)
        fresh = abs(self._wall() - visit.made_at) <= SECONDS and visit.name not in self._ended
        return visit if right and fresh and visit.tablet == tablet else None

    def speak(self, visit: Visit, language: str) -> Visit:
        """The same visit in another language."""
        return replace(visit, language=language)

    def end(self, visit: Visit) -> None:
        """Accept it no more. A restart forgets this: then its three minutes end it."""
        now = self._wall()
        for name in [name for name, until in self._ended.items() if until < now]:
            del self._ended[name]
        self._ended[visit.name] = now + 2 * SECONDS

    def keys(self, visit: Visit, poll: int, turn: int) -> tuple[str, str]:
        """(secret, intent) of a vote in this visit, 32 hex digits each: the same for the same page."""
        secret = self._mac(b"visit secret|%s|%d" % (visit.name.encode(), poll))
        intent = self._mac(b"visit intent|%s|%d|%d" % (visit.name.encode(), poll, turn))
        return secret[:16].hex(), intent[:16].hex()

    @staticmethod
    def _told(visit: Visit) -> str:
        return f"{visit.tablet}.{visit.person}.{visit.issue}.{visit.language}.{visit.made_at}.{visit.name}"
