"""Workbooks as spreadsheets write them, for tests that read them."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
DAY, CLOCK, SHARED = 1, 2, 3
"""Styles of cells: a day, a time of day, and, which is no style, a text that is kept with the others."""


def letters(place: int) -> str:
    return letters(place // 26 - 1) + letters(place % 26) if place > 25 else chr(65 + place)


def cell(name: str, value: object) -> str:
    """A cell: a text, a number, a bool, or what stands between <c and </c> as ("raw", ...)."""
    match value:
        case None | "":
            return f'<c r="{name}"/>'
        case ("raw", text):
            return f'<c r="{name}" {text}</c>'
        case ("day", number):
            return f'<c r="{name}" s="{DAY}"><v>{number}</v></c>'
        case ("clock", number):
            return f'<c r="{name}" s="{CLOCK}"><v>{number}</v></c>'
        case ("shared", number):
            return f'<c r="{name}" t="s"><v>{number}</v></c>'
        case bool():
            return f'<c r="{name}" t="b"><v>{int(value)}</v></c>'
        case int() | float():
            return f'<c r="{name}"><v>{value}</v></c>'
    return f'<c r="{name}" t="inlineStr"><is><t xml:space="preserve">{escape(str(value))}</t></is></c>'


def rows(table: Sequence[Sequence[object]], *, first: int = 1, given: str = "") -> str:
    return "".join(
        f'<row r="{n}"{given}>{"".join(cell(f"{letters(i)}{n}", value) for i, value in enumerate(row))}</row>'
        for n, row in enumerate(table, first)
    )


def book(
    *sheets: tuple[str, str], shared: Sequence[str] = (), old_mac: bool = False, view: str = "", states: str = "",
    parts: Mapping[str, bytes] | None = None, packing: int = zipfile.ZIP_DEFLATED,
) -> bytes:  # fmt: skip
    """A workbook of sheets, each a name and its rows. `parts` replace or come on top; in `states` h is hidden."""
    relations = "".join(
        f'<Relationship Id="r{n}" Type="{OFFICE}/worksheet" Target="worksheets/sheet{n}.xml"/>'
        for n in range(len(sheets))
    )
    relations += f'<Relationship Id="rt" Type="{OFFICE}/sharedStrings" Target="sharedStrings.xml"/>'
    relations += f'<Relationship Id="rs" Type="{OFFICE}/styles" Target="/xl/styles.xml"/>'
    hidden = ['state="hidden" ' if state == "h" else "" for state in states.ljust(len(sheets))]
    tabs = "".join(
        f'<sheet name="{name}" sheetId="{n + 1}" {hidden[n]}r:id="r{n}"/>' for n, (name, _) in enumerate(sheets)
    )
    files = {
        "_rels/.rels": f'<Relationships xmlns="{PACKAGE}"><Relationship Id="x" Type="{OFFICE}/officeDocument"'
        ' Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><workbookPr date1904="{int(old_mac)}"/>'
        f"<sheets>{tabs}</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}">{relations}</Relationships>',
        "xl/styles.xml": f'<styleSheet xmlns="{MAIN}"><numFmts><numFmt numFmtId="170" formatCode="[$-41F]h:mm"/>'
        '</numFmts><cellStyleXfs><xf numFmtId="14"/></cellStyleXfs><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/>'
        '<xf numFmtId="170"/></cellXfs></styleSheet>',
        "xl/sharedStrings.xml": f'<sst xmlns="{MAIN}">{"".join(shared)}</sst>',
        **{
            f"xl/worksheets/sheet{n}.xml": f'<worksheet xmlns="{MAIN}">{view}<sheetData>{data}</sheetData></worksheet>'
            for n, (_, data) in enumerate(sheets)
        },
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", packing) as whole:
        for name, text in files.items():
            if name not in (parts or {}):
                whole.writestr(name, text)
        for name, data in (parts or {}).items():
            whole.writestr(name, data)
    return out.getvalue()
