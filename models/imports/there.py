"""What the database holds already, in the same rows as the lists, so that the two are compared by equality."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from sqlite3 import Cursor

from models.imports.rows import DelegationRow, EventRow, HallRow, MeetingRow, PersonRow


@dataclass(frozen=True, slots=True)
class PollThere:
    """A poll by its key: what decides whether it may still be changed."""

    id: int
    state: str
    mark: str
    """Digest of the row it was imported from, or empty."""
    session: str = ""


@dataclass(frozen=True, slots=True)
class There:
    """Everything by its key, with its id."""

    event: EventRow | None = None
    halls: dict[str, tuple[int, HallRow]] = field(default_factory=dict)
    delegations: dict[str, tuple[int, DelegationRow]] = field(default_factory=dict)
    people: dict[str, tuple[int, PersonRow]] = field(default_factory=dict)
    meetings: dict[str, tuple[int, MeetingRow]] = field(default_factory=dict)
    polls: dict[str, PollThere] = field(default_factory=dict)
    fixed: frozenset[str] = frozenset()
    """Sessions that cannot change halls any more: begun, ended, or with a poll that was opened."""
    off: frozenset[str] = frozenset()
    """Cancelled sessions, which take up no hall."""
    moved: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """What the list said of sessions that a person moved since: some of day, start, end, hall."""

    given: frozenset[str] = frozenset()
    """Numbers given at the registration desk, to walk-ins and to those who came in another's place."""
    heirs: Mapping[str, str] = field(default_factory=dict)
    """By number of a person who was replaced, that of whoever came in their place in the end."""
    taken_off: frozenset[tuple[str, str]] = frozenset()
    """Sessions with the numbers of those whom somebody took off them since as moderators."""

    def listed(self, row: MeetingRow) -> MeetingRow:
        """A session as the list had it."""
        said = self.moved.get(row.key, {})
        return replace(
            row, day=said.get("day", row.day), start=said.get("start", row.start), end=said.get("end", row.end),
            hall=said.get("hall", row.hall),
        )  # fmt: skip


def look(cursor: Cursor) -> There:
    """Read it all: 10,000 people in 60 ms. Plain rows, because objects for all of them would take a second."""
    run = cursor.execute
    event = run("SELECT key, names, zone, languages FROM event ORDER BY id LIMIT 1").fetchone()
    halls = {
        key: (id_, HallRow(key, json.loads(names), capacity, height, seat, languages))
        for id_, key, names, capacity, height, seat, languages in run(
            "SELECT id, key, names, capacity, screen_height_m, farthest_seat_m, languages FROM hall"
        )
    }
    delegations = {
        key: (id_, DelegationRow(key, place, bool(votes), json.loads(names)))
        for id_, key, place, votes, names in run("SELECT id, key, place, votes, names FROM delegation")
    }
    people = {
        row[1]: (row[0], PersonRow(*row[1:]))
        for row in run(
            "SELECT p.id, p.number, p.title, p.given_name, p.family_name, p.native_name, p.organisation,"
            " coalesce(d.key, ''), p.role, p.languages FROM person p LEFT JOIN delegation d ON d.id = p.delegation_id"
        )
    }
    moderators: dict[int, list[str]] = {}
    for session, number in run(
        "SELECT s.session_id, p.number FROM sessionstaff s JOIN person p ON p.id = s.person_id"
        " WHERE s.role = 'moderator' ORDER BY p.number"
    ):
        moderators.setdefault(session, []).append(number)
    meetings: dict[str, tuple[int, MeetingRow]] = {}
    fixed: set[str] = set()
    off: set[str] = set()
    moved: dict[str, dict[str, str]] = {}
    for id_, key, hall, day, start, end, track, kind, titles, abstract, languages, state, listed in run(
        "SELECT s.id, s.key, h.key, day, start, end, track, kind, titles, abstract, s.languages, state, listed"
        " FROM session s JOIN hall h ON h.id = s.hall_id"
    ).fetchall():
        meetings[key] = (
            id_,
            MeetingRow(
                key, hall, day, start, end, track, kind, json.loads(titles), abstract, languages,
                tuple(moderators.get(id_, ())),
            ),
        )  # fmt: skip
        if listed != "{}":
            moved[key] = json.loads(listed)
        if state != "planned":
            fixed.add(key)
        if state == "cancelled":
            off.add(key)
    fixed |= {
        key for (key,) in run(
            "SELECT s.key FROM session s JOIN poll p ON p.session_id = s.id WHERE p.state NOT IN ('draft', 'ready')"
        )
    } | {key for (key,) in run("SELECT s.key FROM session s JOIN stage g ON g.session_id = s.id")}  # fmt: skip
    polls = {
        key: PollThere(id_, state, str(json.loads(settings).get("imported", "")), session)
        for id_, key, state, settings, session in run(
            "SELECT p.id, p.key, p.state, p.settings, s.key FROM poll p JOIN session s ON s.id = p.session_id"
            " WHERE p.root_id IS NULL"
        )
    }
    given = frozenset(
        number for (number,) in run(
            "SELECT json_extract(facts, CASE act WHEN 'person_replaced' THEN '$.by' ELSE '$.person' END) FROM journal"
            " WHERE act IN ('person_replaced', 'walk_in_waits', 'walk_in_added')"
        )
    )  # fmt: skip
    heirs: dict[str, str] = {}
    for number, heir in run(
        "SELECT p.number, h.number FROM person p JOIN person h ON h.id = p.replaced_by_id ORDER BY h.id DESC"
    ):
        heirs[number] = heirs.get(heir, heir)  # whoever comes later has the higher id, so that theirs is known
    last = {
        (key, number): act
        for key, number, act in run(
            "SELECT s.key, json_extract(j.facts, '$.person'), j.act"
            " FROM journal j JOIN session s ON s.id = j.session_id"
            " WHERE j.act IN ('session_handed', 'session_taken_back')"
            " AND json_extract(j.facts, '$.role') = 'moderator' ORDER BY j.id"
        )
    }
    taken_off = frozenset(each for each, act in last.items() if act == "session_taken_back")
    return There(
        EventRow(event[0], json.loads(event[1]), event[2], event[3]) if event else None,
        halls, delegations, people, meetings, polls, frozenset(fixed), frozenset(off), moved, given, heirs,
        taken_off,
    )  # fmt: skip
