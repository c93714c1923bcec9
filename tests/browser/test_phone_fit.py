"""A phone's pages as they lie on small screens: what matters is in sight, nothing is cut, Arabic is the mirror."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.browser.phone_room import LANGUAGES, Room

pytestmark = pytest.mark.browser

ABOVE_THE_DOCK = """selector => {
  const all = [...document.querySelectorAll(selector)].filter((each) => each.offsetParent);
  const dock = [...document.querySelectorAll(".act, .tabs")].filter((each) => each.offsetParent);
  const edge = Math.min(innerHeight, ...dock.map((each) => each.getBoundingClientRect().top));
  const box = all[0]?.getBoundingClientRect();
  return !!box && box.height > 0 && box.top >= 0 && box.bottom <= edge + 1;
}"""
COVERED = """() => [...document.querySelectorAll(".act *, .tabs *, .top *, .told *")]
  .filter((each) => each.offsetParent && !each.closest(".vh, svg, details form") && each.childNodes.length &&
    [...each.childNodes].some((node) => node.nodeType === 3 && node.data.trim()))
  .filter((each) => {
    const box = each.getBoundingClientRect();
    const x = box.left + box.width / 2, y = box.top + box.height / 2;
    if (y < 0 || y > innerHeight) return false;
    const top = document.elementFromPoint(x, y);
    return top && !each.contains(top) && !top.contains(each);
  }).map((each) => each.textContent.trim().slice(0, 40))"""
"""Words of head line, status and dock that something else lies upon."""
CUT = """() => [...document.querySelectorAll("main *, .act *, .tabs *")]
  .filter((each) => each.offsetParent && !each.closest(".vh, svg"))
  .filter((each) => ["hidden", "clip"].includes(getComputedStyle(each).overflowX))
  .filter((each) => each.scrollWidth > each.clientWidth + 1)
  .map((each) => each.outerHTML.slice(0, 80))"""

OVER = """() => document.documentElement.scrollWidth <= innerWidth ? [] : [...document.querySelectorAll("body *")]
  .filter((each) => each.offsetParent && !each.closest(".vh, svg"))
  .filter((each) => { const box = each.getBoundingClientRect(); return box.right > innerWidth + 1 || box.left < -1; })
  .map((each) => each.outerHTML.slice(0, 80))"""


def edges(page: Page, selector: str) -> tuple[float, float]:
    """Distances from where a line begins to where it ends, seen from the page's beginning."""
    left, right, wide = page.evaluate(
        "s => { const b = document.querySelector(s).getBoundingClientRect(); return [b.left, b.right, innerWidth] }",
        selector,
    )
    rtl = page.evaluate("document.documentElement.dir") == "rtl"
    return (round(wide - right), round(wide - left)) if rtl else (round(left), round(right))


def test_whether_my_vote_was_received_is_in_sight_on_the_smallest_screen(room: Room) -> None:
    phone = room.phone(viewport={"width": 320, "height": 640})
    phone.post("set_language", language="ru")
    poll = room.poll(options=6)
    phone.page.goto("/")
    assert phone.page.evaluate(ABOVE_THE_DOCK, ".act .brief") is False  # in the dock itself
    assert phone.page.locator(".act .brief").is_visible()
    phone.choose(1)
    phone.send()
    phone.is_("recorded")

    phone.page.goto("/")
    phone.is_("recorded")

    assert phone.page.evaluate("scrollY") == 0
    assert phone.page.evaluate(ABOVE_THE_DOCK, ".status")
    room.desk.do("end_voting", poll=poll)
    phone.page.locator("form[data-state=closing]").wait_for()
    assert phone.page.evaluate(ABOVE_THE_DOCK, ".told .lead")
    room.until(poll, "sealed")
    phone.close()


def test_arabic_is_the_mirror_of_english(room: Room) -> None:
    phone = room.phone()
    found = {}
    for language in ("en", "ar"):
        phone.post("set_language", language=language)
        phone.page.goto("/agenda")
        found[language] = [edges(phone.page, s)[0] for s in (".top .t", "main h1", ".ag > div")]
        found[language].append(edges(phone.page, ".top > .tool")[1])
        found[language].append(edges(phone.page, ".top > .tool svg")[1])

    assert found["en"] == found["ar"]
    assert found["ar"][0] == found["ar"][1]
    phone.close()


def test_one_hairline_lies_above_the_dock(room: Room) -> None:
    phone = room.phone()
    room.poll()
    phone.page.goto("/")

    act = phone.page.locator("form[data-poll] .act")
    tabs = phone.page.locator(".tabs")
    act_box, tabs_box = act.bounding_box(), tabs.bounding_box()

    assert act_box
    assert tabs_box
    assert act_box["y"] + act_box["height"] >= tabs_box["y"] + 1  # the button's ground covers the tabs' line
    phone.close()


