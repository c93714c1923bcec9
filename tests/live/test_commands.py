"""Who may send what: every command by every role, in its own session and in another's. And what a message may be."""

from __future__ import annotations

import contextlib
import json
import secrets
from collections import Counter
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx2
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from live import commands
from live.commands import BY_NAME, COMMANDS, allow, decode, from_form, from_json
from models import (
    arrivals,
    ballots,
    binding,
    called_off,
    devices,
    doors,
    drafts,
    hands,
    imports,
    lists,
    logins,
    look,
    office,
    people,
    rights,
    rounds,
    schedule,
    screens,
    spares,
    staffing,
    stage,
    venue,
    voting,
)
from models.command import Badge, Command, Done
from models.refusals import Refused
from models.rights import ROLES
from models.store import Store, Tx
from tests.house import HOST, House
from tests.world import SYSTEM_BADGE, World

LATER = 4e9
NAMED = ("moderator", "chair", "teller", "interpreter", "translator")
VOTERS = ("participant", "chair", "rapporteur")

# What room.md allows, written down a second time: roles of the event, then roles named for the session itself.
MODERATE = ({"organiser"}, {"moderator", "chair"})
SWITCH = ({"organiser", "av"}, {"moderator", "chair"})
HANDS = ({"organiser", "teller"}, {"moderator", "teller"})
MANAGE: tuple[set[str], set[str]] = ({"organiser", "registration"}, set())
APPROVE: tuple[set[str], set[str]] = ({"organiser"}, set())
PROGRAMME: tuple[set[str], set[str]] = ({"organiser"}, set())
SET_UP: tuple[set[str], set[str]] = ({"organiser"}, set())
NAMES = {"en": "Name"}
ANYBODY = (set(ROLES), set(NAMED))
NOBODY: tuple[set[str], set[str]] = (set(), set())

RIGHTS: dict[type[Command], tuple[set[str], set[str]]] = {
    ballots.CastVote: (set(VOTERS), set(NAMED)),
    doors.CheckIn: ANYBODY, logins.SetLanguage: ANYBODY, logins.SignOut: ANYBODY, people.LearnKeys: ANYBODY,
    doors.StartSession: MODERATE, doors.EndSession: MODERATE, doors.Follow: MODERATE,
    doors.HandScreen: SWITCH, schedule.RunLate: MODERATE,
    schedule.MoveSession: PROGRAMME, called_off.PostponeSession: PROGRAMME, called_off.CancelSession: PROGRAMME,
    called_off.RestoreSession: PROGRAMME,
    drafts.WritePoll: MODERATE, drafts.ApproveText: MODERATE, drafts.CorrectWording: MODERATE,
    drafts.MovePoll: MODERATE, drafts.MakeReady: MODERATE,
    voting.OpenPoll: MODERATE, voting.SetTimer: MODERATE, voting.EndVoting: MODERATE,
    voting.ContinueVoting: MODERATE, voting.LookFirst: MODERATE, voting.Reveal: MODERATE, voting.Withdraw: MODERATE,
    rounds.ResetPoll: MODERATE, rounds.NewRound: MODERATE, hands.CountHands: HANDS,
    hands.RecordHands: HANDS, screens.AddTablet: MANAGE,
    stage.StageNext: SWITCH, stage.Take: SWITCH, stage.ShowScene: SWITCH, stage.SetBlank: SWITCH, stage.Undo: SWITCH,
    people.RevokeBadge: MANAGE, people.ReissueBadge: MANAGE, screens.RevokeScreen: MANAGE, people.NameVoter: MANAGE,
    spares.MakeSpares: MANAGE,
    arrivals.Arrive: MANAGE, arrivals.ReplacePerson: MANAGE, arrivals.AddWalkIn: MANAGE,
    arrivals.ApproveWalkIn: APPROVE, arrivals.DeclineWalkIn: APPROVE, binding.BindSpare: MANAGE,
    staffing.HandSession: MANAGE, staffing.TakeBack: MANAGE,
    office.EditEvent: SET_UP, office.AddSession: SET_UP, office.EditSession: SET_UP, office.EditDelegation: SET_UP,
    venue.AddHall: SET_UP, venue.EditHall: SET_UP, venue.AddScreen: SET_UP, venue.EditScreen: SET_UP,
    look.SetAccent: SET_UP, look.SetLogo: SET_UP, lists.ImportLists: NOBODY,
    devices.SeeDevices: ANYBODY, devices.AllowDevice: MANAGE, devices.RefuseDevice: MANAGE,
    devices.ShowBadge: NOBODY, devices.AdmitDevice: NOBODY, devices.StopAsking: NOBODY, voting.SealPoll: NOBODY,
}  # fmt: skip
LEAVES_THE_SESSION_OUT = {devices.SeeDevices, logins.SetLanguage, logins.SignOut, people.LearnKeys, doors.CheckIn} | {
    command for command, may in RIGHTS.items() if may in (MANAGE, APPROVE)
}
"""A role named for one session counts there only. These have no session, or are open to everybody."""


