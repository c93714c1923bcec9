"""What the commands share: their options, and how they speak."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

Data = Annotated[Path | None, typer.Option(help="Folder of the database and the badge key.", metavar="DIR")]
Config = Annotated[Path | None, typer.Option(help="Settings file; else hallside.toml in the data folder.")]
Host = Annotated[str | None, typer.Option(help="Address to listen on; 0.0.0.0 is all of this machine's.")]
Port = Annotated[int | None, typer.Option(help="Port to listen on; 0 lets the system choose.")]
Address = Annotated[str | None, typer.Option(help="Public address that badges and QR codes carry.")]


def say(words: str) -> None:
    """To whoever started the command; what others may read on is printed."""
    print(words, file=sys.stderr, flush=True)
