"""Starting, ending, coming in, and which session a screen follows."""

from __future__ import annotations

import pytest

from models import doors
from models.command import Badge, Command, Done
from models.refusals import Refused
from models.stage import Scene, StageNext
from models.store import Tx
from tests.world import World

END = doors.EndSession(session=1, confirm=10 + 37)


def refused(world: World, command: Command, badge: Badge | None = None) -> Refused:
    before = world.dump()
    with pytest.raises(Refused) as caught:
        world.do(command, badge)
    assert world.dump() == before
    return caught.value


def change(world: World, sql: str) -> None:
    def run(tx: Tx) -> Done:
        tx.cursor.execute(sql)
        return Done()

    world.store.do(run)


def seat(world: World, badge: Badge) -> int | None:
    row = world.store.peek.cursor.execute(
        "SELECT session_id FROM presence WHERE person_id = ?", (badge.person_id,)
    ).fetchone()
    return row[0] if row else None


def test_a_session_that_starts_takes_its_halls_screen(world: World) -> None:
    world.do(END)
    change(world, "UPDATE stage SET session_id = NULL WHERE hall_id = 1")

    world.do(doors.StartSession(session=1))

    air = world.air()
    assert (air.session_id, air.program.kind, air.program.session) == (1, "title", 1)


def test_starting_and_ending_again_change_nothing(world: World) -> None:
    before = world.dump()
    world.do(doors.StartSession(session=1))
    assert world.dump() == before

    world.do(END)
    before = world.dump()
    world.do(END)
    assert world.dump() == before


@pytest.mark.parametrize(
    ("sql", "key"),
    [
        ("UPDATE session SET state = 'planned', kind = 'break' WHERE id = 2", "breaks_are_not_started"),
        ("UPDATE session SET state = 'cancelled' WHERE id = 2", "session_cancelled"),
        ("UPDATE session SET state = 'planned', hall_id = 1 WHERE id = 2", "hall_is_on"),
    ],
)
def test_a_session_that_cannot_start_says_why(world: World, sql: str, key: str) -> None:
    change(world, sql)

    assert refused(world, doors.StartSession(session=2), world.other).key == key


def test_ending_asks_for_the_number_on_the_spot(world: World) -> None:
    asked = refused(world, doors.EndSession(session=1, confirm=11))

    assert (asked.key, asked.params) == ("confirm_number", {"number": 47})


def test_a_session_with_an_open_poll_does_not_end(world: World) -> None:
    poll = world.poll()
    assert refused(world, END).key == "end_voting_first"
    world.close(poll)
    assert refused(world, END).key == "end_voting_first"

    world.seal(poll)
    world.do(END)

    assert refused(world, doors.EndSession(session=99, confirm=1)).key == "no_such_session"


def test_a_planned_session_is_not_ended(world: World) -> None:
    change(world, "UPDATE session SET state = 'planned' WHERE id = 1")

    assert refused(world, END).key == "session_not_on"


def test_a_person_is_in_one_session_at_a_time(world: World) -> None:
    person = world.person(0)

    done = world.do(doors.CheckIn(session=2), person)
    again = world.do(doors.CheckIn(session=2), person)

    assert (done.notice, again.notice) == ("checked_in", "done")
    assert seat(world, person) == 2
    assert done.touched == {
        (f"person:{person.person_id}", "my"), ("session:1", "seats"), ("session:2", "seats"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("sql", "key"),
    [
        ("UPDATE session SET state = 'ended' WHERE id = 2", "session_ended"),
        ("UPDATE session SET state = 'cancelled' WHERE id = 2", "session_cancelled"),
        ("UPDATE session SET kind = 'break' WHERE id = 2", "nothing_to_join"),
        ("SELECT 1", "no_such_session"),
    ],
)
def test_a_door_that_is_shut_says_why_and_the_person_stays_where_they_are(world: World, sql: str, key: str) -> None:
    change(world, sql)
    session = 99 if key == "no_such_session" else 2

    assert refused(world, doors.CheckIn(session=session), world.person(0)).key == key
    assert seat(world, world.person(0)) == 1


def test_a_session_that_was_ended_by_mistake_can_be_started_again(world: World) -> None:
    world.do(END)

    world.do(doors.StartSession(session=1))

    assert seat(world, world.person(0)) == 1
    assert world.poll()


def test_the_outgoing_desk_holds_the_screen_until_it_ends_or_an_organiser_takes_it(world: World) -> None:
    change(world, "UPDATE session SET hall_id = 1 WHERE id = 2")

    held = refused(world, doors.Follow(session=2), world.other)
    world.do(doors.Follow(session=2), world.organiser)

    assert (held.key, held.params) == ("screen_is_held", {"title": "Session 1 en"})
    assert world.air().session_id == 2


def test_after_the_end_the_next_session_takes_the_screen_and_what_was_staged_is_gone(world: World) -> None:
    world.do(StageNext(hall=1, scene=Scene(kind="poll", poll=world.poll(open_=False))))
    change(world, "UPDATE session SET hall_id = 1 WHERE id = 2")
    world.do(END)
    version = world.air().version

    world.do(doors.Follow(session=2), world.other)

    air = world.air()
    assert (air.session_id, air.program.kind, air.next) == (2, "title", None)
    assert air.version > version


def test_nobody_moves_doors_or_screens_of_a_session_that_is_not_theirs(world: World) -> None:
    for badge in (world.person(0), world.other, Badge(99, "av"), Badge(99, "teller")):
        for command in (doors.StartSession(session=1), END, doors.Follow(session=1)):
            assert refused(world, command, badge).key == "not_yours"
