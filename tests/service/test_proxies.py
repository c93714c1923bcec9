"""The configurations of nginx and Caddy in docs/deploy, run: what passes, what is cut, and who is believed."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import select
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from live.badges import Badges
from live.settings import load
from tests.faults.test_kill import Place
from tests.service.proxies import DEPLOY, NAME, Client, Proxy, caddy, nginx, program, served

pytestmark = pytest.mark.service

FORGED = {
    "x_forwarded_for": "203.0.113.7", "x_forwarded_host": "evil.example", "x_forwarded_proto": "http",
    "x_forwarded_port": "1", "x_forwarded_server": "evil.example", "x_real_ip": "203.0.113.7",
    "forwarded": "for=203.0.113.7;host=evil.example;proto=http",
}  # fmt: skip
IDLE = 65.0
"""Longer than the 60 s after which proxies cut a line by themselves."""
SLOW = 60
CUT = 10.0
"""Seconds after which both configurations cut a request whose headers are not there."""


@pytest.fixture(scope="module")
def behind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Place, Client]]:
    """A Hallside that is set as docs/deploy.md says."""
    place, client = served(tmp_path_factory.mktemp("behind") / "data", proxies="127.0.0.1", hosts=NAME)
    yield place, client
    place.stop()


@pytest.fixture(scope="module", params=["nginx", "caddy"])
def proxy(
    request: pytest.FixtureRequest, behind: tuple[Place, Client], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Proxy]:
    needed(request.param)
    make = {"nginx": nginx, "caddy": caddy}[request.param]
    made = make(tmp_path_factory.mktemp(request.param) / "proxy", behind[1].port)
    yield made
    made.stop()


def needed(*names: str) -> None:
    for name in (*names, "openssl"):
        if program(name) is None:
            pytest.skip(f"{name} is not installed; on Debian: apt-get install {name.replace('nginx', 'nginx-light')}")


async def line(client: Client, token: str) -> ClientConnection:
    """A phone's line through a proxy, which has been greeted."""
    opened = await connect(
        f"wss://{client.host}/socket", host="127.0.0.1", port=client.port, ssl=client.tls, server_hostname=NAME,
        origin=f"https://{client.host}", additional_headers={"Cookie": f"__Host-hallside={token}"},  # type: ignore[arg-type]
        compression=None, proxy=None, ping_interval=None,
    )  # fmt: skip
    await opened.send('{"do":"hello","view":"phone"}')
    async with asyncio.timeout(20):
        while "hello" not in json.loads(await opened.recv()):
            pass
    return opened


# --- who is believed


def test_what_a_client_forges_does_not_reach_us_as_truth(proxy: Proxy) -> None:
    told = proxy.client.ask("/told", source="127.0.0.2", **FORGED).told()

    headers = dict(told["headers"])
    assert (told["client"], told["scheme"], headers["host"]) == ("127.0.0.2", "https", proxy.client.host)
    assert [name for name in headers if name.startswith(("x-forwarded", "forwarded"))] == []


def test_the_same_headers_are_believed_where_everybody_is_trusted(tmp_path: Path) -> None:
    """The control: no proxy, and a Hallside that is set to believe everyone who can reach it."""
    place, client = served(tmp_path / "data", proxies="127.0.0.0/8")
    try:
        told = client.ask("/told", **FORGED).told()
        said = guesses(client, "127.0.0.1", 400)
    finally:
        place.stop()

    assert (told["client"], told["scheme"]) == ("203.0.113.7", "http")
    assert dict(told["headers"])["host"] == "evil.example"
    assert set(said) == {"no_such_badge"}, "whoever forges another address for each guess has no limit"


def test_our_own_guard_believes_nobody_who_is_not_named(behind: tuple[Place, Client]) -> None:
    told = behind[1].ask("/told", source="127.0.0.3", **FORGED).told()

    assert (told["client"], told["scheme"], dict(told["headers"])["host"]) == ("127.0.0.3", "http", NAME)


def guesses(client: Client, source: str, most: int) -> list[str]:
    """What somebody is told who tries codes, each time with another address in a header, until it is enough."""
    said: list[str] = []
    connection = client.keep(source)
    while len(said) < most and "too_many_tries" not in said:
        answer = client.ask(
            "/badge", "POST", b"code=AAAAAAAAAA", over=connection, accept="application/json",
            x_forwarded_for=f"198.51.{len(said) // 250}.{len(said) % 250}",
            content_type="application/x-www-form-urlencoded", origin=f"http{'s' * bool(client.trusted)}://{client.host}",
        )  # fmt: skip
        said.append(str(answer.told()["no"]))
    connection.close()
    return said


