"""Who may know whom: floors of imports, one door in, and words for everything that is said.

Each rule is first shown a violation, so that a rule which sees nothing does not pass for a rule that is kept.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from jinja2 import meta

from live import words
from live.assets import Assets
from live.render import Renderer

ROOT = Path(__file__).parent.parent

FLOORS: tuple[tuple[str, ...], ...] = (
    ("models.command", "models.refusals"),
    ("models.store",),
    (
        "models", "models.arrivals", "models.ballots", "models.binding", "models.boards", "models.called_off",
        "models.cards", "models.carried", "models.devices", "models.doors", "models.drafts", "models.search",
        "models.hands", "models.imports", "models.journal", "models.kinds", "models.lists", "models.logins",
        "models.look", "models.migrations", "models.office", "models.overview", "models.people", "models.polls",
        "models.programme", "models.results", "models.rights", "models.rounds", "models.schedule", "models.screens",
        "models.spares", "models.staffing", "models.stage", "models.tablets", "models.tidy", "models.translations",
        "models.venue", "models.voting",
    ),
    (
        "live", "live.acts", "live.assets", "live.badges", "live.bodies", "live.bus", "live.cookies",
        "live.deciding", "live.draw", "live.dress", "live.findings", "live.frames", "live.guard", "live.httpline",
        "live.hub", "live.languages", "live.limits", "live.line", "live.lock", "live.log", "live.machine",
        "live.plainline", "live.presence", "live.preview", "live.print", "live.render", "live.serve", "live.server",
        "live.settings", "live.uploads", "live.visits", "live.wire", "live.words",
    ),
    ("live.commands", "live.deadlines", "live.node", "live.parts", "live.projector"),
    ("live.condition", "live.faces", "live.pages"),
    ("live.routes",),
    (
        "app", "live.backup", "live.child", "live.cli", "live.doctor", "live.example", "live.importing",
        "live.invented", "live.keeping", "live.offline", "live.options", "live.printing", "live.restore",
        "live.welcome",
    ),
)  # fmt: skip
"""From the ground up. A module imports its own floor and those below."""

BLIND = (
    "hub", "wire", "frames", "line", "plainline", "limits", "badges", "languages", "assets", "settings", "bus",
    "presence", "log", "guard", "httpline", "server", "serve", "cookies", "bodies", "lock", "machine", "visits",
)  # fmt: skip
"""Mechanisms that know nothing of polls, ballots, sessions or scenes."""
SUBJECTS = {
    f"models.{name}"
    for name in (
        "ballots", "boards", "called_off", "carried", "doors", "drafts", "hands", "journal", "polls", "results",
        "rounds", "schedule", "stage", "voting",
    )
}  # fmt: skip
FOREIGN = {"live", "starlette", "jinja2", "asyncio", "uvicorn", "anyio", "redis", "websockets", "app"}
"""What nothing in models may import."""

LINES_OF_ROUTES = {"socket.py": {"hub.join", "hub.leave"}}
"""A socket is seated and unseated by its own route. Nothing else in routes touches the hub."""


LATE = {"models.migrations", "live.print"}
"""Alembic is left to the rare start that needs it, and what writes PDF to whoever prints: a server that is started
again must be up at once."""


def sources() -> Iterator[tuple[str, Path]]:
    for path in sorted([ROOT / "app.py", *(ROOT / "live").rglob("*.py"), *(ROOT / "models").rglob("*.py")]):
        parts = path.relative_to(ROOT).with_suffix("").parts
        yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), path


def imports(source: str) -> set[str]:
    """Everything a module imports when it runs; what stands under TYPE_CHECKING it never does."""
    found: set[str] = set()

    def visit(node: ast.AST) -> None:
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            return
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        if isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
        for child in ast.iter_child_nodes(node):
            visit(child)

    visit(ast.parse(source))
    return found


def floor_of(module: str) -> int | None:
    """The floor of a module, or of the package it lies in."""
    while module:
        for number, names in enumerate(FLOORS):
            if module in names and module not in ("models", "live"):
                return number
        module = module.rpartition(".")[0]
    return None


def climbs(module: str, source: str) -> list[str]:
    """Imports that go up."""
    own = floor_of(module)
    ours = {name for name in imports(source) if name.split(".")[0] in ("models", "live", "app")}
    above = {name: floor for name in ours if (floor := floor_of(name)) is not None}
    return sorted(name for name, floor in above.items() if own is not None and floor > own)


def late_imports(source: str) -> list[int]:
    """Lines of imports inside a function."""
    functions = [n for n in ast.walk(ast.parse(source)) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
    return [n.lineno for f in functions for n in ast.walk(f) if isinstance(n, ast.Import | ast.ImportFrom)]


def reached(source: str) -> set[str]:
    """Which doors behind the node a module uses, as `hub.join` or `store.write`."""
    return {
        f"{node.value.attr}.{node.attr}"
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Attribute)
        and node.value.attr in ("hub", "bus", "store") and node.attr not in ("reading", "groups", "largest", "lag")
    }  # fmt: skip


def said(source: str, call: str, place: int, keyword: str) -> set[str]:
    """Every key that is given to `call`, written out or by a name that holds one of several."""
    tree, found = ast.parse(source), set[str]()
    names = {
        target.id: node.value
        for node in ast.walk(tree) if isinstance(node, ast.Assign)
        for target in node.targets if isinstance(target, ast.Name)
    }  # fmt: skip

    def literals(value: ast.expr) -> None:
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            found.add(value.value)
        elif isinstance(value, ast.IfExp):
            literals(value.body)
            literals(value.orelse)
        elif isinstance(value, ast.Name) and value.id in names:
            literals(names[value.id])

    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) == call:
            given = [k.value for k in node.keywords if k.arg == keyword] or node.args[place : place + 1]
            for value in given:
                literals(value)
    return found


def everywhere(look: Callable[[str], set[str]]) -> set[str]:
    return set().union(*(look(path.read_text()) for _, path in sources()))


def test_every_module_stands_on_a_floor() -> None:
    assert [name for name, _ in sources() if floor_of(name) is None and name not in ("models", "live")] == []


def test_no_module_imports_a_floor_above_its_own() -> None:
    assert climbs("models.polls", "from live.node import Node") == ["live.node", "live.node.Node"]
    assert climbs("live.hub", "from live import node") == ["live.node"]
    assert climbs("models.store", "import models.people") == ["models.people"]

    assert {name: up for name, path in sources() if (up := climbs(name, path.read_text()))} == {}


def test_models_know_no_network_no_loop_and_no_template() -> None:
    def foreign(source: str) -> set[str]:
        return {name.split(".")[0] for name in imports(source)} & FOREIGN

    assert foreign("import asyncio.queues\nfrom starlette.requests import Request") == {"asyncio", "starlette"}

    assert {n: f for n, path in sources() if n.startswith("models") and (f := foreign(path.read_text()))} == {}


def test_mechanisms_know_nothing_of_polls() -> None:
    assert imports("from models import polls") & SUBJECTS == {"models.polls"}

    for name in BLIND:
        assert imports((ROOT / "live" / f"{name}.py").read_text()) & SUBJECTS == set(), name


def test_routes_reach_neither_the_lane_nor_the_hub_nor_the_bus() -> None:
    assert reached("node.store.write(x)\nself.node.hub.show(y)\nnode.bus.publish(z)") == {
        "store.write", "hub.show", "bus.publish",
    }  # fmt: skip

    for path in (ROOT / "live" / "routes").glob("*.py"):
        assert reached(path.read_text()) <= LINES_OF_ROUTES.get(path.name, set()), path.name


def test_nothing_writes_but_through_the_node_and_the_tools_of_whoever_keeps_the_platform() -> None:
    tools = FLOORS[-1]

    writers = {name for name, path in sources() if reached(path.read_text()) & {"store.write", "store.do"}}

    assert writers - set(tools) == {"live.node"}


def test_nothing_is_imported_inside_a_function() -> None:
    assert late_imports("def f():\n    import json\n") == [2]

    assert {name for name, path in sources() if late_imports(path.read_text())} <= LATE


def test_templates_are_given_boards_and_reach_for_nothing_else() -> None:
    """A template that could read the records would have a second source for figures."""
    reaching = {"tx", "store", "node", "polls", "results", "models", "hub", "peek", "request"}
    env = Renderer(Assets(ROOT / "static"))._environments["en"]

    def reaches(source: str) -> set[str]:
        return meta.find_undeclared_variables(env.parse(source)) & reaching

    assert reaches("{{ store.reading() }}") == {"store"}
    assert imports((ROOT / "live" / "render.py").read_text()) & SUBJECTS == set()

    found = {p.name: r for p in (ROOT / "templates").rglob("*.html") if (r := reaches(p.read_text()))}
    assert found == {}


def test_every_refusal_has_its_words() -> None:
    def refused(source: str) -> set[str]:
        return said(source, "Refused", 0, "key")

    assert refused('raise Refused("a" if x else "b", key_=1)\nkey = "c"\nRefused(key)') == {"a", "b", "c"}

    found = everywhere(refused)
    assert len(found) > 40
    assert found - words.REFUSALS.keys() == set()


def test_every_notice_has_its_words() -> None:
    def noticed(source: str) -> set[str]:
        return said(source, "Done", 1, "notice")

    assert noticed('Done(t, "a" if x else "b")\nDone(notice="c")') == {"a", "b", "c"}

    found = everywhere(noticed)
    assert len(found) > 20
    assert found - words.NOTICES.keys() == set()


@pytest.mark.parametrize("table", [words.REFUSALS, words.NOTICES], ids=["refusals", "notices"])
def test_words_are_sentences_and_name_their_parameters(table: dict[str, str]) -> None:
    for key, sentence in table.items():
        assert re.fullmatch(r"[a-z_]+", key)
        assert sentence == sentence.strip()
        assert re.sub(r"%\((\w+)\)s", "", sentence).count("%") == 0, key
        assert (not sentence) or sentence[0].isupper() or sentence.startswith("%(")
