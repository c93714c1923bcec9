"""What `scripts/hallside badges` prints: files of badges and of the desk's list, while a server runs or not."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

from live import offline
from live import print as paper
from live.badges import Badges
from live.print.sizes import SIZES
from live.settings import Settings, Wrong
from models import cards, spares
from models.command import Done
from models.spares import MOST, MakeSpares
from models.store import Peek, Tx


def to_files(
    settings: Settings, base_of: Callable[[], str], say: Callable[[str], None],
    *, pdf: Path | None, desk_list: Path | None, labels: str, marks: bool, of: str, number: str, count: int,
) -> None:  # fmt: skip
    """Write what was asked for. With *count* so many spare badges instead of people; only new ones change anything.

    Raises Wrong for paper that is not known, Taken where spares must be made while a server runs.
    """
    size = SIZES.get(labels)
    if size is None:
        raise Wrong(f"There is no paper {labels!r}. Papers are {', '.join(SIZES)}.")
    if count:
        _make_spares(settings, count, say)
    with offline.reading(settings) as raw:
        badges, base = Badges.open(settings.data), base_of()
        tx, look, people = Peek(raw), cards.look(Peek(raw)), _people(raw, of, number)
        faces = paper.spare_faces(badges, base, spares.free(tx)[:count]) if count else paper.faces(badges, base, people)
    if pdf:
        printed = paper.badges_pdf(look, faces, size, base.partition("://")[2], marks=marks)
        _write(pdf, printed.pdf)
        backs = "backs lie beside the fronts" if size.fold else "print on both sides, turned over the long edge"
        say(f"{pdf}: {len(faces)} badges, {backs}, at 100 %. It holds the codes: delete it when it is printed.")
        _tell(printed, say)
    if desk_list:
        printed = paper.desk_list_pdf(look, people, time.time(), look.floor)
        _write(desk_list, printed.pdf)
        say(f"{desk_list}: {len(people)} people by family name, without codes.")
        if not pdf:
            _tell(printed, say)


def _people(raw: sqlite3.Connection, of: str, number: str) -> tuple[cards.Card, ...]:
    found = raw.execute("SELECT id FROM person WHERE number = ?", (number,)).fetchone() if number else None
    return cards.cards(Peek(raw), of, found[0] if found else 0)


def _make_spares(settings: Settings, count: int, say: Callable[[str], None]) -> None:
    """Make as many as are missing for so many free ones."""
    with offline.reading(settings) as raw:
        tx = Peek(raw)
        missing, seen = count - len(spares.free(tx)), spares.last(tx)
    while missing > 0:
        some = MakeSpares(count=min(MOST, missing), seen=seen)

        def run(tx: Tx, some: MakeSpares = some) -> Done:
            return some.perform(tx, offline.BY_HAND, time.time())

        done = offline.write(settings, run, say)
        seen, missing = int(done.facts.get("last", seen)), missing - some.count


def _write(path: Path, body: bytes) -> None:
    """For its owner only: whoever has the file has the badges."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        os.fchmod(file.fileno(), 0o600)
        file.write(body)


def _tell(printed: paper.Printed, say: Callable[[str], None]) -> None:
    """Whose badge is not as the list has it, by badge number."""
    for numbers, one, many in (
        (printed.without_native, "name in its own script cannot be printed", "names in their own script cannot be"
         " printed"),
        (printed.simplified, "badge lost accents or a line that the fonts lack", "badges lost accents or a line that"
         " the fonts lack"),
        (printed.small, "badge is so long that it is printed very small", "badges are so long that they are printed"
         " very small"),
    ):  # fmt: skip
        if numbers:
            say(f"{len(numbers)} {one if len(numbers) == 1 else many}: {', '.join(n or 'the event' for n in numbers)}.")
