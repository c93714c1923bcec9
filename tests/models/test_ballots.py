"""Register and box: any number of arrivals have one effect and one answer."""

from __future__ import annotations

import hashlib
import secrets
import threading
from dataclasses import replace
from typing import Any

import pytest

from models import doors, people, polls, voting
from models.ballots import CastVote, count, my_ballot, rewrite, turned_out
from models.command import Badge, Done
from models.refusals import Refused
from models.store import Tx
from tests.world import SYSTEM_BADGE, World


def refused(world: World, command: CastVote, badge: Badge) -> str:
    """The key of the refusal; that not a row was changed is checked here, too."""
    before = world.dump()
    with pytest.raises(Refused) as caught:
        world.do(command, badge)
    assert world.dump() == before
    return caught.value.key


def again(vote: CastVote, **changes: object) -> CastVote:
    fields = {"poll": vote.poll, "secret": vote.secret, "intent": vote.intent, "turn": vote.turn, "marks": vote.marks}
    return CastVote(**(fields | changes))  # type: ignore[arg-type]


def intent() -> str:
    return secrets.token_hex(16)


@pytest.mark.parametrize("ballot", polls.BALLOTS)
def test_a_vote_is_in_the_register_in_the_box_and_in_the_tally(world: World, ballot: str) -> None:
    poll = world.poll(ballot=ballot)

    world.vote(poll, 0, 1)

    assert world.read(lambda tx: turned_out(tx, poll)) == (1, 6)
    assert world.read(lambda tx: count(tx, poll)) == 1
    assert world.read(lambda tx: tx.cursor.execute("SELECT item_id, n FROM tally").fetchall()) == [
        (world.items(poll)[1], 1)
    ]


def test_the_ballots_key_is_the_digest_of_a_secret_that_only_the_phone_has(world: World) -> None:
    poll = world.poll(ballot="secret")

    vote = world.vote(poll, 0, 1)

    key = hashlib.sha256(b"%d|" % poll + bytes.fromhex(vote.secret)).digest()[:16]
    assert world.dump()["ballot"] == [(poll, key, None)]
    assert bytes.fromhex(vote.secret) not in world.store.path.read_bytes()


def test_only_polls_that_are_not_secret_join_the_register_to_the_box(world: World) -> None:
    for ballot in ("named", "confidential", "secret"):
        poll = world.poll(ballot=ballot)
        world.vote(poll, 0, 1)
        keys = [row[4] for row in world.dump()["turnout"] if row[0] == poll and row[2]]
        world.do(voting.Withdraw(poll=poll))

        assert (keys != [None]) is (ballot != "secret")


@pytest.mark.parametrize("ballot", polls.BALLOTS)
def test_the_same_vote_again_is_recorded_and_changes_nothing(world: World, ballot: str) -> None:
    poll = world.poll(ballot=ballot)
    vote = world.vote(poll, 0, 1)
    before = world.dump()

    done = [world.do(vote, world.person(0)) for _ in range(3)]

    assert {d.notice for d in done} == {"recorded"}
    assert {d.facts["turn"] for d in done} == {1}
    assert world.dump() == before


@pytest.mark.parametrize("ballot", polls.BALLOTS)
def test_a_changed_vote_replaces_the_first(world: World, ballot: str) -> None:
    poll = world.poll(ballot=ballot, kind="multiple", most=3)
    vote = world.vote(poll, 0, 0, 1)

    world.do(again(vote, intent=intent(), turn=2, marks=[[world.items(poll)[2]]]), world.person(0))

    world.seal(poll)
    world.do(voting.Reveal(poll=poll))
    assert world.read(lambda tx: count(tx, poll)) == 1
    assert [row[2] for row in world.dump()["mark"]] == [world.items(poll)[2]]


def test_an_older_intention_that_arrives_late_is_answered_from_what_is_stored(world: World) -> None:
    poll = world.poll()
    first = world.vote(poll, 0, 0)
    world.do(again(first, intent=intent(), turn=2, marks=[[world.items(poll)[1]]]), world.person(0))
    before = world.dump()

    done = world.do(first, world.person(0))

    assert (done.notice, done.facts["turn"]) == ("recorded", 2)
    assert world.dump() == before


