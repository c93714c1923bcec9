"""A changed programme reaches everybody who looks at it: phones, desks and screens, in their languages."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from live import node as node_module
from live.hub import Audience
from models import called_off, doors, programme, schedule, stage
from models.command import Badge, Command, Done
from models.stage import Scene
from models.store import Tx
from tests.house import Guest, House, browser
from tests.world import LANGUAGES, World

pytestmark = pytest.mark.anyio

SCREENS = {hall: Badge(0, "screen", hall_id=hall, screen_id=hall) for hall in (1, 2)}
CONFIRM = programme.confirmation(1)


@pytest.fixture
def world(tmp_path: Path) -> World:
    """As ever, but hall B is free, its name has words of its own, and session 3 is planned in hall A."""
    made = World(tmp_path / "x.sqlite", participants=6)
    made.do(doors.EndSession(session=2, confirm=programme.confirmation(2)), made.organiser)

    def run(tx: Tx) -> Done:
        hall = tx.get_one(programme.Hall, 2)
        hall.names = {"en": "Hall B", "tr": "B Salonu", "ar": "القاعة ب", "ru": "Зал Б"}
        hall.languages = "en,tr"
        tx.add(hall)
        tx.add(
            programme.Meeting(
                key="s3", hall_id=1, day="2026-05-12", start="10:00", end="11:00", code="M2M2", languages="en,ru",
                titles={la: f"Session 3 {la}" for la in LANGUAGES},
            )
        )  # fmt: skip
        return Done()

    made.store.do(run)
    return made


@pytest.fixture
async def house(world: World, tmp_path: Path) -> AsyncIterator[House]:
    async with House(world, tmp_path, grace=60) as made:
        yield made


@pytest.fixture
def unswept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is found here by looking anyway."""
    monkeypatch.setattr(node_module, "SWEEP", 3600)


def parts(guest: Guest, since: int = 0) -> list[str]:
    """Names of the parts of pages that came as HTML."""
    return [frame["part"] for frame in guest.frames[since:] if "html" in frame]


async def until_part(guest: Guest, part: str, *words: str) -> str:
    await guest.until(lambda: all(word in str(guest.held.get(part, "")) for word in words), 3)
    return str(guest.held[part])


def move(**told: Any) -> Command:
    return schedule.MoveSession(**{"session": 1, "hall": 2, "confirm": CONFIRM} | told)


async def test_running_late_reaches_agenda_desk_and_screens(house: House) -> None:
    world = house.world
    agenda = await house.guest(world.person(0), page="agenda")
    desk = await house.guest(world.moderator, "desk", session=1)
    screen = await house.guest(SCREENS[1], "screen")
    done = await desk.ask(schedule.RunLate(session=1, minutes=20, seen_end="10:00"))

    assert done["ok"] == "ran_late"
    told = await until_part(agenda, "agenda", "10:20")
    assert re.search(
        r'dir="ltr">10:20</span><span class="vh"> was 10:00</span><s dir="ltr" aria-hidden="true">10:00', told
    )
    await until_part(desk, "place", "09:00–10:20", 'data-end="10:20"')
    await until_part(desk, "journal", "Shifted by", "with 1 later entry. Ends at 10:20")
    await until_part(screen, "scene", "09:00–10:20")


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "This session has moved to \u2068Hall B\u2069."),
        ("tr", "Bu oturumun yeni salonu: \u2068B Salonu\u2069."),
        ("ar", "القاعة الجديدة لهذه الجلسة: \u2068القاعة ب\u2069."),
        ("ru", "Новый зал заседания: \u2068Зал Б\u2069."),
    ],
)
async def test_a_phone_is_told_where_in_its_language_and_its_ballot_is_not_touched(
    house: House, language: str, words: str
) -> None:
    poll = house.world.poll()
    badge = Badge(4, "participant", language)
    phone = await house.guest(badge)
    await until_part(phone, "now", f'data-poll="{poll}"')
    held = phone.held["now"]

    await house.perform(house.world.organiser, move())

    told = await until_part(phone, "place", words)
    assert 'data-to="1.2"' in told
    assert house.fresh(Audience("session:1", "phone", (language,)), "now") == held
    assert (await phone.ask(house.world.vote(poll, 0, 1)))["ok"] == "recorded"


async def test_the_page_of_a_phone_names_the_new_hall_and_holds_what_the_line_would_send(house: House) -> None:
    badge = house.world.person(0)
    async with browser(house, accept="text/html", cookie=f"hallside={house.token(badge)}") as phone:
        before = (await phone.get("/")).text
        await house.perform(house.world.organiser, move())
        after = (await phone.get("/")).text
    held = re.search(r'data-part="place" data-is="(\w+)"', after)

    assert ">Hall A</span>" in before
    assert "moved to" not in before
    assert ">Hall B</span>" in after
    assert held
    guest = await house.guest(badge, have={"place": held[1]})
    assert "place" not in parts(guest)


