"""Badges: fronts that hold no secret and no code, and backs with both, laid out for paper that is cut or folded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from PIL import Image

from live.badges import grouped
from live.print import Face, Printed, words
from live.print.paper import GREY, Fitted, Paper, picture, printable
from live.print.sizes import Size, cut_marks, pages
from models.cards import Look
from models.programme import pick

READABLE = 0.55
"""What is long may shrink to this part of its size; below it is told."""


@dataclass(frozen=True, slots=True)
class Style:
    """Sizes in points and lengths in millimetres for one shape of card."""

    pad: float
    event: float
    name: float
    native: float
    delegation: float
    organisation: float
    role: float
    number: float
    logo: float
    code: float
    sentence: float
    qr: float


TALL = Style(9, 13, 38, 26, 19, 14, 18, 10, 16, 27, 10, 62)
WIDE = Style(4, 7.5, 19, 13, 10, 8, 9, 6.5, 5, 16.5, 7, 27)


class _Told:
    """Gathers what could not be printed as it stands."""

    def __init__(self) -> None:
        self.native: list[str] = []
        self.simplified: dict[str, None] = {}
        self.small: dict[str, None] = {}

    def plain(self, text: str, number: str) -> str:
        """What the fonts can write of it."""
        written, whole = printable(text)
        if not whole:
            self.simplified[number] = None
        return written


def draw(look: Look, faces: Sequence[Face], size: Size, address: str, *, marks: bool) -> Printed:
    """One PDF of fronts and backs. Its title names the event, nothing in it but the backs holds a secret."""
    style = TALL if size.card[1] > size.card[0] else WIDE
    told = _Told()
    logo = picture(look.logo)
    ticks = cut_marks(size) if marks else []
    with Paper(*size.page, title=pick(look.names, look.floor)) as paper:
        sentences = _sentences(paper, look.languages, address, size.card[0] - 2 * style.pad, style)
        for fronts, backs in pages(size, faces):
            _page(paper, ticks)
            for (x, y), face in fronts:
                _front(paper, x, y, size, style, look, face, logo, told)
            if not size.fold:
                _page(paper, ticks)
            for (x, y), face in backs:
                _back(paper, x, y, size, style, face, address, sentences)
        pdf = bytes(paper.output())
    return Printed(pdf, tuple(told.native), tuple(told.simplified), tuple(told.small))


def _page(paper: Paper, ticks: Sequence[tuple[float, float, float, float]]) -> None:
    paper.add_page()
    for tick in ticks:
        paper.hairline(*tick)


def _front(
    paper: Paper, x: float, y: float, size: Size, style: Style, look: Look, face: Face,
    logo: Image.Image | None, told: _Told,
) -> None:  # fmt: skip
    left, width = x + style.pad, size.card[0] - 2 * style.pad
    top, bottom = y + style.pad, y + size.card[1] - style.pad
    if logo is not None:
        scale = min(style.logo / logo.height, width * 0.6 / logo.width)
        w, h = logo.width * scale, logo.height * scale
        paper.image(logo, x + (size.card[0] - w) / 2, top, w, h)
        top += h + style.pad / 4
    event = told.plain(pick(look.names, look.floor), "")
    top = paper.put(paper.fit(event, width, style.event, style.event * READABLE, shade=GREY), left, top, width)

    foot = Fitted((face.number,), style.number, shade=GREY)
    bottom -= foot.height
    paper.put(foot, left, bottom, width)
    if face.card is not None:
        word = Fitted((words.role(face.card.role, look.floor),), style.role, bold=True)
        bottom -= word.height + style.pad / 8
        paper.put(word, left, bottom, width)
        bottom -= style.pad / 4
        paper.hairline(x + size.card[0] * 0.3, bottom, x + size.card[0] * 0.7, bottom)
        bottom -= style.pad / 8
        blocks = _person(paper, width, style, look, face, told)
    else:
        blocks = [Fitted((face.number,), style.name, bold=True)]
        blocks += [Fitted((words.say(words.SPARE, language),), style.organisation) for language in look.languages]
        bottom -= style.pad
        # Room to write a name by hand.
        paper.hairline(x + style.pad * 1.5, bottom, x + size.card[0] - style.pad * 1.5, bottom)
        bottom -= style.pad * 1.2

    gap = style.pad / 3
    blocks = _fitted(blocks, bottom - top - 2 * gap, gap)
    if any(block.size < 5 for block in blocks):
        told.small[face.number] = None
    at = top + (bottom - top - sum(b.height for b in blocks) - gap * (len(blocks) - 1)) / 2
    for block in blocks:
        at = paper.put(block, left, at, width) + gap


def _person(paper: Paper, width: float, style: Style, look: Look, face: Face, told: _Told) -> list[Fitted]:
    """Name in both scripts, delegation, organisation: those there are, each as large as it fits."""
    card = face.card
    assert card is not None
    native, whole = printable(card.native_name)
    if not whole:
        native = ""
        told.native.append(face.number)
    wanted = [
        (told.plain(card.name, face.number) or face.number, style.name, True, 0),
        (native, style.native, False, 0),
        (told.plain(pick(card.delegation, look.floor), face.number), style.delegation, True, 0),
        (told.plain(card.organisation, face.number), style.organisation, False, GREY),
    ]
    blocks = [
        paper.fit(text, width, size, size * READABLE, lines=3, bold=bold, shade=shade)
        for text, size, bold, shade in wanted if text
    ]  # fmt: skip
    if any(b.size < s * READABLE for b, (_, s, _, _) in zip(blocks, (w for w in wanted if w[0]), strict=True)):
        told.small[face.number] = None
    return blocks


def _fitted(blocks: list[Fitted], height: float, gap: float) -> list[Fitted]:
    """The blocks, all shrunk alike where together they are too high."""
    room = height - gap * (len(blocks) - 1)
    high = sum(block.height for block in blocks)
    scale = min(1.0, room / high)
    return [replace(block, size=block.size * scale) for block in blocks]


def _back(
    paper: Paper, x: float, y: float, size: Size, style: Style, face: Face, address: str, sentences: Sequence[Fitted]
) -> None:
    left, width = x + style.pad, size.card[0] - 2 * style.pad
    code = Fitted((grouped(face.code),), style.code, bold=True)
    where = Fitted((face.number,), style.number, shade=GREY)
    if style is TALL:
        paper.qr(face.link, x + (size.card[0] - style.qr) / 2, y + style.pad - 2, style.qr)
        at = paper.put(code, left, y + style.pad + style.qr - 2, width)
    else:
        # The quiet zone of the code is its margin.
        paper.qr(face.link, x + style.pad / 2, y + style.pad / 2, style.qr)
        beside, room = x + style.qr + style.pad / 2, size.card[0] - style.qr - 1.5 * style.pad
        line = paper.fit(address, room, style.organisation, 4, lines=1)
        at = y + style.pad / 2 + (style.qr - code.height - line.height) / 2
        paper.put(line, beside, paper.put(paper.fit(code.lines[0], room, code.size, 9, lines=1, bold=True), beside, at,
                                          room), room)  # fmt: skip
        at = y + style.pad / 2 + style.qr
    end = y + size.card[1] - style.pad * 0.7 - where.height
    paper.put(where, left, end, width)
    gap = style.pad / 4
    blocks = _fitted(list(sentences), end - at - gap, gap)
    at += (end - at - sum(b.height for b in blocks) - gap * (len(blocks) - 1)) / 2
    for block in blocks:
        at = paper.put(block, left, at, width) + gap


def _sentences(paper: Paper, languages: Sequence[str], address: str, width: float, style: Style) -> list[Fitted]:
    """What to do with the back, in the languages of the event, all of one size."""
    found = [
        paper.fit(words.say(words.SCAN, one, address=address), width, style.sentence, style.sentence * READABLE)
        for one in languages
    ]
    return [replace(each, size=min(other.size for other in found)) for each in found]
