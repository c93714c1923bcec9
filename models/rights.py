"""Roles, and what each may do: one in the event, named in the list of people, and any in single sessions."""

from __future__ import annotations

from sqlmodel import Field, SQLModel, select

from models.command import Badge
from models.logins import require_confirmed
from models.refusals import Refused
from models.store import Peek, Tx

ROLES = (
    "participant", "observer", "moderator", "chair", "interpreter", "translator", "teller", "av", "registration",
    "rapporteur", "organiser", "data_protection",
)  # fmt: skip
VOTING_ROLES = ("participant", "chair", "rapporteur")
"""Who counts among the people present. Interpreters, moderators, organisers and observers must be named."""
PROTECTED = ("organiser", "data_protection")
"""Whose badges only an organiser may look after."""
EVERYWHERE: dict[str, frozenset[str]] = {
    "moderate": frozenset({"organiser"}),
    "switch_screens": frozenset({"organiser", "av"}),
    "count_hands": frozenset({"organiser", "teller"}),
    "manage_people": frozenset({"organiser", "registration"}),
    "approve_people": frozenset({"organiser"}),
    "manage_event": frozenset({"organiser"}),
    "change_programme": frozenset({"organiser"}),
    "see_desk": frozenset({"organiser", "rapporteur", "av", "teller"}),
    "see_health": frozenset({"organiser", "av"}),
}
"""What a role of the event may do in every session."""
IN_SESSION: dict[str, frozenset[str]] = {
    "moderate": frozenset({"moderator", "chair"}),
    "switch_screens": frozenset({"moderator", "chair"}),
    "count_hands": frozenset({"moderator", "teller"}),
    "see_desk": frozenset({"moderator", "chair", "teller", "interpreter", "translator"}),
}
"""What a role named for one session may do in it."""


class SessionStaff(SQLModel, table=True):
    """A role for one session: moderator, chair, teller, interpreter, translator."""

    session_id: int = Field(primary_key=True)
    person_id: int = Field(primary_key=True)
    role: str = Field(primary_key=True)


def may(tx: Tx, badge: Badge, permission: str, session_id: int | None = None) -> bool:
    """Whether this badge has the permission, by its role in the event or in the session."""
    if badge.role in EVERYWHERE.get(permission, ()):
        return True
    if session_id is None or not badge.person_id:
        return False
    roles = tx.exec(
        select(SessionStaff.role).where(
            SessionStaff.session_id == session_id, SessionStaff.person_id == badge.person_id
        )
    ).all()
    return not IN_SESSION.get(permission, frozenset()).isdisjoint(roles)


def has_desk(tx: Tx | Peek, badge: Badge) -> bool:
    """Whether this badge works at a desk: by its role in the event, or named for a session."""
    if badge.role in EVERYWHERE["see_desk"]:
        return True
    named = tx.cursor.execute("SELECT 1 FROM sessionstaff WHERE person_id = ?", (badge.person_id,)).fetchone()
    return named is not None


def counts_hands(tx: Tx | Peek, badge: Badge) -> bool:
    """Whether this badge may count hands anywhere: by its role in the event, or named for a session."""
    if badge.role in EVERYWHERE["count_hands"]:
        return True
    roles = tx.cursor.execute("SELECT role FROM sessionstaff WHERE person_id = ?", (badge.person_id,)).fetchall()
    return not IN_SESSION["count_hands"].isdisjoint(role for (role,) in roles)


def require(tx: Tx, badge: Badge, permission: str, session_id: int | None = None) -> None:
    """Refused("not_yours") unless the badge may."""
    if badge.role != "system" and not may(tx, badge, permission, session_id):
        raise Refused("not_yours")
    if permission in ("manage_people", "approve_people", "manage_event"):
        require_confirmed(tx, badge)


def may_answer_for(tx: Tx, badge: Badge, role: str) -> bool:
    """Whether whoever manages people may print, renew, revoke or pass on the badge of somebody with this role."""
    return role not in PROTECTED or badge.role == "system" or may(tx, badge, "approve_people")
