"""Schedules of other programs and calendars become the same sessions as a list, or say in words why not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlmodel import select

from models import imports
from models.imports import MeetingRow
from models.programme import Hall, Meeting
from models.refusals import Refused
from models.store import Store
from tests import schedules
from tests.books import book, rows
from tests.schedules import EVENT, EXAMPLE, ROOM, TITLE, apply, ics, parse, said, times

OTHERS = {name: (EXAMPLE / name).read_bytes() for name in ("event.json", "halls.csv")}
FORMATS = {
    "schedule.xml": schedules.as_xml(), "schedule.json": schedules.as_json(), "programme.ics": schedules.as_ics(),
}  # fmt: skip
TALK = "<room>Hall A</room><title>Opening</title><language>en</language>"


def frab(*events: str, zone: str = "Europe/Istanbul", room: str = "Hall A", opens: str = "04:00") -> str:
    """schedule.xml of one day; each event as its attributes and elements, such as `id="1"><title>...`"""
    inner = "\n".join(f"<event {each}</event>" for each in events)
    return (
        f"<schedule><conference><time_zone_name>{zone}</time_zone_name></conference>\n"
        f'<day date="2026-12-06" start="2026-12-06T{opens}:00+03:00"><room name="{room}">\n{inner}\n'
        "</room></day></schedule>"
    )


def event(**fields: object) -> dict[str, object]:
    return {
        "code": "a",
        "date": "2026-12-06T09:30:00+03:00",
        "duration": "01:00",
        "title": "Opening",
        "language": "en",
    } | fields


def as_json(*events: dict[str, object], room: str = "Hall A", **conference: object) -> bytes:
    days = [{"date": "2026-12-06", "rooms": {room: events}}]
    return json.dumps({"schedule": {"conference": {"days": days} | conference}}).encode()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store.open(tmp_path / "hallside.sqlite")
    yield store
    store.close()


def listed() -> tuple[MeetingRow, ...]:
    """The example's sessions as programme.csv gives them, in the one language that a schedule has."""
    plan = imports.parse(OTHERS | {"programme.csv": (EXAMPLE / "programme.csv").read_bytes()})
    return tuple(replace(meeting, titles={"en": meeting.titles["en"]}) for meeting in plan.meetings)


# --- the example


@pytest.mark.parametrize("name", FORMATS)
def test_the_example_gives_the_same_sessions_as_its_list(name: str) -> None:
    plan = imports.parse(OTHERS | {name: FORMATS[name]})

    expected = listed()
    if name == "programme.ics":
        # A calendar does not say in which languages a session is held.
        expected = tuple(replace(meeting, languages="en") for meeting in expected)
    assert plan.findings == ()
    assert len(expected) == 20
    assert sorted(plan.meetings, key=lambda each: each.key) == sorted(expected, key=lambda each: each.key)


@pytest.mark.parametrize("name", FORMATS)
def test_what_enters_and_what_does_not_is_told_and_nobody_is_in_it(name: str) -> None:
    plan = imports.parse(OTHERS | {name: FORMATS[name]})

    columns = plan.columns[name]
    assert columns.rows == 20
    for left in {
        "schedule.xml": ("persons", "recording", "links", "attachments", "subtitle"),
        "schedule.json": ("persons", "links", "attachments", "url", "do_not_record"),
        "programme.ics": ("ATTENDEE", "ORGANIZER", "DTSTAMP"),
    }[name]:
        assert left in columns.dropped
        assert left not in columns.kept
    assert "Byron" not in repr(plan)
    assert "conference.example" not in repr(plan)


@pytest.mark.parametrize("name", FORMATS)
def test_the_same_schedule_again_changes_nothing(name: str, store: Store) -> None:
    files = OTHERS | {name: FORMATS[name]}
    for expected in (True, False):
        with store.reading() as tx:
            plan = imports.parse(files, tx.cursor)
        assert bool(plan.changes.n) is expected
        apply(store, plan)

    with store.reading() as tx:
        assert len(tx.exec(select(Meeting)).all()) == 20


