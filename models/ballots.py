"""Register and box: who voted, and what was voted. One transaction writes both; the seal takes them apart.

The register is made when a poll opens, a row for each elector, so that no row's place tells when somebody voted.
Marks lie under a random key that only the phone can make again, in a secret poll until the seal.

One long file: whoever changes how a vote is written must have before their eyes what the seal takes apart.
"""

from __future__ import annotations

import hashlib
import secrets
import sqlite3
from dataclasses import dataclass
from typing import Annotated, ClassVar

import msgspec
from sqlmodel import Field, SQLModel

from models import rights
from models.command import Badge, Command, Done, Touched
from models.kinds import KINDS
from models.kinds.kind import Kind, Rules
from models.programme import pick
from models.refusals import Refused
from models.store import Peek, Tx

LIVE_STATES = ("open", "closing")


class Turnout(SQLModel, table=True):
    """The register. `elector_id` is a person or a delegation. No times. `ballot` stays empty in a secret poll."""

    __table_args__: ClassVar[dict[str, bool]] = {"sqlite_with_rowid": False}

    poll_id: int = Field(primary_key=True)
    elector_id: int = Field(primary_key=True)
    turn: int = 0
    """0 until a vote is recorded, then the phone's counter of intentions."""
    intent: bytes | None = None
    ballot: bytes | None = None


class MarkBallot(SQLModel, table=True):
    """The box's list of ballots: an empty ballot is a ballot, too."""

    __tablename__ = "ballot"
    __table_args__: ClassVar[dict[str, bool]] = {"sqlite_with_rowid": False}

    poll_id: int = Field(primary_key=True)
    ballot: bytes = Field(primary_key=True)
    segment: int | None = None


class Mark(SQLModel, table=True):
    """One mark on one item. A choice is x = 1."""

    __table_args__: ClassVar[dict[str, bool]] = {"sqlite_with_rowid": False}

    poll_id: int = Field(primary_key=True)
    ballot: bytes = Field(primary_key=True)
    item_id: int = Field(primary_key=True)
    x: int = 1
    y: int = 0


class Tally(SQLModel, table=True):
    """The running count, changed by difference in the vote's own transaction."""

    __table_args__: ClassVar[dict[str, bool]] = {"sqlite_with_rowid": False}

    poll_id: int = Field(primary_key=True)
    item_id: int = Field(primary_key=True)
    x: int = Field(primary_key=True)
    y: int = Field(primary_key=True)
    n: int = 0


@dataclass(frozen=True, slots=True)
class _Spec:
    """What a vote needs to know of its poll, kept by (poll, version)."""

    kind: Kind
    rules: Rules
    secret: bool
    delegations: bool
    rewritten: bool
    session: int
    touched: Touched


Hex32 = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{32}$")]


