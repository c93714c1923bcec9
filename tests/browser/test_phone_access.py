"""Every page of a phone for everybody: axe in four languages and both themes, narrow, and with text at double size."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.phone_room import LANGUAGES, Room

pytestmark = pytest.mark.browser

RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "rules": {"target-size": {"enabled": True}},
}
PAGES = ("/", "/agenda", "/menu", "/notice", "/b")


def faults(page: Page) -> list[str]:
    """What axe finds, what runs over the edge, and what a thumb would miss."""
    size = page.viewport_size
    assert size is not None
    # As tall as any page: what the bar at the bottom covers half of, until one scrolls, is no small target.
    page.set_viewport_size({"width": size["width"], "height": 4000})
    found = [
        f"{one['id']}: {node['html'][:120]}"
        for one in Axe().run(page, options=RULES).response["violations"]
        for node in one["nodes"]
    ]
    page.set_viewport_size(size)
    wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
    small: list[str] = page.evaluate(
        """() => [...document.querySelectorAll("a, button, summary, input:not(.vh), label.row")]
          .filter((each) => each.offsetParent && each.type !== "hidden")
          .filter((each) => Math.min(each.offsetWidth, each.offsetHeight) < 44)
          .map((each) => each.outerHTML.slice(0, 80))"""
    )
    return found + ["runs over the edge"] * wide + small


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_page_passes_axe(room: Room, language: str, theme: str) -> None:
    phone = room.phone()
    phone.post("set_language", language=language)
    phone.context.add_cookies([{"name": "theme", "value": theme, "url": room.platform.base}])
    found: list[str] = []
    for path in PAGES:
        phone.page.goto(path)
        phone.page.wait_for_timeout(200)
        found += [f"{path} {each}" for each in faults(phone.page)]
    poll = room.poll(timer_s=900)
    phone.page.goto("/")
    found += [f"open {each}" for each in faults(phone.page)]
    phone.context.set_offline(True)
    phone.choose(2)
    phone.send()
    phone.page.locator("#n-offline").wait_for(timeout=20_000)
    found += [f"offline {each}" for each in faults(phone.page)]
    phone.context.set_offline(False)
    phone.page.locator("#n-back").wait_for(timeout=20_000)
    found += [f"back {each}" for each in faults(phone.page)]
    phone.is_("recorded")
    found += [f"voted {each}" for each in faults(phone.page)]
    room.desk.do("end_voting", poll=poll)
    phone.page.locator("form[data-state=closing]").wait_for()
    found += [f"closing {each}" for each in faults(phone.page)]
    room.until(poll, "sealed")
    room.desk.do("reveal", poll=poll)
    phone.page.locator(".res").first.wait_for()
    found += [f"results {each}" for each in faults(phone.page)]
    withdrawn = room.poll()
    phone.until_poll(withdrawn)
    room.desk.do("withdraw", poll=withdrawn)
    phone.page.locator("form[data-poll]").wait_for(state="detached")
    found += [f"withdrawn {each}" for each in faults(phone.page)]
    for path in ("/desk", "/no-such-page", "/screen", "/screen/link"):
        phone.page.goto(path)
        found += [f"{path} {each}" for each in faults(phone.page)]
    phone.page.goto("/c/NONE")
    found += [f"no such code {each}" for each in faults(phone.page)]
    phone.page.goto(f"/c/{room.ask('SELECT code FROM session WHERE id != ?', room.session)[0][0]}")
    found += [f"come in {each}" for each in faults(phone.page)]
    phone.page.goto("/menu")
    phone.page.locator("form[data-leave] button").click()
    phone.page.locator("#code").wait_for()
    found += [f"join {each}" for each in faults(phone.page)]
    phone.page.locator("#code").fill("WRONG")
    phone.page.locator(".act .btn").click()
    phone.page.locator("#wrong .ring").wait_for()
    found += [f"wrong code {each}" for each in faults(phone.page)]
    phone.page.goto("/b#1-1-x")
    phone.page.locator("#go").wait_for()
    found += [f"link {each}" for each in faults(phone.page)]

    assert found == []
    phone.close()


@pytest.mark.parametrize(("width", "size"), [(320, 16), (390, 32), (320, 32)])
def test_narrow_and_large_nothing_runs_over(room: Room, width: int, size: int) -> None:
    phone = room.phone(viewport={"width": width, "height": 640})
    phone.post("set_language", language="ru")
    phone.page.goto("/")
    poll = room.poll(options=5)
    phone.until_poll(poll)
    found: list[str] = []
    for path in PAGES:
        phone.page.goto(path)
        # What a browser does whose reader set the text to double size.
        phone.page.evaluate("size => { document.documentElement.style.fontSize = `${size}px` }", size)
        wide = phone.page.evaluate("document.documentElement.scrollWidth - innerWidth")
        if wide > 0:
            found.append(f"{path}: {wide} px too wide")

    assert found == []
    phone.close()


def test_a_question_is_a_group_of_radios_and_a_button(room: Room) -> None:
    phone = room.phone()
    poll = room.poll()
    phone.until_poll(poll)

    group = phone.page.get_by_role("group", name="Question en?")
    group.get_by_role("radio", name="B Option 2 en", exact=True).focus()
    phone.page.keyboard.press("Space")
    phone.page.keyboard.press("Tab")
    while phone.page.evaluate("document.activeElement.tagName") != "BUTTON":
        phone.page.keyboard.press("Tab")
    phone.page.keyboard.press("Enter")
    phone.is_("recorded")

    assert room.ballots(poll) == [0, 1, 0]
    assert phone.page.evaluate("document.activeElement.tagName") == "BUTTON"
    phone.close()


def test_an_option_has_the_letter_of_the_screen_beside_it_in_the_direction_of_the_page(room: Room) -> None:
    phone = room.phone()
    phone.until_poll(room.poll())
    phone.post("set_language", language="ar")
    phone.page.reload()

    places = (
        phone.page.locator("label.row")
        .nth(1)
        .evaluate("row => ['.ring', '.let', '.tx'].map((one) => row.querySelector(one).getBoundingClientRect().right)")
    )

    assert places == sorted(places, reverse=True)
    expect(phone.page.locator("label.row .let")).to_have_text(["A", "B", "C"])
    phone.close()


def test_yes_no_and_abstain_name_themselves(room: Room) -> None:
    phone = room.phone()
    phone.until_poll(room.poll(kind="yes_no_abstain"))

    expect(phone.page.locator("label.row")).to_have_text(["Yes", "No", "Abstain"])
    phone.close()


PAINTED = """selector => {
  const of = (one, what) => getComputedStyle(one)[what];
  const ground = of(document.body, "backgroundColor"), one = document.querySelector(selector);
  return !!one && of(one, "forcedColorAdjust") === "none"
    && ![ground, "rgba(0, 0, 0, 0)", of(one, "color")].includes(of(one, "backgroundColor"));
}"""
"""Whether it stands out from the page, and its words from it, with no other ground of the browser between."""


def test_in_high_contrast_every_state_still_has_a_shape(room: Room) -> None:
    phone = room.phone(forced_colors="active", color_scheme="dark")
    poll = room.poll()
    phone.until_poll(poll)
    found: list[str] = []

    def look(*selectors: str) -> None:
        found.extend(one for one in selectors if not phone.page.evaluate(PAINTED, one))

    phone.choose(2)
    outlines = phone.page.evaluate(
        "[...document.querySelectorAll('label.row')].map((row) => getComputedStyle(row).outlineStyle)"
    )
    look(".act .btn")
    phone.send()
    phone.is_("recorded")
    look("label.row.is .ring", ".status[data-when~=recorded] .ring")
    room.desk.do("correct_wording", poll=poll, slot=0, language="en", body="Question en, put right?")
    phone.page.locator("[data-corrected]").wait_for()
    look("[data-corrected]")
    room.seal(poll)
    room.desk.do("reveal", poll=poll)
    phone.page.locator(".res").first.wait_for()
    look(".me .ring")
    dot, ground = phone.page.evaluate(
        "['.dots i', 'body'].map((each) => getComputedStyle(document.querySelector(each)).backgroundColor)"
    )

    assert outlines == ["none", "solid", "none"]
    assert dot != ground
    assert found == []
    phone.close()
