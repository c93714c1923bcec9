"""What a change of the programme does to the halls' screens: words are staged as next, and a person takes them.

Only a screen whose session has left says so at once. What it showed is gone from there, and whoever stands before it
must be told where, or that it does not take place.
"""

from __future__ import annotations

import msgspec
from sqlmodel import select

from models import journal
from models.command import Badge, Touched
from models.programme import Meeting
from models.stage import Scene, Stage, StageNext, follow, pack, stage_of, unpack
from models.store import Tx

OURS = ("hall_moved", "starts_at", "postponed", "cancelled")
"""Announcements staged here. They name no hall and no time: whoever draws them reads the session."""
OFF = ("postponed", "cancelled")
"""What a screen that was left says in place of where the session went."""


def suggest(tx: Tx, meeting: Meeting, words: str, badge: Badge, now: float) -> Touched:
    """Stage an announcement as next where the hall's screen follows this session and nobody staged anything else."""
    assert meeting.id is not None
    left = _tell(tx, meeting, words if words in OFF else "hall_moved", badge, now)
    on = tx.get(Stage, meeting.hall_id)
    if on is None or on.session_id != meeting.id or not _is_free(on):
        return left
    return left | _stage(tx, on, meeting.id, Scene(kind="announcement", words=words, session=meeting.id), badge, now)


def take_back(tx: Tx, meeting: Meeting, badge: Badge, now: float) -> Touched:
    """What was suggested holds no longer: it leaves next, and where it is on air the title is staged in its place."""
    assert meeting.id is not None
    left = _tell(tx, meeting, "hall_moved", badge, now)
    on = tx.get(Stage, meeting.hall_id)
    if on is None or on.session_id != meeting.id or not _is_free(on):
        return left
    title = Scene(kind="title", session=meeting.id) if ours(on.program) else None
    return left | _stage(tx, on, meeting.id, title, badge, now)


def start(tx: Tx, meeting: Meeting, badge: Badge, now: float) -> None:
    """The hall's screen follows a session that starts. Words that are not so any more give way to its title."""
    assert meeting.id is not None
    on = stage_of(tx, meeting.hall_id)
    if on.session_id == meeting.id and ours(on.program):
        _show(tx, on, meeting.id, Scene(kind="title", session=meeting.id), None, badge, now)
    follow(tx, on, meeting.id, badge, now)


def move(tx: Tx, meeting: Meeting, badge: Badge, now: float) -> Touched:
    """Screens of a session that has just been moved: the one it left says where, the new one follows it.

    The new hall's screen follows at once only where the session is on; it shows the title, and what was on air in the
    old hall is staged as next.
    """
    assert meeting.id is not None
    halls, aired = {meeting.hall_id}, Scene(kind="title")
    for old in tx.exec(select(Stage).where(Stage.session_id == meeting.id, Stage.hall_id != meeting.hall_id)):
        if not ours(old.program):
            aired = unpack(old.program) or aired
        told = Scene(kind="announcement", words="hall_moved", session=meeting.id)
        _show(tx, old, meeting.id, told, None, badge, now)
        halls.add(old.hall_id)
    here = tx.get(Stage, meeting.hall_id)
    if meeting.state == "on" or (here is not None and here.session_id == meeting.id):
        here = here or stage_of(tx, meeting.hall_id)
        scene = None if aired.kind == "title" else aired
        _show(tx, here, meeting.id, Scene(kind="title", session=meeting.id), scene, badge, now)
        journal.write(tx, badge, now, meeting.id, "screen_follows")
    return _screens(halls)


def _tell(tx: Tx, meeting: Meeting, words: str, badge: Badge, now: float) -> Touched:
    """Screens that the session has left say what is so of it now, unless a person shows something else there."""
    assert meeting.id is not None
    told = Scene(kind="announcement", words=words, session=meeting.id)
    halls = set()
    for on in tx.exec(select(Stage).where(Stage.session_id == meeting.id, Stage.hall_id != meeting.hall_id)):
        if ours(on.program) and on.program != pack(told):
            _show(tx, on, meeting.id, told, unpack(on.next), badge, now)
            halls.add(on.hall_id)
    return _screens(halls)


def _screens(halls: set[int]) -> Touched:
    return frozenset((f"hall:{hall}", part) for hall in halls for part in ("scene", "turnout", "here", "air"))


def ours(packed: str) -> bool:
    """Whether a picture tells what is so of a session, in words that are kept here."""
    scene = unpack(packed)
    return scene is not None and scene.kind == "announcement" and scene.words in OURS and not scene.value


def _is_free(on: Stage) -> bool:
    """Whether nothing is at next, or what stands there was suggested here, and not staged by a person."""
    scene = unpack(on.next)
    return scene is None or scene.suggested


def _stage(tx: Tx, on: Stage, session_id: int, scene: Scene | None, badge: Badge, now: float) -> Touched:
    wished = pack(msgspec.structs.replace(scene, suggested=True) if scene else None)
    if on.next == wished:
        return frozenset()
    undo = StageNext(hall=on.hall_id, scene=unpack(on.next))
    on.next = wished
    tx.add(on)
    journal.write(tx, badge, now, session_id, "staged", undo=undo, scene=scene.kind if scene else "none")
    return frozenset({(f"hall:{on.hall_id}", "air"), (f"session:{session_id}", "desk")})


def _show(
    tx: Tx, on: Stage, session_id: int, program: Scene, following: Scene | None, badge: Badge, now: float
) -> None:
    on.session_id, on.program, on.next = session_id, pack(program), pack(following)
    on.version, on.taken_at, on.taken_by = on.version + 1, now, badge.person_id
    tx.add(on)
