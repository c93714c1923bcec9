"""Lists that an organiser has looked at in a preview enter the records: all or nothing, as they were shown."""

from __future__ import annotations

import hashlib

import msgspec

from models.command import Badge, Command, Done, Id
from models.imports import Plan, apply
from models.imports.comparing import compare
from models.imports.there import look
from models.people import Person
from models.refusals import Refused
from models.rights import require
from models.store import Tx


class ImportLists(Command):
    """Write a plan that was read from uploaded lists. Sent by the door, which has read them for `person`.

    `seen` is the digest of what the preview said would change: where something else would by now, nothing is written.
    No vote waits for it: while a poll is open it is refused (10,000 people hold the lane for 110 ms).
    """

    alone = True

    plan: Plan
    seen: str
    person: Id

    def perform(self, tx: Tx, badge: Badge, now: float) -> Done:
        person = tx.get(Person, self.person)
        if person is None or person.revoked:
            raise Refused("not_yours")
        owner = Badge(self.person, person.role, badge.language)
        require(tx, owner, "manage_event")
        if tx.cursor.execute("SELECT 1 FROM poll WHERE state IN ('open', 'closing')").fetchone():
            raise Refused("voting_is_open")
        plan = compare(self.plan, look(tx.cursor))
        if digest(plan) != self.seen:
            raise Refused("import_changed")
        done = apply(tx, plan, owner, now).done()
        if tx.cursor.execute("SELECT role FROM person WHERE id = ?", (self.person,)).fetchone() != (person.role,):
            # A list without roles would make a participant of whoever imports it, and nobody could take it back.
            raise Refused("not_to_yourself")
        return Done(done.touched | {("event", "look")}, done.notice, done.facts)


def digest(plan: Plan) -> str:
    """Of everything a preview tells: what would change, and every finding."""
    told = msgspec.json.encode([plan.changes, plan.findings, sorted(plan.columns)])
    return hashlib.sha256(told).hexdigest()