async def test_both_screens_say_what_is_so_and_no_other_picture_goes_to_air(house: House) -> None:
    world = house.world
    old, new = await house.guest(SCREENS[1], "screen"), await house.guest(SCREENS[2], "screen")
    poll = world.poll()
    await house.perform(world.moderator, stage.ShowScene(hall=1, scene=Scene(kind="poll", poll=poll)))
    await until_part(old, "scene", f'data-turnout="{poll}"')

    await house.perform(world.organiser, move())

    told = await until_part(old, "scene", "This session moves to \u2068Hall B\u2069.", "\u2068القاعة ب\u2069")
    assert "Новый зал заседания: \u2068Зал Б\u2069." in told
    assert "K7M2" in told
    shown = await until_part(new, "scene", 'data-scene="title"', "Session 1 en")
    assert "data-turnout" not in shown
    assert world.air(2).next == Scene(kind="poll", poll=poll, session=1)


@pytest.mark.parametrize("node", [0, 1])
async def test_the_desk_and_its_miniatures_look_at_the_new_hall(
    world: World, tmp_path: Path, node: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(node_module, "RING", 0.01)
    async with House(world, tmp_path, nodes=2, grace=60) as house:
        desk = await house.guest(world.moderator, "desk", session=1, node=node)
        program = await house.guest(world.moderator, "monitor", session=1, hall=1, node=node)
        other = await house.guest(world.organiser, "desk", session=3, node=node)
        await until_part(desk, "air", 'name="hall" value="1"')
        before = len(other.frames)

        await house.perform(world.organiser, move())

        await until_part(desk, "air", 'name="hall" value="2"')
        await until_part(desk, "place", "Hall B")
        await until_part(desk, "journal", "No booth in this hall for AR, RU.", "Moved from \u2068Hall A\u2069.")
        await until_part(program, "scene", 'data-scene="title"', "Hall B")
        answer = await desk.ask(stage.SetBlank(hall=2, on=True))
        assert answer["ok"] == "blanked"
        await until_part(desk, "air", "is-blank")
        await until_part(program, "scene", "data-blank")
        assert 'name="hall" value="2"' not in str(other.held["air"])
        assert all("is-blank" not in str(frame.get("html", "")) for frame in other.frames[before:])


async def test_a_cancelled_session_clears_phones_and_screen_and_offers_the_words(house: House) -> None:
    world = house.world
    poll = world.poll()
    await house.perform(world.moderator, stage.ShowScene(hall=1, scene=Scene(kind="poll", poll=poll)))
    phones = {la: await house.guest(Badge(4 + n, "participant", la)) for n, la in enumerate(LANGUAGES)}
    screen, desk = await house.guest(SCREENS[1], "screen"), await house.guest(world.organiser, "desk", session=1)

    answer = await desk.ask(called_off.CancelSession(session=1, confirm=CONFIRM))

    assert answer["ok"] == "session_cancelled"
    said = {"en": "This session was cancelled.", "tr": "iptal", "ar": "أُلغيت", "ru": "отмен"}
    for language, phone in phones.items():
        await until_part(phone, "now", said[language])
    assert all("<form" not in str(phone.held["now"]) for phone in phones.values())
    await until_part(screen, "scene", "This question was withdrawn. Nothing was counted.")
    await until_part(desk, "air", 'data-next="announcement"', "This session is cancelled")
    await until_part(desk, "journal", "Session cancelled. 1 open poll was withdrawn", "/do/restore_session")
    took = await desk.ask(stage.Take(hall=1, seen=world.air().version, again=True))
    assert took["ok"] == "took"
    await until_part(screen, "scene", "This session is cancelled.")


async def test_a_postponed_session_says_so_and_then_its_new_time(house: House) -> None:
    world = house.world
    await house.perform(world.person(0), doors.CheckIn(session=3))
    now, agenda = await house.guest(world.person(0)), await house.guest(world.person(1), page="agenda")

    await house.perform(world.organiser, called_off.PostponeSession(session=3))
    await until_part(now, "now", "This session is postponed.")
    await until_part(agenda, "agenda", "<b>Postponed</b>")
    await house.perform(world.organiser, schedule.MoveSession(session=3, hall=1, start="14:20"))

    await until_part(now, "now", "This session starts at 14:20.", "It was to start at 10:00.")
    await until_part(agenda, "agenda", "14:20</span>", "was 10:00")


async def test_the_next_desk_waits_for_the_screen_and_gets_it_handed_over(house: House) -> None:
    world = house.world
    first, following = [await house.guest(world.organiser, "desk", session=s) for s in (1, 3)]
    await until_part(following, "run", "Waits for the screen of: \u2068Session 1 en\u2069", 'class="of-programme"')
    await until_part(first, "journal", 'action="/do/hand_screen"')

    answer = await first.ask(doors.HandScreen(session=1, to=3))

    assert answer["ok"] == "screen_handed"
    await until_part(following, "run", "/do/stage_next")
    told = await until_part(first, "run", "The screen of this hall follows another session.")
    assert "Waits for" not in told


async def test_the_desks_of_a_hall_hear_who_lets_go_of_its_screen_and_who_comes_next(
    unswept: None, house: House
) -> None:
    world = house.world
    first, following = [await house.guest(world.organiser, "desk", session=s) for s in (1, 3)]
    await until_part(following, "run", "Waits for the screen of")

    await house.perform(world.organiser, schedule.MoveSession(session=3, hall=1, day="2026-05-13"))
    await first.until(lambda: "Next in this hall" not in str(first.held["journal"]), 3)
    await house.perform(world.moderator, doors.EndSession(session=1, confirm=CONFIRM))
    await following.until(lambda: "Waits for the screen of" not in str(following.held["run"]), 3)
    await house.perform(world.moderator, doors.StartSession(session=1))
    await until_part(following, "run", "Waits for the screen of")


@pytest.mark.parametrize("node", [0, 1])
@pytest.mark.parametrize(
    ("change", "said"),
    [
        (schedule.RunLate(session=1, minutes=20, seen_end="10:00"), "10:20"),
        (called_off.CancelSession(session=3, confirm=programme.confirmation(3)), "cancelled"),
    ],
    ids=["late", "cancelled"],
)
async def test_an_agenda_on_the_screen_of_another_hall_changes_at_once(
    world: World, tmp_path: Path, unswept: None, node: int, change: Command, said: str
) -> None:
    async with House(world, tmp_path, nodes=2, grace=60) as house:
        screen = await house.guest(SCREENS[2], "screen", node=node)
        await house.perform(world.organiser, stage.ShowScene(hall=2, scene=Scene(kind="agenda")))
        before = await until_part(screen, "scene", "Session 3 en")

        await house.perform(world.organiser, change)

        assert said not in before.lower()
        await screen.until(lambda: said in str(screen.held["scene"]).lower(), 3)


async def test_a_screen_that_was_left_holds_what_is_so_of_the_session(unswept: None, house: House) -> None:
    world = house.world
    screen = await house.guest(SCREENS[1], "screen")
    await house.perform(world.organiser, move())
    await until_part(screen, "scene", "This session moves to")
    await house.perform(world.organiser, stage.ShowScene(hall=1, scene=Scene(kind="title")))
    await until_part(screen, "scene", "10:00")

    await house.perform(world.organiser, schedule.RunLate(session=1, minutes=20, seen_end="10:00"))

    await until_part(screen, "scene", "10:20")


async def test_forms_without_script_are_there_for_organisers_and_do_what_they_say(house: House) -> None:
    world = house.world
    async with browser(house, accept="text/html", cookie=f"hallside={house.token(world.organiser)}") as organiser:
        page = (await organiser.get("/desk")).text
        fields = {"session": "3", "hall": "2", "start": "11:00", "end": "11:45", "day": "2026-05-12", "next": "/desk"}
        answer = await organiser.post("/do/move_session", data=fields)
        late = await organiser.post(
            "/do/run_late", data={"session": "3", "seen_end": "11:45", "minutes": "5", "next": "/desk"}
        )
        busy = await organiser.post("/do/move_session", data=fields | {"hall": "1", "start": "09:00", "end": "09:30"})
        again = fields | {"hall": "1", "start": "09:00", "end": "09:30", "again": "true"}
        accepted = await organiser.post("/do/move_session", data=again)
    async with browser(house, accept="text/html", cookie=f"hallside={house.token(world.moderator)}") as moderator:
        theirs = (await moderator.get("/desk")).text

    assert {"/do/run_late", "/do/move_session", "/do/postpone_session"} <= set(re.findall(r'action="([^"]+)"', page))
    assert "/do/move_session" not in theirs
    assert [each.status_code for each in (answer, late, busy, accepted)] == [303] * 4
    assert "hall_busy" in busy.headers["set-cookie"]
    row = world.read(lambda tx: tx.get_one(programme.Meeting, 3))
    assert (row.hall_id, row.start, row.end) == (1, "09:00", "09:30")


async def test_a_move_form_that_was_open_during_a_delay_is_refused_with_the_time_of_now(house: House) -> None:
    world = house.world
    async with browser(house, cookie=f"hallside={house.token(world.organiser)}") as organiser:
        page = (await organiser.get("/office/session/3", headers={"accept": "text/html"})).text
        form = re.search(r'<form id="f-move-3".*?</form>', page, re.DOTALL)
        assert form
        shown = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form[0])) | {"hall": "2"}
        shown.pop("again")
        await house.perform(world.moderator, schedule.RunLate(session=1, minutes=20, seen_end="10:00"))
        answer = await organiser.post("/do/move_session", data=shown)

    assert answer.json()["no"] == "times_changed"
    row = world.read(lambda tx: tx.get_one(programme.Meeting, 3))
    assert (row.hall_id, row.start, row.end) == (1, "10:20", "11:20")


async def test_what_a_badge_may_not_do_is_hidden_at_its_desk_by_the_page(house: House) -> None:
    world = house.world
    told = {}
    for badge in (world.organiser, world.moderator):
        async with browser(house, accept="text/html", cookie=f"hallside={house.token(badge)}") as client:
            page = (await client.get("/desk/1")).text
        found = re.search(r'data-may="([^"]*)"', page)
        assert found
        told[badge.role] = set(found[1].split())

    assert "change_programme" in told["organiser"]
    assert "change_programme" not in told["moderator"]
    assert "moderate" in told["moderator"]
