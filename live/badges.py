"""Badge codes and links: made from (person, issue) and a key file, so the database holds nothing to steal.

The same person and issue always give the same code and link, so a badge can be printed again. The next issue number
makes both invalid. Screens have links of their own under another label, and so have spare badges: printed without a
name, they lead to whom the registration desk bound them.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import re
import secrets
from collections.abc import Iterable
from pathlib import Path

from models.programme import DIGITS, LETTERS, tidy_code
from models.store import Tx

ALPHABET = DIGITS + LETTERS
"""No letter that looks like a digit: 0, 1, I, L, O and S are missing."""
LENGTH = 10
"""Characters of a code: 49 bits, behind limits on failed look-ups."""
_SECRET = re.compile(r"([1-9][0-9]{0,17})-([1-9][0-9]{0,8})-([A-Za-z0-9_-]{22})")


class NotAKey(Exception):
    """The key file holds something else, in words for whoever keeps the platform."""


class Badges:
    """Makes and finds codes and links. Codes are found through an index in memory, made by `refresh`.

    Whoever looks something up must still compare the issue with the database in the transaction that signs in.
    """

    def __init__(self, key: bytes) -> None:
        if len(key) != 32:
            raise ValueError("the key must be 32 bytes")
        self._key = key
        self._codes: dict[str, tuple[int, int] | None] = {}
        self._made: dict[tuple[int, int], str] = {}
        self._spare_codes: dict[str, int] = {}
        self._bound: dict[int, tuple[int, int]] = {}

    @classmethod
    def open(cls, folder: Path) -> Badges:
        """The key of a data folder, made at first use and readable by its owner only."""
        return cls(read_key(folder / "key"))

    def __repr__(self) -> str:
        return f"<Badges of {len(self._made)} people>"

    def code(self, person_id: int, issue: int) -> str:
        """What is typed: ten characters, to be shown by `grouped`."""
        return self._code(b"person code", person_id, issue)

    def link_secret(self, person_id: int, issue: int) -> str:
        """What stands behind the # of a badge link: person, issue and 128 bits."""
        return self._secret(b"person link", person_id, issue)

    def screen_secret(self, screen_id: int, issue: int) -> str:
        """What stands behind the # of a screen link."""
        return self._secret(b"screen link", screen_id, issue)

    def spare_code(self, spare_id: int) -> str:
        """What is typed from a spare badge. It has no issue: a spare that was lost is never bound again."""
        return self._code(b"spare code", spare_id, 1)

    def spare_secret(self, spare_id: int) -> str:
        """What stands behind the # of a spare badge's link."""
        return self._secret(b"spare link", spare_id, 1)

    def next_token(self, token: str) -> str:
        """The token that follows on this one where a waiting browser shows its badge again: whoever knows that one
        only cannot make it, and a browser that never got the answer is given the same."""
        return base64.urlsafe_b64encode(hmac.digest(self._key, b"hallside token|" + token.encode(), "sha256")).decode()

    def find_code(self, text: str) -> tuple[int, int] | None:
        """(person, issue) of a typed code: case, spaces, dashes, look-alike letters and digits do not matter.

        The code of a spare badge leads to whom it is bound to, and to nobody before.
        """
        return self._codes.get(tidy_code(text))

    def find_link(self, secret: str) -> tuple[int, int] | None:
        """(person, issue) of a badge link's secret. Needs no index, so a new badge works on every node at once.

        Only to whom a spare badge is bound is known from the index.
        """
        found = self._verified(b"person link", secret)
        if found is None and self._bound:
            spare = self._verified(b"spare link", secret)
            found = self._bound.get(spare[0]) if spare else None
        return found

    def find_spare(self, text: str) -> int | None:
        """The id of a spare badge by its typed code or its link's secret, whether bound or not."""
        spare = self._verified(b"spare link", text)
        return spare[0] if spare else self._spare_codes.get(tidy_code(text))

    def find_screen_link(self, secret: str) -> tuple[int, int] | None:
        """(screen, issue) of a screen link's secret."""
        return self._verified(b"screen link", secret)

    def refresh(self, tx: Tx) -> None:
        """Read who is there. Call at start and whenever ("event", "people") was touched; 10,000 people: 40 ms.

        A spare badge opens for the person and issue it was bound to; a new badge for this person ends it, too.
        """
        self.learn(
            tx.cursor.execute("SELECT id, issue FROM person WHERE NOT revoked").fetchall(),
            tx.cursor.execute(
                "SELECT s.id, p.id, p.issue FROM spare s"
                " LEFT JOIN person p ON p.id = s.person_id AND p.issue = s.issue AND NOT p.revoked"
            ).fetchall(),
        )

    def learn(
        self, pairs: Iterable[tuple[int, int]], spares: Iterable[tuple[int, int | None, int | None]] = ()
    ) -> None:
        """Make the index of these (person, issue) and (spare, person, issue), and forget all others.

        A spare that is bound to nobody has None for both.
        """
        made = {(person, issue): self._made.get((person, issue)) or self.code(person, issue) for person, issue in pairs}
        known = {spare: code for code, spare in self._spare_codes.items()}
        spare_codes: dict[str, int] = {}
        bound: dict[int, tuple[int, int]] = {}
        for spare, person, issue in spares:
            spare_codes[known.get(spare) or self.spare_code(spare)] = spare
            if person and issue:
                bound[spare] = (person, issue)
        codes: dict[str, tuple[int, int] | None] = {}
        for pair, code in [*made.items(), *((bound.get(spare), code) for code, spare in spare_codes.items())]:
            # Two people with one code (1 in 10 million events of 10,000): it opens for neither, their links work.
            codes[code] = pair if code not in codes else None
        self._made, self._codes, self._spare_codes, self._bound = made, codes, spare_codes, bound

    def _code(self, label: bytes, number: int, issue: int) -> str:
        left = int.from_bytes(self._mac(label, number, issue), "big")
        letters = []
        for _ in range(LENGTH):
            left, digit = divmod(left, len(ALPHABET))
            letters.append(ALPHABET[digit])
        return "".join(letters)

    def _secret(self, label: bytes, number: int, issue: int) -> str:
        mac = base64.urlsafe_b64encode(self._mac(label, number, issue)).rstrip(b"=").decode()
        return f"{number}-{issue}-{mac}"

    def _verified(self, label: bytes, secret: str) -> tuple[int, int] | None:
        found = _SECRET.fullmatch(secret.strip()) if len(secret) < 64 else None
        if found is None:
            return None
        number, issue = int(found[1]), int(found[2])
        right = hmac.compare_digest(self._secret(label, number, issue).encode(), found[0].encode())
        return (number, issue) if right else None

    def _mac(self, label: bytes, number: int, issue: int) -> bytes:
        return hmac.digest(self._key, b"hallside %s|%d|%d" % (label, number, issue), "sha256")[:16]


def grouped(code: str) -> str:
    """A code as it is printed: two groups of five."""
    return f"{code[:5]} {code[5:]}"


def hash_token(token: str) -> bytes:
    """What the database keeps of a cookie's token."""
    return hashlib.sha256(token.encode()).digest()


def read_key(path: Path) -> bytes:
    """The 32 bytes of the key file, made once. Raises OSError, or NotAKey.

    The file is complete before it has its name, so two processes starting together read the same key.
    """
    if not path.exists():
        draft = path.with_name(f".{path.name}-{secrets.token_hex(8)}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(secrets.token_bytes(32))
                file.flush()
                os.fsync(file.fileno())
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    key = path.read_bytes()
    if len(key) != 32:
        raise NotAKey(f"{path} is not a badge key: it holds {len(key)} bytes, not 32.")
    if path.stat().st_mode & 0o077:
        path.chmod(0o600)
    return key
