"""Hands counted by a teller, several options at once, before the seal or on the line of their own."""

from __future__ import annotations

from contextlib import suppress

import pytest

from models import boards, hands, journal, rights, voting
from models.command import Badge, Done
from models.people import Person
from models.refusals import Refused
from models.rights import SessionStaff
from models.screens import AddTablet, RevokeScreen
from models.store import Tx
from models.venue import walls
from tests.world import World

TELLER = Badge(9, "teller")
OF_SESSION = Badge(8, "participant")


@pytest.fixture
def counted(world: World) -> World:
    """A teller of the event, and a participant who is a teller of session 1."""

    def name(tx: Tx) -> Done:
        tx.get_one(Person, TELLER.person_id).role = "teller"
        tx.add(SessionStaff(session_id=1, person_id=OF_SESSION.person_id, role="teller"))
        return Done()

    world.store.do(name)
    return world


def record(world: World, poll: int, *numbers: int, late: bool = False, badge: Badge = TELLER) -> Done:
    counts = dict(zip(world.items(poll), numbers, strict=False))
    return world.do(hands.RecordHands(poll=poll, counts=counts, late=late), badge)


def lines(world: World, poll: int, view: str = "screen") -> list[tuple[int, int, int]]:
    found = [option.line for option in world.board(poll, view).options]
    return [(line.count, line.hands, line.late_hands) for line in found if line]


@pytest.mark.parametrize("badge", [TELLER, OF_SESSION], ids=["of the event", "of the session"])
def test_hands_of_all_options_are_recorded_at_once_and_shown_apart(counted: World, badge: Badge) -> None:
    poll = counted.poll()
    counted.vote(poll, 0, 1)

    done = record(counted, poll, 6, 0, 2, badge=badge)
    counted.seal(poll)
    counted.do(voting.Reveal(poll=poll))

    assert done.notice == "hands_counted"
    assert lines(counted, poll) == [(0, 6, 0), (1, 0, 0), (0, 2, 0)]
    assert counted.board(poll, "screen").n == 1


def test_the_journal_has_one_act_for_each_number_that_moved(counted: World) -> None:
    poll = counted.poll()
    record(counted, poll, 6, 0, 2)
    record(counted, poll, 6, 0, 3)

    again = record(counted, poll, 6, 0, 3)

    rows = counted.read(lambda tx: journal.latest(tx, 1))
    told = [(row.act, row.facts["n"]) for row in rows if row.act.startswith("hands")]
    assert told == [("hands_counted", 3), ("hands_counted", 2), ("hands_counted", 6)]
    assert again.notice == "done"


def test_a_count_that_comes_after_the_seal_is_never_moved_to_the_other_line_unseen(counted: World) -> None:
    poll = counted.poll()
    counted.vote(poll, 0, 1)
    record(counted, poll, 6)
    counted.seal(poll)

    with pytest.raises(Refused, match="hands_after_seal"):
        record(counted, poll, 9)
    with pytest.raises(Refused, match="hands_after_seal"):
        counted.do(hands.CountHands(poll=poll, item=counted.items(poll)[0], n=9))
    record(counted, poll, 3, late=True)
    counted.do(voting.Reveal(poll=poll))

    assert lines(counted, poll)[0] == (0, 6, 3)
    assert counted.read(lambda tx: journal.latest(tx, 1))[1].act == "hands_counted_late"


def test_hands_counted_after_a_seal_that_was_undone_are_before_the_next(counted: World) -> None:
    poll = counted.poll()
    record(counted, poll, 6)
    counted.seal(poll)
    record(counted, poll, 2, 1, late=True)
    counted.do(voting.ContinueVoting(poll=poll))
    counted.vote(poll, 0, 1)
    counted.seal(poll)
    counted.do(voting.Reveal(poll=poll))

    assert lines(counted, poll) == [(0, 8, 0), (1, 1, 0), (0, 0, 0)]


def test_until_the_seal_nothing_is_late(counted: World) -> None:
    poll = counted.poll()
    record(counted, poll, 1)
    counted.close(poll)

    with pytest.raises(Refused, match="not_sealed_yet"):
        record(counted, poll, 2, late=True)
    record(counted, poll, 2)

    counting = counted.read(lambda tx: boards.counting(tx, 1))
    assert counting is not None
    assert (list(counting.before.values()), counting.late, counting.is_late) == ([2], {}, False)


@pytest.mark.parametrize(
    ("badge", "counts", "key"),
    [
        (Badge(4, "participant"), None, "not_yours"),
        (Badge(3, "moderator"), None, "not_yours"),
        (TELLER, {99_999: 1}, "no_such_option"),
        (TELLER, 100_001, "no_such_option"),
    ],
    ids=["participant", "moderator of another session", "another option", "too many"],
)
def test_a_refused_count_changes_no_row(counted: World, badge: Badge, counts: object, key: str) -> None:
    poll = counted.poll()
    items = counted.items(poll)
    given = counts if isinstance(counts, dict) else {items[0]: 1, items[1]: counts or 1}
    before = counted.dump()

    with pytest.raises(Refused, match=key):
        counted.do(hands.RecordHands(poll=poll, counts=given), badge)

    assert counted.dump() == before


def test_tellers_see_the_sessions_that_are_on_and_theirs(counted: World) -> None:
    def seen(badge: Badge) -> list[int]:
        return [place.session for place in counted.read(lambda tx: hands.places(tx, badge))]

    assert seen(TELLER) == [1, 2]
    assert seen(OF_SESSION) == [1]
    assert seen(Badge(4, "participant")) == []
    for badge, may in ((TELLER, True), (OF_SESSION, True), (Badge(4, "participant"), False)):
        assert counted.read(lambda tx, badge=badge: rights.counts_hands(tx, badge)) is may


def test_a_withdrawn_poll_and_a_draft_have_nothing_to_count(counted: World) -> None:
    poll, draft = counted.poll(), counted.poll(open_=False)
    record(counted, poll, 4)
    counted.do(voting.Withdraw(poll=poll))

    for one in (poll, draft):
        with pytest.raises(Refused, match="poll_not_open"):
            record(counted, one, 1)
    found = counted.read(lambda tx: boards.counting(tx, 1))
    assert found is not None
    assert found.poll is None


def test_a_tablet_has_a_name_of_its_own_in_its_hall_and_a_link_that_can_be_stopped(world: World) -> None:
    first = world.do(AddTablet(hall=1, name="Door"), world.organiser).facts["screen"]
    same = world.do(AddTablet(hall=1, name=" Door "), world.organiser).facts["screen"]
    elsewhere = world.do(AddTablet(hall=2, name="Door"), world.organiser).facts["screen"]
    world.do(RevokeScreen(screen=int(first), seen_issue=1), world.organiser)

    rows = {row.id: (row.kind, row.name, row.issue) for row in world.read(walls)}
    assert same == first != elsewhere
    assert rows[int(first)] == ("tablet", "Door", 2)
    assert sorted(kind for kind, _, _ in rows.values()) == ["screen", "screen", "tablet", "tablet"]
    for badge in (world.moderator, world.person(0)):
        with suppress(Refused):
            world.do(AddTablet(hall=1, name="Other"), badge)
    assert len(world.read(walls)) == 4
