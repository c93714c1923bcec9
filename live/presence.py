"""Who is here: counts with a time to live. Nothing of this is kept, and no row says when somebody came or went.

Clocks are monotonic seconds, given by the caller.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from models.command import Touched

LOST_WITHIN = 15.0
LOST_SHARE = 0.3
LOST_LEAST = 5
"""More than 30 % of a session's phones gone within 15 s, and at least five: that is the network, not the people."""
LATE, GONE = 8.0, 12.0
"""A screen beats every 5 s; it is late after 8 s and lost after 12 s of silence."""
STAFF_IDLE = 120.0
OTHERS_LIVE = 6.0
SILENT = 15.0
"""While a poll is open phones beat every 5 s. Three missed in a row: its network is gone, though its socket is not."""


@dataclass(slots=True)
class ScreenState:
    """What a screen said of itself: the version it has drawn, whether it is black, its size in pixels."""

    name: str
    heard: float
    shown: int = -1
    blank: bool = False
    size: tuple[int, int] = (0, 0)
    since: float = 0.0
    """When the drawn version last changed."""


@dataclass(frozen=True, slots=True)
class ScreenHealth:
    """A screen at the desk. `age` seconds since it was heard; `state` is fine, late, lost or never, or
    revoked: its link is no longer valid."""

    name: str
    state: str
    age: float
    confirmed: int | None
    shown_blank: bool
    size: str


@dataclass(slots=True)
class _Room:
    phones: dict[int, int] = field(default_factory=dict)
    """Person to number of open lines."""
    heard: dict[int, float] = field(default_factory=dict)
    """Person to when one of their phones was heard last; none for those whose page is hidden."""
    lost: dict[int, float] = field(default_factory=dict)
    """Person whose last line broke, and when."""
    staff: dict[int, tuple[str, str, float]] = field(default_factory=dict)
    """Person to initials, name, last act."""
    desks: Counter[int] = field(default_factory=Counter)
    """Person to number of open desks."""


