"""The page that says how it runs, in Chromium: in four languages, narrow and wide, with and without scripts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.browser.screen_hall import CHROMIUM, Platform
from tests.browser.test_phone_access import RULES

pytestmark = pytest.mark.browser

LANGUAGES = ("en", "tr", "ar", "ru")


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    with Platform(tmp_path_factory.mktemp("health")) as made:
        yield made


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as play:
        made = play.chromium.launch(executable_path=CHROMIUM)
        yield made
        made.close()


@pytest.fixture
def organiser(chromium: Browser, platform: Platform, request: pytest.FixtureRequest) -> Iterator[BrowserContext]:
    """Signed in; parametrized with options of the browser."""
    options: dict[str, Any] = getattr(request, "param", {})
    context = chromium.new_context(base_url=platform.base, **options)
    answer = context.request.post(
        "/badge", form={"link": platform.link("/b", "organiser")},
        headers={"origin": platform.base, "accept": "application/json"},
    )  # fmt: skip
    assert answer.ok, answer.text()
    yield context
    for page in context.pages:
        page.close()
    context.request.post("/do/sign_out", headers={"origin": platform.base, "accept": "application/json"})
    context.close()


def over(page: Page) -> bool:
    found: bool = page.evaluate("document.documentElement.scrollWidth > innerWidth")
    return found


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_breaks_no_rule_of_access(
    organiser: BrowserContext, platform: Platform, language: str, theme: str
) -> None:
    organiser.request.post("/do/set_language", form={"language": language}, headers={"origin": platform.base})
    organiser.add_cookies([{"name": "theme", "value": theme, "url": platform.base}])
    page, wrong = organiser.new_page(), list[str]()
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda said: wrong.append(said.text) if said.type in ("error", "warning") else None)

    page.goto("/health")

    assert page.locator("html").get_attribute("lang") == language
    assert page.locator("html").get_attribute("dir") == ("rtl" if language == "ar" else "ltr")
    for width in (360, 1440):
        page.set_viewport_size({"width": width, "height": 800})
        found = Axe().run(page, options=RULES).response["violations"]
        assert [(one["id"], one["nodes"][0]["html"]) for one in found] == []
        assert not over(page)
    assert wrong == []


def test_it_reads_itself_again_and_says_when_nobody_answers(organiser: BrowserContext, platform: Platform) -> None:
    page = organiser.new_page()
    page.goto("/health")
    page.evaluate("window.before = true")
    page.locator(".b", has_text="Menu").focus()
    looked = page.locator("#condition .sum .num")
    first = looked.inner_text()

    expect(looked).not_to_have_text(first, timeout=20_000)
    expect(page.locator("#stale")).to_be_hidden()
    platform.stop()
    expect(page.locator("#stale")).to_be_visible(timeout=20_000)
    platform.start()
    expect(page.locator("#stale")).to_be_hidden(timeout=30_000)

    assert page.evaluate("window.before") is True
    assert page.evaluate("document.activeElement.textContent") == "Menu"


@pytest.mark.parametrize("organiser", [{"java_script_enabled": False}], indirect=True)
def test_without_scripts_the_browser_loads_it_again(organiser: BrowserContext) -> None:
    page = organiser.new_page()
    page.goto("/health")
    looked = page.locator("#condition .sum .num")
    first = looked.inner_text()

    expect(looked).not_to_have_text(first, timeout=30_000)


def test_the_menu_leads_there(organiser: BrowserContext, platform: Platform) -> None:
    organiser.request.post("/do/set_language", form={"language": "en"}, headers={"origin": platform.base})
    page = organiser.new_page()
    page.goto("/menu")

    page.get_by_role("link", name="How it runs").click()

    expect(page.locator("h1")).to_have_text("How it runs")
    expect(page.locator("#condition")).to_contain_text("No backup yet.")
