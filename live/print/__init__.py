"""What is printed on paper: badges with front and back, and the list of the registration desk. PDF out, no route known.

The libraries that write PDF and read fonts take half a second to come: they are left to whoever prints, since a
server that is started again must be up at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from live.badges import Badges
from live.print.sizes import Size
from models import spares
from models.cards import Card, Look


@dataclass(frozen=True, slots=True)
class Face:
    """One badge: what its front shows, and the link and code of its back. `card` is None for a spare badge.

    It holds secrets: for the paper of whoever asked, never for a log.
    """

    number: str
    code: str
    link: str
    card: Card | None = None


@dataclass(frozen=True, slots=True)
class Printed:
    """A PDF, and the badge numbers of what could not be printed as it stands in the list."""

    pdf: bytes = field(repr=False)
    without_native: tuple[str, ...] = ()
    """The name in their own script is left out: the fonts lack its letters."""
    simplified: tuple[str, ...] = ()
    """Some letters lost an accent, or a line was left out, for the same reason."""
    small: tuple[str, ...] = ()
    """Something on it is so long that it is smaller than is easily read."""


def faces(badges: Badges, base: str, people: Sequence[Card]) -> list[Face]:
    """The badges of people. *base* is what links begin with."""
    return [
        Face(c.number, badges.code(c.id, c.issue), f"{base}/b#{badges.link_secret(c.id, c.issue)}", c) for c in people
    ]


def spare_faces(badges: Badges, base: str, numbers: Sequence[int]) -> list[Face]:
    """Spare badges by their numbers."""
    return [Face(spares.label(n), badges.spare_code(n), f"{base}/b#{badges.spare_secret(n)}") for n in numbers]


def badges_pdf(look: Look, faces: Sequence[Face], size: Size, address: str, *, marks: bool = True) -> Printed:
    """Badge sheets. *address* is what people type, without scheme. 204 badges: 2 s of CPU, the first time 2 s more."""
    from live.print.badges import draw  # noqa: PLC0415

    return draw(look, faces, size, address, marks=marks)


def desk_list_pdf(look: Look, people: Sequence[Card], now: float, language: str) -> Printed:
    """The list for the registration desk, headings in *language*. *now* is wall time in seconds."""
    from live.print.desk_list import draw  # noqa: PLC0415

    return draw(look, people, now, language)
