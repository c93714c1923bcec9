"""As little of HTTP and websockets as a crowd needs: thousands of clients must cost less than the server they ask."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Callable
from typing import Any

# What a phone's browser sends. The server reads and keeps it, so it belongs to the measurement.
HEADERS = (
    b"Host: %s\r\nOrigin: http://%s\r\nAccept-Language: %s;q=0.9,en;q=0.8\r\nAccept-Encoding: gzip, deflate\r\n"
    b"User-Agent: Mozilla/5.0 (Linux; Android 14; SM-S911B) AppleWebKit/537.36 (KHTML, like Gecko) "
    b"Chrome/131.0.0.0 Mobile Safari/537.36\r\nCookie: %s\r\n"
)
UPGRADE = (
    b"GET /socket HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nCache-Control: no-cache\r\n"
    b"Pragma: no-cache\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    b"Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n"
)


def masked(payload: bytes, opcode: int = 1) -> bytes:
    """One client frame. Its mask is zero, so masking costs the crowd nothing; the server unmasks all the same."""
    size = len(payload)
    head = bytes([0x80 | opcode, 0x80 | size]) if size < 126 else bytes([0x80 | opcode, 0xFE]) + size.to_bytes(2, "big")
    return head + b"\0\0\0\0" + payload


def packed(payload: bytes) -> bytes:
    """One client frame, deflated: what a browser sends once the server has agreed to that."""
    deflate = zlib.compressobj(6, zlib.DEFLATED, -15)
    frame = masked((deflate.compress(payload) + deflate.flush(zlib.Z_SYNC_FLUSH))[:-4])
    return bytes([frame[0] | 0x40]) + frame[1:]


class Sock(asyncio.Protocol):
    """A websocket client. `heard` gets each text message, `gone` a close or loss before `close` was called."""

    __slots__ = ("_inflate", "_rest", "bytes_in", "bytes_out", "gone", "heard", "open", "packs", "request", "transport")

    def __init__(self, request: bytes, heard: Callable[[bytes], None], gone: Callable[[str], None]) -> None:
        self.request = request
        self.heard = heard
        self.gone: Callable[[str], None] | None = gone
        self.open = self.packs = False
        self.bytes_in = self.bytes_out = 0
        self._rest = b""
        # Kept from one message to the next, as a browser does.
        self._inflate = zlib.decompressobj(-zlib.MAX_WBITS).decompress

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        transport.write(self.request)

    def data_received(self, data: bytes) -> None:
        if self._rest:
            data, self._rest = self._rest + data, b""
        if not self.open:
            end = data.find(b"\r\n\r\n")
            if end < 0:
                self._rest = data
                return
            if not data.startswith(b"HTTP/1.1 101"):
                self._end(data[:30].decode("latin-1"))
                return
            self.packs = b"permessage-deflate" in data[:end]
            self.open, self.request = True, b""
            self.heard(b"")
            data = data[end + 4 :]
        self.bytes_in += len(data)
        at, size = 0, len(data)
        while size - at >= 2:
            length, body = data[at + 1], at + 2
            if length == 126:
                length, body = int.from_bytes(data[at + 2 : at + 4], "big"), at + 4
            elif length == 127:
                length, body = int.from_bytes(data[at + 2 : at + 10], "big"), at + 10
            if body > size or body + length > size:
                break
            opcode, packed, at = data[at] & 15, data[at] & 0x40, body + length
            if opcode == 1:
                self.heard(self._inflate(data[body:at] + b"\0\0\xff\xff") if packed else data[body:at])
            elif opcode == 9:
                self.transport.write(masked(data[body:at], 10))
            elif opcode == 8:
                self._end(f"close {int.from_bytes(data[body : body + 2], 'big')}")
                return
        if at < size:
            self._rest = data[at:]
            self.bytes_in -= size - at

    def send(self, frame: bytes) -> None:
        self.bytes_out += len(frame)
        self.transport.write(frame)

    def close(self) -> None:
        self.gone = None
        self.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self._end("lost")

    def _end(self, why: str) -> None:
        gone, self.gone = self.gone, None
        if gone is not None:
            gone(why)
            self.transport.abort()


class Fetch(asyncio.Protocol):
    """GETs of several paths over one connection, one after the other. `done` is set to (status, head, body) each."""

    def __init__(self, paths: list[str], headers: bytes) -> None:
        self.paths = [path.encode() for path in paths]
        self.headers = headers
        self.got: list[tuple[int, bytes, bytes]] = []
        self.done: asyncio.Future[list[tuple[int, bytes, bytes]]] = asyncio.get_running_loop().create_future()
        self._data = b""

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self._ask()

    def data_received(self, data: bytes) -> None:
        self._data += data
        end = self._data.find(b"\r\n\r\n")
        if end < 0:
            return
        head = self._data[:end]
        length = 0
        for line in head.lower().split(b"\r\n"):
            if line.startswith(b"content-length:"):
                length = int(line[15:])
        if len(self._data) < end + 4 + length:
            return
        self.got.append((int(head[9:12]), head, self._data[end + 4 :]))
        self._data = b""
        if len(self.got) < len(self.paths):
            self._ask()
        else:
            self.done.set_result(self.got)
            self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(ConnectionError("lost"))

    def _ask(self) -> None:
        self.transport.write(b"GET %s HTTP/1.1\r\n" % self.paths[len(self.got)] + self.headers + b"\r\n")
