"""Puts a backup into a data folder. Until everything in it was checked the folder is as it was."""

from __future__ import annotations

import os
import shutil
import sqlite3
import zipfile
import zlib
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from live import offline
from live.backup import (
    CHUNK,
    DATABASE,
    FORMAT,
    KEY,
    MANIFEST,
    Manifest,
    NotDone,
    beside,
    digest,
    disk_in_words,
    fsync,
    opened,
    revision_of,
    sweep,
    version,
)  # fmt: skip
from live.badges import read_key
from live.lock import Lock
from live.machine import hand_over
from live.settings import Settings
from models.migrations import HEAD, migrate
from models.migrations.upgrade import known

FOLDER = (DATABASE, f"{DATABASE}-wal", f"{DATABASE}-shm", KEY)
"""What makes a data folder one that holds a conference."""


def inspect(file: Path) -> Manifest:
    """What a backup says of itself, if this version can use it. Raises NotDone."""
    if not file.is_file():
        raise NotDone(f"There is no file {file}.")
    try:
        with zipfile.ZipFile(file) as archive:
            told = msgspec.json.decode(archive.read(MANIFEST))
            if isinstance(told, dict) and isinstance(told.get("format"), int) and told["format"] > FORMAT:
                raise NotDone(_newer(file, str(told.get("version", "?")), f"format {told['format']}"))
            manifest = msgspec.convert(told, Manifest)
    except (zipfile.BadZipFile, KeyError, msgspec.DecodeError, msgspec.ValidationError, EOFError):
        raise NotDone(f"{file} is not a backup of Hallside, or only a part of one. Nothing was changed.") from None
    if manifest.revision not in known() and manifest.revision < HEAD:
        raise NotDone(
            f"{file} was made by a version too old to be carried over to this one ({manifest.version}, revision "
            f"{manifest.revision}). Nothing was changed."
        )
    if manifest.revision not in known():
        raise NotDone(_newer(file, manifest.version, f"revision {manifest.revision}"))
    return manifest


def restore(settings: Settings, file: Path, *, force: bool = False, now: float) -> tuple[Manifest, Path | None]:
    """Put a backup into the data folder. What was there is kept aside with *force*; the second value says where.

    Raises NotDone, Taken while a server runs, Unusable. Until everything was checked the folder is as it was.
    """
    manifest = inspect(file)
    with offline.in_words(settings):
        lock = Lock(settings.lock, "a backup is being put back")
    try:
        there = [settings.data / name for name in FOLDER if (settings.data / name).exists()]
        if there and not force:
            raise NotDone(
                f"{settings.data} holds a conference already. Nothing was changed. Put the backup into another folder "
                "with --data DIR, or use --force, which keeps what is there aside."
            )
        with disk_in_words(settings.data, "Nothing was changed."):
            sweep(settings.data, ".hallside-restore-")
            with beside(settings.data, ".hallside-restore-") as folder:
                _unpack(file, folder, manifest)
                _check(file, folder, manifest)
                if manifest.revision != HEAD:
                    migrate(folder / DATABASE)
                for name in (DATABASE, KEY):
                    fsync(folder / name)
                aside = _swap(settings.data, folder, there, now)
    finally:
        lock.release()
    return manifest, aside


def _unpack(file: Path, folder: Path, manifest: Manifest) -> None:
    try:
        with zipfile.ZipFile(file) as archive:
            for name in (DATABASE, KEY):
                (folder / name).touch(0o600)
                with archive.open(name) as inside, (folder / name).open("r+b") as place:
                    shutil.copyfileobj(inside, place, CHUNK)
    except (zipfile.BadZipFile, KeyError, EOFError, zlib.error):
        raise NotDone(f"{file} is damaged and cannot be unpacked. Nothing was changed. Take another backup.") from None
    for name in (DATABASE, KEY):
        if digest(folder / name) != manifest.sha256.get(name):
            raise NotDone(
                f"{file}: what is in it as {name} is not what was put in (its checksum differs). Nothing was changed. "
                "Take another backup."
            )


def _check(file: Path, folder: Path, manifest: Manifest) -> None:
    with closing(opened(folder / DATABASE)) as raw:
        try:
            found = [row[0] for row in raw.execute("PRAGMA integrity_check(3)")]
            lost = raw.execute("PRAGMA foreign_key_check").fetchall()
            revision = revision_of(raw)
        except sqlite3.Error as error:
            found, lost, revision = [str(error)], [], manifest.revision
    if found != ["ok"]:
        raise NotDone(f"{file}: the database in it is damaged ({'; '.join(found)}). Nothing was changed.")
    if lost:
        raise NotDone(f"{file}: rows of {lost[0][0]} in it point to nothing. Nothing was changed.")
    if revision != manifest.revision:
        raise NotDone(f"{file}: the database in it is of revision {revision}, not {manifest.revision} as it says.")
    read_key(folder / KEY)


def _swap(data: Path, folder: Path, there: list[Path], now: float) -> Path | None:
    """The new files to their place, the old ones into a folder aside. Undone if it fails half-way."""
    aside = data / f"replaced-{datetime.fromtimestamp(now, UTC):%Y%m%d-%H%M%S}" if there else None
    moved: list[tuple[Path, Path]] = []
    try:
        if aside is not None:
            aside.mkdir(0o700)
            for path in there:
                os.rename(path, aside / path.name)
                moved.append((path, aside / path.name))
        for name in (KEY, DATABASE):  # the database last: with it the folder holds a conference
            os.rename(folder / name, data / name)
            moved.append((folder / name, data / name))
    except OSError:
        for path, place in reversed(moved):
            os.rename(place, path)
        raise
    for path in (data / KEY, data / DATABASE, data / "lock", *([aside] if aside else [])):
        hand_over(path)
    fsync(data)
    return aside


def _newer(file: Path, its: str, what: str) -> str:
    return (
        f"{file} was made by a newer Hallside ({its}, {what}) than this one ({version()}, revision {HEAD}). "
        "Nothing was changed. Install that version and put it back there."
    )
