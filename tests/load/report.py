"""Figures beside their goals and limits."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

NOISE = 2.0
"""On a machine shared with others figures of CPU and time vary; a run fails only beyond this factor."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value. `exact` means a count that noise cannot change; `bare` is the same on the bare server.

    `there` is what the bare server cost on the machine for which the limits were set: how slow this one is.
    """

    part: str
    name: str
    value: float
    unit: str
    goal: float | None = None
    limit: float | None = None
    bare: float | None = None
    there: float | None = None
    exact: bool = False
    note: str = ""

    @property
    def verdict(self) -> str:
        if self.limit is None and self.goal is None:
            return ""
        if self.limit is not None and self.value > self.limit:
            return "over the limit"
        return "good" if self.goal is None or self.value <= self.goal else "within the limit"

    def broken(self, slow: float) -> bool:
        """Over the limit by more than noise and a machine *slow* times slower can explain."""
        return self.limit is not None and self.value > self.limit * (1.0 if self.exact else NOISE * slow)


@dataclass
class Report:
    """Everything one run found."""

    about: dict[str, Any]
    figures: list[Figure] = field(default_factory=list)

    def add(self, figure: Figure) -> None:
        self.figures.append(figure)
        print(f"  {row(figure)}", flush=True)

    def table(self) -> str:
        lines = ["| figure | measured | goal | limit | bare server | times bare | |", "|---|---|---|---|---|---|---|"]
        for each in self.figures:
            ratio = f"{each.value / each.bare:.2f}" if each.bare else ""
            cells = [
                f"{each.part}: {each.name}", told(each.value, each.unit), told(each.goal, each.unit),
                told(each.limit, each.unit), told(each.bare, each.unit), ratio,
                "; ".join(filter(None, (each.verdict, each.note))),
            ]  # fmt: skip
            lines.append("| " + " | ".join(cells) + " |")
        return "\n".join(lines)

    def write(self, path: Path) -> None:
        about = {"slow": round(self.slow, 2), "at": datetime.now(UTC).isoformat(timespec="seconds"), **self.about}
        figures = [asdict(each) | {"verdict": each.verdict} for each in self.figures]
        path.write_text(json.dumps({"about": about, "figures": figures}, indent=1) + "\n")

    @property
    def slow(self) -> float:
        """How many times slower the bare server ran than where the limits were set; 1 where it was not slower."""
        return max([1.0, *(each.bare / each.there for each in self.figures if each.bare and each.there)])

    def broken(self) -> list[Figure]:
        return [each for each in self.figures if each.broken(self.slow)]


def told(value: float | None, unit: str) -> str:
    if value is None:
        return ""
    digits = 0 if unit in ("", "bytes") or abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    return f"{value:,.{digits}f} {unit}".strip()


def row(figure: Figure) -> str:
    bounds = [f"goal {told(figure.goal, figure.unit)}"] if figure.goal is not None else []
    bounds += [f"limit {told(figure.limit, figure.unit)}"] if figure.limit is not None else []
    bounds += [f"bare {told(figure.bare, figure.unit)}"] if figure.bare is not None else []
    tail = "; ".join(filter(None, [", ".join(bounds), figure.verdict, figure.note]))
    return f"{figure.name}: {told(figure.value, figure.unit)}" + (f"  ({tail})" if tail else "")