def test_a_change_that_overtakes_the_first_vote_stands(world: World) -> None:
    poll = world.poll()
    items = world.items(poll)
    second = CastVote(poll=poll, secret=intent(), intent=intent(), turn=2, marks=[[items[1]]])
    world.do(second, world.person(0))

    done = world.do(again(second, intent=intent(), turn=1, marks=[[items[0]]]), world.person(0))

    assert done.facts["turn"] == 2
    assert [row[2] for row in world.dump()["mark"]] == [items[1]]


@pytest.mark.parametrize("ballot", polls.BALLOTS)
def test_two_devices_at_one_turn_do_not_overwrite_each_other(world: World, ballot: str) -> None:
    poll = world.poll(ballot=ballot)
    vote = world.vote(poll, 0, 0)

    assert refused(world, again(vote, intent=intent()), world.person(0)) == "changed_elsewhere"


def test_a_secret_vote_is_changed_by_its_own_device_only(world: World) -> None:
    poll = world.poll(ballot="secret")
    vote = world.vote(poll, 0, 0)
    other = again(vote, secret=intent(), intent=intent(), turn=2)

    assert refused(world, other, world.person(0)) == "voted_elsewhere"


def test_a_vote_that_is_not_secret_is_changed_from_any_device(world: World) -> None:
    poll = world.poll()
    vote = world.vote(poll, 0, 0)

    world.do(again(vote, secret=intent(), intent=intent(), turn=2, marks=[[world.items(poll)[2]]]), world.person(0))

    assert world.read(lambda tx: count(tx, poll)) == 1
    assert [row[2] for row in world.dump()["mark"]] == [world.items(poll)[2]]


def test_a_stolen_secret_stuffs_no_second_ballot(world: World) -> None:
    poll = world.poll()
    vote, own = world.vote(poll, 0, 0), world.vote(poll, 2, 0)

    assert refused(world, again(vote, intent=intent()), world.person(1)) == "not_understood"
    change = again(vote, turn=2, intent=intent())
    assert refused(world, change, world.person(2)) == "not_understood"
    assert world.do(again(own, turn=2, intent=intent()), world.person(2)).notice == "recorded"


@pytest.mark.parametrize(
    ("kind", "least", "most", "choices", "key"),
    [
        ("single", 1, 1, [], "choose_one"),
        ("single", 1, 1, [0, 1], "choose_at_most"),
        ("multiple", 2, 3, [0], "choose_at_least"),
        ("multiple", 1, 2, [0, 1, 2], "choose_at_most"),
        ("yes_no_abstain", 1, 1, [0, 1], "choose_at_most"),
    ],
)
def test_a_ballot_that_does_not_fit_is_refused_with_what_to_do(
    world: World, kind: str, least: int, most: int, choices: list[int], key: str
) -> None:
    poll = world.poll(kind=kind, least=least, most=most)
    ids = world.items(poll)
    vote = CastVote(poll=poll, secret=intent(), intent=intent(), turn=1, marks=[[ids[c]] for c in choices])

    assert refused(world, vote, world.person(0)) == key


def test_an_option_of_another_poll_is_refused(world: World) -> None:
    other = world.items(world.poll(open_=False))
    poll = world.poll()
    vote = CastVote(poll=poll, secret=intent(), intent=intent(), turn=1, marks=[[other[0]]])

    assert refused(world, vote, world.person(0)) == "no_such_option"


def test_an_empty_ballot_is_a_ballot_where_none_may_be_chosen(world: World) -> None:
    poll = world.poll(kind="multiple", least=0, most=2)

    world.vote(poll, 0)

    assert world.read(lambda tx: count(tx, poll)) == 1
    assert world.read(lambda tx: turned_out(tx, poll)) == (1, 6)


# Who votes, and when


