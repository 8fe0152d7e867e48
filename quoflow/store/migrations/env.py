"""Alembic's way in: runs the revisions on the connection, and in the transaction, that `upgrade` was given."""

from __future__ import annotations

from alembic import context

from quoflow.store import tables

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=tables.metadata,
    transactional_ddl=True,
    render_as_batch=True,  # SQLite can alter little of a table in place
)
with context.begin_transaction():
    context.run_migrations()
