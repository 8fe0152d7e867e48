"""The database file: opening, transactions, copies, and its failures in words. All that is SQLite's own is here."""

from __future__ import annotations

import secrets
import sqlite3
import stat
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.pool import ConnectionPoolEntry

from quoflow.errors import StoreError
from quoflow.store import audit, files, identity, migrations

__all__ = ["Connection", "Database"]

PATIENCE = timedelta(seconds=10)
"""How long a transaction waits for another process's."""

_TROUBLES = (
    ("SQLITE_BUSY", "is locked by another process", "wait a moment and try again; no other program should write to it"),
    ("SQLITE_LOCKED", "is locked by another part of quoflow", "try again"),
    ("SQLITE_FULL", "cannot be written: the disk is full", "free some space and try again; nothing was half written"),
    ("SQLITE_READONLY", "is read-only", "make the file and its folder writable for this user"),
    ("SQLITE_IOERR", "cannot be read or written: the disk failed", "look at the disk and the system's log"),
    ("SQLITE_CORRUPT", "is damaged", "stop quoflow, keep a copy of the file, and restore the last backup"),
    ("SQLITE_NOTADB", "is not a database", "name another file under `database:`"),
    (
        "SQLITE_CANTOPEN",
        "cannot be opened",
        "look whether it exists and this user may read and write it and its folder",
    ),
    ("SQLITE_PERM", "may not be used", "give this user the right to read and write it and its folder"),
)
"""What SQLite's result codes (https://sqlite.org/rescode.html) mean to a person, and what to do."""

_PASSING = frozenset(
    {"SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_FULL", "SQLITE_READONLY", "SQLITE_IOERR", "SQLITE_CANTOPEN"}
)
"""What may be over in a while with the file unharmed: a service waits for that, and ends for the others."""


class Database:
    """One open database file; every thread may use it."""

    def __init__(self, engine: Engine, path: Path) -> None:
        """Take an engine whose file is ready; `Database.open` is the way in."""
        self.path = path
        self._engine = engine
        self._writer = engine.execution_options(quoflow_writes=True)

    @classmethod
    def open(
        cls,
        target: str | Path,
        *,
        clock: Callable[[], datetime],
        patience: timedelta = PATIENCE,
        make_key: Callable[[], bytes] = secrets.token_bytes,
    ) -> Database:
        """Open a database, making it if need be, and bring its schema up to date; a copy of the old state is kept.

        Args:
            target: a path, or an SQLAlchemy URL (`sqlite:///quoflow.db`).
            clock: gives the time, UTC, under which a change of the schema is audited.
            patience: how long a transaction waits for another process's.
            make_key: gives 32 random bytes, the secret for keyed hashes of a new database.

        Raises:
            StoreError: when it is no file that can be read and written, no database of quoflow's, or one of a
                newer version.
        """
        path = _locate(target)
        _prepare_file(path)
        database = cls(_make_engine(path, patience), path)
        try:
            database._migrate(clock, make_key)
        except BaseException:
            database.close()
            raise
        return database

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Give a transaction that sees one state of the database, however long it lasts, and cannot write."""
        # "attempt to write a readonly database" in here is our bug and not the disk's state: let it through.
        with _explaining(self.path, but="SQLITE_READONLY"), self._engine.begin() as tx:
            yield tx

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Give the one write transaction: committed to the disk at the end, rolled back by an exception.

        It takes the write lock at once: one that reads first and locks later fails without waiting when
        another has written in between. Never hold it across a network call.

        Raises:
            StoreError: when another process holds the lock for longer than the patience, or the disk fails.
        """
        with _explaining(self.path), self._writer.begin() as tx:
            yield tx

    def copy_to(self, path: Path, *, at: datetime | None = None) -> None:
        """Write a copy of the state as it is now, while others go on reading and writing; whole or not at all.

        Args:
            path: a file that does not exist.
            at: the time, UTC, to note in the copy: work begun on it is then known to be begun on a backup.

        Raises:
            StoreError: when the file exists already or cannot be written.
        """
        with (
            files.writing(path, what="the copy") as part,
            _explaining(self.path),
            self._engine.connect() as connection,
            closing(sqlite3.connect(part)) as copy,
        ):
            source: Any = connection.connection.dbapi_connection  # a sqlite3.Connection, but no type says so
            source.backup(copy)  # in one go: writers go on in the WAL, and cannot make it start over
            if at is not None:
                copy.execute("INSERT OR REPLACE INTO identity (name, value, at) VALUES (?, ?, ?)", _describe_copy(at))
                copy.commit()

    def check_integrity(self) -> tuple[str, ...]:
        """Read the whole file and give what is wrong with it, in SQLite's words; nothing when it is sound.

        Raises:
            StoreError: when it is too damaged to be read.
        """
        with self.read() as tx:
            damage = [str(row[0]) for row in tx.exec_driver_sql("PRAGMA integrity_check")]
            strays = tx.exec_driver_sql("PRAGMA foreign_key_check").mappings().all()
        lost = (f"a row of {stray['table']} names one of {stray['parent']} that is not there" for stray in strays)
        return (*(line for line in damage if line != "ok"), *lost)

    def close(self) -> None:
        """Close every connection; the last one folds the WAL into the file."""
        self._engine.dispose()

    def _migrate(self, clock: Callable[[], datetime], make_key: Callable[[], bytes]) -> None:
        with self.read() as tx:
            if migrations.is_current(tx, self.path):
                return
        with self.write() as tx:
            if migrations.is_current(tx, self.path):  # another process was faster
                return
            now, before = clock(), migrations.read_version(tx)
            if before is not None:
                self._keep_old(now)
            migrations.upgrade(tx)
            identity.read_hash_key(tx, now=now, make=make_key)
            audit.chain_older(tx)
            data = {"from": before, "to": migrations.HEAD}
            audit.record(
                tx, at=now, actor=audit.PROGRAM, kind="schema.migrated", connection=None, subject="schema", data=data
            )

    def _keep_old(self, now: datetime) -> None:
        """Put a copy of the old state beside the file, before its schema changes."""
        copy = self.path.with_name(f"{self.path.name}.before-{migrations.HEAD}-{now:%Y%m%dT%H%M%SZ}")
        if not copy.exists():  # of a try within this second: nothing was written since
            self.copy_to(copy)


