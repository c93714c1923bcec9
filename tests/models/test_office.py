"""An organiser sets up a conference by hand: from nothing, and beside what lists brought."""

from __future__ import annotations

import csv
import io
import struct
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlmodel import select

from models import imports, journal, look, office, overview, programme, venue
from models.arrivals import ReplacePerson
from models.command import SYSTEM, Badge, Command, Done
from models.lists import ImportLists, digest
from models.people import Delegation, NameVoter, Person
from models.programme import Hall, Meeting
from models.refusals import Refused
from models.staffing import HandSession, TakeBack
from models.store import Store, Tx
from tests.world import World

EXAMPLE = Path(__file__).parents[2] / "examples" / "ibmc-2023"
NAMES = {"en": "Border Days", "tr": "Sınır Günleri", "ar": "", "ru": " "}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path / "test.sqlite")
    yield made
    made.store.close()


def refused(world: World, command: Command, badge: Badge | None = None) -> str:
    """The key it is refused by. Nothing may have changed."""
    before = world.dump()
    with pytest.raises(Refused) as caught:
        world.do(command, badge or world.organiser)
    assert world.dump() == before
    return caught.value.key


def empty(tmp_path: Path) -> Store:
    return Store.open(tmp_path / "empty.sqlite")


def event(**changed: object) -> office.EditEvent:
    told = {"names": NAMES, "zone": "Asia/Tashkent", "languages": ["ru", "", "en", "ru"], "indicative": True}
    return office.EditEvent(**(told | changed))  # type: ignore[arg-type]


# --- the event


def test_an_event_gets_its_names_zone_and_languages_in_their_order(world: World) -> None:
    assert world.do(event(), world.organiser).notice == "event_saved"

    row = world.read(programme.the_event)
    assert (row.names, row.zone, row.languages) == (
        {"en": "Border Days", "tr": "Sınır Günleri"},
        "Asia/Tashkent",
        "ru,en",
    )


def test_that_results_are_no_longer_called_indicative_is_logged_by_itself(world: World) -> None:
    world.do(event(indicative=False), world.organiser)
    world.do(event(indicative=False), world.organiser)  # sent twice

    acts = world.read(lambda tx: [row[0] for row in tx.cursor.execute("SELECT act FROM journal ORDER BY id")])
    assert acts[-2:] == ["event_edited", "indicative_removed"]
    assert world.read(journal.broken_at) is None


@pytest.mark.parametrize(
    ("changed", "key"),
    [
        ({"names": {"en": " "}}, "text_needed"),
        ({"zone": "Mars/Olympus"}, "no_such_zone"), ({"zone": ""}, "no_such_zone"),
        ({"languages": ["", ""]}, "language_missing"), ({"languages": ["en", "xx"]}, "no_such_language"),
    ],
)  # fmt: skip
def test_an_event_that_lacks_something_is_refused(world: World, changed: dict[str, object], key: str) -> None:
    assert refused(world, event(**changed)) == key


def commands() -> list[Command]:
    names = {"en": "Hall Z"}
    return [
        event(), venue.AddHall(names=names, languages=["en"]), venue.EditHall(hall=1, names=names, languages=["en"]),
        venue.AddScreen(hall=1, name="Left"), venue.EditScreen(screen=1, name="Left"),
        office.AddSession(hall=1, day="2026-05-12", start="11:00", end="12:00", titles=names),
        office.EditSession(session=1, titles=names), office.EditDelegation(delegation=1, names=names, place=1),
        look.SetAccent(accent="#0b5f6b"), look.SetLogo(),
    ]  # fmt: skip


@pytest.mark.parametrize("role", ["participant", "moderator", "registration", "av", "data_protection"])
def test_only_an_organiser_sets_up(world: World, role: str) -> None:
    for command in commands():
        assert refused(world, command, Badge(4, role)) == "not_yours", command


# --- halls and screens


def test_a_hall_is_added_once_with_its_main_screen(world: World) -> None:
    add = venue.AddHall(
        names={"en": "Hall Ç 1"}, capacity=90, screen_height_m=1.6, farthest_seat_m=12.0, languages=["en"]
    )

    hall = world.do(add, world.organiser).facts["hall"]
    assert world.do(add, world.organiser).facts["hall"] == hall

    row = world.read(lambda tx: tx.get_one(Hall, hall))
    assert (row.key, row.capacity, row.mode) == ("hall-c-1", 90, 7.5)
    assert [each.hall_id for each in world.read(venue.walls)] == [1, 2, hall]


