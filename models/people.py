"""Who is invited, what they may do, and the badges and browsers they hold."""

from __future__ import annotations

import secrets
import unicodedata
from dataclasses import dataclass

import msgspec
from sqlalchemy import JSON, Column, ColumnElement
from sqlmodel import Field, SQLModel, col, func, select

from models import journal
from models.command import Badge, Command, Done, Id, Word
from models.refusals import Refused
from models.store import Peek, Tx

ROLES = (
    "participant", "observer", "moderator", "chair", "interpreter", "translator", "teller", "av", "registration",
    "rapporteur", "organiser", "data_protection",
)  # fmt: skip
VOTING_ROLES = ("participant", "chair", "rapporteur")
"""Who counts among the people present. Interpreters, moderators, organisers and observers must be named."""
LANGUAGES = ("en", "tr", "ar", "ru")
"""What pages are written in (`live.languages`)."""
BROWSERS = 3
"""A person may use up to three browsers: the phone's, the mail app's, a private tab."""
ASKS_FOR = 600.0
"""Seconds that a further one may wait to come in; then it asks again. One that was refused counts as long."""

EVERYWHERE: dict[str, frozenset[str]] = {
    "moderate": frozenset({"organiser"}),
    "switch_screens": frozenset({"organiser", "av"}),
    "count_hands": frozenset({"organiser", "teller"}),
    "manage_people": frozenset({"organiser", "registration"}),
    "see_desk": frozenset({"organiser", "rapporteur", "av", "teller"}),
}
"""What a role of the event may do in every session."""
IN_SESSION: dict[str, frozenset[str]] = {
    "moderate": frozenset({"moderator", "chair"}),
    "switch_screens": frozenset({"moderator", "chair"}),
    "count_hands": frozenset({"moderator", "teller"}),
    "see_desk": frozenset({"moderator", "chair", "teller", "interpreter", "translator"}),
}
"""What a role named for one session may do in it."""


class Delegation(SQLModel, table=True):
    """A country or organisation, named only by the organiser's list. `voter_id` and `alternate_id` cast its vote."""

    id: int | None = Field(default=None, primary_key=True)
    key: str = Field(unique=True)
    place: int = 0
    votes: bool = True
    names: dict[str, str] = Field(sa_column=Column(JSON, nullable=False))
    voter_id: int | None = None
    alternate_id: int | None = None


class Person(SQLModel, table=True):
    """One invited person. Only the columns that are needed; the badge's code is made from `id` and `issue`."""

    id: int | None = Field(default=None, primary_key=True)
    number: str = Field(unique=True)
    title: str = ""
    given_name: str = ""
    family_name: str = ""
    native_name: str = ""
    organisation: str = ""
    delegation_id: int | None = Field(default=None, foreign_key="delegation.id")
    role: str = "participant"
    languages: str = "en"
    issue: int = 1
    revoked: bool = False
    keys_learned: bool = False
    """Has done the three-minute practice: keys that reach the room are on."""

    @property
    def name(self) -> str:
        return f"{self.given_name} {self.family_name}".strip() or self.number

    @property
    def initials(self) -> str:
        return (self.given_name[:1] + self.family_name[:1]) or self.number[:2]


class SessionStaff(SQLModel, table=True):
    """A role for one session: moderator, chair, teller, interpreter, translator."""

    session_id: int = Field(primary_key=True)
    person_id: int = Field(primary_key=True)
    role: str = Field(primary_key=True)


class Presence(SQLModel, table=True):
    """Which session a person is checked in to. One at a time, no times."""

    person_id: int = Field(primary_key=True)
    session_id: int = Field(index=True)


class Screen(SQLModel, table=True):
    """A hall screen. It signs in by its own revocable link and sends no commands."""

    id: int | None = Field(default=None, primary_key=True)
    hall_id: int = Field(foreign_key="hall.id")
    name: str = "Main screen"
    languages: str = ""
    """Languages it shows, in order; empty: the hall's."""
    theme: str = "dark"
    issue: int = 1
    revoked: bool = False


