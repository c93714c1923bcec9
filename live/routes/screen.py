"""The hall screen: it signs in by its own link, shows one picture, and sends no command."""

from __future__ import annotations

import json

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from live import cookies, faces, pages
from live.badges import hash_token
from live.node import THE_SYSTEM
from models import boards, screens
from models.devices import ShowBadge
from models.logins import new_token
from models.refusals import Refused


async def link(request: Request) -> Response:
    """GET /screen/link: the page behind a screen's link; its script posts the fragment."""
    return pages.page(request, "screen/link.html", None)


@pages.refusals_in_words
async def show(request: Request) -> Response:
    """POST /screen/link with `link`: a cookie for this browser as that screen, or as that tablet."""
    node = pages.node_of(request)
    form = await request.form()
    found = node.badges.find_screen_link(str(form.get("link") or "").strip().rpartition("#")[2])
    if found is None:
        address = request.client.host if request.client else ""
        allowed = node.failed_lookups.allowed("", address)
        node.failed_lookups.failed("", address)
        raise Refused("no_such_screen" if allowed else "too_many_tries")
    token = new_token()
    place = "tablet" if screens.kind_of(node.peek(), found[0]) == "tablet" else "screen"
    former = hash_token(cookies.cookie_in(request.scope, cookies.named(request.scope, place)))
    await node.ask(THE_SYSTEM, ShowBadge(screen=found[0], issue=found[1], token_hash=hash_token(token), former=former))
    response: Response = (
        JSONResponse({"ok": "signed_in", "to": f"/{place}"})
        if pages.wants_json(request)
        else RedirectResponse(f"/{place}", 303)
    )
    response.headers.append("set-cookie", cookies.set_token(request.scope, token, place))
    return response


@pages.refusals_in_words
async def screen(request: Request) -> Response:
    """GET /screen: the picture, full of the hall's languages."""
    node = pages.node_of(request)
    badge = pages.badge_of(request)
    if badge is None or badge.role != "screen":
        return _idle(request)
    look = faces.look(node, badge, "screen")
    shown = node.projector.look(look.audiences[0], "scene")
    with node.store.reading() as tx:
        row = tx.get(screens.Screen, badge.screen_id)
    return pages.page(
        request, "screen/page.html", badge, scene_html=shown.html, scene_is=shown.frame.digest, monitor=False,
        hello={"view": "screen"}, screen_languages=look.audiences[0].languages,
        screen_theme=row.theme if row else "dark",
    )  # fmt: skip


def _idle(request: Request) -> Response:
    """A screen without a valid link, for instance a revoked one. Its address may still name the hall it stands in."""
    refused = Refused("screen_link_first")
    if pages.wants_json(request):
        raise refused
    node = pages.node_of(request)
    language = pages.language_of(request)
    with node.store.reading() as tx:
        board = boards.idle(tx, pages.number(request.query_params.get("hall", "")))
    return pages.page(
        request, "screen/idle.html", None, status=401, board=board, hint_language=language,
        hint=node.renderer.refusal(language, refused.key, refused.params),
    )  # fmt: skip


async def worker(request: Request) -> Response:
    """GET /screen/worker.js: what keeps the last picture of this screen, and rules no other page."""
    assets = pages.node_of(request).renderer.assets
    # With the files of this release by name: a new release is a new worker, which drops those of earlier ones.
    body = f"const FILES = {json.dumps(assets.paths)};\n".encode() + assets.body("screen_worker.js")
    headers = {"cache-control": "no-cache", "service-worker-allowed": "/screen"}
    return Response(body, headers=headers, media_type="text/javascript")


routes = [
    Route("/screen", screen),
    Route("/screen/worker.js", worker),
    Route("/screen/link", link),
    Route("/screen/link", show, methods=["POST"]),
]
