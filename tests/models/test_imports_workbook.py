"""Workbooks as people make them: titles, blank columns, formulas, hidden things, days as numbers."""

from __future__ import annotations

import struct
import zipfile

import pytest

from models import imports
from models.imports import Plan
from tests.books import book, rows

EVENT = b'{"names": {"en": "A day"}, "zone": "Europe/Istanbul"}'
HALLS = b"key,name_en\na,A\n"
HEAD: list[object] = ["number", "given_name", "family_name", "role", "organisation"]
ADA: list[object] = [1001, "Ada", "Lovelace", "participant", "Ministry"]


def parse(data: bytes, name: str = "people.xlsx") -> Plan:
    return imports.parse({"event.json": EVENT, "halls.csv": HALLS, name: data})


def people(*table: list[object], **options: object) -> Plan:
    return parse(book(("People", rows([HEAD, *table])), **options))  # type: ignore[arg-type]


def said(plan: Plan, key: str = "") -> list[str]:
    return [str(each) for each in plan.findings if key in ("", each.key)]


def test_numbers_come_as_people_type_them() -> None:
    plan = people(
        [1001.0, "Ada", "L", "participant", 12.5], ["01002", "Ben", "L", "participant", ("raw", "><v>1E3</v>")]
    )

    assert plan.problems == ()
    assert [(each.key, each.organisation) for each in plan.people] == [("1001", "12.5"), ("01002", "1000")]


def test_texts_that_are_kept_together_come_whole_and_without_how_they_are_spoken() -> None:
    shared = [
        "<si><t>Ada</t></si>",
        '<si><r><t xml:space="preserve">Love </t></r><r><rPr><b/></rPr><t>lace</t></r><rPh><t>x</t></rPh></si>',
        "<si><t>two_x000A_lines_xD800_</t></si>",
    ]

    plan = people([1, ("shared", 0), ("shared", 1), "participant", ("shared", 2)], shared=shared)

    assert [(each.given_name, each.family_name) for each in plan.people] == [("Ada", "Love lace")]
    assert plan.people[0].organisation.startswith("two lines")


def test_blank_columns_and_sheets_from_right_to_left_change_nothing() -> None:
    head: list[object] = ["", "الرقم", "", "الاسم", "اسم العائلة", "", "الدور"]
    row: list[object] = ["", "١٠٠١", "", "ليلى", "حدادين", "", "participant"]
    view = '<sheetViews><sheetView rightToLeft="1" workbookViewId="0"/></sheetViews>'

    plan = parse(book(("الناس", rows([head, row])), view=view))

    assert plan.problems == ()
    assert [(each.key, each.family_name) for each in plan.people] == [("1001", "حدادين")]


def test_rows_are_counted_as_the_spreadsheet_counts_them() -> None:
    data = rows([["A list"]], first=2) + rows([HEAD], first=5) + rows([ADA, [], [*ADA[:3], "king"]], first=9)

    plan = parse(book(("People", data)))

    assert said(plan, "header_here") == [
        "people.xlsx, row 5: the header stands here; filled rows above it that were left out: 1"
    ]
    [problem] = plan.problems[:1]
    assert str(problem).startswith("people.xlsx, row 11: role must be one of ")
    assert plan.people[0].row == 9


def test_cells_are_where_they_say_and_else_beside_each_other() -> None:
    data = rows([HEAD]) + (
        '<row><c t="str"><v>7</v></c><c t="inlineStr"><is><t>Ada</t></is></c><c r="D2" t="str"><v>participant</v></c>'
        '<c r="C2" t="str"><v>L</v></c></row>'
    )

    [person] = parse(book(("People", data))).people

    assert (person.key, person.given_name, person.family_name, person.role) == ("7", "Ada", "L", "participant")


def test_a_cell_beyond_the_header_is_named() -> None:
    assert said(people([*ADA, "", "stray"])) == ["people.xlsx, row 2: has 7 cells, the header has 5"]
    assert people([*ADA, "", ""], ADA[:4]).columns["people.xlsx"].rows == 2


# --- formulas


