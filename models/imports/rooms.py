"""Rooms of a schedule, and the halls they are: by key, by any name, or by what somebody decided."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence

from models.imports.cells import OFFERED
from models.imports.columns import folded
from models.imports.findings import Findings
from models.imports.halls import HALLS, PROGRAMME
from models.imports.plan import DECISIONS
from models.imports.rows import HallRow
from models.imports.slots import Slot
from models.imports.tidying import clean, cut

LEFT_OUT = None
"""In place of a hall."""
NOWHERE = "(none)"
"""How a room is called that a schedule does not name."""


def halls_of(
    slots: Sequence[Slot], halls: Sequence[HallRow], decided: Mapping[str, str], found: Findings
) -> dict[str, str | None]:
    """By room, the key of its hall; "" where there is none, which is told once; LEFT_OUT where somebody decided so."""
    keys = {hall.key for hall in halls}
    for room, key in decided.items():
        if key and key not in keys:
            found.problem(DECISIONS, 0, "no_such_hall", room=room or NOWHERE, value=key, halls=_listed(halls))
    by_hand = {folded(room): key or LEFT_OUT for room, key in decided.items()}
    names: dict[str, set[str]] = {}
    for hall in halls:
        for name in (hall.key, *hall.names.values()):
            names.setdefault(folded(name), set()).add(hall.key)
    n = Counter(slot.room for slot in slots)
    halls_by_room: dict[str, str | None] = {}
    for slot in slots:
        room, same = slot.room, folded(slot.room)
        if room in halls_by_room:
            continue
        likely = names.get(same, set()) if same else set()
        if same in by_hand:
            halls_by_room[room] = by_hand[same]
        elif room in keys:
            halls_by_room[room] = room
        elif len(likely) == 1:
            halls_by_room[room] = next(iter(likely))
        elif not halls:
            # Their list could not be read. That is told, and enough.
            halls_by_room[room] = ""
        else:
            halls_by_room[room] = ""
            key = "room_unclear" if likely else "room_unknown" if same else "room_missing"
            found.problem(PROGRAMME, slot.n, key, titled=slot.titled, room=room, n=n[room], halls=_listed(halls))
    return halls_by_room


def _listed(halls: Sequence[HallRow]) -> str:
    return ", ".join(f"{hall.key} ({next(iter(hall.names.values()), hall.key)})" for hall in halls[:12])


def made_of(slots: Sequence[Slot], language: str, spoken: Mapping[str, str], found: Findings) -> list[HallRow]:
    """A hall for each room, where there is no list of halls at all. `spoken` are the languages held in each room."""
    halls: dict[str, HallRow] = {}
    taken: set[str] = set()
    for slot in slots:
        same = folded(slot.room)
        if not same or same in halls:
            continue
        name = slot.room if len(slot.room) <= 80 else cut(slot.room, 80)
        stem = key = re.sub(r"[\W_]+", "-", clean(slot.room, 50).lower()).strip("-") or "hall"
        while key in taken:
            key = f"{stem}-{len(taken) + 1}"
        taken.add(key)
        languages = ",".join(la for la in OFFERED if la in spoken.get(slot.room, "").split(",")) or "en"
        halls[same] = HallRow(key, {language: name}, 0, 2.0, 12.0, languages)
    if halls:
        told = ", ".join(f"{hall.names[language]} ({hall.key})" for hall in list(halls.values())[:12])
        found.note(HALLS, 0, "halls_made", n=len(halls), value=told)
    return list(halls.values())
