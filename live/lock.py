"""One process writes to a data folder. Whoever does holds a lock; everybody else is told who and where."""

from __future__ import annotations

import fcntl
import os
from dataclasses import dataclass
from pathlib import Path


class Taken(Exception):
    """Another process writes to this data folder. The words say which and what to do."""


class Lock:
    """The lock of a data folder, held until `release` or the end of this process. Raises Taken, or OSError."""

    def __init__(self, path: Path, purpose: str) -> None:
        path.parent.mkdir(0o700, parents=True, exist_ok=True)
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = _said(self._file)[0] or "another process"
            os.close(self._file)
            raise Taken(
                f"{path.parent} is in use: {holder}. Only one process may write to it. "
                "Stop that one first, or do it on its pages."
            ) from None
        self.say(purpose)

    def say(self, purpose: str, address: str = "", host: str = "", port: int = 0) -> None:
        """What the holder does, for those who find the lock taken; what its links begin with, where it listens."""
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, f"{purpose} (process {os.getpid()})\n{address}\n{host} {port}\n".encode(), 0)

    def release(self) -> None:
        os.ftruncate(self._file, 0)
        os.close(self._file)


@dataclass(frozen=True, slots=True)
class Served:
    """What its links begin with, and the host and port it listens on; `port` is 0 where that was not said."""

    address: str
    host: str
    port: int


def served_at(path: Path) -> str:
    """The address that the holder of this lock serves at, or "" where nobody holds it or serves."""
    told = served(path)
    return told.address if told else ""


def served(path: Path) -> Served | None:
    """How the holder of this lock serves; None where nobody holds it or serves."""
    try:
        file = os.open(path, os.O_RDONLY)
    except OSError:
        return None
    try:
        # What is written stays behind when its writer was killed: only a lock that is held tells that it lives.
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        _, address, place = _said(file)
    else:
        return None
    finally:
        os.close(file)
    host, _, port = place.rpartition(" ")
    return Served(address, host, int(port) if port.isdigit() else 0) if address else None


def _said(file: int) -> tuple[str, str, str]:
    purpose, address, place, *_ = (*os.pread(file, 400, 0).decode("utf-8", "replace").split("\n"), "", "", "")
    return purpose, address, place
