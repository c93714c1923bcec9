"""The page that says how it runs: what it tells, to whom, and when somebody should act."""

from __future__ import annotations

import logging
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from live import condition, log, machine
from live.condition import Condition
from models.command import Badge, Done
from models.rights import ROLES
from models.stage import SetBlank
from models.store import Tx
from tests.house import House, browser
from tests.world import World

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def _no_errors_before() -> Iterator[None]:
    log.troubles._at.clear()
    yield
    log.troubles._at.clear()


@asynccontextmanager
async def a_house(folder: Path, **settings: object) -> AsyncIterator[House]:
    async with House(World(folder / "hallside.sqlite"), folder, **settings) as house:
        yield house


def told(house: House) -> Condition:
    return house.world.read(lambda tx: condition.read(tx, house.node))


def draw(house: House, screen: int, *, version: int | None = None, ago: float = 0.0, size: tuple[int, int]) -> None:
    """A screen has said what it shows."""
    node = house.node
    state = node.presence.screen(screen, screen, "", node.clock() - ago)
    row = house.world.store.peek.cursor.execute("SELECT version FROM stage WHERE hall_id = ?", (screen,)).fetchone()
    state.shown, state.size = row[0] if version is None else version, size


def change(house: House, sql: str, *params: object) -> None:
    def run(tx: Tx) -> Done:
        tx.cursor.execute(sql, params)
        return Done()

    house.world.store.do(run)


async def page(house: House, badge: Badge) -> tuple[int, str]:
    async with browser(house, cookie=f"hallside={house.token(badge)}", accept="text/html") as client:
        answer = await client.get("/health")
    return answer.status_code, re.sub(r"\s+", " ", re.sub("<[^>]+>", " ", answer.text))


async def test_when_all_is_well_the_page_says_so_and_nothing_is_amber(tmp_path: Path) -> None:
    async with a_house(tmp_path) as house:
        machine.note_backup(tmp_path, tmp_path / "x.zip", 9, house.node.wall())
        for hall in (1, 2):
            draw(house, hall, size=(1920, 1080))

        found = told(house)
        status, text = await page(house, Badge(1, "organiser"))

        assert (found.todo, found.acts) == (0, frozenset())
        assert [hall.phones for hall in found.halls] == [0, 0]
        assert status == 200
        assert "All is well." in text
        assert "1920 × 1080" in text
        assert "No errors in the last hour." in text
        assert "somebody" not in text


async def test_phones_are_counted_in_the_hall_whose_session_they_are_in(tmp_path: Path) -> None:
    async with a_house(tmp_path) as house:
        for n in range(3):
            await house.guest(house.world.person(n))

        found = told(house)

        assert [hall.phones for hall in found.halls] == [3, 0]
        assert found.faces["phone"] == 3


async def test_a_screen_that_is_late_lost_or_behind_is_told_with_what_to_do(tmp_path: Path) -> None:
    async with a_house(tmp_path) as house:
        house.node.clock = lambda: 5000.0
        draw(house, 1, ago=9, size=(1280, 720))
        draw(house, 2, ago=60, size=(1280, 720))
        late = told(house)
        _, text = await page(house, Badge(1, "organiser"))
        draw(house, 1, version=0, size=(1280, 720))
        draw(house, 2, size=(1280, 720))
        took = house.world.store.peek.cursor.execute("SELECT taken_at FROM stage WHERE hall_id = 1").fetchone()[0]
        house.node.wall = lambda: took + 4
        taken = told(house)
        house.node.wall = lambda: took + 60
        behind = told(house)
        draw(house, 1, size=(1280, 720))
        await house.perform(Badge(1, "organiser"), SetBlank(hall=2, on=True))
        house.node.wall = lambda: took + 120
        unblanked = told(house)

    states = [hall.screens[0] for hall in late.halls]
    assert [(each.health.state, each.act) for each in states] == [("late", False), ("lost", True)]
    assert "late, picture confirmed 9 s ago" in text
    assert re.search(r"lost, heard 60 s ago\. Look at the computer there: power, network, browser\.", text)
    assert [hall.screens[0].act for hall in taken.halls] == [False, False]
    assert [(hall.screens[0].picture, hall.screens[0].act) for hall in behind.halls] == [
        ("older", True), ("now", False),
    ]  # fmt: skip
    assert [hall.screens[0].picture for hall in unblanked.halls] == ["now", "older"]


