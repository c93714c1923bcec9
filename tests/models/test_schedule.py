"""The programme on the day: running late, moving, postponing, cancelling, and what stays with the session."""

from __future__ import annotations

from typing import Any

import pytest

from models import boards, called_off, doors, programme, rights, schedule, stage, voting
from models.ballots import CastVote
from models.command import Badge, Command, Done
from models.refusals import Refused
from models.stage import Scene
from models.store import Tx
from tests.world import LANGUAGES, World

CONFIRM = 10 + 37
"""What session 1 asks for."""


@pytest.fixture
def day(world: World) -> World:
    """In hall A session 1 is on, then a break, session 4 and session 5; in hall B session 2 is on, then session 6."""

    def run(tx: Tx) -> Done:
        for key, hall, start, end, kind in (
            ("s3", 1, "10:00", "10:30", "break"), ("s4", 1, "10:30", "11:30", "parallel"),
            ("s5", 1, "11:30", "12:30", "parallel"), ("s6", 2, "10:30", "11:30", "parallel"),
        ):  # fmt: skip
            tx.add(
                programme.Meeting(
                    key=key, hall_id=hall, day="2026-05-12", start=start, end=end, kind=kind, code=key,
                    titles={la: f"{key} {la}" for la in LANGUAGES}, languages="en,ar",
                )
            )  # fmt: skip
            tx.flush()
        tx.add(rights.SessionStaff(session_id=4, person_id=2, role="moderator"))
        tx.add(rights.SessionStaff(session_id=6, person_id=3, role="chair"))
        return Done()

    world.store.do(run)
    return world


def row(world: World, session: int) -> dict[str, Any]:
    with world.store.reading() as tx:
        found: dict[str, Any] = tx.get_one(programme.Meeting, session).model_dump()
        return found


def times(world: World, *sessions: int) -> list[str]:
    return [f"{row(world, s)['start']}-{row(world, s)['end']}" for s in sessions]


def refused(world: World, command: Command, badge: Badge | None = None) -> Refused:
    before = world.dump()
    with pytest.raises(Refused) as caught:
        world.do(command, badge or world.organiser)
    assert world.dump() == before
    return caught.value


def change(world: World, sql: str) -> None:
    def run(tx: Tx) -> Done:
        tx.cursor.execute(sql)
        return Done()

    world.store.do(run)


def acts(world: World, session: int) -> list[str]:
    return [entry.act for entry in world.read(lambda tx: boards.desk(tx, session)).journal]  # type: ignore[union-attr]


def late(world: World, minutes: int, seen: str = "10:00", session: int = 1, badge: Badge | None = None) -> Done:
    return world.do(schedule.RunLate(session=session, minutes=minutes, seen_end=seen), badge)


# --- running late


def test_what_comes_later_in_the_hall_shifts_with_a_session_that_is_on_and_its_start_stays(day: World) -> None:
    done = late(day, 20)

    assert times(day, 1, 3, 4, 5) == ["09:00-10:20", "10:20-10:50", "10:50-11:50", "11:50-12:50"]
    assert times(day, 2, 6) == ["09:00-10:00", "10:30-11:30"]
    assert row(day, 1)["listed"] == {"end": "10:00"}
    assert row(day, 4)["listed"] == {"start": "10:30", "end": "11:30"}
    assert {("event", "agenda"), ("hall:1", "scene"), ("session:4", "now"), ("session:5", "desk")} <= done.touched
    assert (acts(day, 1)[0], acts(day, 4), acts(day, 3)) == ("ran_late", ["shifted"], [])


def test_two_desks_that_press_the_same_shift_once(day: World) -> None:
    late(day, 20)
    before = day.dump()

    again = late(day, 20, badge=day.organiser)

    assert again.notice == "done"
    assert day.dump() == before


def test_a_desk_that_saw_other_times_is_told_them(day: World) -> None:
    late(day, 20)

    told = refused(day, schedule.RunLate(session=1, minutes=5, seen_end="10:00"))

    assert (told.key, told.params) == ("times_changed", {"time": "10:20"})


