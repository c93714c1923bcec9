"""A folder of lists becomes the conference: halls, delegations, programme, people, polls.

`read` tells everything about a folder and changes nothing; `apply` is one transaction, all or nothing. Only listed
columns enter. The same folder twice changes nothing.
"""

from models.imports.decisions import Decisions
from models.imports.decoding import BY_HAND
from models.imports.findings import WORDS, Finding
from models.imports.plan import Plan
from models.imports.reading import STEMS, parse, read
from models.imports.rows import EventRow, MeetingRow
from models.imports.writing import Applied, apply

__all__ = [
    "BY_HAND",
    "STEMS",
    "WORDS",
    "Applied",
    "Decisions",
    "EventRow",
    "Finding",
    "MeetingRow",
    "Plan",
    "apply",
    "parse",
    "read",
]
