"""Phones in Chromium before a platform of its own: signed in by their badges, seated in a session that is on."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from live.badges import Badges
from tests.browser.screen_hall import CHROMIUM, Desk, Platform

LANGUAGES = ("en", "tr", "ar", "ru")


@dataclass
class Room:
    """A session with a desk, and as many phones as a story needs: each is another participant."""

    platform: Platform
    browser: Browser
    desk: Desk
    wrong: list[str] = field(default_factory=list)
    """What the browsers complained of."""
    taken: int = 0

    def ask(self, sql: str, *args: Any) -> list[Any]:
        with sqlite3.connect(self.platform.folder / "hallside.sqlite") as db:
            rows = db.execute(sql, args).fetchall()
        db.close()
        return rows

    @property
    def session(self) -> int:
        return int(self.ask("SELECT id FROM session WHERE state = 'on' AND hall_id = 1")[0][0])

    def phone(self, *, seated: bool = True, **options: Any) -> Phone:
        """The next participant's phone, on the page Now."""
        people = self.ask(
            "SELECT id, issue FROM person WHERE role = 'participant' AND NOT revoked ORDER BY id LIMIT 1 OFFSET ?",
            self.taken,
        )
        self.taken += 1
        badges = Badges.open(self.platform.folder)
        context = self.browser.new_context(
            base_url=self.platform.base, **{"viewport": {"width": 390, "height": 844}} | options
        )
        phone = Phone(self, context, context.new_page(), *people[0])
        phone.page.on("pageerror", lambda error: self.wrong.append(f"{error} {error.stack}"))
        answer = context.request.post(
            "/badge", form={"link": badges.link_secret(*people[0])},
            headers={"origin": self.platform.base, "accept": "application/json"},
        )  # fmt: skip
        assert answer.ok, answer.text()
        context.request.post(
            "/do/set_language",
            data={"language": "en"},
            headers={"origin": self.platform.base, "accept": "application/json"},
        )
        if seated:
            phone.post("check_in", session=self.session)
            phone.page.goto("/")
        return phone

    def poll(self, *, options: int = 3, kind: str = "single", open_: bool = True, **policy: Any) -> int:
        """A poll in four languages, open unless told otherwise. Its id."""
        self.nothing_open()
        texts = [{la: f"Question {la}?" for la in LANGUAGES}]
        if kind != "yes_no_abstain":
            texts += [{la: f"Option {n} {la}" for la in LANGUAGES} for n in range(1, options + 1)]
        told = self.desk.do("write_poll", session=self.session, kind=kind, texts=texts, **policy)
        poll = int(told["facts"]["poll"])
        for language in LANGUAGES:
            self.desk.do("approve_text", poll=poll, language=language)
        self.desk.do("make_ready", poll=poll)
        if open_:
            self.desk.do("open_poll", poll=poll)
        return poll

    def nothing_open(self) -> None:
        """Withdraw what an earlier story left open."""
        for (left,) in self.ask("SELECT id FROM poll WHERE session_id = ? AND state = 'open'", self.session):
            self.desk.do("withdraw", poll=left)

    def seal(self, poll: int) -> None:
        """End voting, and wait for the seal."""
        self.desk.do("end_voting", poll=poll)
        self.until(poll, "sealed")

    def until(self, poll: int, state: str, seconds: float = 12) -> None:
        deadline = time.monotonic() + seconds
        while self.ask("SELECT state FROM poll WHERE id = ?", poll) != [(state,)]:
            assert time.monotonic() < deadline, self.ask("SELECT state FROM poll WHERE id = ?", poll)
            time.sleep(0.05)

    def ballots(self, poll: int) -> list[int]:
        """How often each option was chosen, in the order of options."""
        return [
            n
            for (n,) in self.ask(
                "SELECT (SELECT count(*) FROM mark WHERE mark.item_id = item.id AND mark.poll_id = item.poll_id)"
                " FROM item WHERE poll_id = ? ORDER BY n",
                poll,
            )
        ]


@dataclass
class Phone:
    """One participant's browser."""

    room: Room
    context: BrowserContext
    page: Page
    person: int
    issue: int

    def told(self, path: str, **what: Any) -> None:
        """Post something that must be done."""
        headers = {"origin": self.room.platform.base, "accept": "application/json"}
        answer = self.context.request.post(path, headers=headers, **what)
        assert answer.ok, answer.text()

    def post(self, command: str, **fields: Any) -> None:
        self.told(f"/do/{command}", data=fields)

    def choose(self, *options: int) -> None:
        """Tap options, counted from 1."""
        for option in options:
            self.page.locator("label.row").nth(option - 1).click()

    def send(self) -> None:
        self.page.locator("form[data-poll] .act .btn").click()

    def is_(self, state: str, seconds: float = 5) -> None:
        """Wait until the page says so of my vote."""
        expect(self.page.locator("[data-poll]")).to_have_attribute("data-my", state, timeout=1000 * seconds)

    def until_poll(self, poll: int, seconds: float = 8) -> None:
        expect(self.page.locator(f"[data-poll='{poll}']")).to_be_visible(timeout=1000 * seconds)

    def close(self) -> None:
        self.context.close()


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    folder: Path = tmp_path_factory.mktemp("platform")
    with Platform(folder) as platform, sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM)
        yield Room(platform, browser, Desk(play, platform))
        browser.close()
