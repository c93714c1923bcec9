"""A secret poll before and after its seal, in the hands of somebody who has every file and the time to read it."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import random
import secrets
import shutil
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field, replace
from io import StringIO
from pathlib import Path

import httpx2
import pytest

from live import log
from models import ballots, rounds, voting
from models.ballots import CastVote
from models.command import Badge, Done
from models.store import Store, Tx
from tests.faults.seized import Adversary, Files, Pairs, key, rank_correlation, voter
from tests.house import HOST, House
from tests.world import World

pytestmark = [pytest.mark.fault, pytest.mark.anyio]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


_NEW_KEYS = ballots.new_keys
VOTERS = 400
ROOM = 80
"""So few voters that register and box are one page each."""
SEED, POLLS, FEW = 1, 8, 60
ABOVE_CHANCE = 0.05
CLEARLY = 0.5


@pytest.fixture
def logged() -> Iterator[StringIO]:
    """All that is logged, at the most talkative level."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = StringIO()
    log.setup("DEBUG", stream)
    logging.getLogger("httpx2").setLevel(logging.WARNING)  # the test's own browser
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)


@dataclass
class Truth:
    """What only the test knows."""

    poll: int = 0
    ballots: Pairs = field(default_factory=dict)
    """Voter to the key of the ballot: what the phone makes of its secret, after the seal the new key."""
    choices: dict[int, int] = field(default_factory=dict)
    order: list[int] = field(default_factory=list)
    """Voters in the order of their first vote."""

    def right(self, pairs: Pairs) -> tuple[float, float]:
        """The share of voters who were paired with their ballot, and with a ballot of their choice."""
        chosen = {ballot: self.choices[person] for person, ballot in self.ballots.items()}
        ballots = sum(pairs.get(person) == ballot for person, ballot in self.ballots.items())
        choices = sum(chosen.get(pairs.get(person, b"")) == self.choices[person] for person in self.ballots)
        return ballots / len(self.ballots), choices / len(self.ballots)

    def chance(self) -> tuple[float, float]:
        """What somebody gets who knows the published result and nothing else: always the commonest choice."""
        return 1 / len(self.ballots), max(Counter(self.choices.values()).values()) / len(self.ballots)


@dataclass
class Day:
    """A poll in which people vote over time, and the files of it at any moment."""

    house: House
    folder: Path
    logged: StringIO
    voters: int
    changes: bool
    truth: Truth = field(default_factory=Truth)
    measures: list[str] = field(default_factory=list)
    secrets: list[str] = field(default_factory=list)
    keys: list[bytes] = field(default_factory=list)
    """What phones can make: the keys of ballots until the seal."""

    async def vote(self) -> None:
        """Everybody votes once, in groups of one to four; with `changes` one in eight changes it later."""
        world, chance = self.house.world, random.Random(3)
        world.store.do(self._keep_the_log)
        poll = self.truth.poll = world.poll(ballot="secret")
        items = world.items(poll)
        people = [4 + n for n in range(self.voters)]
        chance.shuffle(people)
        phones = {person: secrets.token_hex(16) for person in people}
        self.secrets = list(phones.values())
        waiting = [(person, 1) for person in people]
        while waiting:
            group = [waiting.pop(0) for _ in range(min(len(waiting), chance.choice((1, 1, 1, 2, 3, 4))))]
            votes = []
            for person, turn in group:
                item = chance.choices(items, (5, 3, 2))[0]
                votes.append(
                    self.house.perform(
                        Badge(person, "participant"),
                        CastVote(
                            poll=poll, secret=phones[person], intent=secrets.token_hex(16), turn=turn, marks=[[item]]
                        ),
                    )
                )  # fmt: skip
                self.truth.choices[person] = item
                if turn == 1:
                    self.truth.order.append(person)
                    digest = hashlib.sha256(b"%d|" % poll + bytes.fromhex(phones[person])).digest()
                    self.truth.ballots[person] = digest[:16]
                    self.keys.append(digest[:16])
                    if self.changes and chance.random() < 0.125:
                        waiting.insert(chance.randrange(len(waiting) + 1), (person, 2))
            await asyncio.gather(*votes)
            if len(self.truth.order) % 10 < 4:
                await self.measure()

    @staticmethod
    def _keep_the_log(tx: Tx) -> Done:
        """The worst case: nothing has emptied the write-ahead log since voting began."""
        tx.cursor.execute("PRAGMA wal_autocheckpoint = 0")
        return Done()

    async def measure(self) -> None:
        transport = httpx2.ASGITransport(app=self.house.apps[0], client=("127.0.0.1", 1))
        async with httpx2.AsyncClient(transport=transport, base_url=f"http://{HOST}") as client:
            answer = await client.get("/metrics")
        assert answer.status_code == 200
        self.measures.append(answer.text)

    def new_keys(self, old: list[bytes]) -> dict[bytes, bytes]:
        """Keys are made as ever. Only the test, which must know the truth, looks on."""
        made = _NEW_KEYS(old)
        self.truth.ballots = {person: made[key] for person, key in self.truth.ballots.items()}
        return made

    async def seal(self) -> None:
        world = self.house.world
        if world.board(self.truth.poll).state == "open":
            await self.house.perform(world.moderator, voting.EndVoting(poll=self.truth.poll))
        async with asyncio.timeout(10):
            while world.board(self.truth.poll).state != "sealed":  # noqa: ASYNC110 - the node does it after the grace
                await asyncio.sleep(0.02)

    def seized(self) -> Files:
        """The files as they lie there now, with the platform running."""
        path, taken = self.house.world.store.path, self.folder / "taken"
        taken.mkdir(exist_ok=True)
        read = {}
        for suffix in ("", "-wal", "-shm"):
            shutil.copy(f"{path}{suffix}", taken / f"x{suffix}")
            read[suffix] = (taken / f"x{suffix}").read_bytes()
        journal = "\n".join(str(row) for row in self.house.world.dump()["journal"])
        text = "\n".join([self.logged.getvalue(), *self.measures, journal])
        return Files(read[""], read["-wal"], read["-shm"], text)


