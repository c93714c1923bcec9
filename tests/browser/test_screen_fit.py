"""What a hall must read is never too small and never cut off: the example's longest texts, on every shape of screen."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, sync_playwright

from live.assets import Assets
from live.render import TEMPLATES, Renderer
from models import boards, results, stage
from tests.browser.screen_hall import CHROMIUM, ROOT

pytestmark = pytest.mark.browser

LANGUAGES = ("en", "tr", "ar", "ru")
STATIC = TEMPLATES.parent / "static"
POLLS = {poll["key"]: poll for poll in json.loads((ROOT / "examples/ibmc-2023/polls.json").read_text())}
HALL = {"en": "Hall A", "tr": "Salon A", "ar": "القاعة A", "ru": "Зал A"}
TITLES = {
    "en": "Artificial intelligence in border management: technical, ethical and legal perspectives",
    "tr": "Sınır yönetiminde yapay zekâ: teknik, etik ve hukuki boyutlar",
    "ar": "الذكاء الاصطناعي في إدارة الحدود: أبعاد تقنية وأخلاقية وقانونية",
    "ru": "Искусственный интеллект в управлении границами: технические, этические и правовые аспекты",
}
SIZES = ((1024, 768), (1920, 1080), (2560, 1080), (3840, 2160))
PAGE = """<!doctype html><html lang="en" data-theme="dark" data-view="screen"><head><meta charset="utf-8">
<link rel="stylesheet" href="/static/tokens.css"><link rel="stylesheet" href="/static/screen.css"></head>
<body><div data-part="scene">%s</div></body></html>"""
FIT = """async () => {
  const { fit, show, duration } = await import("/static/screen_fit.js");
  await Promise.all([...document.fonts].map((font) => font.load()));
  const hall = document.querySelector(".hall");
  hall.style.setProperty("--k", Number(hall.dataset.mode) / 6);
  for (const at of hall.querySelectorAll("[data-until]")) at.textContent = "59:59";
  const u = Math.min(innerWidth / 1920, innerHeight / 1080);
  const main = hall.querySelector("main");
  return fit(hall).map((page) => {
    show(hall, page);
    const texts = [...main.querySelectorAll("[data-la]")].filter((text) => text.offsetParent);
    const far = "h1, .ballot, .bars .say, .status, .agenda, section";
    const big = texts.filter((text) => text.closest(far) && !text.closest(".again"));
    const box = hall.getBoundingClientRect();
    const seen = (selector) => [...hall.querySelectorAll(selector)].filter((each) => each.getClientRects().length);
    const where = seen(".where > *");
    return {
      las: page.las,
      some: seen("[data-some]").map((text) => text.innerText.replace(/[\u2066\u2069]/g, "")),
      items: page.items,
      dir: [...new Set([hall.dir, ...texts.map((text) => text.dir).filter(Boolean)])],
      sill: where.map((text) => text.dataset.la),
      cut: where.some((text) => text.offsetHeight > 125 * u || text.scrollWidth > text.clientWidth + 1),
      seats: seen(".hemi").length,
      bars: [...new Set(seen(".bar").map((bar) => Math.round(bar.getBoundingClientRect().height)))],
      gaps: seen(".bars [data-item]").map((row) => {
        const label = [...row.querySelectorAll(".say [data-la]")].filter((text) => text.offsetParent).at(-1);
        const range = document.createRange();
        range.selectNodeContents(label);
        const letters = Math.max(...[...range.getClientRects()].map((line) => line.bottom));
        return (row.querySelector(".bar").getBoundingClientRect().top - letters) / u;
      }),
      ends: [...new Set(seen(".bars .value").map((value) => {
        const edge = value.getBoundingClientRect();
        return Math.round(hall.dir === "rtl" ? edge.left : edge.right);
      }))],
      seconds: duration(hall, page) / 1000,
      over: main.scrollHeight - main.clientHeight,
      least: Math.min(...big.map((text) => parseFloat(getComputedStyle(text).fontSize))) / u,
      looks: [...new Set(texts.filter((text) => text.closest("h1")).map((text) => {
        const { fontSize, fontWeight, color } = getComputedStyle(text);
        return [fontSize, fontWeight, color].join();
      }))],
      outside: texts.filter((text) => {
        const range = document.createRange();
        range.selectNodeContents(text);
        const r = range.getBoundingClientRect();
        return r.left < box.left + 90 * u || r.right > box.right - 90 * u;
      }).map((text) => text.textContent),
    };
  });
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def renderer() -> Renderer:
    return Renderer(Assets(STATIC), "Europe/Istanbul")


def a_scene(kind: str, languages: tuple[str, ...], mode: float, poll: results.Board | None = None) -> boards.Scene:
    head = boards.Head(7, 1, HALL, TITLES, "on", "2026-05-12", "09:00", "10:00", "K7M2", "", LANGUAGES, mode)
    return boards.Scene(
        hall_id=1, hall=HALL, event=dict.fromkeys(LANGUAGES, "International Border Management Conference"), kind=kind,
        blank=False, version=9, session=head, scene=stage.Scene(kind=kind), poll=poll, poll_day="", poll_hall={},  # type: ignore[arg-type]
        agenda=(), languages=languages, mode=mode, capacity=320, indicative=True, spoken=LANGUAGES,
        shown_at=1_000_000.0,
    )  # fmt: skip


def a_poll(key: str, state: str, hands: int = 6) -> results.Board:
    asked = POLLS[key]
    votes = [60, 41, 28, 17, 9, 5][: len(asked["options"])]
    n = sum(votes)
    shares = results.percent(votes, n, exact=True)
    options = tuple(
        results.Option(
            i + 1, i + 1, chr(65 + i), option["key"], option["text"],
            results.Line(votes[i], shares[i], 100.0 * votes[i] / votes[0], i == 0, hands * (i == 1), 0)
            if state == "revealed" else None,
        )
        for i, option in enumerate(asked["options"])
    )  # fmt: skip
    return results.Board(
        id=12, session_id=7, kind=asked["kind"], template="choice", state=state, version=3, round=1, place=1,
        ballot="confidential", results="on_release", electorate="present", min=1, max=asked["settings"]["max"] or 1,
        timer_s=0, wording=1, texts=asked["text"], options=options, voted=n, electors=212, opened_at=1.0,
        closes_at=9e9 if state == "open" else None, closed_at=1000.0, sealed_at=None, revealed_at=None, looked=False,
        override="", withdrawn_n=0, shown=state == "revealed", live=False, too_few=False, dots=False, axis=50, n=n,
        drafts=(), languages=LANGUAGES,
    )  # fmt: skip


def pages_of(browser: Browser, renderer: Renderer, scene: boards.Scene, size: tuple[int, int]) -> list[dict[str, Any]]:
    """The pages a screen of this size would show, measured."""
    html = renderer.fragment(
        "screen/_scene.html",
        scene.languages[0],
        board=scene,
        address="hall.example:8000",
        base="http://hall.example:8000",
    )
    page = browser.new_page(viewport={"width": size[0], "height": size[1]})
    page.route("**/*", lambda route: answer(route, html))
    page.goto("http://hall.test/")
    found: list[dict[str, Any]] = page.evaluate(FIT)
    close(page)
    return found


def answer(route: Route, html: str) -> None:
    path = route.request.url.partition("hall.test")[2]
    if path == "/":
        route.fulfill(body=PAGE % html, content_type="text/html")
    elif path.startswith("/static/"):
        route.fulfill(path=STATIC / Path(path).relative_to("/static"))
    else:
        route.fulfill(status=404)


def close(page: Page) -> None:
    page.unroute_all(behavior="ignoreErrors")
    page.close()


@pytest.mark.parametrize("languages", [LANGUAGES, ("ar", "en"), ("en", "tr", "ru"), ("ru",)], ids="-".join)
@pytest.mark.parametrize("key", ["p01", "p04", "p05", "p14"])
@pytest.mark.parametrize("mode", [6.0, 8.0])
def test_the_longest_polls_are_whole_and_large_enough(
    browser: Browser, renderer: Renderer, key: str, languages: tuple[str, ...], mode: float
) -> None:
    for state in ("open", "sealed", "revealed"):
        kind = "results" if state == "revealed" else "poll"
        pages = pages_of(browser, renderer, a_scene(kind, languages, mode, a_poll(key, state)), (1920, 1080))

        whole(pages, languages, mode)


@pytest.mark.parametrize("size", SIZES, ids="{0[0]}x{0[1]}".format)
@pytest.mark.parametrize("kind", ["title", "lobby", "poll", "results"])
def test_every_shape_of_screen_shows_the_same(
    browser: Browser, renderer: Renderer, kind: str, size: tuple[int, int]
) -> None:
    poll = a_poll("p01", "open" if kind == "poll" else "revealed") if kind in ("poll", "results") else None

    pages = pages_of(browser, renderer, a_scene(kind, LANGUAGES, 6.0, poll), size)

    whole(pages, LANGUAGES, 6.0)


@pytest.mark.parametrize(("kind", "state"), [("poll", "open"), ("poll", "sealed"), ("results", "revealed")])
def test_a_page_of_one_language_has_its_direction_and_its_sill(
    browser: Browser, renderer: Renderer, kind: str, state: str
) -> None:
    pages = pages_of(browser, renderer, a_scene(kind, LANGUAGES, 8.0, a_poll("p01", state)), (1920, 1080))

    assert {page["las"][0]: page["dir"] for page in pages if len(page["las"]) == 1} == {
        la: ["rtl" if la == "ar" else "ltr"] for la in LANGUAGES
    }
    for page in pages:
        assert page["sill"] == page["las"]
        assert not page["cut"]


@pytest.mark.parametrize(
    ("mode", "key", "most"),
    [(6.0, "p01", 4), (8.0, "p01", 8), (8.0, "p14", 8), (8.0, "p05", 13), (8.0, "p15", 4), (8.75, "p15", 5)],
)
def test_a_result_takes_few_pages_with_even_bars_and_one_column_of_figures(
    browser: Browser, renderer: Renderer, mode: float, key: str, most: int
) -> None:
    poll = a_poll(key, "revealed", hands=0)

    pages = pages_of(browser, renderer, a_scene("results", LANGUAGES, mode, poll), (1920, 1080))

    assert len(pages) <= most
    for page in pages:
        assert len(page["bars"]) == 1
        assert len(page["ends"]) == 1
        assert min(page["gaps"]) >= -12  # a line's own box ends so far below its lowest letter


@pytest.mark.parametrize("kind", ["poll", "results"])
@pytest.mark.parametrize("mode", [7.5, 17.5 / 2.2, 8.0])
def test_four_short_options_stand_on_one_page_a_language_in_every_hall_of_the_example(
    browser: Browser, renderer: Renderer, mode: float, kind: str
) -> None:
    poll = a_poll("p15", "open" if kind == "poll" else "revealed", hands=0)

    pages = pages_of(browser, renderer, a_scene(kind, LANGUAGES, mode, poll), (1280, 720))

    assert [page["las"] for page in pages] == [[la] for la in LANGUAGES]
    whole(pages, LANGUAGES, mode)


def test_options_that_take_turns_are_dealt_evenly_and_say_which_they_are(browser: Browser, renderer: Renderer) -> None:
    scene = a_scene("results", ("en",), 10.0, a_poll("p15", "revealed", hands=0))

    pages = pages_of(browser, renderer, scene, (1280, 720))

    assert [page["some"] for page in pages if page["items"]] == [["1–2 of 4"], ["3–4 of 4"]]


@pytest.mark.parametrize("languages", [LANGUAGES, ("en",), ("ar", "en")], ids="-".join)
@pytest.mark.parametrize("mode", [4.0, 6.0, 8.0, 12.0])
@pytest.mark.parametrize("state", ["ready", "open", "sealed"])
def test_a_poll_always_shows_the_hemicycle(
    browser: Browser, renderer: Renderer, languages: tuple[str, ...], mode: float, state: str
) -> None:
    for key in ("p01", "p14"):
        for page in pages_of(browser, renderer, a_scene("poll", languages, mode, a_poll(key, state)), (1920, 1080)):
            assert page["seats"] == 1


@pytest.mark.parametrize("mode", [4.0, 8.0])
def test_a_poll_of_a_few_people_has_its_sentence_alone(browser: Browser, renderer: Renderer, mode: float) -> None:
    poll = replace(a_poll("p15", "open"), electors=2, voted=1)

    for page in pages_of(browser, renderer, a_scene("poll", LANGUAGES, mode, poll), (1280, 720)):
        assert page["seats"] == 0
        assert page["over"] <= 1


@pytest.mark.parametrize("mode", [4.0, 6.0, 8.0, 10.0, 12.0])
@pytest.mark.parametrize("size", SIZES, ids="{0[0]}x{0[1]}".format)
def test_leaving_the_building_never_takes_turns(
    browser: Browser, renderer: Renderer, mode: float, size: tuple[int, int]
) -> None:
    scene = replace(a_scene("announcement", ("en",), mode), scene=stage.Scene("announcement", words="leave_building"))

    (page,) = pages_of(browser, renderer, scene, size)

    assert page["las"] == list(LANGUAGES)
    assert page["over"] <= 1
    assert page["outside"] == []
    assert len(page["looks"]) == 1
    assert page["least"] >= (63 * min(mode, 8) / 6 if mode <= 8 else 63)


def test_four_short_languages_stand_together_and_two_beside_each_other(browser: Browser, renderer: Renderer) -> None:
    withdrawn = a_poll("p01", "withdrawn")
    for languages in (LANGUAGES, ("en", "ar"), ("en", "tr")):
        pages = pages_of(browser, renderer, a_scene("poll", languages, 6.0, withdrawn), (1920, 1080))

        assert [page["las"] for page in pages] == [list(languages)]


def whole(pages: list[dict[str, Any]], languages: tuple[str, ...], mode: float) -> None:
    """Nothing cut off or below the floor; languages alike, each with its time, two never beside one."""
    shown = [la for page in pages for la in page["las"]]
    assert list(dict.fromkeys(shown)) == list(languages)
    assert len({len(page["las"]) for page in pages}) == 1
    for page in pages:
        assert page["over"] <= 1
        assert page["outside"] == []
        assert page["least"] >= 63 * mode / 6 - 0.5
        assert len(page["looks"]) <= 1
        assert page["seconds"] >= 8
