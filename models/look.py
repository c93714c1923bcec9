"""How an event looks: one colour of its own, checked by the contrast WCAG asks for, and a logo.

A colour that can be read on light pages cannot be read on dark ones. So the organiser chooses the one for light
pages, and the dark pages get the nearest lighter one that passes.
"""

from __future__ import annotations

import re
import struct
import zlib
from dataclasses import dataclass
from typing import Annotated

import msgspec
from sqlmodel import col, select

from models import journal
from models.command import Badge, Command, Done, Touched, Word
from models.programme import Hall, the_event
from models.refusals import Refused
from models.rights import require
from models.store import Tx

TEXT, SHAPE = 4.5, 3.0
"""Least contrast of letters, and of what is no letter, such as a ring (WCAG 2.2, 1.4.3 and 1.4.11)."""
LIGHT = ("#F5F7F6", "#FFFFFF", "#E8EEED")
DARK = ("#0A181D", "#11232A", "#192E36")
"""The grounds a colour stands on: page, card, chip; as in static/tokens.css."""
INK = {"light": "#0E1C21", "dark": "#EDF3F3"}
"""Letters on those grounds."""
LOGO_BYTES, LOGO_SIDE = 200_000, 2_000
"""Largest logo: of the file, and of each side in pixels."""
_KEPT = (b"IHDR", b"PLTE", b"tRNS", b"gAMA", b"sRGB", b"cHRM", b"IDAT", b"IEND")
"""Parts of a PNG that make the picture. What else cameras and programs write into one stays outside."""

Rgb = tuple[int, int, int]


class SetAccent(Command):
    """The colour of buttons, links and rings, as "#0a5c66"; empty for Hallside's own.

    Refused with the nearest colour that passes where letters of it, or on it, could not be read.
    """

    accent: Word

    def perform(self, tx: Tx, badge: Badge, now: float) -> Done:
        require(tx, badge, "manage_event")
        event = the_event(tx)
        accent = self.accent.strip().lower()
        if accent:
            judged = judge(accent)
            if not judged.passes:
                raise Refused("colour_too_pale", ratio=f"{judged.light:.1f}", colour=judged.nearest)
        if event.accent != accent:
            event.accent = accent
            tx.add(event)
            journal.write(tx, badge, now, None, "look_changed")
        return Done(_everywhere(tx), "look_saved")


class SetLogo(Command):
    """A PNG of at most 200 kB and 2,000 pixels a side; empty takes it away."""

    png: Annotated[bytes, msgspec.Meta(max_length=LOGO_BYTES)] = b""

    def perform(self, tx: Tx, badge: Badge, now: float) -> Done:
        require(tx, badge, "manage_event")
        event = the_event(tx)
        event.logo = sound_png(self.png) if self.png else None
        tx.add(event)
        journal.write(tx, badge, now, None, "look_changed")
        return Done(_everywhere(tx), "look_saved")


def _everywhere(tx: Tx) -> Touched:
    halls = tx.exec(select(col(Hall.id))).all()
    return frozenset({("event", "look"), *((f"hall:{hall}", "scene") for hall in halls)})


@dataclass(frozen=True, slots=True)
class Judged:
    """A colour and what was computed: least contrast on each theme's grounds, and of the letters on a button."""

    accent: str
    light: float
    on: str
    """Letters on it, on light pages."""
    on_ratio: float
    dark_accent: str
    """What dark pages show."""
    dark: float
    dark_on: str
    dark_on_ratio: float
    soft: str
    dark_soft: str
    """The ground of what is chosen."""
    own_on_dark: float
    """Contrast of the colour itself on dark grounds: why there is a second one."""
    nearest: str
    """The colour itself where it passes, else the nearest darker one that does."""

    @property
    def passes(self) -> bool:
        return self.nearest == self.accent


