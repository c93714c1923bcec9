"""An organiser sets a conference up on an empty folder, by pages alone, until a moderator opens a poll in it."""

from __future__ import annotations

import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Browser, Page, expect, sync_playwright

from live.badges import Badges
from tests.browser.phone_room import LANGUAGES
from tests.browser.screen_hall import CHROMIUM, PATIENT, ROOT
from tests.browser.test_desk_story import AXE
from tests.models.test_office import png

pytestmark = pytest.mark.browser

EXAMPLE = ROOT / "examples" / "ibmc-2023"
LISTS = [str(EXAMPLE / name) for name in ("delegations.csv", "programme.csv", "people.csv", "polls.json")]
PUBLIC = "http://conference.example"
PAGES = (
    "/office", "/office/halls?show=1", "/office/delegations", "/office/languages", "/office/look", "/office/event",
    "/office/import",
)  # fmt: skip


@dataclass
class Begun:
    """A platform that began empty, and its first organiser's page."""

    folder: Path
    base: str
    browser: Browser
    page: Page

    def signed_in(self, link: str, path: str, language: str = "en") -> Page:
        context = self.browser.new_context(base_url=self.base, viewport={"width": 1440, "height": 900})
        answer = context.request.post("/badge", form={"link": link}, headers={"origin": self.base}, max_redirects=0)
        assert answer.status == 303, answer.text()
        context.request.post("/do/set_language", form={"language": language}, headers={"origin": self.base})
        page = context.new_page()
        page.goto(path)
        return page


def hallside(*words: str, entry: str = "main") -> list[str]:
    return [sys.executable, "-c", f"import sys; from live.cli import {entry}; sys.exit({entry}(sys.argv[1:]))", *words]


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Begun]:
    folder: Path = tmp_path_factory.mktemp("empty")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    made = subprocess.run(
        hallside("organiser", "Ada Börü", f"--data={folder}"), cwd=ROOT, capture_output=True, text=True, check=True
    )  # fmt: skip
    link = made.stdout.strip().rpartition("#")[2]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            hallside("--empty", f"--port={port}", "--host=127.0.0.1", f"--data={folder}", entry="run"), cwd=ROOT,
            env=os.environ | PATIENT | {"HALLSIDE_ADDRESS": PUBLIC}, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
    base = f"http://127.0.0.1:{port}"
    try:
        ready(base, process)
        with sync_playwright() as play:
            browser = play.chromium.launch(executable_path=CHROMIUM)
            started = Begun(folder, base, browser, None)  # type: ignore[arg-type]
            started.page = started.signed_in(link, "/office")
            yield started
            browser.close()
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def ready(base: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        try:
            with urllib.request.urlopen(f"{base}/readyz", timeout=5):
                return
        except OSError:
            assert process.poll() is None
            time.sleep(0.1)
    raise AssertionError("not ready")


def open_items(page: Page) -> list[str]:
    """What the checklist still asks for."""
    return [str(each.get_attribute("data-item")) for each in page.locator(".chk li:has(.ring.attn)").all()]


def test_a_conference_is_set_up_by_pages_alone(begun: Begun) -> None:
    page = begun.page
    expect(page.get_by_role("heading", name="Begin here")).to_be_visible()
    assert open_items(page) == ["event", "agenda", "people"]

    page.get_by_role("link", name="Name the event, its time zone and its languages.").click()
    page.fill("[name='names.en']", "Border Days")
    page.fill("[name='names.ar']", "أيام الحدود")
    page.fill("[name=zone]", "Mars/Olympus")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".said")).to_contain_text("There is no such time zone.")
    page.fill("[name='names.en']", "Border Days")
    page.fill("[name='names.ar']", "أيام الحدود")
    page.fill("[name=zone]", "Europe/Istanbul")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".said")).to_have_text("Event saved")
    expect(page.locator(".bar .who bdi")).to_have_text("Border Days")

    by_hand(page)
    imported(page)
    opened(begun)
    finished(begun)


