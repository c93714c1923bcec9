"""The loop of production, and a log to read."""

from __future__ import annotations

import gc
import logging
from collections.abc import Iterator
from io import StringIO

import pytest

from live import log


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, bool]]:
    return ("asyncio", {"use_uvloop": True})


@pytest.fixture(scope="session", autouse=True)
def _frozen() -> None:
    """As in production: what is there before the first line is no matter of the collector, which servers call."""
    gc.collect()
    gc.freeze()


@pytest.fixture
def logged() -> Iterator[StringIO]:
    """Everything this process logs during the test, as production would write it."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = StringIO()
    log.setup("DEBUG", stream)
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)
