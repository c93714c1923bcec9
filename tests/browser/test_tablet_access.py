"""Every page of a hall's tablet and of a teller for everybody: axe in four languages, light and dark, and narrow."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.phone_room import LANGUAGES, Room
from tests.browser.test_phone_access import faults
from tests.browser.test_tablet_story import opened, signed_in

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_passes_axe(room: Room, language: str) -> None:
    tablet = opened(room, f"Axe {language}", color_scheme="dark" if language in ("ar", "ru") else "light")
    tablet.taken += 10 + LANGUAGES.index(language)
    person = tablet.person()
    found = [f"idle {each}" for each in faults(tablet.page)]
    tablet.show(person)
    found += [f"in {each}" for each in faults(tablet.page)]
    tablet.page.locator("main button").click()
    tablet.is_idle()
    poll = room.poll(timer_s=900)
    tablet.show(person)
    tablet.page.locator(f"button[name=to][value={language}]").click()
    expect(tablet.page.locator(f"html[lang={language}] main[data-page=ballot]")).to_be_visible()
    found += [f"ballot {each}" for each in faults(tablet.page)]
    tablet.choose(1)
    tablet.send()
    tablet.is_("told")
    found += [f"recorded {each}" for each in faults(tablet.page)]
    tablet.page.locator("main button").click()
    tablet.is_idle()
    tablet.page.keyboard.type("WRONG")
    tablet.page.keyboard.press("Enter")
    tablet.page.locator(".said").wait_for()
    found += [f"wrong {each}" for each in faults(tablet.page)]
    tablet.page.set_viewport_size({"width": 360, "height": 640})
    found += [f"narrow {each}" for each in faults(tablet.page)]
    tablet.context.set_offline(True)
    tablet.is_("lost", 15)
    found += [f"lost {each}" for each in faults(tablet.page)]
    tablet.context.set_offline(False)
    tablet.page.goto("/tablet/link")
    found += [f"link {each}" for each in faults(tablet.page)]
    tablet.context.close()

    teller = signed_in(room, language)
    teller.set_viewport_size({"width": 360, "height": 740})
    for path in ("/teller", f"/teller/{room.session}"):
        teller.goto(path)
        found += [f"{path} {each}" for each in faults(teller)]
    room.seal(poll)
    teller.locator("[data-late=true]").wait_for()
    found += [f"late {each}" for each in faults(teller)]
    teller.context.close()
    room.desk.request.post("/do/set_language", data={"language": "en"})

    assert found == []
