"""Who is invited, what they may do, and the browsers their badge is open in."""

from __future__ import annotations

import pytest

from models import devices, logins, people, rights, venue
from models.command import Badge, Command, Done
from models.logins import BADGE_BY_LOGIN, SignOut
from models.people import NameVoter, ReissueBadge, RevokeBadge
from models.refusals import Refused
from models.screens import RevokeScreen
from models.store import Tx
from tests.world import SYSTEM_BADGE, World

ANNA = 4


def refused(world: World, command: Command, badge: Badge | None = None) -> str:
    before = world.dump()
    with pytest.raises(Refused) as caught:
        world.do(command, badge or world.organiser)
    assert world.dump() == before
    return caught.value.key


def change(world: World, sql: str, *values: object) -> None:
    def run(tx: Tx) -> Done:
        tx.cursor.execute(sql, values)
        return Done()

    world.store.do(run)


def signed_in(world: World, token: bytes, *, person: int = ANNA, issue: int = 1) -> Badge:
    world.do(devices.ShowBadge(person=person, issue=issue, token_hash=token), SYSTEM_BADGE)
    return Badge(person, "participant", login=token)


def known(world: World, token: bytes) -> bool:
    return world.store.peek.cursor.execute(BADGE_BY_LOGIN, (token, token)).fetchone() is not None


# Badges and browsers


def test_a_badge_opens_a_browser_and_the_records_hold_no_secret(world: World) -> None:
    signed_in(world, b"hash-a")

    assert known(world, b"hash-a")
    assert not known(world, b"hash-b")
    assert [row[:5] for row in world.dump()["login"]] == [(b"hash-a", ANNA, None, 1, "en")]


def test_a_badge_opens_three_browsers_and_no_fourth(world: World) -> None:
    for n in range(logins.BROWSERS):
        signed_in(world, b"%d" % n)

    assert refused(world, devices.ShowBadge(person=ANNA, token_hash=b"more"), SYSTEM_BADGE) == "too_many_browsers"
    assert world.read(lambda tx: logins.browsers(tx, ANNA, 1)) == 3


@pytest.mark.parametrize(
    "shown",
    [
        devices.ShowBadge(person=99, token_hash=b"x"), devices.ShowBadge(person=ANNA, issue=2, token_hash=b"x"),
        devices.ShowBadge(screen=9, token_hash=b"x"), devices.ShowBadge(screen=1, issue=2, token_hash=b"x"),
    ],
)  # fmt: skip
def test_a_badge_that_is_not_there_or_of_another_issue_opens_nothing(world: World, shown: devices.ShowBadge) -> None:
    assert refused(world, shown, SYSTEM_BADGE) == "show_badge_first"


def test_a_revoked_badge_closes_every_browser_and_opens_none(world: World) -> None:
    signed_in(world, b"a")
    signed_in(world, b"b")

    done = world.do(RevokeBadge(person=ANNA), world.organiser)

    assert not known(world, b"a")
    assert not known(world, b"b")
    assert (f"person:{ANNA}", "badge") in done.touched
    assert refused(world, devices.ShowBadge(person=ANNA, token_hash=b"c"), SYSTEM_BADGE) == "show_badge_first"
    before = world.dump()["journal"]
    world.do(RevokeBadge(person=ANNA), world.organiser)
    assert world.dump()["journal"] == before


def test_a_new_badge_ends_the_old_one_and_is_made_once(world: World) -> None:
    signed_in(world, b"old")

    for _ in range(2):
        world.do(ReissueBadge(person=ANNA, seen_issue=1), world.organiser)

    assert not known(world, b"old")
    assert refused(world, devices.ShowBadge(person=ANNA, issue=1, token_hash=b"x"), SYSTEM_BADGE) == "show_badge_first"
    signed_in(world, b"new", issue=2)
    assert known(world, b"new")


def test_a_new_badge_brings_a_revoked_person_back(world: World) -> None:
    world.do(RevokeBadge(person=ANNA), world.organiser)

    world.do(ReissueBadge(person=ANNA, seen_issue=1), world.organiser)

    signed_in(world, b"new", issue=2)
    assert known(world, b"new")


def test_a_login_row_of_an_older_issue_opens_nothing_even_if_it_stayed(world: World) -> None:
    signed_in(world, b"a")
    change(world, "UPDATE person SET issue = 2 WHERE id = ?", ANNA)

    assert not known(world, b"a")


def test_a_screens_new_link_ends_the_old_one(world: World) -> None:
    world.do(devices.ShowBadge(screen=1, token_hash=b"screen"), SYSTEM_BADGE)
    assert known(world, b"screen")

    for _ in range(2):
        world.do(RevokeScreen(screen=1, seen_issue=1), world.organiser)

    assert not known(world, b"screen")
    assert [row.issue for row in world.read(venue.walls)] == [2, 1]


def test_signing_out_leaves_this_browser_or_all_others(world: World) -> None:
    badge, _, other = signed_in(world, b"a"), signed_in(world, b"b"), signed_in(world, b"c", person=5)

    world.do(SignOut(others=True), badge)
    assert [known(world, token) for token in (b"a", b"b", b"c")] == [True, False, True]
    world.do(SignOut(), badge)
    assert [known(world, token) for token in (b"a", b"b", b"c")] == [False, False, True]
    world.do(SignOut(), Badge(5, "participant", login=b"nothing"))
    assert known(world, other.login)


