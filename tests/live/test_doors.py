"""Everybody's way in, through the routes: right badges, wrong ones, and what somebody else does meanwhile."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app import STATIC
from live.limits import FailedLookups
from models import screens, voting
from models.command import Badge, Done
from models.programme import confirmation
from models.store import Tx
from tests.house import Guest, House, browser
from tests.world import World

pytestmark = pytest.mark.anyio


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with House(World(tmp_path / "x.sqlite", participants=12), tmp_path, grace=60) as made:
        yield made


@pytest.mark.parametrize("accept", ["text/html", "application/json"])
async def test_a_wrong_code_is_answered_in_words_with_a_field_to_try_again(house: House, accept: str) -> None:
    async with browser(house, accept=accept) as stranger:
        answer = await stranger.post("/badge", data={"code": "AAAAA AAAAA"})

    assert answer.status_code == 409
    assert "registration desk" in answer.text.lower()
    assert ('name="code"' in answer.text) == (accept == "text/html")


async def test_wrong_codes_of_others_stop_nobody_with_a_right_link(house: House) -> None:
    link = house.node.badges.link_secret(4, 1)
    async with browser(house) as stranger:
        for _ in range(310):
            last = await stranger.post("/badge", data={"code": "AAAAAAAAAA"})

    async with browser(house) as same_hall:
        answer = await same_hall.post("/badge", data={"link": link})

    assert last.json()["no"] == "too_many_tries"
    assert answer.json()["ok"] == "signed_in"


async def test_wrong_codes_without_a_cookie_stop_no_other_address(house: House) -> None:
    async with browser(house, "203.0.113.1") as stranger:
        for _ in range(310):
            await stranger.post("/badge", data={"code": "AAAAAAAAAA"})

    async with browser(house) as other:
        answer = await other.post("/badge", data={"code": house.node.badges.code(4, 1)})

    assert answer.json()["ok"] == "signed_in"


async def test_five_wrong_codes_a_minute_are_a_browsers_limit(house: House) -> None:
    async with browser(house) as mine:
        await mine.get("/", headers={"accept": "text/html"})
        said = [(await mine.post("/badge", data={"code": "AAAAAAAAAA"})).json()["no"] for _ in range(6)]

    assert said == ["no_such_badge"] * 5 + ["too_many_tries"]


async def test_a_screen_without_a_link_shows_the_events_title_and_no_error(house: House) -> None:
    async with browser(house, accept="text/html", **{"accept-language": "ru"}) as screen:
        anywhere = await screen.get("/screen")
        known = await screen.get("/screen?hall=2")
        wrong = await screen.get("/screen?hall=99999999999999999999")

    assert [answer.status_code for answer in (anywhere, known, wrong)] == [401] * 3
    assert "Test event" in anywhere.text
    assert 'data-languages="en tr ar ru"' in anywhere.text
    assert "Hall B" in known.text
    assert "Hall B" not in anywhere.text + wrong.text
    # For whoever stands before it, in the browser's language.
    assert 'class="hint" lang="ru"' in anywhere.text
    assert "data-part" not in anywhere.text


async def test_a_script_without_a_link_is_refused_in_words(house: House) -> None:
    async with browser(house) as screen:
        answer = await screen.get("/screen")

    assert answer.json()["no"] == "screen_link_first"


async def test_a_revoked_screen_is_named_at_the_desk_at_once(house: House) -> None:
    desk = await house.guest(house.world.moderator, "desk", session=1)
    screen = await house.guest(Badge(0, "screen", hall_id=1, screen_id=1), "screen")
    screen.say({"do": "beat", "shown": 1})
    await desk.until(
        lambda: "link no longer valid" not in str(desk.held["air"]) and "not opened" not in str(desk.held["air"])
    )

    await house.perform(house.world.organiser, screens.RevokeScreen(screen=1, seen_issue=1))

    await desk.until(lambda: "link no longer valid" in str(desk.held["air"]))
    await screen.until(lambda: screen.code is not None)
    assert screen.code == 4001


async def test_the_worker_of_a_screen_rules_the_screen_and_nothing_else(house: House) -> None:
    async with browser(house) as screen:
        answer = await screen.get("/screen/worker.js")

    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["service-worker-allowed"] == "/screen"
    assert answer.headers["cache-control"] == "no-cache"


async def test_one_browser_is_desk_and_screen_at_once(house: House) -> None:
    badges = house.node.badges
    async with browser(house) as laptop:
        for path, link in (("/badge", badges.link_secret(2, 1)), ("/screen/link", badges.screen_secret(1, 1))) * 2:
            assert (await laptop.post(path, data={"link": link})).json()["ok"] == "signed_in"

        desk, screen = await laptop.get("/desk/1"), await laptop.get("/screen")
        parts = await laptop.get("/screen/live?view=screen")

    assert (desk.status_code, screen.status_code, parts.status_code) == (200, 200, 200)
    assert 'data-part="air"' in desk.text
    assert 'data-part="scene"' in screen.text
    assert [part["part"] for part in parts.json()][:1] == ["scene"]


async def test_nobody_without_a_badge_sends_anything_into_the_lane(house: House) -> None:
    groups = house.world.store.groups
    async with browser(house) as stranger:
        answer = await stranger.post("/waiting", headers={"cookie": "hallside=" + "x" * 22})

    assert answer.status_code == 303
    assert "Max-Age=0" in answer.headers["set-cookie"]
    assert house.world.store.groups == groups


async def test_wrong_screen_links_stop_no_screen(house: House) -> None:
    house.node.failed_lookups = FailedLookups(lambda: 1.0)  # on a busy machine the limit would fill up meanwhile
    async with browser(house) as stranger:
        for _ in range(310):
            last = await stranger.post("/screen/link", data={"link": "1-1-" + "A" * 22})

    async with browser(house) as screen:
        answer = await screen.post("/screen/link", data={"link": house.node.badges.screen_secret(1, 1)})

    assert last.json()["no"] == "too_many_tries"
    assert answer.json()["ok"] == "signed_in"


async def test_who_works_here_comes_in_at_their_desk_and_guests_at_their_phone(house: House) -> None:
    world = house.world
    wanted = {world.moderator: "/desk/1", world.other: "/desk/2", world.organiser: "/office", world.person(0): "/"}

    for badge, path in wanted.items():
        async with browser(house) as fresh:
            answer = await fresh.post("/badge", data={"link": house.node.badges.link_secret(badge.person_id, 1)})
            assert answer.json()["to"] == path
            again = await fresh.get("/b", headers={"accept": "text/html"})
            assert f'href="{path}"' in again.text


async def test_a_page_asked_for_before_the_door_comes_before_the_desk(house: House) -> None:
    secret = house.node.badges.link_secret(house.world.moderator.person_id, 1)
    async with browser(house, accept="text/html") as fresh:
        await fresh.get("/agenda")
        answer = await fresh.post("/badge", data={"link": secret})

    assert answer.headers["location"] == "/agenda"


@pytest.mark.parametrize(
    ("asked", "staff", "guest"),
    [("en-GB,en;q=0.9", "en", "tr"), ("ru", "ru", "tr"), ("fr-FR", "en", "tr"), ("ar;q=0.5,tr", "tr", "tr")],
)
async def test_staff_come_in_in_the_browsers_language_and_guests_in_the_lists(
    house: House, asked: str, staff: str, guest: str
) -> None:
    world = house.world
    organiser, participant = world.organiser.person_id, world.person(0).person_id

    def list_turkish_first(tx: Tx) -> Done:
        tx.cursor.execute("UPDATE person SET languages = 'tr,en'")
        return Done()

    world.store.do(list_turkish_first)

    for person in (organiser, participant):
        async with browser(house, **{"accept-language": asked}) as fresh:
            await fresh.post("/badge", data={"link": house.node.badges.link_secret(person, 1)})

    kept = dict(world.store.peek.cursor.execute("SELECT person_id, language FROM login").fetchall())
    assert (kept[organiser], kept[participant]) == (staff, guest)


async def test_a_language_that_nobody_speaks_is_not_kept(house: House) -> None:
    async with browser(house, cookie="lang=xx") as forger:
        answer = await forger.post("/badge", data={"link": house.node.badges.link_secret(15, 1)})

    assert answer.json()["ok"] == "signed_in"
    kept = house.world.store.peek.cursor.execute("SELECT language FROM login").fetchall()
    assert kept == [("en",)]


async def test_a_part_that_cannot_be_drawn_for_one_is_drawn_for_the_others(house: House) -> None:
    """A language in the records that is not spoken: whoever put it there, one row must not stop a hall."""
    broken = Guest(house.apps[0], house.token(Badge(15, "participant", "xx")))
    await broken.come()
    broken.say({"do": "hello", "view": "phone"})
    phone = await house.guest(Badge(5, "participant", "tr"))
    poll = house.world.poll(open_=False)

    await house.perform(house.world.moderator, voting.OpenPoll(poll=poll))

    await phone.until(lambda: f'data-poll="{poll}"' in str(phone.held.get("now")))
    await broken.leave()


async def test_measures_are_for_this_machine_also_behind_a_proxy_that_nobody_named(house: House) -> None:
    async with browser(house, "127.0.0.1") as machine:
        here = await machine.get("/metrics")
        through = await machine.get("/metrics", headers={"x-forwarded-for": "203.0.113.7"})
        named_otherwise = await machine.get("/metrics", headers={"forwarded": "for=203.0.113.7"})

    assert (here.status_code, through.status_code, named_otherwise.status_code) == (200, 403, 403)


@pytest.mark.parametrize(
    "path",
    [
        "/live?view=desk&session=%C2%B2",
        "/live?view=desk&session=" + "9" * 30,
        "/desk/" + "9" * 30,
        "/people?show=%C2%B2",
    ],
)
async def test_numbers_that_are_none_are_refused_in_words(house: House, path: str) -> None:
    async with browser(house, cookie=f"hallside={house.token(house.world.organiser)}") as organiser:
        answer = await organiser.get(path, headers={"accept": "text/html"})

    assert answer.status_code in (200, 404, 409)


@pytest.mark.parametrize("session", [2**64 - 1, 10**23, -1, "x"])
async def test_a_hello_with_a_number_that_is_none_is_not_understood(house: House, session: object) -> None:
    guest = await house.guest(house.world.moderator, view="")
    guest.say({"do": "hello", "view": "desk", "session": session})
    await guest.until(lambda: guest.code is not None)

    assert guest.code == 1008


@pytest.mark.parametrize(
    ("message", "re"),
    [
        ({"id": 7, "do": "drop_table"}, 7),
        ({"do": "check_in", "session": 1, "id": 8, "x": 1}, 8),
        ({"id": "9", "do": "x"}, 0),
        ({"do": "x"}, 0),
        ({"id": 10**20, "do": "x"}, 0),
    ],
)
async def test_what_is_not_understood_is_answered_under_its_number(
    house: House, message: dict[str, object], re: int
) -> None:
    guest = await house.guest(house.world.moderator, view="phone")
    guest.say(message)
    await guest.until(lambda: any("no" in each for each in guest.frames))

    told = next(each for each in guest.frames if "no" in each)
    assert (told["re"], told["no"]) == (re, "not_understood")


async def test_a_refusal_tells_what_its_words_name_as_data(house: House) -> None:
    guest = await house.guest(house.world.moderator, view="phone")
    guest.say({"id": 3, "do": "end_session", "session": 1, "confirm": 0})
    await guest.until(lambda: any(each.get("re") == 3 for each in guest.frames))
    async with browser(house, cookie=f"hallside={house.token(house.world.moderator)}") as desk:
        by_post = (await desk.post("/do/end_session", json={"session": 1, "confirm": 0})).json()

    by_line = next(each for each in guest.frames if each.get("re") == 3)
    assert (by_line["no"], by_line["facts"]) == ("confirm_number", {"number": confirmation(1)})
    assert by_post["facts"] == by_line["facts"]


@pytest.mark.parametrize("language", ["en", "tr", "ar", "ru"])
async def test_the_page_can_be_kept_among_a_phones_apps(house: House, language: str) -> None:
    async with browser(house, accept="text/html", **{"accept-language": language}) as stranger:
        page = (await stranger.get("/")).text
        told = await stranger.get(re.search(r'rel="manifest" href="([^"]+)"', page)[1])  # type: ignore[index]
        app = told.json()
        icons = [await stranger.get(icon["src"]) for icon in app["icons"]]
        other = await stranger.get("/app/de.webmanifest")

    assert told.headers["content-type"].startswith("application/manifest+json")
    assert (app["lang"], app["dir"]) == (language, "rtl" if language == "ar" else "ltr")
    assert (app["start_url"], app["scope"], app["display"]) == ("/", "/", "standalone")
    assert app["name"] in page
    assert app["theme_color"] in (STATIC / "tokens.css").read_text()
    assert {(icon["sizes"], icon.get("purpose")) for icon in app["icons"]} >= {
        ("192x192", "any"),
        ("512x512", "maskable"),
    }
    assert [(icon.status_code, icon.headers["content-type"]) for icon in icons] == [
        (200, icon["type"]) for icon in app["icons"]
    ]
    assert other.status_code == 404


async def test_how_a_browser_wants_its_screen_is_kept_in_that_browser(house: House) -> None:
    async with browser(house, accept="text/html") as mine:
        before = (await mine.get("/")).text
        await mine.post("/look", data={"awake": "1"})
        after = (await mine.get("/")).text

    assert "data-awake" not in before
    assert "data-awake" in after


async def test_a_search_says_when_it_lists_only_the_first(tmp_path: Path) -> None:
    async with House(World(tmp_path / "x.sqlite", participants=60), tmp_path) as house:
        organiser = f"hallside={house.token(house.world.organiser)}"
        async with browser(house, accept="text/html", cookie=organiser) as desk:
            many, few = (await desk.get("/people?q=family")).text, (await desk.get("/people?q=family1")).text

    assert "The first 50 found. Type more to find fewer." in many
    assert "people found" not in many
    assert re.search(r"\d+ people found", few)