def test_minus_takes_it_back_and_nothing_differs_from_the_list(day: World) -> None:
    late(day, 20)

    late(day, -20, "10:20")

    assert times(day, 1, 3, 4, 5) == ["09:00-10:00", "10:00-10:30", "10:30-11:30", "11:30-12:30"]
    assert [row(day, s)["listed"] for s in (1, 3, 4, 5)] == [{}] * 4


def test_a_planned_session_shifts_whole_and_what_is_before_it_stays(day: World) -> None:
    late(day, 15, "11:30", session=4)

    assert times(day, 1, 3, 4, 5) == ["09:00-10:00", "10:00-10:30", "10:45-11:45", "11:45-12:45"]


def test_a_session_with_no_time_and_one_that_is_off_do_not_shift(day: World) -> None:
    day.do(called_off.PostponeSession(session=4), day.organiser)
    day.do(called_off.CancelSession(session=5, confirm=programme.confirmation(5)), day.organiser)

    late(day, 20)

    assert times(day, 3, 4, 5) == ["10:20-10:50", "10:30-11:30", "11:30-12:30"]


def test_earlier_than_the_session_before_is_refused_and_names_it(day: World) -> None:
    told = refused(day, schedule.RunLate(session=4, minutes=-60, seen_end="11:30"))

    assert (told.key, told.params["title"], told.params["end"]) == ("hall_still_busy", "Session 1 en", "10:00")


@pytest.mark.parametrize(
    ("sql", "minutes", "seen", "key"),
    [
        ("SELECT 1", -60, "10:00", "ends_before_start"),
        ("SELECT 1", 5, "soon", "no_such_time"),
        ("UPDATE session SET \"end\" = '29:30' WHERE id = 5", 60, "10:00", "past_midnight"),
        ("UPDATE session SET start = '23:30', \"end\" = '23:50' WHERE id = 5", 60, "10:00", "past_midnight"),
        ("UPDATE session SET state = 'ended' WHERE id = 1", 5, "10:00", "session_ended"),
        ("UPDATE session SET state = 'cancelled' WHERE id = 1", 5, "10:00", "session_cancelled"),
        ("UPDATE session SET state = 'postponed' WHERE id = 1", 5, "10:00", "session_postponed"),
        ("DELETE FROM session WHERE id = 1", 5, "10:00", "no_such_session"),
    ],
)
def test_a_shift_that_cannot_be_says_why(day: World, sql: str, minutes: int, seen: str, key: str) -> None:
    change(day, sql)

    assert refused(day, schedule.RunLate(session=1, minutes=minutes, seen_end=seen)).key == key


def test_a_shift_past_midnight_counts_on_and_comes_back(day: World) -> None:
    change(day, "UPDATE session SET start = '22:30', \"end\" = '23:50' WHERE id = 5")

    day.do(schedule.RunLate(session=5, minutes=20, seen_end="23:50"), day.organiser)
    assert (row(day, 5)["start"], row(day, 5)["end"]) == ("22:50", "24:10")
    day.do(schedule.RunLate(session=5, minutes=-20, seen_end="24:10"), day.organiser)
    assert (row(day, 5)["start"], row(day, 5)["end"]) == ("22:30", "23:50")


@pytest.mark.parametrize(
    ("start", "end", "kept"), [("23:30", "", "25:00"), ("23:00", "00:30", "24:30"), ("23:00", "24:30", "24:30")]
)
def test_a_session_may_be_moved_across_midnight(day: World, start: str, end: str, kept: str) -> None:
    change(day, "UPDATE session SET start = '10:00', \"end\" = '11:30' WHERE id = 4")

    day.do(schedule.MoveSession(session=4, hall=1, start=start, end=end), day.organiser)

    assert (row(day, 4)["start"], row(day, 4)["end"]) == (start, kept)


def test_what_goes_on_past_midnight_clashes_with_the_next_day(day: World) -> None:
    date = row(day, 4)["day"]
    change(day, f"UPDATE session SET day = date('{date}', '+1 day'), start = '00:10', \"end\" = '01:00' WHERE id = 5")
    hall = row(day, 5)["hall_id"]

    told = refused(day, schedule.MoveSession(session=4, hall=hall, start="23:00", end="00:30"))

    assert (told.key, told.params["start"], told.params["end"]) == ("hall_busy", "00:10", "01:00")


