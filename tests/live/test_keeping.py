"""A backup and its way back: what is in it, what is refused, and what the folder looks like afterwards."""

from __future__ import annotations

import json
import os
import sqlite3
import stat
import subprocess
import zipfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config

from live import backup, restore
from live.badges import Badges
from live.cli import main
from live.lock import Lock
from live.machine import last_backup
from live.settings import ROOT, Settings
from models.migrations import HEAD, HERE
from models.migrations.upgrade import engine_of, known

EXAMPLE = ROOT / "examples" / "ibmc-2023"


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("HALLSIDE_")]:
        monkeypatch.delenv(name)


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("imported") / "data"
    assert main(["import", str(EXAMPLE), "--data", str(folder), "--merge", "1203=1114"]) == 0
    return folder


@pytest.fixture
def data(imported: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """A data folder with the example in it."""
    folder = tmp_path / "data"
    folder.mkdir(0o700)
    for name in ("hallside.sqlite", "key"):
        (folder / name).write_bytes((imported / name).read_bytes())
        (folder / name).chmod(0o600)
    capsys.readouterr()
    return folder


@pytest.fixture
def file(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """A backup of it."""
    made = tmp_path / "kept.zip"
    assert main(["backup", str(made), "--data", str(data)]) == 0
    capsys.readouterr()
    return made


@contextmanager
def opened(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(path)) as raw, raw:
        yield raw


def tables(path: Path) -> dict[str, list[tuple[object, ...]]]:
    """Everything in a database."""
    with opened(path) as raw:
        names = [row[0] for row in raw.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
        return {name: sorted(raw.execute(f'SELECT * FROM "{name}"').fetchall(), key=repr) for name in names}


def again(file: Path, changed: dict[str, bytes | None], target: Path) -> Path:
    """The same backup with other contents under some names; None leaves one out."""
    with zipfile.ZipFile(file) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            content = changed.get(name, old.read(name))
            if content is not None:
                new.writestr(name, content)
    return target


def with_manifest(file: Path, target: Path, database: bytes | None = None, **told: object) -> Path:
    """The same backup that says something else of itself, with another database whose checksum is right."""
    with zipfile.ZipFile(file) as old:
        manifest = json.loads(old.read("manifest.json"))
    if database is not None:
        place = target.with_suffix(".sqlite")
        place.write_bytes(database)
        manifest["sha256"]["hallside.sqlite"] = backup.digest(place)
    changed: dict[str, bytes | None] = {"manifest.json": json.dumps(manifest | told).encode()}
    return again(file, changed | ({"hallside.sqlite": database} if database is not None else {}), target)


# --- backup


def test_a_backup_put_back_is_the_same_conference(data: Path, file: Path, tmp_path: Path) -> None:
    new = tmp_path / "new"

    assert main(["restore", str(file), "--data", str(new)]) == 0

    assert tables(new / "hallside.sqlite") == tables(data / "hallside.sqlite")
    assert Badges.open(new).code(5, 1) == Badges.open(data).code(5, 1)
    assert [stat.S_IMODE((new / name).stat().st_mode) for name in ("hallside.sqlite", "key")] == [0o600, 0o600]
    assert stat.S_IMODE(new.stat().st_mode) == 0o700
    assert sorted(path.name for path in new.iterdir()) == ["hallside.sqlite", "key", "lock"]


def test_a_backup_says_what_it_is_and_who_may_have_it(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = os.umask(0)
    try:
        assert main(["backup", str(tmp_path / "kept.zip"), "--data", str(data)]) == 0
    finally:
        os.umask(before)

    said = capsys.readouterr().err
    assert "202 people, 20 sessions, 7 polls, 0 votes" in said
    assert "who has this file has every badge" in said
    assert "ATTENTION" not in said
    assert stat.S_IMODE((tmp_path / "kept.zip").stat().st_mode) == 0o600
    with zipfile.ZipFile(tmp_path / "kept.zip") as archive:
        manifest = json.loads(archive.read("manifest.json"))
        assert sorted(archive.namelist()) == ["hallside.sqlite", "key", "manifest.json"]
    assert (manifest["format"], manifest["revision"], manifest["version"]) == (1, HEAD, backup.version())
    assert manifest["counts"]["people"] == 202
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "kept.zip"]


def test_a_folder_gets_a_file_named_by_the_time_and_the_last_one_is_known(data: Path, tmp_path: Path) -> None:
    assert last_backup(data) is None

    made = backup.make(Settings(data=data), tmp_path, now=1_800_000_000.0)

    assert made.file == tmp_path / "hallside-20270115-080000.zip"
    found = last_backup(data)
    assert found is not None
    assert (found.at, found.file, found.size) == (1_800_000_000.0, str(made.file), made.file.stat().st_size)
    with (data / "backups").open("a") as notes:
        notes.write('{"at": 18000')  # a power cut
    assert last_backup(data) == found


def test_a_backup_replaces_another_file_only_when_told_to(
    data: Path, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_bytes(b"precious")

    assert main(["backup", str(file), "--data", str(data)]) == 1
    assert f"{file} exists already and was left as it is." in capsys.readouterr().err
    assert file.read_bytes() == b"precious"

    assert main(["backup", str(file), "--data", str(data), "--force"]) == 0
    assert restore.inspect(file).counts["people"] == 202


def test_a_backup_that_cannot_be_made_says_why(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["backup", str(tmp_path / "no" / "x.zip"), "--data", str(data)]) == 1
    assert f"There is no folder {tmp_path / 'no'}." in capsys.readouterr().err
    assert main(["backup", str(tmp_path / "x.zip"), "--data", str(tmp_path / "none")]) == 2
    assert "There is no conference in" in capsys.readouterr().err
    (data / "key").unlink()
    assert main(["backup", str(tmp_path / "x.zip"), "--data", str(data)]) == 1
    assert "a database and no badge key" in capsys.readouterr().err
    assert not (tmp_path / "x.zip").exists()


def test_what_lies_in_the_data_folder_or_is_from_before_a_seal_is_said(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with opened(data / "hallside.sqlite") as raw:
        raw.execute("UPDATE poll SET ballot = 'secret', state = 'open' WHERE id = 1")

    assert main(["backup", str(data / "x.zip"), "--data", str(data)]) == 0

    said = capsys.readouterr().err
    assert "a secret poll was not sealed yet" in said
    assert "It lies in the data folder: copy it to another disk" in said


def test_what_a_killed_backup_left_goes_with_the_next_and_one_under_way_is_left_alone(
    data: Path, tmp_path: Path
) -> None:
    left, busy, other = (tmp_path / f".hallside-backup-{name}" for name in ("12-ab", "13-cd", "mine"))
    for folder in (left, busy, other):
        folder.mkdir()
        (folder / "key").write_bytes(b"k")
    script = "import fcntl,os,sys; f=os.open(sys.argv[1],0); fcntl.flock(f,2); print(1,flush=True); sys.stdin.read()"
    holder = subprocess.Popen(
        ["python3", "-c", script, str(busy)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )  # fmt: skip
    assert holder.stdout is not None
    holder.stdout.readline()
    try:
        backup.make(Settings(data=data), tmp_path / "x.zip", now=1_800_000_000.0)
    finally:
        holder.communicate(b"")

    assert [folder.exists() for folder in (left, busy, other)] == [False, True, True]


# --- restore


def test_a_conference_that_is_there_is_kept_aside_and_only_when_told_to(
    data: Path, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (data / "hallside.toml").write_text('log_level = "ERROR"\n')
    with opened(data / "hallside.sqlite") as raw:
        raw.execute("UPDATE person SET given_name = 'Later'")
    later, key = tables(data / "hallside.sqlite"), (data / "key").read_bytes()

    assert main(["restore", str(file), "--data", str(data)]) == 1
    assert f"{data} holds a conference already. Nothing was changed." in capsys.readouterr().err
    assert tables(data / "hallside.sqlite") == later

    assert main(["restore", str(file), "--data", str(data), "--force"]) == 0
    said = capsys.readouterr().err
    [aside] = data.glob("replaced-*")
    assert f"What was there before is in {aside}." in said
    assert "revoked after the backup work again" in said
    assert tables(aside / "hallside.sqlite") == later
    assert (aside / "key").read_bytes() == key
    assert tables(data / "hallside.sqlite") != later
    assert (data / "hallside.toml").read_text() == 'log_level = "ERROR"\n'


def test_an_older_backup_is_brought_up(data: Path, file: Path, tmp_path: Path) -> None:
    """Of the revision before, with nobody in it."""
    older = tmp_path / "older.sqlite"
    config = Config()
    config.set_main_option("script_location", str(HERE).replace("%", "%%"))
    engine = engine_of(older)
    with engine.connect() as connection, connection.begin():
        config.attributes["connection"] = connection
        command.upgrade(config, "0002")
    engine.dispose()
    target = with_manifest(file, tmp_path / "older.zip", older.read_bytes(), revision="0002")

    assert main(["restore", str(target), "--data", str(tmp_path / "new")]) == 0

    with opened(tmp_path / "new" / "hallside.sqlite") as raw:
        assert raw.execute("SELECT version_num FROM alembic_version").fetchall() == [(HEAD,)]
        assert raw.execute("SELECT count(*) FROM spare").fetchall() == [(0,)]


def test_a_newer_backup_and_one_far_too_old_are_refused_in_words(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "0099" not in known()

    for told, what in (({"revision": "0099", "version": "7.1"}, "revision 0099"), ({"format": 2}, "format 2")):
        target = with_manifest(file, tmp_path / "newer.zip", None, **told)
        assert main(["restore", str(target), "--data", str(tmp_path / "new")]) == 1
        said = capsys.readouterr().err
        assert "was made by a newer Hallside" in said
        assert what in said
        assert "Install that version and put it back there." in said
    target = with_manifest(file, tmp_path / "first.zip", None, revision="0001")
    assert main(["restore", str(target), "--data", str(tmp_path / "new")]) == 1
    assert "was made by a version too old to be carried over" in capsys.readouterr().err
    assert not (tmp_path / "new").exists()


def test_what_is_no_backup_or_is_damaged_changes_nothing(
    data: Path, file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {path.name: path.read_bytes() for path in data.iterdir() if path.is_file()}
    whole = file.read_bytes()
    with zipfile.ZipFile(file) as archive:
        database, sizes = archive.read("hallside.sqlite"), len(archive.read("key"))
    broken = bytearray(database)
    broken[4096 * 3 : 4096 * 4] = bytes(4096)
    (tmp_path / "orphan.sqlite").write_bytes(database)
    with opened(tmp_path / "orphan.sqlite") as raw:
        raw.execute("UPDATE poll SET session_id = 99999 WHERE id = 1")
    (tmp_path / "text.zip").write_text("not a zip at all")
    (tmp_path / "half.zip").write_bytes(whole[: len(whole) // 2])
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as archive:
        archive.writestr("readme.txt", "hello")
    flipped = bytearray(whole)
    flipped[len(whole) // 2] ^= 0xFF
    (tmp_path / "flipped.zip").write_bytes(flipped)

    cases = {
        tmp_path / "missing.zip": "There is no file",
        tmp_path / "text.zip": "is not a backup of Hallside, or only a part of one",
        tmp_path / "half.zip": "is not a backup of Hallside, or only a part of one",
        tmp_path / "other.zip": "is not a backup of Hallside, or only a part of one",
        tmp_path / "flipped.zip": "Nothing was changed.",
        again(file, {"key": bytes(sizes)}, tmp_path / "key.zip"): "its checksum differs",
        again(file, {"key": None}, tmp_path / "nokey.zip"): "is damaged and cannot be unpacked",
        with_manifest(file, tmp_path / "broken.zip", bytes(broken)): "the database in it is damaged",
        with_manifest(
            file, tmp_path / "lost.zip", (tmp_path / "orphan.sqlite").read_bytes()
        ): "rows of poll in it point to nothing",
        with_manifest(file, tmp_path / "revision.zip", None, revision="0002"): f"is of revision {HEAD}, not 0002",
    }
    for target, words in cases.items():
        assert main(["restore", str(target), "--data", str(data), "--force"]) == 1, target
        said = capsys.readouterr().err
        assert words in said, target
        assert "Traceback" not in said
    after = {path.name: path.read_bytes() for path in data.iterdir() if path.is_file() and path.name != "lock"}
    assert after == before
    assert not [path for path in data.iterdir() if path.is_dir()]


def test_nothing_is_put_back_under_a_running_server(
    data: Path, file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    held = Lock(data / "lock", "Hallside serves it at http://localhost:8000")
    try:
        assert main(["restore", str(file), "--data", str(data), "--force"]) == 1
        said = capsys.readouterr().err
        assert main(["backup", str(tmp_path / "second.zip"), "--data", str(data)]) == 0
    finally:
        held.release()

    assert "is in use: Hallside serves it at http://localhost:8000" in said
    assert not list(data.glob("replaced-*"))


def test_a_swap_that_fails_half_way_is_undone(
    data: Path, file: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    before, real = tables(data / "hallside.sqlite"), os.rename

    def failing(source: Path, place: Path) -> None:
        if source.parent.name.startswith(".hallside-restore-") and source.name == "hallside.sqlite":
            raise OSError(5, "Input/output error")
        real(source, place)

    monkeypatch.setattr(os, "rename", failing)

    assert main(["restore", str(file), "--data", str(data), "--force"]) == 1

    assert "Input/output error. Nothing was changed." in capsys.readouterr().err
    assert tables(data / "hallside.sqlite") == before
    assert (data / "key").exists()


def test_what_root_puts_back_belongs_to_the_owner_of_the_folder(data: Path, file: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give files away")
    os.chown(data, 12345, 12345)

    assert main(["restore", str(file), "--data", str(data), "--force"]) == 0
    assert main(["backup", str(data.parent / "more.zip"), "--data", str(data)]) == 0

    [aside] = data.glob("replaced-*")
    for path in (data / "hallside.sqlite", data / "key", data / "lock", data / "backups", aside):
        assert (path.stat().st_uid, path.stat().st_gid) == (12345, 12345), path
