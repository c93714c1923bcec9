"""Brings a database file up to what this version of the platform needs. Runs before the store opens the file."""

from __future__ import annotations

import sqlite3
from pathlib import Path

HERE = Path(__file__).parent
HEAD = "0003"
"""The newest revision in `versions`."""


class NotOurs(Exception):
    """A file that this version cannot use, in words for whoever keeps the platform."""


def migrate(path: Path) -> bool:
    """Make the file, or bring it to the newest revision. True if anything was done.

    One transaction: a step that fails leaves the file as it was. Processes that start together wait for each other.
    Raises NotOurs, or OSError when the folder cannot be written.
    """
    path.parent.mkdir(0o700, parents=True, exist_ok=True)
    if _revision(path) == HEAD:
        return False
    # Alembic costs 0.1 s and 10 MB, which a server that is started again after a fault can do without.
    from models.migrations.upgrade import upgrade  # noqa: PLC0415

    return upgrade(path)


def _revision(path: Path) -> str | None:
    """The revision of a file that is in order, or None: then the steps find out what is the matter."""
    if not path.is_file():
        return None
    raw = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
    try:
        found: list[tuple[str]] = raw.execute("SELECT version_num FROM alembic_version").fetchall()
    except sqlite3.DatabaseError:
        return None
    finally:
        raw.close()
    return found[0][0] if len(found) == 1 else None
