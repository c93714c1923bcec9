"""Printed pages as a printer and a phone see them: turned into pictures, read back, turned over the long edge."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pypdfium2
import pytest
import zxingcpp
from PIL import Image, ImageDraw

from live import print
from live.badges import Badges, grouped
from live.print import Face
from live.print.sizes import SIZES, Size
from models.cards import Card, Look

pytestmark = pytest.mark.print

BADGES = Badges(bytes(range(32)))
BASE = "https://vote.conference.example"
LOOK = Look({"en": "Test event", "ar": "مؤتمر"}, ("en", "tr", "ar", "ru"), "Europe/Istanbul", None)
PEOPLE = (
    ("Tuğrul", "Işıklar", "", "Conference Secretariat", "Türkiye", "organiser"),
    ("Samir", "Al-Jarrahi", "سمير الجراحي", "Ministry of Interior", "Iraq", "participant"),
    ("Anna-Maria Theodora", "von und zu Hohenstein-Schwarzenberg", "", "Directorate-General " * 4, "Austria", "chair"),
    ("Nurgül", "Ismanova", "Нургүл Ысманова", "", "Kyrgyzstan", "interpreter"),
    ("Levan", "Tskhvediani", "ლევან ცხვედიანი", "Patrol Police", "Georgia", "data_protection"),
)
DPI = 200
Box = tuple[float, float, float, float]
"""Left, top, right, bottom in millimetres."""


def faces(n: int) -> list[Face]:
    people = [
        Card(i + 1, 1, str(1001 + i), given, family, native, organisation, {"en": place}, role, False)
        for i in range(n)
        for given, family, native, organisation, place, role in [PEOPLE[i % len(PEOPLE)]]
    ]
    return [*print.faces(BADGES, BASE, people), *print.spare_faces(BADGES, BASE, (14,))]


@dataclass
class Sheet:
    """One sheet of paper. `front` and `back` give the text in a box; `codes` what a phone reads on the back in one."""

    front: Callable[[Box], str]
    back: Callable[[Box], str]
    codes: Callable[[Box], list[str]]


def sheets(pdf: bytes, size: Size, *, spoil: Callable[[Image.Image], None] = lambda picture: None) -> list[Sheet]:
    """The sheets of a PDF: with a fold one page each, otherwise two."""
    document = pypdfium2.PdfDocument(pdf)
    step = 1 if size.fold else 2
    assert len(document) % step == 0
    return [_sheet(document[n], document[n + step - 1], spoil) for n in range(0, len(document), step)]


def _sheet(front: Any, back: Any, spoil: Callable[[Image.Image], None]) -> Sheet:
    picture = back.render(scale=DPI / 72, grayscale=True).to_pil()
    spoil(picture)

    def text_of(page: Any) -> Callable[[Box], str]:
        words, height = page.get_textpage(), page.get_height()

        def within(box: Box) -> str:
            left, top, right, bottom = (v * 72 / 25.4 for v in box)
            return str(words.get_text_bounded(left, height - bottom, right, height - top))

        return within

    def codes(box: Box) -> list[str]:
        part = picture.crop(tuple(round(v * DPI / 25.4) for v in box))
        return [found.text for found in zxingcpp.read_barcodes(part)]

    return Sheet(text_of(front), text_of(back), codes)


def pairs(size: Size) -> list[tuple[Box, Box]]:
    """Where each front lies and, by the geometry of paper alone, where its back must: the sheet is turned over its long
    edge, or folded in the middle."""
    found = []
    for n in range(size.per_page):
        row, column = divmod(n, size.per_page // size.rows)
        left, top = size.corner(2 * column + 1 if size.fold else column, row)
        front = (left, top, left + size.card[0], top + size.card[1])
        if size.fold:
            back = (left - size.card[0], top, left, top + size.card[1])
        else:
            back = (size.page[0] - front[2], top, size.page[0] - front[0], front[3])
        found.append((front, back))
    return found


def wrong(printed: bytes, size: Size, wanted: list[Face], **spoilt: Any) -> list[str]:
    """What is not as it must be, by badge number."""
    found = []
    places = [(sheet, pair) for sheet in sheets(printed, size, **spoilt) for pair in pairs(size)]
    for face, (sheet, (front, back)) in zip(wanted, places, strict=False):
        if face.number not in sheet.front(front):
            found.append(f"{face.number}: another front")
        if face.number not in sheet.back(back) or grouped(face.code) not in sheet.back(back):
            found.append(f"{face.number}: another back")
        if sheet.codes(back) != [face.link]:
            found.append(f"{face.number}: QR code")
        if leaks(sheet.front(front), face):
            found.append(f"{face.number}: secret on the front")
    return found


def leaks(text: str, face: Face) -> bool:
    """Whether a text holds the code or the link in any spelling."""
    plain = "".join(text.split()).upper()
    return face.code in plain or face.link.rpartition("#")[2].upper() in plain or "://" in plain


@pytest.mark.parametrize("size", SIZES.values(), ids=lambda size: size.key)
def test_every_back_is_read_and_lies_behind_its_own_front(size: Size) -> None:
    wanted = faces(12)

    printed = print.badges_pdf(LOOK, wanted, size, "vote.conference.example")

    assert wrong(printed.pdf, size, wanted) == []
    fronts = [page for n, page in enumerate(pypdfium2.PdfDocument(printed.pdf)) if size.fold or n % 2 == 0]
    if not size.fold:
        text = "".join(page.get_textpage().get_text_range() for page in fronts)
        assert [face.number for face in wanted if leaks(text, face)] == []


def test_a_damaged_sheet_is_caught() -> None:
    size, wanted = SIZES["90x54"], faces(4)
    printed = print.badges_pdf(LOOK, wanted, size, "vote.conference.example").pdf
    left, top, *_ = (round(v * DPI / 25.4) for v in pairs(size)[2][1])

    def stain(picture: Image.Image) -> None:
        ImageDraw.Draw(picture).rectangle((left + 40, top + 40, left + 160, top + 160), fill=255)

    assert wrong(printed, size, wanted, spoil=stain) == [f"{wanted[2].number}: QR code"]


def test_backs_in_the_order_of_the_fronts_are_caught() -> None:
    """As they would lie without mirroring: each pair in a row has the other's back."""
    size, wanted = SIZES["a6"], faces(3)
    swapped = [wanted[1], wanted[0], wanted[3], wanted[2]]
    mixed = [replace(face, code=back.code, link=back.link) for face, back in zip(wanted, swapped, strict=True)]

    found = wrong(print.badges_pdf(LOOK, mixed, size, "vote.conference.example").pdf, size, wanted)

    assert [line for line in found if "back" in line] == [f"{face.number}: another back" for face in wanted]