def test_people_who_are_checked_in_at_the_opening_vote_and_nobody_else(world: World) -> None:
    poll = world.poll()
    item = world.items(poll)[0]
    vote = CastVote(poll=poll, secret=intent(), intent=intent(), turn=1, marks=[[item]])

    assert refused(world, vote, world.moderator) == "not_in_electorate"
    assert refused(world, vote, world.organiser) == "not_in_electorate"
    assert refused(world, vote, Badge(99, "participant")) == "not_in_electorate"


def test_who_comes_after_the_opening_votes_next_time(world: World) -> None:
    world.do(doors.CheckIn(session=2), world.person(0))
    poll = world.poll()
    world.do(doors.CheckIn(session=1), world.person(0))
    vote = CastVote(poll=poll, secret=intent(), intent=intent(), turn=1, marks=[[world.items(poll)[0]]])

    assert refused(world, vote, world.person(0)) == "not_in_electorate"


def test_named_roles_vote_where_they_are_named(world: World) -> None:
    world.do(doors.CheckIn(session=1), world.moderator)
    poll = world.poll(electorate="roles:moderator")
    vote = CastVote(poll=poll, secret=intent(), intent=intent(), turn=1, marks=[[world.items(poll)[0]]])

    assert refused(world, again(vote), world.person(0)) == "not_in_electorate"
    assert world.do(vote, world.moderator).notice == "recorded"


def test_a_delegation_has_one_vote_whoever_of_the_two_casts_it(world: World) -> None:
    # Persons of an even number belong to the first delegation.
    world.do(people.NameVoter(delegation=1, voter=4, alternate=6), world.organiser)
    poll = world.poll(electorate="delegations")
    item = world.items(poll)[0]
    voter, alternate, member = Badge(4, "participant"), Badge(6, "participant"), Badge(8, "participant")
    vote = CastVote(poll=poll, secret=intent(), intent=intent(), turn=1, marks=[[item]])

    world.do(vote, voter)

    assert refused(world, again(vote, secret=intent(), intent=intent()), alternate) == "changed_elsewhere"
    assert refused(world, vote, member) == "delegations_vote"
    assert world.read(lambda tx: turned_out(tx, poll)) == (1, 1)
    assert world.read(lambda tx: my_ballot(tx, alternate, poll)).marks == (item,)


def test_a_person_votes_only_in_the_session_they_are_in(world: World) -> None:
    poll = world.poll()
    world.do(doors.CheckIn(session=2), world.person(0))
    vote = CastVote(poll=poll, secret=intent(), intent=intent(), turn=1, marks=[[world.items(poll)[0]]])

    before = world.dump()
    with pytest.raises(Refused, match="in_another_session") as caught:
        world.do(vote, world.person(0))
    assert caught.value.params == {"session": 1, "title": "Session 1 en"}
    assert world.dump() == before

    world.do(doors.CheckIn(session=1), world.person(0))
    assert world.do(vote, world.person(0)).notice == "recorded"


def test_a_vote_recorded_before_its_voter_moved_on_is_answered_and_changed_by_nobody(world: World) -> None:
    poll = world.poll()
    vote = world.vote(poll, 0, 1)
    world.do(doors.CheckIn(session=2), world.person(0))

    assert world.do(vote, world.person(0)).notice == "recorded"
    assert refused(world, again(vote, turn=2, intent=intent()), world.person(0)) == "in_another_session"
    world.close(poll)
    assert refused(world, again(vote, turn=2, intent=intent()), world.person(0)) == "in_another_session"
    world.seal(poll)
    assert refused(world, again(vote, turn=2, intent=intent()), world.person(0)) == "poll_closed"


def test_a_delegations_vote_is_cast_by_whoever_of_the_two_is_in_the_session(world: World) -> None:
    world.do(people.NameVoter(delegation=1, voter=4, alternate=6), world.organiser)
    poll = world.poll(electorate="delegations")
    voter, alternate = Badge(4, "participant"), Badge(6, "participant")
    world.do(doors.CheckIn(session=2), voter)
    vote = CastVote(poll=poll, secret=intent(), intent=intent(), turn=1, marks=[[world.items(poll)[0]]])

    assert refused(world, vote, voter) == "in_another_session"
    assert world.do(vote, alternate).notice == "recorded"


