"""What each face reads of the records: one frozen board for each part of a page. No secret and no hidden number."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlmodel import select

from models import doors, journal, programme, results, rights, screens, stage
from models.command import Badge
from models.kinds import KINDS
from models.polls import owner
from models.programme import AgendaRow, Hall, HallRow, Meeting, Texts
from models.results import Board
from models.store import Tx


@dataclass(frozen=True, slots=True)
class Head:
    """A session as every page of it names it. `start` and `end` are local HH:MM."""

    id: int
    hall_id: int
    hall: Texts
    titles: Texts
    state: str
    day: str
    start: str
    end: str
    code: str
    track: str
    languages: tuple[str, ...]
    """In the event's order of dignity."""
    mode: float
    """The hall's farthest viewer in picture heights: 6 is standard."""
    kind: str = "parallel"
    booths: tuple[str, ...] = ()
    """Languages with a booth in the hall, in the same order."""
    was: Mapping[str, str] = field(default_factory=dict)
    """What the list said of "day", "start" and "end" where a person changed it since."""
    was_hall: Texts = field(default_factory=dict)
    """The hall it was to be in, if another."""


@dataclass(frozen=True, slots=True)
class Now:
    """Phone: what is to be done now in a session. `poll` is the one opened last, if any."""

    session: Head
    poll: Board | None
    indicative: bool


@dataclass(frozen=True, slots=True)
class Scene:
    """Screen: the whole picture. `poll` belongs to poll, results and earlier; `agenda` to agenda."""

    hall_id: int
    hall: Texts
    event: Texts
    kind: str
    blank: bool
    version: int
    session: Head | None
    scene: stage.Scene
    poll: Board | None
    poll_day: str
    poll_hall: Texts
    agenda: tuple[AgendaRow, ...]
    languages: tuple[str, ...]
    """Languages of this screen, of equal dignity."""
    spoken: tuple[str, ...]
    """Languages of the event: what everybody must understand is told in all of them."""
    mode: float
    capacity: int
    """Persons the hall holds; 0 where nobody said."""
    indicative: bool
    shown_at: float


@dataclass(frozen=True, slots=True)
class Readiness:
    """Desk: one language of a poll. `texts` are the question, then the options; None where there is none.

    `spoken` in the session, so that opening needs it; phones show the others as well, once they are approved.
    """

    language: str
    spoken: bool
    texts: tuple[str | None, ...]
    approved: tuple[bool, ...]
    by: str
    at: float | None

    @property
    def ready(self) -> bool:
        return all(self.approved)


@dataclass(frozen=True, slots=True)
class DeskPoll:
    """Desk: a poll with its texts in every language. `confirm` is the number a reset asks for."""

    board: Board
    languages: tuple[Readiness, ...]
    confirm: int
    rounds: tuple[tuple[int, int], ...]
    """(poll id, round) of the same question, first to last, those withdrawn included."""

    @property
    def askable(self) -> bool:
        """Whether some language is approved as a whole, so that there is something to read."""
        return any(text.ready for text in self.languages)


@dataclass(frozen=True, slots=True)
class Desk:
    """Desk: everything of one session that lies in the records."""

    session: Head
    polls: tuple[DeskPoll, ...]
    journal: tuple[journal.JournalRow, ...]
    earlier: tuple[stage.EarlierRow, ...]
    holds_screen: bool
    """Whether the hall's screen follows this session."""
    confirm_end: int
    checked_in: int
    holder: Head | None
    """The session that holds the hall's screen, if another: it is on in this hall."""
    following: Head | None
    """What comes next in this hall that day; breaks do not count."""
    halls: tuple[HallRow, ...]


@dataclass(frozen=True, slots=True)
class SessionLink:
    """A session in a list: for the desk's first page."""

    session: Head
    polls: int


