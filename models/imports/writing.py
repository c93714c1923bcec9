"""Writes a plan into the database: one transaction, all or nothing.

The lane is held for 65 ms by a whole conference of 200 people with its polls, and for up to 110 ms by 10,000 people
[measured]. That is over the 50 ms a command may take; chunks would let half a list in. So whoever keeps the platform
imports before the doors open, with the server stopped.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from sqlmodel import col, func, select

from models import journal, people, polls, programme, rights, screens, translations
from models.command import Badge, Done, Touched
from models.imports.comparing import compare, mark
from models.imports.plan import Changes, Plan
from models.imports.rows import DelegationRow, EventRow, HallRow, MeetingRow, PersonRow, PollRow, Texts
from models.imports.there import look
from models.refusals import Refused
from models.store import Tx


@dataclass(frozen=True, slots=True)
class Applied:
    """What was written. `n` is 0 where the folder held nothing new."""

    changes: Changes
    approved: int = 0
    """Poll texts that were drafts and now stand approved."""
    screens: int = 0
    touched: Touched = field(default_factory=frozenset)

    @property
    def n(self) -> int:
        return self.changes.n + self.approved + self.screens

    def done(self) -> Done:
        """As the answer of a command."""
        return Done(self.touched, "imported", {"changes": self.n})


def apply(tx: Tx, plan: Plan, badge: Badge, now: float, approver: str | None = None) -> Applied:
    """Write what the plan changes. Texts of polls are drafts, or approved in the name of the badge number `approver`.

    Raises Refused where the plan has problems or does not fit what is there by now, and nothing is written.
    """
    rights.require(tx, badge, "moderate")
    plan = compare(plan, look(tx.cursor))
    if plan.problems:
        raise Refused("import_has_problems", count=len(plan.problems), first=str(plan.problems[0]))
    changes = plan.changes
    roles = _other_roles(tx, changes.people.changed)
    if changes.event:
        _write_event(tx, changes.event)
    _write_halls(tx, changes.halls.new, changes.halls.changed)
    _write_delegations(tx, changes.delegations.new, changes.delegations.changed)
    _write_people(tx, changes.people.new, changes.people.changed)
    _write_meetings(tx, changes.meetings.new, changes.meetings.changed)
    _write_moderators(tx, changes.moderators)
    for poll in changes.polls.new:
        _write_poll(tx, poll, None)
    for id_, poll in changes.polls.changed:
        _write_poll(tx, poll, tx.get(polls.Poll, id_))
    approved = _approve(tx, plan.polls, approver, now) if approver else 0
    applied = Applied(changes, approved, _screens(tx), _touched(tx, changes) | roles)
    if applied.n:
        journal.write(
            tx, badge, now, None, "imported", halls=_size(changes.halls), delegations=_size(changes.delegations),
            people=_size(changes.people), sessions=_size(changes.meetings), polls=_size(changes.polls),
            approved=approved,
        )  # fmt: skip
    return applied


def _write_event(tx: Tx, row: EventRow) -> None:
    event = tx.exec(select(programme.Event)).first() or programme.Event(key=row.key, names=row.names)
    event.key, event.names, event.zone, event.languages = row.key, row.names, row.zone, row.languages
    tx.add(event)
    tx.flush()


def _write_halls(tx: Tx, new: Sequence[HallRow], changed: Sequence[tuple[int, HallRow]]) -> None:
    def values(row: HallRow) -> tuple[object, ...]:
        return _json(row.names), row.capacity, row.screen_height_m, row.farthest_seat_m, row.languages, row.key

    tx.cursor.executemany(
        "INSERT INTO hall (names, capacity, screen_height_m, farthest_seat_m, languages, key)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        map(values, new),
    )
    tx.cursor.executemany(
        "UPDATE hall SET names = ?, capacity = ?, screen_height_m = ?, farthest_seat_m = ?, languages = ?"
        " WHERE key = ?",
        [values(row) for _, row in changed],
    )


def _write_delegations(tx: Tx, new: Sequence[DelegationRow], changed: Sequence[tuple[int, DelegationRow]]) -> None:
    def values(row: DelegationRow) -> tuple[object, ...]:
        return row.place, row.votes, _json(row.names), row.key

    tx.cursor.executemany("INSERT INTO delegation (place, votes, names, key) VALUES (?, ?, ?, ?)", map(values, new))
    tx.cursor.executemany(
        "UPDATE delegation SET place = ?, votes = ?, names = ? WHERE key = ?", [values(row) for _, row in changed]
    )


def _other_roles(tx: Tx, changed: Sequence[tuple[int, PersonRow]]) -> Touched:
    """Whose role is to change: their open lines know the one they came with."""
    roles = dict(tx.cursor.execute("SELECT id, role FROM person").fetchall()) if changed else {}
    return frozenset((f"person:{id_}", "badge") for id_, row in changed if roles[id_] != row.role)


def _write_people(tx: Tx, new: Sequence[PersonRow], changed: Sequence[tuple[int, PersonRow]]) -> None:
    """Issue, revocation and what a person learned stay. Who leaves a delegation can no longer cast its vote."""
    ids = _ids(tx, "delegation")

    def values(row: PersonRow) -> tuple[object, ...]:
        return (
            row.title, row.given_name, row.family_name, row.native_name, row.organisation,
            ids[row.delegation] if row.delegation else None, row.role, row.languages, row.key,
        )  # fmt: skip

    tx.cursor.executemany(
        "INSERT INTO person (title, given_name, family_name, native_name, organisation, delegation_id, role,"
        " languages, number, issue, revoked, keys_learned, arrived, pending)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 1, 0, 0, 0, 0)",
        map(values, new),
    )
    tx.cursor.executemany(
        "UPDATE person SET title = ?, given_name = ?, family_name = ?, native_name = ?, organisation = ?,"
        " delegation_id = ?, role = ?, languages = ? WHERE number = ?",
        [values(row) for _, row in changed],
    )
    if changed:
        for column in ("voter_id", "alternate_id"):
            tx.cursor.execute(
                f"UPDATE delegation SET {column} = NULL WHERE {column} IS NOT NULL AND NOT EXISTS"
                f" (SELECT 1 FROM person p WHERE p.id = {column} AND p.delegation_id = delegation.id)"
            )


def _write_meetings(tx: Tx, new: Sequence[MeetingRow], changed: Sequence[tuple[int, MeetingRow]]) -> None:
    """Code and state stay. A planned session may move; its polls go with it.

    What a person changed since the list was read stays, too, unless the list now says something new of it.
    """
    halls = _ids(tx, "hall")

    def values(row: MeetingRow) -> tuple[object, ...]:
        return (
            halls[row.hall], row.day, row.start, row.end, row.track, row.kind, _json(row.titles), row.abstract,
            row.languages, row.key,
        )  # fmt: skip

    for row in new:
        tx.cursor.execute(
            'INSERT INTO session (hall_id, day, start, "end", track, kind, titles, abstract, languages, key, code,'
            " state, listed) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'planned', '{}')",
            (*values(row), programme.new_code(tx)),
        )
    for id_, row in changed:
        kept, listed = _kept(tx, id_, row)
        tx.cursor.execute(
            'UPDATE session SET hall_id = ?, day = ?, start = ?, "end" = ?, track = ?, kind = ?, titles = ?,'
            " abstract = ?, languages = ?, listed = ? WHERE key = ?",
            (*values(kept)[:-1], _json(listed), row.key),
        )
        tx.cursor.execute("UPDATE poll SET hall_id = ? WHERE session_id = ?", (halls[kept.hall], id_))


def _kept(tx: Tx, session: int, row: MeetingRow) -> tuple[MeetingRow, dict[str, str]]:
    """The row as it is to stand, and what the list says where that differs."""
    day, start, end, hall, text = tx.cursor.execute(
        'SELECT s.day, s.start, s."end", h.key, s.listed FROM session s JOIN hall h ON h.id = s.hall_id WHERE s.id = ?',
        (session,),
    ).fetchone()
    there = {"day": day, "start": start, "end": end, "hall": hall}
    listed = {name: said for name, said in json.loads(text).items() if getattr(row, name) == said}
    return replace(row, **{name: there[name] for name in listed}), listed


def _write_moderators(tx: Tx, added: Sequence[tuple[str, str]]) -> None:
    meetings, numbers = _ids(tx, "session"), _ids(tx, "person", "number") if added else {}
    tx.cursor.executemany(
        "INSERT INTO sessionstaff (session_id, person_id, role) VALUES (?, ?, 'moderator')",
        [(meetings[session], numbers[number]) for session, number in added],
    )


def _write_poll(tx: Tx, row: PollRow, poll: polls.Poll | None) -> None:
    meeting = tx.exec(select(programme.Meeting).where(programme.Meeting.key == row.session)).one()
    assert meeting.id is not None
    if poll is None or poll.session_id != meeting.id:
        last = tx.exec(select(func.max(polls.Poll.place)).where(polls.Poll.session_id == meeting.id)).one() or 0
        poll = poll or polls.Poll(key=row.key, session_id=meeting.id, hall_id=meeting.hall_id, kind=row.kind)
        poll.session_id, poll.hall_id, poll.place = meeting.id, meeting.hall_id, last + 1
    else:
        poll.version += 1
    poll.kind, poll.state, poll.timer_s = row.kind, "draft", row.timer_s
    poll.min, poll.max = polls.bounds(row.kind, row.min, row.max, len(row.items))
    polls.set_policy(poll, row.ballot, row.results, row.electorate)
    poll.settings = {**poll.settings, "imported": mark(row)}
    tx.add(poll)
    tx.flush()
    assert poll.id is not None
    polls.set_items(tx, poll, row.items)
    owner = polls.owner(poll.id)
    have = translations.slots(tx, owner)
    wanted = [(slot, la, body) for slot, texts in enumerate(row.texts) for la, body in texts.items()]
    if have:
        tx.cursor.execute("DELETE FROM text WHERE owner = ? AND slot >= ?", (owner, len(row.texts)))
        tx.expire_all()
        for slot, language, body in wanted:
            translations.write(tx, owner, slot, language, body)
    else:
        tx.cursor.executemany(
            "INSERT INTO text (owner, slot, language, body) VALUES (?, ?, ?, ?)", [(owner, *each) for each in wanted]
        )


def _approve(tx: Tx, rows: Iterable[PollRow], number: str, now: float) -> int:
    """Approve every draft text of these polls that were not opened yet."""
    person = tx.exec(select(people.Person).where(people.Person.number == number)).first()
    if person is None:
        raise Refused("no_such_person")
    if person.role != "organiser":
        raise Refused("not_yours")
    n = 0
    for row in rows:
        poll = tx.exec(
            select(polls.Poll.id).where(
                polls.Poll.key == row.key, col(polls.Poll.root_id).is_(None),
                col(polls.Poll.state).in_(("draft", "ready")),
            )
        ).first()  # fmt: skip
        if poll is not None:
            n += tx.cursor.execute(
                "UPDATE text SET approved_by = ?, approved_at = ? WHERE owner = ? AND approved_by IS NULL",
                (person.id, now, polls.owner(poll)),
            ).rowcount
    return n


def _screens(tx: Tx) -> int:
    """A main screen for every hall that has none."""
    bare = tx.cursor.execute(
        "SELECT id FROM hall h WHERE NOT EXISTS"
        " (SELECT 1 FROM screen s WHERE s.hall_id = h.id AND s.kind = 'screen') ORDER BY id"
    ).fetchall()
    for (hall,) in bare:
        tx.add(screens.Screen(hall_id=hall))
    tx.flush()
    return len(bare)


def _touched(tx: Tx, changes: Changes) -> Touched:
    touched: set[tuple[str, str]] = set()
    if _size(changes.people) or _size(changes.delegations):
        touched.add(("event", "people"))
    if changes.event or _size(changes.halls) or _size(changes.meetings) or changes.moderators:
        touched.add(("event", "agenda"))
    ids = _ids(tx, "session")
    sessions = {row.key for row in changes.meetings.new} | {row.key for _, row in changes.meetings.changed}
    sessions |= {row.session for row in changes.polls.new} | {row.session for _, row in changes.polls.changed}
    for key in sessions:
        meeting = tx.get(programme.Meeting, ids[key])
        touched |= programme.touched_by(meeting) if meeting else frozenset()
    return frozenset(touched)


def _ids(tx: Tx, table: str, column: str = "key") -> dict[str, int]:
    return dict(tx.cursor.execute(f"SELECT {column}, id FROM {table}").fetchall())


def _size(diff: object) -> int:
    new, changed = getattr(diff, "new", ()), getattr(diff, "changed", ())
    return len(new) + len(changed)


def _json(texts: Texts) -> str:
    return json.dumps(texts, ensure_ascii=False)
