"""A badge was lost: one of the badges printed without a name is bound to its owner, and works at once."""

from __future__ import annotations

from models import journal
from models.command import Badge, Command, Done, Id, Word
from models.logins import Spare
from models.people import close_browsers, in_care, require_invited, touched
from models.refusals import Refused
from models.spares import label
from models.store import Tx


class BindSpare(Command):
    """From now on this spare badge is the person's, and their old one works no more. A spare is bound once.

    `code` is what is printed on the spare, or its whole link. The node finds the spare by it and takes the code out
    before anything is kept; a `spare` that comes from outside is not heeded. `seen_issue` as in `reissue_badge`: a
    badge that another desk has made meanwhile is not taken away unseen.
    """

    person: Id
    seen_issue: Id
    code: Word = ""
    spare: Id = 0

    def perform(self, tx: Tx, badge: Badge, now: float) -> Done:
        person = in_care(tx, badge, self.person)
        require_invited(tx, person)
        spare = tx.get(Spare, self.spare) if self.spare else None
        if spare is None:
            raise Refused("no_such_spare")
        if spare.person_id is not None:
            if (spare.person_id, spare.issue) == (self.person, person.issue) and not person.revoked:
                return Done(facts={"person": self.person})
            raise Refused("spare_was_used")
        if person.issue != self.seen_issue:
            raise Refused("badge_was_renewed")
        person.issue += 1
        person.revoked = False
        spare.person_id, spare.issue = self.person, person.issue
        tx.add(person)
        tx.add(spare)
        close_browsers(tx, self.person)
        journal.write(tx, badge, now, None, "spare_bound", person=person.number, spare=label(self.spare))
        return Done(touched(person), "spare_bound", {"person": self.person})
