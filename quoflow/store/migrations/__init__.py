"""The schema's versions: which one a database has, and the way from there to the newest.

Asking for the version costs one question; Alembic is imported only where there is something to do.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from quoflow.errors import StoreError

HEAD = "0003"
"""The version of the schema that this quoflow reads and writes; versions sort as text."""

REVISIONS = frozenset({"0001", "0002", "0003"})

_TABLE = "alembic_version"


def read_version(tx: Connection) -> str | None:
    """Read the version of the schema; None when there is none yet."""
    if not inspect(tx).has_table(_TABLE):
        return None
    return tx.execute(text("SELECT version_num FROM alembic_version")).scalar()


def is_current(tx: Connection, path: Path) -> bool:
    """Whether the schema is this version's, so that nothing need be done.

    Raises:
        StoreError: when it is a newer quoflow's, or not one of quoflow's at all.
    """
    version = read_version(tx)
    if version == HEAD:
        return True
    if version is None and inspect(tx).get_table_names():
        hint = "name another file under `database:`"
        raise StoreError(f"the database {path} belongs to something else: it has tables, but not quoflow's", hint)
    if version is not None and version not in REVISIONS:
        if version.isdigit() and version > HEAD:
            raise StoreError(
                f"the database {path} has schema {version}, and this quoflow knows schemas up to {HEAD}",
                "a newer quoflow has used it: install that one, or restore a backup from before",
            )
        hint = "name another file under `database:`"
        raise StoreError(f"the database {path} belongs to something else: its schema is {version!r}", hint)
    return False


def upgrade(tx: Connection) -> str | None:
    """Bring the schema to HEAD within the caller's transaction: wholly or not at all. Gives the version before."""
    from alembic import command  # here: it costs 0.1 s and is needed once in a schema's life
    from alembic.config import Config

    before = read_version(tx)
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = tx
    command.upgrade(config, "head")
    return before
