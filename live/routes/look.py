"""The event's colour and logo, for every page. Their addresses name their content, so browsers keep them for ever."""

from __future__ import annotations

import re

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from live import pages
from models import look

FOREVER = {"cache-control": "public, max-age=31536000, immutable"}


async def worn(request: Request) -> Response:
    """GET /look/{name}: the stylesheet or the logo as they are now; another name was an earlier one's."""
    seen = pages.node_of(request).renderer.worn
    if request.url.path == seen.css_url:
        return Response(seen.css, headers=FOREVER, media_type="text/css")
    if request.url.path == seen.logo_url:
        return Response(seen.logo, headers=FOREVER, media_type="image/png")
    return PlainTextResponse("There is no such file here.", 404)


async def tried(request: Request) -> Response:
    """GET /look/try/{name}: the stylesheet of a colour that is only looked at, such as 0b5f6b.css."""
    colour = request.path_params["name"].removesuffix(".css")
    if not re.fullmatch("[0-9a-f]{6}", colour):
        return PlainTextResponse("There is no such file here.", 404)
    return Response(look.sheet(f"#{colour}"), headers={"cache-control": "no-cache"}, media_type="text/css")


routes = [Route("/look/{name}", worn), Route("/look/try/{name}", tried)]
