"""Who works in a session: a role for it is handed over at the registration desk, and taken back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlmodel import col, select

from models import journal
from models.command import Badge, Command, Done, Id, Word
from models.people import Person, person_of, require_invited
from models.programme import Hall, Meeting, Texts, pick, the_event
from models.refusals import Refused
from models.rights import SessionStaff, may, require
from models.store import Tx

HANDED = ("moderator", "chair", "teller", "interpreter")
"""Roles that are handed over at the desk."""


class HandSession(Command):
    """This person moderates the session, too, or chairs it, counts hands or interprets in it.

    The registration desk hands over sessions of today, and never to whoever sits at it; organisers hand over any.
    """

    session: Id
    person: Id
    role: Word = "moderator"

    def perform(self, tx: Tx, badge: Badge, now: float) -> Done:
        require(tx, badge, "manage_people")
        meeting, person = _both(tx, self.session, self.person, self.role)
        require_invited(tx, person)
        if person.revoked:
            raise Refused("badge_is_revoked")
        if not may(tx, badge, "approve_people"):
            if meeting.day != today(tx, now):
                raise Refused("only_today")
            if self.person == badge.person_id:
                raise Refused("not_to_yourself")
        if meeting.state == "ended":
            raise Refused("session_ended", title=pick(meeting.titles, badge.language))
        if meeting.state == "cancelled":
            raise Refused("session_cancelled")
        if tx.get(SessionStaff, (self.session, self.person, self.role)) is not None:
            return Done(facts={"person": self.person})
        tx.add(SessionStaff(session_id=self.session, person_id=self.person, role=self.role))
        journal.write(tx, badge, now, self.session, "session_handed", person=person.number, role=self.role)
        return Done(
            frozenset({(f"session:{self.session}", "desk"), ("event", "arrivals")}),
            "session_handed",
            {"person": self.person},
        )


class TakeBack(Command):
    """The role for the session ends, and a desk that whoever had it may see no more closes.

    The registration desk takes back what was handed over at it, and nothing of what the lists say.
    """

    session: Id
    person: Id
    role: Word = "moderator"

    def perform(self, tx: Tx, badge: Badge, now: float) -> Done:
        require(tx, badge, "manage_people")
        _, person = _both(tx, self.session, self.person, self.role)
        row = tx.get(SessionStaff, (self.session, self.person, self.role))
        if row is None:
            return Done(facts={"person": self.person})
        if not may(tx, badge, "approve_people") and not _handed(tx, self.session, person, self.role):
            raise Refused("organisers_take_back")
        tx.delete(row)
        journal.write(tx, badge, now, self.session, "session_taken_back", person=person.number, role=self.role)
        return Done(
            frozenset(
                {(f"person:{self.person}", "rights"), (f"session:{self.session}", "desk"), ("event", "arrivals")}
            ),
            "session_taken_back",
            {"person": self.person},
        )


@dataclass(frozen=True, slots=True)
class Handable:
    """A session that can be handed over, `start` and `end` local HH:MM, and the roles in it that one person has."""

    id: int
    day: str
    start: str
    end: str
    hall: Texts
    titles: Texts
    on: bool
    roles: tuple[str, ...]


def handable(tx: Tx, badge: Badge, person_id: int, now: float) -> tuple[Handable, ...]:
    """Today's sessions for the desk, for an organiser those of later days as well; those that are on first."""
    have: dict[int, list[str]] = {}
    for row in tx.exec(select(SessionStaff).where(SessionStaff.person_id == person_id)):
        have.setdefault(row.session_id, []).append(row.role)
    day = today(tx, now)
    every = may(tx, badge, "approve_people")
    found = [
        Handable(
            meeting.id or 0, meeting.day, meeting.start, meeting.end, hall.names, meeting.titles,
            meeting.state == "on", tuple(sorted(have.get(meeting.id or 0, ()))),
        )
        for meeting, hall in tx.exec(
            select(Meeting, Hall).join(Hall, col(Hall.id) == Meeting.hall_id)
            .where(Meeting.day >= day if every else Meeting.day == day, Meeting.kind != "break",
                   col(Meeting.state).not_in(("ended", "cancelled")))
            .order_by(Meeting.day, Meeting.start, Hall.key)
        )
    ]  # fmt: skip
    return tuple(sorted(found, key=lambda each: not each.on))


def today(tx: Tx, now: float) -> str:
    """The day it is where the event is."""
    return datetime.fromtimestamp(now, ZoneInfo(the_event(tx).zone)).date().isoformat()


def _both(tx: Tx, session: int, person: int, role: str) -> tuple[Meeting, Person]:
    meeting = tx.get(Meeting, session)
    if meeting is None:
        raise Refused("no_such_session")
    if role not in HANDED:
        raise Refused("no_such_setting")
    return meeting, person_of(tx, person)


def _handed(tx: Tx, session: int, person: Person, role: str) -> bool:
    """Whether the journal knows that it was handed over to them, and not that it stood in a list.

    Who came in somebody's place has it from them.
    """
    former = tx.exec(select(Person).where(Person.replaced_by_id == person.id)).first()
    if former is not None and _handed(tx, session, former, role):
        return True
    told = tx.cursor.execute(
        "SELECT act FROM journal WHERE session_id = ? AND act IN ('session_handed', 'session_taken_back')"
        " AND json_extract(facts, '$.person') = ? AND json_extract(facts, '$.role') = ? ORDER BY id DESC LIMIT 1",
        (session, person.number, role),
    ).fetchone()
    return bool(told and told[0] == "session_handed")
