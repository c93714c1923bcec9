"""A thousand broken lists: none is half imported, none takes long, and none fills the memory."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from tests.faults.lists import bombs, schedule_bombs

pytestmark = pytest.mark.fault

ROOT = Path(__file__).parents[2]
SECONDS, MEGABYTES = 2, 200
Files = Callable[[], Iterable[tuple[str, str, bytes]]]


def run(folder: Path, *what: str) -> dict[str, Any]:
    """In a process of its own, which may not take more than 4 GB from this machine."""
    done = subprocess.run(
        ["bash", "-c", 'ulimit -v 4000000; exec "$0" -m tests.faults.lists "$@"', sys.executable,
         str(folder / "x.sqlite"), *what],
        cwd=ROOT, capture_output=True, text=True, timeout=900, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def made(folder: Path, files: Iterable[tuple[str, str, bytes]]) -> str:
    into = folder / "lists"
    into.mkdir()
    for name, kind, data in files:
        (into / f"{kind}{Path(name).suffix}").write_bytes(data)
    return str(into)


def test_a_thousand_broken_lists_are_imported_whole_or_not_at_all(tmp_path: Path) -> None:
    told = run(tmp_path, "fuzz")

    assert told["halves"] == []
    assert told["swallowed"] == []
    assert told["slowest"] < SECONDS, told["slow"]
    assert told["megabytes"] < MEGABYTES
    # Both happen often, or nothing was tried.
    assert sum(told["outcomes"].values()) == 1_000
    assert min(told["outcomes"].values()) > 100


def test_an_import_that_takes_what_it_can_read_is_caught(tmp_path: Path) -> None:
    """The control: the sound rows of a list with problems enter, and the sound sessions of a schedule."""
    halves = run(tmp_path, "fuzz", "careless")["halves"]

    assert len(halves) > 100
    for name in ("schedule.xml", "schedule.json", "programme.ics"):
        assert any(name in kind for kind in halves)


def test_a_reader_that_trusts_quotation_marks_is_caught(tmp_path: Path) -> None:
    """The control: rows are swallowed by a neighbour, and nobody is told."""
    assert len(run(tmp_path, "fuzz", "trusting")["swallowed"]) > 5


@pytest.mark.parametrize(("files", "n"), [(bombs, 30), (schedule_bombs, 32)], ids=["lists", "schedules"])
def test_no_file_however_made_takes_long_or_fills_the_memory(tmp_path: Path, files: Files, n: int) -> None:
    told = run(tmp_path, made(tmp_path, files()))

    assert told["halves"] == []
    assert told["outcomes"] == {"refused": n}
    assert told["slowest"] < SECONDS, told["slow"]
    assert told["megabytes"] < MEGABYTES


@pytest.mark.parametrize("files", [bombs, schedule_bombs], ids=["lists", "schedules"])
def test_a_reader_without_bounds_is_caught(tmp_path: Path, files: Files) -> None:
    """The control: the same files, and nothing that ends the reading."""
    told = run(tmp_path, made(tmp_path, files()), "boundless")

    assert told["slowest"] > SECONDS or told["megabytes"] > MEGABYTES