class Everybody(World):
    """One person of each role of the event, and one of each role that is named for session 1. All are in session 1."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, participants=0)
        self.badges: dict[str, Badge] = {}
        self.store.do(self._come)
        self.polls = {session: self._poll(session) for session in (1, 2)}

    def _come(self, tx: Tx) -> Done:
        for role in ROLES:
            self._add(tx, role, role)
        for role in NAMED:
            person = self._add(tx, f"named {role}", "participant")
            tx.add(rights.SessionStaff(session_id=1, person_id=person, role=role))
        tx.add(people.Person(number="there", role="participant"))
        tx.flush()
        tx.add(doors.Presence(person_id=1 + max(badge.person_id for badge in self.badges.values()), session_id=2))
        return Done()

    def _add(self, tx: Tx, name: str, role: str) -> int:
        person = people.Person(number=f"x{len(self.badges)}", given_name=name, role=role, delegation_id=1)
        tx.add(person)
        tx.flush()
        assert person.id is not None
        tx.add(doors.Presence(person_id=person.id, session_id=1))
        self.badges[name] = Badge(person.id, role)
        return person.id

    def _poll(self, session: int) -> int:
        texts = [{"en": "Question"}, {"en": "One"}, {"en": "Two"}]
        poll = int(self.do(drafts.WritePoll(session=session, texts=texts), self.organiser).facts["poll"])
        for la in ("en", "tr", "ar", "ru"):
            for slot in range(3):
                body = f"{slot} {la}"
                self.do(drafts.CorrectWording(poll=poll, slot=slot, language=la, body=body), self.organiser)
        for la in ("en", "tr", "ar", "ru"):
            self.do(drafts.ApproveText(poll=poll, language=la), self.organiser)
        return poll


def ready_for(world: Everybody, tx: Tx, command: type[Command], session: int) -> Command:
    """Bring the records to where the command has something to do, and give the command."""
    poll = world.polls[session]
    item = tx.cursor.execute("SELECT min(id) FROM item WHERE poll_id = ?", (poll,)).fetchone()[0]

    def put(state: str) -> None:
        tx.cursor.execute(
            "UPDATE poll SET state = ?, opened = 1, opened_at = 1.0, closed_at = 2.0 WHERE id = ?", (state, poll)
        )

    def vote() -> Command:
        put("open")
        ballots.enrol(tx, poll, "present", session)
        hexes = secrets.token_hex(16), secrets.token_hex(16)
        return ballots.CastVote(poll=poll, secret=hexes[0], intent=hexes[1], turn=1, marks=[[item]])

    def after(state: str, command: Command) -> Command:
        put(state)
        return command

    def planned(command: Command) -> Command:
        tx.cursor.execute("UPDATE session SET state = 'planned' WHERE id = ?", (session,))
        return command

    def followed(command: Command) -> Command:
        tx.cursor.execute(
            "UPDATE session SET state = 'planned', hall_id = ? WHERE id = ?", (session, 3 - session)
        )  # fmt: skip
        return command

    def cancelled(command: Command) -> Command:
        tx.cursor.execute("UPDATE session SET state = 'cancelled' WHERE id = ?", (session,))
        return command

    def released(command: Command) -> Command:
        tx.cursor.execute("UPDATE stage SET session_id = NULL WHERE hall_id = ?", (session,))
        return command

    def another() -> int:
        written = drafts.WritePoll(session=session, texts=[{"en": "Q"}, {"en": "a"}, {"en": "b"}])
        return int(written.perform(tx, SYSTEM_BADGE, 1.0).facts["poll"])

    def staged(command: Command) -> Command:
        stage.StageNext(hall=session, scene=stage.Scene(kind="lobby")).perform(tx, SYSTEM_BADGE, 1.0)
        return command

    def waits(command: Command) -> Command:
        tx.add(logins.Asking(token_hash=b"x", person_id=2, issue=1, language="en", number=47, made_at=LATER))
        return command

    def walk_in() -> int:
        tx.cursor.execute("UPDATE person SET pending = 1, revoked = 1 WHERE id = 2")
        return 2

    def spare() -> int:
        tx.add(logins.Spare(id=1))
        return 1

    def handed() -> Command:
        tx.cursor.execute("UPDATE session SET day = '2096-10-02' WHERE id = ?", (session,))
        return staffing.HandSession(session=session, person=5, role="teller")

    def held() -> Command:
        handed().perform(tx, SYSTEM_BADGE, LATER)
        return staffing.TakeBack(session=session, person=5, role="teller")

    def imported() -> Command:
        tx.cursor.execute("UPDATE person SET role = 'organiser' WHERE id = 5")
        plan = imports.parse({"halls.csv": b"key,name_en\nhall-z,Hall Z\n"}, tx.cursor)
        return lists.ImportLists(plan=plan, seen=lists.digest(plan), person=5)

    def undoable() -> Command:
        stage.SetBlank(hall=session, on=True).perform(tx, SYSTEM_BADGE, 1.0)
        return stage.Undo(entry=tx.cursor.execute("SELECT max(id) FROM journal").fetchone()[0])

    confirm = 10 + poll * 37 % 90
    made: dict[type[Command], Callable[[], Command]] = {
        ballots.CastVote: vote,
        doors.CheckIn: lambda: doors.CheckIn(session=session),
        logins.SetLanguage: lambda: logins.SetLanguage(language="tr"),
        logins.SignOut: logins.SignOut,
        people.LearnKeys: lambda: people.LearnKeys(on=True),
        doors.StartSession: lambda: planned(doors.StartSession(session=session)),
        doors.EndSession: lambda: doors.EndSession(session=session, confirm=10 + session * 37 % 90),
        doors.Follow: lambda: released(doors.Follow(session=session)),
        doors.HandScreen: lambda: followed(doors.HandScreen(session=session, to=3 - session)),
        schedule.RunLate: lambda: schedule.RunLate(session=session, minutes=5, seen_end="10:00"),
        schedule.MoveSession: lambda: planned(schedule.MoveSession(session=session, hall=session, start="12:00")),
        called_off.PostponeSession: lambda: planned(called_off.PostponeSession(session=session)),
        called_off.CancelSession: lambda: called_off.CancelSession(session=session, confirm=10 + session * 37 % 90),
        called_off.RestoreSession: lambda: cancelled(called_off.RestoreSession(session=session)),
        drafts.WritePoll: lambda: drafts.WritePoll(session=session, texts=[{"en": "Q"}, {"en": "a"}, {"en": "b"}]),
        drafts.ApproveText: lambda: drafts.ApproveText(poll=another(), language="en"),
        drafts.CorrectWording: lambda: drafts.CorrectWording(poll=poll, slot=0, language="en", body="Other"),
        drafts.MovePoll: lambda: drafts.MovePoll(poll=another(), place=1),
        drafts.MakeReady: lambda: drafts.MakeReady(poll=poll),
        voting.OpenPoll: lambda: after("ready", voting.OpenPoll(poll=poll)),
        voting.SetTimer: lambda: after("open", voting.SetTimer(poll=poll, seconds=9)),
        voting.EndVoting: lambda: after("open", voting.EndVoting(poll=poll)),
        voting.ContinueVoting: lambda: after("closing", voting.ContinueVoting(poll=poll)),
        voting.SealPoll: lambda: after("closing", voting.SealPoll(poll=poll, closed_at=2.0)),
        voting.LookFirst: lambda: after("sealed", voting.LookFirst(poll=poll)),
        voting.Reveal: lambda: after("sealed", voting.Reveal(poll=poll)),
        voting.Withdraw: lambda: after("open", voting.Withdraw(poll=poll)),
        rounds.ResetPoll: lambda: after("open", rounds.ResetPoll(poll=poll, confirm=confirm)),
        rounds.NewRound: lambda: after("sealed", rounds.NewRound(poll=poll, round=2)),
        hands.CountHands: lambda: after("open", hands.CountHands(poll=poll, item=item, n=3)),
        stage.StageNext: lambda: stage.StageNext(hall=session, scene=stage.Scene(kind="lobby")),
        stage.Take: lambda: staged(stage.Take(hall=session, seen=stage.stage_of(tx, session).version)),
        stage.ShowScene: lambda: stage.ShowScene(hall=session, scene=stage.Scene(kind="lobby")),
        stage.SetBlank: lambda: stage.SetBlank(hall=session, on=True),
        stage.Undo: undoable,
        people.RevokeBadge: lambda: people.RevokeBadge(person=5),
        people.ReissueBadge: lambda: people.ReissueBadge(person=5, seen_issue=1),
        hands.RecordHands: lambda: after("open", hands.RecordHands(poll=poll, counts={item: 3})),
        screens.AddTablet: lambda: screens.AddTablet(hall=1, name="At the door"),
        screens.RevokeScreen: lambda: screens.RevokeScreen(screen=1, seen_issue=1),
        people.NameVoter: lambda: people.NameVoter(delegation=1, voter=5),
        spares.MakeSpares: lambda: spares.MakeSpares(count=2, seen=0),
        arrivals.Arrive: lambda: arrivals.Arrive(person=5),
        arrivals.ReplacePerson: lambda: arrivals.ReplacePerson(person=5, given_name="New", family_name="Name"),
        arrivals.AddWalkIn: lambda: arrivals.AddWalkIn(given_name="New", family_name="Name"),
        arrivals.ApproveWalkIn: lambda: arrivals.ApproveWalkIn(person=walk_in()),
        arrivals.DeclineWalkIn: lambda: arrivals.DeclineWalkIn(person=walk_in()),
        binding.BindSpare: lambda: binding.BindSpare(person=5, seen_issue=1, spare=spare()),
        staffing.HandSession: handed,
        staffing.TakeBack: held,
        office.EditEvent: lambda: office.EditEvent(names=NAMES, zone="UTC", languages=["en"]),
        office.AddSession: lambda: office.AddSession(
            hall=session, day="2096-10-02", start="09:00", end="10:00", titles=NAMES
        ),
        office.EditSession: lambda: planned(office.EditSession(session=session, titles=NAMES)),
        office.EditDelegation: lambda: office.EditDelegation(delegation=1, names=NAMES, place=1),
        venue.AddHall: lambda: venue.AddHall(names=NAMES, languages=["en"]),
        venue.EditHall: lambda: venue.EditHall(hall=session, names=NAMES),
        venue.AddScreen: lambda: venue.AddScreen(hall=session, name="Left"),
        venue.EditScreen: lambda: venue.EditScreen(screen=1, name="Left"),
        look.SetAccent: lambda: look.SetAccent(accent="#0b5f6b"),
        look.SetLogo: look.SetLogo,
        lists.ImportLists: imported,
        devices.SeeDevices: devices.SeeDevices,
        devices.AllowDevice: lambda: waits(devices.AllowDevice(number=47, person=2)),
        devices.RefuseDevice: lambda: waits(devices.RefuseDevice(number=47, person=2)),
        devices.AdmitDevice: lambda: waits(devices.AdmitDevice(token_hash=b"x", wait=0.0)),
        devices.StopAsking: lambda: waits(devices.StopAsking(token_hash=b"x")),
        devices.ShowBadge: lambda: devices.ShowBadge(person=5, token_hash=b"x"),
    }
    command_ = made[command]()
    tx.flush()
    return command_


def outcome(store: Store, make: Callable[[Tx], Command], badge: Badge, sent: Callable[[Command], Command]) -> str:
    """ "done", or the key of the refusal. Whatever it was, it is taken back."""
    found: list[str] = []

    def run(tx: Tx) -> Done:
        command = sent(make(tx))
        before = tx.cursor.connection.total_changes
        try:
            allow(badge, command)
            done = command.perform(tx, badge, LATER)
            tx.flush()
            found.append("done" if done.notice != "done" or isinstance(command, doors.CheckIn) else "nothing to do")
            found[0] = (
                "done" if isinstance(command, logins.SetLanguage | people.LearnKeys | devices.SeeDevices) else found[0]
            )
        except Refused as refused:
            found.append(refused.key)
            assert tx.cursor.connection.total_changes == before, "a refused command wrote a row"
        raise Refused("taken_back")

    with pytest.raises(Refused, match="taken_back"):
        store.do(run)
    return found[0]


def by_line(command: Command) -> Command:
    """As the socket decodes it."""
    return decode(msgspec.json.encode(command))


def by_form(command: Command) -> Command:
    """As `POST /do/NAME` decodes the fields of a form."""
    fields: list[tuple[str, str]] = []

    def flat(path: str, value: object) -> None:
        if isinstance(value, dict):
            for key, inner in value.items():
                flat(f"{path}.{key}" if path else key, inner)
        elif isinstance(value, list) and path != "marks":
            for n, inner in enumerate(value):
                flat(f"{path}.{n}", inner)
        elif isinstance(value, list):
            fields.extend(("marks", ".".join(map(str, mark))) for mark in value)
        else:
            fields.append((path, str(value).lower() if isinstance(value, bool) else str(value)))

    told = msgspec.to_builtins(command)
    name = told.pop("do")
    flat("", told)
    return from_form(name, [(key, value) for key, value in fields if value != "None"])


@pytest.fixture(scope="module")
def everybody(tmp_path_factory: pytest.TempPathFactory) -> Everybody:
    return Everybody(tmp_path_factory.mktemp("everybody") / "x.sqlite")


def cells(everybody: Everybody) -> list[tuple[type[Command], str, Badge, int, bool]]:
    """(command, who, badge, session, whether it may be done)."""
    who = {**everybody.badges, "screen": Badge(0, "screen", hall_id=1, screen_id=1), "nobody": Badge(0, "")}
    found = []
    for command, (everywhere, in_session) in RIGHTS.items():
        for name, badge in who.items():
            for session in (1, 2):
                named = name.removeprefix("named ") if name.startswith("named ") else ""
                if command is ballots.CastVote:
                    may = session == 1 and badge.role in VOTERS
                else:
                    may = badge.role in everywhere or (named in in_session and session == 1)
                if command in LEAVES_THE_SESSION_OUT:
                    may = badge.role in everywhere
                found.append((command, name, badge, session, may))
    return found


def test_the_table_and_the_rights_name_the_same_commands() -> None:
    assert set(RIGHTS) == set(COMMANDS)
    assert {command for command, may in RIGHTS.items() if may is NOBODY} == set(commands.OF_THE_PLATFORM)


def test_every_command_by_every_role_is_permitted_where_the_rules_say_and_nowhere_else(everybody: Everybody) -> None:
    counted: Counter[str] = Counter()
    wrong: list[str] = []
    for command, name, badge, session, may in cells(everybody):
        for way in (by_line, by_form) if command in BY_NAME.values() else (lambda c: c,):

            def make(tx: Tx, command: type[Command] = command, session: int = session) -> Command:
                return ready_for(everybody, tx, command, session)

            found = outcome(everybody.store, make, badge, way)
            permitted = found == "done"
            counted["permitted" if permitted else "refused"] += 1
            if permitted != may or (not may and found not in ("not_yours", "not_in_electorate")):
                wrong.append(f"{command.__name__} by {name} in session {session}: {found}")

    assert wrong == []
    assert counted.total() >= 2000
    assert counted["permitted"] >= 500


def test_a_policy_with_a_hole_is_found(everybody: Everybody, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control of the matrix: one role too many in one line of the table."""
    monkeypatch.setitem(rights.EVERYWHERE, "moderate", frozenset({"organiser", "interpreter"}))

    permitted = [
        command
        for command, _, badge, session, may in cells(everybody)
        if badge.role == "interpreter" and not may and command is voting.OpenPoll
        if outcome(everybody.store, lambda tx, c=command, s=session: ready_for(everybody, tx, c, s), badge, by_line)
        == "done"
    ]

    assert permitted


