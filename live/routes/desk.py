"""The moderator's pages: my sessions, the desk, the poll editor, who chose what, the practice, and the monitors."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from live import faces, pages
from models import boards, people, polls, programme, results, rights, stage
from models.command import Badge
from models.kinds import KINDS
from models.refusals import Refused
from models.store import Tx


@pages.refusals_in_words
async def sessions(request: Request) -> Response:
    """GET /desk: the sessions whose desk this badge may see."""
    badge = pages.person_badge(request)
    with pages.node_of(request).store.reading() as tx:
        mine = boards.my_sessions(tx, badge)
        if not mine:
            raise Refused("not_yours")
        halls, may = programme.halls(tx), _may(tx, badge, 0)
    return pages.page(request, "desk/list.html", badge, sessions=mine, halls=halls, may=may)


@pages.refusals_in_words
async def desk(request: Request) -> Response:
    """GET /desk/ID"""
    badge = pages.person_badge(request)
    node = pages.node_of(request)
    session = request.path_params["session"]
    look = faces.look(node, badge, "desk", session=session)
    parts = {name: node.projector.look(audience, name) for audience, name in look.seen}
    with node.store.reading() as tx:
        person = tx.get(people.Person, badge.person_id)
        context: dict[str, Any] = {
            "session": boards.head(tx, session),
            "keys": person.keys_learned if person else False,
            "may": _may(tx, badge, session),
            "library": stage.LIBRARY,
            "event_languages": programme.the_event(tx).languages.split(","),
        }
    return pages.page(request, "desk/desk.html", badge, parts=parts, hall=look.hall, **context)


def _may(tx: Tx, badge: Badge, session: int) -> dict[str, bool]:
    names = ("moderate", "switch_screens", "count_hands", "manage_people", "change_programme")
    return {name: rights.may(tx, badge, name, session) for name in names}


@pages.refusals_in_words
async def editor(request: Request) -> Response:
    """GET /desk/ID/poll/new or /desk/ID/poll/POLL: write a poll in every language of the event."""
    badge = pages.person_badge(request)
    session = request.path_params["session"]
    poll_id = request.path_params.get("poll", 0)
    with pages.node_of(request).store.reading() as tx:
        rights.require(tx, badge, "moderate", session)
        found = [p for p in boards.desk(tx, session).polls if p.board.id == poll_id] if poll_id else []  # type: ignore[union-attr]
        if poll_id and (not found or found[0].board.state not in ("draft", "ready")):
            raise Refused("poll_not_draft" if found else "no_such_poll")
        context: dict[str, Any] = {
            "session": boards.head(tx, session),
            "poll": found[0] if found else None,
            "fixed": KINDS["yes_no_abstain"].fixed_texts,
            "event_languages": programme.the_event(tx).languages.split(","),
            "ballots": polls.BALLOTS,
            "policies": polls.RESULTS,
            "roles": rights.ROLES,
        }
    return pages.page(request, "desk/editor.html", badge, **context)


@pages.refusals_in_words
async def names(request: Request) -> Response:
    """GET /desk/ID/poll/POLL/names: who chose what in a named poll, to be read, searched and printed."""
    badge = pages.person_badge(request)
    session = request.path_params["session"]
    with pages.node_of(request).store.reading() as tx:
        poll, rows = results.names(tx, badge, session, request.path_params["poll"])
        head = boards.head(tx, session)
    return pages.page(request, "desk/names.html", badge, session=head, poll=poll, rows=rows)


@pages.refusals_in_words
async def practice(request: Request) -> Response:
    """GET /desk/ID/practice: three minutes on a pretend stage before the keys that reach the room are on."""
    badge = pages.person_badge(request)
    session = request.path_params["session"]
    node = pages.node_of(request)
    faces.desk_hall(node, badge, session)
    with node.store.reading() as tx:
        head = boards.head(tx, session)
        person = tx.get(people.Person, badge.person_id)
    return pages.page(request, "desk/practice.html", badge, session=head, keys=person.keys_learned if person else False)


@pages.refusals_in_words
async def monitor(request: Request) -> Response:
    """GET /desk/ID/monitor/now or /next: the real hall page, read-only, for the desk's miniatures."""
    badge = pages.person_badge(request)
    node = pages.node_of(request)
    session, which = request.path_params["session"], request.path_params["which"]
    hall = faces.desk_hall(node, badge, session)
    view = "monitor" if which == "next" else "program"
    look = faces.look(node, badge, view, session=session, hall=hall)
    shown = node.projector.look(look.audiences[0], "scene")
    hello = {"view": "monitor", "session": session, "hall": hall, "next": which == "next"}
    return pages.page(
        request, "screen/page.html", badge, scene_html=shown.html, scene_is=shown.frame.digest, monitor=True,
        hello=hello, screen_languages=look.audiences[0].languages, screen_theme="dark",
    )  # fmt: skip


routes = [
    Route("/desk", sessions),
    Route("/desk/{session:int}", desk),
    Route("/desk/{session:int}/poll/new", editor),
    Route("/desk/{session:int}/poll/{poll:int}", editor),
    Route("/desk/{session:int}/poll/{poll:int}/names", names),
    Route("/desk/{session:int}/practice", practice),
    Route("/desk/{session:int}/monitor/{which}", monitor),
]
