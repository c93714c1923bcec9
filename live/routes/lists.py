"""Lists by upload: first a preview that touches nothing, then all or nothing by a command. The files stay in memory."""

from __future__ import annotations

import asyncio
from typing import Any

from sqlmodel import select
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartParser
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from live import deciding, pages, preview
from live.node import THE_SYSTEM, Node
from live.routes import office
from live.uploads import BYTES, FILES, Upload, Uploads, read
from models import lists
from models.command import Badge
from models.imports import Plan
from models.polls import Poll
from models.programme import Hall
from models.refusals import Refused
from models.rights import require
from models.store import Tx

WAYS = "/office/import"
MultiPartParser.spool_max_size = 2 * BYTES
"""Files over 1 MB would go through the disk, where what was deleted stays for long. No body is as long as this."""


def uploads_of(request: Request) -> Uploads:
    state = request.app.state
    if not hasattr(state, "uploads"):
        state.uploads = Uploads(pages.node_of(request).clock, asyncio.get_running_loop().call_later)
    uploads: Uploads = state.uploads
    return uploads


@pages.refusals_in_words
async def choose(request: Request) -> Response:
    """GET /office/import: choose files."""
    badge = pages.person_badge(request)
    with pages.node_of(request).store.reading() as tx:
        context = office.frame(request, tx, "import")
        voting = _voting(tx)
    return pages.page(
        request, "office/import.html", badge, voting=voting, limit=BYTES // 1_000_000, **context
    )  # fmt: skip


@pages.refusals_in_words
async def upload(request: Request) -> Response:
    """POST /office/import with `files`: they are kept for a quarter of an hour, and their preview is shown."""
    badge = _organiser(request)
    try:
        async with request.form(max_files=FILES, max_fields=4) as form:
            files: dict[str, bytes] = {}
            for each in form.getlist("files"):
                if isinstance(each, UploadFile) and each.filename:
                    files[each.filename.replace("\\", "/").rpartition("/")[2][:100]] = await each.read()
        if not any(files.values()):
            raise Refused("no_files")
        token = uploads_of(request).keep(badge.person_id, files)
    except Refused as refused:
        return pages.answer(request, badge, refused, back=WAYS)
    kept = uploads_of(request).of(token, badge.person_id)
    kept.lists = deciding.guessed(kept.files)
    return RedirectResponse(f"{WAYS}/{token}", 303)


@pages.refusals_in_words
async def show(request: Request) -> Response:
    """GET /office/import/TOKEN: what they hold, what is wrong, and what would change."""
    badge = _organiser(request)
    token = request.path_params["token"]
    try:
        kept = uploads_of(request).of(token, badge.person_id)
        plan = await _compared(pages.node_of(request), kept)
    except Refused as refused:
        return pages.answer(request, badge, refused, back=WAYS)
    with pages.node_of(request).store.reading() as tx:
        context: dict[str, Any] = office.frame(request, tx, "import")
        voting = _voting(tx)
        halls = [(hall.key, hall.names) for hall in tx.exec(select(Hall).order_by(Hall.key))]
    halls += [(hall.key, hall.names) for hall in plan.halls if hall.key not in dict(halls)]
    told = preview.told(kept, plan, pages.language_of(request, badge))
    ready = not plan.problems and not voting and plan.changes.n
    return pages.page(
        request, "office/preview.html", badge, token=token, voting=voting,
        halls=halls, seen=lists.digest(plan) if ready else "", **told, **context,
    )  # fmt: skip


@pages.refusals_in_words
async def decide(request: Request) -> Response:
    """POST /office/import/TOKEN: which list a file is, its letters, its columns, and who is one person."""
    badge = _organiser(request)
    token = request.path_params["token"]
    try:
        kept = uploads_of(request).of(token, badge.person_id)
        form: FormData = await request.form(max_files=0, max_fields=4000)
    except Refused as refused:
        return pages.answer(request, badge, refused, back=WAYS)
    deciding.decide(kept, {key: value for key, value in form.multi_items() if isinstance(value, str)})
    return RedirectResponse(f"{WAYS}/{token}", 303)


@pages.refusals_in_words
async def apply(request: Request) -> Response:
    """POST /office/import/TOKEN/apply with `seen`: all of it as it was shown, or nothing."""
    badge = _organiser(request)
    token = request.path_params["token"]
    back = f"{WAYS}/{token}"
    form = await request.form()
    try:
        kept = uploads_of(request).of(token, badge.person_id)
        if kept.plan is None:
            raise Refused("import_changed")
        command = lists.ImportLists(plan=kept.plan, seen=str(form.get("seen", ""))[:64], person=badge.person_id)
        out: Any = await pages.node_of(request).ask(THE_SYSTEM, command)
        uploads_of(request).forget(token)
        back = "/office"
    except Refused as refused:
        out = refused
        back = WAYS if refused.key == "upload_gone" else back
    return pages.answer(request, badge, out, back=back)


@pages.refusals_in_words
async def forget(request: Request) -> Response:
    """POST /office/import/TOKEN/forget: the files leave the memory."""
    _organiser(request)
    uploads_of(request).forget(request.path_params["token"])
    return RedirectResponse(WAYS, 303)


async def _compared(node: Node, kept: Upload) -> Plan:
    """The plan of the files under what was decided, against what is there now."""
    kept.plan = await read(deciding.named(kept), node.database)
    return kept.plan


def _organiser(request: Request) -> Badge:
    badge = pages.person_badge(request)
    with pages.node_of(request).store.reading() as tx:
        require(tx, badge, "manage_event")
    return badge


def _voting(tx: Tx) -> bool:
    return tx.exec(select(Poll.id).where(Poll.state.in_(("open", "closing")))).first() is not None  # type: ignore[attr-defined]


routes = [
    Route("/office/import", choose),
    Route("/office/import", upload, methods=["POST"]),
    Route("/office/import/{token}", show),
    Route("/office/import/{token}", decide, methods=["POST"]),
    Route("/office/import/{token}/apply", apply, methods=["POST"]),
    Route("/office/import/{token}/forget", forget, methods=["POST"]),
]