# At the doors themselves


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with House(World(tmp_path / "x.sqlite"), tmp_path, message_rate=1000, message_burst=1000) as made:
        yield made


def plain(command: type[Command]) -> dict[str, Any]:
    """A message with something in every field that is needed."""
    values: dict[str, Any] = {
        "poll": 1, "secret": "0" * 32, "intent": "0" * 32, "turn": 1, "session": 1, "language": "en", "confirm": 1,
        "slot": 0, "body": "Words", "place": 1, "seconds": 1, "round": 2, "item": 1, "n": 1, "hall": 1,
        "seen": 1, "scene": {"kind": "title"}, "on": True, "entry": 1, "person": 4, "seen_issue": 1, "screen": 1,
        "delegation": 1, "voter": 4, "number": 47, "given_name": "Given", "family_name": "Family", "count": 1,
        "counts": {"1": 3}, "to": 1, "minutes": 5, "seen_end": "10:00", "names": NAMES, "titles": NAMES, "zone": "UTC",
        "languages": ["en"], "day": "2096-10-02", "start": "09:00", "end": "10:00", "name": "Left",
        "accent": "#0b5f6b",
    }  # fmt: skip
    return {f.name: values[f.name] for f in msgspec.structs.fields(command) if f.required}


@pytest.mark.anyio
async def test_without_a_badge_every_command_gets_the_one_answer(house: House) -> None:
    before = house.world.dump()
    transport = httpx2.ASGITransport(app=house.apps[0])
    headers = {"origin": f"http://{HOST}", "accept": "application/json"}
    async with httpx2.AsyncClient(transport=transport, base_url=f"http://{HOST}", headers=headers) as client:
        for name, command in BY_NAME.items():
            if command is logins.SetLanguage:
                continue  # the one thing that can be chosen before: it is kept in the browser
            for cookie in ("", "hallside=made-up"):
                answer = await client.post(f"/do/{name}", json=plain(command), headers={"cookie": cookie})

                assert (answer.status_code, answer.json()["no"]) == (401, "show_badge_first"), name
    line = await house.guest(None)

    assert line.code == 4002
    assert house.world.dump() == before