def test_a_schedule_over_a_list_keeps_other_languages_and_moderators(store: Store) -> None:
    files = OTHERS | {
        "programme.csv": (EXAMPLE / "programme.csv").read_bytes(), "people.csv": (EXAMPLE / "people.csv").read_bytes(),
        "delegations.csv": (EXAMPLE / "delegations.csv").read_bytes(),
    }  # fmt: skip
    apply(store, imports.parse(files, merge={"1203": "1114"}))

    with store.reading() as tx:
        plan = imports.parse({"schedule.json": FORMATS["schedule.json"]}, tx.cursor)

    assert plan.findings == ()
    assert plan.changes.n == 0


# --- rooms and halls


@pytest.mark.parametrize("room", ["Hall A", "hall-a", "HALL A ", "hall a", "A Salonu", "a salonu", "Hall-A"])
def test_a_room_is_the_hall_of_that_key_or_any_of_its_names(room: str) -> None:
    plan = parse("schedule.json", as_json(event(), room=room))

    assert said(plan) == []
    assert [each.hall for each in plan.meetings] == ["hall-a"]


def test_a_hall_of_the_database_is_known_too(store: Store) -> None:
    apply(store, parse("schedule.json", as_json(event())))

    plan = parse("schedule.json", as_json(event(), room="B Salonu"), store, halls__csv="")

    assert [each.hall for each in plan.meetings] == ["hall-b"]
    assert said(plan) == []


def test_a_room_that_no_hall_has_is_told_once_with_the_halls_there_are() -> None:
    plan = parse("schedule.json", as_json(event(), event(code="b", date="2026-12-06T11:00+03:00"), room="Attic"))

    [problem] = said(plan)
    assert problem.startswith(
        "schedule.json, entry 1, “Opening”: no hall is called Attic (sessions there: 2)."
        " There are: hall-a (Hall A), hall-b (Hall B)."
    )
    assert '{"halls": {"Attic": "KEY"}}' in problem


def test_a_room_is_mapped_by_hand_and_a_room_is_left_out_by_hand() -> None:
    both = frab(
        f'code="a"><date>2026-12-06T09:00:00+03:00</date><duration>1:00</duration>{TALK.replace("Hall A", "Attic")}',
        f'code="b"><date>2026-12-06T09:00:00+03:00</date><duration>1:00</duration>{TALK.replace("Hall A", "Garden")}',
    )

    plan = parse("schedule.xml", both, decisions__json='{"halls": {"attic": "hall-b", "Garden": ""}}')

    assert said(plan) == []
    assert [(each.key, each.hall) for each in plan.meetings] == [("a", "hall-b")]
    assert said(plan, "note") == [
        "schedule.xml, line 4, “Opening”: left out, as decisions.json says of the room Garden"
    ]


def test_a_decision_for_a_hall_that_there_is_not_is_a_problem() -> None:
    plan = parse("schedule.json", as_json(event(), room="Attic"), decisions__json='{"halls": {"Attic": "hall-z"}}')

    assert said(plan)[0] == (
        "decisions.json: says that Attic is the hall hall-z, which there is not."
        " There are: hall-a (Hall A), hall-b (Hall B)"
    )


def test_an_event_without_a_room_is_a_problem_until_somebody_says_where_such_are() -> None:
    data = ics("UID:a", "DTSTART:20261206T093000", "DURATION:PT1H", TITLE)

    [problem] = said(parse("programme.ics", data))
    plan = parse("programme.ics", data, decisions__json='{"halls": {"": "hall-b"}}')

    assert "programme.ics, line 4, “Opening”: does not say in which room it is" in problem
    assert said(plan) == []
    assert [each.hall for each in plan.meetings] == ["hall-b"]


def test_without_any_list_of_halls_they_are_made_of_the_rooms(store: Store) -> None:
    data = as_json(event(language="tr"), room="Büyük Salon")
    plan = parse("schedule.json", data, store, halls__csv="")

    assert said(plan) == []
    assert [(hall.key, hall.names, hall.languages) for hall in plan.halls] == [
        ("büyük-salon", {"en": "Büyük Salon"}, "tr")
    ]
    assert "halls are made of the rooms: Büyük Salon (büyük-salon)" in said(plan, "note")[0]
    apply(store, plan)
    again = parse("schedule.json", data, store, halls__csv="")
    assert (again.changes.n, again.findings) == (0, ())
    with store.reading() as tx:
        assert [hall.farthest_seat_m for hall in tx.exec(select(Hall)).all()] == [12.0]