@pytest.mark.parametrize("height", [0.1, 51.0, float("nan"), float("inf")])
def test_a_picture_of_no_height_is_refused(world: World, height: float) -> None:
    command = venue.EditHall(hall=1, names={"en": "A"}, screen_height_m=height, languages=["en"])

    assert refused(world, command) == "measure_out_of_range"


def test_a_screen_gets_languages_of_its_own_or_goes_back_to_those_of_its_hall(world: World) -> None:
    world.do(venue.EditScreen(screen=1, name="Front", languages=["ar", "en", "", ""], theme="black"), world.organiser)
    assert next((each.name, each.languages, each.theme) for each in world.read(venue.walls)) == (
        "Front", ("ar", "en"), "black",
    )  # fmt: skip

    world.do(venue.EditScreen(screen=1, name="Front", languages=["", ""]), world.organiser)
    assert world.read(venue.walls)[0].languages == ()
    assert refused(world, venue.EditScreen(screen=1, name="Front", theme="pink")) == "no_such_setting"


# --- sessions and delegations


def test_a_session_stands_in_the_agenda_once(world: World) -> None:
    add = office.AddSession(
        hall=1, day="2026-05-12", start="10:00", end="11:00", titles={"en": "Panel", "tr": ""}, kind="plenary"
    )  # fmt: skip

    session = world.do(add, world.organiser).facts["session"]
    assert world.do(add, world.organiser).facts["session"] == session

    row = world.read(lambda tx: tx.get_one(Meeting, session))
    assert (row.titles, row.kind, row.state, row.languages) == ({"en": "Panel"}, "plenary", "planned", "en,tr,ar,ru")
    assert len(row.code) == 4
    assert row.key == "2026-05-12-1000-hall-a"


@pytest.mark.parametrize(
    ("day", "start", "end", "key"),
    [
        ("2026-05-12", "09:30", "10:30", "hall_taken"), ("2026-13-12", "11:00", "12:00", "no_such_time"),
        ("12.05.2026", "11:00", "12:00", "no_such_time"), ("2026-05-12", "25:00", "26:00", "no_such_time"),
        ("2026-05-12", "9:00", "12:00", "no_such_time"), ("2026-05-12", "12:00", "12:00", "ends_before_start"),
    ],
)  # fmt: skip
def test_a_session_at_an_impossible_time_is_refused(world: World, day: str, start: str, end: str, key: str) -> None:
    assert refused(world, office.AddSession(hall=1, day=day, start=start, end=end, titles={"en": "X"})) == key


def test_a_session_may_end_after_midnight(world: World) -> None:
    add = office.AddSession(hall=1, day="2026-05-12", start="22:00", end="00:30", titles={"en": "Dinner"})

    session = world.do(add, world.organiser).facts["session"]

    assert world.read(lambda tx: tx.get_one(Meeting, session)).end == "24:30"


def test_a_session_that_has_begun_keeps_its_titles(world: World) -> None:
    assert refused(world, office.EditSession(session=1, titles={"en": "Other"})) == "session_has_begun"


def test_a_planned_session_is_edited_and_cannot_become_a_break_with_polls(world: World) -> None:
    added = office.AddSession(hall=1, day="2026-05-13", start="10:00", end="11:00", titles={"en": "Panel"})
    session = int(world.do(added, world.organiser).facts["session"])

    edit = office.EditSession(session=session, titles={"en": "Forum"}, track="policy", languages=["tr", "en"])
    world.do(edit, world.organiser)

    row = world.read(lambda tx: tx.get_one(Meeting, session))
    assert (row.titles, row.track, row.languages) == ({"en": "Forum"}, "policy", "tr,en")
    world.store.do(lambda tx: ask(tx, session))
    assert refused(world, office.EditSession(session=session, titles={"en": "X"}, kind="break")) == "break_with_polls"


