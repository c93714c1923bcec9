"""How long badges take: every paper, 204 people, first and again. `.venv/bin/python -m tests.load.printing`"""

from __future__ import annotations

import sqlite3
import tempfile
import time
from pathlib import Path

from live import example, offline
from live import print as paper
from live.badges import Badges
from live.print.sizes import SIZES
from live.settings import Settings
from models import cards
from models.store import Peek

N = 204


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data=Path(folder))
        offline.write(settings, lambda tx: example.load(tx, example.read(time.time()), time.time()), lambda words: None)
        with offline.reading(settings) as raw:
            look, people = _conference(raw)
    faces = paper.faces(Badges(bytes(32)), "https://vote.conference.example", people)
    for key in ("90x54", *SIZES):
        wall, cpu = time.perf_counter(), time.process_time()
        printed = paper.badges_pdf(look, faces, SIZES[key], "vote.conference.example")
        told(key, len(printed.pdf), wall, cpu)
    wall, cpu = time.perf_counter(), time.process_time()
    told("desk list", len(paper.desk_list_pdf(look, people, time.time(), "en").pdf), wall, cpu)


def told(what: str, size: int, wall: float, cpu: float) -> None:
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    print(f"{what:<12}{N} people, {size // 1000} kB: {cpu:.1f} s of CPU, {wall:.1f} s")


def _conference(raw: sqlite3.Connection) -> tuple[cards.Look, list[cards.Card]]:
    """The example, with the first people once more to make up the number."""
    people = cards.cards(Peek(raw))
    return cards.look(Peek(raw)), [*people, *people][:N]


if __name__ == "__main__":
    main()
