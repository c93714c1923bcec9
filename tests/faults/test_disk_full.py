"""The disk fills up or fails: nobody is told "recorded" whose vote is not on it, and it goes on by itself."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from sqlalchemy.exc import DBAPIError

from models import polls
from models.command import Done
from models.refusals import Refused
from models.store import Store, Tx, _Job
from tests.faults.voters import FIRST, Crowd, integrity, limit, on_disk, pages, wrongs
from tests.house import HOST, House
from tests.world import World

pytestmark = pytest.mark.fault

ROOT = Path(__file__).parent.parent.parent
ROUNDS = 200
"""The disk fills at the n-th commit, n to 200."""
GROUP = 20
ENDLESS = 1_000_000


class Careless(Store):
    """The control: a lane that takes a full disk for one command's own trouble, undoes it, and goes on."""

    def _perform(self, tx: Tx, raw: sqlite3.Connection, group: list[_Job]) -> list[Done | BaseException]:
        results: list[Done | BaseException] = []
        cursor = tx.cursor
        cursor.execute("BEGIN IMMEDIATE")
        for job in group:
            try:
                cursor.execute("SAVEPOINT one")
                results.append(job.run(tx))
            except (DBAPIError, sqlite3.Error, Refused):
                results.append(Refused("try_again"))
                if raw.in_transaction:
                    cursor.execute("ROLLBACK TO one")
            if raw.in_transaction:
                cursor.execute("RELEASE one")
        if raw.in_transaction:
            cursor.execute("COMMIT")
        return results


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path / "x.sqlite", kind=Store)
    yield made
    made.store.close()


def fill(crowd: Crowd, rounds: int) -> list[str]:
    """Votes in groups and one by one while the disk is full at this or the next page. What went wrong."""
    store, found, refused = crowd.world.store, [], 0
    for n in range(rounds):
        electors = list(range(n * GROUP, (n + 1) * GROUP))
        limit(store, pages(store) + n % 2)
        answers = crowd.send(electors, together=n % 4 != 0)
        refused += "try_again" in answers.values()
        found += wrongs(crowd)
        with store.reading() as tx:  # pages go on while nothing can be written
            tx.cursor.execute("SELECT count(*) FROM turnout").fetchone()
        limit(store, ENDLESS)
        crowd.send([e for e in electors if answers[e] != "recorded"], together=n % 4 != 0)
        found += wrongs(crowd)
    assert refused > rounds / 10, "the disk was hardly ever full"
    return found


def test_when_the_disk_is_full_the_group_is_refused_and_all_is_well_when_there_is_space(world: World) -> None:
    crowd = Crowd.invited(world, ROUNDS * GROUP)

    found = fill(crowd, ROUNDS)

    assert found == []
    assert len(on_disk(world.store.path, crowd.poll)) == ROUNDS * GROUP
    assert integrity(world.store.path) == "ok"
    world.seal(crowd.poll)
    assert world.read(lambda tx: tx.get_one(polls.Poll, crowd.poll).difference) == 0


def test_a_lane_that_goes_on_after_a_full_disk_tells_lies(tmp_path: Path) -> None:
    """The control of the test above: the same check finds votes that were acknowledged and are not there."""
    path = tmp_path / "x.sqlite"
    world = World(path, kind=Store)
    crowd = Crowd.invited(world, 40 * GROUP)
    world.store.close()
    crowd.world.store = Careless.open(path)

    found = fill(crowd, 40)

    assert [told for told in found if "told recorded and is not on disk" in told]
    crowd.world.store.close()


@pytest.mark.anyio
async def test_phones_are_told_to_try_again_and_pages_go_on(tmp_path: Path) -> None:
    world = World(tmp_path / "x.sqlite", kind=Store)
    async with House(world, tmp_path) as house:
        crowd = Crowd.invited(world, 1000)

        def seat(tx: Tx) -> Done:
            tx.cursor.execute("INSERT INTO turnout (poll_id, elector_id, turn) VALUES (?, 4, 0)", (crowd.poll,))
            return Done()

        world.store.do(seat)
        phone = await house.guest(world.person(0))
        limit(world.store, pages(world.store))
        full = [n for n in range(1000) if crowd.send([n], together=False)[n] == "try_again"]
        assert full
        vote = crowd.vote(4 - FIRST)
        answers = [await phone.ask(vote)]
        transport = httpx2.ASGITransport(app=house.apps[0])
        async with httpx2.AsyncClient(transport=transport, base_url=f"http://{HOST}") as client:
            page = await client.get("/", headers={"cookie": f"hallside={house.token(world.person(0))}"})
            ready = await client.get("/readyz")
        limit(world.store, ENDLESS)
        answers.append(await phone.ask(vote))

        assert [answer.get("no", answer.get("ok")) for answer in answers] == ["try_again", "recorded"]
        assert answers[0]["words"] == "It could not be recorded just now. Try again."
        assert (page.status_code, ready.status_code) == (200, 200)


# A disk that fails

FAILING = """
import resource, sqlite3, sys
from pathlib import Path
from models import polls
from models.store import Store
from tests.faults.voters import Crowd
from tests.world import SYSTEM_BADGE, World

path, what, fatal = Path(sys.argv[1]), sys.argv[2], sys.argv[3] == "fatal"
world = World(path, kind=Store)
crowd = Crowd.invited(world, 4000, ballot="secret")
if what == "seal":
    crowd.send(list(range(1000)))
    crowd.ballast(4_000_000)
world.store.close()
raw = sqlite3.connect(path)
raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
raw.close()
world.store = Store.open(path, fatal=None if fatal else lambda exc: None)
limit = path.stat().st_size
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
if what == "seal":
    # The log has room, but what it holds no longer fits into the file.
    crowd.send(list(range(1000, 2000)))
    world.seal(crowd.poll)
for n in range(4000):
    for elector, answer in crowd.send([n], together=False).items():
        if answer == "recorded":
            print(elector, flush=True)
"""


def failing(path: Path, what: str, *, fatal: bool = True) -> tuple[int, set[int]]:
    """A process whose files may not grow: how it ended, and whom it told "recorded"."""
    done = subprocess.run(
        [sys.executable, "-c", FAILING, str(path), what, "fatal" if fatal else "goes on"],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    return done.returncode, {int(line) for line in done.stdout.split()}


def test_when_the_disk_fails_the_process_ends_and_what_it_acknowledged_is_there(tmp_path: Path) -> None:
    path = tmp_path / "x.sqlite"

    code, told = failing(path, "votes")

    assert code == 70
    stored = on_disk(path, 1)
    assert 0 < len(told) < 4000
    assert {n for n in told if FIRST + n not in stored} == set()
    assert integrity(path) == "ok"


def test_when_the_disk_fails_in_a_seal_the_process_ends_and_does_not_hang(tmp_path: Path) -> None:
    """The checkpoint is outside of any transaction: its failure once ended the lane and nothing else."""
    path = tmp_path / "x.sqlite"

    code, _ = failing(path, "seal")

    assert code == 70
    assert integrity(path) == "ok"
    store = Store.open(path)
    with store.reading() as tx:
        assert tx.get_one(polls.Poll, 1).state == "closing"
    store.close()


def test_a_process_that_goes_on_after_a_failing_disk_is_found(tmp_path: Path) -> None:
    """The control: without the end of the process the check above fails."""
    code, _ = failing(tmp_path / "x.sqlite", "votes", fatal=False)

    assert code != 70
