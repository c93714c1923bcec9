"""What just happened, in words: an act of the journal and its facts as one sentence, in any language.

A sentence names no person: who did it stands beside it, so that no language has to guess a gender.
"""

from __future__ import annotations

from collections.abc import Iterable

from live.languages import catalogue, day, listed
from models.boards import DeskPoll
from models.journal import JournalRow

Facts = dict[str, int | str | float]


def _(message: str) -> str:
    """Marks a sentence for translators."""
    return message


def ngettext(one: str, many: str) -> tuple[str, str]:
    """Marks a counted sentence for translators."""
    return one, many


ACTS: dict[str, str] = {
    "session_started": _("Session started"),
    "session_ended": _("Session ended"),
    "screen_follows": _("The screen follows this session"),
    "screen_handed": _("Screen handed over to: %(title)s"),
    "ran_late": _("Shifted by %(minutes)s min. Ends at %(end)s"),
    "shifted": _("Shifted by %(minutes)s min with the session before. Starts at %(start)s"),
    "session_moved": _("Moved: %(hall)s, %(day)s, %(start)s to %(end)s"),
    "session_moved_again": _("Moved although something clashes: %(hall)s, %(day)s, %(start)s to %(end)s"),
    "session_postponed": _("Session postponed"),
    "session_cancelled": _("Session cancelled"),
    "session_restored": _("Session planned again. Its polls stay withdrawn."),
    "poll_written": _("%(poll)s written"),
    "text_approved": _("%(poll)s: %(language)s approved"),
    "wording_corrected": _("%(poll)s: %(language)s wording corrected"),
    "poll_moved": _("%(poll)s moved"),
    "poll_ready": _("%(poll)s is ready"),
    "poll_opened": _("%(poll)s: voting opened"),
    "timer_set": _("%(poll)s: %(seconds)s s on the timer"),
    "timer_stopped": _("%(poll)s: timer stopped"),
    "voting_ended": _("%(poll)s: voting ended"),
    "voting_continued": _("%(poll)s: voting goes on"),
    "sealed": _("%(poll)s sealed"),
    "figures_seen": _("%(poll)s: figures seen at the desk"),
    "revealed": _("%(poll)s revealed"),
    "withdrawn": _("%(poll)s withdrawn"),
    "poll_reset": _("%(poll)s reset"),
    "new_round": _("%(poll)s asked again"),
    "hands_counted": _("%(poll)s: hands counted, %(n)s for option %(option)s"),
    "hands_counted_late": _("%(poll)s: hands counted after the seal, %(n)s for option %(option)s"),
    "staged": _("Next: %(scene)s"),
    "took": _("On screen: %(scene)s"),
    "blanked": _("Blank. The room sees nothing."),
    "unblanked": _("The room sees the screen again"),
    "badge_revoked": _("Badge %(person)s revoked"),
    "badge_reissued": _("New badge for %(person)s"),
    "device_allowed": _("Another device allowed for badge %(person)s"),
    "device_refused": _("Another device refused for badge %(person)s"),
    "screen_revoked": _("New link for a screen"),
    "tablet_added": _("Tablet added: %(name)s"),
    "voter_named": _("Voter named for a delegation"),
    "imported": _("Lists imported"),
    "organiser_made": _("Organiser %(person)s made from the command line"),
    "event_edited": _("Event changed"),
    "indicative_removed": _("“Indicative, not a decision” taken off all results"),
    "indicative_set": _("“Indicative, not a decision” put under all results"),
    "hall_added": _("Hall added"),
    "hall_edited": _("Hall changed"),
    "session_added": _("Session added"),
    "session_edited": _("Titles, kind or languages of the session changed"),
    "delegation_edited": _("Delegation changed"),
    "screen_added": _("Screen added"),
    "screen_edited": _("Screen changed"),
    "look_changed": _("Colour or logo changed"),
    "arrived": _("%(person)s has arrived"),
    "arrival_undone": _("Arrival of %(person)s undone"),
    "person_replaced": _("%(by)s comes in the place of %(person)s"),
    "walk_in_waits": _("Walk-in %(person)s waits for an organiser"),
    "walk_in_added": _("Walk-in %(person)s added"),
    "walk_in_approved": _("Walk-in %(person)s approved"),
    "walk_in_declined": _("Walk-in %(person)s declined"),
    "spare_bound": _("Spare badge %(spare)s given to %(person)s"),
    "session_handed": _("Handed to %(person)s: %(role)s"),
    "session_taken_back": _("Taken back from %(person)s: %(role)s"),
    "spares_made": _("Spare badges made"),
    # told when a fact asks for more words than the plain sentence has
    "poll_opened_without": _("%(poll)s: voting opened without %(languages)s"),
    "lost_phones": _("%(poll)s: many phones lost. Timer stopped"),
    "unknown": _("A change was made"),
}
COUNTED: dict[str, tuple[str, str]] = {
    "poll_opened": ngettext(
        "%(poll)s: voting opened for %(num)d elector", "%(poll)s: voting opened for %(num)d electors"
    ),
    "ran_late": ngettext(
        "Shifted by %(minutes)s min, with %(num)d later entry. Ends at %(end)s",
        "Shifted by %(minutes)s min, with %(num)d later entries. Ends at %(end)s",
    ),
    "session_cancelled": ngettext(
        "Session cancelled. %(num)d open poll was withdrawn", "Session cancelled. %(num)d open polls were withdrawn"
    ),
    "sealed": ngettext("%(poll)s sealed with %(num)d answer", "%(poll)s sealed with %(num)d answers"),
    "withdrawn": ngettext(
        "%(poll)s withdrawn. %(num)d answer was deleted", "%(poll)s withdrawn. %(num)d answers were deleted"
    ),
    "poll_reset": ngettext(
        "%(poll)s reset. %(num)d answer was deleted", "%(poll)s reset. %(num)d answers were deleted"
    ),
    "spares_made": ngettext("%(num)d spare badge made", "%(num)d spare badges made"),
}
"""The same acts with a number; `num` is `of` or `n` of the facts."""
SCENES: dict[str, str] = {
    "title": _("Title"),
    "lobby": _("Lobby"),
    "agenda": _("Agenda"),
    "poll": _("Poll"),
    "results": _("Results"),
    "earlier": _("Earlier result"),
    "announcement": _("Announcement"),
    "countdown": _("Countdown"),
    "none": _("nothing"),
}
ROLES: dict[str, str] = {
    "moderator": _("Moderator"),
    "chair": _("Chair"),
    "teller": _("Teller"),
    "interpreter": _("Interpreter"),
}
POLL = _("Poll %(number)s")


