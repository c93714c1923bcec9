"""A poll from draft to revealed, and every way out. A refused command changes not one row."""

from __future__ import annotations

import secrets
import sqlite3

import pytest

from models import doors, drafts, hands, journal, polls, programme, rounds, translations, voting
from models.ballots import CastVote
from models.command import Badge, Command, Done
from models.refusals import Refused
from models.store import Tx
from tests.world import LANGUAGES, SYSTEM_BADGE, World


def refused(world: World, command: Command, badge: Badge | None = None) -> str:
    before = world.dump()
    with pytest.raises(Refused) as caught:
        world.do(command, badge)
    assert world.dump() == before
    return caught.value.key


def poll_of(world: World, poll: int) -> polls.Poll:
    return world.read(lambda tx: tx.get_one(polls.Poll, poll))


def state(world: World, poll: int) -> str:
    return poll_of(world, poll).state


def written(**changes: object) -> drafts.WritePoll:
    texts = [{"en": "Question"}, {"en": "One"}, {"en": "Two"}]
    return drafts.WritePoll(**({"session": 1, "texts": texts} | changes))  # type: ignore[arg-type]


def stepped(world: World, last: str, **options: str) -> int:
    """A poll brought to a state."""
    poll = world.poll(open_=last not in ("draft", "ready"), **options)  # type: ignore[arg-type]
    if last == "draft":
        world.do(written(poll=poll))
    if last in ("closing", "sealed", "revealed"):
        world.vote(poll, 0, 1)
        world.close(poll)
    if last in ("sealed", "revealed"):
        world.seal(poll)
    if last == "revealed":
        world.do(voting.Reveal(poll=poll))
    if last == "withdrawn":
        world.do(voting.Withdraw(poll=poll))
    assert state(world, poll) == last
    return poll


STATES = ("draft", "ready", "open", "closing", "sealed", "revealed", "withdrawn")


def test_a_poll_lives_from_draft_to_revealed(world: World) -> None:
    poll = int(world.do(written()).facts["poll"])
    lived = [state(world, poll)]
    for command in (
        drafts.ApproveText(poll=poll, language="en"),
        voting.OpenPoll(poll=poll, override="tr,ar,ru"),
        voting.EndVoting(poll=poll),
        None,
        voting.LookFirst(poll=poll),
        voting.Reveal(poll=poll),
    ):
        if command is None:
            world.seal(poll)
        else:
            world.do(command)
        lived.append(state(world, poll))

    assert lived == ["draft", "draft", "open", "closing", "sealed", "sealed", "revealed"]


# Every step from every state: what the table does not name is refused and changes nothing.

STEPS: dict[type[Command], dict[str, str]] = {
    drafts.MakeReady: {"draft": "languages_missing", "ready": "done", "*": "poll_not_draft"},
    voting.OpenPoll: {"draft": "nothing_to_ask", "ready": "open", "open": "done", "*": "poll_was_open"},
    voting.EndVoting: {
        "open": "closing", "closing": "done", "sealed": "done", "revealed": "done", "*": "poll_not_open",
    },
    voting.ContinueVoting: {"open": "done", "closing": "open", "sealed": "open", "*": "poll_not_open"},
    voting.LookFirst: {"sealed": "sealed", "revealed": "done", "*": "not_sealed_yet"},
    voting.Reveal: {"sealed": "revealed", "revealed": "done", "*": "not_sealed_yet"},
    voting.Withdraw: {"open": "withdrawn", "closing": "withdrawn", "withdrawn": "done", "*": "poll_not_open"},
}  # fmt: skip