# --- moving


def test_a_move_carries_code_polls_and_people_and_voting_goes_on(day: World) -> None:
    poll, code = day.poll(), row(day, 1)["code"]
    sealed = day.poll(open_=False)
    day.do(doors.EndSession(session=2, confirm=programme.confirmation(2)), day.organiser)
    day.vote(poll, 0, 1)

    done = day.do(schedule.MoveSession(session=1, hall=2, confirm=CONFIRM), day.organiser)
    day.vote(poll, 1, 1)
    again = day.do(day.vote(poll, 2, 0), day.person(2))

    assert (row(day, 1)["code"], row(day, 1)["hall_id"], row(day, 1)["listed"]) == (code, 2, {"hall": "hall-a"})
    halls = dict(day.store.peek.cursor.execute("SELECT id, hall_id FROM poll").fetchall())
    assert halls == {poll: 2, sealed: 2}
    seats = day.store.peek.cursor.execute("SELECT count(*) FROM presence WHERE session_id = 1").fetchone()
    assert seats == (6,)
    assert again.notice == "recorded"
    assert ("session:1", "hall") in done.touched
    assert {(f"hall:{hall}", "scene") for hall in (1, 2)} <= done.touched
    day.seal(poll)
    day.do(voting.LookFirst(poll=poll))
    assert day.counts(poll) == [1, 2, 0]


def test_votes_after_a_move_are_told_to_the_new_hall(day: World) -> None:
    poll = day.poll()
    day.vote(poll, 0, 1)
    change(day, "UPDATE session SET state = 'ended' WHERE id = 2")
    day.do(schedule.MoveSession(session=1, hall=2, confirm=CONFIRM), day.organiser)

    sent = CastVote(poll=poll, secret="a" * 32, intent="b" * 32, turn=1, marks=[[day.items(poll)[0]]])
    done = day.do(sent, day.person(3))

    assert ("hall:2", "turnout") in done.touched
    assert ("hall:1", "turnout") not in done.touched


def test_the_screen_it_leaves_says_where_and_the_new_one_follows_with_what_was_on_air_next(day: World) -> None:
    poll = day.poll()
    day.do(stage.ShowScene(hall=1, scene=Scene(kind="poll", poll=poll)))
    change(day, "UPDATE session SET state = 'ended' WHERE id = 2")
    before = day.air(1).version, day.air(2).version

    day.do(schedule.MoveSession(session=1, hall=2, confirm=CONFIRM), day.organiser)

    old, new = day.air(1), day.air(2)
    assert (old.program.kind, old.program.words, old.next) == ("announcement", "hall_moved", None)
    assert (new.session_id, new.program.kind, new.next) == (1, "title", Scene(kind="poll", poll=poll, session=1))
    assert old.version > before[0]
    assert new.version > before[1]
    scene = day.read(lambda tx: boards.scene(tx, 1, ("en",)))
    assert scene is not None
    assert scene.session is not None
    assert scene.session.hall == {"en": "Hall B"}


def test_a_screen_that_was_left_is_free_and_what_was_done_there_before_is_not_undone(day: World) -> None:
    day.do(stage.ShowScene(hall=1, scene=Scene(kind="lobby")))
    entry = day.read(lambda tx: boards.desk(tx, 1)).journal[0].id  # type: ignore[union-attr]
    change(day, "UPDATE session SET state = 'ended' WHERE id = 2")
    day.do(schedule.MoveSession(session=1, hall=2, confirm=CONFIRM), day.organiser)

    assert refused(day, stage.Undo(entry=entry)).key == "screen_moved_on"
    day.do(doors.Follow(session=4), day.moderator)
    assert day.air(1).session_id == 4


def test_a_session_that_comes_back_shows_its_title_again_in_its_old_hall(day: World) -> None:
    change(day, "UPDATE session SET state = 'ended' WHERE id = 2")
    day.do(schedule.MoveSession(session=1, hall=2, confirm=CONFIRM), day.organiser)

    day.do(schedule.MoveSession(session=1, hall=1, confirm=CONFIRM), day.organiser)

    assert (day.air(1).session_id, day.air(1).program.kind) == (1, "title")
    assert day.air(2).program.words == "hall_moved"
    assert row(day, 1)["listed"] == {}


