"""What does not take place as planned: a session postponed with its time open, cancelled, or planned again."""

from __future__ import annotations

from typing import Any

from sqlmodel import col, select

from models import carried, journal
from models.ballots import LIVE_STATES
from models.command import Badge, Command, Done, Id
from models.polls import Poll, touched
from models.programme import confirmation, desks, pick, touched_by
from models.refusals import Refused
from models.schedule import changeable, clashes, require_ahead
from models.store import Tx
from models.voting import withdraw

RESTORED_WITHIN = 24 * 3600.0
"""Seconds in which a cancelled session can be brought back."""


class PostponeSession(Command):
    """Its time is open, until somebody gives it one by moving it. Only before it is on."""

    session: Id

    def perform(self, tx: Tx, badge: Badge, now: float) -> Done:
        meeting = changeable(tx, badge, self.session)
        if meeting.state == "postponed":
            return Done()
        if meeting.state == "on":
            raise Refused("session_is_on")
        require_ahead(meeting, badge)
        meeting.state = "postponed"
        tx.add(meeting)
        look = touched_by(meeting) | carried.suggest(tx, meeting, "postponed", badge, now)
        journal.write(tx, badge, now, self.session, "session_postponed")
        return Done(look | desks(tx, meeting.hall_id), "session_postponed")


class CancelSession(Command):
    """It does not take place, or not to its end: open polls are withdrawn. `confirm` repeats the two digits shown."""

    session: Id
    confirm: Id

    def perform(self, tx: Tx, badge: Badge, now: float) -> Done:
        meeting = changeable(tx, badge, self.session)
        if meeting.state == "cancelled":
            return Done()
        if meeting.state == "ended":
            raise Refused("session_ended", title=pick(meeting.titles, badge.language))
        if self.confirm != confirmation(self.session):
            raise Refused("confirm_number", number=confirmation(self.session))
        look: set[tuple[str, str]] = set()
        running = tx.exec(
            select(Poll).where(Poll.session_id == self.session, col(Poll.state).in_(LIVE_STATES))
        ).all()  # fmt: skip
        for poll in running:
            withdraw(tx, poll, now)
            look |= touched(poll)
            journal.write(tx, badge, now, self.session, "withdrawn", poll=poll.id or 0, n=poll.counted)
        meeting.state, meeting.ended_at = "cancelled", now
        tx.add(meeting)
        look |= touched_by(meeting) | carried.suggest(tx, meeting, "cancelled", badge, now)
        look |= desks(tx, meeting.hall_id)
        more: dict[str, Any] = {"n": len(running)} if running else {}
        journal.write(tx, badge, now, self.session, "session_cancelled", **more)
        return Done(frozenset(look), "session_cancelled", wipe=bool(running))


class RestoreSession(Command):
    """A session cancelled within the day is planned again, in its hall and at its time, or waits for one again where it
    did before. Its polls stay withdrawn.

    `again` accepts a clash that was named: somebody else may have the hall by now, or the moderator.
    """

    session: Id
    again: bool = False

    def perform(self, tx: Tx, badge: Badge, now: float) -> Done:
        meeting = changeable(tx, badge, self.session)
        if meeting.state in ("planned", "on", "postponed"):
            return Done()
        if meeting.state != "cancelled":
            raise Refused("not_cancelled")
        if meeting.ended_at is not None and now - meeting.ended_at > RESTORED_WITHIN:
            raise Refused("cancelled_for_good")
        postponed = _had_no_time(tx, self.session)
        if not postponed:
            clashes(tx, meeting, meeting.hall_id, badge, again=self.again, staff=True)
        meeting.state, meeting.started_at, meeting.ended_at = "postponed" if postponed else "planned", None, None
        tx.add(meeting)
        look = touched_by(meeting)
        if postponed:
            look |= carried.suggest(tx, meeting, "postponed", badge, now)
        else:
            look |= carried.take_back(tx, meeting, badge, now)
        journal.write(tx, badge, now, self.session, "session_restored")
        return Done(look | desks(tx, meeting.hall_id), "session_restored")


def _had_no_time(tx: Tx, session_id: int) -> bool:
    """Whether it was postponed and nobody gave it a time since, as the journal has it."""
    told = tx.cursor.execute(
        "SELECT act FROM journal WHERE session_id = ? AND act IN ('session_postponed', 'session_moved',"
        " 'session_moved_again') ORDER BY id DESC LIMIT 1",
        (session_id,),
    ).fetchone()
    return bool(told and told[0] == "session_postponed")
