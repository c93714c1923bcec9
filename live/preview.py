"""What an upload's page says: files and their columns, findings in the reader's words, questions, and changes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from live import findings
from live.deciding import COLUMNS, NAMES, place_of
from live.uploads import Upload
from models.imports import Finding, Plan
from models.imports.decoding import BY_HAND
from models.imports.reading import LISTS

SHOWN = 40
"""Findings of one kind that are written out; the rest are counted."""
FIRST = 6
"""Rows of each list that are shown by name."""


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
    where: str
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
class Room:
    """A room of a schedule whose hall is to be chosen; "" for sessions that name none."""

    name: str
    chosen: str | None
    """The key of its hall, "" where it is left out, None where nobody decided."""


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """One list against what is there. `first` are (new or changed, key, name)."""

    list: str
    new: int
    changed: int
    same: int
    absent: int
    first: tuple[tuple[str, str, str], ...]


def told(kept: Upload, plan: Plan, language: str) -> dict[str, Any]:
    """Everything the preview's template names, but for the frame around it."""
    called = {place_of(kept, name): name for name in reversed(kept.files)}
    rows = [
        (
            each,
            _told(called, each, language),
        )
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
        "changes": _changes(plan), "rooms": _rooms(kept, plan),
    }  # fmt: skip


def _told(called: Mapping[str, str], each: Finding, language: str) -> Told:
    return Told(called.get(each.file, each.file), findings.place(language, each), findings.sentence(language, each))


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


def _rooms(kept: Upload, plan: Plan) -> list[Room]:
    asked = [
        str(dict(each.params).get("room", "")) for each in plan.findings
        if each.key in ("room_unknown", "room_unclear", "room_missing", "no_such_hall")
    ]  # fmt: skip
    return [Room(name, kept.halls.get(name)) for name in dict.fromkeys((*kept.halls, *asked))]


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
