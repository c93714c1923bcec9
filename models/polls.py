"""A poll and its life: draft, ready, open, closing, sealed, revealed; and from open or closing, withdrawn."""

from __future__ import annotations

import secrets
from typing import Annotated, ClassVar

import msgspec
from sqlalchemy import JSON, Column
from sqlmodel import Field, SQLModel, col, func, select

from models import journal, people, programme, translations
from models.ballots import LIVE_STATES, enrol, erase_ballots, recount, rewrite
from models.command import Badge, Body, Command, Done, Id, Touched, Word
from models.kinds import KINDS
from models.refusals import Refused
from models.store import Tx
from models.tidy import tidy

BALLOTS = ("named", "confidential", "secret")
RESULTS = ("live", "after_close", "on_release", "moderators_only")
QUESTION, OPTION = 280, 160
"""Longest question and option, in characters."""


class Poll(SQLModel, table=True):
    """A question put to the hall. Times are wall time; deadlines are kept by the node on a monotonic clock."""

    id: int | None = Field(default=None, primary_key=True)
    key: str = Field(index=True)
    session_id: int = Field(foreign_key="session.id", index=True)
    hall_id: int = Field(foreign_key="hall.id")
    place: int = 0
    kind: str
    state: str = "draft"
    version: int = 1
    """Counts every change of the poll itself; votes do not move it."""
    round: int = 1
    root_id: int | None = None
    """The first round of a question asked again."""
    ballot: str = "confidential"
    results: str = "on_release"
    electorate: str = "present"
    """present, delegations, or roles:moderator,observer"""
    min: int = 1
    max: int = 1
    timer_s: int = 0
    settings: dict[str, int | str] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    wording: int = 1
    """Version of the wording; counts up when it is corrected while open."""
    override: str = ""
    """Languages that had no approved text when the poll was opened nevertheless."""
    opened: int = 0
    """The how-manieth opening of its session this was, 0 for none: clocks are set back, numbers are not."""
    opened_at: float | None = None
    closes_at: float | None = None
    """When the timer ends voting; None without a timer or when it was stopped."""
    closed_at: float | None = None
    sealed_at: float | None = None
    revealed_at: float | None = None
    looked_at: float | None = None
    """When a figure was first seen by anyone, moderators included."""
    electors: int = 0
    counted: int = 0
    """Ballots in the sealed result, or that were deleted when withdrawn."""
    difference: int = 0
    """Marks by which the running tally differed from the recount at the seal. Always 0, or it is reported."""


class Item(SQLModel, table=True):
    """What can be marked. `n` counts from 1 and is the slot of its text."""

    id: int | None = Field(default=None, primary_key=True)
    poll_id: int = Field(foreign_key="poll.id", index=True)
    n: int
    key: str


class Hands(SQLModel, table=True):
    """Hands counted in the hall for one item, shown apart. `late`: counted after the seal, a line of its own."""

    poll_id: int = Field(primary_key=True)
    item_id: int = Field(primary_key=True)
    late: bool = Field(primary_key=True, default=False)
    n: int


class Wording(SQLModel, table=True):
    """A wording that was corrected while open: the report prints both versions and the time."""

    id: int | None = Field(default=None, primary_key=True)
    poll_id: int = Field(index=True)
    version: int
    slot: int
    language: str
    before: str
    after: str
    at: float


# --- commands: writing


