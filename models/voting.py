"""The life of a poll in the hall: voting is opened, ended and sealed, the result revealed, or all of it withdrawn."""

from __future__ import annotations

from typing import ClassVar

from sqlmodel import col, func, select

from models import hands, journal, programme, translations
from models.ballots import LIVE_STATES, enrol, erase_ballots, recount, rewrite
from models.command import Badge, Command, Done, Id, Word
from models.polls import Poll, changed, items, lacks, own, owner, touched
from models.refusals import Refused
from models.store import Tx


class OpenPoll(Command):
    """Open voting. `override` names the languages without an approved text, as the panel showed them."""

    poll: Id
    override: Word = ""

    def perform(self, tx: Tx, badge: Badge, now: float) -> Done:
        poll = own(tx, badge, self.poll)
        if poll.state == "open":
            return Done()
        if poll.state not in ("draft", "ready"):
            raise Refused("poll_was_open")
        _require_free(tx, poll)
        if not _askable(tx, poll):
            raise Refused("nothing_to_ask")
        lacking = ",".join(lacks(tx, poll))
        if lacking and lacking != self.override:
            raise Refused("languages_missing", languages=lacking.upper())
        poll.electors = enrol(tx, self.poll, poll.electorate, poll.session_id)
        if not poll.electors:
            raise Refused("nobody_to_vote")
        poll.state, poll.override = "open", lacking
        poll.opened_at, poll.closes_at = now, now + poll.timer_s if poll.timer_s else None
        _put_first(tx, poll)
        changed(tx, poll)
        journal.write(
            tx, badge, now, poll.session_id, "poll_opened", poll=self.poll, of=poll.electors, override=lacking
        )
        return Done(touched(poll), "poll_opened")


class SetTimer(Command):
    """Voting ends `seconds` from now; 0 stops the timer, and a person ends voting."""

    poll: Id
    seconds: Id
    why: Word = ""

    def perform(self, tx: Tx, badge: Badge, now: float) -> Done:
        poll = own(tx, badge, self.poll)
        if poll.state != "open":
            raise Refused("poll_not_open")
        if not self.seconds and poll.closes_at is None:
            return Done()
        poll.closes_at = now + min(self.seconds, 3600) if self.seconds > 0 else None
        changed(tx, poll)
        act = "timer_set" if self.seconds > 0 else "timer_stopped"
        journal.write(tx, badge, now, poll.session_id, act, poll=self.poll, seconds=self.seconds, why=self.why[:80])
        return Done(touched(poll), act)


class EndVoting(Command):
    """Phones lock; the seal follows after the grace. `deadline` is the `closes_at` of the timer that ended it."""

    poll: Id
    deadline: float = 0.0

    def perform(self, tx: Tx, badge: Badge, now: float) -> Done:
        poll = own(tx, badge, self.poll)
        if poll.state in ("closing", "sealed", "revealed"):
            return Done()
        if poll.state != "open":
            raise Refused("poll_not_open")
        if self.deadline and poll.closes_at != self.deadline:
            return Done()  # the timer was stopped or moved while this command was under way
        poll.state, poll.closed_at, poll.closes_at = "closing", now, None
        changed(tx, poll)
        journal.write(tx, badge, now, poll.session_id, "voting_ended", poll=self.poll)
        return Done(touched(poll), "voting_ended")


class ContinueVoting(Command):
    """Undo the end of voting before the seal; after it only while nobody has seen a figure, never a secret poll."""

    poll: Id

    def perform(self, tx: Tx, badge: Badge, now: float) -> Done:
        poll = own(tx, badge, self.poll)
        if poll.state == "open":
            return Done()
        if poll.state not in ("closing", "sealed"):
            raise Refused("poll_not_open")
        if poll.ballot == "secret" and (poll.state == "sealed" or "rewritten" in poll.settings):
            raise Refused("secret_not_reopened")
        if poll.state == "sealed" and (poll.looked_at is not None or poll.results == "live"):
            raise Refused("figures_were_seen")
        _require_free(tx, poll)
        hands.no_longer_late(tx, self.poll)
        poll.state, poll.closed_at, poll.sealed_at = "open", None, None
        _put_first(tx, poll)
        changed(tx, poll)
        journal.write(tx, badge, now, poll.session_id, "voting_continued", poll=self.poll)
        return Done(touched(poll), "voting_continued")


