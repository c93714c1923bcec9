"""delegations.csv and people.csv. E-mail addresses are compared and forgotten; they never leave this file."""

from __future__ import annotations

from collections.abc import Mapping

from models.imports.cells import OFFERED, Row, once
from models.imports.findings import Findings
from models.imports.rows import DelegationRow, PersonRow
from models.imports.sheets import Given
from models.imports.tables import Columns, read_table
from models.imports.tidying import clean
from models.rights import ROLES

DELEGATIONS, PEOPLE = "delegations.csv", "people.csv"
ORGANISATION = 200
"""Longest organisation, in characters: what fits on a badge in two lines is far less."""


def read_delegations(given: Given, found: Findings) -> tuple[list[DelegationRow], Columns]:
    names = [f"name_{language}" for language in OFFERED]
    rows, columns = read_table(given, ["key"], [*names, "order", "votes"], found)
    delegations = [
        DelegationRow(
            key=row.key("key"),
            place=int(row.number("order", 0, 100_000, whole=True)) if row.cells.get("order") else row.n - 1,
            votes=row.word("votes", ("yes", "no"), "yes") == "yes",
            names=row.texts("name", 120),
            row=row.n,
        )
        for row in rows
    ]
    taken = once(rows, found, [each.key for each in delegations], delegations, "key")
    return [delegations[i] for i in taken], columns


def read_people(given: Given, found: Findings, merge: Mapping[str, str]) -> tuple[list[PersonRow], Columns]:
    """`merge` says of a badge number which other one is the same person; only the other is taken."""
    rows, columns = read_table(
        given, ["number", "given_name", "family_name", "role"],
        ["title", "native_name", "organisation", "languages", "delegation", "email"], found,
    )  # fmt: skip
    written = dict(columns.written)
    address = (written.pop("email"),) if "email" in written else ()
    columns = Columns(tuple(written), columns.dropped + address, columns.rows, written)
    people = [_person(row, found) for row in rows]
    taken = once(rows, found, [person.key for person in people], people, "number")
    numbers = {people[i].key for i in taken}
    kept: list[PersonRow] = []
    for i in taken:
        other = merge.get(people[i].key)
        if other is None:
            kept.append(people[i])
        elif other not in numbers or other in merge:
            found.problem(PEOPLE, people[i].row, "merge_unknown", number=people[i].key, other=other)
        else:
            found.note(PEOPLE, people[i].row, "merged", number=people[i].key, other=other)
    _same_addresses([(rows[i], people[i]) for i in taken if people[i].key not in merge], found)
    return kept, columns


def _person(row: Row, found: Findings) -> PersonRow:
    wished = row.wished("languages")
    offered = [language for language in wished if language in OFFERED]
    person = PersonRow(
        key=row.key("number", 20, badge=True),
        title=row.text("title", 30),
        given_name=row.text("given_name", 80, asks=False),
        family_name=row.text("family_name", 80, asks=False),
        native_name=_native_name(row, found),
        organisation=row.text("organisation", ORGANISATION),
        delegation=row.text("delegation", 60),
        role=row.word("role", ROLES),
        languages=",".join(offered) or "en",
        row=row.n,
    )
    name = person.given_name + person.family_name
    if not any(map(str.isalpha, name)):
        found.problem(row.file, row.n, "name_missing")
    if name.isupper() and len(person.given_name) > 2:
        # Lowering by rule would make İ an i in one language and spoil it in another.
        found.note(row.file, row.n, "capitals")
    if wished and not offered:
        found.note(row.file, row.n, "no_language", value=", ".join(wished))
    return person


def _native_name(row: Row, found: Findings) -> str:
    """Left out where a code page could not hold it: the name in Latin letters is better than “????”."""
    name = row.cells.get("native_name", "")
    if "?" in name or "\ufffd" in name:
        found.note(row.file, row.n, "native_lost", value=clean(name, 200))
        return ""
    return row.text("native_name", 120)


def _same_addresses(people: list[tuple[Row, PersonRow]], found: Findings) -> None:
    """Ask about two numbers with one e-mail address, whatever its case."""
    first: dict[str, str] = {}
    for row, person in people:
        address = clean(row.cells.get("email", ""), 320).casefold()
        if not address:
            continue
        if address in first:
            found.decision(row.file, row.n, "same_person", number=person.key, other=first[address])
        else:
            first[address] = person.key
