"""Whose turn it is to change contacts: one process at a time for each database.

Quo's PATCH has no condition, so two that read, merge and write at once would overwrite each other. Within a service
there is one worker, which does one write at a time; beside it a person may undo a run, in a process of their own. The
lock is the operating system's (flock): it dies with its process, and a killed one leaves nothing held.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from quoflow.errors import StoreError


@contextmanager
def hold(path: Path, *, waits: bool) -> Iterator[bool]:
    """Hold the turn until the end of the block. Gives whether it is ours.

    Args:
        path: the database file; the lock is on `<path>.contacts.lock`.
        waits: whether to wait for the other to end its one change; else False is given at once.

    Raises:
        StoreError: when the lock's file cannot be used.
    """
    lock = path.with_name(f"{path.name}.contacts.lock")
    try:
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        hint = "the database's folder must exist, and this user must be able to write to it"
        # No space and no free descriptor pass; a service waits for them as for the database itself.
        raise StoreError(f"the lock {lock} cannot be used: {error.strerror}", hint, is_passing=True) from error
    try:
        yield _take(descriptor, lock, waits=waits)
    finally:
        os.close(descriptor)


def _take(descriptor: int, lock: Path, *, waits: bool) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if waits else fcntl.LOCK_NB))
    except BlockingIOError:
        return False
    except OSError as error:
        raise StoreError(f"{lock} cannot be locked: {error.strerror}", "put the database on a local disk") from error
    return True
