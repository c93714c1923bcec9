"""A folder of lists becomes the conference: halls, delegations, programme, people, polls.

`read` tells everything about a folder and changes nothing; `apply` is one transaction, all or nothing. Only listed
columns enter. The same folder twice changes nothing.
"""

from models.imports.findings import WORDS, Finding
from models.imports.plan import Plan
from models.imports.reading import parse, read
from models.imports.rows import EventRow, MeetingRow
from models.imports.writing import Applied, apply

__all__ = ["WORDS", "Applied", "EventRow", "Finding", "MeetingRow", "Plan", "apply", "parse", "read"]
