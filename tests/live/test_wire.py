"""Bytes on the line: what a phone gets, what it may send, and what a slow one costs."""

from __future__ import annotations

import asyncio
import gc
import inspect
import json
import re
import weakref
from io import StringIO

import pytest
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.asyncio.client import ClientConnection
from websockets.protocol import Protocol, State
from websockets.server import ServerProtocol
from websockets.streams import StreamReader

from live import line as line_module
from live import plainline as plainline_module
from live import wire as wire_module
from live.frames import digest, message_frame, numbers_frame, page_frame, payload_of, text_frame, whole_text
from live.line import Stage
from live.server import running
from live.wire import Wire
from tests.live.phones import HALL, Room, SlowPhone, masked, phone, until

pytestmark = pytest.mark.anyio

HELD = 64 * 1024
"""More than this, in user space, no phone may hold: the high mark, one frame over it, and one of each part."""


@pytest.fixture(params=["wire", "plain"])
def room(request: pytest.FixtureRequest) -> Room:
    return Room(plain=request.param == "plain")


async def closing(socket: ClientConnection) -> tuple[int | None, str | None]:
    async with asyncio.timeout(3):
        await socket.wait_closed()
    return socket.close_code, socket.close_reason


# Frames


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65535, 65536, 200_000])
def test_a_frame_of_any_size_has_a_header_that_gives_back_its_payload(size: int) -> None:
    assert payload_of(text_frame(b"x" * size)) == b"x" * size


def test_a_page_frame_carries_the_digest_of_its_html() -> None:
    frame = page_frame("poll", "poll:3:1", "<p>Да</p>".encode())

    assert json.loads(payload_of(frame.data)) == {
        "part": "poll",
        "key": "poll:3:1",
        "is": digest("<p>Да</p>".encode()),
        "html": "<p>Да</p>",
    }
    assert frame.digest == digest("<p>Да</p>".encode())
    assert len(frame.digest) == 8


def test_a_numbers_frame_is_small_and_has_no_digest() -> None:
    frame = numbers_frame("poll", {"n": 41})

    assert payload_of(frame.data) == b'{"part":"poll","numbers":{"n":41}}'
    assert frame.digest == ""


# Talking and listening


@pytest.mark.parametrize("size", [1, 125, 126, 5000, 16384])
async def test_a_message_of_any_allowed_size_is_heard_and_answered(room: Room, size: int) -> None:
    async with running(room) as url, phone(url) as socket:
        await socket.send("x" * size)

        assert json.loads(await socket.recv()) == {"heard": size}


async def test_text_in_any_script_and_in_pieces_is_heard_whole(room: Room) -> None:
    async with running(room) as url, phone(url) as socket:
        await socket.send("جلسة")
        await socket.send(["Засе", "да", "ние"])
        await socket.recv()
        await socket.recv()

        assert room.heard == ["جلسة".encode(), "Заседание".encode()]


async def test_many_messages_in_one_packet_are_heard_in_order() -> None:
    room = Room()
    async with running(room) as url, SlowPhone(url) as slow:
        await slow.write(b"".join(masked(1, b"%d" % n) for n in range(50)))
        await until(lambda: len(room.heard) == 50)

        assert room.heard == [b"%d" % n for n in range(50)]


async def test_a_message_that_arrives_byte_by_byte_is_heard_once() -> None:
    room = Room()
    async with running(room) as url, SlowPhone(url) as slow:
        for byte in masked(1, b"one") + masked(1, b"x" * 200):
            await slow.write(bytes([byte]))
            await asyncio.sleep(0.001)
        await slow.write(masked(1, b"two"))
        await until(lambda: len(room.heard) == 3)

        assert room.heard == [b"one", b"x" * 200, b"two"]


def test_the_short_way_for_whole_messages_never_reads_the_middle_of_a_frame() -> None:
    """After a header that came alone the buffer is empty; what follows may look like a frame and is payload."""
    conn = ServerProtocol(max_size=16384)
    conn.state = State.OPEN
    conn.parser = conn.parse()
    next(conn.parser)
    trap = masked(1, b"not a message")
    assert whole_text(conn, trap) == b"not a message"

    conn.parser = super(ServerProtocol, conn).parse()
    next(conn.parser)
    conn.receive_data(masked(1, trap)[:6])

    assert not conn.reader.buffer
    assert whole_text(conn, trap) is None


