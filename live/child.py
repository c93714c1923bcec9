"""The child of `live.serve`: `python -m live.child app:create --fd 3`.

Alone in its module, since what is run by `-m` exists twice: once as `__main__`, once when somebody imports it.
"""

from __future__ import annotations

import argparse
import gc
import importlib
import resource
import signal
import socket
import sys
from collections.abc import Sequence

from live import log
from live.server import CAP, HallsideServer, Served, config_for

# Files that are no phones: the database, the log, the bus.
OTHER_FILES = 200


def raise_file_limit() -> int:
    """As many open files as the system allows; returns how many. A phone is one."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def calm_collector() -> None:
    """Keep garbage collection short: young objects as ever, old ones only when the server says so.

    What exists now stays, so it is not looked at again.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(2000, 5, 1_000_000)


def made_by(factory: str) -> Served:
    """Import and call `module:function`."""
    module, _, name = factory.partition(":")
    made = getattr(importlib.import_module(module), name)()
    return made if isinstance(made, Served) else Served(made)


def main(arguments: Sequence[str]) -> int:
    """Serve on an inherited listening socket until SIGTERM, or until standard input ends; returns the exit code."""
    parser = argparse.ArgumentParser(prog="live.child")
    parser.add_argument("factory")
    parser.add_argument("--fd", type=int, required=True)
    parser.add_argument("--cap", type=int, default=CAP)
    parser.add_argument("--log-level", default="INFO")
    options = parser.parse_args(arguments)

    log.setup(options.log_level)
    files = raise_file_limit()
    try:
        served = made_by(options.factory)
    except Exception:  # noqa: BLE001 - whatever it is, it belongs into the log and ends this process
        log.failure("application_failed")
        return 1
    calm_collector()
    cap = min(options.cap, max(OTHER_FILES, files - OTHER_FILES))
    server = HallsideServer(config_for(served.app, cap=cap), served.drain, leash=True)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    server.run(sockets=[socket.socket(fileno=options.fd)])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
