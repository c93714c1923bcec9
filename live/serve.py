"""The parent: holds the listening socket and keeps one child serving on it.

It imports neither uvicorn nor the application, so that what kills the child cannot kill it. While the child is down
new connections wait in the socket's queue; nobody is refused.
"""

from __future__ import annotations

import errno
import os
import signal
import socket
import subprocess
import sys
import time
from collections import deque
from pathlib import Path
from types import FrameType

from live import log

BACKLOG = 4096
# A child that does not finish its goodbye within this is killed (seconds).
PATIENCE = 20
# This many deaths within so many seconds mean that starting again does not help.
DEATHS = 5
WITHIN = 30.0

ROOT = Path(__file__).resolve().parent.parent


class CannotListen(Exception):
    """The address or the port is not to be had, in words for whoever chose it."""


def serve(factory: str, sock: socket.socket, *, cap: int = 20_000, log_level: str = "INFO") -> int:
    """Serve what `module:function` makes until SIGTERM or SIGINT; returns the exit code. Call in the main thread.

    *factory* returns an ASGI application or a `live.server.Served`. *sock* is an open socket, *cap* the most
    connections at once. SIGHUP replaces the child after its goodbye.
    """
    command = [sys.executable, "-m", "live.child", factory, "--fd", str(sock.fileno())]
    return Parent([*command, "--cap", str(cap), "--log-level", log_level], sock.fileno()).run()


def open_socket(host: str, port: int) -> socket.socket:
    """A listening socket. With port 0 the system chooses. Raises CannotListen."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    both = host == "::" and socket.has_dualstack_ipv6()
    try:
        # On POSIX this sets SO_REUSEADDR: a restart need not wait for old connections to be forgotten.
        return socket.create_server((host, port), family=family, backlog=BACKLOG, dualstack_ipv6=both)
    except OSError as fault:
        raise CannotListen(_why(fault, host, port)) from None


def _why(fault: OSError, host: str, port: int) -> str:
    if fault.errno == errno.EADDRINUSE:
        return f"Port {port} is taken: another program listens there. Stop it, or choose another one with --port."
    if fault.errno == errno.EACCES:
        return f"Port {port} is kept for the system. Choose one above 1023 with --port."
    if fault.errno == errno.EADDRNOTAVAIL or (fault.errno or 0) < 0:  # Below zero: no such name.
        return f"This machine has no address {host}. Choose one that it has with --host; 0.0.0.0 is all of them."
    return f"Cannot listen on {host}, port {port}: {os.strerror(fault.errno or 0)}."


class Parent:
    """Starts the child again whenever it dies, unless it was asked to go."""

    def __init__(self, command: list[str], fd: int) -> None:
        self._command = command
        self._fd = fd
        self._child: subprocess.Popen[bytes] | None = None
        self._asked = False
        self._stopping = False
        self._deaths: deque[float] = deque(maxlen=DEATHS)

    def run(self) -> int:
        handlers = {
            signal.SIGTERM: self._stop,
            signal.SIGINT: self._stop,
            signal.SIGHUP: self._replace,
            signal.SIGALRM: self._kill,
        }
        before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
        try:
            return self._keep_serving()
        finally:
            signal.alarm(0)
            for number, handler in before.items():
                signal.signal(number, handler)

    def _keep_serving(self) -> int:
        while not self._stopping:
            self._child = child = self._start()
            if self._asked:
                self._ask()  # The signal came while there was no child to pass it on to.
            code = child.wait()
            signal.alarm(0)
            asked, self._asked = self._asked, False
            if child.stdin is not None:
                child.stdin.close()
            if asked:
                log.event("server_stopped", how=_how(code))
                continue
            self._deaths.append(time.monotonic())
            log.event("server_died", how=_how(code), words="It stopped unexpectedly and is started again.")
            if len(self._deaths) == DEATHS and self._deaths[-1] - self._deaths[0] < WITHIN:
                words = f"It stopped {DEATHS} times in {WITHIN:.0f} seconds. The lines above say why."
                log.event("server_gave_up", words=words)
                return 1
        return 0

    def _start(self) -> subprocess.Popen[bytes]:
        path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
        # Its own process group: Ctrl-C reaches only us, and we pass it on once. Its standard input ends with us.
        return subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            pass_fds=(self._fd,),
            process_group=0,
            env={**os.environ, "PYTHONPATH": path},
        )

    def _stop(self, number: int, frame: FrameType | None) -> None:
        if self._stopping and number == signal.SIGINT:
            self._kill(number, frame)  # Ctrl-C a second time: now.
            return
        self._stopping = True
        self._ask()

    def _replace(self, number: int, frame: FrameType | None) -> None:
        self._ask()

    def _ask(self) -> None:
        self._asked = True
        if self._child is not None and self._child.poll() is None:
            self._child.terminate()
            signal.alarm(PATIENCE)

    def _kill(self, number: int, frame: FrameType | None) -> None:
        if self._child is not None:
            self._child.kill()


def _how(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit code {code}"