async def a_day(folder: Path, logged: StringIO, voters: int, *, changes: bool = True) -> AsyncIterator[Day]:
    world = World(folder / "x.sqlite", participants=voters, kind=Store)
    async with House(world, folder, grace=0.05) as house:
        made = Day(house, folder, logged, voters, changes)
        await made.vote()
        with pytest.MonkeyPatch.context() as spied:
            spied.setattr(ballots, "new_keys", made.new_keys)
            yield made


@pytest.fixture
async def day(tmp_path: Path, logged: StringIO) -> AsyncIterator[Day]:
    async for made in a_day(tmp_path, logged, VOTERS):
        yield made


@pytest.fixture
async def room(tmp_path: Path, logged: StringIO) -> AsyncIterator[Day]:
    async for made in a_day(tmp_path, logged, ROOM, changes=False):
        yield made


def shares(adversary: Adversary, truth: Truth) -> dict[str, tuple[float, float]]:
    """What each way gets right: of ballots, of choices."""
    return {name: truth.right(way()) for name, way in adversary.ways().items()}


def better(found: dict[str, tuple[float, float]], chance: tuple[float, float], by: float) -> dict[str, object]:
    """The ways that get more right than chance."""
    return {name: got for name, got in found.items() if got[0] > chance[0] + by or got[1] > chance[1] + by}


def orders(adversary: Adversary, truth: Truth) -> tuple[float, float]:
    """How far the places of cells, page by page, tell the order of voting: of the register and of the box."""
    time = {person: n for n, person in enumerate(truth.order)}
    of = {ballot: person for person, ballot in truth.ballots.items()}
    voters = [time[voter(c)] for c in sorted(adversary.voters, key=adversary.place_in_page)]
    ballots = [time[of[key(c)]] for c in sorted(adversary.ballots, key=adversary.place_in_page)]
    return rank_correlation(voters), rank_correlation(ballots)


def intents(adversary: Adversary) -> list[bytes]:
    return [c.values[3] for c in adversary.voters if isinstance(c.values[3], bytes)]


