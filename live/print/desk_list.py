"""The list for the registration desk: everybody by family name with a box to tick. No secret is on it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from live.languages import day, direction
from live.print import Printed, words
from live.print.paper import GREY, Fitted, Paper, printable
from models.cards import Card, Look
from models.programme import pick

WIDTH, HEIGHT = 210.0, 297.0
MARGIN, TOP, BOTTOM = 12.0, 14.0, 14.0
ROW, HEAD = 9.0, 7.0
COLUMNS = (("arrived", 11.0), ("name", 55.0), ("native", 40.0), ("delegation", 42.0), ("role", 24.0), ("number", 14.0))
SIZE, SMALLEST = 9.5, 5.0


def draw(look: Look, people: Sequence[Card], now: float, language: str) -> Printed:
    """A4 pages, mirrored where *language* is written from the right."""
    moment = datetime.fromtimestamp(now, ZoneInfo(look.zone))
    printed = words.say(words.PRINTED, language, when=f"{day(str(moment.date()), language)} {moment:%H:%M}")
    rows = int((HEIGHT - TOP - BOTTOM - 18 - HEAD) // ROW)
    pages = [people[start : start + rows] for start in range(0, len(people), rows)] or [()]
    mirrored = direction(language) == "rtl"
    gaps: list[str] = []
    simplified: dict[str, None] = {}

    with Paper(WIDTH, HEIGHT, title=pick(look.names, language)) as paper:
        for number, page in enumerate(pages, 1):
            paper.add_page()
            at = _head(paper, look, printed, language, mirrored)
            for card in page:
                at = _row(paper, card, language, mirrored, at, gaps, simplified)
            told = words.say(words.PAGE, language, page=number, pages=len(pages))
            paper.put(Fitted((told,), 8.5, shade=GREY), MARGIN, HEIGHT - BOTTOM + 2, WIDTH - 2 * MARGIN)
        if gaps:
            _gaps(paper, gaps, language, mirrored)
        pdf = bytes(paper.output())
    return Printed(pdf, tuple(gaps), tuple(simplified))


def _head(paper: Paper, look: Look, printed: str, language: str, mirrored: bool) -> float:
    """Event, what this is, when it was printed, and the names of the columns."""
    start, end = ("R", "L") if mirrored else ("L", "R")
    width = WIDTH - 2 * MARGIN
    event = paper.fit(printable(pick(look.names, language))[0], width * 0.66, 13, 8, bold=True)
    paper.put(event, MARGIN + (width * 0.34 if mirrored else 0), TOP - 4, width * 0.66, start)
    paper.put(
        paper.fit(printed, width * 0.33, 8.5, 6, shade=GREY), MARGIN + (0 if mirrored else width * 0.67), TOP - 3,
        width * 0.33, end,
    )  # fmt: skip
    paper.put(Fitted((words.say(words.LIST, language),), 9.5, shade=GREY), MARGIN, TOP + 8, width, start)
    at = TOP + 16
    for name, x, room in _columns(mirrored):
        paper.put(paper.fit(words.say(words.COLUMNS[name], language), room, 8.5, 5, bold=True), x, at, room, start)
    at += HEAD
    paper.hairline(MARGIN, at, WIDTH - MARGIN, at)
    return at


def _row(
    paper: Paper, card: Card, language: str, mirrored: bool, at: float, gaps: list[str], simplified: dict[str, None]
) -> float:
    start = "R" if mirrored else "L"
    family, given = card.family_name, card.given_name
    name, whole = printable(f"{family}, {given}" if family and given else card.name)
    native, native_whole = printable(card.native_name)
    if not native_whole:
        native = ""
        gaps.append(card.number)
    place, place_whole = printable(pick(card.delegation, language) or card.organisation)
    if not (whole and place_whole):
        simplified[card.number] = None
    texts = {
        "name": name or card.number, "native": native, "delegation": place,
        "role": words.role(card.role, language), "number": card.number,
    }  # fmt: skip
    for column, x, room in _columns(mirrored):
        if column == "arrived":
            _box(paper, x + (room - 4.5 if mirrored else 0), at + (ROW - 4.5) / 2, card.arrived)
        elif texts[column]:
            text = paper.fit(texts[column], room, SIZE, SMALLEST, bold=column == "name")
            if text.height > ROW - 1:
                text = Fitted(text.lines, text.size * (ROW - 1) / text.height, text.bold)
            paper.put(text, x, at + (ROW - text.height) / 2, room, start)
    paper.hairline(MARGIN, at + ROW, WIDTH - MARGIN, at + ROW)
    return at + ROW


def _box(paper: Paper, x: float, y: float, ticked: bool) -> None:
    paper.set_draw_color(0)
    paper.set_line_width(0.3)
    paper.rect(x, y, 4.5, 4.5)
    if ticked:
        paper.set_line_width(0.6)
        paper.polyline([(x + 0.9, y + 2.4), (x + 1.9, y + 3.5), (x + 3.7, y + 1.0)])


def _columns(mirrored: bool) -> list[tuple[str, float, float]]:
    """Name, left edge and room of each column."""
    found, x = [], MARGIN
    for name, width in COLUMNS:
        found.append((name, WIDTH - x - width + 2 if mirrored else x, width - 2))
        x += width
    return found


def _gaps(paper: Paper, gaps: Sequence[str], language: str, mirrored: bool) -> None:
    """A last page for whoever prints: whose own script is missing here and on the badges."""
    paper.add_page()
    paper.set_font("latin", "", 10)
    paper.set_text_color(0)
    paper.set_xy(MARGIN, TOP)
    told = words.say(words.GAPS, language, numbers=", ".join(gaps))
    paper.multi_cell(WIDTH - 2 * MARGIN, 6, told, align="R" if mirrored else "L")
