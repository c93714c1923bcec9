"""Drawings the server makes: the hemicycle, seats in arcs of which some are lit, and the QR code. Both as inline SVG.

Neither says anything that the words beside it do not say, so both are hidden from screen readers.
"""

from __future__ import annotations

import math
import random
from functools import lru_cache

import segno
from markupsafe import Markup

UNITS = (1, 5, 10, 25)
"""People to one seat, the smallest that fits; larger halls take multiples of the last."""
WIDTH, HEIGHT = 1000, 540
OUTER, INNER = 470.0, 185.0
"""The outer arc, and the smallest inner one: a number stands within it."""
HALL_DOTS = 500
"""Up to so many people a dot is one person: at 600 of 1920 pixels such a dot is still 9 wide."""
FEW = 20
"""Fewer people make no arcs: their seats are not seen, and the sentence stands alone."""
QUIET = 4
"""Modules of white around a QR code, without which phones do not find it."""


def unit(n_total: int, max_dots: int) -> int:
    """How many people one dot stands for."""
    for people in UNITS:
        if math.ceil(n_total / people) <= max_dots:
            return people
    return UNITS[-1] * math.ceil(n_total / (UNITS[-1] * max_dots))


def lit(n: int, n_total: int, people: int) -> int:
    """Dots to light: the first person lights one, and the last dot waits for the last person."""
    if n <= 0:
        return 0
    dots = max(1, math.ceil(n_total / people))
    return dots if n >= n_total else max(1, min(dots - 1, round(n / people)))


def hemicycle(n_total: int, n_lit: int, *, seed: int, max_dots: int = HALL_DOTS) -> Markup:
    """Seats in arcs, `n_lit` of `n_total` people lit in a seeded order that is nobody's seat.

    Each circle carries its place in that order as `data-o`, the svg `data-unit` (people to a dot) and `data-of`
    (people in all): a page lights more by itself, without a new drawing.
    """
    people = unit(n_total, max_dots)
    few = " few" if n_total < FEW else ""
    dots = max(1, math.ceil(n_total / people))
    on = lit(n_lit, n_total, people)
    radius, seats = _seats(dots)
    order = list(range(dots))
    random.Random(seed).shuffle(order)
    # Quoted: without quotes a parser takes the slash into the name and nests every seat in the one before.
    on_class = ' class="on"'
    circles = "".join(
        f'<circle cx="{x}" cy="{y}" r="{radius}" data-o="{o}"{on_class if o < on else ""}/>'
        for (x, y), o in zip(seats, order, strict=True)
    )
    # Everything within is a number of ours.
    return Markup(
        f'<svg class="hemi{few}" viewBox="0 0 {WIDTH} {HEIGHT}" data-unit="{people}" data-of="{n_total}"'
        f' aria-hidden="true" focusable="false">{circles}</svg>'
    )


@lru_cache(256)
def qr(text: str) -> Markup:
    """A QR code, black on white in every theme, error level M. Upper-case addresses make the coarsest modules."""
    code = segno.make(text, error="m", micro=False, boost_error=False)
    size = code.symbol_size(border=QUIET)[0]
    runs = []
    for y, row in enumerate(bytes(each) for each in code.matrix_iter(border=QUIET)):
        x = 0
        while x < size:
            run = 1
            while x + run < size and row[x + run] == row[x]:
                run += 1
            if row[x]:
                runs.append(f"M{x} {y}h{run}v1h-{run}z")
            x += run
    return Markup(
        f'<svg class="qr" viewBox="0 0 {size} {size}" shape-rendering="crispEdges" aria-hidden="true"'
        f' focusable="false"><path fill="#fff" d="M0 0h{size}v{size}H0z"/><path fill="#000" d="{"".join(runs)}"/></svg>'
    )


@lru_cache(64)
def _seats(dots: int) -> tuple[float, tuple[tuple[float, float], ...]]:
    """Radius of a dot, and the middles of so many dots: as many arcs as leave the middle free, all from wall to wall,
    and as far from each other as their dots are."""
    rows = 1
    while rows < dots and _gap(dots, rows + 1) * rows <= OUTER - INNER:
        rows += 1
    gap = _gap(dots, rows)
    radii = [OUTER - gap * row for row in range(rows)]
    shares = [(dots - rows) * radius / sum(radii) for radius in radii]
    counts = [1 + int(share) for share in shares]
    for row in sorted(range(rows), key=lambda r: counts[r] - shares[r])[: dots - sum(counts)]:
        counts[row] += 1
    seats = tuple(
        (
            round(WIDTH / 2 - radius * math.cos(math.pi * (k / (count - 1) if count > 1 else 0.5)), 1),
            round(HEIGHT - 34 - radius * math.sin(math.pi * (k / (count - 1) if count > 1 else 0.5)), 1),
        )
        for radius, count in zip(radii, counts, strict=True)
        for k in range(count)
    )
    return round(min(30.0, gap * 0.3), 1), seats


def _gap(dots: int, rows: int) -> float:
    """The distance of dots at which so many of them fill so many arcs of the same distance."""
    return math.pi * rows * OUTER / (max(1, dots - rows) + math.pi * rows * (rows - 1) / 2)