class SealPoll(Command):
    """Every vote recorded before this is in the result, none after. Sent by the node after the grace, alone.

    A secret poll first has register and box rewritten in random order and under new keys, then the write-ahead log
    emptied, and only then is sealed: what remains on disk cannot join a voter and a ballot.
    """

    alone: ClassVar[bool] = True

    poll: Id
    closed_at: float
    """The end of voting this seal belongs to: one that was continued has another."""

    def perform(self, tx: Tx, badge: Badge, now: float) -> Done:
        poll = own(tx, badge, self.poll)
        if poll.state != "closing" or poll.closed_at != self.closed_at:
            return Done()
        poll.counted, poll.difference = recount(tx, self.poll)
        if poll.ballot != "secret":
            return self._seal(tx, badge, now)
        if "rewritten" not in poll.settings:
            rewrite(tx, self.poll)
            poll.settings = {**poll.settings, "rewritten": 1}
            changed(tx, poll)
        return Done(sequel=lambda again: self._seal(again, badge, now))

    def _seal(self, tx: Tx, badge: Badge, now: float) -> Done:
        poll = own(tx, badge, self.poll)
        poll.state, poll.sealed_at = "sealed", now
        changed(tx, poll)
        journal.write(
            tx, badge, now, poll.session_id, "sealed", poll=self.poll, n=poll.counted, difference=poll.difference
        )
        return Done(touched(poll), "sealed")


class LookFirst(Command):
    """Show the figures at the desk before the hall. From now on the poll cannot be reopened."""

    poll: Id

    def perform(self, tx: Tx, badge: Badge, now: float) -> Done:
        poll = own(tx, badge, self.poll)
        if poll.state not in ("sealed", "revealed"):
            raise Refused("not_sealed_yet")
        if poll.looked_at is None:
            poll.looked_at = now
            changed(tx, poll)
            journal.write(tx, badge, now, poll.session_id, "figures_seen", poll=self.poll)
        return Done(touched(poll), "figures_seen")


class Reveal(Command):
    """Show the result on phones, and on the screen where a results scene is on. The split is public from now on."""

    poll: Id

    def perform(self, tx: Tx, badge: Badge, now: float) -> Done:
        poll = own(tx, badge, self.poll)
        if poll.state == "revealed":
            return Done()
        if poll.state != "sealed":
            raise Refused("not_sealed_yet")
        if poll.results == "moderators_only":
            raise Refused("for_moderators_only")
        poll.state, poll.revealed_at, poll.looked_at = "revealed", now, poll.looked_at or now
        changed(tx, poll)
        journal.write(tx, badge, now, poll.session_id, "revealed", poll=self.poll)
        return Done(touched(poll), "revealed")


class Withdraw(Command):
    """Misfire: phones and screens clear at once, ballots are deleted, the journal keeps their number."""

    poll: Id

    def perform(self, tx: Tx, badge: Badge, now: float) -> Done:
        poll = own(tx, badge, self.poll)
        if poll.state == "withdrawn":
            return Done()
        if poll.state not in LIVE_STATES:
            raise Refused("poll_not_open")
        withdraw(tx, poll, now)
        journal.write(tx, badge, now, poll.session_id, "withdrawn", poll=self.poll, n=poll.counted)
        return Done(touched(poll), "withdrawn", wipe=True)


def _require_free(tx: Tx, poll: Poll) -> None:
    """Refused unless people can vote in this poll now: its session is on, and no other poll of it is."""
    meeting = tx.get(programme.Meeting, poll.session_id)
    assert meeting is not None
    if meeting.state != "on":
        raise Refused("start_session_first")
    others = select(Poll.id).where(
        Poll.session_id == poll.session_id, Poll.id != poll.id, col(Poll.state).in_(LIVE_STATES)
    )
    if tx.exec(others).first() is not None:
        raise Refused("another_poll_open")


def _askable(tx: Tx, poll: Poll) -> bool:
    """Whether some language of the event has the question and every option approved: else there is nothing to read."""
    assert poll.id is not None
    offered = tuple(programme.the_event(tx).languages.split(","))
    return len(translations.missing(tx, owner(poll.id), 1 + len(items(tx, poll.id)), offered)) < len(offered)


def _put_first(tx: Tx, poll: Poll) -> None:
    """From now on this is the poll that phones of its session look at."""
    last = tx.exec(select(func.max(Poll.opened)).where(Poll.session_id == poll.session_id)).one() or 0
    poll.opened = last + 1


def withdraw(tx: Tx, poll: Poll, now: float) -> None:
    """End a poll as if it had not been: its ballots are deleted, only their number is kept."""
    assert poll.id is not None
    poll.counted = erase_ballots(tx, poll.id)
    poll.state, poll.closed_at, poll.closes_at = "withdrawn", now, None
    changed(tx, poll)
