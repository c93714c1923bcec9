"""The organiser's pages: agenda, halls and screens, delegations, languages, look, event. What changes goes by /do/."""

from __future__ import annotations

import math
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from sqlmodel import select
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from live import pages
from live.node import Node
from models import look, overview, people, programme, rights, venue
from models.command import Badge
from models.refusals import Refused
from models.store import Tx

X_HEIGHT = 0.516
"""Height of small letters by that of the font."""
UNIT, SMALLEST = 1080, 10.5
"""A picture is 1,080 units high; its smallest font has 10.5 of them for each picture height of distance (DISCAS)."""


def frame(request: Request, tx: Tx, here: str) -> dict[str, Any]:
    """What every page of the organiser shows around its own. Refused("not_yours") for everybody else."""
    rights.require(tx, pages.person_badge(request), "manage_event")
    lacking = sum(bool(each.missing or each.drafts) for each in overview.gaps(tx))
    return {
        "here": here, "counts": overview.counts(tx), "lacking": lacking,
        "todo": overview.to_do(tx, reachable=reachable(pages.base_of(request))),
    }  # fmt: skip


def reachable(base: str) -> bool:
    """Whether another machine could open this address: it is no name of this one."""
    host = urlsplit(base).hostname or ""
    try:
        return host != "localhost" and not ip_address(host).is_loopback
    except ValueError:
        return True


@pages.refusals_in_words
async def agenda(request: Request) -> Response:
    """GET /office?day=: the sessions of one day as a grid of hours and halls."""
    badge = pages.person_badge(request)
    with pages.node_of(request).store.reading() as tx:
        context = frame(request, tx, "agenda")
        grid = overview.grid(tx, request.query_params.get("day", "")[:10])
        halls = tx.exec(select(programme.Hall).order_by(programme.Hall.key)).all()
    return pages.page(request, "office/agenda.html", badge, grid=grid, halls=halls, **context)


@pages.refusals_in_words
async def session(request: Request) -> Response:
    """GET /office/session/ID: what an organiser may change of one session, and what it lacks."""
    badge = pages.person_badge(request)
    id_ = request.path_params["session"]
    with pages.node_of(request).store.reading() as tx:
        context = frame(request, tx, "agenda")
        card = next((card for card in overview.cards(tx) if card.id == id_), None)
        if card is None:
            raise Refused("no_such_session")
        context |= {
            "hall": tx.get(programme.Hall, card.hall_id), "halls": programme.halls(tx),
            "staff": overview.candidates(tx),
            "may": {name: rights.may(tx, badge, name, id_) for name in ("moderate", "change_programme")},
        }  # fmt: skip
    return pages.page(request, "office/session.html", badge, card=card, **context)


@dataclass(frozen=True, slots=True)
class ScreenLine:
    """A screen with its link, and what it said of itself: `state` as in presence.ScreenHealth, `age` in seconds."""

    row: venue.Wall
    link: str
    state: str
    age: int
    size: str


@dataclass(frozen=True, slots=True)
class HallCard:
    """A hall and what follows from its two measures: how far its smallest text can be read, in metres."""

    hall: programme.Hall
    screens: tuple[ScreenLine, ...]
    seat: str
    heights: str
    share: str
    mode: str
    """near, standard, far, very_far or wall."""
    characters: int
    reach: str
    too_far: bool
    letter: float
    """The smallest font in a drawing 90 units high."""
    sample: str


@pages.refusals_in_words
async def halls(request: Request) -> Response:
    """GET /office/halls?show=SCREEN: every hall with its measures, and its screens with their links."""
    badge = pages.person_badge(request)
    node = pages.node_of(request)
    with node.store.reading() as tx:
        context = frame(request, tx, "halls")
        rows = venue.walls(tx)
        found = tx.exec(select(programme.Hall).order_by(programme.Hall.key)).all()
        event = tx.exec(select(programme.Event)).first()
    lines = _lines(node, rows, pages.base_of(request))
    return pages.page(
        request, "office/halls.html", badge, halls=[_hall(hall, lines.get(hall.id or 0, ())) for hall in found],
        show=pages.number(request.query_params.get("show", "")), themes=venue.THEMES,
        event_languages=event.languages.split(",") if event else ["en"], **context,
    )  # fmt: skip


def _lines(node: Node, rows: tuple[venue.Wall, ...], base: str) -> dict[int, tuple[ScreenLine, ...]]:
    by_hall: dict[int, list[venue.Wall]] = {}
    for row in rows:
        by_hall.setdefault(row.hall_id, []).append(row)
    told: dict[int, tuple[ScreenLine, ...]] = {}
    for hall, own in by_hall.items():
        health = node.presence.screens(hall, tuple((row.id, row.name) for row in own), node.clock())
        told[hall] = tuple(
            ScreenLine(
                row, f"{base}/{row.kind}/link#{node.badges.screen_secret(row.id, row.issue)}",
                "never" if not row.opened else "lost" if seen.state == "never" else seen.state, int(seen.age),
                seen.size,
            )
            for row, seen in zip(own, health, strict=True)
        )  # fmt: skip
    return told