class Login(SQLModel, table=True):
    """A browser that a badge was shown in. Only the hash of its random token is here; no agent, no address."""

    token_hash: bytes = Field(primary_key=True)
    person_id: int | None = Field(default=None, index=True)
    screen_id: int | None = Field(default=None, index=True)
    issue: int = 1
    language: str = "en"
    made_at: float = 0.0
    number: int = 0
    """The number it waited under, if it did."""
    confirmed: bool = True
    """Not where it came in by itself, until its owner has said that it is theirs."""


class Asking(SQLModel, table=True):
    """A browser that waits to come in (`models.devices`). It holds the token that its login will have."""

    token_hash: bytes = Field(primary_key=True)
    person_id: int = Field(index=True)
    issue: int
    language: str
    number: int
    """Two digits, shown on both devices."""
    made_at: float
    told: bool = False
    """Whether the question has stood on a page of its owner."""
    refused: bool = False
    stopped: bool = False
    """Whether the browser wants to come in no more. The row counts on, for ten minutes."""

    @staticmethod
    def recent(now: float) -> ColumnElement[bool]:
        """Not `now - made_at`: a clock may be set back."""
        return func.abs(col(Asking.made_at) - now) <= ASKS_FOR


BADGE_BY_LOGIN = """
SELECT p.id, p.role, l.language, NULL, NULL FROM login l JOIN person p ON p.id = l.person_id
 WHERE l.token_hash = ? AND p.issue = l.issue AND NOT p.revoked
UNION ALL
SELECT 0, 'screen', l.language, s.hall_id, s.id FROM login l JOIN screen s ON s.id = l.screen_id
 WHERE l.token_hash = ? AND s.issue = l.issue AND NOT s.revoked
"""
"""The hot look-up behind every request and socket: person, role, language, hall, screen."""


class SignOut(Command):
    """Leave this browser, or with `others` every other one."""

    others: bool = False

    def perform(self, tx: Tx, badge: Badge, now: float) -> Done:
        if self.others:
            require_confirmed(tx, badge)
        column = "screen_id" if badge.screen_id else "person_id"
        owner = badge.screen_id or badge.person_id
        compare = "!=" if self.others else "="
        tx.cursor.execute(
            f"DELETE FROM login WHERE {column} = ? AND token_hash {compare} ?",
            (owner, badge.login),
        )
        return Done(frozenset({(badge.key, "badge")}), "signed_out")


class SetLanguage(Command):
    """The interface language of this browser."""

    language: Word

    def perform(self, tx: Tx, badge: Badge, now: float) -> Done:
        if self.language not in LANGUAGES:
            raise Refused("no_such_language")
        tx.cursor.execute("UPDATE login SET language = ? WHERE token_hash = ?", (self.language, badge.login))
        return Done(frozenset({(badge.key, "badge")}))


class RevokeBadge(Command):
    """The badge stops working at once, in every browser and socket."""

    person: Id

    def perform(self, tx: Tx, badge: Badge, now: float) -> Done:
        require(tx, badge, "manage_people")
        person = _person(tx, self.person)
        if not person.revoked:
            person.revoked = True
            tx.add(person)
            _close_browsers(tx, self.person)
            journal.write(tx, badge, now, None, "badge_revoked", person=person.number)
        return Done(frozenset({(f"person:{person.id}", "badge"), ("event", "people")}), "badge_revoked")


class ReissueBadge(Command):
    """A new code and link; the old ones stop working."""

    person: Id
    seen_issue: Id

    def perform(self, tx: Tx, badge: Badge, now: float) -> Done:
        require(tx, badge, "manage_people")
        person = _person(tx, self.person)
        if person.issue == self.seen_issue:
            person.issue += 1
            person.revoked = False
            tx.add(person)
            _close_browsers(tx, self.person)
            journal.write(tx, badge, now, None, "badge_reissued", person=person.number)
        return Done(frozenset({(f"person:{person.id}", "badge"), ("event", "people")}), "badge_reissued")


