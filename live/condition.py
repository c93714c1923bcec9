"""How it runs just now, for people on site: the server, and each hall with its phones and screens.

What somebody should do something about is told apart; the page has the words for what.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from live import log, machine
from live.node import Node
from live.presence import ScreenHealth
from models import programme, stage
from models.store import Tx

HOUR = 3600.0
DAY = 24 * HOUR
SLOW_DISK = 1.0
"""Seconds to record a command, from which on people notice."""
DRAWN = 5.0
"""Seconds after a Take in which nobody need worry that a screen has not confirmed it."""
LITTLE = 2_000_000_000
"""Bytes of free disk."""


@dataclass(frozen=True, slots=True)
class Screen:
    """A screen of a hall. `picture` is "now" when it shows what the desk sent, "older", or "" where it is not there.
    `act`: somebody should look after it."""

    health: ScreenHealth
    picture: str
    act: bool


@dataclass(frozen=True, slots=True)
class HallCondition:
    """A hall: the session on its stage, people connected, screens. `lost` is (phones lost, of) after an alarm."""

    names: programme.Texts
    session: programme.Texts | None
    on: bool
    phones: int
    lost: tuple[int, int] | None
    screens: tuple[Screen, ...]


@dataclass(frozen=True, slots=True)
class Condition:
    """Of one node. Times are wall seconds, lags seconds, disk bytes; `acts` are those of commit, loop,
    disk, backup and errors that need somebody."""

    since: float
    commit: float
    loop: float
    free: int
    backup: float | None
    errors: int
    faces: Mapping[str, int]
    halls: tuple[HallCondition, ...]
    elsewhere: tuple[tuple[programme.Texts, int], ...]
    """Sessions that are on no stage and have people connected all the same."""
    acts: frozenset[str]
    todo: int
    """How many things need somebody, those of halls and screens included."""


_SCREENS = "SELECT hall_id, id, name FROM screen WHERE NOT revoked AND kind = 'screen' ORDER BY id"
_HALLS = """
SELECT h.id, h.names, s.id, s.titles, s.state FROM hall h LEFT JOIN stage a ON a.hall_id = h.id
 LEFT JOIN session s ON s.id = a.session_id ORDER BY h.key
"""


def read(tx: Tx, node: Node) -> Condition:
    """The condition of this node and of all halls."""
    now, wall, presence = node.clock(), node.wall(), node.presence
    screens: dict[int, list[tuple[int, str]]] = {}
    for hall, id_, name in tx.cursor.execute(_SCREENS):
        screens.setdefault(hall, []).append((id_, name))
    halls, shown = [], set[int]()
    for hall, names, session, titles, state in tx.cursor.execute(_HALLS).fetchall():
        air = stage.air(tx, hall)
        known = tuple(screens.get(hall, ()))
        found = presence.screens(hall, known, now)
        shown |= {session} if session else set()
        halls.append(
            HallCondition(
                names=msgspec.json.decode(names),
                session=msgspec.json.decode(titles) if titles else None,
                on=state == "on",
                phones=presence.here(session, now) if session else 0,
                lost=presence.alarms.get(session or 0),
                screens=tuple(_screen(each, air, on=state == "on", wall=wall) for each in found),
            )
        )
    free, last = machine.disk(node.settings.data).free, machine.last_backup(node.settings.data)
    commit, loop, errors = node.store.lag, node.admission.lag, log.troubles.within(HOUR)
    acts = {
        "commit": commit > SLOW_DISK,
        "loop": loop > node.settings.join_lag,
        "disk": free < LITTLE,
        "backup": last is None or wall - last.at > DAY,
        "errors": errors > 0,
    }
    return Condition(
        since=node.since, commit=commit, loop=loop, free=free, backup=last.at if last else None, errors=errors,
        faces=node.faces(), halls=tuple(halls), elsewhere=_elsewhere(tx, node, shown),
        acts=frozenset(name for name, needed in acts.items() if needed),
        todo=sum(acts.values()) + sum(bool(hall.lost) + sum(s.act for s in hall.screens) for hall in halls),
    )  # fmt: skip


def _screen(health: ScreenHealth, air: stage.Air | None, *, on: bool, wall: float) -> Screen:
    there = health.state in ("fine", "late")
    same = air is not None and health.confirmed == air.version and health.shown_blank == air.blank
    fresh = air is not None and wall - air.taken_at < DRAWN
    # One that was never opened is nothing to run for until a session is on in its hall.
    act = health.state == "lost" or (health.state == "never" and on) or (there and not same and not fresh)
    return Screen(health, ("now" if same or fresh else "older") if there else "", act)


def _elsewhere(tx: Tx, node: Node, shown: set[int]) -> tuple[tuple[programme.Texts, int], ...]:
    now = node.clock()
    rows = tx.cursor.execute("SELECT id, titles FROM session WHERE state = 'on' ORDER BY start, id").fetchall()
    counts = [(titles, node.presence.here(id_, now)) for id_, titles in rows if id_ not in shown]
    return tuple((msgspec.json.decode(titles), n) for titles, n in counts if n)
