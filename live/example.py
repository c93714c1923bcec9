"""The example conference in an empty database: its days are today and tomorrow, and something is on in each hall."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from live.settings import ROOT
from models import doors, imports, programme
from models.command import SYSTEM, Badge, Done
from models.drafts import MakeReady
from models.imports import MeetingRow, Plan
from models.store import Tx

FOLDER = ROOT / "examples" / "ibmc-2023"
MERGE = {"1203": "1114"}
"""One person registered twice: the list's one open question, answered."""
ORGANISER = "1001"
"""In whose name the texts of the polls stand approved."""
TEAM = {"1002": "registration", "1003": "av", "1004": "teller"}
"""Three of the conference's own team do what the list has nobody for, so that each of these pages can be tried."""
FIRST = "p15"
"""A question for any session. It stands first in each one that is on, without a timer and hidden until revealed, so
that whoever tries the desk can take it from the first press to the result, at any hour."""


def read(now: float, folder: Path = FOLDER) -> Plan:
    """The example with its first day moved to today in the event's own zone, and a first poll where it begins."""
    plan = imports.read(folder, merge=MERGE)
    first = min(date.fromisoformat(meeting.day) for meeting in plan.meetings)
    today = _clock(plan, now).date()
    moved = [replace(meeting, day=str(date.fromisoformat(meeting.day) - first + today)) for meeting in plan.meetings]
    team = [replace(person, role=TEAM.get(person.key, person.role)) for person in plan.people]
    plan = replace(plan, meetings=tuple(moved), people=tuple(team))
    asked = next(poll for poll in plan.polls if poll.key == FIRST)
    firsts = [replace(asked, key=f"{FIRST}-{each.hall}", session=each.key) for each in to_start(plan, now)]
    return replace(plan, polls=(*firsts, *(poll for poll in plan.polls if poll is not asked)))


def load(tx: Tx, plan: Plan, now: float) -> Done:
    """Write it, name voters, make the polls ready, open the doors. Does nothing where there is an event already."""
    if not is_empty(tx):
        return Done()
    imports.apply(tx, plan, Badge(0, SYSTEM), now, ORGANISER)
    _name_voters(tx)
    person = tx.cursor.execute("SELECT id FROM person WHERE number = ?", (ORGANISER,)).fetchone()[0]
    organiser = Badge(person, "organiser")
    for (poll,) in tx.cursor.execute("SELECT id FROM poll ORDER BY id").fetchall():
        MakeReady(poll=poll).perform(tx, organiser, now)
    sessions = dict(tx.cursor.execute("SELECT key, id FROM session").fetchall())
    for meeting in to_start(plan, now):
        doors.StartSession(session=sessions[meeting.key]).perform(tx, organiser, now)
    return Done(frozenset({("event", "agenda"), ("event", "people")}), "imported")


def is_empty(tx: Tx) -> bool:
    return tx.cursor.execute("SELECT 1 FROM event").fetchone() is None


def to_start(plan: Plan, now: float) -> list[MeetingRow]:
    """For each hall with sessions the one of today that is nearest to now; of two as near, the coming one.

    Before the day it begins early, after the day it runs late: what is on is always one of today's.
    """
    at = _clock(plan, now)
    best: dict[str, tuple[tuple[bool, timedelta, bool], MeetingRow]] = {}
    for meeting in plan.meetings:
        if meeting.kind == "break":
            continue
        begins, ends = (
            datetime.fromisoformat(programme.moment(meeting.day, time)).replace(tzinfo=at.tzinfo)
            for time in (meeting.start, meeting.end)
        )
        rank = (meeting.day != str(at.date()), max(begins - at, at - ends, timedelta(0)), ends <= at)
        if meeting.hall not in best or rank < best[meeting.hall][0]:
            best[meeting.hall] = (rank, meeting)
    return [meeting for _, meeting in best.values()]


def _clock(plan: Plan, now: float) -> datetime:
    """Now, on the event's clocks."""
    assert plan.event is not None
    return datetime.fromtimestamp(now, ZoneInfo(plan.event.zone))


def _name_voters(tx: Tx) -> None:
    """Each delegation with a vote: the participant with the lowest badge number casts it, the next stands in."""
    for delegation, voter, alternate in tx.cursor.execute(
        "SELECT delegation_id, min(CASE place WHEN 1 THEN id END), min(CASE place WHEN 2 THEN id END) FROM ("
        " SELECT p.id, p.delegation_id, row_number() OVER (PARTITION BY p.delegation_id ORDER BY p.number) AS place"
        " FROM person p JOIN delegation d ON d.id = p.delegation_id WHERE d.votes AND p.role = 'participant'"
        ") WHERE place < 3 GROUP BY delegation_id"
    ).fetchall():
        tx.cursor.execute(
            "UPDATE delegation SET voter_id = ?, alternate_id = ? WHERE id = ?", (voter, alternate, delegation)
        )
