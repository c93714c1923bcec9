"""How long a request may be, and how long it may take."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]

LIMIT = 64 * 1024
SECONDS = 20.0
BIG_SECONDS = 120.0


class Refusal(Exception):
    """This request goes no further: an HTTP status, and why, in words."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status = status
        self.words = words


class Gone(Exception):
    """The client left before it had said everything."""


def too_long(limit: int) -> Refusal:
    return Refusal(413, f"This is too long: at most {limit // 1024} KiB.")


def too_slow() -> Refusal:
    return Refusal(408, "The request took too long to arrive.")


def check_length(declared: str, limit: int) -> None:
    """Raise Refusal if the Content-Length *declared* ("" when absent) is no number or over *limit* bytes."""
    if declared and (not declared.isascii() or not declared.isdigit() or int(declared[:12]) > limit):
        raise too_long(limit)


async def read_whole(receive: Receive, limit: int, seconds: float) -> Receive:
    """Read the body now and return what hands it on in one piece.

    Read before the application runs, so that too long and too slow are answered in words and hold no session.
    Raises Refusal, or Gone.
    """
    body = bytearray()
    try:
        async with asyncio.timeout(seconds):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise Gone
                body += message.get("body", b"")
                if len(body) > limit:
                    raise too_long(limit)
                if not message.get("more_body", False):
                    break
    except TimeoutError:
        raise too_slow() from None
    whole: list[Message] = [{"type": "http.request", "body": bytes(body), "more_body": False}]

    async def replay() -> Message:
        return whole.pop() if whole else await receive()

    return replay


class Counted:
    """Hands on a big body as it comes.

    When it gets too long or too slow the application sees a client that left, and `refusal` says what the
    real one is to be told.
    """

    def __init__(self, receive: Receive, limit: int, seconds: float = BIG_SECONDS) -> None:
        self.refusal: Refusal | None = None
        self._receive = receive
        self._limit = limit
        self._left = limit
        self._end = asyncio.get_running_loop().time() + seconds
        self._more = True

    async def __call__(self) -> Message:
        if self.refusal is not None:
            return {"type": "http.disconnect"}
        if not self._more:
            return await self._receive()
        try:
            async with asyncio.timeout_at(self._end):
                message = await self._receive()
        except TimeoutError:
            self.refusal = too_slow()
            return {"type": "http.disconnect"}
        self._left -= len(message.get("body", b""))
        self._more = bool(message.get("more_body", False))
        if self._left < 0:
            self.refusal = too_long(self._limit)
            return {"type": "http.disconnect"}
        return message
