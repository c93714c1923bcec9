"""What a list does not speak of stays: a column that is not in it empties nothing.

Offices send a list with the three columns they changed. An empty cell is said, and empties.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from models.imports.cells import OFFERED
from models.imports.halls import HALLS, PROGRAMME
from models.imports.people import DELEGATIONS, PEOPLE
from models.imports.plan import Plan
from models.imports.rows import DelegationRow, HallRow, MeetingRow, PersonRow, Texts
from models.imports.schedules import SCHEDULES
from models.imports.tables import Columns
from models.imports.there import There

_PEOPLE = ("title", "native_name", "organisation", "delegation", "languages")
_HALLS = ("capacity", "screen_height_m", "farthest_seat_m", "languages")
_MEETINGS = {"track": "track", "kind": "kind", "abstract_en": "abstract", "languages": "languages"}
L = TypeVar("L", HallRow, DelegationRow, PersonRow, MeetingRow)


def filled(plan: Plan, there: There) -> Plan:
    """The plan with what is there under every column that its lists do not have."""

    def those(file: str, rows: Sequence[L], old: Mapping[str, tuple[int, L]], fields: Mapping[str, str]) -> Any:
        name = plan.names.get(file, file)
        columns = plan.columns.get(name)
        if columns is None or name in SCHEDULES:
            return rows
        absent = {ours for column, ours in fields.items() if column not in columns.written}
        return tuple(_filled(row, old[row.key][1], absent, columns) if row.key in old else row for row in rows)

    return replace(
        plan,
        halls=those(HALLS, plan.halls, there.halls, dict(zip(_HALLS, _HALLS, strict=True))),
        # Their place is the order of the rows where no column says it.
        delegations=those(DELEGATIONS, plan.delegations, there.delegations, {"votes": "votes"}),
        people=those(PEOPLE, plan.people, there.people, dict(zip(_PEOPLE, _PEOPLE, strict=True))),
        meetings=those(PROGRAMME, plan.meetings, there.meetings, _MEETINGS),
    )


def _filled(row: L, old: L, absent: set[str], columns: Columns) -> L:
    values: dict[str, Any] = {name: getattr(old, name) for name in absent}
    for stem, name in (("name", "names"), ("title", "titles")):
        if hasattr(row, name):
            texts: Texts = getattr(row, name)
            mine = [la for la in OFFERED if f"{stem}_{la}" not in columns.written and la not in texts]
            values[name] = texts | {la: text for la in mine if (text := getattr(old, name).get(la))}
    return replace(row, **values)
