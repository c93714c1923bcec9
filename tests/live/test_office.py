"""The organiser's pages as a browser gets them, lists by upload included. Nobody else sees or sends anything there."""

from __future__ import annotations

import asyncio
import os
import pickle
import re
import sys
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import httpx2
import pytest

from live import deciding, findings, uploads
from live.languages import LANGUAGES, tongue
from live.uploads import AT_ONCE, KEPT, Uploads, read
from models.command import Badge, Done
from models.imports import WORDS, parse
from models.imports.reading import LISTS
from models.look import judge
from models.refusals import Refused
from models.store import Tx
from tests.house import House, browser
from tests.models.test_office import png
from tests.world import World

pytestmark = pytest.mark.anyio

EXAMPLE = Path(__file__).parents[2] / "examples" / "ibmc-2023"
PAGES = (
    "/office", "/office?day=2026-05-12", "/office/session/1", "/office/halls", "/office/delegations",
    "/office/languages", "/office/look", "/office/look?accent=%23ffcc00", "/office/look?accent=nonsense",
    "/office/event", "/office/import", "/people",
)  # fmt: skip


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    world = World(tmp_path / "test.sqlite")
    async with House(world, tmp_path) as made:
        yield made


@asynccontextmanager
async def signed_in(house: House, badge: Badge) -> AsyncIterator[httpx2.AsyncClient]:
    async with browser(house, accept="text/html", cookie=f"hallside={house.token(badge)}") as client:
        yield client


def uploaded(*names: str, **others: bytes) -> list[tuple[str, tuple[str, bytes]]]:
    files = {name: (EXAMPLE / name).read_bytes() for name in names}
    return [("files", (name, data)) for name, data in {**files, **others}.items()]


def named(**files: bytes) -> list[tuple[str, tuple[str, bytes]]]:
    """`people_csv=b"..."`: a file people.csv."""
    return [("files", (name.replace("_", "."), data)) for name, data in files.items()]


# --- who may


@pytest.mark.parametrize("language", list(LANGUAGES))
async def test_every_page_is_there_in_every_language(house: House, language: str) -> None:
    house.world.poll(open_=False)
    async with signed_in(house, replace(house.world.organiser, language=language)) as client:
        for path in PAGES:
            page = await client.get(path)
            assert page.status_code == 200, (path, page.text[:2000])
            assert f'<html lang="{language}"' in page.text


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_every_page_has_the_theme_its_reader_chose(house: House, theme: str) -> None:
    cookie = f"hallside={house.token(house.world.organiser)}; theme={theme}"
    async with browser(house, accept="text/html", cookie=cookie) as client:
        for path in PAGES:
            told = (await client.get(path)).text.partition("<head>")[0]
            assert f'data-theme="{theme}"' in told, path


@pytest.mark.parametrize("role", ["participant", "registration", "av", "moderator", "data_protection"])
async def test_nobody_else_sees_them(house: House, role: str) -> None:
    become(house, role)
    async with signed_in(house, Badge(4, role)) as client:
        for path in PAGES[:-1]:
            assert (await client.get(path)).status_code == 403, path
        for path in ("/office/import", "/office/import/x", "/office/import/x/apply", "/office/import/x/forget"):
            assert (await client.post(path, files=named(a_csv=b"x"))).status_code == 403, path
        answer = await client.post("/office/look/logo", files=[("logo", ("logo.png", png()))])
        assert answer.status_code == 303
        assert "not_yours" in answer.headers["set-cookie"]


def become(house: House, role: str) -> None:
    """The first participant has another role from now on."""

    def run(tx: Tx) -> Done:
        tx.cursor.execute("UPDATE person SET role = ? WHERE id = 4", (role,))
        return Done()

    house.world.store.do(run)


async def test_whoever_is_not_signed_in_is_led_to_the_door(house: House) -> None:
    async with browser(house, accept="text/html") as client:
        for path in PAGES:
            assert (await client.get(path)).headers["location"] == "/"


