"""The doctor: each thing that can be wrong is made wrong, and is said with what to do."""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest

from live import doctor, machine
from live.cli import main
from live.doctor import GOOD, LOOK, WRONG, Finding, body, kept, reach
from live.lock import Lock
from live.settings import ROOT, Settings
from models.migrations import migrate

NOW = 1_800_000_000.0


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("HALLSIDE_")]:
        monkeypatch.delenv(name)


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    file = tmp_path_factory.mktemp("migrated") / "x.sqlite"
    migrate(file)
    return file.read_bytes()


@pytest.fixture
def data(tmp_path: Path, migrated: bytes) -> Path:
    """A data folder in order."""
    folder = tmp_path / "data"
    folder.mkdir(0o700)
    (folder / "hallside.sqlite").write_bytes(migrated)
    (folder / "key").write_bytes(bytes(32))
    (folder / "key").chmod(0o600)
    return folder


def of(findings: Iterator[Finding] | list[Finding], about: str) -> Finding:
    [found] = [each for each in findings if each.about == about]
    return found


@contextmanager
def listening(port: int = 0) -> Iterator[int]:
    with socket.create_server(("127.0.0.1", port)) as other:
        yield other.getsockname()[1]


def free_port() -> int:
    with listening() as port:
        return port


def test_a_folder_in_order_is_good_and_the_code_says_so(
    data: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HALLSIDE_PORT", str(free_port()))
    monkeypatch.setattr(machine, "disk", lambda folder: machine.Disk(50_000_000_000, 90_000_000_000))
    monkeypatch.setattr(machine, "file_system", lambda folder: "ext4")

    code = main(["doctor", "--data", str(data)])

    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if line.startswith("wrong")] == []
    assert code == 0
    assert any(line.startswith("good     database: Sound") for line in lines)
    assert lines[-1].startswith("0 wrong, ")


def test_what_is_wrong_gives_code_one_and_the_same_as_json(
    data: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HALLSIDE_PORT", str(free_port()))
    data.chmod(0o755)

    code = main(["doctor", "--data", str(data), "--json"])

    told = json.loads(capsys.readouterr().out)
    assert code == 1
    assert {"about": "data folder", "state": "wrong", "do": f"chmod 700 {data}"}.items() <= next(
        each for each in told if each["about"] == "data folder"
    ).items()


def test_it_changes_nothing(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = {path.name: path.read_bytes() for path in data.iterdir()}

    list(doctor.examine(Settings(data=data, port=free_port()), now=NOW))
    list(doctor.examine(Settings(data=data / "none", port=free_port()), now=NOW))

    after = {path.name: path.read_bytes() for path in data.iterdir() if not path.name.endswith(("-wal", "-shm"))}
    assert after == before


# --- versions


def test_an_old_sqlite_is_told_with_what_it_means(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 51, 2))
    old = of(list(body.versions()), "sqlite")
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 51, 3))

    assert old.state == LOOK
    assert "nothing else opens hallside.sqlite for writing" in old.do
    assert of(list(body.versions()), "sqlite").state == GOOD


def test_packages_that_are_not_those_of_the_lock_are_named(tmp_path: Path) -> None:
    lock = tmp_path / "run.txt"
    lock.write_text(
        "jinja2==0.1 \\\n    --hash=sha256:00\nnone-such==1.0 \\\n    --hash=sha256:00\n"
        "elsewhere==1.0 ; sys_platform == 'win32' \\\n    --hash=sha256:00\n"
    )

    found = body.packages(lock)

    assert found.state == WRONG
    assert "jinja2 is " in found.words
    assert "none-such is missing" in found.words
    assert "elsewhere" not in found.words
    assert body.packages(ROOT / "requirements" / "run.txt").state == GOOD


# --- what is kept


@pytest.mark.parametrize(("free", "state"), [(100_000_000, WRONG), (1_000_000_000, LOOK), (9_000_000_000, GOOD)])
def test_a_disk_that_is_nearly_full(data: Path, monkeypatch: pytest.MonkeyPatch, free: int, state: str) -> None:
    monkeypatch.setattr(machine, "disk", lambda folder: machine.Disk(free, 90_000_000_000))

    assert of(kept.folder(Settings(data=data)), "disk").state == state


@pytest.mark.parametrize(("kind", "state"), [("nfs4", WRONG), ("cifs", WRONG), ("tmpfs", LOOK), ("ext4", GOOD)])
def test_the_file_system_is_the_one_the_folder_lies_on(data: Path, tmp_path: Path, kind: str, state: str) -> None:
    mounts = tmp_path / "mounts"
    place = str(tmp_path).replace(" ", "\\040")
    mounts.write_text(f"/dev/a / ext3 rw 0 0\nhost:/x {place} {kind} rw 0 0\n/dev/b {place}/other xfs rw 0 0\n")

    assert machine.file_system(data, mounts) == kind
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(machine, "file_system", lambda folder: kind)
        assert of(kept.folder(Settings(data=data)), "file system").state == state


