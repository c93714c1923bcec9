"""What somebody without a phone can do at a hall's tablet at this moment."""

from __future__ import annotations

from dataclasses import dataclass

from models import boards, rights
from models.ballots import MyBallot, my_ballot
from models.command import Badge
from models.logins import LANGUAGES
from models.results import Board
from models.store import Peek, Tx


@dataclass(frozen=True, slots=True)
class Ballot:
    """What a person is asked. `turn` is the one a vote from this page will have."""

    poll: Board
    my: MyBallot

    @property
    def turn(self) -> int:
        return self.my.turn + 1

    @property
    def key(self) -> str:
        """Another one when the page must be drawn anew."""
        return f"{self.poll.id}.{self.poll.state}.{self.poll.wording}.{self.my.turn}"


def holder(tx: Tx | Peek, person: int, issue: int) -> Badge | None:
    """Whoever a badge of this issue belongs to, in the first of their languages; None unless it works."""
    row = tx.cursor.execute(
        "SELECT role, languages FROM person WHERE id = ? AND issue = ? AND NOT revoked", (person, issue)
    ).fetchone()
    if row is None:
        return None
    spoken = row[1].split(",")[0]
    return Badge(person, row[0], spoken if spoken in LANGUAGES else LANGUAGES[0])


def session_on(tx: Tx | Peek, hall: int | None) -> int:
    """The session that is on in a hall; 0 for none."""
    row = tx.cursor.execute("SELECT id FROM session WHERE hall_id = ? AND state = 'on'", (hall,)).fetchone()
    return row[0] if row else 0


def asked(tx: Tx, badge: Badge, hall: int | None) -> Ballot | str:
    """The ballot of a person in what is on in the hall, or the key of the sentence that says why there is none."""
    session = session_on(tx, hall)
    board = boards.now(tx, session) if session else None
    if board is None:
        return "nothing_on_here"
    poll = board.poll
    if poll is None or poll.state != "open":
        return "in_for_next"
    my = my_ballot(tx, badge, poll.id)
    if not my.elector:
        return _why_not(poll.electorate, badge.role)
    return "voted_and_final" if my.turn and my.secret else Ballot(poll, my)


def _why_not(electorate: str, role: str) -> str:
    """Why somebody is not in the register that was made when the poll was opened."""
    if electorate == "delegations":
        return "delegations_vote"
    roles = electorate.removeprefix("roles:").split(",") if electorate.startswith("roles:") else rights.VOTING_ROLES
    return "not_in_electorate" if role in roles else "no_vote_here"
