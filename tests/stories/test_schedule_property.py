"""Whatever several people do to the programme of a day, in whatever order: what must hold holds after each act."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models import called_off, doors, programme, rights, schedule, voting
from models.command import Badge, Command, Done
from models.refusals import Refused
from models.store import Tx
from tests.world import LANGUAGES, World

DAY = "2026-05-12"
HOURS = ("08:30", "09:00", "10:00", "10:20", "11:00", "23:00")
SESSIONS = (1, 2, 3, 4, 5)
ORGANISER = Badge(1, "organiser")
people = st.sampled_from(
    [ORGANISER] * 4 + [Badge(2, "moderator")] * 2 + [Badge(3, "moderator"), Badge(4, "participant")]
)
sessions, halls = st.sampled_from(SESSIONS), st.sampled_from([1, 2, 3, 4])
wrong = st.integers(0, 9)


def confirmed(session: int, slip: int) -> int:
    return programme.confirmation(session) + (slip == 0)


moves = st.builds(
    lambda s, h: schedule.MoveSession(session=s, hall=h, confirm=programme.confirmation(s), again=True),
    st.sampled_from([1, 1, 2, 4]), st.sampled_from([1, 2, 3]),
)  # fmt: skip
"""Moves that only a second running session can stop: rare among all others, and what most can go wrong with."""
acts = st.one_of(
    st.builds(
        lambda s, m, seen: ("late", s, m, seen), sessions, st.sampled_from([-60, -20, 5, 20, 120]), st.booleans()
    ),
    st.builds(
        lambda s, h, day, start, end, slip, again: schedule.MoveSession(
            session=s, hall=h, day=day, start=start, end=end, confirm=confirmed(s, slip), again=again
        ),
        sessions, halls, st.sampled_from(["", "", DAY, "2026-05-13"]), st.sampled_from(["", "", *HOURS]),
        st.sampled_from(["", "", *HOURS]), wrong, st.booleans(),
    ),
    *[moves] * 4,
    st.builds(lambda s: called_off.PostponeSession(session=s), sessions),
    st.builds(lambda s, slip: called_off.CancelSession(session=s, confirm=confirmed(s, slip)), sessions, wrong),
    st.builds(lambda s: called_off.RestoreSession(session=s), sessions),
    st.builds(lambda s: doors.StartSession(session=s), sessions),
    st.builds(lambda s, slip: doors.EndSession(session=s, confirm=confirmed(s, slip)), sessions, wrong),
    st.builds(lambda s, to: doors.HandScreen(session=s, to=to), sessions, sessions),
    st.builds(lambda s: doors.Follow(session=s), sessions),
    st.builds(lambda n, s: (n, doors.CheckIn(session=s)), st.integers(0, 5), sessions),
    st.just(("poll",)),
)  # fmt: skip
Row = tuple[int, str, int, str, str, str, str]


def found(tx: Tx) -> Done:
    """A third hall, and three more sessions, one of them a break. There is no fourth hall."""
    tx.add(programme.Hall(key="hall-c", names={"en": "Hall C"}, languages="en"))
    for n, (hall, start, end) in enumerate(((1, "10:00", "10:20"), (1, "10:20", "11:00"), (2, "11:00", "12:00")), 3):
        tx.add(
            programme.Meeting(
                key=f"s{n}", hall_id=hall, day=DAY, start=start, end=end, kind="break" if n == 3 else "parallel",
                titles={la: f"s{n} {la}" for la in LANGUAGES}, languages="en", code=f"C{n}",
            )
        )  # fmt: skip
        tx.flush()
    tx.add(rights.SessionStaff(session_id=4, person_id=2, role="moderator"))
    return Done()


def rows(world: World) -> dict[int, Row]:
    query = 'SELECT id, code, hall_id, day, start, "end", state FROM session'
    return {row[0]: row for row in world.store.peek.cursor.execute(query).fetchall()}


def as_listed(world: World) -> dict[int, tuple[str, str, str, str]]:
    """What the list said of each session: what stands there, but for what is kept of before."""
    with world.store.reading() as tx:
        keys = dict(tx.cursor.execute("SELECT id, key FROM hall").fetchall())
        told = {}
        for session in SESSIONS:
            m = tx.get_one(programme.Meeting, session)
            there = {"day": m.day, "start": m.start, "end": m.end, "hall": keys[m.hall_id]} | m.listed
            told[session] = (there["day"], there["start"], there["end"], there["hall"])
        return told


def perform(world: World, badge: Badge, command: Command) -> None:
    """A refusal changes nothing."""
    before = world.dump()
    try:
        world.do(command, badge)
    except Refused:
        assert world.dump() == before, f"a refused {type(command).__name__} changed a row"


@settings(
    max_examples=int(os.environ.get("HALLSIDE_EXAMPLES", "30")), deadline=None, database=None,
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
@given(done=st.lists(st.tuples(people, acts), min_size=5, max_size=25))
def test_a_day_of_changes_keeps_its_promises(done: list[tuple[Badge, object]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder) / "x.sqlite")
        with contextlib.closing(world.store):
            world.store.do(found)
            codes = {id_: row[1] for id_, row in rows(world).items()}
            listed = as_listed(world)
            seats = dict(world.store.peek.cursor.execute("SELECT person_id, session_id FROM presence").fetchall())
            owners: dict[int, int] = {world.poll(): 1}
            for badge, act in done:
                match act:
                    case ("late", int(session), int(minutes), seen):
                        end = rows(world)[session][5] if seen else "10:00"
                        perform(world, badge, schedule.RunLate(session=session, minutes=minutes, seen_end=end))
                    case (int(n), doors.CheckIn() as come):
                        with contextlib.suppress(Refused):
                            world.do(come, world.person(n))
                            seats[4 + n] = come.session
                    case ("poll",):
                        owners[world.poll(open_=False)] = 1
                        with contextlib.suppress(Refused):
                            world.do(voting.OpenPoll(poll=max(owners)))
                    case Command():
                        perform(world, badge, act)
                now = rows(world)
                on = [row[2] for row in now.values() if row[6] == "on"]
                assert len(on) == len(set(on)), "two sessions are on in one hall"
                assert all(row[4] < row[5] for row in now.values()), "a session ends before it starts"
                assert {id_: row[1] for id_, row in now.items()} == codes
                assert as_listed(world) == listed
                polls = world.store.peek.cursor.execute("SELECT id, session_id, hall_id, state FROM poll").fetchall()
                assert {poll: session for poll, session, _, _ in polls} == owners
                assert all(hall == now[session][2] for _, session, hall, _ in polls)
                assert all(now[session][6] == "on" for _, session, _, state in polls if state in ("open", "closing"))
                held = world.store.peek.cursor.execute("SELECT person_id, session_id FROM presence").fetchall()
                assert dict(held) == seats
