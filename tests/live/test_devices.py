"""A further device of a badge: it waits under a number, the first is told at once, and somebody decides."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest

from live.badges import hash_token
from models.command import Badge
from models.devices import AllowDevice, RefuseDevice
from tests.house import Guest, House, browser
from tests.world import World

pytestmark = pytest.mark.anyio

PAGE = {"accept": "text/html"}
ANNA = Badge(4, "participant")


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with House(World(tmp_path / "x.sqlite"), tmp_path, grace=60, device_wait=120) as made:
        yield made


async def asks(house: House, device: httpx2.AsyncClient) -> int:
    """Show Anna's badge in a further browser. The number it waits under."""
    answer = await device.post("/badge", data={"link": house.node.badges.link_secret(ANNA.person_id, 1)})
    assert (answer.json()["ok"], answer.json()["to"]) == ("device_asked", "/waiting")
    return int(answer.json()["facts"]["number"])


async def state(device: httpx2.AsyncClient) -> str:
    told = (await device.get("/waiting")).json()
    return str(told.get("ok") or told["no"])


def card(guest: Guest, number: int) -> bool:
    return f'id="device-{number}"' in str(guest.held.get("devices"))


@pytest.mark.parametrize("decides", ["phone", "desk"])
async def test_the_first_device_is_told_at_once_and_a_tap_lets_the_second_in(house: House, decides: str) -> None:
    owner = house.world.moderator if decides == "desk" else ANNA
    first = await house.guest(owner, decides, session=1)
    async with browser(house) as second:
        link = house.node.badges.link_secret(owner.person_id, 1)
        number = (await second.post("/badge", data={"link": link})).json()["facts"]["number"]
        await first.until(lambda: card(first, number))
        before = await state(second)

        told = await first.ask(AllowDevice(number=number))

        await first.until(lambda: first.held["devices"] == "")
        assert (before, told["ok"], told["words"]) == ("device_asked", "device_allowed", "The other device is in.")
        assert await state(second) == "signed_in"
        assert (await second.get("/agenda", headers=PAGE)).status_code == 200


async def test_nothing_is_opened_to_a_device_that_waits(house: House) -> None:
    house.token(ANNA)
    async with browser(house) as second:
        await asks(house, second)

        pages = [(await second.get(path, headers=PAGE)).headers["location"] for path in ("/", "/agenda", "/menu")]
        command = await second.post("/do/check_in", json={"session": 2})
        line = Guest(house.apps[0], second.cookies["hallside"])
        await line.come()
        line.say({"do": "hello", "view": "phone"})
        await line.until(lambda: line.code is not None)

    assert pages == ["/waiting", "/", "/"]
    assert command.json()["no"] == "show_badge_first"
    assert line.code == 4002
    await line.leave()


async def test_a_device_that_is_refused_is_told_in_words(house: House) -> None:
    first = await house.guest(ANNA)
    async with browser(house) as second:
        number = await asks(house, second)

        await first.ask(RefuseDevice(number=number))

        assert await state(second) == "device_was_refused"
        page = await second.get("/waiting", headers=PAGE)
        assert "Your other device refused this one." in page.text
        await second.post("/waiting")
        assert await state(second) == "no_such_device"


async def test_who_waited_in_vain_is_told_so_and_asked_for_the_badge_again(house: House) -> None:
    house.token(ANNA)
    now = house.node.wall()
    house.node.wall = lambda: now
    async with browser(house, **PAGE) as second:
        await second.post("/badge", data={"link": house.node.badges.link_secret(ANNA.person_id, 1)})
        now += 601

        page = await second.get("/waiting")

    assert page.status_code == 404
    assert "This device does not wait any more." in page.text
    assert "another browser signed this one out" not in page.text
    assert "Max-Age=0" in page.headers["set-cookie"]


async def test_without_script_and_socket_everything_is_a_page_and_a_form(house: House) -> None:
    own = f"hallside={house.token(ANNA)}"
    async with browser(house, cookie=own, **PAGE) as first, browser(house, **PAGE) as second:
        shown = await second.post("/badge", data={"code": house.node.badges.code(ANNA.person_id, 1)})
        waits = await second.get(shown.headers["location"])
        number = re.findall(r"code-big num[^>]*>(\d\d)<", waits.text)[0]
        asked = await first.get("/")

        done = await first.post("/do/allow_device", data={"number": number, "next": "/"})

        assert 'http-equiv="refresh"' in waits.text
        assert f'id="device-{number}"' in asked.text
        assert done.headers["location"] == "/"
        after = await first.get("/", headers={"cookie": f"{own}; said={done.cookies['said']}"})
        assert "The other device is in." in after.text
        assert f'id="device-{number}"' not in after.text
        assert (await second.get("/waiting")).headers["location"] == "/"


