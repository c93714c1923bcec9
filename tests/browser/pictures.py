"""The pictures of the README: every face of one session, from the running product, in English and Arabic."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from live.badges import Badges
from tests.browser.phone_room import Phone, Room
from tests.browser.screen_hall import CHROMIUM, ROOT, Desk, Platform, until_shown
from tests.browser.screen_hall import HALL as HALL_A

TARGET = ROOT / "docs" / "pictures"
LANGUAGES = ("en", "ar")
COLOURS = 128
WIDE = {"width": 1440, "height": 900}
SMALL = {"width": 390, "height": 844}
HALL = {"width": 1280, "height": 720}
TABLET = {"width": 1024, "height": 768}
VOTES = (0, 0, 1, 0, 2, 1, 0, 2, 0, 1, 1, 0)
"""Which option each of a dozen people chooses."""


class Faces:
    """One platform in which a dozen people vote."""

    def __init__(self, room: Room) -> None:
        self.room = room
        self.phones = [room.phone(viewport=SMALL) for _ in VOTES]
        self.poll = self._first_poll()

    def _first_poll(self) -> int:
        """The session's own first poll that has not been opened yet."""
        ready = self.room.ask(
            "SELECT id FROM poll WHERE session_id = ? AND state = 'ready' ORDER BY place", self.room.session
        )
        return int(ready[0][0])

    @contextmanager
    def page(self, role: str, path: str, language: str, size: dict[str, int] | None = None) -> Iterator[Page]:
        """A page of the first person with a role of the event; "moderator": of the session's own."""
        if role == "moderator":
            sql = "SELECT p.id, p.issue FROM sessionstaff s JOIN person p ON p.id = s.person_id WHERE s.session_id = ?"
            person = self.room.ask(sql, self.room.session)[0]
        else:
            person = self.room.ask("SELECT id, issue FROM person WHERE role = ? ORDER BY id", role)[0]
        base = self.room.platform.base
        context = self.room.browser.new_context(base_url=base, viewport=size or WIDE, locale="en-GB")
        headers = {"origin": base, "accept": "application/json"}
        secret = Badges.open(self.room.platform.folder).link_secret(*person)
        assert context.request.post("/badge", form={"link": secret}, headers=headers).ok
        context.request.post("/do/set_language", data={"language": language}, headers=headers)
        page = context.new_page()
        page.goto(path)
        page.wait_for_load_state("networkidle")
        yield page
        page.close()
        context.request.post("/do/sign_out", data={}, headers=headers)
        context.close()

    @contextmanager
    def speaking(self, phone: Phone, language: str) -> Iterator[Page]:
        phone.post("set_language", language=language)
        phone.page.goto("/")
        phone.page.wait_for_load_state("networkidle")
        yield phone.page
        phone.post("set_language", language="en")
        phone.page.goto("/")

    def open(self) -> None:
        self.room.desk.do("show_scene", hall=HALL_A, scene={"kind": "poll", "poll": self.poll})
        if self.room.ask("SELECT state FROM poll WHERE id = ?", self.poll) == [("ready",)]:
            self.room.desk.do("open_poll", poll=self.poll)

    def vote(self) -> None:
        for phone, option in zip(self.phones, VOTES, strict=True):
            phone.until_poll(self.poll)
            if phone.page.locator("[data-poll]").get_attribute("data-my") != "recorded":
                phone.choose(option + 1)
                phone.send()
                phone.is_("recorded")


def keep(page: Page, name: str) -> None:
    """One picture, in so many colours that nobody sees a difference."""
    page.wait_for_timeout(500)
    picture = Image.open(BytesIO(page.screenshot())).convert("RGB")
    picture.quantize(COLOURS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(
        TARGET / f"{name}.png", optimize=True
    )
    print(f"docs/pictures/{name}.png", flush=True)


def phone(faces: Faces) -> None:
    faces.open()
    for language in LANGUAGES:
        with faces.speaking(faces.phones[-1], language) as page:
            faces.phones[-1].until_poll(faces.poll)
            page.locator("label.row").first.click()
            keep(page, f"phone-{language}")


def desk(faces: Faces) -> None:
    faces.open()
    faces.vote()
    with screen(faces):
        for language in LANGUAGES:
            with faces.page("moderator", f"/desk/{faces.room.session}#poll-{faces.poll}", language) as page:
                page.wait_for_selector('.mon.now[data-confirmed="yes"]', timeout=15_000)
                keep(page, f"desk-{language}")


def hall(faces: Faces) -> None:
    faces.open()
    faces.vote()
    with screen(faces) as page:
        until_shown(page, "poll")
        keep(page, "screen-poll")
        if faces.room.ask("SELECT state FROM poll WHERE id = ?", faces.poll) == [("open",)]:
            faces.room.seal(faces.poll)
            faces.room.desk.do("reveal", poll=faces.poll)
        faces.room.desk.show("results", poll=faces.poll)
        until_shown(page, "results")
        page.wait_for_timeout(1500)
        keep(page, "screen-results")


def office(faces: Faces) -> None:
    for name, path in (("office", "/office"), ("registration", "/registration?q=an"), ("health", "/health")):
        for language in LANGUAGES:
            with screen(faces), faces.page("organiser", path, language) as page:
                keep(page, f"{name}-{language}")


def teller(faces: Faces) -> None:
    faces.open()
    for language in LANGUAGES:
        with faces.page("organiser", f"/teller/{faces.room.session}", language, SMALL) as page:
            keep(page, f"teller-{language}")


def tablet(faces: Faces) -> None:
    faces.open()
    room = faces.room
    screen_id = room.desk.do("add_tablet", hall=1, name="Door")["facts"]["screen"]
    badges = Badges.open(room.platform.folder)
    page = room.browser.new_context(viewport=TABLET).new_page()
    page.goto(f"{room.platform.base}/tablet/link#{badges.screen_secret(screen_id, 1)}")
    page.wait_for_url("**/tablet")
    keep(page, "tablet")
    page.locator("#badge").fill(badges.code(faces.phones[0].person, faces.phones[0].issue))
    page.keyboard.press("Enter")
    page.get_by_role("button", name="العربية").click()
    page.locator("label.row").first.wait_for()
    keep(page, "tablet-ar")
    page.context.close()


@contextmanager
def screen(faces: Faces) -> Iterator[Page]:
    platform = faces.room.platform
    page = faces.room.browser.new_context(viewport=HALL).new_page()
    page.goto(f"{platform.base}/screen/link#{platform.link('/screen/link', 'Hall A')}")
    page.wait_for_url("**/screen")
    page.wait_for_selector(".hall[data-fitted]")
    yield page
    page.context.close()


FACES: dict[str, Callable[[Faces], None]] = {
    "phone": phone, "tablet": tablet, "teller": teller, "desk": desk, "office": office, "screen": hall,
}  # fmt: skip


def main() -> int:
    wanted = sys.argv[1:] or list(FACES)
    unknown = [name for name in wanted if name not in FACES]
    if unknown:
        print(f"There is no face {unknown[0]!r}. Faces are {', '.join(FACES)}.", file=sys.stderr)
        return 2
    TARGET.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, Platform(Path(folder)) as platform, sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM)
        faces = Faces(Room(platform, browser, Desk(play, platform)))
        for name in wanted:
            FACES[name](faces)
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
