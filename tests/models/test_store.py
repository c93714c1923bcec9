"""One lane, group commit, and answers only for what is on disk."""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from models import store as store_module
from models.command import Done
from models.refusals import Refused
from models.store import GROUP, Store, Tx, Version, bump

Run = Callable[[Tx], Done]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store.open(tmp_path / "x.sqlite")
    yield made
    made.close()


def adding(name: str) -> Run:
    """A job that leaves one row."""

    def run(tx: Tx) -> Done:
        tx.cursor.execute("INSERT INTO version VALUES (?, 'x', 1)", (name,))
        return Done(notice=name)

    return run


def failing(fault: Exception) -> Run:
    """A job that leaves a row and then fails."""

    def run(tx: Tx) -> Done:
        adding("torn")(tx)
        raise fault

    return run


def names(path: Path) -> list[str]:
    """What is on disk, seen through a connection that has nothing to do with the store."""
    with sqlite3.connect(path) as raw:
        rows = [row[0] for row in raw.execute("SELECT address FROM version ORDER BY address")]
    raw.close()
    return rows


def at_once(store: Store, *jobs: Run, alone: tuple[int, ...] = (), hot: bool = False) -> list[Done | BaseException]:
    """All jobs wait for the lane together. Their outcomes in the order in which they were answered."""
    held, free, answered = threading.Event(), threading.Event(), threading.Event()
    outcomes: list[Done | BaseException] = []

    def hold(tx: Tx) -> Done:
        held.set()
        free.wait(5)
        return Done()

    def answer(out: Done | BaseException) -> None:
        outcomes.append(out)
        if len(outcomes) == len(jobs):
            answered.set()

    store.write(hold, lambda out: None, post=lambda f, *a: f(*a))
    held.wait(5)
    for n, job in enumerate(jobs):
        store.write(job, answer, post=lambda f, *a: f(*a), alone=n in alone, hot=hot)
    free.set()
    assert answered.wait(5)
    return outcomes


def test_an_answer_comes_when_the_row_is_on_disk(store: Store) -> None:
    seen: list[list[str]] = []
    landed = threading.Event()

    def answer(out: Done | BaseException) -> None:
        seen.append(names(store.path))
        landed.set()

    store.write(adding("a"), answer, post=lambda f, *a: f(*a))
    assert landed.wait(5)

    assert seen == [["a"]]


def test_the_writing_connection_flushes_overwrites_and_logs_ahead(store: Store) -> None:
    settings: dict[str, object] = {}

    def run(tx: Tx) -> Done:
        for name in ("synchronous", "secure_delete", "journal_mode", "foreign_keys"):
            settings[name] = tx.cursor.execute(f"PRAGMA {name}").fetchone()[0]
        return Done()

    store.do(run)

    assert settings == {"synchronous": 2, "secure_delete": 1, "journal_mode": "wal", "foreign_keys": 1}


def test_what_waits_together_is_committed_and_answered_together_in_order(store: Store) -> None:
    before = store.groups

    out = at_once(store, *[adding(str(n)) for n in range(20)])

    assert [done.notice for done in out if isinstance(done, Done)] == [str(n) for n in range(20)]
    assert store.groups == before + 2
    assert store.largest == 20


def test_a_whole_group_costs_its_loop_one_wake_up(store: Store) -> None:
    held, free, answered = threading.Event(), threading.Event(), threading.Event()
    posts: list[int] = []
    outcomes: list[object] = []

    def post(function: Callable[..., object], *args: object) -> None:
        posts.append(1)
        function(*args)

    def hold(tx: Tx) -> Done:
        held.set()
        free.wait(5)
        return Done()

    def answer(out: Done | BaseException) -> None:
        outcomes.append(out)
        if len(outcomes) == 30:
            answered.set()

    store.write(hold, lambda out: None, post=lambda f, *a: f(*a))
    held.wait(5)
    for n in range(30):
        store.write(adding(str(n)), answer, post=post)
    free.set()
    assert answered.wait(5)

    assert len(posts) == 1


def test_a_group_is_bounded(store: Store) -> None:
    at_once(store, *[adding(str(n)) for n in range(GROUP + 10)])

    assert store.largest == GROUP


def test_a_job_that_runs_alone_shares_no_commit(store: Store) -> None:
    before = store.groups

    at_once(store, adding("a"), adding("b"), adding("c"), adding("d"), alone=(2,))

    assert store.groups == before + 4  # the one that held the lane, a and b, c, d


@pytest.mark.parametrize("fault", [Refused("poll_closed"), sqlite3.IntegrityError("twice"), ZeroDivisionError("a bug")])
def test_a_refusal_a_conflict_and_a_bug_undo_their_own_rows_and_no_others(store: Store, fault: Exception) -> None:
    out = at_once(store, adding("a"), failing(fault), adding("b"))

    assert names(store.path) == ["a", "b"]
    assert out[1] is fault