def test_the_limit_of_wrong_codes_counts_the_real_address(proxy: Proxy) -> None:
    own = {"nginx": "127.0.0.10", "caddy": "127.0.0.11"}[proxy.name]

    said = guesses(proxy.client, own, 2000)

    assert len(said) > 300
    assert said[-1] == "too_many_tries"
    assert guesses(proxy.client, "127.0.0.12", 1) == ["no_such_badge"]


def test_a_name_that_is_not_ours_gets_nothing_of_us(proxy: Proxy) -> None:
    answer = proxy.client.ask("/told", host="evil.example")

    assert b"client" not in answer.body


def test_plain_http_is_sent_to_https(proxy: Proxy) -> None:
    answer = Client(proxy.plain, host=NAME).ask("/agenda?day=1")

    assert answer.status in (301, 308)
    assert re.fullmatch(rf"https://{NAME}(:\d+)?/agenda\?day=1", answer.headers["location"])


# --- what passes


def on_disk(folder: Path, backend: int, **changed: str) -> set[str]:
    """What nginx put on its disk, in its own words, after long requests and a long answer to a slow reader."""
    made = nginx(folder, backend, **changed)
    try:
        for path, size in (("/badge", 60_000), ("/office/import", 300_000)):
            made.client.ask(path, "POST", b"x" * size, origin=f"https://{made.client.host}")
        with socket.socket() as plain:
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            plain.connect(("127.0.0.1", made.client.port))
            with made.client.tls.wrap_socket(plain, server_hostname=NAME) as raw:
                raw.sendall(f"GET /long HTTP/1.1\r\nHost: {made.client.host}\r\nConnection: close\r\n\r\n".encode())
                head = raw.recv(1000)
                assert head.startswith(b"HTTP/1.1 200")
                time.sleep(1)
                left = 0
                while part := raw.recv(1 << 16):
                    left += len(part)
                assert left > 8_000_000
    finally:
        made.stop()
    return set(
        re.findall(
            '(client request body|upstream response) is buffered to a temporary file .* request: "[A-Z]+ (/[a-z/]*)',
            (folder / "error.log").read_text(),
        )
    )


def test_nothing_that_passes_lies_on_the_disk_of_nginx(behind: tuple[Place, Client], tmp_path: Path) -> None:
    needed("nginx")
    lines = ("client_body_buffer_size 64k;", "proxy_max_temp_file_size 0;", "proxy_request_buffering off;")

    without = on_disk(tmp_path / "control", behind[1].port, **dict.fromkeys(lines, ""))
    shipped = on_disk(tmp_path / "shipped", behind[1].port)

    body, answer = "client request body", "upstream response"
    assert without == {(body, "/badge"), (body, "/office/import"), (answer, "/long")}
    assert shipped == set()


def test_who_signs_in_gets_a_cookie_that_https_protects(proxy: Proxy, behind: tuple[Place, Client]) -> None:
    place, direct = behind
    link = Badges.open(place.folder).link_secret({"nginx": 2, "caddy": 3}[proxy.name], 1)
    form = f"link={link}".encode()
    headers = {"content_type": "application/x-www-form-urlencoded", "accept": "application/json"}

    answer = proxy.client.ask("/badge", "POST", form, origin=f"https://{proxy.client.host}", **headers)
    other = direct.ask("/badge", "POST", form, origin=f"http://{NAME}", **headers)

    assert answer.told()["ok"] == "signed_in"
    assert re.match(r"__Host-hallside=\S+; .*HttpOnly; SameSite=Lax; Secure$", answer.headers["set-cookie"])
    assert "wss://" + proxy.client.host in answer.headers["content-security-policy"]
    # The control: the same over plain http.
    assert other.headers["set-cookie"].startswith("hallside=")
    assert "Secure" not in other.headers["set-cookie"]


def test_a_post_from_another_site_is_refused_behind_a_proxy_too(proxy: Proxy) -> None:
    for origin in ("https://evil.example", f"http://{proxy.client.host}"):
        assert proxy.client.ask("/badge", "POST", b"code=A", origin=origin).status == 403


def test_measures_do_not_leave_the_machine(proxy: Proxy, behind: tuple[Place, Client]) -> None:
    paths = (
        "/metrics",
        "/metrics/",
        "//metrics",
        "/%6detrics",
        "/./metrics",
        "/a/../metrics",
        "/metrics?x=1",
        "/METRICS",
    )

    found = {path: proxy.client.ask(path) for path in paths}

    assert {path: answer.status for path, answer in found.items() if b"hallside_" in answer.body} == {}
    assert found["/metrics"].status == 404
    assert behind[1].ask("/metrics").body.count(b"hallside_") > 5


