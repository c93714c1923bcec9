"""The registration desk: one page to find a person and do at once what they came for."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from live import pages
from models import journal, people, rights, staffing
from models.command import Badge
from models.people import Person
from models.refusals import Refused
from models.store import Tx

FOUND = 20
"""How many people a search lists: what two screens of a phone hold."""
ACTS = 8
"""How many acts of all desks are told."""


@pages.refusals_in_words
async def desk(request: Request) -> Response:
    """GET /registration?q=&person=ID&show=1&done=ID

    `q` finds; whoever is the only one found is opened. `person` opens one, `show` with their code and link, which is
    logged nowhere. `done` is whom the last act was about.
    """
    badge = pages.person_badge(request)
    node = pages.node_of(request)
    asked = request.query_params
    query = asked.get("q", "")[:80]
    opened, done = (pages.number(asked.get(name, "")) for name in ("person", "done"))
    now = node.wall()
    with node.store.reading() as tx:
        rights.require(tx, badge, "manage_people")
        found = people.find(tx, query, now, FOUND) if query.strip() else ()
        one = _one(tx, opened, now) or (found[0] if len(found) == 1 else None)
        card = _secrets(request, tx, badge, one.id) if one is not None and asked.get("show") else None
        context: dict[str, Any] = {
            "arrivals": people.arrivals(tx),
            "found": found,
            "one": one,
            "done": _one(tx, done, now),
            "card": card,
            "cared": one is not None and rights.may_answer_for(tx, badge, one.role),
            "approves": rights.may(tx, badge, "approve_people"),
            "waits": people.waiting(tx, now),
            "acts": journal.at_the_door(tx, ACTS),
            "today": staffing.today(tx, now),
            "sessions": staffing.handable(tx, badge, one.id, now) if one is not None else (),
            "delegations": people.all_delegations(tx),
            "handed": staffing.HANDED,
        }
    return pages.page(request, "office/registration.html", badge, query=query, most=FOUND, **context)


def _one(tx: Tx, person: int, now: float) -> people.PersonRow | None:
    """The person as a line, or None: a walk-in who was declined has none."""
    found = people.rows(tx, [person], now) if person else ()
    return found[0] if found and (found[0].name != found[0].number or not found[0].pending) else None


def _secrets(request: Request, tx: Tx, badge: Badge, person_id: int) -> dict[str, Any]:
    """What is handed over: code and link of the present badge. Refused where this badge may not see them."""
    return secrets_of(request, people.in_care(tx, badge, person_id))


def secrets_of(request: Request, person: Person) -> dict[str, Any]:
    """Code and link of a badge. Refused("badge_is_revoked") where it opens nothing."""
    node = pages.node_of(request)
    if person.revoked or person.id is None:
        raise Refused("badge_is_revoked")
    secret = node.badges.link_secret(person.id, person.issue)
    code = node.badges.code(person.id, person.issue)
    return {"person": person, "code": code, "link": f"{pages.base_of(request)}/b#{secret}"}


routes = [Route("/registration", desk)]
