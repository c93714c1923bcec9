"""Composition only: settings, store, node, and every route on one page."""

from __future__ import annotations

from collections.abc import AsyncIterator, MutableMapping
from contextlib import asynccontextmanager
from pathlib import Path
from threading import Thread
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response

from live import bodies, cookies, log, pages, uploads, welcome
from live.assets import Assets
from live.badges import Badges
from live.bus import Bus, open_bus
from live.guard import Guard
from live.node import Node
from live.render import Renderer
from live.routes import ROUTES, socket
from live.server import Served
from live.settings import Settings, load
from models import programme, rights
from models.migrations import migrate
from models.refusals import Refused
from models.store import Store

STATIC = Path(__file__).parent / "static"
LONG = {"/office/import": uploads.BYTES + 100_000, "/office/look/logo": 300_000}
"""Bytes that may be posted there, with what a form writes around its files."""


def build(settings: Settings, store: Store | None = None, bus: Bus | None = None) -> Served:
    """The application over a store; two of them over one store and one bus are two nodes."""
    alone = store is None
    if store is None:
        migrate(settings.database)
        store = Store.open(settings.database)
    assets = Assets(STATIC)
    renderer = Renderer(assets, _zone(store))
    base = welcome.base(settings)
    node = Node(settings, store, bus or open_bus(), Badges.open(settings.data), renderer, base=base)
    if alone:
        Thread(target=renderer.warm, name="templates", daemon=True).start()

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        await node.start()
        log.event("ready", groups=0)
        yield
        await node.close()

    app = Starlette(
        routes=ROUTES,
        lifespan=lifespan,
        exception_handlers={404: _no_such_page, 405: _no_such_page, 500: _our_mistake},
    )
    app.state.node = node
    line = socket.endpoint(node)

    async def switch(scope, receive, send):  # type: ignore[no-untyped-def]
        """Sockets and static files go straight to their endpoints, past routing and request objects."""
        if scope["type"] == "websocket":
            await line(scope, receive, send)
        elif scope["type"] == "http" and scope["path"].startswith("/static/"):
            await assets(scope, receive, send)
        else:
            await app(scope, receive, send)

    def room(scope: MutableMapping[str, Any]) -> int:
        """Lists and logos are longer than what anybody else may send: an organiser's browser alone may."""
        if scope["path"] in LONG:
            badge = node.badge_of(cookies.token_in(scope))
            if badge is not None and badge.role in rights.EVERYWHERE["manage_event"]:
                return LONG[scope["path"]]
        return bodies.LIMIT

    guarded = Guard(switch, origins=settings.origins, hosts=settings.hosts, proxies=settings.proxies, room=room)
    return Served(guarded, node.drain)


def create() -> Served:
    """What the serving process calls: settings come from file and environment."""
    return build(load())


async def _no_such_page(request: Request, exc: Exception) -> Response:
    @pages.refusals_in_words
    async def refused(request: Request) -> Response:
        raise Refused("no_such_page")

    return await refused(request)


async def _our_mistake(request: Request, exc: Exception) -> Response:
    """A bug: it was logged with its traceback, and the person gets one apology."""

    @pages.refusals_in_words
    async def refused(request: Request) -> Response:
        raise Refused("our_mistake")

    return await refused(request)


def _zone(store: Store) -> str:
    with store.reading() as tx:
        try:
            return programme.the_event(tx).zone
        except Refused:
            return "UTC"