class RevokeScreen(Command):
    """A screen link that leaked: the old link stops, `issue` counts up for a new one."""

    screen: Id
    seen_issue: Id

    def perform(self, tx: Tx, badge: Badge, now: float) -> Done:
        require(tx, badge, "manage_people")
        screen = tx.get(Screen, self.screen)
        if screen is None:
            raise Refused("no_such_screen")
        if screen.issue == self.seen_issue:
            screen.issue += 1
            tx.add(screen)
            tx.cursor.execute("DELETE FROM login WHERE screen_id = ?", (screen.id,))
            journal.write(tx, badge, now, None, "screen_revoked", screen=self.screen)
        touched = {(f"screen:{screen.id}", "badge"), ("event", "people"), (f"hall:{screen.hall_id}", "air")}
        return Done(frozenset(touched), "screen_revoked")


class NameVoter(Command):
    """Who casts the vote of a delegation, and the alternate. 0 for nobody."""

    delegation: Id
    voter: Id
    alternate: Id = 0

    def perform(self, tx: Tx, badge: Badge, now: float) -> Done:
        require(tx, badge, "manage_people")
        row = tx.get(Delegation, self.delegation)
        if row is None:
            raise Refused("no_such_delegation")
        for person_id in (self.voter, self.alternate):
            if person_id and _person(tx, person_id).delegation_id != row.id:
                raise Refused("voter_of_another_delegation")
        row.voter_id, row.alternate_id = self.voter or None, self.alternate or None
        tx.add(row)
        journal.write(tx, badge, now, None, "voter_named", delegation=row.key)
        return Done(frozenset({("event", "people")}), "voter_named")


class LearnKeys(Command):
    """The practice was done: the keys that reach the room are on for this person; `on` false switches them off."""

    on: bool

    def perform(self, tx: Tx, badge: Badge, now: float) -> Done:
        person = _person(tx, badge.person_id)
        person.keys_learned = self.on
        tx.add(person)
        return Done(notice="keys_on" if self.on else "keys_off")


def may(tx: Tx, badge: Badge, permission: str, session_id: int | None = None) -> bool:
    """Whether this badge has the permission, by its role in the event or in the session."""
    if badge.role in EVERYWHERE.get(permission, ()):
        return True
    if session_id is None or not badge.person_id:
        return False
    roles = tx.exec(
        select(SessionStaff.role).where(
            SessionStaff.session_id == session_id, SessionStaff.person_id == badge.person_id
        )
    ).all()
    return not IN_SESSION.get(permission, frozenset()).isdisjoint(roles)


def has_desk(tx: Tx | Peek, badge: Badge) -> bool:
    """Whether this badge works at a desk: by its role in the event, or named for a session."""
    if badge.role in EVERYWHERE["see_desk"]:
        return True
    named = tx.cursor.execute("SELECT 1 FROM sessionstaff WHERE person_id = ?", (badge.person_id,)).fetchone()
    return named is not None


def require(tx: Tx, badge: Badge, permission: str, session_id: int | None = None) -> None:
    """Refused("not_yours") unless the badge may."""
    if badge.role != "system" and not may(tx, badge, permission, session_id):
        raise Refused("not_yours")
    if permission == "manage_people":
        require_confirmed(tx, badge)


def doubtful(tx: Tx | Peek, badge: Badge) -> bool:
    """Whether this browser came in by itself and its owner has not said yet that it is theirs."""
    row = tx.cursor.execute("SELECT confirmed FROM login WHERE token_hash = ?", (badge.login,)).fetchone()
    return row is not None and not row[0]


def require_confirmed(tx: Tx, badge: Badge) -> None:
    """Refused for a browser that came in by itself: it must not put its owner out."""
    if doubtful(tx, badge):
        raise Refused("confirm_device_first")


def browsers(tx: Tx, person_id: int, issue: int) -> int:
    """In how many browsers the present badge of a person is signed in."""
    return tx.exec(select(func.count()).where(Login.person_id == person_id, Login.issue == issue)).one()


@dataclass(frozen=True, slots=True)
class PersonRow:
    """One line of the people list. No secret is in it."""

    id: int
    number: str
    name: str
    native_name: str
    organisation: str
    delegation: dict[str, str]
    role: str
    issue: int
    revoked: bool
    browsers: int
    asking: tuple[tuple[int, bool], ...]
    """Devices that wait: the number of each, and whether it was refused on a phone of theirs."""


FOUND = 50
"""How many people a search lists at most."""


