"""A badge's first browser comes in at once; each further one waits until an earlier one, or the desk, lets it in."""

from __future__ import annotations

import pytest

from models import devices, logins, people
from models.command import Badge, Command
from models.devices import AdmitDevice, AllowDevice, RefuseDevice, SeeDevices, ShowBadge, StopAsking
from models.logins import BADGE_BY_LOGIN, SignOut
from models.people import ReissueBadge, RevokeBadge
from models.refusals import Refused
from tests.world import SYSTEM_BADGE, World

ANNA = 4
WAIT = 120.0
NOW = 1000.0


def refused(world: World, command: Command, badge: Badge, now: float = NOW) -> str:
    before = world.dump()
    with pytest.raises(Refused) as caught:
        world.do(command, badge, now=now)
    assert world.dump() == before
    return caught.value.key


def shows(token: bytes, *, wait: float = WAIT) -> ShowBadge:
    return ShowBadge(person=ANNA, token_hash=token, wait=wait)


def first(world: World, token: bytes = b"first") -> Badge:
    world.do(shows(token), SYSTEM_BADGE, now=NOW)
    return Badge(ANNA, "participant", login=token)


def asks(world: World, token: bytes = b"second", now: float = NOW) -> int:
    """A further device shows the badge. The number it waits under."""
    done = world.do(shows(token), SYSTEM_BADGE, now=now)
    assert done.notice == "device_asked"
    return int(done.facts["number"])


def known(world: World, token: bytes) -> bool:
    return world.store.peek.cursor.execute(BADGE_BY_LOGIN, (token, token)).fetchone() is not None


def to_decide(world: World, badge: Badge, now: float = NOW) -> list[tuple[int, bool]]:
    return [(each.number, each.came) for each in world.read(lambda tx: devices.to_decide(tx, badge, now))]


def due(world: World, now: float, token: bytes = b"second") -> bool:
    return world.read(lambda tx: devices.due(tx, token, WAIT, now))


def test_the_first_browser_comes_in_and_a_further_one_waits_under_a_number(world: World) -> None:
    anna = first(world)

    number = asks(world)

    assert 10 <= number <= 99
    assert (known(world, b"first"), known(world, b"second")) == (True, False)
    assert to_decide(world, anna) == [(number, False)]
    assert to_decide(world, world.person(1)) == []
    assert world.read(lambda tx: devices.waiting(tx, b"second", NOW)) == devices.Waiting(ANNA, number, False)


def test_a_tap_on_the_first_lets_it_in_once(world: World) -> None:
    anna, number = first(world), asks(world)

    assert world.do(AllowDevice(number=number), anna, now=NOW).notice == "device_allowed"
    rows = world.dump()
    assert world.do(AllowDevice(number=number), anna, now=NOW).notice == "done"

    assert {**world.dump(), "version": 0} == {**rows, "version": 0}
    assert known(world, b"second")
    assert to_decide(world, anna) == []
    assert world.read(lambda tx: devices.waiting(tx, b"second", NOW)) is None


def test_a_device_that_was_refused_stays_out_and_is_told(world: World) -> None:
    anna, number = first(world), asks(world)

    world.do(RefuseDevice(number=number), anna, now=NOW)

    assert world.read(lambda tx: devices.waiting(tx, b"second", NOW)) == devices.Waiting(ANNA, number, True)
    assert to_decide(world, anna) == []
    assert refused(world, AdmitDevice(token_hash=b"second", wait=WAIT), SYSTEM_BADGE, NOW + WAIT) == "no_such_device"
    assert not known(world, b"second")


def test_nobody_else_decides_but_the_registration_desk(world: World) -> None:
    number = (first(world), asks(world))[1]
    stranger = world.person(1)

    for command in (AllowDevice, RefuseDevice):
        assert refused(world, command(number=number), stranger) == "no_such_device"
        assert refused(world, command(number=number, person=ANNA), stranger) == "not_yours"
    world.do(AllowDevice(number=number, person=ANNA), Badge(9, "registration"), now=NOW)

    assert known(world, b"second")
    acts = [row for row in world.dump()["journal"] if "device_allowed" in row]
    assert len(acts) == 1


def test_where_nobody_was_there_to_be_asked_it_comes_in_by_itself_and_its_owner_is_told(world: World) -> None:
    anna, number = first(world), asks(world)
    admit = AdmitDevice(token_hash=b"second", wait=WAIT)

    assert not due(world, NOW + WAIT - 1)
    assert refused(world, admit, SYSTEM_BADGE, NOW + WAIT - 1) == "no_such_device"
    assert due(world, NOW + WAIT)
    world.do(admit, SYSTEM_BADGE, now=NOW + WAIT)

    assert known(world, b"second")
    assert to_decide(world, anna) == [(number, True)]


