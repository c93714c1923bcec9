"""The agenda of a phone: what is on stands first, what is over is folded, and no clock starts a session."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine

from live import languages
from live.assets import Assets
from live.render import TEMPLATES, Renderer
from models.programme import Agenda, AgendaRow

ZONE = "Europe/Istanbul"


@pytest.fixture
def renderer() -> Renderer:
    return Renderer(Assets(TEMPLATES.parent / "static"), ZONE)


def row(id_: int, begins: timedelta, state: str, kind: str = "parallel") -> AgendaRow:
    """A session of one hour that begins so long from now."""
    start = datetime.now(ZoneInfo(ZONE)) + begins
    end = max(start + timedelta(hours=1), start)
    return AgendaRow(
        id_, f"{start:%Y-%m-%d}", f"{start:%H:%M}", f"{end:%H:%M}" if end.date() == start.date() else "23:59",
        {"en": "Hall A"}, {"en": f"Session {id_}"}, kind, "", state, "A2B2", ("en",),
    )  # fmt: skip


def page(renderer: Renderer, *rows: AgendaRow, language: str = "en") -> str:
    days = tuple(dict.fromkeys(each.day for each in rows))
    return renderer.fragment("phone/_agenda.html", language, board=Agenda({"en": "Event"}, ZONE, days, rows))


def test_what_is_on_comes_first_then_what_comes_and_what_is_over_is_folded(renderer: Renderer) -> None:
    day = timedelta(days=1)
    html = page(
        renderer, row(1, -2 * day, "ended"), row(2, -2 * day, "planned"), row(3, -day, "planned", "break"),
        row(4, -day, "on"), row(5, day, "planned"), row(6, day, "cancelled"),
    )  # fmt: skip

    assert re.findall(r'data-session="(\d)"', html) == ["4", "5", "6", "1", "2", "3"]
    folded = html[html.index("<details") :]
    assert re.findall(r'data-session="(\d)"', folded) == ["1", "2", "3"]
    assert html.count("<ol") == html.count("</ol>") == 3


def test_a_session_whose_time_has_come_is_planned_until_somebody_starts_it(renderer: Renderer) -> None:
    late = row(1, -timedelta(days=1), "planned")
    html = page(renderer, late, row(2, timedelta(days=1), "planned"))

    assert f"Planned for {late.start}, not started." in html
    assert html.count("not started") == 1
    assert "Starts at" not in html
    assert "Nothing is on now." in html


def test_an_arabic_day_has_an_arabic_comma() -> None:
    assert languages.day("2026-11-24", "ar") == "الثلاثاء، 24 نوفمبر"
    assert languages.day("2026-11-24", "tr") == "24 Kasım Salı"
    assert languages.day("2026-11-24", "en") == "Tuesday, 24 November"


def test_a_session_that_ends_after_midnight_is_not_over_before_it_is(renderer: Renderer) -> None:
    rows = [
        AgendaRow(
            n, "2026-12-06", "22:00", end, {"en": "A"}, {"en": "Night"}, "parallel", "", "planned", "A2B2", ("en",)
        )
        for n, end in ((1, "24:30"), (2, "24:10"), (3, "23:59"))
    ]

    with time_machine.travel(datetime(2026, 12, 7, 0, 20, tzinfo=ZoneInfo(ZONE)), tick=False):
        html = page(renderer, *rows)

    folded = html[html.index("<details") :]
    assert re.findall(r'data-session="(\d)"', html) == ["1", "2", "3"]
    assert re.findall(r'data-session="(\d)"', folded) == ["2", "3"]
    assert [languages.of_day(each.end) for each in rows] == ["00:30", "00:10", "23:59"]
