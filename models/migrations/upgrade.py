"""The steps themselves, by Alembic."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, event, inspect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from models.migrations import HERE, NotOurs


def upgrade(path: Path) -> bool:
    """Bring the file to the newest revision; see `migrate`."""
    engine = engine_of(path)
    config = Config()
    config.set_main_option("script_location", str(HERE).replace("%", "%%"))
    try:
        with engine.connect() as connection, connection.begin():
            before = _heads(connection)
            script = ScriptDirectory.from_config(config)
            if before == tuple(script.get_heads()):
                return False
            _check(path, connection, script, before)
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
            if broken:
                raise NotOurs(f"{path}: rows of {broken[0][0]} point to nothing. The file was left as it was.")
        return True
    except DBAPIError as error:
        raise _said(path, error.orig or error) from None
    finally:
        engine.dispose()


def known() -> frozenset[str]:
    """Every revision that this version has steps for."""
    config = Config()
    config.set_main_option("script_location", str(HERE).replace("%", "%%"))
    return frozenset(each.revision for each in ScriptDirectory.from_config(config).walk_revisions())


def engine_of(path: Path) -> Engine:
    """The file as migrations see it.

    Foreign keys are off before BEGIN, where alone it counts: a table made anew in batch mode is dropped in between,
    and with them on that would delete every row of its children.
    """

    def connect() -> sqlite3.Connection:
        try:
            raw = sqlite3.connect(path, isolation_level=None, timeout=30)
            raw.execute("PRAGMA foreign_keys=OFF")
            raw.execute("PRAGMA synchronous=FULL")
            raw.execute("PRAGMA secure_delete=ON")
        except sqlite3.DatabaseError as error:
            raise _said(path, error) from None
        return raw

    engine = create_engine("sqlite://", creator=connect, poolclass=NullPool)

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def _heads(connection: Connection) -> tuple[str, ...]:
    return MigrationContext.configure(connection).get_current_heads()


def _check(path: Path, connection: Connection, script: ScriptDirectory, before: tuple[str, ...]) -> None:
    known = {revision.revision for revision in script.walk_revisions()}
    if not known.issuperset(before):
        raise NotOurs(
            f"{path} was made by another version of Hallside ({', '.join(before)}) and cannot be carried over to this "
            f"one. Start with another data folder (--data), or delete {path.parent} if nothing in it is needed."
        )
    if not before and inspect(connection).get_table_names():
        raise NotOurs(f"{path} holds tables, but not those of Hallside. Use another data folder.")


def _said(path: Path, error: BaseException) -> BaseException:
    """SQLite's error as an OSError where the file system is the reason."""
    words = str(error)
    if "unable to open" in words or "readonly" in words or "full" in words or "disk I/O" in words:
        return OSError(f"{path} cannot be written: {words}")
    if "not a database" in words:
        return NotOurs(f"{path} is not a database.")
    if "locked" in words:
        return NotOurs(f"{path} is in use by another program. Stop it first.")
    return error
