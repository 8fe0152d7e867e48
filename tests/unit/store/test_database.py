"""The database file: how it opens, what a transaction guarantees, and what its failures say."""

from __future__ import annotations

import os
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from quoflow.errors import StoreError
from quoflow.store import audit, controls, migrations, tables
from quoflow.store.database import Database, _explaining

CHILD = """
import sys
from datetime import UTC, datetime
from sqlalchemy import insert
from quoflow.store import tables
from quoflow.store.database import Database

NOW = datetime(2026, 11, 23, tzinfo=UTC)
database = Database.open(sys.argv[1], clock=lambda: NOW)

def add(tx, name):
    tx.execute(insert(tables.controls), {"name": name, "reason": "r" * 10_000, "actor": "a", "at": NOW})
"""


def open_at(path, make, **options):
    return Database.open(path, clock=lambda: make.now, **options)


def add(tx, name, make, *, reason="r"):
    tx.execute(insert(tables.controls), {"name": name, "reason": reason, "actor": "a", "at": make.now})


def names(database):
    with database.read() as tx:
        return set(tx.scalars(select(tables.controls.c.name)))


def start(script, path):
    """Start a process that has the database open; it says a line when it is where the test wants it."""
    command = [sys.executable, "-c", CHILD + script, str(path)]
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert child.stdout.readline() == "ready\n"
    return child


def end(child):
    child.kill()
    child.communicate()


def modes(folder):
    return {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}


# -- opening


def test_files_and_folder_are_private(tmp_path, make):
    """The folder is 0700, and the database, its -wal and -shm are 0600, whatever the umask."""
    before = os.umask(0)
    try:
        database = open_at(tmp_path / "new" / "quoflow.db", make)
        with database.write() as tx:
            add(tx, "one", make)
    finally:
        os.umask(before)

    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o700
    assert modes(tmp_path / "new") == {"quoflow.db": 0o600, "quoflow.db-wal": 0o600, "quoflow.db-shm": 0o600}
    database.close()


def test_an_open_file_is_made_private(tmp_path, make):
    """A database that others could read is closed to them when it is opened."""
    path = tmp_path / "quoflow.db"
    open_at(path, make).close()
    path.chmod(0o644)
    open_at(path, make).close()

    assert modes(tmp_path) == {"quoflow.db": 0o600}


def test_every_connection_is_safe(database):
    """WAL, full synchronisation and foreign keys are on, for readers and writers alike."""
    for transaction in (database.read, database.write):
        with transaction() as tx:
            pragmas = [tx.exec_driver_sql(f"PRAGMA {name}").scalar() for name in _PRAGMAS]

            assert pragmas == ["wal", 2, 1, 10_000]


_PRAGMAS = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")


@pytest.mark.parametrize("form", ["{path}", "sqlite:///{path}", "sqlite+pysqlite:///{path}"])
def test_a_path_and_a_url_open_the_same(tmp_path, make, form):
    """A database is named by its path or by SQLAlchemy's URL."""
    path = tmp_path / "quoflow.db"
    database = open_at(form.format(path=path), make)

    assert database.path == path
    assert path.stat().st_size > 0
    database.close()


@pytest.mark.parametrize(
    ("target", "says"),
    [
        ("postgresql://host/name", "SQLite only"),
        ("sqlite://", "plain file"),
        ("sqlite:///:memory:", "plain file"),
        ("sqlite:///x.db?mode=ro", "plain file"),
        ("://", "cannot be read"),
    ],
)
def test_other_addresses_are_refused(make, target, says):
    """What this version cannot open is refused in words, with what to write."""
    with pytest.raises(StoreError, match=says) as caught:
        open_at(target, make)

    assert "sqlite:///" in caught.value.hint


def test_a_folder_is_refused(tmp_path, make):
    """A folder where the file should be is named as such."""
    with pytest.raises(StoreError, match="is a folder"):
        open_at(tmp_path, make)


def test_a_pipe_is_refused(tmp_path, make):
    """What is not a plain file is refused, and not waited for."""
    os.mkfifo(tmp_path / "pipe")

    with pytest.raises(StoreError, match="is not a file"):
        open_at(tmp_path / "pipe", make)


def test_a_file_in_the_way_of_the_folder_is_refused(tmp_path, make):
    """A path through a file is refused in words."""
    (tmp_path / "file").write_text("")

    with pytest.raises(StoreError, match="Not a directory"):
        open_at(tmp_path / "file" / "quoflow.db", make)


@pytest.mark.skipif(os.getuid() == 0, reason="root may read everything")
def test_an_unreadable_file_is_refused(tmp_path, make):
    """A file that this user may not read is refused in words."""
    path = tmp_path / "quoflow.db"
    open_at(path, make).close()
    path.chmod(0o000)

    with pytest.raises(StoreError):
        open_at(path, make)


