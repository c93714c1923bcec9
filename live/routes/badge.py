"""At the door: join page, badge link, typed code, a further device that waits, the notice, and the menu."""

from __future__ import annotations

from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from live import cookies, pages
from live.badges import hash_token
from live.languages import LANGUAGES, negotiate
from live.node import THE_SYSTEM
from models import logins, people, rights
from models.command import Badge
from models.devices import AdmitDevice, ShowBadge, StopAsking
from models.logins import new_token
from models.refusals import Refused


async def link(request: Request) -> Response:
    """GET /b: the page behind a badge's QR code. The secret is in the fragment and never reaches a log."""
    badge = pages.badge_of(request)
    home = pages.workplace(request, badge) if badge and badge.person_id else "/"
    return pages.page(request, "join/link.html", badge, home=home)


async def notice(request: Request) -> Response:
    """GET /notice: who we are, why, for how long, and your rights."""
    return pages.page(request, "join/notice.html", pages.badge_of(request))


@pages.refusals_in_words
async def show(request: Request) -> Response:
    """POST /badge with `code` or `link`: a cookie for this browser, or one answer for every wrong try."""
    node = pages.node_of(request)
    form = await request.form()
    code, secret = str(form.get("code") or ""), str(form.get("link") or "")
    visitor = cookies.cookie_in(request.scope, b"visitor")
    address = request.client.host if request.client else ""
    try:
        # A link cannot be guessed: whoever brings a right one is never made to wait for others' wrong tries.
        found = node.badges.find_link(secret) if secret else None
        if found is None:
            if not node.failed_lookups.allowed(visitor, address):
                raise Refused("too_many_tries")
            found = None if secret else node.badges.find_code(code)
        if found is None:
            node.failed_lookups.failed(visitor, address)
            raise Refused("show_badge_first" if secret else "no_such_badge")
        person = _badge(request, found[0])
        home = pages.workplace(request, person)
        token, waits = await _sign_in(request, person, found[1], staff=home != "/")
    except Refused as refused:
        if pages.wants_json(request):
            return pages.answer(request, None, refused)
        return _asked_again(request, refused)
    if waits:
        response: Response = _waits(request, waits) if pages.wants_json(request) else RedirectResponse("/waiting", 303)
    else:
        response = _in(request, home)
    if token:
        response.headers.append("set-cookie", cookies.set_token(request.scope, token))
    return response


def _in(request: Request, home: str) -> Response:
    """To where this browser was going, or to where its person works."""
    target = pages.after_the_door(request, home)
    response: Response = (
        JSONResponse({"ok": "signed_in", "to": target}) if pages.wants_json(request) else RedirectResponse(target, 303)
    )
    response.delete_cookie("next", path="/")
    return response


def _waits(request: Request, number: int) -> Response:
    return JSONResponse({"ok": "device_asked", "to": "/waiting", "facts": {"number": number}}, headers=pages.FRESH)


