"""The programme as people change it on the day: running late and moving.

What the list said is kept beside it (`Meeting.listed`), so that pages tell the old time and a new list does not undo
what was decided in the hall.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

import msgspec
from sqlmodel import col, select

from models import carried, journal, people, programme
from models.command import Badge, Command, Done, Id, Word
from models.polls import Poll, changed
from models.programme import Hall, Meeting, confirmation, depart, desks, end_after, moment, pick, staffed, touched_by
from models.refusals import Refused
from models.rights import SessionStaff, require
from models.store import Tx

LAST = 29 * 60 + 59
"""The last minute a session can end: 05:59 of the next date, written as "29:59"."""
MIDNIGHT = 24 * 60


class RunLate(Command):
    """Shift a session and everything planned after it in its hall that day, breaks too, by the same minutes.

    A session that is on keeps its start. `seen_end` is the end the sender saw ("10:00"): a second desk that presses the
    same has its wish already. Minus takes it back.
    """

    session: Id
    minutes: Annotated[int, msgspec.Meta(ge=-60, le=120, multiple_of=5)]
    seen_end: Word

    def perform(self, tx: Tx, badge: Badge, now: float) -> Done:
        meeting = staffed(tx, badge, self.session)
        require_ahead(meeting, badge)
        if not self.minutes or meeting.end == later(self.seen_end, self.minutes):
            return Done()
        if meeting.end != self.seen_end:
            raise Refused("times_changed", time=meeting.end)
        shifted = [meeting, *_after(tx, meeting)]
        for each in shifted:
            start = each.start if each.state == "on" else later(each.start, self.minutes, MIDNIGHT - 1)
            end = later(each.end, self.minutes)
            if end <= start:
                raise Refused("ends_before_start")
            _set(each, start=start, end=end)
        if self.minutes < 0 and meeting.state == "planned":
            among = frozenset(each.id for each in shifted)
            clashes(tx, meeting, meeting.hall_id, badge, among=among, key="hall_still_busy")
        look = set(desks(tx, meeting.hall_id))
        for each in shifted:
            tx.add(each)
            look |= touched_by(each)
            if each.state == "planned":
                look |= carried.suggest(tx, each, "starts_at", badge, now)
            if each is not meeting and each.kind != "break":
                journal.write(tx, badge, now, each.id, "shifted", minutes=self.minutes, start=each.start)
        more: dict[str, Any] = {"n": len(shifted) - 1} if len(shifted) > 1 else {}
        journal.write(tx, badge, now, self.session, "ran_late", minutes=self.minutes, end=meeting.end, **more)
        return Done(frozenset(look), "ran_late")


class MoveSession(Command):
    """Another hall, or another day and time; a postponed session is planned again. What is empty stays as it is.

    With a new start alone the session keeps its length. `again` accepts a clash that was named; `confirm` repeats the
    two digits shown on the spot when the session is on. `seen_day`, `seen_start` and `seen_end` are the times the
    sender saw: a form that fills in all of them must not take back a delay of meanwhile.
    """

    session: Id
    hall: Id
    day: Word = ""
    start: Word = ""
    end: Word = ""
    confirm: Id = 0
    again: bool = False
    seen_day: Word = ""
    seen_start: Word = ""
    seen_end: Word = ""

    def perform(self, tx: Tx, badge: Badge, now: float) -> Done:
        meeting = changeable(tx, badge, self.session)
        if meeting.state == "ended":
            raise Refused("session_ended", title=pick(meeting.titles, badge.language))
        if meeting.state == "cancelled":
            raise Refused("session_cancelled")
        hall = tx.get(Hall, self.hall)
        if hall is None:
            raise Refused("no_such_hall")
        day, start, end = self._times(meeting)
        same = (day, start, end) == (meeting.day, meeting.start, meeting.end)
        if same and self.hall == meeting.hall_id and meeting.state != "postponed":
            return Done()
        seen = (self.seen_day or meeting.day, self.seen_start or meeting.start, self.seen_end or meeting.end)
        if seen != (meeting.day, meeting.start, meeting.end):
            raise Refused("times_changed", time=meeting.end)
        if meeting.state == "on":
            if (day, start) != (meeting.day, meeting.start):
                raise Refused("on_keeps_start")
            if self.confirm != confirmation(self.session):
                raise Refused("confirm_number", number=confirmation(self.session))
        left = meeting.hall_id
        _set(meeting, day=day, start=start, end=end)
        twice = clashes(tx, meeting, self.hall, badge, again=self.again, staff=not same or meeting.state == "postponed")
        if self.hall != left:
            depart(meeting, "hall", tx.get_one(Hall, left).key, hall.key)
        meeting.hall_id = self.hall
        meeting.state = "planned" if meeting.state == "postponed" else meeting.state
        tx.add(meeting)
        tx.flush()
        look = touched_by(meeting) | desks(tx, left, self.hall)
        if self.hall != left:
            for poll in tx.exec(select(Poll).where(Poll.session_id == self.session)):
                poll.hall_id = self.hall
                changed(tx, poll)
            look |= carried.move(tx, meeting, badge, now)
            look |= {(f"hall:{left}", part) for part in ("scene", "turnout", "here", "air")}
            look |= {(f"session:{self.session}", "hall")}
        elif meeting.state == "planned":
            look |= carried.suggest(tx, meeting, "starts_at", badge, now)
        floor = programme.the_event(tx).languages.split(",")[0]
        journal.write(
            tx, badge, now, self.session, "session_moved_again" if twice else "session_moved",
            hall=pick(hall.names, floor), day=day, start=start, end=end,
        )  # fmt: skip
        return Done(look, "session_moved")

    def _times(self, meeting: Meeting) -> tuple[str, str, str]:
        """(day, start, end) as wished. Refused where they are none, or the end is not after the start."""
        try:
            day = date.fromisoformat(self.day).isoformat() if self.day else meeting.day
            start = _clock(_minutes(self.start, MIDNIGHT - 1)) if self.start else meeting.start
            if self.end:
                end = end_after(start, _clock(_minutes(self.end)))
            else:
                end = later(start, _minutes(meeting.end) - _minutes(meeting.start))
        except ValueError:
            raise Refused("no_such_time") from None
        if end <= start:
            raise Refused("ends_before_start")
        return day, start, end


def changeable(tx: Tx, badge: Badge, session_id: int) -> Meeting:
    """The session, if this badge may change the programme."""
    meeting = tx.get(Meeting, session_id)
    if meeting is None:
        raise Refused("no_such_session")
    require(tx, badge, "change_programme", session_id)
    return meeting


def require_ahead(meeting: Meeting, badge: Badge) -> None:
    """Refused for what is over, was called off, or has no time."""
    if meeting.state == "ended":
        raise Refused("session_ended", title=pick(meeting.titles, badge.language))
    if meeting.state == "cancelled":
        raise Refused("session_cancelled")
    if meeting.state == "postponed":
        raise Refused("session_postponed")


def clashes(
    tx: Tx, meeting: Meeting, hall_id: int, badge: Badge, *, again: bool = False, staff: bool = False,
    among: frozenset[int | None] = frozenset(), key: str = "hall_busy",
) -> bool:  # fmt: skip
    """Refused where the hall is busy at the session's time, or with `staff` a moderator of it. True where *again*
    accepts that.

    Two sessions that are on in one hall are never accepted. Breaks are in nobody's way, nor is what moves *among* it.
    """
    near = [
        other
        for other in tx.exec(
            select(Meeting).where(
                Meeting.id != meeting.id, Meeting.kind != "break", col(Meeting.state).in_(("planned", "on"))
            )
        )
        if other.id not in among
    ]
    on = [other for other in near if other.hall_id == hall_id and other.state == meeting.state == "on"]
    if on:
        raise Refused("hall_is_on", title=pick(on[0].titles, badge.language))
    start, end = moment(meeting.day, meeting.start), moment(meeting.day, meeting.end)
    same = [o for o in near if moment(o.day, o.start) < end and start < moment(o.day, o.end)]
    busy = [other for other in same if other.hall_id == hall_id]
    double = _booked(tx, meeting, same) if staff else None
    if again or not (busy or double):
        return bool(busy or double)
    said: dict[str, str] = {}
    if busy:
        said |= {
            "title": pick(busy[0].titles, badge.language),
            "start": busy[0].start,
            "end": moment(busy[0].day, busy[0].end)[-5:],
        }
    if double:
        said |= {"name": double[0], "other": pick(double[1].titles, badge.language)}
    raise Refused("hall_and_moderator_busy" if busy and double else key if busy else "moderator_busy", **said)


def _booked(tx: Tx, meeting: Meeting, others: list[Meeting]) -> tuple[str, Meeting] | None:
    """The first of the session's moderators and chairs who leads one of these sessions as well: (name, session)."""
    leads = col(SessionStaff.role).in_(("moderator", "chair"))
    ours = select(SessionStaff.person_id).where(SessionStaff.session_id == meeting.id, leads)
    rows = tx.exec(
        select(SessionStaff.session_id, people.Person)
        .join(people.Person, col(people.Person.id) == SessionStaff.person_id)
        .where(leads, col(SessionStaff.person_id).in_(ours))
        .order_by(col(SessionStaff.person_id))
    ).all()
    by_id = {other.id: other for other in others}
    return next(((person.name, by_id[session]) for session, person in rows if session in by_id), None)


