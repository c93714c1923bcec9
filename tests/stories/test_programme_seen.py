"""Whatever people do to the programme, every open desk and hall screen holds what a fresh page would show.

The sweep is off: what an act touched must be enough.
"""

from __future__ import annotations

import contextlib
import os
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from live import node as node_module
from models import called_off, doors, programme, schedule, stage
from models.command import Badge, Command
from models.refusals import Refused
from models.stage import Scene
from tests.stories.test_property import Hall
from tests.stories.test_schedule_property import found

ORGANISER = Badge(1, "organiser")
SESSIONS = (1, 2, 4, 5)
ACTS = (
    lambda s, h, n: schedule.RunLate(session=s, minutes=5 * n, seen_end="10:00"),
    lambda s, h, n: schedule.MoveSession(session=s, hall=h, confirm=programme.confirmation(s), again=True),
    lambda s, h, n: schedule.MoveSession(session=s, hall=h, start=f"{10 + n}:30", again=True),
    lambda s, h, n: schedule.MoveSession(session=s, hall=h, day="2026-05-13", again=True),
    lambda s, h, n: called_off.PostponeSession(session=s),
    lambda s, h, n: called_off.CancelSession(session=s, confirm=programme.confirmation(s)),
    lambda s, h, n: called_off.RestoreSession(session=s, again=True),
    lambda s, h, n: doors.StartSession(session=s),
    lambda s, h, n: doors.EndSession(session=s, confirm=programme.confirmation(s)),
    lambda s, h, n: doors.Follow(session=s),
    lambda s, h, n: doors.HandScreen(session=s, to=SESSIONS[n % 4]),
    lambda s, h, n: stage.ShowScene(hall=h, scene=Scene(kind=("agenda", "title")[n % 2])),
    lambda s, h, n: stage.StageNext(hall=h, scene=Scene(kind="agenda")),
)


@settings(
    max_examples=int(os.environ.get("HALLSIDE_EXAMPLES", "4")), deadline=None, database=None,
    suppress_health_check=list(HealthCheck), phases=[Phase.explicit, Phase.generate],
)  # fmt: skip
@given(
    done=st.lists(
        st.tuples(st.sampled_from(ACTS), st.sampled_from(SESSIONS), st.sampled_from([1, 2]), st.integers(1, 8)),
        min_size=5, max_size=8,
    )
)  # fmt: skip
def test_open_desks_and_screens_hold_the_programme_as_it_is(done: list[tuple[Any, int, int, int]]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(node_module, "SWEEP", 1e6)
        patch.setattr("tests.stories.test_property.AGREE_WITHIN", 200.0)
        hall = Hall(seats=0)
        hall.world.store.do(found)
        # What was looked at before these sessions were there is read again.
        hall.run(hall.house.perform(ORGANISER, schedule.RunLate(session=1, minutes=5, seen_end="10:00")))
        for session in SESSIONS:
            hall.sit(ORGANISER, "desk", session=session)
        hall.sit(Badge(0, "screen", hall_id=2, screen_id=2), "screen")
        try:
            hall.run(hall.agree())
            for make, session, place, n in done:
                command: Command = make(session, place, n)
                with contextlib.suppress(Refused):
                    hall.run(hall.house.perform(ORGANISER, command))
                try:
                    hall.run(hall.agree())
                except AssertionError as told:
                    raise AssertionError(f"after {command}: {told}") from None
        finally:
            hall.close()
