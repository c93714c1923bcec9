"""What is measured. Each part fills a hall of its own and gives figures; targets are those the product is held to."""

from __future__ import annotations

import asyncio
import gzip
import re
import sqlite3
import statistics
import tempfile
import time
import urllib.request
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

from tests.load.crowd import BEATS, Handle, spread
from tests.load.machine import Server
from tests.load.place import DESK, ROOT_DESK, SCREEN, Place, token
from tests.load.report import Figure, Report
from tests.load.watch import Face

US, MS, KIB = 1e6, 1e3, 1 / 1024
BARE_VOTE, BARE_FRAME, BARE_JOIN = 65e-6, 14e-6, 0.41e-3
"""CPU seconds of a coalescing Starlette server on the machine on which the limits were set (two shared cores, November
2026, 2,000 clients)."""
TURNOUT = '{"part":"turnout","numbers":{"poll":%d,"n":%d,'


@dataclass(frozen=True, slots=True)
class Size:
    """How large a run is."""

    phones: int
    burst: int
    low: int
    high: int
    joins: int
    join_seconds: float
    rounds: int
    takes: int
    poll_seconds: float
    frames: int


SHORT = Size(
    phones=500, burst=1000, low=200, high=800, joins=300, join_seconds=5, rounds=1, takes=10, poll_seconds=8,
    frames=4000,
)  # fmt: skip
FULL = Size(
    phones=2000, burst=5000, low=500, high=3000, joins=2000, join_seconds=10, rounds=3, takes=60, poll_seconds=30,
    frames=10_000,
)  # fmt: skip


@dataclass
class Hall:
    """A server of ours with its crowd, desk and screen."""

    place: Place
    server: Server
    crowd: Handle
    folder: Path
    opened: int = 0

    async def settle(self, seconds: float = 1.5) -> None:
        """Wait until what was begun has been shown to all."""
        await asyncio.sleep(seconds)

    async def idle(self, seconds: float = 2.0) -> float:
        """CPU seconds a second while everybody is here and nobody does anything."""
        start = self.server.cpu
        await asyncio.sleep(seconds)
        return (self.server.cpu - start) / seconds

    async def open(self, desk: Face, session: int = 1) -> int:
        """Open the next poll of a session; the one before is ended and sealed first."""
        opened = self.place.polls[session].pop(0)
        await desk.command("open_poll", poll=opened)
        return opened

    def stored(self, poll: int) -> tuple[int, int, int]:
        """(ballots, electors marked as having voted, marks in the running tally), read from the file itself."""
        with sqlite3.connect(f"file:{self.folder / 'hallside.sqlite'}?mode=ro", uri=True) as db:
            ballots = db.execute("SELECT count(*) FROM ballot WHERE poll_id = ?", (poll,)).fetchone()[0]
            voted = db.execute("SELECT count(*) FROM turnout WHERE poll_id = ? AND turn > 0", (poll,)).fetchone()[0]
            tally = db.execute("SELECT coalesce(sum(n), 0) FROM tally WHERE poll_id = ?", (poll,)).fetchone()[0]
        db.close()
        return ballots, voted, tally


@asynccontextmanager
async def hall(participants: int, *, sessions: int = 1, polls_each: int = 4) -> AsyncIterator[Hall]:
    """Everything started, everything stopped."""
    with tempfile.TemporaryDirectory(prefix="hallside-load-") as name:
        folder = Path(name)
        place = await asyncio.to_thread(Place, folder, participants, sessions=sessions, polls_each=polls_each)
        log = folder / "server.log"
        with (
            await asyncio.to_thread(Server, "live.child", "app:create", {"data": name}, log, "127.0.0.1") as server,
            Handle("127.0.0.1", server.port) as crowd,
        ):
            yield Hall(place, server, crowd, folder)
            for line in server.complaints()[:5]:
                print(f"  the server said: {line[:500]}", flush=True)


@asynccontextmanager
async def bare() -> AsyncIterator[tuple[Server, Handle]]:
    """The bare server and a crowd."""
    with (
        tempfile.TemporaryDirectory(prefix="hallside-load-") as name,
        await asyncio.to_thread(Server, "tests.load.bare", "app", {}, Path(name) / "log", "127.0.0.1") as server,
        Handle("127.0.0.1", server.port) as crowd,
    ):
        yield server, crowd


def desk_of(server: Server, token_: str = DESK, session: int = 1) -> Face:
    return Face(server, token_, {"view": "desk", "session": session})


