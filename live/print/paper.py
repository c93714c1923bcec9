"""Paper to write on: the fonts of the pages, lines that fit their place, and QR codes.

The fonts are kept as the browser wants them: packed, in parts by script, all but the Arabic variable. Each is unpacked
and set to two weights when it is first written with (0.3 s of CPU), into a folder that goes with the process.
"""

from __future__ import annotations

import io
import logging
import tempfile
import threading
import unicodedata
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Self

import segno
from fontTools.ttLib import TTFont  # type: ignore[import-untyped]
from fontTools.varLib import instancer  # type: ignore[import-untyped]
from fpdf import FPDF
from fpdf.bidi import auto_detect_base_direction
from fpdf.enums import TextDirection
from fpdf.fonts import TTFFont
from PIL import Image

from live.draw import QUIET

FONTS = Path(__file__).parent.parent.parent / "static" / "vendor" / "fonts"
SCRIPTS = {
    **{
        script: f"ibm-plex-sans-{script}-standard-normal.woff2"
        for script in ("latin", "latin-ext", "cyrillic", "cyrillic-ext", "greek", "vietnamese")
    },
    "arabic": "ibm-plex-sans-arabic-arabic-%d-normal.woff2",
}
"""The first is written with, the others are fallen back to in this order; %d stands for the weight."""
WEIGHTS = {"": 400, "B": 600}
POINT = 25.4 / 72
"""Millimetres."""
INK, GREY, HAIR = 0, 90, 150
"""Shades from black: of text, of what is secondary, of hairlines. Any printer has them."""

_folder: tempfile.TemporaryDirectory[str] | None = None
_once = threading.Lock()

# It tells of every table of a font that a PDF does not need.
logging.getLogger("fontTools").setLevel(logging.ERROR)


@dataclass(frozen=True, slots=True)
class Fitted:
    """A text broken into lines, and the size in points at which they fit."""

    lines: tuple[str, ...]
    size: float
    bold: bool = False
    shade: int = INK
    direction: str | None = None
    """Of the whole text, "rtl" or "ltr": a line of it may begin with a word of the other."""

    @property
    def leading(self) -> float:
        """Millimetres from line to line: Arabic reaches higher and deeper."""
        return self.size * POINT * (1.5 if any("\u0600" <= c <= "\u06ff" for c in self.lines[0]) else 1.22)

    @property
    def height(self) -> float:
        return self.leading * len(self.lines)


