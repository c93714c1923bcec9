"""How long a request may be, and how long it may take."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]

LIMIT = 64 * 1024
"""Bytes of a body, at most."""
SECONDS = 20.0


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


def check_length(declared: str, limit: int = LIMIT) -> None:
    """Raise Refusal if the Content-Length *declared* ("" when absent) is no number or over the limit."""
    if declared and (not declared.isascii() or not declared.isdigit() or int(declared[:12]) > limit):
        raise too_long(limit)


async def read_whole(receive: Receive, seconds: float, limit: int = LIMIT) -> Receive:
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
        raise Refusal(408, "The request took too long to arrive.") from None
    whole: list[Message] = [{"type": "http.request", "body": bytes(body), "more_body": False}]

    async def replay() -> Message:
        return whole.pop() if whole else await receive()

    return replay