def screen_of(server: Server) -> Face:
    return Face(server, SCREEN, {"view": "screen"})


async def ask(server: Server, path: str) -> bytes:
    def get() -> bytes:
        with urllib.request.urlopen(server.url + path, timeout=30) as answer:
            return bytes(answer.read())

    return await asyncio.to_thread(get)


# --- votes


@dataclass(frozen=True, slots=True)
class Burst:
    """What one burst of votes cost and gave."""

    cpu: float
    answered: dict[str, Any]
    stored: tuple[int, int, int]
    screen: list[float]


async def burst(place: Hall, desk: Face, screen: Face, count: int, seconds: float = 0.0) -> Burst:
    """Open a poll, show it in the hall, let everybody vote, and look at what is in the database."""
    poll = place.place.polls[1][0]
    await desk.command("show_scene", hall=1, scene={"kind": "poll", "poll": poll})
    await place.open(desk)
    await place.settle(3.0)
    # The server pings every line each 25 s, and lines that came together are pinged together.
    idle = await place.idle(26.0 if seconds else 2.0)
    screen.forget()
    start, began = place.server.cpu, time.monotonic()
    answered = await place.crowd(
        "vote", first=0, count=count, polls=[[poll, place.place.items[poll]]], acks=True, seconds=seconds,
        turnout=TURNOUT % (poll, count),
    )  # fmt: skip
    cpu = place.server.cpu - start - idle * (time.monotonic() - began)
    await place.settle(0.5)
    told = [(seen.at, seen.data["numbers"]["n"]) for seen in screen.parts("turnout") if seen.data["numbers"]]
    stale, at = [], 0
    for n, acked in enumerate(answered["acks"], 1):
        while at < len(told) and told[at][1] < n:
            at += 1
        if at < len(told):
            stale.append(max(0.0, told[at][0] - acked))
        else:
            stale.append(60.0)  # never shown
    stored = place.stored(poll)
    await desk.command("end_voting", poll=poll)
    return Burst(cpu, answered, stored, stale)


async def bare_burst(server: Server, crowd: Handle, count: int) -> float:
    """CPU seconds a vote on the bare server, until everybody has the total."""
    await ask(server, "/forget")
    start = server.cpu
    await asyncio.sleep(1.0)
    idle = server.cpu - start
    start, began = server.cpu, time.monotonic()
    answered = await crowd("vote", first=0, count=count, polls=[[1, [1, 2, 3]]], turnout=TURNOUT % (1, count))
    if answered["late"] or answered["answers"] != {"ok": count}:
        raise RuntimeError(f"the bare server did not answer all: {answered['answers']}")
    return (server.cpu - start - idle * (time.monotonic() - began)) / count


async def votes(report: Report, size: Size) -> None:
    """CPU of a durable acknowledged vote, everything included."""
    await _votes(report, size, size.phones, "votes", spread_over=0.0)


async def all_at_once(report: Report, size: Size) -> None:
    """Everybody at once."""
    await _votes(report, size, size.burst, "burst", spread_over=0.0)


async def ten_thousand(report: Report, size: Size) -> None:
    """10,000 phones vote at once, and within five seconds."""
    await _votes(report, size, 10_000, "10,000 at once", spread_over=0.0)
    await _votes(report, size, 10_000, "10,000 in 5 s", spread_over=5.0)


