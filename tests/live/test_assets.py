"""Static files from memory."""

from __future__ import annotations

import gzip
import re
import time
from pathlib import Path

import httpx2
import pytest

from live.assets import Assets
from live.server import running

pytestmark = pytest.mark.anyio


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "fonts").mkdir()
    (tmp_path / "vendor").mkdir()
    (tmp_path / "fonts/plex.woff2").write_bytes(bytes(range(256)) * 8)
    (tmp_path / "app.css").write_text(
        '@import "tokens.css";\n@font-face { src: url("fonts/plex.woff2") format("woff2") }\n'
        "a { background: url(data:image/png;base64,AAAA); mask: url(#seat) }\n" + "b { color: var(--ink) }\n" * 100
    )
    (tmp_path / "tokens.css").write_text(":root { --ink: #123 }")
    (tmp_path / "live.js").write_text('import { swap } from "./vendor/htmx.js";\nconst later = import("./desk.js");\n')
    (tmp_path / "desk.js").write_text('export * from "./vendor/htmx.js";\n')
    (tmp_path / "vendor/htmx.js").write_text("export const swap = 1;\n")
    (tmp_path / ".DS_Store").write_text("no")
    return tmp_path


def header(response: httpx2.Response, name: str) -> str:
    return str(response.headers.get(name, ""))


async def test_a_hashed_name_is_kept_for_a_year_and_arrives_packed(folder: Path) -> None:
    assets = Assets(folder)
    async with running(assets) as url, httpx2.AsyncClient(base_url=url, verify=False) as client:
        response = await client.get(assets.url("app.css"))

    assert re.fullmatch(r"/static/app\.[0-9a-f]{8}\.css", assets.url("app.css"))
    assert response.status_code == 200
    assert header(response, "cache-control") == "public, max-age=31536000, immutable"
    assert header(response, "content-type") == "text/css; charset=utf-8"
    assert header(response, "content-encoding") == "gzip"
    assert header(response, "vary") == "accept-encoding"
    assert response.content == assets.body("app.css")
    assert int(header(response, "content-length")) < 600


async def test_a_font_arrives_as_it_is(folder: Path) -> None:
    assets = Assets(folder)
    async with running(assets) as url, httpx2.AsyncClient(base_url=url, verify=False) as client:
        response = await client.get(assets.url("fonts/plex.woff2"))

    assert header(response, "content-type") == "font/woff2"
    assert header(response, "content-encoding") == ""
    assert response.content == (folder / "fonts/plex.woff2").read_bytes()


@pytest.mark.parametrize("accepted", ["identity", "gzip;q=0", "br"])
async def test_who_does_not_take_gzip_gets_the_plain_file(folder: Path, accepted: str) -> None:
    assets = Assets(folder)
    async with running(assets) as url, httpx2.AsyncClient(base_url=url, verify=False) as client:
        response = await client.get(assets.url("app.css"), headers={"accept-encoding": accepted})

    assert header(response, "content-encoding") == ""
    assert response.content == assets.body("app.css")


async def test_a_plain_name_is_asked_for_every_time_and_answered_in_short_when_known(folder: Path) -> None:
    assets = Assets(folder)
    async with running(assets) as url, httpx2.AsyncClient(base_url=url, verify=False) as client:
        first = await client.get("/static/app.css")
        second = await client.get("/static/app.css", headers={"if-none-match": header(first, "etag")})
        other = await client.get("/static/app.css", headers={"if-none-match": 'W/"00000000"'})

    assert header(first, "cache-control") == "no-cache"
    assert (second.status_code, second.content) == (304, b"")
    assert other.status_code == 200


async def test_head_says_what_get_would_and_nothing_else_is_allowed(folder: Path) -> None:
    assets = Assets(folder)
    async with running(assets) as url, httpx2.AsyncClient(base_url=url, verify=False) as client:
        head = await client.head(assets.url("app.css"))
        get = await client.get(assets.url("app.css"))
        post = await client.post(assets.url("app.css"))

    assert head.content == b""
    assert header(head, "content-length") == header(get, "content-length")
    assert (post.status_code, header(post, "allow")) == (405, "GET, HEAD")


