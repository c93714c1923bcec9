"""At the door: arrivals, walk-ins, spare badges, tablets, and sessions that a person moved. The look of the event."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "spare",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("issue", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_spare_person_id", "spare", ["person_id"], unique=False)
    _add("event", ("accent", sa.String(), "''"), ("logo", sa.LargeBinary(), None))
    _add("session", ("listed", sa.JSON(), "'{}'"))
    _add(
        "person", ("arrived", sa.Boolean(), "0"), ("pending", sa.Boolean(), "0"), ("replaced_by_id", sa.Integer(), None)
    )
    _add("screen", ("kind", sa.String(), "'screen'"))


def _add(table: str, *columns: tuple[str, sa.types.TypeEngine[Any], str | None]) -> None:
    """Add columns with a value for the rows that are there; None for columns that may be empty.

    The table is made anew each time: its columns then stand as in a file that was never older.
    """
    with op.batch_alter_table(table, recreate="always") as batch:
        for name, kind, _ in columns:
            batch.add_column(sa.Column(name, kind, nullable=True))
    needed = [(name, value) for name, _, value in columns if value is not None]
    if needed:
        op.execute(f"UPDATE {table} SET {', '.join(f'{name} = {value}' for name, value in needed)}")
        with op.batch_alter_table(table, recreate="always") as batch:
            for name, _ in needed:
                batch.alter_column(name, nullable=False)
