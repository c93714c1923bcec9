"""Every scene of a hall passes axe: in each language, in all four together, and in every theme."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, sync_playwright

from live.render import Renderer
from models import boards, programme, stage
from models.command import Badge
from tests.browser.screen_hall import CHROMIUM
from tests.browser.test_phone_access import RULES
from tests.browser.test_screen_fit import HALL, LANGUAGES, TITLES, a_poll, a_scene, answer, renderer

pytestmark = pytest.mark.browser

__all__ = ["renderer"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM)
        yield browser
        browser.close()


def scenes(languages: tuple[str, ...]) -> Iterator[tuple[str, boards.Scene]]:
    """One of each kind. Black holds nothing that could be read."""
    for kind in ("title", "lobby"):
        yield kind, a_scene(kind, languages, 6.0)
    for state in ("ready", "open", "sealed", "withdrawn"):
        yield state, a_scene("poll", languages, 6.0, a_poll("p01", state))
    yield "results", a_scene("results", languages, 6.0, a_poll("p01", "revealed"))
    yield (
        "earlier",
        replace(a_scene("earlier", languages, 6.0, a_poll("p14", "revealed")), poll_day="2026-05-11", poll_hall=HALL),
    )
    row = programme.AgendaRow(7, "2026-05-12", "09:00", "10:00", HALL, TITLES, "parallel", "", "on", "K7M2", LANGUAGES)
    yield "agenda", replace(a_scene("agenda", languages, 6.0), agenda=(row, replace(row, id=8, state="planned")))
    for words in ("leave_building", "short_break"):
        scene = stage.Scene("announcement", words=words)
        yield words, replace(a_scene("announcement", languages, 6.0), scene=scene)
    yield "countdown", replace(a_scene("countdown", languages, 6.0), scene=stage.Scene("countdown", until=4e9))


@pytest.mark.parametrize("languages", [*((la,) for la in LANGUAGES), LANGUAGES], ids="-".join)
@pytest.mark.parametrize("theme", ["dark", "light", "black"])
def test_every_scene_passes_axe(browser: Browser, renderer: Renderer, languages: tuple[str, ...], theme: str) -> None:
    found: list[str] = []
    page = browser.new_page(viewport={"width": 1920, "height": 1080})
    for name, scene in scenes(languages):
        around = {"address": "hall.example:8000", "base": "http://hall.example:8000"}
        picture = renderer.fragment("screen/_scene.html", languages[0], board=scene, **around)
        html = renderer.fragment(
            "screen/page.html", languages[0], scene_html=picture, scene_is="1", monitor=False,
            hello={"view": "screen"}, screen_languages=languages, screen_theme=theme, server_now=1.0,
            badge=Badge(0, "screen", hall_id=1), event=scene.event,
        )  # fmt: skip
        page.unroute_all(behavior="ignoreErrors")
        page.route("**/*", lambda route, html=html: answer(route, html))
        page.goto("http://hall.test/")
        page.wait_for_selector(".hall[data-fitted]")
        found += [
            f"{name} {one['id']}: {node['html'][:120]}"
            for one in Axe().run(page, options=RULES).response["violations"]
            for node in one["nodes"]
        ]
    page.unroute_all(behavior="ignoreErrors")
    page.close()

    assert found == []
