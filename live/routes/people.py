"""The page for people and their badges: find, revoke, make new ones."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from live import pages
from live.print.sizes import SIZES
from live.routes.office import reachable
from models import people, rights, spares
from models.refusals import Refused


@pages.refusals_in_words
async def people_page(request: Request) -> Response:
    """GET /people?q=&show=ID: `show` prints one person's code and link, which is logged nowhere."""
    badge = pages.person_badge(request)
    node = pages.node_of(request)
    base = pages.base_of(request)
    query, show = request.query_params.get("q", "")[:80], request.query_params.get("show", "")
    with node.store.reading() as tx:
        rights.require(tx, badge, "manage_people")
        person = people.in_care(tx, badge, pages.number(show)) if show else None
        if show and (person is None or person.revoked):
            raise Refused("no_such_person")
        context: dict[str, Any] = {
            "rows": people.find(tx, query, node.wall()),
            "total": people.total(tx),
            "approves": rights.may(tx, badge, "approve_people"),
            "waits": people.waiting(tx, node.wall()),
            "protected": rights.PROTECTED,
            "most": people.FOUND,
            "spares": len(spares.free(tx)),
            "last_spare": spares.last(tx),
        }
    card = None
    if person is not None and person.id is not None:
        secret = node.badges.link_secret(person.id, person.issue)
        card = {"person": person, "code": node.badges.code(person.id, person.issue), "link": f"{base}/b#{secret}"}
    context |= {"sizes": SIZES.values(), "roles": rights.ROLES, "most_spares": spares.MOST}
    context["reachable"] = reachable(base)
    return pages.page(request, "office/people.html", badge, query=query, card=card, **context)


routes = [Route("/people", people_page)]