async def test_what_was_sent_before_anybody_listened_is_heard_first() -> None:
    heard: list[bytes] = []

    async def late(scope, receive, send) -> None:  # type: ignore[no-untyped-def]
        await receive()
        await send({"type": "websocket.accept"})
        await asyncio.sleep(0.1)
        line = scope["extensions"]["hallside.wire"]["line"]
        line.listen(heard.append)

    async with running(late) as url, phone(url) as socket:
        for text in ("1", "2", "3"):
            await socket.send(text)
        await asyncio.sleep(0.2)
        await socket.send("4")
        await until(lambda: len(heard) == 4)

    assert heard == [b"1", b"2", b"3", b"4"]


async def test_a_ping_is_answered(room: Room) -> None:
    async with running(room) as url, phone(url) as socket:
        async with asyncio.timeout(2):
            await (await socket.ping())


# Faults


@pytest.mark.parametrize(
    ("frames", "code"),
    [
        ([masked(2, b"bytes")], 1003),
        ([masked(1, b"\xff\xfe")], 1007),
        ([masked(1, b"ok", fin=False), masked(0, b"\xff")], 1007),
        ([masked(1, b"x" * 16385)], 1009),
        ([masked(1, b"x" * 16000, fin=False), masked(0, b"x" * 1000)], 1009),
        ([masked(1, b"", fin=False)] + [masked(0, b"", fin=False)] * 300, 1009),
        ([masked(1, b"half a message", fin=False), masked(1, b"another one")], 1002),
        ([b"\xf1\x80\0\0\0\0"], 1002),
        ([masked(1, b"fail")], 1011),
    ],
    ids=[
        "binary",
        "not UTF-8",
        "not UTF-8 in pieces",
        "long",
        "long in pieces",
        "nothing for ever",
        "within another",
        "rsv",
        "bug",
    ],
)
async def test_a_fault_closes_with_its_code_and_leaves_one_line_in_the_log(
    frames: list[bytes], code: int, logged: StringIO
) -> None:
    room = Room()
    async with running(room) as url, SlowPhone(url) as slow:
        await slow.write(b"".join(frames) * (3 if len(frames) == 1 else 1))
        got = await slow.read_all(quiet=0.4)

    lines = [json.loads(line) for line in logged.getvalue().splitlines()]
    assert got[0] == 0x88
    assert int.from_bytes(got[2:4], "big") == code
    assert len(got) == 2 + got[1], "nothing is written after a close frame"
    mine = [line for line in lines if line["event"] in ("socket_fault", "message_failed")]
    assert len(mine) == 1
    assert "trace" not in mine[0] or code == 1011
    assert all(line["level"] not in ("error", "warning") or code == 1011 for line in lines)


async def test_the_close_code_survives_a_long_unread_message(room: Room) -> None:
    async with running(room) as url, phone(url) as socket:
        await socket.send("x" * 500_000)

        assert (await closing(socket))[0] == 1009


async def test_a_fault_in_the_room_is_logged_with_its_traceback_and_closes(room: Room, logged: StringIO) -> None:
    async with running(room) as url, phone(url) as socket:
        await socket.send("fail")

        assert (await closing(socket))[0] == 1011
    failed = [line for line in map(json.loads, logged.getvalue().splitlines()) if "trace" in line]
    assert [line["event"] for line in failed] == ["message_failed"]
    assert "ZeroDivisionError" in failed[0]["trace"]


async def test_a_route_that_fails_closes_its_line() -> None:
    async def faulty(scope, receive, send) -> None:  # type: ignore[no-untyped-def]
        await receive()
        await send({"type": "websocket.accept"})
        raise ZeroDivisionError

    async with running(faulty) as url, phone(url) as socket:
        assert (await closing(socket))[0] == 1011


# Stages


async def test_an_illegal_move_raises_and_says_what_was_expected(room: Room) -> None:
    async with running(room) as url, phone(url) as socket:
        await until(lambda: bool(room.lines))
        line = room.lines[0]

        with pytest.raises(RuntimeError, match=r"listen\(\): expected a line that is open, this one is listening"):
            line.listen(room.heard.append)
        line.close(4001, "badge revoked")
        assert line.stage is Stage.CLOSING
        line.close(4002)
        line.show(page_frame("poll", "k", b"late"))
        line.send(message_frame("late"))

        assert await closing(socket) == (4001, "badge revoked")
        await until(lambda: line.stage is Stage.LOST)


