"""What every page needs: who asks, in which language, what was just said, and the way back."""

from __future__ import annotations

import functools
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any
from urllib.parse import quote, unquote

import msgspec
from starlette.convertors import IntegerConvertor, register_url_convertor
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from live import cookies, languages
from live.node import Node
from models import boards, programme, rights
from models.command import Badge, Done
from models.devices import SeeDevices
from models.refusals import Refused

log = logging.getLogger("hallside.pages")

FRESH = {"cache-control": "no-store", "vary": "cookie, accept-language"}

Handler = Callable[[Request], Awaitable[Response]]

STATUS = {
    "show_badge_first": 401, "not_yours": 403, "no_such_code": 404, "no_such_session": 404, "no_such_page": 404,
    "no_such_poll": 404, "no_such_device": 404, "organisers_only": 403, "too_many_tries": 429, "too_fast": 429,
    "come_back": 503, "try_again": 503, "our_mistake": 500, "not_understood": 400,
}  # fmt: skip
"""The HTTP status of a refusal; 409 for all others."""


def node_of(request: Request) -> Node:
    node: Node = request.app.state.node
    return node


def badge_of(request: Request) -> Badge | None:
    return node_of(request).badge_of(cookies.token_in(request.scope))


def language_of(request: Request, badge: Badge | None = None) -> str:
    """The badge's language, else the one chosen in this browser, else the first the browser asks for."""
    if badge is not None and badge.person_id:
        return badge.language
    chosen = cookies.cookie_in(request.scope, b"lang")
    return chosen if chosen in languages.LANGUAGES else languages.negotiate(request.headers.get("accept-language", ""))


def base_of(request: Request) -> str:
    """The public address: as set, else as this request reached us."""
    return node_of(request).settings.address or str(request.base_url).rstrip("/")


def page(request: Request, template: str, badge: Badge | None, *, status: int = 200, **context: Any) -> Response:
    """A whole page. What was said by the command before is shown once, or what *said* says in its place."""
    node = node_of(request)
    said, clear = _said(request, node, language_of(request, badge))
    devices = node.devices_of(badge) if badge is not None and badge.person_id else ()
    html = rendered(request, template, badge, **{"said": said, "devices": devices} | context)
    if badge is not None and devices and 'id="device-' in html:  # not every page has the card
        node.perform(badge, SeeDevices(), lambda out: None)  # the page is under way to whoever asked for it
    response = HTMLResponse(html, status, FRESH)
    if clear:
        response.delete_cookie("said", path="/")
    return response


def rendered(request: Request, template: str, badge: Badge | None, *, language: str = "", **context: Any) -> str:
    """The same as text, with nothing said unless *said* is given; in its reader's language, or in *language*."""
    node = node_of(request)
    language = language or language_of(request, badge)
    base = base_of(request)
    return node.renderer.fragment(
        template,
        language,
        **{
            "badge": badge,
            "base": base,
            "address": base.partition("://")[2],
            "path": request.url.path,
            **_looks(request),
            "said": None,
            "devices": (),
            "event": event_names(node),
            "server_now": node.wall(),
            "my": None,
            "now": node.clock(),
        }
        | context,
    )


class Recent:
    """Pages of this second. When a hall comes in at once, most people are sent the same page but for their number.

    Rendering was 0.4 ms of a join, reading the session's head 0.4 ms more (measured).
    """

    PERSON = 7_305_118_924_660_173
    FRACTION = 0.4375
    """Stand in for who asks and for the exact moment, and are replaced; in binary the fraction is exact."""
    MOST = 500

    def __init__(self) -> None:
        self._second = 0
        self._pages: dict[object, str] = {}

    def page(self, request: Request, badge: Badge, key: object, render: Callable[[Badge, float], str]) -> Response:
        """The page of this key, rendered at most once a second. *key* is everything it depends on beside the cookies.

        *render* is given a badge and wall seconds to write into the page. What is kept lives for a second at most.
        """
        wall = node_of(request).wall()
        second = int(wall)
        if second != self._second or len(self._pages) > self.MOST:
            self._second = second
            self._pages.clear()
        looks = (badge.role, language_of(request, badge), base_of(request), *_looks(request).values())
        html = self._pages.get((key, looks))
        if html is None:
            html = self._pages[key, looks] = render(replace(badge, person_id=self.PERSON), second + self.FRACTION)
        html = html.replace(str(second + self.FRACTION), str(wall)).replace(str(self.PERSON), str(badge.person_id))
        return HTMLResponse(html, headers=FRESH)


def recent_of(request: Request) -> Recent:
    state = request.app.state
    if not hasattr(state, "recent"):
        state.recent = Recent()
    recent: Recent = state.recent
    return recent


def event_names(node: Node) -> programme.Texts:
    """The event's name by language; empty before anything was imported."""
    row = node.peek().cursor.execute("SELECT names FROM event").fetchone()
    names: programme.Texts = msgspec.json.decode(row[0]) if row else {"en": "Hallside"}
    return names