def test_a_list_of_halls_that_cannot_be_read_makes_no_halls() -> None:
    plan = parse("schedule.json", as_json(event()), halls__csv="name_en\nHall A\n")

    assert plan.halls == ()
    assert said(plan) == ["halls.csv, row 1: has no column key; its columns are name_en"]


# --- times


def test_times_of_another_zone_are_converted_and_that_is_told() -> None:
    plan = parse("schedule.json", as_json(event(date="2026-12-06T08:30:00+01:00"), time_zone_name="Europe/Berlin"))

    assert times(plan) == [("2026-12-06", "10:30", "11:30")]
    assert said(plan, "note") == [
        "schedule.json: times in another zone were converted to Europe/Istanbul: 1. Look at them before you go on"
    ]


def test_a_date_without_an_offset_is_in_the_zone_that_the_schedule_names() -> None:
    at = event(date="2026-07-06T09:30:00")

    assert times(parse("schedule.json", as_json(at, time_zone_name="Europe/Berlin")))[0][1] == "10:30"
    assert times(parse("schedule.json", as_json(at)))[0][1] == "09:30"
    assert said(parse("schedule.json", as_json(at, time_zone_name="Mars/Dome"))) == [
        "schedule.json, entry 1, “Opening”: there is no time zone Mars/Dome, and the file does not say what it is"
    ]


def test_what_stands_under_a_day_after_midnight_is_on_the_next_date() -> None:
    plan = parse(
        "schedule.xml",
        frab(
            f'code="a"><date>2026-12-07T01:00:00+03:00</date><start>01:00</start><duration>0:30</duration>{TALK}',
            f'code="b"><start>01:30</start><duration>00:30</duration>{TALK}',
            f'code="c"><start>09:00</start><duration>00:30</duration>{TALK}',
        ),
    )

    assert said(plan) == []
    assert times(plan) == [
        ("2026-12-07", "01:00", "01:30"), ("2026-12-07", "01:30", "02:00"), ("2026-12-06", "09:00", "09:30"),
    ]  # fmt: skip


def test_a_session_over_midnight_ends_after_24_and_takes_the_hall_until_then() -> None:
    plan = parse(
        "schedule.json",
        as_json(
            event(date="2026-12-06T22:00:00+03:00", duration="02:30"),
            event(code="b", date="2026-12-07T00:15:00+03:00", duration="00:30"),
        ),
    )

    assert times(plan)[0] == ("2026-12-06", "22:00", "24:30")
    assert said(plan) == ["schedule.json, entry 2: hall hall-a is taken by a from 22:00 to 24:30"]


def test_a_session_until_six_in_the_morning_or_with_no_length_is_a_problem() -> None:
    late = event(date="2026-12-06T22:00:00+03:00", duration="08:00")
    none = event(code="b", duration="00:00")
    odd = event(code="c", duration="an hour")

    assert said(parse("schedule.json", as_json(late, none, odd))) == [
        "schedule.json, entry 3, “Opening”: duration does not tell how long it lasts: an hour",
        "schedule.json, entry 1, “Opening”: starts at 22:00 and lasts until 06:00 of the next day or longer;"
        " part it in two",
        "schedule.json, entry 2, “Opening”: ends at 09:30, but starts at 09:30",
    ]


def test_in_a_list_an_end_after_midnight_is_written_so_and_no_start_is() -> None:
    head = "key,day,start,end,hall,title_en\n"
    good = parse("programme.csv", head + "a,2026-12-06,22:00,24:30,hall-a,A\nb,2026-12-07,00:30,01:00,hall-a,B\n")
    taken = parse("programme.csv", head + "a,2026-12-06,22:00,29:59,hall-a,A\nb,2026-12-07,05:00,06:00,hall-a,B\n")
    wrong = parse("programme.csv", head + "a,2026-12-06,24:10,24:30,hall-a,A\nb,2026-12-06,22:00,30:00,hall-a,B\n")
    back = parse("programme.csv", head + "a,2026-12-06,22:00,00:30,hall-a,A\n")

    assert (said(good), times(good)[0]) == ([], ("2026-12-06", "22:00", "24:30"))
    assert said(taken) == ["programme.csv, row 3: hall hall-a is taken by a from 22:00 to 29:59"]
    assert said(wrong) == [
        "programme.csv, row 2: start is not a time like 09:30: 24:10",
        "programme.csv, row 3: end is not a time like 09:30: 30:00",
    ]
    assert said(back) == ["programme.csv, row 2: ends at 00:30, but starts at 22:00"]


