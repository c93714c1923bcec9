"""Who is invited: people and their badges, delegations and who casts their vote, and how the desk finds them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import JSON, Column
from sqlmodel import Field, SQLModel, col, func, select

from models import journal
from models.command import Badge, Command, Done, Id, Touched
from models.logins import Asking, Login
from models.refusals import Refused
from models.rights import may_answer_for, require
from models.search import holds, sounds
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
    """A walk-in whom no organiser has approved yet. The badge is revoked until then. One that was declined stays so,
    without a name: neither its id nor its number is given to somebody else."""
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
        person = in_care(tx, badge, self.person)
        if not person.revoked:
            person.revoked = True
            tx.add(person)
            close_browsers(tx, self.person)
            journal.write(tx, badge, now, None, "badge_revoked", person=person.number)
        return Done(touched(person), "badge_revoked")


class ReissueBadge(Command):
    """A new code and link; the old ones stop working."""

    person: Id
    seen_issue: Id

    def perform(self, tx: Tx, badge: Badge, now: float) -> Done:
        person = in_care(tx, badge, self.person)
        require_invited(tx, person)
        if person.issue == self.seen_issue:
            person.issue += 1
            person.revoked = False
            tx.add(person)
            close_browsers(tx, self.person)
            journal.write(tx, badge, now, None, "badge_reissued", person=person.number)
        return Done(touched(person), "badge_reissued")


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
            if not person_id:
                continue
            person = person_of(tx, person_id)
            if person.delegation_id != row.id:
                raise Refused("voter_of_another_delegation")
            require_invited(tx, person)
            if person.revoked:
                raise Refused("badge_is_revoked")
        row.voter_id, row.alternate_id = self.voter or None, self.alternate or None
        tx.add(row)
        journal.write(tx, badge, now, None, "voter_named", delegation=row.key)
        return Done(frozenset({("event", "people")}), "voter_named")


class LearnKeys(Command):
    """The practice was done: the keys that reach the room are on for this person; `on` false switches them off."""

    on: bool

    def perform(self, tx: Tx, badge: Badge, now: float) -> Done:
        person = person_of(tx, badge.person_id)
        person.keys_learned = self.on
        tx.add(person)
        return Done(notice="keys_on" if self.on else "keys_off")


def person_of(tx: Tx, person_id: int) -> Person:
    """The person. Refused("no_such_person") where there is none."""
    person = tx.get(Person, person_id)
    if person is None:
        raise Refused("no_such_person")
    return person


def in_care(tx: Tx, badge: Badge, person_id: int) -> Person:
    """The person, if this badge may look after their badge. That of an organiser is looked after by organisers only:
    else whoever sits at the registration desk could come in as one."""
    require(tx, badge, "manage_people")
    person = person_of(tx, person_id)
    if not may_answer_for(tx, badge, person.role):
        raise Refused("organisers_only")
    return person


def require_invited(tx: Tx, person: Person) -> None:
    """Refused for a walk-in who waits for an organiser, and for somebody in whose place another came."""
    if person.pending:
        raise Refused("not_approved_yet")
    if person.replaced_by_id is not None:
        raise Refused("was_replaced", number=person_of(tx, person.replaced_by_id).number)


def close_browsers(tx: Tx, person_id: int) -> None:
    """End every browser of a person, and the waiting of those that are not in yet."""
    for table in ("login", "asking"):
        tx.cursor.execute(f"DELETE FROM {table} WHERE person_id = ?", (person_id,))


def touched(person: Person) -> Touched:
    """What must be looked at again when a badge stops working, or another works in its place."""
    return frozenset({(f"person:{person.id}", "badge"), ("event", "people"), ("event", "arrivals")})


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
    arrived: bool
    pending: bool
    replaced_by: str
    """The number of who came in their place, or empty."""


def find(tx: Tx, text: str, now: float, limit: int = FOUND) -> tuple[PersonRow, ...]:
    """People by number or any part of a name in any script, without regard to case or accents.

    A whole number comes first. Where nothing is written so, what sounds so (`models.search`): 15 ms of
    5,000 people, and 40 more.
    """
    wanted = fold(text).split()
    hay = [
        (id_, number, f"{number} {given} {family} {native} {organisation}")
        for id_, number, given, family, native, organisation in tx.cursor.execute(
            "SELECT id, number, given_name, family_name, native_name, organisation FROM person"
            " WHERE NOT pending OR given_name || family_name != '' ORDER BY number"
        )
    ]
    found = [(id_, number) for id_, number, name in hay if holds(name, wanted)] or [
        (id_, number) for id_, number, name in hay if sounds(name, wanted)
    ]
    found.sort(key=lambda each: [fold(each[1])] != wanted)
    return rows(tx, [id_ for id_, _ in found[:limit]], now)


def waiting(tx: Tx, now: float) -> tuple[PersonRow, ...]:
    """Walk-ins whom no organiser has approved yet, first come first."""
    ids = tx.cursor.execute(
        "SELECT id FROM person WHERE pending AND given_name || family_name != '' ORDER BY id"
    ).fetchall()
    return rows(tx, [id_ for (id_,) in ids], now)


def rows(tx: Tx, ids: Sequence[int], now: float) -> tuple[PersonRow, ...]:
    """These people as lines, in this order."""
    people = {p.id: p for p in tx.exec(select(Person).where(col(Person.id).in_(ids)))}
    counted = dict(
        tx.exec(select(Login.person_id, func.count()).join(Person, col(Person.id) == Login.person_id)
                .where(Person.issue == Login.issue, col(Person.id).in_(ids)).group_by(col(Login.person_id))).all()
    )  # fmt: skip
    asking: dict[int, list[tuple[int, bool]]] = {}
    for row in tx.exec(
        select(Asking).where(col(Asking.stopped).is_(False), Asking.recent(now), col(Asking.person_id).in_(ids))
    ):
        asking.setdefault(row.person_id, []).append((row.number, row.refused))
    names = {d.id: d.names for d in tx.exec(select(Delegation))}
    heirs = [p.replaced_by_id for p in people.values() if p.replaced_by_id]
    numbers = dict(tx.exec(select(Person.id, Person.number).where(col(Person.id).in_(heirs))).all())
    return tuple(
        PersonRow(
            id=id_, number=person.number, name=person.name, native_name=person.native_name,
            organisation=person.organisation, delegation=names.get(person.delegation_id, {}), role=person.role,
            issue=person.issue, revoked=person.revoked, browsers=counted.get(id_, 0),
            asking=tuple(asking.get(id_, ())), arrived=person.arrived, pending=person.pending,
            replaced_by=numbers.get(person.replaced_by_id, ""),
        )
        for id_ in ids
        if (person := people.get(id_))
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Arrivals:
    """How many of those who are expected were at the registration desk, and how many walk-ins wait."""

    n: int
    of: int
    waiting: int
    act: int
    """The number of the last act of anybody: it moves when another desk did something that moves no count."""


def arrivals(tx: Tx) -> Arrivals:
    """Whoever was replaced is not expected, whoever came in their place is."""
    n, of, waits, act = tx.cursor.execute(
        "SELECT coalesce(sum(arrived AND NOT pending AND replaced_by_id IS NULL), 0),"
        " coalesce(sum(NOT pending AND replaced_by_id IS NULL), 0),"
        " coalesce(sum(pending AND given_name || family_name != ''), 0),"
        " (SELECT coalesce(max(id), 0) FROM journal) FROM person"
    ).fetchone()
    return Arrivals(n, of, waits, act)


@dataclass(frozen=True, slots=True)
class DelegationRow:
    """A delegation, its voter and alternate (0 for nobody), and its people as (id, name)."""

    id: int
    names: dict[str, str]
    voter: int
    alternate: int
    members: tuple[tuple[int, str], ...]
    place: int
    votes: bool


def delegations(tx: Tx) -> tuple[DelegationRow, ...]:
    """All of them, with a vote or without, in the organiser's order."""
    members: dict[int, list[tuple[int, str]]] = {}
    for person in tx.exec(select(Person).where(col(Person.revoked).is_(False)).order_by(Person.number)):
        members.setdefault(person.delegation_id or 0, []).append((person.id or 0, person.name))
    return tuple(
        DelegationRow(
            d.id or 0, d.names, d.voter_id or 0, d.alternate_id or 0, tuple(members.get(d.id or 0, ())), d.place,
            d.votes,
        )
        for d in tx.exec(select(Delegation).order_by(col(Delegation.place), Delegation.key))
    )  # fmt: skip


def all_delegations(tx: Tx) -> tuple[tuple[int, dict[str, str]], ...]:
    """(id, names) of every delegation, in the organiser's order."""
    return tuple((d.id or 0, d.names) for d in tx.exec(select(Delegation).order_by(col(Delegation.place))))


def total(tx: Tx) -> int:
    """How many people are on the list."""
    return tx.exec(select(func.count()).select_from(Person).where(col(Person.pending).is_(False))).one()