def by_hand(page: Page) -> None:
    """Halls come by hand; that of one session is in the lists by the same key."""
    for name, languages in (("Foyer", 4), ("Hall A", 4), ("Hall B", 3), ("Hall C", 3)):
        page.goto("/office/halls")
        form = page.locator("#add form")
        if not form.is_visible():
            page.locator("#add > summary").click()
        form.locator("[name='names.en']").fill(name)
        form.locator("[name=capacity]").fill("120")
        form.locator("[name=screen_height_m]").fill("2.2")
        form.locator("[name=farthest_seat_m]").fill("17.5")
        for n, code in enumerate(("en", "tr", "ar", "ru") if languages == 4 else ("en", "tr", "ru"), 0):
            form.locator(f"[name='languages.{n}']").select_option(code)
        if languages == 3:
            form.locator("[name='languages.3']").select_option("")
        form.get_by_role("button", name="Add hall").click()
        expect(page.locator(".said")).to_have_text("Hall saved")
    expect(page.locator(".hall")).to_have_count(4)
    expect(page.locator("#hall-2 .fit")).to_contain_text("readable to 17.5 m")


def imported(page: Page) -> None:
    """A wrong list says its problems by row; the right ones are looked at, decided and imported."""
    wrong = (EXAMPLE / "people.csv").read_text("utf-8").replace(",organiser,", ",king,", 1)
    page.goto("/office/import")
    page.set_input_files("[name=files]", {"name": "people.csv", "mimeType": "text/csv", "buffer": wrong.encode()})
    page.get_by_role("button", name="Look at them").click()
    expect(page.locator(".findings li").first).to_contain_text("people.csv, row 2")
    expect(page.locator(".findings li").first).to_contain_text("role must be one of")
    expect(page.get_by_role("button", name="Import", exact=True)).to_have_count(0)

    page.goto("/office/import")
    page.set_input_files("[name=files]", LISTS)
    page.get_by_role("button", name="Look at them").click()
    page.get_by_label("One person: keep only 1114").check()
    page.get_by_role("button", name="Read again with these decisions").click()
    expect(page.get_by_text("1203 is the same person as 1114; only 1114 is taken")).to_be_visible()
    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.locator(".said")).to_have_text("Lists imported")
    expect(page.locator(".tl .ses")).not_to_have_count(0)
    assert {"drafts", "screen"} <= set(open_items(page))
    expect(page.locator(".ses.warn .lack").first).to_contain_text("not approved: English, Turkish")


def opened(begun: Begun) -> None:
    """Every screen's link is opened where it belongs."""
    page = begun.page
    for _ in range(4):
        page.goto("/office")
        waiting = page.locator(".chk li[data-item=screen] a").first
        if not waiting.count():
            break
        waiting.click()
        link = page.locator(".link[open] [data-copy]").input_value()
        assert link.startswith(f"{PUBLIC}/screen/link#")
        screen = begun.browser.new_context(base_url=begun.base).new_page()
        screen.goto(f"/screen/link{link[link.index('#') :]}")
        screen.wait_for_url("**/screen")
        screen.context.close()
    page.goto("/office")
    assert "screen" not in open_items(page)


def finished(begun: Begun) -> None:
    """What is left is written and approved until nothing is asked for, and a moderator opens a poll."""
    page = begun.page
    page.goto("/office/languages")
    page.get_by_role("button", name=re.compile("^Approve ")).first.click()
    expect(page.locator(".said")).to_have_text("Text approved")
    for form in page.locator("form[action$=approve_text]").all():  # the same press, without the page in between
        fields = {name: form.locator(f"[name={name}]").input_value() for name in ("poll", "language")}
        page.request.post("/do/approve_text", form=fields, headers={"origin": begun.base})
    for _ in range(60):
        page.goto("/office")
        left = [each for each in open_items(page) if each in ("missing", "moderators", "voters")]
        if not left:
            break
        settle(page, left[0])
    page.goto("/office")
    assert open_items(page) == []
    expect(page.locator(".chk .ring.attn")).to_have_count(0)

    with_poll = next(
        card for card in page.locator(".ses", has_text="poll").all() if "Break" not in card.inner_text()
    )  # fmt: skip
    with_poll.click()
    session = int(page.url.rpartition("/")[2])
    vote(begun, session)


def settle(page: Page, what: str) -> None:
    page.locator(f".chk li[data-item={what}] a").click()
    if what == "missing":
        page.get_by_role("link", name=re.compile("^Write")).first.click()
        for field in page.locator("textarea[data-needed]:visible").all():
            if not field.input_value():
                field.fill("Text")
        page.get_by_role("button", name="Save as draft").click()
        page.goto("/office/languages")
        while page.get_by_role("button", name=re.compile("^Approve ")).count():
            page.get_by_role("button", name=re.compile("^Approve ")).first.click()
            page.wait_for_load_state()
    elif what == "moderators":
        page.locator(".hand [name=person]").select_option(index=1)
        page.locator(".hand button").click()
    else:
        for form in page.locator("form.voters:has(.lack)").all():
            voter = form.locator("[name=voter] option").nth(1)
            if voter.count():
                fields = {
                    "delegation": form.locator("[name=delegation]").input_value(),
                    "voter": voter.get_attribute("value") or "",
                }
                page.request.post("/do/name_voter", form=fields, headers={"origin": page.url.rpartition("/office")[0]})
            else:  # nobody came for it: it has no vote today
                page.goto("/office/delegations")