def test_a_delegation_whose_voters_badge_is_revoked_counts_by_its_alternate_alone(world: World) -> None:
    world.do(people.NameVoter(delegation=1, voter=4, alternate=6), world.organiser)
    world.do(people.NameVoter(delegation=2, voter=5), world.organiser)
    for person in (4, 5):
        world.do(people.RevokeBadge(person=person), world.organiser)

    poll = world.poll(electorate="delegations")

    assert world.read(lambda tx: turned_out(tx, poll)) == (0, 1)
    vote = CastVote(poll=poll, secret=intent(), intent=intent(), turn=1, marks=[[world.items(poll)[0]]])
    assert world.do(vote, Badge(6, "participant")).notice == "recorded"


def test_the_register_tells_a_voter_of_their_own_vote_only(world: World) -> None:
    poll = world.poll()
    world.vote(poll, 0, 2)

    mine = world.read(lambda tx: my_ballot(tx, world.person(0), poll))
    other = world.read(lambda tx: my_ballot(tx, world.person(1), poll))
    outside = world.read(lambda tx: my_ballot(tx, world.moderator, poll))

    assert (mine.elector, mine.turn, mine.marks) == (True, 1, (world.items(poll)[2],))
    assert (other.elector, other.turn, other.marks) == (True, 0, ())
    assert (outside.elector, outside.turn, outside.marks) == (False, 0, ())


def test_nobody_can_look_a_secret_vote_up_not_even_its_voter(world: World) -> None:
    poll = world.poll(ballot="secret")
    world.vote(poll, 0, 2)

    mine = world.read(lambda tx: my_ballot(tx, world.person(0), poll))

    assert (mine.turn, mine.marks) == (1, ())


@pytest.mark.parametrize("ballot", polls.BALLOTS)
def test_a_vote_in_the_grace_counts_and_one_after_the_seal_is_refused(world: World, ballot: str) -> None:
    poll = world.poll(ballot=ballot)
    world.vote(poll, 0, 0)
    world.close(poll)
    late = world.vote(poll, 1, 0)
    world.seal(poll)

    key = refused(world, again(late, secret=intent(), intent=intent()), world.person(2))

    assert key == "poll_closed"
    assert world.read(lambda tx: tx.get_one(polls.Poll, poll).counted) == 2
    assert world.do(late, world.person(1)).notice == "recorded"  # a resend of what was recorded is still answered


def test_a_vote_in_a_poll_that_was_withdrawn_or_never_opened_is_refused(world: World) -> None:
    draft = world.poll(open_=False)
    poll = world.poll()
    vote = world.vote(poll, 0, 0)
    world.do(voting.Withdraw(poll=poll))

    assert refused(world, vote, world.person(0)) == "poll_withdrawn"
    assert refused(world, again(vote, poll=draft), world.person(0)) == "poll_not_open"
    assert refused(world, again(vote, poll=999), world.person(0)) == "no_such_poll"


# Counting


def test_a_recount_finds_a_tally_that_is_wrong_and_puts_it_right(world: World) -> None:
    poll = world.poll()
    for n in range(4):
        world.vote(poll, n, n % 2)
    item = world.items(poll)[0]

    def spoil(tx: object) -> Done:
        tx.cursor.execute("UPDATE tally SET n = n + 3 WHERE item_id = ?", (item,))  # type: ignore[attr-defined]
        return Done()

    world.store.do(spoil)
    world.seal(poll)
    world.do(voting.LookFirst(poll=poll))

    assert world.counts(poll) == [2, 2, 0]
    assert world.read(lambda tx: tx.get_one(polls.Poll, poll).difference) == 3


