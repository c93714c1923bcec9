"""The parts of a workbook's file, in bounded pieces: what a few kilobytes unpack to may fill the memory.

Counted is what really comes out, not what the file says of itself.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from xml.parsers import expat

from models.imports.sheets import Unreadable

UNPACKED_MB = 60
"""Of all parts together."""
ENTRIES = 2_000
PIECE = 1 << 16
ELEMENTS = 600_000
"""Of all parts together, which take a second [measured]. 16,000 people in twelve columns have as many."""
DEPTH = 100
"""Elements within each other; a sheet has eight."""
TAG = 1_000_000
"""Bytes of a tag."""
DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, KeyError, ValueError, NotImplementedError, RuntimeError, OSError)
"""What reading a broken file raises."""


class Archive:
    """Raises Unreadable where the file is damaged, locked, or unpacks to too much."""

    def __init__(self, data: bytes) -> None:
        self._left = UNPACKED_MB * 1_000_000
        self._elements = ELEMENTS
        end = data.rfind(b"PK\x05\x06", -65_557)
        # The table of contents is read before anything can be counted. In a workbook it has a few dozen lines.
        if end < 0 or len(data) < end + 22:
            raise Unreadable("workbook_damaged", why="its end is missing")
        entries, size = struct.unpack("<HI", data[end + 10 : end + 16])
        if entries > ENTRIES or size > ENTRIES * 200 or b"PK\x06\x07" in data[max(0, end - 40) : end]:
            raise Unreadable("workbook_damaged", why="its table of contents is too long")
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
        except (*DAMAGED, struct.error, IndexError) as error:
            raise Unreadable("workbook_damaged", why=str(error)[:80]) from None

    def __contains__(self, name: str) -> bool:
        return name in self._zip.NameToInfo

    def pieces(self, name: str) -> Iterator[bytes]:
        try:
            info = self._zip.getinfo(name)
            # Other ways of packing may ask for gigabytes before the first byte comes out.
            if info.flag_bits & 1 or info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise Unreadable("workbook_damaged", why=f"{name} is locked or packed in an unknown way")
            with self._zip.open(info) as part:
                while piece := part.read(PIECE):
                    self._left -= len(piece)
                    if self._left < 0:
                        raise Unreadable("workbook_unpacks", limit=UNPACKED_MB)
                    yield piece
        except DAMAGED as error:
            raise Unreadable("workbook_damaged", why=f"{name}: {str(error)[:80]}") from None

    def parse(self, name: str, elements: Elements) -> Iterator[None]:
        """Tell of the elements of a part; comes back after every piece, so that what was found can be taken out."""
        parser = expat.ParserCreate()
        parser.buffer_text = True
        starts, ends = elements.starts, elements.ends
        depth = fed = 0
        left = self._elements

        def start(tag: str, given: dict[str, str]) -> None:
            nonlocal depth, left
            depth += 1
            left -= 1
            if left < 0:
                raise Unreadable("workbook_too_long", limit=ELEMENTS)
            if depth > DEPTH:
                raise Unreadable("workbook_damaged", why=f"{name}: nested too deeply")
            act = starts.get(tag) or (starts.get(tag.rpartition(":")[2]) if ":" in tag else None)
            if act:
                act(given)

        def end(tag: str) -> None:
            nonlocal depth
            depth -= 1
            act = ends.get(tag) or (ends.get(tag.rpartition(":")[2]) if ":" in tag else None)
            if act:
                act()

        parser.StartDoctypeDeclHandler = _no_entities
        parser.StartElementHandler = start
        parser.EndElementHandler = end
        if elements.text:
            parser.CharacterDataHandler = elements.text
        try:
            for piece in self.pieces(name):
                parser.Parse(piece, False)
                fed += len(piece)
                self._elements = left
                # A tag that does not end is read anew with every piece.
                if fed - parser.CurrentByteIndex > TAG:
                    raise Unreadable("workbook_damaged", why=f"{name}: a tag does not end")
                yield
            parser.Parse(b"", True)
        except (expat.ExpatError, LookupError, ValueError) as error:
            # The latter two about an encoding that is named and does not exist.
            raise Unreadable("workbook_damaged", why=f"{name}: {str(error)[:80]}") from None
        yield

    def each(self, name: str, starts: Starts) -> None:
        """The same for a part of which only the beginnings of elements matter. One that is not there has none."""
        if name in self:
            for _ in self.parse(name, Elements(starts)):
                pass


Starts = Mapping[str, Callable[[dict[str, str]], None]]


@dataclass(frozen=True, slots=True)
class Elements:
    """What to do where an element begins, with its attributes, and where it ends, by its name without prefix."""

    starts: Starts
    ends: Mapping[str, Callable[[], None]] = field(default_factory=dict)
    text: Callable[[str], None] | None = None


def _no_entities(*_: object) -> None:
    """Workbooks have none; a few lines of them can unfold to gigabytes."""
    raise Unreadable("workbook_damaged", why="it declares entities")
