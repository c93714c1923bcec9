"""What a folder has to be told about, by file and row. A problem stops the import; a decision and a note do not."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

WORDS = {
    # the file
    "nothing_here": "holds none of {files}",
    "too_big": "is larger than {limit} MB",
    "too_many_rows": "has more than {rows} rows or {cells} cells; import it in parts, what is there stays",
    "too_many_wrong": "has more than {n} rows that cannot be read; the rest was not looked at",
    "empty": "is empty",
    "another_shape": "should be {expected}, but is {found}",
    "beside": "stands beside {other}, and only {other} is read; take the older one away",
    "not_utf8": "is not UTF-8 text; save it as UTF-8",
    "encoding_unknown": "is not UTF-8, and its letters do not tell what it is; save it as “CSV UTF-8”,"
    ' or name it in decisions.json: {{"encodings": {{"people": "windows-1254"}}}}',
    "not_encoded_so": "is not {encoding}: byte {byte} has no meaning in it",
    "read_as": "read as {encoding}",
    "workbook_damaged": "is damaged or no Excel workbook: {why}",
    "workbook_too_long": "has more than {limit} elements; save it as CSV, or import it in parts",
    "workbook_unpacks": "unpacks to more than {limit} MB",
    "sheets": "has several sheets that may be the list; leave one of them: {value}",
    "sheet_read": "sheet {value} is read, and not {others}",
    "not_xml": "is damaged: {why}",
    "too_many_elements": "has more than {limit} elements; export fewer days at once, what is there stays",
    "too_many_lines": "has more than {limit} lines; export fewer days at once, what is there stays",
    "too_many_slots": "has more than {limit} sessions; import it in parts, what is there stays",
    "no_slots": "has no session in it",
    "calendar_encoding": "is not UTF-8, and its letters do not tell what it is; name it in decisions.json:"
    ' {{"encodings": {{"programme": "windows-1254"}}}}',
    "calendar_broken": "is damaged: a part of it ends here that did not begin, or begins where it cannot",
    "calendar_cut": "is not whole: it ends within {value}",
    "no_property": "is no line of a calendar: {value}",
    "not_json": "cannot be read as JSON: {why}",
    "no_rows": "has no rows under its header",
    "no_header": "should have a row with the columns {columns} among its first {rows}; it begins with {value}",
    "header_here": "the header stands here; filled rows above it that were left out: {n}",
    "header_absent": "decisions.json names columns that are not there: {value}",
    "column_twice": "has two columns for {column}: {first} and {other}",
    "column_missing": "has no column {column}; its columns are {value}",
    "column_unknown": "decisions.json says {header} is {column}, which must be one of {allowed}",
    "cells": "has {n} cells, the header has {of}",
    "quotes": "has a quotation mark too many or too few: {value}",
    "row_too_long": "is longer than a row can be: {value}",
    "rows_hidden": "rows that are hidden in the spreadsheet are read, too: {n}",
    # every cell
    "cell_too_long": "{column} has more than {limit} characters",
    "cell_not_utf8": "{column} holds bytes that are no letters in UTF-8",
    "cell_error": "{column} holds an error of the spreadsheet",
    "formula": "{column} begins as a formula does; write an apostrophe before it if it is meant so: {value}",
    "formula_used": "{column} is a formula; the value saved with it is taken: {value}",
    "formula_bare": "{column} is a formula without a value; save the file in a spreadsheet, or write the value",
    "hidden_characters": "{column} holds characters that cannot be seen; taken out: {value}",
    "lost_letters": "{column} has question marks where letters seem lost; kept as written: {value}",
    # every list
    "missing": "{column} is empty",
    "not_a_whole_number": "{column} is not a whole number from {least} to {most}, in digits alone: {value}",
    "not_a_number": "{column} is not a number from {least} to {most}: {value}",
    "not_a_word": "{column} must be one of {allowed}, not {value}",
    "bad_key": "{column} may hold letters, digits, dots and dashes, at most {limit}: {value}",
    "twice": "{column} {value} stands in row {first} too, with other contents",
    "row_twice": "the same as row {first}; taken once",
    "text_missing": "{column} has no text in any language of the event",
    "too_long": "{column} has {n} characters, at most {limit} are allowed",
    "shortened": "{column} has {n} characters and was cut to {limit}",
    "language_not_offered": "{value} is not offered; left out",
    "no_language": "languages has none of en, tr, ar, ru ({value}); starts in English",
    "no_such": "there is no {what} {value}",
    # programme
    "not_a_day": "{column} is not a day like 2026-12-06 or 6.12.2026: {value}",
    "not_a_time": "{column} is not a time like 09:30: {value}",
    "day_number": "{column} is {value}, the number a spreadsheet has for {day}",
    "ends_before": "ends at {end}, but starts at {start}",
    "hall_twice": "hall {hall} is taken by {other} from {start} to {end}",
    "person_twice": "{number} also moderates {other} from {start} to {end}",
    "hall_kept": "{key} has begun or has opened polls; it stays in hall {hall}",
    "moderates_still": "{number} moderates {key}, but is not in the list; taken off only by hand",
    "moderates_no_more": "{number} was taken off {key} by hand, and stays off it",
    "no_booth": "{key} is announced in {value}, but the hall has no booth for it",
    # schedules
    "no_identifier": "has none of {value}, so that nobody would know it again",
    "stands_twice": "stands twice: {value}",
    "entry_twice": "the same as line {first}; taken once",
    "same_uid": "has the UID {value} of line {first}, but other contents; each event needs its own",
    "newer_taken": "stands in line {first} too; the version with the higher SEQUENCE is taken",
    "field_odd": "{column} is neither text nor a number; left out",
    "not_a_moment": "{column} is no date and time: {value}",
    "not_a_length": "{column} does not tell how long it lasts: {value}",
    "ends_late": "starts at {start} and lasts until 06:00 of the next day or longer; part it in two",
    "zone_unknown": "there is no time zone {value}, and the file does not say what it is",
    "zone_converted": "times in another zone were converted to {zone}: {n}. Look at them before you go on",
    "title_language": "titles in {value}: {n}. They enter as {language}, the first language of the event",
    "room_unknown": "no hall is called {room} (sessions there: {n}). There are: {halls}. Name it so in halls.csv,"
    ' or say in decisions.json which it is: {{"halls": {{"{room}": "KEY"}}}}',
    "room_unclear": "more than one hall is called {room} (sessions there: {n}). Say in decisions.json which it is:"
    ' {{"halls": {{"{room}": "KEY"}}}}. There are: {halls}',
    "room_missing": "does not say in which room it is (such sessions: {n}). Write it there, or name one hall for all of"
    ' them in decisions.json: {{"halls": {{"": "KEY"}}}}. There are: {halls}',
    "no_such_hall": "says that {room} is the hall {value}, which there is not. There are: {halls}",
    "room_left_out": "left out, as decisions.json says of the room {room}",
    "halls_made": "is not there, so halls are made of the rooms: {value}. Check screens, seats and languages, and add"
    " what is missing in a halls.csv",
    "all_day": "takes a whole day, so it is no session; left out",
    "cancelled": "is cancelled there; left out",
    "cancelled_there": "is cancelled there, but {key} is planned here: cancel it at its desk, so that all are told",
    "repeats_ever": "repeats without an end; give it an end or a number of times",
    "repeats_often": "takes place more than {limit} times; give it an end, or take it out",
    "repeats_long": "repeats for more than {days} days; give it an earlier end",
    "repeats_so": "repeats in a way that is not read here; enter it as single events: {value}",
    # people
    "name_missing": "has no name",
    "native_lost": "native_name has lost its letters; left out: {value}",
    "capitals": "the name is written in capitals and kept as written",
    "same_person": "{number} and {other} have the same e-mail address: one person? Both are kept unless you decide",
    "merged": "{number} is the same person as {other}; only {other} is taken",
    "number_given": "{number} was given to somebody else at the registration desk; give this row another number",
    "merge_unknown": "{number} cannot be merged into {other}: {other} is not in the list",
    # polls
    "kind_not_offered": "{key}: {kind} is not offered yet; skipped",
    "shape": "{key}: {what} is not as expected",
    "options": "{key} needs at least two options",
    "too_many_options": "{key} has {n} options, at most {limit} are possible",
    "fixed_options": "{key}: a {kind} poll has the options {allowed}, in this order",
    "bounds": "{key} asks for {min} to {max} of {n} options",
    "secret_not_live": "{key}: a secret poll cannot show live results",
    "setting_dropped": "{key}: {value} means nothing for {kind}; left out",
    "poll_in_break": "{key} belongs to {value}, which is a break",
    "was_opened": "{key} was opened already; it stays as it is",
    # event
    "no_zone": "there is no time zone {value}; zones are named like Europe/Istanbul",
    "zone_missing": "zone is missing: in which time zone are the times of the programme? Such as Europe/Istanbul",
    "event_missing": "is missing: the event needs a name and a time zone. Write this into it, with yours: {sample}",
}
"""What each finding says, in English: importing is done by whoever keeps the platform."""
_ADDRESS = re.compile(r"[^\s,;\"'|<>@]+@[^\s,;\"'|<>@]+")
Kind = Literal["problem", "decision", "note"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to be told. `row` counts as a spreadsheet does; 0 is the whole file."""

    kind: Kind
    file: str
    row: int
    key: str
    params: tuple[tuple[str, str | int], ...] = ()

    @property
    def words(self) -> str:
        return WORDS[self.key].format(**dict(self.params))

    @property
    def place(self) -> str:
        """Where it is: a row, a line of a file that has no rows, or an entry of one whose lines nobody sees."""
        if not self.row:
            return ""
        unit = "entry" if self.file == "schedule.json" else "line" if self.file.endswith((".xml", ".ics")) else "row"
        titled = dict(self.params).get("titled")
        return f"{unit} {self.row}, “{titled}”" if titled else f"{unit} {self.row}"

    def __str__(self) -> str:
        return f"{self.file}, {self.place}: {self.words}" if self.row else f"{self.file}: {self.words}"


@dataclass(slots=True)
class Findings:
    """Collects in the order of finding. `names` says how the file of a list is called where it is no CSV."""

    names: Mapping[str, str] = field(default_factory=dict)
    all: list[Finding] = field(default_factory=list)

    def problem(self, file: str, row: int, key: str, /, **params: str | int) -> None:
        self._add("problem", file, row, key, params)

    def decision(self, file: str, row: int, key: str, /, **params: str | int) -> None:
        self._add("decision", file, row, key, params)

    def note(self, file: str, row: int, key: str, /, **params: str | int) -> None:
        self._add("note", file, row, key, params)

    def _add(self, kind: Kind, file: str, row: int, key: str, params: dict[str, str | int]) -> None:
        # A broken row is shown as it stands. Addresses are compared and forgotten, here too.
        shown = {
            name: _ADDRESS.sub("…", value[:200]) if isinstance(value, str) else value for name, value in params.items()
        }
        self.all.append(Finding(kind, self.names.get(file, file), row, key, tuple(shown.items())))