@pytest.mark.anyio
@pytest.mark.parametrize(
    "name", [name for name, c in BY_NAME.items() if RIGHTS[c] in (MODERATE, SWITCH, HANDS, MANAGE, APPROVE, PROGRAMME)]
)
async def test_a_participant_and_a_screen_send_no_staff_command_by_line_or_form(house: House, name: str) -> None:
    world = house.world
    world.do(stage.SetBlank(hall=1, on=True))
    world.poll(open_=False)
    message = {"do": name, **plain(BY_NAME[name])}
    if "number" in message:
        message["person"] = 1  # nobody may decide on another's devices
    if name == "undo":
        newest = world.store.peek.cursor.execute("SELECT max(id) FROM journal WHERE undo != ''")
        message["entry"] = newest.fetchone()[0]
    before = {table: rows for table, rows in world.dump().items() if table != "login"}
    for badge in (world.person(0), Badge(0, "screen", hall_id=1, screen_id=1)):
        guest = await house.guest(badge, "screen" if badge.screen_id else "phone")
        by_socket = await guest.ask(message)
        transport = httpx2.ASGITransport(app=house.apps[0])
        async with httpx2.AsyncClient(transport=transport, base_url=f"http://{HOST}") as client:
            by_post = await client.post(
                f"/do/{name}", json=message,
                headers={
                    "origin": f"http://{HOST}", "accept": "application/json", "cookie": f"hallside={house.token(badge)}"
                },
            )  # fmt: skip

        assert by_socket["no"] == "not_yours"
        assert (by_post.status_code, by_post.json()["no"]) == (403, "not_yours")

    assert {table: rows for table, rows in world.dump().items() if table != "login"} == before