@pytest.mark.parametrize(
    ("cell", "key"),
    [
        ('t="str"><f>A1&amp;B1</f><v>Ada</v>', "formula_used"),
        ('><f t="shared" si="0"/><v>5</v>', "formula_used"),
        ('><f>1+1</f>', "formula_bare"),
        ('t="e"><f>1/0</f><v>#DIV/0!</v>', "cell_error"),
        ('t="e"><v>#REF!</v>', "cell_error"),
        ('t="str"><f>X</f><v>=1+1</v>', "formula"),
    ],
)  # fmt: skip
def test_of_a_formula_the_plain_value_is_taken_and_anything_else_is_named(cell: str, key: str) -> None:
    plan = people([1, ("raw", cell), "L", "participant"], [2, "B", "L", "participant"])

    [finding] = [each for each in plan.findings if each.key == key]
    assert (finding.row, finding.kind == "note") == (2, key == "formula_used")
    assert [each.key for each in plan.people] == (["1", "2"] if key == "formula_used" else ["2"])


# --- days and times


@pytest.mark.parametrize(
    ("day", "start", "end"),
    [
        (45180, 0.375, 0.4375),
        (("day", 45180), ("clock", 0.375), ("clock", 0.4375)),
        ("2023-09-11", "09:00", "10:30"),
        ("١١.٩.٢٠٢٣", "٠٩:٠٠", "10.30"),
        (("raw", 't="d"><v>2023-09-11T00:00:00</v>'), "9:00:00", ("clock", 0.4375)),
    ],
)
def test_days_and_times_are_read_as_spreadsheets_keep_them(day: object, start: object, end: object) -> None:
    head: list[object] = ["key", "day", "start", "end", "hall", "title_en"]

    plan = parse(book(("P", rows([head, ["k", day, start, end, "a", "T"]]))), "programme.xlsx")

    assert plan.problems == ()
    assert [(each.day, each.start, each.end) for each in plan.meetings] == [("2023-09-11", "09:00", "10:30")]
    told = ["programme.xlsx, row 2: day is 45180, the number a spreadsheet has for 2023-09-11"]
    assert said(plan, "day_number") == (told if day == 45180 else [])


def test_a_book_from_an_old_mac_counts_days_from_1904() -> None:
    head: list[object] = ["key", "day", "start", "end", "hall", "title_en"]
    table = [head, ["k", ("day", 43718), 0.375, 0.5, "a", "T"], ["m", 43718, 0.5, 0.75, "a", "T"]]

    plan = parse(book(("P", rows(table)), old_mac=True), "programme.xlsx")

    assert plan.problems == ()
    assert [each.day for each in plan.meetings] == ["2023-09-11", "2023-09-11"]


@pytest.mark.parametrize(("part", "time"), [(0.25, "06:00"), (0.5, "12:00"), (0.3, "07:12"), (0.40625, "09:45")])
def test_a_part_of_a_day_is_no_time_with_a_point(part: float, time: str) -> None:
    head: list[object] = ["key", "day", "start", "end", "hall", "title_en"]

    plan = parse(book(("P", rows([head, ["k", "2023-09-11", part, "23:00", "a", "T"]]))), "programme.xlsx")

    assert [each.start for each in plan.meetings] == [time]


def test_truth_is_yes_or_no() -> None:
    table: list[list[object]] = [["key", "name_en", "votes"], ["x", "X", True], ["y", "Y", False]]

    plan = parse(book(("D", rows(table))), "delegations.xlsx")

    assert [each.votes for each in plan.delegations] == [True, False]


# --- sheets


def test_the_sheet_with_the_header_is_read_and_the_others_are_named() -> None:
    other: list[list[object]] = [["Notes"], ["role"], ["participant"]]
    plan = parse(book(("Notes", rows(other)), ("People", rows([HEAD, ADA])), ("Old", rows([HEAD])), states="vvh"))

    assert said(plan) == ["people.xlsx: sheet People is read, and not Notes"]
    assert [each.key for each in plan.people] == ["1001"]


def test_two_sheets_that_may_be_the_list_are_a_problem() -> None:
    plan = parse(book(("Day 1", rows([HEAD, ADA])), ("Day 2", rows([HEAD, ADA]))))

    assert said(plan) == ["people.xlsx: has several sheets that may be the list; leave one of them: Day 1, Day 2"]


def test_hidden_rows_are_read_and_told() -> None:
    plan = parse(book(("P", rows([HEAD]) + rows([ADA], first=2, given=' hidden="1"'))))

    assert said(plan) == ["people.xlsx: rows that are hidden in the spreadsheet are read, too: 1"]
    assert len(plan.people) == 1


