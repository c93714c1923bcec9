"""uvicorn's HTTP protocol with the bounds it lacks, on headers, stalled answers and connections.

Without them one machine with a thousand half-sent requests, or a thousand pages it never reads, holds a
thousand connections for as long as it likes.
"""

from __future__ import annotations

import asyncio
from asyncio import TimerHandle
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle


class HttpLine(HttpToolsProtocol):
    """Bounds are class attributes; `bounded` makes a class with others. Times in seconds, sizes in bytes."""

    header_seconds = 10.0
    header_bytes = 32 * 1024
    stall_seconds = 20.0
    # Proxies keep an idle connection for 60 s. Were ours closed earlier, a vote sent at that moment would be lost on
    # the way, and no proxy sends a POST again. In a crowd, half the cap, room counts for more: a browser opens six.
    idle_seconds = 75.0
    crowded_idle_seconds = 5.0
    cap = 20_000
    # After a refusal the rest of the body is read and thrown away, or the client never sees the words.
    waste_bytes = 32 * 1024 * 1024
    waste_seconds = 5.0
    linger_seconds = 1.0

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._deadline: TimerHandle | None = None
        self._stall: TimerHandle | None = None
        self._in_headers = True
        self._head = 0
        self._waste = 0
        self._refused = False
        self._upgraded = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > self.cap:
            self.refuse(503, "This server is full. Please try again in a minute.", b"retry-after: 60\r\n")
            return
        if len(self.connections) == self.cap // 2 + 1:
            self._make_room()
        self._begin()

    def connection_lost(self, exc: Exception | None) -> None:
        self._no_deadline()
        if self._stall is not None:
            self._stall.cancel()
            self._stall = None
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._refused or self.transport.is_closing():
            return
        if self._in_headers:
            self._head += len(data)
        super().data_received(data)
        if self._upgraded or self.transport.is_closing():
            return
        if self._in_headers:
            if self._head > self.header_bytes:
                self.refuse(431, "These request headers are too long.")
        elif self._answered():
            self._discard(len(data))

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._begin()

    def on_headers_complete(self) -> None:
        self._in_headers = False
        self._waste = 0
        self._head = 0
        self._no_deadline()
        super().on_headers_complete()

    def on_response_complete(self) -> None:
        crowded = len(self.connections) > self.cap // 2
        self.timeout_keep_alive = self.crowded_idle_seconds if crowded else self.idle_seconds  # type: ignore[assignment]
        super().on_response_complete()

    def handle_websocket_upgrade(self) -> None:
        self._no_deadline()
        self._upgraded = True
        super().handle_websocket_upgrade()
        # Parser and protocol hold each other: 10,000 phones would leave that to the garbage collector.
        self.parser = None  # type: ignore[assignment]

    def pause_writing(self) -> None:
        super().pause_writing()
        if self._stall is None:
            self._stall = self.loop.call_later(self.stall_seconds, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._stall is not None:
            self._stall.cancel()
            self._stall = None

    def timeout_keep_alive_handler(self) -> None:
        super().timeout_keep_alive_handler()
        # `close` waits until all is written, and this client may never read it.
        if self._stall is None:
            self._stall = self.loop.call_later(self.stall_seconds, self.transport.abort)

    def refuse(self, status: int, words: str, headers: bytes = b"") -> None:
        """Answer without the application, and hang up."""
        self._no_deadline()
        body = words.encode()
        self.transport.write(
            STATUS_LINE[status]
            + b"content-type: text/plain; charset=utf-8\r\nconnection: close\r\n"
            + headers
            + b"content-length: %d\r\n\r\n" % len(body)
            + body
        )
        self._refused = True
        # Closing over unread bytes resets the connection, and the words are lost: half-close, read on, then drop.
        if self.transport.can_write_eof():
            self.transport.write_eof()
        if self._stall is None:
            self._stall = self.loop.call_later(self.linger_seconds, self.transport.abort)

    def _make_room(self) -> None:
        """The crowd begins: connections that wait for nothing but a next request go."""
        for each in list(self.connections):
            if isinstance(each, HttpLine) and each.timeout_keep_alive_task is not None:
                each.timeout_keep_alive_handler()

    def _answered(self) -> bool:
        cycle: RequestResponseCycle | None = self.cycle
        return cycle is None or cycle.response_complete

    def _discard(self, size: int) -> None:
        """What comes after the answer is the rest of a refused body."""
        self._waste += size
        if self._waste > self.waste_bytes:
            self.transport.abort()
        elif self.timeout_keep_alive_task is None:
            # uvicorn forgets this timer with the first byte, and an unfinished body would keep the connection.
            self.timeout_keep_alive_task = self.loop.call_later(self.waste_seconds, self.timeout_keep_alive_handler)

    def _unsupported_upgrade_warning(self) -> None:
        """Not worth a line in the log for every request that asks for HTTP/2."""

    def _begin(self) -> None:
        self._in_headers = True
        if self._deadline is None:
            self._deadline = self.loop.call_later(self.header_seconds, self._too_slow)

    def _too_slow(self) -> None:
        self._deadline = None
        if self.transport.is_closing():
            return
        if not self._answered():
            self.transport.abort()  # Words would land inside the answer to the request before.
        elif self._head:
            self.refuse(408, "The request took too long to arrive.")
        else:
            self.transport.close()

    def _no_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


def bounded(**bounds: float) -> type[HttpLine]:
    """`HttpLine` with other bounds: `bounded(cap=900, header_seconds=0.2)`."""
    unknown = [name for name in bounds if not hasattr(HttpLine, name)]
    if unknown:
        raise TypeError(f"HttpLine has no bound called {unknown[0]}")
    return type("HttpLine", (HttpLine,), dict(bounds))
