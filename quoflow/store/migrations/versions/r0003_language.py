"""What the rule language needs: batches, first contacts, who waits for what since when, and what fired when."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add columns that may be empty, and new tables; only of schedules is what was there written anew."""
    _renew_firings()
    _add_batches()
    _add_patience()
    _add_properties()
    _add_first_contacts()
    _add_unanswered()
    _add_entries()


def _renew_firings() -> None:
    """Know schedules by what they say and not by their place in the rule: they begin anew, and owe nothing."""
    op.drop_table("firings")
    op.create_table(
        "firings",
        sa.Column("connection", sa.String(), nullable=False),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("trigger", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("anchor", TIME, nullable=False),
        sa.PrimaryKeyConstraint("connection", "rule", "trigger", name="pk_firings"),
    )


def _add_patience() -> None:
    """Runs that other runs asked for, steps that are done again, and those that must be done in time."""
    op.add_column("runs", sa.Column("called_by", sa.String()))
    op.add_column("steps", sa.Column("retries", sa.Integer()))
    op.add_column("steps", sa.Column("may_retry", sa.Boolean()))
    op.add_column("steps", sa.Column("deadline_at", TIME))
    op.create_index("ix_steps_deadline_at", "steps", ["deadline_at"])


def _add_batches() -> None:
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
        sa.Column("at", TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["connection", "event_id"], ["events.connection", "events.id"], name="fk_batches_connection_event_id"
        ),
        sa.PrimaryKeyConstraint("connection", "id", name="pk_batches"),
    )
    op.create_index("ix_batches_at", "batches", ["at"])


def _add_properties() -> None:
    op.create_table(
        "properties",
        sa.Column("connection", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("connection", "key", name="pk_properties"),
    )


def _add_first_contacts() -> None:
    """Whoever is in the mirror has had to do with us before: nothing of theirs is a first contact."""
    table = op.create_table(
        "first_contacts",
        sa.Column("connection", sa.String(), nullable=False),
        sa.Column("phone", sa.String(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("quo_id", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("connection", "phone", name="pk_first_contacts"),
    )
    tx, first = op.get_bind(), dict[tuple[str, str], datetime]()
    for name in ("messages", "calls"):
        for connection, phone, at in tx.execute(_select_earliest(name)):
            first[connection, phone] = min(at, first.get((connection, phone), at))
    for connection, participants, at in tx.execute(_select_conversations()):
        for phone in participants:
            first.setdefault((connection, phone), at)
    rows = [
        {"connection": connection, "phone": phone, "at": at, "quo_id": ""}
        for (connection, phone), at in first.items()
        if any(character.isdigit() for character in phone)
    ]
    op.bulk_insert(table, rows)


def _select_earliest(name: str) -> sa.Select[str, str, datetime]:
    who = (sa.column("connection", sa.String()), sa.column("peer", sa.String()))
    at = sa.func.min(sa.column("created_at", TIME), type_=TIME)
    return sa.select(*who, at).select_from(sa.table(name)).group_by(*who)


def _select_conversations() -> sa.Select[str, Any, datetime]:  # JSON: a list of numbers
    of = sa.column("connection", sa.String())
    participants: sa.ColumnClause[Any] = sa.column("participants", sa.JSON())
    return sa.select(of, participants, sa.column("synced_until", TIME)).select_from(sa.table("conversations"))


def _add_unanswered() -> None:
    op.create_table(
        "unanswered",
        sa.Column("connection", sa.String(), nullable=False),
        sa.Column("quo_id", sa.String(), nullable=False),
        sa.Column("wait", sa.Integer(), nullable=False),
        sa.Column("calendar", sa.String(), nullable=False),
        sa.Column("line_id", sa.String(), nullable=False),
        sa.Column("peer", sa.String(), nullable=False),
        sa.Column("conversation_id", sa.String(), nullable=True),
        sa.Column("began_at", TIME, nullable=False),
        sa.Column("due_at", TIME, nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.PrimaryKeyConstraint("connection", "quo_id", "wait", "calendar", name="pk_unanswered"),
    )
    op.create_index("ix_unanswered_connection_state_due_at", "unanswered", ["connection", "state", "due_at"])
    op.create_index("ix_unanswered_connection_line_id_peer", "unanswered", ["connection", "line_id", "peer"])


def _add_entries() -> None:
    op.create_table(
        "entries",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("connection", sa.String(), nullable=False),
        sa.Column("run_id", sa.String(), nullable=False),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("is_waiting", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name="fk_entries_run_id"),
        sa.PrimaryKeyConstraint("id", name="pk_entries"),
        sa.UniqueConstraint("run_id", "kind", name="uq_entries_run_id_kind"),
    )
    op.create_index("ix_entries_connection_rule_kind_key", "entries", ["connection", "rule", "kind", "key"])
    op.create_index("ix_entries_kind_is_waiting", "entries", ["kind", "is_waiting"])
    op.create_table(
        "gathered",
        sa.Column("run_id", sa.String(), nullable=False),
        sa.Column("connection", sa.String(), nullable=False),
        sa.Column("event_id", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name="fk_gathered_run_id"),
        sa.ForeignKeyConstraint(
            ["connection", "event_id"], ["events.connection", "events.id"], name="fk_gathered_connection_event_id"
        ),
        sa.PrimaryKeyConstraint("run_id", "connection", "event_id", name="pk_gathered"),
    )
    op.create_index("ix_gathered_connection_event_id", "gathered", ["connection", "event_id"])


def downgrade() -> None:
    """Refuse: a schema never goes back; a backup does."""
    raise NotImplementedError("restore a backup from before instead")