@pytest.mark.parametrize("width", [320, 360])
def test_four_languages_stand_in_even_rows(room: Room, width: int) -> None:
    phone = room.phone(viewport={"width": width, "height": 740})
    phone.page.goto("/menu")

    tops = phone.page.evaluate(
        "[...document.querySelectorAll('.choice.four button')].map((each) => each.getBoundingClientRect().top)"
    )

    assert len(set(tops)) == 2
    assert tops[0] == tops[1]
    phone.close()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_agenda_begins_with_what_is_on_and_a_way_in(room: Room, language: str) -> None:
    phone = room.phone(seated=False, viewport={"width": 360, "height": 740})
    phone.post("set_language", language=language)
    phone.page.goto("/agenda")

    assert phone.page.evaluate(ABOVE_THE_DOCK, "li.on form .btn")
    states = phone.page.evaluate(
        "[...document.querySelectorAll('li.ag[data-session]')].map((each) => each.classList[1])"
    )
    on = [n for n, state in enumerate(states) if state == "on"]
    assert on == list(range(len(on)))
    assert on
    phone.close()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("width", [320, 390])
def test_at_double_text_nothing_is_cut_or_covered(room: Room, language: str, width: int) -> None:
    phone = room.phone(viewport={"width": width, "height": 844})
    phone.post("set_language", language=language)
    room.poll(options=4, timer_s=900)
    found: list[str] = []
    for path in ("/", "/agenda", "/menu", "/notice"):
        phone.page.goto(path)
        phone.page.evaluate("document.documentElement.style.fontSize = '32px'")
        if path == "/":
            phone.choose(1)
            phone.send()
            phone.is_("recorded")
        found += [f"{path} cut: {each}" for each in phone.page.evaluate(CUT)]
        found += [f"{path} covered: {each}" for each in phone.page.evaluate(COVERED)]
        found += [f"{path} runs over: {each}" for each in phone.page.evaluate(OVER)]

    assert found == []
    phone.close()


LONG = "Fundamental rights at the border, from legal principle to daily procedure, with cases from every crossing point"


@pytest.mark.parametrize(("width", "size"), [(320, 16), (390, 16), (320, 32)])
def test_the_longest_title_is_never_cut(room: Room, width: int, size: int) -> None:
    phone = room.phone(viewport={"width": width, "height": 740})
    title = phone.page.locator(".top .t b")
    title.evaluate("(one, text) => { one.textContent = text; one.className = 'long'; }", LONG)
    phone.page.evaluate("size => { document.documentElement.style.fontSize = `${size}px` }", size)

    cut, lines, wide = title.evaluate(
        """one => [
          getComputedStyle(one).overflow !== "visible" && one.scrollHeight > one.clientHeight + 1
            || one.getBoundingClientRect().bottom > one.closest(".top").getBoundingClientRect().bottom,
          Math.round(one.clientHeight / parseFloat(getComputedStyle(one).lineHeight)),
          document.documentElement.scrollWidth > innerWidth,
        ]"""
    )

    assert (cut, wide) == (False, False)
    assert lines > 2
    phone.close()


WAKE = """Object.defineProperty(navigator, "wakeLock", { value: { request: async () => {
  window.held = (window.held || 0) + 1;
  return { release: async () => { window.held -= 1; } };
} } })"""


def test_the_screen_stays_on_only_where_that_is_asked_and_something_is_awaited(room: Room) -> None:
    phone = room.phone()
    phone.page.add_init_script(WAKE)
    phone.page.goto("/")
    phone.page.wait_for_timeout(1500)
    unasked = phone.page.evaluate("window.held || 0")
    phone.page.goto("/menu")
    phone.page.get_by_role("button", name="Keep it on").click()
    phone.page.goto("/")
    phone.page.wait_for_function("() => window.held === 1")
    poll = room.poll()
    phone.until_poll(poll)
    phone.page.wait_for_timeout(1500)
    open_ = phone.page.evaluate("window.held")
    room.seal(poll)

    phone.page.wait_for_function("() => window.held === 0")
    assert (unasked, open_) == (0, 1)
    phone.close()


def test_without_a_wake_lock_none_is_offered(room: Room) -> None:
    phone = room.phone()
    phone.page.add_init_script("delete Navigator.prototype.wakeLock")
    phone.page.goto("/menu")
    phone.page.wait_for_timeout(300)

    assert phone.page.get_by_role("button", name="Use less data").is_visible()
    assert not phone.page.get_by_role("button", name="Keep it on").is_visible()
    phone.close()
