"""What goes down a line, as bytes: built once, written to every phone of an audience.

A frame is a whole part for one audience. It carries its own websocket header, so showing it to a phone is one
`transport.write` and no Python per byte.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import count
from types import CodeType
from typing import Any

import msgspec
from websockets.frames import apply_mask  # type: ignore[attr-defined]  # in C where there is a wheel
from websockets.server import ServerProtocol
from websockets.streams import StreamReader

_numbers = count(1)
_encode = msgspec.json.Encoder().encode
_AT_EOF: CodeType = StreamReader.at_eof.__code__

PACKED_BITS = 12
"""Window of what we deflate: 4 KiB cost 3 % of size against 32, and an eighth of the phone's memory."""
PACKED_FROM = 300


@dataclass(frozen=True, slots=True)
class Frame:
    """One part, ready for the line.

    `data` is the complete websocket frame, `digest` that of the html it carries ("" for numbers). On the wire the
    digest is called `is`; in Python that is a keyword. `packed` is the same deflated, for a line that holds nothing;
    `delta` for a line whose last deflated frame was the one of number `after`. Both empty where not worth it.
    """

    part: str
    data: bytes
    digest: str = ""
    packed: bytes = b""
    number: int = field(default=0, compare=False)
    after: int = field(default=0, compare=False)
    delta: bytes = b""


def text_frame(payload: bytes) -> bytes:
    """*payload* (UTF-8) as one unmasked websocket text frame with its header (RFC 6455, 5.2)."""
    size = len(payload)
    if size < 126:
        return b"\x81" + size.to_bytes(1, "big") + payload
    if size < 65536:
        return b"\x81\x7e" + size.to_bytes(2, "big") + payload
    return b"\x81\x7f" + size.to_bytes(8, "big") + payload


def packed_frame(payload: bytes, before: bytes = b"") -> bytes:
    """*payload* as a deflated text frame (RFC 7692), the same for every phone that takes such; b"" if not shorter.

    With *before* only for a phone that inflated this text last, and so still has it in its window. An opening poll
    in Russian: 12.9 kB as it is, 2.9 kB packed, and its closing 0.2 kB after the opening.
    """
    if len(payload) < PACKED_FROM:
        return b""
    if before:
        deflate = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS, zdict=before)
    else:
        deflate = zlib.compressobj(6, zlib.DEFLATED, -PACKED_BITS)
    # The end of a flush is left out: the other side adds it.
    body = (deflate.compress(payload) + deflate.flush(zlib.Z_SYNC_FLUSH))[:-4]
    return b"\xc1" + text_frame(body)[1:] if len(body) < len(payload) else b""


def payload_of(frame: bytes) -> bytes:
    """What `text_frame` was given. For servers that build their own frames."""
    return frame[{126: 4, 127: 10}.get(frame[1], 2) :]


def digest(html: bytes) -> str:
    """Eight hex characters that say whether a page already holds this part. Only over bytes already shown."""
    return blake2b(html, digest_size=4).hexdigest()


def page_frame(part: str, key: str, html: bytes, before: Frame | None = None) -> Frame:
    """A part as HTML: `{"part", "key", "is", "html"}`. *html* is UTF-8, *before* what its audience was shown last."""
    mark = digest(html)
    body = _encode({"part": part, "key": key, "is": mark, "html": str(html, "utf-8")})
    packed, delta, after = packed_frame(body), b"", 0
    if packed and before is not None and before.packed:
        delta, after = packed_frame(body, payload_of(before.data)), before.number
    return Frame(part, text_frame(body), mark, packed, next(_numbers), after, delta)


def numbers_frame(part: str, numbers: Mapping[str, object]) -> Frame:
    """While only numbers move, only numbers travel: `{"part", "numbers"}`."""
    return Frame(part, text_frame(_encode({"part": part, "numbers": numbers})))


def message_frame(message: object) -> bytes:
    """Anything msgspec can encode, as a frame for `Line.send`: an acknowledgement, a greeting, a goodbye."""
    return text_frame(_encode(message))


def whole_text(conn: ServerProtocol, data: bytes) -> bytes | None:
    """The payload if *data* is exactly one whole text message and nothing is half read, else None.

    Nearly every message is, and this costs a tenth of the general parser, which sees all the others.
    """
    size = len(data)
    if size < 6 or (data[0] != 0x81 and not (data[0] == 0xC1 and conn.extensions)):
        return None
    mask, length = 2, data[1] - 128
    if length == 126:
        mask, length = 4, int.from_bytes(data[2:4], "big")
        if not 126 <= length <= (conn.max_message_size or 0):
            return None
    if length < 0 or size != mask + 4 + length or conn.reader.buffer or conn.current_size is not None:
        return None
    # An empty buffer does not mean that no frame is half read. A parser that waits for the next one does.
    waiting: Any = conn.parser
    while (inner := waiting.gi_yieldfrom) is not None:
        waiting = inner
    if waiting.gi_code is not _AT_EOF:
        return None
    text: bytes = apply_mask(data[mask + 4 :], data[mask : mask + 4])
    return text if data[0] == 0x81 else _inflated(text, conn.max_message_size or 0)


def _inflated(packed: bytes, limit: int) -> bytes | None:
    """What a phone deflated, if shorter than *limit*; None leaves it to the general parser, which says why not."""
    inflate = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        text = inflate.decompress(packed + b"\0\0\xff\xff", limit)
    except zlib.error:
        return None
    return text if len(text) < limit else None
