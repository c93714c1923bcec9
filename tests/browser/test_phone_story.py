"""A vote from a phone, on good days and bad: recorded once, kept while offline, refused in words, never lost."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.phone_room import Room

pytestmark = pytest.mark.browser


@pytest.fixture(autouse=True)
def nothing_goes_wrong(room: Room) -> Iterator[None]:
    yield
    told, room.wrong[:] = room.wrong[:], []
    assert told == []


def words(page: Page) -> str:
    return page.locator("body").inner_text()


def test_a_badge_link_opens_the_agenda_and_one_tap_leads_in(room: Room) -> None:
    phone = room.phone(seated=False)
    phone.page.goto("/")
    expect(phone.page.get_by_role("heading", name="Agenda")).to_be_visible()

    phone.page.locator(f"li[data-session='{room.session}'] form button").click()

    expect(phone.page.locator("[data-part=now]")).to_be_visible()
    phone.close()


def test_a_question_appears_by_itself_and_two_taps_vote(room: Room) -> None:
    phone = room.phone()
    poll = room.poll()
    phone.until_poll(poll)

    phone.choose(2)
    phone.send()
    phone.is_("recorded")

    assert room.ballots(poll) == [0, 1, 0]
    status = phone.page.locator(".status:visible")
    expect(status).to_contain_text("The room has your vote")
    expect(status).to_contain_text("Received ")
    phone.page.reload()
    phone.is_("recorded")
    expect(phone.page.locator("input:checked")).to_have_count(1)
    phone.close()


def test_a_vote_is_changed_and_counts_once(room: Room) -> None:
    phone = room.phone()
    poll = room.poll()
    phone.until_poll(poll)
    phone.choose(1)
    phone.send()
    phone.is_("recorded")
    phone.page.wait_for_timeout(700)

    phone.send()
    phone.choose(3)
    phone.send()
    phone.is_("changed")

    assert room.ballots(poll) == [0, 0, 1]
    phone.close()


def test_without_a_connection_a_vote_is_kept_and_goes_out_by_itself(room: Room) -> None:
    phone = room.phone()
    poll = room.poll(timer_s=600)
    phone.until_poll(poll)
    phone.choose(1)
    phone.context.set_offline(True)

    phone.send()
    phone.is_("sending", 3)
    expect(phone.page.locator("#n-offline")).to_contain_text("Your vote is kept on this phone")
    expect(phone.page.locator("#n-offline")).to_contain_text("Voting closes at")
    phone.is_("kept", 6)
    phone.page.wait_for_timeout(1000)
    assert room.ballots(poll) == [0, 0, 0]
    phone.context.set_offline(False)
    phone.is_("recorded", 15)

    assert room.ballots(poll) == [1, 0, 0]
    expect(phone.page.locator("#n-offline")).to_have_count(0)
    phone.close()


def test_a_kept_vote_survives_the_page(room: Room) -> None:
    phone = room.phone()
    poll = room.poll()
    phone.until_poll(poll)
    phone.page.route("**/do/**", lambda route: route.abort())
    phone.context.set_offline(True)
    phone.choose(2)
    phone.send()
    phone.is_("sending", 3)
    phone.page.goto("about:blank")
    phone.page.unroute_all()
    phone.context.set_offline(False)

    phone.page.goto("/")
    phone.is_("recorded", 10)

    assert room.ballots(poll) == [0, 1, 0]
    phone.close()


def test_without_sockets_everything_works_by_post(room: Room) -> None:
    phone = room.phone(seated=False)
    phone.page.route_web_socket("**/socket", lambda socket: socket.close())
    phone.post("check_in", session=room.session)
    poll = room.poll()
    phone.page.goto("/")

    phone.choose(1)
    phone.send()
    phone.is_("recorded")
    room.seal(poll)
    room.desk.do("reveal", poll=poll)

    expect(phone.page.locator(".res")).to_have_count(3, timeout=45_000)
    assert room.ballots(poll) == [1, 0, 0]
    phone.close()


def test_a_vote_that_comes_after_the_seal_is_refused_in_words(room: Room) -> None:
    phone = room.phone()
    poll = room.poll()
    phone.until_poll(poll)
    phone.choose(1)
    phone.context.set_offline(True)
    phone.send()
    room.seal(poll)

    phone.context.set_offline(False)
    phone.is_("late", 20)

    expect(phone.page.locator(".status:visible")).to_contain_text("It was not counted")
    expect(phone.page.locator("#alert")).to_contain_text("It was not counted")
    expect(phone.page.locator("#n-back")).to_have_count(0)
    below = phone.page.locator("section[data-poll] h1 + .told .status:visible")
    expect(below).to_contain_text("It was not counted")
    assert room.ballots(poll) == [0, 0, 0]
    room.desk.do("reveal", poll=poll)
    expect(phone.page.locator(".res")).to_have_count(3)
    expect(phone.page.locator(".status:visible")).to_contain_text("It was not counted")
    expect(phone.page.locator(".me:visible")).to_have_count(0)
    phone.close()


def test_a_change_that_comes_too_late_leaves_the_first_vote(room: Room) -> None:
    phone = room.phone()
    poll = room.poll()
    phone.until_poll(poll)
    phone.choose(1)
    phone.send()
    phone.is_("recorded")
    phone.page.wait_for_timeout(700)
    phone.send()
    phone.choose(2)
    phone.context.set_offline(True)
    phone.send()
    room.seal(poll)

    phone.context.set_offline(False)

    expect(phone.page.locator("#n-late")).to_contain_text("Your earlier vote counts", timeout=20_000)
    expect(phone.page.locator("#notices p").first).to_have_id("n-late")
    phone.is_("recorded")
    assert room.ballots(poll) == [1, 0, 0]
    phone.close()


def test_closing_locks_the_form_and_the_result_marks_my_vote(room: Room) -> None:
    voter, silent = room.phone(), room.phone()
    poll = room.poll()
    voter.until_poll(poll)
    silent.until_poll(poll)
    voter.choose(2)
    voter.send()
    voter.is_("recorded")
    silent.choose(1)

    room.desk.do("end_voting", poll=poll)
    silent.is_("closed_unsent")
    expect(silent.page.locator("fieldset")).to_have_attribute("disabled", "")
    expect(silent.page.locator("form[data-poll]")).to_contain_text("Counting")
    room.until(poll, "sealed")
    expect(voter.page.locator("section[data-poll]")).to_contain_text("Results appear when the moderator shows them")
    voter.is_("recorded")
    silent.is_("closed_unsent")
    room.desk.do("reveal", poll=poll)

    expect(voter.page.locator(".res").nth(1)).to_contain_text("Your vote")
    expect(voter.page.locator(".me:visible")).to_have_count(1)
    expect(silent.page.locator(".me:visible")).to_have_count(0)
    expect(voter.page.locator("body")).to_contain_text("Indicative, not a decision")
    voter.close()
    silent.close()


def test_a_change_not_sent_when_voting_closes_says_which_vote_counts(room: Room) -> None:
    phone = room.phone()
    poll = room.poll()
    phone.until_poll(poll)
    phone.choose(1)
    phone.send()
    phone.is_("recorded")
    phone.page.wait_for_timeout(700)
    phone.send()
    phone.choose(2)

    room.desk.do("end_voting", poll=poll)

    expect(phone.page.locator("#n-unsent")).to_contain_text("Your earlier vote counts.")
    phone.is_("recorded")
    expect(phone.page.locator("form[data-poll]")).to_contain_text("Counting")
    expect(phone.page.locator("form[data-poll] .act")).to_be_hidden()
    expect(phone.page.locator("input:checked")).to_have_value(
        str(room.ask("SELECT id FROM item WHERE poll_id = ? AND n = 1", poll)[0][0])
    )
    room.desk.do("continue_voting", poll=poll)
    expect(phone.page.locator("form[data-poll] .act")).to_be_visible()
    expect(phone.page.locator("#n-unsent")).to_have_count(0)
    phone.close()


def test_a_new_question_waits_while_a_choice_is_unsent(room: Room) -> None:
    phone = room.phone()
    first = room.poll()
    phone.until_poll(first)
    phone.choose(1)
    phone.context.set_offline(True)
    room.seal(first)
    second = room.poll()
    phone.context.set_offline(False)

    notice = phone.page.locator("#n-new")
    expect(notice).to_contain_text("A new question is open", timeout=15_000)
    expect(phone.page.locator(f"[data-poll='{first}'] input:checked")).to_have_count(1)
    notice.get_by_role("button").click()

    phone.until_poll(second)
    expect(notice).to_have_count(0)
    phone.close()


def test_corrected_wording_keeps_the_choice_and_says_so(room: Room) -> None:
    voter, chooser = room.phone(), room.phone()
    poll = room.poll()
    for phone in (voter, chooser):
        phone.until_poll(poll)
        phone.choose(2)
    voter.send()
    voter.is_("recorded")

    room.desk.do("correct_wording", poll=poll, slot=0, language="en", body="Question, put right?")

    for phone in (voter, chooser):
        expect(phone.page.locator("h1")).to_have_text("Question, put right?")
        expect(phone.page.locator("input:checked")).to_have_count(1)
    expect(voter.page.locator("[data-corrected]")).to_be_visible()
    expect(chooser.page.locator("[data-corrected]")).to_be_hidden()
    voter.close()
    chooser.close()


def test_a_withdrawn_question_is_gone_at_once(room: Room) -> None:
    phone = room.phone()
    poll = room.poll()
    phone.until_poll(poll)
    phone.choose(1)

    room.desk.do("withdraw", poll=poll)

    expect(phone.page.locator("h1")).to_have_text("This question was withdrawn. Nothing was counted.", timeout=2000)
    phone.close()


def test_several_choices_are_counted_in_words(room: Room) -> None:
    phone = room.phone()
    poll = room.poll(kind="multiple", options=4, min=1, max=2)
    phone.until_poll(poll)

    phone.choose(1, 2, 3)

    expect(phone.page.locator("input:checked")).to_have_count(2)
    expect(phone.page.locator("[data-chosen]")).to_have_text("2 of 2 chosen. Untick one to change.")
    expect(phone.page.locator("form[data-poll] .act .btn")).to_have_text("Send 2 choices", use_inner_text=True)
    phone.send()
    phone.is_("recorded")
    assert room.ballots(poll) == [1, 1, 0, 0]
    phone.close()


def test_a_secret_vote_leaves_no_choice_on_the_phone(room: Room) -> None:
    phone = room.phone()
    poll = room.poll(ballot="secret")
    phone.until_poll(poll)
    expect(phone.page.locator("form[data-poll]")).to_contain_text("Your name is not stored with your choice.")
    phone.choose(1)
    phone.send()
    phone.is_("recorded")

    kept = phone.page.evaluate("poll => localStorage.getItem(`h.v.${poll}`)", poll)
    item = room.ask("SELECT id FROM item WHERE poll_id = ? AND n = 1", poll)[0][0]
    assert "marks" not in kept
    assert f"[{item}]" not in kept
    phone.page.wait_for_timeout(700)
    phone.send()
    phone.choose(2)
    phone.send()
    phone.is_("changed")
    assert room.ballots(poll) == [0, 1, 0]
    phone.close()


def test_with_storage_blocked_the_page_says_to_stay(room: Room) -> None:
    phone = room.phone(seated=False)
    phone.post("check_in", session=room.session)
    phone.page.add_init_script(
        "Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('no', 'SecurityError'); } })"
    )
    poll = room.poll()
    phone.page.goto("/")
    expect(phone.page.locator("form[data-poll]")).to_contain_text(
        "Keep this page open until it says that the room has your vote."
    )

    phone.choose(3)
    phone.send()
    phone.is_("recorded")

    assert room.ballots(poll) == [0, 0, 1]
    phone.close()


LOCKED = """
for (const name of ["localStorage", "sessionStorage", "indexedDB", "caches"])
  Object.defineProperty(window, name, { get() { throw new DOMException("no", "SecurityError"); } });