def ask(tx: Tx, session: int) -> Done:
    tx.cursor.execute(
        "INSERT INTO poll (key, session_id, hall_id, place, kind, state, version, round, ballot, results, electorate,"
        " min, max, timer_s, settings, wording, override, opened, electors, counted, difference)"
        " VALUES ('p', ?, 1, 1, 'single', 'draft', 1, 1, 'secret', 'on_release', 'delegations', 1, 1, 0, '{}', 1, '',"
        " 0, 0, 0, 0)",
        (session,),
    )
    return Done()


def test_a_delegation_without_a_vote_has_no_voter(world: World) -> None:
    def voter(tx: Tx) -> Done:
        row = tx.get_one(Delegation, 1)
        row.voter_id = 5
        tx.add(row)
        return Done()

    world.store.do(voter)

    world.do(office.EditDelegation(delegation=1, names={"en": "North"}, place=9, votes=False), world.organiser)

    row = world.read(lambda tx: tx.get_one(Delegation, 1))
    assert (row.names, row.place, row.votes, row.voter_id) == ({"en": "North"}, 9, False, None)


# --- the look


@pytest.mark.parametrize("colour", ["#ffd98a", "#67d3d8", "#ffffff", "#ff0000", "#808080", "#000000", "#0b5f6b"])
def test_the_nearest_colour_passes_and_one_that_passes_is_its_own(colour: str) -> None:
    judged = look.judge(colour)
    again = look.judge(judged.nearest)

    assert again.passes
    assert again.light >= look.TEXT
    assert again.on_ratio >= look.TEXT
    assert again.dark >= look.TEXT
    assert again.dark_on_ratio >= look.TEXT
    assert look.contrast(look.INK["light"], again.soft) >= look.TEXT
    assert look.contrast(look.INK["dark"], again.dark_soft) >= look.TEXT


def test_contrast_is_that_of_wcag() -> None:
    assert look.contrast("#000000", "#ffffff") == pytest.approx(21.0)
    assert look.contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


def test_a_colour_that_cannot_be_read_is_refused_with_the_nearest_that_can(world: World) -> None:
    with pytest.raises(Refused) as caught:
        world.do(look.SetAccent(accent="#ffcc00"), world.organiser)

    assert caught.value.key == "colour_too_pale"
    world.do(look.SetAccent(accent=str(caught.value.params["colour"])), world.organiser)
    assert world.read(programme.the_event).accent == caught.value.params["colour"]
    assert refused(world, look.SetAccent(accent="teal")) == "no_such_colour"


def png(width: int = 4, height: int = 4, *extra: tuple[bytes, bytes], colours: int = 0) -> bytes:
    rows = b"".join(b"\0" + bytes(width) for _ in range(height))
    parts = [
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, colours, 0, 0, 0)), *extra, (b"IDAT", zlib.compress(rows)),
        (b"IEND", b""),
    ]  # fmt: skip
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in parts
    )


def test_a_logo_is_kept_without_what_else_stood_in_its_file(world: World) -> None:
    world.do(look.SetLogo(png=png(4, 4, (b"tEXt", b"Author\0somebody"), (b"eXIf", b"place"))), world.organiser)

    assert world.read(programme.the_event).logo == png()
    coloured = png(4, 4, (b"PLTE", b"abc"), colours=3)
    world.do(look.SetLogo(png=coloured), world.organiser)
    assert world.read(programme.the_event).logo == coloured
    world.do(look.SetLogo(), world.organiser)
    assert world.read(programme.the_event).logo is None


@pytest.mark.parametrize(
    ("data", "key"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "logo_no_png"), (b"\xff\xd8\xff\xe0JFIF", "logo_no_png"),
        (png()[:-5], "logo_damaged"), (png()[:40] + b"\xff" + png()[41:], "logo_damaged"),
        (png().replace(b"IHDR", b"IHDX"), "logo_damaged"), (b"\x89PNG\r\n\x1a\n", "logo_damaged"),
        (b"\x89PNG\r\n\x1a\n" + b"\x7f\xff\xff\xffIHDR", "logo_damaged"), (png(colours=3), "logo_damaged"),
    ],
)  # fmt: skip
def test_what_is_no_sound_png_is_refused(world: World, data: bytes, key: str) -> None:
    assert refused(world, look.SetLogo(png=data)) == key


