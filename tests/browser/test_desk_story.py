"""Two moderators at one desk, a hall screen and a phone: staged, taken, clashed, blanked, voted, sealed, revealed."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Browser, Page, expect, sync_playwright

from live.badges import Badges
from tests.browser.phone_room import LANGUAGES
from tests.browser.screen_hall import CHROMIUM, HALL, Desk, Platform, until_shown

pytestmark = pytest.mark.browser

AXE = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]},
    "rules": {"target-size": {"enabled": True}},
    "iframes": False,
}
TEXTS = [
    {"en": "Shall we meet again in spring?", "tr": "İlkbaharda yeniden buluşalım mı?", "ru": "Встретимся весной?"},
    {"en": "In April", "tr": "Nisanda", "ru": "В апреле"},
    {"en": "In May", "tr": "Mayısta", "ru": "В мае"},
]
"""A question without its Arabic."""


@dataclass
class Hall:
    """Everything the stories need."""

    platform: Platform
    browser: Browser
    screen: Page
    mine: Page
    theirs: Page
    phone: Desk
    organiser: Desk
    session: int
    wrong: list[str]
    """What the desk's own scripts complained of."""

    def rows(self, sql: str) -> list[Any]:
        with sqlite3.connect(self.platform.folder / "hallside.sqlite") as db:
            found = db.execute(sql).fetchall()
        db.close()
        return found

    def page(self, role: str, path: str, **options: Any) -> Page:
        context = self.browser.new_context(base_url=self.platform.base, **options)
        if role == "moderator":
            person = self.rows(f"SELECT person_id FROM sessionstaff WHERE session_id = {self.session}")[0][0]
            secret = Badges.open(self.platform.folder).link_secret(person, 1)
        else:
            secret = self.platform.link("/b", role)
        answer = context.request.post(
            "/badge", form={"link": secret}, headers={"origin": self.platform.base}, max_redirects=0
        )
        assert answer.status == 303, answer.text()
        context.request.post("/do/set_language", form={"language": "en"}, headers={"origin": self.platform.base})
        page = context.new_page()
        page.on(
            "pageerror", lambda error: self.wrong.append(str(error)) if "/static/desk" in (error.stack or "") else None
        )
        page.goto(path)
        return page

    def leave(self, page: Page) -> None:
        """Sign out and close: a person may use three browsers at once."""
        page.close()
        page.context.request.post("/do/sign_out", headers={"origin": self.platform.base})
        page.context.close()

    def desk(self, role: str, **options: Any) -> Page:
        page = self.page(role, f"/desk/{self.session}", **options)
        page.wait_for_selector('[data-line="open"]')
        return page

    def stage(self, page: Page, kind: str, poll: int = 0) -> None:
        page.locator(f"#f-stage-{kind}-{poll} button").click()
        expect(page.locator("#last-words")).to_have_text(re.compile("Staged as next|Next: |Done"))


@pytest.fixture(scope="module")
def hall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hall]:
    folder: Path = tmp_path_factory.mktemp("platform")
    with Platform(folder) as platform, sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM)
        screen = browser.new_context(viewport={"width": 1280, "height": 720}).new_page()
        screen.goto(f"{platform.base}/screen/link#{platform.link('/screen/link', 'Hall A')}")
        screen.wait_for_url("**/screen")
        screen.wait_for_selector(".hall[data-fitted]")
        hall = Hall(
            platform, browser, screen, screen, screen, Desk(play, platform, "participant"), Desk(play, platform), 0, []
        )
        hall.session = hall.rows(f"SELECT id FROM session WHERE state = 'on' AND hall_id = {HALL}")[0][0]
        wide: Any = {"viewport": {"width": 1440, "height": 900}, "locale": "en-GB"}
        hall.mine, hall.theirs = hall.desk("organiser", **wide), hall.desk("moderator", **wide)
        hall.phone.do("check_in", session=hall.session)
        yield hall
        browser.close()


