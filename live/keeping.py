"""What whoever keeps the platform does beside serving it: make a backup, put one back, look whether all is well."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from live import backup as backups
from live import doctor
from live import restore as restoring
from live.options import Address, Config, Data, Host, Port, say
from live.settings import load
from models.migrations import HEAD

commands = typer.Typer(rich_markup_mode=None)


@commands.command("backup")
def _backup(
    file: Annotated[Path, typer.Argument(help="Where to; a folder gets a file named by the time.")],
    force: Annotated[bool, typer.Option("--force", help="Replace a file of this name.")] = False,
    data: Data = None, config: Config = None,
) -> None:  # fmt: skip
    """Write database and badge key into one file, while the server runs or not."""
    settings = load(config, data=data)
    made = backups.make(settings, file, force=force, now=time.time())
    told = made.manifest
    say(f"{made.file}: {_size(made.size)}, {_counted(told.counts)}.")
    say("It holds the badge key and all records: who has this file has every badge. Keep it as you keep the server.")
    if made.open_to:
        say("ATTENTION: others may read it where it lies, since that disk keeps no owners. Move it, or encrypt it.")
    if told.unsealed_secret_polls:
        say(
            "ATTENTION: a secret poll was not sealed yet. This backup is from before its seal: after it, make a new "
            "one and delete this one."
        )
    if made.file.resolve().is_relative_to(settings.data.resolve()):
        say("It lies in the data folder: copy it to another disk, else both are lost together.")


@commands.command("restore")
def _restore(
    file: Annotated[Path, typer.Argument(help="What `backup` wrote.")],
    force: Annotated[
        bool, typer.Option("--force", help="Replace the conference that is there; it is kept aside.")
    ] = False,
    data: Data = None, config: Config = None,
) -> None:  # fmt: skip
    """Put a backup into the data folder. The server must not run."""
    settings = load(config, data=data)
    manifest, aside = restoring.restore(settings, file, force=force, now=time.time())
    made = datetime.fromtimestamp(manifest.at).astimezone()
    say(f"{settings.data} is as it was on {made:%Y-%m-%d at %H:%M:%S %Z}: {_counted(manifest.counts)}.")
    if manifest.revision != HEAD:
        say(f"It was made by version {manifest.version} and has been brought up to this one.")
    if aside is not None:
        say(f"What was there before is in {aside}. It holds secrets, too: delete it when nobody needs it.")
    say("Badges and screen links that were revoked after the backup work again: revoke them once more.")


@commands.command("doctor")
def _doctor(
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, for a program that watches.")] = False,
    port: Port = None, host: Host = None, data: Data = None, address: Address = None, config: Config = None,
) -> None:  # fmt: skip
    """Look whether everything is as it must be, one line each. Code 1 if something is wrong. Changes nothing.

    A server that runs tells its own host, port and address; the options are for one that does not run yet.
    """
    settings = load(config, port=port, host=host, data=data, address=address)
    findings = list(doctor.examine(settings, now=time.time()))
    if as_json:
        typer.echo(json.dumps([asdict(each) for each in findings], ensure_ascii=False, indent=1))
    else:
        for each in findings:
            typer.echo(f"{each.state:<8} {each.about}: {each.words}" + (f" {each.do}" if each.do else ""))
        wrong, look = (sum(each.state == state for each in findings) for state in (doctor.WRONG, doctor.LOOK))
        typer.echo(f"{wrong} wrong, {look} to look at, {len(findings) - wrong - look} good.")
    if any(each.state == doctor.WRONG for each in findings):
        raise typer.Exit(1)


def _counted(counts: dict[str, int]) -> str:
    return ", ".join(f"{n} {name}" for name, n in counts.items())


def _size(size: int) -> str:
    return f"{size / 1e6:.1f} MB" if size >= 100_000 else f"{size / 1e3:.0f} kB"
