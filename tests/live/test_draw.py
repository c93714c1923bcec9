"""The drawings: what is lit, in which order, and that a phone finds the QR code."""

from __future__ import annotations

import itertools
import math
import re

import pytest
import segno

from live import draw


def circles(svg: str) -> list[tuple[float, float, float, int, bool]]:
    found = re.findall(r'<circle cx="([\d.]+)" cy="([\d.]+)" r="([\d.]+)" data-o="(\d+)"( class="on")?/>', svg)
    return [(float(x), float(y), float(r), int(o), bool(on)) for x, y, r, o, on in found]


@pytest.mark.parametrize(
    ("people", "unit"), [(1, 1), (500, 1), (501, 5), (2500, 5), (2501, 10), (5001, 25), (12500, 25), (12501, 50)]
)
def test_a_dot_is_as_few_people_as_fit(people, unit):
    svg = draw.hemicycle(people, 0, seed=1)

    assert f'data-unit="{unit}"' in svg
    assert len(circles(svg)) == -(-people // unit)


@pytest.mark.parametrize(("people", "few"), [(2, True), (19, True), (20, False)])
def test_seats_of_a_few_people_are_not_seen(people, few):
    assert ('class="hemi few"' in draw.hemicycle(people, 0, seed=1)) == few


def test_the_first_in_the_seeded_order_are_lit():
    dots = circles(draw.hemicycle(212, 146, seed=7))

    assert len(dots) == 212
    assert {o for *_, o, on in dots if on} == set(range(146))


def test_the_order_is_seeded_and_not_the_order_of_seats():
    one, again, other = (circles(draw.hemicycle(100, 40, seed=seed)) for seed in (1, 1, 2))

    assert one == again
    assert [o for *_, o, _ in one] != [o for *_, o, _ in other]
    assert [o for *_, o, _ in one] != list(range(100))


@pytest.mark.parametrize(("lit", "dots"), [(0, 0), (1, 1), (499, 99), (500, 100)])
def test_one_person_is_seen_and_only_all_are_all(lit, dots):
    svg = draw.hemicycle(500, lit, seed=3, max_dots=120)

    assert sum(on for *_, on in circles(svg)) == dots


@pytest.mark.parametrize("people", [3, 9, 12, 17, 25, 33, 48, 96, 212, 320, 500])
def test_every_arc_is_whole_and_its_dots_are_as_far_apart_as_the_arcs(people):
    """Few people must not look like a hall with gaps."""
    middle = draw.HEIGHT - 34
    arcs: dict[float, list[float]] = {}
    for x, y, *_ in circles(draw.hemicycle(people, 0, seed=1)):
        radius = math.hypot(x - draw.WIDTH / 2, y - middle)
        known = next((each for each in arcs if abs(each - radius) < 1), radius)
        arcs.setdefault(known, []).append(math.atan2(middle - y, x - draw.WIDTH / 2))
    radii = sorted(arcs)

    steps = [b - a for a, b in itertools.pairwise(radii)]
    assert radii[0] >= draw.INNER - 1
    for radius, angles in arcs.items():
        along = [radius * (b - a) for a, b in itertools.pairwise(sorted(angles))]
        assert min(angles) == pytest.approx(0, abs=0.01)
        assert max(angles) == pytest.approx(math.pi, abs=0.01)
        assert max(along) - min(along) < 2
        if steps:
            assert 0.8 < min(along) / min(steps) < 1.25


@pytest.mark.parametrize("people", [0, 1, 2, 9, 15, 16, 48, 96, 120, 239, 240, 500])
def test_dots_never_touch_and_stay_in_the_picture(people):
    dots = circles(draw.hemicycle(people, 0, seed=1))

    for n, (x, y, r, *_) in enumerate(dots):
        assert r <= x <= draw.WIDTH - r
        assert r <= y <= draw.HEIGHT - r
        for x2, y2, r2, *_ in dots[n + 1 :]:
            assert (x - x2) ** 2 + (y - y2) ** 2 > (r + r2) ** 2


def test_a_qr_code_is_black_on_white_with_four_modules_of_quiet():
    text = "HTTPS://TALK.EXAMPLE/C/K3M7"
    svg = draw.qr(text)
    modules = segno.make(text, error="m", micro=False, boost_error=False)
    size = modules.symbol_size(border=4)[0]

    assert f'viewBox="0 0 {size} {size}"' in svg
    drawn = {
        (x, int(y))
        for x0, y, run in re.findall(r"M(\d+) (\d+)h(\d+)v1", svg)
        for x in range(int(x0), int(x0) + int(run))
    }
    dark = {(x, y) for y, row in enumerate(modules.matrix_iter(border=4)) for x, bit in enumerate(row) if bit}
    assert drawn == dark
    assert min(x for x, _ in drawn) == 4


def test_nothing_of_the_text_gets_into_the_markup():
    assert "script" not in draw.qr("</svg><script>")
