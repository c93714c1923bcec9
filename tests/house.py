"""Nodes over one conference, and people with a line to them. Everything is real but the network in between.

`Guest` speaks ASGI to the whole application, guard included, so that a test of many people needs no port.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import msgspec

from app import build
from live.bus import MemoryBus
from live.hub import Audience
from live.node import Node
from live.projector import Projector
from live.render import Renderer
from live.settings import Settings
from models.command import Badge, Command, Done
from models.logins import Login
from models.store import Tx
from tests.world import World

HOST = "hall.test"
CLOSED = 1006
"""What a guest notes where the line ended without a goodbye."""

PATIENT = 60.0
"""A loop that lags turns people away at the door. How busy the machine is must decide no test."""

_RENDERERS: dict[str, Renderer] = {}
"""By time zone: templates are compiled once for all houses, since that takes longer than most tests."""


class House:
    """One or more nodes over one store. Use as `async with House(world) as house`."""

    def __init__(self, world: World, folder: Path, *, nodes: int = 1, **settings: Any) -> None:
        self.world = world
        self.bus = MemoryBus()
        made = [
            build(Settings(data=folder, **{"join_lag": PATIENT} | settings), store=world.store, bus=self.bus)
            for _ in range(nodes)
        ]
        self.apps = [served.app for served in made]
        self.nodes: list[Node] = [served.drain.__self__ for served in made]  # type: ignore[union-attr]
        for node in self.nodes:
            node.renderer = node.projector.renderer = _RENDERERS.setdefault(node.renderer.zone, node.renderer)
        self.guests: list[Guest] = []
        self.patience = 60.0
        """Seconds of the loop that guests wait for an answer: only a fault takes so long, on a busy machine, too."""
        self._tokens: dict[tuple[str, str], str] = {}

    async def __aenter__(self) -> House:
        for node in self.nodes:
            await node.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        for guest in self.guests:
            await guest.leave()
        for node in self.nodes:
            await node.close()

    @property
    def node(self) -> Node:
        return self.nodes[0]

    def token(self, badge: Badge, *, fresh: bool = False) -> str:
        """The cookie of a badge in its language, signed in at first use."""
        key = (badge.key, badge.language)
        if key not in self._tokens or fresh:
            token = secrets.token_urlsafe(16)
            hashed = hashlib.sha256(token.encode()).digest()

            def sign_in(tx: Tx) -> Done:
                owner = {"screen_id": badge.screen_id} if badge.screen_id else {"person_id": badge.person_id}
                tx.add(Login(token_hash=hashed, language=badge.language, **owner))
                return Done()

            self.world.store.do(sign_in)
            self._tokens[key] = token
        return self._tokens[key]

    async def guest(self, badge: Badge | None, view: str = "phone", *, node: int = 0, **hello: object) -> Guest:
        """Somebody with a line who has said hello."""
        guest = Guest(self.apps[node], self.token(badge) if badge else "", self.patience)
        self.guests.append(guest)
        await guest.come()
        if view:
            guest.say({"do": "hello", "view": view, **hello})
            await guest.until(lambda: guest.greeted is not None or guest.code is not None)
        return guest

    async def perform(self, badge: Badge, command: Command, *, node: int = 0) -> Done:
        """Through the one door. Raises Refused."""
        return await self.nodes[node].ask(badge, command)

    async def settle(self) -> None:
        """Wait until nothing is being painted."""
        for node in self.nodes:
            await node.projector.settle()

    def fresh(self, audience: Audience, part: str, *, node: int = 0) -> object:
        """What a page made this moment shows of one part: read anew, with nothing remembered."""
        here = self.nodes[node]
        return Projector(here.store, here.hub, here.renderer, here.live).look(audience, part).body


class Guest:
    """One line. `held` is what its page shows of each part; `code` how the line ended."""

    def __init__(self, app: Any, token: str, patience: float = 60.0) -> None:
        self.held: dict[str, object] = {}
        self.answers: dict[int, dict[str, Any]] = {}
        self.frames: list[dict[str, Any]] = []
        self.greeted: dict[str, Any] | None = None
        self.code: int | None = None
        self._app = app
        self._patience = patience
        self._up: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._moved = asyncio.Event()
        self._ids = 0
        self._scope = {
            "type": "websocket", "asgi": {"version": "3.0"}, "scheme": "ws", "path": "/socket", "raw_path": b"/socket",
            "query_string": b"", "root_path": "", "client": ("127.0.0.1", 1), "server": (HOST, 80),
            "subprotocols": [], "state": {}, "extensions": {},
            "headers": [
                (b"host", HOST.encode()), (b"origin", b"http://" + HOST.encode()),
                (b"cookie", b"hallside=" + token.encode()),
            ],
        }  # fmt: skip

    async def come(self) -> None:
        self._up.put_nowait({"type": "websocket.connect"})
        self._task = asyncio.create_task(self._app(self._scope, self._up.get, self._hear))

    async def leave(self, *, code: int = 1001) -> None:
        """Go, and wait until the platform has noticed."""
        if not self._task.done():
            self._up.put_nowait({"type": "websocket.disconnect", "code": code})
        await asyncio.wait([self._task], timeout=5)

    def say(self, message: object) -> None:
        """Send a message as it stands."""
        text = message if isinstance(message, str) else json.dumps(message)
        self._up.put_nowait({"type": "websocket.receive", "text": text})

    def send(self, command: Command | dict[str, Any], *, at: float = 0.0) -> int:
        """Send a command. The id its answer will carry."""
        self._ids += 1
        told = command if isinstance(command, dict) else json.loads(msgspec.json.encode(command))
        self.say(told | {"id": self._ids} | ({"at": at} if at else {}))
        return self._ids

    async def ask(self, command: Command | dict[str, Any], *, at: float = 0.0) -> dict[str, Any]:
        """Send a command and wait for its answer."""
        id_ = self.send(command, at=at)
        await self.until(lambda: id_ in self.answers or self.code is not None)
        return self.answers.get(id_, {"no": "closed"})

    async def until(self, ready: Callable[[], bool], seconds: float | None = None) -> None:
        """Wait until something heard makes `ready()` true; TimeoutError after so many seconds."""
        async with asyncio.timeout(seconds or self._patience):
            while not ready():
                self._moved.clear()
                await self._moved.wait()

    async def _hear(self, message: Any) -> None:
        match message["type"]:
            case "websocket.send":
                self._take(json.loads(message["text"]))
            case "websocket.close":
                self.code = message.get("code", CLOSED)
                self._up.put_nowait({"type": "websocket.disconnect", "code": self.code})
        self._moved.set()

    def _take(self, told: dict[str, Any]) -> None:
        self.frames.append(told)
        if "part" in told:
            self.held[told["part"]] = told["html"] if "html" in told else told["numbers"]
        elif "hello" in told:
            self.greeted = told["hello"]
        elif "re" in told:
            self.answers[told["re"]] = told


def browser(house: House, address: str = "192.0.2.9", **headers: str) -> httpx2.AsyncClient:
    """A browser that has been nowhere, at an address of its own."""
    return httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app=house.apps[0], client=(address, 1), raise_app_exceptions=True),
        base_url=f"http://{HOST}",
        headers={"origin": f"http://{HOST}", "accept": "application/json"} | headers,
        verify=False,
    )
