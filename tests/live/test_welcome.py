"""What is printed for whoever starts the platform: only addresses that work."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from live import welcome
from live.badges import Badges
from live.settings import Settings
from models.store import Store
from tests.world import World


@pytest.fixture
def raw(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    World(tmp_path / "x.sqlite", participants=3).store.close()
    raw = sqlite3.connect(tmp_path / "x.sqlite")
    yield raw
    raw.close()


def told(raw: sqlite3.Connection, **settings: object) -> str:
    return welcome.told(raw, Badges(b"k" * 32), Settings(port=8123, **settings))  # type: ignore[arg-type]


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(welcome, "_network_address", lambda: "198.51.100.7")


@pytest.mark.usefixtures("network")
@pytest.mark.parametrize(
    ("host", "address", "here", "links"),
    [
        ("0.0.0.0", "", "http://localhost:8123", "http://198.51.100.7:8123"),
        ("::", "", "http://localhost:8123", "http://198.51.100.7:8123"),
        ("198.51.100.9", "", "http://198.51.100.9:8123", "http://198.51.100.9:8123"),
        ("2001:db8::1", "", "http://[2001:db8::1]:8123", "http://[2001:db8::1]:8123"),
        ("127.0.0.1", "https://live.example.org", "http://localhost:8123", "https://live.example.org"),
    ],
)
def test_phones_are_given_what_they_can_reach(
    raw: sqlite3.Connection, host: str, address: str, here: str, links: str
) -> None:
    said = told(raw, host=host, address=address)

    assert f"  On this machine   {here}\n  For phones        {links}\n" in said
    assert f"    {links}/b#" in said
    assert f"    {links}/screen/link#" in said
    assert "█" in said


@pytest.mark.parametrize(
    ("host", "address"), [("127.0.0.1", ""), ("127.0.0.9", ""), ("::1", ""), ("localhost", ""), ("0.0.0.0", "")]
)
def test_where_no_phone_can_come_there_is_no_code_but_what_to_do(
    raw: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch, host: str, address: str
) -> None:
    monkeypatch.setattr(welcome, "_network_address", lambda: "")

    said = told(raw, host=host, address=address)

    assert "Phones cannot open these links" in said
    assert "--host 0.0.0.0" in said
    assert "█" not in said
    assert "For phones   " not in said


@pytest.mark.usefixtures("network")
def test_without_people_it_says_how_to_begin_in_the_same_folder(tmp_path: Path) -> None:
    Store.open(tmp_path / "empty.sqlite").close()
    raw = sqlite3.connect(tmp_path / "empty.sqlite")

    assert told(raw).endswith('python3 scripts/hallside organiser "GIVEN FAMILY"')
    assert told(raw, data=Path("/srv/hall")).endswith('organiser "GIVEN FAMILY" --data /srv/hall')
    raw.close()
