"""The example conference in an empty database: its days are today and tomorrow, and something is on in each hall."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from live.settings import ROOT
from models import doors, imports
from models.command import SYSTEM, Badge, Done
from models.store import Tx

FOLDER = ROOT / "examples" / "ibmc-2023"
EVENT = imports.EventRow(
    key="ibmc",
    names={
        "en": "International Border Management Conference",
        "tr": "Uluslararası Sınır Yönetimi Konferansı",
        "ar": "المؤتمر الدولي لإدارة الحدود",
        "ru": "Международная конференция по управлению границами",
    },
    zone="Europe/Istanbul",
    languages="en,tr,ar,ru",
)
MERGE = {"1203": "1114"}
"""One person registered twice: the list's one open question, answered."""
ORGANISER = "1001"
"""In whose name the texts of the polls stand approved."""


def read(now: float, folder: Path = FOLDER) -> imports.Plan:
    """The example with its first day moved to today in the event's own zone."""
    plan = imports.read(folder, merge=MERGE, event=EVENT)
    today = datetime.fromtimestamp(now, ZoneInfo(EVENT.zone)).date()
    first = min(date.fromisoformat(meeting.day) for meeting in plan.meetings)
    moved = [replace(meeting, day=str(date.fromisoformat(meeting.day) - first + today)) for meeting in plan.meetings]
    return replace(plan, meetings=tuple(moved))


def load(tx: Tx, plan: imports.Plan, now: float) -> Done:
    """Write it, name voters, open the doors. Does nothing where there is an event already."""
    if not is_empty(tx):
        return Done()
    imports.apply(tx, plan, Badge(0, SYSTEM), now, ORGANISER)
    _name_voters(tx)
    organiser = tx.cursor.execute("SELECT id FROM person WHERE number = ?", (ORGANISER,)).fetchone()[0]
    for session in nearest(tx, now):
        doors.StartSession(session=session).perform(tx, Badge(organiser, "organiser"), now)
    return Done(frozenset({("event", "agenda"), ("event", "people")}), "imported")


def is_empty(tx: Tx) -> bool:
    return tx.cursor.execute("SELECT 1 FROM event").fetchone() is None


def nearest(tx: Tx, now: float) -> list[int]:
    """For each hall with sessions the one to start: one with a poll before others, today's before tomorrow's,
    and among those the nearest to now."""
    zone = ZoneInfo(EVENT.zone)
    today = str(datetime.fromtimestamp(now, zone).date())
    best: dict[int, tuple[tuple[bool, bool, timedelta], int]] = {}
    for id_, hall, day, start, end, polls in tx.cursor.execute(
        'SELECT s.id, s.hall_id, s.day, s.start, s."end", count(p.id) FROM session s'
        " LEFT JOIN poll p ON p.session_id = s.id WHERE s.kind != 'break' GROUP BY s.id ORDER BY s.day, s.start"
    ):
        at = datetime.fromtimestamp(now, zone)
        begins, ends = (datetime.fromisoformat(f"{day}T{time}").replace(tzinfo=zone) for time in (start, end))
        away = max(begins - at, at - ends, timedelta(0))
        rank = (not polls, day != today, away)
        if hall not in best or rank < best[hall][0]:
            best[hall] = (rank, id_)
    return [session for _, session in best.values()]


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
