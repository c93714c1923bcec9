"""The command line: `scripts/run` for one machine and a look around, `scripts/hallside` for whoever keeps it."""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated

import typer
from typer.exceptions import TyperException

from live import decisions, example, offline, welcome
from live.badges import Badges, NotAKey, grouped
from live.invented import invent
from live.lock import Lock, Taken, served_at
from live.serve import CannotListen, open_socket, serve
from live.settings import Settings, Wrong, load
from live.words import REFUSALS
from models import imports
from models.command import Done
from models.migrations import NotOurs
from models.office import first_organiser
from models.refusals import Refused
from models.rights import ROLES
from models.store import Tx

SHOWN = 12
"""Findings of one sort that are printed; the rest are counted."""

Data = Annotated[Path | None, typer.Option(help="Folder of the database and the badge key.", metavar="DIR")]
Config = Annotated[Path | None, typer.Option(help="Settings file; else hallside.toml in the data folder.")]
Host = Annotated[str | None, typer.Option(help="Address to listen on; 0.0.0.0 is all of this machine's.")]
Port = Annotated[int | None, typer.Option(help="Port to listen on; 0 lets the system choose.")]
Address = Annotated[str | None, typer.Option(help="Public address that badges and QR codes carry.")]

commands = typer.Typer(
    help="Keeps a conference: serves it, imports its lists, prints its badges.", no_args_is_help=True,
    add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None,
)  # fmt: skip
runner = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)


def main(argv: Sequence[str] | None = None) -> int:
    """scripts/hallside. Returns the exit code: 0 done, 1 could not be done, 2 asked in a wrong way."""
    return _go(commands, "hallside", argv)


def run(argv: Sequence[str] | None = None) -> int:
    """scripts/run. The same codes."""
    return _go(runner, "run", argv)


@runner.command()
def _run(
    port: Port = None, host: Host = None, data: Data = None, address: Address = None, config: Config = None,
    empty: Annotated[bool, typer.Option("--empty", help="Do not load the example conference.")] = False,
) -> None:  # fmt: skip
    """Start the platform on this machine, with the example conference if there is none yet."""
    settings = load(config, port=port, host=host, data=data, address=address)
    with _listening(settings) as (settings, lock, sock):
        if not empty:
            _load_example(settings)
        with offline.reading(settings) as raw:
            print(welcome.told(raw, Badges.open(settings.data), settings), flush=True)
        _serve(settings, lock, sock)


@commands.command("serve")
def _serve_command(
    port: Port = None, host: Host = None, data: Data = None, address: Address = None, config: Config = None
) -> None:
    """Serve what is in the data folder. Prints no links."""
    settings = load(config, port=port, host=host, data=data, address=address)
    with _listening(settings) as (settings, lock, sock):
        print(f"Hallside is running at {welcome.base(settings)}", flush=True)
        _serve(settings, lock, sock)


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
    decided = decisions.asked(merge or [], encoding or [], column or [])
    if settings.database.exists():
        with offline.reading(settings) as raw:
            plan = imports.read(folder, raw.cursor(), decided=decided)
    else:
        plan = imports.read(folder, decided=decided)
    _report(plan)
    if plan.problems:
        _say("Nothing was imported: first every problem must be mended.")
        raise typer.Exit(1)
    if dry_run:
        _say("This was a dry run: nothing was written.")
        return

    def write(tx: Tx) -> Done:
        return imports.apply(tx, plan, offline.BY_HAND, time.time(), approved_by).done()

    try:
        n = offline.write(settings, write, _say).facts["changes"]
    except Refused as refused:
        if approved_by and refused.key in ("no_such_person", "not_yours"):
            raise Wrong(f"--approved-by wants the badge number of an organiser; {approved_by} is none.") from None
        raise
    _say(f"Done: {n} changes written." if n else "Done: nothing had changed.")
    if not approved_by and (plan.changes.polls.new or plan.changes.polls.changed):
        _say("The texts of these polls are drafts: approve them at a desk, or import again with --approved-by NUMBER.")


@commands.command("badges")
def _badges(
    role: Annotated[str | None, typer.Option(help="People with this role; with --count the role they get.")] = None,
    count: Annotated[int, typer.Option(min=0, max=200_000, help="Invent so many people for a trial.")] = 0,
    session: Annotated[str, typer.Option(metavar="KEY", help="With --count: check them in to this session.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, for a print shop or a load test.")] = False,
    revoke: Annotated[str | None, typer.Option(metavar="NUMBER", help="Make a badge invalid at once.")] = None,
    reissue: Annotated[
        str | None, typer.Option(metavar="NUMBER", help="Make a new code and link; the old ones are invalid at once.")
    ] = None,
    screens: Annotated[bool, typer.Option("--screens", help="The links of the hall screens instead.")] = False,
    data: Data = None, config: Config = None, address: Address = None,
) -> None:  # fmt: skip
    """Print codes and links: whoever holds one is that person. Printing works while the server runs."""
    settings = load(config, data=data, address=address)
    if role and role not in ROLES:
        raise Wrong(f"There is no role {role!r}. Roles are {', '.join(ROLES)}.")
    chosen = ("AND role = ?", role) if role else ("",)
    if revoke:
        offline.change_badge(settings, revoke, new=False, now=time.time(), say=_say)
        _say(f"The badge of {revoke} no longer works.")
        if not reissue:
            return
    if reissue:
        offline.change_badge(settings, reissue, new=True, now=time.time(), say=_say)
        chosen = ("AND number = ?", reissue)
    if count:
        if count > 5000:
            _say(f"Inventing {count} people ...")
        done = offline.write(settings, lambda tx: invent(tx, count, role or "participant", session), _say)
        chosen = (f"AND id BETWEEN {done.facts['first']} AND {done.facts['last']}",)
    with offline.reading(settings) as raw:
        badges, base = Badges.open(settings.data), settings.address or served_at(settings.lock)
        if not base:
            base = welcome.base(settings)
            _say(
                f"Nothing serves {settings.data} now, so these links begin with {base}.\n"
                "If it will be reached otherwise, name it: --address http://ADDRESS:PORT, or address in hallside.toml."
            )
        if screens:
            halls = welcome.screens(raw, badges, base)
            rows = [asdict(each) for each in halls]
            lines = [f"{each.hall}, {each.name}\t{each.link}" for each in halls]
        else:
            people = welcome.cards(raw, badges, base, *chosen)
            rows = [asdict(each) for each in people]
            lines = [f"{c.number}\t{c.name}\t{c.role}\t{grouped(c.code)}\t{c.link}" for c in people]
    typer.echo(json.dumps(rows, ensure_ascii=False, indent=1) if as_json else "\n".join(lines))


