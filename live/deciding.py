"""Which list an uploaded file is, and what was decided about it on the page."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from live.languages import LANGUAGES
from live.uploads import Upload
from models.imports.decisions import Decisions, read_decisions
from models.imports.decoding import BY_HAND
from models.imports.findings import Findings
from models.imports.halls import HALLS, PROGRAMME
from models.imports.people import DELEGATIONS, PEOPLE
from models.imports.plan import DECISIONS, EVENT
from models.imports.polls import POLLS
from models.imports.reading import LISTS
from models.imports.schedules import SCHEDULES

NAMES = (*LISTS, POLLS, EVENT, DECISIONS, *SCHEDULES)
"""What a file may be read as."""
_NAMED = tuple(f"name_{la}" for la in LANGUAGES)
COLUMNS = {
    HALLS: ("key", *_NAMED, "capacity", "screen_height_m", "farthest_seat_m", "languages"),
    DELEGATIONS: ("key", *_NAMED, "order", "votes"),
    PROGRAMME: (
        "key", "day", "start", "end", "hall", *(f"title_{la}" for la in LANGUAGES), "track", "kind", "abstract_en",
        "languages", "moderator_1", "moderator_2",
    ),
    PEOPLE: (
        "number", "title", "given_name", "family_name", "native_name", "organisation", "role", "languages",
        "delegation", "email",
    ),
}  # fmt: skip
"""What may be chosen for a column by hand. An address is compared and forgotten."""
TABLES = (".csv", ".tsv", ".txt", ".xlsx", ".xls", ".ods")
STEMS = {name.partition(".")[0]: name for name in LISTS}
WORDS = {
    "halls": ("halls", "hall", "salon", "зал"), "delegations": ("delegation", "heyet", "делегац"),
    "programme": ("programme", "program", "agenda", "sessions"),
    "people": ("people", "participant", "katılımcı", "участник"),
}  # fmt: skip
"""By what a file's name may be known where it is not called as our lists are."""


def guessed(files: Mapping[str, bytes]) -> dict[str, str]:
    """By name of a file, which list it seems to be; "" where nothing tells."""
    return {name: _guess(name.lower()) for name in files}


def _guess(name: str) -> str:
    stem, _, ending = name.rpartition(".")
    if name in NAMES:
        return name
    if ending in ("xml", "ics"):
        return f"schedule.{ending}"
    if f".{ending}" in TABLES:
        if stem in STEMS:
            return STEMS[stem]
        for ours, words in WORDS.items():
            if any(word in stem for word in words):
                return STEMS[ours]
    return next((each for each in NAMES if ending == "json" and each.startswith(stem)), "")


def named(kept: Upload) -> dict[str, bytes]:
    """The files under the names by which they are read. What was decided on the page stands beside them."""
    files: dict[str, bytes] = {}
    for name, data in kept.files.items():
        if place := place_of(kept, name):
            files.setdefault(place, data)
    own = read_decisions(files.get(DECISIONS), tuple(STEMS), Findings()) if DECISIONS in files else Decisions()
    columns = {stem: {**own.columns.get(stem, {}), **kept.columns.get(stem, {})} for stem in STEMS}
    decided = {
        "merge": {number: other for number, other in {**own.merge, **kept.merge}.items() if number not in kept.apart},
        "columns": {stem: each for stem, each in columns.items() if each},
        "encodings": {**own.encodings, **kept.encodings},
        "halls": {**own.halls, **kept.halls},
    }
    if any(decided.values()):
        files[DECISIONS] = msgspec.json.encode(decided)
    return files


def place_of(kept: Upload, name: str) -> str:
    """Under which name a file is read: a list in the format that the file has."""
    chosen = kept.lists.get(name, "")
    ending = name.lower().rpartition(".")[2]
    return f"{chosen.partition('.')[0]}.{ending}" if chosen in LISTS and f".{ending}" in TABLES else chosen


def decide(kept: Upload, form: Mapping[str, str]) -> None:
    """Take over what a form says. The files are read again after that."""
    for place, name in enumerate(kept.files):
        chosen = form.get(f"list.{place}", kept.lists.get(name, ""))
        kept.lists[name] = chosen if chosen in NAMES else ""
    for stem, file in STEMS.items():
        encoding = form.get(f"encoding.{stem}", "")
        kept.encodings.pop(stem, None)
        if encoding in BY_HAND:
            kept.encodings[stem] = encoding
        headers = {
            key.rpartition(".")[2]: value for key, value in form.items() if key.startswith(f"header.{stem}.")
        }  # fmt: skip
        there = _there(kept, stem)
        for n, header in headers.items():
            column = form.get(f"column.{stem}.{n}", "")
            # Only what differs is a decision: an address is not taken, and compared all the same.
            if column in ("", *COLUMNS[file]) and column != there.get(header, ""):
                kept.columns.setdefault(stem, {})[header] = column
    for key, value in form.items():
        if key.startswith("same."):
            number = key[5:]
            kept.merge.pop(number, None)
            kept.apart.discard(number)
            if value:
                kept.merge[number] = value
            else:
                kept.apart.add(number)
    for key, value in form.items():
        if key.startswith("room."):
            chosen = form.get(f"hall.{key[5:]}", "?")
            kept.halls.pop(value, None)
            if chosen != "?":
                kept.halls[value] = chosen
    kept.plan = None


def _there(kept: Upload, stem: str) -> dict[str, str]:
    """By header as written, which of our columns it was read as last."""
    found: dict[str, str] = {}
    for place, columns in (kept.plan.columns if kept.plan else {}).items():
        if place.partition(".")[0] == stem:
            found = {written: ours for ours, written in columns.written.items()}
    return found