async def test_only_an_organiser_may_send_much(house: House) -> None:
    long = named(people_csv=b"x" * 100_000)

    async with signed_in(house, house.world.person(0)) as client:
        assert (await client.post("/office/import", files=long)).status_code == 413
    async with signed_in(house, house.world.organiser) as client:
        assert (await client.post("/office/import", files=long)).status_code == 303
        assert (await client.post("/do/set_accent", content=b"x" * 100_000)).status_code == 413


# --- forms


async def test_a_form_without_script_sets_the_event_up(house: House) -> None:
    fields = {
        "names.en": "Border Days", "names.tr": "", "zone": "Asia/Tashkent", "languages.0": "ru", "languages.1": "en",
        "languages.2": "", "languages.3": "", "indicative": "true", "next": "/office/event",
    }  # fmt: skip
    async with signed_in(house, house.world.organiser) as client:
        answer = await client.post("/do/edit_event", data=fields)
        page = await client.get("/office/event")

    assert answer.headers["location"] == "/office/event"
    assert 'value="Border Days"' in page.text
    assert re.search(
        r'name="languages.0">\s*<option value="">–</option>.*?value="ru" lang="ru" selected', page.text, re.S
    )
    await house.settle()
    assert house.node.renderer.zone == "Asia/Tashkent"


async def test_halls_tell_how_far_their_smallest_text_is_read(house: House) -> None:
    fields = {
        "hall": "1", "names.en": "Long hall", "screen_height_m": "1.5", "farthest_seat_m": "30", "capacity": "200",
        "languages.0": "en",
    }  # fmt: skip
    async with signed_in(house, house.world.organiser) as client:
        before = await client.get("/office/halls")
        await client.post("/do/edit_hall", data=fields)
        after = await client.get("/office/halls")

    assert "readable to 12 m" in before.text
    assert "readable to 18 m" in after.text  # twelve picture heights is the most
    assert "The last row cannot read it." in after.text
    assert "never opened" in after.text


async def test_the_link_of_a_screen_opens_it(house: House) -> None:
    async with signed_in(house, house.world.organiser) as client:
        page = await client.get("/office/halls?show=1")
    link = re.search(r'value="[^"]*/screen/link#([^"]+)"', page.text)
    assert link
    async with browser(house) as screen:
        assert (await screen.post("/screen/link", data={"link": link[1]})).json()["ok"] == "signed_in"
    async with signed_in(house, house.world.organiser) as client:
        assert (await client.get("/office/halls")).text.count(
            "never opened"
        ) == 3  # of the other hall, twice in the card


# --- the look


async def test_a_colour_reaches_every_page_by_a_stylesheet_that_is_kept(house: House) -> None:
    async with signed_in(house, house.world.organiser) as client:
        assert "/look/" not in (await client.get("/menu")).text
        await client.post("/do/set_accent", data={"accent": "#7a1f5c", "next": "/office/look"})
        found = re.search(r'href="(/look/[0-9a-f]+\.css)"', (await client.get("/menu")).text)
        assert found
        sheet = await client.get(found[1])
        old = await client.get("/look/000000000000.css")

    assert sheet.headers["content-type"].startswith("text/css")
    assert "immutable" in sheet.headers["cache-control"]
    assert "--act:#7a1f5c" in sheet.text
    assert f"--act:{judge('#7a1f5c').dark_accent}" in sheet.text
    assert "forced-colors:none" in sheet.text
    assert old.status_code == 404


async def test_a_pale_colour_is_refused_in_words_with_the_nearest(house: House) -> None:
    async with signed_in(house, house.world.organiser) as client:
        page = await client.get("/office/look?accent=%23ffcc00")
        refused = await client.post(
            "/do/set_accent", data={"accent": "#ffcc00"}, headers={"accept": "application/json"}
        )

    nearest = judge("#ffcc00").nearest
    assert re.search(f"The nearest that can: .?{nearest}", page.text)
    assert refused.status_code == 409
    assert nearest in refused.json()["words"]


