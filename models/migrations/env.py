"""Run by Alembic. There is no alembic.ini: `migrate` hands over the connection, inside its transaction."""

from __future__ import annotations

from alembic import context
from sqlmodel import SQLModel

import models.ballots
import models.doors
import models.drafts
import models.hands
import models.journal
import models.logins
import models.people
import models.polls
import models.programme
import models.rights
import models.screens
import models.stage
import models.store
import models.translations  # noqa: F401 - imported for their tables

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    render_as_batch=True,
    transactional_ddl=True,
)
context.run_migrations()