def test_a_planned_session_disturbs_no_screen_that_follows_another(day: World) -> None:
    before = day.air(1), day.air(2)

    day.do(schedule.MoveSession(session=5, hall=2, start="12:00"), day.organiser)

    assert (day.air(1), day.air(2)) == before
    assert times(day, 5) == ["12:00-13:00"]
    assert row(day, 5)["listed"] == {"hall": "hall-a", "start": "11:30", "end": "12:30"}


@pytest.mark.parametrize(("session", "end"), [(4, "11:50"), (1, "10:20")])
def test_a_form_of_before_takes_no_delay_back(day: World, session: int, end: str) -> None:
    seen = {name: row(day, session)[name] for name in ("day", "start", "end")}
    change(day, "UPDATE session SET state = 'ended' WHERE id = 2")
    late(day, 20)
    form = schedule.MoveSession(
        session=session, hall=2, **seen, again=True, confirm=programme.confirmation(session),
        **{f"seen_{name}": value for name, value in seen.items()},
    )  # fmt: skip

    told = refused(day, form)

    assert (told.key, told.params) == ("times_changed", {"time": end})


def test_a_move_that_arrives_twice_is_done_once_and_not_refused(day: World) -> None:
    command = schedule.MoveSession(session=5, hall=2, start="12:00", end="13:00", seen_start="11:30", seen_end="12:30")
    day.do(command, day.organiser)
    before = day.dump()

    again = day.do(command, day.organiser)

    assert again.notice == "done"
    assert day.dump() == before


def test_two_sessions_are_never_on_in_one_hall(day: World) -> None:
    told = refused(day, schedule.MoveSession(session=1, hall=2, confirm=CONFIRM, again=True))

    assert (told.key, told.params) == ("hall_is_on", {"title": "Session 2 en"})


def test_a_busy_hall_is_named_and_accepted_once_somebody_says_so(day: World) -> None:
    command = schedule.MoveSession(session=4, hall=2)
    told = refused(day, command)

    day.do(schedule.MoveSession(session=4, hall=2, again=True), day.organiser)

    assert (told.key, told.params) == ("hall_busy", {"title": "s6 en", "start": "10:30", "end": "11:30"})
    assert acts(day, 4)[0] == "session_moved_again"


def test_a_moderator_who_leads_another_session_then_is_named(day: World) -> None:
    told = refused(day, schedule.MoveSession(session=4, hall=1, start="09:30", end="09:45"))
    assert told.key == "hall_and_moderator_busy"
    assert (told.params["name"], told.params["other"]) == ("Given2 Family2", "Session 1 en")

    told = refused(day, schedule.MoveSession(session=4, hall=2, start="08:30", end="09:30"))
    assert told.key == "hall_and_moderator_busy"
    change(day, "UPDATE session SET state = 'ended' WHERE id = 2")
    told = refused(day, schedule.MoveSession(session=4, hall=2, start="08:30", end="09:30"))
    assert (told.key, told.params["other"]) == ("moderator_busy", "Session 1 en")


def test_a_move_without_a_clash_is_not_noted_as_one_though_it_was_ticked(day: World) -> None:
    day.do(schedule.MoveSession(session=5, hall=2, again=True), day.organiser)

    assert acts(day, 5)[0] == "session_moved"


@pytest.mark.parametrize(
    ("command", "key"),
    [
        (schedule.MoveSession(session=1, hall=2), "confirm_number"),
        (schedule.MoveSession(session=1, hall=1, start="09:30", confirm=CONFIRM), "on_keeps_start"),
        (schedule.MoveSession(session=1, hall=1, day="2026-05-13", confirm=CONFIRM), "on_keeps_start"),
        (schedule.MoveSession(session=1, hall=1, end="08:00", confirm=CONFIRM), "ends_before_start"),
        (schedule.MoveSession(session=4, hall=9), "no_such_hall"),
        (schedule.MoveSession(session=4, hall=1, start="25:00"), "no_such_time"),
        (schedule.MoveSession(session=4, hall=1, end="9.30"), "no_such_time"),
        (schedule.MoveSession(session=4, hall=1, day="12 May"), "no_such_time"),
        (schedule.MoveSession(session=4, hall=1, start="24:00"), "no_such_time"),
        (schedule.MoveSession(session=99, hall=1), "no_such_session"),
    ],
)
def test_a_move_that_cannot_be_says_why(day: World, command: Command, key: str) -> None:
    assert refused(day, command).key == key


