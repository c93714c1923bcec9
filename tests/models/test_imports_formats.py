"""The same list in every format that offices make of it gives the same people, or says what it cannot tell."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from models import imports
from models.imports import Plan
from tests.books import book, rows

EXAMPLE = Path(__file__).parents[2] / "examples" / "ibmc-2023"
OTHERS = {name: (EXAMPLE / name).read_bytes() for name in ("event.json", "halls.csv", "delegations.csv")}
LIST = (EXAMPLE / "people.csv").read_text("utf-8")
MERGE = {"1203": "1114"}
HEAD = "number,given_name,family_name,role,native_name,organisation"
TURKISH = "Işıl,Karadağlı Ayşe,Öztürk Şükrü,Çınarcıoğlu Tuğrul,İpekçi Gökçe,Yıldız"
ARABIC = "ليلى,حدادين عمر,غنيمة منى,الخطيب سليمان,المصري"
RUSSIAN = "Радостина,Манолчева Иван,Кузнецов Ольга,Жукова Юрий,Щербаков"


def parse(name: str, data: bytes, **decisions: object) -> Plan:
    decided = {"decisions.json": json.dumps(decisions).encode()} if decisions else {}
    return imports.parse(OTHERS | {name: data} | decided, merge=MERGE)


def of(names: str, encoding: str) -> bytes:
    """A list of these people in an encoding."""
    lines = [f"{n},{name},participant,," for n, name in enumerate(names.split(" "), 1)]
    return "\n".join([HEAD, *lines]).encode(encoding)


def told(plan: Plan, key: str) -> list[str]:
    return [str(each) for each in plan.findings if each.key == key]


def separated(delimiter: str) -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerows(csv.reader(io.StringIO(LIST, newline="")))
    return out.getvalue()


REFERENCE = parse("people.csv", LIST.encode())


# --- the example


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("people.csv", LIST.encode("utf-8-sig")),
        ("people.csv", LIST.encode("utf-16")),
        ("people.csv", b"\xfe\xff" + LIST.encode("utf-16-be")),
        ("people.csv", LIST.encode("utf-16-le")),
        ("people.csv", LIST.encode("utf-16-be")),
        ("people.csv", separated(";").encode()),
        ("people.txt", separated("\t").encode("utf-16")),
        ("people.tsv", separated("\t").encode()),
        ("people.csv", ("sep=;\r\n" + separated(";")).encode()),
        ("people.csv", LIST.replace("\n", "\r").encode()),
        ("people.xlsx", (EXAMPLE / "people.xlsx").read_bytes()),
    ],
    ids=["bom", "16", "16-be-bom", "16-le", "16-be", "semicolons", "excel-text", "tabs", "sep", "mac", "xlsx"],
)
def test_the_example_gives_the_same_202_people(name: str, data: bytes) -> None:
    plan = parse(name, data)

    assert plan.problems == ()
    assert len(plan.people) == 202
    assert plan.people == REFERENCE.people
    assert plan.columns[name].rows == 204


def test_the_example_in_windows_1254_gives_the_same_people_but_for_the_letters_it_has_not() -> None:
    """Arabic, Cyrillic and names with letters such as č become question marks when the list is saved, and stay lost."""
    plan = parse("people.csv", LIST.encode("cp1254", "replace"))

    def in_1254(text: str) -> str:
        return text.encode("cp1254", "replace").decode("cp1254")

    assert plan.problems == ()
    assert [str(each) for each in plan.findings if each.key == "read_as"] == [
        "people.csv: read as Windows-1254 (Turkish)"
    ]
    assert len(plan.people) == 202
    lost = {"native_name": 0, "given_name": 0, "family_name": 0}
    for there, here in zip(REFERENCE.people, plan.people, strict=True):
        assert (here.key, here.title, here.organisation, here.delegation, here.role, here.languages) == (
            there.key, there.title, there.organisation, there.delegation, there.role, there.languages,
        )  # fmt: skip
        assert here.native_name == ("" if in_1254(there.native_name) != there.native_name else there.native_name)
        lost["native_name"] += here.native_name != there.native_name
        for field in ("given_name", "family_name"):
            kept, whole = getattr(here, field), getattr(there, field)
            # 1155 is written in decomposed letters, of which only the bare ones are in the code page.
            assert kept == in_1254(whole) or here.key == "1155"
            lost[field] += kept != whole
    assert lost == {"native_name": 85, "given_name": 19, "family_name": 44}
    # Two more in the rows that are not taken: one stands twice, one person twice.
    assert len(told(plan, "native_lost")) == 87
    assert told(plan, "lost_letters")[0].startswith("people.csv, row 5: family_name has question marks where letters")


def test_a_workbook_tells_what_was_read_as_what_and_where_the_header_is() -> None:
    plan = parse("people.xlsx", (EXAMPLE / "people.xlsx").read_bytes())

    columns = plan.columns["people.xlsx"]
    assert columns.written["number"] == "No."
    assert columns.written["native_name"] == "Name in own script"
    assert set(columns.dropped) == {"Country", "Note", "registered on", "E-mail"}
    assert told(plan, "header_here") == [
        "people.xlsx, row 2: the header stands here; filled rows above it that were left out: 1"
    ]
    assert told(plan, "row_twice") == ["people.xlsx, row 206: the same as row 191; taken once"]


def test_where_two_files_hold_a_list_one_is_read_and_the_other_is_asked_about() -> None:
    plan = imports.parse(OTHERS | {"people.csv": LIST.encode(), "people.xlsx": b"older"}, merge=MERGE)

    assert plan.people == REFERENCE.people
    assert told(plan, "beside") == [
        "people.xlsx: stands beside people.csv, and only people.csv is read; take the older one away"
    ]


# --- code pages


@pytest.mark.parametrize(
    ("names", "page", "words"),
    [
        (TURKISH, "cp1254", "Windows-1254 (Turkish)"),
        (ARABIC, "cp1256", "Windows-1256 (Arabic)"),
        (RUSSIAN, "cp1251", "Windows-1251 (Cyrillic)"),
    ],
)
def test_a_code_page_is_told_by_its_words(names: str, page: str, words: str) -> None:
    plan = parse("people.csv", of(names, page))

    assert plan.problems == ()
    assert told(plan, "read_as") == [f"people.csv: read as {words}"]
    assert [f"{each.given_name},{each.family_name}" for each in plan.people] == names.split(" ")


@pytest.mark.parametrize(
    ("names", "page"),
    [
        ("Jiří,Dvořák Zdeněk,Novotný Věra,Čápková Łukasz,Wójcik Ştefan,Ţurcanu Đorđe,Đurić", "cp1250"),
        ("José,Núñez Jürgen,Müller Françoise,Lefèvre Søren,Åkesson", "cp1252"),
        ("Guðrún,Þórðardóttir Sigurður,Björnsson Ýmir,Hafþórsson", "cp1252"),
        ("Γιώργος,Παπαδόπουλος Ελένη,Κωνσταντίνου Νίκος,Ξενάκης Άννα,Γεωργίου", "cp1253"),
        ("Jānis,Bērziņš Agnė,Šimkutė Õnne,Põldmäe Līga,Kļaviņa", "cp1257"),
        ("משה,כהן שרה,לוי יעקב,מזרחי רחל,פרץ", "cp1255"),
        (RUSSIAN, "koi8-r"),
        (RUSSIAN, "cp866"),
        (RUSSIAN, "iso8859-5"),
        (RUSSIAN, "mac_cyrillic"),
        (ARABIC, "iso8859-6"),
        (TURKISH, "cp857"),
        (TURKISH, "mac_turkish"),
        (TURKISH.split(" ")[0].replace("Işıl", "Isil"), "cp1254"),
    ],
)
def test_what_cannot_be_told_with_confidence_is_not_guessed(names: str, page: str) -> None:
    plan = parse("people.csv", of(names, page))

    [problem] = plan.problems
    assert str(problem) == (
        "people.csv: is not UTF-8, and its letters do not tell what it is; save it as “CSV UTF-8”,"
        ' or name it in decisions.json: {"encodings": {"people": "windows-1254"}}'
    )
    assert plan.people == ()


def test_an_encoding_can_be_named_by_hand() -> None:
    names = "José,Núñez Jürgen,Müller"

    plan = parse("people.csv", of(names, "cp1252"), encodings={"people": "Windows-1252"})

    assert plan.problems == ()
    assert [each.family_name for each in plan.people] == ["Núñez", "Müller"]


def test_an_encoding_named_by_hand_that_is_unknown_or_does_not_fit_is_a_problem() -> None:
    assert [str(each) for each in parse("people.csv", LIST.encode(), encodings={"people": "latin"}).problems][:1] == [
        "decisions.json: encodings must be one of utf-8, utf-16, utf-16-le, utf-16-be, windows-1250, windows-1251,"
        " windows-1252, windows-1253, windows-1254, windows-1255, windows-1256, windows-1257, windows-1258, not latin"
    ]
    assert "people.csv: is not utf-8: byte 64 has no meaning in it" in [
        str(each) for each in parse("people.csv", of(TURKISH, "cp1254"), encodings={"people": "utf-8"}).problems
    ]
    assert parse("people.csv", LIST.encode(), encodings={"person": "utf-8"}).problems != ()


def test_bytes_that_break_utf8_cost_their_row_alone() -> None:
    data = bytearray(LIST.encode())
    place = data.index("Çınarcıoğlu".encode()) + 1
    data[place] = 0x20

    plan = parse("people.csv", bytes(data))

    assert [str(each) for each in plan.problems] == [
        "people.csv, row 3: family_name holds bytes that are no letters in UTF-8"
    ]
    assert plan.columns["people.csv"].rows == 203


# --- shapes


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("people.csv", b"%PDF-1.7 ...", "should be text with one row a line (.csv), but is a PDF"),
        ("people.csv", book(("A", "")), "should be text with one row a line (.csv), but is an Excel workbook"),
        ("people.csv", b'{"people": []}', "should be text with one row a line (.csv), but is JSON"),
        ("people.csv", b"<!DOCTYPE html><table>", "should be text with one row a line (.csv), but is a web page"),
        ("people.csv", b"BEGIN:VCARD\n", "should be text with one row a line (.csv), but is a calendar or an address"),
        ("people.xls", b"\xd0\xcf\x11\xe0" + bytes(99), "but is an old Excel file (.xls), or one with a password"),
        ("people.xlsx", b"\xd0\xcf\x11\xe0" + bytes(99), "but is an old Excel file (.xls), or one with a password"),
        ("people.xlsx", LIST.encode(), "should be an Excel workbook (.xlsx), but is text"),
        ("people.xlsx", b"PK\x03\x04mimetypeapplication/vnd.oasis", "but is a packed file"),
        ("people.ods", b"PK\x03\x04mimetypeapplication/vnd.oasis", "but is a packed file"),
    ],
)  # fmt: skip
def test_a_file_of_another_shape_is_told_what_was_expected_and_found(name: str, data: bytes, words: str) -> None:
    [problem] = parse(name, data).problems

    assert words in str(problem)
    assert str(problem).startswith(f"{name}: ")


def test_a_list_of_something_else_is_told_what_was_expected_and_found() -> None:
    [problem] = parse("people.csv", b"Item,Price\nTea,2\n").problems

    assert str(problem) == (
        "people.csv: should have a row with the columns number, given_name, family_name, role among its first 20;"
        " it begins with Item, Price"
    )


# --- headers


@pytest.mark.parametrize(
    "head",
    [
        "No.,First name,LAST NAME,Role",
        "Badge number,Given_Name,Surname:,ROLE",
        "Yaka Kartı No,Adı,Soyadı,Rolü",
        "NUMARA,AD,SOYAD,GÖREV",
        "الرقم,الاسم,اسم العائلة,الدور",
        "رَقْم,الإسم الأول,العائلة,الصفة",
        "№,Имя,Фамилия,Роль",
        "номер бейджа,ИМЯ,фамилия,роль",
    ],
)
def test_headers_are_known_in_the_four_languages_without_case_accents_and_points(head: str) -> None:
    plan = parse("people.csv", f"{head}\n7,Ada,Lovelace,participant\n".encode())

    assert plan.problems == ()
    assert (plan.people[0].key, plan.people[0].given_name, plan.people[0].family_name) == ("7", "Ada", "Lovelace")
    assert list(plan.columns["people.csv"].written.values()) == head.split(",")


def test_other_lists_are_known_by_their_headers_too() -> None:
    plan = imports.parse(
        {
            "event.json": OTHERS["event.json"],
            "halls.csv": "Kod;Adı (Türkçe);Название (английский);Kapasite\nb;B Salonu;Hall B;80\n".encode(),
            "delegations.csv": "رمز,الاسم بالعربية,English name,الترتيب,حق التصويت\nX,س,X,١٢,yes\n".encode(),
            "programme.csv": "Код,Дата,Начало,Окончание,Зал,Название (рус)\na,7.12.2026,09:00,10:00,b,Тема\n".encode(),
        }
    )

    assert plan.problems == ()
    assert plan.halls[0].names == {"en": "Hall B", "tr": "B Salonu"}
    assert (plan.halls[0].capacity, plan.delegations[0].place) == (80, 12)
    assert plan.meetings[0].titles == {"ru": "Тема"}


def test_headers_can_be_mapped_by_hand() -> None:
    data = b"Kennung,Rufname,Nachname,Was,role\n7,Ada,Lovelace,participant,old\n"
    by_hand = {"Kennung": "number", "Rufname": "given_name", "Nachname": "family_name", "Was": "role"}

    plan = parse("people.csv", data, columns={"people": by_hand})

    assert plan.problems == ()
    assert plan.people[0].given_name == "Ada"
    assert plan.columns["people.csv"].dropped == ("role",)


def test_a_mapping_by_hand_to_or_from_nothing_is_a_problem() -> None:
    head = "number,given_name,family_name,role\n7,A,B,participant\n"

    assert [
        str(each) for each in parse("people.csv", head.encode(), columns={"people": {"Rolle": "role"}}).problems
    ] == ["people.csv, row 1: decisions.json names columns that are not there: Rolle"]
    [problem] = parse("people.csv", head.encode(), columns={"people": {"number": "nummer"}}).problems[:1]
    assert str(problem).startswith("people.csv: decisions.json says number is nummer, which must be one of number, ")
    assert parse("people.csv", head.encode(), columns={"persons": {}}).problems != ()
    assert parse("people.csv", head.encode(), columns={"people": ["role"]}).problems != ()


def test_two_columns_that_may_be_one_are_a_problem_unless_one_has_our_name_or_is_left_out_by_hand() -> None:
    two = b"No.,Badge,given_name,family_name,role\n7,8,A,B,participant\n"

    assert [str(each) for each in parse("people.csv", two).problems] == [
        "people.csv, row 1: has two columns for number: No. and Badge"
    ]
    assert parse("people.csv", two, columns={"people": {"Badge": ""}}).people[0].key == "7"
    assert parse("people.csv", two.replace(b"Badge", b"number")).people[0].key == "8"


def test_a_title_and_empty_rows_may_stand_above_the_header() -> None:
    head = "Registered participants;;;\n;;;\nNo.;Name;;\nNumara;Adı;Soyadı;Rol\n7;Ada;Lovelace;king\n"

    [problem] = parse("people.csv", head.encode()).problems

    assert str(problem).startswith("people.csv, row 5: role must be one of participant, ")


def test_badge_numbers_are_the_same_in_any_digits_and_from_any_spreadsheet() -> None:
    head = "number,given_name,family_name,role\n"
    numbers = ("١٠٠١", "۱۰۰۲", "1003.0", "00104", "R.1")
    lines = "".join(f"{number},A,B,participant\n" for number in numbers)

    plan = parse("people.csv", (head + lines).encode())

    assert [each.key for each in plan.people] == ["1001", "1002", "1003", "00104", "R.1"]
    assert [
        str(each) for each in parse("people.csv", (head + lines + "1001.0,C,D,participant\n").encode()).problems
    ] == ["people.csv, row 7: number 1001 stands in row 2 too, with other contents"]
    with_rows = rows([["number", "given_name", "family_name", "role"], [1001.0, "A", "B", "participant"]])
    assert parse("people.xlsx", book(("A", with_rows))).people[0].key == "1001"