delete window.WebSocket;
for (const name of ["serviceWorker", "mediaDevices", "wakeLock", "clipboard"])
  Object.defineProperty(navigator, name, { get: () => undefined });
delete Crypto.prototype.randomUUID;
for (const [type, names] of [[Array.prototype, ["toSorted", "toReversed", "with", "findLast"]], [Object, ["groupBy"]],
  [Promise, ["withResolvers"]], [AbortSignal, ["any"]], [Set.prototype, ["union"]], [URL, ["canParse"]]])
  for (const name of names) delete type[name];
"""
"""A phone that its owner's office locked: no storage, no socket, no camera, and a browser of four years ago."""


def test_a_locked_down_phone_votes_by_post(room: Room) -> None:
    phone = room.phone(seated=False)
    phone.post("check_in", session=room.session)
    phone.page.add_init_script(LOCKED)
    poll = room.poll()
    phone.page.goto("/")
    assert phone.page.evaluate("typeof WebSocket") == "undefined"
    expect(phone.page.locator("form[data-poll]")).to_contain_text(
        "Keep this page open until it says that the room has your vote."
    )

    phone.choose(2)
    phone.send()
    phone.is_("recorded", 10)
    phone.page.wait_for_timeout(700)
    phone.send()
    phone.choose(3)
    phone.send()
    phone.is_("changed", 10)

    assert room.ballots(poll) == [0, 0, 1]
    assert room.wrong == []
    phone.close()


