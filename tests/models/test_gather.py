"""Votes of one moment share a commit, and nobody else waits for them."""

from __future__ import annotations

import threading
import time
from pathlib import Path

from models.command import Done
from models.store import GATHER, Store, Tx


def work(tx: Tx) -> Done:
    return Done()


def write(store: Store, count: int, *, hot: bool, gap: float = 0.0) -> float:
    """Seconds until so many jobs, `gap` seconds apart, are on disk."""
    landed = threading.Semaphore(0)
    began = time.monotonic()
    for _ in range(count):
        store.write(work, lambda out: landed.release(), post=lambda f, *a: f(*a), hot=hot)
        time.sleep(gap)
    for _ in range(count):
        assert landed.acquire(timeout=5)
    return time.monotonic() - began


def test_votes_that_trickle_in_share_a_commit(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "db.sqlite")

    write(store, 50, hot=True, gap=GATHER / 20)

    assert store.groups < 25
    store.close()


def test_what_is_no_vote_waits_for_nobody(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "db.sqlite")
    write(store, 1, hot=True)

    fastest = min(write(store, 1, hot=False) for _ in range(20))

    assert fastest < GATHER
    store.close()


def test_a_vote_that_comes_alone_waits_for_nobody(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "db.sqlite")

    def alone() -> float:
        time.sleep(GATHER * 2)
        return write(store, 1, hot=True)

    assert min(alone() for _ in range(20)) < GATHER
    store.close()
