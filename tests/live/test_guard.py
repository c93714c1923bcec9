"""What every request passes and every answer carries."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from live.guard import Guard
from live.server import running

pytestmark = pytest.mark.anyio

EVIL = "https://evil.example"


async def page(request: Request) -> Response:
    body = await request.body()
    client = request.client.host if request.client else ""
    return PlainTextResponse(f"{request.url.scheme} {request.headers['host']} {client} {len(body)}")


async def fault(request: Request) -> Response:
    raise ZeroDivisionError


async def echo(socket_: WebSocket) -> None:
    await socket_.accept()
    await socket_.close(4000)


def guarded(**settings: Any) -> Guard:
    routes = [
        Route("/", page, methods=["GET", "POST", "PUT"]),
        Route("/fault", fault),
        WebSocketRoute("/", echo),
    ]
    return Guard(Starlette(routes=routes), **settings)


def client(url: str) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(base_url=url, verify=False)  # reading all certificates takes longer than the test


async def spoken(url: str, request: str) -> str:
    """The whole answer to a *request* no client library would send."""
    host, port = url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(request.encode())
    answer = await asyncio.wait_for(reader.read(), 3)
    writer.close()
    await writer.wait_closed()
    return answer.decode()


# Headers


async def test_every_answer_carries_the_policy_of_the_contract() -> None:
    async with running(guarded()) as url, client(url) as browser:
        host = url.removeprefix("http://")
        for path in ("/", "/none"):
            headers = (await browser.get(path)).headers

            assert headers["content-security-policy"] == (
                "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
                f"connect-src 'self' ws://{host}; manifest-src 'self'; worker-src 'self'; frame-src 'self'; "
                "frame-ancestors 'self'; form-action 'self'; base-uri 'none'"
            )
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["referrer-policy"] == "same-origin"
            assert headers["cross-origin-opener-policy"] == "same-origin"
            assert "microphone=()" in headers["permissions-policy"]
            assert "server" not in headers


async def test_the_page_of_an_unforeseen_error_carries_them_too() -> None:
    async with running(guarded()) as url, client(url) as browser:
        response = await browser.get("/fault")

    assert response.status_code == 500
    assert "default-src 'none'" in response.headers["content-security-policy"]


@pytest.mark.parametrize(
    "host", ["evil; script-src *", "a b", "", "x" * 10 + "'unsafe-inline'", "a.example\u00a0", "-a", "a.example:999999"]
)
async def test_a_host_that_is_none_never_reaches_the_policy(host: str) -> None:
    async with running(guarded()) as url, client(url) as browser:
        response = await browser.get("/", headers={"host": host.encode("latin-1")})

    assert response.status_code == 400
    assert "script-src" not in response.headers.get("content-security-policy", "")


async def test_two_hosts_are_refused() -> None:
    async with running(guarded()) as url:
        answer = await spoken(url, "GET / HTTP/1.1\r\nHost: a.example\r\nHost: b.example\r\nConnection: close\r\n\r\n")

    assert answer.startswith("HTTP/1.1 400")


async def test_an_unknown_host_is_refused_when_the_hosts_are_named() -> None:
    async with running(guarded(hosts=["hall.example"])) as url, client(url) as browser:
        good = await browser.get("/", headers={"host": "Hall.Example:8000"})
        bad = await browser.get("/", headers={"host": "hall.example.evil"})

    assert good.status_code == 200
    assert (bad.status_code, bad.text) == (400, "This server has another name.")


# Where it comes from


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"origin": "http://HOST"}, 200),
        ({"origin": "http://HOST", "sec-fetch-site": "same-origin"}, 200),
        ({"origin": "https://HOST"}, 200),
        ({"sec-fetch-site": "same-origin"}, 200),
        ({"referer": "http://HOST/join?x=1"}, 200),
        ({"origin": "https://stage.example", "sec-fetch-site": "cross-site"}, 200),
        ({}, 403),
        ({"origin": EVIL}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "http://HOST.evil.example"}, 403),
        ({"origin": "http://evil.example/HOST"}, 403),
        ({"origin": "ftp://HOST"}, 403),
        ({"origin": "http://HOST", "sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "none"}, 403),
        ({"sec-fetch-site": "cross-site", "referer": "http://HOST/"}, 403),
        ({"referer": "http://HOST.evil.example/"}, 403),
        ({"referer": f"{EVIL}/http://HOST/"}, 403),
        ({"origin": EVIL, "referer": "http://HOST/"}, 403),
    ],
)
async def test_a_post_is_taken_from_our_own_pages_only(headers: dict[str, str], status: int) -> None:
    async with running(guarded(origins=["https://stage.example"])) as url, client(url) as browser:
        host = url.removeprefix("http://")
        sent = {name: value.replace("HOST", host) for name, value in headers.items()}
        post = await browser.post("/", headers=sent, content=b"vote")
        get = await browser.get("/", headers=sent)

    assert post.status_code == status
    assert get.status_code == 200


@pytest.mark.parametrize(
    ("origin", "status"),
    [("http://HOST", 101), ("https://stage.example", 101), (EVIL, 403), ("null", 403), (None, 403)],
)
async def test_a_socket_is_taken_from_our_own_pages_only(origin: str | None, status: int) -> None:
    async with running(guarded(origins=["https://stage.example"])) as url:
        host = url.removeprefix("http://")
        own = None if origin is None else origin.replace("HOST", host)
        try:
            async with connect(f"ws://{host}/", origin=own, proxy=None) as socket_:  # type: ignore[arg-type]
                await socket_.wait_closed()
                got = 101
        except InvalidStatus as refused:
            got = refused.response.status_code

    assert got == status


# Proxies


FORWARDED = {"x-forwarded-proto": "https", "x-forwarded-host": "hall.example", "x-forwarded-for": "6.6.6.6, 192.0.2.9"}


async def test_a_named_proxy_is_believed() -> None:
    async with running(guarded(proxies=["127.0.0.0/8"])) as url, client(url) as browser:
        response = await browser.post("/", headers=FORWARDED | {"origin": "https://hall.example"}, content=b"x")
        plain = await browser.post("/", headers=FORWARDED | {"origin": "http://hall.example"}, content=b"x")

    assert response.text == "https hall.example 192.0.2.9 1"
    assert "wss://hall.example" in response.headers["content-security-policy"]
    assert plain.status_code == 403


async def test_anybody_else_is_not() -> None:
    async with running(guarded(proxies=["10.0.0.1"])) as url, client(url) as browser:
        response = await browser.get("/", headers=FORWARDED)

    assert response.text == f"http {url.removeprefix('http://')} 127.0.0.1 0"


# How long


async def test_a_body_up_to_the_limit_arrives_and_one_byte_more_is_refused_in_words() -> None:
    async with running(guarded()) as url, client(url) as browser:
        own = {"origin": url}
        good = await browser.post("/", headers=own, content=b"x" * 65536)
        bad = await browser.post("/", headers=own, content=b"x" * 65537)

    assert good.text.endswith(" 65536")
    assert (bad.status_code, bad.text) == (413, "This is too long: at most 64 KiB.")
    assert "content-security-policy" in bad.headers


async def test_a_body_that_does_not_say_how_long_it_is_is_counted() -> None:
    async def chunks(count: int) -> Any:
        for _ in range(count):
            yield b"x" * 1000

    async with running(guarded()) as url, client(url) as browser:
        own = {"origin": url}
        good = await browser.post("/", headers=own, content=chunks(60))
        bad = await browser.post("/", headers=own, content=chunks(80))

    assert good.text.endswith(" 60000")
    assert bad.status_code == 413


@pytest.mark.fault
async def test_a_body_that_does_not_come_is_waited_for_only_so_long() -> None:
    async with running(guarded(body_seconds=0.2)) as url:
        answer = await spoken(
            url, f"POST / HTTP/1.1\r\nHost: {url[7:]}\r\nOrigin: {url}\r\nContent-Length: 9\r\n\r\nvote"
        )

    assert answer.startswith("HTTP/1.1 408")
    assert answer.endswith("The request took too long to arrive.")


async def test_a_client_that_leaves_in_the_middle_is_no_error(capfd: pytest.CaptureFixture[str]) -> None:
    async with running(guarded()) as url:
        host, port = url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port))) as gone:
            gone.sendall(
                f"POST / HTTP/1.1\r\nHost: {host}:{port}\r\nOrigin: {url}\r\nContent-Length: 9\r\n\r\nvo".encode()
            )
        await asyncio.sleep(0.1)

    assert capfd.readouterr().err == ""