def test_a_small_file_that_says_it_is_a_huge_picture_is_refused(world: World) -> None:
    huge = png(1, 1)
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0)
    huge = huge[:16] + header + struct.pack(">I", zlib.crc32(b"IHDR" + header)) + huge[33:]

    assert refused(world, look.SetLogo(png=huge)) == "logo_too_wide"


# --- what is to be done


def todo(world: World) -> dict[str, str]:
    return {each.key: each.state for each in world.read(lambda tx: overview.to_do(tx, reachable=True))}


def test_the_checklist_is_told_from_what_is_there(world: World) -> None:
    assert todo(world) == {
        "agenda": "received", "people": "received", "moderators": "received", "screen": "attn", "address": "received",
        "arrived": "",
    }  # fmt: skip

    poll = world.poll(open_=False, electorate="delegations")
    assert todo(world)["texts"] == "received"
    assert todo(world)["voters"] == "attn"

    world.store.do(lambda tx: lose(tx, poll))
    found = world.read(overview.gaps)[0]
    assert (found.missing, found.drafts) == (("ar",), ("ru",))
    assert todo(world)["missing"] == todo(world)["drafts"] == "attn"
    assert world.read(lambda tx: overview.grid(tx)).rows[0][1][0][0].lacks


def lose(tx: Tx, poll: int) -> Done:
    tx.cursor.execute("DELETE FROM text WHERE owner = ? AND language = 'ar' AND slot = 2", (f"poll:{poll}",))
    tx.cursor.execute(
        "UPDATE text SET approved_by = NULL WHERE owner = ? AND language = 'ru' AND slot = 0", (f"poll:{poll}",)
    )
    return Done()


def test_one_session_and_fifty_cost_the_same_number_of_queries(world: World) -> None:
    def queries() -> int:
        seen: list[str] = []
        with world.store.reading() as tx:
            tx.cursor.connection.set_trace_callback(seen.append)
            overview.cards(tx)
            tx.cursor.connection.set_trace_callback(None)
        return len(seen)

    few = queries()
    for hour in range(10, 20):
        add = office.AddSession(
            hall=1, day="2026-05-13", start=f"{hour}:00", end=f"{hour}:30", titles={"en": f"S{hour}"}
        )
        world.do(add, world.organiser)

    assert queries() == few


# --- from nothing


def test_the_first_organiser_begins_on_an_empty_database_and_is_the_only_one(tmp_path: Path) -> None:
    store = empty(tmp_path)
    try:
        made = store.do(lambda tx: office.first_organiser(tx, "Ada Maria Börü", 1.0)).facts["person"]
        again = store.do(lambda tx: office.first_organiser(tx, "Ada Maria Börü", 1.0)).facts["person"]
        with pytest.raises(Refused, match="organiser_there"):
            store.do(lambda tx: office.first_organiser(tx, "Somebody Else", 1.0))
        with pytest.raises(Refused, match="text_needed"):
            store.do(lambda tx: office.first_organiser(tx, " 12 ", 1.0))

        with store.reading() as tx:
            person = tx.get_one(Person, made)
            assert (person.given_name, person.family_name, person.role) == ("Ada Maria", "Börü", "organiser")
            keys = [each.key for each in overview.to_do(tx, reachable=False) if each.state == "attn"]
        assert made == again
        assert keys == ["event", "agenda", "people", "address"]
    finally:
        store.close()


def test_lists_are_imported_as_the_preview_said_or_not_at_all(tmp_path: Path) -> None:
    store = empty(tmp_path)
    files = {each.name: each.read_bytes() for each in EXAMPLE.iterdir() if each.suffix in (".csv", ".json")}
    try:
        person = int(store.do(lambda tx: office.first_organiser(tx, "Ada Börü", 1.0)).facts["person"])
        with store.reading() as tx:
            plan = imports.parse(files, tx.cursor, merge={"1203": "1114"})
        command = ImportLists(plan=plan, seen=digest(plan), person=person)

        def perform(tx: Tx) -> Done:
            return command.perform(tx, Badge(0, SYSTEM), time.time())

        other = ImportLists(plan=plan, seen="0" * 64, person=person)
        with pytest.raises(Refused, match="import_changed"):
            store.do(lambda tx: other.perform(tx, Badge(0, SYSTEM), 1.0))
        assert store.do(perform).notice == "imported"
        with pytest.raises(Refused, match="import_changed"):
            store.do(perform)  # what it said would be new is there now
        with store.reading() as tx:
            assert overview.counts(tx).people == 203
            assert tx.cursor.execute("SELECT person_id FROM journal WHERE act = 'imported'").fetchone() == (person,)
    finally:
        store.close()


