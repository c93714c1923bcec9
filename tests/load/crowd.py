"""Thousands of phones in a process of their own: `python -m tests.load.crowd HOST PORT`, orders as JSON lines.

The clock is `time.monotonic`, which all processes of a machine share.
"""

from __future__ import annotations

import asyncio
import json
import resource
import subprocess
import sys
import time
from collections import Counter
from typing import Any

import uvloop

from tests.load.machine import ROOT
from tests.load.place import token
from tests.load.wire import HEADERS, UPGRADE, Fetch, Sock, masked, packed

MOST = 12_000
"""Phones one crowd may hold."""
LONGEST = 90.0
"""Seconds after which any order is given up."""
NEEDED = 3
"""Greeting, page part and own part: then a phone has joined."""
LANGUAGES = (b"en", b"tr", b"ar", b"ru")


class Phone:
    __slots__ = ("acked", "crowd", "first", "joined", "n", "sent", "sock", "vote")

    def __init__(self, crowd: Crowd, n: int) -> None:
        self.crowd = crowd
        self.n = n
        self.sock: Sock | None = None
        self.joined: asyncio.Future[None] | None = None
        self.first = 0
        self.sent = self.acked = 0.0
        self.vote = b""

    def heard(self, text: bytes) -> None:
        if not text:
            assert self.sock is not None
            self.sock.send(HELLO)
        elif text.startswith(b'{"re":'):
            self.acked = time.monotonic()
            self.crowd.answered(text)
        else:
            crowd = self.crowd
            crowd.frames += 1
            if crowd.final and text.startswith(crowd.final):
                crowd.final_seen()
            if self.joined is not None and text.startswith(FIRST_FRAMES):
                self.first += 1
                if self.first == NEEDED:
                    self.joined.set_result(None)
                    self.joined = None

    def gone(self, why: str) -> None:
        self.crowd.gone[why] += 1
        self.crowd.phones.pop(self.n, None)
        if self.joined is not None:
            self.joined.set_exception(ConnectionError(why))
            self.joined = None


HELLO = masked(b'{"do":"hello","view":"phone","page":"now"}')
BEAT = masked(b'{"do":"beat"}')
AWAY = masked(b'{"do":"beat","away":true}')
BEATS = 5.0
"""Seconds from a phone's beat to its next while a poll is open. Who beats less is lost, and stops the timer."""
FIRST_FRAMES = (b'{"hello"', b'{"part":"now"', b'{"part":"my"')


