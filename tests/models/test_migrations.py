"""Bringing a database file up to what the platform needs."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlmodel import SQLModel, select

from models.migrations import HEAD, HERE, NotOurs, migrate
from models.migrations.upgrade import engine_of
from models.people import Person
from models.programme import Meeting
from models.store import Store


def schema(path: Path) -> dict[str, list[str]]:
    """Every table and index as SQLite wrote it down, line by line. Columns keep their order; constraints have none."""
    with sqlite3.connect(path) as raw:
        rows = raw.execute(
            "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'alembic%'"
        ).fetchall()
    raw.close()
    lines = {name: [line.strip(" \t,").replace('"', "") for line in sql.splitlines()] for name, sql in rows}
    constraints = ("PRIMARY KEY", "FOREIGN KEY", "UNIQUE")
    return {
        name: [line for line in each if not line.startswith(constraints)]
        + sorted(line for line in each if line.startswith(constraints))
        for name, each in lines.items()
    }


def test_the_migrated_file_is_what_the_tables_say(tmp_path: Path) -> None:
    migrate(tmp_path / "migrated.sqlite")
    Store.open(tmp_path / "made.sqlite").close()

    engine = engine_of(tmp_path / "migrated.sqlite")
    with engine.connect() as connection:
        difference = compare_metadata(MigrationContext.configure(connection), SQLModel.metadata)
    engine.dispose()

    assert difference == []
    assert schema(tmp_path / "migrated.sqlite") == schema(tmp_path / "made.sqlite")
    assert any("WITHOUT ROWID" in line for line in schema(tmp_path / "migrated.sqlite")["mark"])


def test_a_second_time_does_nothing(tmp_path: Path) -> None:
    assert migrate(tmp_path / "a" / "x.sqlite") is True
    assert migrate(tmp_path / "a" / "x.sqlite") is False


def test_a_file_in_order_needs_no_alembic(tmp_path: Path) -> None:
    migrate(tmp_path / "x.sqlite")
    code = (
        "import sys; from pathlib import Path; from models.migrations import migrate; print(migrate(Path(sys.argv[1])))"
    )
    code += "; print('alembic' in sys.modules)"

    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "x.sqlite")], cwd=Path(__file__).parents[2], capture_output=True,
        text=True, check=True,
    )  # fmt: skip

    assert done.stdout.split() == ["False", "False"]


def test_the_store_opens_a_migrated_file(tmp_path: Path) -> None:
    migrate(tmp_path / "x.sqlite")

    store = Store.open(tmp_path / "x.sqlite", create=False)

    with store.reading() as tx:
        assert tx.exec(select(Person)).all() == []
    store.close()


@pytest.mark.parametrize("other", ["9999", "0001"])
def test_a_file_of_another_version_is_refused_in_words_and_left_alone(tmp_path: Path, other: str) -> None:
    path = tmp_path / "x.sqlite"
    migrate(path)
    with sqlite3.connect(path) as raw:
        raw.execute("UPDATE alembic_version SET version_num = ?", (other,))
    raw.close()
    before = path.read_bytes()

    with pytest.raises(NotOurs, match=rf"another version of Hallside \({other}\) and cannot be carried over"):
        migrate(path)

    assert path.read_bytes() == before


def test_somebody_elses_file_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "text.sqlite").write_text("No database at all, only a text. " * 100)
    with sqlite3.connect(tmp_path / "other.sqlite") as raw:
        raw.execute("CREATE TABLE shopping (thing)")
    raw.close()

    with pytest.raises(NotOurs, match="is not a database"):
        migrate(tmp_path / "text.sqlite")
    with pytest.raises(NotOurs, match="not those of Hallside"):
        migrate(tmp_path / "other.sqlite")


def test_a_path_that_cannot_be_written_is_an_error_of_the_system(tmp_path: Path) -> None:
    (tmp_path / "x.sqlite").mkdir()

    with pytest.raises(OSError, match="cannot be written"):
        migrate(tmp_path / "x.sqlite")


def test_starting_together_makes_one_file(tmp_path: Path) -> None:
    did: list[bool] = []
    start = threading.Barrier(4)

    def one() -> None:
        start.wait()
        did.append(migrate(tmp_path / "x.sqlite"))

    threads = [threading.Thread(target=one) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(did) == [False, False, False, True]


def test_foreign_keys_are_off_before_the_transaction_begins(tmp_path: Path) -> None:
    """With them on, remaking a table would delete every row of its children."""
    engine = engine_of(tmp_path / "x.sqlite")

    with engine.connect() as connection, connection.begin():
        connection.exec_driver_sql("CREATE TABLE hall (id INTEGER PRIMARY KEY)")
        connection.exec_driver_sql("CREATE TABLE seat (hall_id REFERENCES hall (id) ON DELETE CASCADE)")
        connection.exec_driver_sql("INSERT INTO hall VALUES (1)")
        connection.exec_driver_sql("INSERT INTO seat VALUES (1)")
        connection.exec_driver_sql("DROP TABLE hall")
        left = connection.exec_driver_sql("SELECT count(*) FROM seat").scalar_one()
    engine.dispose()

    assert left == 1


def test_the_revisions_form_one_line_to_the_head() -> None:
    config = Config()
    config.set_main_option("script_location", str(HERE))

    assert ScriptDirectory.from_config(config).get_heads() == [HEAD]


def test_a_conference_of_the_revision_before_keeps_every_row(tmp_path: Path) -> None:
    path = tmp_path / "x.sqlite"
    config = Config()
    config.set_main_option("script_location", str(HERE))
    engine = engine_of(path)
    with engine.connect() as connection, connection.begin():
        config.attributes["connection"] = connection
        command.upgrade(config, "0002")
        for row in (
            "event (id, key, names, zone, languages, indicative) VALUES (1, 'e', '{}', 'UTC', 'en', 1)",
            "hall (id, key, names, capacity, screen_height_m, farthest_seat_m, languages)"
            " VALUES (1, 'a', '{}', 9, 2, 12, 'en')",
            "session (id, key, hall_id, day, start, end, track, kind, titles, abstract, languages, code, state)"
            " VALUES (7, 's', 1, '2026-01-01', '09:00', '10:00', '', 'parallel', '{}', '', 'en', 'A1B2', 'on')",
            "person (id, number, title, given_name, family_name, native_name, organisation, role, languages, issue,"
            " revoked, keys_learned) VALUES (5, '101', '', 'Ada', 'Poe', '', '', 'participant', 'en', 3, 0, 1)",
            "screen (id, hall_id, name, languages, theme, issue, revoked)"
            " VALUES (1, 1, 'Main screen', '', 'dark', 2, 0)",
        ):  # fmt: skip
            connection.exec_driver_sql(f"INSERT INTO {row}")
    engine.dispose()

    assert migrate(path) is True

    store = Store.open(path, create=False)
    with store.reading() as tx:
        person, meeting = tx.get(Person, 5), tx.get(Meeting, 7)
        assert person is not None
        assert meeting is not None
        assert (person.number, person.issue, person.keys_learned, person.arrived, person.pending) == (
            "101",
            3,
            True,
            False,
            False,
        )
        assert (meeting.code, meeting.state, meeting.hall_id, meeting.listed) == ("A1B2", "on", 1, {})
        assert tx.cursor.execute("SELECT kind, issue, hall_id FROM screen").fetchall() == [("screen", 2, 1)]
        assert tx.cursor.execute("SELECT accent, logo FROM event").fetchall() == [("", None)]
    store.close()