def said(page: Page) -> Any:
    return page.locator("#last-words")


def test_both_see_who_is_at_the_desk_and_what_the_room_sees(hall: Hall) -> None:
    expect(hall.mine.locator(".staff li")).to_have_count(2)
    expect(hall.mine.locator(".mon.now")).to_have_attribute("data-confirmed", "yes", timeout=8000)
    expect(hall.mine.locator('[data-scene="title"]')).to_have_attribute("data-mark", "now")
    hall.mine.frame_locator(".v-now iframe").locator(".hall").first.wait_for()


def test_a_scene_is_staged_and_taken_and_both_desks_see_it(hall: Hall) -> None:
    hall.stage(hall.mine, "lobby")
    expect(hall.theirs.locator('[data-scene="lobby"]')).to_have_attribute("data-mark", "next")

    hall.mine.locator("#b-take").click()

    until_shown(hall.screen, "lobby")
    expect(hall.theirs.locator('[data-scene="lobby"]')).to_have_attribute("data-mark", "now")
    expect(hall.mine.locator(".mon.now")).to_have_attribute("data-confirmed", "yes")


def test_take_is_quiet_while_nothing_is_next_and_says_why_when_pressed(hall: Hall) -> None:
    take = hall.mine.locator("#b-take")
    expect(take).to_have_attribute("aria-disabled", "true")
    expect(hall.mine.locator("#no-next")).to_have_text("Nothing is next. Stage a scene from the list.")

    take.click(force=True)

    expect(said(hall.mine)).to_have_text("Nothing is staged as next.")
    hall.stage(hall.mine, "lobby")
    expect(take).not_to_have_attribute("aria-disabled", "true")
    take.click()
    expect(said(hall.mine)).to_have_text("On screen")
    expect(hall.theirs.locator('[data-scene="lobby"]')).to_have_attribute("data-mark", "now")


def test_a_clash_is_told_in_place_and_a_second_press_replaces(hall: Hall) -> None:
    for _ in range(5):  # a clash is one within two seconds
        hall.stage(hall.mine, "agenda")
        hall.mine.locator("#b-take").click()
        expect(hall.theirs.locator('[data-scene="agenda"]')).to_have_attribute("data-mark", "now")
        hall.theirs.locator("#f-stage-title-0 button").click()
        hall.theirs.locator("#b-take").click()
        expect(said(hall.theirs)).to_have_text(re.compile("just took a scene|On screen"))
        if "just took" in said(hall.theirs).inner_text():
            break
        until_shown(hall.screen, "title")
        hall.mine.wait_for_timeout(2500)  # else the next Take is the one that clashes

    expect(said(hall.theirs)).to_have_text(re.compile("just took a scene. Press again to replace it."))
    hall.theirs.locator("#b-take").click()
    until_shown(hall.screen, "title")


def test_undo_brings_the_former_picture_back(hall: Hall) -> None:
    expect(hall.theirs.locator("#b-undo")).to_be_visible()

    hall.theirs.locator("#b-undo").click()

    until_shown(hall.screen, "agenda")


def test_b_always_blanks_and_the_other_keys_are_off(hall: Hall) -> None:
    hall.mine.locator("body").press("l")
    hall.mine.locator("body").press("b")

    expect(hall.mine.locator(".mon.now .black")).to_have_text("Blank. The room sees nothing.")
    hall.screen.wait_for_selector("[data-blank]", state="attached", timeout=4000)
    assert hall.rows("SELECT blank, program FROM stage WHERE hall_id = 1") == [(1, hall_program(hall))]
    hall.mine.locator("#b-blank").click()
    expect(hall.mine.locator(".mon.now .black")).to_have_count(0)


def hall_program(hall: Hall) -> str:
    program: str = hall.rows("SELECT program FROM stage WHERE hall_id = 1")[0][0]
    assert json.loads(program)["kind"] == "agenda"
    return program