def test_the_language_belongs_to_the_browser(world: World) -> None:
    first, second = signed_in(world, b"a"), signed_in(world, b"b")

    world.do(logins.SetLanguage(language="ar"), first)

    rows = [world.store.peek.cursor.execute(BADGE_BY_LOGIN, (b.login,) * 2).fetchone()[2] for b in (first, second)]
    assert rows == ["ar", "en"]
    assert refused(world, logins.SetLanguage(language="xx"), first) == "no_such_language"


def test_the_practice_is_remembered_with_the_person(world: World) -> None:
    for on in (True, False):
        world.do(people.LearnKeys(on=on), world.moderator)
        assert world.read(lambda tx: tx.get_one(people.Person, 2).keys_learned) is on


# Who may what

RIGHTS = {
    ("organiser", None): {
        "moderate",
        "switch_screens",
        "count_hands",
        "manage_people",
        "approve_people",
        "change_programme",
        "see_desk",
        "see_health",
        "manage_event",
    },
    ("av", None): {"switch_screens", "see_desk", "see_health"},
    ("teller", None): {"count_hands", "see_desk"},
    ("rapporteur", None): {"see_desk"},
    ("registration", None): {"manage_people"},
    ("participant", "moderator"): {"moderate", "switch_screens", "count_hands", "see_desk"},
    ("participant", "chair"): {"moderate", "switch_screens", "see_desk"},
    ("participant", "teller"): {"count_hands", "see_desk"},
    ("participant", "interpreter"): {"see_desk"},
    ("participant", "translator"): {"see_desk"},
}


@pytest.mark.parametrize("role", rights.ROLES)
@pytest.mark.parametrize("named", [None, "moderator", "chair", "teller", "interpreter", "translator"])
def test_rights_come_from_the_events_role_and_from_the_sessions_own(world: World, role: str, named: str | None) -> None:
    if named:
        change(world, "INSERT INTO sessionstaff VALUES (1, ?, ?)", ANNA, named)
    badge = Badge(ANNA, role)
    everywhere = RIGHTS.get((role, None), set())
    here = everywhere | RIGHTS.get(("participant", named), set())

    def granted(session: int | None) -> set[str]:
        return world.read(lambda tx: {p for p in rights.EVERYWHERE if rights.may(tx, badge, p, session)})

    assert granted(1) == here
    assert granted(2) == everywhere
    assert granted(None) == everywhere


@pytest.mark.parametrize(
    "command",
    [
        RevokeBadge(person=ANNA), ReissueBadge(person=ANNA, seen_issue=1), RevokeScreen(screen=1, seen_issue=1),
        NameVoter(delegation=1, voter=ANNA),
    ],
    ids=lambda command: type(command).__name__,
)  # fmt: skip
def test_people_are_managed_by_organisers_and_registration_only(world: World, command: Command) -> None:
    for role in rights.ROLES:
        if role not in ("organiser", "registration"):
            assert refused(world, command, Badge(2, role)) == "not_yours"

    assert world.do(command, Badge(9, "registration")).notice != "done"


def test_a_vote_is_given_to_people_of_the_delegation_only(world: World) -> None:
    assert refused(world, NameVoter(delegation=1, voter=5)) == "voter_of_another_delegation"
    assert refused(world, NameVoter(delegation=1, voter=ANNA, alternate=5)) == "voter_of_another_delegation"
    assert refused(world, NameVoter(delegation=9, voter=ANNA)) == "no_such_delegation"
    assert refused(world, NameVoter(delegation=1, voter=99)) == "no_such_person"

    world.do(RevokeBadge(person=8), world.organiser)
    assert refused(world, NameVoter(delegation=1, voter=ANNA, alternate=8)) == "badge_is_revoked"

    world.do(NameVoter(delegation=1, voter=ANNA, alternate=6), world.organiser)
    named = world.read(people.delegations)[0]
    world.do(NameVoter(delegation=1, voter=0), world.organiser)

    assert (named.voter, named.alternate) == (ANNA, 6)
    assert world.read(people.delegations)[0].voter == 0


@pytest.mark.parametrize(
    ("command", "key"),
    [
        (RevokeBadge(person=99), "no_such_person"),
        (ReissueBadge(person=99, seen_issue=1), "no_such_person"),
        (RevokeScreen(screen=99, seen_issue=1), "no_such_screen"),
    ],
)
def test_what_is_not_there_is_said(world: World, command: Command, key: str) -> None:
    assert refused(world, command) == key


# Finding


@pytest.mark.parametrize(
    "query", ["1004", "çelik", "CELIK", "işık", "ISIK", "Isık", "چلیک", "ÇELİK ışık", "elik dünya", ""]
)
def test_people_are_found_by_any_part_of_a_name_in_any_script(world: World, query: str) -> None:
    change(
        world,
        "UPDATE person SET given_name = 'Işık', family_name = 'Çelik', native_name = 'چلیک',"
        " organisation = 'Dünya' WHERE id = ?",
        ANNA,
    )

    found = world.read(lambda tx: people.find(tx, query, 0.0))

    assert ANNA in [row.id for row in found]
    assert (len(found) == 1) is bool(query)


def test_the_list_is_bounded_and_counts_browsers(world: World) -> None:
    signed_in(world, b"a")
    signed_in(world, b"b")

    rows = world.read(lambda tx: people.find(tx, "", 0.0, limit=4))

    assert [(row.id, row.browsers) for row in rows] == [(1, 0), (2, 0), (3, 0), (ANNA, 2)]
    assert world.read(people.total) == 3 + world.participants
