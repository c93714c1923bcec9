"""Who is invited: people and their badges, delegations and who casts their vote, and how the desk finds them."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import JSON, Column
from sqlmodel import Field, SQLModel, col, func, select

from models import journal
from models.command import Badge, Command, Done, Id
from models.logins import Asking, Login
from models.refusals import Refused
from models.rights import require
from models.store import Tx
from models.tidy import fold


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
    arrived: bool = False
    """Has been to the registration desk. No time is kept."""
    pending: bool = False
    """A walk-in whom no organiser has approved yet. The badge is revoked until then."""
    replaced_by_id: int | None = None
    """Who came in their place."""

    @property
    def name(self) -> str:
        return f"{self.given_name} {self.family_name}".strip() or self.number

    @property
    def initials(self) -> str:
        return (self.given_name[:1] + self.family_name[:1]) or self.number[:2]


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


def _person(tx: Tx, person_id: int) -> Person:
    person = tx.get(Person, person_id)
    if person is None:
        raise Refused("no_such_person")
    return person


def _close_browsers(tx: Tx, person_id: int) -> None:
    """End every browser of a person, and the waiting of those that are not in yet."""
    for table in ("login", "asking"):
        tx.cursor.execute(f"DELETE FROM {table} WHERE person_id = ?", (person_id,))


FOUND = 50
"""How many people a search lists at most."""


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