def test_a_running_session_may_end_later_without_moving(day: World) -> None:
    day.do(schedule.MoveSession(session=1, hall=1, end="9:50", confirm=CONFIRM), day.organiser)

    assert times(day, 1, 3) == ["09:00-09:50", "10:00-10:30"]


@pytest.mark.parametrize("state", ["ended", "cancelled"])
def test_what_is_over_does_not_move(day: World, state: str) -> None:
    change(day, f"UPDATE session SET state = '{state}' WHERE id = 4")

    assert refused(day, schedule.MoveSession(session=4, hall=2)).key == f"session_{state}"


# --- postponing and cancelling


def test_a_postponed_session_waits_for_a_time_and_is_planned_again_by_moving_it(day: World) -> None:
    day.do(called_off.PostponeSession(session=4), day.organiser)
    assert row(day, 4)["state"] == "postponed"
    assert refused(day, doors.StartSession(session=4)).key == "session_postponed"

    day.do(schedule.MoveSession(session=4, hall=1, start="14:00"), day.organiser)

    assert (row(day, 4)["state"], times(day, 4)) == ("planned", ["14:00-15:00"])


def test_a_moderator_who_was_booked_meanwhile_is_named_though_the_old_hour_is_taken_again(day: World) -> None:
    day.do(called_off.PostponeSession(session=4), day.organiser)
    change(day, "INSERT INTO sessionstaff (session_id, person_id, role) VALUES (6, 2, 'moderator')")

    told = refused(day, schedule.MoveSession(session=4, hall=1))

    assert (told.key, told.params["other"]) == ("moderator_busy", "s6 en")


def test_a_session_that_is_on_is_not_postponed(day: World) -> None:
    assert refused(day, called_off.PostponeSession(session=1)).key == "session_is_on"


def test_words_are_staged_on_the_screen_that_follows_the_session_and_nobody_elses_are_replaced(day: World) -> None:
    change(day, "UPDATE session SET state = 'ended' WHERE id = 1")
    day.do(doors.Follow(session=4), day.moderator)
    version = day.air().version

    late(day, 10, "11:30", session=4)
    assert day.air().next == Scene(kind="announcement", words="starts_at", session=4, suggested=True)
    day.do(called_off.PostponeSession(session=4), day.organiser)
    assert day.air().next == Scene(kind="announcement", words="postponed", session=4, suggested=True)
    assert day.air().version == version  # nothing went to air

    day.do(stage.StageNext(hall=1, scene=Scene(kind="lobby")))
    day.do(called_off.CancelSession(session=4, confirm=programme.confirmation(4)), day.organiser)
    assert day.air().next == Scene(kind="lobby", session=4)


@pytest.mark.parametrize("suggested", [False, True])
def test_words_that_a_person_staged_are_replaced_by_none_of_the_programme(day: World, suggested: bool) -> None:
    change(day, "UPDATE session SET state = 'ended' WHERE id = 1")
    day.do(doors.Follow(session=4), day.moderator)
    day.do(stage.StageNext(hall=1, scene=Scene(kind="announcement", words="starts_at", suggested=suggested)))
    before = day.air().next

    day.do(called_off.PostponeSession(session=4), day.organiser)
    day.do(schedule.MoveSession(session=4, hall=1, start="14:00"), day.organiser)
    day.do(called_off.CancelSession(session=4, confirm=programme.confirmation(4)), day.organiser)
    day.do(called_off.RestoreSession(session=4), day.organiser)

    assert day.air().next == before == Scene(kind="announcement", words="starts_at", session=4)