def _hall(hall: programme.Hall, lines: tuple[ScreenLine, ...]) -> HallCard:
    share = SMALLEST * hall.mode / UNIT
    reach = hall.mode * hall.screen_height_m
    width = UNIT * 16 / 9 * 0.9 / (SMALLEST * hall.mode * X_HEIGHT)
    characters = int(width)
    sample = "Hallside 12:45 "
    return HallCard(
        hall, lines, f"{hall.farthest_seat_m:g}", f"{hall.farthest_seat_m / hall.screen_height_m:.1f}",
        f"{100 * share:.1f}", _mode(hall.mode), characters, f"{math.floor(reach * 10) / 10:g}",
        hall.farthest_seat_m > reach + 0.05, round(90 * share, 2), (sample * 9)[: min(characters, 60)].strip(),
    )  # fmt: skip


def _mode(heights: float) -> str:
    steps = ((5, "near"), (7, "standard"), (9, "far"), (11, "very_far"))
    return next((name for most, name in steps if heights < most), "wall")


@pages.refusals_in_words
async def delegations(request: Request) -> Response:
    """GET /office/delegations: their order, names, vote, voter and alternate."""
    badge = pages.person_badge(request)
    with pages.node_of(request).store.reading() as tx:
        context = frame(request, tx, "delegations")
        context["delegations"] = people.delegations(tx)
    return pages.page(request, "office/delegations.html", badge, **context)


@pages.refusals_in_words
async def tongues(request: Request) -> Response:
    """GET /office/languages: for every session the polls that lack a text or an approval, by language."""
    badge = pages.person_badge(request)
    with pages.node_of(request).store.reading() as tx:
        context = frame(request, tx, "languages")
        found = overview.gaps(tx)
        sessions = [card for card in overview.cards(tx) if card.gaps]
        event = tx.exec(select(programme.Event)).first()
    totals = [
        (la, sum(la in each.missing for each in found), sum(la in each.drafts for each in found))
        for la in (event.languages.split(",") if event else ())
    ]
    return pages.page(request, "office/languages.html", badge, sessions=sessions, totals=totals, **context)


@pages.refusals_in_words
async def event(request: Request) -> Response:
    """GET /office/event: name, time zone, languages."""
    badge = pages.person_badge(request)
    with pages.node_of(request).store.reading() as tx:
        context = frame(request, tx, "event")
        row = tx.exec(select(programme.Event)).first()
    zones = sorted(zone for zone in available_timezones() if "/" in zone and not zone.startswith(("Etc/", "posix/")))
    open_to = reachable(pages.base_of(request))
    return pages.page(request, "office/event.html", badge, row=row, zones=zones, reachable=open_to, **context)


@pages.refusals_in_words
async def looks(request: Request) -> Response:
    """GET /office/look?accent=: the colour in use, or one that is only looked at, with its contrasts; the logo."""
    badge = pages.person_badge(request)
    with pages.node_of(request).store.reading() as tx:
        context = frame(request, tx, "look")
        row = tx.exec(select(programme.Event)).first()
    accent = row.accent if row else ""
    wished = request.query_params.get("accent", "").strip().lower()
    wrong = False
    try:
        judged = look.judge(wished or accent) if wished or accent else None
    except Refused:
        judged, wrong = look.judge(accent) if accent else None, True
    logo = pages.node_of(request).renderer.worn.logo_url
    return pages.page(
        request, "office/look.html", badge, judged=judged, accent=accent, wrong=wrong, logo=logo, **context
    )  # fmt: skip


@pages.refusals_in_words
async def logo(request: Request) -> Response:
    """POST /office/look/logo with a file `logo`: the same as /do/set_logo, from a form."""
    badge: Badge = pages.person_badge(request)
    async with request.form(max_files=1, max_fields=4) as form:
        file = form.get("logo")
        data = await file.read(look.LOGO_BYTES + 1) if isinstance(file, UploadFile) else b""
    try:
        if len(data) > look.LOGO_BYTES:
            raise Refused("logo_too_big")
        if not data:
            raise Refused("logo_no_png")
        out: Any = await pages.node_of(request).ask(badge, look.SetLogo(png=data))
    except Refused as refused:
        out = refused
    return pages.answer(request, badge, out, back="/office/look")


routes = [
    Route("/office", agenda),
    Route("/office/session/{session:int}", session),
    Route("/office/halls", halls),
    Route("/office/delegations", delegations),
    Route("/office/languages", tongues),
    Route("/office/event", event),
    Route("/office/look", looks),
    Route("/office/look/logo", logo, methods=["POST"]),
]
