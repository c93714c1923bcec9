"""The platform in a process of its own with the example conference, and one hall screen in Chromium before it."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Any

from playwright.sync_api import APIRequestContext, Page, Playwright

ROOT = Path(__file__).parent.parent.parent
CHROMIUM = "/usr/bin/chromium"
PATIENT = {"HALLSIDE_MESSAGE_RATE": "100", "HALLSIDE_MESSAGE_BURST": "1000", "HALLSIDE_DEVICE_WAIT": "0"}
"""One organiser prepares the polls of a whole suite within minutes, faster than any person presses, and in more
browsers than one."""
HALL = 1
"""Hall A of the example: four languages, its last seat at eight picture heights."""


class Platform:
    """`scripts/run` on a port of its own. `stop` and `start` again keep port and data."""

    def __init__(self, folder: Path, **environ: str) -> None:
        self.folder = folder
        self.environ = PATIENT | environ
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self.base = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Platform:
        self.start()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.stop()

    def start(self) -> None:
        entry = "import sys; from live.cli import run; sys.exit(run(sys.argv[1:]))"
        command = [sys.executable, "-c", entry]
        with (self.folder / "log").open("w") as log:
            self.process = subprocess.Popen(
                [*command, f"--port={self.port}", "--host=127.0.0.1", f"--data={self.folder}"],
                env=os.environ | {"HALLSIDE_ADDRESS": self.base} | self.environ, cwd=ROOT, stdout=log, stderr=log,
                start_new_session=True,
            )  # fmt: skip
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            # The port is open before the example is there and the links are printed.
            if "Hall screens:" in self.log() and self._ready():
                return
            assert self.process.poll() is None, self.log()
            time.sleep(0.1)
        raise AssertionError(self.log())

    def _ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.base}/readyz", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def stop(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(30)
            self.process = None

    def log(self) -> str:
        return (self.folder / "log").read_text()

    def link(self, path: str, name: str) -> str:
        """The secret behind the # of a printed link."""
        found = re.search(rf"{name}.*\n.*{path}#(\S+)", self.log())
        assert found, self.log()
        return found[1]


class Desk:
    """A person who sends commands: an organiser unless told otherwise."""

    def __init__(self, play: Playwright, platform: Platform, role: str = "organiser") -> None:
        self.request: APIRequestContext = play.request.new_context(
            base_url=platform.base, extra_http_headers={"origin": platform.base, "accept": "application/json"}
        )
        answer = self.request.post("/badge", form={"link": platform.link("/b", role)})
        assert answer.ok, answer.text()

    def do(self, command: str, **fields: Any) -> dict[str, Any]:
        """One command that must be done."""
        answer = self.request.post(f"/do/{command}", data=fields)
        told: dict[str, Any] = json.loads(answer.text())
        assert answer.ok, told
        return told

    def show(self, kind: str, **scene: Any) -> int:
        """Put a scene on the hall's screen; the version of the picture."""
        told = self.do("show_scene", hall=HALL, scene={"kind": kind, **scene})
        version: int = told["facts"]["version"]
        return version


def seen(page: Page) -> dict[str, Any]:
    """What the screen shows: its scene, version, and whether anything in it overflows."""
    told: dict[str, Any] = page.evaluate(
        """() => {
          const hall = [...document.querySelectorAll(".hall:not([aria-hidden])")].at(-1);
          const main = hall?.querySelector("main");
          return { ...hall?.dataset, over: main ? main.scrollHeight - main.clientHeight : 0, text: hall?.innerText };
        }"""
    )
    return told


def until_shown(page: Page, kind: str, seconds: float = 5) -> dict[str, Any]:
    """Wait for a kind of scene."""
    page.wait_for_function(
        "kind => document.querySelector('.hall:not([aria-hidden])')?.dataset.scene === kind", arg=kind,
        timeout=1000 * seconds,
    )  # fmt: skip
    return seen(page)