def judge(accent: str) -> Judged:
    """Refused("no_such_colour") unless it is written as six hexadecimal digits after a #."""
    if not re.fullmatch("#[0-9a-f]{6}", accent):
        raise Refused("no_such_colour")
    nearest = _towards(accent, (0, 0, 0), LIGHT, "#FFFFFF")
    dark = _towards(nearest, (255, 255, 255), DARK, "#04252A")
    return Judged(
        accent=accent, light=worst(accent, LIGHT), on="#FFFFFF", on_ratio=contrast(accent, "#FFFFFF"),
        dark_accent=dark, dark=worst(dark, DARK), dark_on="#04252A", dark_on_ratio=contrast(dark, "#04252A"),
        soft=_hex(_mixed(_rgb(nearest), _rgb(LIGHT[1]), 0.86)), dark_soft=_hex(_mixed(_rgb(dark), _rgb(DARK[1]), 0.8)),
        own_on_dark=worst(accent, DARK), nearest=nearest,
    )  # fmt: skip


def contrast(one: str, other: str) -> float:
    """WCAG 2 contrast of two colours, from 1 to 21."""
    bright, dim = sorted((_luminance(_rgb(one)), _luminance(_rgb(other))), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


def worst(colour: str, grounds: tuple[str, ...]) -> float:
    return min(contrast(colour, ground) for ground in grounds)


def _towards(colour: str, end: Rgb, grounds: tuple[str, ...], on: str) -> str:
    """The colour, or the first on the way to black or white that is read on the grounds and carries letters `on`."""
    start = _rgb(colour)
    for step in range(257):
        mixed = _hex(_mixed(start, end, step / 256))
        if worst(mixed, grounds) >= TEXT and contrast(mixed, on) >= TEXT:
            return mixed
    raise AssertionError("black and white are always read")


def _mixed(one: Rgb, other: Rgb, share: float) -> Rgb:
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue


def _luminance(rgb: Rgb) -> float:
    linear = [c / 255 / 12.92 if c <= 10 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in rgb]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _rgb(colour: str) -> Rgb:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _hex(rgb: Rgb) -> str:
    return "#{:02x}{:02x}{:02x}".format(*rgb)


def sheet(accent: str) -> str:
    """The stylesheet that puts the colour in the place of Hallside's own. A person's high contrast stays theirs."""
    seen = judge(accent)
    light = f"--act:{seen.accent};--act-on:{seen.on};--act-soft:{seen.soft}"
    dark = f"--act:{seen.dark_accent};--act-on:{seen.dark_on};--act-soft:{seen.dark_soft}"
    dim = "[data-theme=dark],[data-theme=black]"
    return (
        f"@media (forced-colors:none){{:root,[data-theme=light]{{{light}}}{dim}{{{dark}}}}}\n"
        f"@media (forced-colors:none) and (prefers-color-scheme:dark){{[data-theme=auto]{{{dark}}}}}\n"
    )


def sound_png(data: bytes) -> bytes:
    """The picture alone, without what else stood in its file. Refused unless it is a PNG within the limits."""
    if len(data) > LOGO_BYTES:
        raise Refused("logo_too_big")
    if data[:8] != b"\x89PNG\r\n\x1a\n":
        raise Refused("logo_no_png")
    kept, place, names = [data[:8]], 8, list[bytes]()
    while place + 12 <= len(data):
        (length,), name = struct.unpack(">I", data[place : place + 4]), data[place + 4 : place + 8]
        whole = data[place : place + 12 + length]
        if len(whole) < 12 + length or struct.unpack(">I", whole[-4:])[0] != zlib.crc32(whole[4:-4]):
            raise Refused("logo_damaged")
        if not names:
            _check_size(name, whole[8:-4])
        if name in _KEPT:
            kept.append(whole)
        names.append(name)
        place += 12 + length
        if name == b"IEND":
            break
    # Colours by number without the table of them stop every badge that the logo is printed on.
    is_blind = data[25:26] == b"\x03" and b"PLTE" not in names
    if not names or names[-1] != b"IEND" or b"IDAT" not in names or is_blind:
        raise Refused("logo_damaged")
    return b"".join(kept)


def _check_size(name: bytes, header: bytes) -> None:
    """A few bytes may say that they are a picture of a thousand million dots: every phone would have to unfold it."""
    if name != b"IHDR" or len(header) != 13:
        raise Refused("logo_damaged")
    width, height = struct.unpack(">II", header[:8])
    if not (0 < width <= LOGO_SIDE and 0 < height <= LOGO_SIDE):
        raise Refused("logo_too_wide", limit=LOGO_SIDE)
