"""What may be seen by whom, and when. What is not in the board cannot leak."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import drafts, people, polls, results, voting
from models.command import Badge, Done
from models.refusals import Refused
from models.results import Board, percent
from tests.world import World

VIEWS = ("phone", "screen", "desk", "export")


def seen(policy: str, ballot: str, state: str, looked: bool, view: str) -> bool:
    """The rule of room.md, written down a second time: who sees figures when."""
    if state in ("draft", "ready", "withdrawn"):
        return False
    if view == "export":
        return state == "revealed" and policy != "moderators_only"
    if state in ("open", "closing"):
        return policy == "live" and ballot != "secret"
    if view == "desk":
        return state == "revealed" or looked or policy == "live"
    return policy == "live" or (state == "revealed" and policy != "moderators_only")


def test_figures_are_seen_by_whom_and_when_the_rule_says() -> None:
    states = ("draft", "ready", "open", "closing", "sealed", "revealed", "withdrawn")
    cells = list(itertools.product(polls.RESULTS, polls.BALLOTS, states, (False, True), VIEWS))

    for policy, ballot, state, looked, view in cells:
        poll = polls.Poll(
            key="x", session_id=1, hall_id=1, kind="single", ballot=ballot, results=policy, state=state,
            looked_at=1.0 if looked else None,
        )  # fmt: skip

        assert results.visible(poll, view) is seen(policy, ballot, state, looked, view), (policy, ballot, state, view)


def bare(board: Board) -> Board:
    """The board without its times, which differ from run to run."""
    return replace(board, opened_at=None, closed_at=None, sealed_at=None, revealed_at=None)


def lived(path: Path, choices: list[int], *, results: str, ballot: str, kind: str) -> dict[tuple[str, str], Board]:
    """Every board of a poll in every state, when people chose so."""
    world = World(path)
    poll = world.poll(results=results, ballot=ballot, kind=kind, most=2)
    for n, choice in enumerate(choices):
        world.vote(poll, n, choice)
    boards: dict[tuple[str, str], Board] = {}

    def look(state: str) -> None:
        for view in VIEWS:
            boards[state, view] = bare(world.board(poll, view))

    look("open")
    world.close(poll)
    look("closing")
    world.seal(poll)
    look("sealed")
    world.do(voting.LookFirst(poll=poll))
    look("looked")
    if results != "moderators_only":
        world.do(voting.Reveal(poll=poll))
        look("revealed")
    world.store.close()
    return boards


@pytest.mark.parametrize(
    ("policy", "ballot"),
    [pair for pair in itertools.product(polls.RESULTS, polls.BALLOTS) if pair != ("live", "secret")],
)
def test_a_hidden_board_is_the_same_whatever_people_chose(tmp_path: Path, policy: str, ballot: str) -> None:
    """Same people, other choices: where figures are hidden not one field differs. Where they are shown, some must."""
    ours = lived(tmp_path / "a.sqlite", [0, 0, 0, 0, 1, 2], results=policy, ballot=ballot, kind="single")
    theirs = lived(tmp_path / "b.sqlite", [2, 2, 1, 1, 1, 1], results=policy, ballot=ballot, kind="single")

    for (state, view), board in ours.items():
        if seen(policy, ballot, "sealed" if state == "looked" else state, state in ("looked", "revealed"), view):
            assert board != theirs[state, view], f"the control: {view} should differ when {state}"
            assert board.shown
        else:
            assert board == theirs[state, view], f"{view} tells something when {state}"
            assert not board.shown
            assert board.n == 0


def test_results_of_fewer_than_five_secret_ballots_are_not_shown_to_anybody(world: World) -> None:
    few, enough = world.poll(ballot="secret", open_=False), world.poll(ballot="secret", open_=False)
    for poll, voters in ((few, 4), (enough, 5)):
        world.do(voting.OpenPoll(poll=poll))
        for n in range(voters):
            world.vote(poll, n, n % 2)
        world.seal(poll)
        world.do(voting.Reveal(poll=poll))

    for view in VIEWS:
        assert world.counts(few, view) == [None, None, None]
        assert world.board(few, view).too_few
        assert world.counts(enough, view) == [3, 2, 0]
        assert not world.board(enough, view).too_few


def test_texts_that_nobody_approved_reach_the_desk_only(world: World) -> None:
    poll = world.poll(open_=False)
    world.do(drafts.WritePoll(session=1, poll=poll, texts=[{"en": "Draft"}, {"en": "One"}, {"en": "Two"}]))
    world.do(drafts.ApproveText(poll=poll, language="tr"))

    assert world.board(poll, "desk").texts["en"] == "Draft"
    for view in ("phone", "screen", "export"):
        board = world.board(poll, view)
        assert "Draft" not in board.texts.values()
        assert all("One" not in option.texts.values() for option in board.options)
        assert board.drafts == ()


def test_how_many_were_withdrawn_is_told_at_the_desk_only(world: World) -> None:
    poll = world.poll()
    world.vote(poll, 0, 0)
    world.do(voting.Withdraw(poll=poll))

    assert [world.board(poll, view).withdrawn_n for view in VIEWS] == [0, 0, 1, 0]


# Named polls


def looked_at(world: World, **options: str) -> int:
    """A poll of three options where two people chose, sealed and looked at."""
    poll = world.poll(**options)  # type: ignore[arg-type]
    for n, choice in enumerate((2, 0)):
        world.vote(poll, n, choice)
    world.seal(poll)
    world.do(voting.LookFirst(poll=poll))
    return poll


def told(world: World, poll: int, badge: Badge | None = None, session: int = 1) -> list[tuple[str, str, str]]:
    """Person, delegation, letters chosen."""
    _, rows = world.read(lambda tx: results.names(tx, badge or world.moderator, session, poll))
    return [(row.person, row.delegation["en"], "".join(o.letter for o in row.options)) for row in rows]


def no_names(world: World, poll: int, badge: Badge | None = None, session: int = 1) -> str:
    with pytest.raises(Refused) as caught:
        told(world, poll, badge, session)
    return caught.value.key


def test_moderators_see_who_chose_what_in_a_named_poll(world: World) -> None:
    poll = looked_at(world, ballot="named")

    assert told(world, poll) == [("Given4 Family4", "Delegation 1", "C"), ("Given5 Family5", "Delegation 2", "A")]
    world.do(voting.Reveal(poll=poll))
    assert told(world, poll, world.organiser) == told(world, poll)


def test_where_delegations_vote_they_are_told_and_no_person(world: World) -> None:
    world.do(people.NameVoter(delegation=1, voter=4), world.organiser)
    world.do(people.NameVoter(delegation=2, voter=5), world.organiser)

    poll = looked_at(world, ballot="named", electorate="delegations")

    assert told(world, poll) == [("", "Delegation 1", "C"), ("", "Delegation 2", "A")]


@pytest.mark.parametrize("ballot", ["confidential", "secret"])
def test_nobody_sees_who_chose_what_in_other_polls(world: World, ballot: str) -> None:
    poll = looked_at(world, ballot=ballot)
    world.do(voting.Reveal(poll=poll))

    assert no_names(world, poll) == no_names(world, poll, world.organiser) == "not_named"


def test_who_chose_what_is_for_those_who_moderate_the_session(world: World) -> None:
    poll = looked_at(world, ballot="named")

    for badge in (world.person(0), world.other, Badge(4, "rapporteur"), Badge(4, "av"), Badge(4, "data_protection")):
        assert no_names(world, poll, badge) == "not_yours"
    assert no_names(world, poll, world.other, session=2) == "no_such_poll"
    assert no_names(world, 999) == "no_such_poll"


def test_who_chose_what_is_told_only_after_somebody_looked(world: World) -> None:
    poll = world.poll(ballot="named", open_=False)
    assert no_names(world, poll) == "names_after_seal"
    world.do(voting.OpenPoll(poll=poll))
    assert no_names(world, poll) == "names_after_seal"
    world.close(poll)
    assert no_names(world, poll) == "names_after_seal"
    world.seal(poll)
    assert no_names(world, poll) == "names_after_look"
    gone = world.poll(ballot="named")
    world.do(voting.Withdraw(poll=gone))
    assert no_names(world, gone) == "poll_withdrawn"


def test_phones_look_at_the_poll_that_was_opened_last(world: World) -> None:
    first, second = world.poll(open_=False), world.poll(open_=False)

    def now() -> int | None:
        return world.read(lambda tx: results.current(tx, 1))

    found = [now()]
    for poll in (second, first):
        world.do(voting.OpenPoll(poll=poll))
        found.append(now())
        world.do(voting.Withdraw(poll=poll))

    assert found == [None, second, first]
    assert world.read(lambda tx: results.of_session(tx, 1)) == (first, second)
    assert world.read(lambda tx: results.board(tx, 999, "phone")) is None


# Drawing


def many(world: World, counts: list[int], kind: str = "single") -> Board:
    """A revealed poll with so many marks of each option, written straight into the box."""
    poll = world.poll(options=len(counts), kind=kind, most=len(counts))
    items = world.items(poll)

    def fill(tx: object) -> object:
        cursor = tx.cursor  # type: ignore[attr-defined]
        electors = range(1000, 1000 + sum(counts))
        choices = [item for item, n in zip(items, counts, strict=True) for _ in range(n)]
        cursor.execute("DELETE FROM turnout WHERE poll_id = ?", (poll,))
        cursor.executemany("INSERT INTO turnout VALUES (?, ?, 1, NULL, NULL)", [(poll, e) for e in electors])
        cursor.executemany("INSERT INTO ballot VALUES (?, ?, NULL)", [(poll, b"%d" % e) for e in electors])
        cursor.executemany(
            "INSERT INTO mark VALUES (?, ?, ?, 1, 0)",
            [(poll, b"%d" % e, item) for e, item in zip(electors, choices, strict=True)],
        )
        return Done()

    world.store.do(fill)  # type: ignore[arg-type]
    world.seal(poll)
    world.do(voting.Reveal(poll=poll))
    return world.board(poll, "screen")


def test_under_ten_answers_there_are_dots_and_no_percent(world: World) -> None:
    nine, ten = many(world, [6, 3]), many(world, [6, 4])

    assert nine.dots
    assert [option.line.share for option in nine.options if option.line] == [None, None]
    assert not ten.dots
    assert [option.line.share for option in ten.options if option.line] == [60, 40]


def test_a_narrow_lead_among_few_is_not_called_a_lead(world: World) -> None:
    narrow, clear, big = many(world, [14, 13, 2]), many(world, [8, 6, 1]), many(world, [15, 14, 1])

    def leads(board: Board) -> list[bool]:
        return [bool(option.line and option.line.lead) for option in board.options]

    assert leads(narrow) == [True, True, True]
    assert leads(clear) == [True, False, False]
    assert leads(big) == [True, False, False]


def test_bars_are_drawn_along_an_axis_that_only_all_people_fill(world: World) -> None:
    all_, half, short = many(world, [20, 0]), many(world, [10, 6, 4]), many(world, [9, 6, 5])

    def widths(board: Board) -> list[float]:
        return [option.line.width for option in board.options if option.line]

    assert [all_.axis, half.axis, short.axis] == [100, 75, 50]
    assert widths(all_) == [100.0, 0.0]
    assert widths(half) == [66.67, 40.0, 26.67]
    assert widths(short) == [90.0, 60.0, 50.0]


def test_shares_of_a_multiple_choice_are_each_of_all_answers(world: World) -> None:
    """They need not sum to a hundred, even where there are as many marks as answers."""
    board = many(world, [4, 4, 4], kind="multiple")

    assert [option.line.share for option in board.options if option.line] == [33, 33, 33]


@given(st.lists(st.integers(0, 500), min_size=2, max_size=8).filter(any))
def test_shares_of_a_single_choice_sum_to_a_hundred_and_are_off_by_less_than_one(values: list[int]) -> None:
    n = sum(values)

    shares = percent(values, n, exact=True)

    assert sum(share or 0 for share in shares) == 100
    assert all(abs((share or 0) - 100 * value / n) < 1 for share, value in zip(shares, values, strict=True))


def test_shares_of_nothing_are_nothing() -> None:
    assert percent([0, 0], 0, exact=True) == [0, 0]
    assert percent([3, 3], 4, exact=False) == [75, 75]


def test_phones_look_at_the_poll_opened_last_though_the_clock_was_set_back(world: World) -> None:
    first, second = world.poll(open_=False), world.poll(open_=False)
    world.do(voting.OpenPoll(poll=second), now=2000.0)
    world.seal(second)

    world.do(voting.OpenPoll(poll=first), now=1000.0)

    assert world.read(lambda tx: results.current(tx, 1)) == first


def test_phones_come_back_to_a_poll_in_which_voting_is_continued(world: World) -> None:
    first = world.poll()
    world.seal(first)
    world.seal(world.poll())

    world.do(voting.ContinueVoting(poll=first))

    assert world.read(lambda tx: results.current(tx, 1)) == first
