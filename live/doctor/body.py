"""The machine and its programs: versions, clock, open files, sleep."""

from __future__ import annotations

import re
import resource
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from live.child import OTHER_FILES
from live.doctor.finding import GOOD, LOOK, WRONG, Finding
from live.settings import ROOT, Settings

SAFE_SQLITE = (3, 51, 3)
MADE = 1_780_000_000.0
"""Wall seconds that were over when this was written: a clock before them is wrong."""
PATIENCE = 5.0
FEW = 2000
"""Phones at once that a conference may have."""


def versions() -> Iterator[Finding]:
    yield Finding("python", GOOD, f"Python {sys.version.split()[0]}.")
    if sqlite3.sqlite_version_info < SAFE_SQLITE:
        yield Finding(
            "sqlite", LOOK,
            f"SQLite {sqlite3.sqlite_version} is older than 3.51.3: two programs that write at once can damage it.",
            "Hallside has one writer, so it is safe as long as nothing else opens hallside.sqlite for writing: use "
            "`backup` for copies, and only read with other tools.",
        )  # fmt: skip
    else:
        yield Finding("sqlite", GOOD, f"SQLite {sqlite3.sqlite_version}.")
    yield packages(ROOT / "requirements" / "run.txt")


def packages(lock: Path) -> Finding:
    """Whether the packages are those of the lock file."""
    try:
        pinned = re.findall(r"(?m)^([A-Za-z0-9._-]+)==([^\s;\\]+)([^\n\\]*)", lock.read_text("utf-8"))
    except OSError:
        return Finding("packages", GOOD, "Installed as a package: its own versions are not compared.")
    other = []
    for name, wanted, rest in pinned:
        try:
            found = version(name)
        except PackageNotFoundError:
            if ";" not in rest:  # else it may be for another system
                other.append(f"{name} is missing")
            continue
        if found != wanted:
            other.append(f"{name} is {found}, not {wanted}")
    if other:
        return Finding(
            "packages", WRONG, f"Not as tested: {', '.join(other[:5])}.",
            "Delete the folder .venv and start again: scripts/run installs the right ones.",
        )  # fmt: skip
    return Finding("packages", GOOD, f"All {len(pinned)} as tested.")


def clock(settings: Settings, now: float) -> Iterator[Finding]:
    newest = max(
        (path.stat().st_mtime for path in (settings.database, settings.lock, ROOT / "app.py") if path.exists()),
        default=0.0,
    )
    if now < MADE or newest > now + 60:
        why = "is before this program was made" if now < MADE else "is behind the time of its own files"
        yield Finding("clock", WRONG, f"The clock of this machine {why}.", "Set it: the journal and timers go by it.")
        return
    told = _told("timedatectl", "show", "-p", "NTPSynchronized", "--value")
    if told == "no":
        yield Finding(
            "clock", LOOK, "Plausible, but not kept by a time server.",
            "Without the Internet that is as it is: compare it with a watch.",
        )  # fmt: skip
    else:
        yield Finding("clock", GOOD, "Kept by a time server." if told == "yes" else "Plausible.")


def files(settings: Settings) -> Iterator[Finding]:
    """A phone is an open file of the process."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    room = settings.connections if most == resource.RLIM_INFINITY else min(settings.connections, most - OTHER_FILES)
    if room < min(FEW, settings.connections):
        yield Finding(
            "connections", LOOK, f"This user may open {most} files: {max(0, room)} phones at once.",
            "LimitNOFILE=65536 in the service, or a higher ulimit -Hn.",
        )  # fmt: skip
    else:
        yield Finding("connections", GOOD, f"Up to {room} at once.")


def sleep(supplies: Path = Path("/sys/class/power_supply")) -> Iterator[Finding]:
    kinds = {path.name: _read(path / "type") for path in supplies.glob("*")} if supplies.is_dir() else {}
    if "Battery" not in kinds.values():
        return
    mains = [_read(supplies / name / "online") for name, kind in kinds.items() if kind in ("Mains", "USB")]
    if mains and "1" not in mains:
        yield Finding("power", LOOK, "This laptop runs on its battery.", "Plug it in.")
    masked = _told("systemctl", "is-enabled", "sleep.target", "suspend.target").split()
    if masked and set(masked) <= {"masked", "masked-runtime"}:
        yield Finding("sleep", GOOD, "This laptop cannot fall asleep.")
    else:
        yield Finding(
            "sleep", LOOK, "This laptop may fall asleep, or when its lid closes.",
            "sudo systemctl mask sleep.target suspend.target; unmask them after the event.",
        )  # fmt: skip


def _told(*command: str) -> str:
    """What a program of the system says; "" where there is none."""
    if shutil.which(command[0]) is None:
        return ""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip()


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return ""
