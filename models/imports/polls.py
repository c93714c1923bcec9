"""polls.json. What a kind of poll cannot do is said by the poll's key, never guessed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from models import rights
from models.imports.cells import OFFERED
from models.imports.decoding import utf8
from models.imports.findings import Findings
from models.imports.rows import PollRow, Texts
from models.imports.tables import Columns
from models.imports.tidying import clean
from models.kinds import KINDS
from models.polls import BALLOTS, OPTION, QUESTION, RESULTS

POLLS = "polls.json"
OPTIONS = 20
"""Most options a poll can have."""
_FIELDS = ("key", "session", "kind", "text", "options", "settings")
_SETTINGS = ("min", "max", "ballot", "results", "electorate", "timer_s")


def read_polls(data: bytes, found: Findings) -> tuple[list[PollRow], Columns]:
    text = utf8(POLLS, data, found)
    if text is None:
        return [], Columns()
    try:
        given: Any = msgspec.json.decode(text.encode())
    except msgspec.DecodeError as error:
        found.problem(POLLS, 0, "not_json", why=str(error))
        return [], Columns()
    except RecursionError:
        found.problem(POLLS, 0, "not_json", why="nested too deeply")
        return [], Columns()
    if not isinstance(given, list) or not all(isinstance(each, dict) for each in given):
        found.problem(POLLS, 0, "not_json", why="a list of polls is expected")
        return [], Columns()
    names = list(dict.fromkeys(name for each in given for name in each))
    columns = Columns(tuple(n for n in names if n in _FIELDS), tuple(n for n in names if n not in _FIELDS), len(given))
    polls: dict[str, PollRow] = {}
    for n, each in enumerate(given, 1):
        poll = _poll(n, each, found)
        if poll is None:
            continue
        if poll.key not in polls:
            polls[poll.key] = poll
        elif polls[poll.key] == poll:
            found.note(POLLS, n, "row_twice", first=polls[poll.key].row)
        else:
            found.problem(POLLS, n, "twice", column="key", value=poll.key, first=polls[poll.key].row)
    return list(polls.values()), columns


def _poll(n: int, given: Mapping[str, Any], found: Findings) -> PollRow | None:
    """One poll, or None where it is not offered or not usable, which is said."""
    key = clean(_str(given.get("key")), 40)
    if not key:
        found.problem(POLLS, n, "missing", column="key")
        return None
    name = _str(given.get("kind"))
    kind = KINDS.get(name)
    if kind is None:
        found.note(POLLS, n, "kind_not_offered", key=key, kind=name or "its kind")
        return None
    options, settings = given.get("options", []), given.get("settings", {})
    for what, value, wanted in (("options", options, list), ("settings", settings, dict)):
        if not isinstance(value, wanted):
            found.problem(POLLS, n, "shape", key=key, what=what)
            return None
    if not all(isinstance(option, dict) for option in options):
        found.problem(POLLS, n, "shape", key=key, what="an option")
        return None
    before = len(found.all)
    question = _texts(n, f"{key}: text", given.get("text"), QUESTION, found)
    answers = [_texts(n, f"{key}: option {i}", o.get("text"), OPTION, found) for i, o in enumerate(options, 1)]
    items = tuple(clean(_str(option.get("key")), 20) or chr(96 + i) for i, option in enumerate(options, 1))
    if kind.fixed_items and items != kind.fixed_items:
        found.problem(POLLS, n, "fixed_options", key=key, kind=name, allowed=", ".join(kind.fixed_items))
    elif len(items) < 2 or len(set(items)) < len(items):
        found.problem(POLLS, n, "options", key=key)
    elif len(items) > OPTIONS:
        found.problem(POLLS, n, "too_many_options", key=key, n=len(items), limit=OPTIONS)
    policy = {
        column: _word(n, key, settings, column, allowed, default, found)
        for column, allowed, default in (
            ("ballot", BALLOTS, "confidential"), ("results", RESULTS, "on_release"),
        )
    }  # fmt: skip
    if policy == {"ballot": "secret", "results": "live"}:
        found.problem(POLLS, n, "secret_not_live", key=key)
    electorate = _electorate(n, key, settings.get("electorate"), found)
    least, most = _bounds(n, key, name, settings, len(items), found)
    timer = settings.get("timer_s") or 0
    if type(timer) is not int or not 0 <= timer <= 3600:
        found.problem(POLLS, n, "not_a_number", column=f"{key}: timer_s", least=0, most=3600, value=str(timer))
    for setting, value in settings.items():
        if setting not in _SETTINGS and value is not None:
            found.note(POLLS, n, "setting_dropped", key=key, value=str(setting), kind=name)
    session = clean(_str(given.get("session")), 60)
    if not session:
        found.problem(POLLS, n, "missing", column=f"{key}: session")
    if any(finding.kind == "problem" for finding in found.all[before:]):
        return None
    return PollRow(
        key=key, session=session, kind=name, texts=(question, *answers), items=items,
        electorate=electorate, min=least, max=most, timer_s=timer, row=n, **policy,
    )  # fmt: skip


def _texts(n: int, column: str, given: object, limit: int, found: Findings) -> Texts:
    """Texts by offered language. A question is never cut: half a question asks something else."""
    texts: Texts = {}
    for language in OFFERED:
        body = _str(given.get(language)) if isinstance(given, dict) else ""
        body = clean(body, len(body) * 4 + 1)
        if len(body) > limit:
            found.problem(POLLS, n, "too_long", column=f"{column} {language}", n=len(body), limit=limit)
        if body:
            texts[language] = body
    if not texts:
        found.problem(POLLS, n, "text_missing", column=column)
    return texts


def _word(
    n: int, key: str, settings: Mapping[str, Any], column: str, allowed: Sequence[str], default: str, found: Findings
) -> str:
    value = settings.get(column)
    if value is None:
        return default
    if value not in allowed:
        found.problem(POLLS, n, "not_a_word", column=f"{key}: {column}", allowed=", ".join(allowed), value=str(value))
        return default
    return str(value)


def _electorate(n: int, key: str, given: object, found: Findings) -> str:
    """present, delegations, or roles:moderator,observer"""
    value = _str(given) or "present"
    roles = value.removeprefix("roles:").split(",") if value.startswith("roles:") else []
    if value not in ("present", "delegations") and not (roles and all(role in rights.ROLES for role in roles)):
        allowed = "present, delegations, roles:ROLE"
        found.problem(POLLS, n, "not_a_word", column=f"{key}: electorate", allowed=allowed, value=value)
        return "present"
    return value


def _bounds(n: int, key: str, kind: str, settings: Mapping[str, Any], options: int, found: Findings) -> tuple[int, int]:
    """How many may be chosen. Only multiple choice has a choice here."""
    if kind != "multiple":
        return 1, 1
    least, most = settings.get("min"), settings.get("max")
    least, most = 1 if least is None else least, options if most is None else most
    if type(least) is not int or type(most) is not int or not 0 <= least <= most <= options or most < 1:
        found.problem(POLLS, n, "bounds", key=key, min=str(least), max=str(most), n=options)
        return 1, 1
    return least, most


def _str(value: object) -> str:
    return value if isinstance(value, str) else ""
