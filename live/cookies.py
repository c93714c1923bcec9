"""The cookie that carries a badge's token: `__Host-` on https, plain on a LAN without it.

A hall screen has one of its own, for all paths under `/screen`: the laptop at the projector is often the desk, too.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

NAME, SCREEN_NAME = b"hallside", b"hallside_screen"
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


def set_token(scope: MutableMapping[str, Any], token: str) -> str:
    """The Set-Cookie header that keeps a token for thirty days, or ends it when empty."""
    age = YEAR if token else 0
    secure = "; Secure" if scope["scheme"] == "https" else ""
    return f"{_name(scope).decode()}={token}; Path=/; Max-Age={age}; HttpOnly; SameSite=Lax{secure}"


def _name(scope: MutableMapping[str, Any]) -> bytes:
    path = scope["path"]
    name = SCREEN_NAME if path == "/screen" or path.startswith("/screen/") else NAME
    return b"__Host-" + name if scope["scheme"] in ("https", "wss") else name
