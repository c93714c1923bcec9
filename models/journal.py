"""What staff did, in order, chained by digests so that nobody can rewrite it unseen.

The chain holds salted digests only; names and texts lie beside it and can be erased without breaking it.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass

import msgspec
from sqlmodel import Field, SQLModel, col, select

from models.command import Badge, Command
from models.store import Tx

GENESIS = b"\0" * 32


class Entry(SQLModel, table=True):
    """One act of staff. `facts` is JSON; `undo` is the JSON of the command that takes it back, or empty."""

    __tablename__ = "journal"

    id: int | None = Field(default=None, primary_key=True)
    at: float
    session_id: int | None = Field(default=None, index=True)
    person_id: int
    act: str
    facts: str = "{}"
    undo: str = ""
    undone: bool = False
    nonce: bytes
    head: bytes
    """sha256(previous head, nonce, digest of at, person, act and facts)"""


def write(
    tx: Tx, badge: Badge, now: float, session_id: int | None, act: str, *, undo: Command | None = None,
    **facts: int | str | float,
) -> None:  # fmt: skip
    """Add one entry. `undo` takes the act back when performed by the same door."""
    last = tx.exec(select(Entry.head).order_by(col(Entry.id).desc()).limit(1)).first()
    nonce = secrets.token_bytes(16)
    told = msgspec.json.encode(facts, order="sorted")
    tx.add(
        Entry(
            at=now, session_id=session_id, person_id=badge.person_id, act=act, facts=told.decode(),
            undo=msgspec.json.encode(undo).decode() if undo else "", nonce=nonce,
            head=link(last or GENESIS, nonce, now, badge.person_id, act, told),
        )
    )  # fmt: skip
    tx.flush()


def link(previous: bytes, nonce: bytes, at: float, person_id: int, act: str, facts: bytes) -> bytes:
    """The next head of the chain."""
    told = hashlib.sha256(nonce + f"{at:.3f}|{person_id}|{act}|".encode() + facts).digest()
    return hashlib.sha256(previous + nonce + told).digest()


def broken_at(tx: Tx) -> int | None:
    """The id of the first entry that does not follow from the one before, or None when the chain holds."""
    previous = GENESIS
    for entry in tx.exec(select(Entry).order_by(col(Entry.id))):
        if entry.head != link(previous, entry.nonce, entry.at, entry.person_id, entry.act, entry.facts.encode()):
            return entry.id
        previous = entry.head
    return None


@dataclass(frozen=True, slots=True)
class JournalRow:
    """One line under "What just happened". `undoable` is false once undone or when there is no way back."""

    id: int
    at: float
    who: str
    person_id: int
    act: str
    facts: dict[str, int | str | float]
    undoable: bool
    undone: bool


def latest(tx: Tx, session_id: int, limit: int = 50) -> tuple[JournalRow, ...]:
    """The last acts in a session, newest first."""
    return _rows(tx, "j.session_id = ?", (session_id, limit))


def at_the_door(tx: Tx, limit: int) -> tuple[JournalRow, ...]:
    """The last acts that belong to no session, newest first: what the registration desk and the office did."""
    return _rows(tx, "j.session_id IS NULL", (limit,))


def _rows(tx: Tx, where: str, values: tuple[int, ...]) -> tuple[JournalRow, ...]:
    rows = tx.cursor.execute(
        "SELECT j.id, j.at, coalesce(trim(p.given_name || ' ' || p.family_name), ''), j.person_id, j.act, j.facts,"
        " j.undo != '' AND NOT j.undone, j.undone FROM journal j LEFT JOIN person p ON p.id = j.person_id"
        f" WHERE {where} ORDER BY j.id DESC LIMIT ?",
        values,
    )
    return tuple(
        JournalRow(id_, at, who, person, act, msgspec.json.decode(facts), bool(undoable), bool(undone))
        for id_, at, who, person, act, facts, undoable, undone in rows
    )
