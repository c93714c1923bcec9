"""decisions.json: what somebody decided about the lists.

{"merge": {"1203": "1114"}, "columns": {"people": {"Nummer": "number"}}, "encodings": {"people": "windows-1254"},
"halls": {"Room 1": "hall-a"}}
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from models.imports.decoding import BY_HAND, utf8
from models.imports.findings import Findings
from models.imports.plan import DECISIONS

MOST_MB = 1


@dataclass(frozen=True, slots=True)
class Decisions:
    merge: Mapping[str, str] = field(default_factory=dict)
    """By badge number, which other one is the same person."""
    columns: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """By list, by header as written, which of our columns it is; "" for none."""
    encodings: Mapping[str, str] = field(default_factory=dict)
    """By list, one of BY_HAND."""
    halls: Mapping[str, str] = field(default_factory=dict)
    """By room of a schedule, the key of its hall; "" leaves out what is there. The room "" is one that is not named."""

    def with_more(self, more: Decisions) -> Decisions:
        """These, and more, which goes before them."""
        columns = {
            name: {**self.columns.get(name, {}), **more.columns.get(name, {})}
            for name in {**self.columns, **more.columns}
        }
        return Decisions(
            {**self.merge, **more.merge}, columns, {**self.encodings, **more.encodings}, {**self.halls, **more.halls}
        )


def read_decisions(data: bytes | None, lists: Sequence[str], found: Findings) -> Decisions:
    """`lists` are those that columns and encodings may be decided for, such as people."""
    given = read_object(DECISIONS, data, found)
    merge, columns, encodings, halls = (_texts(given, key, found) for key in ("merge", "columns", "encodings", "halls"))
    for key, decided in (("columns", columns), ("encodings", encodings)):
        for name in decided:
            if name not in lists:
                found.problem(DECISIONS, 0, "not_a_word", column=key, allowed=", ".join(lists), value=name)
    for encoding in encodings.values():
        if encoding.lower() not in BY_HAND:
            found.problem(DECISIONS, 0, "not_a_word", column="encodings", allowed=", ".join(BY_HAND), value=encoding)
    return Decisions(
        merge,
        {name: decided for name, decided in columns.items() if isinstance(decided, dict)},
        {name: encoding.lower() for name, encoding in encodings.items() if encoding.lower() in BY_HAND},
        halls,
    )


def read_object(file: str, data: bytes | None, found: Findings) -> dict[str, Any]:
    """The object that a JSON file holds, or an empty one, which is said. It may have 1 MB: the server reads it, too."""
    if data is not None and len(data) > MOST_MB * 1_000_000:
        found.problem(file, 0, "too_big", limit=MOST_MB)
        return {}
    text = utf8(file, data, found) if data is not None else None
    if text is None:
        return {}
    try:
        given = msgspec.json.decode(text.encode(), type=dict[str, Any])
    except msgspec.DecodeError as error:
        found.problem(file, 0, "not_json", why=str(error))
        return {}
    except RecursionError:
        found.problem(file, 0, "not_json", why="nested too deeply")
        return {}
    return given


def _texts(given: Mapping[str, Any], key: str, found: Findings) -> dict[str, Any]:
    """An object of texts; that of columns holds such objects."""
    value = given.get(key, {})
    inner = dict[str, dict[str, str]] if key == "columns" else dict[str, str]
    try:
        return msgspec.convert(value, inner)
    except msgspec.ValidationError:
        found.problem(DECISIONS, 0, "shape", key=key, what="it")
        return {}
