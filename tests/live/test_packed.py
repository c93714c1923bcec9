"""Frames are deflated once for all phones that take such, and nobody keeps a window for it."""

from __future__ import annotations

import asyncio
import json
import random
import zlib
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory
from websockets.frames import Opcode

from live.frames import PACKED_BITS, PACKED_FROM, Frame, numbers_frame, packed_frame, page_frame, payload_of
from live.server import running
from tests.live.phones import HALL, Room, masked, until

pytestmark = pytest.mark.anyio

PAGE = page_frame("now", "12.1.open", ("<p>Какому пути следовать?</p>" * 100).encode())


class Raw(ClientConnection):
    """Counts bytes as they are on the wire."""

    got = 0

    def data_received(self, data: bytes) -> None:
        self.got += len(data)
        super().data_received(data)


def phone(url: str, **offer: Any) -> connect:
    extensions = [ClientPerMessageDeflateFactory(client_max_window_bits=True, **offer)]
    return connect(
        url.replace("http", "ws") + "/", compression=None, extensions=extensions, create_connection=Raw, proxy=None
    )


def test_a_packed_frame_holds_the_same_text() -> None:
    payload = b'{"part":"now"}' * 100

    packed = packed_frame(payload)

    head = 2 if packed[1] < 126 else 4
    assert packed[0] == 0xC1
    assert zlib.decompress(packed[head:] + b"\x00\x00\xff\xff\x03\x00", -PACKED_BITS) == payload


def test_what_packing_does_not_shorten_stays_as_it_is() -> None:
    assert packed_frame(b"x" * (PACKED_FROM - 1)) == b""
    assert packed_frame(bytes(range(256)) * 2)[:1] in (b"", b"\xc1")


async def test_a_phone_that_takes_deflate_is_shown_less_bytes_and_the_same_page() -> None:
    room = Room()
    async with running(room) as url, phone(url) as line:
        await until(lambda: room.hub.count(HALL) == 1)
        assert isinstance(line, Raw)
        line.got = 0

        room.hub.show(HALL, PAGE)
        text = await line.recv()

        assert json.loads(text)["html"].startswith("<p>Какому")
        assert line.got == len(PAGE.packed) < len(PAGE.data) / 5


async def test_a_phone_with_a_smaller_window_is_shown_the_page_unpacked() -> None:
    room = Room()
    async with running(room) as url, phone(url, server_max_window_bits=9) as line:
        await until(lambda: room.hub.count(HALL) == 1)
        assert isinstance(line, Raw)
        line.got = 0

        room.hub.show(HALL, PAGE)
        await line.recv()

        assert line.got == len(PAGE.data)


def pages(count: int) -> list[Frame]:
    """Frames of one part, each made after the one before."""
    shown: list[Frame] = []
    for n in range(count):
        html = f"<p>{n}</p>" + "<p>Какому пути следовать?</p>" * 20 + f"<p>{hex(n * 7919**9)}</p>"
        shown.append(page_frame("now", f"12.{n}", html.encode(), shown[-1] if shown else None))
    return shown


async def test_a_frame_goes_on_from_the_one_the_phone_was_shown_before() -> None:
    room = Room()
    first, second, third = pages(3)
    async with running(room) as url, phone(url) as line:
        await until(lambda: room.hub.count(HALL) == 1)
        assert isinstance(line, Raw)
        numbers = numbers_frame("turnout", {"n": 3})
        for frame, expected in ((first, first.packed), (second, second.delta), (third, third.delta)):
            line.got = 0
            room.hub.show(HALL, frame)
            room.hub.show(HALL, numbers)
            assert json.loads(await line.recv())["key"] == json.loads(payload_of(frame.data))["key"]
            await line.recv()
            assert line.got == len(expected) + len(numbers.data)

        assert len(second.delta) < len(second.packed)


async def test_who_holds_the_frame_before_and_who_does_not_read_the_same() -> None:
    """Whatever each was shown: a line that missed one, came late, or forgets, is sent what it can read."""
    room = Room()
    chance = random.Random(7)
    frames = pages(60) + [page_frame("agenda", "", b"<p>another part</p>" * 40)] * 3
    async with (
        running(room) as url,
        phone(url) as a,
        phone(url) as b,
        phone(url, server_no_context_takeover=True) as forgets,
        phone(url, server_max_window_bits=13) as small,
    ):
        await until(lambda: len(room.lines) == 4)
        phones = dict(zip(room.lines, (a, b, forgets, small), strict=True))
        for frame in frames:
            chosen = [line for line in room.lines if chance.random() < 0.7]
            for line in chosen:
                line.show(frame)
            for line in chosen:
                assert (await phones[line].recv()).encode() == payload_of(frame.data)


async def test_a_phone_that_does_not_ask_is_shown_the_page_unpacked() -> None:
    room = Room()
    async with running(room) as url, connect(url.replace("http", "ws") + "/", compression=None, proxy=None) as line:
        await until(lambda: room.hub.count(HALL) == 1)

        room.hub.show(HALL, PAGE)

        assert json.loads(await line.recv())["part"] == "now"


async def test_a_deflated_message_is_heard() -> None:
    room = Room()
    async with running(room) as url, phone(url) as line:
        for size in (3, 100, 3000, 16000):
            await line.send("я" * (size // 2))
            assert json.loads(await line.recv()) == {"heard": size // 2 * 2}

        assert room.heard[1] == "я".encode() * 50


async def test_deflated_fragments_are_heard() -> None:
    room = Room()
    async with running(room) as url, phone(url) as line:
        await line.send(["one ", "two ", "three"])

        assert json.loads(await line.recv()) == {"heard": 13}


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        (zlib.compress(b"x" * 100_000, wbits=-15), 1009),
        (b"\xff\xff\xff\xff", 1002),
    ],
)
async def test_a_bomb_and_a_broken_stream_end_the_line_only(payload: bytes, code: int) -> None:
    room = Room()
    async with running(room) as url, phone(url) as bad, phone(url) as good:
        frame = masked(Opcode.TEXT, payload)
        bad.transport.write(bytes([frame[0] | 0x40]) + frame[1:])

        with pytest.raises(ConnectionClosed) as closed:
            await asyncio.wait_for(bad.recv(), 3)

        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == code
        await good.send("still here")
        assert json.loads(await good.recv()) == {"heard": 10}


async def test_a_deflated_mark_without_the_agreement_is_a_fault() -> None:
    room = Room()
    async with running(room) as url, connect(url.replace("http", "ws") + "/", compression=None, proxy=None) as line:
        frame = masked(Opcode.TEXT, b"hello")
        line.transport.write(bytes([frame[0] | 0x40]) + frame[1:])

        with pytest.raises(ConnectionClosed) as closed:
            await asyncio.wait_for(line.recv(), 3)

        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1002
