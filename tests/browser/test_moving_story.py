"""One badge on two devices, and one person in two sessions."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, WebSocketRoute, expect, sync_playwright

from live.badges import Badges
from tests.browser.phone_room import LANGUAGES, Phone, Room
from tests.browser.screen_hall import CHROMIUM, Desk, Platform
from tests.browser.test_phone_access import faults

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    folder: Path = tmp_path_factory.mktemp("platform")
    with Platform(folder, HALLSIDE_DEVICE_WAIT="600") as platform, sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM)
        yield Room(platform, browser, Desk(play, platform))
        browser.close()


def link(room: Room, phone: Phone) -> str:
    return f"/b#{Badges.open(room.platform.folder).link_secret(phone.person, phone.issue)}"


def waits(room: Room, phone: Phone, context: BrowserContext) -> tuple[Page, str]:
    """A further device opens the phone's link. Its page and the number on it."""
    page = context.new_page()
    page.goto(link(room, phone))
    page.locator("#go").click()
    page.wait_for_url("**/waiting")
    return page, page.locator(".code-big").inner_text()


@pytest.fixture
def second(room: Room) -> Iterator[BrowserContext]:
    context = room.browser.new_context(base_url=room.platform.base, locale="en-GB")
    yield context
    context.close()


def test_a_second_device_comes_in_by_a_tap_on_the_first_which_keeps_its_choice(
    room: Room, second: BrowserContext
) -> None:
    phone = room.phone()
    poll = room.poll(ballot="secret")
    phone.until_poll(poll)
    phone.choose(2)
    page, number = waits(room, phone, second)

    card = phone.page.locator(".device")
    expect(card).to_contain_text("Another device wants to use your badge.")
    expect(card).to_contain_text(number)
    card.get_by_role("button", name="Allow").click()

    page.wait_for_url("**/")
    expect(page.locator(f"[data-poll='{poll}']")).to_be_visible()
    expect(card).to_have_count(0)
    expect(phone.page.locator("#n-device")).to_contain_text("The other device is in.")
    assert phone.page.locator("input:checked").count() == 1
    assert room.wrong == []
    phone.close()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_page_of_who_waits_and_the_card_of_who_decides_pass_axe(
    room: Room, second: BrowserContext, language: str, theme: str
) -> None:
    phone = room.phone()
    phone.post("set_language", language=language)
    chosen = [
        {"name": name, "value": value, "url": room.platform.base}
        for name, value in (("theme", theme), ("lang", language))
    ]
    for context in (phone.context, second):
        context.add_cookies(chosen)  # type: ignore[arg-type]
    page, number = waits(room, phone, second)
    phone.page.reload()

    assert page.locator("html").get_attribute("lang") == language
    expect(phone.page.locator(".device")).to_contain_text(number)
    assert faults(page) == []
    assert faults(phone.page) == []
    phone.page.locator(".device form[action='/do/refuse_device'] button").click()
    page.locator("[data-waiting]").wait_for(state="detached")
    assert faults(page) == []
    phone.close()


def test_a_second_device_that_is_refused_says_so(room: Room, second: BrowserContext) -> None:
    phone = room.phone()
    page, _ = waits(room, phone, second)

    phone.page.locator(".device").get_by_role("button", name="Refuse").click()

    expect(page.locator("h1")).to_have_text("Your other device refused this one.")
    page.get_by_role("button", name="Back to the start").click()
    expect(page.locator("#code")).to_be_visible()
    phone.close()


def test_the_card_of_a_device_stays_until_the_answer_is_yes(room: Room, second: BrowserContext) -> None:
    phone = room.phone()
    page, _ = waits(room, phone, second)
    card = phone.page.locator(".device")
    number = card.locator("[action='/do/allow_device'] [name=number]")
    right = number.input_value()
    number.evaluate("(field) => field.value = Number(field.value) + 1")

    card.get_by_role("button", name="Allow").click()

    expect(phone.page.locator("#n-device")).to_be_visible()
    expect(card).to_be_visible()
    number.evaluate("(field, right) => field.value = right", right)
    card.get_by_role("button", name="Allow").click()
    page.wait_for_url("**/")
    expect(card).to_have_count(0)
    phone.close()


def test_a_late_answer_that_is_no_votes_harms_nothing(room: Room, second: BrowserContext) -> None:
    phone = room.phone(seated=False)
    phone.post("check_in", session=room.session)
    late: list[tuple[WebSocketRoute, str | bytes]] = []

    def slow(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()
        server.on_message(lambda frame: late.append((socket, frame)) if '"re"' in str(frame) else socket.send(frame))

    phone.page.route_web_socket("**/socket", slow)
    phone.page.goto("/")
    poll = room.poll()
    phone.until_poll(poll)
    waits(room, phone, second)
    phone.page.locator(".device").get_by_role("button", name="Refuse").click()
    expect(phone.page.locator("#n-device")).to_be_visible(timeout=8000)

    phone.page.wait_for_timeout(500)
    assert late
    for socket, frame in late:
        socket.send(frame)
    phone.page.wait_for_timeout(500)

    assert room.wrong == []
    phone.is_("empty")
    phone.close()


def test_a_vote_kept_from_another_session_comes_back_with_one_tap(room: Room) -> None:
    phone = room.phone()
    poll = room.poll()
    phone.until_poll(poll)
    phone.choose(3)
    phone.context.set_offline(True)
    phone.send()
    phone.is_("kept", 8)
    other = room.ask("SELECT id FROM session WHERE state = 'on' AND id != ?", room.session)[0][0]
    phone.post("check_in", session=other)

    phone.context.set_offline(False)

    notice = phone.page.locator("#n-elsewhere")
    expect(notice).to_contain_text("You vote only in the session you are in.", timeout=20_000)
    notice.get_by_role("button", name="Switch to this session").click()
    phone.until_poll(poll)
    phone.is_("chosen")
    phone.send()
    phone.is_("recorded")
    assert room.ballots(poll) == [0, 0, 1]
    assert room.wrong == []
    phone.close()