def test_a_damaged_database_is_wrong(data: Path) -> None:
    whole = bytearray((data / "hallside.sqlite").read_bytes())
    whole[4096 * 2 : 4096 * 3] = bytes(range(256)) * 16
    (data / "hallside.sqlite").write_bytes(whole)

    found = of(kept.database(Settings(data=data)), "database")

    assert found.state == WRONG
    assert "restore the last backup" in found.do
    (data / "hallside.sqlite").write_bytes(b"something else" * 500)
    assert of(kept.database(Settings(data=data)), "database").state == WRONG


@pytest.mark.parametrize(("revision", "state"), [("0002", LOOK), ("0001", WRONG), ("0099", WRONG)])
def test_an_older_revision_is_brought_up_and_another_is_wrong(data: Path, revision: str, state: str) -> None:
    with closing(sqlite3.connect(data / "hallside.sqlite")) as raw, raw:
        raw.execute("UPDATE alembic_version SET version_num = ?", (revision,))

    assert of(kept.database(Settings(data=data)), "revision").state == state


def test_a_log_that_does_not_empty_is_told(data: Path) -> None:
    with (data / "hallside.sqlite-wal").open("wb") as log:
        log.truncate(65_000_000)

    assert of(kept.database(Settings(data=data)), "log").state == LOOK


def test_a_key_that_is_missing_short_or_open_is_wrong(data: Path) -> None:
    key, settings = data / "key", Settings(data=data)
    states = [of(kept.key(settings), "badge key").state]
    key.chmod(0o644)
    states.append(of(kept.key(settings), "badge key").state)
    key.write_bytes(b"short")
    states.append(of(kept.key(settings), "badge key").state)
    key.unlink()
    states.append(of(kept.key(settings), "badge key").state)

    assert states == [GOOD, WRONG, WRONG, WRONG]


def test_the_age_of_the_last_backup(data: Path, tmp_path: Path) -> None:
    settings, file = Settings(data=data), tmp_path / "x.zip"
    none = of(kept.backup(settings, NOW), "backup")
    machine.note_backup(data, file, 9, NOW - 3 * 86_400)
    old = of(kept.backup(settings, NOW), "backup")
    machine.note_backup(data, file, 9, NOW - 7200)
    moved = of(kept.backup(settings, NOW), "backup")
    file.touch()

    assert (none.state, old.state, moved.state) == (LOOK, LOOK, GOOD)
    assert "3 days old" in old.words
    assert "was moved" in moved.words
    assert of(kept.backup(settings, NOW), "backup").words == f"The last one is 2 hours old: {file}."


# --- the machine


def test_a_clock_behind_its_own_files_is_wrong(data: Path) -> None:
    settings = Settings(data=data)
    told = (data / "hallside.sqlite").stat().st_mtime

    assert of(body.clock(settings, told + 5), "clock").state in (GOOD, LOOK)
    assert of(body.clock(settings, told - 3600), "clock").state == WRONG
    assert of(body.clock(settings, 1_000_000_000.0), "clock").state == WRONG


def test_a_laptop_on_its_battery_that_may_sleep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert list(body.sleep(tmp_path)) == []
    for name, kind in (("BAT0", "Battery"), ("AC", "Mains")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "type").write_text(f"{kind}\n")
    (tmp_path / "AC" / "online").write_text("0\n")
    monkeypatch.setattr(body, "_told", lambda *command: "static\nstatic")
    found = list(body.sleep(tmp_path))
    monkeypatch.setattr(body, "_told", lambda *command: "masked\nmasked")
    (tmp_path / "AC" / "online").write_text("1\n")

    assert [(each.about, each.state) for each in found] == [("power", LOOK), ("sleep", LOOK)]
    assert [(each.about, each.state) for each in body.sleep(tmp_path)] == [("sleep", GOOD)]


def test_so_few_open_files_are_told_as_phones(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body.resource, "getrlimit", lambda which: (1024, 1024))

    found = of(body.files(Settings(data=data)), "connections")

    assert (found.state, found.words) == (LOOK, "This user may open 1024 files: 824 phones at once.")
    assert of(body.files(Settings(data=data, connections=500)), "connections").state == GOOD


# --- how phones reach it


def test_a_port_that_is_free_taken_or_ours(data: Path) -> None:
    with listening() as port:
        taken = of(reach.port(Settings(data=data, host="127.0.0.1", port=port)), "port")
    free = of(reach.port(Settings(data=data, host="127.0.0.1", port=free_port())), "port")
    lock = Lock(data / "lock", "Hallside is starting")
    lock.say("Hallside serves it", "http://192.0.2.1:8000")
    try:
        dead = of(reach.port(Settings(data=data, host="127.0.0.1", port=free_port())), "port")
    finally:
        lock.release()

    assert [each.state for each in (taken, free, dead)] == [WRONG, GOOD, WRONG]
    assert "does not answer" in dead.words


