"""What a poll may show to whom. `board` is the only source for pages, frames, numbers, exports and logs.

Hidden numbers and hidden order are not in the object: what is not here cannot leak.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec
from sqlmodel import select

from models import polls, rights, translations
from models.ballots import LIVE_STATES, turned_out
from models.command import Badge
from models.hands import counted
from models.kinds import KINDS
from models.refusals import Refused
from models.store import Peek, Tx
from models.tidy import fold

FLOOR = 5
"""Results of fewer ballots of a secret poll are not shown."""
DOTS_BELOW, PERCENT_FROM = 10, 10
"""Under ten answers each is a dot and percentages are not printed."""
AXES = (25, 50, 75, 100)


@dataclass(frozen=True, slots=True)
class Line:
    """One option's figures. `share` is whole percent or None, `width` 0 to 100 along the axis, `hands` apart."""

    count: int
    share: int | None
    width: float
    lead: bool
    hands: int
    late_hands: int


@dataclass(frozen=True, slots=True)
class Option:
    """One option as shown: its letter, its approved texts by language, and figures where they may be seen."""

    id: int
    n: int
    letter: str
    key: str
    texts: dict[str, str]
    line: Line | None


@dataclass(frozen=True, slots=True)
class Board:
    """A poll as one audience may see it. Times are wall seconds.

    `shown` says whether figures are in `options`; `too_few` that they are not because of the floor. `n` is the
    ballots counted, known only with figures; `voted` of `electors` is the turnout, public from the opening.
    """

    id: int
    session_id: int
    kind: str
    template: str
    state: str
    version: int
    round: int
    """Counts the rounds people voted in: one that was withdrawn, or that nobody answered, is none."""
    place: int
    ballot: str
    results: str
    electorate: str
    min: int
    max: int
    timer_s: int
    wording: int
    texts: dict[str, str]
    options: tuple[Option, ...]
    voted: int
    electors: int
    opened_at: float | None
    closes_at: float | None
    closed_at: float | None
    sealed_at: float | None
    revealed_at: float | None
    looked: bool
    override: str
    withdrawn_n: int
    shown: bool
    live: bool
    too_few: bool
    dots: bool
    axis: int
    n: int
    drafts: tuple[str, ...]
    """Languages of the session without all texts approved; for the desk."""
    languages: tuple[str, ...]


def board(tx: Tx, poll_id: int, view: str) -> Board | None:
    """The poll for `view`: phone, screen, desk or export. None if there is no such poll."""
    poll = tx.get(polls.Poll, poll_id)
    if poll is None:
        return None
    texts = translations.slots(tx, polls.owner(poll_id), approved_only=view != "desk")
    items = polls.items(tx, poll_id)
    voted, electors = turned_out(tx, poll_id) if poll.opened else (0, 0)
    shown = visible(poll, view)
    too_few = shown and poll.ballot == "secret" and voted < FLOOR
    lines = _lines(tx, poll, items, voted) if shown and not too_few else {}
    languages = polls.languages(tx, poll)
    return Board(
        id=poll_id, session_id=poll.session_id, kind=poll.kind, template=KINDS[poll.kind].template,
        state=poll.state, version=poll.version, round=_round(tx, poll), place=poll.place, ballot=poll.ballot,
        results=poll.results, electorate=poll.electorate, min=poll.min, max=poll.max, timer_s=poll.timer_s,
        wording=poll.wording, texts=texts.get(0, {}),
        options=tuple(
            Option(item.id or 0, item.n, chr(64 + item.n), item.key, texts.get(item.n, {}), lines.get(item.id or 0))
            for item in items
        ),
        voted=voted, electors=poll.electors or electors, opened_at=poll.opened_at, closes_at=poll.closes_at,
        closed_at=poll.closed_at, sealed_at=poll.sealed_at, revealed_at=poll.revealed_at,
        looked=poll.looked_at is not None, override=poll.override,
        withdrawn_n=poll.counted if poll.state == "withdrawn" and view == "desk" else 0,
        shown=bool(lines), live=bool(lines) and poll.state in LIVE_STATES, too_few=too_few,
        dots=bool(lines) and voted < DOTS_BELOW, axis=_axis(lines), n=voted if lines else 0,
        drafts=polls.lacks(tx, poll) if view == "desk" else (), languages=languages,
    )  # fmt: skip


def visible(poll: polls.Poll, view: str) -> bool:
    """Whether figures may be in the board: the one rule of disclosure."""
    if poll.state == "revealed":
        return poll.results != "moderators_only" or view == "desk"
    if poll.state == "sealed":
        return (view == "desk" and poll.looked_at is not None) or (poll.results == "live" and view != "export")
    if poll.state in LIVE_STATES:
        return poll.results == "live" and poll.ballot != "secret" and view != "export"
    return False


@dataclass(frozen=True, slots=True)
class Chosen:
    """One ballot of a named poll: whose it is, and the options it marks. `delegation` alone where delegations vote."""

    person: str
    delegation: dict[str, str]
    options: tuple[Option, ...]


