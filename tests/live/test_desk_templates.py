"""The desk's pages as HTML: what is offered when, in which languages, and what is refused in words."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from live import languages
from live.assets import Assets
from live.render import TEMPLATES, Renderer
from models import boards, drafts, programme, voting
from models.command import Done
from models.kinds import KINDS
from models.refusals import Refused
from models.store import Tx
from tests.world import LANGUAGES, World


@pytest.fixture(scope="module")
def renderer() -> Renderer:
    return Renderer(Assets(TEMPLATES.parent / "static"), "Europe/Istanbul")


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "hallside.sqlite")


def panel(world: World, renderer: Renderer, language: str = "en") -> str:
    """The polls' part of session 1 with one poll in it."""
    board = world.read(lambda tx: boards.desk(tx, 1))
    return renderer.fragment("desk/_polls.html", language, board=board)


def form(html: str, command: str) -> str:
    found = re.search(rf'<form[^>]*action="/do/{command}".*?</form>', html, re.S)
    return found[0] if found else ""


def written(world: World, *approved: str, **texts: str) -> int:
    """A poll with two options in these languages. Its id."""
    slots = [{la: f"{text} {n}" for la, text in texts.items()} for n in range(3)]
    poll = int(world.do(drafts.WritePoll(session=1, texts=slots)).facts["poll"])
    for language in approved:
        world.do(drafts.ApproveText(poll=poll, language=language))
    return poll


def session_speaks(world: World, spoken: str) -> None:
    def run(tx: Tx) -> Done:
        meeting = tx.get_one(programme.Meeting, 1)
        meeting.languages = spoken
        tx.add(meeting)
        return Done()

    world.store.do(run)


def test_opening_without_a_language_is_offered_once_something_can_be_read(world: World, renderer: Renderer) -> None:
    poll = written(world, en="Words")
    before = form(panel(world, renderer), "open_poll")
    world.do(drafts.ApproveText(poll=poll, language="en"))
    after = form(panel(world, renderer), "open_poll")

    assert 'aria-disabled="true"' in before
    assert "checkbox" not in before
    assert 'name="override" value="tr,ar,ru"' in after
    assert " checked" not in after
    assert "aria-disabled" not in after


def test_the_box_for_other_languages_is_another_box(world: World, renderer: Renderer) -> None:
    poll = written(world, "en", "tr", en="Words", tr="Söz", ru="Слова")
    more = re.findall(r'name="override".*? id="([^"]+)"', panel(world, renderer))
    world.do(drafts.ApproveText(poll=poll, language="ru"))
    less = re.findall(r'name="override".*? id="([^"]+)"', panel(world, renderer))

    assert more != less


def test_a_text_in_a_language_the_session_does_not_speak_can_be_read_and_approved(
    world: World, renderer: Renderer
) -> None:
    session_speaks(world, "en,tr")
    poll = written(world, en="Words", ar="كلمات")

    html = panel(world, renderer)

    assert re.findall(r'<span class="lg" lang="(\w+)">', html) == ["en", "tr", "ar"]
    assert f'id="f-approve-{poll}-ar"' in html
    world.do(drafts.ApproveText(poll=poll, language="ar"))
    assert world.board(poll).texts == {"ar": "كلمات 0"}
    assert world.board(poll, "desk").drafts == ("en", "tr"), "what opening needs is the session's"


def test_fixed_answers_alone_make_no_language_of_a_motion(world: World, renderer: Renderer) -> None:
    session_speaks(world, "en,tr")
    world.do(drafts.WritePoll(session=1, kind="yes_no_abstain", texts=[{"en": "Shall we?"}]))

    assert re.findall(r'<span class="lg" lang="(\w+)">', panel(world, renderer)) == ["en", "tr"]


def test_fixed_answers_say_in_every_language_what_the_interface_says() -> None:
    said = [{la: languages.catalogue(la).gettext(word) for la in LANGUAGES} for word in ("Yes", "No", "Abstain")]

    assert list(KINDS["yes_no_abstain"].fixed_texts) == said


def test_withdrawing_is_asked_once_more_and_says_how_much_is_deleted(world: World, renderer: Renderer) -> None:
    poll = world.poll()
    world.vote(poll, 0, 1)

    html = panel(world, renderer)
    fold = html[html.index(f'id="d-withdraw-{poll}"') :]

    assert fold.index("<summary>Withdraw</summary>") < fold.index('action="/do/withdraw"') < fold.index("</details>")
    assert f'data-deleted="{poll}">1</b>' in form(html, "withdraw")
    assert "Withdraw and delete the answers" in form(html, "withdraw")