class Presence:
    """One per node; counts of other nodes arrive by the bus."""

    def __init__(self) -> None:
        self._rooms: defaultdict[int, _Room] = defaultdict(_Room)
        self._screens: defaultdict[int, dict[int, ScreenState]] = defaultdict(dict)
        self._others: dict[str, tuple[float, dict[int, int]]] = {}
        self._moved: set[int] = set()
        self._told: dict[int, int] = {}
        self.alarms: dict[int, tuple[int, int]] = {}
        """Session to (phones lost, of), until a person sets the timer again or the phones are back."""

    # --- phones

    def came(self, session: int, person: int, now: float) -> None:
        room = self._rooms[session]
        room.phones[person] = room.phones.get(person, 0) + 1
        room.heard[person] = now
        room.lost.pop(person, None)
        self._moved.add(session)

    def went(self, session: int, person: int, now: float, *, lost: bool) -> None:
        """A line ended. `lost` when it broke, not when its person moved or signed out."""
        room = self._rooms[session]
        self._moved.add(session)
        left = room.phones.get(person, 0) - 1
        if left > 0:
            room.phones[person] = left
            return
        room.phones.pop(person, None)
        if room.heard.pop(person, None) is not None and lost:
            room.lost[person] = now

    def phone_seen(self, session: int, person: int, now: float, *, away: bool) -> None:
        """A phone's sign of life, or its word that its page is hidden and it may fall silent."""
        room = self._rooms[session]
        if away:
            room.heard.pop(person, None)
        elif person in room.phones:
            room.heard[person] = now

    def here(self, session: int, now: float) -> int:
        """People connected in a session, all nodes together."""
        others = sum(counts.get(session, 0) for until, counts in self._others.values() if until > now)
        return len(self._rooms[session].phones) + others if session in self._rooms else others

    def moved(self, now: float) -> set[int]:
        """Sessions whose number of people moved since this was asked last, even if it moved back: somebody may have
        looked in between."""
        sessions = self._rooms.keys() | {s for _, counts in self._others.values() for s in counts} | self._told.keys()
        told = {session: n for session in sessions if (n := self.here(session, now))}
        found = self._moved | {s for s in told.keys() | self._told.keys() if told.get(s) != self._told.get(s)}
        self._moved, self._told = set(), told
        return found

    def losses(self, now: float, open_since: Mapping[int, float]) -> list[tuple[int, int, int]]:
        """(session, phones lost, of how many) wherever too many vanished at once; each is told once.

        *open_since* names the sessions in which a poll is open, and since when phones beat faster: those whose line
        broke are lost, and those who are silent.
        """
        found: list[tuple[int, int, int]] = []
        for session, room in self._rooms.items():
            for person, at in list(room.lost.items()):
                if now - at > LOST_WITHIN:
                    del room.lost[person]
            if session not in open_since:
                self.alarms.pop(session, None)
                continue
            since = open_since[session]
            silence = [now - max(at, since) - SILENT for at in room.heard.values()]
            lost = len(room.lost) + sum(0 < over <= LOST_WITHIN for over in silence)
            of, there = len(room.lost) + len(room.phones), len(room.phones) - sum(over > 0 for over in silence)
            if lost >= LOST_LEAST and lost > of * LOST_SHARE:
                if session not in self.alarms:
                    found.append((session, lost, of))
                told = self.alarms.get(session, (0, 0))
                self.alarms[session] = max(told, (lost, of))
            elif session in self.alarms and there >= self.alarms[session][1] * (1 - LOST_SHARE):
                del self.alarms[session]
        return found

    def calm(self, touched: Touched, now: float) -> None:
        """A person set the timer again: what was lost until now is known and raises no alarm any more."""
        for address, _ in touched:
            scope, _, number = address.partition(":")
            if scope == "session" and self.alarms.pop(int(number), None) is not None:
                self._rooms[int(number)].lost.clear()
                self._rooms[int(number)].heard = dict.fromkeys(self._rooms[int(number)].heard, now)

    def counts(self) -> dict[int, int]:
        """This node's own counts, for the others."""
        return {session: len(room.phones) for session, room in self._rooms.items() if room.phones}

    def heard(self, node: str, counts: dict[int, int], now: float) -> None:
        self._others[node] = (now + OTHERS_LIVE, counts)

    # --- staff

    def staff_came(self, session: int, person: int, initials: str, name: str, now: float) -> None:
        self._rooms[session].staff[person] = (initials, name, now)
        self._rooms[session].desks[person] += 1

    def staff_seen(self, session: int, person: int, now: float) -> None:
        known = self._rooms[session].staff.get(person)
        if known is not None:
            self._rooms[session].staff[person] = (known[0], known[1], now)

    def staff_went(self, session: int, person: int) -> None:
        room = self._rooms[session]
        room.desks[person] -= 1
        if room.desks[person] <= 0:
            del room.desks[person]
            room.staff.pop(person, None)

    def staff(self, session: int, now: float) -> tuple[tuple[str, str, bool], ...]:
        """(initials, name, idle) of everybody at the session's desk."""
        return tuple(
            (initials, name, now - at > STAFF_IDLE)
            for _, (initials, name, at) in sorted(self._rooms[session].staff.items())
        )

    # --- screens

    def screen(self, hall: int, screen: int, name: str, now: float) -> ScreenState:
        """The state of a screen, made when it is first heard."""
        state = self._screens[hall].get(screen)
        if state is None:
            state = self._screens[hall][screen] = ScreenState(name, now)
        state.heard = now
        return state

    def screens(self, hall: int, known: tuple[tuple[int, str], ...], now: float) -> tuple[ScreenHealth, ...]:
        """Health of the hall's screens; `known` are (id, name) from the records, so that one never opened is named."""
        return tuple(self._health(name, self._screens[hall].get(id_), now) for id_, name in known)

    def _health(self, name: str, state: ScreenState | None, now: float) -> ScreenHealth:
        if state is None:
            return ScreenHealth(name, "never", 0.0, None, False, "")
        age = now - state.heard
        level = "fine" if age <= LATE else "late" if age <= GONE else "lost"
        size = f"{state.size[0]} × {state.size[1]}" if state.size[0] else ""
        return ScreenHealth(name, level, age, state.shown if state.shown >= 0 else None, state.blank, size)
