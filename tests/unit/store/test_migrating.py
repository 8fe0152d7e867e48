"""From an older schema to the newest on a database at work: interrupted anywhere, it is the old one or the new one."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import time
from contextlib import closing
from datetime import timedelta
from importlib import resources

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import event, select

from quoflow.core import chain
from quoflow.errors import StoreError
from quoflow.store import audit, migrations, opt_outs, tables
from quoflow.store.database import Database, _make_engine

NOW = "2026-11-23 15:00:00.000000"
ROWS = {
    "events": {
        "connection": "main", "id": "message.received:AC1", "kind": "message.received", "occurred_at": NOW,
        "data": "{}", "state": "handled", "tries": 1, "reason": "", "received_at": NOW,
    },
    "rule_versions": {"version": "v1", "rule": "greet", "document": "{}", "file": "rules/greet.yaml", "saved_at": NOW},
    "runs": {
        "id": "r1", "connection": "main", "rule": "greet", "rule_version": "v1", "event_id": "message.received:AC1",
        "state": "succeeded", "started_at": NOW, "updated_at": NOW, "reason": "",
    },
    "steps": {
        "id": "s1", "run_id": "r1", "connection": "main", "path": "actions[0]", "position": 0,
        "action": "send_message", "state": "succeeded", "created_at": NOW, "updated_at": NOW, "is_write": 1,
        "hash": "h", "segments": 1, "reason": "", "tries": 1,
    },
    "approvals": {
        "id": "abcd1234", "connection": "main", "step_id": "s1", "run_id": "r1", "rule": "greet",
        "action": "send_message", "payload": "{}", "segments": 1, "hash": "h", "state": "approved",
        "requested_at": NOW, "expires_at": NOW,
    },
    "attempts": {
        "id": "a1", "connection": "main", "step_id": "s1", "run_id": "r1", "rule": "greet", "action": "send_message",
        "payload_hash": "h", "state": "sent", "started_at": NOW, "message_id": "AC9", "looks": 0, "reason": "",
        "segments": 1,
    },
    "opt_outs": {
        "connection": "main", "message_id": "AC2", "phone": "+15555550123", "says": "stop", "word": "STOP", "at": NOW,
    },
    "messages": {
        "connection": "main", "id": "AC3", "line_id": "PN1", "peer": "+15555550124", "direction": "incoming",
        "text": "Hi", "status": "received", "created_at": "2026-11-20 15:00:00.000000", "from_": "+15555550124",
        "to": "[]", "is_ours": 0,
    },
    "conversations": {
        "connection": "main", "id": "CN1", "line_id": "PN1", "participants": '["+15555550124", "+15555550125"]',
        "synced_until": NOW,
    },
}  # fmt: skip
AUDIT = [("ann", "paused", "{}"), ("bob", "resumed", '{"said": "call +15555550123"}')]


def make_old(path, version="0001"):
    """Make a database as an older version left it, with a row of each kind that the change touches."""
    old = Database(_make_engine(path, timedelta(seconds=1)), path)
    with old.write() as tx:
        config = Config()
        config.set_main_option("script_location", str(resources.files(migrations)))
        config.attributes["connection"] = tx
        command.upgrade(config, version)
        for table, row in ROWS.items():
            names = ", ".join(f'"{name}"' for name in row)
            places = ", ".join("?" for _ in row)
            tx.exec_driver_sql(f"INSERT INTO {table} ({names}) VALUES ({places})", tuple(row.values()))
        for actor, kind, data in AUDIT:
            tx.exec_driver_sql(
                "INSERT INTO audit (at, actor, kind, subject, data) VALUES (?, ?, ?, '', ?)", (NOW, actor, kind, data)
            )
    old.close()


def describe(path):
    """Give the version, the schema and every row, so that a half-changed file cannot look like a whole one."""
    with closing(sqlite3.connect(path)) as connection:
        (version,) = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        schema = sorted(row[0] or "" for row in connection.execute("SELECT sql FROM sqlite_master"))
        counts = {table: connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in ROWS}
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    return version, schema, counts


def list_copies(folder):
    return sorted(folder.glob(f"quoflow.db.before-{migrations.HEAD}-*"))


@pytest.fixture
def path(tmp_path):
    make_old(tmp_path / "quoflow.db")
    return tmp_path / "quoflow.db"


def open_at(path, make):
    return Database.open(path, clock=lambda: make.now)


@pytest.mark.parametrize("version", sorted(migrations.REVISIONS - {migrations.HEAD}))
def test_everything_is_there_afterwards(tmp_path, make, version):
    """Rows, opt-outs and audit survive; older audit entries are chained, and no whole number stays in them."""
    path = tmp_path / "quoflow.db"
    make_old(path, version)
    database = open_at(path, make)
    with database.read() as tx:
        entries = tuple(audit.walk(tx))

        assert migrations.read_version(tx) == migrations.HEAD
        assert [entry.kind for entry in entries] == ["paused", "resumed", "schema.migrated"]
        assert audit.verify(tx) == chain.Verified(3, audit.find_head(tx))
        assert entries[1].data["said"].endswith(":0123")
        assert entries[2].data == {"from": version, "to": migrations.HEAD}
        assert opt_outs.find_opt_out(tx, connection="main", phone="+15555550123") is not None
    database.close()
    assert describe(path)[2] == dict.fromkeys(ROWS, 1)


def test_whoever_is_known_is_no_first_contact(path, make):
    """Who wrote before the change, or is in a conversation, has had to do with us since then."""
    database = open_at(path, make)
    with database.read() as tx:
        found = tx.execute(select(tables.first_contacts).order_by(tables.first_contacts.c.phone)).all()
    database.close()

    assert [tuple(row) for row in found] == [
        ("main", "+15555550124", make.now - timedelta(days=3), ""),
        ("main", "+15555550125", make.now, ""),
    ]


def test_a_copy_of_the_old_state_is_kept(path, make):
    """Beside the file lies the old one, whole, of mode 0600; opening again makes no other."""
    before = describe(path)
    open_at(path, make).close()
    open_at(path, make).close()
    (copy,) = list_copies(path.parent)

    assert copy.name == f"quoflow.db.before-{migrations.HEAD}-20261123T150000Z"
    assert copy.stat().st_mode & 0o777 == 0o600
    assert describe(copy) == before


def test_no_copy_no_change(path, make, monkeypatch):
    """Where the copy cannot be written, the schema stays as it was."""
    before = describe(path)

    def refuse(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "link", refuse)
    with pytest.raises(StoreError, match="No space left"):
        open_at(path, make)
    assert describe(path) == before
    assert [one.name for one in path.parent.iterdir() if "part" in one.name] == []


def open_in_child(path, make, *, die_at=0, counter=None):
    """Open in a forked process that dies before statement `die_at`; gives how it ended."""
    child = os.fork()
    if child:
        return child
    try:
        seen = 0

        def count(*_):
            nonlocal seen
            seen += 1
            if seen == die_at:
                os._exit(9)

        event.listen(__import__("sqlalchemy").engine.Engine, "before_cursor_execute", count)
        open_at(path, make)
        if counter is not None:
            os.write(counter, str(seen).encode())
    finally:
        os._exit(0)


def test_a_death_before_any_statement_leaves_old_or_new(tmp_path, make):
    """Killed before each statement in turn, the file is wholly old or wholly new, and opens as new afterwards."""
    template = tmp_path / "old.db"
    make_old(template)
    old, contents, deaths, number = describe(template), template.read_bytes(), 0, 0
    seen = set()
    while True:
        number += 1
        folder = tmp_path / str(number)
        folder.mkdir()
        path = folder / "quoflow.db"
        path.write_bytes(contents)
        _, status = os.waitpid(open_in_child(path, make, die_at=number), 0)
        if os.waitstatus_to_exitcode(status) == 0:
            break
        deaths += 1
        left = describe(path)
        seen.add(left[0])
        if left[0] == "0001":
            assert left == old
        database = open_at(path, make)
        with database.read() as tx:
            assert audit.verify(tx).problem == ""
        database.close()
        version, _, counts = describe(path)
        assert (version, counts) == (migrations.HEAD, dict.fromkeys(ROWS, 1))
        assert all(describe(copy) == old for copy in list_copies(folder))

    assert deaths > 40
    assert seen == {"0001"}


def test_kill_9_at_any_time_leaves_old_or_new(tmp_path, make):
    """Killed from outside at random moments, the same."""
    template = tmp_path / "old.db"
    make_old(template)
    old, contents, random_ = describe(template), template.read_bytes(), random.Random(2)
    for number in range(25):
        folder = tmp_path / str(number)
        folder.mkdir()
        path = folder / "quoflow.db"
        path.write_bytes(contents)
        child = open_in_child(path, make)
        time.sleep(random_.uniform(0.0, 0.12))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        left = describe(path)

        assert left == old or left[0] == migrations.HEAD
        open_at(path, make).close()
        assert (describe(path)[0], describe(path)[2]) == (migrations.HEAD, dict.fromkeys(ROWS, 1))
        assert all(describe(copy) == old for copy in list_copies(folder))
