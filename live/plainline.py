"""A line over plain ASGI, for any server but ours: the same promises, a little dearer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from live import log
from live.frames import Frame, payload_of
from live.line import BEHIND_LIMIT, MESSAGE_LIMIT, SENT_LIMIT, Line, Stage, expect

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class PlainLine:
    """An accepted ASGI websocket as a `Line`. One task writes; `run` reads."""

    def __init__(self, receive: Receive, send: Send) -> None:
        self.who: object = None
        self._stage = Stage.OPEN
        self._receive = receive
        self._send = send
        self._on_text: Callable[[bytes], None] | None = None
        self._lost: list[Callable[[Line], None]] = []
        self._sent: list[bytes] = []
        self._shown: dict[str, Frame] = {}
        self._goodbye: Message | None = None
        self._writer: asyncio.Task[None] | None = None
        self._reader: asyncio.Task[Message] | None = None

    @property
    def stage(self) -> Stage:
        return self._stage

    @property
    def behind(self) -> bool:
        return bool(self._sent or self._shown)

    def listen(self, on_text: Callable[[bytes], None]) -> None:
        expect(self._stage, Stage.OPEN, verb="listen()")
        self._stage = Stage.LISTENING
        self._on_text = on_text

    def send(self, data: bytes) -> None:
        if self._stage in (Stage.CLOSING, Stage.LOST):
            return
        self._sent.append(data)
        if len(self._sent) > SENT_LIMIT:
            self.abort()
        else:
            self._wake()

    def show(self, frame: Frame) -> None:
        if self._stage in (Stage.CLOSING, Stage.LOST):
            return
        self._shown[frame.part] = frame
        self._wake()

    def close(self, code: int, reason: str = "") -> None:
        if self._stage in (Stage.CLOSING, Stage.LOST):
            return
        self._stage = Stage.CLOSING
        self._goodbye = {"type": "websocket.close", "code": code, "reason": reason}
        self._wake()

    def abort(self) -> None:
        """ASGI cannot drop a connection: stop writing and let the route end, and the server closes it."""
        self._end()

    def on_lost(self, callback: Callable[[Line], None]) -> None:
        if self._stage is Stage.LOST:
            callback(self)
        else:
            self._lost.append(callback)

    async def run(self) -> None:
        """Read until the client is gone."""
        try:
            while self._stage is not Stage.LOST:
                self._reader = asyncio.ensure_future(self._receive())
                message = await self._reader
                if message["type"] == "websocket.disconnect":
                    break
                self._take(message)
        except asyncio.CancelledError:
            if self._stage is not Stage.LOST:
                raise
        finally:
            self._end()

    def _take(self, message: Message) -> None:
        if self._stage is not Stage.LISTENING or self._on_text is None:
            return
        text = message.get("text")
        if text is None:
            log.event("socket_fault", close=1003, why="binary message")
            self.close(1003, "text only")
            return
        data = text.encode()
        if len(data) > MESSAGE_LIMIT:
            log.event("socket_fault", close=1009, why="message too long")
            self.close(1009, "message too long")
            return
        try:
            self._on_text(data)
        except Exception:  # noqa: BLE001 - one faulty message must not take the others' server down
            log.failure("message_failed")
            self.close(1011, "our mistake")

    def _wake(self) -> None:
        if self._writer is None:
            self._writer = asyncio.ensure_future(self._write())

    async def _write(self) -> None:
        """Write what waits, acknowledgements first, until nothing does."""
        try:
            while self._sent or self._shown or self._goodbye:
                if self._stage is Stage.LOST:
                    return
                message: Message
                if self._sent:
                    message = {"type": "websocket.send", "text": payload_of(self._sent.pop(0)).decode()}
                elif self._shown and not self._goodbye:
                    frame = self._shown.pop(next(iter(self._shown)))
                    message = {"type": "websocket.send", "text": payload_of(frame.data).decode()}
                else:
                    assert self._goodbye is not None
                    message, self._goodbye = self._goodbye, None
                    self._shown.clear()
                async with asyncio.timeout(BEHIND_LIMIT):
                    await self._send(message)
        except (OSError, RuntimeError, TimeoutError):
            # Gone while we wrote, or too slow: both are the end of this line, not of the server.
            self._end()
        finally:
            self._writer = None

    def _end(self) -> None:
        if self._stage is Stage.LOST:
            return
        self._stage = Stage.LOST
        self._sent.clear()
        self._shown.clear()
        self._goodbye = None
        if self._reader is not None and not self._reader.done():
            self._reader.cancel()
        lost, self._lost = self._lost, []
        for callback in lost:
            callback(self)
