"""Templates to text, in every language."""

from __future__ import annotations

from pathlib import Path

from live.assets import Assets
from live.languages import LANGUAGES
from live.render import TEMPLATES, Renderer


def test_whoever_comes_first_waits_for_no_template() -> None:
    renderer = Renderer(Assets(Path(__file__).parent.parent.parent / "static"))

    renderer.warm()

    compiled = {code: {name for _, name in renderer._environments[code].cache or {}} for code in LANGUAGES}
    everything = {path.relative_to(TEMPLATES).as_posix() for path in TEMPLATES.rglob("*.html")}
    assert compiled == dict.fromkeys(LANGUAGES, everything)
