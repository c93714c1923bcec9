"""Badges and the list of the registration desk on paper, for those who manage people."""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from live import pages
from live import print as paper
from live.print.sizes import SIZES
from models import cards, rights, spares
from models.refusals import Refused

MOST = 1000
"""Badges in one PDF made here: the server goes on meanwhile, but shares a core with it."""

_one_at_a_time = asyncio.Semaphore(1)


@pages.refusals_in_words
async def badges_page(request: Request) -> Response:
    """GET /people/badges.pdf?labels=&of=&person=ID: it holds secrets, and is kept and logged nowhere.

    The badges of organisers are printed by organisers only.
    """
    badge, node, base = pages.person_badge(request), pages.node_of(request), pages.base_of(request)
    size = SIZES.get(request.query_params.get("labels", "a6"))
    of = _choice(request)
    person = pages.number(request.query_params.get("person", "0"))
    if size is None:
        raise Refused("no_such_setting")
    with node.store.reading() as tx:
        rights.require(tx, badge, "manage_people")
        look = cards.look(tx)
        if of == cards.SPARES:
            faces = paper.spare_faces(node.badges, base, spares.free(tx))
        else:
            cared = {role for role in rights.ROLES if rights.may_answer_for(tx, badge, role)}
            faces = paper.faces(node.badges, base, [card for card in cards.cards(tx, of, person) if card.role in cared])
    if not faces:
        raise Refused("nobody_to_print")
    if len(faces) > MOST:
        raise Refused("too_many_to_print", most=MOST)
    async with _one_at_a_time:
        printed = await asyncio.to_thread(paper.badges_pdf, look, faces, size, base.partition("://")[2])
    return _pdf(printed.pdf, f"badges-{size.key}.pdf")


@pages.refusals_in_words
async def desk_list_page(request: Request) -> Response:
    """GET /people/desk-list.pdf?of=: names to tick at the registration desk, without secrets."""
    badge, node = pages.person_badge(request), pages.node_of(request)
    of = _choice(request)
    with node.store.reading() as tx:
        rights.require(tx, badge, "manage_people")
        look, people = cards.look(tx), cards.cards(tx, of)
    if not people:
        raise Refused("nobody_to_print")
    if len(people) > 4 * MOST:
        raise Refused("too_many_to_print", most=4 * MOST)
    language = pages.language_of(request, badge)
    async with _one_at_a_time:
        printed = await asyncio.to_thread(paper.desk_list_pdf, look, people, node.wall(), language)
    return _pdf(printed.pdf, "desk-list.pdf")


def _choice(request: Request) -> str:
    of = request.query_params.get("of", cards.ALL)
    if of not in cards.CHOICES:
        raise Refused("no_such_setting")
    return of


def _pdf(body: bytes, name: str) -> Response:
    headers = pages.FRESH | {"content-disposition": f'attachment; filename="{name}"'}
    return Response(body, media_type="application/pdf", headers=headers)


routes = [Route("/people/badges.pdf", badges_page), Route("/people/desk-list.pdf", desk_list_page)]
