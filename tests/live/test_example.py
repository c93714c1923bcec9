"""The example conference, loaded into an empty database."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import col, select

from live import example
from models import journal
from models.people import Delegation, Person
from models.polls import Poll
from models.programme import Hall, Meeting
from models.screens import Screen
from models.stage import Stage
from models.store import Store, Tx
from models.translations import Text

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=ZoneInfo("Europe/Istanbul")).timestamp()


@pytest.fixture
def tx(tmp_path: Path) -> Iterator[Tx]:
    store = Store.open(tmp_path / "hallside.sqlite")
    load(store, NOON)
    with store.reading() as tx:
        yield tx
    store.close()


def load(store: Store, now: float) -> None:
    plan = example.read(now)
    assert plan.problems == ()
    store.do(lambda tx: example.load(tx, plan, now))


def on(tx: Tx) -> dict[str, str]:
    """Sessions that are on, by hall."""
    found = tx.exec(
        select(Hall.key, Meeting.key).join(Meeting, col(Meeting.hall_id) == Hall.id).where(Meeting.state == "on")
    )
    return dict(found.all())


def test_its_two_days_are_today_and_tomorrow(tx: Tx) -> None:
    days = set(tx.exec(select(Meeting.day)).all())

    assert days == {"2026-11-24", "2026-11-25"}


def test_today_is_the_events_today(tmp_path: Path) -> None:
    """At 22:30 in London it is tomorrow in Istanbul."""
    late = datetime(2026, 11, 24, 22, 30, tzinfo=ZoneInfo("UTC")).timestamp()

    assert min(meeting.day for meeting in example.read(late).meetings) == "2026-11-25"


@pytest.mark.parametrize(
    ("time", "a", "b"),
    [
        ("00:00", "d1-pre-standards", "d1-pre-training"),
        ("06:00", "d1-pre-standards", "d1-pre-training"),
        ("11:15", "d1-opening", "d1-pre-training"),  # Of two as near the coming one.
        ("12:30", "d1-opening", "d1-pre-training"),
        ("13:29", "d1-plenary-ai", "d1-pre-training"),
        ("13:31", "d1-plenary-ai", "d1-ees-etias"),
        ("16:00", "d1-rights", "d1-ees-etias"),
        ("23:30", "d1-rights", "d1-ees-etias"),
        ("23:59", "d1-rights", "d1-ees-etias"),
    ],
)
def test_at_every_hour_a_session_of_today_is_on_in_each_hall(tmp_path: Path, time: str, a: str, b: str) -> None:
    store = Store.open(tmp_path / "hallside.sqlite")

    load(store, datetime.fromisoformat(f"2026-11-24T{time}").replace(tzinfo=ZoneInfo("Europe/Istanbul")).timestamp())

    with store.reading() as tx:
        assert on(tx) == {"hall-a": a, "hall-b": b, "hall-c": "d1-pre-ecommerce"}
        assert set(tx.exec(select(Meeting.day).where(Meeting.state == "on"))) == {"2026-11-24"}
        assert len(tx.exec(select(Stage)).all()) == 3
    store.close()


@pytest.mark.parametrize("hour", range(24))
def test_at_every_hour_the_first_poll_can_be_taken_to_its_result(hour: int) -> None:
    plan = example.read(datetime(2026, 11, 24, hour, 30, tzinfo=ZoneInfo("Europe/Istanbul")).timestamp())

    for meeting in example.to_start(plan, NOON - 12 * 3600 + hour * 3600 + 1800):
        first = next(poll for poll in plan.polls if poll.session == meeting.key)
        assert (first.ballot, first.results, first.electorate, first.timer_s) == (
            "confidential", "on_release", "present", 0
        )  # fmt: skip
        assert meeting.moderators != ()


def test_every_poll_is_ready_and_the_first_one_stands_first(tx: Tx) -> None:
    assert set(tx.exec(select(Poll.state)).all()) == {"ready"}
    for stage in tx.exec(select(Stage)).all():
        key = tx.exec(select(Poll.key).where(Poll.session_id == stage.session_id).order_by(col(Poll.place))).first()
        assert str(key).startswith(f"{example.FIRST}-")


def test_somebody_has_the_roles_of_which_the_list_has_nobody(tx: Tx) -> None:
    roles = dict(tx.exec(select(Person.number, Person.role).where(col(Person.number).in_(example.TEAM))).all())

    assert roles == {"1002": "registration", "1003": "av", "1004": "teller"}
    assert len(tx.exec(select(Person.id)).all()) == 202


def test_the_first_two_participants_of_a_delegation_with_a_vote_cast_it(tx: Tx) -> None:
    people = {person.id: person for person in tx.exec(select(Person))}
    for delegation in tx.exec(select(Delegation)):
        members = sorted(
            each.number
            for each in people.values()
            if each.delegation_id == delegation.id and each.role == "participant"
        )
        named = [people[id_].number for id_ in (delegation.voter_id, delegation.alternate_id) if id_]
        assert named == (members[:2] if delegation.votes else []), delegation.key


def test_every_hall_has_one_screen_and_every_text_is_approved(tx: Tx) -> None:
    halls = tx.exec(select(Hall.id).order_by(col(Hall.id))).all()
    organiser = tx.exec(select(Person.id).where(Person.number == "1001")).one()

    assert tx.exec(select(Screen.hall_id).order_by(col(Screen.hall_id))).all() == halls
    assert set(tx.exec(select(Text.approved_by)).all()) == {organiser}
    assert journal.broken_at(tx) is None


def test_loading_again_changes_nothing(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "hallside.sqlite")
    load(store, NOON)

    load(store, NOON + 10 * 86400)

    with store.reading() as tx:
        assert set(tx.exec(select(Meeting.day)).all()) == {"2026-11-24", "2026-11-25"}
        assert len(tx.exec(select(Person)).all()) == 202
    store.close()
