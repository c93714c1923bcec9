"""Ways to ask. One file each; KINDS is the list of what exists.

A kind says which marks are a valid ballot. How marks are stored, sealed and counted is the same for all.
"""

from __future__ import annotations

from models.kinds import choice, motion
from models.kinds.kind import Kind

KINDS: dict[str, Kind] = {kind.name: kind for kind in (choice.SINGLE, choice.MULTIPLE, motion.MOTION)}