def test_what_is_too_long_is_refused_by_us_and_what_is_far_too_long_by_the_proxy(proxy: Proxy) -> None:
    origin = {"origin": f"https://{proxy.client.host}", "content_type": "application/x-www-form-urlencoded"}

    ours = proxy.client.ask("/badge", "POST", b"code=" + b"A" * 70_000, **origin)
    began = time.monotonic()
    with proxy.client.line() as raw:
        head = f"POST /badge HTTP/1.1\r\nHost: {proxy.client.host}\r\nOrigin: https://{proxy.client.host}\r\n"
        raw.sendall(f"{head}Content-Length: 25000000\r\n\r\n".encode())
        try:
            for _ in range(400):
                raw.sendall(b"A" * 65_536)
        except OSError:
            pass  # hung up on
        raw.settimeout(20)
        try:
            theirs = raw.recv(100)
        except OSError:
            theirs = b""

    assert ours.status == 413
    assert theirs[:12] in (b"HTTP/1.1 413", b"")
    assert time.monotonic() - began < 20


# --- what is slow, and what is idle


def trickle(lines: list[socket.socket], seconds: float) -> float:
    """Send a byte of a header now and then over each, until the other side has cut them all; how long that took."""
    began, left = time.monotonic(), list(lines)
    while left and time.monotonic() - began < seconds:
        for each in list(left):
            try:
                each.sendall(b"x")
                if select.select([each], [], [], 0)[0] and not each.recv(4096):
                    left.remove(each)
            except OSError:
                left.remove(each)
        time.sleep(0.5)
    return time.monotonic() - began if not left else seconds


@pytest.mark.anyio
async def test_slow_headers_are_cut_while_others_are_served(proxy: Proxy) -> None:
    opened = [proxy.client.line() for _ in range(SLOW)]
    for each in opened:
        each.sendall(f"GET / HTTP/1.1\r\nHost: {proxy.client.host}\r\nX-Slow: ".encode())
    cutting = asyncio.create_task(asyncio.to_thread(trickle, opened, 3 * CUT))
    served_meanwhile = 0
    try:
        while not cutting.done():
            answer = await asyncio.to_thread(proxy.client.ask, "/readyz")
            served_meanwhile += answer.status == 200
            await asyncio.sleep(0.2)
    finally:
        for each in opened:
            each.close()

    assert await cutting < 2 * CUT
    assert served_meanwhile > 10


@pytest.mark.anyio
async def test_a_line_is_open_after_a_minute_in_which_its_phone_said_nothing(
    behind: tuple[Place, Client], tmp_path: Path
) -> None:
    """Through both proxies at once. The controls: an nginx that cuts what is silent, and one that upgrades nothing."""
    place, direct = behind
    needed("nginx", "caddy")
    proxies = [
        nginx(tmp_path / "nginx", direct.port),
        caddy(tmp_path / "caddy", direct.port),
        nginx(tmp_path / "cuts", direct.port, **{"proxy_read_timeout 120s;": "proxy_read_timeout 5s;"}),
        nginx(tmp_path / "plain", direct.port, **{"proxy_set_header Upgrade $http_upgrade;": ""}),
    ]
    try:
        lines = [await line(each.client, place.tokens[n]) for n, each in enumerate(proxies[:3])]
        with pytest.raises(InvalidStatus):
            await line(proxies[3].client, place.tokens[3])
        reading = [asyncio.create_task(until_beat(each)) for each in lines]
        await asyncio.sleep(IDLE)
        for each in lines:
            with contextlib.suppress(ConnectionClosed):
                await each.send('{"do":"beat"}')
        async with asyncio.timeout(20):
            heard = await asyncio.gather(*reading)
        for each in lines:
            await each.close()
    finally:
        for each_proxy in proxies:
            each_proxy.stop()

    assert heard == [True, True, False]


async def until_beat(opened: ClientConnection) -> bool:
    """Whether the answer to a sign of life came before the line ended."""
    try:
        while "beat" not in json.loads(await opened.recv()):
            pass
    except ConnectionClosed:
        return False
    return True


# --- the service


def test_the_service_is_understood_by_systemd(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")
    unit = (DEPLOY / "hallside.service").read_text()
    (tmp_path / "hallside.service").write_text(unit.replace("/opt/hallside/.venv/bin/python", "/bin/true"))

    done = subprocess.run(
        ["systemd-analyze", "verify", str(tmp_path / "hallside.service")], capture_output=True, text=True, check=False
    )

    assert done.stderr == ""
    assert done.returncode == 0


def test_the_settings_in_the_page_about_deploying_are_settings(tmp_path: Path) -> None:
    page = (DEPLOY.parent / "deploy.md").read_text()
    blocks = re.findall(r"```toml\n(.*?)```", page, re.S)

    for n, block in enumerate(blocks):
        (tmp_path / f"{n}.toml").write_text(block)
        assert load(tmp_path / f"{n}.toml", {}).data
    assert len(blocks) >= 2
