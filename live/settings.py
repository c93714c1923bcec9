"""What can be set, and where: a TOML file, HALLSIDE_* in the environment, and the command line, the last one wins.

docs/settings.md holds the same table; a test keeps the two equal. The time zone belongs to the event, not to here.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from ipaddress import ip_network
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
HOME = ROOT / "var" if (ROOT / "scripts" / "run").exists() else Path("var")
"""Where data lie unless told otherwise: beside the program, or in the working folder of an installed one."""
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")


class Wrong(Exception):
    """A setting that cannot be used, in words for whoever set it."""


def _says(words: str) -> dict[str, str]:
    return {"words": words}


@dataclass(frozen=True, slots=True)
class Settings:
    """One process's settings. Every field is named the same in the file, and HALLSIDE_NAME in the environment."""

    data: Path = field(
        default=HOME, metadata=_says("Folder of the database, the badge key and the lock. Readable by its owner only.")
    )
    host: str = field(
        default="0.0.0.0", metadata=_says("Address it listens on; `127.0.0.1` for this machine or a proxy only.")
    )
    port: int = field(default=8000, metadata=_says("Port it listens on."))
    address: str = field(
        default="",
        metadata=_says(
            "Public address that badges, QR codes and screen links carry, such as `https://live.example.org`."
        ),
    )
    hosts: tuple[str, ...] = field(default=(), metadata=_says("Names this server answers to. Empty: every name."))
    origins: tuple[str, ...] = field(
        default=(),
        metadata=_says("Other sites whose pages may post and connect here, such as `https://stage.example`."),
    )
    proxies: tuple[str, ...] = field(
        default=(), metadata=_says("Addresses or networks of proxies whose `X-Forwarded-*` headers count.")
    )
    log_level: str = field(
        default="INFO", metadata=_says("Least level that is logged: `DEBUG`, `INFO`, `WARNING` or `ERROR`.")
    )
    grace: float = field(
        default=5.0, metadata=_says("Seconds between the end of voting and the seal, in which late votes still count.")
    )
    device_wait: float = field(
        default=600.0,
        metadata=_says(
            "Seconds after which a further browser of a badge comes in by itself if no other has shown the question; "
            "`600`: never, only by a tap there or at the registration desk; `0`: nobody is asked."
        ),
    )
    message_rate: float = field(default=5.0, metadata=_says("Messages a second one phone may send in the long run."))
    message_burst: int = field(default=30, metadata=_says("Messages one phone may send at once."))
    connections: int = field(default=20_000, metadata=_says("Connections at once, at most."))
    join_rate: float = field(
        default=300.0, metadata=_says("New joins a second that are let in while the server is behind.")
    )
    join_lag: float = field(default=0.5, metadata=_says("Seconds the server may be behind before new joins wait."))

    def __post_init__(self) -> None:
        self._between("port", 0, 65535)
        self._between("grace", 0, 60)
        self._between("device_wait", 0, 600)
        self._between("message_rate", 0.5, 1000)
        self._between("message_burst", 1, 10_000)
        self._between("connections", 10, 1_000_000)
        self._between("join_rate", 1, 100_000)
        self._between("join_lag", 0.05, 60)
        if self.log_level not in LEVELS:
            raise Wrong(f"log_level must be one of {', '.join(LEVELS)}, not {self.log_level!r}.")
        for name, sites in (("address", (self.address,) if self.address else ()), ("origins", self.origins)):
            for site in sites:
                if not site.startswith(("http://", "https://")) or "/" in site.split("://", 1)[1] or len(site) < 9:
                    raise Wrong(f"{name} must be like https://live.example.org, without a path, not {site!r}.")
        for proxy in self.proxies:
            try:
                ip_network(proxy, strict=False)
            except ValueError:
                raise Wrong(f"proxies must be addresses or networks such as 10.0.0.0/8, not {proxy!r}.") from None

    def __repr__(self) -> str:
        return f"<Settings of {self.data}>"

    @property
    def database(self) -> Path:
        return self.data / "hallside.sqlite"

    @property
    def lock(self) -> Path:
        """Held by the one process that writes."""
        return self.data / "lock"

    def environment(self) -> dict[str, str]:
        """These settings as variables: how the parent hands them to the process that serves."""
        return {_variable(each.name): _told(getattr(self, each.name)) for each in fields(self)}

    def _between(self, name: str, least: float, most: float) -> None:
        value = getattr(self, name)
        if not least <= value <= most:
            raise Wrong(f"{name} must be between {least} and {most}, not {value}.")


