"""One JSON line per event, to stderr. Bounded, and without addresses, tokens or anybody's words."""

from __future__ import annotations

import logging
import re
import sys
import time
import traceback
from collections import deque
from typing import TextIO

import msgspec

LIMIT = 2048
"""Bytes of one line, its newline included."""

_KEEP = 20
"""Records of one kind from a library in ten seconds: a scanner must not fill the disk."""

# Names of fields that carry what no log may hold, wherever they come from.
_WITHHELD = frozenset(
    """address authorization client code cookie ip key password peer referer secret text token
    user_agent""".split()  # noqa: SIM905 - a list of fourteen strings would be fourteen lines
)
_GROUPS = r"[0-9a-f]{1,4}(?::[0-9a-f]{1,4})*"
_IPV4 = r"\d{1,3}(?:\.\d{1,3}){3}"
_ADDRESS = re.compile(
    # Seven colons or a double one: 14:31:07 is a time.
    rf"\[?(?<![\w:])(?:(?:[0-9a-f]{{1,4}}:){{7}}[0-9a-f]{{1,4}}|(?:{_GROUPS})?::(?:{_GROUPS}:)?(?:{_IPV4}|{_GROUPS})?)"
    rf"(?![\w:])\]?(?::\d+)?|\b{_IPV4}\b(?::\d+)?",
    re.IGNORECASE,
)
_QUERY = re.compile(r"\?[^\s\"'?]*=[^\s\"']*")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")

_log = logging.getLogger("hallside")
_encode = msgspec.json.Encoder(enc_hook=str).encode


def event(name: str, /, level: int = logging.INFO, **fields: object) -> None:
    """Log *name*, a statement like `poll_sealed`, with *fields*: cut, cleaned, or withheld by name."""
    _log.log(level, name, extra={"fields": fields})


def failure(name: str, /, **fields: object) -> None:
    """Log *name* with the traceback of the exception being handled: somebody has to mend something."""
    _log.error(name, exc_info=True, extra={"fields": fields})


class Troubles(logging.Handler):
    """Remembers when errors were logged, and nothing of them: the health page tells how many there were."""

    KEPT = 1000

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self._at: deque[float] = deque(maxlen=self.KEPT)

    def emit(self, record: logging.LogRecord) -> None:
        self._at.append(time.monotonic())

    def within(self, seconds: float) -> int:
        """How many in the last so many seconds, KEPT at most."""
        since = time.monotonic() - seconds
        return sum(at >= since for at in tuple(self._at))


troubles = Troubles()
"""Of this process."""


def setup(level: int | str = "INFO", stream: TextIO | None = None) -> None:
    """Send every record of this process through here, to *stream* (stderr)."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines())
    handler.addFilter(Calm())
    root = logging.getLogger()
    root.handlers[:] = [handler, troubles]
    root.setLevel(level)
    # At INFO it prints the client's address at every accept.
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
    access = logging.getLogger("uvicorn.access")
    access.handlers.clear()
    access.propagate = False


def clean(text: str) -> str:
    """*text* without addresses and query strings, control and direction characters escaped."""
    text = _QUERY.sub("?[withheld]", _ADDRESS.sub("[address]", text))
    return _CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", text)


class JsonLines(logging.Formatter):
    """A record as one line of at most `LIMIT` bytes. The traceback keeps its end, where the error is."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "at": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created)) + f".{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "event": clean(record.getMessage())[:300],
        }
        if record.name != _log.name:
            line["from"] = record.name
        for name, value in getattr(record, "fields", {}).items():
            line[name] = "[withheld]" if name in _WITHHELD else _plain(value)
        room = LIMIT - 1 - len(_encode(line))
        if record.exc_info and record.exc_info[0] is not None:
            trace = clean("".join(traceback.format_exception(*record.exc_info)).replace("\n", " | "))
            # Worst case a character is six bytes in JSON, as \\u0000.
            line["trace"] = trace[-max(0, min(1500, room - 20)) :] if trace.isascii() else trace[-200:]
        data = _encode(line)
        if len(data) >= LIMIT:
            data = _encode({name: line[name] for name in ("at", "level", "event")} | {"cut": len(data)})
        return data.decode()


class Calm(logging.Filter):
    """Lets through `_KEEP` records of one message from one library in ten seconds. Our own always pass."""

    def __init__(self) -> None:
        super().__init__()
        self._since = 0.0
        self._seen: dict[tuple[str, str], int] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name == _log.name:
            return True
        if record.created - self._since > 10:
            self._since = record.created
            self._seen.clear()
        kind = (record.name, str(record.msg)[:100])
        count = self._seen[kind] = self._seen.get(kind, 0) + 1
        return count <= _KEEP


def _plain(value: object) -> object:
    if value is None or isinstance(value, bool | int | float):
        return value
    return clean(str(value))[:200]