def test_a_restored_session_takes_its_words_back_and_stages_its_title_where_they_are_on_air(day: World) -> None:
    change(day, "UPDATE session SET state = 'ended' WHERE id = 1")
    day.do(doors.Follow(session=4), day.moderator)
    day.do(called_off.CancelSession(session=4, confirm=programme.confirmation(4)), day.organiser)
    day.do(stage.Take(hall=1, seen=day.air().version), day.moderator)
    assert day.air().program.words == "cancelled"

    day.do(called_off.RestoreSession(session=4), day.organiser)

    assert (row(day, 4)["state"], day.air().program.words) == ("planned", "cancelled")
    assert day.air().next == Scene(kind="title", session=4, suggested=True)


def test_a_screen_that_was_left_says_at_once_that_the_session_is_off_and_where_it_is_once_it_is_on_again(
    day: World,
) -> None:
    change(day, "UPDATE session SET state = 'ended' WHERE id = 2")
    day.do(schedule.MoveSession(session=1, hall=2, confirm=CONFIRM), day.organiser)
    version = day.air(1).version

    done = day.do(called_off.CancelSession(session=1, confirm=CONFIRM), day.organiser)
    cancelled = day.air(1)
    day.do(called_off.RestoreSession(session=1), day.organiser)
    restored = day.air(1)
    day.do(called_off.PostponeSession(session=1), day.organiser)
    postponed = day.air(1)
    day.do(schedule.MoveSession(session=1, hall=2, start="14:00"), day.organiser)

    said = [air.program.words for air in (cancelled, restored, postponed, day.air(1))]
    assert said == ["cancelled", "hall_moved", "postponed", "hall_moved"]
    assert cancelled.version == version + 1
    assert {("hall:1", "scene"), ("hall:1", "air")} <= done.touched


def test_what_a_person_shows_on_a_screen_that_was_left_stays(day: World) -> None:
    change(day, "UPDATE session SET state = 'ended' WHERE id = 2")
    day.do(schedule.MoveSession(session=1, hall=2, confirm=CONFIRM), day.organiser)
    day.do(stage.ShowScene(hall=1, scene=Scene(kind="lobby")), day.organiser)
    before = day.air(1)

    day.do(called_off.CancelSession(session=1, confirm=CONFIRM), day.organiser)

    assert day.air(1) == before


def test_a_session_that_starts_after_all_takes_the_words_off_the_screen(day: World) -> None:
    change(day, "UPDATE session SET state = 'ended' WHERE id = 1")
    day.do(doors.Follow(session=4), day.moderator)
    day.do(called_off.CancelSession(session=4, confirm=programme.confirmation(4)), day.organiser)
    day.do(stage.Take(hall=1, seen=day.air().version), day.moderator)
    day.do(called_off.RestoreSession(session=4), day.organiser)

    day.do(doors.StartSession(session=4), day.moderator)

    assert (day.air().session_id, day.air().program.kind, day.air().next) == (4, "title", None)


@pytest.mark.parametrize("ballot", ["named", "confidential", "secret"])
def test_cancelling_withdraws_what_is_open_and_the_journal_keeps_the_count(day: World, ballot: str) -> None:
    poll = day.poll(ballot=ballot)
    day.vote(poll, 0, 1)
    day.vote(poll, 1, 1)

    done = day.do(called_off.CancelSession(session=1, confirm=CONFIRM), day.organiser)

    assert done.wipe
    rows = day.dump()
    assert [rows[table] for table in ("ballot", "mark", "tally", "turnout")] == [[], [], [], []]
    assert day.board(poll).state == "withdrawn"
    journal = day.read(lambda tx: boards.desk(tx, 1)).journal  # type: ignore[union-attr]
    told = [(e.act, e.facts.get("n")) for e in journal[:3]]
    assert told == [("session_cancelled", 1), ("staged", None), ("withdrawn", 2)]
    with pytest.raises(Refused, match="poll_withdrawn"):
        day.vote(poll, 2, 0)
    assert refused(day, doors.CheckIn(session=1), Badge(3, "moderator")).key == "session_cancelled"


