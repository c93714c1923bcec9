"""A plan against what is there: what it would change, and what does not fit together."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

import msgspec

from models.imports.findings import Findings
from models.imports.halls import HALLS, PROGRAMME
from models.imports.people import DELEGATIONS, PEOPLE
from models.imports.plan import EVENT, Changes, Diff, Plan, R
from models.imports.polls import POLLS
from models.imports.rows import MeetingRow, PollRow
from models.imports.there import There
from models.imports.unsaid import filled
from models.programme import moment


def compare(plan: Plan, there: There) -> Plan:
    """The plan with what it would change, and what does not fit together with what is there."""
    plan = filled(plan, there)
    found = Findings(plan.names, [each for each in plan.findings if each.key not in _COMPARED])
    event = plan.event
    if event is None and there.event is None and plan.columns:
        found.problem(EVENT, 0, "event_missing", sample=SAMPLE)
    listed = {key: (id_, there.listed(row)) for key, (id_, row) in there.meetings.items()}
    meetings = tuple(_held(meeting, listed, there.fixed, found) for meeting in plan.meetings)
    _references(plan, there, found)
    _numbers(plan, there, found)
    _bookings(meetings, there, found)
    polls = _polls(plan.polls, there, found)
    changes = Changes(
        event if event is not None and event != there.event else None,
        _diff(plan.halls, there.halls),
        _diff(plan.delegations, there.delegations),
        _diff(plan.people, there.people),
        _diff(meetings, listed),
        _moderators(meetings, there, found),
        polls,
    )
    return replace(plan, findings=tuple(found.all), changes=changes)


SAMPLE = '{"names": {"en": "Border Days"}, "zone": "Europe/Istanbul"}'
"""The least that an event.json holds. A name and a zone made up would stand on every screen and shift every time."""

_COMPARED = frozenset(
    {
        "event_missing", "no_such", "hall_twice", "person_twice", "hall_kept", "moderates_still", "moderates_no_more",
        "was_opened", "poll_in_break", "no_booth", "number_given",
    }
)  # fmt: skip
"""Found by comparing, so found anew each time."""


def mark(poll: PollRow) -> str:
    """Digest of a row as it was imported: a text mended at the desk is not overwritten by the same old row."""
    whole = msgspec.json.encode([getattr(poll, name) for name in PollRow.__slots__ if name != "row"])
    return hashlib.sha256(whole).hexdigest()[:16]


def _diff(planned: Sequence[R], there: Mapping[str, tuple[int, R]]) -> Diff[R]:
    new = tuple(row for row in planned if row.key not in there)
    changed = tuple((there[row.key][0], row) for row in planned if row.key in there and there[row.key][1] != row)
    same = len(planned) - len(new) - len(changed)
    return Diff(new, changed, same, len(there) - same - len(changed) if planned else 0)


def _polls(planned: Sequence[PollRow], there: There, found: Findings) -> Diff[PollRow]:
    new: list[PollRow] = []
    changed: list[tuple[int, PollRow]] = []
    same = 0
    for poll in planned:
        old = there.polls.get(poll.key)
        if old is None:
            new.append(poll)
        elif old.mark == mark(poll):
            same += 1
        elif old.state not in ("draft", "ready"):
            found.note(POLLS, poll.row, "was_opened", key=poll.key)
            same += 1
        else:
            changed.append((old.id, poll))
    absent = sum(key not in {poll.key for poll in planned} for key in there.polls) if planned else 0
    return Diff(tuple(new), tuple(changed), same, absent)


def _held(
    meeting: MeetingRow, listed: Mapping[str, tuple[int, MeetingRow]], fixed: Collection[str], found: Findings
) -> MeetingRow:
    """A session that has begun stays in its hall: its screen, phones and polls are there. Moving is done at a desk."""
    old = listed.get(meeting.key)
    if old is None or meeting.key not in fixed or old[1].hall == meeting.hall:
        return meeting
    found.note(PROGRAMME, meeting.row, "hall_kept", key=meeting.key, hall=old[1].hall)
    return replace(meeting, hall=old[1].hall)


def _references(plan: Plan, there: There, found: Findings) -> None:
    halls = {hall.key: hall for hall in (*(row for _, row in there.halls.values()), *plan.halls)}
    delegations = there.delegations.keys() | {each.key for each in plan.delegations}
    numbers = there.people.keys() | {person.key for person in plan.people}
    meetings = {each.key: each for each in (*(row for _, row in there.meetings.values()), *plan.meetings)}
    # Of a list that could not be read nothing is missing: that it was not read is said, and enough.
    unread = {
        file for file in (HALLS, DELEGATIONS, PEOPLE)
        if (columns := plan.columns.get(plan.names.get(file, file))) and not columns.rows
    }  # fmt: skip
    for person in plan.people:
        if person.delegation and DELEGATIONS not in unread and person.delegation not in delegations:
            found.problem(PEOPLE, person.row, "no_such", what="delegation", value=person.delegation)
    for meeting in plan.meetings:
        hall = halls.get(meeting.hall)
        if hall is None:
            if meeting.hall and HALLS not in unread:
                found.problem(PROGRAMME, meeting.row, "no_such", what="hall", value=meeting.hall)
        elif missing := [la for la in meeting.languages.split(",") if la not in hall.languages.split(",")]:
            found.note(PROGRAMME, meeting.row, "no_booth", key=meeting.key, value=", ".join(missing))
        if meeting.kind == "break":
            listed = {poll.key for poll in plan.polls}
            for key, poll_there in there.polls.items():
                if poll_there.session == meeting.key and key not in listed:
                    found.problem(PROGRAMME, meeting.row, "poll_in_break", key=key, value=meeting.key)
        for number in meeting.moderators:
            if number not in numbers and PEOPLE not in unread:
                found.problem(PROGRAMME, meeting.row, "no_such", what="person", value=number)
    for poll in plan.polls:
        owner = meetings.get(poll.session)
        if owner is None:
            found.problem(POLLS, poll.row, "no_such", what="session", value=poll.session)
        elif owner.kind == "break":
            found.problem(POLLS, poll.row, "poll_in_break", key=poll.key, value=poll.session)


def _numbers(plan: Plan, there: There, found: Findings) -> None:
    """A badge that was handed out at the desk must not become somebody else's because a later list counts on."""
    for person in plan.people:
        if person.key in there.given and person.key in there.people:
            old = there.people[person.key][1]
            if (old.given_name, old.family_name) != (person.given_name, person.family_name):
                found.problem(PEOPLE, person.row, "number_given", number=person.key)