def test_without_script_and_with_storage_blocked_a_phone_needs_its_cookie_only(room: Room) -> None:
    phone = room.phone(seated=False, java_script_enabled=False, accept_downloads=False)
    phone.post("check_in", session=room.session)
    phone.page.route_web_socket("**/socket", lambda socket: socket.close())
    poll = room.poll(kind="yes_no_abstain")
    phone.page.goto("/")

    phone.choose(1)
    phone.page.locator("form[data-poll] .act .btn").click()

    phone.is_("recorded")
    assert {cookie["name"] for cookie in phone.context.cookies()} <= {"hallside", "lang", "visitor"}
    assert room.ballots(poll) == [1, 0, 0]
    phone.close()


def test_a_form_without_script_votes_changes_and_says_so(room: Room) -> None:
    phone = room.phone(java_script_enabled=False)
    poll = room.poll()
    phone.page.goto("/")
    phone.choose(1)
    phone.send()
    expect(phone.page.locator(".status:visible")).to_contain_text("The room has your vote")
    expect(phone.page.locator("input:checked")).to_have_count(1)

    phone.choose(2)
    phone.send()

    assert room.ballots(poll) == [0, 1, 0]
    phone.close()


def test_a_change_without_script_after_the_seal_says_that_the_earlier_vote_counts(room: Room) -> None:
    phone = room.phone(java_script_enabled=False)
    poll = room.poll()
    phone.page.goto("/")
    phone.choose(1)
    phone.send()
    room.seal(poll)

    phone.choose(2)
    phone.send()

    expect(phone.page.locator("#said")).to_have_text(
        "Voting closed before your change arrived. Your earlier vote counts."
    )
    assert "not counted" not in words(phone.page)
    assert room.ballots(poll) == [1, 0, 0]
    phone.close()


