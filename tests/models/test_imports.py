"""The example folder becomes a conference: what enters, how it is tidied, and what a second import does."""

from __future__ import annotations

import csv
import io
import json
import time
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlmodel import col, func, select

from models import arrivals, doors, imports, journal, kinds, polls, translations
from models.command import SYSTEM, Badge, Done
from models.imports import Applied, Plan
from models.people import Delegation, Person
from models.polls import Poll
from models.programme import Event, Hall, Meeting
from models.refusals import Refused
from models.rights import SessionStaff
from models.screens import Screen
from models.store import Store, Tx
from models.translations import Text

EXAMPLE = Path(__file__).parents[2] / "examples" / "ibmc-2023"
MERGE = {"1203": "1114"}
BY_HAND = Badge(0, SYSTEM)
KINDS = ("event.json", "halls.csv", "delegations.csv", "programme.csv", "people.csv", "polls.json")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store.open(tmp_path / "hallside.sqlite")
    yield store
    store.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the example to change."""
    copy = tmp_path / "folder"
    copy.mkdir()
    for name in KINDS:
        (copy / name).write_bytes((EXAMPLE / name).read_bytes())
    return copy


def apply(store: Store, plan: Plan, *, approver: str | None = None, badge: Badge = BY_HAND) -> Applied:
    applied: list[Applied] = []

    def run(tx: Tx) -> Done:
        applied.append(imports.apply(tx, plan, badge, 1_700_000_000.0, approver))
        return applied[0].done()

    store.do(run)
    return applied[0]


def read(store: Store, folder: Path = EXAMPLE) -> Plan:
    with store.reading() as tx:
        return imports.read(folder, tx.cursor, merge=MERGE)


def bring_in(store: Store, folder: Path = EXAMPLE, *, approver: str | None = None) -> Applied:
    return apply(store, read(store, folder), approver=approver)


def change(file: Path, row: int, **cells: str) -> None:
    """Write cells of one row, counted as a spreadsheet does."""
    lines = list(csv.reader(io.StringIO(file.read_text("utf-8"), newline="")))
    for column, value in cells.items():
        lines[row - 1][lines[0].index(column)] = value
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(lines)
    file.write_text(out.getvalue(), "utf-8")


def listed() -> list[dict[str, str]]:
    """The people as they stand in the example."""
    return list(csv.DictReader(io.StringIO((EXAMPLE / "people.csv").read_text("utf-8"), newline="")))


def person(tx: Tx, number: str) -> Person:
    return tx.exec(select(Person).where(Person.number == number)).one()


def told(plan: Plan, key: str) -> list[str]:
    return [str(finding) for finding in plan.findings if finding.key == key]


# --- what enters


def test_the_example_has_204_rows_203_numbers_and_202_persons(store: Store) -> None:
    plan = read(store)

    assert plan.problems == ()
    assert plan.columns["people.csv"].rows == 204
    assert len(imports.read(EXAMPLE).people) == 203
    assert len(plan.people) == 202

    bring_in(store)

    with store.reading() as tx:
        counts = [
            tx.exec(select(func.count()).select_from(table)).one() for table in (Person, Delegation, Hall, Meeting)
        ]
        roles = dict(tx.exec(select(Person.role, func.count()).group_by(Person.role)).all())
    assert counts == [202, 52, 4, 20]
    assert roles == {"participant": 179, "interpreter": 6, "moderator": 10, "organiser": 4, "rapporteur": 3}


def test_the_columns_that_do_not_enter_are_named(store: Store) -> None:
    plan = read(store)

    assert set(plan.columns["people.csv"].dropped) == {"email", "country", "note"}
    assert plan.columns["halls.csv"].dropped == ()


def test_no_address_country_or_note_reaches_the_file(store: Store) -> None:
    rows = listed()
    private = {row["email"].strip() for row in rows} | {row["note"] for row in rows if len(row["note"]) > 8}
    private.discard("")
    assert len(private) > 190

    bring_in(store)

    store.close()
    data = b"".join(path.read_bytes() for path in store.path.parent.glob("hallside.sqlite*")).lower()
    assert "Işıklar".lower().encode() in data
    assert [each for each in private if each.lower().encode() in data] == []


def test_no_address_is_in_a_finding_or_plan() -> None:
    plan = imports.read(EXAMPLE)

    assert "@" not in repr(plan)
    assert "example.org" not in repr(plan)


def test_a_folder_may_begin_with_byte_order_marks_and_use_semicolons(store: Store, folder: Path) -> None:
    for name in KINDS:
        (folder / name).write_bytes(b"\xef\xbb\xbf" + (folder / name).read_bytes())
    rows = list(csv.reader((folder / "people.csv").read_text("utf-8-sig").splitlines()))
    out = io.StringIO()
    csv.writer(out, delimiter=";", lineterminator="\r\n").writerows(rows)
    (folder / "people.csv").write_text("\ufeff" + out.getvalue(), "utf-8", newline="")

    assert read(store, folder).people == read(store).people
    assert read(store, folder).meetings == read(store).meetings
    assert read(store, folder).polls == read(store).polls


# --- how it is tidied


def test_names_are_tidied_and_otherwise_kept_as_written(store: Store) -> None:
    bring_in(store)

    with store.reading() as tx:
        assert person(tx, "1025").family_name == "Gjoçaj"
        assert person(tx, "1056").family_name == "van der Wijngaarden"
        assert person(tx, "1167").given_name == "Ilze"
        assert person(tx, "1167").organisation == "State Border Guard"
        assert person(tx, "1031").name == "MEHMET ALİ ÇİĞDEMLİOĞLU"
        assert person(tx, "1160").family_name == "KOUADIANÉ"
        assert person(tx, "1128").native_name == "عمر فايز أبو غنيمة"
        assert {'"', ","} <= set(person(tx, "1123").organisation)
        names = [f"{each.given_name}{each.family_name}{each.native_name}" for each in tx.exec(select(Person))]
    assert all(unicodedata.is_normalized("NFC", name) for name in names)


def test_a_name_in_capitals_and_a_long_organisation_are_told(store: Store) -> None:
    plan = read(store)

    bring_in(store)

    with store.reading() as tx:
        organisation = person(tx, "1191").organisation
    assert told(plan, "capitals") == ["people.csv, row 32: the name is written in capitals and kept as written"]
    assert told(plan, "shortened") == ["people.csv, row 192: organisation has 393 characters and was cut to 200"]
    assert len(organisation) <= 200
    assert organisation.startswith("Interministerial Coordination Council")
    assert organisation.endswith("…")


def test_languages_are_the_offered_ones_in_the_persons_order(store: Store) -> None:
    bring_in(store)

    rows = {row["number"]: row["languages"] for row in listed()}
    with store.reading() as tx:
        found = {each.number: each.languages for each in tx.exec(select(Person))}
    for number, languages in found.items():
        wished = [language for language in rows[number].split(";") if language in ("en", "tr", "ar", "ru")]
        assert languages == (",".join(wished) or "en"), number
    assert {"az;ru;tr;en", "fr"} <= set(rows.values())


def test_the_row_that_stands_twice_is_taken_once_and_told(store: Store) -> None:
    assert told(read(store), "row_twice") == ["people.csv, row 205: the same as row 190; taken once"]


def test_two_numbers_with_one_address_are_a_question_until_decided(folder: Path) -> None:
    undecided = imports.read(folder)
    (folder / "decisions.json").write_text('{"merge": {"1203": "1114"}}')
    decided = imports.read(folder)

    [question] = [each for each in undecided.findings if each.kind == "decision"]
    assert str(question).startswith("people.csv, row 204: 1203 and 1114 have the same e-mail address: one person?")
    assert {"1203", "1114"} <= {each.key for each in undecided.people}
    assert [each for each in decided.findings if each.kind == "decision"] == []
    assert "1203" not in {each.key for each in decided.people}


def test_a_merged_moderator_moderates_under_the_number_that_stays(store: Store, folder: Path) -> None:
    change(folder / "programme.csv", 3, moderator_1="1203")

    bring_in(store, folder)

    with store.reading() as tx:
        staff = tx.exec(
            select(Person.number)
            .join(SessionStaff, col(SessionStaff.person_id) == Person.id)
            .join(Meeting, col(Meeting.id) == SessionStaff.session_id)
            .where(Meeting.key == "d1-pre-standards")
        ).all()
    assert set(staff) == {"1114", "1113"}


def test_the_programme_enters_with_breaks_codes_paragraphs_and_moderators(store: Store) -> None:
    bring_in(store)

    with store.reading() as tx:
        meetings = {each.key: each for each in tx.exec(select(Meeting))}
        staff = tx.exec(select(SessionStaff.role, func.count()).group_by(SessionStaff.role)).all()
        screens = tx.exec(select(Screen.hall_id)).all()
    assert sum(each.kind == "break" for each in meetings.values()) == 4
    assert len({each.code for each in meetings.values()}) == 20
    assert meetings["d1-opening"].languages == "en,tr,ar,ru"
    assert (meetings["d1-opening"].start, meetings["d1-opening"].end) == ("11:30", "12:30")
    assert any("\n\n" in each.abstract for each in meetings.values())
    assert list(staff) == [("moderator", 27)]
    assert len(screens) == len(set(screens)) == 4


# --- polls


def test_polls_of_offered_kinds_enter_and_the_others_are_named(store: Store) -> None:
    plan = read(store)

    bring_in(store)

    with store.reading() as tx:
        found = {each.key: each for each in tx.exec(select(Poll))}
    given = json.loads((EXAMPLE / "polls.json").read_text("utf-8"))
    offered = {each["key"] for each in given if each["kind"] in kinds.KINDS}
    assert set(found) == offered >= {"p01", "p04", "p05", "p10", "p12", "p14"}
    assert len(told(plan, "kind_not_offered")) == len(given) - len(offered)
    if "words" not in kinds.KINDS:
        assert "polls.json, row 2: p02: words is not offered yet; skipped" in told(plan, "kind_not_offered")
    assert (found["p05"].min, found["p05"].max, found["p05"].ballot, found["p05"].timer_s) == (1, 3, "secret", 75)
    assert (found["p12"].results, found["p01"].results, found["p14"].ballot) == ("moderators_only", "live", "named")


def test_texts_are_drafts_without_an_approver(store: Store) -> None:
    bring_in(store)

    with store.reading() as tx:
        texts = tx.exec(select(Text)).all()
    assert {text.language for text in texts} == {"en", "tr", "ar", "ru"}
    assert {text.approved_by for text in texts} == {None}


def test_texts_are_approved_in_the_name_of_an_organiser(store: Store) -> None:
    applied = bring_in(store, approver="1001")

    with store.reading() as tx:
        poll = tx.exec(select(Poll).where(Poll.key == "p14")).one()
        assert poll.id is not None
        texts = tx.exec(select(Text)).all()
        approver = person(tx, "1001").id
        lacks = polls.lacks(tx, poll)
        items = [item.key for item in polls.items(tx, poll.id)]
        slots = translations.slots(tx, polls.owner(poll.id))
    assert {text.approved_by for text in texts} == {approver}
    assert applied.approved == len(texts)
    assert lacks == ()
    assert items == ["yes", "no", "abstain"]
    given = next(p for p in json.loads((EXAMPLE / "polls.json").read_text("utf-8")) if p["key"] == "p14")
    assert slots == {0: given["text"]} | {n: option["text"] for n, option in enumerate(given["options"], 1)}


@pytest.mark.parametrize(("number", "key"), [("1005", "not_yours"), ("9999", "no_such_person")])
def test_only_an_organiser_of_the_list_can_approve(store: Store, number: str, key: str) -> None:
    with pytest.raises(Refused, match=key):
        bring_in(store, approver=number)

    with store.reading() as tx:
        assert tx.exec(select(Person)).all() == []


# --- again


def test_the_same_folder_twice_changes_nothing(store: Store) -> None:
    first = bring_in(store, approver="1001")
    rows = dump(store)

    second = bring_in(store, approver="1001")

    assert first.n > 300
    assert second.n == 0
    assert second.touched == frozenset()
    assert dump(store) == rows


def dump(store: Store) -> dict[str, list[tuple[object, ...]]]:
    with store.reading() as tx:
        names = [row[0] for row in tx.cursor.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()]
        return {name: tx.cursor.execute(f"SELECT * FROM {name}").fetchall() for name in names}


def test_a_changed_row_changes_one_person_and_keeps_badge_and_state(store: Store, folder: Path) -> None:
    bring_in(store)
    store.do(lambda tx: _issue(tx, "1010"))
    rows = [row["number"] for row in listed()]
    change(folder / "people.csv", rows.index("1010") + 2, given_name="Changed", role="rapporteur")

    plan = read(store, folder)
    applied = apply(store, plan)

    assert [row.key for _, row in plan.changes.people.changed] == ["1010"]
    assert applied.n == 1
    with store.reading() as tx:
        found = person(tx, "1010")
    assert (found.given_name, found.role, found.issue, found.keys_learned) == ("Changed", "rapporteur", 4, True)


def _issue(tx: Tx, number: str) -> Done:
    row = person(tx, number)
    row.issue, row.keys_learned = 4, True
    tx.add(row)
    return Done()


def test_who_is_not_in_the_list_any_more_stays(store: Store, folder: Path) -> None:
    bring_in(store)
    lines = (folder / "people.csv").read_text("utf-8").splitlines(keepends=True)
    (folder / "people.csv").write_text("".join(lines[:100]), "utf-8")

    plan = read(store, folder)

    assert plan.changes.n == 0
    assert plan.changes.people.absent == 202 - 99


def test_a_list_alone_can_be_imported_later(store: Store, tmp_path: Path) -> None:
    bring_in(store)
    late = tmp_path / "late"
    late.mkdir()
    (late / "people.csv").write_text(
        "number,given_name,family_name,role,languages,delegation\n2001,Late,Comer,observer,ru,Albania\n", "utf-8"
    )

    applied = bring_in(store, late)

    assert applied.n == 1
    with store.reading() as tx:
        assert person(tx, "2001").languages == "ru"
        assert (
            person(tx, "2001").delegation_id == tx.exec(select(Delegation.id).where(Delegation.key == "Albania")).one()
        )
        assert tx.exec(select(Event.key)).all() == ["ibmc"]


def test_a_session_that_is_on_keeps_state_code_and_hall(store: Store, folder: Path) -> None:
    bring_in(store)
    with store.reading() as tx:
        before = tx.exec(select(Meeting).where(Meeting.key == "d1-opening")).one()
    assert before.id is not None
    start = doors.StartSession(session=before.id)
    store.do(lambda tx: start.perform(tx, BY_HAND, 5.0))
    change(folder / "programme.csv", 6, hall="hall-b", title_en="Another title")

    plan = read(store, folder)
    apply(store, plan)

    assert told(plan, "hall_kept") == [
        "programme.csv, row 6: d1-opening has begun or has opened polls; it stays in hall hall-a"
    ]
    with store.reading() as tx:
        after = tx.exec(select(Meeting).where(Meeting.key == "d1-opening")).one()
    assert (after.state, after.code, after.hall_id, after.started_at) == ("on", before.code, before.hall_id, 5.0)
    assert after.titles["en"] == "Another title"


def test_a_planned_session_moves_with_its_polls(store: Store, folder: Path) -> None:
    bring_in(store)
    change(folder / "programme.csv", 6, hall="hall-b")

    bring_in(store, folder)

    with store.reading() as tx:
        hall = tx.exec(select(Hall.id).where(Hall.key == "hall-b")).one()
        assert tx.exec(select(Poll.hall_id).where(Poll.key == "p01")).one() == hall


def test_what_a_person_moved_stays_moved_until_the_list_says_something_new_of_it(store: Store, folder: Path) -> None:
    bring_in(store)
    key = list(csv.DictReader(io.StringIO((folder / "programme.csv").read_text("utf-8"))))[4]

    def move(tx: Tx) -> Done:
        meeting = tx.exec(select(Meeting).where(Meeting.key == key["key"])).one()
        meeting.listed = {"start": meeting.start, "hall": key["hall"]}
        meeting.start, meeting.hall_id = "11:20", tx.exec(select(col(Hall.id)).where(Hall.key == "hall-b")).one()
        tx.add(meeting)
        return Done()

    def there() -> tuple[str, str, str, dict[str, str]]:
        with store.reading() as tx:
            meeting = tx.exec(select(Meeting).where(Meeting.key == key["key"])).one()
            hall = tx.get(Hall, meeting.hall_id)
            assert hall is not None
            return hall.key, meeting.start, meeting.titles["en"], meeting.listed

    store.do(move)
    assert not read(store, folder).changes.n
    change(folder / "programme.csv", 6, title_en="Renamed")
    bring_in(store, folder)
    assert there() == ("hall-b", "11:20", "Renamed", {"start": key["start"], "hall": key["hall"]})
    assert not read(store, folder).changes.n
    change(folder / "programme.csv", 6, start="11:25")
    bring_in(store, folder)
    assert there() == ("hall-b", "11:25", "Renamed", {"hall": key["hall"]})


def test_a_co_moderator_named_at_the_desk_stays_and_is_told(store: Store) -> None:
    bring_in(store)

    def name(tx: Tx) -> Done:
        meeting = tx.exec(select(Meeting).where(Meeting.key == "d2-sis")).one()
        tx.add(SessionStaff(session_id=meeting.id or 0, person_id=person(tx, "1010").id or 0, role="moderator"))
        return Done()

    store.do(name)
    plan = read(store)

    assert plan.changes.n == 0
    assert len(told(plan, "moderates_still")) == 1


def test_a_changed_question_goes_back_to_draft(store: Store, folder: Path) -> None:
    bring_in(store, approver="1001")
    edit_poll(folder, "p01", "What matters most?")

    applied = bring_in(store, folder)

    assert [row.key for _, row in applied.changes.polls.changed] == ["p01"]
    with store.reading() as tx:
        poll = tx.exec(select(Poll).where(Poll.key == "p01")).one()
        texts = {(t.slot, t.language): t for t in tx.exec(select(Text).where(Text.owner == f"poll:{poll.id}"))}
    assert texts[(0, "en")].body == "What matters most?"
    assert texts[(0, "tr")].approved_by is None
    assert texts[(1, "en")].approved_by is not None


def edit_poll(folder: Path, key: str, english: str) -> None:
    given = json.loads((folder / "polls.json").read_text("utf-8"))
    next(each for each in given if each["key"] == key)["text"]["en"] = english
    (folder / "polls.json").write_text(json.dumps(given), "utf-8")


def test_a_text_mended_at_the_desk_survives_the_same_folder(store: Store) -> None:
    bring_in(store)

    def mend(tx: Tx) -> Done:
        poll = tx.exec(select(Poll).where(Poll.key == "p01")).one()
        translations.write(tx, polls.owner(poll.id or 0), 0, "en", "Mended at the desk?")
        return Done()

    store.do(mend)
    applied = bring_in(store)

    assert applied.n == 0
    with store.reading() as tx:
        assert "Mended at the desk?" in tx.exec(select(Text.body)).all()


def test_a_poll_that_was_opened_keeps_its_texts(store: Store, folder: Path) -> None:
    bring_in(store, approver="1001")

    def open_(tx: Tx) -> Done:
        poll = tx.exec(select(Poll).where(Poll.key == "p01")).one()
        poll.state = "sealed"
        tx.add(poll)
        return Done()

    store.do(open_)
    before = dump(store)["text"]
    edit_poll(folder, "p01", "Something else?")

    plan = read(store, folder)
    applied = apply(store, plan, approver="1001")

    assert told(plan, "was_opened") == ["polls.json, row 1: p01 was opened already; it stays as it is"]
    assert applied.n == 0
    assert dump(store)["text"] == before


def test_who_leaves_a_delegation_no_longer_casts_its_vote(store: Store, folder: Path) -> None:
    bring_in(store)

    def name(tx: Tx) -> Done:
        row = person(tx, "1025")
        delegation = tx.get(Delegation, row.delegation_id)
        assert delegation is not None
        delegation.voter_id = row.id
        tx.add(delegation)
        return Done()

    store.do(name)
    rows = [row["number"] for row in listed()]
    change(folder / "people.csv", rows.index("1025") + 2, delegation="Austria")

    bring_in(store, folder)

    with store.reading() as tx:
        assert tx.exec(select(Delegation.voter_id).where(Delegation.key == "Albania")).one() is None


# --- around it


def test_the_event_comes_with_the_folder(store: Store, folder: Path) -> None:
    (folder / "event.json").write_text(
        json.dumps(
            {
                "key": "x",
                "names": {"en": "A day", "tr": "Bir gün"},
                "zone": "Europe/Istanbul",
                "languages": ["tr", "en"],
            }
        )
    )

    bring_in(store, folder)

    with store.reading() as tx:
        event = tx.exec(select(Event)).one()
    assert (event.names, event.zone, event.languages) == ({"en": "A day", "tr": "Bir gün"}, "Europe/Istanbul", "tr,en")
    assert read(store, folder).changes.event is None


def test_the_example_is_a_whole_event_and_a_later_folder_needs_none(store: Store, folder: Path) -> None:
    bring_in(store, folder)
    (folder / "event.json").unlink()

    plan = read(store, folder)

    assert plan.problems == ()
    assert plan.changes.n == 0
    with store.reading() as tx:
        event = tx.exec(select(Event)).one()
    assert (event.key, event.zone, event.languages) == ("ibmc", "Europe/Istanbul", "en,tr,ar,ru")
    assert set(event.names) == {"en", "tr", "ar", "ru"}


def test_the_journal_says_what_was_imported_and_the_chain_holds(store: Store) -> None:
    bring_in(store)

    with store.reading() as tx:
        [entry] = tx.exec(select(journal.Entry)).all()
        assert journal.broken_at(tx) is None
    assert entry.act == "imported"
    assert json.loads(entry.facts)["people"] == 202


def test_a_participant_cannot_import(store: Store) -> None:
    plan = read(store)

    with pytest.raises(Refused, match="not_yours"):
        apply(store, plan, badge=Badge(5, "participant"))


def test_the_example_is_read_and_written_well_under_a_second(store: Store) -> None:
    began = time.process_time()

    bring_in(store, approver="1001")

    assert time.process_time() - began < 1.0


def test_ten_thousand_people_take_under_five_seconds(store: Store, tmp_path: Path) -> None:
    many = tmp_path / "many"
    many.mkdir()
    head = "number,title,given_name,family_name,native_name,organisation,role,languages,delegation,email\n"
    row = "{0},Ms,Şule {0},Dvořák,Айзада Токтосунова,Ministry of the Interior,participant,ru;en,,p{0}@x.example\n"
    (many / "event.json").write_bytes((EXAMPLE / "event.json").read_bytes())
    (many / "people.csv").write_text(head + "".join(row.format(n) for n in range(10_000, 20_000)), "utf-8")
    began = time.process_time()

    applied = bring_in(store, many)

    assert time.process_time() - began < 5.0
    assert len(applied.changes.people.new) == 10_000
    assert bring_in(store, many).n == 0


def test_hall_languages_keep_the_order_of_the_list(store: Store) -> None:
    bring_in(store)

    with store.reading() as tx:
        assert tx.exec(select(Hall.languages).where(Hall.key == "hall-c")).one() == "en,tr,ar"


# What the registration desk did meanwhile


def test_a_number_given_at_the_desk_is_not_overwritten_by_a_list_that_counts_on(store: Store, folder: Path) -> None:
    bring_in(store)
    for given in ("Yara", "Zoe"):  # the first gets 1203, which the list has for somebody who is 1114
        walk_in = store.do(lambda tx, given=given: arrivals.AddWalkIn(given, "Haddad").perform(tx, BY_HAND, 1.0))
    declined = arrivals.AddWalkIn(given_name="Ole", family_name="Dahl")
    gone = store.do(lambda tx: declined.perform(tx, BY_HAND, 1.0))
    store.do(lambda tx: arrivals.DeclineWalkIn(person=int(gone.facts["person"])).perform(tx, BY_HAND, 1.0))
    heir = arrivals.ReplacePerson(person=60, given_name="Nora", family_name="Berg")
    new = store.do(lambda tx: heir.perform(tx, BY_HAND, 1.0))
    with store.reading() as tx:
        numbers = [tx.get_one(Person, int(done.facts["person"])).number for done in (walk_in, gone, new)]
    lists = folder / "people.csv"
    kept = lists.read_text("utf-8").rstrip().rsplit("\n", 1)[0]
    header = kept.split("\n")[0].split(",")

    def with_(number: str, given: str, family: str) -> list[str]:
        row = {"number": number, "given_name": given, "family_name": family, "role": "participant"}
        lists.write_text(kept + "\n" + ",".join(row.get(name, "") for name in header) + "\n", "utf-8")
        with store.reading() as tx:
            return [finding.key for finding in imports.read(folder, tx.cursor, merge=MERGE).problems]

    assert [with_(number, "Pia", "Lund") for number in numbers] == [["number_given"]] * 3
    assert with_(numbers[0], "Zoe", "Haddad") == []
    assert with_("1999", "Pia", "Lund") == []