def _bookings(meetings: Sequence[MeetingRow], there: There, found: Findings) -> None:
    """No hall and no moderator twice at a time, those of sessions that are not in the list included."""
    listed = {meeting.key for meeting in meetings}
    others = [row for key, (_, row) in there.meetings.items() if key not in listed and key not in there.off]
    busy: dict[tuple[str, str], list[MeetingRow]] = {}
    for meeting in (*others, *meetings):
        if meeting.day and meeting.start and meeting.end and meeting.key not in there.off:
            for what, who in (("hall", meeting.hall), *(("person", number) for number in meeting.moderators)):
                if who:
                    busy.setdefault((what, who), []).append(meeting)
    for (what, who), taken in busy.items():
        taken.sort(key=lambda meeting: (meeting.day, meeting.start, meeting.end))
        longest = taken[0]
        for meeting in taken[1:]:
            if moment(meeting.day, meeting.start) < _over(longest) and (meeting.row or longest.row):
                late, early = (meeting, longest) if meeting.row else (longest, meeting)
                told: dict[str, str] = {"other": early.key, "start": early.start, "end": early.end}
                told["hall" if what == "hall" else "number"] = who
                found.problem(PROGRAMME, late.row, f"{what}_twice", **told)
            longest = max(longest, meeting, key=_over)


def _over(meeting: MeetingRow) -> str:
    return moment(meeting.day, meeting.end)


def _moderators(meetings: Sequence[MeetingRow], there: There, found: Findings) -> tuple[tuple[str, str], ...]:
    """Who is added. Nobody is taken off: a co-moderator may have been named at the desk today."""
    added: list[tuple[str, str]] = []
    for meeting in meetings:
        # Who was replaced does not come back with the list that still names them: it means who came instead.
        meant = tuple(dict.fromkeys(there.heirs.get(number, number) for number in meeting.moderators))
        have = there.meetings[meeting.key][1].moderators if meeting.key in there.meetings else ()
        for number in meant:
            if number not in have:
                if (meeting.key, number) in there.taken_off:
                    found.note(PROGRAMME, meeting.row, "moderates_no_more", number=number, key=meeting.key)
                else:
                    added.append((meeting.key, number))
        for number in have if meeting.is_staffed else ():
            if number not in meant:
                found.note(PROGRAMME, meeting.row, "moderates_still", number=number, key=meeting.key)
    return tuple(added)
