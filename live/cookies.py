"""The cookie that carries a badge's token: `__Host-` on https, plain on a LAN without it.

A hall screen has one of its own, for all paths under `/screen`: the laptop at the projector is often the desk, too.
So has a hall's tablet, under `/tablet`.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

NAME = b"hallside"
PLACES = ("screen", "tablet")
"""Views that sign in by a link of their own: each has a cookie under its path."""
YEAR = 30 * 24 * 3600


def token_in(scope: MutableMapping[str, Any]) -> str:
    """The token in a request's cookies, or "". Read by hand: it is on the path of every request."""
    return cookie_in(scope, _name(scope))


def cookie_in(scope: MutableMapping[str, Any], wanted: bytes) -> str:
    """One cookie's value, or ""."""
    for name, value in scope["headers"]:
        if name == b"cookie":
            for pair in value.split(b";"):
                key, _, content = pair.strip().partition(b"=")
                if key == wanted:
                    return str(content, "latin-1")
    return ""


def set_token(scope: MutableMapping[str, Any], token: str, place: str = "") -> str:
    """The Set-Cookie header that keeps a token for thirty days, or ends it when empty; of a place, if named."""
    name = named(scope, place) if place else _name(scope)
    return kept(scope, name, token, YEAR if token else 0)


def kept(scope: MutableMapping[str, Any], name: bytes, value: str, age: int) -> str:
    """A Set-Cookie header that no script can read. *age* in seconds; 0 ends it."""
    secure = "; Secure" if scope["scheme"] == "https" else ""
    return f"{name.decode()}={value}; Path=/; Max-Age={age}; HttpOnly; SameSite=Lax{secure}"


def _name(scope: MutableMapping[str, Any]) -> bytes:
    first = scope["path"][1:].partition("/")[0]
    return named(scope, first if first in PLACES else "")


def named(scope: MutableMapping[str, Any], place: str) -> bytes:
    """The name of a place's cookie: `hallside_screen`, on https with the prefix that binds it to this host."""
    name = NAME + b"_" + place.encode() if place else NAME
    return b"__Host-" + name if scope["scheme"] in ("https", "wss") else name