async def test_a_screen_that_nobody_opened_matters_when_a_session_is_on(tmp_path: Path) -> None:
    async with a_house(tmp_path) as house:
        before = told(house)
        change(house, "UPDATE session SET state = 'planned' WHERE id = 2")

        after = told(house)

    assert [hall.screens[0].act for hall in before.halls] == [True, True]
    assert [hall.screens[0].act for hall in after.halls] == [True, False]


async def test_errors_a_full_disk_a_slow_loop_and_an_old_backup_need_somebody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with a_house(tmp_path, join_lag=0.5) as house:
        machine.note_backup(tmp_path, tmp_path / "x.zip", 9, house.node.wall() - 2 * condition.DAY)
        monkeypatch.setattr(machine, "disk", lambda folder: machine.Disk(1_200_000_000, 9_000_000_000))
        house.node.admission.lag = 0.7
        log.troubles.handle(logging.LogRecord("x", logging.ERROR, "", 0, "it broke", None, None))
        monkeypatch.setattr(type(house.world.store), "lag", property(lambda store: 1.4))

        found = told(house)
        _, text = await page(house, Badge(1, "organiser"))

    assert found.acts == {"errors", "disk", "loop", "backup", "commit"}
    for words in (
        "Slowest record of the last minutes: 1400 ms Its disk is slow", "newcomers wait at the door",
        "Free on its disk: 1.2 GB Make room there", "1 error in the last hour. Ask the operator to read the log.",
        "Ask the operator for a new one.", f"{found.todo} things need somebody",
    ):  # fmt: skip
        assert words in text


async def test_the_lag_of_a_commit_is_that_of_the_slowest_of_late(tmp_path: Path) -> None:
    async with a_house(tmp_path) as house:
        store = house.world.store
        poll = house.world.poll()
        house.world.vote(poll, 0, 1)
        quick = store.lag
        minute, slowest, _ = store._slow

        assert 0 < quick == slowest
        store._slow = (minute, 0.1, 0.4)
        assert store.lag == 0.4
        store._slow = (minute - 1, 0.1, 0.4)
        assert store.lag == 0.1
        store._slow = (minute - 2, 0.1, 0.4)
        assert store.lag == 0.0


@pytest.mark.parametrize("role", ROLES)
async def test_the_page_and_its_link_are_for_organisers_and_av(tmp_path: Path, role: str) -> None:
    async with a_house(tmp_path) as house:
        badge = replace(house.world.person(0), role=role)
        change(house, "UPDATE person SET role = ? WHERE id = 4", role)

        status, _ = await page(house, badge)
        async with browser(house, cookie=f"hallside={house.token(badge)}", accept="text/html") as client:
            menu = (await client.get("/menu")).text

        allowed = role in ("organiser", "av")
        assert (status == 200) is allowed
        assert ('href="/health"' in menu) is allowed


async def test_who_is_not_signed_in_is_sent_to_the_door(tmp_path: Path) -> None:
    async with a_house(tmp_path) as house, browser(house, accept="text/html") as client:
        assert (await client.get("/health")).status_code == 303


async def test_the_measures_hold_the_same(tmp_path: Path) -> None:
    async with a_house(tmp_path) as house, browser(house, "127.0.0.1") as client:
        text = (await client.get("/metrics")).text

    for name in ("commit_lag_seconds", "disk_free_bytes", "errors_last_hour"):
        assert re.search(rf"^hallside_{name} [0-9.e+-]+$", text, re.M), name


def test_only_errors_count_and_only_for_an_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    troubles = log.Troubles()
    logger = logging.Logger("apart")
    logger.addHandler(troubles)
    monkeypatch.setattr(log.time, "monotonic", lambda: 1000.0)

    logger.warning("late")
    logger.error("broke")
    logger.critical("broke more")

    assert troubles.within(3600) == 2
    monkeypatch.setattr(log.time, "monotonic", lambda: 4601.0)
    assert troubles.within(3600) == 0