def test_cancelled_by_mistake_it_is_planned_again_within_the_day_and_its_polls_stay_withdrawn(day: World) -> None:
    poll = day.poll()
    day.do(called_off.CancelSession(session=1, confirm=CONFIRM), day.organiser, now=1000.0)

    late_ = called_off.RestoreSession(session=1)
    with pytest.raises(Refused, match="cancelled_for_good"):
        day.do(late_, day.organiser, now=1000.0 + 25 * 3600)
    day.do(late_, day.organiser, now=2000.0)
    before = day.dump()
    day.do(late_, day.organiser, now=2000.0)

    assert day.dump() == before
    assert (row(day, 1)["state"], day.board(poll).state) == ("planned", "withdrawn")
    day.do(doors.StartSession(session=1))
    assert day.poll()


def test_a_session_whose_time_was_open_waits_for_one_again_when_it_is_brought_back(day: World) -> None:
    change(day, "UPDATE session SET state = 'ended' WHERE id = 1")
    day.do(doors.Follow(session=4), day.moderator)
    day.do(called_off.PostponeSession(session=4), day.organiser)
    day.do(called_off.CancelSession(session=4, confirm=programme.confirmation(4)), day.organiser)
    day.do(schedule.MoveSession(session=6, hall=1), day.organiser)  # its hour is taken by now, which is no clash

    day.do(called_off.RestoreSession(session=4), day.organiser)
    day.do(called_off.RestoreSession(session=4), day.organiser)  # pressed twice

    assert row(day, 4)["state"] == "postponed"
    assert day.air().next is not None
    assert day.air().next.words == "postponed"  # type: ignore[union-attr]
    day.do(schedule.MoveSession(session=4, hall=1, start="14:00"), day.organiser)
    day.do(called_off.CancelSession(session=4, confirm=programme.confirmation(4)), day.organiser)
    day.do(called_off.RestoreSession(session=4), day.organiser)
    assert row(day, 4)["state"] == "planned"


def test_a_hall_that_was_given_away_meanwhile_is_named_before_a_session_is_planned_again(day: World) -> None:
    day.do(called_off.CancelSession(session=4, confirm=programme.confirmation(4)), day.organiser)
    day.do(schedule.MoveSession(session=6, hall=1), day.organiser)

    told = refused(day, called_off.RestoreSession(session=4))
    day.do(called_off.RestoreSession(session=4, again=True), day.organiser)

    assert (told.key, told.params["title"]) == ("hall_busy", "s6 en")
    assert row(day, 4)["state"] == "planned"


def test_a_moderator_who_was_booked_meanwhile_is_named_before_a_session_is_planned_again(day: World) -> None:
    day.do(called_off.CancelSession(session=4, confirm=programme.confirmation(4)), day.organiser)
    change(day, "INSERT INTO sessionstaff (session_id, person_id, role) VALUES (6, 2, 'moderator')")

    told = refused(day, called_off.RestoreSession(session=4))

    assert (told.key, told.params["other"]) == ("moderator_busy", "s6 en")


@pytest.mark.parametrize(
    ("sql", "command", "key"),
    [
        ("", called_off.CancelSession(session=1, confirm=11), "confirm_number"),
        ("UPDATE session SET state = 'ended' WHERE id = 1", called_off.CancelSession(session=1, confirm=CONFIRM),
         "session_ended"),
        ("UPDATE session SET state = 'ended' WHERE id = 1", called_off.RestoreSession(session=1), "not_cancelled"),
        ("UPDATE session SET state = 'ended' WHERE id = 1", called_off.PostponeSession(session=1), "session_ended"),
        ("UPDATE session SET state = 'cancelled' WHERE id = 1", called_off.PostponeSession(session=1),
         "session_cancelled"),
        ("", called_off.CancelSession(session=99, confirm=11), "no_such_session"),
    ],
)  # fmt: skip
def test_calling_off_that_cannot_be_says_why(day: World, sql: str, command: Command, key: str) -> None:
    change(day, sql or "SELECT 1")

    assert refused(day, command).key == key


# --- the screen from one desk to the next


