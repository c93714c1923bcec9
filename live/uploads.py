"""Lists that an organiser has uploaded and not imported yet: in memory, for a quarter of an hour, for nobody else.

Nothing of them touches the database or the disk until they are imported. They are read by a process of its own.
"""

from __future__ import annotations

import asyncio
import os
import pickle
import resource
import secrets
import sqlite3
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from models import imports
from models.imports import Plan
from models.refusals import Refused

ROOT = Path(__file__).resolve().parent.parent
KEPT = 900.0
BYTES = 20_000_000
"""Of the files of one upload together."""
AT_ONCE = 3
FILES = 12
READING = 30.0
"""Seconds until reading is given up. A list as long as it may be takes 3 s, and Python needs one to come up."""
_one_at_a_time = asyncio.Semaphore(1)
"""A page that is loaded again and again would start as many processes, and votes have these cores, too."""
CPU = 20
MEMORY = 1_500_000_000
"""Bytes of address space. What may be read takes at most 200 MB, a tenth more of it than of memory."""


@dataclass(slots=True)
class Upload:
    """Files as they were named, which list each of them is, and what was decided about them.

    `plan` is what they were read as last, under these decisions.
    """

    person: int
    files: dict[str, bytes]
    until: float
    lists: dict[str, str] = field(default_factory=dict)
    """By name of a file, the list it is read as, such as people.csv; "" for none."""
    merge: dict[str, str] = field(default_factory=dict)
    apart: set[str] = field(default_factory=set)
    """Badge numbers that were said to be persons of their own."""
    columns: dict[str, dict[str, str]] = field(default_factory=dict)
    encodings: dict[str, str] = field(default_factory=dict)
    halls: dict[str, str] = field(default_factory=dict)
    """By room of a schedule, the key of its hall; "" leaves out what is there."""
    plan: Plan | None = None


class Uploads:
    """Those of one node. `clock` is monotonic; `later` calls something after so many seconds, as an event loop does."""

    def __init__(self, clock: Callable[[], float], later: Callable[[float, Callable[[], None]], object]) -> None:
        self._clock, self._later = clock, later
        self._kept: dict[str, Upload] = {}

    def keep(self, person: int, files: Mapping[str, bytes]) -> str:
        """A token that leads back to them. Their own earlier upload makes room. Refused where others' are many."""
        now = self._clock()
        self._kept = {
            token: each for token, each in self._kept.items() if each.until > now and each.person != person
        }  # fmt: skip
        if len(self._kept) >= AT_ONCE:
            raise Refused("too_many_uploads")
        if sum(map(len, files.values())) > BYTES or len(files) > FILES:
            raise Refused("upload_too_big", limit=BYTES // 1_000_000)
        token = secrets.token_urlsafe(18)
        self._kept[token] = Upload(person, dict(files), now + KEPT)
        # Nobody may come again, and the list of people must leave the memory all the same.
        self._later(KEPT + 1, self._forget_old)
        return token

    def __len__(self) -> int:
        """How many are in memory."""
        return len(self._kept)

    def _forget_old(self) -> None:
        self._kept = {token: each for token, each in self._kept.items() if each.until > self._clock()}

    def of(self, token: str, person: int) -> Upload:
        """Refused("upload_gone") for an unknown one, somebody else's, or one that was kept for long enough."""
        found = self._kept.get(token)
        if found is None or found.person != person or found.until <= self._clock():
            raise Refused("upload_gone")
        return found

    def forget(self, token: str) -> None:
        self._kept.pop(token, None)


async def read(files: Mapping[str, bytes], database: Path, seconds: float = READING) -> Plan:
    """Read lists as `imports.parse` does against a database, in a process that may not take long or grow.

    Raises Refused("lists_unreadable") where it took too long or too much.
    """
    async with _one_at_a_time:
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "live.uploads", cwd=ROOT,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        try:
            async with asyncio.timeout(seconds):
                told, _ = await child.communicate(pickle.dumps((dict(files), database)))
        except TimeoutError:
            raise Refused("lists_unreadable") from None
        finally:
            if child.returncode is None:
                child.kill()
                await child.wait()
    if child.returncode:
        raise Refused("lists_unreadable")
    plan: Plan = pickle.loads(told)
    return plan


def main() -> None:
    """The process: files come in as a pickle of our own, the plan goes out as one."""
    os.nice(10)  # votes go before it
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU, CPU))
    files, database = pickle.load(sys.stdin.buffer)
    # Without a transaction around it: nothing is held that a secret poll must empty.
    raw = sqlite3.connect(f"{database.resolve().as_uri()}?mode=ro", uri=True, isolation_level=None)
    raw.execute("PRAGMA query_only=ON")
    plan = imports.parse(files, raw.cursor(), name="")
    sys.stdout.buffer.write(pickle.dumps(plan))


if __name__ == "__main__":
    main()
