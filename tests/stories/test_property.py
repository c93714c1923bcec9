"""Whatever people do, in whatever order it arrives: a page holds what a fresh one shows, and the count is right.

Random commands by random people over a real node. The loop's clock runs twenty times as fast, so that the pace of
parts and the sweep need not be waited for; nothing else is changed.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import re
import secrets
import shutil
import tempfile
from collections.abc import Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from live.faces import look
from live.node import THE_SYSTEM
from models import doors, drafts, hands, journal, polls, results, rounds, stage, voting
from models.ballots import CastVote
from models.command import Badge, Command, Done
from models.polls import BALLOTS, RESULTS
from models.refusals import Refused
from models.stage import Scene
from tests.house import Guest, House
from tests.world import LANGUAGES, World

T = TypeVar("T")

SPEED = 20
AGREE_WITHIN = 1200.0
"""Seconds of the fast clock: the slowest part has a pace of three, the sweep of two, but a busy machine is slower."""
PEOPLE = 7
PUBLIC = ("phone", "screen", "export")
SCREEN = Badge(0, "screen", hall_id=1, screen_id=1)
ORDINARY = settings(
    max_examples=int(os.environ.get("HALLSIDE_EXAMPLES", "8")), stateful_step_count=25, deadline=None,
    suppress_health_check=list(HealthCheck), database=None, report_multiple_bugs=False,
    phases=[Phase.explicit, Phase.generate],  # a page that never agrees takes its time: shrinking would take minutes
)  # fmt: skip
LONG = settings(parent=ORDINARY, max_examples=400, stateful_step_count=60, phases=list(Phase))


class FastLoop(asyncio.SelectorEventLoop):
    """A loop for which a second is a twentieth of one."""

    def time(self) -> float:
        return super().time() * SPEED


@dataclass
class Known:
    """What the model knows of one poll: the accepted intention of each voter."""

    secret: bool
    turns: dict[int, int] = field(default_factory=dict)
    intents: dict[int, str] = field(default_factory=dict)
    choices: dict[int, list[int]] = field(default_factory=dict)
    keys: dict[int, str] = field(default_factory=dict)

    def answer(self, person: int, vote: CastVote, state: str, *, here: bool) -> str:
        """What must be answered, by the table in docs/protocol.md; and remember what it does."""
        turn = self.turns.get(person, 0)
        if state == "withdrawn":
            return "poll_withdrawn"
        if vote.turn < turn or (vote.turn == turn and vote.intent == self.intents[person]):
            return "recorded"
        if state not in ("open", "closing"):
            return "poll_closed"
        if vote.turn == turn:
            return "changed_elsewhere"
        if not here:
            return "in_another_session"
        if self.secret and turn and vote.secret != self.keys[person]:
            return "voted_elsewhere"
        self.turns[person], self.intents[person] = vote.turn, vote.intent
        self.choices[person], self.keys[person] = [mark[0] for mark in vote.marks], vote.secret
        return "recorded"


@dataclass
class Seat:
    """Somebody with a page open."""

    badge: Badge
    view: str
    guest: Guest
    session: int = 0
    page: str = "now"


class Hall:
    """A house on a fast loop with people in it, and what a test asks of it."""

    def __init__(self, seats: int = 3) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="hallside-"))
        self.world = World(self.folder / "x.sqlite", participants=PEOPLE)
        self.loop = FastLoop()
        self.house = House(self.world, self.folder, grace=60, message_rate=1000, message_burst=10_000)
        self.house.patience *= SPEED
        self.seats: list[Seat] = []
        self.run(self.house.__aenter__())
        self.sit(SCREEN, "screen")
        self.sit(self.world.moderator, "desk", session=1)
        for n in range(seats):
            badge = Badge(4 + n, "participant", LANGUAGES[n % 4])
            self.sit(badge, "phone", page="agenda" if n == 2 else "now")

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(work)

    def sit(self, badge: Badge, view: str, *, session: int = 0, page: str = "now") -> None:
        hello: dict[str, object] = {"session": session} if session else {"page": page}
        guest = self.run(self.house.guest(badge, view, **hello))
        assert guest.code is None
        self.seats.append(Seat(badge, view, guest, session, page))

    def close(self) -> None:
        self.run(self.house.__aexit__())
        self.loop.close()
        shutil.rmtree(self.folder)

    def differences(self) -> list[str]:
        """Where what a page holds is not what a fresh page would show."""
        found = []
        for seat in self.seats:
            seen = look(self.house.node, seat.badge, seat.view, page=seat.page, session=seat.session).seen
            for audience, part in seen:
                fresh, held = self.house.fresh(audience, part), seat.guest.held.get(part)
                if plain(held) != plain(fresh) and (held or fresh):
                    found.append(f"{seat.view} of {seat.badge.key}: {part}\n{apart(str(held), str(fresh))}")
        return found

    async def agree(self) -> None:
        """Wait until every page holds what a fresh one shows."""
        end = self.loop.time() + AGREE_WITHIN
        while self.differences():
            if self.loop.time() > end:
                raise AssertionError("\n".join(self.differences()))
            await asyncio.sleep(0.2)

    def leaks(self) -> list[str]:
        """Public boards that hold a figure nobody may see yet."""
        found = []
        for row in self.world.dump()["poll"]:
            poll = self.world.read(lambda tx, id_=row[0]: tx.get_one(polls.Poll, id_))
            assert poll.id is not None
            for view in PUBLIC:
                board = self.world.board(poll.id, view)
                figures = [option.line for option in board.options if option.line] or board.n or board.axis
                few = poll.ballot == "secret" and board.voted < results.FLOOR
                if figures and (few or not may_be_seen(poll, view)):
                    found.append(f"{view} of a {poll.ballot} poll, {poll.results}, {poll.state}: {figures}")
        return found

    def miscounts(self) -> list[str]:
        """Polls whose running tally is not the recount of the box, or whose register is not as long as the box."""
        rows, found = self.world.dump(), []
        for poll in {row[0] for row in rows["poll"]}:
            told = {(r[1], r[2], r[3]): r[4] for r in rows["tally"] if r[0] == poll and r[4]}
            counted: dict[Any, int] = {}
            for _, _, item, x, y in (r for r in rows["mark"] if r[0] == poll):
                counted[item, x, y] = counted.get((item, x, y), 0) + 1
            ballots = sum(r[0] == poll for r in rows["ballot"])
            voted = sum(r[0] == poll and r[2] > 0 for r in rows["turnout"])  # type: ignore[operator]
            if told != counted or ballots != voted:
                found.append(f"poll {poll}: {told} told, {counted} counted, {voted} voted, {ballots} ballots")
        return found


MOVED = re.compile(
    r'(?<=data-turnout="\d">)\d+|(?<=data-turnout="\d\d">)\d+|(?<=data-number="n">)\d+|(?<=data-number="of">)\d+'
    r'|(?<=data-deleted="\d">)\d+|(?<=data-deleted="\d\d">)\d+'
    r'| class="on"(?=/)|(?<=data-turnout-bar=)("\d+" data-of="\d+" width=)"[\d.]+%"'
)
"""What numbers move on a page between two frames of HTML. The numbers themselves are a part that is compared."""


def plain(held: object) -> object:
    return MOVED.sub("", held) if isinstance(held, str) else held


def apart(held: str, fresh: str) -> str:
    """Where two texts part, briefly."""
    place = max(0, next((n for n, (a, b) in enumerate(zip(held, fresh, strict=False)) if a != b), 0) - 60)
    return f"  held  ...{held[place : place + 200]!r}\n  fresh ...{fresh[place : place + 200]!r}"


def may_be_seen(poll: polls.Poll, view: str) -> bool:
    """Room.md's rule for phones, screens and exports, written down a second time."""
    if poll.state == "revealed":
        return poll.results != "moderators_only"
    live = poll.results == "live" and poll.ballot != "secret" and view != "export"
    return live and poll.state in ("open", "closing", "sealed")


