"""One file that holds a conference, made while the server runs. `live.restore` puts it back.

The copy is SQLite's own `VACUUM INTO` over a read-only connection: one moment of the database, laid down anew in the
order of its keys, without free pages and without the log. What was deleted is not in it, and no order of voting.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import re
import shutil
import sqlite3
import time
import tomllib
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed
from pathlib import Path

import msgspec

from live import offline
from live.badges import read_key
from live.machine import note_backup
from live.settings import ROOT, Settings

FORMAT = 1
DATABASE, KEY, MANIFEST = "hallside.sqlite", "key", "manifest.json"
CHUNK = 1 << 20
COUNTED = {
    "people": "SELECT count(*) FROM person",
    "sessions": "SELECT count(*) FROM session",
    "polls": "SELECT count(*) FROM poll",
    "votes": "SELECT count(*) FROM turnout WHERE turn > 0",
    "acts": "SELECT count(*) FROM journal",
}
UNSEALED = "SELECT count(*) FROM poll WHERE ballot = 'secret' AND state IN ('open', 'closing')"

Say = Callable[[str], None]


class NotDone(Exception):
    """A backup that was not made or not put back, in words for whoever asked."""


class Manifest(msgspec.Struct, frozen=True):
    """What a backup says of itself. `sha256` holds hexadecimal digests by name of the file inside."""

    format: int
    version: str
    revision: str
    at: float
    made: str
    counts: dict[str, int]
    unsealed_secret_polls: int
    sha256: dict[str, str]


@dataclass(frozen=True, slots=True)
class Made:
    """A backup that is on disk under its name. `open_to` says that its disk lets others read it."""

    file: Path
    size: int
    manifest: Manifest
    open_to: bool


# --- make


def make(settings: Settings, target: Path, *, force: bool = False, now: float) -> Made:
    """Write a backup to *target*, or under a name with the time into it where it is a folder. Raises NotDone, Wrong.

    Until it is whole it lies beside its place in a folder of its own, so that no half of it ever has the name.
    """
    if target.is_dir():
        target = target / f"hallside-{datetime.fromtimestamp(now, UTC):%Y%m%d-%H%M%S}.zip"
    if not target.parent.is_dir():
        raise NotDone(f"There is no folder {target.parent}. Nothing was written.")
    if target.exists() and not force:
        raise NotDone(f"{target} exists already and was left as it is. Choose another name, or --force to replace it.")
    with offline.reading(settings):
        pass  # Says it in words where there is no conference.
    if not (settings.data / "key").exists():
        raise NotDone(
            f"{settings.data} has a database and no badge key, without which no printed badge works. "
            "Nothing was written. Start the server once and it makes a new key."
        )
    with disk_in_words(target.parent, "Nothing was written under the name of the backup."):
        sweep(target.parent, ".hallside-backup-")
        with beside(target.parent, ".hallside-backup-") as folder:
            manifest = _collect(settings, folder, now)
            packed = _pack(folder, manifest)
            if target.exists() and not force:
                raise NotDone(f"{target} was made by somebody else meanwhile and was left as it is.")
            os.replace(packed, target)
            fsync(target.parent)
    size = target.stat().st_size
    note_backup(settings.data, target.resolve(), size, now)
    return Made(target, size, manifest, bool(target.stat().st_mode & 0o077))


def _collect(settings: Settings, folder: Path, now: float) -> Manifest:
    """Database and key into *folder*, and what is to be said of them."""
    copy = folder / DATABASE
    copy.touch(0o600)
    source = sqlite3.connect(f"{settings.database.resolve().as_uri()}?mode=ro", uri=True, isolation_level=None)
    with closing(source):
        source.execute("PRAGMA busy_timeout=10000")
        source.execute("VACUUM INTO ?", (str(copy),))
    key = folder / KEY
    key.touch(0o600)
    key.write_bytes(read_key(settings.data / "key"))
    with closing(opened(copy)) as raw:
        counts = {name: int(raw.execute(sql).fetchone()[0]) for name, sql in COUNTED.items()}
        revision = revision_of(raw)
        unsealed = int(raw.execute(UNSEALED).fetchone()[0])
    made = datetime.fromtimestamp(now, UTC).isoformat(timespec="seconds")
    digests = {name: digest(folder / name) for name in (DATABASE, KEY)}
    return Manifest(FORMAT, version(), revision, now, made, counts, unsealed, digests)


def _pack(folder: Path, manifest: Manifest) -> Path:
    packed = folder / "packed"
    packed.touch(0o600)
    told = msgspec.json.format(msgspec.json.encode(manifest), indent=1)
    with packed.open("r+b") as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            archive.writestr(_entry(MANIFEST, manifest.at), told)
            for name in (DATABASE, KEY):
                with (folder / name).open("rb") as source, archive.open(_entry(name, manifest.at), "w") as inside:
                    shutil.copyfileobj(source, inside, CHUNK)
        file.flush()
        os.fsync(file.fileno())
    return packed


def _entry(name: str, at: float) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, time.gmtime(max(at, 315532800.0))[:6])
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o600 << 16
    return entry


# --- together, with putting back


def version() -> str:
    """Of this program, from its own folder or as it was installed."""
    try:
        found: str = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
        return found
    except (OSError, KeyError, tomllib.TOMLDecodeError):
        pass
    try:
        return installed("hallside")
    except PackageNotFoundError:
        return "unknown"


@contextmanager
def beside(where: Path, prefix: str) -> Iterator[Path]:
    """A folder for its owner only, which goes when the work is done. Its lock says that somebody is still at it."""
    folder = where / f"{prefix}{os.getpid()}-{time.monotonic_ns():x}"
    folder.mkdir(0o700)
    held = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield folder
    finally:
        os.close(held)
        shutil.rmtree(folder, ignore_errors=True)


def sweep(where: Path, prefix: str) -> None:
    """Take away what killed ones left: it holds secrets, and nobody would know."""
    for folder in where.glob(f"{prefix}*"):
        if not re.fullmatch(rf"{re.escape(prefix)}\d+-[0-9a-f]+", folder.name) or folder.is_symlink():
            continue
        try:
            held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        except OSError:
            continue
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)
        except BlockingIOError:
            pass
        finally:
            os.close(held)


@contextmanager
def disk_in_words(where: Path, rest: str) -> Iterator[None]:
    try:
        yield
    except (OSError, sqlite3.OperationalError) as error:
        full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
        if full or "full" in str(error) or (isinstance(error, sqlite3.Error) and "disk I/O" in str(error)):
            free = shutil.disk_usage(where).free // 1_000_000
            raise NotDone(f"The disk of {where} is full ({free} MB free). {rest}") from None
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise NotDone(f"{where} cannot be used: {why}. {rest}") from None


def opened(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, isolation_level=None)


def revision_of(raw: sqlite3.Connection) -> str:
    row = raw.execute("SELECT version_num FROM alembic_version").fetchone()
    return str(row[0]) if row else ""


def digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def fsync(path: Path) -> None:
    """A folder's names or a file's content to the disk. Some network disks refuse it for folders, which loses nothing
    but the promise."""
    file = os.open(path, os.O_RDONLY)
    try:
        os.fsync(file)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(file)
