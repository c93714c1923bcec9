"""Whom to print: people as they stand on a badge and on the list of the registration desk. No secret is in it."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from models.programme import Texts
from models.refusals import Refused
from models.rights import ROLES
from models.store import Peek, Tx
from models.tidy import fold

ALL, EXPECTED, SPARES = "all", "expected", "spares"
CHOICES = (ALL, EXPECTED, SPARES, *ROLES)
"""Everybody, those who have not arrived, spare badges that are bound to nobody, or the people of one role."""


@dataclass(frozen=True, slots=True)
class Card:
    """One person who may come in, as printed."""

    id: int
    issue: int
    number: str
    given_name: str
    family_name: str
    native_name: str
    organisation: str
    delegation: Texts
    role: str
    arrived: bool

    @property
    def name(self) -> str:
        return f"{self.given_name} {self.family_name}".strip() or self.number


@dataclass(frozen=True, slots=True)
class Look:
    """What stands on every printed page: the event's name by language, its languages in order, its clock, its logo."""

    names: Texts
    languages: tuple[str, ...]
    zone: str
    logo: bytes | None

    @property
    def floor(self) -> str:
        """The floor language: names of delegations and roles are printed in it."""
        return self.languages[0]


def look(tx: Tx | Peek) -> Look:
    """Refused("no_event") on an empty database."""
    row = tx.cursor.execute("SELECT names, languages, zone, logo FROM event").fetchone()
    if row is None:
        raise Refused("no_event")
    return Look(msgspec.json.decode(row[0]), tuple(row[1].split(",")), row[2], row[3])


def cards(tx: Tx | Peek, of: str = ALL, person: int = 0) -> tuple[Card, ...]:
    """People by family name: all, those of a role, those who have not arrived, or one. Revoked badges are left out."""
    rows = tx.cursor.execute(
        "SELECT p.id, p.issue, p.number, p.given_name, p.family_name, p.native_name, p.organisation,"
        " coalesce(d.names, '{}'), p.role, p.arrived"
        " FROM person p LEFT JOIN delegation d ON d.id = p.delegation_id WHERE NOT p.revoked"
        " AND (? = 0 OR p.id = ?) AND (? = 'all' OR p.role = ? OR (? = 'expected' AND NOT p.arrived))",
        (person, person, of, of, of),
    )
    found = [
        Card(id_, issue, number, given, family, native, organisation, msgspec.json.decode(names), role, bool(arrived))
        for id_, issue, number, given, family, native, organisation, names, role, arrived in rows
    ]
    return tuple(sorted(found, key=lambda c: (fold(c.family_name), fold(c.given_name), c.number)))
