"""`hallside import`: a folder of lists, what was decided about them by options, and what is said of both."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from live import offline
from live.options import Config, Data, say
from live.settings import Wrong, load
from models import imports
from models.command import Done
from models.refusals import Refused
from models.store import Tx

SHOWN = 12
"""Findings of one sort that are printed; the rest are counted."""

commands = typer.Typer(rich_markup_mode=None)


@commands.command("import")
def _import(
    folder: Annotated[
        Path,
        typer.Argument(help="Holds event.json, polls.json, and the other lists as .csv or .xlsx; or a schedule."),
    ],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would change.")] = False,
    approved_by: Annotated[
        str | None, typer.Option(metavar="NUMBER", help="Organiser in whose name the polls' texts are approved.")
    ] = None,
    merge: Annotated[
        list[str] | None, typer.Option(metavar="A=B", help="Badge number A is the same person as B. May be repeated.")
    ] = None,
    encoding: Annotated[
        list[str] | None,
        typer.Option(metavar="LIST=NAME", help="What a list is written in: people=windows-1254. May be repeated."),
    ] = None,
    column: Annotated[
        list[str] | None,
        typer.Option(
            metavar="LIST:HEADER=COLUMN",
            help="Which of our columns one is: people:Nummer=number; nothing after = leaves it out. May be repeated.",
        ),
    ] = None,
    data: Data = None, config: Config = None,
) -> None:  # fmt: skip
    """Read a folder of lists and write what is new. A folder with a problem changes nothing."""
    settings = load(config, data=data)
    if not folder.is_dir():
        raise Wrong(
            f"{folder} is a file. Name the folder that it lies in: all lists are read together."
            if folder.exists() else f"There is no folder {folder}."
        )  # fmt: skip
    decided = _asked(merge or [], encoding or [], column or [])
    if settings.database.exists():
        with offline.reading(settings) as raw:
            plan = imports.read(folder, raw.cursor(), decided=decided)
    else:
        plan = imports.read(folder, decided=decided)
    _report(plan)
    if plan.problems:
        say("Nothing was imported: first every problem must be mended.")
        raise typer.Exit(1)
    if dry_run:
        say("This was a dry run: nothing was written.")
        return

    def write(tx: Tx) -> Done:
        return imports.apply(tx, plan, offline.BY_HAND, time.time(), approved_by).done()

    try:
        n = offline.write(settings, write, say).facts["changes"]
    except Refused as refused:
        if approved_by and refused.key in ("no_such_person", "not_yours"):
            raise Wrong(f"--approved-by wants the badge number of an organiser; {approved_by} is none.") from None
        raise
    say(f"Done: {n} changes written." if n else "Done: nothing had changed.")
    if not approved_by and (plan.changes.polls.new or plan.changes.polls.changed):
        say("The texts of these polls are drafts: approve them at a desk, or import again with --approved-by NUMBER.")


def _report(plan: imports.Plan) -> None:
    """What the folder holds, what is not taken, what is wrong, and what would change."""
    for file, columns in plan.columns.items():
        renamed = [f"{there} is {ours}" for ours, there in columns.written.items() if there != ours]
        read = f"; {', '.join(renamed)}" if renamed else ""
        left = f"; not taken: {', '.join(columns.dropped)}" if columns.dropped else ""
        say(f"{file}: {columns.rows} rows{read}{left}")
    told: Counter[str] = Counter()
    for finding in sorted(plan.findings, key=lambda f: ("note", "decision", "problem").index(f.kind)):
        told[finding.key] += 1
        if told[finding.key] <= SHOWN:
            sign = {"problem": "PROBLEM ", "decision": "DECIDE  ", "note": "        "}[finding.kind]
            say(sign + str(finding))
    for key, n in told.items():
        if n > SHOWN:
            say(f"        ... and {n - SHOWN} more like “{imports.WORDS[key]}”")
    if plan.problems:
        return
    changes = plan.changes
    if plan.event:
        names, zone = " / ".join(plan.event.names.values()), plan.event.zone
        say(f"event: {names}, times in {zone}, {'new or changed' if changes.event else 'as it is'}")
    for what in ("halls", "delegations", "people", "meetings", "polls"):
        diff = getattr(changes, what)
        word = "sessions" if what == "meetings" else what
        say(f"{word}: {len(diff.new)} new, {len(diff.changed)} changed, {diff.same} as they are")
    if changes.moderators:
        say(f"moderators: {len(changes.moderators)} new")


def _asked(merge: Sequence[str], encodings: Sequence[str], columns: Sequence[str]) -> imports.Decisions:
    """The options of an import as what decisions.json would say. Raises Wrong."""
    encoded: dict[str, str] = {}
    for each in encodings:
        name, equals, encoding = (part.strip().lower() for part in each.partition("="))
        if not equals or name not in imports.STEMS or encoding not in imports.BY_HAND:
            raise Wrong(
                f"--encoding wants a list and its encoding such as people=windows-1254, not {each!r}.\n"
                f"Lists are {', '.join(imports.STEMS)}; encodings are {', '.join(imports.BY_HAND)}."
            )
        encoded[name] = encoding
    named: dict[str, dict[str, str]] = {}
    for each in columns:
        where, equals, ours = each.rpartition("=")
        name, colon, header = (part.strip() for part in where.partition(":"))
        if not (equals and colon and header) or name.lower() not in imports.STEMS:
            raise Wrong(
                f"--column wants a list, a header and our column such as people:Nummer=number, not {each!r}.\n"
                f"Lists are {', '.join(imports.STEMS)}."
            )
        named.setdefault(name.lower(), {})[header] = ours.strip()
    return imports.Decisions(dict(map(_pair, merge)), named, encoded)


def _pair(text: str) -> tuple[str, str]:
    number, equals, other = (part.strip() for part in text.partition("="))
    if not (number and equals and other) or number == other:
        raise Wrong(f"--merge wants two badge numbers such as 1203=1114, not {text!r}.")
    return number, other
