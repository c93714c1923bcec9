"""What each hall's screen shows, and what comes next. Nothing goes to air by itself: Take changes the picture.

Take never changes a poll. Blank lies above the picture. Every act here can be undone.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Literal

import msgspec
from sqlmodel import Field, SQLModel, col, select

from models import journal, people, polls, programme, rights, translations
from models.command import Badge, Command, Done, Id, Touched
from models.drafts import MovePoll
from models.refusals import Refused
from models.store import Tx
from models.tidy import tidy

KINDS = ("title", "lobby", "agenda", "poll", "results", "earlier", "announcement", "countdown")
LIBRARY = (
    "channel_change", "hall_moved", "starts_at", "postponed", "cancelled", "short_break", "leave_building",
    "silence_phones", "thank_you",
)  # fmt: skip
"""Announcements with approved words in every language; the words are in the language files under `announce.KEY`."""
CLASH = 2.0
"""Seconds in which a second person's Take is asked once more."""


class Scene(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One picture for the hall screen. Which fields count depends on the kind."""

    kind: Literal["title", "lobby", "agenda", "poll", "results", "earlier", "announcement", "countdown"]
    session: Id = 0
    """The session it belongs to; filled in from the stage."""
    poll: Id = 0
    """poll, results, earlier"""
    words: Annotated[str, msgspec.Meta(max_length=40)] = ""
    """announcement: a key of LIBRARY, or empty with `text`"""
    value: Annotated[str, msgspec.Meta(max_length=40)] = ""
    """announcement: the channel, hall or time its words name; empty: those of the session as they are"""
    text: Annotated[str, msgspec.Meta(max_length=200)] = ""
    language: Annotated[str, msgspec.Meta(max_length=8)] = ""
    """announcement in free words: the one language it is in, and it is marked as such"""
    until: Annotated[float, msgspec.Meta(ge=0, le=4e9)] = 0.0
    """countdown: wall time at which it reaches zero"""
    suggested: bool = False
    """Staged by a change of the programme (`models.carried`) and by no person; what a client says of it counts for
    nothing."""


class Stage(SQLModel, table=True):
    """One hall's program, next and blank. `version` counts what changes the picture; the screen confirms it."""

    hall_id: int = Field(primary_key=True)
    session_id: int | None = None
    program: str = '{"kind":"title"}'
    next: str = ""
    blank: bool = False
    version: int = 1
    taken_at: float = 0.0
    taken_by: int = 0


class StageNext(Command):
    """Put a scene at next. An empty `scene` clears it."""

    hall: Id
    scene: Scene | None = None

    def perform(self, tx: Tx, badge: Badge, now: float) -> Done:
        stage = switched(tx, badge, self.hall)
        scene = _checked(tx, stage, self.scene) if self.scene else None
        wished = pack(scene)
        if stage.next == wished:
            return Done()
        undo = StageNext(hall=self.hall, scene=unpack(stage.next))
        stage.next = wished
        tx.add(stage)
        journal.write(tx, badge, now, stage.session_id, "staged", undo=undo, scene=scene.kind if scene else "none")
        touched = frozenset({(f"hall:{self.hall}", "air"), (f"session:{stage.session_id}", "desk")})
        return Done(touched, "staged")


class Take(Command):
    """Move next to the screen. `seen` is the version of the picture the sender saw; `again` answers a clash."""

    hall: Id
    seen: Id
    again: bool = False

    def perform(self, tx: Tx, badge: Badge, now: float) -> Done:
        stage = switched(tx, badge, self.hall)
        if not stage.next and stage.version == self.seen + 1 and stage.taken_by == badge.person_id:
            return Done(notice="took", facts={"version": stage.version})  # the same press, arrived twice
        if not stage.next:
            raise Refused("nothing_next")
        if 0 <= now - stage.taken_at < CLASH and stage.taken_by != badge.person_id and not self.again:
            other = tx.get(people.Person, stage.taken_by)
            raise Refused("just_taken", name=other.name if other else "")
        if self.seen != stage.version and not self.again:
            raise Refused("picture_changed")
        scene = unpack(stage.next)
        assert scene is not None
        return _show(tx, badge, now, stage, _checked(tx, stage, scene), clear_next=True)


class ShowScene(Command):
    """Show a scene at once, past next: for clearing to title or lobby and for announcements."""

    hall: Id
    scene: Scene

    def perform(self, tx: Tx, badge: Badge, now: float) -> Done:
        stage = switched(tx, badge, self.hall)
        return _show(tx, badge, now, stage, _checked(tx, stage, self.scene), clear_next=False)


class SetBlank(Command):
    """The room sees nothing, or sees the picture again."""

    hall: Id
    on: bool

    def perform(self, tx: Tx, badge: Badge, now: float) -> Done:
        stage = switched(tx, badge, self.hall)
        if stage.blank == self.on:
            return Done()
        stage.blank = self.on
        stage.version += 1
        tx.add(stage)
        undo = SetBlank(hall=self.hall, on=not self.on)
        journal.write(tx, badge, now, stage.session_id, "blanked" if self.on else "unblanked", undo=undo)
        return Done(_touched(self.hall, stage.session_id), "blanked" if self.on else "unblanked")


class Undo(Command):
    """Take one entry of the journal back. Opening, ending and revealing have no way back and no undo."""

    entry: Id

    def perform(self, tx: Tx, badge: Badge, now: float) -> Done:
        entry = tx.get(journal.Entry, self.entry)
        if entry is None or not entry.undo:
            raise Refused("nothing_to_undo")
        if entry.undone:
            return Done()
        command: Undoable = msgspec.json.decode(entry.undo, type=Undoable)
        here = entry.session_id if isinstance(command, MovePoll) else switched(tx, badge, command.hall).session_id
        if here != entry.session_id:  # what one session did to its hall's screen is no business of the next
            raise Refused("screen_moved_on")
        if not isinstance(command, MovePoll) and _has_left(tx, entry.session_id, command.hall):
            raise Refused("screen_moved_on")
        done = command.perform(tx, badge, now)
        entry.undone = True
        tx.add(entry)
        return replace(done, notice="undone")


class Restore(Command):
    """Show a former picture again: the inverse of Take, made by the journal."""

    hall: Id
    program: Scene
    next: Scene | None = None

    def perform(self, tx: Tx, badge: Badge, now: float) -> Done:
        stage = switched(tx, badge, self.hall)
        done = _show(tx, badge, now, stage, self.program, clear_next=False)
        stage.next = pack(self.next)
        tx.add(stage)
        return done


Undoable = StageNext | SetBlank | Restore | MovePoll


def stage_of(tx: Tx, hall_id: int) -> Stage:
    """The hall's stage, made at first use."""
    stage = tx.get(Stage, hall_id)
    if stage is None:
        if tx.get(programme.Hall, hall_id) is None:
            raise Refused("no_such_hall")
        stage = Stage(hall_id=hall_id)
        tx.add(stage)
    return stage


def follow(tx: Tx, stage: Stage, session_id: int, badge: Badge, now: float) -> None:
    """Let a hall's screen follow a session, with its title as the first picture."""
    if stage.session_id == session_id:
        return
    stage.session_id, stage.next = session_id, ""
    stage.program, stage.version = pack(Scene(kind="title", session=session_id)), stage.version + 1
    stage.taken_at, stage.taken_by = now, badge.person_id
    tx.add(stage)
    journal.write(tx, badge, now, session_id, "screen_follows")


def switched(tx: Tx, badge: Badge, hall_id: int) -> Stage:
    """The stage, if this badge may switch it: by the session the hall follows."""
    stage = stage_of(tx, hall_id)
    rights.require(tx, badge, "switch_screens", stage.session_id)
    return stage


@dataclass(frozen=True, slots=True)
class Air:
    """A hall's stage as desk and screen read it."""

    hall_id: int
    hall: dict[str, str]
    session_id: int | None
    program: Scene
    next: Scene | None
    blank: bool
    version: int
    taken_at: float
    taken_by: str


def air(tx: Tx, hall_id: int) -> Air | None:
    """What is on in a hall, or None if there is no such hall."""
    hall = tx.get(programme.Hall, hall_id)
    if hall is None:
        return None
    stage = tx.get(Stage, hall_id) or Stage(hall_id=hall_id)
    by = tx.get(people.Person, stage.taken_by) if stage.taken_by else None
    return Air(
        hall_id, hall.names, stage.session_id, unpack(stage.program) or Scene(kind="title"), unpack(stage.next),
        stage.blank, stage.version, stage.taken_at, by.name if by else "",
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class EarlierRow:
    """A revealed result that any desk may show again."""

    poll: int
    texts: dict[str, str]
    hall: dict[str, str]
    day: str
    n: int


def earlier(tx: Tx, limit: int = 40) -> tuple[EarlierRow, ...]:
    """Revealed results of all sessions, newest first."""
    from_rows = tx.exec(
        select(polls.Poll, programme.Meeting, programme.Hall)
        .join(programme.Meeting, col(programme.Meeting.id) == polls.Poll.session_id)
        .join(programme.Hall, col(programme.Hall.id) == polls.Poll.hall_id)
        .where(polls.Poll.state == "revealed", polls.Poll.results != "moderators_only")
        .order_by(col(polls.Poll.revealed_at).desc())
        .limit(limit)
    ).all()
    return tuple(
        EarlierRow(
            poll.id or 0, translations.slots(tx, polls.owner(poll.id or 0), approved_only=True).get(0, {}),
            hall.names, meeting.day, poll.counted,
        )
        for poll, meeting, hall in from_rows
    )  # fmt: skip


def _checked(tx: Tx, stage: Stage, scene: Scene) -> Scene:
    """The scene with its session filled in and its words tidied. Refused when it names what is not there."""
    if scene.kind in ("poll", "results", "earlier"):
        poll = tx.get(polls.Poll, scene.poll)
        if poll is None:
            raise Refused("no_such_poll")
        if scene.kind == "earlier" and (poll.state != "revealed" or poll.results == "moderators_only"):
            raise Refused("not_revealed_yet")
        if scene.kind != "earlier" and poll.session_id != stage.session_id:
            raise Refused("poll_of_another_session")
    if scene.kind == "announcement":
        text = tidy(scene.text, 200)
        if scene.words and scene.words not in LIBRARY:
            raise Refused("no_such_announcement")
        if not scene.words and not (text and scene.language in programme.the_event(tx).languages.split(",")):
            raise Refused("announcement_empty")
        scene = msgspec.structs.replace(scene, text=text, value=tidy(scene.value, 40))
    if scene.kind == "countdown" and scene.until <= 0:
        raise Refused("countdown_empty")
    return msgspec.structs.replace(scene, session=stage.session_id or 0, suggested=False)


def _has_left(tx: Tx, session_id: int | None, hall_id: int) -> bool:
    """Whether a session goes on in another hall: the screen it left says where, and keeps saying so."""
    meeting = tx.get(programme.Meeting, session_id) if session_id else None
    return meeting is not None and meeting.hall_id != hall_id


def _show(tx: Tx, badge: Badge, now: float, stage: Stage, scene: Scene, *, clear_next: bool) -> Done:
    wished = pack(scene)
    if stage.program == wished and not (clear_next and stage.next):
        return Done()
    before = unpack(stage.program) or Scene(kind="title")
    undo = Restore(hall=stage.hall_id, program=before, next=unpack(stage.next))
    stage.program, stage.version = wished, stage.version + 1
    stage.taken_at, stage.taken_by = now, badge.person_id
    if clear_next:
        stage.next = ""
    tx.add(stage)
    journal.write(tx, badge, now, stage.session_id, "took", undo=undo, scene=scene.kind)
    return Done(_touched(stage.hall_id, stage.session_id), "took", {"version": stage.version})


def _touched(hall_id: int, session_id: int | None) -> Touched:
    hall = f"hall:{hall_id}"
    return frozenset({(hall, "scene"), (hall, "turnout"), (hall, "air"), (f"session:{session_id}", "desk")})


def elsewhere(tx: Tx, touched: Touched) -> Touched:
    """Halls whose screen shows, or has at next, some of what was touched though it happened in another: the agenda, or
    a session that has left this hall."""
    halls = set()
    for stage in tx.exec(select(Stage)):
        shown = {scene.kind for scene in (unpack(stage.program), unpack(stage.next)) if scene}
        by_agenda = ("event", "agenda") in touched and "agenda" in shown
        if by_agenda or (f"session:{stage.session_id}", "place") in touched:
            halls.add(stage.hall_id)
    return frozenset((f"hall:{hall}", part) for hall in halls for part in ("scene", "air"))


def pack(scene: Scene | None) -> str:
    """A scene as a stage keeps it."""
    return msgspec.json.encode(scene).decode() if scene else ""


def unpack(packed: str) -> Scene | None:
    return msgspec.json.decode(packed, type=Scene) if packed else None
