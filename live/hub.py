"""Who is listening to what. Writes one frame to everybody of an audience, and remembers nothing else.

Guarantee: after `show` or `broadcast` every line of the audience that stays connected ends with the newest
frame of that part. What lies between may be skipped.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import NamedTuple

from live.frames import Frame
from live.line import Line

# Lines written to before others get their turn: 7.5 us each, six of them in the kernel, so 7.5 ms (measured).
SLICE = 1000


class Audience(NamedTuple):
    """Everybody who sees the same bytes. A screen may show four languages; a personal part has one viewer."""

    address: str
    view: str
    languages: tuple[str, ...]


class Hub:
    """The lines of this process by audience. Two maps, changed together; a lost line leaves both."""

    def __init__(self) -> None:
        # Dicts stand for ordered sets: a broadcast that continues where an older one stopped needs the order.
        self._lines: dict[Audience, dict[Line, None]] = {}
        self._audiences: dict[Line, tuple[Audience, ...]] = {}
        self._runs: dict[tuple[Audience, str], _Run] = {}
        self._on_lost = self.leave

    def join(self, line: Line, audience: Audience) -> None:
        """Show *line* what is shown to *audience*. Join first and read afterwards: then nothing is missed."""
        members = self._lines.setdefault(audience, {})
        if line in members:
            return
        members[line] = None
        known = self._audiences.get(line)
        self._audiences[line] = (*(known or ()), audience)
        if known is None:
            line.on_lost(self._on_lost)

    def leave(self, line: Line) -> None:
        """Out of every audience."""
        for audience in self._audiences.pop(line, ()):
            self._part(line, audience)

    def show(self, audience: Audience, frame: Frame) -> int:
        """Write *frame* to every line of *audience* now. Returns how many. For thousands, `broadcast`."""
        self._runs.pop((audience, frame.part), None)
        members = self._lines.get(audience, {})
        for line in members:
            line.show(frame)
        return len(members)

    async def broadcast(self, audience: Audience, frame: Frame) -> int:
        """As `show`, in slices. Returns how many lines were written to.

        A newer frame of the same part and audience ends an unfinished older one and starts where that one
        stopped: under constant change, nobody at the end of the list waits for ever.
        """
        key = (audience, frame.part)
        older = self._runs.get(key)
        order = list(self._lines.get(audience, ()))
        if older is not None:
            order = order[older.reached :] + order[: older.reached]
        if len(order) <= SLICE:
            return self.show(audience, frame)
        run = self._runs[key] = _Run(older.reached if older is not None else 0)
        written = 0
        try:
            for start in range(0, len(order), SLICE):
                if self._runs.get(key) is not run:
                    break
                members = self._lines.get(audience, {})
                for line in order[start : start + SLICE]:
                    # One that moved on while we waited must not get the page of where it was.
                    if line in members:
                        line.show(frame)
                        written += 1
                run.reached = (run.reached + SLICE) % len(order)
                await asyncio.sleep(0)
        finally:
            if self._runs.get(key) is run:
                del self._runs[key]
        return written

    def count(self, audience: Audience) -> int:
        return len(self._lines.get(audience, ()))

    def audiences(self, address: str | None = None) -> list[Audience]:
        """Every audience with somebody in it, or those of one address."""
        return [each for each in self._lines if address is None or each.address == address]

    def audiences_of(self, line: Line) -> tuple[Audience, ...]:
        return self._audiences.get(line, ())

    def close(self, lines: Iterable[Line], code: int, reason: str) -> int:
        """Nothing more is shown to *lines*, from this moment and not from when the peer has answered."""
        count = 0
        for line in list(lines):
            self.leave(line)
            line.close(code, reason)
            count += 1
        return count

    def _part(self, line: Line, audience: Audience) -> None:
        members = self._lines.get(audience)
        if members is not None:
            members.pop(line, None)
            if not members:
                del self._lines[audience]


class _Run:
    """A broadcast under way: how far along the audience it is."""

    __slots__ = ("reached",)

    def __init__(self, reached: int) -> None:
        self.reached = reached
