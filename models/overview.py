"""What the organiser's pages show: the agenda as a grid, what texts are missing, and what is to be done before doors.

A board is built by its queries: the same number for one session and for fifty.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

import msgspec

from models.programme import Texts
from models.store import Tx


@dataclass(frozen=True, slots=True)
class Counts:
    """For the navigation and the checklist. `registered` counts badges that work, organisers included."""

    halls: int
    sessions: int
    people: int
    arrived: int
    delegations: int


@dataclass(frozen=True, slots=True)
class PollGaps:
    """A poll that was not opened yet, and the languages of its session that it lacks, in the event's order."""

    id: int
    session: int
    texts: Texts
    missing: tuple[str, ...]
    """Without a text of the question or of an answer."""
    drafts: tuple[str, ...]
    """Written, and not approved yet."""


@dataclass(frozen=True, slots=True)
class Named:
    """Who leads a session, and as what: moderator or chair."""

    person: int
    name: str
    role: str


@dataclass(frozen=True, slots=True)
class Card:
    """A session in the grid."""

    id: int
    hall_id: int
    day: str
    start: str
    end: str
    titles: Texts
    kind: str
    track: str
    state: str
    languages: tuple[str, ...]
    code: str
    polls: int
    missing: tuple[str, ...]
    drafts: tuple[str, ...]
    staff: tuple[Named, ...]
    moved: bool
    late: bool
    """Stands in another hall, or begins at another time, than its list said."""
    gaps: tuple[PollGaps, ...] = ()

    @property
    def lacks(self) -> bool:
        return self.state in ("planned", "postponed", "on") and bool(self.missing or self.drafts)


@dataclass(frozen=True, slots=True)
class HallColumn:
    id: int
    names: Texts


@dataclass(frozen=True, slots=True)
class Grid:
    """One day: `rows` are (start, cells), each cell the sessions of one hall that begin then."""

    day: str
    days: tuple[str, ...]
    halls: tuple[HallColumn, ...]
    rows: tuple[tuple[str, tuple[tuple[Card, ...], ...]], ...]


@dataclass(frozen=True, slots=True)
class ToDo:
    """One line of "Before the doors open". `state` is received (done), attn (someone should act) or "" (not yet)."""

    key: str
    state: str
    href: str
    n: int = 0
    of: int = 0
    at: float = 0.0
    languages: tuple[str, ...] = ()
    hall: Texts = field(default_factory=dict)
    name: str = ""


def counts(tx: Tx) -> Counts:
    row = tx.cursor.execute(
        "SELECT (SELECT count(*) FROM hall), (SELECT count(*) FROM session WHERE state != 'cancelled'),"
        " (SELECT count(*) FROM person WHERE NOT revoked), (SELECT count(*) FROM person WHERE arrived AND NOT revoked),"
        " (SELECT count(*) FROM delegation)"
    ).fetchone()
    return Counts(*row)


def gaps(tx: Tx) -> tuple[PollGaps, ...]:
    """Every poll that was not opened yet, in the order of the programme, with what it lacks."""
    offered = _event_languages(tx)
    slots = dict(tx.cursor.execute("SELECT poll_id, count(*) FROM item GROUP BY poll_id").fetchall())
    written: defaultdict[str, dict[tuple[int, str], tuple[str, bool]]] = defaultdict(dict)
    for owner, slot, language, body, approved in tx.cursor.execute(
        "SELECT owner, slot, language, body, approved_by IS NOT NULL FROM text WHERE owner GLOB 'poll:*'"
    ).fetchall():
        written[owner][slot, language] = body, bool(approved)
    found: list[PollGaps] = []
    for id_, session, languages in tx.cursor.execute(
        "SELECT p.id, s.id, s.languages FROM poll p JOIN session s ON s.id = p.session_id"
        " WHERE p.state IN ('draft', 'ready') AND s.state NOT IN ('ended', 'cancelled')"
        " ORDER BY s.day, s.start, s.id, p.place"
    ).fetchall():
        texts = written[f"poll:{id_}"]
        spoken = sorted(languages.split(","), key=lambda la: offered.index(la) if la in offered else 9)
        places = range(1 + slots.get(id_, 0))
        missing = tuple(la for la in spoken if any((slot, la) not in texts for slot in places))
        drafts = tuple(
            la for la in spoken if la not in missing and not all(texts[slot, la][1] for slot in places)
        )  # fmt: skip
        question = {la: texts[0, la][0] for la in (*spoken, *offered) if (0, la) in texts}
        found.append(PollGaps(id_, session, question, missing, drafts))
    return tuple(found)


