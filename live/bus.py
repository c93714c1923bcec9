"""A doorbell between nodes: it says what was touched, never what it is now. Late is possible, wrong is not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

Hint = dict[str, object]
"""{"from": node, "touched": [[address, part], ...]} or {"from": node, "here": {...}}"""


class Bus(Protocol):
    """Guarantee: none. A hint may be lost, repeated or late; the sweep of every node looks anyway."""

    def publish(self, hint: Hint) -> None:
        """Ring. Never blocks and never raises: the bus is not on the path of a vote."""

    def subscribe(self, hear: Callable[[Hint], None]) -> Callable[[], None]:
        """Call `hear` for every hint of any node. Returns what ends it."""


class MemoryBus:
    """Nodes of one process and one loop: the real engine of a single node, and of two in a test."""

    def __init__(self) -> None:
        self._ears: list[Callable[[Hint], None]] = []
        self.down = False

    def publish(self, hint: Hint) -> None:
        if not self.down:
            for hear in list(self._ears):
                hear(hint)

    def subscribe(self, hear: Callable[[Hint], None]) -> Callable[[], None]:
        self._ears.append(hear)
        return lambda: self._ears.remove(hear)


def open_bus(url: str = "memory") -> Bus:
    """The one switch that chooses the engine."""
    if url != "memory":
        raise ValueError(f"no such bus: {url}")
    return MemoryBus()