@pytest.mark.parametrize("before", STATES)
@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.__name__)
def test_each_step_leads_where_it_should_and_nowhere_else(world: World, step: type[Command], before: str) -> None:
    wanted = STEPS[step].get(before, STEPS[step]["*"])
    poll = stepped(world, before)
    command = step(poll=poll)  # type: ignore[call-arg]

    if wanted in STATES:
        world.do(command)
        assert state(world, poll) == wanted
    elif wanted == "done":
        rows = world.dump()
        world.do(command)
        assert {**world.dump(), "version": None} == {**rows, "version": None}
    else:
        assert refused(world, command) == wanted


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.__name__)
def test_a_poll_that_is_not_there_and_a_badge_that_may_not_are_refused(world: World, step: type[Command]) -> None:
    poll = world.poll()

    assert refused(world, step(poll=999)) == "no_such_poll"  # type: ignore[call-arg]
    for badge in (world.person(0), world.other):
        assert refused(world, step(poll=poll), badge) == "not_yours"  # type: ignore[call-arg]


# Writing


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"kind": "ranking"}, "no_such_kind"),
        ({"texts": []}, "question_missing"),
        ({"texts": [{"en": "  \u200b\u0007 "}, {"en": "a"}, {"en": "b"}]}, "question_missing"),
        ({"texts": [{"xx": "Only in a language the event has not"}, {"en": "a"}, {"en": "b"}]}, "question_missing"),
        ({"texts": [{"en": "Question"}, {"en": "One"}]}, "options_missing"),
        ({"texts": [{"en": "Question"}, {"en": "One"}, {}, {"en": "Three"}]}, "options_missing"),
        ({"ballot": "open"}, "no_such_setting"),
        ({"results": "now"}, "no_such_setting"),
        ({"electorate": "roles:king"}, "no_such_setting"),
        ({"electorate": "roles:"}, "no_such_setting"),
        ({"ballot": "secret", "results": "live"}, "secret_not_live"),
        ({"session": 99}, "no_such_session"),
        ({"poll": 99}, "no_such_poll"),
    ],
)
def test_a_poll_that_cannot_be_asked_is_not_written(world: World, changes: dict[str, object], key: str) -> None:
    assert refused(world, written(**changes)) == key


def test_a_form_sent_twice_writes_one_poll(world: World) -> None:
    form = written(key="5eed" * 8)

    first = world.do(form).facts["poll"]
    second = world.do(form).facts["poll"]
    other = world.do(written(key="0dd" * 8)).facts["poll"]

    assert first == second != other
    assert len(world.dump()["poll"]) == 2


def test_a_motion_has_its_three_answers_in_order(world: World) -> None:
    poll = int(world.do(written(kind="yes_no_abstain", texts=[{"en": "Shall we?"}])).facts["poll"])

    assert world.read(lambda tx: [item.key for item in polls.items(tx, poll)]) == ["yes", "no", "abstain"]


def test_choices_are_bounded_by_the_options_there_are() -> None:
    assert polls.bounds("single", 5, 9, 3) == (1, 1)
    assert polls.bounds("multiple", 0, 9, 3) == (0, 3)
    assert polls.bounds("multiple", 9, 2, 3) == (2, 2)
    assert polls.bounds("yes_no_abstain", 0, 3, 3) == (1, 1)


def test_a_poll_that_was_opened_is_not_rewritten(world: World) -> None:
    for before in ("open", "closing", "sealed", "revealed", "withdrawn"):
        poll = stepped(world, before)
        assert refused(world, written(poll=poll)) == "poll_not_draft"
        if before in ("open", "closing"):
            world.do(voting.Withdraw(poll=poll))


def test_changing_a_text_of_a_ready_poll_makes_it_a_draft_again(world: World) -> None:
    poll = world.poll(open_=False)

    world.do(drafts.CorrectWording(poll=poll, slot=1, language="en", body="Better words"))

    assert state(world, poll) == "draft"
    assert refused(world, voting.OpenPoll(poll=poll)) == "nothing_to_ask"
    world.do(drafts.ApproveText(poll=poll, language="en"))
    assert refused(world, voting.OpenPoll(poll=poll)) == "languages_missing"