def sentence(language: str, row: JournalRow, polls: Iterable[DeskPoll] = ()) -> str:
    """The act of a journal row. `polls` is the session's run list: its order gives the polls their numbers."""
    words, facts = catalogue(language), row.facts
    known = {poll.board.id: (number, poll) for number, poll in enumerate(polls, 1)}
    number, poll = known.get(int(facts.get("poll", 0)), (0, None))
    options = {option.id: option.letter for option in poll.board.options} if poll else {}
    params: Facts = {
        **facts,
        "poll": words.gettext(POLL) % {"number": number} if number else words.gettext(SCENES["poll"]),
        "language": str(facts.get("language", "")).upper(),
        "languages": listed(str(facts.get("override", "")).upper().split(","), language),
        "scene": words.gettext(SCENES.get(str(facts.get("scene", "")), SCENES["none"])),
        "role": words.gettext(ROLES.get(str(facts.get("role", "")), ROLES["moderator"])),
        "option": options.get(int(facts.get("item", 0)), "?"),
    }
    if "day" in facts:
        params["day"] = day(str(facts["day"]), language)
    if "minutes" in facts:  # a sign belongs to its number, whichever way the words run
        params["minutes"] = f"\u2066{int(facts['minutes']):+d}\u2069"
    for name in ("title", "hall"):
        if name in facts:
            params[name] = f"\u2068{facts[name]}\u2069"
    if row.act == "poll_opened" and facts.get("override"):
        return words.gettext(ACTS["poll_opened_without"]) % params
    if row.act == "timer_stopped" and facts.get("why"):
        return words.gettext(ACTS["lost_phones"]) % params
    count = facts.get("of", facts.get("n"))
    if row.act in COUNTED and count is not None:
        one, many = COUNTED[row.act]
        return words.ngettext(one, many, int(count)) % {**params, "num": int(count)}
    said = words.gettext(ACTS.get(row.act, ACTS["unknown"]))
    try:
        return said % params
    except KeyError:  # an entry of an older version without this fact
        return words.gettext(ACTS["unknown"])
