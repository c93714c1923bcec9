"""The hall screen as HTML: each scene in one to four languages, equal in dignity, with nothing hidden in it."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pytest

from live.assets import Assets
from live.render import TEMPLATES, Renderer
from models import boards, programme, results, stage
from models.command import Badge

LANGUAGES = ("en", "tr", "ar", "ru")
TEXTS = {"en": "Which <first>?", "tr": "Hangisi önce?", "ar": "ما الأول؟", "ru": "Что сначала?"}
SENTENCE = "This question was withdrawn. Nothing was counted."
HALL = {"en": "Hall A", "tr": "Salon A", "ar": "القاعة A", "ru": "Зал A"}
HEAD = boards.Head(
    7,
    1,
    HALL,
    {la: f"Session {la}" for la in LANGUAGES},
    "on",
    "2026-05-12",
    "09:00",
    "10:00",
    "K7M2",
    "",
    LANGUAGES,
    6.0,
)
ROW = programme.AgendaRow(7, "2026-05-12", "09:00", "10:00", HALL, HEAD.titles, "parallel", "", "on", "K7M2", LANGUAGES)


@pytest.fixture(scope="module")
def renderer() -> Renderer:
    return Renderer(Assets(TEMPLATES.parent / "static"), "Europe/Istanbul")


def a_poll(state: str = "open", votes: tuple[int, ...] = (), **changes: Any) -> results.Board:
    n = sum(votes)
    shares = results.percent(list(votes), n, exact=True) if n >= 10 else [None] * len(votes)
    lines = [
        results.Line(count, share, 100.0 * count / max(votes), count == max(votes), 0, 0)
        for count, share in zip(votes, shares, strict=True)
    ]
    options = tuple(
        results.Option(
            n, n, chr(64 + n), "x", {la: f"Option{n}{la}" for la in LANGUAGES}, lines[n - 1] if lines else None
        )
        for n in (1, 2, 3)
    )
    board = results.Board(
        id=12, session_id=7, kind="single", template="choice", state=state, version=3, round=1, place=1,
        ballot="confidential", results="on_release", electorate="present", min=1, max=1, timer_s=0, wording=1,
        texts=TEXTS, options=options, voted=n or 146, electors=212, opened_at=1.0, closes_at=None, closed_at=1000.0,
        sealed_at=None, revealed_at=None, looked=False, override="", withdrawn_n=0, shown=bool(lines), live=False,
        too_few=False, dots=0 < n < 10, axis=50 if n >= 10 else 0, n=n, drafts=(), languages=LANGUAGES,
    )  # fmt: skip
    return replace(board, **changes)


def a_scene(kind: str, **changes: Any) -> boards.Scene:
    board = boards.Scene(
        hall_id=1, hall=HALL, event={la: f"Event {la}" for la in LANGUAGES}, kind=kind, blank=False, version=9,
        session=HEAD, scene=stage.Scene(kind=kind), poll=None, poll_day="", poll_hall={}, agenda=(ROW,),  # type: ignore[arg-type]
        languages=LANGUAGES, mode=7.5, capacity=320, indicative=True, spoken=LANGUAGES, shown_at=1_000_000.0,
    )  # fmt: skip
    return replace(board, **changes)


def html(renderer: Renderer, board: boards.Scene, *, base: str = "https://hall.example") -> str:
    return renderer.fragment(
        "screen/_scene.html", board.languages[0], board=board, address=base.partition("://")[2], base=base
    )


def every_scene() -> list[boards.Scene]:
    voted = a_poll("revealed", (60, 41, 28))
    timer = a_poll(closes_at=2000.0)
    return [
        *(a_scene(kind) for kind in ("title", "lobby", "agenda")),
        a_scene("title", session=None),
        a_scene("lobby", session=None),
        a_scene("agenda", agenda=()),
        *(a_scene("poll", poll=a_poll(s)) for s in ("draft", "ready", "open", "closing", "sealed", "withdrawn")),
        a_scene("poll", poll=timer),
        a_scene("results", poll=voted),
        a_scene("results", poll=replace(voted, live=True, state="open", closes_at=2000.0)),
        a_scene("results", poll=a_poll("revealed", (4, 2, 0))),
        a_scene("results", poll=a_poll("revealed", too_few=True)),
        a_scene("results", poll=replace(voted, kind="yes_no_abstain")),
        a_scene("results", poll=replace(voted, max=2, round=2)),
        a_scene("earlier", poll=voted, poll_day="2026-05-11", poll_hall=HALL),
        *(a_scene("announcement", scene=stage.Scene(kind="announcement", words=w, value="3")) for w in stage.LIBRARY),
        a_scene("countdown", scene=stage.Scene(kind="countdown", until=2000.0)),
    ]


class Tags(HTMLParser):
    """Every start tag with its attributes, and the text outside tags."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


