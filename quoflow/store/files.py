"""Files that only this user can read, made whole or not at all: the database's own, and copies of it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from quoflow.errors import StoreError


def make_file(path: Path, *, what: str) -> None:
    """Make an empty file that only this user can read.

    An existing one is never opened here: closing it again would drop the locks that SQLite holds on it
    for this process (https://sqlite.org/howtocorrupt.html, 2.2).

    Raises:
        FileExistsError: when there is one.
        StoreError: when it cannot be made; `what` it is to be, such as `the database`.
    """
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600))
    except FileExistsError:
        raise
    except OSError as error:
        hint = "name a file in a folder that this user may write to"
        raise StoreError(f"{what} {path} cannot be made: {error.strerror}", hint) from error


@contextmanager
def writing(path: Path, *, what: str) -> Iterator[Path]:
    """Give a file to write beside `path`; at the end it is on the disk under that name, whole, or there is nothing.

    Raises:
        StoreError: when there is a file of that name, or it cannot be written; `what` it is to be, such as `the copy`.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    taken = StoreError(f"{what} would overwrite {path}", "name a file that does not exist")
    if os.path.lexists(path):
        raise taken
    part.unlink(missing_ok=True)  # a process of this number was killed in the middle
    make_file(part, what=what)
    try:
        yield part
        _flush(part)
        os.link(part, path)  # in place of a rename, which would overwrite
        _flush(path.parent)
    except FileExistsError:
        raise taken from None
    except OSError as error:
        hint = "name a file on a local disk that has room for it, in a folder that this user may write to"
        raise StoreError(f"{what} {path} cannot be made: {error.strerror}", hint) from error
    finally:
        part.unlink(missing_ok=True)


def _flush(path: Path) -> None:
    """Put a file, or the names in a folder, on the disk."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