class WritePoll(Command):
    """Write a new poll (poll 0) or change a draft. `texts` are question, then options, each by language.

    Answers that are fixed bring their own texts; what is sent for them is not looked at.

    `key` is made by the page for a new poll: the same form sent twice writes one poll.
    """

    session: Id
    poll: Id = 0
    key: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{0,32}$")] = ""
    kind: Word = "single"
    texts: list[dict[Word, Body]] = msgspec.field(default_factory=list)
    ballot: Word = "confidential"
    results: Word = "on_release"
    electorate: Word = "present"
    min: Id = 1
    max: Id = 1
    timer_s: Id = 0

    def perform(self, tx: Tx, badge: Badge, now: float) -> Done:
        meeting = programme.staffed(tx, badge, self.session)
        texts = [
            _clean(slot, QUESTION if n == 0 else OPTION, programme.the_event(tx).languages)
            for n, slot in enumerate(self.texts[:21])
        ]
        while len(texts) > 1 and not texts[-1]:
            texts.pop()
        known = self.poll or (_poll_by_key(tx, self.session, self.key) if self.key else 0)
        if known:
            poll = own(tx, badge, known)
            if poll.state not in ("draft", "ready"):
                raise Refused("poll_not_draft")
        else:
            place = tx.exec(select(func.max(Poll.place)).where(Poll.session_id == self.session)).one() or 0
            poll = Poll(
                key=f"w{self.key or secrets.token_hex(6)}",
                session_id=self.session,
                hall_id=meeting.hall_id,
                place=place + 1,
                kind=self.kind,
            )
        kind = KINDS.get(self.kind)
        if kind is None:
            raise Refused("no_such_kind")
        if not texts or not texts[0]:
            raise Refused("question_missing")
        if kind.fixed_items:
            offered = programme.the_event(tx).languages.split(",")
            texts[1:] = [{la: text[la] for la in offered if la in text} for text in kind.fixed_texts]
        options = len(texts) - 1
        if options < 2 or any(not slot for slot in texts[1:]):
            raise Refused("options_missing")
        poll.kind, poll.state = self.kind, "draft"
        poll.min, poll.max = bounds(self.kind, self.min, self.max, options)
        poll.timer_s = max(0, min(3600, self.timer_s))
        set_policy(poll, self.ballot, self.results, self.electorate)
        poll.version += 1
        tx.add(poll)
        tx.flush()
        assert poll.id is not None
        set_items(tx, poll, kind.fixed_items or tuple(chr(96 + n) for n in range(1, options + 1)))
        for slot, by_language in enumerate(texts):
            for language, body in by_language.items():
                translations.write(tx, owner(poll.id), slot, language, body)
        journal.write(tx, badge, now, poll.session_id, "poll_written", poll=poll.id)
        return Done(touched(poll), "poll_written", {"poll": poll.id})


class ApproveText(Command):
    """Approve the poll's texts in one language, under the name of this badge."""

    poll: Id
    language: Word

    def perform(self, tx: Tx, badge: Badge, now: float) -> Done:
        poll = own(tx, badge, self.poll)
        if not translations.approve(tx, owner(self.poll), self.language, badge.person_id, now):
            return Done()
        journal.write(tx, badge, now, poll.session_id, "text_approved", poll=self.poll, language=self.language)
        return Done(touched(poll), "text_approved")


class CorrectWording(Command):
    """Change one text while its meaning stays. In an open poll everyone who voted is asked to check."""

    poll: Id
    slot: Id
    language: Word
    body: Body

    def perform(self, tx: Tx, badge: Badge, now: float) -> Done:
        poll = own(tx, badge, self.poll)
        if poll.state not in ("draft", "ready", "open"):
            raise Refused("poll_not_open")
        body = tidy(self.body, OPTION if self.slot else QUESTION)
        have = translations.slots(tx, owner(self.poll)).get(self.slot)
        if have is None or self.language not in programme.the_event(tx).languages.split(","):
            raise Refused("no_such_text")
        if not body:
            raise Refused("question_missing")
        before = have.get(self.language, "")
        approved = {
            text.language: (text.approved_by, text.approved_at)
            for text in tx.exec(
                select(translations.Text).where(
                    translations.Text.owner == owner(self.poll), translations.Text.slot == self.slot
                )
            )
        }
        if not translations.write(tx, owner(self.poll), self.slot, self.language, body):
            return Done()
        if poll.state == "open":
            # The meaning is unchanged, so the other languages keep their approval, and this one has its author's.
            approved[self.language] = (badge.person_id, now)
            for text in tx.exec(
                select(translations.Text).where(
                    translations.Text.owner == owner(self.poll), translations.Text.slot == self.slot
                )
            ):
                text.approved_by, text.approved_at = approved.get(text.language, (None, None))
                tx.add(text)
            poll.wording += 1
            tx.add(
                Wording(
                    poll_id=self.poll, version=poll.wording, slot=self.slot, language=self.language, before=before,
                    after=body, at=now,
                )
            )  # fmt: skip
        elif poll.state == "ready":
            poll.state = "draft"
        changed(tx, poll)
        journal.write(tx, badge, now, poll.session_id, "wording_corrected", poll=self.poll, language=self.language)
        return Done(touched(poll), "wording_corrected")


