"""The clocks of open polls: the timer that ends voting, and the grace before the seal.

Deadlines are kept in the records as wall time and rebased to the monotonic clock when first seen, so that a clock
set right in the middle of a vote moves no deadline.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from models.command import SYSTEM, Badge, Command
from models.refusals import Refused
from models.voting import EndVoting, SealPoll

if TYPE_CHECKING:
    from live.node import Node

log = logging.getLogger("hallside.deadlines")

AFTER_DOWN = 15.0
"""A timer that ran out while the platform was down ends voting this long after it is back (seconds)."""
AGAIN = 0.5
"""Seconds until what failed is tried again."""
_SYSTEM = Badge(0, SYSTEM)


@dataclass(frozen=True, slots=True)
class Deadline:
    """What is due: `at` is monotonic, `mark` the wall time in the records that it belongs to."""

    at: float
    mark: float
    command: Command


class Deadlines:
    """One per node. Two nodes may both act: the commands name the mark, so the second does nothing."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._due: dict[int, Deadline] = {}
        self._wake = asyncio.Event()
        self._stopped = False

    async def begin(self) -> None:
        """At start: a poll found closing is sealed before anybody is let in; open timers are taken up."""
        for poll, state, _, closed_at in self._rows(""):
            if state == "closing":
                await self._do(SealPoll(poll=poll, closed_at=closed_at or 0.0))
        now, wall = self._node.clock(), self._node.wall()
        for poll, state, closes_at, closed_at in self._rows(""):
            if state == "closing":  # it could not be sealed just now: ask again and again
                self._due[poll] = Deadline(now, closed_at or 0.0, SealPoll(poll=poll, closed_at=closed_at or 0.0))
            elif closes_at is not None:
                left = closes_at - wall
                self._due[poll] = Deadline(
                    now + (left if left > 0 else AFTER_DOWN), closes_at, EndVoting(poll=poll, deadline=closes_at)
                )

    def look(self, session: int) -> None:
        """A poll of this session changed: take up, move or drop its deadline."""
        now, wall = self._node.clock(), self._node.wall()
        live: set[int] = set()
        for poll, state, closes_at, closed_at in self._rows("AND session_id = ?", session):
            mark = closes_at if state == "open" else closed_at
            if mark is None:
                continue
            live.add(poll)
            known = self._due.get(poll)
            if known is not None and known.mark == mark and isinstance(known.command, EndVoting) == (state == "open"):
                continue
            if state == "open":
                self._due[poll] = Deadline(now + mark - wall, mark, EndVoting(poll=poll, deadline=mark))
            else:
                grace = max(0.0, self._node.settings.grace - max(0.0, wall - mark))
                self._due[poll] = Deadline(now + grace, mark, SealPoll(poll=poll, closed_at=mark))
        here = {
            row[0]
            for row in self._node.store.peek.cursor.execute("SELECT id FROM poll WHERE session_id = ?", (session,))
        }
        for poll in here & (self._due.keys() - live):
            del self._due[poll]
        self._wake.set()

    async def watch(self) -> None:
        """Act when something is due, for ever."""
        while not self._stopped:
            self._wake.clear()
            now = self._node.clock()
            try:
                await self._act(now)
            except Exception:  # what is due stays due, and the clocks of the other polls must go on
                log.exception("the clocks failed")
                await asyncio.sleep(AGAIN)
            wait = min((d.at for d in self._due.values()), default=now + 60.0) - self._node.clock()
            try:
                async with asyncio.timeout(max(0.01, min(wait, 60.0))):
                    await self._wake.wait()
            except TimeoutError:
                pass

    async def _act(self, now: float) -> None:
        """Do what is due. It stays due until the records say otherwise: it may be refused for want of disk."""
        for poll, deadline in sorted(self._due.items(), key=lambda item: item[1].at):
            if deadline.at <= now and self._due.get(poll) is deadline:
                await self._do(deadline.command)
                self._look_at(poll)

    def _look_at(self, poll: int) -> None:
        """Look at the session of one poll again."""
        row = self._node.store.peek.cursor.execute("SELECT session_id FROM poll WHERE id = ?", (poll,)).fetchone()
        if row:
            self.look(row[0])

    async def stop(self) -> None:
        self._stopped = True
        self._wake.set()

    async def _do(self, command: Command) -> None:
        try:
            await self._node.ask(_SYSTEM, command)
        except Refused as refused:
            log.warning("deadline refused: %s", refused.key)
            await asyncio.sleep(AGAIN)
        except Exception:  # the clocks of the other polls must go on
            log.exception("deadline failed")
            await asyncio.sleep(AGAIN)

    def _rows(self, where: str, *params: int) -> list[tuple[int, str, float | None, float | None]]:
        found: list[tuple[int, str, float | None, float | None]] = self._node.store.peek.cursor.execute(
            "SELECT id, state, closes_at, closed_at FROM poll WHERE state IN ('open', 'closing') " + where, params
        ).fetchall()
        return found