def test_correcting_an_open_poll_keeps_votes_and_approvals_and_remembers_both_wordings(world: World) -> None:
    poll = world.poll()
    world.vote(poll, 0, 1)

    world.do(drafts.CorrectWording(poll=poll, slot=1, language="ru", body="Вариант первый"), now=1000.0)

    assert poll_of(world, poll).wording == 2
    assert world.read(lambda tx: translations.missing(tx, polls.owner(poll), 4, LANGUAGES)) == ()
    assert [row[4:] for row in world.dump()["wording"]] == [("ru", "Option 0 ru", "Вариант первый", 1000.0)]
    world.seal(poll)
    world.do(voting.LookFirst(poll=poll))
    assert world.counts(poll) == [0, 1, 0]


@pytest.mark.parametrize(
    ("changes", "key"),
    [({"slot": 9}, "no_such_text"), ({"language": "fr"}, "no_such_text"), ({"body": " \n "}, "question_missing")],
)
def test_a_correction_of_what_is_not_there_is_refused(world: World, changes: dict[str, object], key: str) -> None:
    fields: dict[str, object] = {"poll": world.poll(), "slot": 0, "language": "en", "body": "Words"}

    assert refused(world, drafts.CorrectWording(**(fields | changes))) == key  # type: ignore[arg-type]


def test_after_the_end_of_voting_no_wording_is_corrected(world: World) -> None:
    poll = stepped(world, "closing")

    assert refused(world, drafts.CorrectWording(poll=poll, slot=0, language="en", body="Words")) == "poll_not_open"


def test_polls_are_moved_to_a_place_and_back(world: World) -> None:
    ids = [world.poll(open_=False) for _ in range(4)]

    def order() -> list[int]:
        return [row.id or 0 for row in sorted(world.read(lambda tx: [tx.get_one(polls.Poll, i) for i in ids]),
                                              key=lambda row: row.place)]  # fmt: skip

    world.do(drafts.MovePoll(poll=ids[3], place=1))
    moved = order()
    world.do(drafts.MovePoll(poll=ids[3], place=99))

    assert moved == [ids[3], ids[0], ids[1], ids[2]]
    assert order() == ids


# Opening


def test_a_poll_opens_without_a_language_only_when_exactly_that_is_said(world: World) -> None:
    poll = int(world.do(written()).facts["poll"])
    world.do(drafts.ApproveText(poll=poll, language="en"))

    assert refused(world, voting.OpenPoll(poll=poll)) == "languages_missing"
    assert refused(world, voting.OpenPoll(poll=poll, override="tr")) == "languages_missing"
    world.do(voting.OpenPoll(poll=poll, override="tr,ar,ru"))

    assert poll_of(world, poll).override == "tr,ar,ru"
    told = world.read(lambda tx: journal.latest(tx, 1))[0]
    assert (told.act, told.facts["override"]) == ("poll_opened", "tr,ar,ru")


def test_a_poll_that_nobody_could_read_is_not_opened_whatever_is_waived(world: World) -> None:
    everything = "en,tr,ar,ru"
    texts = [{"en": "Question"}, {"en": "One", "tr": "Bir"}, {"en": "Two", "tr": "İki"}]
    poll = int(world.do(written(texts=texts)).facts["poll"])

    assert refused(world, voting.OpenPoll(poll=poll, override=everything)) == "nothing_to_ask"
    world.do(drafts.ApproveText(poll=poll, language="tr"))
    assert refused(world, voting.OpenPoll(poll=poll, override=everything)) == "nothing_to_ask"
    world.do(drafts.ApproveText(poll=poll, language="en"))
    world.do(drafts.CorrectWording(poll=poll, slot=0, language="en", body="Another question"))
    assert refused(world, voting.OpenPoll(poll=poll, override=everything)) == "nothing_to_ask"
    world.do(drafts.ApproveText(poll=poll, language="en"))
    world.do(voting.OpenPoll(poll=poll, override="tr,ar,ru"))


def test_a_new_round_of_what_nobody_approved_is_not_opened(world: World) -> None:
    poll = stepped(world, "sealed")
    again = int(world.do(rounds.NewRound(poll=poll, round=2)).facts["poll"])
    world.do(drafts.CorrectWording(poll=again, slot=0, language="en", body="Another question"))

    assert refused(world, voting.OpenPoll(poll=again, override="en,tr,ar,ru")) == "nothing_to_ask"


