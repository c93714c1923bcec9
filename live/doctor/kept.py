"""What is kept: the data folder, its disk, the database, the badge key, the last backup."""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from live import machine
from live.doctor.finding import GOOD, LOOK, WRONG, Finding
from live.settings import Settings
from models.migrations import HEAD
from models.migrations.upgrade import known

DAY = 86_400.0
LITTLE, VERY_LITTLE = 2_000_000_000, 300_000_000
"""Bytes of free disk."""
BIG_LOG = 64_000_000
REMOTE = ("nfs", "nfs4", "cifs", "smb3", "smbfs", "fuse.sshfs", "fuse.glusterfs", "ceph", "afs", "ncpfs", "fuse.rclone")
PASSING = ("tmpfs", "ramfs", "overlay")


def folder(settings: Settings) -> Iterator[Finding]:
    data = settings.data
    if not data.is_dir():
        yield Finding("data folder", LOOK, f"{data} is not there.", "It is made at the first start or import.")
        return
    told = data.stat()
    others = stat.S_IMODE(told.st_mode) & 0o077
    if others:
        yield Finding("data folder", WRONG, f"Others on this machine may look into {data}.", f"chmod 700 {data}")
    elif told.st_uid != os.geteuid() and os.geteuid() != 0:
        yield Finding("data folder", LOOK, f"{data} belongs to another user.", "Run this as the user who serves it.")
    else:
        yield Finding("data folder", GOOD, f"{data}, for its owner only.")
    disk = machine.disk(data)
    free = f"{disk.free / 1e9:.1f} GB free of {disk.size / 1e9:.0f} GB."
    if disk.free < LITTLE:
        state = WRONG if disk.free < VERY_LITTLE else LOOK
        yield Finding("disk", state, free, "Make room: when the disk is full no vote is recorded until there is.")
    else:
        yield Finding("disk", GOOD, free)
    kind = machine.file_system(data)
    if kind in REMOTE:
        yield Finding(
            "file system", WRONG, f"{data} lies on a network disk ({kind}).",
            "Move it to a disk of this machine. Over a network it can be damaged, and what is recorded is not on disk.",
        )  # fmt: skip
    elif kind in PASSING:
        yield Finding(
            "file system", LOOK, f"{data} lies on {kind}, which may be gone after a restart of the machine.",
            "Use a folder on a real disk, or a volume.",
        )  # fmt: skip
    else:
        yield Finding("file system", GOOD, kind or "not told by this system.")


def database(settings: Settings) -> Iterator[Finding]:
    if not settings.database.exists():
        yield Finding("database", LOOK, "There is no conference yet.", "scripts/hallside import FOLDER")
        return
    raw = sqlite3.connect(f"{settings.database.resolve().as_uri()}?mode=ro", uri=True, isolation_level=None)
    with closing(raw):
        try:
            found = raw.execute("PRAGMA quick_check(3)").fetchall()
            revisions = [str(row[0]) for row in raw.execute("SELECT version_num FROM alembic_version")]
        except sqlite3.Error as error:
            found, revisions = [(str(error),)], []
    size = settings.database.stat().st_size
    if found != [("ok",)]:
        yield Finding(
            "database", WRONG, f"It is damaged: {found[0][0]}.",
            "Stop the server, copy the whole data folder aside, then restore the last backup.",
        )  # fmt: skip
        return
    yield Finding("database", GOOD, f"Sound, {size / 1e6:.1f} MB.")
    if revisions == [HEAD]:
        yield Finding("revision", GOOD, f"{HEAD}, as this version needs.")
    elif set(revisions) <= known():
        yield Finding(
            "revision", LOOK, f"{', '.join(revisions) or 'none'}; this version needs {HEAD}.",
            "It is brought up at the next start. Make a backup before.",
        )  # fmt: skip
    else:
        yield Finding(
            "revision", WRONG, f"{', '.join(revisions)} is not one that this version can use.",
            "Install the version that made it, which its backups name.",
        )  # fmt: skip
    log = Path(f"{settings.database}-wal")
    logged = log.stat().st_size if log.exists() else 0
    if logged > BIG_LOG:
        yield Finding(
            "log", LOOK, f"The write-ahead log has {logged / 1e6:.0f} MB.",
            "Something reads the database for long and holds it: look for other programs that have it open.",
        )  # fmt: skip
    else:
        yield Finding("log", GOOD, f"Write-ahead log of {logged / 1e6:.1f} MB.")


def key(settings: Settings) -> Iterator[Finding]:
    key = settings.data / "key"
    if not key.exists():
        if settings.database.exists():
            yield Finding(
                "badge key", WRONG, "It is missing: no printed badge works.",
                "Put it back from a backup. Without one, the next start makes a new key; print all badges again.",
            )  # fmt: skip
        return
    told = key.stat()
    if told.st_size != 32:
        yield Finding("badge key", WRONG, f"It has {told.st_size} bytes, not 32.", "Put it back from a backup.")
    elif stat.S_IMODE(told.st_mode) & 0o077:
        yield Finding("badge key", WRONG, "Others may read it: they can make every badge.", f"chmod 600 {key}")
    else:
        yield Finding("badge key", GOOD, "There, for its owner only.")


def backup(settings: Settings, now: float) -> Iterator[Finding]:
    if not settings.database.exists():
        return
    last = machine.last_backup(settings.data)
    do = "scripts/hallside backup FILE works while the server runs."
    if last is None:
        yield Finding("backup", LOOK, "None is known of.", do)
    elif now - last.at > DAY:
        yield Finding("backup", LOOK, f"The last one is {(now - last.at) / DAY:.0f} days old.", do)
    elif not Path(last.file).exists():
        yield Finding("backup", GOOD, f"The last one is {_ago(now - last.at)} old, and was moved from {last.file}.")
    else:
        yield Finding("backup", GOOD, f"The last one is {_ago(now - last.at)} old: {last.file}.")


def _ago(seconds: float) -> str:
    return f"{seconds / 3600:.0f} hours" if seconds >= 5400 else f"{max(0.0, seconds) / 60:.0f} minutes"