def test_a_conflict_found_by_the_orm_undoes_its_own_rows_and_no_others(store: Store) -> None:
    def twice(tx: Tx) -> Done:
        tx.add(Version(address="a", part="x"))
        return Done()

    out = at_once(store, adding("a"), twice, adding("b"))

    assert names(store.path) == ["a", "b"]
    assert "UNIQUE" in str(out[1])


@pytest.mark.parametrize("hot", [False, True])
def test_a_bug_is_logged_once_with_its_traceback_and_a_refusal_is_not(
    store: Store, caplog: pytest.LogCaptureFixture, hot: bool
) -> None:
    jobs = (
        failing(Refused("poll_closed")),
        failing(ZeroDivisionError("a bug")),
        failing(sqlite3.IntegrityError("twice")),
    )
    at_once(store, *jobs, hot=hot)

    failures = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert [each.exc_info[0] for each in failures if each.exc_info] == [ZeroDivisionError, sqlite3.IntegrityError]


def test_an_answer_that_fails_keeps_nobody_elses_back(store: Store) -> None:
    heard: list[object] = []
    landed = threading.Event()

    def fails(out: Done | BaseException) -> None:
        raise ZeroDivisionError

    def last(out: Done | BaseException) -> None:
        heard.append(out)
        landed.set()

    store.write(adding("a"), fails, post=lambda f, *a: f(*a))
    store.write(adding("b"), last, post=lambda f, *a: f(*a))

    assert landed.wait(5)
    assert names(store.path) == ["a", "b"]


def test_a_loop_that_is_gone_does_not_stop_the_lane(store: Store) -> None:
    def gone(function: Callable[..., object], *args: object) -> None:
        raise RuntimeError("Event loop is closed")

    store.write(adding("a"), lambda out: None, post=gone)

    store.do(adding("b"))

    assert names(store.path) == ["a", "b"]


def test_closing_finishes_what_waits_and_refuses_what_comes_later(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "x.sqlite")
    for n in range(50):
        store.write(adding(f"{n:02}"), lambda out: None, post=lambda f, *a: f(*a))

    store.close()

    assert len(names(store.path)) == 50
    with pytest.raises(Refused, match="try_again"):
        store.do(adding("late"))


def test_a_read_belongs_to_one_moment(store: Store) -> None:
    store.do(adding("a"))

    with store.reading() as tx:
        before = tx.cursor.execute("SELECT count(*) FROM version").fetchone()
        store.do(adding("b"))
        after = tx.cursor.execute("SELECT count(*) FROM version").fetchone()

    assert before == after == (1,)
    assert store.peek.cursor.execute("SELECT count(*) FROM version").fetchone() == (2,)


def test_readers_cannot_write(store: Store) -> None:
    with store.reading() as tx, pytest.raises(sqlite3.OperationalError, match="readonly"):
        tx.cursor.execute("INSERT INTO version VALUES ('a', 'x', 1)")
    with store.reading() as tx:
        tx.add(Version(address="a", part="x"))
        with pytest.raises(OperationalError, match="readonly"):
            tx.flush()
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        store.peek.cursor.execute("INSERT INTO version VALUES ('a', 'x', 1)")


def test_a_version_counts_what_was_touched(store: Store) -> None:
    touched = frozenset({("session:1", "now"), ("hall:1", "air")})

    def run(tx: Tx) -> Done:
        bump(tx, touched)
        return Done(touched)

    store.do(run)
    store.do(run)

    rows = store.peek.cursor.execute("SELECT * FROM version ORDER BY address").fetchall()
    assert rows == [("hall:1", "air", 2), ("session:1", "now", 2)]


# An empty log between two transactions


def sealing(store: Store, seen: list[int]) -> Run:
    """A job with a sequel, as a secret poll's seal has: the sequel notes the size of the write-ahead log."""

    def sequel(tx: Tx) -> Done:
        seen.append(Path(f"{store.path}-wal").stat().st_size)
        return adding("sequel")(tx)

    def run(tx: Tx) -> Done:
        adding("first")(tx)
        return Done(sequel=sequel)

    return run


def test_a_sequel_runs_when_the_log_is_empty(store: Store) -> None:
    store.do(adding("a"))
    seen: list[int] = []
    assert Path(f"{store.path}-wal").stat().st_size > 0

    (out,) = at_once(store, sealing(store, seen), alone=(0,))

    assert isinstance(out, Done)
    assert out.notice == "sequel"
    assert seen == [0]
    assert names(store.path) == ["a", "first", "sequel"]


def test_a_seal_waits_for_pages_being_read_and_new_ones_wait_for_it(store: Store) -> None:
    seen: list[int] = []
    reading, finish = threading.Event(), threading.Event()

    def page() -> None:
        with store.reading() as tx:
            tx.cursor.execute("SELECT count(*) FROM version").fetchone()
            reading.set()
            finish.wait(5)

    thread = threading.Thread(target=page)
    thread.start()
    reading.wait(5)
    threading.Timer(0.05, finish.set).start()

    (out,) = at_once(store, sealing(store, seen), alone=(0,))
    thread.join()

    assert isinstance(out, Done)
    assert seen == [0]