async def _votes(report: Report, size: Size, count: int, part: str, *, spread_over: float) -> None:
    bare_cpu: list[float] = []
    if part == "votes":
        async with bare() as (server, crowd):
            await crowd("join", first=0, count=count)
            bare_cpu = [await bare_burst(server, crowd, count) for _ in range(size.rounds)]
    found: list[Burst] = []
    async with (
        hall(count, polls_each=size.rounds) as place,
        desk_of(place.server) as desk,
        screen_of(place.server) as screen,
    ):
        await place.crowd("join", first=0, count=count)
        for n in range(size.rounds):
            if n:
                await asyncio.sleep(6.0)  # the grace before the seal, and the seal
            found.append(await burst(place, desk, screen, count, spread_over))
    us = [each.cpu / count * US for each in found]
    beside = statistics.median(bare_cpu) * US if bare_cpu else None
    # Spread out, the server sleeps between votes, and every one has its own waking up: dearer, and of no matter.
    goal, limit = (None, None) if spread_over else (60.0, 80.0)
    rounds = "rounds " + ", ".join(f"{v:.0f}" for v in us)
    report.add(
        Figure(part, f"CPU a vote, {count:,} phones, until all have the turnout", statistics.median(us), "us",
               goal, limit, beside, BARE_VOTE * US, note=rounds)
    )  # fmt: skip
    accepted = sum(each.answered["answers"].get("ok", 0) for each in found)
    lost = sum(abs(each.answered["answers"].get("ok", 0) - n) for each in found for n in each.stored)
    refused = sum(n for each in found for word, n in each.answered["answers"].items() if word != "ok")
    report.add(
        Figure(part, f"votes stored differently from the {accepted:,} accepted", lost, "", 0, 0, exact=True,
               note=f"stored {sum(each.stored[0] for each in found):,}")
    )  # fmt: skip
    unanswered = count * len(found) - accepted - refused
    report.add(Figure(part, "votes refused or unanswered", refused + unanswered, "", 0, 0, exact=True))
    middle = statistics.median
    if spread_over:
        p99 = middle(each.answered["p99"] for each in found)
        report.add(Figure(part, "acknowledged, p99", p99 * MS, "ms", 200, 1000))
    else:
        acked = middle(each.answered["all_acked"] for each in found)
        goal = 0.5 if count >= 5000 else None
        report.add(Figure(part, f"{count:,} votes all acknowledged", acked, "s", goal, 1.0, note="crowd included"))
        report.add(Figure(part, "one vote acknowledged, p50", middle(e.answered["p50"] for e in found) * MS, "ms"))
    stale = [spread(each.screen)["p99"] for each in found]
    report.add(Figure(part, "vote counted to hall screen, p99", middle(stale) * MS, "ms", 300, 500))
    final = middle(each.answered["all_final"] for each in found)
    report.add(Figure(part, "until every phone has the turnout", final, "s", note="phones are told every 3 s"))


# --- frames, memory, growth


CHANGES = 4
"""Of the timer, for one measurement."""


async def frame_cost(place: Hall, desk: Face, poll: int, rounds: int) -> tuple[float, int]:
    """(CPU seconds a change of the timer, which goes to all as a whole part; bytes of a frame)."""
    # Beats of thousands cost as much as the frames between them, and their noise is larger than what is measured.
    await place.crowd("rest")
    await place.settle(4.0)  # what was begun is told within 3 s to phones, too
    idle = await place.idle(3.0)
    costs: list[float] = []
    for _ in range(rounds):
        before = await place.crowd("count")
        start, began = place.server.cpu, time.monotonic()
        for n in range(CHANGES):
            await desk.command("set_timer", poll=poll, seconds=600 + n)
            await asyncio.sleep(1.3)
        costs.append((place.server.cpu - start - idle * (time.monotonic() - began)) / CHANGES)
        seen = await place.crowd("count")
        if seen["frames"] != seen["phones"] * CHANGES:
            raise RuntimeError(f"{seen['frames']} frames came to {seen['phones']} phones of {CHANGES} changes")
    return statistics.median(costs), int((seen["bytes"] - before["bytes"]) / seen["frames"])


async def bare_frame_cost(server: Server, crowd: Handle, count: int) -> float:
    await crowd("count")
    start = server.cpu
    for _ in range(count):
        await ask(server, "/show/page")
        await asyncio.sleep(0.3)
    cpu = server.cpu - start
    return float(cpu / max(1, (await crowd("count"))["frames"]))


