"""A question asked again: in a new round beside the first, or anew after a reset. Each is a poll of its own."""

from __future__ import annotations

from sqlmodel import func, select

from models import journal, programme, translations
from models.ballots import LIVE_STATES
from models.command import Badge, Command, Done, Id
from models.polls import Poll, items, own, owner, set_items, touched
from models.refusals import Refused
from models.store import Tx
from models.voting import withdraw


class ResetPoll(Command):
    """Withdraw an open poll, all ballots deleted, and have it ready again. `confirm` repeats the two digits shown.

    What is ready is a poll of its own: a vote of before that arrives late is refused, and no phone that had voted
    takes its old "recorded" for a new one.
    """

    poll: Id
    confirm: Id

    def perform(self, tx: Tx, badge: Badge, now: float) -> Done:
        poll = own(tx, badge, self.poll)
        if poll.state == "withdrawn":
            return Done()
        if poll.state not in LIVE_STATES:
            raise Refused("poll_not_open")
        if self.confirm != programme.confirmation(self.poll):
            raise Refused("confirm_number", number=programme.confirmation(self.poll))
        withdraw(tx, poll, now)
        last = tx.exec(select(func.max(Poll.round)).where(Poll.root_id == (poll.root_id or self.poll))).one()
        again = _ask_again(tx, poll, max(poll.round, last or 0) + 1, "ready")
        journal.write(tx, badge, now, poll.session_id, "poll_reset", poll=self.poll, n=poll.counted)
        return Done(touched(poll), "poll_reset", {"poll": again}, wipe=True)


class NewRound(Command):
    """Ask the same question again: a poll of its own beside the first. `round` is the one wished for."""

    poll: Id
    round: Id

    def perform(self, tx: Tx, badge: Badge, now: float) -> Done:
        first = own(tx, badge, self.poll)
        if first.state not in ("sealed", "revealed", "withdrawn"):
            raise Refused("end_voting_first")
        root = first.root_id or self.poll
        have = tx.exec(select(Poll).where(Poll.root_id == root, Poll.round == self.round)).first()
        if have is not None:
            return Done(facts={"poll": have.id or 0})
        poll = _ask_again(tx, first, self.round, "draft")
        journal.write(tx, badge, now, first.session_id, "new_round", poll=poll, round=self.round)
        return Done(touched(first), "new_round", {"poll": poll})


def _ask_again(tx: Tx, first: Poll, number: int, state: str) -> int:
    """A poll with the same question, options and approvals, placed after the first. Its id."""
    assert first.id is not None
    poll = Poll(
        **first.model_dump(
            include={"session_id", "hall_id", "kind", "ballot", "results", "electorate", "min", "max", "timer_s"}
        ),
        key=f"{first.key[:30]}-{number}", place=first.place + 1, state=state, round=number,
        root_id=first.root_id or first.id,
    )  # fmt: skip
    for later in tx.exec(select(Poll).where(Poll.session_id == first.session_id, Poll.place > first.place)):
        later.place += 1
        tx.add(later)
    tx.add(poll)
    tx.flush()
    assert poll.id is not None
    set_items(tx, poll, tuple(item.key for item in items(tx, first.id)))
    for text in tx.exec(select(translations.Text).where(translations.Text.owner == owner(first.id))):
        tx.add(
            translations.Text(
                owner=owner(poll.id), slot=text.slot, language=text.language, body=text.body,
                approved_by=text.approved_by, approved_at=text.approved_at,
            )
        )  # fmt: skip
    return poll.id
