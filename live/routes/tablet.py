"""A hall's tablet, for people without a phone: scan or type a badge, one ballot, "Recorded", and all is forgotten.

Every page has the one address /tablet, is never stored and shows what the tablet's cookie of the moment stands for:
the visit of a person, a sentence to be shown once, or nothing. No login is made. What a person does here goes through
the one door with their own badge, so that rights and limits hold as on a phone.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, unquote

import msgspec
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from live import commands, cookies, pages
from live.languages import LANGUAGES
from live.node import TABLET_WAIT, Node
from live.visits import Visit
from models import programme, tablets
from models.ballots import my_ballot
from models.command import Badge
from models.doors import CheckIn
from models.refusals import Refused
from models.tablets import Ballot

VISIT, TOLD = "visit", "told"
STAYS = ("choose_one", "choose_at_least", "choose_at_most", "no_such_option", "try_again", "too_fast")
"""Refusals after which the ballot stands there again."""


class Told(msgspec.Struct, frozen=True):
    """A sentence to be shown once: in one language, or "" in all of the event's. It names nobody."""

    key: str
    language: str = ""
    params: dict[str, int | str] = {}


# --- pages


async def tablet(request: Request) -> Response:
    """GET /tablet: where a person stands, or that anybody may show a badge here."""
    node, here = pages.node_of(request), _tablet(request)
    if here is None:
        return _link(request, 401)
    told, visit = _told(request), _visit(request, here)
    if visit is not None:
        person = tablets.holder(node.peek(), visit.person, visit.issue)
        asked = _asked(node, person, here) if person else Told("no_such_badge")
        if isinstance(asked, Ballot):
            return _page(request, "tablet/ballot.html", visit.language, asked=asked, visit=visit, told=told)
        node.visits.end(visit)
        told = asked
    if told is not None and told.language:
        return _page(request, "tablet/told.html", told.language, told=told)
    return _idle(request, here, told)


def _idle(request: Request, here: Badge, told: Told | None) -> Response:
    node = pages.node_of(request)
    with node.store.reading() as tx:
        hall = tx.get(programme.Hall, here.hall_id)
        meeting = tx.get(programme.Meeting, tablets.session_on(tx, here.hall_id))
        offered = tuple(programme.the_event(tx).languages.split(","))
        titles, names = (meeting.titles if meeting else {}), (hall.names if hall else {})
        session = meeting.id if meeting else 0
    return _page(
        request, "tablet/idle.html", offered[0], told=told, offered=offered, hall=names, titles=titles,
        page_key=f"{session}",
    )  # fmt: skip


def _page(request: Request, template: str, language: str, **context: Any) -> Response:
    """A page that names nobody to its own address and is kept by no browser. What was to be said was said."""
    words = ""
    told: Told | None = context.get("told")
    if told is not None and told.language:
        words = _words(pages.node_of(request), told, told.language)
    html = pages.rendered(
        request, template, None, language=language, **{"told": None, "words": words, "say": _say(request)} | context
    )
    response = HTMLResponse(html, headers=pages.FRESH)
    _keep(request, response, TOLD, "", 0)
    if "visit" not in context:
        _keep(request, response, VISIT, "", 0)
    return response


def _say(request: Request) -> Any:
    """For the templates: what was told, in any language."""
    node = pages.node_of(request)
    return lambda told, language: _words(node, told, language)


def _words(node: Node, told: Told, language: str) -> str:
    if told.key in NOTICES:
        return node.renderer.notice(language, told.key)
    return node.renderer.refusal(language, told.key, told.params)


NOTICES = ("recorded", "in_for_next")
"""Of what is told here: all else was refused."""


def _link(request: Request, status: int = 200) -> Response:
    html = pages.rendered(request, "tablet/link.html", None, opened=status == 401)
    return HTMLResponse(html, status, pages.FRESH)


async def link(request: Request) -> Response:
    """GET /tablet/link: the page behind a tablet's link; its script posts the fragment, or somebody pastes it."""
    return _link(request)


# --- what people do


async def show(request: Request) -> Response:
    """POST /tablet with `badge`: a typed code, or a link as a scanner types it. One answer for every wrong try."""
    node, here = pages.node_of(request), _tablet(request)
    text = str((await request.form()).get("badge") or "").strip()
    if here is None or not text:
        return _back(request)
    tries, now = node.tablet_tries.of(here.key), node.clock()
    found = node.badges.find_link(text.rpartition("#")[2])
    if found is None and not tries.open(now):
        return _back(request, Told("wait_to_type", params={"seconds": int(TABLET_WAIT)}))
    found = found or node.badges.find_code(text)
    person = tablets.holder(node.peek(), *found) if found else None
    if found is None or person is None:
        tries.take(now)
        return _back(request, Told("no_such_badge"))
    told = await _enter(node, here, person)
    if told is not None:
        return _back(request, told)
    return _back(request, visit=node.visits.begin(here.screen_id or 0, person.person_id, found[1], person.language))


async def _enter(node: Node, here: Badge, person: Badge) -> Told | None:
    """Check the person in to what is on in this hall. What is to be said, or None where there is a ballot."""
    session = tablets.session_on(node.peek(), here.hall_id)
    try:
        if not session:
            raise Refused("nothing_on_here")
        if not node.messages.of(person.key).take(node.clock()):
            raise Refused("too_fast")
        await node.ask(person, CheckIn(session=session))
    except Refused as refused:
        return Told(refused.key, person.language, refused.params)
    asked = _asked(node, person, here)
    return None if isinstance(asked, Ballot) else asked