def test_a_code_on_a_front_is_caught() -> None:
    face = faces(1)[0]
    assert face.card is not None
    told = replace(face, card=replace(face.card, organisation=f"Code {grouped(face.code).lower()}"))

    found = wrong(print.badges_pdf(LOOK, [told], SIZES["a6"], "x.example").pdf, SIZES["a6"], [told])

    assert found == [f"{face.number}: secret on the front"]


@pytest.mark.parametrize("size", [SIZES["a6"], SIZES["id-card"]], ids=lambda size: size.key)
def test_nothing_is_written_over_the_edge_of_a_card(size: Size) -> None:
    long = Card(
        1, 1, "1001", "Abcdefghijklmnopqrstuvwxyz" * 3, "Wwwwwwwwwwwwwwwwwwwwwwwwwwwwwww " * 2, "محمد " * 15,
        "Department of departments " * 6, {"en": "The delegation with the longest name of all " * 3}, "data_protection",
        False,
    )  # fmt: skip
    printed = print.badges_pdf(LOOK, print.faces(BADGES, BASE, [long]), size, "a" * 60 + ".example", marks=False)

    assert printed.small == ("1001",)
    for page in pypdfium2.PdfDocument(printed.pdf):
        picture = page.render(scale=4, grayscale=True).to_pil()
        rim = 8
        inner = Image.new("L", (picture.width - 2 * rim, picture.height - 2 * rim), 255)
        picture.paste(inner, (rim, rim))
        assert picture.getextrema() == (255, 255)
    text = pypdfium2.PdfDocument(printed.pdf)[0].get_textpage().get_text_range()
    assert "".join(text.split()).count("Abcdefghijklmnopqrstuvwxyz") == 3
    assert "".join(text.split()).count("delegation") == 3


def test_the_name_in_a_script_that_the_fonts_lack_is_left_out_and_not_boxes() -> None:
    wanted = faces(5)

    printed = print.badges_pdf(LOOK, wanted, SIZES["a6"], "vote.conference.example")
    text = "".join(page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(printed.pdf))

    assert printed.without_native == ("1005",)
    assert "Levan" in text
    assert "Нургүл" in text
    assert not any("\u10a0" <= c <= "\u10ff" or c in "\ufffd\u25a1" for c in text)


def test_the_desk_list_names_everybody_and_holds_no_secret() -> None:
    wanted = [face for face in faces(60) if face.card]

    printed = print.desk_list_pdf(LOOK, [face.card for face in wanted if face.card], 1795492179.0, "en")
    pages = [page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(printed.pdf)]
    text = "".join(pages)

    assert [face.number for face in wanted if face.number not in text or leaks(text, face)] == []
    assert [f"Page {n} of 3" in page for n, page in enumerate(pages[:3], 1)] == [True] * 3
    assert all("Test event" in page and "06:49" in page for page in pages[:3])
    assert "1005, 1010" in pages[3]
