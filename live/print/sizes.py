"""Where badges lie on the paper. All lengths in millimetres, from the top left corner of the page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")

MARK, AIR = 4.0, 1.0
"""Length of a cut mark, and its distance from the card where the paper has a margin."""


@dataclass(frozen=True, slots=True)
class Size:
    """A kind of paper: cards of width and height in columns and rows, `gap` between the columns.

    `fold` puts back and front of a badge beside each other on one side of the paper; otherwise the fronts fill a page
    and the backs the next one, columns mirrored, for a printer that turns the paper over its long edge.
    """

    key: str
    page: tuple[float, float]
    card: tuple[float, float]
    columns: int = 1
    rows: int = 1
    gap: float = 0.0
    fold: bool = False

    @property
    def per_page(self) -> int:
        """Badges to a page, or to two in duplex."""
        return self.columns * self.rows // (2 if self.fold else 1)

    @property
    def left(self) -> float:
        return (self.page[0] - self.columns * self.card[0] - (self.columns - 1) * self.gap) / 2

    @property
    def top(self) -> float:
        return (self.page[1] - self.rows * self.card[1]) / 2

    def corner(self, column: int, row: int) -> tuple[float, float]:
        """The top left corner of a card."""
        return self.left + column * (self.card[0] + self.gap), self.top + row * self.card[1]


SIZES: dict[str, Size] = {
    size.key: size
    for size in (
        Size("a6", (210, 297), (105, 148), 2, 2),
        Size("a6-fold", (210, 297), (105, 148), 2, 2, fold=True),
        Size("a6-single", (105, 148), (105, 148)),
        Size("a5-fold", (210, 148), (105, 148), 2, 1, fold=True),
        Size("90x60", (210, 297), (90, 60), 2, 4),
        Size("90x54", (210, 297), (90, 54), 2, 5),
        Size("90x54-fold", (210, 297), (90, 54), 2, 5, fold=True),
        Size("85x54", (210, 297), (85, 54), 2, 5, gap=10),
        Size("id-card", (86, 54), (86, 54)),
    )
}


Placed = tuple[tuple[float, float], T]


def pages(size: Size, items: Sequence[T]) -> Iterator[tuple[list[Placed[T]], list[Placed[T]]]]:
    """For each sheet the fronts and the backs with the corners they are drawn at.

    Without a fold the backs are a page of their own, on which each lies behind its front when the sheet is turned over
    its long edge; with one they lie on the same page, left of their fronts.
    """
    for start in range(0, len(items), size.per_page):
        fronts: list[Placed[T]] = []
        backs: list[Placed[T]] = []
        across = size.columns // 2 if size.fold else size.columns
        for n, item in enumerate(items[start : start + size.per_page]):
            row, column = divmod(n, across)
            if size.fold:
                backs.append((size.corner(2 * column, row), item))
                fronts.append((size.corner(2 * column + 1, row), item))
            else:
                fronts.append((size.corner(column, row), item))
                backs.append((size.corner(size.columns - 1 - column, row), item))
        yield fronts, backs


def cut_marks(size: Size) -> list[tuple[float, float, float, float]]:
    """Short lines on the edges of the cards, at the rim of the paper; where there is no margin, along the cut itself.

    Each as x1, y1, x2, y2. None for paper of one card: nothing is cut.
    """
    if size.page == size.card:
        return []
    width, height = size.page
    ups = {round(size.corner(c, 0)[0] + end, 2) for c in range(size.columns) for end in (0, size.card[0])}
    acrosses = {round(size.corner(0, r)[1] + end, 2) for r in range(size.rows) for end in (0, size.card[1])}
    bottom, right = height - size.top, width - size.left
    marks: list[tuple[float, float, float, float]] = []
    for x in sorted(x for x in ups if 0 < x < width):
        marks += [(x, start, x, end) for start, end in (_before(size.top), _after(bottom, height))]
    for y in sorted(y for y in acrosses if 0 < y < height):
        marks += [(start, y, end, y) for start, end in (_before(size.left), _after(right, width))]
    return marks


def _before(edge: float) -> tuple[float, float]:
    """A mark before the first card, or at the rim of paper that the cards fill."""
    return (max(0.0, edge - AIR - MARK), edge - AIR) if edge > AIR + 1 else (0.0, MARK)


def _after(edge: float, end: float) -> tuple[float, float]:
    return (edge + AIR, min(end, edge + AIR + MARK)) if end - edge > AIR + 1 else (end - MARK, end)
