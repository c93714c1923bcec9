"""What an organiser sets up by hand: the event, its sessions and delegations. Halls are in `models.venue`.

Lists do the same for many rows at once (`models.imports`); both leave the same rows behind.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from sqlmodel import col, select

from models import journal, programme
from models.command import SYSTEM, Badge, Body, Command, Done, Id, Touched, Word
from models.logins import LANGUAGES
from models.people import Delegation, Person
from models.polls import Poll
from models.programme import Event, Hall, Meeting, Texts, desks, touched_by
from models.refusals import Refused
from models.rights import require
from models.store import Tx
from models.tidy import tidy

KINDS = ("parallel", "plenary", "break")
NAME, TITLE, TRACK = 120, 300, 60
"""Longest name of a hall or delegation, title of a session, and track, in characters."""
EVENT_TOUCHED: Touched = frozenset({("event", "agenda"), ("event", "look")})
_START, _END = re.compile("([01][0-9]|2[0-3]):[0-5][0-9]"), re.compile("[0-2][0-9]:[0-5][0-9]")

Names = dict[Word, Body]
"""Texts by language, as a form sends them: empty ones are left out."""


class EditEvent(Command):
    """Name, time zone and languages of the event, in their order of dignity. The first time it makes the event.

    Without `indicative` results no longer carry "Indicative, not a decision"; that is logged by itself.
    """

    names: Names
    zone: Word
    languages: list[Word]
    indicative: bool = False

    def perform(self, tx: Tx, badge: Badge, now: float) -> Done:
        require(tx, badge, "manage_event")
        names, languages = texts(self.names, 200), spoken(self.languages)
        try:
            ZoneInfo(self.zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise Refused("no_such_zone") from None
        event = tx.exec(select(Event)).first() or Event(key="event", names={})
        before = event.indicative
        wished = (names, self.zone, languages, self.indicative)
        if event.id is not None and (event.names, event.zone, event.languages, event.indicative) == wished:
            return Done(notice="event_saved")
        event.names, event.zone, event.languages, event.indicative = wished
        tx.add(event)
        journal.write(tx, badge, now, None, "event_edited", zone=self.zone)
        if before != self.indicative:
            journal.write(tx, badge, now, None, "indicative_set" if self.indicative else "indicative_removed")
        return Done(EVENT_TOUCHED | _scenes(tx), "event_saved")


class AddSession(Command):
    """A session that stands in no list. `day` as 2026-12-06, `start` and `end` as 09:30, in the event's zone."""

    hall: Id
    day: Word
    start: Word
    end: Word
    titles: Names
    kind: Word = "parallel"
    track: Word = ""
    languages: list[Word] = msgspec.field(default_factory=list)

    def perform(self, tx: Tx, badge: Badge, now: float) -> Done:
        require(tx, badge, "manage_event")
        hall = tx.get(Hall, self.hall)
        if hall is None:
            raise Refused("no_such_hall")
        titles = texts(self.titles, TITLE)
        end = _checked_end(self.day, self.start, self.end)
        if self.kind not in KINDS:
            raise Refused("no_such_setting")
        for old in tx.exec(
            select(Meeting).where(Meeting.hall_id == self.hall, Meeting.day == self.day, Meeting.state != "cancelled")
        ):
            if (old.start, old.end, old.titles) == (self.start, end, titles):
                return Done(notice="session_saved", facts={"session": old.id or 0})
            if old.start < end and self.start < old.end:
                raise Refused("hall_taken", title=programme.pick(old.titles, badge.language), start=old.start)
        taken = set(tx.exec(select(Meeting.key)))
        meeting = Meeting(
            key=new_key(f"{self.day}-{self.start.replace(':', '')}-{hall.key}", "session", taken), hall_id=self.hall,
            day=self.day, start=self.start, end=end, track=tidy(self.track, TRACK), kind=self.kind,
            titles=titles, languages=spoken(self.languages, hall.languages), code=programme.new_code(tx),
        )  # fmt: skip
        tx.add(meeting)
        tx.flush()
        assert meeting.id is not None
        journal.write(tx, badge, now, meeting.id, "session_added")
        return Done(touched_by(meeting) | desks(tx, self.hall), "session_saved", {"session": meeting.id})


