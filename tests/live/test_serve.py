"""One process that always answers: restarts, goodbyes, and giving up."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest

from live.child import raise_file_limit
from live.line import Stage
from live.serve import ROOT, CannotListen, open_socket
from live.server import HallsideServer, config_for, running, say_goodbye, wave_seconds
from tests.live.phones import HALL, Room, phone, until

pytestmark = pytest.mark.anyio

APPLICATION = '''
"""An application that says which process it is, and leaves a note of its drain."""
import asyncio, os, pathlib
from live.server import Served
from live.wire import line_of

async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        pathlib.Path("lifespan").write_text("ended")
        await send({"type": "lifespan.shutdown.complete"})
    elif scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        line = line_of(scope, receive, send)
        line.listen(lambda text: None)
        await line.run()
    else:
        body = str(os.getpid()).encode()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
        await send({"type": "http.response.body", "body": body})

async def drain():
    pathlib.Path("drained").write_text("yes")

def create():
    return Served(app, drain)

def broken():
    raise ZeroDivisionError
'''
PARENT = """
import sys
from live import log
from live.serve import open_socket, serve
log.setup()
sock = open_socket("127.0.0.1", 0)
print(sock.getsockname()[1], flush=True)
sys.exit(serve(sys.argv[1], sock))
"""


class Parent:
    """`serve` in a process of its own, in a folder of its own."""

    def __init__(self, folder: Path, factory: str) -> None:
        self.folder = folder
        (folder / "application.py").write_text(APPLICATION)
        self.log = (folder / "log").open("w+")
        self.process = subprocess.Popen(
            [sys.executable, "-c", PARENT, f"application:{factory}"],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{folder}"},
            stdout=subprocess.PIPE,
            stderr=self.log,
            text=True,
        )
        assert self.process.stdout is not None
        self.url = f"http://127.0.0.1:{int(self.process.stdout.readline())}"

    def child(self) -> int:
        return int(httpx2.get(self.url, timeout=10).text)

    def logged(self) -> list[dict[str, Any]]:
        self.log.seek(0)
        return [json.loads(line) for line in self.log.read().splitlines()]

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()
        self.log.close()


@pytest.fixture
def parent(tmp_path: Path) -> Iterator[Parent]:
    made = Parent(tmp_path, "create")
    yield made
    made.stop()


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except FileNotFoundError:
        return False


# Parent and child


@pytest.mark.fault
def test_a_killed_child_is_replaced_within_a_second_and_nobody_is_refused(parent: Parent) -> None:
    for _ in range(2):
        first = parent.child()
        start = time.monotonic()

        os.kill(first, signal.SIGKILL)
        second = parent.child()

        assert time.monotonic() - start < 1.0
        assert second != first
    died = [line for line in parent.logged() if line["event"] == "server_died"]
    assert [line["how"] for line in died] == ["signal 9", "signal 9"]


@pytest.mark.fault
def test_a_child_that_cannot_start_is_given_up_with_words(tmp_path: Path) -> None:
    parent = Parent(tmp_path, "broken")
    try:
        assert parent.process.wait(timeout=20) == 1
        events = [line["event"] for line in parent.logged()]

        assert events.count("server_died") == 5
        assert events[-1] == "server_gave_up"
        assert "ZeroDivisionError" in next(line["trace"] for line in parent.logged() if "trace" in line)
    finally:
        parent.stop()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_asked_to_stop_it_drains_ends_the_lifespan_and_exits_with_nothing_left(
    parent: Parent, number: signal.Signals
) -> None:
    child = parent.child()

    parent.process.send_signal(number)

    assert parent.process.wait(timeout=10) == 0
    assert (parent.folder / "drained").read_text() == "yes"
    assert (parent.folder / "lifespan").read_text() == "ended"
    assert not alive(child)
    with pytest.raises(httpx2.ConnectError):
        parent.child()


def test_asked_to_replace_it_says_goodbye_and_serves_on_from_a_new_process(parent: Parent) -> None:
    first = parent.child()

    parent.process.send_signal(signal.SIGHUP)
    deadline = time.monotonic() + 5
    while parent.child() == first:
        assert time.monotonic() < deadline

    assert (parent.folder / "lifespan").read_text() == "ended"
    assert [line["event"] for line in parent.logged()] == ["server_stopped"]


@pytest.mark.fault
def test_a_child_does_not_outlive_its_parent(parent: Parent) -> None:
    child = parent.child()

    parent.process.kill()
    parent.process.wait()

    deadline = time.monotonic() + 5
    while alive(child):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert (parent.folder / "lifespan").read_text() == "ended"


def test_a_taken_port_is_said_in_words() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]

        with pytest.raises(CannotListen, match=f"Port {port} is taken"):
            open_socket("127.0.0.1", port)


def test_an_address_of_another_machine_is_said_in_words() -> None:
    for host in ("192.0.2.1", "no-such-host.invalid"):
        with pytest.raises(CannotListen, match=f"This machine has no address {host}"):
            open_socket(host, 0)


def test_all_addresses_are_those_of_both_versions() -> None:
    if not socket.has_dualstack_ipv6():
        pytest.skip("this machine has no IPv6")
    with open_socket("::", 0) as both, socket.create_connection(("127.0.0.1", both.getsockname()[1])):
        pass


def test_a_port_that_was_just_left_can_be_taken_again() -> None:
    with open_socket("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)):
            first.accept()[0].close()  # Now the connection is in TIME_WAIT on our side.

    open_socket("127.0.0.1", port).close()


def test_as_many_files_as_the_system_allows() -> None:
    assert raise_file_limit() >= 1024


# Goodbyes


@asynccontextmanager
async def serving(room: Room, drain: Callable[[], Awaitable[None]]) -> AsyncIterator[tuple[HallsideServer, str]]:
    """As `running`, with the server at hand."""
    sock = socket.create_server(("127.0.0.1", 0))
    server = HallsideServer(config_for(room, lifespan="off"), drain, signals=False)
    task = asyncio.create_task(server.serve(sockets=[sock]))
    await until(lambda: server.started)
    yield server, f"http://127.0.0.1:{sock.getsockname()[1]}"
    server.should_exit = True
    await task


async def test_every_phone_is_told_when_to_come_back_after_the_node_has_drained() -> None:
    room = Room()
    at_drain: list[int] = []

    async def drain() -> None:
        at_drain.append(room.hub.count(HALL))

    async with serving(room, drain) as (server, url), phone(url) as first, phone(url) as second:
        await until(lambda: room.hub.count(HALL) == 2)
        server.should_exit = True

        for socket_ in (first, second):
            assert json.loads(await socket_.recv()) == {"bye": 1.5}
            await socket_.wait_closed()
            assert (socket_.close_code, socket_.close_reason) == (1012, "restart")
        with pytest.raises(OSError, match="refused"):
            socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])))

    assert at_drain == [2]
    assert [line.stage for line in room.lines] == [Stage.LOST, Stage.LOST]


@pytest.mark.fault
async def test_a_drain_that_fails_costs_nobody_the_goodbye() -> None:
    async def drain() -> None:
        raise ZeroDivisionError

    room = Room()
    async with serving(room, drain) as (server, url), phone(url) as socket_:
        await until(lambda: bool(server.lines()))
        server.should_exit = True

        assert json.loads(await socket_.recv()) == {"bye": 1.5}


def test_the_waves_are_long_enough_for_many_and_short_enough_for_all() -> None:
    assert wave_seconds(20) == 0
    for count in (100, 1000, 5000, 10_000, 20_000):
        span = wave_seconds(count)
        assert count / span * 0.1 <= 0.05 * count, "at most 5 % in 100 ms"
        assert span <= 8


class Skipping(asyncio.SelectorEventLoop):
    """A loop that waits for nothing: where nobody has anything to do, its clock goes on to the next timer."""

    def __init__(self) -> None:
        super().__init__()
        self.passed = 0.0
        self._selector.select = self._skip  # type: ignore[attr-defined]

    def time(self) -> float:
        return self.passed

    def _skip(self, timeout: float | None = None) -> list[Any]:
        self.passed += timeout or 0.0
        return []


def test_a_hundred_phones_leave_one_after_the_other_and_are_told_the_same_time() -> None:
    closed: list[float] = []
    loop = Skipping()

    class Ear:
        told: bytes

        def send(self, data: bytes) -> None:
            self.told = data

        def close(self, code: int, reason: str = "") -> None:
            closed.append(loop.time())

    ears = [Ear() for _ in range(100)]
    loop.run_until_complete(say_goodbye(ears, lambda: False))  # type: ignore[arg-type]
    loop.close()

    assert len({ear.told for ear in ears}) == 1
    assert b'{"bye":4.0}' in ears[0].told
    assert 2.4 < closed[-1] - closed[0] < 2.5
    busiest = max(sum(start <= at < start + 0.1 for at in closed) for start in closed)
    assert busiest <= 5


async def test_an_application_that_does_not_start_is_said_so() -> None:
    async def broken(scope: Any, receive: Any, send: Any) -> None:
        raise ZeroDivisionError

    with pytest.raises(RuntimeError, match="did not start"):
        async with running(broken, lifespan="on"):
            pass
