"""Every scene of a hall passes axe: in each language, in all four together, and in every theme."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Route, sync_playwright

from live.assets import TYPES
from live.render import Renderer
from models import boards, programme, stage
from models.command import Badge
from tests.browser.screen_hall import CHROMIUM
from tests.browser.test_phone_access import RULES
from tests.browser.test_screen_fit import HALL, LANGUAGES, TITLES, a_poll, a_scene, renderer

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


def answered(renderer: Renderer, route: Route, html: str) -> None:
    path = route.request.url.partition("hall.test/")[2]
    name = re.sub(r"\.[0-9a-f]{8}(\.\w+)$", r"\1", path.removeprefix("static/"))
    if not path:
        route.fulfill(body=html, content_type="text/html")
    elif path.startswith("static/"):
        route.fulfill(body=renderer.assets.body(name), content_type=TYPES[Path(name).suffix])
    else:
        route.fulfill(status=404)


@pytest.mark.parametrize(
    ("languages", "theme"),
    [*(((la,), theme) for la in LANGUAGES for theme in ("dark", "light")), (LANGUAGES, "black")],
    ids=lambda value: value if isinstance(value, str) else "-".join(value),
)
def test_every_scene_passes_axe(browser: Browser, renderer: Renderer, languages: tuple[str, ...], theme: str) -> None:
    found: list[str] = []
    on = [""]
    page = browser.new_page(viewport={"width": 1920, "height": 1080})
    page.route("**/*", lambda route: answered(renderer, route, on[0]))
    for name, scene in scenes(languages):
        around = {"address": "hall.example:8000", "base": "http://hall.example:8000"}
        picture = renderer.fragment("screen/_scene.html", languages[0], board=scene, **around)
        html = renderer.fragment(
            "screen/page.html", languages[0], scene_html=picture, scene_is="1", monitor=False,
            hello={"view": "screen"}, screen_languages=languages, screen_theme=theme, server_now=1.0,
            badge=Badge(0, "screen", hall_id=1), event=scene.event,
        )  # fmt: skip
        on[:] = [html]
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
