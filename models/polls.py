"""A poll: its tables, and the rules that hold for it wherever it stands in its life.

It is a draft, ready, open, closing, sealed, revealed; and from open or closing, withdrawn.
"""

from __future__ import annotations

from sqlalchemy import JSON, Column
from sqlmodel import Field, SQLModel, col, select

from models import programme, rights, translations
from models.command import Badge, Touched
from models.refusals import Refused
from models.store import Tx

BALLOTS = ("named", "confidential", "secret")
RESULTS = ("live", "after_close", "on_release", "moderators_only")
QUESTION, OPTION = 280, 160
"""Longest question and option, in characters."""


class Poll(SQLModel, table=True):
    """A question put to the hall. Times are wall time; deadlines are kept by the node on a monotonic clock."""

    id: int | None = Field(default=None, primary_key=True)
    key: str = Field(index=True)
    session_id: int = Field(foreign_key="session.id", index=True)
    hall_id: int = Field(foreign_key="hall.id")
    place: int = 0
    kind: str
    state: str = "draft"
    version: int = 1
    """Counts every change of the poll itself; votes do not move it."""
    round: int = 1
    root_id: int | None = None
    """The first round of a question asked again."""
    ballot: str = "confidential"
    results: str = "on_release"
    electorate: str = "present"
    """present, delegations, or roles:moderator,observer"""
    min: int = 1
    max: int = 1
    timer_s: int = 0
    settings: dict[str, int | str] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    wording: int = 1
    """Version of the wording; counts up when it is corrected while open."""
    override: str = ""
    """Languages that had no approved text when the poll was opened nevertheless."""
    opened: int = 0
    """The how-manieth opening of its session this was, 0 for none: clocks are set back, numbers are not."""
    opened_at: float | None = None
    closes_at: float | None = None
    """When the timer ends voting; None without a timer or when it was stopped."""
    closed_at: float | None = None
    sealed_at: float | None = None
    revealed_at: float | None = None
    looked_at: float | None = None
    """When a figure was first seen by anyone, moderators included."""
    electors: int = 0
    counted: int = 0
    """Ballots in the sealed result, or that were deleted when withdrawn."""
    difference: int = 0
    """Marks by which the running tally differed from the recount at the seal. Always 0, or it is reported."""


class Item(SQLModel, table=True):
    """What can be marked. `n` counts from 1 and is the slot of its text."""

    id: int | None = Field(default=None, primary_key=True)
    poll_id: int = Field(foreign_key="poll.id", index=True)
    n: int
    key: str


def own(tx: Tx, badge: Badge, poll_id: int) -> Poll:
    """The poll, if this badge may moderate its session."""
    poll = tx.get(Poll, poll_id)
    if poll is None:
        raise Refused("no_such_poll")
    rights.require(tx, badge, "moderate", poll.session_id)
    return poll


def set_policy(poll: Poll, ballot: str, results: str, electorate: str) -> None:
    """Who can know what I chose, who sees results when, who votes. Refused in words where they do not go together."""
    if ballot not in BALLOTS or results not in RESULTS:
        raise Refused("no_such_setting")
    if ballot == "secret" and results == "live":
        raise Refused("secret_not_live")
    roles = electorate.removeprefix("roles:").split(",") if electorate.startswith("roles:") else []
    if electorate not in ("present", "delegations") and not (roles and all(role in rights.ROLES for role in roles)):
        raise Refused("no_such_setting")
    poll.ballot, poll.results, poll.electorate = ballot, results, electorate


def bounds(kind: str, least: int, most: int, options: int) -> tuple[int, int]:
    """How many may be chosen: 1 and 1 but for multiple choice."""
    if kind != "multiple":
        return 1, 1
    most = max(1, min(options, most))
    return max(0, min(most, least)), most


def set_items(tx: Tx, poll: Poll, keys: tuple[str, ...]) -> None:
    """Make the poll's items these, in this order."""
    assert poll.id is not None
    have = items(tx, poll.id)
    if tuple(item.key for item in have) == keys:
        return
    for item in have:
        tx.delete(item)
    tx.flush()
    for n, key in enumerate(keys, 1):
        tx.add(Item(poll_id=poll.id, n=n, key=key))
    tx.flush()


def items(tx: Tx, poll_id: int) -> list[Item]:
    return list(tx.exec(select(Item).where(Item.poll_id == poll_id).order_by(col(Item.n))))


def owner(poll_id: int) -> str:
    """Where a poll's texts lie."""
    return f"poll:{poll_id}"


def lacks(tx: Tx, poll: Poll) -> tuple[str, ...]:
    """Languages of the session without an approved text for the question or an option."""
    meeting = tx.get(programme.Meeting, poll.session_id)
    assert meeting is not None
    assert poll.id is not None
    return translations.missing(tx, owner(poll.id), 1 + len(items(tx, poll.id)), tuple(meeting.languages.split(",")))


def languages(tx: Tx, poll: Poll) -> tuple[str, ...]:
    """Languages of the poll's session, in the event's order of dignity."""
    meeting = tx.get(programme.Meeting, poll.session_id)
    return tuple(meeting.languages.split(",")) if meeting else ()


def changed(tx: Tx, poll: Poll) -> None:
    poll.version += 1
    tx.add(poll)
    tx.flush()


def touched(poll: Poll) -> Touched:
    """What every face must look at again when the poll itself changes."""
    return frozenset(
        {
            (f"session:{poll.session_id}", "now"),
            (f"session:{poll.session_id}", "turnout"),
            (f"session:{poll.session_id}", "desk"),
            (f"hall:{poll.hall_id}", "scene"),
            (f"hall:{poll.hall_id}", "turnout"),
            (f"hall:{poll.hall_id}", "air"),
        }
    )
