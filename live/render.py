"""Boards to HTML. One environment a language; undefined names and missing templates are errors, never blanks."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from types import CodeType
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import BytecodeCache, Environment, FileSystemLoader, StrictUndefined
from jinja2.bccache import Bucket
from markupsafe import Markup

from live import acts, languages, words
from live.assets import Assets
from live.draw import HALL_DOTS, hemicycle, qr, unit
from live.dress import Worn
from models.programme import confirmation

TEMPLATES = Path(__file__).parent.parent / "templates"


class _Compiled(BytecodeCache):
    """What one language compiled is there for the others: only filters and catalogues differ."""

    def __init__(self) -> None:
        self._code: dict[str, CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._code.get(bucket.key)

    def dump_bytecode(self, bucket: Bucket) -> None:
        if bucket.code is not None:
            self._code[bucket.key] = bucket.code


class Renderer:
    """Renders templates of `templates/` in a language. `assets` gives hashed names of static files."""

    def __init__(self, assets: Assets, zone: str = "UTC") -> None:
        self.assets = assets
        self.zone = zone
        self.worn = Worn()
        """The event's own colour and logo; the node sets it and the zone when they change."""
        self._compiled = _Compiled()
        self._environments = {code: self._environment(code) for code in languages.LANGUAGES}

    def warm(self) -> None:
        """Compile every template: 0.7 s of CPU.

        Done at first use it stops the loop for so long that whoever joins just then is asked to come back later.
        """
        for environment in self._environments.values():
            for template in environment.list_templates(extensions=["html"]):
                environment.get_template(template)

    def fragment(self, template: str, language: str, **context: Any) -> str:
        """One template as text. Raises jinja2.UndefinedError where the board lacks what the template names."""
        return self._environments[language].get_template(template).render(context)

    def gettext(self, language: str, message: str, **params: str | int) -> str:
        """One sentence in a language, parameters filled in."""
        said = languages.catalogue(language).gettext(message)
        return said % params if params else said

    def refusal(self, language: str, key: str, params: dict[str, str | int]) -> str:
        """The words of a refusal. Languages it names come as `TR,AR`."""
        if "languages" in params:
            params = {**params, "languages": languages.listed(str(params["languages"]).split(","), language)}
        return self.gettext(language, words.REFUSALS[key], **params)

    def notice(self, language: str, key: str) -> str:
        """The words of a notice for the actor; empty where none are needed."""
        message = words.NOTICES[key]
        return self.gettext(language, message) if message else ""

    def _environment(self, code: str) -> Environment:
        env = Environment(
            loader=FileSystemLoader(TEMPLATES),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            extensions=["jinja2.ext.i18n"],
            auto_reload=False,
            bytecode_cache=self._compiled,
            optimized=False,  # a filter worked out at compiling would be in one language for all four
        )
        env.install_gettext_translations(languages.catalogue(code), newstyle=True)  # type: ignore[attr-defined]
        env.globals.update(
            language=code,
            dir=languages.direction(code),
            languages=languages.LANGUAGES,
            asset=self.assets.url,
            worn=lambda: self.worn,
            direction=languages.direction,
            hemicycle=hemicycle,
            per_dot=lambda people: unit(people, HALL_DOTS),
            qr=qr,
            said=said,
            said_n=said_n,
            local_now=lambda: datetime.now(ZoneInfo(self.zone)).strftime("%Y-%m-%d %H:%M"),
        )
        env.filters.update(
            percent=lambda value, la=code: languages.percent(value, la),
            clock=lambda at: languages.clock(at, self.zone),
            clock_s=lambda at: languages.clock(at, self.zone, seconds=True),
            tongue=lambda which, la=code: languages.tongue(which, la),
            day=lambda iso, la=code: languages.day(iso, la),
            of_day=languages.of_day,
            pick=lambda texts, la=code: texts.get(la) or next(iter(texts.values()), ""),
            act=lambda row, polls=(), la=code: acts.sentence(la, row, polls),
            confirmation=confirmation,
            pick_language=lambda texts, la=code: la if texts.get(la) else next(iter(texts), la),
        )
        return env


def said(language: str, message: str, **params: str | int) -> str:
    """A sentence of the interface in any of the languages, for screens that show several at once."""
    text = languages.catalogue(language).gettext(message)
    return text % params if params else text


def said_n(language: str, one: str, many: str, num: int, **params: str | int) -> str:
    """A counted sentence in any of the languages, by that language's own plural forms. Parameters may be markup."""
    return Markup(languages.catalogue(language).ngettext(one, many, num)) % {"num": num, **params}
