"""What the guarantees need: votes, codes, evidence, a hash chain, breakers, and a journal of contacts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add columns that may be empty, and new tables: nothing that is there is rewritten."""
    for table, column in (
        ("approvals", sa.Column("edited_by", sa.String())),
        ("approvals", sa.Column("asked_by", sa.String())),
        ("approvals", sa.Column("code", sa.String(20))),
        ("attempts", sa.Column("quo_at", sa.DateTime(timezone=True))),
        ("opt_outs", sa.Column("certainty", sa.String(20))),
        ("opt_outs", sa.Column("evidence", sa.Text())),
        ("opt_outs", sa.Column("actor", sa.String())),
        ("opt_outs", sa.Column("recorded_at", sa.DateTime(timezone=True))),
        ("steps", sa.Column("guard", sa.String(20))),
        ("verdicts", sa.Column("conditions", sa.JSON())),
        ("audit", sa.Column("previous", sa.String(64))),
        ("audit", sa.Column("hash", sa.String(64))),
    ):
        op.add_column(table, column)
    op.create_index("ix_events_connection_peer_occurred_at", "events", ["connection", "peer", "occurred_at"])
    op.create_table(
        "approval_votes",
        sa.Column("approval_id", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("connection", sa.String(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("approval_id", "actor", name="pk_approval_votes"),
    )
    op.create_table(
        "identity",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_identity"),
    )
    op.create_table(
        "breakers",
        sa.Column("connection", sa.String(), nullable=False),
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("probe_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("connection", "scope", name="pk_breakers"),
    )
    op.create_table(
        "journal",
        sa.Column("attempt_id", sa.String(), nullable=False),
        sa.Column("connection", sa.String(), nullable=False),
        sa.Column("run_id", sa.String(), nullable=False),
        sa.Column("step_id", sa.String(), nullable=False),
        sa.Column("contact_id", sa.String(), nullable=False),
        sa.Column("is_undo", sa.Boolean(), nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("wanted", sa.JSON(), nullable=False),
        sa.Column("after", sa.JSON(), nullable=True),
        sa.Column("conflict", sa.JSON(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_by", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("attempt_id", name="pk_journal"),
    )
    op.create_index("ix_journal_run_id", "journal", ["run_id"])
    op.create_index("ix_journal_connection_contact_id_at", "journal", ["connection", "contact_id", "at"])


def downgrade() -> None:
    """Refuse: a schema never goes back; a backup does."""
    raise NotImplementedError("restore a backup from before instead")