async def test_after_the_seal_nobody_can_join_voters_and_ballots_and_before_it_this_adversary_can(day: Day) -> None:
    truth = day.truth
    before = Adversary(day.seized(), truth.poll)
    found_before = shares(before, truth)

    await day.seal()
    after = Adversary(day.seized(), truth.poll)
    found = shares(after, truth)

    assert len(before.voters) == len(after.voters) == len(before.ballots) == len(after.ballots) == VOTERS
    # The adversary is no fool: before the seal it tells most voters' ballots, and more of their choices than anybody.
    assert found_before["the log, commit by commit"][0] > CLEARLY
    assert found_before["the log, commit by commit"][1] > truth.chance()[1] + 0.15
    assert len(before.remnants(day.keys)) > 0.9 * VOTERS
    # After it, nothing is better than knowing the published result, and no key that a phone can make is anywhere.
    assert better(found, truth.chance(), ABOVE_CHANCE) == {}
    assert max(map(abs, orders(after, truth))) < 0.2
    assert after.files.holding(day.keys) == []


async def test_in_a_small_room_the_places_of_ballots_tell_when_they_came_until_the_seal(room: Day) -> None:
    """Without any log: ballots are laid into one page one after the other, and lie there in the order of voting."""
    before = orders(Adversary(room.seized(), room.truth.poll), room.truth)

    await room.seal()
    after = Adversary(room.seized(), room.truth.poll)

    assert before[1] > 0.99
    assert max(map(abs, orders(after, room.truth))) < 0.5
    assert better(shares(after, room.truth), room.truth.chance(), 0.15) == {}


async def test_a_seal_that_does_only_half_of_it_is_found(room: Day, monkeypatch: pytest.MonkeyPatch) -> None:
    """The controls: a box that is left as it lay, and a log that is left full, are each seen by the checks above."""
    store, truth = room.house.world.store, room.truth
    with monkeypatch.context() as only_rewrites:
        only_rewrites.setattr(store, "_truncate_log", lambda raw: True)
        await room.seal()
    full = Adversary(room.seized(), truth.poll)
    assert len(full.files.holding(room.keys)) == ROOM

    with monkeypatch.context() as keeps_keys:
        keeps_keys.setattr(ballots, "new_keys", lambda old: dict(zip(old, old, strict=True)))
        keeps_keys.setattr(store, "_truncate_log", lambda raw: True)
        kept = Day(room.house, room.folder, room.logged, ROOM, False)
        await kept.vote()
        await kept.seal()
    full = Adversary(kept.seized(), kept.truth.poll)
    assert better(shares(full, kept.truth), kept.truth.chance(), 0.15)

    monkeypatch.setattr(voting, "rewrite", lambda tx, poll: None)
    again = Day(room.house, room.folder, room.logged, ROOM, False)
    await again.vote()
    await again.seal()

    assert orders(Adversary(again.seized(), again.truth.poll), again.truth)[1] > 0.9


@pytest.mark.parametrize("whole", [True, False])
def test_no_key_lies_between_the_rows_of_other_polls(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, whole: bool
) -> None:
    """Pages that polls share are never freed. The control empties them of one poll only, and leaves copies there."""
    if not whole:
        monkeypatch.setattr(ballots, "_write_anew", only_this_poll)
    world, chance = World(tmp_path / "x.sqlite", participants=FEW, kind=Store), random.Random(SEED)
    monkeypatch.setattr(ballots, "new_keys", lambda old: {key: chance.randbytes(16) for key in old})
    left: list[bytes] = []
    for n in range(POLLS):
        poll = world.poll(ballot="secret" if n % 2 else "confidential")
        items, people = world.items(poll), [*range(FEW)]
        chance.shuffle(people)
        keys = []
        for person in people:
            phone, intent = chance.randbytes(16), chance.randbytes(16).hex()
            keys.append(hashlib.sha256(b"%d|" % poll + phone).digest()[:16])
            marks = [[chance.choice(items)]]
            world.do(CastVote(poll=poll, secret=phone.hex(), intent=intent, turn=1, marks=marks), world.person(person))
        world.seal(poll)
        database, log = (Path(f"{world.store.path}{suffix}").read_bytes() for suffix in ("", "-wal"))
        if n % 2:
            left += Files(database, log).holding(keys)
    world.store.close()

    assert bool(left) != whole


