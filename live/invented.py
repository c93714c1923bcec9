"""Invented people in any number, to fill a hall for a trial or a load test."""

from __future__ import annotations

from models.command import Done
from models.refusals import Refused
from models.store import Tx

_GIVEN = ("Ada", "Bora", "Chloé", "Davit", "Elif", "Farid", "Gjorgji", "Hanna", "Ilze", "Jamal", "Kenji", "Lejla")
_FAMILY = ("Adler", "Borz", "Çınar", "Dvořák", "El Amrani", "Farkaš", "Georgiou", "Haddad", "Ivanova", "Jansen")
PREFIX = "X"
"""Badge numbers of invented people start with it, and no list of a conference has them."""


def invent(tx: Tx, count: int, role: str = "participant", session: str = "") -> Done:
    """Add people with one badge each, checked in to the session with this key if one is named. 10,000: 0.1 s.

    Raises Refused for a session that does not exist.
    """
    meeting = tx.cursor.execute("SELECT id FROM session WHERE key = ?", (session,)).fetchone()
    if session and meeting is None:
        raise Refused("no_such_session")
    cursor = tx.cursor
    last: int = cursor.execute(
        "SELECT coalesce(max(CAST(substr(number, 2) AS INTEGER)), 0) FROM person WHERE number GLOB ?",
        (PREFIX + "[0-9]*",),
    ).fetchone()[0]
    first = cursor.execute("SELECT coalesce(max(id), 0) FROM person").fetchone()[0]
    cursor.executemany(
        "INSERT INTO person (number, title, given_name, family_name, native_name, organisation, role, languages,"
        " issue, revoked, keys_learned, arrived, pending)"
        " VALUES (?, '', ?, ?, '', 'Invented for a trial', ?, 'en', 1, 0, 0, 0, 0)",
        [
            (f"{PREFIX}{n:05d}", _GIVEN[n % len(_GIVEN)], _FAMILY[n // len(_GIVEN) % len(_FAMILY)], role)
            for n in range(last + 1, last + 1 + count)
        ],
    )
    if meeting:
        cursor.execute(
            "INSERT INTO presence (person_id, session_id) SELECT id, ? FROM person WHERE id > ?", (meeting[0], first)
        )
    return Done(frozenset({("event", "people")}), "done", {"first": first + 1, "last": first + count})
