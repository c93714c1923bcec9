"""The browsers a badge is shown in: the first comes in at once, each further one when an earlier one says so.

Who photographs the back of a badge has its secret. So a further device waits, under a number that both show, until
it is allowed there or at the registration desk. It comes in by itself only where nobody could have been asked: a
closed tab and a lost phone answer nothing. Then its owner is told, and may still put it out.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace

from sqlmodel import col, func, select

from models import journal
from models.command import Badge, Command, Done, Id, Touched
from models.logins import ASKS_FOR, BROWSERS, LANGUAGES, Asking, Login, browsers, doubtful, require_confirmed
from models.people import Person, in_care
from models.refusals import Refused
from models.screens import Screen
from models.store import Peek, Tx

_ASKS = f"abs(made_at - ?) <= {ASKS_FOR}"
"""`Asking.recent`, for the driver's own cursor."""
ASKING = 2
"""Devices of one badge that may ask in ten minutes, refused and stopped ones included: nobody is pestered for ever."""


class ShowBadge(Command):
    """A badge was shown in a browser. Sent by the door (`live.badges`), which has checked code or link.

    `wait`: seconds after which a further device comes in where none could be asked; 0 asks none.
    """

    person: Id = 0
    screen: Id = 0
    issue: Id = 1
    token_hash: bytes = b""
    language: str = "en"
    wait: float = 0.0
    former: bytes = b""
    """Hash of the token this browser brought: it forgets that one, so whoever it belonged to has a browser less. One
    that waits with this badge already goes on waiting, under its number and the new token."""

    def perform(self, tx: Tx, badge: Badge, now: float) -> Done:
        for token in (self.former, self.token_hash):  # the second where the answer to the try before was lost
            waits = waiting(tx, token, now)
            if waits and waits.person == self.person and not waits.refused:
                tx.cursor.execute(
                    "UPDATE asking SET token_hash = ? WHERE token_hash = ? AND issue = ?",
                    (self.token_hash, token, self.issue),
                )
                if tx.cursor.rowcount:
                    return Done(notice="device_asked", facts={"number": waits.number})
        touched = self._forget_former(tx)
        done = self._screen(tx, now) if self.screen else self._person(tx, now)
        return replace(done, touched=done.touched | touched)

    def _screen(self, tx: Tx, now: float) -> Done:
        screen = tx.get(Screen, self.screen)
        if screen is None or screen.revoked or screen.issue != self.issue:
            raise Refused("show_badge_first")
        tx.add(Login(token_hash=self.token_hash, screen_id=self.screen, issue=self.issue, made_at=now))
        return Done(notice="signed_in")

    def _forget_former(self, tx: Tx) -> Touched:
        login, asking = tx.get(Login, self.former), tx.get(Asking, self.former)
        touched: set[tuple[str, str]] = set()
        if login is not None:
            key = f"screen:{login.screen_id}" if login.screen_id else f"person:{login.person_id}"
            touched = {(key, "badge"), (key, "devices")}
            tx.delete(login)
        if asking is not None and not asking.refused and not asking.stopped:
            touched = {(f"person:{asking.person_id}", "devices")}
            asking.stopped = True
            tx.add(asking)
        tx.flush()
        return frozenset(touched)

    def _person(self, tx: Tx, now: float) -> Done:
        if self.language not in LANGUAGES:
            raise Refused("no_such_language")
        person = tx.get(Person, self.person)
        if person is None or person.revoked or person.issue != self.issue:
            raise Refused("show_badge_first")
        present = browsers(tx, self.person, self.issue)
        if present >= BROWSERS:
            raise Refused("too_many_browsers", count=BROWSERS)
        if present and self.wait:
            return self._ask(tx, now)
        tx.add(
            Login(
                token_hash=self.token_hash, person_id=self.person, issue=self.issue, language=self.language, made_at=now
            )
        )
        return Done(notice="signed_in")

    def _ask(self, tx: Tx, now: float) -> Done:
        former = tx.exec(select(Asking).where(Asking.person_id == self.person)).all()
        used = {old.number for old in former}  # a device that waited in vain may still show its number
        for old in former:
            if old.issue != self.issue or abs(now - old.made_at) > ASKS_FOR:
                tx.delete(old)
        tx.flush()
        asking = tx.exec(select(func.count()).where(Asking.person_id == self.person)).one()
        if asking >= ASKING:
            raise Refused("too_many_devices")
        known = tx.exec(select(Login.number).where(Login.person_id == self.person)).all()
        number = secrets.choice([n for n in range(10, 100) if n not in used.union(known)])
        tx.add(
            Asking(
                token_hash=self.token_hash, person_id=self.person, issue=self.issue, language=self.language,
                number=number, made_at=now,
            )
        )  # fmt: skip
        return Done(frozenset({(f"person:{self.person}", "devices")}), "device_asked", {"number": number})


class SeeDevices(Command):
    """Who waits stands before the reader's eyes: from now on nobody comes in by itself."""

    def perform(self, tx: Tx, badge: Badge, now: float) -> Done:
        require_confirmed(tx, badge)
        tx.cursor.execute("UPDATE asking SET told = 1 WHERE person_id = ? AND NOT told", (badge.person_id,))
        return Done()


class AllowDevice(Command):
    """Let the device of this number in, or confirm one that is. `person` for the registration desk."""

    number: Id
    person: Id = 0

    def perform(self, tx: Tx, badge: Badge, now: float) -> Done:
        owner, row = _asked(tx, badge, self.person, self.number, now)
        if row is None:
            login = _came(tx, owner, self.number)
            if login.confirmed:
                return Done()
            login.confirmed = True
            tx.add(login)
        else:
            if browsers(tx, owner, row.issue) >= BROWSERS:
                raise Refused("too_many_browsers", count=BROWSERS)
            _come_in(tx, row, now, confirmed=True)
        _write(tx, badge, now, owner, "device_allowed")
        return Done(frozenset({(f"person:{owner}", "devices")}), "device_allowed")


