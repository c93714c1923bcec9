"""Backups under load, killed, on a full disk, and in the hands of somebody who wants to know who voted what."""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
import zipfile
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from live import backup, restore
from live.cli import main
from live.settings import Settings
from models.command import Done
from models.migrations import HEAD
from models.store import Store, Tx
from tests.faults.seized import Adversary, Files
from tests.faults.test_kill import ROOT, VOTERS, Phone, Place
from tests.faults.test_secret import ABOVE_CHANCE, Day, anyio_backend, better, day, logged, shares
from tests.faults.voters import integrity
from tests.world import World

pytestmark = pytest.mark.fault
__all__ = ["anyio_backend", "day", "logged"]

BACKUPS = 3
AT_ONCE = 32
KILLS = 8
HALLSIDE = "import sys; from live.cli import main; sys.exit(main(sys.argv[1:]))"

Told = dict[int, tuple[int, str, int]]


def hallside(*argv: str, before: str = "") -> subprocess.Popen[str]:
    """The command line as a process of its own. *before* is Python that it runs first."""
    return subprocess.Popen(
        [sys.executable, "-c", before + HALLSIDE, *argv], cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


@dataclass
class Taken:
    """A copy, what phones had been told when it was begun, and how many were told while it was made."""

    file: Path
    told: Told
    amid: int


@dataclass
class Crush:
    """Everybody votes again and again, as fast as they are answered, while copies are made."""

    place: Place
    phones: list[Phone]
    taken: list[Taken] = field(default_factory=list)
    answers: int = 0
    over: bool = False
    _warm: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self, way: str) -> None:
        places = asyncio.Semaphore(AT_ONCE)
        voting = [asyncio.create_task(self._vote(phone, places)) for phone in self.phones]
        await self._warm.wait()
        for n in range(BACKUPS):
            told, before = {phone.n: phone.told for phone in self.phones if phone.told}, self.answers
            file = self.place.folder / f"copy-{n}"
            await getattr(self, way)(file)
            self.taken.append(Taken(file, told, self.answers - before))
        self.over = True
        await asyncio.gather(*voting)
        await asyncio.gather(*(phone.leave() for phone in self.phones))

    async def _vote(self, phone: Phone, places: asyncio.Semaphore) -> None:
        while not self.over:
            async with places:
                await phone.vote()
            self.answers += 1
            if all(each.told for each in self.phones):
                self._warm.set()

    async def backup(self, file: Path) -> None:
        process = hallside("backup", str(file), "--data", str(self.place.folder))
        assert await asyncio.to_thread(process.wait) == 0
        process.communicate()

    async def plain(self, file: Path) -> None:
        """What somebody does who does not know: the one file that looks like the database."""
        await asyncio.to_thread(shutil.copy, self.place.database, file)


def crushed(folder: Path, way: str) -> tuple[Place, Crush]:
    place = Place(folder, "app:create")
    place.found()
    with pytest.MonkeyPatch.context() as fast:
        fast.setenv("HALLSIDE_MESSAGE_RATE", "1000")
        fast.setenv("HALLSIDE_MESSAGE_BURST", "10000")
        place.start()
    try:
        crush = Crush(place, [Phone(place, n) for n in range(VOTERS)])
        asyncio.run(crush.run(way))
    finally:
        place.stop()
    return place, crush


def lies(place: Place, database: Path, told: Told) -> list[str]:
    """What is wrong with a copy: not sound, votes that are not there or twice, a tally that is not the count."""
    found = [f"integrity: {integrity(database)}"] if integrity(database) != "ok" else []
    other = replace(place, folder=database.parent)
    assert other.database == database
    return found + other.lies(told)


def test_every_vote_recorded_before_a_backup_is_in_it_once(tmp_path: Path) -> None:
    place, crush = crushed(tmp_path, "backup")

    for n, taken in enumerate(crush.taken):
        assert main(["restore", str(taken.file), "--data", str(tmp_path / f"back-{n}")]) == 0
        assert lies(place, tmp_path / f"back-{n}" / "hallside.sqlite", taken.told) == []
        assert len(taken.told) == VOTERS
        assert taken.amid > AT_ONCE, "nobody voted while it was made"
    assert not list(tmp_path.glob(".hallside-backup-*"))