@pytest.fixture
def conference(tmp_path: Path) -> Iterator[tuple[Store, int]]:
    """The example as imported, and its first organiser."""
    store = empty(tmp_path)
    try:
        person = int(store.do(lambda tx: office.first_organiser(tx, "Ada Börü", 1.0)).facts["person"])
        press(store, person, **EXAMPLE_LISTS)
        yield store, person
    finally:
        store.close()


EXAMPLE_LISTS = {each.name: each.read_bytes() for each in EXAMPLE.iterdir() if each.suffix in (".csv", ".json")}


def planned(store: Store, **files: bytes) -> imports.Plan:
    with store.reading() as tx:
        return imports.parse(files, tx.cursor, merge={"1203": "1114"})


def press(store: Store, person: int, **files: bytes) -> Done:
    plan = planned(store, **files)
    command = ImportLists(plan=plan, seen=digest(plan), person=person)
    return store.do(lambda tx: command.perform(tx, Badge(0, SYSTEM), 1.0))


def test_the_same_list_again_does_not_bring_back_a_moderator_who_was_replaced(conference: tuple[Store, int]) -> None:
    store, organiser = conference
    with store.reading() as tx:
        old = tx.exec(select(Person).where(Person.number == "1007")).one().id or 0
    for given in ("Nil", "Mira"):  # whoever came instead is replaced as well
        command = ReplacePerson(person=old, given_name=given, family_name="Sample")
        old = int(store.do(lambda tx, c=command: c.perform(tx, Badge(organiser, "organiser"), 2.0)).facts["person"])
    staff = "SELECT person_id FROM sessionstaff ORDER BY session_id, person_id"
    with store.reading() as tx:
        before = tx.cursor.execute(staff).fetchall()

    again = planned(store, **EXAMPLE_LISTS)
    assert (again.changes.n, again.changes.moderators) == (0, ())
    assert "moderates_still" not in {each.key for each in again.findings}

    titled = EXAMPLE_LISTS["programme.csv"].replace(b"Opening", b"Grand opening")
    press(store, organiser, **{"programme.csv": titled})
    with store.reading() as tx:
        assert tx.cursor.execute(staff).fetchall() == before
        assert (old,) in before


def _gone(tx: Tx, session: int) -> Done:
    tx.cursor.execute("DELETE FROM sessionstaff WHERE session_id = ?", (session,))
    return Done()


def test_the_same_list_again_does_not_bring_back_a_moderator_who_was_taken_off(conference: tuple[Store, int]) -> None:
    store, organiser = conference
    with store.reading() as tx:
        person = tx.exec(select(Person).where(Person.number == "1007")).one().id or 0
        session = tx.exec(select(Meeting).where(Meeting.key == "d2-closing")).one().id or 0
    desk = Badge(organiser, "organiser")

    store.do(lambda tx: TakeBack(session=session, person=person).perform(tx, desk, 2.0))
    off = planned(store, **EXAMPLE_LISTS)
    store.do(lambda tx: HandSession(session=session, person=person).perform(tx, desk, 3.0))
    back = planned(store, **EXAMPLE_LISTS)
    store.do(lambda tx: _gone(tx, session))  # nobody took them off: the row is not there
    lost = planned(store, **EXAMPLE_LISTS)

    assert (off.changes.n, [each.key for each in off.findings if "moderates" in each.key]) == (0, ["moderates_no_more"])
    assert (back.changes.n, [each.key for each in back.findings if "moderates" in each.key]) == (0, [])
    assert ("d2-closing", "1007") in lost.changes.moderators