def test_one_language_of_the_event_is_enough_to_be_read(world: World) -> None:
    world.store.do(lambda tx: spoken(tx, "en,tr"))
    poll = int(world.do(written(texts=[{"ar": "سؤال"}, {"ar": "واحد"}, {"ar": "اثنان"}])).facts["poll"])
    world.do(drafts.ApproveText(poll=poll, language="ar"))

    world.do(voting.OpenPoll(poll=poll, override="en,tr"))

    assert state(world, poll) == "open"


def spoken(tx: Tx, languages: str) -> Done:
    """The languages of session 1 are these."""
    meeting = tx.get_one(programme.Meeting, 1)
    meeting.languages = languages
    tx.add(meeting)
    return Done()


def test_a_motion_brings_the_texts_of_its_answers(world: World) -> None:
    texts = [{"en": "Shall we?", "tr": "Yapalım mı?"}, {"en": "Aye"}]
    poll = int(world.do(written(kind="yes_no_abstain", texts=texts)).facts["poll"])
    world.do(drafts.ApproveText(poll=poll, language="en"))
    world.do(voting.OpenPoll(poll=poll, override="tr,ar,ru"))

    assert [option.texts for option in world.board(poll).options] == [{"en": "Yes"}, {"en": "No"}, {"en": "Abstain"}]
    assert [option.texts["tr"] for option in world.board(poll, "desk").options] == ["Evet", "Hayır", "Çekimser"]


def test_a_poll_needs_its_session_on_no_other_poll_and_somebody_to_vote(world: World) -> None:
    first, second = world.poll(open_=False), world.poll(open_=False, electorate="roles:teller")

    assert refused(world, voting.OpenPoll(poll=second)) == "nobody_to_vote"
    world.do(voting.OpenPoll(poll=first))
    assert refused(world, voting.OpenPoll(poll=second)) == "another_poll_open"
    world.do(voting.Withdraw(poll=first))
    world.do(doors.EndSession(session=1, confirm=10 + 37))
    assert refused(world, voting.OpenPoll(poll=second)) == "start_session_first"


def test_the_electorate_is_fixed_at_the_opening(world: World) -> None:
    poll = world.poll()

    world.do(doors.CheckIn(session=2), world.person(0))

    board = world.board(poll)
    assert (board.voted, board.electors) == (0, world.participants)


def test_a_timer_is_set_moved_and_stopped(world: World) -> None:
    poll = world.poll(timer_s=60)
    started = poll_of(world, poll)
    world.do(voting.SetTimer(poll=poll, seconds=30), now=1000.0)
    moved = poll_of(world, poll).closes_at
    world.do(voting.SetTimer(poll=poll, seconds=0))

    assert started.closes_at == (started.opened_at or 0) + 60
    assert moved == 1030.0
    assert poll_of(world, poll).closes_at is None


def test_a_timer_that_was_moved_does_not_end_voting_any_more(world: World) -> None:
    poll = world.poll(timer_s=60)
    old = poll_of(world, poll).closes_at or 0.0
    world.do(voting.SetTimer(poll=poll, seconds=300))

    world.do(voting.EndVoting(poll=poll, deadline=old), SYSTEM_BADGE)

    assert state(world, poll) == "open"
    world.do(voting.EndVoting(poll=poll, deadline=poll_of(world, poll).closes_at or 0.0), SYSTEM_BADGE)
    assert state(world, poll) == "closing"


# Closing, sealing and after


def test_a_seal_belongs_to_one_end_of_voting(world: World) -> None:
    poll = stepped(world, "closing")
    old = poll_of(world, poll).closed_at or 0.0
    world.do(voting.ContinueVoting(poll=poll))
    world.do(voting.EndVoting(poll=poll), now=old + 10)
    before = world.dump()

    world.do(voting.SealPoll(poll=poll, closed_at=old), SYSTEM_BADGE)

    assert world.dump() == before


