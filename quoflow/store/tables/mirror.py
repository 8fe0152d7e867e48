"""The mirror: what Quo told us, how far it was read, and what is still awaited."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKeyConstraint, Index, Integer, String, Table

from quoflow.store.columns import STATE_LENGTH, FreeText, Json, Strings, UtcDateTime
from quoflow.store.tables import base

cursors = Table(
    "cursors",
    base.metadata,
    base.key("connection"),
    Column("baseline_at", UtcDateTime),
    Column("baseline_done_at", UtcDateTime),
    Column("cursor", UtcDateTime),
    Column("contacts_synced_at", UtcDateTime),
    Column("swept_at", UtcDateTime),
)

lines = Table(
    "lines",
    base.metadata,
    base.key("connection"),
    base.key("id"),
    base.text("number"),
    Column("name", FreeText, nullable=False),
    Column("user_ids", Strings, nullable=False),
    Column("messaging", Json, nullable=False),
)

users = Table(
    "users",
    base.metadata,
    base.key("connection"),
    base.key("id"),
    Column("first_name", FreeText),
    Column("last_name", FreeText),
    Column("email", FreeText),
    Column("role", String),
)

contacts = Table(
    "contacts",
    base.metadata,
    base.key("connection"),
    base.key("id"),
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
    base.metadata,
    base.key("connection"),
    base.key("phone"),
    base.key("contact_id"),
    ForeignKeyConstraint(["connection", "contact_id"], ["contacts.connection", "contacts.id"]),
    Index(None, "connection", "contact_id"),
)

properties = Table(
    "properties",
    base.metadata,
    base.key("connection"),
    base.key("key"),
    Column("name", FreeText, nullable=False),
    base.text("type"),
)

conversations = Table(
    "conversations",
    base.metadata,
    base.key("connection"),
    base.key("id"),
    base.text("line_id"),
    Column("participants", Strings, nullable=False),
    Column("name", FreeText),
    Column("assigned_to", String),
    Column("created_at", UtcDateTime),
    Column("updated_at", UtcDateTime),
    Column("last_activity_at", UtcDateTime),
    Column("last_activity_id", String),
    base.time("synced_until"),
)

messages = Table(
    "messages",
    base.metadata,
    base.key("connection"),
    base.key("id"),
    base.text("line_id"),
    base.text("peer"),
    base.text("direction"),
    Column("text", FreeText, nullable=False),
    base.text("status"),
    base.time("created_at"),
    base.text("from_"),
    Column("to", Strings, nullable=False),
    Column("user_id", String),
    Column("conversation_id", String),
    Column("is_ours", Boolean, nullable=False),
    Index(None, "connection", "peer", "created_at"),
)

calls = Table(
    "calls",
    base.metadata,
    base.key("connection"),
    base.key("id"),
    base.text("line_id"),
    base.text("peer"),
    base.text("direction"),
    base.text("status"),
    base.time("created_at"),
    Column("answered_at", UtcDateTime),
    Column("completed_at", UtcDateTime),
    base.count("duration"),
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
    base.metadata,
    base.key("connection"),
    base.key("call_id"),
    base.key("kind"),
    Column("state", String(STATE_LENGTH), nullable=False),
    base.count("tries"),
    base.time("next_at"),
    base.time("deadline"),
    base.time("started_at"),
    Column("finished_at", UtcDateTime),
    Index(None, "connection", "state", "next_at"),
)

first_contacts = Table(
    "first_contacts",
    base.metadata,
    base.key("connection"),
    base.key("phone"),
    base.time("at"),
    base.text("quo_id"),
)
"""With which numbers we have had to do, since when, and by which text or call it began."""

unanswered = Table(
    "unanswered",
    base.metadata,
    base.key("connection"),
    base.key("quo_id"),
    Column("wait", Integer, primary_key=True, autoincrement=False),
    base.key("calendar"),
    base.text("line_id"),
    base.text("peer"),
    Column("conversation_id", String),
    base.time("began_at"),
    base.time("due_at"),
    Column("state", String(STATE_LENGTH), nullable=False),
    Index(None, "connection", "state", "due_at"),
    Index(None, "connection", "line_id", "peer"),
)
"""Who waits for an answer: the text or call that began it, and when it has waited too long for some rule."""