# What a message may be


def refused(text: bytes) -> bool:
    try:
        decode(text)
    except Refused as no:
        return no.key == "not_understood"
    return False


def test_what_is_needed_is_enough() -> None:
    """The control of the refusals below: the plain message of every command is understood."""
    for name, command in BY_NAME.items():
        assert isinstance(decode(json.dumps({"do": name, **plain(command)}).encode()), command)


@pytest.mark.parametrize("name", BY_NAME)
def test_an_unknown_field_is_refused_and_so_is_one_that_is_missing(name: str) -> None:
    message = {"do": name, **plain(BY_NAME[name])}

    assert refused(json.dumps(message | {"rank": "organiser"}).encode())
    for field in plain(BY_NAME[name]):
        assert refused(json.dumps({k: v for k, v in message.items() if k != field}).encode()), field


def wrongs(kind: object) -> list[object]:
    """Values that a field of this type never has."""
    told = repr(kind)
    if "bool" in told:
        return [None, 0, 1, "true", [], {}]
    if "dict" in told and "str" not in told:
        return [None, 1, "x", [], {}, {"x": 1}, {"1": "3"}, {"1": -1}, {"-1": 1}, {"1": 2**64}]
    if "list" in told:
        return [None, 1, "x", {}, [None], [1]]
    if told.startswith("dict"):
        return [None, 1, "x", [], {"en": 1}, {"en": None}, {"en": "x" * 5000}, {"x" * 300: "x"}]
    if "Scene" in told:
        return [1, "title", [], {}, {"kind": "film"}, {"kind": "title", "x": 1}]
    if "float" in told:
        return [None, "1", [], {}, True]
    if "str" in told:
        return [None, 1, True, [], {}, "x" * 5000]
    return [None, -1, 2**53 + 1, 2**64, 1.5, "1", True, [], {}]


