"""A small conference in a file of the test's own."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.world import World


@pytest.fixture(scope="session")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The conference, made once and copied for every test."""
    path = tmp_path_factory.mktemp("world") / "x.sqlite"
    World(path).store.close()
    return path


@pytest.fixture
def world(tmp_path: Path, founded: Path) -> Iterator[World]:
    shutil.copy(founded, tmp_path / "x.sqlite")
    made = World(tmp_path / "x.sqlite")
    yield made
    made.store.close()