class CastVote(Command):
    """A vote, or a changed one. Any number of arrivals have one effect and one answer.

    A person votes only in the session they are in: who moved on since the opening votes there, or comes back first.
    `secret` is made once per poll by the phone; the ballot's key is its digest. `intent` names this intention and
    `turn` counts them: 1 for the first vote, 2 for the first change.
    """

    hot: ClassVar[bool] = True

    poll: Annotated[int, msgspec.Meta(ge=1, le=2**53)]
    secret: Hex32
    intent: Hex32
    turn: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]
    marks: Annotated[
        list[Annotated[list[Annotated[int, msgspec.Meta(ge=0, le=2**53)]], msgspec.Meta(max_length=3)]],
        msgspec.Meta(max_length=100),
    ] = msgspec.field(default_factory=list)

    def perform(self, tx: Tx, badge: Badge, now: float) -> Done:
        cursor = tx.cursor
        row = cursor.execute(_AS_PERSON, (badge.person_id, badge.person_id, self.poll)).fetchone()
        if row is None:
            raise Refused("no_such_poll")
        state, version, there, *register = row
        if state == "withdrawn":
            raise Refused("poll_withdrawn")
        spec = tx.cache.get((self.poll, version)) or _spec(tx, self.poll, version)
        elector = badge.person_id
        if spec.delegations:
            elector = _delegation(tx, badge)
            register = cursor.execute(_REGISTER, (self.poll, elector)).fetchone() or (None, None, None)
        turn, intent, old = register
        if turn is None:
            raise Refused("poll_not_open" if state in ("draft", "ready") else "not_in_electorate")
        mine = bytes.fromhex(self.intent)
        if self.turn < turn or (self.turn == turn and mine == intent):
            return Done(notice="recorded", facts={"poll": self.poll, "turn": turn})
        if state not in LIVE_STATES or spec.rewritten:
            raise Refused("poll_closed")
        if self.turn == turn:
            raise Refused("changed_elsewhere")
        if there != spec.session:
            raise Refused("in_another_session", session=spec.session, title=_title(tx, spec.session, badge.language))
        marks = spec.kind.check(spec.rules, self.marks)
        ballot = hashlib.sha256(b"%d|" % self.poll + bytes.fromhex(self.secret)).digest()[:16]
        if turn:
            if spec.secret:
                old = ballot
                held = cursor.execute("SELECT 1 FROM ballot WHERE poll_id = ? AND ballot = ?", (self.poll, ballot))
                if held.fetchone() is None:
                    raise Refused("voted_elsewhere")
            _take_back(tx, self.poll, old, keep=old == ballot)
        if not turn or old != ballot:
            try:
                cursor.execute("INSERT INTO ballot (poll_id, ballot) VALUES (?, ?)", (self.poll, ballot))
            except sqlite3.IntegrityError:  # the secret of another ballot
                raise Refused("not_understood") from None
        cursor.execute(
            "UPDATE turnout SET turn = ?, intent = ?, ballot = ? WHERE poll_id = ? AND elector_id = ?",
            (self.turn, mine, None if spec.secret else ballot, self.poll, elector),
        )
        for item, x, y in marks:
            cursor.execute("INSERT INTO mark VALUES (?, ?, ?, ?, ?)", (self.poll, ballot, item, x, y))
            cursor.execute(
                "INSERT INTO tally VALUES (?, ?, ?, ?, 1) ON CONFLICT (poll_id, item_id, x, y) DO UPDATE SET n = n + 1",
                (self.poll, item, x, y),
            )
        return Done(spec.touched, "recorded", {"poll": self.poll, "turn": self.turn})


_AS_PERSON = (
    "SELECT state, version, presence.session_id, turn, intent, turnout.ballot FROM poll"
    " LEFT JOIN presence ON person_id = ? LEFT JOIN turnout ON poll_id = poll.id AND elector_id = ? WHERE poll.id = ?"
)
"""Poll, where the voter is, and the voter's row of the register: nulls for what is not there."""
_REGISTER = "SELECT turn, intent, ballot FROM turnout WHERE poll_id = ? AND elector_id = ?"


def enrol(tx: Tx, poll_id: int, electorate: str, session_id: int) -> int:
    """Fix the electorate: one row in the register for each elector. The number of them.

    Persons must be checked in to the session; a delegation counts when its voter or alternate is. No revoked badge
    counts for either.
    """
    tx.flush()
    cursor = tx.cursor
    if electorate == "delegations":
        cursor.execute(
            "INSERT INTO turnout (poll_id, elector_id, turn) SELECT DISTINCT ?, d.id, 0 FROM delegation d"
            " JOIN presence p ON p.person_id IN (d.voter_id, d.alternate_id)"
            " JOIN person ON person.id = p.person_id AND NOT person.revoked"
            " WHERE d.votes AND p.session_id = ? ORDER BY d.id",
            (poll_id, session_id),
        )
    else:
        roles = electorate.removeprefix("roles:").split(",") if electorate.startswith("roles:") else rights.VOTING_ROLES
        cursor.execute(
            "INSERT INTO turnout (poll_id, elector_id, turn) SELECT ?, person.id, 0 FROM person"
            " JOIN presence ON presence.person_id = person.id"
            f" WHERE presence.session_id = ? AND NOT person.revoked AND person.role IN ({','.join('?' * len(roles))})"
            " ORDER BY person.id",
            (poll_id, session_id, *roles),
        )
    return cursor.rowcount


