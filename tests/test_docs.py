"""The pages in docs/ name everything there is. A client is written from the protocol page alone."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest
from starlette.routing import Mount, Route

from live import words
from live.commands import BY_NAME, COMMANDS, Beat
from live.node import LINES
from live.parts import PARTS
from live.routes import ROUTES, socket
from models.command import snake
from models.stage import Scene
from tests.sentences import sentences

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PROTOCOL = (DOCS / "protocol.md").read_text()


def missing(wanted: list[str], page: str) -> list[str]:
    return [word for word in wanted if f"`{word}`" not in page]


def test_every_command_and_every_field_is_in_the_protocol() -> None:
    rows = {m[1]: m[0] for m in re.findall(r"(?m)^(\| `(\w+)` \|.*)$", PROTOCOL)}

    assert missing([snake(command.__name__) for command in COMMANDS], PROTOCOL) == []
    for name, command in BY_NAME.items():
        fields = [field.encode_name for field in msgspec.structs.fields(command)]
        assert [f for f in fields if f"`{f}" not in rows[name]] == [], name


def test_every_part_is_in_the_protocol() -> None:
    assert missing([part.name for part in PARTS], PROTOCOL) == []


def test_every_field_and_kind_of_a_scene_is_in_the_protocol() -> None:
    told = PROTOCOL[PROTOCOL.index("A scene is") :]

    assert [f for f in Scene.__struct_fields__ if f'"{f}"' not in told] == []


def test_every_refusal_with_its_words_and_every_notice_is_in_the_protocol() -> None:
    assert [k for k, said in words.REFUSALS.items() if f"| `{k}` | {said} |" not in PROTOCOL] == []
    assert missing(list(words.NOTICES), PROTOCOL) == []


def test_every_route_is_in_the_protocol() -> None:
    routes = [route for route in ROUTES if isinstance(route, Route)]
    told = PROTOCOL[PROTOCOL.index("## Routes") :]

    for route in routes:
        path = re.sub(r":\w+}", "}", route.path)
        for method in route.methods or ():
            if method != "HEAD":
                assert f"{method} {path}" in told, f"{method} {path}"
    assert "GET /socket" in told
    assert not any(isinstance(route, Mount) for route in ROUTES)


@pytest.mark.parametrize("name", ["SIGNED_OUT", "BADGE_FIRST", "TOO_FAST", "PROTOCOL"])
def test_every_close_code_of_the_socket_is_in_the_protocol(name: str) -> None:
    assert f"| {getattr(socket, name)} |" in PROTOCOL


def test_the_beats_fields_pace_and_the_lines_of_a_badge_are_in_the_protocol() -> None:
    beat = next(line for line in PROTOCOL.splitlines() if line.startswith('| `{"do":"beat"}`'))

    assert [f for f in Beat.__struct_fields__ if f"`{f}`" not in beat and f'"{f}"' not in beat] == []
    assert f"{LINES} lines" in PROTOCOL
    assert "every 20 s, a phone every 5 s while a poll is open" in beat


def test_a_page_that_forgets_something_is_caught() -> None:
    assert missing(["cast_vote"], PROTOCOL.replace("cast_vote", "")) == ["cast_vote"]


# --- links and labels


def headings(page: str) -> set[str]:
    """What a # in a link to this page may name, as forges make it."""
    found = re.findall(r"(?m)^#+ (.+)$", page)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in found}


def broken(page: Path, text: str) -> list[str]:
    """Links of a page that lead nowhere in this folder."""
    found = []
    for link in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"(?s)```.*?```", "", text)):
        path, _, anchor = link.partition("#")
        target = page.parent / path if path else page
        there = "://" in link or target.exists()
        if not there or (anchor and "://" not in link and anchor not in headings(target.read_text())):
            found.append(link)
    return found


PAGES = sorted(page for page in ROOT.rglob("*.md") if not {".venv", "vendor"} & set(page.parts))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    assert broken(page, page.read_text()) == []


def test_a_link_to_nowhere_is_caught() -> None:
    text = "[a](docs/none.md) [b](README.md#none) [c](#none) [d](README.md#two-commands) [e](docs/)"

    assert broken(ROOT / "README.md", text) == ["docs/none.md", "README.md#none", "#none"]


def test_the_first_ten_minutes_name_what_stands_on_the_page() -> None:
    page = (ROOT / "README.md").read_text()
    steps = page[page.index("## Your first ten minutes") : page.index("## Your own conference")]
    labels = {re.sub(r"\d+", "%(number)s", label) for label in re.findall(r"\*\*(.+?)\*\*", steps)} - {"bold"}
    said = {message.id if isinstance(message.id, str) else message.id[0] for message in sentences()}

    assert labels - said == set()
    assert len(labels) > 20
