"""The schema: what the migrations make is what the tables say, wholly or not at all."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from datetime import timedelta
from importlib import resources

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, inspect

from quoflow.errors import StoreError
from quoflow.store import migrations, tables
from quoflow.store.database import Database, _make_engine


def describe(engine):
    """Describe a schema as plain data, whatever the order things were made in."""
    seen = inspect(engine)
    return {
        table: {
            "columns": sorted(
                (column["name"], str(column["type"]), column["nullable"], column["default"], column["primary_key"])
                for column in seen.get_columns(table)
            ),
            "key": seen.get_pk_constraint(table),
            "references": sorted(map(str, seen.get_foreign_keys(table))),
            "unique": sorted(map(str, seen.get_unique_constraints(table))),
            "indices": sorted(map(str, seen.get_indexes(table))),
            "checks": sorted(map(str, seen.get_check_constraints(table))),
        }
        for table in seen.get_table_names()
        if table != "alembic_version"
    }


def test_the_migrations_make_what_the_tables_say(database):
    """A migrated database has exactly the tables, columns, keys and indices of tables.py."""
    wanted = create_engine("sqlite://")
    tables.metadata.create_all(wanted)
    made = create_engine(f"sqlite:///{database.path}")

    assert describe(made) == describe(wanted)
    made.dispose()
    wanted.dispose()


def test_head_is_the_last_revision():
    """The version this quoflow says it knows is the last one it ships, and all are listed."""
    script = ScriptDirectory(str(resources.files(migrations)))

    assert script.get_current_head() == migrations.HEAD
    assert {revision.revision for revision in script.walk_revisions()} == migrations.REVISIONS


def test_every_table_names_its_connection():
    """Only what belongs to no connection is without one."""
    without = {name for name, table in tables.metadata.tables.items() if "connection" not in table.c}

    assert without == {"rule_versions", "controls", "identity"}


def test_the_schema_uses_portable_types_only():
    """PostgreSQL can take every table: no type of SQLite's, no option of its dialect."""
    for table in tables.metadata.tables.values():
        assert {type(column.type).__module__ for column in table.c} <= {
            "sqlalchemy.sql.sqltypes",
            "quoflow.store.columns",
        }
        assert not any(key.startswith("sqlite") for key in table.dialect_kwargs)
        assert not any(index.dialect_kwargs for index in table.indexes)


def set_version(path, version):
    connection = sqlite3.connect(path)
    connection.execute("UPDATE alembic_version SET version_num = ?", (version,))
    connection.commit()
    connection.close()


def test_a_newer_schema_is_refused(database, make):
    """A database of a newer quoflow is refused, naming both versions, and stays as it was."""
    set_version(database.path, "0099")

    with pytest.raises(StoreError, match=rf"0099.*{migrations.HEAD}") as caught:
        Database.open(database.path, clock=lambda: make.now)
    assert "newer quoflow" in caught.value.hint


def test_a_strangers_alembic_is_refused(database, make):
    """A database that another program's migrations made is not touched."""
    set_version(database.path, "ae1027a6acf")

    with pytest.raises(StoreError, match="belongs to something else"):
        Database.open(database.path, clock=lambda: make.now)


def test_a_strangers_tables_are_refused(tmp_path, make):
    """A database with other tables is not touched."""
    path = tmp_path / "places.sqlite"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE places (url TEXT)")
    connection.commit()
    connection.close()

    with pytest.raises(StoreError, match="belongs to something else"):
        Database.open(path, clock=lambda: make.now)
    engine = create_engine(f"sqlite:///{path}")
    assert inspect(engine).get_table_names() == ["places"]
    engine.dispose()


def test_an_empty_file_becomes_a_database(tmp_path, make):
    """A file of no bytes is as good as none."""
    (tmp_path / "quoflow.db").touch()
    database = Database.open(tmp_path / "quoflow.db", clock=lambda: make.now)

    with database.read() as tx:
        assert migrations.read_version(tx) == migrations.HEAD
    database.close()


def test_a_migration_is_whole_or_nothing(tmp_path, make):
    """A migration that breaks half way leaves no table behind, and the next one succeeds."""
    path = tmp_path / "quoflow.db"
    empty = Database(_make_engine(path, timedelta(seconds=1)), path)

    def run_out():
        with empty.write() as tx:
            tx.exec_driver_sql("PRAGMA max_page_count = 12")
            migrations.upgrade(tx)

    with pytest.raises(StoreError, match="disk is full"):
        run_out()
    with empty.read() as tx:
        assert inspect(tx).get_table_names() == []
    empty.close()
    Database.open(path, clock=lambda: make.now).close()


def test_two_processes_make_one_schema(tmp_path):
    """Processes that open a new database at the same time all succeed, on one schema."""
    script = (
        "import sys; from datetime import UTC, datetime\n"
        "from quoflow.store.database import Database\n"
        "Database.open(sys.argv[1], clock=lambda: datetime(2026, 11, 23, tzinfo=UTC)).close()"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "quoflow.db")]
    children = [subprocess.Popen(command, stderr=subprocess.PIPE) for _ in range(4)]
    errors = [child.communicate()[1] for child in children]

    assert errors == [b""] * 4
    connection = sqlite3.connect(tmp_path / "quoflow.db")
    assert connection.execute("SELECT kind FROM audit").fetchall() == [("schema.migrated",)]
    connection.close()
