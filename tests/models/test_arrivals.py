"""The registration desk in the records: arrivals, walk-ins, replacements, spare badges and sessions handed over."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import select

from models import arrivals, ballots, devices, doors, journal, people, rights, staffing
from models.arrivals import AddWalkIn, ApproveWalkIn, Arrive, DeclineWalkIn, ReplacePerson
from models.binding import BindSpare
from models.command import Badge, Command, Done
from models.logins import BADGE_BY_LOGIN
from models.people import NameVoter, Person, ReissueBadge, RevokeBadge
from models.refusals import Refused
from models.spares import MakeSpares
from models.staffing import HandSession, TakeBack
from models.store import Tx
from tests.world import SYSTEM_BADGE, World

ANNA, BORA = 4, 5
DESK = Badge(9, "registration")
DAY = datetime.fromisoformat("2026-05-12T09:30:00+03:00").timestamp()
"""When the sessions of the small conference are, by its own clock."""


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path / "x.sqlite")
    made.do(MakeSpares(count=3, seen=0), made.organiser)
    yield made
    made.store.close()


def refused(world: World, command: Command, badge: Badge = DESK, now: float = DAY) -> str:
    before = world.dump()
    with pytest.raises(Refused) as caught:
        world.do(command, badge, now=now)
    assert world.dump() == before
    return caught.value.key


def change(world: World, sql: str, *values: object) -> None:
    def run(tx: Tx) -> Done:
        tx.cursor.execute(sql, values)
        return Done()

    world.store.do(run)


def person(world: World, id_: int) -> Person:
    return world.read(lambda tx: tx.get_one(Person, id_))


def signed_in(world: World, token: bytes, *, of: int = ANNA, issue: int = 1) -> Badge:
    world.do(devices.ShowBadge(person=of, issue=issue, token_hash=token), SYSTEM_BADGE)
    return Badge(of, "participant", login=token)


def known(world: World, token: bytes) -> bool:
    return world.store.peek.cursor.execute(BADGE_BY_LOGIN, (token, token)).fetchone() is not None


def acts(world: World) -> list[str]:
    return [row[4] for row in sorted(world.dump()["journal"])]


def twice(world: World, command: Command, badge: Badge = DESK) -> Done:
    """Perform it; the second time it must be done without a row changed."""
    done = world.do(command, badge, now=DAY)
    before = world.dump()
    again = world.do(command, badge, now=DAY)
    assert again.notice == "done"
    assert world.dump() == before
    assert again.facts == done.facts
    return done


# Arrivals


def test_who_arrived_is_counted_once_and_a_slip_is_undone(world: World) -> None:
    twice(world, Arrive(person=ANNA))
    assert world.read(people.arrivals).n == 1

    twice(world, Arrive(person=ANNA, on=False))

    assert (world.read(people.arrivals).n, world.read(people.arrivals).of) == (0, 3 + world.participants)
    assert acts(world)[-2:] == ["arrived", "arrival_undone"]


# In another's place


def replace(world: World, who: int = ANNA, badge: Badge = DESK, **fields: Any) -> int:
    told = {"given_name": "Nora", "family_name": "Berg", "here": True} | fields
    return int(world.do(ReplacePerson(person=who, **told), badge).facts["person"])


def test_somebody_else_comes_in_the_place_of_a_person(world: World) -> None:
    signed_in(world, b"old")
    change(world, "UPDATE delegation SET voter_id = ?, alternate_id = ? WHERE id = 1", ANNA, 6)
    change(world, "INSERT INTO sessionstaff VALUES (2, ?, 'teller')", ANNA)

    new = replace(world)

    heir, old = person(world, new), person(world, ANNA)
    assert (heir.number, heir.name, heir.role, heir.delegation_id) == ("1010", "Nora Berg", old.role, old.delegation_id)
    assert (heir.arrived, heir.revoked, heir.issue) == (True, False, 1)
    assert (old.revoked, old.arrived, old.replaced_by_id) == (True, False, new)
    assert not known(world, b"old")
    assert refused(world, devices.ShowBadge(person=ANNA, token_hash=b"x"), SYSTEM_BADGE) == "show_badge_first"
    assert world.dump()["delegation"][0][-2:] == (new, 6)
    assert (2, new, "teller") in world.dump()["sessionstaff"]
    assert [row for row in world.dump()["presence"] if row[0] == ANNA] == []
    assert world.read(people.arrivals).of == 3 + world.participants


def test_two_desks_that_replace_one_person_make_one(world: World) -> None:
    twice_told = ReplacePerson(person=ANNA, given_name="Nora", family_name="Berg")
    done = world.do(twice_told, DESK)
    before = world.dump()

    assert world.do(twice_told, Badge(10, "registration")).facts == done.facts
    assert world.dump() == before
    other = ReplacePerson(person=ANNA, given_name="Ole", family_name="Dahl")
    assert refused(world, other) == "was_replaced"
    assert refused(world, ReissueBadge(person=ANNA, seen_issue=1)) == "was_replaced"
    assert refused(world, Arrive(person=ANNA)) == "was_replaced"
    assert refused(world, BindSpare(person=ANNA, seen_issue=1, spare=1)) == "was_replaced"
    assert refused(world, NameVoter(delegation=person(world, ANNA).delegation_id or 0, voter=ANNA)) == "was_replaced"


def test_who_votes_already_keeps_the_vote_and_who_replaces_them_has_none_in_it(world: World) -> None:
    poll = world.poll()
    world.vote(poll, 0, 0)
    before = world.read(lambda tx: ballots.turned_out(tx, poll))

    new = replace(world, world.person(0).person_id)
    world.do(doors.CheckIn(session=1), Badge(new, "participant"))

    assert world.read(lambda tx: ballots.turned_out(tx, poll)) == before == (1, world.participants)
    late = vote_of(world, poll, Badge(new, "participant"))
    assert refused(world, late, Badge(new, "participant")) == "not_in_electorate"
    assert not world.read(lambda tx: ballots.my_ballot(tx, Badge(new, "participant"), poll)).elector
    world.seal(poll)
    second = world.poll()
    assert world.do(vote_of(world, second, Badge(new, "participant")), Badge(new, "participant")).notice == "recorded"


def test_a_new_voter_of_a_delegation_changes_its_one_vote_and_adds_none(world: World) -> None:
    change(world, "UPDATE delegation SET voter_id = ? WHERE id = ?", ANNA, person(world, ANNA).delegation_id)
    poll = world.poll(electorate="delegations")
    assert world.do(vote_of(world, poll, Badge(ANNA, "participant")), Badge(ANNA, "participant")).notice == "recorded"

    new = Badge(replace(world), "participant")
    world.do(doors.CheckIn(session=1), new)

    assert refused(world, vote_of(world, poll, new), new) == "changed_elsewhere"
    assert world.do(vote_of(world, poll, new, turn=2), new).notice == "recorded"
    assert world.read(lambda tx: ballots.turned_out(tx, poll)) == (1, 1)
    assert world.read(lambda tx: ballots.count(tx, poll)) == 1


@pytest.mark.parametrize("ballot", ["confidential", "secret", "named"])
def test_a_new_badge_votes_no_second_time(world: World, ballot: str) -> None:
    poll = world.poll(ballot=ballot)
    me = world.person(0)
    world.vote(poll, 0, 0)

    world.do(BindSpare(person=me.person_id, seen_issue=1, spare=1), DESK)

    assert refused(world, vote_of(world, poll, me), me) == "changed_elsewhere"
    after = {"secret": "voted_elsewhere"}.get(ballot)
    change_ = vote_of(world, poll, me, turn=2)
    if after:
        assert refused(world, change_, me) == after
    else:
        assert world.do(change_, me).notice == "recorded"
    assert world.read(lambda tx: ballots.turned_out(tx, poll))[0] == 1
    assert world.read(lambda tx: ballots.count(tx, poll)) == 1


@pytest.mark.parametrize(
    ("numbers", "next_"),
    [(("7", "8"), "9"), (("A-001", "A-017", "9000"), "A-018"), (("099", "100"), "101"), (("guest", "x"), "1"),
     (("009",), "010"), (("1203", "1204", "VIP9"), "1205")],
)  # fmt: skip
def test_the_next_number_is_in_the_style_of_the_list(world: World, numbers: tuple[str, ...], next_: str) -> None:
    change(world, "UPDATE person SET number = 'no' || 'body' || char(64 + id)")
    for id_, number in enumerate(numbers, 1):
        change(world, "UPDATE person SET number = ? WHERE id = ?", number, id_)

    assert world.read(arrivals.next_number) == next_


# Walk-ins

WALK_IN = AddWalkIn(
    given_name=" Yara ", family_name="Haddad", native_name="يارا حداد", organisation="Press", role="observer"
)


def test_a_session_handed_over_here_can_be_taken_back_from_who_came_in_their_place(world: World) -> None:
    world.do(HandSession(session=1, person=ANNA), DESK, now=DAY)
    new = int(world.do(ReplacePerson(person=ANNA, given_name="Nora", family_name="Berg"), DESK).facts["person"])
    newer = int(world.do(ReplacePerson(person=new, given_name="Ole", family_name="Dahl"), DESK).facts["person"])

    assert world.do(TakeBack(session=1, person=newer), DESK, now=DAY).notice == "session_taken_back"


def test_a_walk_in_of_the_name_of_somebody_on_the_list_is_no_way_to_their_badge(world: World) -> None:
    with world.store.reading() as tx:
        anna = tx.get_one(Person, ANNA)
    there = AddWalkIn(
        given_name=anna.given_name, family_name=anna.family_name, native_name=anna.native_name,
        organisation=anna.organisation, delegation=anna.delegation_id or 0,
    )  # fmt: skip

    assert refused(world, there) == "same_name_there"
    assert refused(world, there, world.organiser) == "same_name_there"
    new = msgspec.structs.replace(there, organisation="Another office")
    assert world.do(new, DESK).notice == "walk_in_waits"


@pytest.mark.parametrize(
    ("names", "number"),
    [
        ({"given_name": "Given5", "family_name": "Family5"}, "1005"),
        ({"given_name": "GİVEN5", "family_name": "fámily5", "organisation": "Press"}, "1005"),
        ({"given_name": "Given5", "family_name": "Family5", "native_name": "Гивен", "organisation": "Press"}, ""),
        ({"given_name": "Given5", "family_name": "Family5", "organisation": "Another office"}, ""),
        ({"given_name": "Given5", "family_name": "Family6"}, ""),
    ],
)
def test_a_name_that_is_on_the_list_gets_a_second_badge_only_where_somebody_tells_them_apart(
    world: World, names: dict[str, str], number: str
) -> None:
    change(world, "UPDATE person SET organisation = 'Press'")

    for command in (ReplacePerson(person=ANNA, **names), AddWalkIn(**names)):
        if number:
            with pytest.raises(Refused, match="same_name_there") as caught:
                world.do(command, DESK)
            assert caught.value.params == {"number": number}
            continue
        assert world.do(command, DESK).notice in ("person_replaced", "walk_in_waits")
        change(world, "UPDATE person SET given_name = 'Somebody' WHERE id > 9")  # who came in by the one before


def test_who_is_replaced_may_have_the_name_of_whoever_comes(world: World) -> None:
    new = replace(world, given_name="Given4", family_name="Family4")

    assert person(world, new).name == person(world, ANNA).name


def test_a_walk_in_of_a_name_that_another_walk_in_has_is_not_taken_for_them(world: World) -> None:
    world.do(WALK_IN, DESK)

    assert refused(world, AddWalkIn(given_name="Yara", family_name="Haddad")) == "same_name_there"


def test_a_walk_in_has_no_badge_until_an_organiser_approves(world: World) -> None:
    new = int(twice(world, WALK_IN).facts["person"])
    assert refused(world, devices.ShowBadge(person=new, token_hash=b"x"), SYSTEM_BADGE) == "show_badge_first"
    for command in (
        ReissueBadge(person=new, seen_issue=1), BindSpare(person=new, seen_issue=1, spare=1),
        HandSession(session=1, person=new), ReplacePerson(person=new, given_name="N", family_name="B"),
    ):  # fmt: skip
        assert refused(world, command) == "not_approved_yet"
    for command in (ApproveWalkIn(person=new), DeclineWalkIn(person=new)):
        assert refused(world, command) == "not_yours"
    told = world.read(people.arrivals)
    assert (told.n, told.of, told.waiting) == (0, 3 + world.participants, 1)
    assert [row.name for row in world.read(lambda tx: people.waiting(tx, DAY))] == ["Yara Haddad"]

    twice(world, ApproveWalkIn(person=new), world.organiser)

    signed_in(world, b"new", of=new)
    told = world.read(people.arrivals)
    assert (told.n, told.of, told.waiting) == (1, 4 + world.participants, 0)
    assert refused(world, DeclineWalkIn(person=new), world.organiser) == "walk_in_was_approved"


def test_an_organisers_own_walk_in_needs_no_second_tap(world: World) -> None:
    done = world.do(WALK_IN, world.organiser)

    assert done.notice == "walk_in_added"
    signed_in(world, b"new", of=int(done.facts["person"]))


def test_of_a_walk_in_who_was_declined_nothing_stays_and_nobody_gets_the_number(world: World) -> None:
    new = int(world.do(WALK_IN, DESK).facts["person"])
    number = person(world, new).number

    twice(world, DeclineWalkIn(person=new), world.organiser)

    assert refused(world, ApproveWalkIn(person=new), world.organiser) == "walk_in_was_declined"
    assert "Haddad" not in repr(world.dump())
    assert "Press" not in repr(world.dump()["person"])
    assert world.read(lambda tx: people.find(tx, number, DAY)) == ()
    assert world.read(people.total) == 3 + world.participants
    again = int(world.do(WALK_IN, DESK).facts["person"])
    assert (again, person(world, again).number) != (new, number)


@pytest.mark.parametrize(
    ("fields", "key"),
    [
        ({"given_name": "", "family_name": " "}, "name_missing"),
        ({"family_name": "123", "given_name": ""}, "name_missing"),
        ({"role": "organiser"}, "no_such_setting"), ({"role": "moderator"}, "no_such_setting"),
        ({"delegation": 99}, "no_such_delegation"),
    ],
)  # fmt: skip
def test_a_walk_in_has_a_name_and_no_role_beyond_a_guests(world: World, fields: dict[str, Any], key: str) -> None:
    told: dict[str, Any] = {"given_name": "Yara", "family_name": "Haddad"} | fields

    assert refused(world, AddWalkIn(**told)) == key
    assert refused(world, AddWalkIn(**told), world.organiser) == key


# Spare badges


def test_a_spare_opens_for_whom_it_is_bound_to_and_the_old_badge_is_dead(world: World) -> None:
    signed_in(world, b"old")

    twice(world, BindSpare(person=ANNA, seen_issue=1, spare=1))

    assert not known(world, b"old")
    assert world.dump()["spare"] == [(1, ANNA, 2), (2, None, 0), (3, None, 0)]
    assert person(world, ANNA).issue == 2
    assert acts(world)[-1] == "spare_bound"


def test_a_spare_is_bound_once_even_when_its_owner_has_another_badge_by_now(world: World) -> None:
    world.do(BindSpare(person=ANNA, seen_issue=1, spare=1), DESK)

    assert refused(world, BindSpare(person=BORA, seen_issue=1, spare=1)) == "spare_was_used"
    world.do(ReissueBadge(person=ANNA, seen_issue=2), DESK)
    assert refused(world, BindSpare(person=BORA, seen_issue=1, spare=1)) == "spare_was_used"
    assert refused(world, BindSpare(person=ANNA, seen_issue=3, spare=1)) == "spare_was_used"
    assert refused(world, BindSpare(person=BORA, seen_issue=1, spare=77)) == "no_such_spare"
    assert refused(world, BindSpare(person=BORA, seen_issue=1)) == "no_such_spare"
    assert refused(world, BindSpare(person=99, seen_issue=1, spare=2)) == "no_such_person"


def test_the_badge_that_another_desk_made_meanwhile_is_not_taken_away_unseen(world: World) -> None:
    world.do(ReissueBadge(person=ANNA, seen_issue=1), DESK)

    assert refused(world, BindSpare(person=ANNA, seen_issue=1, spare=1)) == "badge_was_renewed"
    world.do(BindSpare(person=ANNA, seen_issue=2, spare=1), DESK)
    assert person(world, ANNA).issue == 3


def test_a_spare_brings_a_revoked_person_back(world: World) -> None:
    world.do(RevokeBadge(person=ANNA), DESK)

    world.do(BindSpare(person=ANNA, seen_issue=1, spare=1), DESK)

    signed_in(world, b"new", issue=2)
    world.do(RevokeBadge(person=ANNA), DESK)
    assert refused(world, BindSpare(person=ANNA, seen_issue=2, spare=1)) == "spare_was_used"


# Sessions handed over


def test_a_session_of_today_is_handed_over_and_taken_back(world: World) -> None:
    twice(world, HandSession(session=1, person=ANNA))
    assert world.read(lambda tx: rights.may(tx, Badge(ANNA, "participant"), "moderate", 1))
    handed = world.read(lambda tx: staffing.handable(tx, DESK, ANNA, DAY))

    done = twice(world, TakeBack(session=1, person=ANNA))

    assert [(each.id, each.roles) for each in handed] == [(1, ("moderator",)), (2, ())]
    assert (f"person:{ANNA}", "rights") in done.touched
    assert not world.read(lambda tx: rights.may(tx, Badge(ANNA, "participant"), "moderate", 1))
    told = world.read(lambda tx: journal.latest(tx, 1, 2))
    assert [(row.act, row.facts["person"], row.facts["role"]) for row in told] == [
        ("session_taken_back", "1004", "moderator"), ("session_handed", "1004", "moderator"),
    ]  # fmt: skip


@pytest.mark.parametrize("hours", [-24, 24])
def test_the_desk_hands_over_nothing_of_another_day_and_organisers_do(world: World, hours: int) -> None:
    command = HandSession(session=1, person=ANNA)

    assert refused(world, command, now=DAY + hours * 3600) == "only_today"
    assert world.do(command, world.organiser, now=DAY + hours * 3600).notice == "session_handed"


def test_today_is_the_day_at_the_event_and_not_at_greenwich(world: World) -> None:
    before_midnight = datetime.fromisoformat("2026-05-11T23:59:00+03:00").timestamp()

    assert refused(world, HandSession(session=1, person=ANNA), now=before_midnight) == "only_today"
    assert world.do(HandSession(session=1, person=ANNA), DESK, now=before_midnight + 120).notice == "session_handed"


def test_the_desk_takes_back_what_it_handed_over_and_nothing_of_the_programme(world: World) -> None:
    assert refused(world, TakeBack(session=1, person=2)) == "organisers_take_back"
    world.do(TakeBack(session=1, person=2), world.organiser, now=DAY)
    world.do(HandSession(session=1, person=2), DESK, now=DAY)

    assert world.do(TakeBack(session=1, person=2), DESK, now=DAY).notice == "session_taken_back"


@pytest.mark.parametrize("role", ["organiser", "registration", "data_protection", "av", "participant", ""])
def test_no_role_of_the_event_is_handed_over(world: World, role: str) -> None:
    assert refused(world, HandSession(session=1, person=ANNA, role=role)) == "no_such_setting"
    assert refused(world, HandSession(session=1, person=ANNA, role=role), world.organiser) == "no_such_setting"


def test_nobody_hands_themselves_a_session_or_a_successor(world: World) -> None:
    desk = Badge(ANNA, "registration")

    assert refused(world, HandSession(session=1, person=ANNA), desk) == "not_to_yourself"
    told = ReplacePerson(person=ANNA, given_name="N", family_name="B")
    assert refused(world, told, desk) == "not_to_yourself"


def test_what_is_over_or_revoked_is_not_handed_over(world: World) -> None:
    world.do(RevokeBadge(person=ANNA), DESK)
    assert refused(world, HandSession(session=1, person=ANNA)) == "badge_is_revoked"
    for state, key in (("ended", "session_ended"), ("cancelled", "session_cancelled")):
        change(world, "UPDATE session SET state = ? WHERE id = 2", state)
        assert refused(world, HandSession(session=2, person=BORA)) == key
    assert refused(world, HandSession(session=99, person=BORA)) == "no_such_session"


# Organisers' badges


@pytest.mark.parametrize("role", rights.PROTECTED)
def test_the_desk_lays_no_hand_on_an_organisers_badge_and_organisers_do(world: World, role: str) -> None:
    change(world, "UPDATE person SET role = ? WHERE id = ?", role, ANNA)
    world.do(devices.ShowBadge(person=ANNA, token_hash=b"a", wait=60), SYSTEM_BADGE, now=DAY)
    asked = world.do(devices.ShowBadge(person=ANNA, token_hash=b"b", wait=60), SYSTEM_BADGE, now=DAY)
    commands: list[Command] = [
        devices.AllowDevice(person=ANNA, number=int(asked.facts["number"])),
        ReissueBadge(person=ANNA, seen_issue=1), BindSpare(person=ANNA, seen_issue=2, spare=1),
        RevokeBadge(person=ANNA),
        ReplacePerson(person=ANNA, given_name="N", family_name="B"),
    ]  # fmt: skip

    for command in commands:
        assert refused(world, command) == "organisers_only", command
    with pytest.raises(Refused, match="organisers_only"):
        world.read(lambda tx: people.in_care(tx, DESK, ANNA))
    for command in commands[:-1]:
        assert world.do(command, world.organiser, now=DAY).notice != "done"
    assert world.do(Arrive(person=BORA), DESK).notice == "arrived"


def test_whoever_is_replaced_by_the_desk_gives_no_role_that_the_desk_could_not_look_after(world: World) -> None:
    for role in rights.ROLES:
        change(world, "UPDATE person SET role = ?, replaced_by_id = NULL, revoked = 0 WHERE id = ?", role, ANNA)
        command = ReplacePerson(person=ANNA, given_name=role, family_name="Berg")
        if role in rights.PROTECTED:
            assert refused(world, command) == "organisers_only"
        else:
            assert person(world, int(world.do(command, DESK).facts["person"])).role == role
    organisers = [row for row in world.dump()["person"] if "organiser" in row]
    assert [row[0] for row in organisers] == [1]


# Any order


def vote_of(world: World, poll: int, badge: Badge, turn: int = 1) -> ballots.CastVote:
    item = world.store.peek.cursor.execute("SELECT min(id) FROM item WHERE poll_id = ?", (poll,)).fetchone()[0]
    digits = f"{badge.person_id:016x}{turn:016x}"
    return ballots.CastVote(poll=poll, secret=digits, intent=digits[::-1], turn=turn, marks=[[item]])


WHO = st.integers(1, 14)
STEP = st.one_of(
    st.tuples(st.just("arrive"), WHO, st.booleans()),
    st.tuples(st.just("replace"), WHO, st.sampled_from(["Nora", "Ole", "Pia"])),
    st.tuples(st.just("walk_in"), st.sampled_from(["Yara", "Zoe"]), st.booleans()),
    st.tuples(st.just("approve"), WHO, st.booleans()),
    st.tuples(st.just("spare"), WHO, st.integers(1, 3)),
    st.tuples(st.just("reissue"), WHO, st.integers(1, 3)),
    st.tuples(st.just("revoke"), WHO, st.none()),
    st.tuples(st.just("voter"), WHO, st.integers(1, 2)),
    st.tuples(st.just("show"), WHO, st.integers(1, 3)),
    st.tuples(st.just("hand"), WHO, st.sampled_from(staffing.HANDED)),
)


def as_command(world: World, step: tuple[Any, Any, Any], issues: dict[int, int]) -> tuple[Command, Badge | None]:
    what, who, how = step
    seen = issues.get(who, 1) if isinstance(who, int) else 1
    match what:
        case "arrive":
            return Arrive(person=who, on=how), None
        case "replace":
            return ReplacePerson(person=who, given_name=how, family_name=f"For{who}"), None
        case "walk_in":
            return AddWalkIn(given_name=who, family_name="Haddad"), world.organiser if how else None
        case "approve":
            return ApproveWalkIn(person=who) if how else DeclineWalkIn(person=who), world.organiser
        case "spare":
            return BindSpare(person=who, seen_issue=seen, spare=how), None
        case "reissue":
            return ReissueBadge(person=who, seen_issue=min(how, seen)), None
        case "revoke":
            return RevokeBadge(person=who), None
        case "voter":
            return NameVoter(delegation=how, voter=who), None
        case "show":
            return devices.ShowBadge(person=who, issue=how, token_hash=random.randbytes(8)), SYSTEM_BADGE
        case _:
            return HandSession(session=1, person=who, role=how), None


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.tuples(STEP, st.integers(0, 2)), min_size=5, max_size=30))
def test_three_desks_in_any_order_leave_one_badge_for_each_person(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[tuple[Any, Any, Any], int]]
) -> None:
    world = World(tmp_path_factory.mktemp("desks") / "x.sqlite")
    world.do(MakeSpares(count=3, seen=0), world.organiser)
    seen: list[dict[int, int]] = [{}, {}, {}]
    """What each desk's page says of the issues: the pages of the others are older."""
    written = len(acts(world))
    for step, at in steps:
        command, badge = as_command(world, step, seen[at])
        before = world.read(lambda tx: {p.id: (p.issue, p.revoked) for p in tx.exec(select(Person))})
        try:
            done = world.do(command, badge or Badge(90 + at, "registration"), now=DAY)
        except Refused:
            done = Done()
        after = world.read(lambda tx: {p.id: (p.issue, p.revoked) for p in tx.exec(select(Person))})
        silent = isinstance(command, devices.ShowBadge)
        silent = silent or (isinstance(command, RevokeBadge | ReissueBadge) and before == after)
        written += done.notice != "done" and not silent
        seen[at] = {id_ or 0: issue for id_, (issue, _) in after.items()}
        invariants(world)
        assert world.store.peek.cursor.execute("SELECT count(*) FROM journal").fetchone() == (written,)
    assert world.read(journal.broken_at) is None
    world.store.close()


