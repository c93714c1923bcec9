"""The teller's page: hands counted in the hall, option by option, saved before the seal or labelled as later."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from live import faces, pages
from models import boards, hands, rights
from models.refusals import Refused


@pages.refusals_in_words
async def places(request: Request) -> Response:
    """GET /teller: the sessions that are on and in which this badge may count; the page of the only one at once."""
    badge = pages.person_badge(request)
    node = pages.node_of(request)
    if not rights.counts_hands(node.peek(), badge):
        raise Refused("not_yours")
    with node.store.reading() as tx:
        found = hands.places(tx, badge)
    if len(found) == 1:
        return RedirectResponse(f"/teller/{found[0].session}", 303)
    return pages.page(request, "teller/places.html", badge, places=found)


@pages.refusals_in_words
async def counting(request: Request) -> Response:
    """GET /teller/ID: count in this session."""
    badge = pages.person_badge(request)
    node = pages.node_of(request)
    session = request.path_params["session"]
    look = faces.look(node, badge, "teller", session=session)
    shown = node.projector.look(look.audiences[0], "hands")
    with node.store.reading() as tx:
        head = boards.head(tx, session)
        several = len(hands.places(tx, badge)) > 1
    if head is None:
        raise Refused("no_such_session")
    return pages.page(
        request, "teller/counting.html", badge, session=head, several=several, hands_html=shown.html,
        hands_is=shown.frame.digest, hello={"session": session},
    )  # fmt: skip


routes = [Route("/teller", places), Route("/teller/{session:int}", counting)]
