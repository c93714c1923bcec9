"""Every command there is. What is not in this table does not exist.

Sockets decode strictly, forms leniently, both into the same structs. Whether this person may do this in this session
is asked inside the transaction.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

import msgspec

from models import (
    arrivals,
    ballots,
    binding,
    called_off,
    devices,
    doors,
    drafts,
    hands,
    lists,
    logins,
    look,
    office,
    people,
    rounds,
    schedule,
    screens,
    spares,
    staffing,
    stage,
    venue,
    voting,
)
from models.command import SYSTEM, Badge, Command, snake
from models.refusals import Refused

OF_PEOPLE: tuple[type[Command], ...] = (
    ballots.CastVote,
    doors.CheckIn,
    logins.SetLanguage,
    logins.SignOut,
    people.LearnKeys,
    devices.SeeDevices,
    devices.AllowDevice,
    devices.RefuseDevice,
    doors.StartSession,
    doors.EndSession,
    doors.Follow,
    doors.HandScreen,
    schedule.RunLate,
    schedule.MoveSession,
    called_off.PostponeSession,
    called_off.CancelSession,
    called_off.RestoreSession,
    drafts.WritePoll,
    drafts.ApproveText,
    drafts.CorrectWording,
    drafts.MovePoll,
    drafts.MakeReady,
    voting.OpenPoll,
    voting.SetTimer,
    voting.EndVoting,
    voting.ContinueVoting,
    voting.LookFirst,
    voting.Reveal,
    voting.Withdraw,
    rounds.ResetPoll,
    rounds.NewRound,
    hands.CountHands,
    hands.RecordHands,
    stage.StageNext,
    stage.Take,
    stage.ShowScene,
    stage.SetBlank,
    stage.Undo,
    people.RevokeBadge,
    people.ReissueBadge,
    screens.AddTablet,
    screens.RevokeScreen,
    people.NameVoter,
    office.EditEvent,
    office.AddSession,
    office.EditSession,
    office.EditDelegation,
    venue.AddHall,
    venue.EditHall,
    venue.AddScreen,
    venue.EditScreen,
    look.SetAccent,
    look.SetLogo,
    arrivals.Arrive,
    arrivals.ReplacePerson,
    arrivals.AddWalkIn,
    arrivals.ApproveWalkIn,
    arrivals.DeclineWalkIn,
    binding.BindSpare,
    staffing.HandSession,
    staffing.TakeBack,
    spares.MakeSpares,
)
OF_THE_PLATFORM: tuple[type[Command], ...] = (
    devices.ShowBadge,
    devices.AdmitDevice,
    devices.StopAsking,
    voting.SealPoll,
    lists.ImportLists,
)
"""Sent by the node itself: by the door once it has checked a badge, and by the clocks."""
COMMANDS = (*OF_PEOPLE, *OF_THE_PLATFORM)


_Id = Annotated[int, msgspec.Meta(ge=0, le=2**53)]


class Hello(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="do", tag="hello"):
    """The first message on a line: what it looks at, and the digests of the parts its page already holds."""

    view: str
    session: _Id = 0
    hall: _Id = 0
    next: bool = False
    page: str = "now"
    have: dict[str, str] = {}


class Beat(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="do", tag="beat"):
    """A sign of life. A screen says which version of the picture it has drawn, whether black, and its size.

    A phone says that its page is hidden from now on (`away`): it may then fall silent and is not lost.
    """

    shown: int = -1
    blank: bool = False
    size: tuple[int, int] = (0, 0)
    away: bool = False


def _on_the_line(command: type[Command]) -> type[Command]:
    """The command as a message: with the `id` its answer repeats, and `at`, the sender's server time, for staff."""
    made: type[Any] = msgspec.defstruct(
        f"{command.__name__}Message",
        [("id", _Id, 0), ("at", float, 0.0)],
        bases=(command,),
        namespace={"hot": command.hot, "alone": command.alone},
        kw_only=True, forbid_unknown_fields=True, tag_field="do", tag=snake(command.__name__),
    )  # fmt: skip
    return made


BY_NAME: dict[str, type[Command]] = {snake(command.__name__): command for command in OF_PEOPLE}
_MESSAGES = {name: _on_the_line(command) for name, command in BY_NAME.items()}
_FROM_PEOPLE = {*OF_PEOPLE, *_MESSAGES.values()}
_decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(Union[Hello, Beat, *_MESSAGES.values()])


def decode(text: bytes) -> Any:
    """One socket message as Hello, Beat or a command. Refused("not_understood") for everything else."""
    try:
        return _decoder.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
        raise Refused("not_understood") from exc


_ID = re.compile(rb'"id"\s*:\s*([0-9]{1,15})[\s,}]')


def id_in(text: bytes) -> int:
    """The id of a message that was not understood, so that its sender need not wait; 0 where none can be read."""
    found = _ID.search(text)
    return int(found[1]) if found else 0


def from_json(name: str, body: bytes) -> Command:
    """A command posted as JSON, without its `do`. Strict."""
    command = _named(name)
    try:
        return (
            msgspec.json.decode(body, type=_MESSAGES[name])
            if b'"do"' in body
            else msgspec.convert(msgspec.json.decode(body) | {"do": name}, type=command, str_keys=True)
        )
    except (msgspec.DecodeError, TypeError, UnicodeDecodeError, RecursionError) as exc:
        raise Refused("not_understood") from exc


def from_form(name: str, fields: Iterable[tuple[str, str]]) -> Command:
    """A command posted as a form. `a.b=1` nests, `texts.0.en` makes lists, `marks=31` repeated is a list of marks."""
    command = _named(name)
    known = get_type_hints(command)
    tree: dict[str, Any] = {}
    for key, value in fields:
        path = key.split(".")
        if path[0] not in known:
            continue  # `next` and the like belong to the page, not to the command
        if path[0] == "marks":
            tree.setdefault("marks", []).append(value.split("."))
        elif len(path) <= 3:
            node = tree
            for step in path[:-1]:
                node = node.setdefault(step, {})
                if not isinstance(node, dict):
                    raise Refused("not_understood")
            node[path[-1]] = value
    for field, hint in known.items():
        if isinstance(tree.get(field), dict) and get_origin(hint) is list:
            try:
                tree[field] = [tree[field][n] for n in sorted(tree[field], key=int)]
            except ValueError as exc:
                raise Refused("not_understood") from exc
    for field, value in list(tree.items()):
        if value == "" and known[field] is not str and str not in get_args(known[field]):
            del tree[field]  # an empty field of a form is a field that was not filled in
    try:
        return msgspec.convert(tree | {"do": name}, type=command, strict=False)
    except msgspec.ValidationError as exc:
        raise Refused("not_understood") from exc


def allow(badge: Badge, command: Command) -> None:
    """Refused("not_yours") unless this badge may send such a command at all. A screen sends none."""
    known = type(command) in _FROM_PEOPLE and badge.person_id
    if not known and not (badge.role == SYSTEM and type(command) in COMMANDS):
        raise Refused("not_yours")


def _named(name: str) -> type[Command]:
    command = BY_NAME.get(name)
    if command is None:
        raise Refused("not_understood")
    return command