def test_a_poll_is_written_in_the_editor_and_the_missing_language_is_named(hall: Hall) -> None:
    page = hall.mine
    page.goto(f"/desk/{hall.session}/poll/new")
    for slot, texts in enumerate(TEXTS):
        for language, text in texts.items():
            page.fill(f'[name="texts.{slot}.{language}"]', text)
    expect(page.locator("#missing")).to_have_text(re.compile("Still missing: Question AR"))
    page.check('[name="ballot"][value="secret"]')
    page.check('[name="results"][value="live"]')
    page.click("text=Save as draft")
    expect(page.locator("#missing")).to_have_text(re.compile("A secret poll has no live results"))
    page.check('[name="ballot"][value="confidential"]')
    page.check('[name="results"][value="on_release"]')

    page.click("text=Save as draft")

    page.wait_for_url("**/desk/*#poll-*")
    page.wait_for_selector('[data-line="open"]')
    expect(page.locator(".poll[data-on] h2")).to_contain_text("Shall we meet again in spring?")
    for language in ("en", "tr", "ru"):
        page.locator(f"[data-on] form[id$='-{language}'][action='/do/approve_text'] button").click()
        expect(page.locator(f"[data-on] form[id$='-{language}'][action='/do/approve_text']")).to_have_count(0)
    for _ in range(2):
        page.click("[data-on] [action='/do/open_poll'] button")
        expect(said(page)).to_have_text(re.compile("^Not approved yet: AR. Approve the texts, or tick"))
        expect(page.locator("[data-on] [action='/do/open_poll'] button")).not_to_have_attribute("aria-busy", "true")
    expect(page.locator("[data-on] [name=override]")).not_to_be_checked()
    page.check("[data-on] [name=override]")
    page.click("[data-on] [action='/do/open_poll'] button")
    expect(page.locator(".poll[data-on]")).to_have_attribute("data-state", "open")


def test_typed_text_and_the_choice_of_a_poll_stay_while_frames_arrive(hall: Hall) -> None:
    page = hall.mine
    page.locator("[data-on] details[id^='d-correct'] summary").first.click()
    field = page.locator("[data-on] details[id^='d-correct'] textarea").first
    field.fill("Shall we meet again in the spring?")
    chosen = page.evaluate("document.querySelector('.poll[data-on]').id")

    hall.stage(hall.theirs, "lobby")
    poll = hall.rows("SELECT max(id) FROM poll")[0][0]
    hall.theirs.goto(f"/desk/{hall.session}#poll-{poll}")
    hall.theirs.locator("[data-on] [action='/do/set_timer'] button[value='90']").click()
    expect(page.locator("[data-on] [data-left]")).to_have_text(re.compile("1:[23]"))

    expect(field).to_have_value("Shall we meet again in the spring?")
    expect(field).to_be_focused()
    assert page.evaluate("document.querySelector('.poll[data-on]').id") == chosen
    page.locator("[data-on] form.correct button").first.click()
    expect(page.locator("[data-on] h2")).to_contain_text("in the spring?")


def test_a_vote_is_counted_sealed_looked_at_and_revealed(hall: Hall) -> None:
    page = hall.mine
    poll, item = hall.rows("SELECT poll_id, id FROM item ORDER BY poll_id DESC, n LIMIT 1")[0]
    hall.phone.do("cast_vote", poll=poll, secret="a" * 32, intent="b" * 32, turn=1, marks=[[item]])
    expect(page.locator(f'[data-turnout="{poll}"]')).to_have_text("1")
    expect(page.locator(f'[data-deleted="{poll}"]')).to_have_text("1")

    page.click("[data-on] [action='/do/end_voting'] button")
    expect(page.locator("[data-on] .is .word")).to_have_text("Counting")
    expect(page.locator("[data-on] [action='/do/continue_voting']")).to_be_visible()
    expect(page.locator("[data-on] .is .word")).to_have_text("Sealed", timeout=12000)
    expect(said(page)).to_have_text(re.compile("^Sealed at"))
    assert page.locator("[data-on] .figures").count() == 0
    hall.theirs.goto(f"/desk/{hall.session}#poll-{poll}")
    page.click("[data-on] [action='/do/look_first'] button")
    expect(page.locator("[data-on] .figures td").first).to_be_visible()
    expect(page.locator("[data-on] .figures td").first).to_have_text("1")
    expect(hall.theirs.locator("[data-on] .figures table")).to_be_hidden()
    page.click("[data-on] [action='/do/reveal'] button")
    expect(page.locator("[data-on] .is .word")).to_have_text("Revealed")
    expect(page.locator("#f-undo")).to_be_hidden()
    expect(page.locator("[data-on] .waits")).to_be_visible()
    page.get_by_role("button", name="Stage results as next").click()
    expect(page.locator("[data-on] .waits .then")).to_be_hidden()