def test_a_plain_copy_of_the_database_file_fails_the_same_check(tmp_path: Path) -> None:
    """The control of the test above: what was recorded lately is in the log beside it."""
    place, crush = crushed(tmp_path, "plain")

    found = []
    for n, taken in enumerate(crush.taken):
        (tmp_path / f"back-{n}").mkdir()
        os.rename(taken.file, tmp_path / f"back-{n}" / "hallside.sqlite")
        try:
            found.append(lies(place, tmp_path / f"back-{n}" / "hallside.sqlite", taken.told))
        except sqlite3.Error as error:
            found.append([str(error)])
        except KeyError as lost:
            found.append([f"voter {lost} is not in it at all"])

    assert all(found)


# --- killed


AMID = "from live import backup; b = backup._collect; backup._collect = lambda *a: (print('go', flush=True), b(*a))[1];"
STRAIGHT = (
    "from live import backup; from pathlib import Path; p = backup._pack;"
    "\ndef pack(folder, manifest):\n"
    "    import time\n"
    "    packed = p(folder, manifest)\n"
    "    with packed.open('rb') as source, open(sys.argv[2], 'wb') as place:\n"
    "        while chunk := source.read(400_000):\n"
    "            place.write(chunk); place.flush(); time.sleep(0.05)\n"
    "    return packed\n"
    "backup._pack = pack\n"
)
"""A backup that writes straight under its name, as most scripts do."""


def big(folder: Path) -> None:
    """A conference with so much in it that a backup takes a while. It does not pack well."""
    place = Place(folder, "app:create")
    place.found()
    raw = sqlite3.connect(place.database)
    raw.execute("CREATE TABLE ballast (n INTEGER PRIMARY KEY, x BLOB)")
    raw.executemany("INSERT INTO ballast (x) VALUES (?)", ((random.randbytes(4000),) for _ in range(4000)))
    raw.commit()
    raw.close()
    (folder / "key").write_bytes(bytes(range(32)))


def killed(folder: Path, before: str) -> tuple[int, list[str]]:
    """How many kills came amid the work, and what was found under the name of the backup that is not whole."""
    chance, found, amid = random.Random(7), [], 0
    target, argv = folder / "x.zip", ["backup", str(folder / "x.zip"), "--data", str(folder), "--force"]
    process = hallside(*argv, before=before)
    assert process.stdout is not None
    process.stdout.readline()
    began = time.monotonic()
    process.communicate()
    whole = time.monotonic() - began
    for n in range(KILLS):
        target.unlink(missing_ok=True)
        process = hallside(*argv, before=before)
        assert process.stdout is not None
        assert process.stdout.readline() == "go\n"
        time.sleep(whole * chance.random())
        process.send_signal(signal.SIGKILL)
        process.communicate()
        amid += bool(list(folder.glob(".hallside-backup-*")))
        if target.exists():
            try:
                restore.inspect(target)
                with zipfile.ZipFile(target) as archive:
                    assert archive.testzip() is None
            except (backup.NotDone, AssertionError, zipfile.BadZipFile) as error:
                found.append(f"kill {n}: {error}")
                break
    return amid, found


def test_a_killed_backup_leaves_no_half_file_under_its_name(tmp_path: Path) -> None:
    big(tmp_path)

    amid, found = killed(tmp_path, AMID)

    assert found == []
    assert amid > KILLS / 2
    backup.make(Settings(data=tmp_path), tmp_path / "x.zip", force=True, now=time.time())
    assert not list(tmp_path.glob(".hallside-backup-*")), "what the killed ones left holds secrets"


def test_a_backup_that_writes_straight_under_its_name_is_caught(tmp_path: Path) -> None:
    """The control of the test above."""
    big(tmp_path)

    _, found = killed(tmp_path, "import sys\n" + STRAIGHT + AMID)

    assert found


# --- a full disk


LIMIT = "import resource; full = lambda room: resource.setrlimit(resource.RLIMIT_FSIZE, (room, room));"
PACKING = "from live import backup; p = backup._pack; backup._pack = lambda *a: (full(1_000_000), p(*a))[1];"


@pytest.mark.parametrize("when", ["full(0);", "full(4096);", "full(1_000_000);", PACKING])
def test_a_full_disk_is_said_and_nothing_is_left(tmp_path: Path, when: str) -> None:
    """Files of the process may not grow further: from the start, amid the copy of the database, or amid packing it."""
    big(tmp_path)
    there = sorted(path.name for path in tmp_path.iterdir())
    limit = LIMIT + when

    process = hallside("backup", str(tmp_path / "x.zip"), "--data", str(tmp_path), before=limit)
    _, said = process.communicate(timeout=60)

    assert process.returncode == 1
    assert f"The disk of {tmp_path} is full" in said
    assert "Nothing was written under the name of the backup." in said
    assert "Traceback" not in said
    assert sorted(path.name for path in tmp_path.iterdir()) == there


