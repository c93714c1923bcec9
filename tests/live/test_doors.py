"""Everybody's way in, through the routes: right badges, wrong ones, and what somebody else does meanwhile."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest

from models import polls
from models.command import Badge
from tests.house import HOST, Guest, House
from tests.world import World

pytestmark = pytest.mark.anyio


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with House(World(tmp_path / "x.sqlite", participants=12), tmp_path, grace=60) as made:
        yield made


def browser(house: House, address: str = "192.0.2.9", **headers: str) -> httpx2.AsyncClient:
    """A browser that has been nowhere, at an address of its own."""
    return httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app=house.apps[0], client=(address, 1), raise_app_exceptions=True),
        base_url=f"http://{HOST}",
        headers={"origin": f"http://{HOST}", "accept": "application/json"} | headers,
        verify=False,
    )


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


async def test_wrong_screen_links_stop_no_screen(house: House) -> None:
    async with browser(house) as stranger:
        for _ in range(310):
            last = await stranger.post("/screen/link", data={"link": "1-1-" + "A" * 22})

    async with browser(house) as screen:
        answer = await screen.post("/screen/link", data={"link": house.node.badges.screen_secret(1, 1)})

    assert last.json()["no"] == "too_many_tries"
    assert answer.json()["ok"] == "signed_in"


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

    await house.perform(house.world.moderator, polls.OpenPoll(poll=poll))

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