class MovePoll(Command):
    """Put a poll at a place in the run list, counted from 1."""

    poll: Id
    place: Id

    def perform(self, tx: Tx, badge: Badge, now: float) -> Done:
        poll = own(tx, badge, self.poll)
        rows = list(tx.exec(select(Poll).where(Poll.session_id == poll.session_id).order_by(col(Poll.place))))
        before = rows.index(poll) + 1
        place = max(1, min(len(rows), self.place))
        if place == before:
            return Done()
        rows.insert(place - 1, rows.pop(before - 1))
        for n, row in enumerate(rows, 1):
            row.place = n
            tx.add(row)
        undo = MovePoll(poll=self.poll, place=before)
        journal.write(tx, badge, now, poll.session_id, "poll_moved", undo=undo, poll=self.poll)
        return Done(touched(poll), "poll_moved")


class MakeReady(Command):
    """Say that the poll is ready: its texts are read and the panel shows what is missing."""

    poll: Id

    def perform(self, tx: Tx, badge: Badge, now: float) -> Done:
        poll = own(tx, badge, self.poll)
        if poll.state == "ready":
            return Done()
        if poll.state != "draft":
            raise Refused("poll_not_draft")
        lacking = lacks(tx, poll)
        if lacking:
            raise Refused("languages_missing", languages=",".join(lacking).upper())
        poll.state = "ready"
        changed(tx, poll)
        journal.write(tx, badge, now, poll.session_id, "poll_ready", poll=self.poll)
        return Done(touched(poll), "poll_ready")


# --- commands: opening to revealing


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
        if not askable(tx, poll):
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
        _withdraw(tx, poll, now)
        journal.write(tx, badge, now, poll.session_id, "withdrawn", poll=self.poll, n=poll.counted)
        return Done(touched(poll), "withdrawn", wipe=True)


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
        _withdraw(tx, poll, now)
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


class CountHands(Command):
    """Hands counted in the hall for one option: beside the votes before the seal, later on a line of their own."""

    poll: Id
    item: Id
    n: Id

    def perform(self, tx: Tx, badge: Badge, now: float) -> Done:
        poll = tx.get(Poll, self.poll)
        if poll is None:
            raise Refused("no_such_poll")
        people.require(tx, badge, "count_hands", poll.session_id)
        if poll.state not in ("open", "closing", "sealed", "revealed"):
            raise Refused("poll_not_open")
        if not 0 <= self.n <= 100_000 or self.item not in {item.id for item in items(tx, self.poll)}:
            raise Refused("no_such_option")
        late = poll.state in ("sealed", "revealed")
        row = tx.get(Hands, (self.poll, self.item, late)) or Hands(poll_id=self.poll, item_id=self.item, late=late, n=0)
        if row.n == self.n:
            return Done()
        row.n = self.n
        tx.add(row)
        changed(tx, poll)
        journal.write(tx, badge, now, poll.session_id, "hands_counted", poll=self.poll, item=self.item, n=self.n)
        return Done(touched(poll), "hands_counted")


# --- rules


def own(tx: Tx, badge: Badge, poll_id: int) -> Poll:
    """The poll, if this badge may moderate its session."""
    poll = tx.get(Poll, poll_id)
    if poll is None:
        raise Refused("no_such_poll")
    people.require(tx, badge, "moderate", poll.session_id)
    return poll


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


def _put_first(tx: Tx, poll: Poll) -> None:
    """From now on this is the poll that phones of its session look at."""
    last = tx.exec(select(func.max(Poll.opened)).where(Poll.session_id == poll.session_id)).one() or 0
    poll.opened = last + 1