def _after(tx: Tx, meeting: Meeting) -> list[Meeting]:
    """What is planned after this session in its hall that day, breaks included."""
    return list(
        tx.exec(
            select(Meeting)
            .where(
                Meeting.hall_id == meeting.hall_id, Meeting.day == meeting.day, Meeting.state == "planned",
                Meeting.id != meeting.id, Meeting.start >= meeting.start,
            )
            .order_by(Meeting.start)
        )
    )  # fmt: skip


def _set(meeting: Meeting, **times: str) -> None:
    """Give it these of day, start and end, and keep what the list said."""
    for name, wished in times.items():
        depart(meeting, name, getattr(meeting, name), wished)
        setattr(meeting, name, wished)


def later(text: str, minutes: int, last: int = LAST) -> str:
    """ "10:00" and 20 as "10:20", at the `last` minute at the latest.

    Refused("past_midnight") outside the day, ("no_such_time") for what is no time.
    """
    try:
        at = _minutes(text) + minutes
    except ValueError:
        raise Refused("no_such_time") from None
    if not 0 <= at <= last:
        raise Refused("past_midnight")
    return _clock(at)


def _minutes(text: str, last: int = LAST) -> int:
    """Minutes since midnight of "HH:MM". ValueError for anything else, and for what is after the `last` of them."""
    hours, _, rest = text.partition(":")
    if not (len(rest) == 2 and len(hours) in (1, 2) and (hours + rest).isascii() and (hours + rest).isdigit()):
        raise ValueError(text)
    at = 60 * int(hours) + int(rest)
    if int(rest) > 59 or at > last:
        raise ValueError(text)
    return at


def _clock(at: int) -> str:
    return f"{at // 60:02d}:{at % 60:02d}"
