"""The process that serves: our uvicorn, its settings, and how it says goodbye.

`live.child` runs it as a process of its own. Tests use `running`.
"""

from __future__ import annotations

import asyncio
import gc
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Any

import uvicorn

from live import log
from live.frames import message_frame
from live.httpline import bounded
from live.line import MESSAGE_LIMIT, Line, Stage
from live.wire import Wire

App = Callable[..., Awaitable[None]]
Drain = Callable[[], Awaitable[None]]

# Together under the 20 s after which the parent kills (seconds).
DRAIN_SECONDS = 5.0
WAVE_SECONDS = 8.0
REST_SECONDS = 4
# A new process serves this long after the last goodbye (seconds).
RESTART_SECONDS = 1.5
BACKLOG = 4096
# `live.child` keeps the collector from the old objects, since looking at those of 5,000 phones takes 300 ms: they are
# looked at every ten minutes (in tenths of a second), and only while so few are connected that nobody notices.
COLLECT_EVERY = 6000
COLLECT_BELOW = 500
CAP = 20_000


@dataclass(frozen=True, slots=True)
class Served:
    """What an application factory may return instead of a bare ASGI application.

    *drain* is awaited once, after the last connection was accepted and before the first goodbye. Sockets and
    requests are still answered meanwhile and until the lifespan ends.
    """

    app: App
    drain: Drain | None = None


class HallsideServer(uvicorn.Server):
    """uvicorn's server, which takes its time to say goodbye: by default every socket closes within 18 ms."""

    def __init__(
        self, config: uvicorn.Config, drain: Drain | None = None, *, signals: bool = True, leash: bool = False
    ) -> None:
        super().__init__(config)
        self._drain = drain
        self._signals = signals
        self._leash = leash

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self._leash:
            # Our parent holds the other end of standard input. When that ends, so do we.
            asyncio.get_running_loop().add_reader(sys.stdin.fileno(), self._let_go)

    async def main_loop(self) -> None:
        tick = 0
        while not await self.on_tick(tick):
            if tick % COLLECT_EVERY == 0 and len(self.server_state.connections) < COLLECT_BELOW:
                gc.collect()
            # Tests start and stop a hundred servers: there it is finer than uvicorn's tenth of a second.
            await asyncio.sleep(0.1 if self._signals else 0.005)
            tick += 1

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        for each in sockets or []:
            each.close()
        if self._drain is not None:
            try:
                async with asyncio.timeout(DRAIN_SECONDS):
                    await self._drain()
            except TimeoutError:
                log.event("drain_too_slow")
            except Exception:  # noqa: BLE001 - whatever fails here, the phones still get their goodbye
                log.failure("drain_failed")
        await say_goodbye(self.lines(), lambda: self.force_exit)
        await super().shutdown()

    def lines(self) -> list[Wire]:
        """Every open socket."""
        return [
            each
            for each in self.server_state.connections
            if isinstance(each, Wire) and each.stage in (Stage.OPEN, Stage.LISTENING)
        ]

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        if not self._signals:
            yield
            return
        with super().capture_signals():
            yield

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        super().handle_exit(sig, frame)
        # uvicorn would raise it again at the end, and a clean goodbye would look like a death.
        self._captured_signals.clear()

    def _let_go(self) -> None:
        asyncio.get_running_loop().remove_reader(sys.stdin.fileno())
        log.event("parent_died")
        self.should_exit = True


def wave_seconds(count: int) -> float:
    """Over how long *count* sockets close: a thousand a second, and from a hundred on 5 % in 100 ms at most."""
    return 0.0 if count < 100 else min(WAVE_SECONDS, max(2.5, count / 1000))


async def say_goodbye(lines: Sequence[Line], hurry: Callable[[], bool]) -> None:
    """Tell each line when to come back, and close it, in waves.

    Everybody is told the same number of seconds. Since they are closed one after the other they come back one
    after the other too, the first when the last has been closed and a new process is up.
    """
    span = wave_seconds(len(lines))
    goodbye = message_frame({"bye": round(span + RESTART_SECONDS, 1)})
    clock = asyncio.get_running_loop().time
    start = clock()
    for place, line in enumerate(lines):
        wait = start + span * place / len(lines) - clock()
        # Timers are no finer than that, and a sleep for every line would cost more than its goodbye.
        if wait > 0.02 and not hurry():
            await asyncio.sleep(wait)
        line.send(goodbye)
        line.close(1012, "restart")


def config_for(app: App, *, cap: int = CAP, lifespan: Any = "on") -> uvicorn.Config:
    """uvicorn's settings, none of which may be left to its defaults. *cap*: most connections at once."""
    return uvicorn.Config(
        app,
        interface="asgi3",
        http=bounded(cap=cap),
        ws=Wire,
        loop="uvloop",
        # 25 KiB a connection instead of 59, and no bombs.
        ws_per_message_deflate=False,
        ws_max_size=MESSAGE_LIMIT,
        # 20 and 20 killed one in seven healthy clients under overload (measured).
        ws_ping_interval=25,
        ws_ping_timeout=60,
        log_config=None,
        access_log=False,
        server_header=False,
        # Guard does this, and only for the proxies that are named.
        proxy_headers=False,
        backlog=BACKLOG,
        lifespan=lifespan,
        timeout_graceful_shutdown=REST_SECONDS,
    )


@asynccontextmanager
async def running(
    app: App, port: int = 0, *, drain: Drain | None = None, lifespan: Any = "auto", cap: int = CAP
) -> AsyncIterator[str]:
    """Serve *app* on loopback in this loop and give its URL, `http://127.0.0.1:<port>`. For tests.

    Raises RuntimeError if the application does not start.
    """
    sock = socket.create_server(("127.0.0.1", port), backlog=BACKLOG)
    server = HallsideServer(config_for(app, cap=cap, lifespan=lifespan), drain, signals=False)

    async def serve() -> None:
        try:
            await server.serve(sockets=[sock])
        except SystemExit:
            raise RuntimeError("the application did not start: its log says why") from None

    task = asyncio.create_task(serve())
    try:
        while not server.started and not task.done():  # noqa: ASYNC110 - uvicorn has a flag, no event
            await asyncio.sleep(0.005)
        if task.done():
            await task
        yield f"http://127.0.0.1:{sock.getsockname()[1]}"
    finally:
        server.should_exit = True
        try:
            await task
        finally:
            sock.close()