class Crowd:
    def __init__(self, host: str, port: int) -> None:
        self.host = host
        self.port = port
        self.place = f"{host}:{port}".encode()
        self.phones: dict[int, Phone] = {}
        self.gone: Counter[str] = Counter()
        self.frames = 0
        self.answers: Counter[str] = Counter()
        self.waiting = 0
        self.all_answered = asyncio.Event()
        self.final = b""
        self.final_left = 0
        self.all_final = asyncio.Event()
        self.beating = True

    def headers(self, n: int) -> bytes:
        return HEADERS % (self.place, self.place, LANGUAGES[n % 4], b"hallside=%s; script=1" % token(n).encode())

    def answered(self, text: bytes) -> None:
        self.answers["ok" if b'"ok":' in text[:40] else json.loads(text)["no"]] += 1
        self.waiting -= 1
        if self.waiting == 0:
            self.all_answered.set()

    def final_seen(self) -> None:
        self.final_left -= 1
        if self.final_left == 0:
            self.all_final.set()

    async def join(self, order: dict[str, Any]) -> dict[str, Any]:
        """Phones from `first` on join, spread over `seconds` (0: 40 at a time); page and assets first if wished."""
        first, count, seconds = order["first"], order["count"], order.get("seconds", 0.0)
        if len(self.phones) + count > MOST:
            return {"error": f"more than {MOST} phones"}
        gate = asyncio.Semaphore(40 if not seconds else count)
        started = time.monotonic()
        took: list[float] = []
        failed: Counter[str] = Counter()

        async def one(n: int, at: float) -> None:
            await asyncio.sleep(max(0.0, at - time.monotonic()))
            async with gate:
                begun = time.monotonic()
                try:
                    async with asyncio.timeout(30):
                        await self._join(n, order.get("paths", []))
                    took.append(time.monotonic() - begun)
                except (OSError, TimeoutError) as exc:
                    failed[str(exc) or type(exc).__name__] += 1

        await asyncio.gather(*(one(first + i, started + seconds * i / count) for i in range(count)))
        return {"seconds": time.monotonic() - started, "failed": dict(failed), **spread(took)}

    async def _join(self, n: int, paths: list[str]) -> None:
        loop = asyncio.get_running_loop()
        # One address has 28,000 ports, and every closed connection keeps its own for a minute.
        here = (f"127.0.1.{1 + n % 50}", 0)
        headers = self.headers(n)
        if paths:
            _, fetch = await loop.create_connection(
                lambda: Fetch(paths, headers), self.host, self.port, local_addr=here
            )
            bad = [status for status, _, _ in await fetch.done if status != 200]
            if bad:
                raise ConnectionError(f"status {bad[0]}")
        phone = Phone(self, n)
        phone.joined = joined = loop.create_future()
        phone.sock = sock = Sock(UPGRADE + headers + b"\r\n", phone.heard, phone.gone)
        await loop.create_connection(lambda: sock, self.host, self.port, local_addr=here)
        self.phones[n] = phone
        await joined

    async def beat(self) -> None:
        """Everybody beats, one after the other, for ever."""
        while True:
            started = time.monotonic()
            phones = list(self.phones.values()) if self.beating else []
            for i, phone in enumerate(phones):
                if i % 50 == 0:
                    await asyncio.sleep(max(0.0, started + BEATS * i / len(phones) - time.monotonic()))
                if self.beating and phone.joined is None and phone.sock is not None:
                    phone.sock.send(BEAT)
            await asyncio.sleep(max(0.1, started + BEATS - time.monotonic()))

    async def rest(self, order: dict[str, Any]) -> dict[str, Any]:
        """Everybody says that its page is hidden, and is silent from now on."""
        self.beating = False
        for phone in self.phones.values():
            if phone.sock is not None:
                phone.sock.send(AWAY)
        return {}

    async def leave(self, order: dict[str, Any]) -> dict[str, Any]:
        chosen = range(order["first"], order["first"] + order["count"])
        for n in chosen:
            phone = self.phones.pop(n, None)
            if phone is not None and phone.sock is not None:
                phone.sock.close()
        return {}

    async def vote(self, order: dict[str, Any]) -> dict[str, Any]:
        """Phones from `first` on vote once in the poll of their session, all at once or spread over `seconds`.

        `polls` is a list of [poll, items]; phone n belongs to place n modulo its length. Ends when all are
        answered; with `turnout` when everybody was shown that number, too.
        """
        first, count, seconds = order["first"], order["count"], order.get("seconds", 0.0)
        voters = [self.phones[n] for n in range(first, first + count) if n in self.phones]
        for phone in voters:
            poll, items = order["polls"][phone.n % len(order["polls"])]
            assert phone.sock is not None
            # As a browser would: it deflates every message once the server has agreed to it.
            phone.vote = (packed if phone.sock.packs else masked)(
                b'{"id":%d,"do":"cast_vote","poll":%d,"secret":"%032x","intent":"%032x","turn":%d,"marks":[[%d]]}'
                % (phone.n + 1, poll, (phone.n + 1) << 64 | poll, phone.n + 7 << 32 | order.get("turn", 1),
                   order.get("turn", 1), items[phone.n // 4 % len(items)])
            )  # fmt: skip
            phone.acked = 0.0
        self.answers.clear()
        self.waiting = len(voters)
        self.all_answered.clear()
        self.final = order.get("turnout", "").encode()
        self.final_left = len(self.phones)
        self.all_final.clear()
        started = time.monotonic()
        for i, phone in enumerate(voters):
            if seconds:
                wait = started + seconds * i / len(voters) - time.monotonic()
                if wait > 0.001:
                    await asyncio.sleep(wait)
            elif i % 100 == 99:
                await asyncio.sleep(0)
            phone.sent = time.monotonic()
            assert phone.sock is not None
            phone.sock.send(phone.vote)
        late = False
        try:
            async with asyncio.timeout(LONGEST):
                if voters:
                    await self.all_answered.wait()
                acknowledged = max((phone.acked for phone in voters), default=started)
                if self.final:
                    await self.all_final.wait()
        except TimeoutError:
            late = True
            acknowledged = max((phone.acked for phone in voters), default=started)
        self.final = b""
        acks = sorted(phone.acked for phone in voters if phone.acked)
        return {
            "sent": len(voters), "answers": dict(self.answers), "late": late, "started": started,
            "all_acked": acknowledged - started, "all_final": time.monotonic() - started,
            "acks": acks if order.get("acks") else [], **spread([p.acked - p.sent for p in voters if p.acked]),
        }  # fmt: skip

    async def count(self, order: dict[str, Any]) -> dict[str, Any]:
        """Frames since the last time this was asked, and bytes of all frames since the phones came."""
        frames, gone = self.frames, dict(self.gone)
        received = sum(phone.sock.bytes_in for phone in self.phones.values() if phone.sock)
        self.frames = 0
        self.gone.clear()
        cpu = time.process_time()
        return {"frames": frames, "bytes": received, "gone": gone, "phones": len(self.phones), "cpu": cpu}


def spread(values: list[float]) -> dict[str, Any]:
    """p50, p99 and the longest of some times."""
    if not values:
        return {"n": 0, "p50": 0.0, "p99": 0.0, "max": 0.0}
    ordered = sorted(values)
    at = [ordered[min(len(ordered) - 1, int(len(ordered) * q))] for q in (0.5, 0.99)]
    return {"n": len(ordered), "p50": at[0], "p99": at[1], "max": ordered[-1]}


async def serve(host: str, port: int) -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    crowd = Crowd(host, port)
    loop = asyncio.get_running_loop()
    beating = loop.create_task(crowd.beat())
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        order = json.loads(line)
        work = getattr(crowd, order["do"])
        print(json.dumps(await work(order)), flush=True)
    beating.cancel()


class Handle:
    """The crowd as its owner sees it: one order, one answer."""

    def __init__(self, host: str, port: int) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.load.crowd", host, str(port)],
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    async def __call__(self, do: str, **order: Any) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"do": do, **order}) + "\n")
        self._process.stdin.flush()
        line = await asyncio.get_running_loop().run_in_executor(None, self._process.stdout.readline)
        if not line:
            raise RuntimeError("the crowd died")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer

    def __enter__(self) -> Handle:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()


if __name__ == "__main__":
    uvloop.run(serve(sys.argv[1], int(sys.argv[2])))