def test_a_workbook_that_counts_hours_beyond_the_day_gives_the_same_end() -> None:
    head: list[object] = ["key", "day", "start", "end", "hall", "title_en"]
    row: list[object] = ["a", "2026-12-06", "22:00", "1899-12-31 00:30", "hall-a", "A"]

    plan = parse("programme.xlsx", book(("P", rows([head, row]))))

    assert (said(plan), times(plan)) == ([], [("2026-12-06", "22:00", "24:30")])


# --- what a session is


def test_keys_are_stable_and_each_once() -> None:
    slots = [
        event(code="TALK1", guid="6b0a45d1-8e3f-5c16-9d0a-9c2cbb7fb001"),
        event(code="TALK1", guid="e7f1a9c2-8e3f-5c16-9d0a-9c2cbb7fb002", date="2026-12-06T11:00:00+03:00"),
        event(code=None, guid="0a1b2c3d-8e3f-5c16-9d0a-9c2cbb7fb003", date="2026-12-06T13:00:00+03:00"),
        event(code="", id=512, date="2026-12-06T14:00:00+03:00"),
        event(code="", slug="bd-512-a/b", date="2026-12-06T15:00:00+03:00"),
    ]

    plan = parse("schedule.json", as_json(*slots))

    assert said(plan) == []
    assert [each.key for each in plan.meetings] == [
        "TALK1", "TALK1-e7f1a9c2", "0a1b2c3d-8e3f-5c16-9d0a-9c2cbb7fb003", "512", "bd-512-a/b",
    ]  # fmt: skip


def test_an_entry_that_nobody_would_know_again_or_that_stands_twice_is_a_problem() -> None:
    plan = parse("schedule.json", as_json(event(code=""), event(), event()))

    assert said(plan) == [
        "schedule.json, entry 1, “Opening”: has none of code, guid, id, slug, so that nobody would know it again",
        "schedule.json, entry 3, “Opening”: stands twice: a",
    ]


def test_titles_are_in_the_language_of_the_entry_or_in_the_first_of_the_event() -> None:
    plan = parse(
        "schedule.json",
        as_json(
            event(language="tr", title="Açılış"),
            event(code="b", language="de-AT", title="Eröffnung", date="2026-12-06T11:00:00+03:00"),
            event(code="c", title={"ar": "افتتاح", "de": "Eröffnung"}, date="2026-12-06T13:00:00+03:00"),
            event(code="d", language="ru-RU", title="Открытие", date="2026-12-06T15:00:00+03:00"),
        ),
    )

    assert [(each.titles, each.languages) for each in plan.meetings] == [
        ({"tr": "Açılış"}, "tr"), ({"en": "Eröffnung"}, "en"), ({"ar": "افتتاح"}, "en"), ({"ru": "Открытие"}, "ru"),
    ]  # fmt: skip
    assert said(plan, "note") == [
        "schedule.json, entry 2, “Eröffnung”: de is not offered; left out",
        "schedule.json: titles in de: 1. They enter as en, the first language of the event",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("type_", "kind"),
    [
        ("Coffee break", "break"), ("Lunch", "break"), ("Öğle yemeği", "break"), ("Kahve molası", "break"),
        ("استراحة قهوة", "break"), ("Кофе-брейк", "break"), ("обед", "break"), ("Plenary session", "plenary"),
        ("Keynote (60 min)", "plenary"), ("Genel oturum", "plenary"), ("جلسة عامة", "plenary"),
        ("Пленарное заседание", "plenary"), ("Breakout session", "parallel"), ("Lunch lecture", "parallel"),
        ("Talk", "parallel"), ("", "parallel"), (None, "parallel"), ("Paralel oturum", "parallel"),
    ],
)  # fmt: skip
def test_the_kind_is_what_the_type_says_in_four_languages(type_: str | None, kind: str) -> None:
    [meeting] = parse("schedule.json", as_json(event(type=type_))).meetings

    assert meeting.kind == kind