def test_what_is_pressed_without_a_connection_is_never_sent_later(hall: Hall) -> None:
    page = hall.mine
    before = hall.rows("SELECT version FROM stage WHERE hall_id = 1")
    page.context.set_offline(True)
    expect(page.locator(".desk .line")).to_be_visible()
    assert page.evaluate("getComputedStyle(document.querySelector('.health ul')).opacity") < "1"
    assert under(page, ".desk .line", ".tabsx:not(.phone-tabs), .mon.now, .health") == []

    page.locator("#b-take").click()

    expect(said(page)).to_have_text(re.compile("no connection"), timeout=7000)
    page.context.set_offline(False)
    page.wait_for_selector('[data-line="open"]', timeout=20000)
    page.wait_for_timeout(500)
    assert hall.rows("SELECT version FROM stage WHERE hall_id = 1") == before


UNDER = """([over, others]) => {
  const a = document.querySelector(over).getBoundingClientRect();
  return [...document.querySelectorAll(others)].filter((one) => one.checkVisibility()).filter((one) => {
    const b = one.getBoundingClientRect();
    return a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1;
  }).map((one) => one.id || one.className);
}"""


def under(page: Page, over: str, others: str) -> list[str]:
    """Which of the others lie under it."""
    found: list[str] = page.evaluate(UNDER, [over, others])
    return found


@pytest.mark.parametrize("language", ["en", "tr", "ar", "ru"])
def test_on_a_phone_blank_is_told_beside_the_button_that_lifts_it(hall: Hall, language: str) -> None:
    page = hall.desk("organiser", viewport={"width": 360, "height": 740}, has_touch=True)
    page.request.post("/do/set_language", form={"language": language}, headers={"origin": hall.platform.base})
    page.reload()
    page.click("#b-blank")
    expect(page.locator(".mon.now .black")).to_be_visible()

    assert under(page, "#b-blank", ".mon.now .black") == []
    assert page.evaluate("(e => e.scrollWidth - e.clientWidth)(document.querySelector('#b-blank'))") == 0
    page.click("#b-blank")
    expect(page.locator(".mon.now .black")).to_have_count(0)
    hall.leave(page)


