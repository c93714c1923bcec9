"""kill -9 in the middle of a storm of votes: what was acknowledged is on disk, once, and it serves again at once."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import random
import secrets
import signal
import sqlite3
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage

from models.command import Done
from models.logins import Login
from models.migrations import migrate
from models.store import Store, Tx
from tests.faults.voters import integrity
from tests.world import World

pytestmark = pytest.mark.fault

ROOT = Path(__file__).parent.parent.parent
VOTERS = 200
ROUNDS = int(os.environ.get("HALLSIDE_KILLS", "30"))
"""A release is held to a thousand."""
AT_ONCE = 64
"""Votes under way together: the next is sent when one is answered, so that a kill finds some before, in and after."""
PER_PARENT = 4
"""A parent gives up when its child dies five times in half a minute, so it is killed, too, after so many."""
AGAIN_WITHIN = 5.0
PARENT = """
import sys
from live import log
from live.serve import open_socket, serve
log.setup()
sock = open_socket("127.0.0.1", 0)
print(sock.getsockname()[1], flush=True)
sys.exit(serve(sys.argv[1], sock))
"""
AGAIN = ("try_again", "too_fast", "our_mistake")


@dataclass
class Place:
    """A data folder, and the processes that serve it."""

    folder: Path
    factory: str
    tokens: list[str] = field(default_factory=list)
    items: list[int] = field(default_factory=list)
    poll: int = 0
    url: str = ""
    parent: subprocess.Popen[str] | None = None

    @property
    def database(self) -> Path:
        return self.folder / "hallside.sqlite"

    def found(self) -> None:
        """A session with its voters, all signed in, and an open poll."""
        migrate(self.database)
        world = World(self.database, participants=VOTERS, store=Store.open(self.database, create=False))
        self.poll = world.poll()
        self.items = world.items(self.poll)
        self.tokens = [secrets.token_urlsafe(16) for _ in range(VOTERS)]

        def sign_in(tx: Tx) -> Done:
            for n, token in enumerate(self.tokens):
                tx.add(Login(token_hash=hashlib.sha256(token.encode()).digest(), person_id=4 + n))
            return Done()

        world.store.do(sign_in)
        world.store.close()

    def start(self) -> None:
        with (self.folder / "log").open("a") as log:
            self._start(log)

    def _start(self, log: TextIO) -> None:
        self.parent = subprocess.Popen(
            [sys.executable, "-c", PARENT, self.factory],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT), "HALLSIDE_DATA": str(self.folder), "HALLSIDE_JOIN_LAG": "60"},
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        assert self.parent.stdout is not None
        self.url = f"http://127.0.0.1:{int(self.parent.stdout.readline())}"

    def child(self) -> int:
        """The process that serves."""
        assert self.parent is not None
        found = Path(f"/proc/{self.parent.pid}/task/{self.parent.pid}/children").read_text().split()
        return int(found[0])

    def kill(self, child: int, *, parent: bool) -> None:
        if parent and self.parent is not None:
            self.parent.kill()
        os.kill(child, signal.SIGKILL)

    def start_again(self) -> None:
        """After the parent was killed, too."""
        self.stop()
        self.start()

    def stop(self) -> None:
        if self.parent is not None:
            self.parent.kill()
            self.parent.wait()
            assert self.parent.stdout is not None
            self.parent.stdout.close()
            self.parent = None

    def ready(self) -> bool:
        try:
            with urlopen(f"{self.url}/readyz", timeout=1) as answer:
                return bool(answer.status == 200)
        except (URLError, OSError):
            return False

    def stored(self, turn: int) -> int:
        """How many votes of so many turns are on disk."""
        raw = sqlite3.connect(self.database, timeout=20)
        query = "SELECT count(*) FROM turnout WHERE poll_id = ? AND turn = ?"
        found: int = raw.execute(query, (self.poll, turn)).fetchone()[0]
        raw.close()
        return found

    def lies(self, told: dict[int, tuple[int, str, int]]) -> list[str]:
        """Voters whose acknowledged vote is not on disk exactly once. `told`: voter to turn, intent, item."""
        raw = sqlite3.connect(self.database, timeout=20)
        raw.execute("BEGIN")
        stored = {
            person: (turn, intent, ballot)
            for person, turn, intent, ballot in raw.execute(
                "SELECT elector_id, turn, hex(intent), ballot FROM turnout WHERE poll_id = ?", (self.poll,)
            )
        }
        marks: dict[bytes, list[int]] = {}
        for ballot, item in raw.execute("SELECT ballot, item_id FROM mark WHERE poll_id = ?", (self.poll,)):
            marks.setdefault(ballot, []).append(item)
        boxed = raw.execute("SELECT count(*) FROM ballot WHERE poll_id = ?", (self.poll,)).fetchone()[0]
        tally = raw.execute("SELECT sum(n) FROM tally WHERE poll_id = ?", (self.poll,)).fetchone()[0]
        raw.close()
        found = []
        for n, (turn, intent, item) in told.items():
            kept = stored[4 + n]
            if kept[0] < turn or (kept[0] == turn and kept[1].lower() != intent):
                found.append(f"voter {n} was told turn {turn}, on disk is {kept[:2]}")
            elif kept[0] == turn and marks.get(kept[2]) != [item]:
                found.append(f"voter {n} chose {item}, in the box is {marks.get(kept[2])}")
        voted = sum(turn > 0 for turn, _, _ in stored.values())
        if not voted == boxed == len(marks) == (tally or 0) or any(len(each) != 1 for each in marks.values()):
            found.append(f"{voted} voted, {boxed} ballots, {len(marks)} marked, {tally} in the tally")
        return found


class Phone:
    """One voter: keeps an intention before sending it, and sends it until it is recorded."""

    def __init__(self, place: Place, n: int) -> None:
        self.place, self.n = place, n
        self.secret = secrets.token_hex(16)
        self.turn = 0
        self.told: tuple[int, str, int] | None = None
        self._socket: ClientConnection | None = None

    async def vote(self) -> None:
        """A new intention, until it is recorded. A refusal that is not "try again" is an error."""
        self.turn += 1
        intent, item = secrets.token_hex(16), self.place.items[(self.n + self.turn) % 3]
        message = json.dumps(
            {
                "id": self.turn, "do": "cast_vote", "poll": self.place.poll, "secret": self.secret, "intent": intent,
                "turn": self.turn, "marks": [[item]],
            }
        )  # fmt: skip
        while True:
            try:
                answer = await self._ask(message)
            except (OSError, ConnectionClosed, InvalidHandshake, InvalidMessage, TimeoutError):
                self._socket = None
                await asyncio.sleep(random.random() * 0.2)
                continue
            if answer.get("ok") == "recorded":
                self.told = (self.turn, intent, item)
                return
            assert answer.get("no") in AGAIN, answer
            await asyncio.sleep(0.05)

    async def come(self) -> ClientConnection:
        if self._socket is None:
            url = self.place.url
            self._socket = await connect(
                url.replace("http", "ws") + "/socket", origin=url,  # type: ignore[arg-type]
                additional_headers={"Cookie": f"hallside={self.place.tokens[self.n]}"}, compression=None, proxy=None,
                open_timeout=5, close_timeout=0.1,
            )  # fmt: skip
            await self._socket.send('{"do":"hello","view":"phone"}')
        return self._socket

    async def _ask(self, message: str) -> dict[str, object]:
        line = await self.come()
        await line.send(message)
        async with asyncio.timeout(5):
            while True:
                told: dict[str, object] = json.loads(await line.recv())
                if told.get("re") == self.turn:
                    return told

    async def leave(self) -> None:
        if self._socket is not None:
            await self._socket.close()


@dataclass
class Story:
    """What the rounds came to."""

    lies: list[str] = field(default_factory=list)
    took: list[float] = field(default_factory=list)
    """Seconds until it served again."""
    amid: int = 0
    """Rounds whose kill left some, but not all, of their votes on disk."""


class Storm:
    """Everybody votes, so many at once. When `enough` have their answer the server is killed, a moment later in which
    no phone hears or says anything: wherever it is then with what it was sent, it dies."""

    def __init__(self, place: Place, phones: list[Phone], *, enough: int, later: float, parent: bool) -> None:
        self.place, self.phones, self.enough, self.later, self.parent = place, phones, enough, later, parent
        self.child = place.child()
        self.killed: asyncio.Future[dict[int, tuple[int, str, int]]] = asyncio.get_running_loop().create_future()
        """What phones had been told until then."""
        self.over = asyncio.Event()
        self._heard = 0
        self._places = asyncio.Semaphore(AT_ONCE)
        self.votes = asyncio.gather(*(self._vote(phone) for phone in phones))

    async def _vote(self, phone: Phone) -> None:
        async with self._places:
            if self.killed.done():
                await self.over.wait()
            await phone.vote()
        self._heard += 1
        if self._heard == self.enough:
            self._kill()

    def _kill(self) -> None:
        time.sleep(self.later)
        self.place.kill(self.child, parent=self.parent)
        self.killed.set_result({phone.n: phone.told for phone in self.phones if phone.told})


async def storms(place: Place, rounds: int) -> Story:
    """Rounds of everybody voting and one kill, until a lie is found."""
    phones = [Phone(place, n) for n in range(VOTERS)]
    await asyncio.gather(*(phone.vote() for phone in phones))
    chance, story = random.Random(11), Story()
    for n in range(rounds):
        storm = Storm(
            place, phones, enough=chance.randint(1, VOTERS - AT_ONCE), later=chance.random() * 0.006,
            parent=n % PER_PARENT == PER_PARENT - 1,
        )  # fmt: skip
        told, killed = await storm.killed, time.monotonic()
        story.lies += await asyncio.to_thread(place.lies, told)
        story.amid += 0 < await asyncio.to_thread(place.stored, n + 2) < VOTERS
        storm.over.set()
        if storm.parent:
            await asyncio.to_thread(place.start_again)
        while not await asyncio.to_thread(place.ready):
            assert time.monotonic() - killed < 60, "it does not serve again"
        story.took.append(time.monotonic() - killed)
        async with asyncio.timeout(120):
            await storm.votes
        story.lies += await asyncio.to_thread(place.lies, {phone.n: phone.told for phone in phones if phone.told})
        if story.lies:
            break
    await asyncio.gather(*(phone.leave() for phone in phones))
    return story


def test_nothing_acknowledged_is_lost_or_doubled_over_thirty_kills(tmp_path: Path) -> None:
    place = Place(tmp_path, "app:create")
    place.found()
    place.start()
    try:
        story = asyncio.run(storms(place, ROUNDS))
    finally:
        place.stop()

    assert story.lies == []
    assert len(story.took) == ROUNDS
    assert max(story.took) < AGAIN_WITHIN
    assert story.amid == ROUNDS, "a kill did not come amid the votes"
    assert integrity(place.database) == "ok"


def test_a_lane_that_says_recorded_before_the_commit_is_caught(tmp_path: Path) -> None:
    """The control of the test above."""
    place = Place(tmp_path, "tests.faults.early:create")
    place.found()
    place.start()
    try:
        story = asyncio.run(storms(place, ROUNDS))
    finally:
        place.stop()

    assert [told for told in story.lies if "was told turn" in told]