@pytest.mark.parametrize("name", BY_NAME)
def test_every_field_has_a_type_and_bounds(name: str) -> None:
    command = commands._MESSAGES[name]
    message = {"do": name, **plain(BY_NAME[name])}
    for field in msgspec.structs.fields(command):
        for value in wrongs(field.type):
            assert refused(json.dumps(message | {field.name: value}).encode()), (field.name, value)


@pytest.mark.parametrize(
    "text",
    [
        b"", b"{", b"null", b"[]", b'"hello"', b"1", b"\xff\xfe", b'{"do":1}', b'{"do":"drop_table"}', b"{}",
        b'{"do":"seal_poll","poll":1,"closed_at":1.0}', b'{"do":"show_badge","person":1}', b'{"do":"restore"}',
        b'{"do":"hello","view":"phone","have":{"now":1}}', b'{"do":"beat","size":[1]}', b'{"do":"beat","shown":"x"}',
        b'{"do":"check_in","session":NaN}', b'{"do":"check_in","session":1}{}', b'{"do":"check_in","session":1e999}',
        b'{"do":"set_language","language":"\\ud800"}', b"[" * 100_000, b'{"a":' * 50_000,
    ],
)  # fmt: skip
def test_what_is_no_message_is_not_understood(text: bytes) -> None:
    assert refused(text)


