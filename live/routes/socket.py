"""The line: hello, beats and commands up; greeting, parts, numbers and answers down.

Close codes are part of the protocol: docs/protocol.md says which of them mean come back, and when.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from functools import partial

from starlette.types import Receive, Scope, Send

from live import commands, faces
from live.cookies import token_in
from live.line import Line, Stage
from live.node import Node
from live.wire import line_of, message_frame, numbers_frame
from models.command import Badge, Command, Done
from models.refusals import Refused

log = logging.getLogger("hallside.socket")

SIGNED_OUT, BADGE_FIRST, TOO_FAST, PROTOCOL = 4001, 4002, 4008, 1008
HELLO_WITHIN = 5.0


class Connection:
    """One open socket and what it looks at."""

    __slots__ = ("badge", "bucket", "faults", "hello", "line", "look", "node", "staff", "timer")

    def __init__(self, node: Node, line: Line, badge: Badge) -> None:
        self.node = node
        self.line = line
        self.badge = badge
        self.bucket = node.messages.of(badge.key)
        self.look: faces.Look | None = None
        self.hello: commands.Hello | None = None
        self.staff = 0
        self.faults = 0
        self.timer: asyncio.TimerHandle | None = asyncio.get_running_loop().call_later(HELLO_WITHIN, self._no_hello)

    def hear(self, text: bytes) -> None:
        """One message. Never raises for what a client may send."""
        if not self.bucket.take(self.node.clock()):
            self.line.close(TOO_FAST, "too many messages")
            return
        try:
            message = commands.decode(text)
            if isinstance(message, Command):
                self._command(message)
            elif isinstance(message, commands.Beat):
                self._beat(message)
            else:
                self._hello(message)
        except Refused as refused:
            self._refuse(commands.id_in(text) if refused.key == "not_understood" else 0, refused)
            if refused.key in ("not_understood", "not_yours"):
                self.faults += 1
                if self.faults > 3 or self.look is None:
                    self.line.close(PROTOCOL, refused.key)

    # --- up

    def _hello(self, hello: commands.Hello) -> None:
        if self.look is not None:
            raise Refused("not_understood")
        look = self._looked(hello)
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None
        self.line.send(message_frame({"hello": {"now": self.node.wall(), "person": self.badge.person_id}}))
        self.look, self.hello = look, hello
        self._join(look, hello.have)
        if look.view == "phone":
            self._show_mine()
        elif look.view == "desk":
            self._come_to_desk(look.session)
        if "devices" in hello.have or self.node.devices_of(self.badge):
            self._show_devices()

    def _looked(self, hello: commands.Hello) -> faces.Look:
        """What this hello looks at now."""
        if hello.view != "monitor":
            return faces.look(self.node, self.badge, hello.view, page=hello.page, session=hello.session)
        view = "monitor" if hello.next else "program"
        return faces.look(self.node, self.badge, view, session=hello.session, hall=hello.hall)

    def moved(self, session: int) -> None:
        """A session went to another hall: its desk and the desk's miniatures look there from now on."""
        hello = self.hello
        if self.look is None or hello is None or hello.session != session or hello.view not in ("desk", "monitor"):
            return
        try:
            look = self._looked(hello)
        except Refused:  # no longer theirs to see: what they were shown last stays, and nothing follows
            return
        if look.hall != self.look.hall:
            self.node.hub.leave(self.line)
            self.look = look
            self._join(look, {})

    def _join(self, look: faces.Look, have: dict[str, str]) -> None:
        """Join first and read afterwards: then nothing is missed."""
        for audience in look.audiences:
            self.node.hub.join(self.line, audience)
        if look.view == "phone" and look.session:
            self.node.presence.came(look.session, self.badge.person_id, self.node.clock())
        for audience, name in look.seen:
            shown = self.node.projector.look(audience, name)
            if not shown.frame.digest or have.get(name) != shown.frame.digest:
                self.line.show(shown.frame)

    def _command(self, command: Command) -> None:
        if self.staff:
            self.node.presence.staff_seen(self.staff, self.badge.person_id, self.node.clock())
        self.node.perform(self.badge, command, partial(self._answer, getattr(command, "id", 0), command))

    def _beat(self, beat: commands.Beat) -> None:
        node = self.node
        self.line.send(message_frame({"beat": node.wall()}))
        if self.look is not None and self.look.view == "phone" and self.look.session:
            node.presence.phone_seen(self.look.session, self.badge.person_id, node.clock(), away=beat.away)
        if self.badge.screen_id and self.badge.hall_id and beat.shown >= 0:
            state = node.presence.screen(self.badge.hall_id, self.badge.screen_id, "", node.clock())
            if (state.shown, state.blank) != (beat.shown, beat.blank):
                state.since = node.clock()
                node.projector.touch(frozenset({(f"hall:{self.badge.hall_id}", "air")}))
            state.shown, state.blank, state.size = beat.shown, beat.blank, beat.size

    # --- down

    def _answer(self, id_: int, command: Command, out: Done | BaseException) -> None:
        if self.line.stage in (Stage.CLOSING, Stage.LOST):
            return
        if isinstance(out, Done):
            told: dict[str, object] = {"re": id_, "ok": out.notice, "at": self.node.wall()}
            if not command.hot:
                told["words"] = self.node.renderer.notice(self.badge.language, out.notice)
            if out.facts:
                told["facts"] = out.facts
            self.line.send(message_frame(told))
        elif isinstance(out, Refused):
            self._refuse(id_, out)
        else:
            self._refuse(id_, Refused("our_mistake"))

    def _refuse(self, id_: int, refused: Refused) -> None:
        words = self.node.renderer.refusal(self.badge.language, refused.key, refused.params)
        facts = {"facts": refused.params} if refused.params else {}
        self.line.send(message_frame({"re": id_, "no": refused.key, "words": words} | facts))

    def _show_mine(self) -> None:
        session = self.look.session if self.look else 0
        self.line.show(numbers_frame("my", faces.mine(self.node, self.badge, session)))

    def _show_devices(self) -> None:
        if self.look is not None and self.look.view in ("phone", "desk"):
            self.line.show(faces.devices(self.node, self.badge, self.look.view))

    def tell(self, topic: str) -> None:
        """Something of this person alone was touched."""
        if topic == "devices":
            self._show_devices()
        elif topic == "rights":
            self._require_look()
        else:
            self._seat()

    def _require_look(self) -> None:
        """Close what they may look at no more; the page that is loaded then says so. What they still may stays open,
        so it may be asked again: a role that ended elsewhere ends nothing here."""
        if self.hello is not None and self.hello.view != "phone":
            try:
                self._looked(self.hello)
            except Refused:
                self.node.hub.leave(self.line)
                self.line.close(SIGNED_OUT, "another role")

    def _seat(self) -> None:
        """The person was checked in to a session, here or on another device: look there from now on."""
        look = self.look
        if look is None or look.view != "phone":
            return
        session = self.node.session_of(self.badge)
        if session != look.session:
            self._leave(lost=False)
            page = "agenda" if any(a.address == "event" for a in look.audiences) else "now"
            self.look = faces.look(self.node, self.badge, "phone", page=page)
            self._join(self.look, {})
        self._show_mine()

    # --- coming and going

    def _come_to_desk(self, session: int) -> None:
        self.staff = session
        row = (
            self.node.peek()
            .cursor.execute("SELECT given_name, family_name, number FROM person WHERE id = ?", (self.badge.person_id,))
            .fetchone()
        )
        given, family, number = row or ("", "", "?")
        initials = (given[:1] + family[:1]) or number[:2]
        name = f"{given} {family}".strip() or number
        self.node.presence.staff_came(session, self.badge.person_id, initials, name, self.node.clock())
        self.node.projector.touch(frozenset({(f"session:{session}", "staff")}))

    def _leave(self, *, lost: bool) -> None:
        look, node = self.look, self.node
        node.hub.leave(self.line)
        if look is not None and look.view == "phone" and look.session:
            node.presence.went(look.session, self.badge.person_id, node.clock(), lost=lost)
        if self.staff:
            node.presence.staff_went(self.staff, self.badge.person_id)
            node.projector.touch(frozenset({(f"session:{self.staff}", "staff")}))

    def lost(self, line: Line) -> None:
        if self.timer is not None:
            self.timer.cancel()
        self._leave(lost=self.node.ready)  # when we stop, it is we who say goodbye

    def _no_hello(self) -> None:
        self.timer = None
        self.line.close(PROTOCOL, "say hello first")