def head(tx: Tx, session_id: int) -> Head | None:
    """The head of a session, or None."""
    meeting = tx.get(Meeting, session_id)
    if meeting is None:
        return None
    hall = tx.get(Hall, meeting.hall_id)
    assert hall is not None
    assert meeting.id is not None
    order = programme.the_event(tx).languages.split(",")
    spoken, booths = meeting.languages.split(","), hall.languages.split(",")
    before = tx.exec(select(Hall).where(Hall.key == meeting.listed["hall"])).first() if "hall" in meeting.listed else None
    return Head(
        meeting.id, meeting.hall_id, hall.names, meeting.titles, meeting.state, meeting.day, meeting.start, meeting.end,
        meeting.code, meeting.track, tuple(la for la in order if la in spoken), hall.mode, meeting.kind,
        tuple(la for la in order if la in booths), programme.was(meeting), before.names if before else {},
    )  # fmt: skip


def now(tx: Tx, session_id: int) -> Now | None:
    """The phones' board of a session."""
    session = head(tx, session_id)
    if session is None:
        return None
    poll = results.current(tx, session_id) if session.state == "on" else None
    return Now(session, results.board(tx, poll, "phone") if poll else None, programme.the_event(tx).indicative)


def scene(tx: Tx, hall_id: int, languages: tuple[str, ...], *, staged: bool = False) -> Scene | None:
    """The picture of a hall, or with `staged` the one at next (None where nothing is)."""
    air = stage.air(tx, hall_id)
    if air is None:
        return None
    picture = air.next if staged else air.program
    if picture is None:
        return None
    event, hall = programme.the_event(tx), tx.get(Hall, hall_id)
    assert hall is not None
    session = head(tx, air.session_id) if air.session_id else None
    poll = results.board(tx, picture.poll, "screen") if picture.poll else None
    told = head(tx, poll.session_id) if poll else None
    return Scene(
        hall_id=hall_id, hall=hall.names, event=event.names, kind=picture.kind, blank=air.blank and not staged,
        version=air.version, session=session, scene=picture, poll=poll, poll_day=told.day if told else "",
        poll_hall=told.hall if told else {},
        agenda=_day(tx, session) if picture.kind == "agenda" else (), languages=languages,
        spoken=tuple(event.languages.split(",")),
        mode=hall.mode, capacity=hall.capacity, indicative=event.indicative, shown_at=air.taken_at,
    )  # fmt: skip


def idle(tx: Tx, hall_id: int) -> Scene:
    """The picture of a screen that may see none: the event's title, in the hall's languages where it is known."""
    event, hall = programme.the_event(tx), tx.get(Hall, hall_id)
    spoken = tuple(event.languages.split(","))
    return Scene(
        hall_id=hall_id if hall else 0, hall=hall.names if hall else {}, event=event.names, kind="title", blank=False,
        version=0, session=None, scene=stage.Scene(kind="title"), poll=None, poll_day="", poll_hall={}, agenda=(),
        languages=screen_languages(tx, hall_id, None) if hall else spoken, spoken=spoken,
        mode=hall.mode if hall else 6.0, capacity=0, indicative=event.indicative, shown_at=0.0,
    )  # fmt: skip


def screen_languages(tx: Tx, hall_id: int, screen_id: int | None) -> tuple[str, ...]:
    """Languages of a screen in the event's order: its own list, else its hall's; one, two, three or four."""
    screen = tx.get(screens.Screen, screen_id) if screen_id else None
    hall = tx.get(Hall, hall_id)
    wanted = (screen.languages if screen and screen.languages else hall.languages if hall else "en").split(",")
    return tuple(la for la in programme.the_event(tx).languages.split(",") if la in wanted) or ("en",)