def load(config: Path | None = None, environ: Mapping[str, str] | None = None, **given: object) -> Settings:
    """Settings from the file, then the environment, then what the command line gave (None: not given).

    Without `config` the file is `hallside.toml` in the data folder, if there is one. Raises Wrong in words.
    """
    environ = os.environ if environ is None else environ
    kinds = {each.name: each.default for each in fields(Settings)}
    told: dict[str, object] = {
        name: environ[_variable(name)] for name in kinds if environ.get(_variable(name)) is not None
    }
    told |= {name: value for name, value in given.items() if value is not None}
    if config is None and environ.get("HALLSIDE_CONFIG"):
        config = Path(environ["HALLSIDE_CONFIG"])
    file = config or Path(str(told.get("data", HOME))) / "hallside.toml"
    values = {**_read(file, needed=config is not None), **told}
    for name in values:
        if name not in kinds:
            raise Wrong(f"{file}: there is no setting {name!r}. docs/settings.md lists them all.")
    return Settings(**{name: _as(name, value, kinds[name]) for name, value in values.items()})


def table() -> str:
    """The rows of docs/settings.md."""
    rows = ["| Setting | Default | Environment | What it is |", "|---|---|---|---|"]
    for each in fields(Settings):
        default = "var" if each.name == "data" else _told(each.default)
        shown = f"`{default}`" if default else "empty"
        rows.append(f"| `{each.name}` | {shown} | `{_variable(each.name)}` | {each.metadata['words']} |")
    return "\n".join(rows)


def _read(file: Path, *, needed: bool) -> dict[str, object]:
    try:
        return tomllib.loads(file.read_text("utf-8"))
    except FileNotFoundError:
        if needed:
            raise Wrong(f"There is no settings file {file}.") from None
        return {}
    except NotADirectoryError:
        return {}
    except OSError as error:
        if not needed and not os.access(file.parent, os.X_OK):
            return {}  # The folder itself is closed to us, which is said of the folder.
        raise Wrong(f"The settings file {file} cannot be read: {error.strerror}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Wrong(f"The settings file {file} is not TOML: {error}.") from None


def _as(name: str, value: object, default: object) -> Any:
    """A value from file, environment or command line as the kind of its default."""
    try:
        if isinstance(default, tuple):
            parts = value.split(",") if isinstance(value, str) else value
            if not isinstance(parts, list | tuple):
                raise ValueError
            return tuple(str(part).strip().rstrip("/") for part in parts if str(part).strip())
        if isinstance(value, bool) or not isinstance(value, str | int | float | Path):
            raise ValueError
        if isinstance(default, Path):
            return Path(value).expanduser() if isinstance(value, str | Path) else _wrong()
        if isinstance(default, int):
            return int(value) if isinstance(value, str | int) else _wrong()
        if isinstance(default, float):
            return float(value) if isinstance(value, str | int | float) else _wrong()
        return str(value).upper() if name == "log_level" else str(value).rstrip("/")
    except ValueError:
        wanted = {tuple: "a list of names", int: "a whole number", float: "a number"}
        raise Wrong(f"{name} must be {wanted.get(type(default), 'text')}, not {value!r}.") from None


def _wrong() -> Any:
    raise ValueError


def _told(value: object) -> str:
    return ",".join(value) if isinstance(value, tuple) else str(value)


def _variable(name: str) -> str:
    return f"HALLSIDE_{name.upper()}"
