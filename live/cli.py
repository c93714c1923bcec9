"""The command line: `scripts/run` for one machine and a look around, `scripts/hallside` for whoever keeps it."""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated

import typer
from typer.exceptions import TyperException

from live import example, importing, keeping, offline, welcome
from live.backup import NotDone
from live.badges import Badges, NotAKey, grouped
from live.invented import invent
from live.lock import Lock, Taken, served_at
from live.options import Address, Config, Data, Host, Port, say
from live.print.sizes import SIZES
from live.printing import to_files
from live.serve import CannotListen, open_socket, serve
from live.settings import Settings, Wrong, load
from live.words import REFUSALS
from models.cards import ALL
from models.migrations import NotOurs
from models.office import first_organiser
from models.refusals import Refused
from models.rights import ROLES

commands = typer.Typer(
    help="Keeps a conference: serves it, imports its lists, prints its badges.", no_args_is_help=True,
    add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None,
)  # fmt: skip
commands.add_typer(importing.commands)
commands.add_typer(keeping.commands)
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
    screens: Annotated[bool, typer.Option("--screens", help="The links of hall screens and tablets instead.")] = False,
    pdf: Annotated[Path | None, typer.Option(metavar="FILE", help="Draw badges for paper instead.")] = None,
    labels: Annotated[str, typer.Option(metavar="PAPER", help=f"With --pdf: {', '.join(SIZES)}.")] = "a6",
    spares: Annotated[int, typer.Option(min=0, max=2000, help="With --pdf: so many badges without a name.")] = 0,
    cut_marks: Annotated[bool, typer.Option(help="With --pdf: mark where to cut.")] = True,
    desk_list: Annotated[Path | None, typer.Option(metavar="FILE", help="Names for the registration desk.")] = None,
    data: Data = None, config: Config = None, address: Address = None,
) -> None:  # fmt: skip
    """Print codes and links: whoever holds one is that person. Printing works while the server runs."""
    settings = load(config, data=data, address=address)
    if role and role not in ROLES:
        raise Wrong(f"There is no role {role!r}. Roles are {', '.join(ROLES)}.")
    if ((pdf or desk_list) and (screens or as_json or count)) or (spares and not pdf):
        raise Wrong("--pdf and --desk-list go with --role, --reissue and --spares; --spares needs --pdf.")
    chosen = ("AND role = ?", role) if role else ("",)
    if revoke:
        offline.change_badge(settings, revoke, new=False, now=time.time(), say=say)
        say(f"The badge of {revoke} no longer works.")
        if not reissue:
            return
    if reissue:
        offline.change_badge(settings, reissue, new=True, now=time.time(), say=say)
        chosen = ("AND number = ?", reissue)
    if count:
        if count > 5000:
            say(f"Inventing {count} people ...")
        done = offline.write(settings, lambda tx: invent(tx, count, role or "participant", session), say)
        chosen = (f"AND id BETWEEN {done.facts['first']} AND {done.facts['last']}",)
    if pdf or desk_list:
        to_files(
            settings, lambda: _base(settings), say, pdf=pdf, desk_list=desk_list, labels=labels, marks=cut_marks,
            of=role or ALL, number=reissue or "", count=spares,
        )  # fmt: skip
        return
    with offline.reading(settings) as raw:
        badges, base = Badges.open(settings.data), _base(settings)
        if screens:
            halls = [*welcome.screens(raw, badges, base), *welcome.tablets(raw, badges, base)]
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
    port: Port = None, host: Host = None, data: Data = None, address: Address = None, config: Config = None,
) -> None:  # fmt: skip
    """Make an organiser for a conference that has none yet, and print the link to sign in with, once it is started."""
    settings = load(config, port=port, host=host, data=data, address=address)
    done = offline.write(settings, lambda tx: first_organiser(tx, name, time.time()), say)
    with offline.reading(settings) as raw:
        base = settings.address or welcome.base(settings)
        card = welcome.cards(raw, Badges.open(settings.data), base, "AND id = ?", done.facts["person"])[0]
    typer.echo(f"{card.number}\t{card.name}\t{card.role}\t{grouped(card.code)}\t{card.link}")
    say("Start it before you open the link, with the same --host and --port.")


def _base(settings: Settings) -> str:
    """What links begin with, and a warning where that is a guess."""
    base = settings.address or served_at(settings.lock)
    if not base:
        base = welcome.base(settings)
        say(
            f"Nothing serves {settings.data} now, so these links begin with {base}.\n"
            "If it will be reached otherwise, name it: --address http://ADDRESS:PORT, or address in hallside.toml."
        )
    return base


def _load_example(settings: Settings) -> None:
    with offline.storing(settings) as store:
        with store.reading() as tx:
            needed = example.is_empty(tx)
        if needed:
            say("Loading the example conference ...")
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
        offline.prepare(settings, say)
        yield settings, lock, sock


def _serve(settings: Settings, lock: Lock, sock: socket.socket) -> None:
    """Serve until told to stop. The serving process gets its settings from the environment."""
    lock.say(f"Hallside serves it at {welcome.here(settings)}", welcome.base(settings), settings.host, settings.port)
    told = settings.environment()
    os.environ.update(told)
    try:
        code = serve("app:create", sock, cap=settings.connections, log_level=settings.log_level)
    finally:
        for name in told:
            del os.environ[name]
    where = f"Everything recorded is saved in {settings.data}."
    say(f"It could not go on; the lines above say why. {where}" if code else f"Stopped. {where}")
    raise typer.Exit(code)


def _go(app: typer.Typer, name: str, argv: Sequence[str] | None) -> int:
    """Run a command. Whatever can go wrong outside the program is said in a sentence, not in a traceback."""
    try:
        code = app(list(sys.argv[1:] if argv is None else argv), prog_name=name, standalone_mode=False)
        return code if isinstance(code, int) else 0
    except TyperException as error:
        say(f"{error.format_message()}\n`--help` lists what there is.")
        return 2
    except Wrong as error:
        say(str(error))
        return 2
    except (Taken, NotOurs, NotAKey, CannotListen, NotDone, offline.Unusable) as error:
        say(str(error))
    except Refused as error:
        say(REFUSALS.get(error.key, f"Refused: {error.key}.") % error.params)
    except OSError as error:
        say(f"Cannot use {error.filename or 'a file'}: {error.strerror or error}.")
    except sqlite3.Error as error:
        say(f"The database cannot be used: {error}.")
    except KeyboardInterrupt:
        say("Stopped.")
    return 1
