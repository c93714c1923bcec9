"""Somebody takes the files of a secret poll and tries to tell who chose what.

Everything is read from the bytes: b-tree pages and the places of cells in them, what lies in free space, the
write-ahead log commit by commit, the order of pages that the shared memory remembers, the log, the measures.
"""

from __future__ import annotations

import random
import re
import struct
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

Pairs = dict[int, bytes]
"""Voter to the ballot that is said to be theirs."""

LEAF, INTERIOR = 0x0A, 0x02
FRAME = 24


class Cell(NamedTuple):
    """One row of a table without rowid, and where it lies."""

    values: tuple[object, ...]
    page: int
    offset: int
    size: int


@dataclass
class Files:
    """What was taken: bytes of the database, its log and shared memory, and the text of log and measures."""

    database: bytes
    log: bytes = b""
    memory: bytes = b""
    text: str = ""

    @property
    def page_size(self) -> int:
        size = int.from_bytes(self.database[16:18], "big")
        return 65536 if size == 1 else size

    def holding(self, wanted: list[bytes]) -> list[bytes]:
        """Those of which a copy is anywhere: in a row, between rows, in the log."""
        whole = self.database + self.log + self.memory
        return [each for each in wanted if each in whole]

    def pages(self) -> dict[int, bytes]:
        size = self.page_size
        return {n // size + 1: self.database[n : n + size] for n in range(0, len(self.database), size)}

    def commits(self) -> Iterator[dict[int, bytes]]:
        """The pages that each commit in the write-ahead log wrote, in order."""
        if len(self.log) < 32:
            return
        salt, size, written = self.log[16:24], self.page_size, dict[int, bytes]()
        for at in range(32, len(self.log) - FRAME - size + 1, FRAME + size):
            page, after = struct.unpack(">II", self.log[at : at + 8])
            if self.log[at + 8 : at + 16] != salt:
                return
            written[page] = self.log[at + FRAME : at + FRAME + size]
            if after:
                yield written
                written = {}

    def newest(self) -> dict[int, bytes]:
        """The pages as they are after the log."""
        pages = self.pages()
        for written in self.commits():
            pages |= written
        return pages


def varint(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for n in range(8):
        value = value << 7 | data[at + n] & 0x7F
        if data[at + n] < 0x80:
            return value, at + n + 1
    return value << 8 | data[at + 8], at + 9


def record(data: bytes, at: int) -> tuple[object, ...]:
    """One row in SQLite's record format."""
    header, place = varint(data, at)
    end, kinds = at + header, []
    while place < end:
        kind, place = varint(data, place)
        kinds.append(kind)
    values: list[object] = []
    for kind in kinds:
        if kind == 0:
            values.append(None)
        elif kind <= 6:
            width = (1, 2, 3, 4, 6, 8)[kind - 1]
            values.append(int.from_bytes(data[place : place + width], "big", signed=True))
            place += width
        elif kind in (8, 9):
            values.append(kind - 8)
        elif kind >= 12:
            width = (kind - 12) // 2
            values.append(data[place : place + width])
            place += width
    return tuple(values)


def cells(number: int, page: bytes) -> list[Cell]:
    """The rows in one page of a table without rowid; none for every other page."""
    start = 100 if number == 1 else 0
    kind, found = page[start], []
    if kind not in (LEAF, INTERIOR):
        return found
    count = int.from_bytes(page[start + 3 : start + 5], "big")
    first = start + (8 if kind == LEAF else 12)
    for n in range(count):
        offset = int.from_bytes(page[first + 2 * n : first + 2 * n + 2], "big")
        try:
            size, place = varint(page, offset + (0 if kind == LEAF else 4))
            found.append(Cell(record(page, place), number, offset, place + size - offset))
        except IndexError:
            continue  # it goes on in another page: none of ours is so long
    return found


class Rows(NamedTuple):
    """The rows of one poll by what they are: told apart by their shape alone."""

    register: list[Cell]
    box: list[Cell]
    marks: list[Cell]


def sorted_out(found: list[Cell], poll: int) -> Rows:
    rows = Rows([], [], [])
    for cell in found:
        match cell.values:
            case (number, int(), int(), bytes() | None, None) if number == poll:
                rows.register.append(cell)
            case (number, bytes(), None) if number == poll:
                rows.box.append(cell)
            case (number, bytes(), int(), int(), int()) if number == poll:
                rows.marks.append(cell)
    return rows


@dataclass
class Adversary:
    """Tries everything. Each way gives a pairing of all voters with ballots; what it does not know, it guesses."""

    files: Files
    poll: int
    chance: random.Random = field(default_factory=lambda: random.Random(5))

    def __post_init__(self) -> None:
        found = [cell for number, page in self.files.newest().items() for cell in cells(number, page)]
        self.rows = sorted_out(found, self.poll)
        self.voters = [cell for cell in self.rows.register if cell.values[2]]
        self.ballots = self.rows.box

    def ways(self) -> dict[str, Callable[[], Pairs]]:
        return {
            "the log, commit by commit": self.by_log,
            "places of cells": lambda: self.by_order(self.place, self.place),
            "places of cells, page by page": lambda: self.by_order(self.place_in_page, self.place_in_page),
            "places of cells against places of marks": self.by_marks,
            "keys in their order": lambda: self.by_order(lambda c: c.values[1], lambda c: c.values[1]),
            "intents against keys": lambda: self.by_order(lambda c: c.values[3], lambda c: c.values[1]),
            "turns against places": lambda: self.by_order(lambda c: (c.values[2], *self.place(c)), self.place),
            "remnants": self.by_remnants,
            "order of pages in shared memory": self.by_memory,
            "the text of log and measures": self.by_text,
        }

    # --- ways

    def by_order(self, of_voter: Callable[[Cell], object], of_ballot: Callable[[Cell], object]) -> Pairs:
        """The first voter has the first ballot, and so on."""
        voters = sorted(self.voters, key=of_voter)  # type: ignore[arg-type]
        return self.zipped([voter(c) for c in voters], [key(c) for c in sorted(self.ballots, key=of_ballot)])  # type: ignore[arg-type]

    @staticmethod
    def place(cell: Cell) -> tuple[int, int]:
        """Cells are laid down from the end of a page: what came last lies first."""
        return cell.page, -cell.offset

    @staticmethod
    def place_in_page(cell: Cell) -> tuple[int, int]:
        return -cell.offset, cell.page

    def by_marks(self) -> Pairs:
        voters = [voter(c) for c in sorted(self.voters, key=self.place_in_page)]
        return self.zipped(voters, list(dict.fromkeys(key(c) for c in sorted(self.rows.marks, key=self.place_in_page))))

    def by_log(self) -> Pairs:
        """Replay the log. What one commit changed in the register belongs to what it changed in the box."""
        pages, pairs = self.files.pages(), Pairs()
        for written in self.files.commits():
            before = sorted_out([c for n in written for c in cells(n, pages.get(n, b"\0" * 9))], self.poll)
            after = sorted_out([c for n, page in written.items() for c in cells(n, page)], self.poll)
            pages |= written
            votes = [c for c in new(before.register, after.register) if c.values[2]]
            ballots, marks = new(before.box, after.box), new(before.marks, after.marks)
            first = [voter(c) for c in sorted(votes, key=self.place) if c.values[2] == 1]
            changed = [voter(c) for c in sorted(votes, key=self.place) if c.values[2] != 1]
            put = [key(c) for c in sorted(ballots, key=self.place)]
            touched = [key(c) for c in sorted(marks, key=self.place) if key(c) not in put]
            pairs |= zip(first, put, strict=False)
            pairs |= zip(changed, touched, strict=False)
        return self.guessed(pairs)

    def by_remnants(self) -> Pairs:
        """Copies of keys and intents outside of the rows: deleted cells, free pages, older pages in the log."""
        voters = {c.values[3]: voter(c) for c in self.voters if c.values[3]}
        found = (
            self.remnants([key(c) for c in self.ballots]),
            self.remnants([k for k in voters if isinstance(k, bytes)]),
        )
        ballots, intents = (sorted(each, key=lambda k: each[k]) for each in found)
        return self.guessed(Pairs(zip((voters[i] for i in intents), ballots, strict=False)))

    def remnants(self, wanted: list[bytes]) -> dict[bytes, int]:
        """Where a copy of each lies that is not in a row of the tables as they are now."""
        newest = self.files.newest()
        bare = bytearray()
        for number, page in [
            *self.files.pages().items(),
            *((n, p) for c in self.files.commits() for n, p in c.items()),
        ]:
            left = bytearray(page)
            if page == newest[number]:  # what lies in a row is no remnant
                for cell in cells(number, page):
                    left[cell.offset : cell.offset + cell.size] = bytes(cell.size)
            bare += left
        whole = bytes(bare)
        return {each: at for each in wanted if (at := whole.find(each)) >= 0}

    def by_memory(self) -> Pairs:
        """The shared memory keeps the page number of every frame: a page of the register, then one of the box."""
        voters, ballots = defaultdict[int, list[int]](list), defaultdict[int, list[bytes]](list)
        for cell in sorted(self.voters, key=self.place):
            voters[cell.page].append(voter(cell))
        for cell in sorted(self.ballots, key=self.place):
            ballots[cell.page].append(key(cell))
        pairs, last = Pairs(), 0
        for page in self.frames():
            if page in voters:
                last = page
            elif page in ballots and last and voters[last] and ballots[page]:
                pairs[voters[last].pop(0)] = ballots[page].pop(0)
        return self.guessed(pairs)

    def frames(self) -> list[int]:
        """Page numbers in the order of frames, from the index of the log."""
        found: list[int] = []
        for at in range(0, len(self.files.memory), 32768):
            head = 136 if at == 0 else 0
            found += struct.unpack(f"={(16384 - head) // 4}I", self.files.memory[at + head : at + 16384])
        return [page for page in found if page]

    def by_text(self) -> Pairs:
        """Lines that name a ballot or an intent, and a number of a voter beside it."""
        ballots, pairs = {key(c).hex(): key(c) for c in self.ballots}, Pairs()
        known = {voter(c) for c in self.voters}
        for line in self.files.text.splitlines():
            named = [w for w in re.finditer(r"[0-9a-f]{32}", line) if w[0] in ballots]
            numbers = [w for w in re.finditer(r"(?<![\w.])\d{1,9}(?![\w.])", line) if int(w[0]) in known]
            for word in named:
                if numbers:
                    nearest = min(numbers, key=lambda n, word=word: abs(n.start() - word.start()))
                    pairs[int(nearest[0])] = ballots[word[0]]
        return self.guessed(pairs)

    # --- together

    def zipped(self, voters: list[int], ballots: list[bytes]) -> Pairs:
        return self.guessed(Pairs(zip(voters, ballots, strict=False)))

    def guessed(self, pairs: Pairs) -> Pairs:
        """With every voter who is left given one of the ballots that are left."""
        left = list({key(c) for c in self.ballots} - set(pairs.values()))
        self.chance.shuffle(left)
        rest = [voter(c) for c in self.voters if voter(c) not in pairs]
        return pairs | dict(zip(rest, left, strict=False))


def voter(cell: Cell) -> int:
    assert isinstance(cell.values[1], int)
    return cell.values[1]


def key(cell: Cell) -> bytes:
    assert isinstance(cell.values[1], bytes)
    return cell.values[1]


def new(before: list[Cell], after: list[Cell]) -> list[Cell]:
    known = {cell.values for cell in before}
    return [cell for cell in after if cell.values not in known]


def rank_correlation(order: list[int]) -> float:
    """Spearman's, of the places in which 0, 1, 2, ... stand in *order*: 1 for in order, 0 for no order at all."""
    n = len(order)
    return 1 - 6 * sum((place - each) ** 2 for place, each in enumerate(order)) / (n * (n * n - 1))