async def test_printing_names_the_address_and_says_where_no_phone_can_open_it(house: House) -> None:
    async with signed_in(house, house.world.organiser) as client:
        here = await client.get("/people", headers={"host": "127.0.0.1:8000"})
        there = await client.get("/people", headers={"host": "conference.example"})

    assert "Badges carry the address \u2066127.0.0.1:8000\u2069. No phone can open it" in here.text
    assert "Badges carry the address \u2066conference.example\u2069.</span>" in there.text


async def test_the_registration_desk_is_among_the_pages_of_the_organiser(house: House) -> None:
    async with signed_in(house, house.world.organiser) as client:
        page = await client.get("/office")

    assert '<a href="/registration">Registration desk' in page.text


async def test_a_logo_stands_where_people_come_in(house: House) -> None:
    async with signed_in(house, house.world.organiser) as client:
        await client.post("/office/look/logo", files=[("logo", ("logo.png", png()))])
        wrong = await client.post("/office/look/logo", files=[("logo", ("logo.svg", b"<svg/>"))])
    async with browser(house, accept="text/html") as guest:
        found = re.search(r'src="(/look/[0-9a-f]+\.png)"', (await guest.get("/")).text)
        assert found
        picture = await guest.get(found[1])

    assert (picture.content, picture.headers["content-type"]) == (png(), "image/png")
    assert "logo_no_png" in wrong.headers["set-cookie"]


# --- lists


async def test_lists_are_previewed_decided_and_imported(house: House) -> None:
    names = ("event.json", "halls.csv", "delegations.csv", "programme.csv", "people.csv", "polls.json")
    before = house.world.dump()
    async with signed_in(house, house.world.organiser) as client:
        token = (await client.post("/office/import", files=uploaded(*names))).headers["location"]
        page = await client.get(token)
        assert house.world.dump().keys() == before.keys()
        assert {k: v for k, v in house.world.dump().items() if v != before[k]}.keys() <= {"login"}
        assert "1203 and 1114 have the same e-mail address." in page.text
        assert "Not taken: country, note, email" in page.text
        assert "organisation has 393 characters and was cut to 200" in page.text
        seen = re.search(r'name="seen" value="([0-9a-f]{64})"', page.text)
        assert seen

        await client.post(token, data={"same.1203": "1114"})
        decided = await client.get(token)
        assert "1203 is the same person as 1114; only 1114 is taken" in decided.text
        stale = await client.post(f"{token}/apply", data={"seen": seen[1]})
        assert "import_changed" in stale.headers["set-cookie"]
        new = re.search(r'name="seen" value="([0-9a-f]{64})"', decided.text)
        assert new
        assert new[1] != seen[1]
        done = await client.post(f"{token}/apply", data={"seen": new[1]})

        assert done.headers["location"] == "/office"
        gone = await client.get(token)
        assert "upload_gone" in gone.headers["set-cookie"]
    people = {row[0] for row in house.world.read(lambda tx: tx.cursor.execute("SELECT number FROM person").fetchall())}
    assert "1114" in people
    assert "1203" not in people


async def test_a_wrong_list_says_every_problem_by_row_in_the_readers_language(house: House) -> None:
    people = (EXAMPLE / "people.csv").read_text("utf-8").splitlines()
    people[3] = people[3].replace("organiser", "king")
    people[7] = people[7].replace("100", "100!", 1)
    files = [("files", ("katılımcı listesi.csv", "\n".join(people).encode()))]
    async with signed_in(house, replace(house.world.organiser, language="tr")) as client:
        token = (await client.post("/office/import", files=files)).headers["location"]
        page = await client.get(token)

    assert "katılımcı listesi.csv" in page.text
    assert "satır 4" in page.text
    assert "role şunlardan biri olmalı" in page.text
    assert "satır 8" in page.text
    assert 'name="seen"' not in page.text