def test_a_server_that_runs_tells_its_own_port_host_and_address(data: Path) -> None:
    lock = Lock(data / "lock", "Hallside is starting")
    lock.say("Hallside serves it", "http://conference.example", "127.0.0.1", 8123)
    try:
        told = reach.as_served(Settings(data=data))
    finally:
        lock.release()

    assert (told.host, told.port, told.address) == ("127.0.0.1", 8123, "http://conference.example")
    assert reach.as_served(Settings(data=data)) == Settings(data=data)


def test_an_address_that_nobody_set_is_not_taken_for_one(data: Path) -> None:
    lock = Lock(data / "lock", "Hallside is starting")
    lock.say("Hallside serves it", "http://localhost:8123", "127.0.0.1", 8123)
    try:
        told = reach.as_served(Settings(data=data))
    finally:
        lock.release()

    assert told.address == ""
    assert "listens to this machine only" in of(reach.addresses(told), "network").words
    assert (
        "begin with http://localhost:8123, which leads to this machine only"
        in of(reach.addresses(told), "address").words
    )


@pytest.mark.parametrize(
    ("settings", "state", "words"),
    [
        ({}, LOOK, "No public address is set"),
        ({"address": "https://conference.example", "proxies": ("127.0.0.1",)}, GOOD, "https://conference.example."),
        ({"address": "http://localhost:8000"}, WRONG, "leads to this machine only"),
        ({"address": "http://127.0.0.1:8000"}, WRONG, "leads to this machine only"),
        ({"address": "http://hall.local:8000"}, LOOK, "do not find names in .local"),
        ({"address": "https://conference.example", "hosts": ("other.example",)}, WRONG, "to which it does not answer"),
        ({"address": "http://203.0.113.9:8000"}, LOOK, "is not an address of this machine"),
    ],
)
def test_the_address_on_the_badges(data: Path, settings: dict[str, object], state: str, words: str) -> None:
    found = of(reach.addresses(Settings(data=data, **settings)), "address")  # type: ignore[arg-type]

    assert found.state == state
    assert words in found.words


@pytest.mark.parametrize(
    ("settings", "state"),
    [
        ({}, GOOD),
        ({"address": "https://conference.example"}, WRONG),
        ({"proxies": ("0.0.0.0/0",)}, WRONG),
        ({"proxies": ("127.0.0.1",)}, LOOK),
        ({"proxies": ("127.0.0.1",), "host": "127.0.0.1"}, GOOD),
    ],
)
def test_who_is_believed(data: Path, settings: dict[str, object], state: str) -> None:
    assert of(reach.proxy(Settings(data=data, **settings)), "proxy").state == state  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """For localhost and ten days, trusted by whoever names it."""
    folder = tmp_path_factory.mktemp("tls")
    try:
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
             "-days", "10", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
             "-keyout", str(folder / "both.pem"), "-out", str(folder / "cert.pem")],
            check=True, capture_output=True,
        )  # fmt: skip
    except OSError:
        pytest.skip("openssl is not installed")
    with (folder / "both.pem").open("ab") as both:
        both.write((folder / "cert.pem").read_bytes())
    return folder


@pytest.fixture
def secure(certificate: Path) -> Iterator[int]:
    """A port with that certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "both.pem")
    with socket.create_server(("127.0.0.1", 0)) as server:

        def accept() -> None:
            while True:
                try:
                    plain, _ = server.accept()
                except OSError:
                    return
                with plain, suppress(OSError):  # the other side did not like it
                    context.wrap_socket(plain, server_side=True).close()

        threading.Thread(target=accept, daemon=True).start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)


def test_the_certificate_is_that_of_the_address_trusted_and_not_over(
    data: Path, certificate: Path, secure: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(data=data, address=f"https://localhost:{secure}")
    unknown = of(reach.certificate(settings, time.time()), "certificate")
    real = ssl.create_default_context
    monkeypatch.setattr(ssl, "create_default_context", lambda: real(cafile=str(certificate / "cert.pem")))
    soon = of(reach.certificate(settings, time.time()), "certificate")
    last = of(reach.certificate(settings, time.time() + 9 * 86_400), "certificate")
    monkeypatch.setattr(socket, "getaddrinfo", _anywhere(socket.getaddrinfo))
    other = Settings(data=data, address=f"https://conference.example:{secure}")
    wrong_name = of(reach.certificate(other, time.time()), "certificate")
    nobody = Settings(data=data, address=f"https://localhost:{free_port()}")

    assert (unknown.state, soon.state, last.state, wrong_name.state) == (WRONG, LOOK, WRONG, WRONG)
    assert "self-signed" in unknown.words.replace("self signed", "self-signed")
    assert "for 10 days" in soon.words or "for 9 days" in soon.words
    assert "Hostname mismatch" in wrong_name.words
    assert of(reach.certificate(nobody, NOW), "certificate").state == LOOK
    assert list(reach.certificate(Settings(data=data, address="http://conference.example"), NOW)) == []


def _anywhere(real: object) -> object:
    """Every name leads to this machine."""
    return lambda host, *rest, **more: real("127.0.0.1", *rest, **more)  # type: ignore[operator]