def invariants(world: World) -> None:
    def look(tx: Tx) -> None:
        ask = tx.cursor.execute
        persons = {p.id: p for p in tx.exec(select(Person))}
        # every browser that is let in belongs to the present badge of somebody who is invited
        for token, owner, issue in ask("SELECT token_hash, person_id, issue FROM login").fetchall():
            assert (persons[owner].issue, persons[owner].revoked) == (issue, False), token
        # a spare opens for one person at most, and a person has one live badge
        bound = ask("SELECT person_id, issue, count(*) FROM spare WHERE person_id IS NOT NULL GROUP BY 1, 2").fetchall()
        assert all(n == 1 for _, _, n in bound)
        for p in persons.values():
            assert not (p.pending and not p.revoked)
            if p.replaced_by_id is not None:
                assert p.revoked
                assert not p.arrived
                assert persons[p.replaced_by_id].delegation_id == p.delegation_id
        for delegation, voter, alternate in ask("SELECT id, voter_id, alternate_id FROM delegation").fetchall():
            for elector in (voter, alternate):
                if elector is not None:
                    assert persons[elector].delegation_id == delegation
                    assert persons[elector].replaced_by_id is None
                    assert not persons[elector].pending
        assert all(persons[p].replaced_by_id is None for (p,) in ask("SELECT person_id FROM sessionstaff"))
        assert len({p.number for p in persons.values()}) == len(persons)
        told = people.arrivals(tx)
        assert 0 <= told.n <= told.of

    world.read(look)
