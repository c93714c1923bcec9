"""What the operating system knows of the server: CPU time, memory, and the process itself."""

from __future__ import annotations

import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from types import TracebackType

ROOT = Path(__file__).resolve().parents[2]
BACKLOG = 4096


def cpu_of(pid: int) -> float:
    """Seconds of CPU a process has used, user and system, all its threads. Linux: to the nanosecond."""
    try:
        # clock_getcpuclockid(3): the clock of another process is its inverted id and two bits for the kind.
        return time.clock_gettime((~pid << 3) | 2)
    except OSError:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident(pid: int) -> int:
    """Bytes of memory a process holds."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def disk_sync(folder: Path) -> float:
    """Median seconds of one write and fsync there: what a group commit waits for."""
    took = []
    with tempfile.TemporaryFile(dir=folder) as file:
        for _ in range(30):
            started = time.perf_counter()
            file.write(b"x" * 4096)
            file.flush()
            os.fsync(file.fileno())
            took.append(time.perf_counter() - started)
    return statistics.median(took)


class Server:
    """A process that serves `module:function` on loopback: ours by `live.child`, a bare one by `tests.load.bare`."""

    def __init__(self, module: str, factory: str, environment: dict[str, str], log: Path, address: str) -> None:
        sock = socket.create_server((address, 0), backlog=BACKLOG)
        self.address: str = address
        self.port: int = sock.getsockname()[1]
        self.log = log
        with log.open("wb") as err:
            self._process = subprocess.Popen(
                [sys.executable, "-m", module, factory, "--fd", str(sock.fileno()), "--log-level", "WARNING"],
                cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT), **environ(environment)}, stdin=subprocess.PIPE,
                stdout=err, stderr=err, pass_fds=(sock.fileno(),),
            )  # fmt: skip
        sock.close()
        self.pid = self._process.pid
        self._wait()

    def __enter__(self) -> Server:
        return self

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None) -> None:
        self._process.terminate()
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        assert self._process.stdin is not None
        self._process.stdin.close()

    @property
    def url(self) -> str:
        return f"http://{self.address}:{self.port}"

    @property
    def cpu(self) -> float:
        return cpu_of(self.pid)

    @property
    def memory(self) -> int:
        return resident(self.pid)

    def complaints(self) -> list[str]:
        """What the server logged at WARNING and above."""
        return self.log.read_text(errors="replace").splitlines()

    def _wait(self) -> None:
        until = time.monotonic() + 30
        while time.monotonic() < until:
            if self._process.poll() is not None:
                break
            try:
                with urllib.request.urlopen(f"{self.url}/readyz", timeout=5) as answer:
                    if answer.status == 200:
                        return
            except OSError:
                time.sleep(0.05)
        raise RuntimeError(f"the server did not start: {self.log.read_text(errors='replace')[-2000:]}")


def environ(settings: dict[str, str]) -> dict[str, str]:
    """Settings as variables, for instance {"data": "/tmp/x"}."""
    return {f"HALLSIDE_{name.upper()}": value for name, value in settings.items()}
