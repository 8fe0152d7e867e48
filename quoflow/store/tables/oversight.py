"""Over everything: opt-outs, controls and breakers, this instance, the journal of contacts, and who did what."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, Integer, String, Table

from quoflow.store.columns import STATE_LENGTH, FreeText, Json, Strings, UtcDateTime
from quoflow.store.tables import base

opt_outs = Table(
    "opt_outs",
    base.metadata,
    base.key("connection"),
    base.key("message_id"),
    base.text("phone"),
    Column("says", String(STATE_LENGTH), nullable=False),
    Column("word", FreeText, nullable=False),
    base.time("at"),
    Column("certainty", String(STATE_LENGTH)),
    Column("evidence", FreeText),
    Column("actor", String),
    Column("recorded_at", UtcDateTime),
    Index(None, "connection", "phone", "at"),
)

controls = Table(
    "controls",
    base.metadata,
    base.key("name"),
    Column("reason", FreeText, nullable=False),
    base.text("actor"),
    base.time("at"),
)

audit = Table(
    "audit",
    base.metadata,
    Column("id", Integer, primary_key=True),
    base.time("at"),
    base.text("actor"),
    base.text("kind"),
    Column("connection", String),
    base.text("subject"),
    Column("data", Json, nullable=False),
    Column("previous", String(64)),
    Column("hash", String(64)),
)

identity = Table(
    "identity",
    base.metadata,
    base.key("name"),
    base.text("value"),
    base.time("at"),
)
"""What this database knows of itself: its id, its secret for keyed hashes, where and when it was last at work."""

breakers = Table(
    "breakers",
    base.metadata,
    base.key("connection"),
    base.key("scope"),
    Column("reason", FreeText, nullable=False),
    base.time("opened_at"),
    base.time("probe_at"),
    base.count("failures"),
)
"""What may not be asked for the time being: a key (scope `key`), a connection's writes, or one line (PN…)."""

journal = Table(
    "journal",
    base.metadata,
    base.key("attempt_id"),
    base.text("connection"),
    base.text("run_id"),
    base.text("step_id"),
    base.text("contact_id"),
    Column("is_undo", Boolean, nullable=False),
    Column("before", Json, nullable=False),
    Column("wanted", Json, nullable=False),
    Column("after", Json),
    Column("conflict", Strings, nullable=False),
    base.time("at"),
    Column("undone_at", UtcDateTime),
    Column("undone_by", String),
    Index(None, "run_id"),
    Index(None, "connection", "contact_id", "at"),
)
"""What a contact was before we changed it, what we wrote, and what was read back; an undo is such a change too."""
