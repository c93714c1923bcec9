"""Every part of every page: where it lives, what it is read from, and what makes it be read again.

A part with a template goes out as HTML, rendered once for each audience; one without goes out as numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from sqlmodel import select

from live.hub import Audience
from live.presence import Presence, ScreenHealth
from models import ballots, boards, people, programme, results, stage
from models.screens import Screen
from models.store import Tx


@dataclass(frozen=True, slots=True)
class Live:
    """What a reader may know beside the records: who is here, and the monotonic time."""

    presence: Presence
    now: float
    address: str
    """Host and port people type, for instance "hall.example:8000"."""
    base: str
    """The public base URL, without a slash at its end."""


Read = Callable[[Tx, int, Live], Any]


@dataclass(frozen=True, slots=True)
class Part:
    """One part. `topics` are the words of a Change that make it stale; `every` is its pace in seconds."""

    view: str
    name: str
    scope: str
    topics: frozenset[str]
    read: Read
    every: float
    template: str = ""
    fit: Callable[[Any, Audience], Any] = lambda board, audience: board
    """Make the board one audience's own: its languages."""
    key: Callable[[Any], str] = lambda board: ""
    """Names the form a page part carries; a form of the same key is never replaced while it is being filled in."""


@dataclass(frozen=True, slots=True)
class AirBoard:
    """Desk: what the room sees and what comes next. `program` and `next` are one-line titles."""

    air: stage.Air
    program: str
    next: str | None
    screens: tuple[ScreenHealth, ...]
    confirmed: bool
    phones: int
    phones_lost: tuple[int, int] | None
    texts: Mapping[int, programme.Texts]
    session: boards.Head | None


def now_key(board: boards.Now) -> str:
    poll = board.poll
    return f"{poll.id}.{poll.round}.{poll.state}" if poll else f"session.{board.session.state}"


def _turnout(tx: Tx, session_id: int, live: Live) -> dict[str, int] | None:
    poll = results.current(tx, session_id)
    if poll is None:
        return None
    voted, of = ballots.turned_out(tx, poll)
    return {"poll": poll, "n": voted, "of": of}


def _hall_turnout(tx: Tx, hall_id: int, live: Live) -> dict[str, int] | None:
    air = stage.air(tx, hall_id)
    if air is None or not air.program.poll:
        return None
    voted, of = ballots.turned_out(tx, air.program.poll)
    return {"poll": air.program.poll, "n": voted, "of": of}


def _here(tx: Tx, session_id: int, live: Live) -> dict[str, int]:
    return {"n": live.presence.here(session_id, live.now)}


def _arrivals(tx: Tx, event: int, live: Live) -> dict[str, int]:
    return asdict(people.arrivals(tx))


def _hall_here(tx: Tx, hall_id: int, live: Live) -> dict[str, int] | None:
    air = stage.air(tx, hall_id)
    return _here(tx, air.session_id, live) if air and air.session_id else None


_SIGNED_IN = """
SELECT DISTINCT s.id FROM screen s JOIN login l ON l.screen_id = s.id AND l.issue = s.issue
 WHERE s.hall_id = ? AND NOT s.revoked
"""


def _air(tx: Tx, hall_id: int, live: Live) -> AirBoard | None:
    air = stage.air(tx, hall_id)
    if air is None:
        return None
    known = tx.exec(select(Screen.id, Screen.name).where(Screen.hall_id == hall_id, Screen.kind == "screen")).all()
    screens = live.presence.screens(hall_id, tuple((id_ or 0, name) for id_, name in known), live.now)
    signed_in = {row[0] for row in tx.cursor.execute(_SIGNED_IN, (hall_id,)).fetchall()}
    screens = tuple(
        replace(screen, state="revoked") if screen.state != "never" and id_ not in signed_in else screen
        for (id_, _), screen in zip(known, screens, strict=True)
    )
    polls = {scene.poll for scene in (air.program, air.next) if scene and scene.poll}
    boards_ = {poll: results.board(tx, poll, "desk") for poll in polls}
    reached = [s for s in screens if s.state in ("fine", "late")]
    return AirBoard(
        air=air,
        program="",
        next=None,
        screens=screens,
        confirmed=bool(reached) and all(s.confirmed == air.version and s.shown_blank == air.blank for s in reached),
        phones=live.presence.here(air.session_id, live.now) if air.session_id else 0,
        phones_lost=live.presence.alarms.get(air.session_id or 0),
        texts={poll: board.texts for poll, board in boards_.items() if board},
        session=boards.head(tx, air.session_id) if air.session_id else None,
    )


