"""What a calendar says takes place, when, and what of it is no session."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from sqlmodel import select

from models.imports.calendars import ZONES
from models.imports.zones import RULES
from models.programme import Meeting
from models.store import Store
from tests import schedules
from tests.schedules import ROOM, TITLE, apply, calendar, ics, parse, said, times


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store.open(tmp_path / "hallside.sqlite")
    yield store
    store.close()


@pytest.mark.parametrize(
    ("start", "before", "clock"),
    [
        ("DTSTART:20261206T063000Z", (), "09:30"),
        ("DTSTART:20261206T093000", (), "09:30"),
        ("DTSTART;TZID=Europe/Berlin:20261206T073000", (), "09:30"),
        ('DTSTART;TZID="Turkey Standard Time":20261206T093000', (), "09:30"),
        ("DTSTART;TZID=/calendar.example/2024/Europe/Berlin:20261206T073000", (), "09:30"),
        ("DTSTART:20261206T073000", ("X-WR-TIMEZONE:Europe/Berlin",), "09:30"),
    ],
    ids=["utc", "floating", "iana", "windows", "path", "calendar"],
)
def test_a_time_of_a_calendar_is_one_of_the_event(start: str, before: Sequence[str], clock: str) -> None:
    plan = parse("programme.ics", ics("UID:a", start, "DURATION:PT1H30M", TITLE, ROOM, before=before))

    assert said(plan) == []
    assert times(plan) == [("2026-12-06", clock, "11:00")]


OWN_ZONE = (
    "BEGIN:VTIMEZONE", "TZID:Our house", "BEGIN:STANDARD", "DTSTART:16011028T030000",
    "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10", "TZOFFSETFROM:+0200", "TZOFFSETTO:+0100", "END:STANDARD",
    "BEGIN:DAYLIGHT", "DTSTART:16010325T020000", "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3", "TZOFFSETFROM:+0100",
    "TZOFFSETTO:+0200", "END:DAYLIGHT", "END:VTIMEZONE",
)  # fmt: skip


def test_a_zone_that_the_file_brings_along_is_followed_in_winter_and_in_summer() -> None:
    winter, summer = (
        parse(
            "programme.ics",
            ics("UID:a", f"DTSTART;TZID=Our house:2026{day}T073000", "DURATION:PT1H", TITLE, ROOM, before=OWN_ZONE),
        )
        for day in ("1206", "0706")
    )

    assert (said(winter), said(summer)) == ([], [])
    assert (times(winter)[0][1], times(summer)[0][1]) == ("09:30", "08:30")


@pytest.mark.parametrize(
    ("rule", "clock"),
    [
        ("FREQ=YEARLY;BYDAY=SU;BYMONTH=10;BYMONTHDAY=25,26,27,28,29,30,31", "09:30"),
        ("FREQ=YEARLY;INTERVAL=1;BYMONTH=10;BYDAY=-1SU;WKST=MO", "09:30"),
        # The library would work for minutes on each of these.
        ("FREQ=YEARLY;BYMONTH=1,2,3,4,5,6,7,8,9,10,11,12;BYDAY=MO,TU,WE,TH,FR,SA,SU", ""),
        ("FREQ=YEARLY;BYDAY=SU", ""),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", ""),
        ("FREQ=YEARLY;BYMONTH=10;BYDAY=1SU;BYMONTHDAY=25", ""),
        ("FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU;BYHOUR=1,2", ""),
    ],
)
def test_only_rules_of_a_zone_that_come_to_one_day_a_year_are_followed(rule: str, clock: str) -> None:
    own = [each.replace("FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10", rule) for each in OWN_ZONE]
    event = ("UID:a", "DTSTART;TZID=Our house:20261206T073000", "DURATION:PT1H", TITLE, ROOM)
    plan = parse("programme.ics", ics(*event, before=own))

    assert [each[1] for each in times(plan)] == ([clock] if clock else [])
    assert [each.key for each in plan.problems] == ([] if clock else ["zone_unknown"])


@pytest.mark.parametrize("n", [2, 4])
def test_only_some_rules_of_all_zones_together_are_worked_out(n: int) -> None:
    ruled = (*OWN_ZONE[:2], *OWN_ZONE[2:-1] * (n // 2), OWN_ZONE[-1])
    zones = [each.replace("Our house", f"House {number}") for number in range(ZONES) for each in ruled]
    events = [
        (f"UID:a{number}", f"DTSTART;TZID=House {number}:202612{number + 1:02}T073000", "DURATION:PT1H", TITLE, ROOM)
        for number in range(ZONES)
    ]
    problems = [each.key for each in parse("programme.ics", calendar(events, *zones)).problems]

    assert problems == ["zone_unknown"] * max(0, ZONES - RULES // n)


def test_a_zone_that_nobody_knows_is_a_problem() -> None:
    plan = parse("programme.ics", ics("UID:a", "DTSTART;TZID=Our house:20261206T073000", "DURATION:PT1H", TITLE, ROOM))

    assert said(plan) == [
        "programme.ics, line 4, “Opening”: there is no time zone Our house, and the file does not say what it is"
    ]


def test_a_calendar_is_unescaped_and_unfolded_even_in_the_middle_of_a_letter() -> None:
    title = "Sınırda güven; yollar, köprüler \\ ışıklar — güvenli geçiş için ortak çalışma ve şeffaf yöntemler"
    lines = (
        "UID:a",
        "DTSTART:20261206T093000",
        "DURATION:PT1H",
        "SUMMARY;LANGUAGE=tr:" + schedules.escaped(title),
        ROOM,
    )
    data = ics(*lines, "DESCRIPTION:First.\\n\\nSecond\\, part.")
    assert any(b"\r\n " in data[at : at + 4] and data[at - 1] > 127 for at in range(len(data)))

    for given in (data, b"\xef\xbb\xbf" + data, data.replace(b"\r\n", b"\n"), data.replace(b"\r\n ", b"\r\n\t")):
        [meeting] = parse("programme.ics", given).meetings
        assert meeting.titles == {"tr": title}
        assert meeting.abstract == "First.\n\nSecond, part."


def test_a_calendar_in_a_code_page_is_read_by_its_words_or_by_hand() -> None:
    lines = ("UID:a", "DTSTART:20261206T093000", "DURATION:PT1H", "SUMMARY:Güvenlik ve şeffaflık için ışıklı yol", ROOM)
    data = ics(*lines, "DESCRIPTION:Işıl Karadağlı Öztürk Şükrü Çınarcıoğlu Tuğrul İpekçi")
    data = data.replace(b"\r\n ", b"")
    plan = parse("schedule.ics", data.decode().encode("cp1254"))
    short = ics(*(*lines[:3], "SUMMARY:Şölen", ROOM)).decode().encode("cp1254")
    hand = parse("schedule.ics", short, decisions__json='{"encodings": {"programme": "windows-1254"}}')
    wide = parse("schedule.ics", data.decode().encode("utf-16"))

    assert plan.meetings[0].titles["en"] == "Güvenlik ve şeffaflık için ışıklı yol"
    assert said(plan, "note")[0] == "schedule.ics: read as Windows-1254 (Turkish)"
    assert "name it in decisions.json" in said(parse("schedule.ics", short))[0]
    assert hand.meetings[0].titles["en"] == "Şölen"
    assert wide.meetings == plan.meetings


def test_days_and_cancelled_events_are_left_out_and_named() -> None:
    at = ("DTSTART:20261206T093000", "DTEND:20261206T103000", ROOM)
    plan = parse(
        "programme.ics",
        calendar(
            [
                ("UID:a", "DTSTART;VALUE=DATE:20261206", "DTEND;VALUE=DATE:20261208", "SUMMARY:Border Days", ROOM),
                ("UID:b", *at, "SUMMARY:Talk", "STATUS:CANCELLED"), ("UID:c", *at, TITLE),
            ]
        ),
    )  # fmt: skip

    assert [each.key for each in plan.meetings] == ["c"]
    assert said(plan, "note") == [
        "programme.ics, line 4, “Border Days”: takes a whole day, so it is no session; left out",
        "programme.ics, line 11, “Talk”: is cancelled there; left out",
    ]


def test_a_session_that_is_there_and_cancelled_in_the_file_stays_and_is_named(store: Store) -> None:
    lines = ("UID:a", "DTSTART:20261206T093000", "DTEND:20261206T103000", TITLE, ROOM)
    apply(store, parse("programme.ics", ics(*lines), store))

    plans = (
        parse("programme.ics", ics(*lines, "STATUS:CANCELLED"), store),
        parse("programme.ics", ics(*lines, before=("METHOD:CANCEL",)), store),
    )

    for plan in plans:
        assert plan.changes.n == 0
        assert "is cancelled there, but a is planned here: cancel it at its desk" in said(plan, "note")[0]
        apply(store, plan)
    with store.reading() as tx:
        assert [meeting.state for meeting in tx.exec(select(Meeting)).all()] == ["planned"]


def test_what_repeats_takes_place_as_often_with_its_own_keys() -> None:
    again = ("UID:a@conference.example", "DTSTART;TZID=Europe/Istanbul:20261206T093000", "DURATION:PT1H", TITLE, ROOM)
    plan = parse(
        "programme.ics",
        calendar(
            [
                (
                    *again, "RRULE:FREQ=DAILY;COUNT=4", "EXDATE;TZID=Europe/Istanbul:20261208T093000",
                    "RDATE:20261220T063000Z",
                ),
                (
                    "UID:a@conference.example", "RECURRENCE-ID:20261207T063000Z", "SUMMARY:Moved",
                    "DTSTART:20261207T130000Z", "DURATION:PT30M", "LOCATION:Hall B",
                ),
                (
                    "UID:a@conference.example", "RECURRENCE-ID;TZID=Europe/Istanbul:20261209T093000",
                    "STATUS:CANCELLED", TITLE, "DTSTART;TZID=Europe/Istanbul:20261209T093000", "DURATION:PT1H", ROOM,
                ),
            ]
        ),
    )  # fmt: skip

    assert said(plan) == []
    assert [(each.key, each.hall, each.day, each.start, each.end) for each in plan.meetings] == [
        ("a-20261206-0930", "hall-a", "2026-12-06", "09:30", "10:30"),
        ("a-20261207-0930", "hall-b", "2026-12-07", "16:00", "16:30"),
        ("a-20261220-0930", "hall-a", "2026-12-20", "09:30", "10:30"),
    ]
    assert "is cancelled there" in said(plan, "note")[0]


def test_a_rule_keeps_the_time_of_its_own_zone_over_a_change_of_clocks() -> None:
    lines = ("UID:a", "DTSTART;TZID=Europe/Berlin:20261019T090000", "DURATION:PT1H", TITLE, ROOM)

    plan = parse("programme.ics", ics(*lines, "RRULE:FREQ=WEEKLY;BYDAY=MO;UNTIL=20261026T080000Z"))

    assert times(plan) == [("2026-10-19", "10:00", "11:00"), ("2026-10-26", "11:00", "12:00")]


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("FREQ=DAILY", "repeats without an end; give it an end or a number of times"),
        ("FREQ=DAILY;COUNT=201", "takes place more than 200 times; give it an end, or take it out"),
        ("FREQ=WEEKLY;COUNT=190", "repeats for more than 800 days; give it an earlier end"),
        ("FREQ=WEEKLY;UNTIL=20991231", "repeats for more than 800 days; give it an earlier end"),
        ("FREQ=SECONDLY;COUNT=2", "repeats in a way that is not read here; enter it as single events: FREQ=SECONDLY"),
        ("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30;COUNT=2", "repeats in a way that is not read here"),
        ("FREQ=DAILY;INTERVAL=0;COUNT=2", "repeats in a way that is not read here"),
        ("COUNT=2", "repeats in a way that is not read here"),
    ],
)
def test_a_rule_without_bounds_or_of_another_kind_is_a_problem_that_says_what_to_do(rule: str, words: str) -> None:
    plan = parse(
        "programme.ics", ics("UID:a", "DTSTART:20261206T093000", "DURATION:PT1H", TITLE, ROOM, f"RRULE:{rule}")
    )

    [problem] = said(plan)
    assert problem.startswith(f"programme.ics, line 4, “Opening”: {words}")


def test_two_versions_of_an_event_are_one_and_two_different_events_are_not() -> None:
    at = ("DTSTART:20261206T093000", "DURATION:PT1H", ROOM)
    newer = parse(
        "programme.ics",
        calendar(
            [("UID:a", *at, "SUMMARY:Old"), ("UID:a", *at, "SUMMARY:New", "SEQUENCE:2"), ("UID:a", *at, "SUMMARY:Old")]
        ),
    )
    other = parse("programme.ics", calendar([("UID:a", *at, "SUMMARY:One"), ("UID:a", *at, "SUMMARY:Two")]))

    assert [each.titles["en"] for each in newer.meetings] == ["New"]
    assert said(other) == [
        "programme.ics, line 11, “Two”: has the UID a of line 4, but other contents; each event needs its own"
    ]


def test_a_long_identifier_is_cut_in_the_same_way_each_time_and_two_never_become_one() -> None:
    long = "040000008200E00074C5B7101A82E00800000000" + "0" * 60
    uids = (long + "1", long + "2", "a@one.example", "a@two.example", "{4F6B-22}")
    events = [
        (f"UID:{uid}", f"DTSTART:202612{n:02d}T093000", "DURATION:PT1H", TITLE, ROOM) for n, uid in enumerate(uids, 1)
    ]

    keys = [each.key for each in parse("programme.ics", calendar(events)).meetings]

    assert keys == [each.key for each in parse("programme.ics", calendar(events)).meetings]
    assert len(set(keys)) == 5
    assert max(map(len, keys)) <= 60
    assert keys[2] == "a"
    assert keys[4] == "4F6B-22}"