@pytest.mark.parametrize("language", ["en", "ar"])
@pytest.mark.parametrize("size", [(1440, 900), (1024, 768)], ids=lambda size: str(size[0]))
def test_with_many_polls_the_chosen_tab_is_whole_and_the_last_action_covers_nothing(
    hall: Hall, size: tuple[int, int], language: str
) -> None:
    texts = [{"en": f"Question {n}"} for n in range(3)]
    while hall.rows(f"SELECT count(*) FROM poll WHERE session_id = {hall.session}")[0][0] < 11:
        hall.organiser.do("write_poll", session=hall.session, texts=texts)
    poll = hall.rows(f"SELECT id FROM poll WHERE session_id = {hall.session} ORDER BY place")[-1][0]
    page = hall.desk("organiser", viewport={"width": size[0], "height": size[1]})
    page.request.post("/do/set_language", form={"language": language}, headers={"origin": hall.platform.base})
    page.goto(f"/desk/{hall.session}?again#poll-{poll}")
    page.wait_for_selector('[data-line="open"]')
    page.locator("#f-stage-lobby-0 button").click()
    expect(page.locator("#last")).to_be_visible()

    whole = """() => {
      const tab = document.querySelector("[data-poll][aria-current]");
      const at = tab.getBoundingClientRect(), box = tab.closest("ul").getBoundingClientRect();
      return at.left >= box.left - 1 && at.right <= box.right + 1;
    }"""
    page.wait_for_function(whole)
    page.evaluate("document.querySelector('[data-poll][aria-current] .st').append(' and wider')")  # as by a late font
    page.wait_for_function(whole)
    assert under(page, "#last", ".poll[data-on], .side, .run, .tabsx:not(.phone-tabs)") == []
    assert under(page, ".head a", ".health, .clock, .staff") == []
    hall.leave(page)


def test_the_run_list_begins_where_the_show_is(hall: Hall) -> None:
    poll = hall.rows(f"SELECT id FROM poll WHERE session_id = {hall.session} ORDER BY place")[-1][0]
    hall.organiser.do("show_scene", hall=HALL, scene={"kind": "poll", "poll": poll})
    page = hall.desk("organiser", viewport={"width": 1440, "height": 900})

    page.wait_for_function(
        """() => {
          const run = document.querySelector(".run").getBoundingClientRect();
          const row = document.querySelector('.run [data-mark="now"]').getBoundingClientRect();
          return row.top >= run.top && row.bottom <= run.bottom;
        }"""
    )
    page.locator("#b-title").click()
    until_shown(hall.screen, "title")
    hall.leave(page)


HELD = """([key, selector]) => new Promise((done) => {
  const send = (type) => document.body.dispatchEvent(new KeyboardEvent(type, { key, bubbles: true }));
  send("keydown");
  const until = performance.now() + 700;
  while (performance.now() < until);  // a busy machine: the timer cannot fire before the key is let go
  send("keyup");
  setTimeout(() => done(document.querySelector(selector)?.textContent.trim()), 50);
})"""


def test_a_key_held_long_enough_counts_however_late_the_timer(hall: Hall) -> None:
    page = hall.page("organiser", f"/desk/{hall.session}/practice")
    for key in ("b", "b", "Space"):
        page.keyboard.press(key)

    assert page.evaluate(HELD, ["o", "#pretend-now"]) == "Voting is open"
    hall.leave(page)


def test_the_practice_switches_the_keys_on(hall: Hall) -> None:
    page = hall.theirs
    page.goto(f"/desk/{hall.session}/practice")
    for key in ("b", "b", " ", "o", "c", "r", "l", "z", "Shift+Enter", "2", "?"):
        if key in "or":
            page.keyboard.down(key)
            page.wait_for_timeout(750)
            page.keyboard.up(key)
        else:
            page.keyboard.press(key if key != " " else "Space")
    page.click("#finish button")
    page.wait_for_url(f"**/desk/{hall.session}")
    page.wait_for_selector('[data-line="open"]')

    page.locator("body").press("Space")

    until_shown(hall.screen, "lobby")
    page.locator("body").press("l")
    until_shown(hall.screen, "title")


def test_a_key_that_must_be_held_does_nothing_when_tapped(hall: Hall) -> None:
    page = hall.theirs
    page.locator("body").press("o")

    expect(said(page)).to_have_text("Hold the key for a moment.")


def test_letters_follow_what_is_printed_on_any_keyboard(hall: Hall) -> None:
    hall.stage(hall.theirs, "lobby")

    hall.theirs.evaluate(
        "document.body.dispatchEvent(new KeyboardEvent('keydown', {key: 'и', code: 'KeyB', bubbles: true}))"
    )

    expect(hall.theirs.locator(".mon.now .black")).to_have_count(1)
    hall.theirs.locator("#b-blank").click()
    expect(hall.theirs.locator(".mon.now .black")).to_have_count(0)


