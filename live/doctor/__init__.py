"""Is everything as it must be? One finding for each thing that has gone wrong somewhere once. Changes nothing.

It asks this machine, and the public address that was set; nobody else.
"""

from __future__ import annotations

from collections.abc import Iterator

from live.doctor import body, kept, reach
from live.doctor.finding import GOOD, LOOK, WRONG, Finding
from live.settings import Settings

__all__ = ["GOOD", "LOOK", "WRONG", "Finding", "examine"]


def examine(settings: Settings, *, now: float) -> Iterator[Finding]:
    """Everything that can be looked at, the server running or not. *now* is wall seconds."""
    settings = reach.as_served(settings)
    yield from body.versions()
    yield from kept.folder(settings)
    yield from kept.database(settings)
    yield from kept.key(settings)
    yield from kept.backup(settings, now)
    yield from body.clock(settings, now)
    yield from reach.port(settings)
    yield from reach.addresses(settings)
    yield from reach.proxy(settings)
    yield from reach.certificate(settings, now)
    yield from body.files(settings)
    yield from body.sleep()
