"""nginx and Caddy as we ship them, before a Hallside of its own, and a client that may forge anything."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import socket
import ssl
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.faults.test_kill import ROOT, Place

NAME = "conference.example"
DEPLOY = ROOT / "docs" / "deploy"
TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
PLACES = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"))


def program(name: str) -> str | None:
    return shutil.which(name, path=PLACES)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for NAME that only these tests trust, and its key."""
    made, key = folder / "fullchain.pem", folder / "privkey.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", f"/CN={NAME}", "-addext", f"subjectAltName=DNS:{NAME}", "-keyout", str(key), "-out", str(made)],
        check=True, capture_output=True,
    )  # fmt: skip
    return made, key


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    def told(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found


@dataclass
class Client:
    """Asks one address. `trusted` is the certificate of a proxy; without one it speaks plain http."""

    port: int
    trusted: Path | None = None
    host: str = ""

    def __post_init__(self) -> None:
        self.host = self.host or f"{NAME}:{self.port}"

    @property
    def tls(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.trusted))

    def line(self, source: str = "127.0.0.1") -> socket.socket:
        plain = socket.create_connection(("127.0.0.1", self.port), 20, source_address=(source, 0))
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return self.tls.wrap_socket(plain, server_hostname=NAME) if self.trusted else plain

    def keep(self, source: str = "127.0.0.1") -> http.client.HTTPConnection:
        """A connection for many requests."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        connection.sock = self.line(source)
        return connection

    def ask(
        self, path: str, method: str = "GET", body: bytes | None = None, *, source: str = "127.0.0.1",
        over: http.client.HTTPConnection | None = None, **headers: str,
    ) -> Answer:  # fmt: skip
        """One request; a header's underscores are dashes. `host` may be another than the right one."""
        told = {name.replace("_", "-"): value for name, value in headers.items()}
        connection = over or self.keep(source)
        try:
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            for name, value in ({"host": self.host} | told).items():
                connection.putheader(name, value)
            if body is not None:
                connection.putheader("content-length", str(len(body)))
            connection.endheaders(body)
            answer = connection.getresponse()
            return Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
        finally:
            if over is None:
                connection.close()


@dataclass
class Proxy:
    """A running proxy."""

    name: str
    process: subprocess.Popen[bytes]
    client: Client
    plain: int

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(20)


def nginx(folder: Path, backend: int, **changed: str) -> Proxy:
    """The shipped configuration on ports of its own. *changed*: text to text, as `proxy_read_timeout="..."`."""
    folder.mkdir(exist_ok=True)
    made, key = certificate(folder)
    plain, port = free_port(), free_port()
    written = (DEPLOY / "nginx.conf").read_text()
    for old, new in {
        "user www-data;": "user root;" if os.geteuid() == 0 else "",
        "pid /run/nginx.pid;": f"pid {folder}/pid; daemon off;",
        "error_log /var/log/nginx/error.log crit;": f"error_log {folder}/error.log warn;",
        "    listen [::]:80 default_server;\n": "",
        "    listen [::]:443 ssl default_server;\n": "",
        "    listen [::]:443 ssl;\n": "",
        "listen 80 ": f"listen 127.0.0.1:{plain} ",
        "listen 443 ": f"listen 127.0.0.1:{port} ",
        "/etc/ssl/conference/fullchain.pem": str(made),
        "/etc/ssl/conference/privkey.pem": str(key),
        "127.0.0.1:8000": f"127.0.0.1:{backend}",
        "    access_log off;": "    access_log off;"
        + "".join(f" {kind}_temp_path {folder}/{kind};" for kind in TEMPORARY),
        **changed,
    }.items():  # fmt: skip
        assert old in written, f"the shipped nginx.conf no longer has {old!r}"
        written = written.replace(old, new)
    (folder / "nginx.conf").write_text(written)
    command = [
        str(program("nginx")),
        "-p",
        str(folder),
        "-c",
        str(folder / "nginx.conf"),
        "-e",
        str(folder / "error.log"),
    ]
    return started("nginx", command, Client(port, made), plain, folder)


def caddy(folder: Path, backend: int) -> Proxy:
    """The shipped configuration on ports of its own."""
    folder.mkdir(exist_ok=True)
    made, key = certificate(folder)
    plain, port = free_port(), free_port()
    written = (DEPLOY / "Caddyfile").read_text()
    for old, new in {
        "\tadmin off\n": f"\tadmin off\n\thttp_port {plain}\n\thttps_port {port}\n\tdefault_bind 127.0.0.1\n"
        "\tskip_install_trust\n",
        "# tls /etc/ssl/conference/fullchain.pem /etc/ssl/conference/privkey.pem": f"tls {made} {key}",
        "127.0.0.1:8000": f"127.0.0.1:{backend}",
    }.items():
        assert old in written, f"the shipped Caddyfile no longer has {old!r}"
        written = written.replace(old, new)
    (folder / "Caddyfile").write_text(written)
    command = [str(program("caddy")), "run", "--config", str(folder / "Caddyfile"), "--adapter", "caddyfile"]
    return started("caddy", command, Client(port, made), plain, folder)


def started(name: str, command: list[str], client: Client, plain: int, folder: Path) -> Proxy:
    with (folder / "said").open("wb") as said:
        process = subprocess.Popen(
            command, stdout=said, stderr=said,
            env={**os.environ, "HOME": str(folder), "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)},
        )  # fmt: skip
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        assert process.poll() is None, (folder / "said").read_text()
        try:
            if client.ask("/readyz").status == 200:
                return Proxy(name, process, client, plain)
        except OSError:
            pass
        time.sleep(0.1)
    process.kill()
    raise AssertionError((folder / "said").read_text())


def served(folder: Path, **settings: str) -> tuple[Place, Client]:
    """A Hallside with these settings, and a client that asks it directly."""
    folder.mkdir(exist_ok=True)
    place = Place(folder, "tests.service.behind:create")
    place.found()
    before = {name: os.environ.get(name) for name in (f"HALLSIDE_{each.upper()}" for each in settings)}
    os.environ.update({f"HALLSIDE_{name.upper()}": value for name, value in settings.items()})
    try:
        place.start()
    finally:
        for name, value in before.items():
            os.environ.pop(name)
            if value is not None:
                os.environ[name] = value
    client = Client(int(place.url.rpartition(":")[2]), host=NAME)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            if client.ask("/readyz").status == 200:
                return place, client
        except OSError:
            pass
        time.sleep(0.1)
    raise AssertionError((folder / "log").read_text())