def vote(begun: Begun, session: int) -> None:
    """The session's own moderator starts it and opens its first poll."""
    with sqlite3.connect(begun.folder / "hallside.sqlite") as db:
        person = db.execute("SELECT person_id FROM sessionstaff WHERE session_id = ?", (session,)).fetchone()[0]
        voter = db.execute("SELECT id FROM person WHERE role = 'participant' ORDER BY id LIMIT 1").fetchone()[0]
    db.close()
    badges = Badges.open(begun.folder)
    desk = begun.signed_in(badges.link_secret(person, 1), f"/desk/{session}")
    desk.get_by_role("button", name="Start session").click()
    guest = begun.signed_in(badges.link_secret(voter, 1), "/agenda")
    guest.request.post("/do/check_in", form={"session": str(session)}, headers={"origin": begun.base})
    desk.reload()
    desk.get_by_role("button", name="Open voting").locator("visible=true").first.click()
    expect(desk.locator("[data-on] .is .word")).to_have_text("Voting is open")


def test_the_grid_of_four_halls_fits_a_small_laptop(begun: Begun) -> None:
    page = begun.page
    page.set_viewport_size({"width": 1280, "height": 800})
    page.goto("/office")

    assert page.locator(".tl thead th").count() == 4
    assert page.locator(".tl").evaluate("grid => grid.scrollWidth - grid.clientWidth") == 0
    page.set_viewport_size({"width": 1440, "height": 900})


def checked(page: Page, theme: str) -> list[str]:
    """What axe finds, and what runs over the edge."""
    found = [
        f"{rule['id']}: {rule['nodes'][0]['html'][:160]}"
        for rule in Axe().run(page, options=AXE).response["violations"]
    ]
    if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
        found.append("it runs over the edge")
    return [f"{page.url} {theme}: {each}" for each in found]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_passes_axe_and_fits_a_phone(begun: Begun, language: str) -> None:
    """After the story, so that there is something on them."""
    page = begun.page
    page.request.post("/do/set_language", form={"language": language}, headers={"origin": begun.base})
    wrong: list[str] = []
    for n, path in enumerate((*PAGES, "/office/session/2")):
        page.set_viewport_size({"width": 360 if n % 2 else 1440, "height": 800})
        page.emulate_media(color_scheme="dark" if n % 3 else "light")
        page.goto(path)
        page.evaluate(
            """() => {  // three of many delegations tell as much, ten times as fast
              const many = document.querySelectorAll(".delegations > li:nth-child(n+4)");
              many.forEach((row) => row.remove());
              [...document.querySelectorAll("details")].slice(0, 6).forEach((fold) => (fold.open = true));
            }"""
        )
        wrong += checked(page, language)
        page.set_viewport_size({"width": 360, "height": 740})
        if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
            wrong.append(f"{path} {language} runs over the edge at 360")
    page.set_viewport_size({"width": 1440, "height": 900})

    assert wrong == []


def test_a_colour_and_a_logo_are_seen_in_the_hall_and_at_the_door(begun: Begun) -> None:
    page = begun.page
    page.request.post("/do/set_language", form={"language": "en"}, headers={"origin": begun.base})
    page.goto("/office/look")
    page.fill("[name=accent]", "#ffcc00")
    page.get_by_role("button", name="Look at it").click()
    expect(page.get_by_text(re.compile("#ffcc00.? cannot be read on light pages."))).to_be_visible()
    page.get_by_role("button", name=re.compile("^Use .?#")).click()
    expect(page.locator(".said")).to_contain_text("Look saved")
    page.set_input_files("[name=logo]", {"name": "logo.png", "mimeType": "image/png", "buffer": png(40, 20)})
    page.get_by_role("button", name="Upload").click()
    expect(page.locator(".said")).to_contain_text("Look saved")

    guest = begun.browser.new_context(base_url=begun.base).new_page()
    guest.goto("/")
    expect(guest.locator(".logo img")).to_be_visible()
    colours = guest.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--act').trim()")
    assert colours.startswith("#")
    assert colours != "#0B5F6B"
    guest.context.close()
