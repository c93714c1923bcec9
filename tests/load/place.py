"""A conference large enough to be measured: people who are signed in and checked in, and polls that are ready."""

from __future__ import annotations

import time
from pathlib import Path

from live.badges import hash_token
from models import doors, drafts, programme, screens
from models.command import Done
from models.migrations import migrate
from models.store import Store, Tx
from tests.world import LANGUAGES, World

FIRST = 4
"""The participants of `World` are the people from this id on."""
DESK, SCREEN, ROOT_DESK = "load-desk", "load-screen", "load-organiser"
QUESTIONS = {
    "en": "Which of the three routes should the working group follow until the next meeting of the parties?",
    "tr": "Çalışma grubu, tarafların bir sonraki toplantısına kadar üç yoldan hangisini izlemelidir?",
    "ar": "أيّ من الطرق الثلاثة ينبغي أن يتبعها الفريق العامل حتى الاجتماع القادم للأطراف؟",
    "ru": "Какому из трёх путей следует рабочей группе следовать до следующего совещания сторон?",
}
ANSWERS = {"en": "Proposal", "tr": "Öneri", "ar": "الاقتراح", "ru": "Предложение"}


def token(n: int) -> str:
    """The cookie of the n-th participant, from 0: as long as a real one."""
    return f"load-{n:027d}"


class Place:
    """The records of one run. `halls` sessions are on, participants are dealt to them in turn."""

    def __init__(self, folder: Path, participants: int, *, sessions: int = 1, polls_each: int = 4) -> None:
        migrate(folder / "hallside.sqlite")
        store = Store.open(folder / "hallside.sqlite")
        self.world = World(folder / "hallside.sqlite", participants=0, store=store)
        self.participants = participants
        self.sessions: list[int] = [1, *range(3, 2 + sessions)]
        for number in self.sessions[1:]:
            store.do(lambda tx, number=number: self._session(tx, number))  # type: ignore[misc]
            self.world.do(doors.StartSession(session=number), self.world.organiser)
        store.do(self._people)
        self.polls = {session: [self._poll(session) for _ in range(polls_each)] for session in self.sessions}
        self.items = {poll: self.world.items(poll) for each in self.polls.values() for poll in each}
        store.close()

    def session_of(self, n: int) -> int:
        return self.sessions[n % len(self.sessions)]

    def _session(self, tx: Tx, number: int) -> Done:
        hall = programme.Hall(key=f"hall-{number}", names={"en": f"Hall {number}"}, languages="en,tr,ar,ru")
        tx.add(hall)
        tx.flush()
        tx.add(
            programme.Meeting(
                id=number, key=f"s{number}", hall_id=hall.id or 0, day="2026-05-12", start="09:00", end="10:00",
                titles=dict.fromkeys(LANGUAGES, f"Session {number}"), languages="en,tr,ar,ru", code=f"H{number:03d}",
            )
        )  # fmt: skip
        tx.add(screens.Screen(hall_id=hall.id or 0))
        return Done()

    def _people(self, tx: Tx) -> Done:
        now = time.time()
        ids = range(FIRST, FIRST + self.participants)
        tx.cursor.executemany(
            "INSERT INTO person (id, number, title, given_name, family_name, native_name, organisation, role,"
            " languages, issue, revoked, keys_learned, arrived, pending)"
            " VALUES (?, ?, '', ?, 'Load', '', '', 'participant', ?, 1, 0, 0, 0, 0)",
            [(id_, f"L{id_}", f"Person{id_}", LANGUAGES[(id_ - FIRST) % 4]) for id_ in ids],
        )
        tx.cursor.executemany(
            "INSERT INTO presence (person_id, session_id) VALUES (?, ?)",
            [(id_, self.session_of(id_ - FIRST)) for id_ in ids],
        )
        logins: list[tuple[bytes, int | None, int | None, str]] = [
            (hash_token(token(id_ - FIRST)), id_, None, LANGUAGES[(id_ - FIRST) % 4]) for id_ in ids
        ]
        logins += [(hash_token(DESK), 2, None, "en"), (hash_token(ROOT_DESK), 1, None, "en")]
        logins += [(hash_token(SCREEN), None, 1, "en")]
        tx.cursor.executemany(
            "INSERT INTO login (token_hash, person_id, screen_id, issue, language, made_at, number, confirmed)"
            f" VALUES (?, ?, ?, 1, ?, {now}, 0, 1)",
            logins,
        )
        return Done()

    def _poll(self, session: int) -> int:
        world, by = self.world, self.world.organiser
        texts = [QUESTIONS] + [{la: f"{word} {n}" for la, word in ANSWERS.items()} for n in range(1, 4)]
        written = drafts.WritePoll(session=session, kind="single", texts=texts, results="on_release")
        poll = int(world.do(written, by).facts["poll"])
        for language in LANGUAGES:
            world.do(drafts.ApproveText(poll=poll, language=language), by)
        world.do(drafts.MakeReady(poll=poll), by)
        return poll
