"""A server for the control of the kill: its lane says "recorded" before the commit."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from app import build
from live.server import Served
from live.settings import load
from models.command import Done
from models.migrations import migrate
from models.store import Answer, Post, Store, Tx


class Early(Store):
    """Answers each job as soon as it has run. A commit and its wait for the disk come afterwards."""

    def write(self, run: Callable[[Tx], Done], answer: Answer, *, post: Post, **how: Any) -> None:
        def eager(tx: Tx) -> Done:
            done = run(tx)
            post(answer, done)
            time.sleep(0.001)  # a group of many takes a while
            return done

        super().write(eager, lambda out: None, post=post, **how)


def create() -> Served:
    settings = load()
    migrate(settings.database)
    return build(settings, Early.open(settings.database))