async def test_columns_and_letters_are_chosen_by_hand(house: House) -> None:
    text = "Nummer;Vorname;Nachname;Rolle\n4711;Şule;Ağır;participant\n"
    files = [("files", ("people.csv", text.encode("cp1254")))]
    async with signed_in(house, house.world.organiser) as client:
        token = (await client.post("/office/import", files=files)).headers["location"]
        first = await client.get(token)
        assert 'name="seen"' not in first.text
        fields = {f"header.people.{n}": header for n, header in enumerate(("Nummer", "Vorname", "Nachname", "Rolle"))}
        fields |= {
            f"column.people.{n}": column for n, column in enumerate(("number", "given_name", "family_name", "role"))
        }  # fmt: skip
        await client.post(token, data=fields | {"encoding.people": "windows-1254", "list.0": "people.csv"})
        page = await client.get(token)

    assert "Taken: number, given_name, family_name, role" in page.text
    assert re.search(r">4711</bdi> <bdi>Şule Ağır<", page.text)
    assert 'name="seen"' in page.text


CALENDAR = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//example//EN
BEGIN:VEVENT
UID:late@conference.example
DTSTART:20261125T210000Z
DTEND:20261125T213000Z
SUMMARY:Late show
LOCATION:The cellar
END:VEVENT
END:VCALENDAR
"""


async def test_a_calendar_is_read_and_its_room_is_found_among_the_halls(house: House) -> None:
    files = [("files", ("Our evening.ics", CALENDAR.replace("\n", "\r\n").encode()))]
    async with signed_in(house, replace(house.world.organiser, language="ru")) as client:
        token = (await client.post("/office/import", files=files)).headers["location"]
        asked = await client.get(token)
        assert "строка 4, “\u2068Late show\u2069”" in asked.text
        assert "нет зала с именем The cellar" in asked.text
        assert 'name="seen"' not in asked.text
        await client.post(token, data={"room.0": "The cellar", "hall.0": "hall-b"})
        seen = re.search(r'name="seen" value="([0-9a-f]{64})"', (await client.get(token)).text)
        assert seen
        await client.post(f"{token}/apply", data={"seen": seen[1]})

    rows = house.world.read(
        lambda tx: tx.cursor.execute('SELECT hall_id, day, start, "end" FROM session WHERE id > 2').fetchall()
    )
    assert rows == [(2, "2026-11-26", "00:00", "00:30")]


async def test_no_import_is_offered_or_done_while_a_vote_is_open(house: House) -> None:
    halls = named(halls_csv=b"key,name_en\nhall-z,Hall Z\n")
    async with signed_in(house, house.world.organiser) as client:
        token = (await client.post("/office/import", files=halls)).headers["location"]
        seen = re.search(r'name="seen" value="([0-9a-f]{64})"', (await client.get(token)).text)
        assert seen
        house.world.poll()
        page = await client.get(token)
        late = await client.post(f"{token}/apply", data={"seen": seen[1]})

    assert 'name="seen"' not in page.text
    assert "voting_is_open" in late.headers["set-cookie"]


async def test_an_upload_belongs_to_whoever_made_it(house: House) -> None:
    become(house, "organiser")
    async with signed_in(house, house.world.organiser) as client:
        token = (await client.post("/office/import", files=uploaded("halls.csv"))).headers["location"]
    async with signed_in(house, Badge(4, "organiser")) as other:
        assert "upload_gone" in (await other.get(token)).headers["set-cookie"]


def test_uploads_are_few_small_and_forgotten() -> None:
    now = [0.0]
    later: list[tuple[float, Callable[[], None]]] = []
    few = Uploads(lambda: now[0], lambda seconds, call: later.append((seconds, call)))
    tokens = [few.keep(person, {"halls.csv": b"x"}) for person in range(1, AT_ONCE + 1)]

    with pytest.raises(Refused, match="too_many_uploads"):
        few.keep(99, {"halls.csv": b"x"})
    few.keep(1, {"halls.csv": b"y"})  # in the place of their own
    with pytest.raises(Refused, match="upload_gone"):
        few.of(tokens[0], 1)
    with pytest.raises(Refused, match="upload_gone"):
        few.of(tokens[1], 1)
    assert few.of(tokens[1], 2).files == {"halls.csv": b"x"}
    now[0] = KEPT
    with pytest.raises(Refused, match="upload_gone"):
        few.of(tokens[1], 2)
    assert len(few) == AT_ONCE  # nobody came by meanwhile
    for seconds, call in later:
        now[0] = seconds
        call()
    assert len(few) == 0
    with pytest.raises(Refused, match="upload_too_big"):
        few.keep(1, {"halls.csv": bytes(20_000_001)})


async def test_an_upload_never_goes_through_the_disk(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(house.world.store.path / "no folder"))  # whoever writes there fails
    with pytest.raises(NotADirectoryError), tempfile.SpooledTemporaryFile(max_size=1) as control:
        control.write(b"xx")
    long = (EXAMPLE / "people.csv").read_bytes() + b"\n" * 3_000_000

    async with signed_in(house, house.world.organiser) as client:
        assert (await client.post("/office/import", files=named(people_csv=long))).status_code == 303


async def test_lists_are_read_one_after_another(house: House) -> None:
    most = 0

    async def watch() -> None:
        nonlocal most
        while True:
            most = max(most, _readers())
            await asyncio.sleep(0.01)

    watching = asyncio.create_task(watch())
    lists = {"halls.csv": b"key,name_en\nhall-a,Hall A\n"}
    plans = await asyncio.gather(*(read(lists, house.world.store.path) for _ in range(3)))
    watching.cancel()
    assert [len(plan.halls) for plan in plans] == [1, 1, 1]
    assert most == 1


def _readers() -> int:
    """Processes of ours that read lists now."""
    n = 0
    for status in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            ours = f"PPid:\t{os.getpid()}\n" in (status.parent / "status").read_text()
            n += ours and b"live.uploads" in status.read_bytes()
        except OSError:
            continue  # it has ended
    return n


async def test_reading_that_takes_too_long_or_too_much_is_given_up(house: House) -> None:
    database = house.world.store.path
    with pytest.raises(Refused, match="lists_unreadable"):
        await read({"halls.csv": b"key\nhall-a\n"}, database, seconds=0.05)
    told = await asyncio.create_subprocess_exec(
        sys.executable, "-c", "from live import uploads; uploads.MEMORY = 150_000_000; uploads.main()",
        cwd=uploads.ROOT,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    await told.communicate(pickle.dumps(({"halls.csv": b"key\n" + b"x" * 100_000_000}, database)))
    assert told.returncode != 0

    plan = await read({"halls.csv": b"key,name_en\nhall-a,Hall A\n"}, database)  # the same with room and time
    assert [hall.key for hall in plan.halls] == ["hall-a"]


# --- words


def test_every_finding_has_its_words_for_the_page_with_the_same_parameters() -> None:
    assert findings.WORDS.keys() == WORDS.keys()
    for key, english in WORDS.items():
        given = set(re.findall(r"(?<!\{)\{(\w+)\}", english))
        told = set(re.findall(r"%\((\w+)\)s", findings.WORDS[key]))
        assert told <= given, key
        assert given - told <= {"sample"}, key


@pytest.mark.parametrize("name", LISTS)
def test_every_column_that_is_offered_by_hand_is_one_that_enters(name: str) -> None:
    header = ",".join(deciding.COLUMNS[name])

    found = parse({name: f"{header}\n{',' * header.count(',')}\n".encode()}).columns[name]

    assert set(found.dropped) <= {"email"}
    assert set(found.kept) == set(deciding.COLUMNS[name]) - {"email"}


def test_languages_are_called_by_the_readers_own_names() -> None:
    assert [tongue("ar", code) for code in LANGUAGES] == ["Arabic", "Arapça", "العربية", "арабский"]
