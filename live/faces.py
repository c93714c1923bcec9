"""What a line or a page looks at: a view and its parts, by badge and session. Sockets, pages and polling share it."""

from __future__ import annotations

from dataclasses import dataclass

from live.frames import Frame, page_frame
from live.hub import Audience
from live.node import Node
from models import boards, rights
from models.ballots import my_ballot
from models.command import Badge
from models.refusals import Refused
from models.results import current

PARTS_OF = {
    ("phone", "now"): (("session", "now"), ("session", "place"), ("session", "turnout"), ("session", "here")),
    ("phone", "agenda"): (("event", "agenda"), ("session", "place"), ("session", "turnout")),
    ("screen", ""): (("hall", "scene"), ("hall", "turnout"), ("hall", "here")),
    ("registration", ""): (("event", "arrivals"),),
    ("monitor", ""): (("hall", "scene"),),
    ("desk", ""): (
        ("hall", "air"), ("session", "place"), ("session", "run"), ("session", "polls"), ("session", "journal"), ("session", "staff"),
        ("session", "turnout"), ("session", "here"),
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Look:
    """Everything one page shows: (audience, part) pairs, and the ids they belong to."""

    view: str
    session: int
    hall: int
    seen: tuple[tuple[Audience, str], ...]

    @property
    def audiences(self) -> tuple[Audience, ...]:
        return tuple(dict.fromkeys(audience for audience, _ in self.seen))


def look(node: Node, badge: Badge, view: str, *, page: str = "now", session: int = 0, hall: int = 0) -> Look:
    """What this badge looks at with this view. Refused where it may not."""
    if view == "phone":
        if not badge.person_id:
            raise Refused("not_yours")
        seat = node.session_of(badge)
        names = PARTS_OF["phone", "agenda" if page == "agenda" else "now"]
        return _look(view, names, seat, 0, (badge.language,))
    if view == "screen":
        if badge.hall_id is None:
            raise Refused("not_yours")
        return _look(view, PARTS_OF["screen", ""], 0, badge.hall_id, _languages(node, badge.hall_id, badge.screen_id))
    if view == "desk":
        hall = desk_hall(node, badge, session)
        return _look(view, PARTS_OF["desk", ""], session, hall, (badge.language,))
    if view == "registration":
        with node.store.reading() as tx:
            rights.require(tx, badge, "manage_people")
        return _look(view, PARTS_OF["registration", ""], 0, 0, (badge.language,))
    if view in ("monitor", "program"):
        hall = desk_hall(node, badge, session)
        languages = _languages(node, hall, None)
        names = PARTS_OF["monitor", ""] if view == "monitor" else PARTS_OF["screen", ""]
        return _look("monitor" if view == "monitor" else "screen", names, 0, hall, languages)
    raise Refused("not_understood")


def desk_hall(node: Node, badge: Badge, session: int) -> int:
    """The hall of a session whose desk this badge may see; Refused otherwise."""
    with node.store.reading() as tx:
        head = boards.head(tx, session)
        if head is None:
            raise Refused("no_such_session")
        if not (rights.may(tx, badge, "see_desk", session) or rights.may(tx, badge, "moderate", session)):
            raise Refused("not_yours")
        return head.hall_id


def mine(node: Node, badge: Badge, session: int) -> dict[str, object]:
    """The `my` part of a phone: what the register holds of this person in the session's current poll."""
    peek = node.peek()
    poll = current(peek, session) if session else None
    if poll is None:
        return {"session": session, "poll": 0, "elector": False, "turn": 0, "marks": [], "wording": 0}
    mine_ = my_ballot(peek, badge, poll)
    wording = peek.cursor.execute("SELECT wording FROM poll WHERE id = ?", (poll,)).fetchone()[0]
    return {
        "session": session, "poll": poll, "elector": mine_.elector, "turn": mine_.turn,
        "marks": list(mine_.marks), "wording": wording,
    }  # fmt: skip


def devices(node: Node, badge: Badge, view: str) -> Frame:
    """The `devices` part of a phone or a desk: other devices its owner should decide on; empty where there are none."""
    waiting = node.devices_of(badge)
    context = {"devices": waiting, "view": view}
    html = node.renderer.fragment("_devices.html", badge.language, **context) if waiting else ""
    return page_frame("devices", "", html.encode())


def _look(view: str, names: tuple[tuple[str, str], ...], session: int, hall: int, languages: tuple[str, ...]) -> Look:
    ids = {"session": f"session:{session}", "hall": f"hall:{hall}", "event": "event"}
    seen = tuple(
        (Audience(ids[scope], view, languages), name) for scope, name in names if scope != "session" or session
    )
    return Look(view, session, hall, seen)


def _languages(node: Node, hall: int, screen: int | None) -> tuple[str, ...]:
    with node.store.reading() as tx:
        return boards.screen_languages(tx, hall, screen)
