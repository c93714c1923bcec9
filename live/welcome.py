"""What is printed for whoever starts the platform: addresses, links, codes, and a QR code for a phone."""

from __future__ import annotations

import io
import socket
import sqlite3
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

import segno

from live.badges import Badges, grouped
from live.settings import HOME, Settings

_PEOPLE = """
SELECT id, issue, number, trim(given_name || ' ' || family_name), role FROM person p WHERE NOT revoked
"""
_ONE_OF_EACH = """
SELECT q.id, issue, number, name, role,
 coalesce(h.names ->> '$.en', (SELECT value FROM json_each(h.names) LIMIT 1)) FROM (
 SELECT *, row_number() OVER (PARTITION BY role ORDER BY hall IS NULL, hall, number) AS place FROM (
  SELECT id, issue, number, trim(given_name || ' ' || family_name) AS name, role, (
   SELECT min(s.hall_id) FROM sessionstaff m JOIN session s ON s.id = m.session_id
    WHERE m.person_id = p.id AND s.state = 'on'
  ) AS hall FROM person p WHERE NOT revoked)
) q LEFT JOIN hall h ON h.id = q.hall WHERE place = 1
 ORDER BY role != 'participant', role != 'moderator', role != 'organiser', role
"""
_SCREENS = """
SELECT s.id, s.issue, coalesce(h.names ->> '$.en', (SELECT value FROM json_each(h.names) LIMIT 1)), s.name
 FROM screen s JOIN hall h ON h.id = s.hall_id
 WHERE NOT s.revoked AND s.kind = ? ORDER BY h.id, s.id
"""


_ALL = ("0.0.0.0", "::", "")
"""Hosts that mean all addresses of this machine."""

Row = tuple[int, int, str, str, str]


@dataclass(frozen=True, slots=True)
class Card:
    """One badge to hand out. It holds secrets: for the terminal or a file of whoever asked, never for a log."""

    person: int
    number: str
    name: str
    role: str
    code: str
    link: str


@dataclass(frozen=True, slots=True)
class ScreenCard:
    """The link of one hall screen, or of one tablet."""

    screen: int
    hall: str
    name: str
    link: str


def here(settings: Settings) -> str:
    """What opens it in a browser on this machine."""
    host = "localhost" if settings.host in (*_ALL, "127.0.0.1") else settings.host
    return f"http://{_bracketed(host)}:{settings.port}"


def base(settings: Settings) -> str:
    """What links begin with: the public address, else this machine's on its network."""
    if settings.address or settings.host not in _ALL:
        return settings.address or here(settings)
    return f"http://{_network_address() or 'localhost'}:{settings.port}"


def cards(raw: sqlite3.Connection, badges: Badges, base: str, where: str = "", *params: object) -> list[Card]:
    """Badges of all people, or of those for whom the SQL condition `where` holds, by number."""
    return [_card(row, badges, base) for row in raw.execute(f"{_PEOPLE} {where} ORDER BY number", params)]


def one_of_each_role(raw: sqlite3.Connection, badges: Badges, base: str) -> list[tuple[Card, str]]:
    """One person of each role, and the hall of the session that they run now, if any: the first hall's come first."""
    return [(_card(row[:5], badges, base), row[5] or "") for row in raw.execute(_ONE_OF_EACH)]


def screens(raw: sqlite3.Connection, badges: Badges, base: str) -> list[ScreenCard]:
    return _linked(raw, badges, base, "screen")


def tablets(raw: sqlite3.Connection, badges: Badges, base: str) -> list[ScreenCard]:
    """The halls' tablets for people without a phone."""
    return _linked(raw, badges, base, "tablet")


def _linked(raw: sqlite3.Connection, badges: Badges, base: str, kind: str) -> list[ScreenCard]:
    return [
        ScreenCard(id_, hall, name, f"{base}/{kind}/link#{badges.screen_secret(id_, issue)}")
        for id_, issue, hall, name in raw.execute(_SCREENS, (kind,))
    ]


def told(raw: sqlite3.Connection, badges: Badges, settings: Settings) -> str:
    """Everything a person needs who has just started the platform on this machine."""
    public = base(settings)
    apart = _only_here(public)
    lines = ["", "Hallside is running. Ctrl+C stops it.", "", f"  On this machine   {here(settings)}"]
    if not apart:
        lines.append(f"  For phones        {public}")
    people = one_of_each_role(raw, badges, public)
    if not people:
        where = f" --data {settings.data}" if settings.data != HOME else ""
        lines += [
            "", "There is nobody yet. Stop it, then make whoever sets the conference up, and start again:",
            f'  python3 scripts/hallside organiser "GIVEN FAMILY"{where}',
        ]  # fmt: skip
        return "\n".join(lines)
    lines += ["", "Sign in as one of these people; each link opens one browser, and two more by a tap there:", ""]
    for card, hall in people:
        now = f", now in {hall}" if hall else ""
        lines += [f"  {card.role:<12} {card.name} ({card.number}){now}, code {grouped(card.code)}", f"    {card.link}"]
    lines += ["", "Hall screens:", ""]
    for screen in screens(raw, badges, public):
        lines += [f"  {screen.hall}, {screen.name}", f"    {screen.link}"]
    apart_from_screens = tablets(raw, badges, public)
    if apart_from_screens:
        lines += ["", "Tablets for people without a phone:", ""]
    for tablet in apart_from_screens:
        lines += [f"  {tablet.hall}, {tablet.name}", f"    {tablet.link}"]
    guest = people[0][0]
    lines += ["", apart or f"With a phone on the same network, sign in as {guest.name}:", ""]
    return "\n".join(lines if apart else [*lines, qr(guest.link)])


def qr(text: str) -> str:
    """A QR code of half blocks, small enough for a terminal of 24 lines and 80 columns."""
    drawn = io.StringIO()
    segno.make(text, error="l", micro=False).terminal(drawn, compact=True, border=2)
    return drawn.getvalue()


def _card(row: Row, badges: Badges, base: str) -> Card:
    id_, issue, number, name, role = row
    return Card(id_, number, name, role, badges.code(id_, issue), f"{base}/b#{badges.link_secret(id_, issue)}")


def _only_here(public: str) -> str:
    """Why a phone cannot open this address and what to do, or "" where it can."""
    host = urlsplit(public).hostname or ""
    try:
        alone = host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return ""
    words = (
        "Phones cannot open these links: they lead to this machine only. For phones, join it to their network and\n"
        "start it with --host 0.0.0.0, or with --address and what they reach it by."
    )
    return words if alone else ""


def _network_address() -> str:
    """This machine's address on its network, or "" where it has none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("10.255.255.255", 1))  # Sends nothing: it only asks which way a packet would go.
            found: str = probe.getsockname()[0]
        except OSError:
            return ""
    return found


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