def test_once_the_question_was_seen_only_a_tap_lets_it_in(world: World) -> None:
    anna = first(world)
    asks(world)

    world.do(SeeDevices(), anna, now=NOW)

    assert not due(world, NOW + WAIT)
    assert refused(world, AdmitDevice(token_hash=b"second", wait=WAIT), SYSTEM_BADGE, NOW + WAIT) == "no_such_device"


def test_where_no_browser_is_left_it_comes_in_as_the_first(world: World) -> None:
    anna = first(world)
    asks(world)
    world.do(SignOut(), anna)

    assert due(world, NOW)
    world.do(AdmitDevice(token_hash=b"second", wait=WAIT), SYSTEM_BADGE, now=NOW)

    assert to_decide(world, Badge(ANNA, "participant", login=b"second")) == []
    assert known(world, b"second")


def test_a_device_that_came_in_by_itself_may_not_put_its_owner_out(world: World) -> None:
    anna, number = first(world), asks(world)
    world.do(AdmitDevice(token_hash=b"second", wait=WAIT), SYSTEM_BADGE, now=NOW + WAIT)
    intruder = Badge(ANNA, "participant", login=b"second")

    assert to_decide(world, intruder) == []
    for command in (SignOut(others=True), AllowDevice(number=number), RefuseDevice(number=number), SeeDevices()):
        assert refused(world, command, intruder, NOW + WAIT) == "confirm_device_first"
    world.do(RefuseDevice(number=number), anna, now=NOW + WAIT)

    assert (known(world, b"first"), known(world, b"second")) == (True, False)


def test_a_device_that_came_in_by_itself_and_is_confirmed_is_like_any_other(world: World) -> None:
    anna, number = first(world), asks(world)
    world.do(AdmitDevice(token_hash=b"second", wait=WAIT), SYSTEM_BADGE, now=NOW + WAIT)

    world.do(AllowDevice(number=number), anna, now=NOW + WAIT)

    assert to_decide(world, anna, NOW + WAIT) == []
    assert refused(world, RefuseDevice(number=number), anna, NOW + WAIT) == "no_such_device"
    world.do(SignOut(others=True), Badge(ANNA, "participant", login=b"second"))
    assert (known(world, b"first"), known(world, b"second")) == (False, True)


def test_two_may_wait_and_those_refused_count_until_ten_minutes_are_over(world: World) -> None:
    anna = first(world)
    numbers = [asks(world, b"second"), asks(world, b"third")]
    world.do(RefuseDevice(number=numbers[0]), anna, now=NOW)

    assert len(set(numbers)) == 2
    assert refused(world, shows(b"fourth"), SYSTEM_BADGE, NOW + logins.ASKS_FOR) == "too_many_devices"
    fourth = asks(world, b"fourth", NOW + logins.ASKS_FOR + 1)

    assert fourth not in numbers
    assert world.read(lambda tx: devices.waiting(tx, b"third", NOW + logins.ASKS_FOR + 1)) is None
    assert refused(world, AllowDevice(number=numbers[1]), anna, NOW + logins.ASKS_FOR + 1) == "no_such_device"


def test_three_browsers_are_in_and_no_fourth(world: World) -> None:
    anna = first(world)
    late = asks(world, b"late")
    for token in (b"second", b"third"):
        world.do(shows(token, wait=0), SYSTEM_BADGE, now=NOW)

    assert refused(world, AllowDevice(number=late), anna) == "too_many_browsers"
    assert refused(world, shows(b"fourth"), SYSTEM_BADGE) == "too_many_browsers"


@pytest.mark.parametrize("command", [RevokeBadge(person=ANNA), ReissueBadge(person=ANNA, seen_issue=1)])
def test_a_badge_that_ends_ends_the_waiting_too(world: World, command: Command) -> None:
    first(world)
    asks(world)

    world.do(command, world.organiser)

    assert world.read(lambda tx: devices.waiting(tx, b"second", NOW)) is None
    assert refused(world, AdmitDevice(token_hash=b"second", wait=WAIT), SYSTEM_BADGE, NOW + WAIT) == "no_such_device"


def test_who_stops_waiting_is_forgotten_unless_refused(world: World) -> None:
    anna = first(world)
    for token in (b"second", b"third"):
        number = asks(world, token)
    world.do(RefuseDevice(number=number), anna, now=NOW)

    for token in (b"second", b"third"):
        world.do(StopAsking(token_hash=token), SYSTEM_BADGE)

    left = world.read(lambda tx: [devices.waiting(tx, token, NOW) for token in (b"second", b"third")])
    assert [each is not None for each in left] == [False, True]


def test_the_registration_desk_sees_who_waits(world: World) -> None:
    anna, number = first(world), asks(world)
    (row,) = world.read(lambda tx: people.find(tx, "1004", NOW))
    (later,) = world.read(lambda tx: people.find(tx, "1004", NOW + logins.ASKS_FOR + 1))

    world.do(RefuseDevice(number=number), anna, now=NOW)
    (again,) = world.read(lambda tx: people.find(tx, "1004", NOW))

    assert (row.asking, again.asking, later.asking) == (((number, False),), ((number, True),), ())
    world.do(AllowDevice(person=ANNA, number=number), world.organiser, now=NOW)
    assert known(world, b"second")


