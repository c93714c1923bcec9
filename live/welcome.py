"""What is printed for whoever starts the platform: addresses, links, codes, and a QR code for a phone."""

from __future__ import annotations

import io
import socket
import sqlite3
from dataclasses import dataclass

import segno

from live.badges import Badges, grouped
from live.settings import Settings

_PEOPLE = """
SELECT id, issue, number, trim(given_name || ' ' || family_name), role FROM person p WHERE NOT revoked
"""
_ONE_OF_EACH = """
SELECT id, issue, number, name, role FROM (
 SELECT *, row_number() OVER (PARTITION BY role ORDER BY on_now DESC, number) AS place FROM (
  SELECT id, issue, number, trim(given_name || ' ' || family_name) AS name, role, EXISTS (
   SELECT 1 FROM sessionstaff m JOIN session s ON s.id = m.session_id WHERE m.person_id = p.id AND s.state = 'on'
  ) AS on_now FROM person p WHERE NOT revoked)
) WHERE place = 1 ORDER BY role != 'participant', role != 'moderator', role != 'organiser', role
"""
_SCREENS = """
SELECT s.id, s.issue, h.names ->> '$.en', s.name FROM screen s JOIN hall h ON h.id = s.hall_id
 WHERE NOT s.revoked ORDER BY h.id, s.id
"""


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
    """One hall screen's link."""

    screen: int
    hall: str
    name: str
    link: str


def base(settings: Settings, port: int) -> str:
    """What links begin with: the public address, else this machine's on its network."""
    if settings.address:
        return settings.address
    return f"http://{_host(settings.host)}:{port}"


def cards(raw: sqlite3.Connection, badges: Badges, base: str, where: str = "", *params: object) -> list[Card]:
    """Badges of all people, or of those for whom the SQL condition `where` holds, by number."""
    return _cards(raw.execute(f"{_PEOPLE} {where} ORDER BY number", params).fetchall(), badges, base)


def one_of_each_role(raw: sqlite3.Connection, badges: Badges, base: str) -> list[Card]:
    """One person of each role, a moderator of a session that is on first."""
    return _cards(raw.execute(_ONE_OF_EACH).fetchall(), badges, base)


def screens(raw: sqlite3.Connection, badges: Badges, base: str) -> list[ScreenCard]:
    return [
        ScreenCard(id_, hall or "", name, f"{base}/screen/link#{badges.screen_secret(id_, issue)}")
        for id_, issue, hall, name in raw.execute(_SCREENS)
    ]


def told(raw: sqlite3.Connection, badges: Badges, settings: Settings, port: int) -> str:
    """Everything a person needs who has just started the platform on this machine."""
    public = base(settings, port)
    lines = ["", "Hallside is running. Ctrl+C stops it.", "", f"  On this machine   http://localhost:{port}"]
    if "localhost" not in public:
        lines.append(f"  For phones        {public}")
    people = one_of_each_role(raw, badges, public)
    if not people:
        lines += ["", "There are no people yet. Stop it, then: scripts/hallside import FOLDER"]
        return "\n".join(lines)
    lines += [
        "",
        "Sign in as one of these people; each link opens one browser, and two more by a tap there:",
        "",
    ]
    for card in people:
        lines += [f"  {card.role:<12} {card.name} ({card.number}), code {grouped(card.code)}", f"    {card.link}"]
    lines += ["", "Hall screens:", ""]
    for screen in screens(raw, badges, public):
        lines += [f"  {screen.hall}, {screen.name}", f"    {screen.link}"]
    lines += ["", f"With a phone on the same network, sign in as {people[0].name}:", "", qr(people[0].link)]
    return "\n".join(lines)


def qr(text: str) -> str:
    """A QR code of half blocks, small enough for a terminal of 24 lines and 80 columns."""
    drawn = io.StringIO()
    segno.make(text, error="l", micro=False).terminal(drawn, compact=True, border=2)
    return drawn.getvalue()


def _cards(rows: list[tuple[int, int, str, str, str]], badges: Badges, base: str) -> list[Card]:
    return [
        Card(id_, number, name, role, badges.code(id_, issue), f"{base}/b#{badges.link_secret(id_, issue)}")
        for id_, issue, number, name, role in rows
    ]


def _host(host: str) -> str:
    """The name others reach this machine by, where it listens on all of its addresses."""
    if host not in ("0.0.0.0", "::", ""):
        return f"[{host}]" if ":" in host else "localhost" if host == "127.0.0.1" else host
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("10.255.255.255", 1))  # Sends nothing: it only asks which way a packet would go.
            found: str = probe.getsockname()[0]
        except OSError:
            return "localhost"
    return found