class RefuseDevice(Command):
    """Keep the device of this number out, or put it out if it came in by itself. `person` as above."""

    number: Id
    person: Id = 0

    def perform(self, tx: Tx, badge: Badge, now: float) -> Done:
        owner, row = _asked(tx, badge, self.person, self.number, now)
        touched = {(f"person:{owner}", "devices")}
        if row is None:
            login = _came(tx, owner, self.number)
            if login.confirmed:
                raise Refused("no_such_device")
            tx.delete(login)
            touched.add((f"person:{owner}", "badge"))
        else:
            if row.refused:
                return Done()
            row.refused = True
            tx.add(row)
        _write(tx, badge, now, owner, "device_refused")
        return Done(frozenset(touched), "device_refused")


class AdmitDevice(Command):
    """Let in a device that waited where nobody could be asked. Sent by the door, as often as the device asks there."""

    token_hash: bytes
    wait: float

    def perform(self, tx: Tx, badge: Badge, now: float) -> Done:
        row = tx.get(Asking, self.token_hash)
        if row is None or row.refused or not due(tx, self.token_hash, self.wait, now):
            raise Refused("no_such_device")
        person = row.person_id
        present = browsers(tx, person, row.issue)
        if present >= BROWSERS:
            raise Refused("too_many_browsers", count=BROWSERS)
        _come_in(tx, row, now, confirmed=not present)
        return Done(frozenset({(f"person:{person}", "devices")}), "signed_in")


class StopAsking(Command):
    """The waiting browser does not want to any more. Sent by the door."""

    token_hash: bytes

    def perform(self, tx: Tx, badge: Badge, now: float) -> Done:
        row = tx.get(Asking, self.token_hash)
        if row is None or row.refused or row.stopped:
            return Done()
        row.stopped = True  # it counts on: who asks and stops, asks and stops, pesters, too
        tx.add(row)
        return Done(frozenset({(f"person:{row.person_id}", "devices")}))


@dataclass(frozen=True, slots=True)
class Device:
    """A device its owner should decide on: one that waits, or `came` in by itself."""

    number: int
    came: bool


@dataclass(frozen=True, slots=True)
class Waiting:
    """What a waiting browser is told: the number, and whether it was refused."""

    person: int
    number: int
    refused: bool


def to_decide(tx: Tx | Peek, badge: Badge, now: float) -> tuple[Device, ...]:
    """What this badge's owner should decide on, seen in a browser that is theirs beyond doubt."""
    rows = tx.cursor.execute(
        f"SELECT number, 0 FROM asking WHERE person_id = ? AND NOT refused AND NOT stopped AND {_ASKS}"
        " UNION ALL SELECT number, 1 FROM login WHERE person_id = ? AND NOT confirmed",
        (badge.person_id, now, badge.person_id),
    ).fetchall()
    if not rows or doubtful(tx, badge):
        return ()
    return tuple(Device(number, bool(came)) for number, came in sorted(rows))


def waiting(tx: Tx | Peek, token_hash: bytes, now: float) -> Waiting | None:
    """What the browser with this token waits for, if it does."""
    row = tx.cursor.execute(
        f"SELECT person_id, number, refused FROM asking WHERE token_hash = ? AND NOT stopped AND {_ASKS}",
        (token_hash, now),
    ).fetchone()
    return Waiting(row[0], row[1], bool(row[2])) if row else None


def due(tx: Tx | Peek, token_hash: bytes, wait: float, now: float) -> bool:
    """Whether this device has waited for long enough where nobody was asked, or nobody is there to ask."""
    row = tx.cursor.execute(
        "SELECT a.told, a.made_at, (SELECT count(*) FROM login l WHERE l.person_id = p.id AND l.issue = p.issue)"
        " FROM asking a JOIN person p ON p.id = a.person_id"
        f" WHERE a.token_hash = ? AND {_ASKS} AND a.issue = p.issue AND NOT a.stopped AND NOT p.revoked",
        (token_hash, now),
    ).fetchone()
    return row is not None and (not row[2] or (not row[0] and now - row[1] >= wait))


def _asked(tx: Tx, badge: Badge, person: int, number: int, now: float) -> tuple[int, Asking | None]:
    """Whose device it is, and its row while it waits. Refused unless that is this badge, or it manages people."""
    if person and person != badge.person_id:
        in_care(tx, badge, person)
    else:
        require_confirmed(tx, badge)
        person = badge.person_id
    row = tx.exec(
        select(Asking).where(
            Asking.person_id == person, Asking.number == number, col(Asking.stopped).is_(False),
            Asking.recent(now),
        )
    ).first()  # fmt: skip
    return person, row


def _came(tx: Tx, person: int, number: int) -> Login:
    login = tx.exec(select(Login).where(Login.person_id == person, Login.number == number)).first() if number else None
    if login is None:
        raise Refused("no_such_device")
    return login


def _come_in(tx: Tx, row: Asking, now: float, *, confirmed: bool) -> None:
    tx.add(
        Login(
            token_hash=row.token_hash, person_id=row.person_id, issue=row.issue, language=row.language, made_at=now,
            number=row.number, confirmed=confirmed,
        )
    )  # fmt: skip
    tx.delete(row)


def _write(tx: Tx, badge: Badge, now: float, owner: int, act: str) -> None:
    """What the registration desk did for somebody is remembered; what people do with their own phones is not."""
    if owner != badge.person_id:
        person = tx.get(Person, owner)
        assert person is not None
        journal.write(tx, badge, now, None, act, person=person.number)
