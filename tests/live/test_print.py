"""Where badges lie on the paper, what fits, what the fonts can write, and who may print."""

from __future__ import annotations

import logging
import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest

from live import print
from live.print.paper import Paper, printable
from live.print.sizes import SIZES, Size, cut_marks, pages
from models.command import Badge, Done
from models.spares import MakeSpares
from models.store import Tx
from tests.house import HOST, House
from tests.world import World


@pytest.mark.parametrize("size", SIZES.values(), ids=lambda size: size.key)
def test_cards_lie_on_the_paper_and_not_on_each_other(size: Size) -> None:
    corners = [size.corner(column, row) for row in range(size.rows) for column in range(size.columns)]

    for x, y in corners:
        assert 0 <= x <= size.page[0] - size.card[0]
        assert 0 <= y <= size.page[1] - size.card[1]
    for n, (x, y) in enumerate(corners):
        for x2, y2 in corners[:n]:
            assert abs(x - x2) >= size.card[0] or abs(y - y2) >= size.card[1]


@pytest.mark.parametrize("size", SIZES.values(), ids=lambda size: size.key)
def test_everybody_has_one_front_and_one_back_on_one_sheet(size: Size) -> None:
    people = [f"p{n}" for n in range(13)]

    sheets = list(pages(size, people))

    assert [who for fronts, _ in sheets for _, who in fronts] == people
    for fronts, backs in sheets:
        there = {who: corner for corner, who in backs}
        for (x, y), who in fronts:
            turned = x - size.card[0] if size.fold else size.page[0] - size.card[0] - x
            assert there[who] == pytest.approx((turned, y))


def test_an_empty_list_is_no_paper() -> None:
    assert list(pages(SIZES["a6"], [])) == []


@pytest.mark.parametrize("size", SIZES.values(), ids=lambda size: size.key)
def test_cut_marks_touch_no_card_but_along_its_edge(size: Size) -> None:
    marks = cut_marks(size)

    assert bool(marks) == (size.page != size.card)
    for x1, y1, x2, y2 in marks:
        assert 0 <= x1 <= x2 <= size.page[0]
        assert 0 <= y1 <= y2 <= size.page[1]
        for row in range(size.rows):
            for column in range(size.columns):
                x, y = size.corner(column, row)
                inside = x + 0.1 < (x1 + x2) / 2 < x + size.card[0] - 0.1 and (
                    y + 0.1 < (y1 + y2) / 2 < y + size.card[1] - 0.1
                )
                assert not inside


def test_a_long_name_shrinks_then_breaks_then_shrinks_more() -> None:
    with Paper(100, 100, "x") as paper:
        short = paper.fit("Ada Borz", 90, 30, 15, bold=True)
        longer = paper.fit("Ada Borz Georgiou", 90, 30, 15, bold=True)
        longest = paper.fit("Ada-Theodora Wilhelmine Borz-Farkaš von Georgiou", 90, 30, 15, lines=3, bold=True)
        word = paper.fit("W" * 80, 90, 30, 15, bold=True)
        widest = [
            max(paper.width_of(line, bold=True) for line in fitted.lines) * fitted.size
            for fitted in (short, longer, longest, word)
        ]

    assert (short.lines, short.size) == (("Ada Borz",), 30)
    assert longer.lines == ("Ada Borz Georgiou",)
    assert 21.6 <= longer.size < 30
    assert longest.lines == ("Ada-Theodora", "Wilhelmine Borz-Farkaš", "von Georgiou")
    assert longest.size >= 21.6
    assert word.lines == ("W" * 80,)
    assert word.size < 15
    assert max(widest) <= 90