def test_without_script_nothing_can_be_sent_while_votes_are_counted(room: Room) -> None:
    phone = room.phone(java_script_enabled=False)
    poll = room.poll()
    phone.page.goto("/")
    phone.choose(1)
    phone.send()

    room.desk.do("end_voting", poll=poll)
    phone.page.reload()

    assert "Counting" in words(phone.page)
    expect(phone.page.locator("form[data-poll] button:visible")).to_have_count(0)
    expect(phone.page.locator("fieldset")).to_have_attribute("disabled", "")
    room.until(poll, "sealed")
    phone.close()


def test_a_secret_vote_without_script_is_final_and_says_so(room: Room) -> None:
    phone = room.phone(java_script_enabled=False)
    poll = room.poll(ballot="secret")
    phone.page.goto("/")
    assert "Without JavaScript a secret vote is final" in words(phone.page)
    phone.choose(1)
    phone.send()

    assert "A secret vote sent without JavaScript is final." in words(phone.page)
    expect(phone.page.locator("form[data-poll] .act")).to_have_count(0)
    assert room.ballots(poll) == [1, 0, 0]
    phone.close()


def test_whoever_came_later_is_told_why_there_is_no_vote(room: Room) -> None:
    poll = room.poll() if room.phone() else 0
    phone = room.phone()
    phone.until_poll(poll)

    phone.is_("not_in_electorate")

    expect(phone.page.locator(".status:visible")).to_contain_text("You came in after it was opened")
    phone.close()


def test_whoever_is_here_but_has_no_vote_is_told_when_the_poll_opens(room: Room) -> None:
    voter, colleague = room.phone(), room.phone()
    ((delegation,),) = room.ask("SELECT delegation_id FROM person WHERE id = ?", voter.person)
    room.desk.do("name_voter", delegation=delegation, voter=voter.person)
    ((other,),) = room.ask("SELECT delegation_id FROM person WHERE id = ?", colleague.person)
    ((instead,),) = room.ask(
        "SELECT max(id) FROM person WHERE delegation_id = ? AND id NOT IN (?, ?)", other, voter.person, colleague.person
    )
    if other != delegation:
        room.desk.do("name_voter", delegation=other, voter=instead)

    poll = room.poll(electorate="delegations")

    voter.until_poll(poll)
    colleague.is_("not_in_electorate")
    expect(colleague.page.locator(".status:visible")).to_contain_text("Each delegation has one vote.")
    expect(colleague.page.locator("form[data-poll] .act")).to_be_hidden()
    voter.is_("empty")
    voter.close()
    colleague.close()


