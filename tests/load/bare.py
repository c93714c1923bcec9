"""What the same work costs a plain Starlette server that keeps everything in memory: the measure beside ours.

Sign-in is believed, nothing is rendered, nothing is checked, nothing is stored: `send_text` to each phone, votes
counted in a dict, the total told once a second. `python -m tests.load.bare app --fd 3`.
"""

from __future__ import annotations

import argparse
import asyncio
import resource
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

PART = "<section><h1>Which route?</h1>" + "<p>An option of the poll, as it stands on the page.</p>" * 40 + "</section>"
PAGE = f"<!doctype html><html lang=en><title>Hall</title><body>{PART}</body></html>"
NOW = msgspec.json.encode({"part": "now", "key": "1.1.open", "is": "abcdef01", "html": PART}).decode()

votes: dict[tuple[int, int], int] = {}
lines: dict[WebSocket, None] = {}
state = {"shown": 0}


async def phone(line: WebSocket) -> None:
    await line.accept()
    lines[line] = None
    try:
        while True:
            message = msgspec.json.decode(await line.receive_text())
            if message["do"] == "hello":
                await line.send_text('{"hello":{"now":1795492179.5,"person":12}}')
                await line.send_text(NOW)
                await line.send_text('{"part":"my","numbers":{"session":1,"poll":1,"turn":0,"marks":[]}}')
            elif message["do"] == "cast_vote":  # a beat needs no answer
                key = (message["poll"], message["marks"][0][0])
                votes[key] = votes.get(key, 0) + 1
                told = {"re": message["id"], "ok": "recorded", "at": 1795492179.5, "facts": {"turn": 1}}
                await line.send_text(msgspec.json.encode(told).decode())
    except WebSocketDisconnect:
        pass
    finally:
        lines.pop(line, None)


async def tell() -> None:
    """Everybody hears the total, once a second while it changes."""
    while True:
        await asyncio.sleep(1.0)
        n = sum(votes.values())
        if n != state["shown"]:
            state["shown"] = n
            await broadcast(f'{{"part":"turnout","numbers":{{"poll":1,"n":{n},"of":5000}}}}')


async def broadcast(text: str) -> int:
    for line in list(lines):
        await line.send_text(text)
    return len(lines)


async def show(request: Request) -> Response:
    """GET /show/KIND: one frame to everybody."""
    text = NOW if request.path_params["kind"] == "page" else '{"part":"here","numbers":{"n":1234}}'
    return PlainTextResponse(str(await broadcast(text)))


async def forget(request: Request) -> Response:
    votes.clear()
    state["shown"] = 0
    return PlainTextResponse("0")


async def page(request: Request) -> Response:
    return HTMLResponse(PAGE)


async def ready(request: Request) -> Response:
    return PlainTextResponse("ready\n")


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[None]:
    task = asyncio.create_task(tell())
    yield
    task.cancel()


app = Starlette(
    routes=[
        Route("/", page),
        Route("/readyz", ready),
        Route("/show/{kind}", show),
        Route("/forget", forget),
        WebSocketRoute("/socket", phone),
    ],
    lifespan=lifespan,
)


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("app")
    parser.add_argument("--fd", type=int)
    parser.add_argument("--log-level")
    options = parser.parse_args(arguments)
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    config = uvicorn.Config(
        app, ws="websockets-sansio", loop="uvloop", http="httptools", ws_per_message_deflate=False, access_log=False,
        log_level="warning", ws_ping_interval=25, ws_ping_timeout=60, backlog=4096, timeout_graceful_shutdown=2,
    )  # fmt: skip
    uvicorn.Server(config).run(sockets=[socket.socket(fileno=options.fd)])


if __name__ == "__main__":
    main(sys.argv[1:])
