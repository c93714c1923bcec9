"""What one frame to one phone costs: `.venv/bin/python -m tests.load.bench_fanout [phones] [frames]`.

A thousand real sockets on loopback, held by a second process. The figure is the CPU time of this process from the
operating system (user and system, so the kernel's share of the sending is in it), divided by phones and frames.
Beside it: the same through ASGI's `send`, one message in and its answer, and the memory of a phone.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import uvloop

from live import log
from live.child import raise_file_limit
from live.frames import Frame, message_frame, numbers_frame, page_frame
from live.hub import Audience, Hub
from live.line import Line
from live.plainline import PlainLine
from live.server import running
from live.wire import Wire, line_of

HALL = Audience("session:7", "phone", ("en",))
ROUNDS = 5
# What a phone sends: a browser's headers, and a vote.
HEADERS = (
    b"Origin: http://127.0.0.1\r\nAccept-Language: ru,en;q=0.9\r\nCache-Control: no-cache\r\nPragma: no-cache\r\n"
    b"Accept-Encoding: gzip, deflate, br, zstd\r\nCookie: badge=" + b"0" * 43 + b"\r\n"
    b"User-Agent: Mozilla/5.0 (Linux; Android 14; SM-S911B) AppleWebKit/537.36 (KHTML, like Gecko) "
    b"Chrome/131.0.0.0 Mobile Safari/537.36\r\nSec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n"
)
VOTE = b'{"kind":"cast","poll":3,"ballot":"9f86d081884c7d659a2feaa0c55ad015","intent":"a3bf4f1b2b0b822c","x":[2]}'


class Room:
    def __init__(self, plain: bool) -> None:
        self.hub = Hub()
        self.lines: list[Line] = []
        self.plain = plain
        self.heard = 0
        self.answer = message_frame({"id": 12, "done": "recorded"})

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "websocket":
            return
        await receive()
        await send({"type": "websocket.accept"})
        line: Line = PlainLine(receive, send) if self.plain else line_of(scope, receive, send)

        def hear(text: bytes) -> None:
            self.heard += 1
            line.send(self.answer)

        line.listen(hear)
        self.lines.append(line)
        self.hub.join(line, HALL)
        await line.run()


class Phone(asyncio.Protocol):
    """Reads and throws away; votes when told to."""

    opened = 0

    def __init__(self, port: int) -> None:
        self.port = port
        self.open = False

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        transport.write(
            b"GET /socket HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" % self.port
            + HEADERS
            + b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )

    def data_received(self, data: bytes) -> None:
        if not self.open:
            assert data.startswith(b"HTTP/1.1 101"), data
            self.open = True
            Phone.opened += 1

    def vote(self) -> None:
        self.transport.write(b"\x81" + bytes([0x80 | len(VOTE)]) + b"\0\0\0\0" + VOTE)


async def hold(port: int, count: int) -> None:
    """The second process: *count* phones. A line on standard input makes all of them vote once."""
    raise_file_limit()
    loop = asyncio.get_running_loop()
    phones = []
    for n in range(count):
        _, phone = await loop.create_connection(lambda: Phone(port), "127.0.0.1", port)
        phones.append(phone)
        if n % 50 == 0:
            await asyncio.sleep(0.005)
    while Phone.opened < count:  # noqa: ASYNC110 - one line of a benchmark
        await asyncio.sleep(0.01)
    print("ready", flush=True)
    while await loop.run_in_executor(None, sys.stdin.readline):
        for phone in phones:
            phone.vote()


def resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


async def cost(room: Room, frame: Frame, frames: int) -> float:
    """Median CPU seconds for one frame to one phone."""
    costs = []
    for _ in range(ROUNDS):
        start = time.process_time()
        for _ in range(frames):
            await room.hub.broadcast(HALL, frame)
            await asyncio.sleep(0.05)  # At the pace of a screen, so that every frame is its own packet.
        costs.append((time.process_time() - start) / frames / room.hub.count(HALL))
    return statistics.median(costs)


def floor(room: Room, frame: Frame, frames: int) -> float:
    """CPU seconds for the system call alone: what no server can go below on this machine, at this load."""
    files = [line.transport.get_extra_info("socket").fileno() for line in room.lines if isinstance(line, Wire)]
    costs = []
    for _ in range(ROUNDS * frames):
        start = time.process_time()
        for file in files:
            os.write(file, frame.data)
        costs.append((time.process_time() - start) / len(files))
        time.sleep(0.05)
    return statistics.median(costs)


async def measure(count: int, frames: int, *, plain: bool) -> None:
    room = Room(plain)
    async with running(room) as url:
        port = int(url.rpartition(":")[2])
        before, start = resident(), time.process_time()
        command = [sys.executable, "-m", "tests.load.bench_fanout", "--hold", str(port), str(count)]
        pipe = subprocess.PIPE
        holder = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True)  # noqa: ASYNC220 - once, before it counts
        assert holder.stdin is not None
        assert holder.stdout is not None
        await asyncio.get_running_loop().run_in_executor(None, holder.stdout.readline)
        joined = (time.process_time() - start) / count
        memory = (resident() - before) / count
        name = "ASGI send" if plain else "wire"
        print(f"{name}: {count} phones, {joined * 1e6:.0f} us a join, {memory / 1024:.1f} KiB a phone")
        for label, frame in (
            ("numbers", numbers_frame("poll", {"n": 412, "seats": [120, 80, 212]})),
            ("page of 2 kB", page_frame("poll", "poll:3:1", b"<p>" + b"x" * 2000)),
        ):
            each = await cost(room, frame, frames)
            print(f"{name}: {each * 1e6:.2f} us a phone a frame, {label}, {len(frame.data)} bytes")
        if not plain:
            bare = floor(room, numbers_frame("poll", {"n": 1}), frames)
            print(f"floor: {bare * 1e6:.2f} us for a bare write, in this run")
        idle = time.process_time()
        await asyncio.sleep(1)
        idle = time.process_time() - idle
        heard, start = room.heard, time.process_time()
        rounds = 20
        for _ in range(rounds):
            holder.stdin.write("vote\n")
            holder.stdin.flush()
            await asyncio.sleep(max(0.2, count / 5000))
        spent = time.process_time() - start - idle * rounds * max(0.2, count / 5000)
        print(f"{name}: {spent / (room.heard - heard) * 1e6:.2f} us a message in and its answer, {room.heard - heard}")
        holder.stdin.close()
        holder.wait()
        holder.stdout.close()


def main(arguments: list[str]) -> None:
    if arguments[:1] == ["--hold"]:
        uvloop.run(hold(int(arguments[1]), int(arguments[2])))
        return
    log.setup("WARNING")
    raise_file_limit()
    count = int(arguments[0]) if arguments else 1000
    frames = int(arguments[1]) if len(arguments) > 1 else 20
    for plain in (False, True):
        uvloop.run(measure(count, frames, plain=plain))


if __name__ == "__main__":
    main(sys.argv[1:])
