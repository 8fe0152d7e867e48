"""One instance of quoflow per database file: a lock that dies with its process.

The lock is the operating system's (flock), so that a killed process leaves none behind; the file beside the
database only says who holds it, and stays.
"""

from __future__ import annotations

import fcntl
import json
import os
import socket
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from quoflow.errors import InstanceRunning, StoreError

_LONGEST_NOTE = 4096


class InstanceLock:
    """Holds the lock until it is closed; also a context manager."""

    def __init__(self, descriptor: int) -> None:
        """Take an open file that is locked."""
        self._descriptor: int | None = descriptor

    def close(self) -> None:
        """Release the lock. The file stays: removing it would let two others lock two files of one name."""
        if self._descriptor is not None:
            os.ftruncate(self._descriptor, 0)
            os.close(self._descriptor)
            self._descriptor = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def acquire_instance(path: Path, *, describe: str) -> InstanceLock:
    """Lock a database for this instance.

    Args:
        path: the database file; the lock is on `<path>.lock`.
        describe: what this instance is, such as `quoflow run`.

    Raises:
        InstanceRunning: when another instance holds the lock; it says which, where and since when.
        StoreError: when the lock's file cannot be used.
    """
    lock = path.with_name(f"{path.name}.lock")
    try:
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        hint = "the database's folder must exist, and this user must be able to write to it"
        raise StoreError(f"the lock {lock} cannot be used: {error.strerror}", hint) from error
    try:
        _lock(descriptor, path)
        os.fchmod(descriptor, 0o600)
        os.utime(descriptor)  # the file system says since when, as it does of every file
        since = datetime.fromtimestamp(int(os.fstat(descriptor).st_mtime), UTC).isoformat()
        note = {"what": describe, "pid": os.getpid(), "host": socket.gethostname(), "since": since}
        os.ftruncate(descriptor, 0)
        with suppress(OSError):  # a full disk: the lock holds without its note
            os.pwrite(descriptor, json.dumps(note).encode(), 0)
    except BaseException:
        os.close(descriptor)
        raise
    return InstanceLock(descriptor)


def _lock(descriptor: int, path: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        who = _read_note(descriptor)
        hint = "stop that one first, or give this one another database"
        raise InstanceRunning(f"another instance of quoflow works on {path}: {who}", hint) from None
    except OSError as error:
        hint = "put the database on a local disk"
        raise StoreError(f"the folder of {path} cannot lock files: {error.strerror}", hint) from error


def _read_note(descriptor: int) -> str:
    """Say who holds the lock; they may be writing the note just now."""
    try:
        note = json.loads(os.pread(descriptor, _LONGEST_NOTE, 0))
        return f"{note['what']}, process {note['pid']} on {note['host']}, since {note['since']}"
    except (ValueError, KeyError, TypeError):
        return "it does not say which"