def test_a_phone_shows_the_strip_three_tabs_and_no_more_than_its_width(hall: Hall) -> None:
    page = hall.desk("organiser", viewport={"width": 360, "height": 740}, has_touch=True)

    expect(page.locator("#b-take")).to_be_visible()
    page.click('[data-tab-to="polls"]')
    expect(page.locator("#b-take")).to_be_hidden()
    expect(page.locator(".poll[data-on]")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    assert (
        page.evaluate(
            "[...document.querySelectorAll('button, summary, a')].filter(e => e.checkVisibility() &&"
            " Math.min(e.getBoundingClientRect().height, e.getBoundingClientRect().width) < 43.5).map(e => e.outerHTML)"
        )
        == []
    )
    hall.leave(page)


def test_everything_works_by_forms_alone(hall: Hall) -> None:
    page = hall.page("organiser", f"/desk/{hall.session}", java_script_enabled=False)
    page.wait_for_timeout(2500)  # so that what a test before this one took is no clash
    page.locator("#f-stage-agenda-0 button").click()
    expect(said(page)).to_have_text("Staged as next")
    page.locator("#b-take").click()
    expect(said(page)).to_have_text("On screen")
    until_shown(hall.screen, "agenda")
    hall.leave(page)


def test_a_clash_is_answered_by_pressing_again_without_script_too(hall: Hall) -> None:
    page = hall.page("organiser", f"/desk/{hall.session}", java_script_enabled=False)
    page.locator("#f-stage-lobby-0 button").click()
    expect(said(page)).to_have_text("Staged as next")
    taken = "fetch('/do/show_scene', {method: 'POST', headers: {'content-type': 'application/json'},"
    taken += f" body: JSON.stringify({{hall: {HALL}, scene: {{kind: 'title'}}}})}}).then((answer) => answer.status)"
    assert hall.theirs.evaluate(taken) == 200

    page.locator("#b-take").click()

    expect(said(page)).to_have_text(re.compile("just took a scene. Press again to replace it."))
    page.locator("#b-take").click()
    expect(said(page)).to_have_text("On screen")
    until_shown(hall.screen, "lobby")
    hall.leave(page)


def a_named_poll(hall: Hall) -> int:
    """Sealed and looked at, with one vote in it; made once."""
    found = hall.rows("SELECT id FROM poll WHERE ballot = 'named' AND looked_at IS NOT NULL")
    if found:
        return int(found[0][0])
    desk = hall.organiser
    texts = [{la: f"{n} {la}" for la in ("en", "tr", "ar", "ru")} for n in range(3)]
    poll = int(desk.do("write_poll", session=hall.session, texts=texts, ballot="named")["facts"]["poll"])
    for language in ("en", "tr", "ar", "ru"):
        desk.do("approve_text", poll=poll, language=language)
    desk.do("open_poll", poll=poll)
    item = hall.rows(f"SELECT id FROM item WHERE poll_id = {poll} AND n = 2")[0][0]
    hall.phone.do("cast_vote", poll=poll, secret="c" * 32, intent="d" * 32, turn=1, marks=[[item]])
    desk.do("end_voting", poll=poll)
    while not hall.rows(f"SELECT 1 FROM poll WHERE id = {poll} AND state = 'sealed'"):
        hall.screen.wait_for_timeout(200)
    desk.do("look_first", poll=poll)
    return poll


def test_moderators_read_who_chose_what_and_nobody_else_does(hall: Hall) -> None:
    poll = a_named_poll(hall)
    page = hall.desk("organiser")
    page.goto(f"/desk/{hall.session}#poll-{poll}")

    page.locator("[data-on]").get_by_role("link", name="Who chose what").click()

    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.locator("tbody td").last).to_have_text(re.compile(r"^\s*B\s+2 en\s*$"))
    answer = hall.phone.request.get(f"/desk/{hall.session}/poll/{poll}/names")
    assert (answer.status, json.loads(answer.text())["no"]) == (403, "not_yours")
    other = hall.rows("SELECT id FROM poll WHERE ballot = 'confidential' AND looked_at IS NOT NULL")[0][0]
    page.goto(f"/desk/{hall.session}/poll/{other}/names")
    expect(page.locator("body")).to_contain_text("Only a named poll tells who chose what.")
    hall.leave(page)