def find(tx: Tx, text: str, now: float, limit: int = FOUND) -> tuple[PersonRow, ...]:
    """People by number or any part of a name in any script, without regard to case or accents."""
    wanted = [fold(word) for word in text.split()]
    rows: list[PersonRow] = []
    counted = dict(
        tx.exec(select(Login.person_id, func.count()).join(Person, col(Person.id) == Login.person_id)
                .where(Person.issue == Login.issue).group_by(col(Login.person_id))).all()
    )  # fmt: skip
    asking: dict[int, list[tuple[int, bool]]] = {}
    for row in tx.exec(select(Asking).where(col(Asking.stopped).is_(False), Asking.recent(now))):
        asking.setdefault(row.person_id, []).append((row.number, row.refused))
    names = {d.id: d.names for d in tx.exec(select(Delegation))}
    for person in tx.exec(select(Person).order_by(Person.number)):
        hay = fold(f"{person.number} {person.name} {person.native_name} {person.organisation}")
        if all(word in hay for word in wanted):
            rows.append(
                PersonRow(
                    id=person.id or 0, number=person.number, name=person.name, native_name=person.native_name,
                    organisation=person.organisation, delegation=names.get(person.delegation_id, {}),
                    role=person.role, issue=person.issue, revoked=person.revoked,
                    browsers=counted.get(person.id, 0), asking=tuple(asking.get(person.id or 0, ())),
                )
            )  # fmt: skip
        if len(rows) >= limit:
            break
    return tuple(rows)


@dataclass(frozen=True, slots=True)
class ScreenRow:
    """A hall screen in the list. Its link is made by the door, from `id` and `issue`."""

    id: int
    name: str
    hall: dict[str, str]
    issue: int
    revoked: bool


def screens(tx: Tx) -> tuple[ScreenRow, ...]:
    """All hall screens, by hall."""
    rows = tx.cursor.execute(
        "SELECT s.id, s.name, h.names, s.issue, s.revoked FROM screen s JOIN hall h ON h.id = s.hall_id"
        " ORDER BY h.key, s.id"
    )
    return tuple(ScreenRow(i, name, msgspec.json.decode(names), issue, bool(r)) for i, name, names, issue, r in rows)


@dataclass(frozen=True, slots=True)
class DelegationRow:
    """A delegation with a vote, its voter and alternate (0 for nobody), and its people as (id, name)."""

    id: int
    names: dict[str, str]
    voter: int
    alternate: int
    members: tuple[tuple[int, str], ...]


def delegations(tx: Tx) -> tuple[DelegationRow, ...]:
    """The delegations that have a vote, in the organiser's order."""
    members: dict[int, list[tuple[int, str]]] = {}
    for person in tx.exec(select(Person).where(col(Person.revoked).is_(False)).order_by(Person.number)):
        members.setdefault(person.delegation_id or 0, []).append((person.id or 0, person.name))
    return tuple(
        DelegationRow(d.id or 0, d.names, d.voter_id or 0, d.alternate_id or 0, tuple(members.get(d.id or 0, ())))
        for d in tx.exec(select(Delegation).where(col(Delegation.votes)).order_by(col(Delegation.place)))
    )


def total(tx: Tx) -> int:
    """How many people are on the list."""
    return tx.exec(select(func.count()).select_from(Person)).one()


_TURKISH = str.maketrans("İIı", "iii")


def fold(text: str) -> str:
    """For searching: case, accents and the Turkish dotless i do not matter."""
    plain = unicodedata.normalize("NFKD", text.translate(_TURKISH).casefold())
    return "".join(c for c in plain if not unicodedata.combining(c))


def new_token() -> str:
    """A cookie's secret: 192 bits."""
    return secrets.token_urlsafe(24)


def _close_browsers(tx: Tx, person_id: int) -> None:
    """End every browser of a person, and the waiting of those that are not in yet."""
    for table in ("login", "asking"):
        tx.cursor.execute(f"DELETE FROM {table} WHERE person_id = ?", (person_id,))


def _person(tx: Tx, person_id: int) -> Person:
    person = tx.get(Person, person_id)
    if person is None:
        raise Refused("no_such_person")
    return person
