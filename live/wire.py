"""Bytes on the line: uvicorn's websocket protocol, without queue, task or copy between us and the socket.

`Wire` is given to uvicorn as its websocket class and hands itself to the application as the ASGI extension
`hallside.wire`. tests/live/test_wire.py holds it to the pinned uvicorn.

One long file: it is one class, and each of its parts leans on the stage that the others set.
"""

from __future__ import annotations

import socket
from asyncio import BaseTransport, TimerHandle
from collections.abc import Callable, MutableMapping, Sequence
from typing import Any, cast
from zlib import MAX_WBITS

from uvicorn._types import ASGISendEvent
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.extensions import Extension
from websockets.extensions.permessage_deflate import PerMessageDeflate, ServerPerMessageDeflateFactory
from websockets.http11 import Request
from websockets.protocol import State
from websockets.typing import ExtensionParameter

from live import log
from live.frames import (
    PACKED_BITS,
    Frame,
    digest,
    message_frame,
    numbers_frame,
    page_frame,
    text_frame,
    whole_text,
)
from live.line import BEHIND_LIMIT, SENT_LIMIT, Line, Stage, expect
from live.plainline import PlainLine, Receive, Send

__all__ = [
    "Frame",
    "Line",
    "PlainLine",
    "Stage",
    "Wire",
    "digest",
    "line_of",
    "message_frame",
    "numbers_frame",
    "page_frame",
    "text_frame",
]

EXTENSION = "hallside.wire"

# Otherwise a phone that does not read swallows 3.9 MB in the kernel before anyone notices (measured).
SEND_BUFFER = 32 * 1024
HIGH_WATER = 16 * 1024
# Empty fragments cost the sender nothing and do not count towards the size of a message.
FRAGMENT_LIMIT = 256
# How long a closing line may take until it is dropped (seconds): the peer may never read our close frame.
CLOSE_LIMIT = 10.0
LINGER = 1.0


class Packing(ServerPerMessageDeflateFactory):
    """Deflate without an encoder for each line: a frame is deflated once for all, and a line holds no window.

    The phone keeps its own window, unless it said that it would not: then a frame may go on from the one before.
    """

    def process_request_params(
        self, params: Sequence[ExtensionParameter], accepted_extensions: Sequence[Extension]
    ) -> tuple[list[ExtensionParameter], PerMessageDeflate]:
        answer, made = super().process_request_params(params, accepted_extensions)
        if not any(name == "server_no_context_takeover" for name, _ in params):
            answer = [each for each in answer if each[0] != "server_no_context_takeover"]
        return answer, made


PACKING = (Packing(server_no_context_takeover=True, client_no_context_takeover=True),)


def line_of(scope: MutableMapping[str, Any], receive: Receive, send: Send) -> Line:
    """The line under an accepted websocket: ours under our server, a `PlainLine` under any other."""
    extension = scope.get("extensions", {}).get(EXTENSION)
    if extension is None:
        return PlainLine(receive, send)
    return cast(Line, extension["line"])