@pytest.mark.parametrize("languages", [LANGUAGES, ("ar", "en"), ("tr",), ("en", "tr", "ru")], ids="-".join)
def test_every_scene_renders_without_inline_style_or_script(renderer: Renderer, languages: tuple[str, ...]) -> None:
    for scene in every_scene():
        tags = Tags(html(renderer, replace(scene, languages=languages))).tags

        assert tags[0][1]["data-version"] == "9", scene.kind
        assert not [tag for tag, attrs in tags if tag in ("style", "script") or "style" in attrs]
        assert not [name for _, attrs in tags for name in attrs if name.startswith("on")]


@pytest.mark.parametrize("languages", [LANGUAGES, ("ar", "en"), ("ru", "tr", "en")], ids="-".join)
def test_all_languages_stand_in_the_events_order_and_in_the_same_elements(
    renderer: Renderer, languages: tuple[str, ...]
) -> None:
    tags = Tags(html(renderer, a_scene("poll", poll=a_poll(), languages=languages))).tags

    texts = [(tag, attrs) for tag, attrs in tags if "data-la" in attrs and "class" not in attrs]
    assert tags[0][1]["data-languages"] == " ".join(languages)
    assert tags[0][1]["dir"] == ("rtl" if languages[0] == "ar" else "ltr")
    assert [attrs["lang"] for _, attrs in texts[: len(languages)]] == list(languages)
    assert {tag for tag, _ in texts} == {"span"}
    assert all((attrs["dir"] == "rtl") == (attrs["lang"] == "ar") for _, attrs in texts)
    for option in (1, 2, 3):
        assert all(f"Option{option}{la}" in html(renderer, a_scene("poll", poll=a_poll())) for la in languages)


def test_blank_is_black_and_holds_nothing(renderer: Renderer) -> None:
    page = Tags(html(renderer, a_scene("lobby", blank=True)))

    assert len(page.tags) == 1
    assert "data-blank" in page.tags[0][1]
    assert page.text == ""


def test_a_title_names_event_session_and_hall_without_code_or_counts(renderer: Renderer) -> None:
    page = html(renderer, a_scene("title"))

    assert "Event en" in page
    assert "Session ru" in page
    assert "القاعة A" in page
    assert "K7M2" not in page
    assert "<svg" not in page


def test_the_lobby_says_scan_to_vote_in_all_four_languages_whatever_the_screen_shows(renderer: Renderer) -> None:
    page = html(renderer, a_scene("lobby", languages=("ar", "en")))

    scan = page[page.index('class="scan"') : page.index("data-here")]
    assert re.findall(r'lang="(\w+)"', scan) == ["ar", "en", "tr", "ru"]
    assert page.count("K7M2") == 1


def test_without_a_public_address_there_is_no_code_that_leads_nowhere(renderer: Renderer) -> None:
    assert 'class="qr"' in html(renderer, a_scene("lobby"))
    assert 'class="qr"' not in html(renderer, a_scene("lobby"), base="")


@pytest.mark.parametrize("state", ["ready", "open", "closing", "sealed"])
@pytest.mark.parametrize("kind", ["poll", "results"])
def test_before_the_reveal_there_is_turnout_and_no_split(renderer: Renderer, kind: str, state: str) -> None:
    page = html(renderer, a_scene(kind, poll=a_poll(state)))

    said = Tags(re.sub(r"<svg.*?</svg>", "", page, flags=re.S)).text
    assert ("146 of 212 people have answered." in said) == (state == "open")
    assert ("146 of 212 people answered." in said) == (state != "open")
    assert "%" not in re.sub(r"<svg.*?</svg>", "", page, flags=re.S)
    assert 'class="bars"' not in page


@pytest.mark.parametrize(
    ("electors", "words"),
    [(1, "Ответили: 1 из 1 человека."), (2, "Ответили: 1 из 2 человек."), (21, "Ответили: 1 из 21 человека.")],
)
def test_turnout_is_a_sentence_in_the_plural_of_its_language(renderer: Renderer, electors: int, words: str) -> None:
    page = Tags(html(renderer, a_scene("poll", languages=("ru",), poll=a_poll(voted=1, electors=electors))))

    assert words in page.text