def test_somebody_who_reads_for_long_holds_up_the_seal_and_nobody_else(store: Store) -> None:
    """A backup by another program, for instance: votes and pages of the other sessions go on."""
    seen: list[int] = []
    other = sqlite3.connect(store.path, isolation_level=None)
    store.do(adding("a"))
    other.execute("BEGIN")
    other.execute("SELECT count(*) FROM version").fetchone()
    started = time.monotonic()

    (refused,) = at_once(store, sealing(store, seen), alone=(0,))
    store.do(adding("b"))
    with store.reading() as tx:
        tx.cursor.execute("SELECT count(*) FROM version").fetchone()
    took = time.monotonic() - started
    other.execute("ROLLBACK")
    other.close()
    (out,) = at_once(store, lambda tx: Done(sequel=adding("sequel")), alone=(0,))

    assert isinstance(refused, Refused)
    assert refused.key == "try_again"
    assert seen == []
    assert took < 1.0
    assert isinstance(out, Done)


def test_what_was_deleted_is_emptied_from_the_log_when_nobody_reads_any_more(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_module, "WIPE_AGAIN", 0.2)
    log_file = Path(f"{store.path}-wal")
    other = sqlite3.connect(store.path, isolation_level=None)
    store.do(adding("a"))
    other.execute("BEGIN")
    other.execute("SELECT count(*) FROM version").fetchone()

    done = store.do(lambda tx: Done(notice="deleted", wipe=True))
    kept = log_file.stat().st_size
    time.sleep(0.4)
    still = log_file.stat().st_size
    other.execute("ROLLBACK")
    other.close()
    end = time.monotonic() + 5
    while log_file.stat().st_size and time.monotonic() < end:
        time.sleep(0.02)

    assert done.notice == "deleted"
    assert kept > 0
    assert still > 0
    assert log_file.stat().st_size == 0


def test_a_lane_that_fails_takes_the_process_along_instead_of_leaving_votes_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    ended = threading.Event()
    told: list[BaseException] = []

    def fatal(exc: BaseException) -> None:
        told.append(exc)
        ended.set()

    store = Store.open(tmp_path / "x.sqlite", fatal=fatal)
    fault = ZeroDivisionError("unforeseen")

    def fails(*_: object) -> None:
        raise fault

    monkeypatch.setattr(store_module, "_answer", fails)
    store.write(adding("a"), lambda out: None, post=lambda f, *a: f(*a))

    assert ended.wait(5)
    assert told == [fault]
    assert any(record.exc_info for record in caplog.records)
    store.close()


def test_hot_jobs_that_fail_after_they_wrote_are_undone_and_their_neighbours_stay(store: Store) -> None:
    """They have no savepoint of their own: the group is done again, each in one."""
    ran: list[str] = []

    def counted(name: str, run: Run) -> Run:
        def job(tx: Tx) -> Done:
            ran.append(name)
            return run(tx)

        return job

    wrong = RuntimeError("a bug")
    outcomes = at_once(
        store, counted("first", adding("first")), counted("bug", failing(wrong)),
        counted("same", adding("first")), counted("last", adding("last")), hot=True,
    )  # fmt: skip

    assert [getattr(each, "notice", type(each).__name__) for each in outcomes] == [
        "first", "RuntimeError", "IntegrityError", "last",
    ]  # fmt: skip
    assert names(store.path) == ["first", "last"]
    assert ran == ["first", "bug", "first", "bug", "same", "last"]


def test_hot_jobs_refused_before_they_wrote_cost_their_neighbours_nothing(store: Store) -> None:
    ran: list[str] = []

    def refused(tx: Tx) -> Done:
        ran.append("refused")
        raise Refused("poll_closed")

    outcomes = at_once(store, adding("first"), refused, adding("last"), hot=True)

    assert [getattr(each, "notice", str(each)) for each in outcomes][::2] == ["first", "last"]
    assert isinstance(outcomes[1], Refused)
    assert names(store.path) == ["first", "last"]
    assert ran == ["refused"]


@pytest.mark.parametrize("hot", [False, True])
def test_where_the_engine_gave_the_transaction_up_nobody_is_recorded(store: Store, hot: bool) -> None:
    """What came after it would commit by itself, and what came before is gone."""

    def given_up(tx: Tx) -> Done:
        tx.cursor.execute("ROLLBACK")
        raise Refused("poll_closed")

    outcomes = at_once(store, adding("first"), given_up, adding("last"), hot=hot)

    assert [str(each) for each in outcomes] == ["try_again"] * 3
    assert names(store.path) == []
    assert at_once(store, adding("next"), hot=hot) == [Done(notice="next")]
    assert names(store.path) == ["next"]
