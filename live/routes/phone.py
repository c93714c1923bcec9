"""The participant's pages: what is on now, the agenda, and the way into a session."""

from __future__ import annotations

import re
import secrets
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from live import cookies, faces, languages, pages
from live.hub import Audience
from live.node import Node
from live.parts import BY_NAME
from models import boards, programme
from models.ballots import my_ballot
from models.command import Badge
from models.refusals import Refused


@pages.refusals_in_words
async def now(request: Request) -> Response:
    """GET /: what is to be done now, or the join page for whoever has not shown a badge."""
    badge = pages.badge_of(request)
    if badge is None or not badge.person_id:
        if badge is not None:
            return RedirectResponse("/screen", 303)
        return _join(request)
    node = pages.node_of(request)
    session = node.session_of(badge)
    if not session:
        return RedirectResponse("/agenda", 303)
    look = faces.look(node, badge, "phone")
    audience = look.audiences[0]
    shown, place = node.projector.look(audience, "now"), node.projector.look(audience, "place").frame.digest
    mine = faces.mine(node, badge, session)
    own = mine["turn"] and _no_script(request)
    if own or cookies.cookie_in(request.scope, b"said") or node.devices_of(badge):
        html = _own(request, badge, session, audience) if own else shown.html
        return pages.page(
            request, "phone/now.html", badge, **_now(node, session, audience, html, shown.frame.digest, place, mine)
        )

    def render(anybody: Badge, wall: float) -> str:
        context = _now(node, session, audience, shown.html, shown.frame.digest, place, mine)
        return pages.rendered(request, "phone/now.html", anybody, server_now=wall, **context)

    key = (session, shown.frame.digest, place, msgspec.json.encode(mine))
    return pages.recent_of(request).page(request, badge, key, render)


def _now(
    node: Node, session: int, audience: Audience, html: str, now_is: str, place_is: str, mine: dict[str, object]
) -> dict[str, Any]:
    """What the template of the page takes."""
    numbers = {name: node.projector.look(audience, name).body for name in ("turnout", "here")}
    with node.store.reading() as tx:
        head = boards.head(tx, session)
    return {
        "session": head, "now_html": html, "now_is": now_is, "place_is": place_is, "numbers": numbers, "mine": mine,
    }  # fmt: skip


def _no_script(request: Request) -> bool:
    """Scripts say so by a cookie. A browser without gets its recorded vote written into the page."""
    return cookies.cookie_in(request.scope, b"script") != "1"


def _own(request: Request, badge: Badge, session: int, audience: Audience) -> str:
    """The `now` part with what the register holds of this person."""
    node = pages.node_of(request)
    with node.store.reading() as tx:
        board = boards.now(tx, session)
        my = my_ballot(tx, badge, board.poll.id) if board and board.poll else None
    if board is None:
        return ""
    return node.projector.html(
        BY_NAME["phone", "now"], audience, board, my=my, base=pages.base_of(request),
    )  # fmt: skip


@pages.refusals_in_words
async def agenda(request: Request) -> Response:
    """GET /agenda: all sessions by day, what is on, and one tap into another."""
    badge = pages.person_badge(request)
    node = pages.node_of(request)
    _turn_the_agenda(request)
    look = faces.look(node, badge, "phone", page="agenda")
    shown = node.projector.look(look.audiences[0], "agenda")
    session = node.session_of(badge)
    with node.store.reading() as tx:
        head = boards.head(tx, session) if session else None
    return pages.page(
        request, "phone/agenda.html", badge, session=head, agenda_html=shown.html, agenda_is=shown.frame.digest,
        mine=faces.mine(node, badge, session),
    )  # fmt: skip


def _turn_the_agenda(request: Request) -> None:
    """What is over is folded by the clock, which touches nothing: with the first page of a minute we look again."""
    node, state = pages.node_of(request), request.app.state
    minute = int(node.wall() // 60)
    if getattr(state, "agenda_minute", minute) != minute:
        node.projector.touch(frozenset({("event", "agenda")}))
    state.agenda_minute = minute


@pages.refusals_in_words
async def code(request: Request) -> Response:
    """GET /c/CODE: the session that a code on a screen leads to. Its QR code is all capitals: coarser modules."""
    badge = pages.person_badge(request)
    node = pages.node_of(request)
    with node.store.reading() as tx:
        meeting = programme.by_code(tx, request.path_params["code"])
        if meeting.state == "ended":
            raise Refused("session_ended", title=programme.pick(meeting.titles, badge.language))
        head = boards.head(tx, meeting.id or 0)
    seat = node.session_of(badge)
    if seat == meeting.id:
        return RedirectResponse("/", 303)
    return pages.page(request, "phone/come_in.html", badge, session=head, seat=seat)


async def type_code(request: Request) -> Response:
    """GET /c?code=K7M2: the same, typed."""
    return RedirectResponse(f"/c/{programme.tidy_code(request.query_params.get('code', ''))[:8] or '-'}", 303)


async def manifest(request: Request) -> Response:
    """GET /app/{language}.webmanifest: what a phone needs to keep this among its apps, in one language."""
    language = request.path_params["language"]
    if language not in languages.LANGUAGES:
        raise Refused("no_such_page")
    assets = pages.node_of(request).renderer.assets
    name = programme.pick(pages.event_names(pages.node_of(request)), language)
    found = re.search(rb"--bg:(#\w{6})", assets.body("tokens.css"))
    ground = found[1].decode() if found else ""
    icons = [{"src": assets.url("icon.svg"), "type": "image/svg+xml", "sizes": "any"}]
    for size in (192, 512):
        # Its ring lies within the circle that every phone's mask leaves.
        for purpose in ("any", "maskable"):
            one = {"src": assets.url(f"icon-{size}.png"), "type": "image/png", "sizes": f"{size}x{size}"}
            icons.append(one | {"purpose": purpose})
    told = {
        # Under an icon there is room for a dozen letters; a phone cuts what is longer.
        "name": name, "short_name": name if len(name) <= 12 else "Hallside", "id": "/", "start_url": "/", "scope": "/",
        "display": "standalone", "lang": language, "dir": languages.direction(language),
        "background_color": ground, "theme_color": ground, "icons": icons,
    }  # fmt: skip
    body = msgspec.json.encode(told)
    return Response(body, media_type="application/manifest+json", headers={"cache-control": "no-cache"})


def _join(request: Request) -> Response:
    if pages.node_of(request).waiting(cookies.token_in(request.scope)):
        return RedirectResponse("/waiting", 303)
    out = bool(cookies.token_in(request.scope))
    response = pages.page(request, "join/join.html", None, signed_out=out)
    if not cookies.cookie_in(request.scope, b"visitor"):
        response.set_cookie("visitor", secrets.token_hex(8), max_age=cookies.YEAR, httponly=True, samesite="lax")
    return response


routes = [
    Route("/", now),
    Route("/agenda", agenda),
    Route("/app/{language}.webmanifest", pages.refusals_in_words(manifest)),
    Route("/c", type_code),
    Route("/c/{code}", code),
    Route("/C/{code}", code),
]