def answer(request: Request, badge: Badge | None, out: Done | Refused, *, back: str = "/", re: int = 0) -> Response:
    """A command's outcome: JSON for scripts, and for forms the way back with the words to be shown there."""
    node = node_of(request)
    language = language_of(request, badge)
    if wants_json(request):
        told: dict[str, object] = {"re": re}
        if isinstance(out, Done):
            told |= {"ok": out.notice, "at": node.wall(), "words": node.renderer.notice(language, out.notice)}
            if out.facts:
                told["facts"] = out.facts
            return JSONResponse(told)
        told |= {"no": out.key, "words": node.renderer.refusal(language, out.key, out.params)}
        if out.params:
            told["facts"] = out.params
        return JSONResponse(told, STATUS.get(out.key, 409))
    response = RedirectResponse(back, 303)
    params = out.facts if isinstance(out, Done) else out.params
    said = {"ok" if isinstance(out, Done) else "no": out.notice if isinstance(out, Done) else out.key, "params": params}
    response.set_cookie(
        "said", quote(msgspec.json.encode(said).decode(), safe=""), max_age=30, httponly=True, samesite="lax", path="/"
    )
    return response


def number(text: str) -> int:
    """A number somebody wrote into an address; 0 for whatever is none or too long to be an id."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else 0


class _Id(IntegerConvertor):
    """`{session:int}` in a path: no longer than an id may be. A database refuses what does not fit its integers."""

    regex = "[0-9]{1,15}"


register_url_convertor("int", _Id())


def wants_json(request: Request) -> bool:
    return "application/json" in request.headers.get("accept", "")


def local(path: str | None, default: str) -> str:
    """A path on this site, or the default: nobody is sent elsewhere."""
    if path and path.startswith("/") and not path.startswith(("//", "/\\")) and path.isascii() and path.isprintable():
        return path[:300]
    return default


def refusals_in_words(handler: Handler) -> Handler:
    """A page that is refused says so in words, with what to do, in the reader's language."""

    @functools.wraps(handler)
    async def wrapped(request: Request) -> Response:
        try:
            return await handler(request)
        except Refused as refused:
            badge = badge_of(request)
            if refused.key == "show_badge_first" and request.method == "GET" and not wants_json(request):
                return to_the_door(request)
            if wants_json(request):
                return answer(request, badge, refused)
            words = node_of(request).renderer.refusal(language_of(request, badge), refused.key, refused.params)
            status = STATUS.get(refused.key, 409)
            return page(request, "join/refused.html", badge, status=status, words=words, key=refused.key)

    return wrapped


def to_the_door(request: Request) -> Response:
    """Show your badge first: the join page, which leads back here afterwards."""
    response = RedirectResponse("/", 303)
    if request.url.path != "/":
        # Without its slashes, which would put the value into quotation marks.
        wanted = quote(request.url.path, safe="")
        response.set_cookie("next", wanted, max_age=900, httponly=True, samesite="lax", path="/")
    return response


def after_the_door(request: Request, home: str) -> str:
    """Where somebody wanted to go before they showed their badge, else where they work."""
    return local(unquote(cookies.cookie_in(request.scope, b"next")), home)


def workplace(request: Request, badge: Badge) -> str:
    """The set-up for an organiser, the hands for a teller of the event; else the desk of the one session that is on,
    else the list of desks, else the registration desk; "/" for others."""
    if badge.role in rights.EVERYWHERE["manage_event"]:
        return "/office"
    if badge.role == "teller":
        return "/teller"
    node = node_of(request)
    mine: tuple[boards.SessionLink, ...] = ()
    if rights.has_desk(node.peek(), badge):  # Cheap: everybody who comes in is asked.
        with node.store.reading() as tx:
            mine = boards.my_sessions(tx, badge)
    on = [each.session.id for each in mine if each.session.state == "on"]
    if mine:
        return f"/desk/{on[0]}" if len(on) == 1 else "/desk"
    return "/registration" if badge.role in rights.EVERYWHERE["manage_people"] else "/"


def person_badge(request: Request) -> Badge:
    """The badge of a person. Refused("show_badge_first") for anybody else, a screen included."""
    badge = badge_of(request)
    if badge is None or not badge.person_id:
        raise Refused("show_badge_first")
    return badge


def _looks(request: Request) -> dict[str, str | bool]:
    """How this browser wants its pages."""
    return {
        "theme": _choice(request, b"theme", ("auto", "light", "dark"), "auto"),
        "less": cookies.cookie_in(request.scope, b"less") == "1",
        "awake": cookies.cookie_in(request.scope, b"awake") == "1",
    }


def _choice(request: Request, name: bytes, offered: tuple[str, ...], default: str) -> str:
    chosen = cookies.cookie_in(request.scope, name)
    return chosen if chosen in offered else default


def _said(request: Request, node: Node, language: str) -> tuple[dict[str, str | int] | None, bool]:
    """({"kind": "ok" or "no", "key", "words", "session"}, whether the cookie must go). The session is where to go."""
    raw = cookies.cookie_in(request.scope, b"said")
    if not raw:
        return None, False
    try:
        told = msgspec.json.decode(unquote(raw)[:2000], type=dict[str, Any])
        params = {str(k): v if isinstance(v, int) else str(v)[:200] for k, v in dict(told.get("params", {})).items()}
        if "ok" in told:
            words = node.renderer.notice(language, told["ok"])
            return {"kind": "ok", "key": told["ok"], "words": words}, True
        words = node.renderer.refusal(language, told["no"], params)
        return {"kind": "no", "key": told["no"], "words": words, "session": params.get("session", 0)}, True
    except (msgspec.DecodeError, KeyError, ValueError, TypeError):
        return None, True
