"""What can be set, where, and what is said when it cannot be used."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from live import settings
from live.settings import ROOT, Settings, Wrong, load


def test_without_a_file_and_environment_everything_has_a_default(tmp_path: Path) -> None:
    assert load(environ={"HALLSIDE_DATA": str(tmp_path)}) == Settings(data=tmp_path)


def test_the_command_line_wins_over_the_environment_and_that_over_the_file(tmp_path: Path) -> None:
    (tmp_path / "hallside.toml").write_text('port = 1\nhost = "10.0.0.1"\ngrace = 3\nhosts = ["a.example"]\n')

    found = load(environ={"HALLSIDE_DATA": str(tmp_path), "HALLSIDE_PORT": "2", "HALLSIDE_GRACE": "2.5"}, port=3)

    assert (found.port, found.host, found.grace, found.hosts) == (3, "10.0.0.1", 2.5, ("a.example",))


def test_settings_survive_the_way_to_another_process(tmp_path: Path) -> None:
    made = Settings(data=tmp_path, port=8123, hosts=("a.example", "b.example"), grace=0.5)

    assert load(environ=made.environment()) == made


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("prot = 80", "there is no setting 'prot'"),
        ("port = 'x'", "port must be a whole number"),
        ("port = 99999", "port must be between 0 and 65535"),
        ("port = ", "is not TOML"),
        ("log_level = 'LOUD'", "log_level must be one of"),
        ("address = 'live.example.org/path'", "address must be like"),
        ("proxies = ['somewhere']", "proxies must be addresses"),
        ("hosts = 3", "hosts must be a list of names"),
        ("grace = true", "grace must be a number"),
    ],
)
def test_a_wrong_setting_is_refused_in_words(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "hallside.toml").write_text(text)

    with pytest.raises(Wrong, match=words):
        load(environ={"HALLSIDE_DATA": str(tmp_path)})


def test_a_named_file_that_is_missing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Wrong, match="There is no settings file"):
        load(tmp_path / "none.toml", environ={})


def test_the_page_of_settings_holds_exactly_the_table() -> None:
    page = (ROOT / "docs" / "settings.md").read_text("utf-8")

    assert settings.table() in page
    assert page.count("| `HALLSIDE_") == len(fields(Settings))
