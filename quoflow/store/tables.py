"""Every table of the store: portable types only, so that PostgreSQL can hold them too. Times are UTC.

Each table names its connection but for the two that are of no connection: the versions of rules, and the controls.
A change here needs a migration beside it; a test compares the two.
"""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    UniqueConstraint,
)

from quoflow.core.lifecycle import RunState, StepState
from quoflow.store.columns import STATE_LENGTH, FreeText, Json, Strings, UtcDateTime, state_of

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _key(name: str) -> Column[str]:
    return Column(name, String, primary_key=True)


def _text(name: str) -> Column[str]:
    return Column(name, String, nullable=False)


def _time(name: str) -> Column[object]:
    return Column(name, UtcDateTime, nullable=False)


def _count(name: str) -> Column[int]:
    return Column(name, Integer, nullable=False)


cursors = Table(
    "cursors",
    metadata,
    _key("connection"),
    Column("baseline_at", UtcDateTime),
    Column("baseline_done_at", UtcDateTime),
    Column("cursor", UtcDateTime),
    Column("contacts_synced_at", UtcDateTime),
    Column("swept_at", UtcDateTime),
)

# The mirror: what Quo told us.

lines = Table(
    "lines",
    metadata,
    _key("connection"),
    _key("id"),
    _text("number"),
    Column("name", FreeText, nullable=False),
    Column("user_ids", Strings, nullable=False),
    Column("messaging", Json, nullable=False),
)

users = Table(
    "users",
    metadata,
    _key("connection"),
    _key("id"),
    Column("first_name", FreeText),
    Column("last_name", FreeText),
    Column("email", FreeText),
    Column("role", String),
)

contacts = Table(
    "contacts",
    metadata,
    _key("connection"),
    _key("id"),
    Column("first_name", FreeText),
    Column("last_name", FreeText),
    Column("company", FreeText),
    Column("role", FreeText),
    Column("emails", Strings, nullable=False),
    Column("phones", Strings, nullable=False),
    Column("fields", Json, nullable=False),
    Column("source", String),
    Column("external_id", String),
    Column("created_at", UtcDateTime),
    Column("updated_at", UtcDateTime),
    Column("gone_at", UtcDateTime),
)

contact_phones = Table(
    "contact_phones",
    metadata,
    _key("connection"),
    _key("phone"),
    _key("contact_id"),
    ForeignKeyConstraint(["connection", "contact_id"], ["contacts.connection", "contacts.id"]),
    Index(None, "connection", "contact_id"),
)

conversations = Table(
    "conversations",
    metadata,
    _key("connection"),
    _key("id"),
    _text("line_id"),
    Column("participants", Strings, nullable=False),
    Column("name", FreeText),
    Column("assigned_to", String),
    Column("created_at", UtcDateTime),
    Column("updated_at", UtcDateTime),
    Column("last_activity_at", UtcDateTime),
    Column("last_activity_id", String),
    _time("synced_until"),
)

messages = Table(
    "messages",
    metadata,
    _key("connection"),
    _key("id"),
    _text("line_id"),
    _text("peer"),
    _text("direction"),
    Column("text", FreeText, nullable=False),
    _text("status"),
    _time("created_at"),
    _text("from_"),
    Column("to", Strings, nullable=False),
    Column("user_id", String),
    Column("conversation_id", String),
    Column("is_ours", Boolean, nullable=False),
    Index(None, "connection", "peer", "created_at"),
)

calls = Table(
    "calls",
    metadata,
    _key("connection"),
    _key("id"),
    _text("line_id"),
    _text("peer"),
    _text("direction"),
    _text("status"),
    _time("created_at"),
    Column("answered_at", UtcDateTime),
    Column("completed_at", UtcDateTime),
    _count("duration"),
    Column("answered_by", String),
    Column("initiated_by", String),
    Column("user_id", String),
    Column("ai_handled", Boolean, nullable=False),
    Column("forwarded_from", String),
    Column("forwarded_to", String),
    Column("conversation_id", String),
    Index(None, "connection", "created_at"),
)

watches = Table(
    "watches",
    metadata,
    _key("connection"),
    _key("call_id"),
    _key("kind"),
    Column("state", String(STATE_LENGTH), nullable=False),
    _count("tries"),
    _time("next_at"),
    _time("deadline"),
    _time("started_at"),
    Column("finished_at", UtcDateTime),
    Index(None, "connection", "state", "next_at"),
)

# Deciding: events, verdicts, and what keeps a rule from firing again.

events = Table(
    "events",
    metadata,
    _key("connection"),
    _key("id"),
    _text("kind"),
    _time("occurred_at"),
    Column("line_id", String),
    Column("peer", String),
    Column("direction", String),
    Column("conversation_id", String),
    Column("data", Json, nullable=False),
    Column("state", String(STATE_LENGTH), nullable=False),
    _count("tries"),
    Column("reason", FreeText, nullable=False),
    _time("received_at"),
    Column("handled_at", UtcDateTime),
    Index(None, "state", "occurred_at"),
)

