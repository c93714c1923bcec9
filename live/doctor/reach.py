"""How phones reach it: port, addresses, proxy, certificate."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator, Sequence
from dataclasses import replace
from email.utils import parsedate_to_datetime
from http.client import HTTPConnection, HTTPException
from ipaddress import ip_address, ip_network
from urllib.parse import urlsplit

from live import machine, welcome
from live.doctor.finding import GOOD, LOOK, WRONG, Finding
from live.lock import served, served_at
from live.settings import Settings

DAY = 86_400.0
PATIENCE = 5.0
HERE = ("127.0.0.1", "::1", "localhost")


def as_served(settings: Settings) -> Settings:
    """The host, port and address that the server of this folder was started with, if one runs: it says them itself."""
    told = served(settings.lock)
    if told is None or not told.port:
        return settings
    settings = replace(settings, host=told.host, port=told.port)
    alone = welcome.base(replace(settings, address=""))
    return settings if settings.address or told.address == alone else replace(settings, address=told.address)


def port(settings: Settings) -> Iterator[Finding]:
    ours = served_at(settings.lock)
    if ours:
        status = _ready(settings)
        if status == 200:
            yield Finding("port", GOOD, f"Hallside serves this folder at {ours} and is ready.")
        else:
            why = f"says {status}" if status else "does not answer"
            yield Finding(
                "port", WRONG, f"Hallside serves this folder, but port {settings.port} {why}.",
                "Look at its log.",
            )  # fmt: skip
        return
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            yield Finding(
                "port", WRONG, f"Port {settings.port} cannot be had: {error.strerror}.",
                "Another program has it, or it is kept for the system. Stop that one, or choose another port.",
            )  # fmt: skip
        else:
            yield Finding("port", GOOD, f"Port {settings.port} is free.")


def _ready(settings: Settings) -> int:
    """The status of our own /readyz; 0 where nobody answers."""
    host = "127.0.0.1" if settings.host in ("0.0.0.0", "::", "") else settings.host
    name = next((each for each in settings.hosts), host)
    line = HTTPConnection(host, settings.port, timeout=PATIENCE)
    try:
        line.request("GET", "/readyz", headers={"Host": name})
        return line.getresponse().status
    except (OSError, HTTPException):
        return 0
    finally:
        line.close()


def addresses(settings: Settings) -> Iterator[Finding]:
    found = machine.addresses()
    if settings.host in HERE:
        if settings.address and settings.proxies:
            yield Finding("network", GOOD, "Listens to this machine only: the proxy brings the phones.")
        else:
            yield Finding(
                "network", LOOK, "It listens to this machine only: no phone comes in without a proxy.",
                "host = \"0.0.0.0\", or a proxy as docs/deploy.md says.",
            )  # fmt: skip
    elif found:
        yield Finding("network", GOOD, f"Phones in the same network reach {', '.join(found)}.")
    else:
        yield Finding("network", LOOK, "This machine is in no network.", "Join it to the network of the phones.")
    yield _public(settings, found)


def _public(settings: Settings, found: Sequence[str]) -> Finding:
    told = urlsplit(settings.address)
    host = told.hostname or ""
    if not host:
        now = (
            f"{welcome.base(settings)}, which leads to this machine only"
            if settings.host in HERE
            else ("what this machine has at the moment")
        )
        return Finding(
            "address", LOOK, f"No public address is set: links begin with {now}.",
            "Set address before badges are printed; it stands on every one of them.",
        )  # fmt: skip
    if settings.hosts and host not in settings.hosts:
        return Finding(
            "address", WRONG, f"Badges lead to {host}, to which it does not answer.", f'Add "{host}" to hosts.'
        )
    try:
        number = ip_address(host)
    except ValueError:
        number = None
    if host == "localhost" or (number and number.is_loopback):
        return Finding("address", WRONG, f"{settings.address} leads to this machine only.", "Set what phones reach.")
    if host.endswith(".local"):
        return Finding(
            "address", LOOK, f"{host}: many Android phones and guarded networks do not find names in .local.",
            "Use a name in a DNS server, or the bare address. See docs/deploy.md.",
        )  # fmt: skip
    if number and str(number) not in found:
        return Finding(
            "address", LOOK, f"{settings.address} is not an address of this machine.", "Right only behind a router."
        )
    return Finding("address", GOOD, f"{settings.address}.")


def proxy(settings: Settings) -> Iterator[Finding]:
    if any(ip_network(each, strict=False).prefixlen == 0 for each in settings.proxies):
        yield Finding(
            "proxy", WRONG, "Everybody is believed who says where they come from.",
            "Name in proxies only the address of the proxy, such as 127.0.0.1.",
        )  # fmt: skip
    elif settings.address.startswith("https://") and not settings.proxies:
        yield Finding(
            "proxy", WRONG, "The address is https, and no proxy is named: all phones count as one, cookies lack their "
            "protection.", 'proxies = ["127.0.0.1"] where the proxy runs on this machine.',
        )  # fmt: skip
    elif settings.proxies and settings.host in ("0.0.0.0", "::", ""):
        yield Finding("proxy", LOOK, f"Port {settings.port} can be reached past the proxy.", 'host = "127.0.0.1"')
    else:
        yield Finding("proxy", GOOD, ", ".join(settings.proxies) or "None named, none needed.")
    if settings.proxies and not settings.hosts:
        yield Finding(
            "hosts", LOOK, "It answers to every name.", "hosts = [...] with the one name of the public address."
        )


def certificate(settings: Settings, now: float) -> Iterator[Finding]:
    told = urlsplit(settings.address)
    if told.scheme != "https" or not told.hostname:
        return
    about = "certificate"
    try:
        with (
            socket.create_connection((told.hostname, told.port or 443), PATIENCE) as plain,
            ssl.create_default_context().wrap_socket(plain, server_hostname=told.hostname) as line,
        ):
            certificate = line.getpeercert() or {}
    except ssl.SSLCertVerificationError as error:
        yield Finding(
            about, WRONG, f"Phones will not accept it: {error.verify_message}.",
            "Its name must be that of the address, its chain whole, its issuer known to phones. See docs/deploy.md.",
        )  # fmt: skip
        return
    except OSError as error:
        why = error.strerror or error
        yield Finding(about, LOOK, f"{settings.address} cannot be reached from here: {why}.", "Try it with a phone.")
        return
    days = (parsedate_to_datetime(str(certificate["notAfter"])).timestamp() - now) / DAY
    state = WRONG if days < 2 else LOOK if days < 14 else GOOD
    do = "" if state == GOOD else "Renew it before the conference, and have the proxy load it."
    yield Finding(about, state, f"Good for {told.hostname}, and for {days:.0f} days.", do)
