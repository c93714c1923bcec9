"""At the registration desk: who has arrived, who comes in another's place, and who was not on the list.

Several desks work on one list at once. So every command says what is wished to be, and what is so already is done.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Annotated

import msgspec
from sqlmodel import select

from models import journal
from models.command import Badge, Command, Done, Id, Word
from models.logins import LANGUAGES
from models.people import Delegation, Person, close_browsers, in_care, person_of, require_invited, touched
from models.refusals import Refused
from models.rights import SessionStaff, may, require
from models.store import Tx
from models.tidy import fold, tidy

NAME, NATIVE, ORGANISATION = 80, 120, 200
"""Longest given or family name, name in its own script and organisation, in characters, as in the lists."""
WALK_IN = ("participant", "observer")
"""Roles that a walk-in may have."""
Line = Annotated[str, msgspec.Meta(max_length=400)]
"""One line that a person typed; tidied and cut to what its place holds."""

COUNTED = frozenset({("event", "arrivals")})


class Arrive(Command):
    """The person is here, or with `on` false was marked by mistake."""

    person: Id
    on: bool = True

    def perform(self, tx: Tx, badge: Badge, now: float) -> Done:
        require(tx, badge, "manage_people")
        person = person_of(tx, self.person)
        if person.arrived == self.on:
            return Done(facts={"person": self.person})
        if self.on:
            require_invited(tx, person)
        person.arrived = self.on
        tx.add(person)
        act = "arrived" if self.on else "arrival_undone"
        journal.write(tx, badge, now, None, act, person=person.number)
        return Done(COUNTED, act, {"person": self.person})


class ReplacePerson(Command):
    """Somebody else comes in this person's place: in their delegation, with their role, their sessions and their place
    as voter or alternate. The old badge is revoked. `here`: they stand at the desk. A name that is on the list already
    is refused as for a walk-in.

    In a poll that is open now the register stays as it is: they vote from the next one on, or at once for a
    delegation whose voter they become.
    """

    person: Id
    given_name: Line
    family_name: Line
    native_name: Line = ""
    organisation: Line = ""
    languages: Word = ""
    here: bool = False

    def perform(self, tx: Tx, badge: Badge, now: float) -> Done:
        old = in_care(tx, badge, self.person)
        given, family, native = _names(self.given_name, self.family_name, self.native_name)
        if old.replaced_by_id is not None:
            heir = person_of(tx, old.replaced_by_id)
            if (heir.given_name, heir.family_name) == (given, family):
                return Done(facts={"person": old.replaced_by_id})
        require_invited(tx, old)
        if self.person == badge.person_id:
            raise Refused("not_to_yourself")
        organisation = tidy(self.organisation, ORGANISATION) or old.organisation
        told = "" if fold(organisation) == fold(old.organisation) else organisation  # the page fills in the old one's
        for twin in _of_the_name(tx, given, family):
            if twin.id != self.person and not _told_apart(twin, native, told):
                raise Refused("same_name_there", number=twin.number)
        new = Person(
            number=next_number(tx), given_name=given, family_name=family, native_name=native,
            organisation=organisation, delegation_id=old.delegation_id, role=old.role,
            languages=_languages(self.languages) or old.languages, arrived=self.here,
        )  # fmt: skip
        tx.add(new)
        tx.flush()
        assert new.id is not None
        old.revoked, old.arrived, old.replaced_by_id = True, False, new.id
        tx.add(old)
        tx.flush()
        close_browsers(tx, self.person)
        places = _pass_on(tx, self.person, new.id)
        journal.write(tx, badge, now, None, "person_replaced", person=old.number, by=new.number)
        return Done(touched(old) | places, "person_replaced", {"person": new.id})


class AddWalkIn(Command):
    """Somebody who is not on the list. An organiser approves; until then they have no badge. `delegation` 0 for none.

    The same form sent twice adds one person. Whoever has the name of somebody on the list, however it is written, and
    no other organisation, delegation or name in its own script beside it is refused with that one's number: they may be
    two people, and must not get one badge; or one, and must not get two.
    """

    given_name: Line
    family_name: Line
    native_name: Line = ""
    organisation: Line = ""
    delegation: Id = 0
    role: Word = "participant"
    languages: Word = ""

    def perform(self, tx: Tx, badge: Badge, now: float) -> Done:
        require(tx, badge, "manage_people")
        given, family, native = _names(self.given_name, self.family_name, self.native_name)
        if self.role not in WALK_IN:
            raise Refused("no_such_setting")
        if self.delegation and tx.get(Delegation, self.delegation) is None:
            raise Refused("no_such_delegation")
        organisation = tidy(self.organisation, ORGANISATION)
        for twin in _of_the_name(tx, given, family):
            theirs = (twin.native_name, twin.organisation, twin.delegation_id or 0)
            if twin.pending and theirs == (native, organisation, self.delegation):
                return Done(facts={"person": twin.id or 0})
            if not (_told_apart(twin, native, organisation) or self.delegation not in (0, twin.delegation_id)):
                raise Refused("same_name_there", number=twin.number)
        approved = may(tx, badge, "approve_people")
        person = Person(
            number=next_number(tx), given_name=given, family_name=family, native_name=native,
            organisation=organisation, delegation_id=self.delegation or None, role=self.role,
            languages=_languages(self.languages) or "en", arrived=True, pending=not approved, revoked=not approved,
        )  # fmt: skip
        tx.add(person)
        tx.flush()
        assert person.id is not None
        act = "walk_in_added" if approved else "walk_in_waits"
        journal.write(tx, badge, now, None, act, person=person.number)
        return Done(frozenset({("event", "people"), ("event", "arrivals")}), act, {"person": person.id})


class ApproveWalkIn(Command):
    """The walk-in is invited from now on, and has a badge. By an organiser."""

    person: Id

    def perform(self, tx: Tx, badge: Badge, now: float) -> Done:
        require(tx, badge, "approve_people")
        person = person_of(tx, self.person)
        if not person.pending:
            return Done(facts={"person": self.person})
        if not person.given_name + person.family_name:
            raise Refused("walk_in_was_declined")
        person.pending = person.revoked = False
        tx.add(person)
        journal.write(tx, badge, now, None, "walk_in_approved", person=person.number)
        return Done(touched(person), "walk_in_approved", {"person": self.person})


class DeclineWalkIn(Command):
    """The walk-in is not invited. What was written down of them goes. By an organiser."""

    person: Id

    def perform(self, tx: Tx, badge: Badge, now: float) -> Done:
        require(tx, badge, "approve_people")
        person = person_of(tx, self.person)
        if not person.pending:
            raise Refused("walk_in_was_approved")
        if not person.given_name + person.family_name:
            return Done()
        person.given_name = person.family_name = person.native_name = person.organisation = ""
        person.delegation_id, person.arrived = None, False
        tx.add(person)
        journal.write(tx, badge, now, None, "walk_in_declined", person=person.number)
        return Done(touched(person), "walk_in_declined")


def next_number(tx: Tx) -> str:
    """The next free badge number in the style of the list: after 1203 comes 1204, after A-017 comes A-018."""
    runs: dict[str, list[str]] = {}
    taken = {number for (number,) in tx.cursor.execute("SELECT number FROM person")}
    for number in taken:
        if found := re.fullmatch(r"(.*?)([0-9]{1,9})", number):
            runs.setdefault(found[1], []).append(found[2])
    prefix = max(runs, key=lambda each: (len(runs[each]), each), default="")
    last = max(runs.get(prefix, ["0"]), key=int)
    n = int(last)
    while True:
        n += 1
        if (number := f"{prefix}{n:0{len(last)}d}") not in taken:
            return number


def _names(given: str, family: str, native: str) -> tuple[str, str, str]:
    """Refused("name_missing") where there is no letter in the name that everybody can read."""
    told = tidy(given, NAME), tidy(family, NAME), tidy(native, NATIVE)
    if not any(map(str.isalpha, told[0] + told[1])):
        raise Refused("name_missing")
    return told


folded = lru_cache(maxsize=60_000)(fold)
"""Worked out once: a name takes 8 us, and the lane waits for those of the whole list."""


def _of_the_name(tx: Tx, given: str, family: str) -> list[Person]:
    """Everybody of this name who was not replaced, however it is written: case, accents and hyphens do not matter."""
    wanted = folded(given), folded(family)
    rows = tx.cursor.execute(
        "SELECT id, given_name, family_name FROM person WHERE replaced_by_id IS NULL ORDER BY id"
    ).fetchall()
    return [tx.get_one(Person, id_) for id_, *names in rows if (folded(names[0]), folded(names[1])) == wanted]


def _told_apart(twin: Person, native: str, organisation: str) -> bool:
    """Whether what was written beside the name says that it is another person's."""
    pairs = ((native, twin.native_name), (organisation, twin.organisation))
    return any(told and fold(told) != fold(theirs) for told, theirs in pairs)


def _languages(text: str) -> str:
    return ",".join(dict.fromkeys(each for each in text.split(",") if each in LANGUAGES))


def _pass_on(tx: Tx, old: int, new: int) -> frozenset[tuple[str, str]]:
    """The old person's sessions and vote of a delegation go to the new one; in no session are they any more."""
    for column in ("voter_id", "alternate_id"):
        tx.cursor.execute(f"UPDATE delegation SET {column} = ? WHERE {column} = ?", (new, old))
    tx.cursor.execute("UPDATE sessionstaff SET person_id = ? WHERE person_id = ?", (new, old))
    staffed = tx.exec(select(SessionStaff.session_id).where(SessionStaff.person_id == new)).all()
    places = {(f"session:{session}", "desk") for session in staffed}
    for (session,) in tx.cursor.execute("DELETE FROM presence WHERE person_id = ? RETURNING session_id", (old,)):
        places.add((f"session:{session}", "seats"))
    return frozenset(places)
