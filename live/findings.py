"""What uploaded lists have to be told about, in the reader's language. The keys are those of `models.imports.findings`.

The command line says the same in English; here the words fit a page where decisions are made with the mouse.
"""

from __future__ import annotations

from live.languages import catalogue
from models.imports import Finding


def _(message: str) -> str:
    """Marks a sentence for translators."""
    return message


WORDS: dict[str, str] = {
    "nothing_here": _("holds none of %(files)s"),
    "too_big": _("is larger than %(limit)s MB"),
    "too_many_rows": _("has more than %(rows)s rows or %(cells)s cells; import it in parts, what is there stays"),
    "too_many_wrong": _("has more than %(n)s rows that cannot be read; the rest was not looked at"),
    "empty": _("is empty"),
    "another_shape": _("should be %(expected)s, but is %(found)s"),
    "beside": _("stands beside %(other)s, and only %(other)s is read; take the older one away"),
    "not_utf8": _("is not UTF-8 text; save it as UTF-8"),
    "encoding_unknown": _(
        "is not UTF-8, and its letters do not tell what it is; choose it under “Letters”, or save the file "
        "as “CSV UTF-8”"
    ),
    "not_encoded_so": _("is not %(encoding)s: byte %(byte)s has no meaning in it"),
    "read_as": _("read as %(encoding)s"),
    "workbook_damaged": _("is damaged or no Excel workbook: %(why)s"),
    "workbook_too_long": _("has more than %(limit)s elements; save it as CSV, or import it in parts"),
    "workbook_unpacks": _("unpacks to more than %(limit)s MB"),
    "sheets": _("has several sheets that may be the list; leave one of them: %(value)s"),
    "sheet_read": _("sheet %(value)s is read, and not %(others)s"),
    "not_json": _("cannot be read as JSON: %(why)s"),
    "no_rows": _("has no rows under its header"),
    "no_header": _("should have a row with the columns %(columns)s among its first %(rows)s; it begins with %(value)s"),
    "header_here": _("the header stands here; filled rows above it that were left out: %(n)s"),
    "header_absent": _("columns were decided that are not there: %(value)s"),
    "column_twice": _("has two columns for %(column)s: %(first)s and %(other)s"),
    "column_missing": _("has no column %(column)s; its columns are %(value)s"),
    "column_unknown": _("%(header)s was decided to be %(column)s, which must be one of %(allowed)s"),
    "cells": _("has %(n)s cells, the header has %(of)s"),
    "quotes": _("has a quotation mark too many or too few: %(value)s"),
    "row_too_long": _("is longer than a row can be: %(value)s"),
    "rows_hidden": _("rows that are hidden in the spreadsheet are read, too: %(n)s"),
    "cell_too_long": _("%(column)s has more than %(limit)s characters"),
    "cell_not_utf8": _("%(column)s holds bytes that are no letters in UTF-8"),
    "cell_error": _("%(column)s holds an error of the spreadsheet"),
    "formula": _("%(column)s begins as a formula does; write an apostrophe before it if it is meant so: %(value)s"),
    "formula_used": _("%(column)s is a formula; the value saved with it is taken: %(value)s"),
    "formula_bare": _("%(column)s is a formula without a value; save the file in a spreadsheet, or write the value"),
    "hidden_characters": _("%(column)s holds characters that cannot be seen; taken out: %(value)s"),
    "lost_letters": _("%(column)s has question marks where letters seem lost; kept as written: %(value)s"),
    "missing": _("%(column)s is empty"),
    "not_a_whole_number": _("%(column)s is not a whole number from %(least)s to %(most)s, in digits alone: %(value)s"),
    "not_a_number": _("%(column)s is not a number from %(least)s to %(most)s: %(value)s"),
    "not_a_word": _("%(column)s must be one of %(allowed)s, not %(value)s"),
    "bad_key": _("%(column)s may hold letters, digits, dots and dashes, at most %(limit)s: %(value)s"),
    "twice": _("%(column)s %(value)s stands in row %(first)s too, with other contents"),
    "row_twice": _("the same as row %(first)s; taken once"),
    "text_missing": _("%(column)s has no text in any language of the event"),
    "too_long": _("%(column)s has %(n)s characters, at most %(limit)s are allowed"),
    "shortened": _("%(column)s has %(n)s characters and was cut to %(limit)s"),
    "language_not_offered": _("%(value)s is not offered; left out"),
    "no_language": _("languages has none of en, tr, ar, ru (%(value)s); starts in English"),
    "no_such": _("there is no %(what)s %(value)s"),
    "not_a_day": _("%(column)s is not a day like 2026-12-06 or 6.12.2026: %(value)s"),
    "not_a_time": _("%(column)s is not a time like 09:30: %(value)s"),
    "day_number": _("%(column)s is %(value)s, the number a spreadsheet has for %(day)s"),
    "ends_before": _("ends at %(end)s, but starts at %(start)s"),
    "hall_twice": _("hall %(hall)s is taken by %(other)s from %(start)s to %(end)s"),
    "person_twice": _("%(number)s also moderates %(other)s from %(start)s to %(end)s"),
    "hall_kept": _("%(key)s has begun or has opened polls; it stays in hall %(hall)s"),
    "moderates_still": _("%(number)s moderates %(key)s, but is not in the list; taken off only by hand"),
    "moderates_no_more": _("%(number)s was taken off %(key)s by hand, and stays off it"),
    "no_booth": _("%(key)s is announced in %(value)s, but the hall has no booth for it"),
    "name_missing": _("has no name"),
    "native_lost": _("native_name has lost its letters; left out: %(value)s"),
    "capitals": _("the name is written in capitals and kept as written"),
    "same_person": _(
        "%(number)s and %(other)s have the same e-mail address: one person? Both are kept unless you decide"
    ),
    "merged": _("%(number)s is the same person as %(other)s; only %(other)s is taken"),
    "merge_unknown": _("%(number)s cannot be merged into %(other)s: %(other)s is not in the list"),
    "kind_not_offered": _("%(key)s: %(kind)s is not offered yet; skipped"),
    "shape": _("%(key)s: %(what)s is not as expected"),
    "options": _("%(key)s needs at least two options"),
    "too_many_options": _("%(key)s has %(n)s options, at most %(limit)s are possible"),
    "fixed_options": _("%(key)s: a %(kind)s poll has the options %(allowed)s, in this order"),
    "bounds": _("%(key)s asks for %(min)s to %(max)s of %(n)s options"),
    "secret_not_live": _("%(key)s: a secret poll cannot show live results"),
    "setting_dropped": _("%(key)s: %(value)s means nothing for %(kind)s; left out"),
    "poll_in_break": _("%(key)s belongs to %(value)s, which is a break"),
    "was_opened": _("%(key)s was opened already; it stays as it is"),
    "no_zone": _("there is no time zone %(value)s; zones are named like Europe/Istanbul"),
    "zone_missing": _("zone is missing: in which time zone are the times of the programme? Such as Europe/Istanbul"),
    "event_missing": _("The event needs a name and a time zone first: write them on the page Event, or in event.json"),
    "number_given": _("%(number)s was given to somebody else at the registration desk; give this row another number"),
    # schedules and calendars
    "not_xml": _("is damaged: %(why)s"),
    "too_many_elements": _("has more than %(limit)s elements; export fewer days at once, what is there stays"),
    "too_many_lines": _("has more than %(limit)s lines; export fewer days at once, what is there stays"),
    "too_many_slots": _("has more than %(limit)s sessions; import it in parts, what is there stays"),
    "no_slots": _("has no session in it"),
    "calendar_encoding": _("is not UTF-8, and its letters do not tell what it is; choose it under “Letters”"),
    "calendar_broken": _("is damaged: a part of it ends here that did not begin, or begins where it cannot"),
    "calendar_cut": _("is not whole: it ends within %(value)s"),
    "no_property": _("is no line of a calendar: %(value)s"),
    "no_identifier": _("has none of %(value)s, so that nobody would know it again"),
    "stands_twice": _("stands twice: %(value)s"),
    "entry_twice": _("the same as line %(first)s; taken once"),
    "same_uid": _("has the UID %(value)s of line %(first)s, but other contents; each event needs its own"),
    "newer_taken": _("stands in line %(first)s too; the version with the higher SEQUENCE is taken"),
    "field_odd": _("%(column)s is neither text nor a number; left out"),
    "not_a_moment": _("%(column)s is no date and time: %(value)s"),
    "not_a_length": _("%(column)s does not tell how long it lasts: %(value)s"),
    "ends_late": _("starts at %(start)s and lasts until 06:00 of the next day or longer; part it in two"),
    "zone_unknown": _("there is no time zone %(value)s, and the file does not say what it is"),
    "zone_converted": _("times in another zone were converted to %(zone)s: %(n)s. Look at them before you go on"),
    "title_language": _("titles in %(value)s: %(n)s. They enter as %(language)s, the first language of the event"),
    "room_unknown": _("no hall is called %(room)s (sessions there: %(n)s). Choose its hall. There are: %(halls)s"),
    "room_unclear": _(
        "more than one hall is called %(room)s (sessions there: %(n)s). Choose its hall. There are: %(halls)s"
    ),
    "room_missing": _(
        "does not say in which room it is (such sessions: %(n)s). Choose one hall for all of them. There are: %(halls)s"
    ),
    "no_such_hall": _("says that %(room)s is the hall %(value)s, which there is not. There are: %(halls)s"),
    "room_left_out": _("left out, as was decided of the room %(room)s"),
    "halls_made": _(
        "is not there, so halls are made of the rooms: %(value)s. Check screens, seats and languages, and add what is"
        " missing in a halls.csv"
    ),
    "all_day": _("takes a whole day, so it is no session; left out"),
    "cancelled": _("is cancelled there; left out"),
    "cancelled_there": _(
        "is cancelled there, but %(key)s is planned here: cancel it on its own page, so that all are told"
    ),
    "repeats_ever": _("repeats without an end; give it an end or a number of times"),
    "repeats_often": _("takes place more than %(limit)s times; give it an end, or take it out"),
    "repeats_long": _("repeats for more than %(days)s days; give it an earlier end"),
    "repeats_so": _("repeats in a way that is not read here; enter it as single events: %(value)s"),
}
ROW, LINE, ENTRY = _("row %(n)s"), _("line %(n)s"), _("entry %(n)s")


def place(language: str, finding: Finding) -> str:
    """Where it is: a row, a line of a file that has no rows, or an entry of one whose lines nobody sees."""
    if not finding.row:
        return ""
    unit = ENTRY if finding.file == "schedule.json" else LINE if finding.file.endswith((".xml", ".ics")) else ROW
    told = catalogue(language).gettext(unit) % {"n": finding.row}
    titled = dict(finding.params).get("titled")
    return f"{told}, “\u2068{titled}\u2069”" if titled else told


def sentence(language: str, finding: Finding) -> str:
    """A finding in words, without its file and row. What stood in a list stays as it stood there."""
    return catalogue(language).gettext(WORDS[finding.key]) % dict(finding.params)
