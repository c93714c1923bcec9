"""Refusals and notices in words. The key is what the code says; the sentence is what a person reads, in any language.

Every sentence says what happened and, where something can be done, what to do. `_` only marks them for translators.
"""

from __future__ import annotations


def _(message: str) -> str:
    return message


REFUSALS: dict[str, str] = {
    # votes
    "poll_closed": _("Voting closed before your answer arrived. It was not counted."),
    "change_closed": _("Voting closed before your change arrived. Your earlier vote counts."),
    "poll_withdrawn": _("This question was withdrawn. Nothing was counted."),
    "poll_not_open": _("Voting is not open now."),
    "not_in_electorate": _("You came in after this vote was opened. You can vote in the next one."),
    "in_another_session": _("You vote only in the session you are in. Switch to this one, then vote: %(title)s"),
    "delegations_vote": _("In this vote each delegation has one vote. Its registered voter casts it."),
    "changed_elsewhere": _("Your vote was changed on another device at the same time. Check what is stored."),
    "voted_elsewhere": _("You voted on another device. Change your vote there: nobody else can find it, not even we."),
    "secret_vote_final": _("Your vote is recorded. Without script a secret vote is final."),
    "no_such_option": _("This answer does not fit the question. Choose again."),
    "choose_one": _("Choose one answer, then send."),
    "choose_at_least": _("Choose at least %(count)s, then send."),
    "choose_at_most": _("Choose at most %(count)s, then send."),
    "try_again": _("It could not be recorded just now. Try again."),
    # doors
    "show_badge_first": _("Show your badge first: scan its back, or type its code."),
    "no_such_badge": _("This code is not on our list. Check the back of your badge, or ask the registration desk."),
    "no_such_code": _("No session has this code. Check the screen; codes have 4 characters."),
    "no_such_session": _("There is no such session. Choose one in the agenda."),
    "session_ended": _("This session has ended: %(title)s. Choose another in the agenda."),
    "session_cancelled": _("This session was cancelled. Choose another in the agenda."),
    "session_not_on": _("This session is not on. Start it first."),
    "nothing_to_join": _("This is a break: there is nothing to vote on."),
    "breaks_are_not_started": _("A break needs no start."),
    "hall_is_on": _("Another session is on in this hall: %(title)s. End it first."),
    "screen_is_held": _(
        "The screen still shows another session: %(title)s. Its desk hands it over, or an organiser takes it."
    ),
    "screen_not_held": _("The screen does not follow this session, so it has nothing to hand over."),
    "not_next_here": _("The screen goes only to a session of this hall that is still to come: %(title)s is not."),
    # the programme
    "session_postponed": _("This session is postponed. An organiser gives it a new time first."),
    "session_is_on": _("This session is on. Move, end or cancel it."),
    "times_changed": _("The times were changed meanwhile: it ends at %(time)s now. Look, then press again."),
    "past_midnight": _("A session would go on past midnight. Nothing was changed."),
    "ends_before_start": _("A session would end before it starts. Nothing was changed."),
    "no_such_time": _("Write days as 2026-05-12 and times as 14:20."),
    "on_keeps_start": _("This session is on: only its hall and its end can change."),
    "hall_busy": _(
        "The hall is taken from %(start)s to %(end)s: %(title)s. Choose another, or tick to move there all the same."
    ),
    "hall_still_busy": _("The hall is taken until %(end)s: %(title)s. Nothing was changed."),
    "moderator_busy": _(
        "%(name)s leads another session then: %(other)s. Choose another time, or tick to move all the same."
    ),
    "hall_and_moderator_busy": _(
        "The hall is taken from %(start)s to %(end)s: %(title)s. And %(name)s leads another session then: %(other)s."
        " Choose again, or tick to move all the same."
    ),
    "not_cancelled": _("This session is not cancelled."),
    "cancelled_for_good": _("It was cancelled more than a day ago. Plan a new session instead."),
    "too_many_browsers": _(
        "Your badge is open in %(count)s browsers. Sign out in one of them, or ask the registration desk."
    ),
    "too_many_devices": _("Two devices asked with your badge already. Wait ten minutes, or ask the registration desk."),
    "no_such_device": _("This device does not wait any more."),
    "device_was_refused": _("Your other device refused this one."),
    "confirm_device_first": _("Confirm this device on your other one first, or ask the registration desk."),
    "too_many_tries": _("Too many wrong codes. Wait a minute, then try again."),
    "come_back": _("Many people are coming in. This page tries again by itself in %(seconds)s seconds."),
    "no_event": _("Nothing is set up yet. The organiser names the event and imports the lists first."),
    # desk
    "not_yours": _("Your badge may not do this here."),
    "no_such_poll": _("This poll is not there any more."),
    "no_such_text": _("This text is not there."),
    "no_such_kind": _("This way to ask is not offered."),
    "no_such_setting": _("This setting is not offered."),
    "question_missing": _("Write the question in at least one language."),
    "options_missing": _("Write at least two options, without gaps."),
    "poll_not_draft": _("This poll was already opened. Ask it again in a second round."),
    "poll_was_open": _("This poll was already opened. Ask it again in a second round."),
    "languages_missing": _("Not approved yet: %(languages)s. Approve the texts, or tick to open without."),
    "nothing_to_ask": _("Approve the question and every option in at least one language first."),
    "hands_after_seal": _(
        "The vote was sealed before this count arrived: it was not recorded. Save it again as a line of its own."
    ),
    "not_named": _("Only a named poll tells who chose what."),
    "names_after_seal": _("Who chose what is told here after voting has ended and is sealed."),
    "names_after_look": _("Look at the figures first. From then on nobody can reopen the vote."),
    "start_session_first": _("Start the session first."),
    "another_poll_open": _("Another poll of this session is still open. End it first."),
    "nobody_to_vote": _("Nobody who may vote is checked in."),
    "secret_not_live": _("A secret poll has no live results: they would tell who chose what, one by one."),
    "secret_not_reopened": _("A sealed secret poll is never reopened. Start a second round."),
    "figures_were_seen": _("Someone has seen the figures. Start a second round."),
    "not_sealed_yet": _("Still counting. Wait for the seal."),
    "not_revealed_yet": _("This result was not revealed yet."),
    "for_moderators_only": _("This result is for moderators only."),
    "confirm_number": _("Type %(number)s to confirm."),
    "end_voting_first": _("End voting first."),
    "nothing_next": _("Nothing is staged as next."),
    "just_taken": _("%(name)s just took a scene. Press again to replace it."),
    "picture_changed": _("The picture changed meanwhile. Look, then press again."),
    "poll_of_another_session": _("This poll belongs to another session."),
    "no_such_hall": _("There is no such hall."),
    "screen_link_first": _("Open this hall's screen link. The organiser finds it under Halls and screens."),
    "no_such_screen": _("There is no such screen."),
    "name_it_first": _("Give it a name first."),
    "no_such_announcement": _("This announcement is not in the library."),
    "announcement_empty": _("Write the announcement and choose its language."),
    "countdown_empty": _("Choose when the countdown ends."),
    "nothing_to_undo": _("This cannot be undone."),
    "screen_moved_on": _("The screen follows another session now. What was done before cannot be undone."),
    "too_late": _("Not done: it arrived too late. Look at the screen, then press again."),
    # people
    "no_such_person": _("Nobody with this number is on the list."),
    "no_such_delegation": _("This delegation is not on the list."),
    "voter_of_another_delegation": _("This person belongs to another delegation."),
    "no_such_language": _("This language is not offered."),
    # registration desk
    "organisers_only": _("The badge of an organiser is looked after by organisers only. Call one."),
    "not_approved_yet": _("An organiser has not approved this person yet."),
    "was_replaced": _("Somebody else came in this person's place: number %(number)s."),
    "not_to_yourself": _("Not for yourself. Ask an organiser or another desk."),
    "name_missing": _("Write a name in Latin letters. The name in its own script stands beside it."),
    "same_name_there": _(
        "Somebody of this name is on the list: number %(number)s. If this is another person, write the organisation, or"
        " the name in its own script."
    ),
    "walk_in_was_declined": _("This walk-in was declined by another organiser."),
    "walk_in_was_approved": _("This walk-in was approved already. Revoke the badge instead."),
    "no_such_spare": _("This is no spare badge. Scan its back, or type its code."),
    "spare_was_used": _("This spare badge was given to somebody already. Take another one."),
    "badge_was_renewed": _("Another desk made a new badge meanwhile. Look, then press again."),
    "badge_is_revoked": _("This badge is revoked. Make a new badge first."),
    "only_today": _("The desk hands over sessions of today. An organiser hands over others."),
    "organisers_take_back": _("This stands in the programme. An organiser takes it back."),
    "import_has_problems": _("The lists have %(count)s problems. The first one: %(first)s"),
    # tablets
    "nothing_on_here": _("No session is on in this hall now. Come back when one has begun."),
    "no_vote_here": _("You are in. Your badge has no vote in this question; the screen shows how it goes."),
    "voted_and_final": _("You have voted. A secret vote cannot be changed here."),
    "voted_meanwhile": _("You voted on another device meanwhile. That vote counts, and this one does not."),
    "wait_to_type": _(
        "Too many wrong codes here. Scan the badge, or wait %(seconds)s seconds and type the code again."
    ),
    "visit_over": _(
        "This tablet has forgotten you. Show your badge again: then this page says whether you have voted."
    ),
    # setting up
    "text_needed": _("Write it in at least one language."),
    "organiser_there": _("There is an organiser already: %(name)s (%(number)s)."),
    "language_missing": _("Choose at least one language."),
    "no_such_zone": _("There is no such time zone. Zones are named like Europe/Istanbul."),
    "measure_out_of_range": _("A picture is 0.2 to 50 m high, and the farthest seat 1 to 500 m away."),
    "hall_taken": _("The hall is taken from %(start)s: %(title)s. Choose another hall or time."),
    "session_has_begun": _("This session has begun: its titles, kind and languages stay as they are."),
    "break_with_polls": _("This session has polls, so it cannot be a break."),
    "no_such_colour": _("A colour is written as six digits after a #, such as #0b5f6b."),
    "colour_too_pale": _(
        "On light pages this colour has a contrast of %(ratio)s:1, and letters need 4.5:1. The nearest that passes is"
        " %(colour)s."
    ),
    "logo_no_png": _("This is no PNG. Save the logo as PNG, then upload it again."),
    "logo_too_big": _("The logo is larger than 200 kB."),
    "logo_too_wide": _("The logo is wider or higher than %(limit)s pixels."),
    "logo_damaged": _("This PNG is damaged. Save it again, then upload it."),
    "no_files": _("Choose at least one file that is not empty."),
    "upload_too_big": _("At most %(limit)s MB and 12 files at once. Upload the lists one after another."),
    "too_many_uploads": _("Others are importing just now. Try again in a few minutes."),
    "upload_gone": _("These files are not kept any more. Choose them again."),
    "lists_unreadable": _("These files take too long or too much memory to read. Import them in parts."),
    "voting_is_open": _("A vote is open. Import when it has ended, so that no vote waits."),
    "import_changed": _("Something else changed meanwhile. Look at the preview again, then import."),
    # the line
    "not_understood": _("That was not understood. Reload the page."),
    "too_fast": _("Too many messages at once. Wait a moment."),
    "nobody_to_print": _("There is no badge to print for this choice."),
    "too_many_to_print": _(
        "More than %(most)s badges at once. Choose one role, or print them on the server: hallside badges --pdf."
    ),
    "no_such_page": _("There is no such page."),
    "our_mistake": _("That did not work. Your text is still here. Try again."),
}

