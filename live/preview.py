"""What an upload's page says: files and their columns, findings in the reader's words, questions, and changes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from live import findings
from live.languages import LANGUAGES
from live.uploads import Upload
from models.imports import Plan
from models.imports.decisions import Decisions, read_decisions
from models.imports.decoding import BY_HAND
from models.imports.findings import Findings
from models.imports.halls import HALLS, PROGRAMME
from models.imports.people import DELEGATIONS, PEOPLE
from models.imports.plan import DECISIONS, EVENT
from models.imports.polls import POLLS
from models.imports.reading import LISTS

SCHEDULES = ("schedule.xml", "schedule.json", "schedule.ics")
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
SHOWN = 40
"""Findings of one kind that are written out; the rest are counted."""
FIRST = 6
"""Rows of each list that are shown by name."""
WORDS = {
    "halls": ("halls", "hall", "salon", "зал"), "delegations": ("delegation", "heyet", "делегац"),
    "programme": ("programme", "program", "agenda", "sessions"),
    "people": ("people", "participant", "katılımcı", "участник"),
}  # fmt: skip
"""By what a file's name may be known where it is not called as our lists are."""


@dataclass(frozen=True, slots=True)
class FileRow:
    """One uploaded file. `headers` are its columns as written, with ours or "". `unclear`: they need a look."""

    name: str
    list: str
    stem: str
    rows: int
    table: bool
    encoding: str
    kept: tuple[str, ...]
    dropped: tuple[str, ...]
    headers: tuple[tuple[str, str], ...]
    offered: tuple[str, ...]
    unclear: bool


@dataclass(frozen=True, slots=True)
class Told:
    """A finding in words. `file` as it was uploaded."""

    file: str
    row: int
    words: str


@dataclass(frozen=True, slots=True)
class Group:
    kind: str
    n: int
    rows: tuple[Told, ...]
    more: int


@dataclass(frozen=True, slots=True)
class Same:
    """Two badge numbers with one e-mail address."""

    number: str
    name: str
    other: str
    other_name: str
    merged: bool


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """One list against what is there. `first` are (new or changed, key, name)."""

    list: str
    new: int
    changed: int
    same: int
    absent: int
    first: tuple[tuple[str, str, str], ...]


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
    kept.plan = None


def _there(kept: Upload, stem: str) -> dict[str, str]:
    """By header as written, which of our columns it was read as last."""
    found: dict[str, str] = {}
    for place, columns in (kept.plan.columns if kept.plan else {}).items():
        if place.partition(".")[0] == stem:
            found = {written: ours for ours, written in columns.written.items()}
    return found


def told(kept: Upload, plan: Plan, language: str) -> dict[str, Any]:
    """Everything the preview's template names, but for the frame around it."""
    called = {place_of(kept, name): name for name in reversed(kept.files)}
    rows = [
        (each, Told(called.get(each.file, each.file), each.row, findings.sentence(language, each)))
        for each in plan.findings
    ]
    groups = []
    for kind in ("problem", "decision", "note"):
        own = [row for each, row in rows if each.kind == kind and each.key != "same_person"]
        if own:
            groups.append(Group(kind, len(own), tuple(own[:SHOWN]), max(0, len(own) - SHOWN)))
    return {
        "files": [_file(kept, plan, name) for name in kept.files], "lists": NAMES, "encodings": tuple(BY_HAND),
        "found": groups, "problems": len(plan.problems), "same": _same(kept, plan), "changed": plan.changes.n,
        "changes": _changes(plan),
    }  # fmt: skip


def _file(kept: Upload, plan: Plan, name: str) -> FileRow:
    chosen, place = kept.lists.get(name, ""), place_of(kept, name)
    stem = place.partition(".")[0]
    columns = plan.columns.get(place)
    ours = {written: column for column, written in columns.written.items()} if columns else {}
    headers = tuple((header, ours.get(header, "")) for header in (*ours, *(columns.dropped if columns else ())))
    if not headers:  # nothing was recognised: what the finding told of, or what was said by hand before
        headers = tuple(kept.columns.get(stem, {}).items())
        if not headers:
            headers = tuple((header, "") for header in _first_row(plan, place))
    unclear = any(
        each.file == place and each.key in ("column_missing", "column_twice", "no_header", "header_absent")
        for each in plan.findings
    )
    return FileRow(
        name, chosen, stem, columns.rows if columns else 0, chosen in LISTS, kept.encodings.get(stem, ""),
        columns.kept if columns else (), columns.dropped if columns else (),
        headers if chosen in LISTS else (), COLUMNS.get(chosen, ()), unclear,
    )  # fmt: skip


def _first_row(plan: Plan, place: str) -> list[str]:
    """The headers of a list that was not understood, as a finding names them."""
    for each in plan.findings:
        if each.file == place and each.key in ("no_header", "column_missing"):
            return [part for part in str(dict(each.params).get("value", "")).split(", ") if part]
    return []


def _same(kept: Upload, plan: Plan) -> list[Same]:
    """Questions that are open, and those that were answered, so that an answer can be taken back."""
    names = {person.key: f"{person.given_name} {person.family_name}" for person in plan.people}
    asked: dict[str, str] = {}
    for each in plan.findings:
        if each.key in ("same_person", "merged"):
            params = dict(each.params)
            asked[str(params["number"])] = str(params["other"])
    merged = {str(dict(each.params)["number"]) for each in plan.findings if each.key == "merged"}
    return [
        Same(number, names.get(number, ""), other, names.get(other, ""), number in merged)
        for number, other in asked.items()
    ]  # fmt: skip


def _changes(plan: Plan) -> list[ChangeRow]:
    rows: list[ChangeRow] = []
    for name in ("halls", "delegations", "people", "meetings", "polls"):
        diff = getattr(plan.changes, name)
        if getattr(plan, name):
            first = [("new", row.key, _name(row)) for row in diff.new[:FIRST]]
            first += [("changed", row.key, _name(row)) for _, row in diff.changed[: FIRST - len(first)]]
            rows.append(
                ChangeRow(name, len(diff.new), len(diff.changed), diff.same, diff.absent, tuple(first))
            )  # fmt: skip
    if plan.changes.moderators:
        counted = Counter(session for session, _ in plan.changes.moderators)
        first = [("new", session, str(n)) for session, n in list(counted.items())[:FIRST]]
        rows.append(ChangeRow("moderators", len(plan.changes.moderators), 0, 0, 0, tuple(first)))
    if plan.event is not None:
        new = plan.changes.event is not None
        rows.insert(0, ChangeRow("event", int(new), 0, int(not new), 0, ()))
    return rows


def _name(row: object) -> str:
    """What a row is called, in the first language it has."""
    if hasattr(row, "given_name"):
        return f"{row.given_name} {row.family_name}"  # type: ignore[attr-defined]
    texts = getattr(row, "names", None) or getattr(row, "titles", None) or (getattr(row, "texts", None) or [{}])[0]
    return str(next(iter(texts.values()), ""))