@pytest.mark.parametrize("ballot", polls.BALLOTS)
def test_sealing_again_changes_nothing(world: World, ballot: str) -> None:
    poll = stepped(world, "sealed", ballot=ballot)
    before = world.dump()

    world.do(voting.SealPoll(poll=poll, closed_at=poll_of(world, poll).closed_at or 0.0), SYSTEM_BADGE)

    assert world.dump() == before


def test_a_sealed_poll_is_reopened_only_while_nobody_has_seen_a_figure(world: World) -> None:
    unseen, seen = stepped(world, "sealed"), stepped(world, "sealed")
    world.do(voting.LookFirst(poll=seen))

    assert refused(world, voting.ContinueVoting(poll=seen)) == "figures_were_seen"
    world.do(voting.ContinueVoting(poll=unseen))
    assert state(world, unseen) == "open"


def test_a_sealed_poll_with_live_results_is_not_reopened_since_everybody_saw_its_figures(world: World) -> None:
    poll = stepped(world, "sealed", results="live")

    assert refused(world, voting.ContinueVoting(poll=poll)) == "figures_were_seen"


def test_voting_does_not_go_on_while_another_poll_is_open(world: World) -> None:
    first = stepped(world, "sealed")
    world.poll()

    assert refused(world, voting.ContinueVoting(poll=first)) == "another_poll_open"


def test_voting_does_not_go_on_in_a_session_that_has_ended(world: World) -> None:
    poll = stepped(world, "sealed")
    world.do(doors.EndSession(session=1, confirm=10 + 37))

    assert refused(world, voting.ContinueVoting(poll=poll)) == "start_session_first"


def test_a_sealed_secret_poll_is_not_reopened(world: World) -> None:
    poll = stepped(world, "sealed", ballot="secret")

    assert refused(world, voting.ContinueVoting(poll=poll)) == "secret_not_reopened"


def test_a_secret_poll_whose_box_was_rewritten_is_not_reopened_but_can_be_sealed_later(world: World) -> None:
    """The seal of a secret poll has two transactions. Somebody who reads for long can come between them."""
    poll = stepped(world, "closing", ballot="secret")
    other = sqlite3.connect(world.store.path, isolation_level=None)
    other.execute("BEGIN")
    other.execute("SELECT count(*) FROM poll").fetchone()

    with pytest.raises(Refused, match="try_again"):
        world.seal(poll)

    assert state(world, poll) == "closing"
    assert refused(world, voting.ContinueVoting(poll=poll)) == "secret_not_reopened"
    other.execute("ROLLBACK")
    other.close()
    world.seal(poll)
    assert state(world, poll) == "sealed"


def test_a_result_for_moderators_is_not_revealed(world: World) -> None:
    poll = stepped(world, "sealed", results="moderators_only")

    assert refused(world, voting.Reveal(poll=poll)) == "for_moderators_only"


@pytest.mark.parametrize("ballot", polls.BALLOTS)
def test_withdrawing_deletes_register_and_box_and_the_journal_keeps_the_number(world: World, ballot: str) -> None:
    poll = world.poll(ballot=ballot)
    for n in range(3):
        world.vote(poll, n, 1)

    world.do(voting.Withdraw(poll=poll))

    rows = world.dump()
    assert [rows[table] for table in ("turnout", "ballot", "mark", "tally")] == [[], [], [], []]
    told = world.read(lambda tx: journal.latest(tx, 1))[0]
    assert (told.act, told.facts["n"]) == ("withdrawn", 3)


def test_a_reset_asks_for_the_number_and_makes_a_poll_of_its_own_ready(world: World) -> None:
    poll = world.poll(timer_s=60)
    world.vote(poll, 0, 1)
    confirm = 10 + poll * 37 % 90
    assert refused(world, rounds.ResetPoll(poll=poll, confirm=confirm + 1)) == "confirm_number"

    again = int(world.do(rounds.ResetPoll(poll=poll, confirm=confirm)).facts["poll"])
    world.do(rounds.ResetPoll(poll=poll, confirm=confirm))

    assert again != poll
    assert (state(world, poll), state(world, again)) == ("withdrawn", "ready")
    assert len(world.dump()["poll"]) == 2
    assert poll_of(world, again).place == poll_of(world, poll).place + 1
    assert world.board(again, "phone").texts == world.board(poll, "phone").texts


