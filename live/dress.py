"""What an event wears: its colour as a stylesheet and its logo, each at an address that names its content."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b

from models import look


@dataclass(frozen=True, slots=True)
class Worn:
    """Empty addresses where the event has no colour or logo of its own."""

    css: str = ""
    css_url: str = ""
    logo: bytes = b""
    logo_url: str = ""


def dress(accent: str, logo: bytes | None) -> Worn:
    css = look.sheet(accent) if accent else ""
    return Worn(
        css, f"/look/{_mark(css.encode())}.css" if css else "", logo or b"", f"/look/{_mark(logo)}.png" if logo else ""
    )


def _mark(data: bytes) -> str:
    return blake2b(data, digest_size=6).hexdigest()