async def frames(report: Report, size: Size) -> None:
    """CPU of one frame to one phone, and of what a change costs besides: reading, rendering, the desk."""
    # A slope needs a long lever: with 500 phones the cost of rendering drowns it.
    halls = [100, size.frames // 2, size.frames]
    async with bare() as (server, crowd):
        await crowd("join", first=0, count=2000)
        plain = await bare_frame_cost(server, crowd, 8)
    costs: list[float] = []
    async with hall(size.frames) as place, desk_of(place.server) as desk:
        poll, here, carried = 0, 0, 0
        for phones in halls:
            await place.crowd("join", first=here, count=phones - here)
            here = phones
            poll = poll or await place.open(desk)
            cost, carried = await frame_cost(place, desk, poll, max(3, size.rounds))
            costs.append(cost)
    slope = (costs[2] - costs[0]) / (halls[2] - halls[0])
    name = f"CPU a phone a frame, slope {halls[0]} to {halls[2]:,} phones"
    report.add(Figure("frames", name, slope * US, "us", None, 8, plain * US, BARE_FRAME * US, note=f"{carried} bytes"))
    note = "reading, rendering in four languages and the desk's own parts included"
    report.add(Figure("frames", f"a change of the timer, {halls[0]} phones", costs[0] * MS, "ms", note=note))
    report.add(Figure("frames", f"a change of the timer, {halls[2]:,} phones", costs[2] * MS, "ms", note=note))
    # In a full hall each further phone may cost half as much again. A ratio of both halves would be one of noises: the
    # lower half costs some milliseconds beside eighty for what does not grow.
    upper = (costs[2] - costs[1]) / (halls[2] - halls[1])
    name = f"CPU a phone a frame, slope {halls[1]:,} to {halls[2]:,} phones"
    report.add(Figure("frames", name, upper * US, "us", None, 12, plain * US, BARE_FRAME * US))


async def memory(report: Report, size: Size) -> None:
    """The slope of resident memory over phones."""
    slopes: list[float] = []
    async with bare() as (server, crowd):
        slopes.append(await _slope(server, crowd, size))
    async with hall(size.high) as place, desk_of(place.server) as desk:
        await place.open(desk)
        slopes.append(await _slope(place.server, place.crowd, size))
    name = f"memory a phone, slope {size.low:,} to {size.high:,}"
    report.add(Figure("memory", name, slopes[1] * KIB, "KiB", 28, 30, slopes[0] * KIB))


async def _slope(server: Server, crowd: Handle, size: Size) -> float:
    await crowd("join", first=0, count=size.low)
    await asyncio.sleep(3.5)
    before = server.memory
    await crowd("join", first=size.low, count=size.high - size.low)
    await asyncio.sleep(3.5)
    return (server.memory - before) / (size.high - size.low)


async def growth(report: Report, size: Size) -> None:
    """Whether a vote costs the same with many phones as with few."""
    costs: dict[int, float] = {}
    for count in (size.low, size.burst):
        async with (
            hall(count, polls_each=2) as place,
            desk_of(place.server) as desk,
            screen_of(place.server) as screen,
        ):
            await place.crowd("join", first=0, count=count)
            # A small hall votes in a moment: its cost is that of one round, and so is the large one's.
            costs[count] = (await burst(place, desk, screen, count)).cpu / count
    low, high = costs[size.low], costs[size.burst]
    report.add(
        Figure("growth", f"a vote, {size.burst:,} phones over {size.low:,}", high / low, "times", 1.2, 1.5,
               note=f"{low * US:.1f} us to {high * US:.1f} us")
    )  # fmt: skip


async def sessions(report: Report, size: Size) -> None:
    """The same votes in one session and in sixteen."""
    count = size.phones
    costs: dict[int, float] = {}
    for halls in (1, 16):
        async with hall(count, sessions=halls, polls_each=size.rounds) as place:
            await place.crowd("join", first=0, count=count)
            costs[halls] = statistics.median([await _in_sessions(place, count) for _ in range(size.rounds)])
    report.add(
        Figure("sessions", "a vote, 16 sessions over 1", costs[16] / costs[1], "times", 1.2, 1.5,
               note=f"{costs[1] * US:.1f} us to {costs[16] * US:.1f} us")
    )  # fmt: skip


async def _in_sessions(place: Hall, count: int) -> float:
    """CPU seconds a vote with a poll open in every session, until all have the turnout; then all are sealed."""
    wanted: list[tuple[int, list[int]]] = []
    for session in place.place.sessions:
        async with desk_of(place.server, ROOT_DESK, session) as desk:
            poll = await place.open(desk, session)
            wanted.append((poll, place.place.items[poll]))
    await place.settle(3.5)
    idle = await place.idle()
    start, began = place.server.cpu, time.monotonic()
    answered = await place.crowd("vote", first=0, count=count, polls=wanted)
    await asyncio.sleep(3.5)
    cost = (place.server.cpu - start - idle * (time.monotonic() - began)) / count
    if answered["answers"] != {"ok": count}:
        raise RuntimeError(f"votes were refused: {answered['answers']}")
    for session, (poll, _) in zip(place.place.sessions, wanted, strict=True):
        async with desk_of(place.server, ROOT_DESK, session) as desk:
            await desk.command("end_voting", poll=poll)
    await asyncio.sleep(6.0)  # the grace before the seal
    return cost


# --- joining


async def joins(report: Report, size: Size) -> None:
    """CPU of a join, and how long it takes when many come within seconds."""
    async with bare() as (server, crowd):
        await crowd("join", first=0, count=50, paths=["/"])
        start = server.cpu
        await crowd("join", first=50, count=size.joins, paths=["/"])
        plain = (server.cpu - start) / size.joins
    async with hall(size.joins + 100) as place, desk_of(place.server) as desk:
        await place.open(desk)
        visit = await first_visit(place.server, token(0))
        assets = [path for path, _, _ in visit[1:]]
        await place.crowd("join", first=0, count=100, paths=["/", *assets])
        # The second is what a phone costs that was here before, and what the bare server can be compared with.
        for name, paths, goal, limit in (
            ("page, assets, socket, first frames", ["/", *assets], None, 1.5),
            ("page, socket, first frames", ["/"], 1.0, 1.5),
            ("socket and first frames only", [], None, None),
        ):
            runs = []
            for _ in range(size.rounds):
                await asyncio.sleep(3.2)
                start, began = place.server.cpu, time.monotonic()
                idle = await place.idle(1.0)
                start, began = place.server.cpu, time.monotonic()
                joined = await place.crowd("join", first=100, count=size.joins, paths=paths)
                runs.append((place.server.cpu - start - idle * (time.monotonic() - began)) / size.joins)
                if joined["failed"]:
                    raise RuntimeError(f"joins failed: {joined['failed']}")
                await place.crowd("leave", first=100, count=size.joins)
            beside, there = (plain * MS, BARE_JOIN * MS) if goal else (None, None)
            cost = statistics.median(runs) * MS
            report.add(Figure("joins", f"CPU a join: {name}", cost, "ms", goal, limit, beside, there))
        await asyncio.sleep(2.0)
        joined = await place.crowd("join", first=100, count=size.joins, paths=["/", *assets], seconds=size.join_seconds)
        name = f"{size.joins:,} joins within {size.join_seconds:.0f} s, p99"
        report.add(Figure("joins", name, joined["p99"], "s", 1.0, 1.0, note=f"p50 {joined['p50'] * MS:.0f} ms"))
        report.add(Figure("joins", "joins refused or failed", sum(joined["failed"].values()), "", 0, 0, exact=True))


REFERENCE = re.compile(
    r"""<link[^>]+rel="(?:stylesheet|modulepreload|preload|icon|manifest)"[^>]*>|<script[^>]+src="[^"]+"[^>]*>"""
    r"""|<img[^>]+src="[^"]+"[^>]*>"""
)
IMPORTED = re.compile(r"""(?:\bfrom|\bimport)\s*\(?\s*["']([^"']+)["']|@import\s+(?:url\()?["']?([^"')\s]+)""")


async def first_visit(server: Server, badge: str, path: str = "/") -> list[tuple[str, int, int]]:
    """(path, bytes as sent, bytes gzipped) of a page and everything it needs, fonts left out."""
    cookie = f"hallside={badge}; script=1" if badge else ""

    def get(path: str) -> tuple[str, int, int]:
        request = urllib.request.Request(
            server.url + path, headers={"Accept-Encoding": "gzip", "Cookie": cookie, "Accept-Language": "ru"}
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            body = answer.read()
            plain = gzip.decompress(body) if answer.headers.get("content-encoding") == "gzip" else body
            kind = answer.headers.get("content-type", "")
        packed = body if plain is not body else gzip.compress(body, 6)
        text = plain.decode(errors="replace") if kind.startswith("text/") else ""
        return text, len(body), min(len(packed), len(body))

    found: list[tuple[str, int, int]] = []
    waiting = [path]
    while waiting:
        path = waiting.pop(0)
        if any(path == known for known, _, _ in found):
            continue
        text, sent, packed = await asyncio.to_thread(get, path)
        found.append((path, sent, packed))
        if text.lstrip().startswith("<!doctype"):
            for tag in REFERENCE.findall(text):
                address = re.search(r"""(?:href|src)="([^"]+)\"""", tag)
                if address and not address[1].startswith("data:"):
                    waiting.append(urljoin(path, address[1]))
        elif path.endswith((".js", ".css")):
            waiting += [urljoin(path, a or b) for a, b in IMPORTED.findall(text)]
    return found


async def visit(report: Report, size: Size) -> None:
    """What a phone fetches on its first visit, before and after it has shown its badge."""
    async with hall(4) as place, desk_of(place.server) as desk:
        await place.open(desk)
        for name, badge in (("signed in, a poll open", token(3)), ("not signed in", "")):
            got = await first_visit(place.server, badge)
            for path, sent, packed in got:
                print(f"    {path}: {sent:,} bytes as sent, {packed:,} gzipped", flush=True)
            report.add(Figure("visit", f"requests, {name}", len(got), "", 5, 7, exact=True))
            sent, packed = sum(sent for _, sent, _ in got), sum(packed for _, _, packed in got)
            report.add(
                Figure("visit", f"kB gzipped, {name}", packed / 1000, "kB", 36, 45, exact=True,
                       note=f"{sent / 1000:.1f} kB as sent without a proxy; fonts left out")
            )  # fmt: skip


# --- seen in the hall


async def poll_bytes(report: Report, size: Size) -> None:
    """Bytes of one phone both ways through a whole poll in Russian, from the opening to the results."""
    others = 100
    async with hall(others + 8) as place, desk_of(place.server) as desk:
        await place.crowd("join", first=4, count=others)
        async with Face(place.server, token(3), {"view": "phone"}) as phone:
            await place.settle(4.0)
            phone.forget()
            poll = await place.open(desk)
            items = place.place.items[poll]
            voting = asyncio.create_task(
                place.crowd("vote", first=4, count=others, polls=[[poll, items]], seconds=size.poll_seconds)
            )
            await phone.until(lambda seen: seen.data.get("part") == "now")
            await phone.command("cast_vote", poll=poll, secret="a" * 32, intent="b" * 32, turn=1, marks=[[items[0]]])
            beats = int(size.poll_seconds // BEATS)
            for _ in range(beats):
                await phone.send({"do": "beat"})
            await voting
            await desk.command("end_voting", poll=poll)
            await desk.until(lambda seen: seen.data.get("part") == "polls" and "sealed" in str(seen.data), seconds=12)
            await desk.command("reveal", poll=poll)
            await place.settle(3.5)
            down, up, plain = phone.bytes_in, phone.bytes_out, sum(seen.size for seen in phone.heard)
            for seen in phone.heard:
                print(f"    {seen.size:6} {str(seen.data)[:90]}", flush=True)
    note = f"{down:,} down ({plain:,} before deflating), {up:,} up; {others} others vote over {size.poll_seconds:.0f} s"
    report.add(Figure("bytes", "one phone, whole poll, Russian", (down + up) / 1000, "kB", 4.5, 6, note=note))


async def take(report: Report, size: Size) -> None:
    """From the moderator's Take to the new picture on the hall screen, phones voting meanwhile."""
    times: list[float] = []
    async with (
        hall(size.phones, polls_each=1) as place,
        desk_of(place.server) as desk,
        screen_of(place.server) as screen,
    ):
        await place.crowd("join", first=0, count=size.phones)
        poll = await place.open(desk)
        voting = asyncio.create_task(
            place.crowd(
                "vote", first=0, count=size.phones, polls=[[poll, place.place.items[poll]]],
                seconds=size.takes * 0.5,
            )
        )  # fmt: skip
        version = (await desk.command("show_scene", hall=1, scene={"kind": "lobby"})).data["facts"]["version"]
        for n in range(size.takes):
            scene: dict[str, object] = {"kind": "poll", "poll": poll} if n % 2 == 0 else {"kind": "title"}
            await desk.command("stage_next", hall=1, scene=scene)
            await asyncio.sleep(0.45)  # a desk, too, may send five messages a second in the long run
            began = time.monotonic()
            version = (await desk.command("take", hall=1, seen=version)).data["facts"]["version"]
            seen = await screen.until(lambda seen: seen.data.get("part") == "scene", since=began)
            times.append(seen.at - began)
        await voting
    found = spread(times)
    name = f"Take to hall screen, p99 of {size.takes}, {size.phones:,} phones voting"
    report.add(Figure("take", name, found["p99"] * MS, "ms", 300, 500, note=f"p50 {found['p50'] * MS:.0f} ms"))


PARTS: dict[str, Callable[[Report, Size], Awaitable[None]]] = {
    "votes": votes,
    "frames": frames,
    "memory": memory,
    "joins": joins,
    "burst": all_at_once,
    "bytes": poll_bytes,
    "visit": visit,
    "take": take,
    "growth": growth,
    "sessions": sessions,
    "ten_thousand": ten_thousand,
}
IN_SHORT = ("votes", "frames", "memory", "joins", "bytes", "visit", "take")
