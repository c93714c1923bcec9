"""A session that goes on after midnight: clocks show 05:59, and what is left counts on."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from tests.browser.screen_hall import CHROMIUM, Platform, until_shown
from tests.browser.test_first_hour import Visitor

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def visitor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visitor]:
    """The session in Hall A began a minute after midnight and ends at 05:59 of tomorrow."""
    folder: Path = tmp_path_factory.mktemp("late")
    with Platform(folder) as platform, sync_playwright() as play:
        platform.stop()
        raw = sqlite3.connect(folder / "hallside.sqlite")
        raw.execute("UPDATE session SET start = '00:01', \"end\" = '29:59' WHERE state = 'on' AND hall_id = 1")
        raw.commit()
        raw.close()
        platform.start()
        browser = play.chromium.launch(executable_path=CHROMIUM)
        yield Visitor(platform, browser)
        browser.close()


def desk_of(visitor: Visitor, width: int) -> Page:
    desk = visitor.opens("/b", "moderator", width, 900)
    desk.get_by_role("button", name="Come in", exact=True).click()
    desk.wait_for_url(re.compile(r"/desk/\d+$"))
    return desk


def test_the_desk_shows_the_end_of_the_night_and_counts_until_then(visitor: Visitor) -> None:
    desk = desk_of(visitor, 1440)

    expect(desk.locator(".head .where")).to_contain_text("00:01–05:59")
    expect(desk.locator("#left")).to_contain_text("left")
    hours, minutes = map(int, re.findall(r"\d+", desk.locator("#left").inner_text()))
    at = desk.locator("#clock").inner_text().split(":")
    ends = (60 * int(at[0]) + int(at[1]) + 60 * hours + minutes) % 1440
    assert abs(ends - (5 * 60 + 59)) <= 1


def test_what_is_left_counts_on_over_midnight_and_then_says_how_long_it_is_over(visitor: Visitor) -> None:
    """The page is told that the session was yesterday's."""
    desk = desk_of(visitor, 1440)
    expect(desk.locator("#left")).to_contain_text("left")

    at = desk.locator("#clock").inner_text()
    told = {}
    for shift, end in ((-1, 24 * 60 + 30), (-1, 24 * 60 - 30), (-2, 29 * 60 + 59)):
        told[shift, end] = desk.evaluate(
            """([shift, end]) => new Promise((done) => {
              const place = document.querySelector("[data-end]").dataset;
              place.was ??= place.day;
              const day = new Date(Date.parse(place.was) + shift * 864e5);
              place.day = day.toISOString().slice(0, 10);
              const two = (n) => String(n).padStart(2, "0");
              place.end = `${two(Math.floor(end / 60))}:${two(end % 60)}`;
              setTimeout(() => done(document.querySelector("#left").textContent), 2500);
            })""",
            [shift, end],
        )

    minutes = 60 * int(at[:2]) + int(at[3:5])
    late = told[-1, 24 * 60 + 30]
    assert ("left" in late) is (minutes <= 30)
    assert late != ""
    assert told[-1, 24 * 60 - 30] == told[-2, 29 * 60 + 59] == ""


def test_the_hall_screen_shows_the_end_as_a_clock_does(visitor: Visitor) -> None:
    screen = visitor.opens("/screen/link", "Hall A", 1280, 720)
    until_shown(screen, "title")

    expect(screen.locator("main").last).to_contain_text("00:01–05:59")
    expect(screen.locator("main").last).not_to_contain_text("29:59")