def endpoint(node: Node) -> Callable[[Scope, Receive, Send], Awaitable[None]]:
    """The ASGI endpoint of `/socket`."""
    connections: dict[Line, Connection] = {}

    def personal(line: Line, topic: str) -> None:
        connection = connections.get(line)
        if connection is not None:
            connection.tell(topic)

    def moved(session: int) -> None:
        for connection in list(connections.values()):
            connection.moved(session)

    node.personal, node.moved = personal, moved

    def forget(line: Line) -> None:
        connections.pop(line, None)

    async def socket(scope: Scope, receive: Receive, send: Send) -> None:
        badge = node.badge_of(token_in(scope))
        await receive()
        wait = node.admission.admit(node.clock()) if badge and badge.role == "participant" else None
        await send({"type": "websocket.accept"})
        line = line_of(scope, receive, send)
        if badge is None:
            line.close(BADGE_FIRST, "show your badge first")
        elif not node.room_for(badge):
            line.close(TOO_FAST, "too many lines")
        elif wait is not None:
            line.send(message_frame({"bye": round(wait, 1)}))
            line.close(1013, "come back")
        else:
            node.opened(line, badge)
            connection = connections[line] = Connection(node, line, badge)
            line.on_lost(connection.lost)
            line.on_lost(forget)
            line.listen(connection.hear)
        await line.run()

    return socket