badges = st.sampled_from(
    [Badge(2, "moderator")] * 12 + [Badge(1, "organiser")] * 3
    + [Badge(3, "moderator"), Badge(4, "participant"), Badge(9, "av"), SCREEN]
)  # fmt: skip
KINDS = ("title", "lobby", "agenda", "poll", "results", "earlier", "announcement", "countdown")
policies = st.sampled_from([pair for pair in itertools.product(BALLOTS, RESULTS) if pair != ("secret", "live")])
# What the desk does, the usual more often than the rest.
STAFF = (
    ["open_a_poll"] * 4 + ["open_what_is_ready"] * 2 + ["end"] * 3 + ["seal"] * 4 + ["reveal"] * 3 + ["go_on"] * 2
    + ["look_first", "withdraw", "reset", "ask_again", "correct", "correct", "count_hands", "set_the_timer", "move"]
)  # fmt: skip


class Conference(RuleBasedStateMachine):
    """What people do in a session, and what must hold whatever they do."""

    @initialize(policy=policies, many=st.booleans())
    def doors_open(self, policy: tuple[str, str], many: bool) -> None:
        self.hall = Hall()
        self.world, self.house = self.hall.world, self.hall.house
        self.mail: list[tuple[int, CastVote]] = []
        self.known: dict[int, Known] = {}
        self.keys: dict[tuple[int, int], str] = {}
        self.turns: dict[tuple[int, int], int] = {}
        self.open_a_poll(self.world.moderator, policy, many)

    def teardown(self) -> None:
        if hasattr(self, "hall"):
            try:
                self.hall.run(self.hall.agree())
            finally:
                self.hall.close()

    def poll_in(self, *states: str) -> int | None:
        """The newest poll of session 1 in one of these states."""
        marks = ",".join("?" * len(states))
        query = f"SELECT max(id) FROM poll WHERE session_id = 1 AND state IN ({marks})"
        found: int | None = self.world.store.peek.cursor.execute(query, states).fetchone()[0]
        return found

    def _state(self, poll: int) -> str:
        return str(
            self.world.store.peek.cursor.execute("SELECT state FROM poll WHERE id = ?", (poll,)).fetchone()[0]
        )  # fmt: skip

    def do(self, badge: Badge, command: Command, *, twice: bool = False) -> Done | None:
        """Through the one door. A refusal may change no row, and what is said twice has the effect of once."""
        before = self.world.dump()
        try:
            done = self.hall.run(self.house.perform(badge, command))
        except Refused:
            assert self.world.dump() == before, f"a refused {type(command).__name__} changed a row"
            return None
        if twice:
            once = self.world.dump()
            with contextlib.suppress(Refused):
                self.hall.run(self.house.perform(badge, command))
            again = self.world.dump()
            assert {**again, "version": []} == {**once, "version": []}, f"{type(command).__name__} twice is not once"
        return done

    # --- staff

    @rule(what=st.sampled_from(STAFF), badge=badges, data=st.data())
    def staff_act(self, what: str, badge: Badge, data: st.DataObject) -> None:
        getattr(self, what)(badge, **{k: data.draw(v, k) for k, v in DETAILS.get(what, {}).items()})

    @rule(policy=policies, many=st.booleans())
    def the_day_goes_on(self, policy: tuple[str, str], many: bool) -> None:
        """The next thing a moderator does on an ordinary day."""
        moderator = self.world.moderator
        if self.poll_in("open"):
            self.end(moderator)
        elif self.poll_in("closing"):
            self.seal(moderator, stale=False)
        elif self.poll_in("sealed"):
            self.reveal(moderator)
        else:
            self.open_a_poll(moderator, policy, many)

    def open_a_poll(self, badge: Badge, policy: tuple[str, str], many: bool) -> None:
        if len(self.known) > 7:
            return
        poll = self.world.poll(
            ballot=policy[0], results=policy[1], kind="multiple" if many else "single", least=0 if many else 1,
            most=2, open_=False,
        )  # fmt: skip
        self.known[poll] = Known(policy[0] == "secret")
        self.do(badge, voting.OpenPoll(poll=poll), twice=True)

    def open_what_is_ready(self, badge: Badge) -> None:
        if poll := self.poll_in("ready", "draft"):
            self.do(badge, voting.OpenPoll(poll=poll), twice=True)

    def end(self, badge: Badge) -> None:
        if poll := self.poll_in("open"):
            self.do(badge, voting.EndVoting(poll=poll), twice=True)

    def go_on(self, badge: Badge) -> None:
        if poll := self.poll_in("closing", "sealed", "open"):
            self.do(badge, voting.ContinueVoting(poll=poll), twice=True)

    def seal(self, badge: Badge, stale: bool) -> None:
        if poll := self.poll_in("closing"):
            closed_at = self.world.read(lambda tx: tx.get_one(polls.Poll, poll).closed_at) or 0.0
            self.do(THE_SYSTEM, voting.SealPoll(poll=poll, closed_at=closed_at - stale), twice=True)
            row = self.world.read(lambda tx: tx.get_one(polls.Poll, poll))
            assert row.difference == 0
            assert stale or row.counted == len(self.known[poll].turns)

    def look_first(self, badge: Badge) -> None:
        if poll := self.poll_in("sealed", "revealed"):
            self.do(badge, voting.LookFirst(poll=poll), twice=True)

    def reveal(self, badge: Badge) -> None:
        if poll := self.poll_in("sealed", "open"):
            self.do(badge, voting.Reveal(poll=poll), twice=True)

    def withdraw(self, badge: Badge) -> None:
        if poll := self.poll_in("open", "closing"):
            self.do(badge, voting.Withdraw(poll=poll), twice=True)

    def reset(self, badge: Badge, right: bool) -> None:
        if poll := self.poll_in("open", "closing"):
            done = self.do(badge, rounds.ResetPoll(poll=poll, confirm=10 + poll * 37 % 90 + (not right)), twice=True)
            if done and "poll" in done.facts:
                self.known[int(done.facts["poll"])] = Known(self.known[poll].secret)

    def ask_again(self, badge: Badge, number: int) -> None:
        if poll := self.poll_in("sealed", "revealed", "withdrawn"):
            done = self.do(badge, rounds.NewRound(poll=poll, round=number), twice=True)
            if done:
                self.known.setdefault(int(done.facts["poll"]), Known(self.known[poll].secret))

    def correct(self, badge: Badge, language: str, slot: int, body: str) -> None:
        if poll := self.poll_in("open", "ready"):
            command = drafts.CorrectWording(poll=poll, slot=slot, language=language, body=body)
            self.do(badge, command, twice=True)

    def count_hands(self, badge: Badge, n: int) -> None:
        if poll := self.poll_in("open", "closing", "sealed", "revealed"):
            late = poll == self.poll_in("sealed", "revealed")
            command = hands.CountHands(poll=poll, item=self.world.items(poll)[0], n=n, late=late)
            self.do(badge, command, twice=True)

    def set_the_timer(self, badge: Badge, seconds: int) -> None:
        if poll := self.poll_in("open"):
            self.do(badge, voting.SetTimer(poll=poll, seconds=seconds), twice=not seconds)

    def move(self, badge: Badge, place: int) -> None:
        if poll := self.poll_in("draft", "ready", "open", "sealed"):
            self.do(badge, drafts.MovePoll(poll=poll, place=place), twice=True)

    # --- the screen

    @rule(
        what=st.sampled_from(["show", "next", "take", "take", "blank", "undo", "undo"]), badge=badges,
        kind=st.sampled_from((*KINDS, "poll", "results")), yes=st.booleans(), again=st.booleans(), n=st.integers(0, 3),
    )  # fmt: skip
    def screen_act(self, what: str, badge: Badge, kind: str, yes: bool, again: bool, n: int) -> None:
        command: Command
        if what == "undo":
            rows = [row for row in self.world.read(lambda tx: journal.latest(tx, 1)) if row.undoable]
            if len(rows) <= n:
                return
            command = stage.Undo(entry=rows[n].id)
        elif what == "take":
            command = stage.Take(hall=1, seen=self.world.air().version - yes, again=again)
        elif what == "blank":
            command = stage.SetBlank(hall=1, on=yes)
        else:
            scene = self.scene(kind)
            command = stage.ShowScene(hall=1, scene=scene) if what == "show" else stage.StageNext(hall=1, scene=scene)
        self.do(badge, command, twice=True)

    def scene(self, kind: str) -> Scene:
        poll = self.poll_in("open", "closing", "sealed", "revealed", "withdrawn") or 99
        return Scene(
            kind=kind, poll=poll if kind in ("poll", "results", "earlier") else 0,  # type: ignore[arg-type]
            text="Coffee at ten" if kind == "announcement" else "", language="en" if kind == "announcement" else "",
            until=4e9 if kind == "countdown" else 0.0,
        )  # fmt: skip

    # --- participants

    @rule(
        people=st.lists(
            st.tuples(st.integers(0, PEOPLE - 1), st.integers(0, 2), st.integers(0, 5), st.integers(0, 3)),
            min_size=1, max_size=7,
        ),
        late=st.integers(0, 99),
    )  # fmt: skip
    def people_vote(self, people: list[tuple[int, int, int, int]], late: int) -> None:
        """Phones make up their minds. A message arrives at once, later, twice, or after a newer one."""
        poll = self.poll_in("open", "closing") or self.poll_in("sealed", "withdrawn")
        if poll is None:
            return
        items = self.world.items(poll)
        for n, choice, device, when in people:
            secret = self.keys.setdefault((poll, n), secrets.token_hex(16))
            turn = self.turns[poll, n] = max(1, self.turns.get((poll, n), 0) + (device != 1))
            vote = CastVote(
                poll=poll, secret=secrets.token_hex(16) if device == 0 else secret, intent=secrets.token_hex(16),
                turn=turn, marks=[[items[choice]]],
            )  # fmt: skip
            self.mail.append((n, vote))
            for _ in range(when):
                self.arrives(*self.mail[-1])
        self.arrives(*self.mail[late % len(self.mail)])

    def arrives(self, n: int, vote: CastVote) -> None:
        state, known, person = self._state(vote.poll), self.known[vote.poll], 4 + n
        enrolled = self.world.store.peek.cursor.execute(
            "SELECT 1 FROM turnout WHERE poll_id = ? AND elector_id = ?", (vote.poll, person)
        ).fetchone()
        here = self.house.node.session_of(self.world.person(n)) == 1
        voter = enrolled or state == "withdrawn"
        wanted = known.answer(person, vote, state, here=here) if voter else "not_in_electorate"
        before = self.world.dump()
        try:
            told = self.hall.run(self.house.perform(self.world.person(n), vote)).notice
        except Refused as refused:
            told = refused.key
        assert told == wanted
        assert told == "recorded" or self.world.dump() == before

    @rule(n=st.integers(0, PEOPLE - 1), session=st.sampled_from([1, 1, 2]))
    def come_in(self, n: int, session: int) -> None:
        self.do(self.world.person(n), doors.CheckIn(session=session), twice=True)

    # --- pages

    @rule(
        view=st.sampled_from(["phone", "phone", "screen", "desk"]), n=st.integers(0, PEOPLE - 1),
        language=st.sampled_from(LANGUAGES), page=st.sampled_from(["now", "now", "agenda"]),
    )  # fmt: skip
    def open_a_page(self, view: str, n: int, language: str, page: str) -> None:
        if len(self.hall.seats) > 8:
            self.run_away(n)
        badge = Badge(4 + n, "participant", language)
        if view != "phone":
            badge = SCREEN if view == "screen" else self.world.moderator
        self.hall.sit(badge, view, session=int(view == "desk"), page=page)

    def run_away(self, pick: int) -> None:
        seat = self.hall.seats.pop(pick % len(self.hall.seats))
        self.hall.run(seat.guest.leave())

    @rule()
    def everybody_looks(self) -> None:
        self.hall.run(self.hall.agree())

    # --- what always holds

    @invariant()
    def no_public_board_holds_a_hidden_result(self) -> None:
        if hasattr(self, "hall"):
            assert self.hall.leaks() == []

    @invariant()
    def the_tally_is_the_recount_and_the_box_holds_what_was_accepted(self) -> None:
        if not hasattr(self, "hall"):
            return
        assert self.hall.miscounts() == []
        rows = self.world.dump()
        for poll, known in self.known.items():
            if self._state(poll) == "withdrawn":
                continue
            box = sorted(item for id_, _, item, _, _ in rows["mark"] if id_ == poll)  # type: ignore[type-var]
            assert box == sorted(item for marks in known.choices.values() for item in marks)


