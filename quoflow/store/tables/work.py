"""Deciding and doing: events, verdicts, runs, their steps, people's decisions, and the writes on their way."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    Table,
    UniqueConstraint,
)

from quoflow.core.lifecycle import RunState, StepState
from quoflow.store.columns import STATE_LENGTH, FreeText, Json, UtcDateTime, state_of
from quoflow.store.tables import base

# Deciding.

events = Table(
    "events",
    base.metadata,
    base.key("connection"),
    base.key("id"),
    base.text("kind"),
    base.time("occurred_at"),
    Column("line_id", String),
    Column("peer", String),
    Column("direction", String),
    Column("conversation_id", String),
    Column("data", Json, nullable=False),
    Column("state", String(STATE_LENGTH), nullable=False),
    base.count("tries"),
    Column("reason", FreeText, nullable=False),
    base.time("received_at"),
    Column("handled_at", UtcDateTime),
    Index(None, "state", "occurred_at"),
    Index(None, "connection", "peer", "occurred_at"),
)

rule_versions = Table(
    "rule_versions",
    base.metadata,
    base.key("version"),
    base.text("rule"),
    Column("document", Json, nullable=False),
    base.text("file"),
    base.time("saved_at"),
)

verdicts = Table(
    "verdicts",
    base.metadata,
    Column("id", Integer, primary_key=True),
    base.text("connection"),
    base.text("event_id"),
    base.text("rule"),
    base.text("rule_version"),
    Column("matched", Boolean, nullable=False),
    Column("reason", FreeText, nullable=False),
    base.time("at"),
    Column("conditions", Json),
    ForeignKeyConstraint(["connection", "event_id"], ["events.connection", "events.id"]),
    Index(None, "event_id"),
    Index(None, "at"),
)

throttles = Table(
    "throttles", base.metadata, base.key("connection"), base.key("rule"), base.key("key"), base.time("at")
)

firings = Table(
    "firings",
    base.metadata,
    base.key("connection"),
    base.key("rule"),
    base.key("trigger"),
    base.text("key"),
    base.time("at"),
    base.time("anchor"),
)

batches = Table(
    "batches",
    base.metadata,
    base.key("connection"),
    base.key("id"),
    base.text("rule"),
    base.text("rule_version"),
    base.text("event_id"),
    Column("source", String(STATE_LENGTH), nullable=False),
    base.count("looked_at"),
    base.count("members"),
    base.count("left_out"),
    Column("reason", FreeText, nullable=False),
    base.time("at"),
    ForeignKeyConstraint(["connection", "event_id"], ["events.connection", "events.id"]),
    Index(None, "at"),
)

# Doing: runs, their steps, the decisions of people, and the writes on their way.

runs = Table(
    "runs",
    base.metadata,
    base.key("id"),
    base.text("connection"),
    base.text("rule"),
    Column("rule_version", ForeignKey("rule_versions.version"), nullable=False),
    base.text("event_id"),
    Column("state", state_of(RunState), nullable=False),
    base.time("started_at"),
    base.time("updated_at"),
    Column("peer", String),
    Column("reason", FreeText, nullable=False),
    Column("batch", String),
    Column("called_by", String),
    ForeignKeyConstraint(["connection", "event_id"], ["events.connection", "events.id"]),
    UniqueConstraint("connection", "rule", "event_id"),
    Index(None, "batch"),
    Index(None, "started_at"),
    Index(None, "connection", "state", "peer"),
)

entries = Table(
    "entries",
    base.metadata,
    Column("id", Integer, primary_key=True),
    base.text("connection"),
    Column("run_id", ForeignKey("runs.id"), nullable=False),
    base.text("rule"),
    Column("kind", String(STATE_LENGTH), nullable=False),
    base.text("key"),
    Column("is_waiting", Boolean, nullable=False),
    UniqueConstraint("run_id", "kind"),
    Index(None, "connection", "rule", "kind", "key"),
    Index(None, "kind", "is_waiting"),
)

gathered = Table(
    "gathered",
    base.metadata,
    Column("run_id", ForeignKey("runs.id"), primary_key=True),
    base.key("connection"),
    base.key("event_id"),
    ForeignKeyConstraint(["connection", "event_id"], ["events.connection", "events.id"]),
    Index(None, "connection", "event_id"),
)

steps = Table(
    "steps",
    base.metadata,
    base.key("id"),
    Column("run_id", ForeignKey("runs.id"), nullable=False),
    base.text("connection"),
    base.text("path"),
    base.count("position"),
    base.text("action"),
    Column("state", state_of(StepState), nullable=False),
    base.time("created_at"),
    base.time("updated_at"),
    Column("name", String),
    Column("due_at", UtcDateTime),
    Column("is_write", Boolean, nullable=False),
    Column("payload", Json),
    Column("hash", String),
    Column("to", String),
    Column("from_", String),
    Column("text", FreeText),
    base.count("segments"),
    Column("outcome", Json),
    Column("reason", FreeText, nullable=False),
    base.count("tries"),
    Column("guard", String(STATE_LENGTH)),
    Column("retries", Integer),
    Column("may_retry", Boolean),
    Column("deadline_at", UtcDateTime),
    UniqueConstraint("run_id", "path"),
    Index(None, "deadline_at"),
    Index(None, "run_id", "position"),
    Index(None, "due_at"),
    Index(None, "is_write", "created_at"),
)

approvals = Table(
    "approvals",
    base.metadata,
    base.key("id"),
    base.text("connection"),
    Column("step_id", ForeignKey("steps.id"), nullable=False),
    Column("run_id", ForeignKey("runs.id"), nullable=False),
    base.text("rule"),
    base.text("action"),
    Column("to", String),
    Column("from_", String),
    Column("text", FreeText),
    Column("payload", Json, nullable=False),
    base.count("segments"),
    base.text("hash"),
    Column("state", String(STATE_LENGTH), nullable=False),
    base.time("requested_at"),
    base.time("expires_at"),
    Column("decided_at", UtcDateTime),
    Column("decided_by", String),
    Column("edited_by", String),
    Column("asked_by", String),
    Column("code", String(STATE_LENGTH)),
    Column("batch", String),
    Index(None, "state", "expires_at"),
    Index(None, "run_id"),
)

approval_votes = Table(
    "approval_votes",
    base.metadata,
    base.key("approval_id"),
    base.key("actor"),
    base.text("connection"),
    base.text("hash"),
    base.text("channel"),
    base.time("at"),
)

attempts = Table(
    "attempts",
    base.metadata,
    base.key("id"),
    base.text("connection"),
    Column("step_id", ForeignKey("steps.id"), nullable=False),
    Column("run_id", ForeignKey("runs.id"), nullable=False),
    base.text("rule"),
    base.text("action"),
    Column("line_id", String),
    Column("to", String),
    Column("text", FreeText),
    Column("normal_text", FreeText),
    base.text("payload_hash"),
    Column("state", String(STATE_LENGTH), nullable=False),
    base.time("started_at"),
    Column("finished_at", UtcDateTime),
    Column("message_id", String),
    base.count("looks"),
    Column("reason", FreeText, nullable=False),
    base.count("segments"),
    Column("quo_at", UtcDateTime),
    UniqueConstraint("connection", "message_id"),
    Index(None, "step_id", "started_at"),
    Index(None, "state", "started_at"),
    Index(None, "connection", "to", "started_at"),
    Index(None, "connection", "started_at"),
)