def test_the_tally_needs_no_correction_after_votes_and_changes_of_every_kind(world: World) -> None:
    poll = world.poll(kind="multiple", least=0, most=3)
    ids = world.items(poll)
    for n in range(6):
        vote = world.vote(poll, n, *range(n % 3 + 1))
        for turn in range(2, n + 2):
            world.do(again(vote, intent=intent(), turn=turn, marks=[[ids[turn % 3]]]), world.person(n))

    world.seal(poll)

    assert world.read(lambda tx: tx.get_one(polls.Poll, poll).difference) == 0


def test_rewriting_keeps_every_row_and_gives_every_ballot_a_new_key(world: World) -> None:
    poll = world.poll(ballot="secret", kind="multiple", most=3)
    for n in range(6):
        world.vote(poll, n, 0, n % 2 + 1)
    before = world.dump()

    world.store.do(lambda tx: (rewrite(tx, poll), Done())[1])

    after = world.dump()
    old, new = ({row[1] for row in dump["ballot"]} for dump in (before, after))
    assert len(old) == len(new) == 6
    assert not old & new
    assert {row[1] for row in after["mark"]} == new
    assert sorted(ballots_of(after)) == sorted(ballots_of(before))
    assert {name: rows for name, rows in after.items() if name not in ("ballot", "mark")} == {
        name: rows for name, rows in before.items() if name not in ("ballot", "mark")
    }


def ballots_of(dump: dict[str, list[tuple[Any, ...]]]) -> list[list[tuple[Any, ...]]]:
    """What each ballot has marked, without its key."""
    return [sorted(row[2:] for row in dump["mark"] if row[1] == key) for _, key, _ in dump["ballot"]]


def test_many_threads_voting_at_once_lose_and_double_nothing(world: World) -> None:
    poll = world.poll()
    items = world.items(poll)
    votes = [
        CastVote(poll=poll, secret=intent(), intent=intent(), turn=1, marks=[[items[n % 3]]])
        for n in range(world.participants)
    ]

    def storm() -> None:
        for n, vote in enumerate(votes):
            world.do(vote, world.person(n))

    threads = [threading.Thread(target=storm) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert world.read(lambda tx: count(tx, poll)) == world.participants
    world.seal(poll)
    assert world.read(lambda tx: tx.get_one(polls.Poll, poll).difference) == 0


def test_who_was_revoked_before_the_opening_is_no_elector(world: World) -> None:
    world.do(people.RevokeBadge(person=world.person(0).person_id), world.organiser)

    poll = world.poll()

    assert world.board(poll).electors == world.participants - 1
    with pytest.raises(Refused, match="not_in_electorate"):
        world.vote(poll, 0, 1)


def test_a_secret_box_that_was_written_anew_takes_no_vote_though_its_seal_is_still_to_come(world: World) -> None:
    """The log could not be emptied, and the seal is tried again: a vote in between would lie beside its voter."""
    poll = world.poll(ballot="secret")
    world.vote(poll, 0, 1)
    world.close(poll)
    closed_at = world.read(lambda tx: tx.get_one(polls.Poll, poll).closed_at) or 0.0
    seal = voting.SealPoll(poll=poll, closed_at=closed_at)

    def rewrite(tx: Tx) -> Done:
        return replace(seal.perform(tx, SYSTEM_BADGE, 1.0), sequel=None)

    world.store.do(rewrite)
    before = world.dump()

    with pytest.raises(Refused, match="poll_closed"):
        world.vote(poll, 1, 2)

    assert world.dump() == before


def test_a_person_never_votes_in_the_row_of_a_delegation_with_the_same_number(world: World) -> None:
    world.do(people.NameVoter(delegation=1, voter=4, alternate=6), world.organiser)
    poll = world.poll(electorate="delegations")

    def another_delegation_instead(tx: Tx) -> Done:
        tx.cursor.execute("UPDATE turnout SET elector_id = 4 WHERE poll_id = ?", (poll,))
        return Done()

    world.store.do(another_delegation_instead)
    vote = CastVote(poll=poll, secret=intent(), intent=intent(), turn=1, marks=[[world.items(poll)[0]]])

    assert refused(world, vote, Badge(4, "participant")) == "not_in_electorate"
