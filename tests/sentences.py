"""Every sentence a person can read, found in templates and code, and what the catalogues lack of them."""

from __future__ import annotations

import re
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract, extract_from_dir
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).parent.parent
LOCALES = ROOT / "templates" / "locales"
CATALOGUES = ("tr", "ar", "ru")
PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]")

KEYWORDS = {"_": None, "N_": None, "gettext": None, "ngettext": (1, 2), "said": (2,), "said_n": (2, 3)}
IN_CODE = (
    "live/words.py", "live/acts.py", "live/announcements.py", "live/findings.py", "live/pages.py",
    "live/print/words.py",
)  # fmt: skip


def sentences() -> Catalog:
    """All sentences of the interface, with where they stand."""
    found = Catalog(charset="utf-8")
    options = {"extensions": "jinja2.ext.i18n", "newstyle_gettext": "true", "silent": "false"}
    methods = [("**.html", "jinja2.ext:babel_extract")]
    for name, line, message, comments, context in extract_from_dir(
        ROOT / "templates", methods, {"**.html": options}, KEYWORDS
    ):
        found.add(message, locations=[(f"templates/{name}", line)], auto_comments=comments, context=context)
    for name in IN_CODE:
        path = ROOT / name
        if path.exists():
            code = BytesIO(path.read_bytes())
            for line, message, comments, context in extract("python", code, KEYWORDS, (), {}):
                found.add(message, locations=[(name, line)], auto_comments=comments, context=context)
    return found


def catalogue(code: str) -> Catalog:
    path = LOCALES / f"{code}.po"
    if not path.exists():
        return Catalog(locale=code, charset="utf-8")
    with path.open("rb") as file:
        return read_po(file, locale=code)


def missing(code: str) -> list[str]:
    """Sentences without a translation, or whose placeholders or plural forms differ."""
    have = catalogue(code)
    gaps = []
    for message in sentences():
        if not message.id:
            continue
        ids = message.id if isinstance(message.id, tuple) else (message.id,)
        told = have.get(ids[0])
        texts = told.string if told is not None and isinstance(told.string, tuple) else (told.string,) if told else ()
        plural = isinstance(message.id, tuple)
        complete = len(texts) == (have.num_plurals if plural else 1) and all(texts)
        wanted = set(PLACEHOLDER.findall(ids[-1]))
        fits = all(set(PLACEHOLDER.findall(text)) <= wanted for text in texts if text)
        if not plural:
            fits = fits and all(set(PLACEHOLDER.findall(text)) == wanted for text in texts if text)
        if not complete or not fits or (told is not None and told.fuzzy):
            gaps.append(ids[0])
    return gaps


def update() -> None:
    """Write the catalogues anew: what is translated stays, what is gone leaves."""
    LOCALES.mkdir(parents=True, exist_ok=True)
    for code in CATALOGUES:
        have = catalogue(code)
        have.update(sentences(), no_fuzzy_matching=True, update_header_comment=False)
        have.obsolete.clear()
        with (LOCALES / f"{code}.po").open("wb") as file:
            write_po(file, have, width=120, sort_by_file=True, omit_header=False, include_lineno=False)
