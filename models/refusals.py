"""A refusal is a "no" for a person: a key and its parameters, put into words at the door in the reader's language."""

from __future__ import annotations


class Refused(Exception):
    """A command or a look-up that cannot be done, said by a key such as `poll_closed`.

    `params` fill the sentence of the key; they are short strings or numbers, never markup.
    Everything else that is raised is a bug.
    """

    def __init__(self, key: str, **params: str | int) -> None:
        super().__init__(key)
        self.key = key
        self.params = params

    def __repr__(self) -> str:
        return f"Refused({self.key!r}, {self.params!r})"