def test_voting_is_continued_only_where_that_is_not_refused(world: World, renderer: Renderer) -> None:
    def offered() -> bool:
        return bool(form(panel(world, renderer), "continue_voting"))

    poll = world.poll()
    shown = [offered()]
    world.close(poll)
    shown.append(offered())
    world.seal(poll)
    shown.append(offered())
    other = world.poll()
    shown.append(offered())
    world.do(voting.Withdraw(poll=other))
    shown.append(offered())
    world.do(voting.LookFirst(poll=poll))
    shown.append(offered())

    assert shown == [False, True, True, False, True, False]


@pytest.mark.parametrize(("ballot", "results"), [("secret", "on_release"), ("confidential", "live")])
def test_a_sealed_secret_or_live_poll_is_not_offered_to_go_on(
    world: World, renderer: Renderer, ballot: str, results: str
) -> None:
    world.seal(world.poll(ballot=ballot, results=results))

    assert not form(panel(world, renderer), "continue_voting")


def test_names_are_linked_once_they_may_be_read(world: World, renderer: Renderer) -> None:
    named, other = world.poll(ballot="named", open_=False), world.poll(open_=False)
    for poll in (named, other):
        world.do(voting.OpenPoll(poll=poll))
        world.vote(poll, 0, 1)
        world.seal(poll)
    links = [re.findall(r"/desk/1/poll/(\d+)/names", panel(world, renderer))]
    for poll in (named, other):
        world.do(voting.LookFirst(poll=poll))
    links.append(re.findall(r"/desk/1/poll/(\d+)/names", panel(world, renderer)))

    assert links == [[], [str(named)]]


def test_whoever_voted_is_told_in_one_sentence_of_each_language(world: World, renderer: Renderer) -> None:
    poll = world.poll()
    world.vote(poll, 0, 1)
    n = f'<b data-turnout="{poll}">1</b>'

    told = {la: re.search(r'<p class="count num">(.*?)</p>', panel(world, renderer, la)) for la in LANGUAGES}

    of = world.board(poll).electors
    assert {la: found[1].strip() if found else "" for la, found in told.items()} == {
        la: languages.catalogue(la).ngettext(
            "%(n)s of %(num)d person answered.", "%(n)s of %(num)d people answered.", of
        ) % {"n": n, "num": of}
        for la in LANGUAGES
    }  # fmt: skip


def test_a_refusal_lists_languages_with_the_comma_of_the_reader(world: World, renderer: Renderer) -> None:
    poll = written(world, "en", "tr", en="Words", tr="Söz")
    with pytest.raises(Refused) as refused:
        world.do(voting.OpenPoll(poll=poll))

    said = {la: renderer.refusal(la, refused.value.key, refused.value.params) for la in ("en", "ar")}

    assert "AR, RU" in said["en"]
    assert "AR، RU" in said["ar"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_editor_promises_what_the_phone_promises(world: World, renderer: Renderer, language: str) -> None:
    """Word for word: a moderator chooses the sentence that voters then read."""
    head = world.read(lambda tx: boards.head(tx, 1))
    editor = renderer.fragment(
        "desk/editor.html", language, session=head, poll=None, event_languages=LANGUAGES, said=None,
        fixed=[dict.fromkeys(LANGUAGES, "")] * 3, server_now=0.0, badge=None, theme="auto",
    )  # fmt: skip
    hints = dict(re.findall(r'name="ballot" value="(\w+)".*?<small>(.*?)</small>', editor))
    promised = {}
    for ballot in hints:
        world.poll(ballot=ballot)
        board = world.read(lambda tx: boards.now(tx, 1))
        page = renderer.fragment("phone/_now.html", language, board=board)
        promised[ballot] = re.search(r'<p class="hint">\s*<b>[^<]*</b> (.*?)\s*</p>', page)[1]  # type: ignore[index]
        world.do(voting.Withdraw(poll=board.poll.id))

    assert sorted(hints) == ["confidential", "named", "secret"]
    assert promised == hints


def test_the_form_for_hands_says_whether_its_page_showed_the_poll_as_sealed(world: World, renderer: Renderer) -> None:
    poll = world.poll()
    before = form(panel(world, renderer), "count_hands")
    world.seal(poll)
    after = form(panel(world, renderer), "count_hands")

    said = [re.findall(r'name="late" value="(\w+)" data-type="bool"', html) for html in (before, after)]
    assert said == [["false"], ["true"]]
