"""What somebody reads whose machine is not ready: old Python, no pip, no network, a folder that cannot be written."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def setup(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """`scripts/_setup.py`, working in a folder of its own."""
    spec = spec_from_file_location("hallside_setup", ROOT / "scripts/_setup.py")
    assert spec is not None
    assert spec.loader is not None
    made: Any = module_from_spec(spec)
    spec.loader.exec_module(made)
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements/run.txt").write_text("nothing==1.0 --hash=sha256:" + "0" * 64 + "\n")
    venv = tmp_path / ".venv"
    for name, value in {
        "ROOT": tmp_path, "VENV": venv, "PYTHON": venv / "bin/python",
        "LOG": venv / "hallside-pip.log", "UNFINISHED": venv / "hallside-unfinished",
    }.items():  # fmt: skip
        monkeypatch.setattr(made, name, str(value))
    # .venv has no pip of its own: the commands are started by the Python it was made with.
    monkeypatch.setattr(sys, "executable", getattr(sys, "_base_executable", sys.executable))
    return made  # type: ignore[no-any-return]


def test_an_old_python_is_told_which_one_is_needed(
    setup: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 9, 2))

    with pytest.raises(SystemExit):
        setup.enter("run")

    assert "Hallside needs Python 3.11 or newer, and this is Python 3.9." in capsys.readouterr().err


@pytest.mark.parametrize("name", ["run", "test"])
def test_the_two_commands_and_what_they_need_parse_on_an_old_python(name: str) -> None:
    """An old Python must come as far as the words: nothing newer than 3.6 in what it reads first."""
    for path in (ROOT / "scripts/_setup.py", ROOT / "scripts" / name):
        compile(path.read_text(), str(path), "exec", dont_inherit=True)
        for newer in ("match ", ":=", "from __future__ import annotations"):
            assert newer not in path.read_text().replace("re.match ", ""), (path.name, newer)


def test_without_a_network_the_words_ask_for_one_and_the_next_try_starts_afresh(
    setup: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "1")
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)

    with pytest.raises(SystemExit):
        setup.enter("run")

    assert "Is there a network, or a proxy to be named?" in capsys.readouterr().err
    assert not Path(setup.UNFINISHED).exists()
    assert not setup._is_installed("run", False)


def test_a_python_without_pip_is_told_how_to_get_it(
    setup: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = subprocess.CompletedProcess([], 1, stdout="", stderr="No module named pip")
    monkeypatch.setattr(setup.subprocess, "run", lambda *args, **options: answer)

    with pytest.raises(SystemExit):
        setup.enter("run")

    assert "sudo apt install python3-pip" in capsys.readouterr().err


def test_a_folder_that_cannot_be_written_is_named(
    setup: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuses(path: str, *args: object, **options: object) -> object:
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(setup, "_lock", lambda: refuses("lock"))

    with pytest.raises(SystemExit):
        setup.enter("run")

    assert f"Cannot write to {setup.ROOT}" in capsys.readouterr().err
