"""A vote and a moderator's whole job without a mouse: every step by Tab, Enter and Space, the focus never lost."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.phone_room import LANGUAGES, Room
from tests.browser.screen_hall import until_shown

pytestmark = pytest.mark.browser

RING = """() => {
  const at = document.activeElement;
  if (!at || at === document.body) return "nothing has the focus";
  const seen = [at, at.parentElement, ...(at.matches("input") ? at.parentElement.children : []), ...at.children];
  const ring = seen.some((each) => getComputedStyle(each).outlineStyle === "solid"
    && parseFloat(getComputedStyle(each).outlineWidth) >= 2);
  const box = at.getBoundingClientRect();
  if (box.bottom < 0 || box.top > innerHeight) return `out of sight: ${at.outerHTML.slice(0, 80)}`;
  return ring ? "" : `no ring: ${at.outerHTML.slice(0, 80)}`;
}"""


def go_to(page: Page, target: Locator, most: int = 150) -> None:
    """Tab until it has the focus, which is seen at every stop."""
    faults: list[str] = []
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement === document.body"):
            continue  # round the end of the page, through the browser's own controls
        if fault := page.evaluate(RING):
            faults.append(fault)
        if target.evaluate("one => one === document.activeElement"):
            assert faults == []
            return
    raise AssertionError(f"never reached: {target}")


def press(page: Page, target: Locator, key: str = "Enter") -> None:
    go_to(page, target)
    page.keyboard.press(key)


def held(page: Page) -> bool:
    """Whether something has the focus, and not the page as a whole."""
    found: bool = page.evaluate("document.activeElement !== document.body && document.activeElement.checkVisibility()")
    return found


def at_desk(room: Room, **options: Any) -> Page:
    context = room.browser.new_context(base_url=room.platform.base, **options)
    answer = context.request.post(
        "/badge",
        form={"link": room.platform.link("/b", "organiser")},
        headers={"origin": room.platform.base},
        max_redirects=0,
    )
    assert answer.status == 303
    context.request.post("/do/set_language", form={"language": "en"}, headers={"origin": room.platform.base})
    page = context.new_page()
    page.on("pageerror", lambda error: room.wrong.append(f"{error}"))
    return page


def test_a_whole_vote(room: Room) -> None:
    phone = room.phone()
    page = phone.page
    poll = room.poll()
    phone.until_poll(poll)

    go_to(page, page.get_by_role("radio").first)
    page.keyboard.press("ArrowDown")
    press(page, page.locator("form[data-poll] .act .btn"))
    phone.is_("recorded")
    assert held(page)
    page.wait_for_timeout(700)  # a second press within 600 ms is a slip
    page.keyboard.press("Enter")
    phone.is_("chosen")
    assert held(page)
    press(page, page.locator("[data-keep]"))
    phone.is_("recorded")
    assert held(page)
    room.seal(poll)
    page.locator("section[data-state=sealed]").wait_for()
    assert held(page)
    room.desk.do("reveal", poll=poll)
    page.locator(".res").first.wait_for()

    assert held(page)
    assert room.ballots(poll) == [0, 1, 0]
    press(page, page.locator(".tabs a[href='/agenda']"))
    page.wait_for_url("**/agenda")
    phone.close()


def test_a_whole_poll_from_writing_to_the_result_on_the_screen(room: Room) -> None:
    phone = room.phone()
    screen = room.browser.new_page(viewport={"width": 1280, "height": 720})
    screen.goto(f"{room.platform.base}/screen/link#{room.platform.link('/screen/link', 'Hall A')}")
    screen.wait_for_url("**/screen")
    room.nothing_open()
    page = at_desk(room, viewport={"width": 1440, "height": 900})
    page.goto("/desk")
    press(page, page.locator(f".sessions a[href='/desk/{room.session}']"))
    page.wait_for_selector('[data-line="open"]')

    press(page, page.locator("a.new"))
    page.locator("#editor").wait_for()
    for slot, words in enumerate(("Shall we?", "In April", "In May")):
        for language in LANGUAGES:
            go_to(page, page.locator(f"[name='texts.{slot}.{language}']"))
            page.keyboard.type(words)
    press(page, page.locator(".dock .b.go"))
    page.wait_for_selector('[data-line="open"]')
    for language in LANGUAGES:
        form = page.locator(f"[data-on] form[action='/do/approve_text'][id$='-{language}']")
        press(page, form.locator("button"))
        expect(form).to_have_count(0)
        assert held(page)
    press(page, page.locator("[data-on] [action='/do/make_ready'] button"))
    expect(page.locator("[data-on] .is .word")).to_have_text("Ready")
    assert held(page)
    press(page, page.locator("[data-on] [id^=f-next] button"))
    expect(page.locator(".mon.next .what")).to_contain_text("Poll")
    press(page, page.locator("#b-take"))
    until_shown(screen, "poll")
    press(page, page.locator("[data-on] [action='/do/open_poll'] button"), "Space")
    expect(page.locator("[data-on] .is .word")).to_have_text("Voting is open")
    assert held(page)
    phone.page.goto("/")
    phone.choose(2)
    phone.send()
    phone.is_("recorded")
    expect(page.locator("[data-on] [data-turnout]")).to_have_text("1")
    press(page, page.locator("[data-on] [action='/do/end_voting'] button"))
    expect(page.locator("[data-on] .is .word")).to_have_text("Sealed", timeout=12000)
    assert held(page)
    press(page, page.locator("[data-on] [action='/do/look_first'] button"))
    expect(page.locator("[data-on] .figures table")).to_be_visible()
    assert held(page)
    press(page, page.locator("[data-on] [action='/do/reveal'] button"))
    expect(page.locator("[data-on] .is .word")).to_have_text("Revealed")
    press(page, page.locator("[data-on] [id^=f-next] button"))
    press(page, page.locator("#b-take"))
    until_shown(screen, "results")
    assert held(page)
    press(page, page.locator("#b-undo"))
    until_shown(screen, "poll")

    assert held(page)
    assert room.wrong == []
    page.context.close()
    phone.close()