def test_the_abstract_is_the_description_where_there_is_none_and_keeps_its_paragraphs() -> None:
    plan = parse(
        "schedule.json",
        as_json(
            event(abstract="First.\r\n\r\nSecond  part.", description="Long"),
            event(code="b", abstract="", description="- a point", date="2026-12-06T11:00:00+03:00"),
        ),
    )

    assert said(plan) == []
    assert [each.abstract for each in plan.meetings] == ["First.\n\nSecond part.", "- a point"]


@pytest.mark.parametrize("name", FORMATS)
def test_a_description_however_long_refuses_nothing_and_is_cut_and_told(name: str) -> None:
    row = schedules.PROGRAMME[1] | {"abstract_en": "Of borders. " * 2_000}
    made = {"schedule.xml": schedules.as_xml, "schedule.json": schedules.as_json, "programme.ics": schedules.as_ics}

    plan = imports.parse(OTHERS | {name: made[name]([row])})

    assert said(plan) == []
    assert len(plan.meetings[0].abstract) in (3_999, 4_000)
    [note] = said(plan, "note")
    assert "abstract has" in note
    assert note.endswith("and was cut to 4000")


def test_an_entry_without_a_title_is_a_problem_and_a_long_one_is_cut_and_told() -> None:
    plan = parse("schedule.json", as_json(event(title=""), event(code="b", title="word " * 60, type="x")))

    assert said(plan)[0] == "schedule.json, entry 1: title has no text in any language of the event"
    assert any("title_en has 299 characters and was cut to 200" in each for each in said(plan, "note"))


def test_a_schedule_in_a_declared_code_page_is_read_in_it() -> None:
    text = '<?xml version="1.0" encoding="ENCODING"?>' + frab(
        f'code="a"><date>2026-12-06T09:30:00+03:00</date><duration>1:00</duration>{TALK.replace("Opening", "Açılış ğ")}'
    )
    for encoding in ("windows-1254", "iso-8859-9", "utf-8", "utf-16"):
        plan = parse("schedule.xml", text.replace("ENCODING", encoding).encode(encoding))
        assert (said(plan), plan.meetings[0].titles) == ([], {"en": "Açılış ğ"}), encoding
    by_hand = parse(
        "schedule.xml", text.replace("ENCODING", "utf-8").encode("cp1254"),
        decisions__json='{"encodings": {"programme": "windows-1254"}}',
    )  # fmt: skip
    assert by_hand.meetings[0].titles == {"en": "Açılış ğ"}


