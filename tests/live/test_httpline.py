"""The bounds uvicorn lacks. Each with its negative control: without the bound, the connection stays."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from live import server as server_module
from live.httpline import HttpLine, bounded
from live.server import running
from tests.live.phones import Room, phone

pytestmark = [pytest.mark.anyio, pytest.mark.fault]


async def page(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] != "http":
        return
    body = b"x" * 4_000_000 if scope["path"] == "/big" else b"hello"
    headers = [(b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@asynccontextmanager
async def served(monkeypatch: pytest.MonkeyPatch, **bounds: float) -> AsyncIterator[tuple[str, int]]:
    monkeypatch.setattr(server_module, "bounded", lambda cap: bounded(**bounds))
    async with running(page) as url:
        host, port = url.removeprefix("http://").split(":")
        yield host, int(port)


async def talk(address: tuple[str, int], *pieces: bytes, pause: float = 0.0, wait: float = 1.0) -> bytes | None:
    """Send *pieces*; return all that came until the server hung up, or None if it did not within *wait* seconds."""
    reader, writer = await asyncio.open_connection(*address)
    try:
        for piece in pieces:
            if reader.at_eof():
                break
            writer.write(piece)
            await asyncio.sleep(pause)
        return await asyncio.wait_for(reader.read(), wait)
    except TimeoutError:
        return None
    except (ConnectionError, RuntimeError):
        return b""  # uvloop's word for writing after the other side has gone
    finally:
        writer.close()


SLOW = [b"GET / HTTP/1.1\r\nHost: a\r\n", *[b"X-%d: y\r\n" % n for n in range(8)]]


async def test_headers_that_drip_are_cut_off_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    async with served(monkeypatch, header_seconds=0.2) as address:
        answer = await talk(address, *SLOW, pause=0.05)

    assert answer is not None
    assert answer.startswith(b"HTTP/1.1 408")
    assert answer.endswith(b"The request took too long to arrive.")


async def test_with_time_enough_the_same_headers_are_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    async with served(monkeypatch, header_seconds=30) as address:
        assert await talk(address, *SLOW, pause=0.05, wait=0.3) is None


async def test_a_connection_that_says_nothing_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    async with served(monkeypatch, header_seconds=0.2) as address:
        assert await talk(address) == b""


async def test_the_deadline_counts_again_for_the_next_request_on_the_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with served(monkeypatch, header_seconds=0.3) as address:
        answer = await talk(address, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", b"GET / HTTP/1.1\r\nHo", pause=0.1)

    assert answer is not None
    assert answer.startswith(b"HTTP/1.1 200")


async def test_endless_headers_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    async with served(monkeypatch) as address:
        answer = await talk(address, b"GET / HTTP/1.1\r\n", *[b"X: " + b"y" * 8000 + b"\r\n"] * 8, pause=0.01)

    assert answer is not None
    assert answer.startswith(b"HTTP/1.1 431")


async def test_an_ordinary_request_is_answered_and_its_deadline_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    async with served(monkeypatch, header_seconds=0.1) as address:
        answer = await talk(address, b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")

    assert answer is not None
    assert answer.endswith(b"hello")


async def test_a_page_that_nobody_reads_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    async with served(monkeypatch, stall_seconds=0.2) as address:
        reader, writer = await asyncio.open_connection(*address, limit=1024)
        writer.write(b"GET /big HTTP/1.1\r\nHost: a\r\n\r\n")
        await asyncio.sleep(0.6)
        with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
            await reader.readexactly(4_000_000)
        writer.close()


async def test_one_that_is_read_slowly_arrives_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    async with served(monkeypatch, stall_seconds=5) as address:
        reader, writer = await asyncio.open_connection(*address, limit=1024)
        writer.write(b"GET /big HTTP/1.1\r\nHost: a\r\n\r\n")
        await asyncio.sleep(0.6)
        assert len(await reader.readexactly(4_000_000)) == 4_000_000
        writer.close()


async def test_over_the_cap_a_connection_is_told_to_come_later(monkeypatch: pytest.MonkeyPatch) -> None:
    async with served(monkeypatch, cap=2) as address:
        others = [await asyncio.open_connection(*address) for _ in range(2)]
        await asyncio.sleep(0.05)
        full = await talk(address, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        for _, writer in others:
            writer.close()
        await asyncio.sleep(0.05)
        free = await talk(address, b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")

    assert full is not None
    assert full.startswith(b"HTTP/1.1 503")
    assert b"retry-after: 60" in full
    assert free is not None
    assert free.startswith(b"HTTP/1.1 200")


async def test_a_socket_outlives_every_deadline_of_the_request_that_opened_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bounds = {"header_seconds": 0.1, "stall_seconds": 0.1, "idle_seconds": 0.1}
    monkeypatch.setattr(server_module, "bounded", lambda cap: bounded(**bounds))
    room = Room()
    async with running(room) as url, phone(url) as socket:
        await asyncio.sleep(0.5)
        await socket.send("still here")

        assert await socket.recv() == '{"heard":10}'


async def test_an_unfinished_body_after_the_answer_does_not_keep_the_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """uvicorn alone keeps it for ever: see the control."""
    unfinished = (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n", b"vo")
    async with served(monkeypatch, waste_seconds=0.2) as address:
        answer = await talk(address, *unfinished, pause=0.05)
    monkeypatch.setattr(HttpLine, "_discard", lambda self, size: None)
    async with served(monkeypatch, waste_seconds=0.2) as address:
        kept = await talk(address, *unfinished, pause=0.05, wait=0.6)

    assert answer is not None
    assert answer.startswith(b"HTTP/1.1 200")
    assert kept is None


async def test_a_body_without_end_after_the_answer_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    async with served(monkeypatch, waste_bytes=100_000) as address:
        head = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 999999999\r\n\r\n"
        answer = await talk(address, head, *[b"x" * 10_000] * 20, pause=0.01)

    assert answer is not None


async def test_an_idle_connection_is_kept_for_the_next_request_unless_there_is_a_crowd(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    idle = {"idle_seconds": 30.0, "crowded_idle_seconds": 0.2}
    request = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
    async with served(monkeypatch, **idle) as address:
        kept = await talk(address, request, wait=0.6)
    async with served(monkeypatch, cap=1, **idle) as address:
        crowded = await talk(address, request, wait=0.6)

    assert kept is None
    assert crowded is not None
    assert crowded.endswith(b"hello")


async def test_when_a_crowd_comes_idle_connections_make_room_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: without that, whoever was here a minute ago keeps the newcomers out."""
    request = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
    answers: dict[bool, list[bytes]] = {}
    for makes_room in (True, False):
        if not makes_room:
            monkeypatch.setattr(HttpLine, "_make_room", lambda self: None)
        async with served(monkeypatch, cap=8, idle_seconds=30.0, crowded_idle_seconds=30.0) as address:
            open_ = []
            for _ in range(10):
                reader, writer = await asyncio.open_connection(*address)
                writer.write(request)
                answers.setdefault(makes_room, []).append((await reader.readline())[:12])
                open_.append(writer)
            for writer in open_:
                writer.close()

    assert set(answers[True]) == {b"HTTP/1.1 200"}
    assert answers[False][8:] == [b"HTTP/1.1 503"] * 2


def test_a_bound_that_does_not_exist_is_a_mistake() -> None:
    assert bounded(cap=7).cap == 7
    assert HttpLine.cap == 20_000
    with pytest.raises(TypeError, match="no bound called caps"):
        bounded(caps=7)
