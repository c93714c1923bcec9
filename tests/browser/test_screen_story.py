"""A hall screen through a day: opened by its link, switched, blanked, reloaded, cut off and caught up."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, Playwright, sync_playwright

from tests.browser.screen_hall import CHROMIUM, HALL, Desk, Platform, seen, until_shown

pytestmark = pytest.mark.browser

LANGUAGES = ("en", "tr", "ar", "ru")


@dataclass
class Room:
    """Everything a story needs."""

    play: Playwright
    platform: Platform
    desk: Desk
    context: BrowserContext
    screen: Page
    wrong: list[str]
    """What the browser complained of."""

    poll: tuple[int, int]
    """(session, poll): the session that is on in the hall, and a poll of our own, the same at every hour."""


def written(desk: Desk, folder: Path) -> tuple[int, int]:
    with sqlite3.connect(folder / "hallside.sqlite") as db:
        query = "SELECT id FROM session WHERE state = 'on' AND hall_id = ?"
        session: int = db.execute(query, (HALL,)).fetchone()[0]
    db.close()
    texts = [{la: f"{words} ({la})" for la in LANGUAGES} for words in ("Which first?", "Audit", "Appeal", "Training")]
    poll: int = desk.do("write_poll", session=session, kind="single", texts=texts)["facts"]["poll"]
    for language in LANGUAGES:
        desk.do("approve_text", poll=poll, language=language)
    return session, poll


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    folder: Path = tmp_path_factory.mktemp("platform")
    with Platform(folder) as platform, sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM)
        context = browser.new_context(viewport={"width": 1920, "height": 1080})
        page = context.new_page()
        wrong: list[str] = []
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.goto(f"{platform.base}/screen/link#{platform.link('/screen/link', 'Hall A')}")
        page.wait_for_url("**/screen")
        page.wait_for_selector(".hall[data-fitted]")
        desk = Desk(play, platform)
        yield Room(play, platform, desk, context, page, wrong, written(desk, folder))
        browser.close()


def test_a_link_opens_the_screen_and_leaves_no_secret_in_the_address(room: Room) -> None:
    assert "#" not in room.screen.url
    assert seen(room.screen)["scene"] == "title"


def test_every_scene_is_shown_at_once_and_fits(room: Room) -> None:
    _, poll = room.poll
    scenes = [
        ("lobby", {}), ("agenda", {}), ("poll", {"poll": poll}), ("results", {"poll": poll}),
        ("announcement", {"words": "leave_building"}), ("countdown", {"until": time.time() + 300}), ("title", {}),
    ]  # fmt: skip
    took: list[float] = []
    for kind, fields in scenes:
        started = time.monotonic()

        version = room.desk.show(kind, **fields)
        shown = until_shown(room.screen, kind)

        took.append(time.monotonic() - started)
        assert shown["version"] == str(version)
        assert shown["over"] <= 1, kind
    # 0.1 s where nothing else runs, and the promise is 0.5; here other tests may be using the machine.
    assert max(took) < 3
    assert room.wrong == []


def test_the_code_on_the_screen_is_a_link_that_works(room: Room) -> None:
    room.desk.show("lobby")
    code = room.screen.inner_text(".address b") if until_shown(room.screen, "lobby") else ""

    assert room.screen.locator(".door svg.qr").count() == 1
    assert room.desk.request.get(f"/C/{code}", headers={"accept": "text/html"}).ok


def test_turnout_moves_and_the_split_is_not_in_the_page(room: Room) -> None:
    session, poll = room.poll
    voter = Desk(room.play, room.platform, "participant")
    voter.do("check_in", session=session)
    room.desk.do("make_ready", poll=poll)
    room.desk.show("poll", poll=poll)
    room.desk.do("open_poll", poll=poll)
    room.desk.do("set_timer", poll=poll, seconds=0)
    room.screen.get_by_text("0 of 1 person has answered.").first.wait_for()
    with sqlite3.connect(room.platform.folder / "hallside.sqlite") as db:
        item = db.execute("SELECT min(id) FROM item WHERE poll_id = ?", (poll,)).fetchone()[0]
    db.close()

    voter.do("cast_vote", poll=poll, secret="a" * 32, intent="b" * 32, turn=1, marks=[[item]])

    room.screen.wait_for_function("() => document.querySelector('[data-number=n]').textContent === '1'", timeout=2000)
    assert room.screen.get_by_text("1 of 1 person has answered.").count() == 1
    assert room.screen.locator(".bars").count() == 0
    assert room.screen.locator("svg.hemi .on").count() == 1


def test_ending_sealing_and_revealing_reach_the_screen(room: Room) -> None:
    _, poll = room.poll

    room.desk.do("end_voting", poll=poll)
    room.screen.get_by_text("Voting has closed. Counting the answers.").first.wait_for(timeout=2000)
    room.screen.get_by_text("Results appear when the moderator shows them.").first.wait_for(timeout=8000)
    room.desk.do("reveal", poll=poll)
    room.desk.show("results", poll=poll)
    until_shown(room.screen, "results")

    room.screen.get_by_text("1 of 1 person answered.").first.wait_for(timeout=2000)
    assert room.screen.locator(".dots i").count() == 1


def test_blank_is_black_and_holds_nothing(room: Room) -> None:
    room.desk.do("set_blank", hall=HALL, on=True)
    until_shown(room.screen, "blank")

    room.screen.wait_for_timeout(400)
    assert room.screen.locator(".hall").count() == 1
    assert room.screen.evaluate("getComputedStyle(document.querySelector('.hall')).backgroundColor") == "rgb(0, 0, 0)"
    room.desk.do("set_blank", hall=HALL, on=False)
    until_shown(room.screen, "results")


def test_a_monitor_shows_the_same_picture_and_keeps_nothing(room: Room) -> None:
    session, _ = room.poll
    context = room.screen.context.browser.new_context(viewport={"width": 480, "height": 270})  # type: ignore[union-attr]
    context.request.post(
        f"{room.platform.base}/badge",
        form={"link": room.platform.link("/b", "organiser")},
        headers={"origin": room.platform.base, "accept": "application/json"},
    )
    monitor = context.new_page()
    monitor.goto(f"{room.platform.base}/desk/{session}/monitor/now")
    monitor.wait_for_selector(".hall[data-fitted]")

    room.desk.show("agenda")
    until_shown(monitor, "agenda")

    assert monitor.evaluate("Object.keys(localStorage).length") == 0
    context.close()


def test_a_reload_shows_the_same_picture_at_once(room: Room) -> None:
    before = seen(room.screen)

    room.screen.reload()
    room.screen.wait_for_selector(".hall[data-fitted]")

    assert seen(room.screen)["key"] == before["key"]
    assert len(room.screen.evaluate("Object.keys(localStorage)")) == 1


def test_a_lost_line_keeps_picture_and_clock_then_shows_a_dot_and_catches_up(room: Room) -> None:
    room.desk.show("countdown", until=time.time() + 300)
    until_shown(room.screen, "countdown")
    room.screen.wait_for_timeout(300)
    before = seen(room.screen)["text"]

    room.platform.stop()
    room.screen.wait_for_timeout(8000)

    assert seen(room.screen)["scene"] == "countdown"
    assert seen(room.screen)["text"] != before
    assert room.screen.locator(".stale").is_hidden()
    room.screen.locator(".stale").wait_for(state="visible", timeout=8000)

    room.platform.start()
    version = room.desk.show("lobby")
    room.screen.locator(".stale").wait_for(state="hidden", timeout=30000)
    shown = until_shown(room.screen, "lobby")

    assert shown["version"] == str(version)
    assert room.wrong == []


def test_a_reload_while_the_server_is_away_keeps_the_last_picture_and_its_clock(room: Room) -> None:
    room.screen.evaluate("() => navigator.serviceWorker.ready.then(() => true)")
    room.screen.wait_for_function("() => caches.match('/screen').then(Boolean)")
    room.screen.reload()
    room.screen.wait_for_selector(".hall[data-fitted]")
    until = time.time() + 300
    room.desk.show("countdown", until=until)
    before = until_shown(room.screen, "countdown")
    room.screen.wait_for_timeout(5000)  # the page is kept from before, its time with it

    room.platform.stop()
    room.screen.reload()
    room.screen.wait_for_selector(".hall[data-fitted]")

    shown = seen(room.screen)
    assert shown["key"] == before["key"]
    minutes, digits = str(shown["text"]).split()[0].split(":")
    assert abs(until - time.time() - int(minutes) * 60 - int(digits)) < 3
    assert room.screen.evaluate("getComputedStyle(document.querySelector('.digits')).fontFamily").startswith(
        '"Desk Sans"'
    )

    room.platform.start()
    room.desk.show("lobby")
    until_shown(room.screen, "lobby", seconds=30)
    assert room.wrong == []


def test_a_full_store_is_no_reason_to_show_nothing(room: Room) -> None:
    room.screen.evaluate("() => navigator.serviceWorker.ready.then(() => true)")
    room.screen.wait_for_function("() => caches.match('/screen').then(Boolean)")
    devtools = room.screen.context.new_cdp_session(room.screen)
    devtools.send("Storage.overrideQuotaForOrigin", {"origin": room.platform.base, "quotaSize": 1})
    assert room.screen.evaluate("caches.open('x').then((c) => c.put('/x', new Response('x'.repeat(99)))).catch(String)")
    room.desk.show("agenda")

    answer = room.screen.reload()

    assert answer is not None
    assert answer.status == 200
    until_shown(room.screen, "agenda")
    devtools.send("Storage.overrideQuotaForOrigin", {"origin": room.platform.base})


def test_a_new_worker_drops_the_files_of_earlier_releases_and_keeps_its_own(room: Room) -> None:
    context = room.screen.context.browser.new_context(viewport={"width": 1920, "height": 1080})
    page = context.new_page()
    page.goto(f"{room.platform.base}/agenda")
    page.evaluate(
        "() => caches.open('hallside.screen').then((c) => c.put('/static/app.00000000.css', new Response('body {}')))"
    )

    page.goto(f"{room.platform.base}/screen/link#{room.platform.link('/screen/link', 'Hall A')}")
    page.wait_for_url("**/screen")
    page.wait_for_selector(".hall[data-fitted]")

    page.wait_for_function("() => caches.match('/static/app.00000000.css').then((kept) => !kept)", timeout=10_000)
    names = "caches.open('hallside.screen').then((c) => c.keys()).then((all) => all.map((k) => k.url))"
    for end in ("/screen", ".css", ".woff2"):
        page.wait_for_function(f"end => {names}.then((all) => all.some((name) => name.endsWith(end)))", arg=end)
    context.close()


def test_a_revoked_screen_shows_the_events_title_and_is_forgotten(room: Room) -> None:
    room.screen.wait_for_timeout(500)
    room.desk.do("revoke_screen", screen=1, seen_issue=1)

    room.screen.wait_for_url("**/screen?hall=1")
    shown = until_shown(room.screen, "title", seconds=10)

    assert "International Border Management Conference" in shown["text"]
    assert shown["languages"] == "en tr ar ru"
    assert room.screen.locator(".hint").is_hidden()
    assert room.screen.evaluate("() => caches.match('/screen').then(Boolean)") is False
    assert room.screen.evaluate("Object.keys(localStorage)") == []
    room.screen.mouse.move(300, 300)
    assert room.screen.locator(".hint").is_visible()
