"""The way in with a phone: the notice before a badge opens, links that do not work any more, codes on a screen."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, expect

from live.badges import Badges
from tests.browser.phone_room import Room

pytestmark = pytest.mark.browser


@pytest.fixture
def stranger(room: Room) -> Iterator[BrowserContext]:
    """A browser that has shown no badge."""
    context = room.browser.new_context(base_url=room.platform.base, locale="en-GB")
    yield context
    context.close()


def secret(room: Room, nth: int) -> str:
    """What stands behind the # of a participant's badge link, counted from the end of the list."""
    person = room.ask(
        "SELECT id, issue FROM person WHERE role = 'participant' AND NOT revoked ORDER BY id DESC LIMIT 1 OFFSET ?", nth
    )[0]
    return Badges.open(room.platform.folder).link_secret(*person)


def test_a_badge_link_shows_the_notice_and_opens_on_one_press(room: Room, stranger: BrowserContext) -> None:
    page = stranger.new_page()
    posted: list[str] = []
    page.on("request", lambda request: posted.append(request.method) if request.url.endswith("/badge") else None)
    page.goto(f"/b#{secret(room, 0)}")

    expect(page.locator("h1")).to_have_text("Come in with your badge")
    assert page.url == f"{room.platform.base}/b"
    expect(page.locator("main")).to_contain_text("Who voted is deleted 7 days after the event.")
    expect(page.locator(".whole a")).to_have_text(["Read the whole notice"])
    expect(page.get_by_text("Türkçe")).to_have_count(1)
    assert posted == []
    page.get_by_role("button", name="Come in").click()

    page.wait_for_url("**/agenda")
    assert page.evaluate("sessionStorage['h.link']") is None


def test_the_badge_waits_while_its_reader_changes_the_language_and_reads(room: Room, stranger: BrowserContext) -> None:
    page = stranger.new_page()
    page.goto(f"/b#{secret(room, 1)}")
    page.get_by_role("button", name="Türkçe").click()
    expect(page.locator("html")).to_have_attribute("lang", "tr")
    page.locator(".whole a").click()
    page.wait_for_url("**/notice#n-tr")
    page.go_back()

    page.locator("#go").click()

    page.wait_for_url("**/agenda")


def test_a_link_that_does_not_work_any_more_says_so_and_what_to_do(room: Room, stranger: BrowserContext) -> None:
    page = stranger.new_page()
    page.goto(f"/b#{secret(room, 2)[:-3]}zzz")
    page.locator("#go").click()

    expect(page.locator("h1")).to_have_text("Your badge did not open.")
    expect(page.locator("#wrong")).to_contain_text("the badge was replaced or withdrawn, or the link is damaged")
    expect(page.locator("#wrong")).to_contain_text("registration desk")
    expect(page.locator("#go")).to_be_hidden()


def test_in_one_browser_too_many_the_heading_says_that_nothing_opened(room: Room) -> None:
    link = secret(room, 3)
    contexts = [room.browser.new_context(base_url=room.platform.base, locale="en-GB") for _ in range(4)]
    for context in contexts:
        page = context.new_page()
        page.goto(f"/b#{link}")
        page.locator("#go").click()
        if context is not contexts[-1]:
            page.wait_for_url("**/agenda")

    expect(page.locator("h1")).to_have_text("Your badge did not open.")
    expect(page.locator("#wrong")).to_contain_text("Your badge is open in 3 browsers.")
    expect(page.locator("#go")).to_be_visible()
    for context in contexts:
        context.close()


def test_whoever_is_signed_in_is_told_so_and_goes_on(room: Room) -> None:
    phone = room.phone()
    phone.page.goto(f"/b#{secret(room, 4)}")

    expect(phone.page.locator("h1")).to_have_text("You are signed in already.")
    phone.page.get_by_role("link", name="Go on").click()

    expect(phone.page.locator("[data-part=now]")).to_be_visible()
    phone.close()


def test_without_script_a_link_says_to_type_the_code(room: Room) -> None:
    context = room.browser.new_context(base_url=room.platform.base, locale="en-GB", java_script_enabled=False)
    page = context.new_page()
    page.goto(f"/b#{secret(room, 5)}")

    assert "Type the code from the back of your badge." in page.locator("main").inner_text()
    expect(page.locator("#go")).to_be_hidden()
    page.get_by_role("link", name="Type the code instead").click()
    expect(page.locator("#code")).to_be_visible()
    context.close()


def test_an_open_phone_whose_badge_was_revoked_is_told_why(room: Room) -> None:
    phone = room.phone()
    phone.page.wait_for_timeout(500)

    room.desk.do("revoke_badge", person=phone.person)

    expect(phone.page.locator("#out")).to_contain_text("This browser is signed out.", timeout=10_000)
    expect(phone.page.locator("#out")).to_contain_text("registration desk")
    phone.close()


def test_whoever_signed_out_is_not_told_of_a_revoked_badge(room: Room) -> None:
    phone = room.phone()
    phone.page.goto("/menu")
    phone.page.get_by_role("button", name="Sign out", exact=True).click()

    expect(phone.page.locator("#code")).to_be_visible()
    expect(phone.page.locator("#out")).to_have_count(0)
    phone.close()


def test_a_sessions_code_warns_of_leaving_only_whoever_leaves(room: Room) -> None:
    code, other = (
        room.ask("SELECT code FROM session WHERE id = ?", room.session)[0][0],
        room.ask("SELECT code FROM session WHERE state = 'on' AND id != ?", room.session)[0][0],
    )
    phone = room.phone(seated=False)
    phone.page.goto(f"/c/{code}")
    expect(phone.page.locator("form.part button")).to_be_visible()
    expect(phone.page.locator("main")).not_to_contain_text("leaves the one before")

    phone.page.locator("form.part button").click()
    phone.page.goto(f"/c/{other}")

    expect(phone.page.locator("main")).to_contain_text("leaves the one before")
    phone.close()


def test_a_wrong_session_code_can_be_put_right_on_the_spot(room: Room) -> None:
    code = room.ask("SELECT code FROM session WHERE id = ?", room.session)[0][0]
    phone = room.phone(seated=False)
    phone.page.goto("/c/A9A9")
    expect(phone.page.locator("h1")).to_contain_text("No session has this code.")

    phone.page.locator("form.code button").click()
    assert phone.page.url.endswith("/c/A9A9"), "an empty code is not sent"
    phone.page.locator("#code").fill(code)
    phone.page.locator("form.code button").click()

    expect(phone.page.get_by_role("button", name="Join this session")).to_be_visible()
    phone.close()
