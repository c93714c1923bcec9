"""One desk and one hall screen beside the crowd, in the process that measures: it has time to look at the clock."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Origin

from tests.load.machine import Server


@dataclass(frozen=True, slots=True)
class Seen:
    """A message, when it came (monotonic), and how long it was before anything was deflated."""

    at: float
    size: int
    data: dict[str, Any]


class Counted(ClientConnection):
    """Counts what comes in as it is on the wire, deflated where the two sides agreed to it."""

    bytes_in = 0

    def data_received(self, data: bytes) -> None:
        self.bytes_in += len(data)
        super().data_received(data)


@dataclass
class Face:
    """A socket with a badge. Everything it hears is kept until `forget`."""

    server: Server
    token: str
    hello: dict[str, Any]
    language: str = "en"
    heard: list[Seen] = field(default_factory=list)
    bytes_out: int = 0
    _id: int = 0

    async def __aenter__(self) -> Face:
        self._line: ClientConnection = await connect(
            f"ws://{self.server.address}:{self.server.port}/socket", proxy=None, max_size=None,
            create_connection=Counted,
            origin=Origin(self.server.url), additional_headers={"Cookie": f"hallside={self.token}; script=1"},
        )  # fmt: skip
        self._news = asyncio.Event()
        self._reader = asyncio.create_task(self._read())
        await self.send({"do": "hello", **self.hello})
        await self.until(lambda seen: "hello" in seen.data)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        self._reader.cancel()
        await self._line.close()

    async def _read(self) -> None:
        async for text in self._line:
            size = len(text.encode()) if isinstance(text, str) else len(text)
            size += 2 if size < 126 else 4  # the frame's own header
            self.heard.append(Seen(time.monotonic(), size, json.loads(text)))
            self._news.set()
        self._news.set()

    async def send(self, message: dict[str, Any]) -> None:
        text = json.dumps(message, separators=(",", ":"))
        self.bytes_out += len(text.encode()) + (6 if len(text) < 126 else 8)
        await self._line.send(text)

    async def command(self, do: str, **fields: Any) -> Seen:
        """Send and wait for the answer. Raises RuntimeError where it is a no."""
        self._id += 1
        id_ = self._id
        await self.send({"id": id_, "do": do, **fields})
        seen = await self.until(lambda seen: seen.data.get("re") == id_)
        if "no" in seen.data:
            raise RuntimeError(f"{do}: {seen.data['no']}")
        return seen

    async def until(self, wanted: Any, since: float = 0.0, seconds: float = 15.0) -> Seen:
        """The first message from `since` on that is wanted."""
        checked = 0
        async with asyncio.timeout(seconds):
            while True:
                for seen in self.heard[checked:]:
                    checked += 1
                    if seen.at >= since and wanted(seen):
                        return seen
                if self._reader.done() or self._line.close_code is not None:
                    raise RuntimeError(f"the line was closed: {self._line.close_code}")
                self._news.clear()
                await self._news.wait()

    @property
    def bytes_in(self) -> int:
        """Bytes down since `forget`, frame headers included."""
        assert isinstance(self._line, Counted)
        return self._line.bytes_in

    def forget(self) -> None:
        assert isinstance(self._line, Counted)
        self.heard.clear()
        self._line.bytes_in = 0
        self.bytes_out = 0

    def parts(self, name: str) -> list[Seen]:
        return [seen for seen in self.heard if seen.data.get("part") == name]
