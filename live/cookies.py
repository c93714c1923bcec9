"""The cookie that carries a badge's token: `__Host-` on https, plain on a LAN without it."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

NAME, SECURE_NAME = b"hallside", b"__Host-hallside"
YEAR = 30 * 24 * 3600


def token_in(scope: MutableMapping[str, Any]) -> str:
    """The token in a request's cookies, or "". Read by hand: it is on the path of every request."""
    wanted = SECURE_NAME if scope["scheme"] in ("https", "wss") else NAME
    return cookie_in(scope, wanted)


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
    secure = scope["scheme"] == "https"
    name = (SECURE_NAME if secure else NAME).decode()
    age = YEAR if token else 0
    return f"{name}={token}; Path=/; Max-Age={age}; HttpOnly; SameSite=Lax" + ("; Secure" if secure else "")
