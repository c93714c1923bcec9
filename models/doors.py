"""The doors of a session: starting, ending, coming in, and which session a hall's screen follows."""

from __future__ import annotations

from typing import ClassVar

import msgspec
from sqlmodel import Field, SQLModel, select

from models import carried, journal, rights, stage
from models.command import Badge, Command, Done, Id
from models.programme import Meeting, confirmation, desks, pick, staffed, touched_by
from models.refusals import Refused
from models.store import Tx


class Presence(SQLModel, table=True):
    """Which session a person is checked in to. One at a time, no times."""

    person_id: int = Field(primary_key=True)
    session_id: int = Field(index=True)


class StartSession(Command):
    """Open the doors: people can check in, and the hall's screen follows."""

    session: Id

    def perform(self, tx: Tx, badge: Badge, now: float) -> Done:
        meeting = staffed(tx, badge, self.session)
        if meeting.state == "on":
            return Done()
        if meeting.kind == "break":
            raise Refused("breaks_are_not_started")
        if meeting.state == "cancelled":
            raise Refused("session_cancelled")
        if meeting.state == "postponed":
            raise Refused("session_postponed")
        other = tx.exec(select(Meeting).where(Meeting.hall_id == meeting.hall_id, Meeting.state == "on")).first()
        if other is not None:
            raise Refused("hall_is_on", title=pick(other.titles, badge.language))
        meeting.state, meeting.started_at, meeting.ended_at = "on", now, None
        tx.add(meeting)
        carried.start(tx, meeting, badge, now)
        journal.write(tx, badge, now, self.session, "session_started")
        return Done(touched_by(meeting) | desks(tx, meeting.hall_id), "session_started")


class EndSession(Command):
    """Close the session. `confirm` repeats the two digits shown on the spot."""

    session: Id
    confirm: Id

    def perform(self, tx: Tx, badge: Badge, now: float) -> Done:
        meeting = staffed(tx, badge, self.session)
        if meeting.state == "ended":
            return Done()
        if meeting.state != "on":
            raise Refused("session_not_on")
        if self.confirm != confirmation(self.session):
            raise Refused("confirm_number", number=confirmation(self.session))
        open_poll = tx.cursor.execute(
            "SELECT 1 FROM poll WHERE session_id = ? AND state IN ('open', 'closing')", (self.session,)
        ).fetchone()
        if open_poll:
            raise Refused("end_voting_first")
        meeting.state, meeting.ended_at = "ended", now
        tx.add(meeting)
        journal.write(tx, badge, now, self.session, "session_ended")
        return Done(touched_by(meeting) | desks(tx, meeting.hall_id), "session_ended")


class CheckIn(Command):
    """Come into a session; this leaves the one before. A person is in one session at a time."""

    hot: ClassVar[bool] = True

    session: Id

    def perform(self, tx: Tx, badge: Badge, now: float) -> Done:
        row = tx.cursor.execute("SELECT state, kind, titles FROM session WHERE id = ?", (self.session,)).fetchone()
        if row is None:
            raise Refused("no_such_session")
        state, kind, titles = row
        if state == "ended":
            raise Refused("session_ended", title=pick(msgspec.json.decode(titles), badge.language))
        if state == "cancelled":
            raise Refused("session_cancelled")
        if kind == "break":
            raise Refused("nothing_to_join")
        before = tx.cursor.execute("SELECT session_id FROM presence WHERE person_id = ?", (badge.person_id,)).fetchone()
        if before == (self.session,):
            return Done(facts={"session": self.session})
        tx.cursor.execute(
            "INSERT INTO presence (person_id, session_id) VALUES (?, ?)"
            " ON CONFLICT (person_id) DO UPDATE SET session_id = excluded.session_id",
            (badge.person_id, self.session),
        )
        touched = {(f"person:{badge.person_id}", "my"), (f"session:{self.session}", "seats")}
        if before:
            touched.add((f"session:{before[0]}", "seats"))
        return Done(frozenset(touched), "checked_in", {"session": self.session})


class Follow(Command):
    """The hall's screen follows this session from now on, shown by its title."""

    session: Id

    def perform(self, tx: Tx, badge: Badge, now: float) -> Done:
        meeting = staffed(tx, badge, self.session)
        on = stage.stage_of(tx, meeting.hall_id)
        if on.session_id == self.session:
            return Done()
        held = holder(tx, on)
        if held is not None and badge.role != "organiser":
            raise Refused("screen_is_held", title=pick(held.titles, badge.language))
        stage.follow(tx, on, self.session, badge, now)
        return Done(touched_by(meeting) | desks(tx, meeting.hall_id), "screen_follows")


class HandScreen(Command):
    """Give the hall's screen to another session of the hall: the desk that holds it need not end its own first."""

    session: Id
    to: Id

    def perform(self, tx: Tx, badge: Badge, now: float) -> Done:
        meeting, heir = tx.get(Meeting, self.session), tx.get(Meeting, self.to)
        if meeting is None or heir is None:
            raise Refused("no_such_session")
        rights.require(tx, badge, "switch_screens", self.session)
        if heir.hall_id != meeting.hall_id or heir.kind == "break" or heir.state not in ("planned", "on"):
            raise Refused("not_next_here", title=pick(heir.titles, badge.language))
        on = stage.stage_of(tx, meeting.hall_id)
        if on.session_id == self.to:
            return Done()
        if on.session_id != self.session:
            raise Refused("screen_not_held")
        journal.write(tx, badge, now, self.session, "screen_handed", title=pick(heir.titles, badge.language))
        stage.follow(tx, on, self.to, badge, now)
        return Done(touched_by(meeting) | touched_by(heir) | desks(tx, meeting.hall_id), "screen_handed")


def holder(tx: Tx, on: stage.Stage) -> Meeting | None:
    """The session that holds a hall's screen: it is on, in this hall. None where anybody of the hall may have it."""
    held = tx.get(Meeting, on.session_id) if on.session_id else None
    return held if held is not None and held.state == "on" and held.hall_id == on.hall_id else None