@pytest.mark.parametrize("path", ["/static/none.css", "/static/../app.py", "/static/.DS_Store", "/static/"])
async def test_what_is_not_there_is_said_in_words(folder: Path, path: str) -> None:
    async with running(Assets(folder)) as url, httpx2.AsyncClient(base_url=url, verify=False) as client:
        response = await client.get(path)

    assert (response.status_code, response.text) == (404, "There is no such file here.")


def test_references_inside_files_lead_to_hashed_names(folder: Path) -> None:
    assets = Assets(folder)
    css, js = assets.body("app.css").decode(), assets.body("live.js").decode()

    assert f'@import "{assets.url("tokens.css")}"' in css
    assert f'url("{assets.url("fonts/plex.woff2")}")' in css
    assert "url(data:image/png;base64,AAAA)" in css
    assert "url(#seat)" in css
    assert f'from "{assets.url("vendor/htmx.js")}"' in js
    assert f'import("{assets.url("desk.js")}")' in js


def test_our_own_remarks_are_not_sent_and_nothing_else_is_left_out(folder: Path) -> None:
    code = 'const a = "//x"; // kept\nconst b = `/* kept */`;\n'
    (folder / "own.js").write_text("/* Above.\n\n   More. */\n// A line.\n" + code + "  /* within */\n  // and this\n")
    (folder / "vendor").mkdir(exist_ok=True)
    (folder / "vendor" / "theirs.js").write_text("/* licence */\nlet c;\n")

    assets = Assets(folder)

    assert assets.body("own.js").decode() == code
    assert assets.body("vendor/theirs.js") == b"/* licence */\nlet c;\n"


def test_a_changed_file_changes_its_name_and_the_names_of_those_that_refer_to_it(folder: Path) -> None:
    before = Assets(folder)
    (folder / "vendor/htmx.js").write_text("export const swap = 2;\n")
    after = Assets(folder)

    changed = {
        name for name in ("live.js", "desk.js", "vendor/htmx.js", "app.css") if before.url(name) != after.url(name)
    }
    assert changed == {"live.js", "desk.js", "vendor/htmx.js"}


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("bad.css", 'a { background: url("gone.png") }', r"static/bad.css refers to gone.png, which is not there"),
        ("bad.js", 'import "./bad.js";', r"in a circle: bad.js > bad.js"),
        ("bad.exe", "MZ", r"static/bad.exe: no content type is known for .exe"),
    ],
)
def test_a_mistake_in_the_folder_is_found_at_the_start(folder: Path, name: str, text: str, words: str) -> None:
    (folder / name).write_text(text)

    with pytest.raises(ValueError, match=words):
        Assets(folder)


def test_a_template_that_names_a_missing_file_fails(folder: Path) -> None:
    with pytest.raises(KeyError):
        Assets(folder).url("app.scss")


async def test_an_asset_costs_little(folder: Path) -> None:
    assets = Assets(folder)
    scope = {"path": assets.url("app.css"), "method": "GET", "headers": [(b"accept-encoding", b"gzip, br")] * 12}

    async def nothing(*_: object) -> None:
        return None

    start = time.process_time()
    for _ in range(2000):
        await assets(scope, nothing, nothing)  # type: ignore[arg-type]

    assert (time.process_time() - start) / 2000 < 0.05e-3


def test_the_packed_body_is_the_same_file_every_time(folder: Path) -> None:
    """Otherwise two nodes would serve different bytes under one name."""
    first, second = Assets(folder)._by_name["app.css"].packed, Assets(folder)._by_name["app.css"].packed

    assert first is not None
    assert first == second
    assert gzip.decompress(first) == Assets(folder).body("app.css")