def erase_ballots(tx: Tx, poll_id: int) -> int:
    """Delete register and box of a poll. The number of ballots that were in it."""
    tx.flush()
    n = count(tx, poll_id)
    tx.cursor.execute("DELETE FROM tally WHERE poll_id = ?", (poll_id,))
    _write_anew(tx, poll_id, None)
    return n


def recount(tx: Tx, poll_id: int) -> tuple[int, int]:
    """Count the marks themselves and put the tally right. (ballots, marks by which the tally was wrong)."""
    cursor = tx.cursor
    counted = {
        (item, x, y): n
        for item, x, y, n in cursor.execute(
            "SELECT item_id, x, y, count(*) FROM mark WHERE poll_id = ? GROUP BY item_id, x, y", (poll_id,)
        )
    }
    told = {
        (item, x, y): n
        for item, x, y, n in cursor.execute("SELECT item_id, x, y, n FROM tally WHERE poll_id = ? AND n", (poll_id,))
    }
    difference = sum(abs(counted.get(key, 0) - told.get(key, 0)) for key in counted.keys() | told.keys())
    cursor.execute("DELETE FROM tally WHERE poll_id = ?", (poll_id,))
    cursor.executemany(
        "INSERT INTO tally VALUES (?, ?, ?, ?, ?)", [(poll_id, *key, n) for key, n in sorted(counted.items())]
    )
    return count(tx, poll_id), difference


def rewrite(tx: Tx, poll_id: int) -> None:
    """Write register and box of a secret poll again, the box under new keys that nobody kept.

    No page remembers who came when, a copy of an old key leads to nothing, and no phone can show which ballot was its
    own: that would prove a choice to others.
    """
    old = [key for (key,) in tx.cursor.execute("SELECT ballot FROM ballot WHERE poll_id = ?", (poll_id,))]
    _write_anew(tx, poll_id, new_keys(old))


def _write_anew(tx: Tx, poll_id: int, keys: dict[bytes, bytes] | None) -> None:
    """Empty the tables of register and box and fill them again in the order of their keys. Without *keys* the poll's
    rows are left out.

    All polls, though one is meant: SQLite clears a page when it is freed, but when rows move between pages it leaves
    copies in the room between them, and a page in which another poll has a row is never freed.
    """
    for table in ("turnout", "ballot", "mark"):
        rows = tx.cursor.execute(f"SELECT * FROM {table}").fetchall()
        tx.cursor.execute(f"DELETE FROM {table}")
        if keys is None:
            rows = [row for row in rows if row[0] != poll_id]
        elif table != "turnout":
            rows = [(poll, keys[key], *rest) if poll == poll_id else (poll, key, *rest) for poll, key, *rest in rows]
            rows.sort(key=lambda row: row[:2])
        if rows:
            tx.cursor.executemany(f"INSERT INTO {table} VALUES ({','.join('?' * len(rows[0]))})", rows)


def new_keys(old: list[bytes]) -> dict[bytes, bytes]:
    """A new random key of 16 bytes for each old one."""
    return {key: secrets.token_bytes(16) for key in old}


def count(tx: Tx, poll_id: int) -> int:
    """Ballots in the box."""
    found: int = tx.cursor.execute("SELECT count(*) FROM ballot WHERE poll_id = ?", (poll_id,)).fetchone()[0]
    return found


def turned_out(tx: Tx, poll_id: int) -> tuple[int, int]:
    """(electors who voted, electors)."""
    voted, of = tx.cursor.execute(
        "SELECT coalesce(sum(turn > 0), 0), count(*) FROM turnout WHERE poll_id = ?", (poll_id,)
    ).fetchone()
    return voted, of