@commands.command("organiser")
def _organiser(
    name: Annotated[str, typer.Argument(help="Given and family name, in Latin letters.")],
    data: Data = None, config: Config = None, address: Address = None,
) -> None:  # fmt: skip
    """Make an organiser for a conference that has none yet, and print the link to sign in with."""
    settings = load(config, data=data, address=address)
    done = offline.write(settings, lambda tx: first_organiser(tx, name, time.time()), _say)
    with offline.reading(settings) as raw:
        base = settings.address or welcome.base(settings)
        card = welcome.cards(raw, Badges.open(settings.data), base, "AND id = ?", done.facts["person"])[0]
    typer.echo(f"{card.number}\t{card.name}\t{card.role}\t{grouped(card.code)}\t{card.link}")


def _load_example(settings: Settings) -> None:
    with offline.storing(settings) as store:
        with store.reading() as tx:
            needed = example.is_empty(tx)
        if needed:
            _say("Loading the example conference ...")
            now = time.time()
            plan = example.read(now)
            store.do(lambda tx: example.load(tx, plan, now))


@contextmanager
def _listening(settings: Settings) -> Iterator[tuple[Settings, Lock, socket.socket]]:
    """A locked and prepared data folder and an open socket, and the settings with its port.

    The port comes before everything that takes time: that it is taken is said at once.
    """
    with (
        offline.locked(settings, "Hallside is starting") as lock,
        open_socket(settings.host, settings.port) as sock,
    ):
        settings = replace(settings, port=sock.getsockname()[1])
        offline.prepare(settings, _say)
        yield settings, lock, sock


def _serve(settings: Settings, lock: Lock, sock: socket.socket) -> None:
    """Serve until told to stop. The serving process gets its settings from the environment."""
    lock.say(f"Hallside serves it at {welcome.here(settings)}", welcome.base(settings))
    told = settings.environment()
    os.environ.update(told)
    try:
        code = serve("app:create", sock, cap=settings.connections, log_level=settings.log_level)
    finally:
        for name in told:
            del os.environ[name]
    where = f"Everything recorded is saved in {settings.data}."
    _say(f"It could not go on; the lines above say why. {where}" if code else f"Stopped. {where}")
    raise typer.Exit(code)


def _report(plan: imports.Plan) -> None:
    """What the folder holds, what is not taken, what is wrong, and what would change."""
    for file, columns in plan.columns.items():
        renamed = [f"{there} is {ours}" for ours, there in columns.written.items() if there != ours]
        read = f"; {', '.join(renamed)}" if renamed else ""
        left = f"; not taken: {', '.join(columns.dropped)}" if columns.dropped else ""
        _say(f"{file}: {columns.rows} rows{read}{left}")
    told: Counter[str] = Counter()
    for finding in sorted(plan.findings, key=lambda f: ("note", "decision", "problem").index(f.kind)):
        told[finding.key] += 1
        if told[finding.key] <= SHOWN:
            sign = {"problem": "PROBLEM ", "decision": "DECIDE  ", "note": "        "}[finding.kind]
            _say(sign + str(finding))
    for key, n in told.items():
        if n > SHOWN:
            _say(f"        ... and {n - SHOWN} more like “{imports.WORDS[key]}”")
    if plan.problems:
        return
    changes = plan.changes
    if plan.event:
        names, zone = " / ".join(plan.event.names.values()), plan.event.zone
        _say(f"event: {names}, times in {zone}, {'new or changed' if changes.event else 'as it is'}")
    for what in ("halls", "delegations", "people", "meetings", "polls"):
        diff = getattr(changes, what)
        word = "sessions" if what == "meetings" else what
        _say(f"{word}: {len(diff.new)} new, {len(diff.changed)} changed, {diff.same} as they are")
    if changes.moderators:
        _say(f"moderators: {len(changes.moderators)} new")


def _go(app: typer.Typer, name: str, argv: Sequence[str] | None) -> int:
    """Run a command. Whatever can go wrong outside the program is said in a sentence, not in a traceback."""
    try:
        code = app(list(sys.argv[1:] if argv is None else argv), prog_name=name, standalone_mode=False)
        return code if isinstance(code, int) else 0
    except TyperException as error:
        _say(f"{error.format_message()}\n`--help` lists what there is.")
        return 2
    except Wrong as error:
        _say(str(error))
        return 2
    except (Taken, NotOurs, NotAKey, CannotListen, offline.Unusable) as error:
        _say(str(error))
    except Refused as error:
        _say(REFUSALS.get(error.key, f"Refused: {error.key}.") % error.params)
    except OSError as error:
        _say(f"Cannot use {error.filename or 'a file'}: {error.strerror or error}.")
    except sqlite3.Error as error:
        _say(f"The database cannot be used: {error}.")
    except KeyboardInterrupt:
        _say("Stopped.")
    return 1


def _say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)
