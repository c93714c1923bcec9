"""Spare badges: made in numbers, bound to a person, and over with that person's badge."""

from __future__ import annotations

import pytest

from live.badges import Badges
from models import logins, spares
from models.command import Done
from models.people import ReissueBadge, RevokeBadge
from models.refusals import Refused
from models.spares import MakeSpares
from models.store import Tx
from tests.world import World

ANNA, BELA = 4, 5


def bind(world: World, number: int, person: int, issue: int = 1) -> None:
    def run(tx: Tx) -> Done:
        tx.cursor.execute("UPDATE spare SET person_id = ?, issue = ? WHERE id = ?", (person, issue, number))
        return Done()

    world.store.do(run)


def known(world: World) -> Badges:
    badges = Badges(bytes(range(32)))
    world.read(badges.refresh)
    return badges


def test_spares_are_made_once_however_often_the_form_is_sent(world: World) -> None:
    first = world.do(MakeSpares(count=3, seen=0), world.organiser)
    again = world.do(MakeSpares(count=3, seen=0), world.organiser)
    more = world.do(MakeSpares(count=2, seen=3), world.organiser)

    assert (first.facts, again.facts, more.facts) == ({"first": 1, "last": 3}, {}, {"first": 4, "last": 5})
    assert [done.notice for done in (first, again, more)] == ["spares_made", "done", "spares_made"]
    assert world.read(spares.free) == (1, 2, 3, 4, 5)
    assert world.read(spares.last) == 5
    assert [row[4] for row in world.dump()["journal"]].count("spares_made") == 2


def test_spares_are_made_by_those_who_manage_people_only(world: World) -> None:
    with pytest.raises(Refused, match="not_yours"):
        world.do(MakeSpares(count=1, seen=0), world.person(ANNA))

    assert world.read(spares.free) == ()


def test_a_bound_spare_opens_for_its_person_and_ends_with_their_badge(world: World) -> None:
    world.do(MakeSpares(count=2, seen=0), world.organiser)
    code, secret = known(world).spare_code(2), known(world).spare_secret(2)
    assert (known(world).find_code(code), known(world).find_link(secret)) == (None, None)

    bind(world, 2, ANNA)
    assert (known(world).find_code(code), known(world).find_link(secret)) == ((ANNA, 1), (ANNA, 1))
    assert world.read(spares.free) == (1,)

    world.do(ReissueBadge(person=ANNA, seen_issue=1), world.organiser)
    assert (known(world).find_code(code), known(world).find_link(secret)) == (None, None)

    bind(world, 2, ANNA, 2)
    assert known(world).find_code(code) == (ANNA, 2)

    world.do(RevokeBadge(person=ANNA), world.organiser)
    assert (known(world).find_code(code), known(world).find_link(secret)) == (None, None)
    assert known(world).find_spare(secret) == 2


def test_the_numbers_of_spares_sort_as_they_are_read() -> None:
    assert [spares.label(n) for n in (1, 14, 200, 1000)] == ["S-001", "S-014", "S-200", "S-1000"]


def test_the_records_hold_no_secret_of_a_spare(world: World) -> None:
    world.do(MakeSpares(count=1, seen=0), world.organiser)

    assert world.dump()["spare"] == [(1, None, 0)]
    assert logins.Spare.__table__.columns.keys() == ["id", "person_id", "issue"]  # type: ignore[attr-defined]