def test_a_workbook_without_sheets_rows_or_header_says_so() -> None:
    assert said(parse(book())) == ["people.xlsx: is empty"]
    assert said(parse(book(("A", "")))) == ["people.xlsx: is empty"]
    assert said(parse(book(("A", rows([HEAD]))))) == ["people.xlsx: has no rows under its header"]
    [problem] = said(parse(book(("A", rows([["Tea", 2]])))))
    assert problem.startswith("people.xlsx: should have a row with the columns number, given_name, ")
    assert problem.endswith("it begins with Tea, 2")


# --- what is broken, or a trap


ENTITIES = b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]><worksheet><row>&b;</row></worksheet>'
SHEET = "xl/worksheets/sheet0.xml"


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ({SHEET: ENTITIES}, "it declares entities"),
        ({SHEET: b"<worksheet><sheetData><row>"}, "no element found"),
        ({SHEET: b"\x00\x01"}, "not well-formed"),
        ({SHEET: b'<?xml version="1.0" encoding="utf-7"?><worksheet/>'}, ""),
        ({SHEET: b'<?xml version="1.0" encoding="none-such"?><worksheet/>'}, ""),
        ({SHEET: b"<a>" * 200}, "nested too deeply"),
        ({SHEET: b'<worksheet a="' + b"x" * 2_000_000 + b'"/>'}, "a tag does not end"),
        ({SHEET: b"<w><row r='5'><c><v>1</v></c></row><row r='4'/></w>"}, "row 4 does not follow row 5"),
        ({SHEET: b"<w><row r='1'><c t='s'><v>7</v></c></row></w>"}, "row 1 names a text that is not there"),
        ({SHEET: b"<w><row r='1'><c t='s'><v>x</v></c></row></w>"}, "row 1 names a text that is not there"),
        ({"_rels/.rels": b"<Relationships/>"}, "it names no workbook"),
        ({f"junk/{n}": b"" for n in range(2_001)}, "its table of contents is too long"),
    ],
)
def test_a_damaged_workbook_is_named(parts: dict[str, bytes], words: str) -> None:
    [problem] = said(parse(book(("People", ""), parts=parts)))

    assert problem.startswith("people.xlsx: is damaged or no Excel workbook: ")
    assert words in problem


def test_a_workbook_that_unpacks_to_too_much_is_refused() -> None:
    blanks = f"<worksheet><sheetData>{rows([HEAD])}</sheetData>".encode() + b" " * 70_000_000 + b"</worksheet>"

    data = book(("People", ""), parts={SHEET: blanks})

    assert len(data) < 200_000
    assert said(parse(data)) == ["people.xlsx: unpacks to more than 60 MB"]


def test_rows_and_cells_without_end_are_refused() -> None:
    roles = "".join(f'<row><c r="D{n}" t="str"><v>participant</v></c></row>' for n in range(25_001))
    many = f"<worksheet><sheetData>{rows([HEAD])}{roles}</sheetData></worksheet>".encode()
    empty = f"<worksheet><sheetData>{rows([HEAD])}<row>{'<c/>' * 600_001}</row></sheetData></worksheet>".encode()

    assert said(parse(book(("People", ""), parts={SHEET: many}))) == [
        "people.xlsx: has more than 25000 rows or 500000 cells; import it in parts, what is there stays"
    ]
    assert said(parse(book(("People", ""), parts={SHEET: empty}))) == [
        "people.xlsx: has more than 600000 elements; save it as CSV, or import it in parts"
    ]


def test_cells_in_the_last_corner_cost_nothing() -> None:
    """A library that makes a table of all cells between ends the whole process here."""
    corner = rows([HEAD, ADA]) + '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'

    assert said(parse(book(("People", corner)))) == ["people.xlsx, row 1048576: is longer than a row can be: "]


@pytest.mark.parametrize("packing", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_ways_of_packing_are_refused(packing: int) -> None:
    [problem] = said(parse(book(("People", rows([HEAD, ADA])), packing=packing)))

    assert "is locked or packed in an unknown way" in problem


def test_a_table_of_contents_that_lies_is_refused() -> None:
    data = bytearray(book(("People", rows([HEAD, ADA]))))
    end = data.rfind(b"PK\x05\x06")
    struct.pack_into("<I", data, end + 12, 0xFFFFFFFF)

    [problem] = said(parse(bytes(data)))

    assert problem == "people.xlsx: is damaged or no Excel workbook: its table of contents is too long"
