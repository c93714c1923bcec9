"""The browsers that badges were shown in, and those that wait to come in (`models.devices` says how they do)."""

from __future__ import annotations

import secrets

from sqlalchemy import ColumnElement
from sqlmodel import Field, SQLModel, col, func, select

from models.command import Badge, Command, Done, Word
from models.refusals import Refused
from models.store import Peek, Tx

LANGUAGES = ("en", "tr", "ar", "ru")
"""What pages are written in (`live.languages`)."""
BROWSERS = 3
"""A person may use up to three browsers: the phone's, the mail app's, a private tab."""
ASKS_FOR = 600.0
"""Seconds that a further one may wait to come in; then it asks again. One that was refused counts as long."""


class Login(SQLModel, table=True):
    """A browser that a badge was shown in. Only the hash of its random token is here; no agent, no address."""

    token_hash: bytes = Field(primary_key=True)
    person_id: int | None = Field(default=None, index=True)
    screen_id: int | None = Field(default=None, index=True)
    issue: int = 1
    language: str = "en"
    made_at: float = 0.0
    number: int = 0
    """The number it waited under, if it did."""
    confirmed: bool = True
    """Not where it came in by itself, until its owner has said that it is theirs."""


class Asking(SQLModel, table=True):
    """A browser that waits to come in (`models.devices`). It holds the token that its login will have."""

    token_hash: bytes = Field(primary_key=True)
    person_id: int = Field(index=True)
    issue: int
    language: str
    number: int
    """Two digits, shown on both devices."""
    made_at: float
    told: bool = False
    """Whether the question has stood on a page of its owner."""
    refused: bool = False
    stopped: bool = False
    """Whether the browser wants to come in no more. The row counts on, for ten minutes."""

    @staticmethod
    def recent(now: float) -> ColumnElement[bool]:
        """Not `now - made_at`: a clock may be set back."""
        return func.abs(col(Asking.made_at) - now) <= ASKS_FOR


class Spare(SQLModel, table=True):
    """A badge printed without a name. Bound to a person it opens for them, as long as that is their present issue."""

    id: int | None = Field(default=None, primary_key=True)
    person_id: int | None = Field(default=None, index=True)
    issue: int = 0


BADGE_BY_LOGIN = """
SELECT p.id, p.role, l.language, NULL, NULL FROM login l JOIN person p ON p.id = l.person_id
 WHERE l.token_hash = ? AND p.issue = l.issue AND NOT p.revoked
UNION ALL
SELECT 0, s.kind, l.language, s.hall_id, s.id FROM login l JOIN screen s ON s.id = l.screen_id
 WHERE l.token_hash = ? AND s.issue = l.issue AND NOT s.revoked
"""
"""The hot look-up behind every request and socket: person, role, language, hall, screen."""


class SignOut(Command):
    """Leave this browser, or with `others` every other one."""

    others: bool = False

    def perform(self, tx: Tx, badge: Badge, now: float) -> Done:
        if self.others:
            require_confirmed(tx, badge)
        column = "screen_id" if badge.screen_id else "person_id"
        owner = badge.screen_id or badge.person_id
        compare = "!=" if self.others else "="
        tx.cursor.execute(
            f"DELETE FROM login WHERE {column} = ? AND token_hash {compare} ?",
            (owner, badge.login),
        )
        return Done(frozenset({(badge.key, "badge")}), "signed_out")


class SetLanguage(Command):
    """The interface language of this browser."""

    language: Word

    def perform(self, tx: Tx, badge: Badge, now: float) -> Done:
        if self.language not in LANGUAGES:
            raise Refused("no_such_language")
        tx.cursor.execute("UPDATE login SET language = ? WHERE token_hash = ?", (self.language, badge.login))
        return Done(frozenset({(badge.key, "badge")}))


def doubtful(tx: Tx | Peek, badge: Badge) -> bool:
    """Whether this browser came in by itself and its owner has not said yet that it is theirs."""
    row = tx.cursor.execute("SELECT confirmed FROM login WHERE token_hash = ?", (badge.login,)).fetchone()
    return row is not None and not row[0]


def require_confirmed(tx: Tx, badge: Badge) -> None:
    """Refused for a browser that came in by itself: it must not put its owner out."""
    if doubtful(tx, badge):
        raise Refused("confirm_device_first")


def browsers(tx: Tx, person_id: int, issue: int) -> int:
    """In how many browsers the present badge of a person is signed in."""
    return tx.exec(select(func.count()).where(Login.person_id == person_id, Login.issue == issue)).one()


def new_token() -> str:
    """A cookie's secret: 192 bits."""
    return secrets.token_urlsafe(24)