@pytest.mark.parametrize(
    ("text", "written", "whole"),
    [
        ("Tuğrul Işıklar", "Tuğrul Işıklar", True),
        ("سمير الجراحي", "سمير الجراحي", True),
        ("Нургүл Ысманова", "Нургүл Ысманова", True),
        ("Καλλιόπη", "Καλλιόπη", True),
        ("Nguyễn Thị Phượng", "Nguyễn Thị Phượng", True),
        ("", "", True),
        ("Olúwaṣeun", "Olúwaseun", False),
        ("陳美玲", "", False),
        ("ლევან", "", False),
        ("Ali 陳", "", False),
    ],
)
def test_what_the_fonts_lack_loses_accents_or_is_left_out(text: str, written: str, whole: bool) -> None:
    assert printable(text) == (written, whole)


def test_a_printed_thing_does_not_show_its_secrets_by_accident() -> None:
    assert "pdf" not in repr(print.Printed(b"%PDF secret"))


# Who may print


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with House(World(tmp_path / "db.sqlite", participants=3), tmp_path) as house:
        yield house


async def get(house: House, badge: Badge, path: str) -> httpx2.Response:
    transport = httpx2.ASGITransport(app=house.apps[0])
    async with httpx2.AsyncClient(transport=transport, base_url=f"http://{HOST}") as client:
        headers = {"cookie": f"hallside={house.token(badge)}", "accept": "application/json"}
        return await client.get(path, headers=headers)


@pytest.mark.anyio
async def test_badges_and_the_list_come_as_files_that_nothing_keeps(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    badges = await get(house, house.world.organiser, "/people/badges.pdf?labels=90x54&of=participant")
    listed = await get(house, house.world.organiser, "/people/desk-list.pdf")

    for answer in (badges, listed):
        assert answer.status_code == 200
        assert answer.content.startswith(b"%PDF-")
        assert answer.headers["content-type"] == "application/pdf"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["content-disposition"].startswith("attachment")
    code = house.node.badges.code(4, 1)
    secret = house.node.badges.link_secret(4, 1)
    assert code not in caplog.text
    assert secret not in caplog.text


@pytest.mark.anyio
@pytest.mark.parametrize("path", ["/people/badges.pdf", "/people/desk-list.pdf"])
async def test_nobody_else_prints(house: House, path: str) -> None:
    for badge in (house.world.person(0), house.world.moderator):
        answer = await get(house, badge, path)

        assert (answer.status_code, answer.json()["no"]) == (403, "not_yours")


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("query", "key"),
    [
        ("labels=a7", "no_such_setting"), ("of=everyone", "no_such_setting"), ("of=teller", "nobody_to_print"),
        ("of=spares", "nobody_to_print"), ("person=999", "nobody_to_print"),
    ],
)  # fmt: skip
async def test_what_cannot_be_printed_is_said(house: House, query: str, key: str) -> None:
    answer = await get(house, house.world.organiser, f"/people/badges.pdf?{query}")

    assert answer.json()["no"] == key


@pytest.mark.anyio
async def test_the_registration_desk_prints_no_badge_of_an_organiser(house: House) -> None:
    def hire(tx: Tx) -> Done:
        tx.cursor.execute("UPDATE person SET role = 'registration' WHERE id = 4")
        return Done()

    house.world.store.do(hire)
    desk = Badge(4, "registration")
    for query in ("of=organiser", "person=1"):
        answer = await get(house, desk, f"/people/badges.pdf?{query}")
        assert answer.json()["no"] == "nobody_to_print"
        assert (await get(house, house.world.organiser, f"/people/badges.pdf?{query}")).status_code == 200
    assert (await get(house, desk, "/people/badges.pdf?of=participant")).status_code == 200


@pytest.mark.anyio
async def test_spares_are_made_on_the_page_and_printed(house: House) -> None:
    await house.perform(house.world.organiser, MakeSpares(count=2, seen=0))

    answer = await get(house, house.world.organiser, "/people/badges.pdf?of=spares&labels=id-card")
    page = await get(house, house.world.organiser, "/people")

    assert len(re.findall(rb"/Type /Page\b", answer.content)) == 4
    assert "2 spare badges are free" in page.text
    assert 'name="seen" value="2"' in page.text
