"""News goes out by looking: what was touched is read again, rendered once for each audience, and shown.

The latest wins. One repaint of a part runs at a time, so an older read never overtakes a newer one. What a page
holds is compared by the digest of bytes already shown to that audience.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from live.hub import Audience, Hub
from live.parts import AT_ONCE, BY_TOPIC, PARTS, Live, Part, Read
from live.render import Renderer
from live.wire import Frame, numbers_frame, page_frame
from models.command import Touched
from models.store import Store

log = logging.getLogger("hallside.projector")

FANOUT_SHARE = 0.2
"""The part of one core that showing numbers to phones may take: the pace stretches with the audience."""
LINE_COST = 8e-6
READ_SHARE = 10
"""A part is read and rendered at most a tenth of the time."""
FRESH = 1.0
"""Seconds that a page asked for may be old, where no line follows it; and numbers that wait for their pace."""

Where = tuple[str, str, str]
"""(address, view, part)"""


@dataclass(slots=True)
class Shown:
    """What one audience was shown last of one part. `html` is empty for numbers."""

    frame: Frame
    html: str
    body: object
    at: float = 0.0
    """When it was read, on the node's clock."""
    followed: bool = False
    """Whether a line of this audience held it then: whatever changes is painted for that line."""


class Projector:
    """Paints parts. `live` gives presence and clock at the moment of reading."""

    def __init__(self, store: Store, hub: Hub, renderer: Renderer, live: Callable[[], Live]) -> None:
        self.store = store
        self.hub = hub
        self.renderer = renderer
        self.live = live
        self.shown: dict[tuple[Audience, str], Shown] = {}
        self.repaints = 0
        self._dirty: set[Where] = set()
        self._owed: set[tuple[Audience, str]] = set()
        """Somebody of these holds something newer than the others were shown: the next paint goes out in any case."""
        self._running: dict[Where, asyncio.Task[None]] = {}
        self._hurry: dict[Where, asyncio.Event] = {}
        """Set when a person waits for the next painting."""
        self._pool = ThreadPoolExecutor(2, thread_name_prefix="reader")
        self._cost: dict[Where, float] = {}
        """CPU seconds of the last read and rendering."""
        self._painting: set[Where] = set()
        """Being read and rendered now: what was shown may be old already."""
        self._touches = 0
        self._touched: dict[Where, int] = {}
        self._reads: dict[tuple[str, Read], tuple[int, asyncio.Future[tuple[Any, float]]]] = {}
        """Reads under way, each with the number of touches it was begun after."""
        self._parts = {(p.view, p.name): p for p in PARTS}

    def touch(self, touched: Touched) -> None:
        """Say that these (address, topic) may have changed. Cheap, and may be said too often."""
        self._touches += 1
        for address, topic in touched:
            for part in BY_TOPIC.get((address.partition(":")[0], topic), ()):
                self._soil(address, part)
                if topic in AT_ONCE:
                    self._hurry[address, part.view, part.name].set()

    def _soil(self, address: str, part: Part) -> None:
        where = (address, part.view, part.name)
        self._dirty.add(where)
        self._touched[where] = self._touches
        if where not in self._running:
            loop = asyncio.get_running_loop()
            self._hurry[where] = asyncio.Event()
            self._running[where] = loop.create_task(self._paint_while_dirty(where, part))

    async def _paint_while_dirty(self, where: Where, part: Part) -> None:
        """The first touch paints at once; while touches go on, at the part's pace, but at once what a person did."""
        loop = asyncio.get_running_loop()
        hurry = self._hurry[where]
        try:
            while where in self._dirty:
                self._dirty.discard(where)
                hurry.clear()
                self._painting.add(where)
                started = loop.time()
                try:
                    audience = await self.repaint(where[0], part)
                except Exception:  # the loop must go on: the next touch or the sweep paints again
                    log.exception("repaint of %s %s failed", *where[1:])
                    audience = 0
                finally:
                    self._painting.discard(where)
                took = loop.time() - started
                # By its own work, not by the clock: in a burst of votes a read waits its turn, and would wait tenfold.
                wait = max(part.every, audience * LINE_COST / FANOUT_SHARE, self._cost.get(where, 0.0) * READ_SHARE)
                await _pause(hurry, wait - took)
        finally:
            self._running.pop(where, None)
            self._hurry.pop(where, None)
            self._touched.pop(where, None)
            self._cost.pop(where, None)

    async def repaint(self, address: str, part: Part) -> int:
        """Read once, render for each audience, show what differs. The number of lines it went to."""
        audiences = [a for a in self.hub.audiences(address) if a.view == part.view]
        known = [a for a, name in self.shown if name == part.name and a.address == address and a.view == part.view]
        for audience in known:
            if audience not in audiences:
                self._owed.discard((audience, part.name))
                del self.shown[audience, part.name]  # nobody looks: read afresh when somebody comes
        if not audiences:
            return 0
        now = self.live().now
        board, cost = await self._read_once(address, part)
        self.repaints += 1
        lines = 0
        for audience in audiences:
            before = self.shown.get((audience, part.name))
            begun = time.thread_time()
            try:
                after = self._frame(audience, part, board, before)
            except Exception:  # the others must see it
                log.exception("rendering of %s %s for %s failed", part.view, part.name, "+".join(audience.languages))
                continue
            cost += time.thread_time() - begun
            after.at, after.followed = now, True
            self.shown[audience, part.name] = after
            owed = (audience, part.name) in self._owed
            self._owed.discard((audience, part.name))
            if before is None or owed or before.body != after.body:
                lines += await self.hub.broadcast(audience, after.frame)
        self._cost[address, part.view, part.name] = cost
        return lines

    async def _read_once(self, address: str, part: Part) -> tuple[Any, float]:
        """(Board, CPU seconds of the read), in a thread, once for all parts that show it: a desk has three."""
        key, touched = (address, part.read), self._touched.get((address, part.view, part.name), self._touches)
        known = self._reads.get(key)
        # One begun before the last touch may have missed what that was about.
        if known is None or known[0] < touched:
            read = asyncio.get_running_loop().run_in_executor(self._pool, self._timed, address, part)
            known = self._reads[key] = (self._touches, read)
            read.add_done_callback(lambda done: self._forget_read(key, done))
        return await asyncio.shield(known[1])

    def _forget_read(self, key: tuple[str, Read], done: asyncio.Future[tuple[Any, float]]) -> None:
        if key in self._reads and self._reads[key][1] is done:
            del self._reads[key]

    def _timed(self, address: str, part: Part) -> tuple[Any, float]:
        begun = time.thread_time()
        board = self._read(address, part)
        return board, time.thread_time() - begun

    def _read(self, address: str, part: Part) -> Any:
        with self.store.reading() as tx:
            return part.read(tx, _number(address), self.live())

    def _frame(self, audience: Audience, part: Part, board: Any, before: Shown | None) -> Shown:
        if not part.template:
            numbers = board or {}
            return Shown(numbers_frame(part.name, numbers), "", numbers)
        html, key = "", ""
        if board is not None:
            html = self.html(part, audience, board)
            key = part.key(board)
        if before is not None and html == before.html:
            return before  # the next frame goes on from the one that lines hold
        return Shown(page_frame(part.name, key, html.encode(), before.frame if before else None), html, html)

    def html(self, part: Part, audience: Audience, board: Any, **extra: Any) -> str:
        """One part rendered for one audience. `extra` is what only a page knows, such as the reader's own ballot."""
        live = self.live()
        fitted = part.fit(board, audience)
        context = {"board": fitted, "address": live.address, "base": live.base, "my": None, "now": live.now}
        context |= {"secret": "", "intent": "", "turn": 1} | extra
        return self.renderer.fragment(part.template, audience.languages[0], **context)

    def look(self, audience: Audience, name: str) -> Shown:
        """What an audience sees of a part now: as last shown, or read and rendered if that is not known or stale."""
        part = self._parts[audience.view, name]
        shown = self.shown.get((audience, name))
        where = (audience.address, audience.view, name)
        soiled = where in self._dirty or where in self._painting
        now, followed = self.live().now, self.hub.count(audience) > 0
        if shown is not None:
            kept = shown.followed and followed and not soiled
            young = now - shown.at <= FRESH and not (soiled and part.template)
            if kept or young:
                return shown  # numbers that are about to be repainted are good enough: the frame follows
        before = shown.body if shown is not None else None
        fresh = self._frame(audience, part, self._read(audience.address, part), shown)
        if shown is None or not followed or not part.template or fresh is shown:
            fresh.at, fresh.followed = now, followed
            self.shown[audience, name] = fresh
        if shown is not None and before != fresh.body:
            self._owed.add((audience, name))
        return fresh

    async def settle(self) -> None:
        """Wait until nothing is dirty: for tests and for a stop."""
        while self._running:
            await asyncio.wait(list(self._running.values()))

    def close(self) -> None:
        self._dirty.clear()  # a task that ends finds nothing to go on with
        for task in list(self._running.values()):
            task.cancel()
        self._pool.shutdown(wait=False, cancel_futures=True)


async def _pause(hurry: asyncio.Event, seconds: float) -> None:
    """Wait so long, or until somebody is in a hurry."""
    try:
        async with asyncio.timeout(max(0.0, seconds)):
            await hurry.wait()
    except TimeoutError:
        pass


def _number(address: str) -> int:
    return int(address.partition(":")[2] or 0)
