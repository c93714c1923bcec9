"""What this machine tells of itself: free disk, the last backup, the file system a folder lies on, its addresses."""

from __future__ import annotations

import fcntl
import os
import shutil
import socket
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path

import msgspec

SIOCGIFADDR = 0x8915
NOTES = "backups"
"""The file in the data folder that names every backup, one JSON object a line: whoever deletes a conference must know
where else it lies."""


class Backup(msgspec.Struct, frozen=True):
    """One backup that was made. `at` wall seconds, `size` bytes."""

    at: float
    file: str
    size: int


@dataclass(frozen=True, slots=True)
class Disk:
    """Of the disk a folder lies on, in bytes."""

    free: int
    size: int


def note_backup(data: Path, file: Path, size: int, now: float) -> None:
    """Remember that a backup was made. Whoever may only read the data folder may still make one."""
    line = msgspec.json.encode(Backup(now, str(file), size)) + b"\n"
    try:
        place = os.open(data / NOTES, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    except OSError:
        return
    try:
        os.write(place, line)
    finally:
        os.close(place)
    hand_over(data / NOTES)


def hand_over(path: Path) -> None:
    """Give a file that root has made to the owner of its folder: who serves it must be able to open it."""
    if os.geteuid() == 0:
        told = path.parent.stat()
        os.chown(path, told.st_uid, told.st_gid)


def last_backup(data: Path) -> Backup | None:
    """The backup made last, or None where none is known of."""
    try:
        lines = (data / NOTES).read_bytes().splitlines()
    except OSError:
        return None
    for line in reversed(lines):
        try:
            return msgspec.json.decode(line, type=Backup)
        except (msgspec.DecodeError, msgspec.ValidationError):
            continue  # a line that a power cut left half
    return None


def disk(folder: Path) -> Disk:
    """Raises OSError."""
    found = shutil.disk_usage(folder)
    return Disk(found.free, found.total)


def file_system(folder: Path, mounts: Path = Path("/proc/self/mounts")) -> str:
    """The kind of file system a folder lies on, such as `ext4` or `nfs4`; "" where the system does not tell."""
    try:
        told = [line.split() for line in mounts.read_text("utf-8").splitlines()]
    except (OSError, UnicodeDecodeError):
        return ""
    path, best, kind = folder.resolve(), -1, ""
    for fields in told:
        if len(fields) < 3:
            continue
        place = Path(fields[1].replace("\\040", " "))
        # Of two on one place the later one lies on top.
        if (path == place or place in path.parents) and len(place.parts) >= best:
            best, kind = len(place.parts), fields[2]
    return kind


def addresses() -> Sequence[str]:
    """This machine's IPv4 addresses by which others could reach it, and none of its own."""
    found = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        for _, name in socket.if_nameindex():
            try:
                told = fcntl.ioctl(probe.fileno(), SIOCGIFADDR, struct.pack("256s", name[:15].encode()))
            except OSError:
                continue  # an interface without one, or a system that answers otherwise
            address = IPv4Address(told[20:24])
            if not address.is_loopback:
                found.append(str(address))
    return found
