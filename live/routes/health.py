"""How it runs: measures for machines, a page for people. And parts by GET, for where sockets do not pass."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from live import condition, faces, log, machine, pages
from live.condition import HOUR
from live.frames import payload_of
from live.node import Node
from live.wire import numbers_frame
from models import rights


async def healthz(request: Request) -> Response:
    """The process lives."""
    return PlainTextResponse("ok\n")


async def readyz(request: Request) -> Response:
    """The process serves: its database answers and its clocks run."""
    node = pages.node_of(request)
    if not node.ready:
        return PlainTextResponse("starting or stopping\n", 503)
    node.peek().cursor.execute("SELECT 1").fetchone()
    return PlainTextResponse("ready\n")


class _Measures:
    """Collects what a node counts. No person, no address, no content."""

    def __init__(self, node: Node) -> None:
        self.node = node

    def collect(self) -> list[Metric]:
        node = self.node
        lines = GaugeMetricFamily(
            "hallside_lines", "Open faces by view; a desk's miniatures are no faces.", labels=["view"]
        )
        for view, count in sorted(node.faces().items()):
            lines.add_metric([view], count)
        commands = CounterMetricFamily("hallside_commands", "Commands by outcome.", labels=["outcome"])
        for outcome in ("done", "refused", "failed"):
            commands.add_metric([outcome], getattr(node.counters, outcome))
        free = machine.disk(node.settings.data).free
        return [
            lines,
            commands,
            CounterMetricFamily("hallside_groups", "Commits of the writer lane.", value=node.store.groups),
            GaugeMetricFamily("hallside_largest_group", "Most commands in one commit.", value=node.store.largest),
            CounterMetricFamily("hallside_repaints", "Parts read and rendered.", value=node.projector.repaints),
            GaugeMetricFamily("hallside_loop_lag_seconds", "How late the loop runs.", value=node.admission.lag),
            GaugeMetricFamily("hallside_commit_lag_seconds", "Slowest command of late, on disk.", value=node.store.lag),
            GaugeMetricFamily("hallside_disk_free_bytes", "Of the data folder's disk.", value=free),
            GaugeMetricFamily("hallside_errors_last_hour", "Errors logged.", value=log.troubles.within(HOUR)),
        ]


async def metrics(request: Request) -> Response:
    """GET /metrics for Prometheus, to loopback and to organisers only: counts can tell how a vote goes on."""
    node = pages.node_of(request)
    badge = pages.badge_of(request)
    local = request.client is not None and request.client.host in ("127.0.0.1", "::1", "testclient")
    if not (badge and badge.role == "organiser") and (not local or "proxied" in request.scope):
        return PlainTextResponse("for this machine and for organisers\n", 403)
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Measures(node))
    return Response(generate_latest(registry), media_type="text/plain; version=0.0.4")


@pages.refusals_in_words
async def page(request: Request) -> Response:
    """GET /health: the same in words, for who looks after the machines of the conference on its day."""
    node = pages.node_of(request)
    badge = pages.person_badge(request)
    with node.store.reading() as tx:
        rights.require(tx, badge, "see_health")
        told = condition.read(tx, node)
    return pages.page(request, "office/health.html", badge, told=told)


@pages.refusals_in_words
async def parts(request: Request) -> Response:
    """GET /live?view=phone: the same parts as on the line, as a JSON list."""
    node = pages.node_of(request)
    badge = pages.badge_of(request) or pages.person_badge(request)
    query = request.query_params
    session = pages.number(query.get("session", ""))
    look = faces.look(node, badge, query.get("view", "phone"), page=query.get("page", "now"), session=session)
    frames = [payload_of(node.projector.look(audience, name).frame.data) for audience, name in look.seen]
    if look.view == "phone":
        frames.append(payload_of(numbers_frame("my", faces.mine(node, badge, node.session_of(badge))).data))
    if look.view in ("phone", "desk"):
        frames.append(payload_of(faces.devices(node, badge, look.view).data))
    return Response(
        b"[" + b",".join(frames) + b"]", media_type="application/json", headers={"cache-control": "no-store"}
    )


routes = [
    Route("/healthz", healthz),
    Route("/readyz", readyz),
    Route("/metrics", metrics),
    Route("/health", page),
    Route("/live", parts),
    Route("/screen/live", parts),
]