def cards(tx: Tx) -> tuple[Card, ...]:
    """Every session, in order of time and hall."""
    lacking: defaultdict[int, list[PollGaps]] = defaultdict(list)
    for each in gaps(tx):
        lacking[each.session].append(each)
    asked = dict(
        tx.cursor.execute("SELECT session_id, count(*) FROM poll WHERE root_id IS NULL GROUP BY session_id").fetchall()
    )
    staff: defaultdict[int, list[Named]] = defaultdict(list)
    for session, person, name, role in tx.cursor.execute(
        "SELECT f.session_id, p.id, trim(p.given_name || ' ' || p.family_name), f.role FROM sessionstaff f"
        " JOIN person p ON p.id = f.person_id WHERE f.role IN ('moderator', 'chair') AND NOT p.revoked"
        " ORDER BY p.number"
    ).fetchall():
        staff[session].append(Named(person, name, role))
    made: list[Card] = []
    for id_, hall, day, start, end, titles, kind, track, state, languages, code, listed in tx.cursor.execute(
        'SELECT s.id, s.hall_id, s.day, s.start, s."end", s.titles, s.kind, s.track, s.state, s.languages, s.code,'
        " s.listed FROM session s JOIN hall h ON h.id = s.hall_id ORDER BY s.day, s.start, h.key, s.id"
    ).fetchall():
        said = msgspec.json.decode(listed)
        own = tuple(lacking[id_])
        made.append(
            Card(
                id=id_, hall_id=hall, day=day, start=start, end=end, titles=msgspec.json.decode(titles), kind=kind,
                track=track, state=state, languages=tuple(languages.split(",")), code=code, polls=asked.get(id_, 0),
                missing=tuple(dict.fromkeys(la for gap in own for la in gap.missing)),
                drafts=tuple(dict.fromkeys(la for gap in own for la in gap.drafts)),
                staff=tuple(staff[id_]), moved="hall" in said,
                late=said.get("start", start) < start and said.get("day", day) == day, gaps=own,
            )
        )  # fmt: skip
    return tuple(made)


STAFF = 300
"""People who are offered for leading a session: those whom the list gives such a role."""


def candidates(tx: Tx) -> tuple[tuple[int, str, str], ...]:
    """(id, name, number) of people who may lead a session, by name. Anybody else is found at the registration desk."""
    rows = tx.cursor.execute(
        "SELECT id, trim(given_name || ' ' || family_name), number FROM person WHERE NOT revoked AND NOT pending"
        " AND role IN ('moderator', 'chair', 'rapporteur', 'organiser') ORDER BY given_name, family_name LIMIT ?",
        (STAFF,),
    ).fetchall()
    return tuple(rows)


def grid(tx: Tx, wished: str = "") -> Grid:
    """The agenda of one day: the one wished for, else the first. Halls without a session that day are left out."""
    every = cards(tx)
    days = tuple(dict.fromkeys(card.day for card in every))
    day = wished if wished in days else days[0] if days else ""
    today = [card for card in every if card.day == day]
    used = {card.hall_id for card in today}
    halls = tuple(
        HallColumn(id_, msgspec.json.decode(names))
        for id_, names in tx.cursor.execute("SELECT id, names FROM hall ORDER BY key").fetchall()
        if id_ in used
    )
    rows = tuple(
        (start, tuple(tuple(c for c in today if c.start == start and c.hall_id == hall.id) for hall in halls))
        for start in dict.fromkeys(card.start for card in today)
    )
    return Grid(day, days, halls, rows)


