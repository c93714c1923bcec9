"""People with sockets, for the tests of `live`: the smallest room, a phone that reads and one that does not."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection, connect

from live.frames import message_frame
from live.hub import Audience, Hub
from live.line import Line
from live.wire import line_of

HALL = Audience("session:7", "phone", ("en",))


@dataclass
class Room:
    """The smallest application with lines: every socket joins one audience, and every message is answered."""

    hub: Hub = field(default_factory=Hub)
    lines: list[Line] = field(default_factory=list)
    heard: list[bytes] = field(default_factory=list)
    plain: bool = False

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "websocket":
            return
        if self.plain:
            scope["extensions"].pop("hallside.wire", None)
        assert (await receive())["type"] == "websocket.connect"
        await send({"type": "websocket.accept"})
        line = line_of(scope, receive, send)
        self.lines.append(line)
        line.listen(lambda text: self.hear(line, text))
        self.hub.join(line, HALL)
        await line.run()

    def hear(self, line: Line, text: bytes) -> None:
        if text == b"fail":
            raise ZeroDivisionError("a fault in the room")
        self.heard.append(text)
        line.send(message_frame({"heard": len(text)}))


@asynccontextmanager
async def phone(url: str, **options: Any) -> AsyncIterator[ClientConnection]:
    """A phone that reads."""
    async with connect(url.replace("http", "ws", 1) + "/", compression=None, proxy=None, **options) as socket_:
        yield socket_


class SlowPhone:
    """A phone that opens a socket and reads nothing until told to."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        assert parts.hostname is not None
        assert parts.port is not None
        self.host, self.port = parts.hostname, parts.port
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.socket.setblocking(False)

    async def __aenter__(self) -> SlowPhone:
        loop = asyncio.get_running_loop()
        await loop.sock_connect(self.socket, (self.host, self.port))
        await loop.sock_sendall(
            self.socket,
            b"GET / HTTP/1.1\r\nHost: %b:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
            % (self.host.encode(), self.port),
        )
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += await loop.sock_recv(self.socket, 1)
        assert head.startswith(b"HTTP/1.1 101")
        return self

    async def __aexit__(self, *_: object) -> None:
        self.socket.close()

    async def write(self, data: bytes) -> None:
        await asyncio.get_running_loop().sock_sendall(self.socket, data)

    async def read_all(self, quiet: float = 0.3) -> bytes:
        """Everything until nothing has come for *quiet* seconds, or the end."""
        loop = asyncio.get_running_loop()
        got = bytearray()
        try:
            while True:
                chunk = await asyncio.wait_for(loop.sock_recv(self.socket, 65536), quiet)
                if not chunk:
                    break
                got += chunk
        except (TimeoutError, ConnectionError):
            pass
        return bytes(got)


def masked(opcode: int, payload: bytes, *, fin: bool = True) -> bytes:
    """One client frame as bytes, with the mask 0, so that the payload stands there as it is."""
    head = bytes([(0x80 if fin else 0) | opcode])
    size = len(payload)
    if size < 126:
        head += bytes([0x80 | size])
    elif size < 65536:
        head += b"\xfe" + size.to_bytes(2, "big")
    else:
        head += b"\xff" + size.to_bytes(8, "big")
    return head + b"\0\0\0\0" + payload


async def until(ready: Callable[[], bool], seconds: float = 30.0) -> None:
    """Wait until *ready()* is true; fail after *seconds*."""
    async with asyncio.timeout(seconds):
        while not ready():  # noqa: ASYNC110 - there is no event to wait for: that is what is being tested
            await asyncio.sleep(0.005)