def only_this_poll(tx: Tx, poll_id: int, keys: dict[bytes, bytes]) -> None:
    """What suffices where every page belongs to one poll."""
    for table in ("turnout", "ballot", "mark"):
        rows = tx.cursor.execute(f"SELECT * FROM {table} WHERE poll_id = ?", (poll_id,)).fetchall()
        tx.cursor.execute(f"DELETE FROM {table} WHERE poll_id = ?", (poll_id,))
        if table != "turnout":
            rows = [(poll, keys[key], *rest) for poll, key, *rest in rows]
        tx.cursor.executemany(f"INSERT INTO {table} VALUES ({','.join('?' * len(rows[0]))})", rows)


async def test_a_seal_that_had_to_wait_for_a_reader_leaves_no_more(day: Day) -> None:
    """Somebody's backup held the log. The box was rewritten, and for that time it was not called sealed."""
    truth, world = day.truth, day.house.world
    other = sqlite3.connect(world.store.path, isolation_level=None)
    other.execute("BEGIN")
    other.execute("SELECT count(*) FROM poll").fetchone()
    voted = replace(truth, ballots=dict(truth.ballots))
    await day.house.perform(world.moderator, voting.EndVoting(poll=truth.poll))
    await asyncio.sleep(0.6)
    waiting = world.board(truth.poll).state
    between = Adversary(day.seized(), truth.poll)
    told = voted.right(between.by_log())
    other.execute("ROLLBACK")
    other.close()

    await day.seal()
    after = Adversary(day.seized(), truth.poll)

    assert waiting == "closing"
    assert told[0] > CLEARLY
    assert better(shares(after, truth), truth.chance(), ABOVE_CHANCE) == {}
    assert after.files.holding(day.keys) == []


@pytest.mark.parametrize("way", ["withdraw", "reset"])
async def test_a_poll_that_was_withdrawn_or_reset_leaves_nothing_to_read(day: Day, way: str) -> None:
    """Its ballots were deleted, the voters were told so, and no seal will come that cleans up behind them."""
    truth, world = day.truth, day.house.world
    told = truth.right(Adversary(day.seized(), truth.poll).by_log())

    if way == "withdraw":
        await day.house.perform(world.moderator, voting.Withdraw(poll=truth.poll))
    else:
        await day.house.perform(world.moderator, rounds.ResetPoll(poll=truth.poll, confirm=10 + truth.poll * 37 % 90))
    await asyncio.sleep(0.5)
    after = Adversary(day.seized(), truth.poll)

    assert told[0] > CLEARLY
    assert truth.right(after.by_log()) == (0.0, 0.0)
    assert after.files.holding(day.keys) == []


async def test_log_and_measures_name_nobody_and_nothing_that_was_chosen(day: Day) -> None:
    truth, token = day.truth, day.house.token(day.house.world.person(0))
    await day.seal()
    files = day.seized()
    adversary = Adversary(files, truth.poll)
    words = [b.hex() for b in (*truth.ballots.values(), *intents(adversary))] + day.secrets + [token, "Given", "Family"]

    def named(text: str) -> list[str]:
        return [word for word in words if word in text]

    # First what could leak: a line for each vote, as somebody would write it who looks for a fault.
    for person, ballot in truth.ballots.items():
        log.event("vote_recorded", elector=person, ballot=ballot.hex())
    leaking = Adversary(day.seized(), truth.poll)

    assert truth.right(leaking.by_text()) == (1.0, 1.0)
    assert len(named(leaking.files.text)) == VOTERS
    assert len(day.measures) > 50
    assert named(files.text) == []
    assert better({"text": truth.right(adversary.by_text())}, truth.chance(), ABOVE_CHANCE) == {}


def test_the_reader_of_pages_finds_every_row_that_sqlite_finds(tmp_path: Path) -> None:
    """The adversary's eyes: what it reads from bytes is what is there, in the file and in the log."""
    world = World(tmp_path / "x.sqlite", kind=Store)
    poll = world.poll(ballot="secret")
    for n in range(6):
        world.vote(poll, n, n % 3)
    files = Files(*(Path(f"{world.store.path}{suffix}").read_bytes() for suffix in ("", "-wal", "-shm")))
    rows = world.dump()
    world.store.close()

    read = Adversary(files, poll).rows

    assert sorted(c.values for c in read.register) == sorted(rows["turnout"])
    assert sorted(c.values for c in read.box) == sorted(rows["ballot"])
    assert sorted(c.values for c in read.marks) == sorted(rows["mark"])
    assert len(list(files.commits())) > 6