def test_a_badge_is_revoked_only_when_asked_once_more(hall: Hall) -> None:
    page = hall.page("organiser", "/people?q=1044", viewport={"width": 360, "height": 740})
    expect(page.locator("[action='/do/revoke_badge'] button")).to_be_hidden()
    assert page.locator(".who").first.bounding_box()["height"] < 200  # type: ignore[index]

    page.locator(".who .do > summary").click()
    expect(page.locator("[action='/do/revoke_badge'] button")).to_be_hidden()
    page.locator(".who .apart > summary").click()
    page.locator("[action='/do/revoke_badge'] button").click()

    expect(page.locator(".said")).to_have_text("Badge revoked")
    assert hall.rows("SELECT revoked FROM person WHERE number = '1044'") == [(1,)]
    hall.leave(page)


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "path",
    ["/desk", "/desk/{0}", "/desk/{0}/poll/new", "/desk/{0}/poll/{1}/names", "/desk/{0}/practice", "/people?q=ova"],
)
def test_no_page_of_the_desk_breaks_a_rule_of_access(hall: Hall, path: str, language: str, theme: str) -> None:
    path = path.format(hall.session, a_named_poll(hall))
    page = hall.page("organiser", path, viewport={"width": 1024, "height": 768})
    page.context.request.post("/do/set_language", form={"language": language}, headers={"origin": hall.platform.base})
    page.context.add_cookies([{"name": "theme", "value": theme, "url": hall.platform.base}])
    page.reload()
    assert page.locator("html").get_attribute("lang") == language
    page.evaluate("document.querySelectorAll('details').forEach((fold) => { fold.open = true; })")

    assert page.locator(".ops h1").count() == 1

    found = Axe().run(page, options=AXE).response["violations"]

    assert [(one["id"], one["nodes"][0]["html"]) for one in found] == []
    hall.leave(page)


GROUNDS = """selectors => selectors.map((each) => {
  const one = document.querySelector(each);
  const style = one && getComputedStyle(one);
  const kept = style?.forcedColorAdjust === "none" || each === "body" || one?.matches("rect, [aria-disabled]");
  return [each, one?.matches("rect") ? style.fill : kept ? style?.backgroundColor : null];
})"""


def test_in_high_contrast_what_is_on_screen_and_what_is_next_to_do_stand_out(hall: Hall) -> None:
    page = hall.page(
        "organiser", f"/desk/{hall.session}#poll-{a_named_poll(hall)}", viewport={"width": 1440, "height": 900},
        forced_colors="active", color_scheme="dark",
    )  # fmt: skip
    page.wait_for_selector('[data-line="open"]')
    hall.stage(page, "agenda")
    page.wait_for_selector(".b.inv")

    told = dict(
        page.evaluate(
            GROUNDS,
            ["body", ".mon.now .lb", "[data-on] .b.go", "[data-on] .b[aria-disabled=true]", ".b.inv", ".health .dot",
             "[data-on] .meter .n", "[data-on] .meter .of", "#last"],
        )
    )  # fmt: skip

    ground = told.pop("body")
    flat = ("[data-on] .b[aria-disabled=true]", "[data-on] .meter .of")
    assert [each for each in told if each not in flat and told[each] in (ground, None, "rgba(0, 0, 0, 0)")] == []
    assert {told[each] for each in flat} <= {ground, "rgba(0, 0, 0, 0)"}
    hall.leave(page)


def test_no_page_complained(hall: Hall) -> None:
    assert hall.wrong == []
