"""Every command by POST: forms without script, scripts without a socket. The same door, the same answers."""

from __future__ import annotations

import secrets

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from live import commands, cookies, pages
from live.languages import LANGUAGES
from live.node import Node
from models.ballots import my_ballot
from models.command import Badge, Command, Done
from models.logins import SetLanguage, SignOut
from models.refusals import Refused


async def do(request: Request) -> Response:
    """POST /do/NAME with form fields or JSON."""
    node = pages.node_of(request)
    badge = pages.badge_of(request)
    name = request.path_params["name"]
    back = pages.local(request.headers.get("referer", "").partition(pages.base_of(request))[2], "/")
    re = 0
    changing = False
    out: Done | Refused
    try:
        if request.headers.get("content-type", "").startswith("application/json"):
            command = commands.from_json(name, await request.body())
        else:
            form = await request.form()
            fields = [(key, value) for key, value in form.multi_items() if isinstance(value, str)]
            back = pages.local(form.get("next") if isinstance(form.get("next"), str) else None, back)  # type: ignore[arg-type]
            if name == "cast_vote" and badge is not None:
                fields, changing = _keys(node, badge, fields)
            command = commands.from_form(name, fields)
        re = getattr(command, "id", 0)
        if badge is None:
            return _without_badge(request, command, back)
        if not node.messages.of(badge.key).take(node.clock()):
            raise Refused("too_fast")
        out = await node.ask(badge, command)
        facts = out.facts
        if "person" in facts and back.endswith("person=new"):
            back = f"{back.removesuffix('new')}{facts['person']}"
        if name == "write_poll" and "poll" in facts and back.endswith("/new"):
            back = f"{back.removesuffix('/poll/new')}#poll-{facts['poll']}"
    except Refused as refused:
        out = refused
        if changing and refused.key == "poll_closed":
            out = Refused("change_closed")
    except Exception:  # noqa: BLE001 - a bug: logged where it happened, answered with one apology
        out = Refused("our_mistake")
    response = pages.answer(request, badge, out, back=back, re=re)
    if isinstance(out, Done) and badge is not None:
        if isinstance(command, SignOut) and not command.others:
            response.headers.append("set-cookie", cookies.set_token(request.scope, ""))
        if isinstance(command, SetLanguage):
            response.set_cookie("lang", command.language, max_age=cookies.YEAR, samesite="lax", path="/")
    return response


def _without_badge(request: Request, command: Command, back: str) -> Response:
    """Before sign-in only the language can be chosen; everything else gets the one answer."""
    if isinstance(command, SetLanguage) and command.language in LANGUAGES:
        response = RedirectResponse(back, 303)
        response.set_cookie("lang", command.language, max_age=cookies.YEAR, samesite="lax", path="/")
        return response
    raise Refused("show_badge_first")


def _keys(node: Node, badge: Badge, fields: list[tuple[str, str]]) -> tuple[list[tuple[str, str]], bool]:
    """A form without script cannot make keys: they are made here, and a secret vote is then final.

    (Fields with keys, whether the register holds an earlier vote that such a form would change.)
    """
    told = dict(fields)
    if told.get("secret"):
        return fields, False
    mine = my_ballot(node.peek(), badge, pages.number(told.get("poll", "")))
    if mine.turn and mine.secret:
        raise Refused("secret_vote_final")
    rest = [(key, value) for key, value in fields if key not in ("secret", "intent", "turn")]
    made = [("secret", secrets.token_hex(16)), ("intent", secrets.token_hex(16)), ("turn", str(mine.turn + 1))]
    return rest + made, bool(mine.turn)


routes = [Route("/do/{name}", do, methods=["POST"])]