DETAILS: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    "open_a_poll": {"policy": policies, "many": st.booleans()},
    "seal": {"stale": st.sampled_from([False, False, False, True])},
    "reset": {"right": st.booleans()},
    "ask_again": {"number": st.integers(2, 3)},
    "correct": {
        "language": st.sampled_from(LANGUAGES), "slot": st.integers(0, 4), "body": st.sampled_from(["a", "b", " "]),
    },
    "count_hands": {"n": st.integers(0, 9)},
    "set_the_timer": {"seconds": st.sampled_from([0, 600])},
    "move": {"place": st.integers(0, 5)},
}  # fmt: skip
"""What has to be said beside who does it."""


def test_whatever_people_do_pages_agree_and_the_count_is_right() -> None:
    run_state_machine_as_test(Conference, settings=ORDINARY)


@pytest.mark.load
def test_whatever_people_do_for_long_pages_agree_and_the_count_is_right() -> None:
    run_state_machine_as_test(Conference, settings=LONG)


# The controls: each breaks one thing on purpose, and must be seen.


@pytest.fixture
def hall() -> Any:
    made = Hall()
    yield made
    made.close()


def test_a_page_that_is_told_nothing_is_found(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.stories.test_property.AGREE_WITHIN", 8.0)
    hall.run(hall.agree())
    monkeypatch.setattr(hall.house.node.projector, "touch", lambda touched: None)

    hall.run(hall.house.perform(hall.world.moderator, stage.SetBlank(hall=1, on=True)))

    with pytest.raises(AssertionError, match="scene"):
        hall.run(hall.agree())


def test_a_board_that_tells_too_much_is_found(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    poll = hall.world.poll(ballot="secret")
    hall.world.vote(poll, 0, 1)
    assert hall.leaks() == []
    monkeypatch.setattr(results, "visible", lambda poll, view: True)
    monkeypatch.setattr(results, "FLOOR", 0)

    assert len(hall.leaks()) == len(PUBLIC)


def test_a_tally_that_is_off_by_one_is_found(hall: Hall) -> None:
    poll = hall.world.poll()
    hall.world.vote(poll, 0, 1)
    assert hall.miscounts() == []

    hall.world.store.do(lambda tx: (tx.cursor.execute("UPDATE tally SET n = n + 1"), Done())[1])

    assert hall.miscounts()
