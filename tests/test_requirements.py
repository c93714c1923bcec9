"""The lock files can be installed from anywhere, hold no surprise, and fit pyproject.toml and each other."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
SETS = ["run", "test", "check", "ci"]
ENTRY = re.compile(r"([A-Za-z0-9._-]+)==(\S+)(?: ; [^\\]+)?((?: *\\\n +--hash=sha256:[0-9a-f]{64})+)\n")


def lock_text(name: str) -> str:
    return (ROOT / "requirements" / f"{name}.txt").read_text()


def pins(name: str) -> dict[str, str]:
    return {canonicalize_name(entry[1]): entry[2] for entry in ENTRY.finditer(lock_text(name))}


def asked_for(name: str) -> list[Requirement]:
    """What the set was resolved from: pyproject.toml and the .in file of the same name."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lines = list(project["dependencies"])
    if name in {"check", "ci"}:
        lines += project["optional-dependencies"]["scale"]
    if name != "run":
        lines += tool_lines(f"{name}.in")
    return [Requirement(line) for line in lines]


def tool_lines(file: str) -> list[str]:
    lines = []
    for line in (ROOT / "requirements" / file).read_text().splitlines():
        if line.startswith("-r "):
            lines += tool_lines(line.removeprefix("-r "))
        elif line and not line.startswith("#"):
            lines.append(line)
    return lines


@pytest.mark.parametrize("name", SETS)
def test_a_lock_file_names_no_host_and_no_option(name: str) -> None:
    text = lock_text(name)

    assert "://" not in text
    assert not re.search(r"^\s*-(?!-hash=)", text, re.MULTILINE)


@pytest.mark.parametrize("name", SETS)
def test_every_entry_of_a_lock_file_is_pinned_and_hashed(name: str) -> None:
    left = ENTRY.sub("", lock_text(name))

    assert left == ""
    assert pins(name)


@pytest.mark.parametrize("name", SETS)
def test_a_lock_file_pins_what_was_asked_for(name: str) -> None:
    pinned = pins(name)

    for requirement in asked_for(name):
        assert requirement.specifier.contains(pinned[canonicalize_name(requirement.name)]), requirement


@pytest.mark.parametrize("name", ["run", "test", "check"])
def test_all_sets_fit_into_one_environment(name: str) -> None:
    assert pins(name).items() <= pins("ci").items()


@pytest.mark.parametrize("name", ["test", "check"])
def test_tools_come_on_top_of_what_runs(name: str) -> None:
    assert pins("run").items() <= pins(name).items()