@dataclass(frozen=True, slots=True)
class MyBallot:
    """What the register holds of one voter in one poll. `marks` is empty in a secret poll: nobody can look it up."""

    poll: int
    elector: bool
    turn: int
    marks: tuple[int, ...]
    secret: bool


def my_ballot(tx: Tx | Peek, badge: Badge, poll_id: int) -> MyBallot:
    """For the `my` part and the page without script."""
    electorate, secrecy = tx.cursor.execute(
        "SELECT electorate, ballot FROM poll WHERE id = ?", (poll_id,)
    ).fetchone() or ("", "")
    elector = badge.person_id
    if electorate == "delegations":
        found = tx.cursor.execute(_MY_DELEGATION, (badge.person_id, badge.person_id)).fetchone()
        elector = found[0] if found else 0
    row = tx.cursor.execute(
        "SELECT turn, ballot FROM turnout WHERE poll_id = ? AND elector_id = ?", (poll_id, elector)
    ).fetchone()
    if row is None:
        return MyBallot(poll_id, False, 0, (), secrecy == "secret")
    turn, ballot = row
    marks = tx.cursor.execute("SELECT item_id FROM mark WHERE poll_id = ? AND ballot = ?", (poll_id, ballot or b""))
    return MyBallot(poll_id, True, turn, tuple(item for (item,) in marks), secrecy == "secret")


_MY_DELEGATION = "SELECT id FROM delegation WHERE votes AND (voter_id = ? OR alternate_id = ?)"


def _delegation(tx: Tx, badge: Badge) -> int:
    """The delegation this badge votes for. Refused where it has no vote of its own."""
    found = tx.cursor.execute(_MY_DELEGATION, (badge.person_id, badge.person_id)).fetchone()
    if found is None:
        raise Refused("delegations_vote")
    return int(found[0])


def _title(tx: Tx, session_id: int, language: str) -> str:
    titles = tx.cursor.execute("SELECT titles FROM session WHERE id = ?", (session_id,)).fetchone()[0]
    return pick(msgspec.json.decode(titles), language)


def _spec(tx: Tx, poll_id: int, version: int) -> _Spec:
    kind, least, most, ballot, results, electorate, session, hall, settings = tx.cursor.execute(
        "SELECT kind, min, max, ballot, results, electorate, session_id, hall_id, settings FROM poll WHERE id = ?",
        (poll_id,),
    ).fetchone()
    topics = ("turnout", "live") if results == "live" else ("turnout",)
    ids = frozenset(row[0] for row in tx.cursor.execute("SELECT id FROM item WHERE poll_id = ?", (poll_id,)))
    spec = _Spec(
        kind=KINDS[kind],
        rules=Rules(ids, least, most),
        secret=ballot == "secret",
        delegations=electorate == "delegations",
        rewritten="rewritten" in msgspec.json.decode(settings),
        session=session,
        touched=frozenset((place, topic) for place in (f"session:{session}", f"hall:{hall}") for topic in topics),
    )
    if len(tx.cache) > 256:
        tx.cache.clear()
    tx.cache[(poll_id, version)] = spec
    return spec


def _take_back(tx: Tx, poll_id: int, ballot: bytes, *, keep: bool) -> None:
    """Take the marks of a ballot out of tally and box; with `keep` the ballot's own row stays for its new marks."""
    cursor = tx.cursor
    marks = cursor.execute(
        "SELECT item_id, x, y FROM mark WHERE poll_id = ? AND ballot = ?", (poll_id, ballot)
    ).fetchall()
    for item, x, y in marks:
        cursor.execute(
            "UPDATE tally SET n = n - 1 WHERE poll_id = ? AND item_id = ? AND x = ? AND y = ?", (poll_id, item, x, y)
        )
    cursor.execute("DELETE FROM mark WHERE poll_id = ? AND ballot = ?", (poll_id, ballot))
    if not keep:
        cursor.execute("DELETE FROM ballot WHERE poll_id = ? AND ballot = ?", (poll_id, ballot))
