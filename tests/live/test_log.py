"""One line per event, bounded, and nothing in it that a log may not hold."""

from __future__ import annotations

import json
import logging
from io import StringIO
from typing import Any

import pytest

from live import log
from live.server import running
from tests.live.phones import HALL, Room, phone, until


def lines(stream: StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_an_event_is_one_line_of_json(logged: StringIO) -> None:
    log.event("poll_sealed", poll=3, ballots=412, secret=False, words="x\ny\u202e\x1b[31m")

    (line,) = lines(logged)
    assert line["event"] == "poll_sealed"
    assert (line["poll"], line["ballots"]) == (3, 412)
    assert line["words"] == "x\\x0ay\\x202e\\x1b[31m"
    assert line["at"].endswith("Z")


def test_a_line_is_never_longer_than_its_limit(logged: StringIO) -> None:
    log.event("long", **{f"field{n}": "\0" * 5000 for n in range(50)})
    log.event("long" * 1000)
    try:
        raise ValueError("ж" * 5000)
    except ValueError:
        log.failure("long_failure", about="y" * 5000)

    assert all(len(line.encode()) < log.LIMIT for line in logged.getvalue().splitlines(keepends=True))
    assert len(lines(logged)) == 3
    assert "ValueError" not in lines(logged)[0]


def test_a_failure_keeps_the_end_of_its_traceback(logged: StringIO) -> None:
    def deep(left: int) -> None:
        if not left:
            raise KeyError("the cause")
        deep(left - 1)

    try:
        deep(200)
    except KeyError:
        log.failure("it_failed")

    assert "the cause" in lines(logged)[0]["trace"]


@pytest.mark.parametrize(
    "address", ["192.0.2.7", "192.0.2.7:51234", "2001:db8::1", "[2001:db8::1]:443", "::1", "fe80::1"]
)
def test_an_address_is_taken_out_wherever_it_stands(logged: StringIO, address: str) -> None:
    log.event(f"from {address}", words=f"by {address} again")
    logging.getLogger("library").warning("%s - GET /join?t=%s", address, "s3cret")
    try:
        raise ConnectionResetError(f"peer {address} left")
    except ConnectionResetError:
        log.failure("lost")

    assert address not in logged.getvalue()
    assert "s3cret" not in logged.getvalue()
    assert logged.getvalue().count("[address]") >= 4


def test_times_and_versions_are_no_addresses(logged: StringIO) -> None:
    log.event("started", words="at 14:31:07 with uvicorn 0.54.0")

    assert lines(logged)[0]["words"] == "at 14:31:07 with uvicorn 0.54.0"


def test_a_field_named_like_a_secret_is_withheld(logged: StringIO) -> None:
    log.event("signed_in", token="abc", code="def", cookie="ghi", address="jkl")

    assert not [value for value in ("abc", "def", "ghi", "jkl") if value in logged.getvalue()]


def test_a_library_that_repeats_itself_is_heard_twenty_times_and_we_always(logged: StringIO) -> None:
    for _ in range(100):
        logging.getLogger("uvicorn.error").warning("Invalid HTTP request received.")
        log.event("ours")

    events = [line["event"] for line in lines(logged)]
    assert events.count("Invalid HTTP request received.") == 20
    assert events.count("ours") == 100


async def visit() -> None:
    """Everything a server might log about somebody: a page, a socket, faults, goodbyes."""
    room = Room()
    async with running(room) as url:
        async with phone(url + "/?t=s3cret") as socket:
            await socket.send(b"binary")
            await socket.wait_closed()
        async with phone(url) as socket:
            await socket.send("fail")
            await socket.wait_closed()
        async with phone(url):
            await until(lambda: room.hub.count(HALL) == 1)


@pytest.mark.anyio
async def test_no_address_of_a_client_and_no_query_reaches_the_log(logged: StringIO) -> None:
    await visit()

    assert "socket_fault" in logged.getvalue()
    assert "127.0.0.1" not in logged.getvalue()
    assert "s3cret" not in logged.getvalue()


@pytest.mark.anyio
async def test_with_the_logging_uvicorn_starts_with_both_would_be_there(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The negative control: the leak is real, and the test above could see it."""
    monkeypatch.setattr(log, "clean", lambda text: text)
    server = logging.getLogger("uvicorn.error")
    level = server.level
    stream = StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(log.JsonLines())
    server.setLevel(logging.INFO)
    server.addHandler(handler)
    try:
        await visit()
    finally:
        server.setLevel(level)
        server.removeHandler(handler)

    assert "127.0.0.1" in stream.getvalue()
    assert "s3cret" in stream.getvalue()