def _entitle(board: AirBoard, audience: Audience) -> AirBoard:
    language = audience.languages[0]

    def title(scene: stage.Scene | None) -> str | None:
        if scene is None:
            return None
        if scene.poll:
            return programme.pick(board.texts.get(scene.poll, {}), language)
        if scene.kind in ("title", "lobby") and board.session:
            return programme.pick(board.session.titles, language)
        return scene.text or scene.value

    return replace(board, program=title(board.air.program) or "", next=title(board.air.next))


def _in_languages(board: boards.Scene, audience: Audience) -> boards.Scene:
    return replace(board, languages=audience.languages)


def _topics(*words: str) -> frozenset[str]:
    return frozenset(words)


def _staged(tx: Tx, hall_id: int, live: Live) -> boards.Scene | None:
    return boards.scene(tx, hall_id, (), staged=True)


def _desk(tx: Tx, session_id: int, live: Live) -> boards.Desk | None:
    """One function for the parts that show it: the projector reads it once for all of them."""
    return boards.desk(tx, session_id)


PARTS: tuple[Part, ...] = (
    Part("phone", "now", "session", _topics("now", "live"), lambda tx, id_, live: boards.now(tx, id_), 1.0,
         "phone/_now.html", key=now_key),
    Part("phone", "place", "session", _topics("place"), lambda tx, id_, live: boards.head(tx, id_), 1.0,
         "phone/_place.html"),
    Part("phone", "turnout", "session", _topics("turnout"), _turnout, 3.0),
    Part("phone", "here", "session", _topics("here"), _here, 3.0),
    Part("phone", "agenda", "event", _topics("agenda"), lambda tx, id_, live: programme.agenda(tx), 2.0,
         "phone/_agenda.html"),
    Part("screen", "scene", "hall", _topics("scene", "live"), lambda tx, id_, live: boards.scene(tx, id_, ()), 0.2,
         "screen/_scene.html", fit=_in_languages),
    Part("screen", "turnout", "hall", _topics("turnout"), _hall_turnout, 0.2),
    Part("screen", "here", "hall", _topics("here"), _hall_here, 1.0),
    Part("monitor", "scene", "hall", _topics("scene", "air"), _staged, 0.2, "screen/_scene.html", fit=_in_languages),
    Part("teller", "hands", "session", _topics("now"), lambda tx, id_, live: boards.counting(tx, id_), 0.2,
         "teller/_hands.html"),
    Part("teller", "turnout", "session", _topics("turnout"), _turnout, 1.0),
    Part("desk", "air", "hall", _topics("air"), _air, 0.2, "desk/_air.html", fit=_entitle),
    Part("desk", "place", "session", _topics("place"), _desk, 0.2,
         "desk/_place.html"),
    Part("desk", "run", "session", _topics("desk", "now"), _desk, 0.2,
         "desk/_run.html"),
    Part("desk", "polls", "session", _topics("desk", "now", "live"), _desk, 0.2,
         "desk/_polls.html"),
    Part("desk", "journal", "session", _topics("desk", "now", "seats"), _desk, 0.2,
         "desk/_journal.html"),
    Part("desk", "staff", "session", _topics("staff"),
         lambda tx, id_, live: live.presence.staff(id_, live.now), 1.0, "desk/_staff.html"),
    Part("desk", "turnout", "session", _topics("turnout"), _turnout, 0.2),
    Part("desk", "here", "session", _topics("here"), _here, 1.0),
    Part("registration", "arrivals", "event", _topics("arrivals"), _arrivals, 1.0),
)  # fmt: skip

AT_ONCE = frozenset({"now", "scene"})
"""Topics of what a person did to a poll or a picture. No pace holds these back: a misfire is taken off at once."""
BY_TOPIC: dict[tuple[str, str], tuple[Part, ...]] = {
    (scope, topic): tuple(p for p in PARTS if p.scope == scope and topic in p.topics)
    for scope in ("session", "hall", "event")
    for topic in {t for p in PARTS for t in p.topics}
}
BY_NAME: dict[tuple[str, str], Part] = {(p.view, p.name): p for p in PARTS}