# --- other shapes


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("schedule.xml", "<!DOCTYPE html><html><body>Schedule</body></html>", "but is a web page"),
        ("schedule.xml", "<?xml version='1.0'?><html><body/></html>", "but is a web page"),
        ("schedule.xml", "<rss><channel/></rss>", "but is XML that begins with <rss>"),
        ("schedule.xml", '{"schedule": {}}', "but is JSON"),
        ("schedule.xml", "key,day\na,b\n", "but is no XML"),
        ("schedule.xml", "<schedule><day>", "is damaged: no element found"),
        ("schedule.xml", "<schedule><day></schedule>", "schedule.xml, line 1: is damaged: mismatched tag"),
        ("schedule.xml", '<?xml version="1.0" encoding="x-none"?><schedule/>', "is damaged: "),
        ("schedule.xml", "<schedule/>", "has no session in it"),
        ("schedule.xml", " ", "is empty"),
        ("schedule.json", "[1, 2]", "with schedule, conference and days, but is a JSON list"),
        ("schedule.json", '{"talks": []}', "but is JSON that differs: Object missing required field `schedule`"),
        ("schedule.json", '{"schedule": {"conference": {"days": {}}}}', "but is JSON that differs: Expected `array`"),
        ("schedule.json", '{"schedule": ', "cannot be read as JSON"),
        ("schedule.json", '{"schedule": {"conference": {"days": ' + "[" * 100_000, "but is JSON that differs"),
        ("schedule.json", '{"a":' * 100_000, "cannot be read as JSON: nested too deeply"),
        ("schedule.json", "BEGIN:VCALENDAR\n", "but is a calendar or an address card"),
        ("schedule.json", "Hello", "but is no JSON"),
        ("programme.ics", "BEGIN:VCARD\nEND:VCARD\n", "should be a calendar (iCalendar, .ics), but is an address card"),
        ("programme.ics", "<schedule/>", "should be a calendar (iCalendar, .ics), but is <schedule/>"),
        ("programme.ics", "BEGIN:VCALENDAR\nVERSION:1.0\nEND:VCALENDAR\n", "but is a vCalendar 1.0, which is older"),
        ("programme.ics", "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:a\n", "is not whole: it ends within VEVENT"),
        ("programme.ics", "BEGIN:VCALENDAR\nEND:VEVENT\n", "programme.ics, line 2: is damaged: a part of it ends here"),
        ("programme.ics", "BEGIN:VCALENDAR\nEND:VCALENDAR\n", "has no session in it"),
    ],
)
def test_another_shape_is_refused_in_words(name: str, data: str, words: str) -> None:
    plan = parse(name, data)

    assert len(plan.problems) == 1
    assert words in said(plan)[0]
    assert plan.meetings == ()


def test_a_workbook_by_another_name_and_a_file_too_large_are_refused() -> None:
    xlsx = (EXAMPLE / "people.xlsx").read_bytes()

    assert said(parse("programme.ics", xlsx)) == [
        "programme.ics: should be a calendar (iCalendar, .ics), but is an Excel workbook"
    ]
    for name in ("schedule.xml", "schedule.json", "schedule.ics"):
        assert said(parse(name, b"x" * 50_000_000)) == [f"{name}: is larger than 10 MB"]


@pytest.mark.parametrize(
    "doctype",
    [
        '<!DOCTYPE s [<!ENTITY a "x"><!ENTITY b "&a;&a;&a;">]>',
        '<!DOCTYPE s [<!ENTITY a SYSTEM "file:///etc/hostname">]>',
        '<!DOCTYPE s SYSTEM "http://conference.example/s.dtd">',
    ],
)
def test_a_schedule_with_entities_or_references_is_refused(doctype: str) -> None:
    plan = parse("schedule.xml", f"{doctype}<schedule><conference><title>&a;</title></conference></schedule>")

    assert said(plan) == [
        "schedule.xml: should be a schedule as frab or pretalx exports it, but is XML that declares a document type or"
        " entities"
    ]


def test_a_list_and_a_schedule_in_one_folder_are_asked_about() -> None:
    head = "key,day,start,end,hall,title_en\na,2026-12-06,09:00,10:00,hall-a,A\n"
    plan = parse("schedule.xml", "not even XML", programme__csv=head, schedule__json=as_json())

    assert said(plan) == []
    assert said(plan, "decision") == [
        f"{other}: stands beside programme.csv, and only programme.csv is read; take the older one away"
        for other in ("schedule.xml", "schedule.json")
    ]
    assert [each.key for each in plan.meetings] == ["a"]


def test_a_folder_is_read_with_its_schedule(tmp_path: Path) -> None:
    (tmp_path / "event.json").write_bytes(EVENT)
    (tmp_path / "schedule.ics").write_bytes(ics("UID:a", "DTSTART:20261206T093000", "DURATION:PT1H", TITLE, ROOM))

    plan = imports.read(tmp_path)

    assert [each.key for each in plan.meetings] == ["a"]
    assert plan.names == {"programme.csv": "schedule.ics"}


def test_one_broken_entry_refuses_the_whole_schedule(store: Store) -> None:
    plan = parse("schedule.json", as_json(event(), event(code="b", date="yesterday")), store)

    assert said(plan) == ["schedule.json, entry 2, “Opening”: date is no date and time: yesterday"]
    with pytest.raises(Refused, match="import_has_problems"):
        apply(store, plan)
    with store.reading() as tx:
        assert tx.exec(select(Meeting)).all() == []
