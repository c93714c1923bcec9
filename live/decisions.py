"""What somebody decided about the lists, as options of a command."""

from __future__ import annotations

from collections.abc import Sequence

from live.settings import Wrong
from models import imports


def asked(merge: Sequence[str], encodings: Sequence[str], columns: Sequence[str]) -> imports.Decisions:
    """The options of an import as what decisions.json would say. Raises Wrong."""
    encoded: dict[str, str] = {}
    for each in encodings:
        name, equals, encoding = (part.strip().lower() for part in each.partition("="))
        if not equals or name not in imports.STEMS or encoding not in imports.BY_HAND:
            raise Wrong(
                f"--encoding wants a list and its encoding such as people=windows-1254, not {each!r}.\n"
                f"Lists are {', '.join(imports.STEMS)}; encodings are {', '.join(imports.BY_HAND)}."
            )
        encoded[name] = encoding
    named: dict[str, dict[str, str]] = {}
    for each in columns:
        where, equals, ours = each.rpartition("=")
        name, colon, header = (part.strip() for part in where.partition(":"))
        if not (equals and colon and header) or name.lower() not in imports.STEMS:
            raise Wrong(
                f"--column wants a list, a header and our column such as people:Nummer=number, not {each!r}.\n"
                f"Lists are {', '.join(imports.STEMS)}."
            )
        named.setdefault(name.lower(), {})[header] = ours.strip()
    return imports.Decisions(dict(map(_pair, merge)), named, encoded)


def _pair(text: str) -> tuple[str, str]:
    number, equals, other = (part.strip() for part in text.partition("="))
    if not (number and equals and other) or number == other:
        raise Wrong(f"--merge wants two badge numbers such as 1203=1114, not {text!r}.")
    return number, other
