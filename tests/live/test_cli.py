"""The command line: what it prints, what it refuses, and that it never shows a traceback."""

from __future__ import annotations

import errno
import json
import os
import re
import signal
import socket
import sqlite3
import stat
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from live import offline
from live.badges import Badges
from live.cli import main, run
from live.lock import Lock, Taken
from live.settings import ROOT, Settings
from tests import schedules

EXAMPLE = ROOT / "examples" / "ibmc-2023"


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("HALLSIDE_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def data(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """A data folder with the example in it."""
    folder = tmp_path / "data"
    assert main(["import", str(EXAMPLE), "--data", str(folder), "--merge", "1203=1114"]) == 0
    capsys.readouterr()
    return folder


def rows(data: Path, sql: str) -> list[tuple[object, ...]]:
    raw = sqlite3.connect(data / "hallside.sqlite")
    try:
        return raw.execute(sql).fetchall()
    finally:
        raw.close()


# --- from nothing


def test_the_first_organiser_is_made_once_and_gets_a_link(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["organiser", "Ada Börü", "--data", str(tmp_path / "new"), "--address", "http://conference.example"]

    assert main(asked) == 0
    first = capsys.readouterr().out
    assert main(asked) == 0
    assert capsys.readouterr().out == first
    assert re.fullmatch(r"O1\tAda Börü\torganiser\t\w{5} \w{5}\thttp://conference\.example/b#\S+\n", first)
    assert rows(tmp_path / "new", "SELECT act FROM journal") == [("organiser_made",)]


def test_the_link_of_the_first_organiser_begins_where_it_will_be_served(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = ["--host", "127.0.0.1", "--port", "8123"]

    assert main(["organiser", "Ada Börü", "--data", str(tmp_path / "new"), *place]) == 0

    told = capsys.readouterr()
    assert "\thttp://localhost:8123/b#" in told.out
    assert "Start it before you open the link" in told.err


def test_where_there_is_an_organiser_no_other_is_made(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["organiser", "Ada Börü", "--data", str(data)]) == 1

    assert "There is an organiser already: Tuğrul Işıklar (1001)." in capsys.readouterr().err


# --- import


def test_import_says_what_enters_and_what_does_not(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["import", str(EXAMPLE), "--data", str(tmp_path / "new")])

    said = capsys.readouterr().err
    assert code == 0
    assert "people.csv: 204 rows; not taken: country, note, email" in said
    assert "DECIDE  people.csv, row 204: 1203 and 1114 have the same e-mail address" in said
    assert "people: 203 new, 0 changed, 0 as they are" in said
    assert "changes written" in said
    assert "The texts of these polls are drafts" in said


def test_importing_the_same_folder_again_says_that_nothing_changed(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["import", str(EXAMPLE), "--data", str(data), "--merge", "1203=1114"]) == 0

    assert "Done: nothing had changed." in capsys.readouterr().err


def test_a_dry_run_makes_no_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["import", str(EXAMPLE), "--data", str(tmp_path / "new"), "--dry-run"]) == 0

    assert not (tmp_path / "new").exists()
    assert "people: 203 new" in capsys.readouterr().err


def test_a_folder_with_a_problem_imports_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "lists"
    folder.mkdir()
    (folder / "people.csv").write_text("number,given_name,family_name,role\n1,A,B,king\n2,A,B,participant\n")

    assert main(["import", str(folder), "--data", str(tmp_path / "new")]) == 1

    said = capsys.readouterr().err
    assert "PROBLEM people.csv, row 2: role must be one of" in said
    assert "Nothing was imported" in said
    assert " new, " not in said
    assert not (tmp_path / "new").exists()


def test_what_decisions_say_may_be_said_on_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "lists"
    folder.mkdir()
    (folder / "event.json").write_bytes((EXAMPLE / "event.json").read_bytes())
    (folder / "people.csv").write_text(
        "Nummer,Vorname,Nachname,Rolle,Old role\n7,Zoë,Núñez,attendee,x\n", encoding="cp1252"
    )
    asked = ["import", str(folder), "--data", str(tmp_path / "new")]
    named = ["Nummer=number", "Vorname=given_name", "Nachname=family_name", "Rolle=role", "Old role="]

    assert main(asked) == 1
    assert "is not UTF-8, and its letters do not tell" in capsys.readouterr().err
    more = [word for each in named for word in ("--column", f"people:{each}")]
    assert main([*asked, "--encoding", "People=Windows-1252", *more]) == 0

    said = capsys.readouterr().err
    assert "people.csv: 1 rows; Nummer is number, Vorname is given_name" in said
    assert "not taken: Old role" in said
    assert rows(tmp_path / "new", "SELECT given_name, role FROM person") == [("Zoë", "participant")]


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("--encoding", "people", "--encoding wants a list and its encoding such as people=windows-1254, not 'people'."),
        ("--encoding", "polls=utf-8", "Lists are halls, delegations, programme, people; encodings are utf-8, utf-16"),
        ("--encoding", "people=latin", "encodings are utf-8, utf-16"),
        ("--column", "Nummer=number", "--column wants a list, a header and our column such as people:Nummer=number"),
        ("--column", "badges:Nummer=number", "Lists are halls, delegations, programme, people."),
        ("--column", "people:=number", "not 'people:=number'."),
    ],
)
def test_an_option_that_says_nothing_is_refused_in_words(
    option: str, value: str, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["import", str(EXAMPLE), "--data", str(tmp_path / "new"), option, value]) == 2

    assert words in capsys.readouterr().err
    assert not (tmp_path / "new").exists()


def test_a_schedule_is_imported_in_place_of_a_list(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    for name in ("event.json", "halls.csv"):
        (folder / name).write_bytes((EXAMPLE / name).read_bytes())
    (folder / "schedule.xml").write_bytes(schedules.as_xml())

    assert main(["import", str(folder), "--data", str(tmp_path / "data")]) == 0

    said = capsys.readouterr().err
    assert "schedule.xml: 20 rows; not taken: subtitle, persons, recording, links, attachments" in said
    assert "sessions: 20 new, 0 changed, 0 as they are" in said
    assert rows(tmp_path / "data", "SELECT count(*) FROM session") == [(20,)]


def test_a_dry_run_says_what_was_read_as_what(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    for name in ("event.json", "delegations.csv", "people.xlsx"):
        (folder / name).write_bytes((EXAMPLE / name).read_bytes())

    assert main(["import", str(folder), "--dry-run", "--data", str(tmp_path / "data")]) == 0

    said = capsys.readouterr().err
    assert "people.xlsx: 204 rows; No. is number, Title is title, Given name is given_name, " in said
    assert "; not taken: Country, Note, registered on, E-mail" in said
    assert "people.xlsx, row 2: the header stands here" in said
    assert "people: 203 new, 0 changed, 0 as they are" in said
    assert "DECIDE  people.xlsx, row 205: 1203 and 1114 have the same e-mail address" in said


def test_a_folder_without_its_event_is_told_what_to_write(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "halls.csv").write_text("key,name_en\nbig,Big hall\n")

    assert main(["import", str(tmp_path), "--data", str(tmp_path / "new")]) == 1
    said = capsys.readouterr().err
    assert "PROBLEM event.json: is missing" in said
    (tmp_path / "event.json").write_text(said.partition("with yours: ")[2].splitlines()[0])
    assert main(["import", str(tmp_path), "--data", str(tmp_path / "new"), "--dry-run"]) == 0

    said = capsys.readouterr().err
    assert "event: Border Days, times in Europe/Istanbul, new or changed" in said
    assert "This was a dry run: nothing was written." in said


def test_the_texts_are_approved_in_the_name_given(data: Path) -> None:
    assert main(["import", str(EXAMPLE), "--data", str(data), "--merge", "1203=1114", "--approved-by", "1001"]) == 0

    assert rows(data, "SELECT DISTINCT number FROM text JOIN person ON person.id = approved_by") == [("1001",)]


@pytest.mark.parametrize("number", ["9999", "1007"])
def test_texts_are_approved_only_in_the_name_of_an_organiser(
    data: Path, capsys: pytest.CaptureFixture[str], number: str
) -> None:
    code = main(["import", str(EXAMPLE), "--data", str(data), "--merge", "1203=1114", "--approved-by", number])

    assert code == 2
    assert f"--approved-by wants the badge number of an organiser; {number} is none." in capsys.readouterr().err
    assert rows(data, "SELECT DISTINCT approved_by FROM text") == [(None,)]


# --- badges


def test_the_printed_code_and_link_are_those_of_the_badge(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["badges", "--data", str(data), "--role", "organiser", "--address", "https://live.example.org"]) == 0

    [(person, number)] = rows(data, "SELECT id, number FROM person WHERE number = '1001'")
    badges = Badges.open(data)
    lines = capsys.readouterr().out.splitlines()
    found = next(line.split("\t") for line in lines if line.startswith(str(number)))
    assert len(lines) == 4
    assert found[3].replace(" ", "") == badges.code(int(str(person)), 1)
    assert found[4] == "https://live.example.org/b#" + badges.link_secret(int(str(person)), 1)


def test_links_begin_with_the_address_that_is_served(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lock = Lock(data / "lock", "Hallside is starting")
    lock.say("Hallside serves it at http://localhost:8123", "http://198.51.100.7:8123")
    try:
        assert main(["badges", "--data", str(data), "--role", "organiser"]) == 0
        assert main(["badges", "--data", str(data), "--screens", "--address", "https://live.example.org"]) == 0
    finally:
        lock.release()

    told = capsys.readouterr()
    links = [line.rpartition("\t")[2].partition("#")[0] for line in told.out.splitlines()]
    assert links == ["http://198.51.100.7:8123/b"] * 4 + ["https://live.example.org/screen/link"] * 4
    assert told.err == ""


def test_links_that_nobody_serves_are_printed_with_what_to_set(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (data / "lock").write_text("Hallside serves it at http://localhost:1 (process 1)\nhttp://localhost:1\n")

    assert main(["badges", "--data", str(data), "--role", "organiser"]) == 0

    told = capsys.readouterr()
    assert "localhost:1/" not in told.out
    assert f"Nothing serves {data} now" in told.err
    assert "--address http://ADDRESS:PORT" in told.err


def test_a_revoked_badge_is_not_printed_and_a_new_one_is(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["badges", "--data", str(data), "--revoke", "1005"]) == 0
    assert main(["badges", "--data", str(data), "--json"]) == 0
    before = json.loads(capsys.readouterr().out)
    assert main(["badges", "--data", str(data), "--reissue", "1005", "--json"]) == 0
    [after] = json.loads(capsys.readouterr().out)

    assert "1005" not in {each["number"] for each in before}
    assert len(before) == 201
    assert after["number"] == "1005"
    assert Badges.open(data).find_link(after["link"].split("#")[1]) == (after["person"], 2)
    assert [row[0] for row in rows(data, "SELECT act FROM journal")][-2:] == ["badge_revoked", "badge_reissued"]


def test_badges_and_the_desks_list_are_drawn_while_the_server_runs(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = tmp_path / "badges.pdf", tmp_path / "list.pdf"
    lock = Lock(data / "lock", "Hallside is starting")
    lock.say("Hallside serves it at http://localhost:8123", "http://198.51.100.7:8123")
    before = (data / "hallside.sqlite").read_bytes()
    told = ["badges", "--data", str(data), "--role", "moderator", "--labels", "90x54"]
    try:
        assert main([*told, "--pdf", str(files[0]), "--desk-list", str(files[1])]) == 0
        capsys.readouterr()
        assert main(["badges", "--data", str(data), "--pdf", str(tmp_path / "s.pdf"), "--spares", "2"]) == 1
    finally:
        lock.release()

    assert [file.read_bytes()[:5] for file in files] == [b"%PDF-"] * 2
    assert stat.S_IMODE(files[0].stat().st_mode) == 0o600
    assert (data / "hallside.sqlite").read_bytes() == before
    assert "Hallside serves it at http://localhost:8123" in capsys.readouterr().err
    assert not (tmp_path / "s.pdf").exists()


def test_drawing_tells_what_it_could_not_draw_and_prints_no_code(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    address = ["--address", "https://vote.conference.example"]
    assert main(["badges", "--data", str(data), "--pdf", str(tmp_path / "b.pdf"), "--role", "chair", *address]) == 0
    assert main(["badges", "--data", str(data), "--pdf", str(tmp_path / "b.pdf"), "--labels", "id-card", *address]) == 0

    told = capsys.readouterr()
    assert told.out == ""
    assert "202 badges, print on both sides, turned over the long edge, at 100 %" in told.err
    assert "8 names in their own script cannot be printed: " in told.err
    assert "#" not in told.err


def test_spare_badges_are_made_once_and_drawn_again(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = ["badges", "--data", str(data), "--pdf", str(tmp_path / "s.pdf"), "--address", "https://vote.example.org"]

    for count in ("3", "2", "4"):
        assert main([*told, "--spares", count]) == 0

    assert [n for (n,) in rows(data, "SELECT id FROM spare")] == [1, 2, 3, 4]
    assert [row[0] for row in rows(data, "SELECT act FROM journal")].count("spares_made") == 2
    assert [line.split()[1] for line in capsys.readouterr().err.splitlines()] == ["3", "2", "4"]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (["--pdf", "b.pdf", "--labels", "a7"], "Papers are a6, a6-fold"),
        (["--spares", "3"], "--spares needs --pdf"),
        (["--pdf", "b.pdf", "--json"], "go with --role, --reissue and --spares"),
        (["--pdf", "/nowhere/b.pdf", "--role", "chair", "--address", "https://x.example.org"], "Cannot use /nowhere"),
    ],
)
def test_what_cannot_be_drawn_is_said(
    data: Path, capsys: pytest.CaptureFixture[str], asked: list[str], said: str
) -> None:
    assert main(["badges", "--data", str(data), *asked]) in (1, 2)

    assert said in capsys.readouterr().err


def test_the_links_of_hall_screens_are_printed(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["badges", "--data", str(data), "--screens", "--json"]) == 0

    found = json.loads(capsys.readouterr().out)
    assert [each["hall"] for each in found] == ["Hall A", "Hall B", "Hall C", "Foyer"]
    assert Badges.open(data).find_screen_link(found[0]["link"].split("#")[1]) == (found[0]["screen"], 1)


def test_ten_thousand_invented_people_take_under_five_seconds(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    began = time.process_time()

    assert main(["badges", "--data", str(data), "--count", "10000", "--session", "d1-opening", "--json"]) == 0

    assert time.process_time() - began < 5
    found = json.loads(capsys.readouterr().out)
    assert len({each["code"] for each in found}) == len({each["number"] for each in found}) == 10_000
    assert rows(data, "SELECT count(*) FROM presence") == [(10_000,)]


def test_invented_people_come_on_top_of_earlier_ones(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["badges", "--data", str(data), "--count", "2", "--json"])
    capsys.readouterr()
    main(["badges", "--data", str(data), "--count", "3", "--role", "observer", "--json"])

    found = json.loads(capsys.readouterr().out)
    assert [(each["number"], each["role"]) for each in found] == [
        ("X00003", "observer"), ("X00004", "observer"), ("X00005", "observer"),
    ]  # fmt: skip


# --- refusals


@pytest.mark.parametrize(
    ("argv", "code", "words"),
    [
        (["import", "/nowhere"], 2, "There is no folder /nowhere."),
        (["import"], 2, "Missing argument"),
        (["badges", "--role", "king"], 2, "There is no role 'king'. Roles are participant, "),
        (["badges", "--count", "-1"], 2, "Invalid value for '--count'"),
        (["badges", "--merge", "x"], 2, "No such option: --merge"),
        (["import", ".", "--merge", "1203"], 2, "--merge wants two badge numbers such as 1203=1114"),
        (["fly"], 2, "No such command 'fly'"),
        (["serve", "--port", "99999"], 2, "port must be between 0 and 65535"),
        (["serve", "--config", "/nowhere.toml"], 2, "There is no settings file /nowhere.toml."),
        (["badges"], 2, "There is no conference in "),
    ],
)
def test_a_wrong_command_is_answered_in_words(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    argv: list[str],
    code: int,
    words: str,
) -> None:
    monkeypatch.setenv("HALLSIDE_DATA", str(tmp_path / "none"))

    assert main(argv) == code

    said = capsys.readouterr().err
    assert words in said
    assert "Traceback" not in said
    assert not (tmp_path / "none").exists()


def test_a_number_or_session_that_is_not_there_is_refused(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["badges", "--data", str(data), "--revoke", "9999"]) == 1
    assert main(["badges", "--data", str(data), "--count", "1", "--session", "none"]) == 1

    said = capsys.readouterr().err
    assert "Nobody with this number" in said
    assert "There is no such session." in said


def test_a_folder_that_cannot_be_used_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("")

    for command in (lambda argv: run([*argv, "--port", "0"]), lambda argv: main(["badges", "--count", "1", *argv])):
        for path, why in (("file", "file is a file, not a folder"), ("file/data", "there is a file where a folder")):
            assert command(["--data", str(tmp_path / path)]) == 1
            said = capsys.readouterr().err
            assert said.startswith(f"Cannot use {tmp_path / path}: ")
            assert why in said
            assert "--data DIR" in said
            assert "Errno" not in said


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (PermissionError(errno.EACCES, "Permission denied", "/x/y"), "there is no permission to write /x/y"),
        (OSError(errno.EROFS, "Read-only file system", "/x/y"), "its disk is read-only"),
        (OSError(errno.ENOSPC, "No space left on device"), "its disk is full"),
        (OSError(errno.EIO, "Input/output error"), "Input/output error"),
    ],
)
def test_every_fault_of_the_data_folder_has_words(tmp_path: Path, error: OSError, why: str) -> None:
    words = f"^Cannot use {tmp_path}: {why}. Another folder"

    with pytest.raises(offline.Unusable, match=words), offline.in_words(Settings(data=tmp_path)):
        raise error


def test_a_folder_to_read_only_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(0o500)
    if os.access(closed, os.W_OK):
        pytest.skip("whoever runs this may write everywhere")

    for path, refused in ((closed, closed / "lock"), (closed / "new", closed / "new")):
        assert run(["--data", str(path), "--port", "0"]) == 1
        assert f"Cannot use {path}: there is no permission to write {refused}." in capsys.readouterr().err


def test_a_list_named_instead_of_its_folder_is_said(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["import", str(EXAMPLE / "people.csv"), "--data", str(data)]) == 2

    assert "people.csv is a file. Name the folder that it lies in" in capsys.readouterr().err


@pytest.mark.parametrize("other", ["9999", "0001"])
def test_a_database_from_another_version_is_said(data: Path, capsys: pytest.CaptureFixture[str], other: str) -> None:
    with sqlite3.connect(data / "hallside.sqlite") as raw:
        raw.execute("UPDATE alembic_version SET version_num = ?", (other,))
    raw.close()

    assert run(["--data", str(data), "--port", "0"]) == 1

    said = capsys.readouterr().err
    assert f"was made by another version of Hallside ({other}) and cannot be carried over" in said
    assert f"Start with another data folder (--data), or delete {data} if nothing in it is needed." in said


def test_a_taken_port_is_said_before_anything_is_loaded(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        assert run(["--data", str(tmp_path / "new"), "--host", "127.0.0.1", "--port", str(port)]) == 1

    assert capsys.readouterr().err.startswith(f"Port {port} is taken")
    assert not (tmp_path / "new" / "hallside.sqlite").exists()
    assert not [name for name in os.environ if name.startswith("HALLSIDE_")]


def test_a_missing_key_beside_a_database_is_said(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (data / "key").unlink()

    assert main(["badges", "--data", str(data), "--count", "1"]) == 0

    assert "Badges printed before no longer work." in capsys.readouterr().err


def test_a_file_that_is_no_key_or_no_database_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "key").write_text("short")
    (tmp_path / "hallside.sqlite").write_text("No database at all. " * 100)

    assert run(["--data", str(tmp_path), "--port", "0"]) == 1
    assert "is not a badge key" in capsys.readouterr().err
    (tmp_path / "key").unlink()
    assert run(["--data", str(tmp_path), "--port", "0"]) == 1
    assert "is not a database" in capsys.readouterr().err
    assert main(["badges", "--data", str(tmp_path)]) == 1
    assert "The database cannot be used: file is not a database." in capsys.readouterr().err


def test_only_one_process_writes(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    held = Lock(data / "lock", "Hallside serves it at http://localhost:8000")
    try:
        assert main(["import", str(EXAMPLE), "--data", str(data)]) == 1
        assert main(["badges", "--data", str(data), "--revoke", "1005"]) == 1
        assert main(["badges", "--data", str(data), "--role", "organiser"]) == 0
        assert main(["import", str(EXAMPLE), "--data", str(data), "--dry-run"]) == 0
        with pytest.raises(Taken, match=f"process {os.getpid()}"):
            Lock(data / "lock", "another")
    finally:
        held.release()

    said = capsys.readouterr().err
    assert "is in use: Hallside serves it at http://localhost:8000" in said
    assert "Stop that one first, or do it on its pages." in said


# --- running


@pytest.fixture
def running(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    code = "import sys; from live.cli import run; sys.exit(run(sys.argv[1:]))"
    options = ["--data", str(tmp_path / "var"), "--host", "127.0.0.1", "--port", "0"]
    process = subprocess.Popen(
        [sys.executable, "-c", code, *options], cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
    )  # fmt: skip
    try:
        yield process, tmp_path / "var"
    finally:
        process.terminate()
        process.communicate(timeout=20)


def test_run_makes_everything_prints_links_and_serves(
    running: tuple[subprocess.Popen[str], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    process, data = running
    printed = ""
    assert process.stdout is not None
    while "Phones cannot open" not in printed and (line := process.stdout.readline()):
        printed += line
    found = re.search(r"http://localhost:(\d+)", printed)
    assert found, printed

    status = _ask(f"http://localhost:{found[1]}/")

    assert status == 200
    for role in ("participant", "moderator", "organiser", "registration", "av", "teller", "interpreter", "rapporteur"):
        assert re.search(rf"^  {role} +\S.*\n    http://localhost:\d+/b#\d+-1-", printed, re.M), role
    for hall in ("Hall A", "Hall B", "Hall C", "Foyer"):
        assert re.search(rf"^  {hall}, Main screen\n    http://localhost:\d+/screen/link#\d+-1-", printed, re.M), hall
    assert "For phones" not in printed.replace("For phones, join", "")
    assert re.search(r"^  moderator +\S.*, now in Hall A, code ", printed, re.M)
    assert main(["badges", "--data", str(data), "--role", "organiser"]) == 0
    assert f"\thttp://localhost:{found[1]}/b#" in capsys.readouterr().out
    assert (data / "key").stat().st_mode & 0o777 == 0o600
    assert data.stat().st_mode & 0o777 == 0o700
    assert main(["badges", "--data", str(data), "--revoke", "1005"]) == 1

    process.send_signal(signal.SIGINT)

    assert process.wait(timeout=20) == 0
    assert process.stderr is not None
    assert process.stderr.read().endswith(f"Stopped. Everything recorded is saved in {data}.\n")
    assert main(["badges", "--data", str(data), "--revoke", "1005"]) == 0


def _ask(url: str) -> int:
    for _ in range(100):
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            error.close()
            return error.code
        except OSError:
            time.sleep(0.1)
    return 0
