"""What every request passes before the application and every answer after it. Pure ASGI, outermost.

Outermost, so that the page of an unforeseen error carries the same headers. Refusals are plain words in
English: no browser of a delegate meets one in normal use.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Collection, MutableMapping, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any, NamedTuple

from live import bodies
from live.bodies import Refusal

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Headers = Sequence[tuple[bytes, bytes]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
# It is written into the policy below: nothing but a host may pass.
_HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])(?::\d{1,5})?")

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
    "connect-src 'self' {scheme}://{host}; manifest-src 'self'; worker-src 'self'; frame-src 'self'; "
    "frame-ancestors 'self'; form-action 'self'; base-uri 'none'"
)
HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    # `no-referrer` would make a form's own POST arrive with `Origin: null`.
    (b"referrer-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(self), geolocation=(), microphone=(), payment=(), usb=()"),
    (b"cross-origin-opener-policy", b"same-origin"),
)
# For a request so wrong that its host cannot be trusted to stand in a policy.
BARE = ((b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"), *HEADERS)


class Known(NamedTuple):
    """The request headers that decide here, lower case, each at most once ("" when absent)."""

    host: str
    origin: str
    referer: str
    site: str
    length: str


class Guard:
    """Wraps *app*.

    *origins*: foreign origins that may post and connect (`https://stage.example`). *hosts*: names this server
    answers to, all when empty. *proxies*: addresses or networks whose `X-Forwarded-*` headers count. *room*: how many
    bytes the body of a request may have.
    """

    def __init__(
        self,
        app: App,
        *,
        origins: Collection[str] = (),
        hosts: Collection[str] = (),
        proxies: Collection[str] = (),
        body_seconds: float = bodies.SECONDS,
        room: Callable[[Scope], int] = lambda scope: bodies.LIMIT,
    ) -> None:
        self.app = app
        self._origins = frozenset(each.lower().rstrip("/") for each in origins)
        self._hosts = frozenset(each.lower() for each in hosts)
        self._proxies = [ip_network(each, strict=False) for each in proxies]
        self._body_seconds = body_seconds
        self._room = room
        self._headers: dict[tuple[str, str], list[tuple[bytes, bytes]]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        try:
            scope = behind_proxy(scope, self._proxies)
            known = self._check(scope)
        except Refusal as refusal:
            await _refuse(scope, receive, send, refusal, BARE)
            return
        if scope["type"] == "websocket":
            await self.app(scope, receive, send)
            return

        await self._pass_on(scope, known, receive, send)

    async def _pass_on(self, scope: Scope, known: Known, receive: Receive, send: Send) -> None:
        security = self._security(scope["scheme"], known.host)

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = list(message.get("headers", ()))
                own = {name for name, _ in headers}
                message["headers"] = headers + [each for each in security if each[0] not in own]
            await send(message)

        if scope["method"] not in _SAFE or known.length:
            try:
                limit = self._room(scope)
                bodies.check_length(known.length, limit)
                receive = await bodies.read_whole(receive, self._body_seconds, limit)
            except Refusal as refusal:
                await _refuse(scope, receive, answer, refusal)
                return
            except bodies.Gone:
                return
        await self.app(scope, receive, answer)

    def _check(self, scope: Scope) -> Known:
        known = read_headers(scope)
        if not _HOST.fullmatch(known.host):
            raise Refusal(400, "This request does not say which server it is for.")
        if self._hosts and known.host not in self._hosts and _name(known.host) not in self._hosts:
            raise Refusal(400, "This server has another name.")
        if scope["type"] == "websocket" or scope["method"] not in _SAFE:
            self._check_origin(scope, known)
        return known

    def _check_origin(self, scope: Scope, known: Known) -> None:
        if known.origin in self._origins:
            return
        if known.site and known.site != "same-origin":
            raise Refusal(403, "This request comes from another site.")
        if known.origin:
            if _same(known.origin, scope["scheme"], known.host):
                return
        elif scope["type"] == "http":
            # Some browsers leave Origin out of a form's own POST. A websocket always has one.
            if known.site == "same-origin":
                return
            page = "/".join(known.referer.split("/", 3)[:3])
            if not known.site and _same(page, scope["scheme"], known.host):
                return
        raise Refusal(403, "This request comes from another site.")

    def _security(self, scheme: str, host: str) -> list[tuple[bytes, bytes]]:
        key = (scheme, host)
        headers = self._headers.get(key)
        if headers is None:
            if len(self._headers) > 64:  # Without `hosts` the names come from outside.
                self._headers.clear()
            policy = POLICY.format(scheme="wss" if scheme == "https" else "ws", host=host)
            headers = [(b"content-security-policy", policy.encode()), *HEADERS]
            self._headers[key] = headers
        return headers


def read_headers(scope: Scope) -> Known:
    """The headers that decide. Raises Refusal when one that must be single comes twice."""
    found = {b"host": "", b"origin": "", b"referer": "", b"sec-fetch-site": "", b"content-length": ""}
    for name, value in scope["headers"]:
        # The websocket side keeps the case of the client.
        name = name.lower()
        if name in found:
            if found[name]:
                raise Refusal(400, "This request says the same thing twice.")
            found[name] = value.strip().decode("latin-1")
    return Known(
        host=found[b"host"].lower(),
        origin=found[b"origin"].lower(),
        referer=found[b"referer"].lower(),
        site=found[b"sec-fetch-site"].lower(),
        length=found[b"content-length"],
    )


def behind_proxy(scope: Scope, proxies: Collection[IPv4Network | IPv6Network]) -> Scope:
    """*scope* as a named proxy saw it: scheme, host, client. From others those headers are taken out.

    `proxied` in the scope says that there were any: the client may then be no more than a proxy that nobody named.
    """
    forwarded: dict[bytes, str] = {}
    for name, value in scope["headers"]:
        name = name.lower()
        if name.startswith((b"x-forwarded-", b"forwarded")):
            forwarded[name] = f"{forwarded.get(name, '')},{value.decode('latin-1')}"
    if not forwarded:
        return scope
    headers = [each for each in scope["headers"] if each[0].lower() not in forwarded]
    changed: dict[str, Any] = {"headers": headers, "proxied": True}
    client = scope.get("client")
    if _trusted(client[0] if client else "", proxies):
        secure = forwarded.get(b"x-forwarded-proto", "").split(",")[-1].strip() in ("https", "wss")
        if b"x-forwarded-proto" in forwarded:
            kind = "http" if scope["type"] == "http" else "ws"
            changed["scheme"] = kind + "s" * secure
        host = forwarded.get(b"x-forwarded-host", "").split(",")[-1].strip()
        if host:
            headers[:] = [each for each in headers if each[0].lower() != b"host"]
            headers.append((b"host", host.encode("latin-1")))
        # From the right: what stands left of the first address that is not ours was written by the client.
        for address in reversed(forwarded.get(b"x-forwarded-for", "").split(",")):
            if address.strip() and not _trusted(address.strip(), proxies):
                changed["client"] = (address.strip(), 0)
                break
    return {**scope, **changed}


def _trusted(address: str, proxies: Collection[IPv4Network | IPv6Network]) -> bool:
    if not proxies:
        return False
    try:
        found = ip_address(address)
    except ValueError:
        return False
    return any(found in network for network in proxies)


def _same(origin: str, scheme: str, host: str) -> bool:
    """Is *origin* this server? On https only https; on http either, since a proxy may not have told us."""
    its_scheme, _, its_host = origin.partition("://")
    allowed = ("https",) if scheme in ("https", "wss") else ("http", "https")
    return its_scheme in allowed and its_host == host


def _name(host: str) -> str:
    """*host* without its port."""
    return re.sub(r":\d+$", "", host)


async def _refuse(scope: Scope, receive: Receive, send: Send, refusal: Refusal, security: Headers = ()) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 1008, "reason": ""})  # Before accept: a 403.
        return
    body = refusal.words.encode()
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
        *security,
    ]
    if refusal.status == 408:
        # Not for the others: closing over a body that still arrives would reset the connection, words and all.
        headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": refusal.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