async def waiting(request: Request) -> Response:
    """GET /waiting: a further device of a badge, and the number it waits under. Asked again and again, it leads in."""
    node, token = pages.node_of(request), cookies.token_in(request.scope)
    badge, told = pages.badge_of(request), node.waiting(token)
    words = ""
    if badge is None and told and not told.refused and node.due(token):
        try:
            await node.ask(THE_SYSTEM, AdmitDevice(token_hash=hash_token(token), wait=node.settings.device_wait))
            badge = pages.badge_of(request)
        except Refused as refused:
            words = node.renderer.refusal(pages.language_of(request), refused.key, refused.params)
    if badge is not None:
        return _in(request, pages.workplace(request, badge))
    if told is None:
        return _waited_in_vain(request)
    if not pages.wants_json(request):
        wait = node.settings.device_wait
        minutes = -(-int(wait) // 60) if wait < logins.ASKS_FOR else 0
        return pages.page(request, "join/waiting.html", None, told=told, minutes=minutes, words=words)
    return pages.answer(request, None, Refused("device_was_refused")) if told.refused else _waits(request, told.number)


def _asked_again(request: Request, refused: Refused) -> Response:
    """The join page with what was refused beside its field."""
    words = pages.node_of(request).renderer.refusal(pages.language_of(request), refused.key, refused.params)
    said = {"kind": "no", "key": refused.key, "words": words}
    status = pages.STATUS.get(refused.key, 409)
    return pages.page(request, "join/join.html", None, status=status, said=said)


def _waited_in_vain(request: Request) -> Response:
    """Nobody said anything for ten minutes, or nothing waits: the badge is to be shown again."""
    out = Refused("no_such_device")
    if pages.wants_json(request):
        return pages.answer(request, None, out)
    response = _asked_again(request, out)
    response.headers.append("set-cookie", cookies.set_token(request.scope, ""))
    return response


async def stop(request: Request) -> Response:
    """POST /waiting: this browser waits no more."""
    token = cookies.token_in(request.scope)
    response = RedirectResponse("/", 303)
    if pages.badge_of(request) is None and token:
        if pages.node_of(request).waiting(token):  # strangers have no business in the lane
            await pages.node_of(request).ask(THE_SYSTEM, StopAsking(token_hash=hash_token(token)))
        response.headers.append("set-cookie", cookies.set_token(request.scope, ""))
    return response


async def _sign_in(request: Request, person: Badge, issue: int, *, staff: bool) -> tuple[str, int]:
    """(The new cookie's token, the number it waits under), "" where this browser has one for this badge, 0 where it
    is in.

    Guests begin in the first language of the organiser's list. Who works here sits at any machine: in its language.
    """
    node = pages.node_of(request)
    badge = pages.badge_of(request)
    if badge is not None and badge.person_id == person.person_id:
        return "", 0
    language = cookies.cookie_in(request.scope, b"lang")
    if language not in LANGUAGES:
        language = _asked_for(request) if staff else person.language
    former = cookies.token_in(request.scope)
    token = node.badges.next_token(former) if former else ""
    if badge is not None or not (node.waiting(former) or node.waiting(token)):
        token = new_token()
    shown = ShowBadge(
        person=person.person_id, issue=issue, token_hash=hash_token(token), language=language,
        wait=node.settings.device_wait, former=hash_token(former),
    )  # fmt: skip
    done = await node.ask(THE_SYSTEM, shown)
    return token, int(done.facts.get("number", 0))


def _badge(request: Request, person: int) -> Badge:
    """Who somebody is by the list. Whether the badge still works is asked when it is shown."""
    row = pages.node_of(request).peek().cursor.execute(
        "SELECT role, languages FROM person WHERE id = ?", (person,)
    ).fetchone()  # fmt: skip
    return Badge(person, row[0], row[1].split(",")[0]) if row else Badge(person, "participant")


def _asked_for(request: Request) -> str:
    """The first of the event's languages that the browser asks for, else the event's first."""
    row = pages.node_of(request).peek().cursor.execute("SELECT languages FROM event").fetchone()
    return negotiate(request.headers.get("accept-language", ""), tuple(row[0].split(",")) if row else tuple(LANGUAGES))


@pages.refusals_in_words
async def menu(request: Request) -> Response:
    """GET /menu: language, theme, data saving, browsers signed in, help, sign out."""
    badge = pages.person_badge(request)
    with pages.node_of(request).store.reading() as tx:
        person = tx.get(people.Person, badge.person_id)
        count = logins.browsers(tx, badge.person_id, person.issue if person else 1)
        desk, teller = rights.has_desk(tx, badge), rights.counts_hands(tx, badge)
    return pages.page(
        request, "phone/menu.html", badge, person=person, browsers=count, most=logins.BROWSERS,
        desk=desk, teller=teller, office=badge.role in rights.EVERYWHERE["manage_people"],
        health=badge.role in rights.EVERYWHERE["see_health"],
    )  # fmt: skip


async def look(request: Request) -> Response:
    """POST /look with `theme`, `less`, `awake`: how this browser shows pages. Kept in the browser only."""
    form = await request.form()
    response = RedirectResponse(pages.local(str(form.get("next") or ""), "/menu"), 303)
    for name, offered in (("theme", ("auto", "light", "dark")), ("less", ("0", "1")), ("awake", ("0", "1"))):
        value = form.get(name)
        if isinstance(value, str) and value in offered:
            response.set_cookie(name, quote(value), max_age=cookies.YEAR, samesite="lax", path="/")
    return response


routes = [
    Route("/b", link),
    Route("/notice", notice),
    Route("/badge", show, methods=["POST"]),
    Route("/waiting", waiting),
    Route("/waiting", stop, methods=["POST"]),
    Route("/menu", menu),
    Route("/look", look, methods=["POST"]),
]
