"""Preparing a poll: it is written, its texts are approved, it finds its place in the run list and is said to be ready.

A wording may still be corrected in an open poll, as long as its meaning stays.
"""

from __future__ import annotations

import secrets
from typing import Annotated

import msgspec
from sqlmodel import Field, SQLModel, col, func, select

from models import journal, programme, translations
from models.command import Badge, Body, Command, Done, Id, Word
from models.kinds import KINDS
from models.polls import OPTION, QUESTION, Poll, bounds, changed, lacks, own, owner, set_items, set_policy, touched
from models.refusals import Refused
from models.store import Tx
from models.tidy import tidy


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


def _poll_by_key(tx: Tx, session_id: int, key: str) -> int:
    """The poll that a form with this key has written already; 0 for none."""
    return tx.exec(select(Poll.id).where(Poll.session_id == session_id, Poll.key == f"w{key}")).first() or 0


def _clean(by_language: dict[str, str], limit: int, languages: str) -> dict[str, str]:
    """The texts that are there, tidied, in languages the event has."""
    tidied = {la: tidy(text, limit) for la, text in by_language.items() if la in languages.split(",")}
    return {la: text for la, text in tidied.items() if text}