def test_a_full_disk_while_putting_back_changes_nothing(tmp_path: Path) -> None:
    big(tmp_path)
    file = backup.make(Settings(data=tmp_path), tmp_path / "x.zip", now=time.time()).file
    before = (tmp_path / "hallside.sqlite").read_bytes()

    process = hallside("restore", str(file), "--data", str(tmp_path), "--force", before=f"{LIMIT}full(1_000_000);")
    _, said = process.communicate(timeout=60)

    assert process.returncode == 1
    assert "is full" in said
    assert (tmp_path / "hallside.sqlite").read_bytes() == before
    assert not list(tmp_path.glob("replaced-*")) + list(tmp_path.glob(".hallside-*"))


# --- secret polls


def revised(tx: Tx) -> Done:
    """As in a file that was migrated."""
    tx.cursor.execute("CREATE TABLE alembic_version (version_num TEXT)")
    tx.cursor.execute("INSERT INTO alembic_version VALUES (?)", (HEAD,))
    return Done()


def in_backup(day: Day) -> Files:
    """Everything somebody has who has a backup made now."""
    folder = day.folder / "kept"
    folder.mkdir(exist_ok=True)
    if not (folder / "key").exists():
        (folder / "key").write_bytes(bytes(32))
        (folder / "hallside.sqlite").symlink_to(day.house.world.store.path)
        day.house.world.store.do(revised)
    made = backup.make(Settings(data=folder), day.folder / "kept.zip", force=True, now=time.time())
    with zipfile.ZipFile(made.file) as archive:
        assert sorted(archive.namelist()) == ["hallside.sqlite", "key", "manifest.json"]
        return Files(archive.read("hallside.sqlite"), text=archive.read("manifest.json").decode())


@pytest.mark.anyio
async def test_nobody_can_join_voters_and_ballots_from_a_backup_made_after_the_seal(day: Day) -> None:
    """The control is one that was made before: it holds every key that a phone can make."""
    truth = day.truth
    before = in_backup(day)
    seized = day.seized()

    await day.seal()
    after = in_backup(day)
    adversary = Adversary(after, truth.poll)

    assert len(before.holding(day.keys)) == len(seized.holding(day.keys)) == len(day.keys)
    assert len(adversary.voters) == len(adversary.ballots) == len(day.keys)
    assert after.holding(day.keys) == []
    assert better(shares(adversary, truth), truth.chance(), ABOVE_CHANCE) == {}


@pytest.mark.anyio
async def test_a_poll_that_a_backup_calls_sealed_has_lost_its_keys_in_it(day: Day) -> None:
    """Backups all the while the seal goes on, and after each of them the seal is done at last."""
    sealing = asyncio.create_task(day.seal())
    states: list[tuple[str, int]] = []
    while not sealing.done():
        files = await asyncio.to_thread(in_backup, day)
        (day.folder / "look.sqlite").write_bytes(files.database)
        raw = sqlite3.connect(day.folder / "look.sqlite")
        state = raw.execute("SELECT state FROM poll WHERE id = ?", (day.truth.poll,)).fetchone()[0]
        raw.close()
        states.append((state, len(files.holding(day.keys))))
    await sealing

    assert [held for state, held in states if state == "sealed" and held] == []
    assert [held for state, held in states if state != "sealed"], "no backup came before the seal"
    assert in_backup(day).holding(day.keys) == []


def test_pages_that_were_freed_are_in_no_backup(tmp_path: Path) -> None:
    """Even of a database that does not clear what it deletes. The control is a copy page by page."""
    world = World(tmp_path / "hallside.sqlite", kind=Store)
    world.store.do(revised)
    world.store.close()
    (tmp_path / "key").write_bytes(bytes(32))
    raw = sqlite3.connect(tmp_path / "hallside.sqlite", isolation_level=None)
    raw.execute("PRAGMA secure_delete=OFF")
    raw.execute("CREATE TABLE noted (x)")
    raw.executemany("INSERT INTO noted VALUES (?)", ((f"who chose what, page {n}" * 100,) for n in range(100)))
    raw.execute("DROP TABLE noted")
    page_by_page = sqlite3.connect(tmp_path / "pages.sqlite")
    raw.backup(page_by_page)
    page_by_page.close()
    raw.close()

    made = backup.make(Settings(data=tmp_path), tmp_path / "x.zip", now=time.time())

    with zipfile.ZipFile(made.file) as archive:
        assert b"who chose what" not in archive.read("hallside.sqlite")
    assert b"who chose what" in (tmp_path / "pages.sqlite").read_bytes()
