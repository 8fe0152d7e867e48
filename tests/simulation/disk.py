"""The real SQLite on a file in memory, behind a fuse: every statement and commit can be the last."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from quoflow.store import database

from .clock import EPOCH
from .fuse import Fuse, Killed

_SHM = Path("/dev/shm")

PURPOSES = (
    ("INSERT INTO attempts", "an intent"),
    ("UPDATE attempts", "an outcome"),
    ("UPDATE approvals", "a decision"),
    ("INSERT INTO runs", "a plan"),
    ("UPDATE events", "a plan"),
    ("INSERT INTO messages", "a poll"),
    ("INSERT INTO calls", "a poll"),
    ("UPDATE conversations", "a poll"),
    ("INSERT INTO conversations", "a poll"),
    ("UPDATE cursors", "a cursor"),
    ("INSERT INTO cursors", "a cursor"),
)
"""What a transaction is for, by the first of these statements in it; one that matches none is for `something else`."""


class Disk:
    """One database file and the engine on it, used by one simulated process after the other.

    SQLAlchemy's engine and its compiled statements are kept for all of them: only the file is new in each life.
    """

    def __init__(self) -> None:
        place = _SHM if _SHM.is_dir() else None
        self._folder = tempfile.TemporaryDirectory(prefix="quoflow-simulation-", dir=place)
        self.path = Path(self._folder.name) / "quoflow.db"
        self.kept: set[str] = set()
        self.fuse = Fuse()
        self.on_commit: Callable[[str], None] | None = None
        self._statements: list[str] = []
        database.Database.open(self.path, clock=lambda: EPOCH).close()
        self.keep("blank")
        self._engine = database._make_engine(self.path, database.PATIENCE)
        self._wire(self._engine.dialect)

    def wipe(self, fuse: Fuse, start: str = "blank") -> None:
        """Begin with a new database, or with a copy of one that was kept."""
        self._engine.dispose()
        for end in ("", "-wal", "-shm", ".mark"):
            self.path.with_name(f"{self.path.name}{end}").unlink(missing_ok=True)
        shutil.copyfile(self.path.with_name(f"{start}.kept"), self.path)
        self.fuse, self.on_commit = fuse, None
        fuse.find_purpose = self.find_purpose

    def open(self, clock: Callable[[], datetime]) -> database.Database:
        """Open the database as a new process does."""
        make = database._make_engine
        database._make_engine = lambda path, patience: self._engine
        try:
            return database.Database.open(self.path, clock=clock, make_key=lambda: bytes(32))
        finally:
            database._make_engine = make

    def keep(self, name: str) -> None:
        """Keep the database, which nobody has open, as a start for others."""
        shutil.copyfile(self.path, self.path.with_name(f"{name}.kept"))
        self.kept.add(name)

    def look(self) -> sqlite3.Connection:
        """Give a connection of our own, that sees what is committed and nothing else."""
        connection = sqlite3.connect(self.path, isolation_level=None)
        connection.row_factory = sqlite3.Row
        return connection

    def close(self) -> None:
        """Let everything go."""
        self._engine.dispose()
        self._folder.cleanup()

    def find_purpose(self) -> str:
        """Say what the open transaction is for."""
        for beginning, purpose in PURPOSES:
            if any(statement.startswith(beginning) for statement in self._statements):
                return purpose
        return "something else"

    def _wire(self, dialect: Any) -> None:
        """Put the fuse where SQLAlchemy hands statements to SQLite: what is raised there is as if SQLite raised it."""
        execute, many, bare = dialect.do_execute, dialect.do_executemany, dialect.do_execute_no_params
        commit = dialect.do_commit

        def run(cursor: Any, statement: str, work: Callable[[], None]) -> None:
            short = statement.split("\n", 1)[0].split(" (", 1)[0][:40].rstrip()
            if short.startswith("BEGIN"):
                self._statements.clear()
            self._statements.append(short)
            self.fuse.reach("before", short)
            work()
            try:
                self.fuse.reach("after", short)
            except Killed:
                cursor.close()  # of a dead process nothing holds a lock; here the traceback would keep the cursor
                raise

        def do_commit(connection: Any) -> None:
            if "BEGIN IMMEDIATE" not in self._statements:
                commit(connection)
                return
            self.fuse.reach("before", "COMMIT")
            commit(connection)
            if self.on_commit is not None:
                self.on_commit(self.find_purpose())
            self.fuse.reach("after", "COMMIT")

        dialect.do_execute = lambda cursor, statement, parameters, context=None: run(
            cursor, statement, lambda: execute(cursor, statement, parameters, context)
        )
        dialect.do_executemany = lambda cursor, statement, parameters, context=None: run(
            cursor, statement, lambda: many(cursor, statement, parameters, context)
        )
        dialect.do_execute_no_params = lambda cursor, statement, context=None: run(
            cursor, statement, lambda: bare(cursor, statement, context)
        )
        dialect.do_commit = do_commit
