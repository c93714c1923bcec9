"""One process of the platform. `perform` is the one door in: every change, from a socket or a form, passes it.

A node owns nothing that must survive. It holds the store, the projector, who is here, and the clocks of open polls.
One long file, since it is where they meet; what each does stands in its own.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from live import commands
from live.badges import Badges, hash_token
from live.bus import Bus, Hint
from live.deadlines import Deadlines
from live.dress import dress
from live.hub import Hub
from live.limits import Admission, Buckets, FailedLookups
from live.line import Line
from live.parts import Live
from live.presence import Presence
from live.projector import Projector
from live.render import Renderer
from live.settings import Settings
from live.visits import Visits
from models import devices, logins
from models.binding import BindSpare
from models.command import SYSTEM, Badge, Command, Done, Touched
from models.refusals import Refused
from models.stage import elsewhere
from models.store import Peek, Store, Tx, Version, bump
from models.voting import SetTimer

log = logging.getLogger("hallside.node")

Answer = Callable[[Done | BaseException], None]

BADGE_KEPT = 2.0
"""Seconds a looked-up badge is trusted; a revocation drops it at once on this node, within these on others."""
DESK_LIMIT = 5.0
"""Seconds after which a command of the desk is dropped: a late Take would be a disaster."""
LINES = 12
"""Open sockets of one badge: three browsers with a few tabs each. A desk has three, two of them its miniatures."""
TABLET_TRIES, TABLET_WAIT = 10, 6.0
"""Wrong codes at once at a hall's tablet, and seconds until the next one: whoever comes after a joker waits no longer.
At ten a minute 49 bits are safe; a scanned link has 128 and never waits."""
SWEEP = 2.0
WATCH = 1.0
"""Seconds from one count of people and screens to the next."""
RING = 0.1
"""Seconds in which what votes touched is gathered before the other nodes hear of it."""

PERSONAL = ("my", "devices", "rights")
"""Topics of one person alone: what they are shown, and what they may look at."""

THE_SYSTEM = Badge(0, SYSTEM)


@dataclass(slots=True)
class Counters:
    """For /metrics."""

    votes: int = 0
    done: int = 0
    refused: int = 0
    failed: int = 0


class Node:
    """Everything live of one process. `start` before serving, `drain` before stopping, `close` at the end."""

    def __init__(
        self, settings: Settings, store: Store, bus: Bus, badges: Badges, renderer: Renderer,
        *, clock: Callable[[], float] = time.monotonic, wall: Callable[[], float] = time.time, base: str = "",
    ) -> None:  # fmt: skip
        self.settings = settings
        self.base = base or settings.address
        self.store = store
        self.bus = bus
        self.badges = badges
        self.renderer = renderer
        self.clock = clock
        self.wall = wall
        self.name = secrets.token_hex(4)
        self.hub = Hub()
        self.presence = Presence()
        self.projector = Projector(store, self.hub, renderer, self.live)
        self.failed_lookups = FailedLookups(clock)
        self.visits = Visits(badges.mac, wall)
        self.tablet_tries = Buckets(1 / TABLET_WAIT, TABLET_TRIES)
        """Wrong codes typed at a hall's tablet, one bucket for each."""
        self.messages = Buckets(settings.message_rate, settings.message_burst)
        """One for each badge, whatever its messages come by."""
        self.admission = Admission(settings.join_lag, settings.join_rate)
        self.deadlines = Deadlines(self)
        self.counters = Counters()
        self.ready = False
        self.since = 0.0
        """Wall seconds when it began to serve."""
        self.personal: Callable[[Line, str], None] = lambda line, topic: None
        """Called for each line of a person of whom something was touched, such as "my"; the socket route sets it."""
        self.moved: Callable[[int], None] = lambda session: None
        """Called with a session that has gone to another hall, for the desks that look at its hall; set likewise."""
        self._lines: dict[str, dict[Line, None]] = {}
        self._known: dict[bytes, tuple[float, Badge | None]] = {}
        self._versions: dict[tuple[str, str], int] = {}
        self._rung: set[tuple[str, str]] = set()
        self._open_since: dict[int, float] = {}
        """Sessions with an open poll, and when that was first seen here."""
        self._tasks: list[asyncio.Task[None]] = []
        self._unsubscribe: Callable[[], None] = lambda: None

    # --- life

    async def start(self) -> None:
        """Read what is needed, seal what was found closing, begin to look around."""
        self._loop = asyncio.get_running_loop()
        self._post = self._loop.call_soon_threadsafe
        with self.store.reading() as tx:
            self.badges.refresh(tx)
            self._versions = _versions(tx)
            self._wear(tx)
        self._unsubscribe = self.bus.subscribe(self._hear)
        await self.deadlines.begin()
        for work in (self._sweep(), self._ring(), self._watch_phones(), self.admission.watch(), self.deadlines.watch()):
            self._tasks.append(self._loop.create_task(work))
        self.since = self.wall()
        self.ready = True

    async def drain(self) -> None:
        """Take no more timers; what is in the lane is answered by the store's own end."""
        self.ready = False
        await self.deadlines.stop()

    async def close(self) -> None:
        self.ready = False
        self._unsubscribe()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self.projector.close()
        await self._loop.run_in_executor(None, self.store.close)

    # --- the one door in

    def perform(self, badge: Badge, command: Command, answer: Answer) -> None:
        """Authorise, queue in the writer lane, and call `answer` on this loop once it is on disk or refused.

        `answer` gets a Done, a Refused, or another exception, which was logged and is answered with one apology.
        """
        try:
            commands.allow(badge, command)
        except Refused as refused:
            self.counters.refused += 1
            answer(refused)
            return
        if isinstance(command, BindSpare):
            command = self._with_spare(command)
        hot, at = command.hot, getattr(command, "at", 0.0)

        def run(tx: Tx) -> Done:
            now = self.wall()
            if hot:
                return command.perform(tx, badge, now)
            if at and abs(now - at) > DESK_LIMIT:  # asked here, where it has also waited for the disk
                raise Refused("too_late")
            return _counted(tx, command.perform(tx, badge, now))

        def landed(out: Done | BaseException) -> None:
            try:
                answer(out)
            finally:
                if isinstance(out, Done):
                    self.counters.done += 1
                    if out.notice == "timer_set":
                        self.presence.calm(out.touched, self.clock())
                    if out.touched:
                        self._heed(out.touched)
                        self._rung |= out.touched
                elif isinstance(out, Refused):
                    self.counters.refused += 1
                else:
                    self.counters.failed += 1

        self.store.write(run, landed, post=self._post, alone=command.alone, hot=hot)

    async def ask(self, badge: Badge, command: Command) -> Done:
        """`perform`, awaited. Raises Refused, or what a bug raised."""
        future: asyncio.Future[Done] = asyncio.get_running_loop().create_future()

        def answer(out: Done | BaseException) -> None:
            if future.done():
                return
            if isinstance(out, BaseException):
                future.set_exception(out)
            else:
                future.set_result(out)

        self.perform(badge, command, answer)
        return await future

    def _with_spare(self, command: BindSpare) -> BindSpare:
        """The code is read here and goes no further: neither a journal nor a log may hold what opens a badge."""
        secret = command.code.rpartition("#")[2].strip()
        return msgspec.structs.replace(command, code="", spare=self.badges.find_spare(secret) or 0)

    # --- who is it

    def badge_of(self, token: str) -> Badge | None:
        """The badge a cookie's token stands for, or None. Looked up in the records, trusted for two seconds."""
        if not token or len(token) > 100:
            return None
        hashed = hash_token(token)
        known = self._known.get(hashed)
        if known is not None and known[0] > self.clock():
            return known[1]
        row = self.store.peek.cursor.execute(logins.BADGE_BY_LOGIN, (hashed, hashed)).fetchone()
        badge = Badge(row[0], row[1], row[2], row[3], row[4], hashed) if row else None
        if len(self._known) > 50_000:
            self._known.clear()
        if badge is not None:
            self._known[hashed] = (self.clock() + BADGE_KEPT, badge)
        return badge

    def opened(self, line: Line, badge: Badge) -> None:
        """A line belongs to this badge from now on, until it is lost."""
        line.who = badge
        self._lines.setdefault(badge.key, {})[line] = None
        line.on_lost(self._forget_line)

    def room_for(self, badge: Badge) -> bool:
        """May this badge open one more line?"""
        return len(self._lines.get(badge.key, ())) < LINES

    def lines_of(self, key: str) -> list[Line]:
        """The open lines of one badge."""
        return list(self._lines.get(key, ()))

    def faces(self) -> Counter[str]:
        """How many phones, desks and screens look at something here. A desk's miniatures of a screen are no faces."""
        told: Counter[str] = Counter()
        for lines in self._lines.values():
            for line in lines:
                seen, badge = self.hub.audiences_of(line), line.who
                if seen and (seen[0].view in ("phone", "desk") or (isinstance(badge, Badge) and badge.screen_id)):
                    told[seen[0].view] += 1
        return told

    def _forget_line(self, line: Line) -> None:
        if isinstance(line.who, Badge):
            lines = self._lines.get(line.who.key, {})
            lines.pop(line, None)
            if not lines:
                self._lines.pop(line.who.key, None)

    def session_of(self, badge: Badge) -> int:
        """The session a person is checked in to; 0 for none."""
        row = self.store.peek.cursor.execute(
            "SELECT session_id FROM presence WHERE person_id = ?", (badge.person_id,)
        ).fetchone()
        return row[0] if row else 0

    def devices_of(self, badge: Badge) -> tuple[devices.Device, ...]:
        """Other devices that this badge's owner should decide on."""
        return devices.to_decide(self.store.peek, badge, self.wall())

    def waiting(self, token: str) -> devices.Waiting | None:
        """What a browser waits for that holds this token and is not in yet."""
        return devices.waiting(self.store.peek, hash_token(token), self.wall()) if 0 < len(token) <= 100 else None

    def due(self, token: str) -> bool:
        """Whether it has waited for long enough."""
        return devices.due(self.store.peek, hash_token(token), self.settings.device_wait, self.wall())

    @property
    def database(self) -> Path:
        """The file of the records, for a process that reads beside this one."""
        return self.store.path

    def peek(self) -> Peek:
        return self.store.peek

    def live(self) -> Live:
        return Live(self.presence, self.clock(), self.base.partition("://")[2], self.base)

    # --- hearing and looking

    def _heed(self, touched: Touched) -> None:
        """Look again at what was touched, here or on another node."""
        self.projector.touch(touched)
        for address, topic in touched:
            if topic == "now":
                self.deadlines.look(int(address.partition(":")[2]))
            elif topic == "hall":
                self.moved(int(address.partition(":")[2]))
            elif topic in PERSONAL:
                for line in self.lines_of(address):
                    self.personal(line, topic)
            elif topic == "badge":
                self._known.clear()
                self._close_revoked(address)
            elif topic == "look":
                self._dress()  # at once: whoever changed it sees it on their next page
            elif topic == "people":
                self._loop.create_task(self._refresh_badges())

    def _close_revoked(self, key: str) -> None:
        """Close the sockets of a badge whose login is gone, or that has another role by now: signed out, revoked,
        reissued, or changed by a list. What was looked up at the door counts for a whole line."""
        for line in self.lines_of(key):
            badge = line.who
            if isinstance(badge, Badge):
                row = self.store.peek.cursor.execute(logins.BADGE_BY_LOGIN, (badge.login, badge.login)).fetchone()
                if row is None:
                    self.hub.close([line], 4001, "signed out")
                elif row[1] != badge.role:
                    self.hub.close([line], 4001, "another role")

    def _dress(self) -> None:
        with self.store.reading() as tx:
            self._wear(tx)

    def _wear(self, tx: Tx) -> None:
        """Colour, logo and time zone of the event, for every page from now on."""
        row = tx.cursor.execute("SELECT accent, logo, zone FROM event").fetchone()
        if row:
            self.renderer.worn, self.renderer.zone = dress(row[0], row[1]), row[2]

    async def _refresh_badges(self) -> None:
        with self.store.reading() as tx:
            self.badges.refresh(tx)

    def _hear(self, hint: Hint) -> None:
        if hint.get("from") == self.name:
            return
        if "touched" in hint:
            self._heed(frozenset((a, p) for a, p in hint["touched"]))  # type: ignore[attr-defined]
        if "here" in hint:
            counts = {int(k): int(v) for k, v in hint["here"].items()}  # type: ignore[attr-defined]
            self.presence.heard(str(hint["from"]), counts, self.clock())

    async def _ring(self) -> None:
        """Tell the other nodes what was touched, gathered, and now and then who is here."""
        beat = 0
        while True:
            await asyncio.sleep(RING)
            beat += 1
            if self._rung:
                rung, self._rung = self._rung, set()
                self.bus.publish({"from": self.name, "touched": sorted(rung)})
            if beat % 20 == 0:
                self.bus.publish({"from": self.name, "here": self.presence.counts()})

    async def _sweep(self) -> None:
        """Look anyway: what the bus lost is found by its version, and open polls by their state."""
        while True:
            await asyncio.sleep(SWEEP)
            try:
                with self.store.reading() as tx:
                    versions = _versions(tx)
                    open_ = tx.cursor.execute(
                        "SELECT session_id, hall_id, results FROM poll WHERE state IN ('open', 'closing')"
                    ).fetchall()
                moved = {where for where, n in versions.items() if self._versions.get(where) != n}
                self._versions = versions
                for session, hall, results in open_:
                    for place in (f"session:{session}", f"hall:{hall}"):
                        moved |= {(place, "turnout"), (place, "live")} if results == "live" else {(place, "turnout")}
                # Check-ins bump no version: whoever watches the number of people looks at it again.
                desks = [a.address for a in self.hub.audiences() if a.view == "desk" and a.address != "event"]
                moved |= {(address, "seats") for address in desks}
                self._heed(frozenset(moved))
            except Exception:  # the sweep must go on
                log.exception("sweep failed")

    async def _watch_phones(self) -> None:
        """Counts of people, health of screens, and the alarm when the network takes a hall's phones away."""
        while True:
            await asyncio.sleep(WATCH)
            try:
                now = self.clock()
                touched = {(f"session:{session}", "here") for session in self.presence.moved(now)}
                for audience in self.hub.audiences():
                    if audience.view == "desk" and audience.address.startswith("hall:"):
                        touched.add((audience.address, "air"))
                    if audience.view == "screen":
                        touched.add((audience.address, "here"))
                self.projector.touch(frozenset(touched))
                await self._stop_timers(now)
            except Exception:  # a count that fails must not stop the others
                log.exception("counting failed")

    async def _stop_timers(self, now: float) -> None:
        """Where a hall's phones vanished while a poll is open, its timer waits for a person."""
        if not self.ready:
            return  # stopping: it is we who say goodbye
        open_ = {
            session: (poll, closes_at, hall)
            for poll, session, closes_at, hall in self.store.peek.cursor.execute(
                "SELECT id, session_id, closes_at, hall_id FROM poll WHERE state = 'open'"
            )
        }
        self._open_since = {session: self._open_since.get(session, now) for session in open_}
        for session, lost, of in self.presence.losses(now, self._open_since):
            poll, closes_at, hall = open_[session]
            log.warning("phones lost: %d of %d in session %d", lost, of, session)
            try:
                if closes_at is not None:
                    await self.ask(THE_SYSTEM, SetTimer(poll=poll, seconds=0, why=f"phones_lost {lost}/{of}"))
            except Exception:  # the other halls have timers, too; this one is tried again
                log.exception("a timer was not stopped")
                self.presence.alarms.pop(session, None)
            self.projector.touch(frozenset({(f"hall:{hall}", "air")}))


def _counted(tx: Tx, done: Done) -> Done:
    """Bump what a staff command touched, screens of other halls included, and what its sequel will."""
    if done.touched:
        tx.flush()
        done = replace(done, touched=done.touched | elsewhere(tx, done.touched))
        bump(tx, done.touched)
    sequel = done.sequel
    return done if sequel is None else replace(done, sequel=lambda again: _counted(again, sequel(again)))


def _versions(tx: Tx) -> dict[tuple[str, str], int]:
    rows = tx.cursor.execute(f"SELECT address, part, n FROM {Version.__tablename__}")
    return {(address, part): n for address, part, n in rows}