def test_turnout_of_delegations_counts_delegations(renderer: Renderer) -> None:
    poll = a_poll(electorate="delegations", voted=9, electors=12)

    assert "9 of 12 delegations have answered." in Tags(html(renderer, a_scene("poll", poll=poll))).text


def test_before_anything_is_opened_nothing_is_counted(renderer: Renderer) -> None:
    page = html(renderer, a_scene("poll", poll=a_poll("ready", voted=0, electors=0)))

    assert "Voting has not opened yet." in page
    assert "data-number" not in page
    assert 'class="on"' not in page


def test_the_lobby_has_every_plural_of_the_people_connected(renderer: Renderer) -> None:
    page = html(renderer, a_scene("lobby", languages=("ar",)))

    said = {n: Tags(words).text for n, words in re.findall(r'data-as="(\d+)"[^>]*>(.*?)</i>', page)}
    assert said == {
        "0": "لا أحد على اتصال.", "1": "شخص واحد على اتصال.", "2": "شخصان على اتصال.", "3": "0 أشخاص على اتصال.",
        "11": "0 شخصًا على اتصال.", "100": "0 شخص على اتصال.",
    }  # fmt: skip


def test_a_dot_of_several_people_says_so(renderer: Renderer) -> None:
    assert "A dot is" not in html(renderer, a_scene("lobby", capacity=500))
    assert "A dot is 5 people." in html(renderer, a_scene("lobby", capacity=501))


def test_after_voting_the_options_make_room_for_what_is_so(renderer: Renderer) -> None:
    page = Tags(html(renderer, a_scene("poll", languages=("en",), poll=a_poll("sealed"))))

    assert "Voting has closed. Results appear when the moderator shows them." in page.text
    assert "Option1en" not in page.text


def test_leaving_the_building_is_said_in_every_language_of_the_event_at_once(renderer: Renderer) -> None:
    scene = stage.Scene(kind="announcement", words="leave_building")

    page = html(renderer, a_scene("announcement", languages=("en",), scene=scene))

    assert 'data-languages="en tr ar ru"' in page
    assert "data-together" in page
    assert "Немедленно покиньте здание." in page
    assert "K7M2" not in page


def test_what_is_on_now_has_the_ring_and_a_word(renderer: Renderer) -> None:
    rows = (ROW, replace(ROW, id=8, state="planned"))

    page = html(renderer, a_scene("agenda", languages=("en",), agenda=rows))

    assert page.count('class="ring onair"') == page.count(">Now<") == 1


def test_a_withdrawn_question_says_only_that(renderer: Renderer) -> None:
    for kind in ("poll", "results"):
        page = Tags(html(renderer, a_scene(kind, languages=("en",), poll=a_poll("withdrawn"))))

        assert SENTENCE in page.text
        assert "Option1en" not in page.text
        assert "Which" not in page.text


def test_a_result_tells_its_n_and_only_the_leader_is_bright(renderer: Renderer) -> None:
    page = html(renderer, a_scene("results", languages=("en",), poll=a_poll("revealed", (60, 41, 28))))

    assert "129 of 212 people answered." in Tags(page).text
    assert "Indicative, not a decision." in page
    assert "Voting closed at 02:16." in page
    assert page.count('class="lead"') == 1
    assert page.count("Bars end at 50%.") == 1
    assert page.count('data-bar="') == 3


def test_indicative_can_be_removed_by_the_organiser_only(renderer: Renderer) -> None:
    scene = a_scene("results", poll=a_poll("revealed", (60, 41, 28)), indicative=False)

    assert "Indicative" not in html(renderer, scene)


def test_under_ten_answers_are_dots_and_no_percentages(renderer: Renderer) -> None:
    page = html(renderer, a_scene("results", languages=("en",), poll=a_poll("revealed", (4, 2, 1))))

    assert page.count("<i></i>") == 7
    assert "7 of 212 people answered." in Tags(page).text
    assert "%" not in page.partition("<footer")[0]


def test_too_few_ballots_are_told_in_words(renderer: Renderer) -> None:
    page = html(renderer, a_scene("results", poll=a_poll("revealed", too_few=True)))

    assert "Results of fewer than 5 ballots are not shown." in page