def test_a_desk_hands_the_screen_to_the_next_session_in_one_press(day: World) -> None:
    board = day.read(lambda tx: boards.desk(tx, 1))
    assert board is not None
    assert board.following is not None
    assert board.following.id == 4
    waiting = day.read(lambda tx: boards.desk(tx, 4))
    assert waiting is not None
    assert waiting.holder is not None
    assert waiting.holder.id == 1

    done = day.do(doors.HandScreen(session=1, to=4))
    before = day.dump()
    again = day.do(doors.HandScreen(session=1, to=4))

    assert (day.air().session_id, day.air().program.kind) == (4, "title")
    assert {("session:1", "desk"), ("session:4", "desk"), ("hall:1", "scene")} <= done.touched
    assert again.notice == "done"
    assert day.dump() == before
    assert acts(day, 1)[0] == "screen_handed"


@pytest.mark.parametrize(
    ("sql", "to", "key"),
    [
        ("", 99, "no_such_session"),
        ("", 3, "not_next_here"),
        ("", 6, "not_next_here"),
        ("UPDATE session SET state = 'cancelled' WHERE id = 4", 4, "not_next_here"),
        ("UPDATE stage SET session_id = 5 WHERE hall_id = 1", 4, "screen_not_held"),
    ],
)
def test_a_screen_is_handed_only_to_what_comes_in_the_same_hall(day: World, sql: str, to: int, key: str) -> None:
    change(day, sql or "SELECT 1")

    assert refused(day, doors.HandScreen(session=1, to=to)).key == key


# --- who may, and twice


def test_everybody_does_what_is_theirs_and_nothing_else(day: World) -> None:
    registration, av = Badge(97, "registration"), Badge(98, "av")
    of_the_session = (schedule.RunLate(session=1, minutes=5, seen_end="10:00"), doors.HandScreen(session=1, to=4))
    of_the_programme = (
        schedule.MoveSession(session=4, hall=2), called_off.PostponeSession(session=4),
        called_off.CancelSession(session=4, confirm=programme.confirmation(4)), called_off.RestoreSession(session=4),
    )  # fmt: skip

    for command in (*of_the_session, *of_the_programme):
        for badge in (day.person(0), day.other, registration):
            assert refused(day, command, badge).key == "not_yours"
    for command in (of_the_session[0], *of_the_programme):
        assert refused(day, command, av).key == "not_yours"
    for command in of_the_programme:
        assert refused(day, command, day.moderator).key == "not_yours"
    for command in of_the_session:
        day.do(command, day.moderator)


@pytest.mark.parametrize(
    "command",
    [
        schedule.RunLate(session=1, minutes=20, seen_end="10:00"),
        schedule.MoveSession(session=5, hall=2, day="2026-05-13", start="09:00"),
        called_off.PostponeSession(session=4),
        called_off.CancelSession(session=1, confirm=CONFIRM),
        doors.HandScreen(session=1, to=4),
    ],
    ids=lambda command: type(command).__name__,
)
def test_said_twice_is_said_once(day: World, command: Command) -> None:
    day.poll()
    day.do(command, day.organiser)
    before = day.dump()

    day.do(command, day.organiser)

    assert day.dump() == before


def test_the_list_says_what_it_said_and_pages_tell_both(day: World) -> None:
    late(day, 20)
    day.do(schedule.MoveSession(session=5, hall=2, day="2026-05-13"), day.organiser)

    rows = {each.id: each for each in day.read(programme.agenda).rows}
    head = day.read(lambda tx: boards.head(tx, 5))

    assert (rows[1].was, rows[1].was_hall) == ({"end": "10:00"}, {})
    assert rows[5].was == {"day": "2026-05-12", "start": "11:30", "end": "12:30"}
    assert rows[5].was_hall == {"en": "Hall A"}
    assert head is not None
    assert (head.was, head.was_hall) == (rows[5].was, rows[5].was_hall)


def test_what_was_sealed_is_revealed_in_the_new_hall(day: World) -> None:
    poll = day.poll()
    day.vote(poll, 0, 1)
    day.seal(poll)
    change(day, "UPDATE session SET state = 'ended' WHERE id = 2")
    day.do(schedule.MoveSession(session=1, hall=2, confirm=CONFIRM), day.organiser)

    done = day.do(voting.Reveal(poll=poll))

    assert ("hall:2", "scene") in done.touched
