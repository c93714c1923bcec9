"""What is wrong with a folder is named by file, row and reason, and then nothing of it enters."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sqlmodel import select

from models import imports
from models.command import SYSTEM, Badge
from models.imports import Plan
from models.people import Person
from models.programme import Hall
from models.refusals import Refused
from models.store import Store

PEOPLE = "number,given_name,family_name,role,languages,delegation"
HALLS = "key,name_en,capacity,languages\nhall-a,Hall A,100,en;tr\nhall-b,Hall B,50,en\n"
PROGRAMME = "key,day,start,end,hall,kind,title_en,languages,moderator_1"
EVENT = '{"names": {"en": "A day"}, "zone": "Europe/Istanbul"}'
TEXT = {"en": "Which?"}
OPTIONS = [{"key": "a", "text": {"en": "This"}}, {"key": "b", "text": {"en": "That"}}]


def problems(**files: str | bytes) -> list[str]:
    """Problems of a folder with these files, where two underlines stand for the dot."""
    return [str(each) for each in parse(**files).problems]


def parse(**files: str | bytes) -> Plan:
    files = {"event__json": EVENT} | files
    return imports.parse(
        {name.replace("__", "."): data if isinstance(data, bytes) else data.encode() for name, data in files.items()}
    )


def people(*rows: str, head: str = PEOPLE) -> list[str]:
    return problems(people__csv="\n".join((head, *rows)))


def programme(*rows: str) -> list[str]:
    return problems(
        halls__csv=HALLS, programme__csv="\n".join((PROGRAMME, *rows)), people__csv=f"{PEOPLE}\n7,A,B,moderator,,\n"
    )


def poll(**fields: object) -> list[str]:
    given: dict[str, object] = {
        "key": "p",
        "session": "s",
        "kind": "single",
        "text": TEXT,
        "options": OPTIONS,
        "settings": {},
    }
    return problems(
        halls__csv=HALLS,
        programme__csv=f"{PROGRAMME}\ns,2026-05-12,09:00,10:00,hall-a,,Title,en,\n"
        "b,2026-05-12,10:00,11:00,hall-a,break,Tea,en,\n",
        polls__json=json.dumps([given | fields]),
    )


# --- files


def test_an_empty_folder_is_a_problem() -> None:
    assert problems() == ["the folder: holds none of halls.csv, delegations.csv, programme.csv, people.csv, polls.json"]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (PEOPLE.encode() + b"\n1,\xff,B,participant,,\n", "people.csv: is not UTF-8, and its letters do not tell"),
        (b"", "people.csv: is empty"),
        (f"{PEOPLE}\n".encode(), "people.csv: has no rows under its header"),
        (PEOPLE.encode() + b'\n1,"A,B,participant\n', "people.csv, row 2: has a quotation mark too many or too few: 1"),
        (b"x" * 10_000_001, "people.csv: is larger than 10 MB"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_read_is_named(data: bytes, words: str) -> None:
    [problem] = problems(people__csv=data)

    assert problem.startswith(words)


def test_missing_and_doubled_columns_are_named() -> None:
    assert people("1,A,participant", head="number,given_name,role") == [
        "people.csv, row 1: has no column family_name; its columns are number, given_name, role"
    ]
    assert people("1,A,B,C,participant", head="number,given_name,family_name,family_name,role") == [
        "people.csv, row 1: has two columns for family_name: family_name and family_name"
    ]


def test_a_row_with_too_many_or_too_few_cells_is_named() -> None:
    assert people("1,A,B,participant,en,,,", "2,A") == [
        "people.csv, row 2: has 8 cells, the header has 6",
        "people.csv, row 3: has 2 cells, the header has 6",
    ]


def test_rows_are_counted_as_a_spreadsheet_counts_them() -> None:
    """A cell over several lines and an empty row do not shift the number."""
    [found] = people('1,"A\n\nA",B,participant,en,', "", "2,A,B,king,en,")

    assert found.startswith("people.csv, row 4: role must be one of participant, observer, ")
    assert found.endswith("organiser, data_protection, not king")


# --- people


def test_a_number_with_two_contents_is_a_problem() -> None:
    assert people("1,A,B,participant,en,", "2,C,D,participant,en,", "1,A,E,participant,en,") == [
        "people.csv, row 4: number 1 stands in row 2 too, with other contents"
    ]


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (",A,B,participant,en,", "number is empty"),
        ("1<b>,A,B,participant,en,", "number may hold letters, digits, dots and dashes, at most 20: 1<b>"),
        ("1,,,participant,en,", "has no name"),
        ("1,A,B,participant,en,Atlantis", "there is no delegation Atlantis"),
        ("1,A,B,,en,", "not nothing"),
    ],
)
def test_a_person_that_cannot_enter_is_named(row: str, words: str) -> None:
    [found] = people(row)

    assert found.startswith("people.csv, row 2: ")
    assert words in found


def test_a_merge_into_nobody_is_a_problem() -> None:
    decided = json.dumps({"merge": {"1": "9"}})

    assert problems(people__csv=f"{PEOPLE}\n1,A,B,participant,en,\n", decisions__json=decided) == [
        "people.csv, row 2: 1 cannot be merged into 9: 9 is not in the list"
    ]
    assert problems(people__csv=f"{PEOPLE}\n1,A,B,participant,en,\n", decisions__json='{"merge": [1]}') != []
    assert problems(people__csv=f"{PEOPLE}\n1,A,B,participant,en,\n", decisions__json="[") != []


# --- halls and programme


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("a,12/05/2026,09:00,10:00,hall-a,,T,en,", "day is not a day like 2026-12-06 or 6.12.2026: 12/05/2026"),
        ("a,2026-02-30,09:00,10:00,hall-a,,T,en,", "day is not a day like 2026-12-06 or 6.12.2026: 2026-02-30"),
        ("a,2026-05-12,9 h,10:00,hall-a,,T,en,", "start is not a time like 09:30: 9 h"),
        ("a,2026-05-12,10:00,10:00,hall-a,,T,en,", "ends at 10:00, but starts at 10:00"),
        ("a,2026-05-12,09:00,10:00,hall-x,,T,en,", "there is no hall hall-x"),
        ("a,2026-05-12,09:00,10:00,hall-a,,,en,", "title has no text in any language of the event"),
        ("a,2026-05-12,09:00,10:00,hall-a,party,T,en,", "kind must be one of parallel, plenary, break, not party"),
        ("a,2026-05-12,09:00,10:00,hall-a,,T,en,8", "there is no person 8"),
    ],
)
def test_a_session_that_cannot_enter_is_named(row: str, words: str) -> None:
    assert programme(row) == [f"programme.csv, row 2: {words}"]


def test_no_hall_and_no_moderator_is_booked_twice_at_a_time() -> None:
    found = programme(
        "a,2026-05-12,09:00,10:00,hall-a,,T,en,7",
        "b,2026-05-12,09:30,10:30,hall-a,,T,en,",
        "c,2026-05-12,10:30,11:00,hall-a,,T,en,",
        "d,2026-05-12,09:59,11:00,hall-b,,T,en,7",
        "e,2026-05-13,09:00,10:00,hall-a,,T,en,7",
    )

    assert found == [
        "programme.csv, row 3: hall hall-a is taken by a from 09:00 to 10:00",
        "programme.csv, row 5: 7 also moderates a from 09:00 to 10:00",
    ]


def test_a_long_session_is_compared_with_all_that_fall_into_it() -> None:
    found = programme(
        "a,2026-05-12,09:00,18:00,hall-a,,T,en,",
        "b,2026-05-12,09:30,10:00,hall-a,,T,en,",
        "c,2026-05-12,17:00,17:30,hall-a,,T,en,",
    )

    assert found == [
        "programme.csv, row 3: hall hall-a is taken by a from 09:00 to 18:00",
        "programme.csv, row 4: hall hall-a is taken by a from 09:00 to 18:00",
    ]


def test_sessions_already_there_take_up_their_halls_too(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "hallside.sqlite")
    first = parse(halls__csv=HALLS, programme__csv=f"{PROGRAMME}\na,2026-05-12,09:00,10:00,hall-a,,T,en,\n")
    store.do(lambda tx: imports.apply(tx, first, Badge(0, SYSTEM), 1.0).done())

    with store.reading() as tx:
        late = f"{PROGRAMME}\nb,2026-05-12,09:30,10:30,hall-a,,T,en,\n".encode()
        plan = imports.parse({"programme.csv": late}, tx.cursor)
    store.close()

    assert [str(each) for each in plan.problems] == [
        "programme.csv, row 2: hall hall-a is taken by a from 09:00 to 10:00"
    ]


def test_what_a_spreadsheet_made_of_days_times_and_numbers_is_read() -> None:
    rows = "a;7.12.2026;9:30:00;10.15;hall-a;T", "b;07.12.2026;10:15;11:00;hall-a;T"
    plan = parse(
        halls__csv="\ufeffkey;name_en;screen_height_m;\r\nhall-a;Hall A;2,5;\r\n;;;\r\n",
        programme__csv="\r\n".join(("key;day;start;end;hall;title_en", *rows)),
    )

    assert plan.problems == ()
    assert plan.halls[0].screen_height_m == 2.5
    assert [(each.day, each.start, each.end) for each in plan.meetings] == [
        ("2026-12-07", "09:30", "10:15"), ("2026-12-07", "10:15", "11:00"),
    ]  # fmt: skip


@pytest.mark.parametrize("day", ["7/12/2026", "31.2.2026", "7.12.26", "2026-13-01"])
def test_a_day_that_may_be_two_or_none_is_a_problem(day: str) -> None:
    assert f"programme.csv, row 2: day is not a day like 2026-12-06 or 6.12.2026: {day}" in programme(
        f"a,{day},09:00,10:00,hall-a,,T,en,"
    )


@pytest.mark.parametrize("written", ["1,200", "25,000", "1.200", "12.5", "12,5", "1_200", "1 200", "1e3", "-1"])
@pytest.mark.parametrize(("file", "column"), [("halls", "capacity"), ("delegations", "order")])
def test_a_whole_number_has_nothing_between_its_digits(file: str, column: str, written: str) -> None:
    # A thousand two hundred, or one and a fifth? Nobody knows.
    assert problems(**{f"{file}__csv": f'key,name_en,{column}\na,A,"{written}"\n'}) == [
        f"{file}.csv, row 2: {column} is not a whole number from 0 to 100000, in digits alone: {written}"
    ]


def test_numbers_of_halls_are_checked() -> None:
    assert problems(halls__csv="key,name_en,capacity,screen_height_m\na,A,many,0\n") == [
        "halls.csv, row 2: capacity is not a whole number from 0 to 100000, in digits alone: many",
        "halls.csv, row 2: screen_height_m is not a number from 0.2 to 50: 0",
    ]


def test_a_language_without_a_booth_is_a_note_and_one_not_offered_too() -> None:
    plan = parse(
        halls__csv="key,name_en,languages\nhall-a,Hall A,en;fr\n",
        programme__csv=f"{PROGRAMME}\na,2026-05-12,09:00,10:00,hall-a,,T,en;ru,\n",
    )

    assert plan.problems == ()
    assert [str(each) for each in plan.findings if each.file != "event.json"] == [
        "halls.csv, row 2: fr is not offered; left out",
        "programme.csv, row 2: a is announced in ru, but the hall has no booth for it",
    ]


# --- polls


def test_a_sound_poll_has_no_problem() -> None:
    assert poll() == []
    assert poll(kind="multiple", settings={"min": 0, "max": 2, "electorate": "roles:moderator,observer"}) == []


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"key": ""}, "key is empty"),
        ({"session": "nowhere"}, "there is no session nowhere"),
        ({"session": "b"}, "p belongs to b, which is a break"),
        ({"text": {"fr": "Oui"}}, "p: text has no text in any language of the event"),
        ({"text": {"en": "x" * 281}}, "p: text en has 281 characters, at most 280 are allowed"),
        ({"options": OPTIONS[:1]}, "p needs at least two options"),
        ({"options": [OPTIONS[0], OPTIONS[0]]}, "p needs at least two options"),
        ({"options": "ab"}, "p: options is not as expected"),
        ({"options": ["a", "b"]}, "p: an option is not as expected"),
        ({"options": [*OPTIONS, {"key": "c", "text": None}]}, "p: option 3 has no text in any language of the event"),
        ({"settings": {"ballot": "secret", "results": "live"}}, "p: a secret poll cannot show live results"),
        ({"settings": {"ballot": "public"}}, "p: ballot must be one of named, confidential, secret, not public"),
        ({"settings": {"timer_s": -1}}, "p: timer_s is not a number from 0 to 3600: -1"),
        ({"settings": {"timer_s": True}}, "p: timer_s is not a number from 0 to 3600: True"),
        (
            {"settings": {"electorate": "everybody"}},
            "p: electorate must be one of present, delegations, roles:ROLE, not everybody",
        ),
        ({"kind": "multiple", "settings": {"min": 2, "max": 1}}, "p asks for 2 to 1 of 2 options"),
        ({"kind": "multiple", "settings": {"min": 1, "max": 3}}, "p asks for 1 to 3 of 2 options"),
        ({"kind": "yes_no_abstain"}, "p: a yes_no_abstain poll has the options yes, no, abstain, in this order"),
    ],
)  # fmt: skip
def test_a_poll_that_cannot_enter_is_named(fields: dict[str, object], words: str) -> None:
    assert poll(**fields) == [f"polls.json, row 1: {words}"]


@pytest.mark.parametrize("data", ["{", '{"a": 1}', "[1]", '"x"', "null"])
def test_polls_that_are_no_list_of_polls_are_named(data: str) -> None:
    [found] = problems(polls__json=data)

    assert found.startswith("polls.json: cannot be read as JSON: ")


def test_a_setting_that_means_nothing_is_left_out_and_told() -> None:
    given = {"key": "p", "session": "s", "kind": "single", "text": TEXT, "options": OPTIONS}
    plan = parse(polls__json=json.dumps([given | {"settings": {"step": 5, "scale": None}}]))

    assert [str(each) for each in plan.findings if each.key == "setting_dropped"] == [
        "polls.json, row 1: p: step means nothing for single; left out"
    ]


# --- event


def test_a_time_zone_that_does_not_exist_is_a_problem() -> None:
    event = json.dumps({"names": {"en": "x"}, "zone": "Europe/Atlantis", "languages": ["xx"]})

    assert problems(halls__csv=HALLS, event__json=event) == [
        "event.json: there is no time zone Europe/Atlantis; zones are named like Europe/Istanbul",
        "event.json: languages must be one of en, tr, ar, ru, not ['xx']",
    ]


def test_an_event_without_a_zone_or_a_name_is_a_problem() -> None:
    assert problems(halls__csv=HALLS, event__json='{"name": "A day", "timezone": "Europe/Istanbul"}') == [
        "event.json: zone is missing: in which time zone are the times of the programme? Such as Europe/Istanbul",
        "event.json: names has no text in any language of the event",
    ]


def test_a_first_folder_without_an_event_is_told_what_to_write() -> None:
    [problem] = imports.parse({"halls.csv": HALLS.encode()}).problems

    said = str(problem)
    assert said.startswith("event.json: is missing: the event needs a name and a time zone.")
    assert problems(halls__csv=HALLS, event__json=said.partition("with yours: ")[2]) == []


# --- nothing enters


def test_a_folder_with_one_problem_imports_nothing(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "hallside.sqlite")
    plan = parse(halls__csv=HALLS, people__csv=f"{PEOPLE}\n1,A,B,participant,en,\n2,A,B,king,en,\n")

    with pytest.raises(Refused) as refusal:
        store.do(lambda tx: imports.apply(tx, plan, Badge(0, SYSTEM), 1.0).done())

    assert refusal.value.key == "import_has_problems"
    assert refusal.value.params["count"] == 1
    with store.reading() as tx:
        assert tx.exec(select(Hall)).all() == []
        assert tx.exec(select(Person)).all() == []
    store.close()


def test_what_changed_since_the_plan_was_read_is_looked_at_again(tmp_path: Path) -> None:
    """Two people import at once: the second plan was made before the first was written."""
    store = Store.open(tmp_path / "hallside.sqlite")
    base = parse(halls__csv=HALLS)
    first = parse(halls__csv=HALLS, programme__csv=f"{PROGRAMME}\na,2026-05-12,09:00,10:00,hall-a,,T,en,\n")
    second = parse(halls__csv=HALLS, programme__csv=f"{PROGRAMME}\nb,2026-05-12,09:30,10:00,hall-a,,T,en,\n")
    for plan in (base, first):
        store.do(lambda tx, plan=plan: imports.apply(tx, plan, Badge(0, SYSTEM), 1.0).done())

    with pytest.raises(Refused, match="import_has_problems"):
        store.do(lambda tx: imports.apply(tx, second, Badge(0, SYSTEM), 1.0).done())

    store.close()


def test_every_finding_has_words_for_its_parameters() -> None:
    for key, words in imports.WORDS.items():
        assert words[0].islower() or words[0] in "{1", key
        assert not words.endswith("."), key


@pytest.mark.parametrize("name", ["event.json", "decisions.json", "polls.json"])
def test_json_that_is_nested_without_end_is_a_problem(name: str) -> None:
    for deep in (b'{"a":' * 100_000, b"[" * 100_000):
        assert "not_json" in {each.key for each in imports.parse({name: deep}).problems}


@pytest.mark.parametrize("name", ["event.json", "decisions.json"])
def test_json_that_the_server_reads_itself_is_short(name: str) -> None:
    long, longer = (b'{"merge": {}' + b" " * n + b"}" for n in (900_000, 1_000_000))

    assert "too_big" not in {each.key for each in imports.parse({name: long}).problems}
    assert "too_big" in {each.key for each in imports.parse({name: longer}).problems}