async def test_a_card_stands_on_nobody_elses_page_of_the_same_second(house: House) -> None:
    house.node.wall = lambda: 1_800_000_000.25
    tokens = [house.token(ANNA), house.token(house.world.person(1))]
    async with browser(house) as second:
        await asks(house, second)
    async with browser(house, **PAGE) as anyone:
        pages = [(await anyone.get("/", headers={"cookie": f"hallside={token}; script=1"})).text for token in tokens]

    assert ["/do/allow_device" in page for page in pages] == [True, False]


async def test_by_polling_the_card_comes_too(house: House) -> None:
    async with browser(house, cookie=f"hallside={house.token(ANNA)}") as first, browser(house) as second:
        number = await asks(house, second)
        parts = (await first.get("/live?view=phone")).json()

    assert [f'id="device-{number}"' in part["html"] for part in parts if part["part"] == "devices"] == [True]


async def test_a_phone_in_a_pocket_is_waited_for_and_told_when_it_is_back(house: House) -> None:
    now = house.node.wall()
    house.node.wall = lambda: now
    token = house.token(ANNA)
    async with browser(house) as second:
        number = await asks(house, second)
        now += 119
        early = await state(second)
        now += 1
        late = await state(second)
        intruder = Guest(house.apps[0], second.cookies["hallside"])
    await intruder.come()
    intruder.say({"do": "hello", "view": "phone"})
    await intruder.until(lambda: intruder.greeted is not None)

    first = await house.guest(ANNA)
    await first.until(lambda: card(first, number))
    await first.ask(RefuseDevice(number=number))

    assert (early, late) == ("device_asked", "signed_in")
    assert "came in with your badge" in str(first.frames)
    await intruder.until(lambda: intruder.code == 4001)
    assert house.node.badge_of(token)
    await intruder.leave()


async def test_a_page_with_the_question_stops_the_clock(house: House) -> None:
    now = house.node.wall()
    house.node.wall = lambda: now
    async with browser(house, cookie=f"hallside={house.token(ANNA)}", **PAGE) as first, browser(house) as second:
        await asks(house, second)
        await first.get("/menu")
        now += 300

        assert await state(second) == "device_asked"


async def test_one_browser_that_shows_its_badge_again_keeps_its_number(house: House) -> None:
    house.token(ANNA)
    async with browser(house) as second:
        numbers = [await asks(house, second) for _ in range(3)]

    assert len(set(numbers)) == 1


async def test_one_that_never_got_the_answer_keeps_its_number_and_nobody_comes_in_by_a_token_from_before(
    house: House,
) -> None:
    first = await house.guest(ANNA)
    async with browser(house) as second:
        number = await asks(house, second)
        planted = second.cookies["hallside"]
        async with browser(house, cookie=f"hallside={planted}") as lost:  # whose answer is lost on the way
            assert await asks(house, lost) == number
        assert await asks(house, second) == number
        assert second.cookies["hallside"] != planted

        await first.ask(AllowDevice(number=number))
        async with browser(house, cookie=f"hallside={planted}") as thief:
            assert await state(thief) == "no_such_device"
        assert await state(second) == "signed_in"


async def test_the_registration_desk_lets_somebody_in_whose_first_phone_is_lost(house: House) -> None:
    house.token(ANNA)
    organiser = f"hallside={house.token(house.world.organiser)}"
    async with browser(house, cookie=organiser, **PAGE) as desk, browser(house) as second:
        number = await asks(house, second)
        page = await desk.get("/people?q=1004")

        await desk.post("/do/allow_device", data={"person": "4", "number": str(number)})

        assert f"A device waits under the number {number}." in page.text
        assert await state(second) == "signed_in"


async def test_where_the_setting_is_nought_nobody_is_asked(tmp_path: Path) -> None:
    async with House(World(tmp_path / "x.sqlite"), tmp_path, device_wait=0.0) as house:
        house.token(ANNA)
        async with browser(house) as second:
            link = house.node.badges.link_secret(ANNA.person_id, 1)
            answer = await second.post("/badge", data={"link": link})

        assert answer.json()["ok"] == "signed_in"
        assert house.node.badge_of(second.cookies["hallside"])
        assert house.node.waiting(second.cookies["hallside"]) is None
        assert hash_token(second.cookies["hallside"]) in {row[0] for row in house.world.dump()["login"]}