def desk(tx: Tx, session_id: int) -> Desk | None:
    """Everything the desk of a session shows that lies in the records."""
    session = head(tx, session_id)
    if session is None:
        return None
    on = tx.get(stage.Stage, session.hall_id)
    held = doors.holder(tx, on) if on else None
    offered = tuple(programme.the_event(tx).languages.split(","))
    boards = [results.board(tx, poll, "desk") for poll in results.of_session(tx, session_id)]
    checked_in = tx.cursor.execute("SELECT count(*) FROM presence WHERE session_id = ?", (session_id,)).fetchone()[0]
    return Desk(
        session=session,
        polls=tuple(_desk_poll(tx, board, session.languages, offered) for board in boards if board),
        journal=journal.latest(tx, session_id),
        earlier=stage.earlier(tx),
        holds_screen=on is not None and on.session_id == session_id,
        confirm_end=programme.confirmation(session_id),
        checked_in=checked_in,
        holder=head(tx, held.id or 0) if held and held.id != session_id else None,
        following=_following(tx, session),
        halls=programme.halls(tx),
    )


def _following(tx: Tx, session: Head) -> Head | None:
    later = select(Meeting.id).where(
        Meeting.hall_id == session.hall_id, Meeting.day == session.day, Meeting.id != session.id,
        Meeting.start >= session.start, Meeting.state == "planned", Meeting.kind != "break",
    )  # fmt: skip
    found = tx.exec(later.order_by(Meeting.start).limit(1)).first()
    return head(tx, found) if found else None


def my_sessions(tx: Tx, badge: Badge) -> tuple[SessionLink, ...]:
    """The sessions whose desk this badge may see, in order of time."""
    counts = dict(tx.cursor.execute("SELECT session_id, count(*) FROM poll GROUP BY session_id").fetchall())
    rows = programme.agenda(tx).rows
    return tuple(
        SessionLink(session, counts.get(row.id, 0))
        for row in rows
        if row.kind != "break"
        and (rights.may(tx, badge, "see_desk", row.id) or rights.may(tx, badge, "moderate", row.id))
        if (session := head(tx, row.id))
    )


def _desk_poll(tx: Tx, board: Board, spoken: tuple[str, ...], offered: tuple[str, ...]) -> DeskPoll:
    """A poll with every language that the session speaks or that somebody wrote in: fixed answers nobody wrote."""
    texts = {
        (slot, language): (body, by, at)
        for slot, language, body, by, at in tx.cursor.execute(
            "SELECT t.slot, t.language, t.body, coalesce(trim(p.given_name || ' ' || p.family_name), ''), t.approved_at"
            " FROM text t LEFT JOIN person p ON p.id = t.approved_by WHERE t.owner = ?",
            (owner(board.id),),
        )
    }
    slots = range(1 + len(board.options))
    written = {language for slot, language in texts if slot == 0 or not KINDS[board.kind].fixed_items}
    rows = tuple(
        Readiness(
            language,
            language in spoken,
            tuple(texts[slot, language][0] if (slot, language) in texts else None for slot in slots),
            tuple((slot, language) in texts and texts[slot, language][2] is not None for slot in slots),
            next((texts[slot, language][1] for slot in slots if (slot, language) in texts), ""),
            max((texts[slot, language][2] or 0 for slot in slots if (slot, language) in texts), default=0) or None,
        )
        for language in offered
        if language in spoken or language in written
    )
    root = tx.cursor.execute("SELECT coalesce(root_id, id) FROM poll WHERE id = ?", (board.id,)).fetchone()[0]
    rounds = tx.cursor.execute(
        "SELECT id, round FROM poll WHERE id = ? OR root_id = ? ORDER BY round", (root, root)
    ).fetchall()
    return DeskPoll(board, rows, programme.confirmation(board.id), tuple((id_, n) for id_, n in rounds))


def _day(tx: Tx, session: Head | None) -> tuple[AgendaRow, ...]:
    """The session's day from what is on in the hall: what is on anywhere, then what is to come. At most six rows."""
    rows = programme.agenda(tx).rows
    day = session.day if session else (rows[0].day if rows else "")
    left = [row for row in rows if row.day == day and row.state != "ended"]
    if session and session.state == "on":
        # What this hall has passed over is past. Elsewhere only people say so, never the clock: late is still to come.
        left = [row for row in left if row.hall != session.hall or row.state == "on" or row.start >= session.start]
    return tuple(sorted(left, key=lambda row: row.state != "on")[:6])