def test_a_session_with_polls_does_not_become_a_break_by_a_list(conference: tuple[Store, int]) -> None:
    store, organiser = conference
    rows = list(csv.DictReader(io.StringIO(EXAMPLE_LISTS["programme.csv"].decode("utf-8-sig"))))
    sheets = {}
    for key in ("d1-opening", "d1-pre-standards"):  # with polls, and without
        out = io.StringIO()
        writer = csv.DictWriter(out, rows[0])
        writer.writeheader()
        writer.writerows({**row, "kind": "break"} if row["key"] == key else row for row in rows)
        sheets[key] = out.getvalue().encode()

    told = {
        str(dict(each.params)["key"]) for each in planned(store, **{"programme.csv": sheets["d1-opening"]}).problems
    }
    assert told == {"p01", "p15"}
    with pytest.raises(Refused, match="import_has_problems"):
        press(store, organiser, **{"programme.csv": sheets["d1-opening"]})
    assert press(store, organiser, **{"programme.csv": sheets["d1-pre-standards"]}).notice == "imported"


def test_a_column_that_a_list_does_not_have_empties_nothing(conference: tuple[Store, int]) -> None:
    store, organiser = conference
    with store.reading() as tx:
        voter = tx.exec(select(Person).where(Person.delegation_id != None, Person.role == "participant")).first()  # noqa: E711
        assert voter is not None
        seat, number, role = voter.delegation_id, voter.number, voter.role
    named = NameVoter(delegation=seat or 0, voter=voter.id or 0)
    store.do(lambda tx: named.perform(tx, Badge(organiser, "organiser"), 2.0))
    plenary = "d1-opening"
    with store.reading() as tx:
        before = tx.exec(select(Meeting).where(Meeting.key == plenary)).one()
        assert (before.kind, len(before.titles)) == ("plenary", 4)

    short = f"number,given_name,family_name,role\n{number},Nil,Sample,{role}\n".encode()
    row = f"key,day,start,end,hall,title_en\n{plenary},{before.day},{before.start},{before.end},hall-a,Grand opening\n"
    press(store, organiser, **{"people.csv": short, "programme.csv": row.encode()})
    with store.reading() as tx:
        now, after = tx.get_one(Person, voter.id), tx.exec(select(Meeting).where(Meeting.key == plenary)).one()
        assert (now.given_name, now.delegation_id, now.organisation) == ("Nil", seat, voter.organisation)
        assert tx.get_one(Delegation, seat).voter_id == voter.id
        assert (after.kind, after.languages, after.abstract) == (before.kind, before.languages, before.abstract)
        assert after.titles == before.titles | {"en": "Grand opening"}

    emptied = f"number,given_name,family_name,role,delegation\n{number},Nil,Sample,{role},\n".encode()
    press(store, organiser, **{"people.csv": emptied})  # an empty cell is said
    with store.reading() as tx:
        assert tx.get_one(Person, voter.id).delegation_id is None
        assert tx.get_one(Delegation, seat).voter_id is None


def test_nobody_takes_the_own_role_away_by_a_list(conference: tuple[Store, int]) -> None:
    store, organiser = conference
    sheet = "number,given_name,family_name,organisation,role\nO1,Ada,Börü,Hosts,{}\n"

    with pytest.raises(Refused, match="not_to_yourself"):
        press(store, organiser, **{"people.csv": sheet.format("participant").encode()})
    with store.reading() as tx:
        assert tx.get_one(Person, organiser).role == "organiser"
    assert press(store, organiser, **{"people.csv": sheet.format("organiser").encode()}).notice == "imported"


def test_no_import_goes_before_an_open_vote(world: World) -> None:
    world.poll()
    with world.store.reading() as tx:
        plan = imports.parse({"halls.csv": b"key,name_en\nhall-z,Hall Z\n"}, tx.cursor)
    command = ImportLists(plan=plan, seen=digest(plan), person=1)

    assert refused(world, command, Badge(0, SYSTEM)) == "voting_is_open"


def test_nobody_imports_in_the_name_of_somebody_who_may_not(world: World) -> None:
    with world.store.reading() as tx:
        plan = imports.parse({"halls.csv": b"key,name_en\nhall-z,Hall Z\n"}, tx.cursor)

    assert refused(world, ImportLists(plan=plan, seen=digest(plan), person=4), Badge(0, SYSTEM)) == "not_yours"