class Wire(WebSocketsSansIOProtocol):
    """One websocket of our server, as a `Line` (see there for the promises)."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.conn.available_extensions = PACKING
        self.who: object = None
        self._packs = self._goes_on = False
        self._last = 0
        self._stage = Stage.CONNECTING
        self._flows = False  # may `show` write right now? The only thing the fan-out loop asks
        self._behind: TimerHandle | None = None
        self._on_text: Callable[[bytes], None] | None = None
        self._lost: tuple[Callable[[Line], None], ...] = ()
        self._sent: list[bytes] | None = None
        self._shown: dict[str, Frame] | None = None

    # What hub and routes call

    @property
    def stage(self) -> Stage:
        return self._stage

    @property
    def behind(self) -> bool:
        return self._behind is not None

    def listen(self, on_text: Callable[[bytes], None]) -> None:
        expect(self._stage, Stage.OPEN, verb="listen()")
        self._stage = Stage.LISTENING
        self._on_text = on_text
        # What came between accept and here waits in the queue of the ASGI side, in order.
        for _ in range(self.queue.qsize()):
            early = self.queue.get_nowait()
            if early["type"] == "websocket.receive":
                self._deliver((early.get("text") or "").encode())
            else:
                self.queue.put_nowait(early)
        self._resume()

    def send(self, data: bytes) -> None:  # type: ignore[override]  # ASGI's own is `asgi_send`
        if self._flows:
            self.transport.write(data)
        elif self._behind is not None and self._stage in (Stage.OPEN, Stage.LISTENING):
            if self._sent is None:
                self._sent = []
            self._sent.append(data)
            if len(self._sent) > SENT_LIMIT:
                self.abort()
        else:
            expect(self._stage, Stage.OPEN, Stage.LISTENING, Stage.CLOSING, Stage.LOST, verb="send()")

    def show(self, frame: Frame) -> None:
        if self._flows:
            self.transport.write(self._bytes_of(frame))
        elif self._behind is not None and self._stage in (Stage.OPEN, Stage.LISTENING):
            if self._shown is None:
                self._shown = {}
            self._shown[frame.part] = frame
        else:
            expect(self._stage, Stage.OPEN, Stage.LISTENING, Stage.CLOSING, Stage.LOST, verb="show()")

    def close(self, code: int, reason: str = "") -> None:
        if self._stage in (Stage.CLOSING, Stage.LOST):
            return
        expect(self._stage, Stage.OPEN, Stage.LISTENING, verb="close()")
        if self.conn.state is not State.OPEN or self.transport.is_closing():
            return  # The peer was faster: its own close is under way.
        self._closing()
        self.close_sent = True
        self.queue.put_nowait({"type": "websocket.disconnect", "code": code, "reason": reason})
        self.conn.send_close(code, reason)
        self.transport.write(b"".join(self.conn.data_to_send()))
        self._resume()
        self._drop_after(CLOSE_LIMIT)

    def abort(self) -> None:
        self._closing()
        self.transport.abort()

    def on_lost(self, callback: Callable[[Line], None]) -> None:
        if self._stage is Stage.LOST:
            callback(self)
        else:
            self._lost += (callback,)

    async def run(self) -> None:
        """Return at once: a listening line outlives its route, and 10,000 suspended routes cost memory."""

    # What the transport calls

    def connection_made(self, transport: BaseTransport) -> None:
        super().connection_made(transport)
        raw = transport.get_extra_info("socket")
        if raw is not None:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        self.transport.set_write_buffer_limits(high=HIGH_WATER, low=0)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._closing()
        self._stage = Stage.LOST
        if self._behind is not None:
            self._behind.cancel()
            self._behind = None
        lost, self._lost = self._lost, ()
        for callback in lost:
            callback(self)
        # Cycles: left to the collector, which stops the loop for 300 ms when 5,000 phones are here (measured).
        self._on_text = None
        self.conn.parser.close()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._flows = False
        if self._behind is None:
            self._behind = self.loop.call_later(BEHIND_LIMIT, self._too_slow)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._behind is not None:
            self._behind.cancel()
            self._behind = None
        if self._stage in (Stage.OPEN, Stage.LISTENING):
            self._flows = True
            self._catch_up()

    def data_received(self, data: bytes) -> None:
        if self._stage is Stage.LISTENING:
            text = whole_text(self.conn, data)
            if text is not None:
                self._deliver(text)
                return
        self.conn.receive_data(data)
        self.handle_events()
        if self.conn.parser_exc is not None and not self.close_sent:
            self.handle_parser_exception()

    def shutdown(self) -> None:
        """The server's last word, after our own drain has spoken to every line."""
        super().shutdown()
        self._closing()
        self._drop_after(LINGER)

    # What the base class calls

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if self.response.status_code == 101:
            cast(dict[str, Any], self.scope["extensions"])[EXTENSION] = {"line": self}

    def handle_cont(self, event: Any) -> None:
        if len(self.frames) >= FRAGMENT_LIMIT:
            self.frames.clear()
            self._fault(1009, "too many fragments")
        elif not self.close_sent:
            super().handle_cont(event)

    def send_receive_event_to_app(self) -> None:
        data = self.frames[0] if len(self.frames) == 1 else b"".join(self.frames)
        self.frames = []
        if self.close_sent:
            return
        if self.curr_msg_data_type != "text":
            self._fault(1003, "binary message")
        elif self._stage is Stage.LISTENING:
            self._deliver(bytes(data))
        else:
            try:
                text = str(data, "utf-8")
            except UnicodeDecodeError:
                self._fault(1007, "not UTF-8")
                return
            self.queue.put_nowait({"type": "websocket.receive", "text": text})
            if not self.read_paused:
                self.read_paused = True
                self.transport.pause_reading()

    def handle_ping(self) -> None:
        # A client that pings and never reads would fill our memory with pongs.
        pong = b"".join(self.conn.data_to_send())
        if self._behind is None and not self.close_sent:
            self.transport.write(pong)

    def handle_close(self, event: Any) -> None:
        super().handle_close(event)
        self._closing()
        self._drop_after(CLOSE_LIMIT)

    def handle_parser_exception(self) -> None:
        sent = self.conn.close_sent
        code = 1006 if sent is None else int(sent.code)
        log.event("socket_fault", close=code, why=type(self.conn.parser_exc).__name__)
        self._closing()
        self.close_sent = True
        self.queue.put_nowait({"type": "websocket.disconnect", "code": code, "reason": ""})
        self.transport.write(b"".join(self.conn.data_to_send()))
        self._resume()
        # Closing over unread bytes makes the kernel reset the connection, and the peer would never read the
        # code: half-close, and throw away what still comes.
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self._drop_after(LINGER)

    async def run_asgi(self) -> None:
        """As uvicorn's, but a line that listens outlives the application's coroutine."""
        try:
            await self.app(self.scope, self.receive, self.asgi_send)
        except ClientDisconnected:
            pass
        except Exception:  # noqa: BLE001 - the server must outlive a faulty route
            log.failure("socket_route_failed")
            self.send_500_response()
            if self.handshake_complete and self._stage in (Stage.OPEN, Stage.LISTENING):
                self.close(1011, "our mistake")
        else:
            if not self.handshake_complete:
                log.event("socket_unanswered")
                self.send_500_response()
        if self._stage is Stage.LISTENING:
            self._forget_handshake()
        elif self.close_timer is None:
            self.transport.close()

    async def asgi_send(self, message: ASGISendEvent) -> None:
        """What the application gets as `send`: the name itself belongs to the line."""
        await WebSocketsSansIOProtocol.send(self, message)
        if message["type"] == "websocket.accept" and self.handshake_complete:
            if self._stage is Stage.CONNECTING:
                self._stage = Stage.OPEN
                self._flows = self._behind is None and not self.transport.is_closing()
                self._agree()
        elif message["type"] == "websocket.close":
            self._closing()

    def keepalive_timeout(self) -> None:
        super().keepalive_timeout()
        self._closing()
        self._drop_after(LINGER)

    # Within

    def _deliver(self, text: bytes) -> None:
        if not text.isascii():
            try:
                text.decode()
            except UnicodeDecodeError:
                self._fault(1007, "not UTF-8")
                return
        assert self._on_text is not None
        try:
            self._on_text(text)
        except Exception:  # noqa: BLE001 - one faulty message must not take the others' server down
            log.failure("message_failed")
            self.close(1011, "our mistake")

    def _fault(self, code: int, why: str) -> None:
        """The peer broke the protocol: one line in the log, and goodbye."""
        if self.conn.state is not State.OPEN:
            return  # Another fault came first, and has its line and its goodbye.
        log.event("socket_fault", close=code, why=why)
        if self._stage is Stage.CONNECTING:
            self.abort()
        else:
            self.close(code, why)

    def _agree(self) -> None:
        """What was agreed on deflating. A phone with a smaller window than our frames need gets them as they are."""
        for each in self.conn.extensions:
            if isinstance(each, PerMessageDeflate) and each.local_max_window_bits >= PACKED_BITS:
                self._packs = True
                asked = self.request.headers.get_all("Sec-WebSocket-Extensions")
                forgets = any("server_no_context_takeover" in line for line in asked)
                self._goes_on = each.local_max_window_bits == MAX_WBITS and not forgets

    def _bytes_of(self, frame: Frame) -> bytes:
        """The shortest this line can take; to be written at once, since it moves the phone's window."""
        if not (self._packs and frame.packed):
            return frame.data
        last, self._last = self._last, frame.number
        return frame.delta if frame.delta and last == frame.after and self._goes_on else frame.packed

    def _catch_up(self) -> None:
        """Write what was kept while behind, until the phone is behind again or nothing is left."""
        while self._sent and self._flows:
            self.transport.write(self._sent.pop(0))
        while self._shown and self._flows:
            self.transport.write(self._bytes_of(self._shown.pop(next(iter(self._shown)))))
        self._sent = self._sent or None
        self._shown = self._shown or None

    def _too_slow(self) -> None:
        log.event("socket_too_slow")
        self.abort()

    def _closing(self) -> None:
        self._flows = False
        self._sent = self._shown = None
        if self._stage is not Stage.LOST:
            self._stage = Stage.CLOSING

    def _resume(self) -> None:
        if self.read_paused:
            self.read_paused = False
            self.transport.resume_reading()

    def _drop_after(self, seconds: float) -> None:
        if self._stage is Stage.LOST:
            return
        if self.close_timer is not None:
            self.close_timer.cancel()
        self.close_timer = self.loop.call_later(seconds, self.transport.abort)

    def _forget_handshake(self) -> None:
        """The headers of ten thousand phones are 20 MB nobody reads again."""
        del self.scope, self.request, self.response
