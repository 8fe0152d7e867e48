"""What the rule language needs: batches, and which run and approval belongs to one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add columns that may be empty, and new tables: nothing that is there is rewritten."""
    for table, column in (
        ("runs", sa.Column("batch", sa.String())),
        ("approvals", sa.Column("batch", sa.String())),
    ):
        op.add_column(table, column)
    op.create_index("ix_runs_batch", "runs", ["batch"])
    op.create_table(
        "batches",
        sa.Column("connection", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("rule_version", sa.String(), nullable=False),
        sa.Column("event_id", sa.String(), nullable=False),
        sa.Column("source", sa.String(20), nullable=False),
        sa.Column("looked_at", sa.Integer(), nullable=False),
        sa.Column("members", sa.Integer(), nullable=False),
        sa.Column("left_out", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["connection", "event_id"], ["events.connection", "events.id"], name="fk_batches_connection_event_id"
        ),
        sa.PrimaryKeyConstraint("connection", "id", name="pk_batches"),
    )
    op.create_index("ix_batches_at", "batches", ["at"])


def downgrade() -> None:
    """Refuse: a schema never goes back; a backup does."""
    raise NotImplementedError("restore a backup from before instead")