def _poll_by_key(tx: Tx, session_id: int, key: str) -> int:
    """The poll that a form with this key has written already; 0 for none."""
    return tx.exec(select(Poll.id).where(Poll.session_id == session_id, Poll.key == f"w{key}")).first() or 0


def _withdraw(tx: Tx, poll: Poll, now: float) -> None:
    assert poll.id is not None
    poll.counted = erase_ballots(tx, poll.id)
    poll.state, poll.closed_at, poll.closes_at = "withdrawn", now, None
    changed(tx, poll)


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


def lacks(tx: Tx, poll: Poll) -> tuple[str, ...]:
    """Languages of the session without an approved text for the question or an option."""
    meeting = tx.get(programme.Meeting, poll.session_id)
    assert meeting is not None
    assert poll.id is not None
    return translations.missing(tx, owner(poll.id), 1 + len(items(tx, poll.id)), tuple(meeting.languages.split(",")))


def askable(tx: Tx, poll: Poll) -> bool:
    """Whether some language of the event has the question and every option approved: else there is nothing to read."""
    assert poll.id is not None
    offered = tuple(programme.the_event(tx).languages.split(","))
    return len(translations.missing(tx, owner(poll.id), 1 + len(items(tx, poll.id)), offered)) < len(offered)


def set_policy(poll: Poll, ballot: str, results: str, electorate: str) -> None:
    """Who can know what I chose, who sees results when, who votes. Refused in words where they do not go together."""
    if ballot not in BALLOTS or results not in RESULTS:
        raise Refused("no_such_setting")
    if ballot == "secret" and results == "live":
        raise Refused("secret_not_live")
    roles = electorate.removeprefix("roles:").split(",") if electorate.startswith("roles:") else []
    if electorate not in ("present", "delegations") and not (roles and all(role in people.ROLES for role in roles)):
        raise Refused("no_such_setting")
    poll.ballot, poll.results, poll.electorate = ballot, results, electorate


def bounds(kind: str, least: int, most: int, options: int) -> tuple[int, int]:
    """How many may be chosen: 1 and 1 but for multiple choice."""
    if kind != "multiple":
        return 1, 1
    most = max(1, min(options, most))
    return max(0, min(most, least)), most


def _clean(by_language: dict[str, str], limit: int, languages: str) -> dict[str, str]:
    """The texts that are there, tidied, in languages the event has."""
    tidied = {la: tidy(text, limit) for la, text in by_language.items() if la in languages.split(",")}
    return {la: text for la, text in tidied.items() if text}


def set_items(tx: Tx, poll: Poll, keys: tuple[str, ...]) -> None:
    """Make the poll's items these, in this order."""
    assert poll.id is not None
    have = items(tx, poll.id)
    if tuple(item.key for item in have) == keys:
        return
    for item in have:
        tx.delete(item)
    tx.flush()
    for n, key in enumerate(keys, 1):
        tx.add(Item(poll_id=poll.id, n=n, key=key))
    tx.flush()


def items(tx: Tx, poll_id: int) -> list[Item]:
    return list(tx.exec(select(Item).where(Item.poll_id == poll_id).order_by(col(Item.n))))


def owner(poll_id: int) -> str:
    """Where a poll's texts lie."""
    return f"poll:{poll_id}"


def changed(tx: Tx, poll: Poll) -> None:
    poll.version += 1
    tx.add(poll)
    tx.flush()


def touched(poll: Poll) -> Touched:
    """What every face must look at again when the poll itself changes."""
    return frozenset(
        {
            (f"session:{poll.session_id}", "now"),
            (f"session:{poll.session_id}", "turnout"),
            (f"session:{poll.session_id}", "desk"),
            (f"hall:{poll.hall_id}", "scene"),
            (f"hall:{poll.hall_id}", "turnout"),
            (f"hall:{poll.hall_id}", "air"),
        }
    )


def languages(tx: Tx, poll: Poll) -> tuple[str, ...]:
    """Languages of the poll's session, in the event's order of dignity."""
    meeting = tx.get(programme.Meeting, poll.session_id)
    return tuple(meeting.languages.split(",")) if meeting else ()