def test_how_many_answered_is_a_whole_sentence(room: Room) -> None:
    phone, other = room.phone(), room.phone()
    poll = room.poll()
    phone.until_poll(poll)
    phone.choose(1)
    phone.send()
    phone.is_("recorded")

    count = phone.page.locator("[data-turnout] .count")
    expect(count).to_have_text(re.compile(r"^1 of \d+ people have answered\.$"), timeout=10_000)
    other.post("set_language", language="ru")
    room.nothing_open()
    other.page.goto("/")
    here = other.page.locator(".mini[data-here] .count")
    if here.count():
        expect(here).to_have_text(re.compile(r"^На связи \d+ человек(а)?\.$"), use_inner_text=True, timeout=10_000)
    phone.close()
    other.close()


def test_the_agenda_switches_sessions_in_one_tap(room: Room) -> None:
    phone = room.phone()
    phone.page.goto("/agenda")
    here = phone.page.locator(f"li[data-session='{room.session}']")
    expect(here).to_contain_text("You are here.")
    expect(here.locator("form")).to_be_hidden()
    other = phone.page.locator("li.on form:visible").first
    expect(other.get_by_role("button")).to_contain_text("Switch to this session")

    other.get_by_role("button").click()

    expect(phone.page.locator("[data-part=now]")).to_be_visible()
    assert room.ask("SELECT session_id FROM presence WHERE person_id = ?", phone.person) != [(room.session,)]
    phone.close()


def test_on_the_agenda_a_dot_tells_that_a_poll_was_opened(room: Room) -> None:
    room.nothing_open()
    phone = room.phone()
    phone.page.goto("/agenda")
    phone.page.wait_for_timeout(500)
    expect(phone.page.locator("#spot")).to_be_hidden()

    poll = room.poll()

    expect(phone.page.locator("#spot")).to_be_visible(timeout=8000)
    expect(phone.page.locator("#say")).to_have_text("Voting is open")
    phone.page.locator("#tab-now").click()
    phone.until_poll(poll)
    phone.close()


def test_two_tabs_of_a_phone_are_one_voter(room: Room) -> None:
    phone = room.phone()
    poll = room.poll()
    phone.until_poll(poll)
    other = phone.context.new_page()
    other.goto("/")
    phone.choose(1)
    phone.send()
    phone.is_("recorded")

    expect(other.locator("[data-poll]")).to_have_attribute("data-my", "recorded")
    other.wait_for_timeout(700)
    other.locator("form[data-poll] .act .btn").click()
    other.locator("label.row").nth(2).click()
    other.locator("form[data-poll] .act .btn").click()

    phone.is_("changed")
    assert room.ballots(poll) == [0, 0, 1]
    phone.close()


def test_signing_out_empties_the_phone(room: Room) -> None:
    phone = room.phone()
    poll = room.poll()
    phone.until_poll(poll)
    phone.choose(1)
    phone.send()
    phone.is_("recorded")
    phone.page.goto("/menu")
    phone.page.get_by_role("button", name="Sign out", exact=True).click()

    expect(phone.page.get_by_role("heading")).to_contain_text("Scan the back of your badge")
    assert phone.page.evaluate("Object.keys(localStorage).filter(key => key.startsWith('h.'))") == []
    phone.close()


def test_that_an_answer_is_wanted_is_told_until_one_is_chosen(room: Room) -> None:
    phone = room.phone()
    phone.until_poll(room.poll())
    phone.send()
    expect(phone.page.locator("#n-choose")).to_have_text("Choose an answer, then send.", use_inner_text=True)

    phone.choose(1)

    expect(phone.page.locator("#n-choose")).to_have_count(0)
    phone.close()


def test_a_first_visit_is_small(room: Room) -> None:
    phone = room.phone(seated=False)
    phone.post("check_in", session=room.session)
    room.poll()
    asked: list[str] = []
    phone.page.on("request", lambda request: asked.append(request.url))
    sizes: dict[str, int] = {}
    phone.page.on(
        "response",
        lambda response: sizes.update(
            {response.url: len(gzip.compress(response.body(), 9))}
            if response.request.resource_type in ("document", "stylesheet", "script")
            else {}
        ),
    )

    phone.page.goto("/", wait_until="networkidle")

    scripts = sum(n for url, n in sizes.items() if url.endswith(".js"))
    print({url.rsplit("/", 1)[-1]: n for url, n in sizes.items()})
    assert len([url for url in asked if not url.startswith("ws")]) <= 8
    assert sum(sizes.values()) <= 36_000
    assert scripts <= 10_000
    phone.close()