rule_versions = Table(
    "rule_versions",
    metadata,
    _key("version"),
    _text("rule"),
    Column("document", Json, nullable=False),
    _text("file"),
    _time("saved_at"),
)

verdicts = Table(
    "verdicts",
    metadata,
    Column("id", Integer, primary_key=True),
    _text("connection"),
    _text("event_id"),
    _text("rule"),
    _text("rule_version"),
    Column("matched", Boolean, nullable=False),
    Column("reason", FreeText, nullable=False),
    _time("at"),
    ForeignKeyConstraint(["connection", "event_id"], ["events.connection", "events.id"]),
    Index(None, "event_id"),
    Index(None, "at"),
)

throttles = Table("throttles", metadata, _key("connection"), _key("rule"), _key("key"), _time("at"))

firings = Table(
    "firings",
    metadata,
    _key("connection"),
    _key("rule"),
    Column("trigger", Integer, primary_key=True, autoincrement=False),
    _text("key"),
    _time("at"),
    _time("anchor"),
)

# Doing: runs, their steps, the decisions of people, and the writes on their way.

runs = Table(
    "runs",
    metadata,
    _key("id"),
    _text("connection"),
    _text("rule"),
    Column("rule_version", ForeignKey("rule_versions.version"), nullable=False),
    _text("event_id"),
    Column("state", state_of(RunState), nullable=False),
    _time("started_at"),
    _time("updated_at"),
    Column("peer", String),
    Column("reason", FreeText, nullable=False),
    ForeignKeyConstraint(["connection", "event_id"], ["events.connection", "events.id"]),
    UniqueConstraint("connection", "rule", "event_id"),
    Index(None, "started_at"),
    Index(None, "connection", "state", "peer"),
)

steps = Table(
    "steps",
    metadata,
    _key("id"),
    Column("run_id", ForeignKey("runs.id"), nullable=False),
    _text("connection"),
    _text("path"),
    _count("position"),
    _text("action"),
    Column("state", state_of(StepState), nullable=False),
    _time("created_at"),
    _time("updated_at"),
    Column("name", String),
    Column("due_at", UtcDateTime),
    Column("is_write", Boolean, nullable=False),
    Column("payload", Json),
    Column("hash", String),
    Column("to", String),
    Column("from_", String),
    Column("text", FreeText),
    _count("segments"),
    Column("outcome", Json),
    Column("reason", FreeText, nullable=False),
    _count("tries"),
    UniqueConstraint("run_id", "path"),
    Index(None, "run_id", "position"),
    Index(None, "due_at"),
    Index(None, "is_write", "created_at"),
)

approvals = Table(
    "approvals",
    metadata,
    _key("id"),
    _text("connection"),
    Column("step_id", ForeignKey("steps.id"), nullable=False),
    Column("run_id", ForeignKey("runs.id"), nullable=False),
    _text("rule"),
    _text("action"),
    Column("to", String),
    Column("from_", String),
    Column("text", FreeText),
    Column("payload", Json, nullable=False),
    _count("segments"),
    _text("hash"),
    Column("state", String(STATE_LENGTH), nullable=False),
    _time("requested_at"),
    _time("expires_at"),
    Column("decided_at", UtcDateTime),
    Column("decided_by", String),
    Index(None, "state", "expires_at"),
    Index(None, "run_id"),
)

attempts = Table(
    "attempts",
    metadata,
    _key("id"),
    _text("connection"),
    Column("step_id", ForeignKey("steps.id"), nullable=False),
    Column("run_id", ForeignKey("runs.id"), nullable=False),
    _text("rule"),
    _text("action"),
    Column("line_id", String),
    Column("to", String),
    Column("text", FreeText),
    Column("normal_text", FreeText),
    _text("payload_hash"),
    Column("state", String(STATE_LENGTH), nullable=False),
    _time("started_at"),
    Column("finished_at", UtcDateTime),
    Column("message_id", String),
    _count("looks"),
    Column("reason", FreeText, nullable=False),
    _count("segments"),
    UniqueConstraint("connection", "message_id"),
    Index(None, "step_id", "started_at"),
    Index(None, "state", "started_at"),
    Index(None, "connection", "to", "started_at"),
    Index(None, "connection", "started_at"),
)

# Over everything: opt-outs, the kill switch, and who did what.

opt_outs = Table(
    "opt_outs",
    metadata,
    _key("connection"),
    _key("message_id"),
    _text("phone"),
    Column("says", String(STATE_LENGTH), nullable=False),
    Column("word", FreeText, nullable=False),
    _time("at"),
    Index(None, "connection", "phone", "at"),
)

controls = Table(
    "controls",
    metadata,
    _key("name"),
    Column("reason", FreeText, nullable=False),
    _text("actor"),
    _time("at"),
)

audit = Table(
    "audit",
    metadata,
    Column("id", Integer, primary_key=True),
    _time("at"),
    _text("actor"),
    _text("kind"),
    Column("connection", String),
    _text("subject"),
    Column("data", Json, nullable=False),
)
