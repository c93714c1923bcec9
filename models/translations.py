"""Every language version of a text, each a draft or approved by a name. Changing one un-approves the others."""

from __future__ import annotations

from collections import defaultdict
from typing import ClassVar

from sqlmodel import Field, SQLModel, col, select

from models.store import Tx


class Text(SQLModel, table=True):
    """One text in one language. `owner` is an address such as "poll:12"; slot 0 is its question, n its n-th item."""

    owner: str = Field(primary_key=True)
    slot: int = Field(primary_key=True)
    language: str = Field(primary_key=True)
    body: str
    approved_by: int | None = None
    approved_at: float | None = None

    __table_args__: ClassVar[dict[str, bool]] = {"sqlite_with_rowid": False}


Slots = dict[int, dict[str, str]]
"""Texts by slot, then by language."""


def slots(tx: Tx, owner: str, *, approved_only: bool = False) -> Slots:
    """All texts of one owner."""
    query = select(Text).where(Text.owner == owner).order_by(col(Text.slot))
    found: Slots = defaultdict(dict)
    for text in tx.exec(query):
        if text.approved_by is not None or not approved_only:
            found[text.slot][text.language] = text.body
    return dict(found)


def write(tx: Tx, owner: str, slot: int, language: str, body: str) -> bool:
    """Set one text. True if it changed; then every language of this slot goes back to draft."""
    row = tx.get(Text, (owner, slot, language))
    if row is not None and row.body == body:
        return False
    for other in tx.exec(select(Text).where(Text.owner == owner, Text.slot == slot)):
        other.approved_by = other.approved_at = None
        tx.add(other)
    if row is None:
        tx.add(Text(owner=owner, slot=slot, language=language, body=body))
    else:
        row.body = body
        tx.add(row)
    tx.flush()
    return True


def approve(tx: Tx, owner: str, language: str, person_id: int, now: float) -> int:
    """Approve all texts of one language under a name. The number that were drafts."""
    drafts = tx.exec(
        select(Text).where(Text.owner == owner, Text.language == language, col(Text.approved_by).is_(None))
    ).all()
    for text in drafts:
        text.approved_by, text.approved_at = person_id, now
        tx.add(text)
    tx.flush()
    return len(drafts)


def missing(tx: Tx, owner: str, slot_count: int, languages: tuple[str, ...]) -> tuple[str, ...]:
    """The languages in which some slot below `slot_count` has no approved text."""
    have = {(slot, language) for slot, texts in slots(tx, owner, approved_only=True).items() for language in texts}
    return tuple(la for la in languages if any((slot, la) not in have for slot in range(slot_count)))