def _describe_copy(at: datetime) -> tuple[str, str, str]:
    written = at.astimezone(UTC).replace(tzinfo=None).isoformat(sep=" ", timespec="microseconds")
    return identity.COPIED, written, written


def _locate(target: str | Path) -> Path:
    if isinstance(target, Path) or "://" not in target:
        return Path(target)
    hint = "write a path, or sqlite:/// and a path"
    try:
        url = make_url(target)
    except ArgumentError as error:
        raise StoreError(f"the database's address cannot be read: {target}", hint) from error
    if url.get_backend_name() != "sqlite":
        raise StoreError(f"this version keeps its data in SQLite only, not in {url.get_backend_name()}", hint)
    if not url.database or url.database == ":memory:" or url.query:
        raise StoreError(f"the database must be a plain file, not {target}", hint)
    return Path(url.database)


def _prepare_file(path: Path) -> None:
    """Make the folder (0700) and the file (0600) before SQLite does: -wal and -shm take the file's mode."""
    try:
        if not path.parent.exists():
            path.parent.mkdir(mode=0o700, parents=True)
        if not path.exists():
            with suppress(FileExistsError):  # another process made it just now
                files.make_file(path, what="the database")
            return
        _check_file(path)
        for each in (path, path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")):
            if each.exists() and stat.S_IMODE(each.stat().st_mode) & 0o077:
                each.chmod(0o600)
    except OSError as error:
        hint = "name a file that this user may read and write, in a folder that it may write to"
        raise StoreError(f"the database {path} cannot be used: {error.strerror}", hint) from error


def _check_file(path: Path) -> None:
    mode = path.stat().st_mode
    if stat.S_ISDIR(mode):
        raise StoreError(f"the database {path} is a folder", "name a file in it, such as quoflow.db")
    if not stat.S_ISREG(mode):
        raise StoreError(f"the database {path} is not a file", "name a plain file, such as quoflow.db")


def _make_engine(path: Path, patience: timedelta) -> Engine:
    url = URL.create("sqlite+pysqlite", database=str(path))
    engine = create_engine(url, connect_args={"timeout": patience.total_seconds()})
    event.listen(engine, "connect", _set_up)
    event.listen(engine, "begin", _begin)
    return engine


def _set_up(connection: sqlite3.Connection, _entry: ConnectionPoolEntry) -> None:
    # Python's sqlite3 would begin transactions by itself, late and deferred; `_begin` does it instead, as
    # SQLAlchemy's page on SQLite shows for Python before 3.12. COMMIT and ROLLBACK it still sends.
    connection.isolation_level = None
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA secure_delete = ON")  # what is removed or erased is overwritten, not only forgotten


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get("quoflow_writes", False)
    connection.exec_driver_sql(f"PRAGMA query_only = {'OFF' if writes else 'ON'}")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def _explaining(path: Path, *, but: str = "") -> Iterator[None]:
    """Turn what the file or the disk did into a StoreError; what is a bug of ours goes through."""
    try:
        yield
    except (DBAPIError, sqlite3.Error) as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        code = getattr(cause, "sqlite_errorname", "")
        trouble = next((one for one in _TROUBLES if code.startswith(one[0])), None)
        if trouble is None or code == but:
            raise
        is_passing = trouble[0] in _PASSING
        raise StoreError(f"the database {path} {trouble[1]}", trouble[2], is_passing=is_passing) from error
