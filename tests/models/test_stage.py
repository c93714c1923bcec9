"""What a hall's screen shows. Nothing goes to air by itself, and everything here can be undone."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from models import boards, doors, programme, stage, voting
from models.command import Badge, Command, Done
from models.refusals import Refused
from models.stage import Scene, SetBlank, ShowScene, StageNext, Take, Undo
from models.store import Tx
from tests.world import World

LATER = 4e9
"""Long after whoever took a scene before: the session was started just now by somebody else."""


def refused(world: World, command: Command, badge: Badge | None = None, *, now: float | None = None) -> str:
    before = world.dump()
    with pytest.raises(Refused) as caught:
        world.do(command, badge, now=now)
    assert world.dump() == before
    return caught.value.key


def picture(world: World) -> Scene:
    return world.air().program


def staged(world: World, scene: Scene) -> int:
    """Stage a scene. The version of the picture the desk sees now."""
    world.do(StageNext(hall=1, scene=scene))
    return world.air().version


def newest(world: World) -> int:
    return max(row[0] for row in world.dump()["journal"])  # type: ignore[type-var, return-value]


def test_staging_does_not_touch_the_picture_and_take_does(world: World) -> None:
    before = world.air()
    seen = staged(world, Scene(kind="lobby"))
    between = world.air()

    world.do(Take(hall=1, seen=seen), now=LATER)

    assert (between.program, between.version) == (before.program, before.version)
    assert world.air().program == Scene(kind="lobby", session=1)
    assert (world.air().next, world.air().version) == (None, before.version + 1)


def test_take_never_touches_a_poll(world: World) -> None:
    poll = world.poll()
    seen = staged(world, Scene(kind="results", poll=poll))
    before = world.dump()

    world.do(Take(hall=1, seen=seen), now=LATER)

    after = world.dump()
    assert {t for t in before if before[t] != after[t]} == {"stage", "journal", "version"}


@pytest.mark.parametrize("table", ["open_poll", "end_voting", "reveal"])
def test_nothing_that_happens_to_a_poll_goes_to_air_by_itself(world: World, table: str) -> None:
    poll = world.poll(open_=False)
    staged(world, Scene(kind="poll", poll=poll))
    before = world.air()

    world.do(voting.OpenPoll(poll=poll))
    if table != "open_poll":
        world.seal(poll)
    if table == "reveal":
        world.do(voting.Reveal(poll=poll))

    assert world.air() == before


def test_a_take_of_a_picture_that_changed_meanwhile_is_refused(world: World) -> None:
    seen = staged(world, Scene(kind="lobby"))
    world.do(SetBlank(hall=1, on=True))

    assert refused(world, Take(hall=1, seen=seen), now=LATER) == "picture_changed"
    world.do(Take(hall=1, seen=seen, again=True))
    assert picture(world).kind == "lobby"


def test_a_second_persons_take_within_two_seconds_is_asked_once_more(world: World) -> None:
    seen = staged(world, Scene(kind="lobby"))
    world.do(Take(hall=1, seen=seen), now=LATER)
    seen = staged(world, Scene(kind="agenda"))

    assert refused(world, Take(hall=1, seen=seen), world.organiser, now=LATER + 1.9) == "just_taken"
    world.do(Take(hall=1, seen=seen, again=True), world.organiser, now=LATER + 1.9)
    assert picture(world).kind == "agenda"


def test_the_same_person_takes_twice_without_being_asked(world: World) -> None:
    seen = staged(world, Scene(kind="lobby"))
    world.do(Take(hall=1, seen=seen), now=LATER)
    seen = staged(world, Scene(kind="agenda"))

    world.do(Take(hall=1, seen=seen), now=LATER + 0.5)

    assert picture(world).kind == "agenda"


def test_a_take_sent_twice_takes_once_and_is_answered_alike(world: World) -> None:
    seen = staged(world, Scene(kind="lobby"))
    first = world.do(Take(hall=1, seen=seen), now=LATER)
    before = world.dump()

    second = world.do(Take(hall=1, seen=seen), now=LATER)

    assert (first.notice, first.facts) == (second.notice, second.facts)
    assert world.dump() == before


def test_a_take_that_nothing_came_of_is_never_said_to_have_taken(world: World) -> None:
    """The picture was changed by the same person just before: what is staged is still staged."""
    seen = staged(world, Scene(kind="lobby"))
    world.do(ShowScene(hall=1, scene=Scene(kind="agenda")))

    assert refused(world, Take(hall=1, seen=seen), now=LATER) == "picture_changed"


def test_with_nothing_next_there_is_nothing_to_take(world: World) -> None:
    assert refused(world, Take(hall=1, seen=9)) == "nothing_next"


@pytest.mark.parametrize(
    "command", [StageNext(hall=1), SetBlank(hall=1, on=False), ShowScene(hall=1, scene=Scene(kind="title"))]
)
def test_what_is_so_already_is_done_and_changes_nothing(world: World, command: Command) -> None:
    before = world.dump()

    assert world.do(command).notice == "done"

    assert world.dump() == before


@pytest.mark.parametrize("kind", ["poll", "results", "earlier"])
def test_a_scene_of_a_poll_that_is_not_there_is_refused(world: World, kind: str) -> None:
    assert refused(world, StageNext(hall=1, scene=Scene(kind=kind, poll=99))) == "no_such_poll"  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("scene", "key"),
    [
        (Scene(kind="announcement", words="buy_now"), "no_such_announcement"),
        (Scene(kind="announcement"), "announcement_empty"),
        (Scene(kind="announcement", text="Only words"), "announcement_empty"),
        (Scene(kind="announcement", text=" \u200b ", language="en"), "announcement_empty"),
        (Scene(kind="announcement", text="Words", language="fr"), "announcement_empty"),
        (Scene(kind="countdown"), "countdown_empty"),
    ],
)
def test_a_scene_that_says_nothing_is_refused_by_every_way_to_the_screen(world: World, scene: Scene, key: str) -> None:
    assert refused(world, StageNext(hall=1, scene=scene)) == key
    assert refused(world, ShowScene(hall=1, scene=scene)) == key


def test_a_poll_of_another_session_comes_to_the_screen_only_as_an_earlier_result(world: World) -> None:
    poll = world.poll()
    world.vote(poll, 0, 1)
    world.seal(poll)
    other = Badge(3, "moderator")

    assert refused(world, ShowScene(hall=2, scene=Scene(kind="results", poll=poll)), other) == "poll_of_another_session"
    assert refused(world, ShowScene(hall=2, scene=Scene(kind="earlier", poll=poll)), other) == "not_revealed_yet"
    world.do(voting.Reveal(poll=poll))
    world.do(ShowScene(hall=2, scene=Scene(kind="earlier", poll=poll)), other)
    assert world.air(2).program == Scene(kind="earlier", poll=poll, session=2)
    assert [row.poll for row in world.read(stage.earlier)] == [poll]


def test_a_result_for_moderators_is_no_earlier_result(world: World) -> None:
    poll = world.poll(results="moderators_only")
    world.seal(poll)
    world.do(voting.LookFirst(poll=poll))

    assert world.read(stage.earlier) == ()
    assert refused(world, ShowScene(hall=1, scene=Scene(kind="earlier", poll=poll))) == "not_revealed_yet"


def test_free_words_on_the_screen_are_tidied(world: World) -> None:
    words = Scene(kind="announcement", text="  Coffee\u202e  at\n10 ", language="en", value=" 5\u0000 ")

    world.do(ShowScene(hall=1, scene=words))

    assert (picture(world).text, picture(world).value) == ("Coffee at 10", "5")


@pytest.mark.parametrize(
    "fields",
    [
        '"poll":9223372036854775808', '"poll":-1', '"session":1.5', '"until":1e300', '"until":-5', '"kind":"film"',
        f'"text":"{"x" * 201}"', f'"value":"{"x" * 41}"', f'"words":"{"x" * 41}"', f'"language":"{"x" * 9}"', '"z":1',
    ],
)  # fmt: skip
def test_a_scene_is_bounded(fields: str) -> None:
    """A countdown until the year 10^292 would stop every repaint of its hall."""
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode('{"kind":"countdown",' + fields + "}", type=Scene)


# Undo


def test_every_act_on_the_picture_can_be_undone_once(world: World) -> None:
    for command in (
        StageNext(hall=1, scene=Scene(kind="lobby")),
        ShowScene(hall=1, scene=Scene(kind="agenda")),
        SetBlank(hall=1, on=True),
        Take(hall=1, seen=0, again=True),
    ):
        before = world.air()
        world.do(command)
        entry = newest(world)

        assert world.do(Undo(entry=entry), now=LATER).notice == "undone"
        after = world.air()
        rows = world.dump()
        world.do(Undo(entry=entry))

        assert (after.program, after.next, after.blank) == (before.program, before.next, before.blank)
        assert world.dump() == rows
        world.do(command)


def test_an_undo_can_be_undone(world: World) -> None:
    world.do(ShowScene(hall=1, scene=Scene(kind="agenda")))
    world.do(Undo(entry=newest(world)))

    world.do(Undo(entry=newest(world)))

    assert picture(world).kind == "agenda"


def test_undo_needs_the_right_to_do(world: World) -> None:
    world.do(ShowScene(hall=1, scene=Scene(kind="agenda")))
    entry = newest(world)

    assert refused(world, Undo(entry=entry), world.other) == "not_yours"
    assert refused(world, Undo(entry=entry), world.person(0)) == "not_yours"
    assert refused(world, Undo(entry=999)) == "nothing_to_undo"


def test_opening_ending_and_revealing_have_no_undo(world: World) -> None:
    poll = world.poll()
    refusals = [refused(world, Undo(entry=newest(world)))]
    world.seal(poll)
    refusals.append(refused(world, Undo(entry=newest(world))))
    world.do(voting.Reveal(poll=poll))
    refusals.append(refused(world, Undo(entry=newest(world))))

    assert refusals == ["nothing_to_undo"] * 3


def test_who_handed_the_hall_over_cannot_undo_onto_the_next_sessions_screen(world: World) -> None:
    world.do(ShowScene(hall=1, scene=Scene(kind="agenda")))
    entry = newest(world)
    world.do(doors.EndSession(session=1, confirm=47))

    def move(tx: object) -> Done:
        tx.cursor.execute("UPDATE session SET hall_id = 1 WHERE id = 2")  # type: ignore[attr-defined]
        return Done()

    world.store.do(move)  # type: ignore[arg-type]
    world.do(doors.Follow(session=2), world.other)

    assert refused(world, Undo(entry=entry)) == "not_yours"


@pytest.mark.parametrize(
    "act",
    [
        lambda poll: ShowScene(hall=1, scene=Scene(kind="agenda")),
        lambda poll: StageNext(hall=1, scene=Scene(kind="poll", poll=poll)),
        lambda poll: SetBlank(hall=1, on=True),
    ],
    ids=["picture", "next", "blank"],
)  # fmt: skip
def test_undo_brings_nothing_of_a_session_to_the_screen_of_the_next(
    world: World, act: Callable[[int], Command]
) -> None:
    """An organiser may switch both; the hall must not see a poll of the session before."""
    poll = world.poll(open_=False)
    world.do(ShowScene(hall=1, scene=Scene(kind="poll", poll=poll)))
    world.do(act(poll))
    entry = newest(world)
    world.do(doors.EndSession(session=1, confirm=47))
    world.store.do(lambda tx: (tx.cursor.execute("UPDATE session SET hall_id = 1 WHERE id = 2"), Done())[1])
    world.do(doors.Follow(session=2), world.organiser)

    assert refused(world, Undo(entry=entry), world.organiser) == "screen_moved_on"


def test_a_clock_that_was_set_back_holds_up_no_take(world: World) -> None:
    seen = staged(world, Scene(kind="agenda"))
    world.do(Take(hall=1, seen=seen), now=LATER)
    seen = staged(world, Scene(kind="lobby"))

    assert world.do(Take(hall=1, seen=seen), world.organiser, now=LATER - 3600).notice == "took"


# Who, and what is not there


@pytest.mark.parametrize(
    "command",
    [
        StageNext(hall=1, scene=Scene(kind="lobby")), Take(hall=1, seen=2), SetBlank(hall=1, on=True),
        ShowScene(hall=1, scene=Scene(kind="lobby")),
    ],
    ids=lambda command: type(command).__name__,
)  # fmt: skip
def test_a_halls_picture_is_switched_by_its_own_session_by_organisers_and_by_av(world: World, command: Command) -> None:
    staged(world, Scene(kind="agenda"))

    assert refused(world, command, world.other) == "not_yours"
    assert refused(world, command, world.person(0)) == "not_yours"
    assert world.do(command, Badge(9, "av"), now=LATER).notice != "done"


def test_a_hall_that_is_not_there_has_no_stage(world: World) -> None:
    assert refused(world, SetBlank(hall=9, on=True), world.organiser) == "no_such_hall"
    assert world.read(lambda tx: stage.air(tx, 9)) is None


def test_the_agenda_of_a_hall_starts_at_what_is_on_now(world: World) -> None:
    def day(tx: Tx) -> Done:
        rows = (
            ("08:00", 1, "planned"), ("08:30", 2, "ended"), ("08:45", 2, "planned"), ("09:30", 2, "planned"),
            ("10:30", 1, "planned"),
        )  # fmt: skip
        for n, (start, hall, state) in enumerate(rows):
            tx.add(
                programme.Meeting(
                    key=f"x{n}", hall_id=hall, day="2026-05-12", start=start, end="12:00", titles={"en": f"At {start}"},
                    languages="en", code=f"X{n}X{n}", state=state,
                )
            )  # fmt: skip
        tx.add(
            programme.Meeting(
                key="tomorrow", hall_id=1, day="2026-05-13", start="09:00", end="10:00", titles={"en": "Tomorrow"},
                languages="en", code="Y1Y1",
            )
        )  # fmt: skip
        return Done()

    world.store.do(day)
    world.do(ShowScene(hall=1, scene=Scene(kind="agenda")))

    shown = world.read(lambda tx: boards.scene(tx, 1, ("en",)))

    assert shown is not None
    assert [(row.start, row.state) for row in shown.agenda] == [
        ("09:00", "on"), ("09:00", "on"), ("08:45", "planned"), ("09:30", "planned"), ("10:30", "planned"),
    ]  # fmt: skip


def test_a_scene_knows_the_languages_of_the_event(world: World) -> None:
    shown = world.read(lambda tx: boards.scene(tx, 1, ("en",)))

    assert shown is not None
    assert shown.languages == ("en",)
    assert shown.spoken == ("en", "tr", "ar", "ru")