def test_votes_never_carry_over_a_reset_however_late_they_arrive(world: World) -> None:
    poll = world.poll()
    item = world.items(poll)[0]
    late = CastVote(
        poll=poll, secret=secrets.token_hex(16), intent=secrets.token_hex(16), turn=1, marks=[[item]]
    )  # fmt: skip
    again = int(world.do(rounds.ResetPoll(poll=poll, confirm=10 + poll * 37 % 90)).facts["poll"])
    world.do(voting.OpenPoll(poll=again))

    assert refused(world, late, world.person(0)) == "poll_withdrawn"
    assert world.board(again).voted == 0


def test_a_second_round_is_a_poll_of_its_own_made_once(world: World) -> None:
    poll = stepped(world, "revealed")

    second = int(world.do(rounds.NewRound(poll=poll, round=2)).facts["poll"])
    same = int(world.do(rounds.NewRound(poll=poll, round=2)).facts["poll"])
    world.do(voting.OpenPoll(poll=second))
    world.seal(second)
    third = int(world.do(rounds.NewRound(poll=second, round=3)).facts["poll"])

    assert second == same != poll
    assert [poll_of(world, p).root_id for p in (poll, second, third)] == [None, poll, poll]
    assert world.board(poll, "desk").n == 1
    assert world.board(second, "desk").voted == 0
    assert refused(world, rounds.NewRound(poll=third, round=4)) == "end_voting_first"


@pytest.mark.parametrize(("before", "number"), [("revealed", 2), ("withdrawn", 1)])
def test_a_round_counts_those_before_it_that_people_voted_in(world: World, before: str, number: int) -> None:
    poll = stepped(world, before)

    again = int(world.do(rounds.NewRound(poll=poll, round=2)).facts["poll"])

    assert (world.board(poll).round, world.board(again).round) == (1, number)


def test_a_round_that_nobody_answered_and_one_that_was_reset_are_none(world: World) -> None:
    poll = world.poll()
    world.seal(poll)
    again = int(world.do(rounds.NewRound(poll=poll, round=2)).facts["poll"])
    world.do(voting.OpenPoll(poll=again))
    world.vote(again, 0, 1)
    reset = int(world.do(rounds.ResetPoll(poll=again, confirm=programme.confirmation(again))).facts["poll"])

    assert [world.board(one).round for one in (poll, again, reset)] == [1, 1, 1]


def test_hands_stand_apart_and_late_ones_on_a_line_of_their_own(world: World) -> None:
    poll = stepped(world, "closing")
    item = world.items(poll)[1]
    world.do(hands.CountHands(poll=poll, item=item, n=6))
    world.seal(poll)
    world.do(hands.CountHands(poll=poll, item=item, n=2, late=True))
    world.do(voting.Reveal(poll=poll))

    line = world.board(poll, "screen").options[1].line
    assert line is not None
    assert (line.count, line.hands, line.late_hands) == (1, 6, 2)


def test_hands_for_nothing_and_by_nobody_are_refused(world: World) -> None:
    poll, other = world.poll(), world.poll(open_=False)
    item = world.items(poll)[0]

    assert refused(world, hands.CountHands(poll=poll, item=world.items(other)[0], n=1)) == "no_such_option"
    assert refused(world, hands.CountHands(poll=poll, item=item, n=100_001)) == "no_such_option"
    assert refused(world, hands.CountHands(poll=other, item=world.items(other)[0], n=1)) == "poll_not_open"
    assert refused(world, hands.CountHands(poll=999, item=item, n=1)) == "no_such_poll"
    assert refused(world, hands.CountHands(poll=poll, item=item, n=1), world.person(0)) == "not_yours"