async def test_nobody_may_write_before_the_line_is_accepted() -> None:
    seen: list[str] = []

    async def hasty(scope, receive, send) -> None:  # type: ignore[no-untyped-def]
        line = scope["extensions"]["hallside.wire"]["line"]
        for move in (lambda: line.send(b""), lambda: line.close(1000), lambda: line.listen(print)):
            with pytest.raises(RuntimeError, match="this one is connecting") as caught:
                move()
            seen.append(str(caught.value))
        await receive()
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.close", "code": 4000})

    async with running(hasty) as url, phone(url) as socket:
        assert (await closing(socket))[0] == 4000
    assert len(seen) == 3


async def test_a_lost_line_tells_everybody_once_and_at_once_who_asks_later(room: Room) -> None:
    told: list[str] = []
    async with running(room) as url:
        async with phone(url):
            await until(lambda: bool(room.lines))
            room.lines[0].on_lost(lambda line: told.append("first"))
            room.lines[0].on_lost(lambda line: told.append("second"))
        await until(lambda: room.lines[0].stage is Stage.LOST)
        room.lines[0].on_lost(lambda line: told.append("late"))

        assert told == ["first", "second", "late"]
        assert room.hub.count(HALL) == 0


# Slow phones


async def fill(room: Room, kilobytes: int = 4000) -> None:
    """Show one large part again and again, as a lively poll would, and let the loop write."""
    for n in range(kilobytes // 8):
        room.hub.show(HALL, page_frame("tallies", f"t{n}", b"x" * 8000))
        await asyncio.sleep(0)


def held(line: Wire) -> int:
    waiting = sum(len(frame.data) for frame in (line._shown or {}).values()) + sum(map(len, line._sent or ()))
    return line.transport.get_write_buffer_size() + waiting


@pytest.mark.fault
async def test_a_phone_that_never_reads_holds_little_and_gets_only_the_newest_of_each_part() -> None:
    room = Room()
    async with running(room) as url, SlowPhone(url) as slow:
        await until(lambda: bool(room.lines))
        line = room.lines[0]
        assert isinstance(line, Wire)

        await fill(room)
        assert line.behind
        for n in range(100):
            room.hub.show(HALL, page_frame("questions", f"q{n}", b"y" * 3000))
        line.send(message_frame({"recorded": 1}))
        line.send(message_frame({"recorded": 2}))
        at_most = held(line)
        got = await slow.read_all()
        await until(lambda: not line.behind)

        assert at_most < HELD
        assert got.count(b'"part":"questions"') == 1
        assert b'"key":"q99"' in got
        assert b'"key":"t499"' in got
        assert 1 < got.count(b'"part":"tallies"') < 100
        assert 0 < got.index(b'{"recorded":1}') < got.index(b'{"recorded":2}')
        room.hub.show(HALL, page_frame("tallies", "after", b"z"))
        assert b'"key":"after"' in await slow.read_all()


@pytest.mark.fault
async def test_without_the_rule_for_those_behind_the_same_phone_holds_megabytes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The negative control: with uvicorn's own `pause_writing` nobody is ever behind."""
    monkeypatch.setattr(Wire, "pause_writing", WebSocketsSansIOProtocol.pause_writing)
    room = Room()
    async with running(room) as url, SlowPhone(url):
        await until(lambda: bool(room.lines))
        line = room.lines[0]
        assert isinstance(line, Wire)

        await fill(room)

        assert held(line) > 10 * HELD


@pytest.mark.fault
async def test_ten_seconds_behind_is_the_end(monkeypatch: pytest.MonkeyPatch, logged: StringIO) -> None:
    monkeypatch.setattr(wire_module, "BEHIND_LIMIT", 0.2)
    room = Room()
    async with running(room) as url, SlowPhone(url):
        await until(lambda: bool(room.lines))
        await fill(room)
        await until(lambda: room.lines[0].stage is Stage.LOST)

        assert room.hub.count(HALL) == 0
    assert logged.getvalue().count("socket_too_slow") == 1


@pytest.mark.fault
async def test_too_many_answers_for_somebody_who_does_not_read_are_the_end(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (wire_module, plainline_module):
        monkeypatch.setattr(module, "BEHIND_LIMIT", 300.0)
    async with running(room) as url, SlowPhone(url):
        await until(lambda: bool(room.lines))
        line = room.lines[0]
        for _ in range(line_module.SENT_LIMIT + 2000):
            line.send(message_frame("x" * 2000))
            await asyncio.sleep(0)
        await until(lambda: line.stage is Stage.LOST)


@pytest.mark.fault
async def test_pings_from_somebody_who_does_not_read_fill_nothing() -> None:
    room = Room()
    async with running(room) as url, SlowPhone(url) as slow:
        await until(lambda: bool(room.lines))
        line = room.lines[0]
        assert isinstance(line, Wire)
        await fill(room)
        before = line.transport.get_write_buffer_size()

        await slow.write(masked(9, b"p" * 125) * 2000)
        await asyncio.sleep(0.2)

        assert line.transport.get_write_buffer_size() <= before


async def test_a_plain_line_keeps_only_the_newest_of_each_part_too() -> None:
    room = Room(plain=True)
    async with running(room) as url, SlowPhone(url) as slow:
        await until(lambda: bool(room.lines))
        await fill(room, 8000)
        assert room.lines[0].behind
        got = await slow.read_all()

        assert got.count(b'"part":"tallies"') < 500
        assert b'"key":"t999"' in got


# The server under it


def test_the_pinned_uvicorn_has_everything_the_subclass_leans_on() -> None:
    """A new uvicorn that renames one of these must fail here, in words, and not in a hall."""
    overridden = {
        "connection_made": ["transport"],
        "connection_lost": ["exc"],
        "pause_writing": [],
        "resume_writing": [],
        "data_received": ["data"],
        "shutdown": [],
        "handle_connect": ["event"],
        "handle_cont": ["event"],
        "handle_ping": [],
        "handle_close": ["event"],
        "handle_parser_exception": [],
        "keepalive_timeout": [],
        "run_asgi": [],
        "send": ["message"],
        "send_receive_event_to_app": [],
    }
    for name, arguments in overridden.items():
        parameters = list(inspect.signature(getattr(WebSocketsSansIOProtocol, name)).parameters)
        assert parameters == ["self", *arguments], name
    for name in ("handle_events", "send_500_response", "receive"):
        assert callable(getattr(WebSocketsSansIOProtocol, name)), name
    source = inspect.getsource(WebSocketsSansIOProtocol)
    attributes = (
        "app close_sent close_timer conn curr_msg_data_type frames handshake_complete loop queue read_paused request "
        "response scope transport"
    )
    for name in attributes.split():
        assert f"self.{name} = " in source or f"self.{name}: " in source, name
    for verb in ("self.app(self.scope, self.receive, self.send)", "self.transport.pause_reading()"):
        assert verb in source, verb
    assert inspect.isgeneratorfunction(StreamReader.at_eof)
    assert "yield from self.reader.at_eof()" in inspect.getsource(Protocol.parse)


async def test_the_subclass_adds_no_name_that_uvicorn_already_uses() -> None:
    """But `send`, which is the line's: ASGI's own is `asgi_send`."""
    room = Room()
    async with running(room) as url, phone(url):
        await until(lambda: bool(room.lines))
        line = room.lines[0]
        source = inspect.getsource(WebSocketsSansIOProtocol)
        added = {"who", "listen", "show", "close", "abort", "on_lost", "run", "stage", "behind", "asgi_send"}
        added |= {name for name in vars(line) if name.startswith("_")}

        assert not [name for name in added if re.search(rf"\b(self\.|def ){name}\b", source)]


async def test_a_lost_line_leaves_no_garbage_for_the_collector() -> None:
    """A full collection with 5,000 phones stops the loop for 300 ms, so nothing may need one."""
    room = Room()
    async with running(room) as url:
        for _ in range(5):
            async with phone(url) as socket:
                await socket.send("x")
                await socket.recv()
        await until(lambda: room.hub.count(HALL) == 0)
        await asyncio.sleep(0.1)
        lost = [weakref.ref(line) for line in room.lines]
        gc.collect()
        gc.disable()
        try:
            room.lines.clear()

            assert [each() for each in lost] == [None] * 5
        finally:
            gc.enable()
