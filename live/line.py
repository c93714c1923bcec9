"""A line is one open socket, whatever server stands under it. Hub and routes know lines, not servers."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Protocol

from live.frames import Frame

# A phone that has not taken a byte for this long is not coming back on this socket (seconds).
BEHIND_LIMIT = 10.0
# Acknowledgements kept for a phone that is behind. It has at most a few commands under way: more is abuse.
SENT_LIMIT = 64
# The longest message from a phone (bytes).
MESSAGE_LIMIT = 16 * 1024


class Stage(Enum):
    CONNECTING = "connecting"
    OPEN = "open"
    LISTENING = "listening"
    CLOSING = "closing"
    LOST = "lost"


class Line(Protocol):
    """What hub and routes need of a socket. Everything but `run` is synchronous and never blocks."""

    who: object
    """The badge behind this line, or None before it has said hello. Set by the route."""

    @property
    def stage(self) -> Stage: ...

    @property
    def behind(self) -> bool:
        """True while the phone takes less than it is given; then only the latest frame of a part is kept."""

    def listen(self, on_text: Callable[[bytes], None]) -> None:
        """Whole text messages go to *on_text* from here on. Once, on an accepted line; else RuntimeError."""

    def send(self, data: bytes) -> None:
        """Write a `message_frame`: never dropped, always in order. Over 64 of them while behind: abort."""

    def show(self, frame: Frame) -> None:
        """Write a part. While behind, the latest of each part waits and the others are forgotten."""

    def close(self, code: int, reason: str = "") -> None:
        """Say goodbye with *code* and write nothing more. Harmless on a line already closing or lost."""

    def abort(self) -> None:
        """Drop the connection now, without words."""

    def on_lost(self, callback: Callable[[Line], None]) -> None:
        """Call *callback* once, when the connection is gone; at once if it already is."""

    async def run(self) -> None:
        """Await this last: returns when the route may end. Clean up in `on_lost`, not after it."""


def expect(stage: Stage, *expected: Stage, verb: str) -> None:
    """Raise RuntimeError unless *stage* is one of *expected*."""
    if stage not in expected:
        wanted = " or ".join(each.value for each in expected)
        raise RuntimeError(f"{verb}: expected a line that is {wanted}, this one is {stage.value}")
