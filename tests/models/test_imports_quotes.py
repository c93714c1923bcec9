"""A broken row is named and costs itself alone: its neighbours are read, in every kind of breakage."""

from __future__ import annotations

import csv
import time

import pytest

from models import imports
from models.imports import Plan
from models.imports.separated import sheets
from models.imports.sheets import Line

EVENT = b'{"names": {"en": "A day"}, "zone": "Europe/Istanbul"}'
HEAD = "number,given_name,family_name,role,organisation"


def parse(*rows: str, head: str = HEAD, end: str = "\n") -> Plan:
    text = end.join((head, *rows)) + end
    return imports.parse({"event.json": EVENT, "people.csv": text.encode("utf-8", "surrogatepass")})


def problems(plan: Plan) -> list[str]:
    return [str(each).removeprefix("people.csv, ") for each in plan.problems]


def taken(plan: Plan) -> list[str]:
    return [each.key for each in plan.people]


def lines(text: str) -> list[Line]:
    return list(sheets(text)[0].lines())


# --- quotation marks

SOUND = [f'{n},Ada,Lovelace,participant,"Ministry, of {n}"' for n in range(1, 9)]
WRONG = "has a quotation mark too many or too few: "


@pytest.mark.parametrize(
    "broken",
    [
        '4,Ada,Lovelace,participant,"Ministry, of 4',
        '4,Ada,Lovelace,participant,Ministry, of 4"',
        '4,Ada,Lovelace,participant,"Ministry", of 4"',
        '4,Ada,"Lovelace,participant,"Ministry, of 4"',
        '4,"Ada,Lovelace,participant,',
        '4,Ada,Lovelace,participant,""Ministry, of 4"',
        '"4,Ada,Lovelace,participant,Ministry of 4',
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_lost_quotation_mark_costs_its_own_row_alone(broken: str, end: str) -> None:
    plan = parse(*SOUND[:3], broken, *SOUND[4:], end=end)

    assert problems(plan) == [f"row 5: {WRONG}{broken}"]
    assert taken(plan) == ["1", "2", "3", "5", "6", "7", "8"]
    assert [each.row for each in plan.people] == [2, 3, 4, 6, 7, 8, 9]


def test_a_mark_lost_here_and_one_lost_there_swallow_nothing_between_them() -> None:
    """What opens in row 4 would close in row 8, in the right column and with the right number of cells."""
    rows = [row.replace('"', "").replace("y, o", "y o") for row in SOUND]
    rows[2] = '3,Ada,Lovelace,participant,"Ministry'
    rows[6] = '7,Ada,Lovelace,participant,Ministry"'

    plan = parse(*rows)

    assert [each.split(":")[0] for each in problems(plan)] == ["row 4", "row 8"]
    assert taken(plan) == ["1", "2", "4", "5", "6", "8"]


def test_a_reader_that_trusts_every_quotation_mark_swallows_rows() -> None:
    """The control: without looking at what is within the quotes, five rows become one organisation."""
    text = '1,A,B,x,"Ministry\n2,A,B,x,y\n3,A,B,x,y\n4,A,B,x,Ministry"\n'

    assert len(list(csv.reader(text.splitlines(keepends=True), strict=True))) == 1
    assert [(line.n, line.odd) for line in lines(text)] == [(1, "quotes"), (2, ""), (3, ""), (4, "quotes")]


def test_a_cell_may_have_lines_quotes_and_separators() -> None:
    text = 'a,"one\n\ntwo, ""three""\r\nfour",c\nd,"5"" high","x"\ne,the "best",g\n'

    assert [(line.n, line.cells) for line in lines(text)] == [
        (1, ["a", 'one\n\ntwo, "three"\nfour', "c"]),
        (2, ["d", '5" high', "x"]),
        (3, ["e", 'the "best"', "g"]),
    ]


def test_an_end_within_quotes_costs_the_last_row() -> None:
    assert [(line.n, line.odd) for line in lines('a,b,c\n1,2,3\n4,"5')] == [(1, ""), (2, ""), (3, "quotes")]


def test_many_open_quotation_marks_take_no_time() -> None:
    text = HEAD + "\n" + ('1,"' + "x" * 200 + "\n") * 40_000
    begun = time.process_time()

    plan = imports.parse({"event.json": EVENT, "people.csv": text.encode()})

    assert time.process_time() - begun < 2
    assert str(plan.problems[-1]) == (
        "people.csv: has more than 200 rows that cannot be read; the rest was not looked at"
    )


def test_a_broken_row_is_shown_without_its_address() -> None:
    head = "email,number,given_name,family_name,role"

    plan = parse('ada@example.org,1,"Ada,L,participant', "=x+b@example.org,2,B,L,participant", head=head)

    assert problems(plan) == [
        f'row 2: {WRONG}…,1,"Ada,L,participant',
        "row 3: email begins as a formula does; write an apostrophe before it if it is meant so: …",
    ]
    assert "example.org" not in repr(parse("bob@example.org,1,B,L,participant", head="a,b,c,d,e"))


# --- separators


@pytest.mark.parametrize(
    ("text", "second"),
    [
        ("a;b;c\n1,5;2,5;x\n1;2;x,y,z\n", ["1,5", "2,5", "x"]),
        ("a,b\ntr;en;ru,x\ntr;en;ru,y\ntr;en,z\n", ["tr;en;ru", "x"]),
        ("a\tb\n1,2;3\t4\n", ["1,2;3", "4"]),
        ('People, invited, of all\na;b\n"x,y";z\n"x,y";z\n', ["a", "b"]),
        ("sep=|\na|b\n1,2|3\n", ["1,2", "3"]),
        ("alone\nof itself\n", ["of itself"]),
    ],
)
def test_the_separator_is_told_by_many_rows_and_not_by_the_first(text: str, second: list[str]) -> None:
    assert lines(text)[1].cells == second


def test_the_header_tells_the_separator_where_rows_do_not() -> None:
    """All rows have one semicolon, in the languages; two are broken, so that fewer have as many commas."""
    rows = [f"{n},Ada,Lovelace,participant,ar;en" for n in range(1, 30)]
    rows[3], rows[7] = '4,"Ada,Lovelace,participant,ar;en', "8,Ada,Lovelace,par,tici,pant,ar;en"

    plan = parse(*rows, head="number,given_name,family_name,role,languages")

    assert [each.partition(": ")[0].partition(" has")[0] for each in problems(plan)] == ["row 5", "row 9"]
    assert len(taken(plan)) == 27


def test_of_a_list_that_cannot_be_read_nothing_is_said_to_be_missing() -> None:
    files = {
        "event.json": EVENT,
        "halls.csv": b"key,name_en\na,A\n",
        "people.csv": b"Tea,Cake\n1,2\n",
        "programme.csv": b"key,day,start,end,hall,title_en,moderator_1\na,2026-05-12,09:00,10:00,a,T,7\n",
    }

    [problem] = imports.parse(files).problems

    assert str(problem).startswith("people.csv: should have a row with the columns ")


# --- cells


def test_too_many_and_too_few_cells_are_named() -> None:
    plan = parse("1,A,B,participant,x,,", "2,A,B", "3,A,B,participant,")

    assert problems(plan) == ["row 2: has 7 cells, the header has 5", "row 3: has 3 cells, the header has 5"]
    assert taken(plan) == ["3"]


def test_giant_cells_and_rows_are_named() -> None:
    plan = parse(
        f"1,A,B,participant,{'x' * 10_001}", f"2,A,B,participant,{'x' * 100_001}",
        f"3,A,B,participant{',' * 300}", f'4,A,B,participant,"{"x" * 10_001}"', "5,A,B,participant,x",
    )  # fmt: skip

    assert problems(plan)[0] == "row 2: organisation has more than 10000 characters"
    assert problems(plan)[1].startswith("row 3: is longer than a row can be: 2,A,B,participant,xxx")
    assert problems(plan)[2].startswith("row 4: is longer than a row can be: 3,A,B,participant,,,")
    assert problems(plan)[3] == "row 5: organisation has more than 10000 characters"
    assert taken(plan) == ["5"]


def test_a_giant_cell_of_a_column_that_does_not_enter_costs_nothing() -> None:
    plan = parse(f"1,A,B,participant,x,{'y' * 20_000}", head=HEAD + ",notes")

    assert problems(plan) == []
    assert taken(plan) == ["1"]


@pytest.mark.parametrize(
    "value", ["=1+1", "=HYPERLINK(9)", "+Ada", "-Ada", "@Ada", " =x", "\t=x", "@SUM(1)", "=", "-2+3|cmd"]
)
def test_formulas_are_named(value: str) -> None:
    plan = parse(f"1,{value},B,participant,x", "2,A,B,participant,x")

    assert problems(plan) == [
        "row 2: given_name begins as a formula does; write an apostrophe before it if it is meant so: " + value
    ]
    assert taken(plan) == ["2"]


@pytest.mark.parametrize(
    ("value", "kept"),
    [("-", "-"), ("+90 (212) 555-01", "+90 (212) 555-01"), ("'+Plus", "+Plus"), ("'s-Graaf", "'s-Graaf")],
)
def test_numbers_dashes_and_what_an_apostrophe_protects_are_no_formulas(value: str, kept: str) -> None:
    [person] = parse(f"1,A,B,participant,{value}").people

    assert person.organisation == kept


def test_control_and_override_characters_are_told_and_taken_out() -> None:
    plan = parse("1,A\u202eda,B\x00o\x07b,participant,x\u2067y", "2,ni\u200cm,\u200fB,participant,x")

    assert [str(each) for each in plan.findings] == [
        "people.csv, row 2: given_name holds characters that cannot be seen; taken out: U+202E",
        "people.csv, row 2: family_name holds characters that cannot be seen; taken out: U+0000, U+0007",
        "people.csv, row 2: organisation holds characters that cannot be seen; taken out: U+2067",
    ]
    assert [(each.given_name, each.family_name, each.organisation) for each in plan.people] == [
        ("Ada", "Bob", "xy"),
        ("ni\u200cm", "B", "x"),
    ]


@pytest.mark.parametrize("lost", ["????", "?li", "Vuk?i?", "Ay\ufffde"])
def test_lost_letters_are_told_and_the_native_name_is_left_out(lost: str) -> None:
    plan = parse(f"1,{lost},Bah,participant,{lost}", head="number,given_name,family_name,role,native_name")

    assert [str(each) for each in plan.findings] == [
        f"people.csv, row 2: given_name has question marks where letters seem lost; kept as written: {lost}",
        f"people.csv, row 2: native_name has lost its letters; left out: {lost}",
    ]
    assert (plan.people[0].given_name, plan.people[0].native_name) == (lost, "")


def test_a_name_of_which_no_letter_is_left_is_a_problem() -> None:
    assert problems(parse("1,????,?????,participant,x")) == ["row 2: has no name"]


def test_a_question_in_a_title_is_no_loss() -> None:
    plan = imports.parse(
        {
            "event.json": EVENT,
            "halls.csv": b"key,name_en\na,A\n",
            "programme.csv": b"key,day,start,end,hall,title_en\na,2026-05-12,09:00,10:00,a,Who decides? And how?\n",
        }
    )

    assert plan.findings == ()
