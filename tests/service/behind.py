"""The platform, and beside it a page that tells what reached it of a request, after the guard,
and one that is long."""

from __future__ import annotations

import json

from app import build
from live.guard import App, Guard, Receive, Scope, Send
from live.server import Served
from live.settings import load

LONG = 9_000_000
"""Bytes of the page /long."""


def telling(app: App) -> App:
    async def told(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == "/long":
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
            await send({"type": "http.response.body", "body": b"x" * LONG})
            return
        if scope["type"] != "http" or scope["path"] != "/told":
            await app(scope, receive, send)
            return
        found = {
            "client": scope["client"][0],
            "scheme": scope["scheme"],
            "headers": [[name.decode("latin-1").lower(), value.decode("latin-1")] for name, value in scope["headers"]],
        }
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
        await send({"type": "http.response.body", "body": json.dumps(found).encode()})

    return told


def create() -> Served:
    served = build(load())
    assert isinstance(served.app, Guard)
    served.app.app = telling(served.app.app)
    return served