def test_counted_hands_stand_apart_and_late_ones_on_a_line_of_their_own(renderer: Renderer) -> None:
    poll = a_poll("revealed", (60, 41, 28))
    first, second, third = poll.options
    assert first.line is not None
    assert second.line is not None
    options = (
        replace(first, line=replace(first.line, hands=6)),
        replace(second, line=replace(second.line, late_hands=4)),
        third,
    )

    page = html(renderer, a_scene("results", languages=("en",), poll=replace(poll, options=options)))

    assert "+6 by hand" in page
    assert "Hands counted later, not in the result: \u2066B +4\u2069." in page


def test_an_earlier_result_names_its_day_and_hall(renderer: Renderer) -> None:
    scene = a_scene("earlier", poll=a_poll("revealed", (60, 41, 28)), poll_day="2026-05-11", poll_hall={"en": "Hall C"})

    page = html(renderer, replace(scene, languages=("en",)))

    assert "Monday, 11 May" in page
    assert "Hall C" in page
    assert "129 of 212 people answered." in Tags(page).text


def test_every_announcement_of_the_library_has_words(renderer: Renderer) -> None:
    said = set()
    for words in stage.LIBRARY:
        scene = stage.Scene(kind="announcement", words=words, value="<3>", text="not these")
        page = Tags(html(renderer, a_scene("announcement", languages=("en",), scene=scene))).text

        assert "not these" not in page
        said.add(page)
    assert len(said) == len(stage.LIBRARY)


def test_free_words_are_marked_as_being_in_one_language(renderer: Renderer) -> None:
    scene = stage.Scene(kind="announcement", text="Автобус <b>ждёт</b>", language="ru")

    page = html(renderer, a_scene("announcement", scene=scene))

    assert "Автобус &lt;b&gt;ждёт&lt;/b&gt;" in page
    assert "Русский" in page
    assert 'data-languages="ru"' in page


def test_a_language_without_approved_texts_is_left_out_not_filled(renderer: Renderer) -> None:
    poll = a_poll(texts={"en": "Which?", "ru": "Что?"})

    page = html(renderer, a_scene("poll", poll=poll))

    assert 'data-languages="en ru"' in page


def test_what_people_wrote_is_escaped(renderer: Renderer) -> None:
    page = html(renderer, a_scene("poll", poll=a_poll()))

    assert "Which &lt;first&gt;?" in page
    assert "<first>" not in page


def test_the_page_carries_the_scene_and_its_digest(renderer: Renderer) -> None:
    for monitor in (False, True):
        page = renderer.fragment(
            "screen/page.html", "en", scene_html='<div class="hall"></div>', scene_is="abc", monitor=monitor,
            hello={"view": "screen"}, screen_languages=("ar", "en"), screen_theme="black", server_now=1.0,
            badge=Badge(5, "moderator") if monitor else Badge(0, "screen", hall_id=1), event={"en": "Event"},
        )  # fmt: skip

        assert '<html lang="ar" dir="rtl" data-theme="black"' in page
        assert '<div class="hall"></div>' in page
        assert 'data-is="abc"' in page
        assert ("data-monitor" in page) == monitor


def test_the_agenda_of_a_hall_tells_new_times_and_what_is_called_off(renderer: Renderer) -> None:
    later = replace(ROW, state="planned", start="10:20", was={"start": "10:00", "end": "11:00"})
    rows = (later, replace(ROW, state="cancelled"), replace(ROW, state="postponed"))
    told = html(renderer, a_scene("agenda", agenda=rows))

    assert re.findall(r'<bdi dir="ltr">([\d:]+)</bdi>', told)[:1] == ["10:20"]
    assert re.findall(r'<s dir="ltr">([\d:]+)</s>', told) == ["10:00", "09:00", "09:00"]
    for words in ("Cancelled", "Postponed", "مؤجّلة", "Отложено", "Ertelendi"):
        assert words in told


@pytest.mark.parametrize("words", ["hall_moved", "postponed", "cancelled"])
def test_words_about_a_session_are_in_its_own_languages_and_name_where_it_is(renderer: Renderer, words: str) -> None:
    elsewhere = replace(HEAD, hall_id=2, hall={"en": "Hall B", "ar": "القاعة B"}, languages=("en", "ar"))
    board = a_scene("announcement", scene=stage.Scene(kind="announcement", words=words), session=elsewhere)
    told = html(renderer, replace(board, languages=("tr", "ru")))

    assert 'data-languages="en ar"' in told
    assert ("\u2068Hall B\u2069" in told) == (words == "hall_moved")