def test_who_asks_and_stops_and_asks_again_pesters_nobody_for_long(world: World) -> None:
    anna = first(world)
    for token in (b"second", b"third"):
        number = asks(world, token)
        world.do(StopAsking(token_hash=token), SYSTEM_BADGE)

    assert refused(world, shows(b"fourth"), SYSTEM_BADGE) == "too_many_devices"
    assert to_decide(world, anna) == []
    assert refused(world, AllowDevice(number=number), anna) == "no_such_device"
    assert 10 <= asks(world, b"fifth", NOW + logins.ASKS_FOR + 1) <= 99


def test_a_clock_that_was_set_back_blocks_no_device(world: World) -> None:
    first(world)
    for token in (b"second", b"third"):
        asks(world, token, NOW + 5000)

    assert 10 <= asks(world, b"fourth") <= 99


@pytest.mark.parametrize("other", [{"screen": 1}, {"person": 5}])
def test_a_browser_that_shows_another_badge_is_no_browser_of_the_first_any_more(
    world: World, other: dict[str, int]
) -> None:
    first(world)

    done = world.do(ShowBadge(token_hash=b"other", wait=WAIT, former=b"first", **other), SYSTEM_BADGE, now=NOW)

    assert ("person:4", "badge") in done.touched
    assert (known(world, b"first"), known(world, b"other")) == (False, True)
    assert world.do(shows(b"again"), SYSTEM_BADGE, now=NOW).notice == "signed_in"


def test_a_browser_that_waits_and_shows_another_badge_waits_no_more(world: World) -> None:
    anna = first(world)
    asks(world)

    world.do(ShowBadge(person=5, token_hash=b"other", wait=WAIT, former=b"second"), SYSTEM_BADGE, now=NOW)

    assert to_decide(world, anna) == []
    assert world.read(lambda tx: devices.waiting(tx, b"second", NOW)) is None


def test_who_manages_people_does_so_in_a_browser_beyond_doubt(world: World) -> None:
    world.do(ShowBadge(person=1, token_hash=b"first", wait=WAIT), SYSTEM_BADGE, now=NOW)
    world.do(ShowBadge(person=1, token_hash=b"second", wait=WAIT), SYSTEM_BADGE, now=NOW)
    world.do(AdmitDevice(token_hash=b"second", wait=WAIT), SYSTEM_BADGE, now=NOW + WAIT)
    doubtful = Badge(1, "organiser", login=b"second")

    assert refused(world, RevokeBadge(person=1), doubtful) == "confirm_device_first"
    assert refused(world, ReissueBadge(person=5, seen_issue=1), doubtful) == "confirm_device_first"


def shows_again(world: World, token: bytes, former: bytes, *, issue: int = 1, now: float = NOW) -> str:
    again = ShowBadge(person=ANNA, issue=issue, token_hash=token, wait=WAIT, former=former)
    done = world.do(again, SYSTEM_BADGE, now=now)
    return f"{done.notice} {done.facts.get('number')}"


def test_a_device_that_shows_the_badge_again_waits_on_under_its_number_and_a_new_token(world: World) -> None:
    anna = first(world)
    number = asks(world)

    assert shows_again(world, b"third", b"second") == f"device_asked {number}"
    assert to_decide(world, anna) == [(number, False)]
    world.do(AllowDevice(number=number), anna, now=NOW)

    assert known(world, b"third")
    assert not known(world, b"second"), "whoever planted that token gets nothing"


def test_a_device_that_never_got_the_answer_keeps_its_place(world: World) -> None:
    """It brings the old token again, and the door makes the same new one of it."""
    anna = first(world)
    number = asks(world)

    for _ in range(3):
        assert shows_again(world, b"third", b"second") == f"device_asked {number}"
    assert to_decide(world, anna) == [(number, False)]


def test_devices_that_asked_with_a_former_badge_do_not_count_against_the_new_one(world: World) -> None:
    first(world)
    asks(world)
    asks(world, b"third")
    assert refused(world, shows(b"fourth"), SYSTEM_BADGE) == "too_many_devices"

    world.do(ReissueBadge(person=ANNA, seen_issue=1), world.organiser, now=NOW)
    first_of_new = ShowBadge(person=ANNA, issue=2, token_hash=b"new", wait=WAIT)
    world.do(first_of_new, SYSTEM_BADGE, now=NOW)

    assert shows_again(world, b"newer", b"second", issue=2).startswith("device_asked ")


def test_after_a_clock_was_set_back_nobody_waits_for_longer_than_ten_minutes(world: World) -> None:
    anna = first(world)
    number = asks(world, now=NOW + 3600)

    assert to_decide(world, anna) == []
    assert refused(world, AllowDevice(number=number), anna) == "no_such_device"
    assert to_decide(world, anna, NOW + 3600) == [(number, False)]
