"""Fills a hall with people and measures what they feel: `scripts/load [--short] [part ...]`."""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import sys
import tempfile
import time
import traceback
from pathlib import Path

import uvloop

from live.child import raise_file_limit
from tests.load.machine import disk_sync
from tests.load.parts import FULL, IN_SHORT, PARTS, SHORT
from tests.load.report import NOISE, Report, row

LONGEST = 900.0
"""Seconds after which a part is given up."""


async def run(report: Report, names: list[str], *, short: bool) -> list[str]:
    """The parts that failed to run at all."""
    failed = []
    for name in names:
        print(f"{name}: {(PARTS[name].__doc__ or '').splitlines()[0]}", flush=True)
        started = time.monotonic()
        try:
            async with asyncio.timeout(LONGEST):
                await PARTS[name](report, SHORT if short else FULL)
        except Exception:  # noqa: BLE001 - the other parts are still worth their figures
            traceback.print_exc()
            failed.append(name)
        print(f"  {time.monotonic() - started:.0f} s", flush=True)
    return failed


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="scripts/load", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="part", help="what to measure; all without: " + ", ".join(PARTS))
    parser.add_argument("--short", action="store_true", help="small numbers, under four minutes, for every commit")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there, too")
    parser.add_argument("--no-table", action="store_true", help="leave the table for docs/load.md out")
    options = parser.parse_args(arguments)
    unknown = [name for name in options.parts if name not in PARTS]
    if unknown:
        parser.error(f"there is no part {unknown[0]!r}; there are {', '.join(PARTS)}")

    raise_file_limit()
    with tempfile.TemporaryDirectory() as folder:
        sync = disk_sync(Path(folder))
    about = {
        "short": options.short, "python": platform.python_version(), "cores": os.cpu_count(),
        "system": platform.release(), "fsync_ms": round(sync * 1000, 2), "load_before": os.getloadavg()[0],
    }  # fmt: skip
    print(
        f"{about['cores']} cores shared with the crowd, Python {about['python']}, one fsync {about['fsync_ms']} ms, "
        f"load average {about['load_before']:.1f} before the start",
        flush=True,
    )
    report = Report(about)
    names = options.parts or list(IN_SHORT if options.short else PARTS)
    failed = uvloop.run(run(report, names, short=options.short))
    if not options.no_table:
        print("\n" + report.table())
    if options.json:
        report.write(options.json)
    print(f"The bare server was {report.slow:.1f} times slower than where the limits were set.")
    for name in failed:
        print(f"FAILED: {name} did not run to its end")
    broken = report.broken()
    for each in broken:
        print(f"BROKEN: {row(each)}")
    if broken:
        print(f"Counts are exact; CPU and time are called broken from {NOISE * report.slow:.1f} times their limit.")
    return 1 if failed or broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