def names(tx: Tx, badge: Badge, session_id: int, poll_id: int) -> tuple[Board, tuple[Chosen, ...]]:
    """Who chose what in a named poll, by name, and its board. For those who moderate its session, and only once
    the figures were seen: from then on the vote cannot be reopened.
    """
    rights.require(tx, badge, "moderate", session_id)
    poll = tx.get(polls.Poll, poll_id)
    if poll is None or poll.session_id != session_id:
        raise Refused("no_such_poll")
    if poll.ballot != "named":
        raise Refused("not_named")
    if poll.state == "withdrawn":
        raise Refused("poll_withdrawn")
    if poll.state not in ("sealed", "revealed"):
        raise Refused("names_after_seal")
    if poll.looked_at is None:
        raise Refused("names_after_look")
    found = board(tx, poll_id, "desk")
    assert found is not None
    marks: dict[bytes, set[int]] = {}
    for ballot, item in tx.cursor.execute("SELECT ballot, item_id FROM mark WHERE poll_id = ?", (poll_id,)):
        marks.setdefault(ballot, set()).add(item)
    rows = [
        (
            order,
            Chosen(
                name, msgspec.json.decode(delegation) if delegation else {},
                tuple(option for option in found.options if option.id in marks.get(ballot, ())),
            ),
        )
        for order, name, delegation, ballot in tx.cursor.execute(
            _DELEGATIONS if poll.electorate == "delegations" else _PERSONS, (poll_id,)
        )
    ]  # fmt: skip
    rows.sort(key=lambda row: (row[0] if isinstance(row[0], int) else 0, fold(str(row[0]))))
    return found, tuple(chosen for _, chosen in rows)


_PERSONS = """
SELECT p.family_name || ' ' || p.given_name, coalesce(nullif(trim(p.given_name || ' ' || p.family_name), ''), p.number),
 d.names, t.ballot FROM turnout t JOIN person p ON p.id = t.elector_id LEFT JOIN delegation d ON d.id = p.delegation_id
 WHERE t.poll_id = ? AND t.turn > 0
"""
_DELEGATIONS = """
SELECT d.place, '', d.names, t.ballot FROM turnout t JOIN delegation d ON d.id = t.elector_id
 WHERE t.poll_id = ? AND t.turn > 0
"""


def current(tx: Tx | Peek, session_id: int) -> int | None:
    """The poll phones of a session look at: the one opened last, or in which voting was continued since."""
    row = tx.cursor.execute(
        "SELECT id FROM poll WHERE session_id = ? AND opened ORDER BY opened DESC LIMIT 1",
        (session_id,),
    ).fetchone()
    return row[0] if row else None


def of_session(tx: Tx, session_id: int) -> tuple[int, ...]:
    """All polls of a session in the order of the run list."""
    rows = tx.exec(
        select(polls.Poll.id).where(polls.Poll.session_id == session_id).order_by(polls.Poll.place)  # type: ignore[arg-type]
    )
    return tuple(id_ for id_ in rows if id_ is not None)


def _round(tx: Tx, poll: polls.Poll) -> int:
    """The number of a round as people know it."""
    if poll.round == 1:
        return 1
    held: int = tx.cursor.execute(
        "SELECT count(*) FROM poll WHERE (id = ?1 OR root_id = ?1) AND round < ?2 AND counted AND state != 'withdrawn'",
        (poll.root_id, poll.round),
    ).fetchone()[0]
    return 1 + held


def _lines(tx: Tx, poll: polls.Poll, items: list[polls.Item], n: int) -> dict[int, Line]:
    assert poll.id is not None
    counts = dict(
        tx.cursor.execute("SELECT item_id, sum(n) FROM tally WHERE poll_id = ? GROUP BY item_id", (poll.id,)).fetchall()
    )
    hands = counted(tx, poll.id)
    values = [counts.get(item.id, 0) for item in items]
    shares: list[int | None] = [None] * len(values)
    if n >= PERCENT_FROM:
        shares = percent(values, n, exact=poll.max == 1)
    scale = _scale(shares, values)
    top = max(values, default=0)
    gap = top - max((v for v in values if v < top), default=0)
    sealed = poll.state in ("sealed", "revealed")
    led = sealed and top > 0 and (n >= 30 or gap >= 2)
    return {
        item.id or 0: Line(
            count=value, share=share, width=round(100 * value / scale, 2) if scale else 0.0,
            lead=not led or value == top, hands=hands.get((item.id or 0, False), 0),
            late_hands=hands.get((item.id or 0, True), 0),
        )
        for item, value, share in zip(items, values, shares, strict=True)
    }  # fmt: skip


def percent(values: list[int], n: int, *, exact: bool) -> list[int | None]:
    """Whole percent of n. `exact`: by largest remainder, so that a single choice sums to 100."""
    if not n:
        return [0 for _ in values]
    parts = [100 * value / n for value in values]
    if not exact or sum(values) != n:
        return [int(part + 0.5) for part in parts]
    shares = [int(part) for part in parts]
    by_rest = sorted(range(len(parts)), key=lambda i: (shares[i] - parts[i], i))
    for i in by_rest[: 100 - sum(shares)]:
        shares[i] += 1
    return list(shares)


def _axis(lines: dict[int, Line]) -> int:
    """The end of the axis: the next of 25, 50, 75, 100 percent, so that only all people fill it; 0 for counts."""
    most = max((line.share or 0 for line in lines.values()), default=0)
    return next((a for a in AXES if a > most), 100) if any(line.share is not None for line in lines.values()) else 0


def _scale(shares: list[int | None], values: list[int]) -> float:
    """The count at the end of the axis."""
    if not any(values):
        return 0
    known = [share for share in shares if share is not None]
    if not known or not max(known):
        return float(max(values))
    axis = next((a for a in AXES if a > max(known)), 100)
    top = max(values)
    return top * axis / max(known)