NOTICES: dict[str, str] = {
    "done": "",
    "recorded": _("The room has your vote"),
    "in_for_next": _("You are in. Come back when a vote is open."),
    "checked_in": _("You are in."),
    "signed_in": "",
    "device_asked": "",
    "device_allowed": _("The other device is in."),
    "device_refused": _("The other device stays out."),
    "signed_out": _("Signed out."),
    "session_started": _("Session started"),
    "session_ended": _("Session ended"),
    "screen_follows": _("The screen shows this session"),
    "screen_handed": _("Screen handed over"),
    "ran_late": _("Times shifted. Phones and screens show the new ones."),
    "session_moved": _("Session moved. Phones and screens say where and when."),
    "session_postponed": _("Session postponed. Give it a new time by moving it."),
    "session_cancelled": _("Session cancelled. Open polls were withdrawn."),
    "session_restored": _("The session is planned again. Withdrawn polls stay withdrawn."),
    "poll_written": _("Poll saved as a draft"),
    "text_approved": _("Text approved"),
    "wording_corrected": _("Wording corrected"),
    "poll_moved": _("Poll moved"),
    "poll_ready": _("Poll ready"),
    "poll_opened": _("Voting is open"),
    "timer_set": _("Timer set"),
    "timer_stopped": _("Timer stopped"),
    "voting_ended": _("Voting ended. Counting."),
    "voting_continued": _("Voting goes on"),
    "sealed": "",
    "figures_seen": _("Figures shown at the desk"),
    "revealed": _("Result revealed"),
    "withdrawn": _("Question withdrawn. Nothing was counted."),
    "poll_reset": _("Poll reset. All votes were deleted."),
    "new_round": _("New round prepared"),
    "hands_counted": _("Hands recorded"),
    "staged": _("Staged as next"),
    "took": _("On screen"),
    "blanked": _("Blank. The room sees nothing."),
    "unblanked": _("The room sees the screen again"),
    "undone": _("Undone"),
    "keys_on": _("Keys are on"),
    "keys_off": _("Keys are off"),
    "badge_revoked": _("Badge revoked"),
    "badge_reissued": _("New badge made. The old one no longer works."),
    "screen_revoked": _("New screen link made. The old one no longer works."),
    "tablet_added": _("Tablet added. Open its link on the tablet."),
    "tablet_revoked": _("New tablet link made. The old one no longer works."),
    "voter_named": _("Voter named"),
    "imported": _("Lists imported"),
    "event_saved": _("Event saved"),
    "hall_saved": _("Hall saved"),
    "session_saved": _("Session saved"),
    "delegation_saved": _("Delegation saved"),
    "screen_saved": _("Screen saved"),
    "screen_edited": _("Screen saved. It takes this over when its page is loaded again."),
    "look_saved": _("Look saved. Pages show it when they are loaded again."),
    "arrived": _("Arrived"),
    "arrival_undone": _("Arrival undone"),
    "person_replaced": _("Replaced. The old badge no longer works."),
    "walk_in_waits": _("Written down. An organiser must approve."),
    "walk_in_added": _("Added to the list"),
    "walk_in_approved": _("Walk-in approved"),
    "walk_in_declined": _("Walk-in declined"),
    "spare_bound": _("Spare badge given. The old badge no longer works."),
    "session_handed": _("Session handed over"),
    "session_taken_back": _("Taken back"),
    "spares_made": _("Spare badges made"),
}