async def vote(request: Request) -> Response:
    """POST /tablet/vote with what the ballot's page holds: `visit`, `poll`, `turn` and the marks."""
    node, form = pages.node_of(request), await request.form()
    visit, person, language = _standing(request, form)
    if visit is None or person is None:
        return _back(request, Told("visit_over", language))
    poll, turn = pages.number(str(form.get("poll") or "")), pages.number(str(form.get("turn") or ""))
    mine = my_ballot(node.peek(), person, poll)
    secret, intent = node.visits.keys(visit, poll, turn)
    fields = [("poll", str(poll)), ("turn", str(turn)), ("secret", secret), ("intent", intent)]
    fields += [("marks", mark) for mark in form.getlist("marks") if isinstance(mark, str)]
    told = Told("recorded", language, {"secret": int(mine.secret)})
    try:
        if not node.messages.of(person.key).take(node.clock()):
            raise Refused("too_fast")
        if mine.turn and mine.secret:
            raise Refused("voted_and_final")
        done = await node.ask(person, commands.from_form("cast_vote", fields))
        if done.facts["turn"] != turn:
            raise Refused("voted_meanwhile")
        for line in node.lines_of(person.key):  # their own phone says at once that there is a vote
            node.personal(line, "my")
    except Refused as refused:
        key = "change_closed" if refused.key == "poll_closed" and mine.turn else refused.key
        told = Told(key, language, refused.params)
        if key in STAYS:
            return _back(request, told, visit=visit)
    except Exception:  # noqa: BLE001 - a bug: logged where it happened, answered with one apology
        told = Told("our_mistake", language)
    node.visits.end(visit)
    return _back(request, told)


async def language(request: Request) -> Response:
    """POST /tablet/language with `visit` and `language`: the same ballot in another language."""
    form = await request.form()
    visit, _, spoken = _standing(request, form)
    wanted = str(form.get("to") or "")
    if visit is None:
        return _back(request, Told("visit_over", spoken))
    return _back(request, visit=pages.node_of(request).visits.speak(visit, wanted if wanted in LANGUAGES else spoken))


async def done(request: Request) -> Response:
    """GET or POST /tablet/done: forget whoever stood here."""
    here = _tablet(request)
    visit = _visit(request, here) if here else None
    if visit is not None:
        pages.node_of(request).visits.end(visit)
    return _back(request)


# --- who stands here


def _tablet(request: Request) -> Badge | None:
    badge = pages.badge_of(request)
    return badge if badge is not None and badge.role == "tablet" else None


def _visit(request: Request, here: Badge) -> Visit | None:
    token = cookies.cookie_in(request.scope, cookies.named(request.scope, VISIT))
    return pages.node_of(request).visits.read(token, here.screen_id or 0)


def _standing(request: Request, form: FormData) -> tuple[Visit | None, Badge | None, str]:
    """(Visit, who it is, their language) of the page this form stands on; None where it speaks for nobody any more."""
    here, spoken = _tablet(request), str(form.get("language") or "")
    visit = _visit(request, here) if here else None
    if visit is None or visit.mark != form.get("visit"):
        return None, None, spoken if here and spoken in LANGUAGES else ""
    return visit, tablets.holder(pages.node_of(request).peek(), visit.person, visit.issue), visit.language


def _asked(node: Node, person: Badge, here: Badge) -> Ballot | Told:
    with node.store.reading() as tx:
        found = tablets.asked(tx, person, here.hall_id)
    return Told(found, person.language) if isinstance(found, str) else found


# --- cookies of a moment


def _back(request: Request, told: Told | None = None, *, visit: Visit | None = None) -> Response:
    """To the one page, which finds in its cookies whom it stands for and what is to be said."""
    response = RedirectResponse("/tablet", 303, headers={"cache-control": "no-store"})
    token = pages.node_of(request).visits.token(visit) if visit else ""
    _keep(request, response, VISIT, token, 180 if visit else 0)
    _keep(
        request, response, TOLD, quote(msgspec.json.encode(told).decode(), safe="") if told else "", 30 if told else 0
    )
    return response


def _keep(request: Request, response: Response, name: str, value: str, age: int) -> None:
    wanted = cookies.named(request.scope, name)
    if value or cookies.cookie_in(request.scope, wanted):
        response.headers.append("set-cookie", cookies.kept(request.scope, wanted, value, age))


def _told(request: Request) -> Told | None:
    raw = cookies.cookie_in(request.scope, cookies.named(request.scope, TOLD))
    try:
        told = msgspec.json.decode(unquote(raw)[:2000], type=Told)
        _words(pages.node_of(request), told, "en")
    except (msgspec.DecodeError, KeyError, ValueError, TypeError):
        return None
    return told if told.language in ("", *LANGUAGES) else None


routes = [
    Route("/tablet", tablet),
    Route("/tablet", show, methods=["POST"]),
    Route("/tablet/link", link),
    Route("/tablet/vote", vote, methods=["POST"]),
    Route("/tablet/language", language, methods=["POST"]),
    Route("/tablet/done", done, methods=["GET", "POST"]),
]