class EditSession(Command):
    """Titles, track, kind and languages of a session that has not begun. `models.schedule` moves it."""

    session: Id
    titles: Names
    kind: Word = "parallel"
    track: Word = ""
    languages: list[Word] = msgspec.field(default_factory=list)

    def perform(self, tx: Tx, badge: Badge, now: float) -> Done:
        require(tx, badge, "manage_event")
        meeting = tx.get(Meeting, self.session)
        if meeting is None:
            raise Refused("no_such_session")
        if meeting.state not in ("planned", "postponed"):
            raise Refused("session_has_begun")
        if self.kind not in KINDS:
            raise Refused("no_such_setting")
        if self.kind == "break" and tx.exec(select(Poll.id).where(Poll.session_id == self.session)).first():
            raise Refused("break_with_polls")
        meeting.titles, meeting.track, meeting.kind = texts(self.titles, TITLE), tidy(self.track, TRACK), self.kind
        meeting.languages = spoken(self.languages, meeting.languages)
        tx.add(meeting)
        journal.write(tx, badge, now, self.session, "session_edited")
        return Done(touched_by(meeting) | desks(tx, meeting.hall_id), "session_saved", {"session": self.session})


class EditDelegation(Command):
    """Names, place in the order, and whether it has a vote. Without one, nobody casts it any more."""

    delegation: Id
    names: Names
    place: Id
    votes: bool = False

    def perform(self, tx: Tx, badge: Badge, now: float) -> Done:
        require(tx, badge, "manage_event")
        row = tx.get(Delegation, self.delegation)
        if row is None:
            raise Refused("no_such_delegation")
        row.names, row.place, row.votes = texts(self.names, NAME), min(self.place, 100_000), self.votes
        if not self.votes:
            row.voter_id = row.alternate_id = None
        tx.add(row)
        journal.write(tx, badge, now, None, "delegation_edited", delegation=row.key)
        return Done(frozenset({("event", "people"), ("event", "agenda")}), "delegation_saved")


def first_organiser(tx: Tx, name: str, now: float) -> Done:
    """Whoever begins: an organiser beside no other. The one of this name there is already is left as they are.

    Refused("organiser_there") where somebody else is one: they sign in, and name others by a list.
    """
    given, _, family = tidy(name, 160).rpartition(" ")
    if not given:
        given, family = family, ""
    if not any(map(str.isalpha, given)):
        raise Refused("text_needed")
    for old in tx.exec(select(Person).where(Person.role == "organiser", col(Person.revoked).is_(False))):
        if (old.given_name, old.family_name) == (given, family):
            return Done(facts={"person": old.id or 0})
        raise Refused("organiser_there", name=old.name, number=old.number)
    taken = set(tx.exec(select(Person.number)))
    number = next(f"O{n}" for n in range(1, len(taken) + 2) if f"O{n}" not in taken)
    person = Person(number=number, given_name=given, family_name=family, role="organiser", organisation="")
    tx.add(person)
    tx.flush()
    assert person.id is not None
    journal.write(tx, Badge(0, SYSTEM), now, None, "organiser_made", person=number)
    return Done(frozenset({("event", "people")}), facts={"person": person.id})


def texts(given: Names, limit: int) -> Texts:
    """The texts in the languages there are, tidied. Refused where none is left."""
    found = {la: text for la in LANGUAGES if (text := tidy(given.get(la, ""), limit))}
    if not found:
        raise Refused("text_needed")
    return found


def spoken(wished: list[str], otherwise: str = "") -> str:
    """Languages in their order, each once; `otherwise` where none was chosen. Refused where that is none either."""
    chosen = [language for language in dict.fromkeys(wished) if language]
    if any(language not in LANGUAGES for language in chosen):
        raise Refused("no_such_language")
    if not chosen and not otherwise:
        raise Refused("language_missing")
    return ",".join(chosen) or otherwise


def new_key(name: str, otherwise: str, taken: set[str]) -> str:
    """Letters, digits and dashes of a name, as lists write them; with a number where it is taken."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    stem = re.sub("[^a-z0-9]+", "-", plain).strip("-")[:50] or otherwise
    return next(key for n in range(len(taken) + 1) if (key := f"{stem}-{n + 1}" if n else stem) not in taken)


def _checked_end(day: str, start: str, end: str) -> str:
    """The end as it is kept. Refused where day, start or end are none, or the end is not after the start."""
    try:
        if date.fromisoformat(day).isoformat() != day or not _START.fullmatch(start) or not _END.fullmatch(end):
            raise ValueError
    except ValueError:
        raise Refused("no_such_time") from None
    if programme.end_after(start, end) <= start:
        raise Refused("ends_before_start")
    return programme.end_after(start, end)


def _scenes(tx: Tx) -> Touched:
    """Every hall's picture: each may carry the event's name or what stands under results."""
    halls = tx.exec(select(col(Hall.id))).all()
    return frozenset({(f"hall:{hall}", "scene") for hall in halls})