def test_a_file_that_is_no_database_is_refused(tmp_path, make):
    """Some other file is refused, and stays as it was."""
    path = tmp_path / "notes.txt"
    path.write_text("customers: " * 1000)

    with pytest.raises(StoreError, match="is not a database"):
        open_at(path, make)
    assert path.read_text() == "customers: " * 1000


# -- transactions


def test_what_is_written_stays(tmp_path, make):
    """A transaction that ends well is there after closing and opening."""
    database = open_at(tmp_path / "quoflow.db", make)
    with database.write() as tx:
        add(tx, "one", make)
    database.close()
    again = open_at(tmp_path / "quoflow.db", make)

    assert names(again) == {"one"}
    again.close()


def test_an_exception_takes_everything_back(database, make):
    """A transaction that ends with an exception leaves nothing, and the exception goes on."""

    def fail():
        with database.write() as tx:
            add(tx, "one", make)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()

    assert names(database) == set()


def test_a_reader_cannot_write(database, make):
    """A write in a read transaction fails every time, and not only under load."""
    with pytest.raises(OperationalError, match="readonly"), database.read() as tx:
        add(tx, "one", make)
    with database.write() as tx:
        add(tx, "two", make)

    assert names(database) == {"two"}


def test_a_reader_sees_one_state(database, make):
    """What another commits meanwhile is not seen within a read transaction."""
    with database.read() as reader:
        before = reader.scalar(select(func.count()).select_from(tables.controls))
        with database.write() as tx:
            add(tx, "one", make)
        after = reader.scalar(select(func.count()).select_from(tables.controls))

    assert (before, after) == (0, 0)
    assert names(database) == {"one"}


def test_writers_that_read_first_all_succeed(database, make):
    """Threads that read, then write what they read plus one, lose no update and never fail."""
    with database.write() as tx:
        add(tx, "counter", make, reason="0")
    counter = tables.controls

    def count():
        for _ in range(20):
            with database.write() as tx:
                value = int(tx.scalar(select(counter.c.reason)))
                tx.execute(counter.update().values(reason=str(value + 1)))

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.read() as tx:
        assert tx.scalar(select(counter.c.reason)) == "80"


def test_a_killed_writer_leaves_the_old_state(tmp_path, make):
    """A process killed in the middle of a transaction leaves what was there before, and no lock."""
    path = tmp_path / "quoflow.db"
    with_one = open_at(path, make)
    with with_one.write() as tx:
        add(tx, "old", make)
    child = start(
        """
with database.write() as tx:
    tx.exec_driver_sql("PRAGMA cache_size = 1")  # pages go to the WAL before the commit
    for number in range(200):
        add(tx, f"new {number}")
    print("ready", flush=True)
    sys.stdin.read()
""",
        path,
    )
    wal_size = path.with_name("quoflow.db-wal").stat().st_size
    child.send_signal(signal.SIGKILL)
    end(child)

    assert wal_size > 1_000_000
    assert names(with_one) == {"old"}
    with with_one.write() as tx:
        add(tx, "later", make)
    assert names(with_one) == {"old", "later"}
    assert with_one.check_integrity() == ()
    with_one.close()


def test_a_killed_process_keeps_what_it_committed(tmp_path, make):
    """What was committed before a kill is there, without any clean close."""
    path = tmp_path / "quoflow.db"
    end(start('\nwith database.write() as tx:\n    add(tx, "one")\nprint("ready", flush=True)\nsys.stdin.read()', path))
    database = open_at(path, make)

    assert names(database) == {"one"}
    database.close()


# -- failures in words


def test_a_locked_database_says_so(tmp_path, make):
    """When another process holds the lock for too long, the error says that, and readers go on."""
    path = tmp_path / "quoflow.db"
    child = start('\nwith database.write() as tx:\n    print("ready", flush=True)\n    sys.stdin.read()', path)
    database = open_at(path, make, patience=timedelta(milliseconds=20))

    with pytest.raises(StoreError, match="is locked by another process") as caught, database.write():
        pass
    assert caught.value.hint
    assert names(database) == set()
    end(child)
    with database.write() as tx:
        add(tx, "one", make)
    assert names(database) == {"one"}
    database.close()


def test_a_full_disk_says_so_and_takes_everything_back(database, make):
    """When the disk is full the transaction is undone, the error says so, and the next one works."""

    def fill():
        with database.write() as tx:
            pages = tx.exec_driver_sql("PRAGMA page_count").scalar()
            tx.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
            add(tx, "one", make, reason="r" * 1_000_000)

    with pytest.raises(StoreError, match="the disk is full"):
        fill()
    with database.write() as tx:
        tx.exec_driver_sql("PRAGMA max_page_count = 1000000")
        add(tx, "two", make)

    assert names(database) == {"two"}