@given(st.binary(max_size=300))
def test_bytes_of_any_kind_are_understood_or_refused(text: bytes) -> None:
    with contextlib.suppress(Refused):
        decode(text)


FIELDS = st.sampled_from(
    ["poll", "secret", "intent", "turn", "marks", "scene.kind", "scene.poll", "texts.0.en", "texts.1.en", "texts.x.en",
     "texts.0", "texts", "do", "scene", "a.b.c.d", "session", "hall", "on", "language", ".", "", "min", "timer_s",
     "counts", "counts.1", "counts.x.1", "name"]
)  # fmt: skip


@given(st.sampled_from(list(BY_NAME)), st.lists(st.tuples(FIELDS, st.text(max_size=20)), max_size=8))
def test_forms_of_any_kind_are_understood_or_refused(name: str, fields: list[tuple[str, str]]) -> None:
    with contextlib.suppress(Refused):
        assert isinstance(from_form(name, fields), BY_NAME[name])


def test_a_form_nests_lists_and_leaves_empty_fields_out() -> None:
    written = from_form(
        "write_poll",
        [("session", "1"), ("texts.0.en", "Q"), ("texts.2.en", "b"), ("texts.10.en", "c"), ("texts.1.en", "a"),
         ("min", ""), ("timer_s", "30"), ("next", "/desk/1"), ("ballot", "secret")],
    )  # fmt: skip
    voted = from_form(
        "cast_vote",
        [("poll", "2"), ("secret", "0" * 32), ("intent", "1" * 32), ("turn", "1"), ("marks", "31"), ("marks", "4.2")],
    )

    assert isinstance(written, drafts.WritePoll)
    assert (written.texts, written.min, written.timer_s) == ([{"en": t} for t in ("Q", "a", "b", "c")], 1, 30)
    assert isinstance(voted, ballots.CastVote)
    assert voted.marks == [[31], [4, 2]]


def test_json_without_its_do_is_the_command_of_its_path_and_with_another_is_refused() -> None:
    assert isinstance(from_json("approve_text", b'{"poll":1,"language":"do"}'), drafts.ApproveText)
    assert from_json("approve_text", b'{"poll":1,"language":"en"}') == drafts.ApproveText(poll=1, language="en")
    for body in (b'{"do":"open_poll","poll":1}', b"[1]", b"", b'{"poll":1,"language":"en","x":1}'):
        with pytest.raises(Refused, match="not_understood"):
            from_json("approve_text", body)
    for name in ("seal_poll", "show_badge", "restore", "", "x"):
        with pytest.raises(Refused, match="not_understood"):
            from_json(name, b"{}")