def to_do(tx: Tx, *, reachable: bool) -> tuple[ToDo, ...]:
    """What stands between now and open doors, told from what is there."""
    n = counts(tx)
    every = cards(tx)
    sessions = [card for card in every if card.kind != "break" and card.state in ("planned", "postponed", "on")]
    imported = tx.cursor.execute("SELECT max(at) FROM journal WHERE act = 'imported'").fetchone()[0] or 0.0
    named = tx.cursor.execute("SELECT 1 FROM event").fetchone() is not None
    todo = [] if named else [ToDo("event", "attn", "/office/event")]
    todo.append(ToDo("agenda", "received" if n.sessions else "attn", "/office/import", n.sessions, n.halls))
    todo.append(ToDo("people", "received" if n.people > 1 else "attn", "/office/import", n.people, at=imported))
    unmoderated = [card for card in sessions if not card.staff]
    if sessions:
        first = f"/office/session/{unmoderated[0].id}#moderators" if unmoderated else "/office"
        state = "attn" if unmoderated else "received"
        todo.append(ToDo("moderators", state, first, len(unmoderated), len(sessions)))
    todo += _texts(tx, sum(card.polls for card in sessions))
    todo += _screens(tx)
    todo += _voters(tx)
    todo.append(ToDo("address", "received" if reachable else "attn", "/office/event#address"))
    if n.people > 1:
        todo.append(ToDo("arrived", "received" if n.arrived == n.people else "", "/people", n.arrived, n.people))
    return tuple(todo)


def _texts(tx: Tx, asked: int) -> list[ToDo]:
    found = gaps(tx)
    missing = [each for each in found if each.missing]
    drafts = [each for each in found if each.drafts]
    offered = _event_languages(tx)
    told = []
    for key, rows, of in (("missing", missing, "missing"), ("drafts", drafts, "drafts")):
        if rows:
            languages = tuple(la for la in offered if any(la in getattr(each, of) for each in rows))
            told.append(ToDo(key, "attn", "/office/languages", len(rows), languages=languages))
    if not told and asked:
        told.append(ToDo("texts", "received", "/office/languages", asked))
    return told


def _screens(tx: Tx) -> list[ToDo]:
    rows = tx.cursor.execute(
        "SELECT s.id, s.name, h.names, EXISTS (SELECT 1 FROM login l WHERE l.screen_id = s.id AND l.issue = s.issue)"
        " FROM screen s JOIN hall h ON h.id = s.hall_id WHERE NOT s.revoked AND s.kind = 'screen'"
        " AND EXISTS (SELECT 1 FROM session m WHERE m.hall_id = h.id AND m.kind != 'break' AND m.state != 'cancelled')"
        " ORDER BY h.key, s.id"
    ).fetchall()
    bare = tx.cursor.execute(
        "SELECT h.id, h.names FROM hall h WHERE EXISTS (SELECT 1 FROM session m WHERE m.hall_id = h.id"
        " AND m.kind != 'break' AND m.state != 'cancelled')"
        " AND NOT EXISTS (SELECT 1 FROM screen s WHERE s.hall_id = h.id AND NOT s.revoked AND s.kind = 'screen')"
    ).fetchall()
    shut = [
        ToDo("screen", "attn", f"/office/halls?show={id_}#screen-{id_}", hall=msgspec.json.decode(names), name=name)
        for id_, name, names, opened in rows if not opened
    ]  # fmt: skip
    none = [
        ToDo("no_screen", "attn", f"/office/halls#hall-{id_}", hall=msgspec.json.decode(names)) for id_, names in bare
    ]
    done = [ToDo("screens", "received", "/office/halls", len(rows))] if rows and not shut and not none else []
    return [*none, *shut, *done]


def _voters(tx: Tx) -> list[ToDo]:
    """Asked for only where a poll asks delegations."""
    if not tx.cursor.execute(
        "SELECT 1 FROM poll WHERE electorate = 'delegations' AND state IN ('draft', 'ready')"
    ).fetchone():
        return []
    without, of = tx.cursor.execute(
        "SELECT coalesce(sum(voter_id IS NULL), 0), count(*) FROM delegation WHERE votes"
    ).fetchone()
    return [ToDo("voters", "attn" if without else "received", "/office/delegations", without, of)]


def _event_languages(tx: Tx) -> list[str]:
    row = tx.cursor.execute("SELECT languages FROM event").fetchone()
    return str(row[0]).split(",") if row else ["en"]
