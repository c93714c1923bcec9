"""The README's first ten minutes, from the printed links to the result on the hall screen, as it stands there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser.screen_hall import CHROMIUM, Platform, until_shown

pytestmark = pytest.mark.browser


@dataclass
class Visitor:
    """A browser that has been nowhere, for every link."""

    platform: Platform
    browser: Browser

    def opens(self, path: str, name: str, width: int, height: int) -> Page:
        page = self.browser.new_context(viewport={"width": width, "height": height}, locale="en-GB").new_page()
        page.goto(f"{self.platform.base}{path}#{self.platform.link(path, name)}")
        return page

    def phone(self, *, again: bool = False) -> Page:
        """Signed in and in the session that is on in Hall A. With `again` a second phone of the same person."""
        page = self.opens("/b", "participant", 360, 740)
        page.get_by_role("button", name="Come in", exact=True).click()
        page.wait_for_url(f"{self.platform.base}/" if again else "**/agenda")
        english(page)
        if not again:
            page.locator("section:has(#on-now) li", has_text="Hall A").get_by_role("button", name="Come in").click()
        return page


def english(page: Page) -> None:
    """A guest's first page is in the language of the list."""
    if page.locator("html").get_attribute("lang") != "en":
        base = str(page.evaluate("origin"))
        page.request.post(f"{base}/do/set_language", form={"language": "en"}, headers={"origin": base})
        page.reload()


@pytest.fixture(scope="module")
def visitor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visitor]:
    folder: Path = tmp_path_factory.mktemp("first")
    with Platform(folder) as platform, sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM)
        yield Visitor(platform, browser)
        browser.close()


def test_the_first_ten_minutes_go_as_the_readme_says(visitor: Visitor) -> None:
    desk = visitor.opens("/b", "moderator", 1440, 900)
    desk.get_by_role("button", name="Come in", exact=True).click()
    desk.wait_for_url(re.compile(r"/desk/\d+$"))
    expect(desk.locator("html")).to_have_attribute("lang", "en")
    expect(desk.locator(".head .where")).to_contain_text("Hall A")
    screen = visitor.opens("/screen/link", "Hall A", 1280, 720)
    until_shown(screen, "title")
    first, second = visitor.phone(), visitor.phone(again=True)
    expect(first.locator("h1").first).to_have_text("You are in. Nothing to vote on yet.")
    expect(first.get_by_text("You are in")).to_have_count(1)

    desk.locator(".run li", has_text="Poll 1").get_by_role("button", name="Stage as next").click()
    desk.get_by_role("button", name="Take").click()
    until_shown(screen, "poll")
    expect(first.locator("h1").first).to_have_text("You are in. Nothing to vote on yet.")
    desk.get_by_role("button", name="Open voting").locator("visible=true").click()

    first.locator("label.row").nth(0).click()
    first.get_by_role("button", name="Send vote").click()
    expect(first.get_by_text("The room has your vote", exact=True)).to_be_visible()
    first.wait_for_timeout(800)  # A second tap on Send is not a wish to change.
    first.get_by_role("button", name="Change my vote").click()
    first.locator("label.row").nth(1).click()
    first.context.set_offline(True)
    first.get_by_role("button", name="Send vote").click()
    first.context.set_offline(False)
    expect(first.get_by_text("Your vote is changed", exact=True)).to_be_visible(timeout=20_000)

    desk.get_by_role("button", name="End voting").locator("visible=true").click()
    word = desk.locator("[data-on] .is .word")
    expect(word).to_have_text("Counting")
    expect(word).to_have_text("Sealed", timeout=12_000)
    expect(desk.get_by_role("button", name="Continue voting").locator("visible=true")).to_be_visible()
    desk.get_by_role("button", name="Look first").locator("visible=true").click()
    expect(desk.locator("[data-on] .figures tbody tr").nth(1).locator("td").first).to_have_text("1")
    desk.get_by_role("button", name="Reveal").locator("visible=true").click()
    expect(word).to_have_text("Revealed")
    expect(second.locator(".res")).to_have_count(4)
    desk.locator("[data-on]").get_by_role("button", name="Stage results as next").click()
    desk.get_by_role("button", name="Take").click()
    assert "1 of 1 person answered." in until_shown(screen, "results")["text"]

    desk.get_by_role("button", name="Blank").click()
    screen.wait_for_selector("[data-blank]", state="attached", timeout=4000)
    desk.get_by_role("button", name="Show again").click()
    screen.wait_for_selector("[data-blank]", state="detached", timeout=4000)
    expect(desk.get_by_role("heading", name="What just happened")).to_be_visible()
    expect(desk.get_by_role("link", name="Practise for three minutes")).to_be_visible()


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (1024, 768), (360, 740)])
def test_from_the_desk_the_phone_is_one_tap_away_and_the_menu_leads_back(
    visitor: Visitor, width: int, height: int
) -> None:
    page = visitor.opens("/b", "moderator", width, height)
    page.get_by_role("button", name="Come in", exact=True).click()
    page.wait_for_url(re.compile(r"/desk/\d+$"))

    page.get_by_role("link", name="Phone view").click()

    page.wait_for_url("**/agenda")
    page.get_by_role("link", name="Menu").click()
    page.get_by_role("link", name="Desk", exact=True).click()
    page.locator(".sessions .is-on").wait_for()
    page.close()
    page.context.request.post(f"{visitor.platform.base}/do/sign_out", headers={"origin": visitor.platform.base})
    page.context.close()