class Paper(FPDF):
    """Pages in millimetres with our fonts, shaped and in both directions. Use as `with Paper(...) as paper`."""

    def __init__(self, width: float, height: float, title: str) -> None:
        super().__init__(unit="mm", format=(width, height))
        self.set_auto_page_break(False)
        self.set_margin(0)
        self.c_margin = 0
        # What looks like the mark for the number of pages is somebody's text.
        self.alias_nb_pages("")
        for style in WEIGHTS:
            self.add_font("latin", style, _file("latin", style))
        self.set_text_shaping(True)
        self.set_title(title)
        self.set_creator("Hallside")
        self.set_font("latin", "", 10)
        self._widths: dict[tuple[str, bool], float] = {}
        self._fits: dict[tuple[object, ...], Fitted] = {}
        self._written: dict[tuple[Fitted, float, str], tuple[float, float, bytes]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for font in self.fonts.values():
            if isinstance(font, TTFFont):
                font.close()

    def add_page(self, *given: Any, **named: Any) -> None:
        """A page on which nothing was written yet."""
        super().add_page(*given, **named)
        self._written.clear()

    def get_fallback_font(self, char: str, style: str = "") -> str | None:
        """The font of another script for a letter that Latin lacks; it comes into the document when it is needed."""
        script = _scripts().get(ord(char))
        if script is None:
            return None
        weight = "B" if "B" in style else ""
        if f"{script}{weight}" not in self.fonts:
            self.add_font(script, weight, _file(script, weight))
        return f"{script}{weight}"

    def width_of(self, word: str, *, bold: bool) -> float:
        """Millimetres at one point."""
        if (word, bold) not in self._widths:
            self.set_font("latin", "B" if bold else "", 100)
            self._widths[word, bold] = float(self.get_string_width(word)) / 100
        return self._widths[word, bold]

    def fit(
        self, text: str, width: float, size: float, smallest: float,
        *, lines: int = 2, bold: bool = False, shade: int = INK,
    ) -> Fitted:  # fmt: skip
        """As large as it goes: shrunk a little, else broken into lines, else shrunk more, below `smallest` at last.

        Whatever comes in comes out whole and is never wider than `width` millimetres.
        """
        key = (text, width, size, smallest, lines, bold, shade)
        if key not in self._fits:
            self._fits[key] = self._fit(*key)
        return self._fits[key]

    def _fit(self, text: str, width: float, size: float, smallest: float, lines: int, bold: bool, shade: int) -> Fitted:
        words = text.split() or [""]
        towards = "rtl" if auto_detect_base_direction(text) is TextDirection.RTL else "ltr"
        best = Fitted((text,), 0.0, bold, shade)
        for n in range(1, min(lines, len(words)) + 1):
            broken, widest = self._broken(words, n, bold)
            fits = min(size, width / widest) if widest else size
            if fits > best.size:
                best = Fitted(broken, fits, bold, shade, towards)
            if fits >= (max(smallest, size * 0.72) if n < lines else smallest):
                break
        return best

    def _broken(self, words: list[str], n: int, bold: bool) -> tuple[tuple[str, ...], float]:
        """The words in so many lines, the longest as short as it can be, and how wide that is at one point."""
        widths = [self.width_of(word, bold=bold) for word in words]
        # A hundredth more: in a line words may stand a little wider than alone.
        space = self.width_of(" ", bold=bold) * 1.01
        if n == 1:
            return (" ".join(words),), sum(widths) * 1.01 + space * (len(words) - 1)
        tried = []
        for cut in range(1, len(words) - n + 2):
            first = sum(widths[:cut]) * 1.01 + space * (cut - 1)
            rest, wide = self._broken(words[cut:], n - 1, bold)
            tried.append((max(first, wide), cut, rest))
        widest, cut, rest = min(tried)
        return (" ".join(words[:cut]), *rest), widest

    def put(self, fitted: Fitted, x: float, y: float, width: float, align: str = "C") -> float:
        """Write from y downwards. Returns the y below it.

        What stands on the page already is repeated as it was written, moved to its place: shaping is most of the work.
        """
        key = (fitted, width, align)
        drawing = self.pages[self.page].contents
        assert isinstance(drawing, bytearray)
        if key in self._written:
            left, top, drawn = self._written[key]
            self._out(f"q 1 0 0 1 {(x - left) * self.k:.3f} {(top - y) * self.k:.3f} cm")
            self._out(drawn)
            self._out("Q")
            return y + fitted.height
        start = len(drawing)
        # The font is named anew, so that what is repeated does not depend on what was written before it.
        self.set_font("latin", "", 1)
        self.set_font("latin", "B" if fitted.bold else "", fitted.size)
        self.set_text_color(fitted.shade)
        self.set_text_shaping(True, direction=fitted.direction)
        for n, line in enumerate(fitted.lines):
            self.set_xy(x, y + n * fitted.leading)
            self.cell(width, fitted.leading, line, align=align)
        self.set_text_shaping(True)
        self._written[key] = (x, y, bytes(drawing[start:]))
        return y + fitted.height

    def hairline(self, x1: float, y1: float, x2: float, y2: float) -> None:
        self.set_draw_color(HAIR)
        self.set_line_width(0.15)
        self.line(x1, y1, x2, y2)

    def qr(self, text: str, x: float, y: float, side: float) -> None:
        """A QR code with its quiet zone in a square of `side` millimetres, error level M, as on the pages."""
        code = segno.make(text, error="m", micro=False, boost_error=False)
        module = side / code.symbol_size(border=QUIET)[0]
        # One path for all of it: a rectangle for each run of modules by the library's own verb takes thrice as long.
        path = []
        for line, row in enumerate(bytes(each) for each in code.matrix_iter(border=QUIET)):
            # A hair taller than a module: rows that only touch show a white seam on screens.
            foot = (self.h - y - (line + 1.02) * module) * self.k
            at = row.find(1)
            while at >= 0:
                end = row.find(0, at)
                path.append(
                    f"{(x + at * module) * self.k:.3f} {foot:.3f}"
                    f" {(end - at) * module * self.k:.3f} {1.02 * module * self.k:.3f} re"
                )
                at = row.find(1, end)
        self._out("q 0 g " + " ".join(path) + " f Q")


def printable(text: str) -> tuple[str, bool]:
    """What the fonts can write of a text, and whether that is all of it.

    A letter they lack loses its accents; where that does not help the text is "".
    """
    have = _scripts()
    if all(ord(c) in have for c in text):
        return text, True
    written = []
    for c in text:
        if ord(c) in have:
            written.append(c)
            continue
        base, *accents = list(unicodedata.normalize("NFD", c))
        kept = (unicodedata.normalize("NFC", base + accent) for accent in accents)
        nearest = next((k for k in kept if len(k) == 1 and ord(k) in have), base)
        if unicodedata.combining(c) or c in "\u200c\u200d":
            continue
        if ord(nearest) not in have:
            return "", False
        written.append(nearest)
    return "".join(written), False


def picture(png: bytes | None) -> Image.Image | None:
    """The logo, or None where there is none that can be read."""
    if not png:
        return None
    try:
        found = Image.open(io.BytesIO(png))
        found.load()
    except (OSError, SyntaxError, ValueError):
        return None
    return found


@cache
def _scripts() -> dict[int, str]:
    """For every letter that can be written the script whose font has it."""
    found: dict[int, str] = {}
    for script, name in SCRIPTS.items():
        with TTFont(FONTS / (name % 400 if "%" in name else name), lazy=True) as font:
            for letter in font.getBestCmap():
                found.setdefault(letter, script)
    return found


def _file(script: str, style: str) -> Path:
    """The font of a script in a weight as a file that a PDF can hold, made once in a process."""
    global _folder
    weight, name = WEIGHTS[style], SCRIPTS[script]
    with _once:
        if _folder is None or not Path(_folder.name).exists():
            _folder = tempfile.TemporaryDirectory(prefix="hallside-fonts-", ignore_cleanup_errors=True)
        path = Path(_folder.name) / f"{script}-{weight}.ttf"
        if not path.exists():
            _unpack(FONTS / (name % weight if "%" in name else name), weight, path)
        return path


def _unpack(source: Path, weight: int, target: Path) -> None:
    font = TTFont(source)
    if "fvar" in font:
        instancer.instantiateVariableFont(font, {"wght": weight, "wdth": 100}, inplace=True, static=True)
    font.flavor = None
    font.save(target)
    font.close()