def test_damage_says_so(tmp_path, make):
    """A file with overwritten pages is called damaged, with what to do."""
    path = tmp_path / "quoflow.db"
    database = open_at(path, make)
    with database.write() as tx:
        for number in range(300):
            add(tx, f"name {number}", make, reason="r" * 1000)
    database.close()
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 2)
        file.write(b"\xff" * (path.stat().st_size // 2))
    database = open_at(path, make)

    with pytest.raises(StoreError, match="is damaged") as caught, database.read() as tx:
        tx.execute(select(tables.controls)).all()
    assert "backup" in caught.value.hint
    database.close()


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        ("CREATE TABLE t (x)", "is read-only"),
        ("ATTACH '/nowhere/at/all.db' AS other", "cannot be opened"),
    ],
)
def test_the_drivers_own_errors_are_explained_too(tmp_path, statement, says):
    """An error that SQLAlchemy has not wrapped is put in the same words."""
    path = tmp_path / "plain.db"
    sqlite3.connect(path).close()
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)

    with pytest.raises(StoreError, match=says), _explaining(path):
        connection.execute(statement)
    connection.close()


def test_a_bug_is_not_explained_away(database):
    """An error that is ours goes through as it is."""
    with pytest.raises(DBAPIError, match="no such table"), database.read() as tx:
        tx.exec_driver_sql("SELECT * FROM nowhere")


def test_a_reference_to_nothing_is_refused(database, make):
    """Foreign keys hold."""
    with pytest.raises(IntegrityError), database.write() as tx:
        tx.execute(insert(tables.contact_phones), {"connection": "main", "phone": make.peer, "contact_id": "nobody"})


# -- copies and checks


def test_a_copy_is_one_state_while_another_process_writes(tmp_path, make):
    """A copy taken under load is sound and holds whole transactions only; nobody is stopped."""
    path = tmp_path / "quoflow.db"
    child = start(
        """
number = 0
while True:
    with database.write() as tx:
        add(tx, f"first {number}")
        add(tx, f"second {number}")
    number += 1
    if number == 20:
        print("ready", flush=True)
""",
        path,
    )
    database = open_at(path, make)
    copies = [tmp_path / f"copy{number}.db" for number in range(3)]
    for copy in copies:
        database.copy_to(copy)
    assert child.poll() is None
    end(child)
    counts = []
    for copy in copies:
        copied = open_at(copy, make)
        found = names(copied)
        counts.append(len(found))

        assert copied.check_integrity() == ()
        assert {name.removeprefix("first ") for name in found if name.startswith("first")} == {
            name.removeprefix("second ") for name in found if name.startswith("second")
        }
        copied.close()
    assert counts == sorted(counts)
    assert counts[0] >= 40
    database.close()


def test_a_copy_is_private_and_alone(database, tmp_path):
    """A copy is one file of mode 0600."""
    target = tmp_path / "copies"
    target.mkdir()
    database.copy_to(target / "copy.db")

    assert modes(target) == {"copy.db": 0o600}


def test_a_copy_overwrites_nothing(database, tmp_path):
    """A copy onto an existing file is refused, and the file stays."""
    (tmp_path / "there").write_text("mine")

    with pytest.raises(StoreError, match="would overwrite"):
        database.copy_to(tmp_path / "there")
    with pytest.raises(StoreError, match="cannot be made"):
        database.copy_to(tmp_path / "nowhere" / "copy.db")
    assert (tmp_path / "there").read_text() == "mine"


def test_a_sound_database_has_no_problems(database, make):
    """The check finds nothing in a sound file, and names rows that refer to nothing."""
    assert database.check_integrity() == ()
    connection = sqlite3.connect(database.path)
    connection.execute("INSERT INTO contact_phones VALUES ('main', '+15555550123', 'nobody')")
    connection.commit()
    connection.close()
    assert database.check_integrity() == ("a row of contact_phones names one of contacts that is not there",)


def test_closing_folds_the_wal_in(tmp_path, make):
    """After the last close there is one file, and it holds everything."""
    database = open_at(tmp_path / "quoflow.db", make)
    with database.write() as tx:
        controls.pause(tx, reason="r", actor="a", now=make.now)
    database.close()

    assert [path.name for path in tmp_path.iterdir()] == ["quoflow.db"]


def test_making_the_schema_is_audited(database, make):
    """The audit begins with the making of the schema."""
    with database.read() as tx:
        (entry,) = audit.list_audit(tx)

    assert (entry.kind, entry.at, entry.data) == ("schema.migrated", make.now, {"from": None, "to": migrations.HEAD})


def test_opening_a_current_database_needs_no_alembic(database):
    """A database that is up to date opens without importing Alembic."""
    script = "\nprint('alembic' in sys.modules)\n"
    done = subprocess.run(
        [sys.executable, "-c", CHILD + script, str(database.path)], check=True, capture_output=True, text=True
    )

    assert done.stdout == "False\n"
    assert Path(database.path).exists()
