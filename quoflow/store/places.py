"""Where a database file is, and the note beside it that says how far it had come: `<file>.mark`."""

from __future__ import annotations

import os
import socket
from pathlib import Path

from quoflow.core.recovery import Place

_MACHINE_IDS = (Path("/etc/machine-id"), Path("/var/lib/dbus/machine-id"))
_LONGEST = 200


def read_place(path: Path) -> Place:
    """Look where a file is. Raises OSError when it is not there."""
    return Place(host=socket.gethostname(), machine=_read_machine(), path=str(path.resolve()), inode=path.stat().st_ino)


def _read_machine() -> str:
    for path in _MACHINE_IDS:
        try:
            return path.read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError):
            continue
    return ""


def read_mark(path: Path, instance: str) -> int | None:
    """Give the number of audit entries that this database is known to have had; None where nothing is noted of it."""
    try:
        name, _, number = _find(path).read_text(encoding="ascii")[:_LONGEST].strip().partition(" ")
        return int(number) if name == instance else None
    except (OSError, ValueError):
        return None


def write_mark(path: Path, instance: str, entries: int) -> None:
    """Note how many audit entries a database has. Raises OSError when that cannot be written.

    It need not survive a power failure: a note that is behind says nothing, one that is ahead tells of a restore.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
    descriptor = os.open(_find(path), flags, 0o600)
    try:
        os.pwrite(descriptor, f"{instance} {entries:>20}\n".encode(), 0)
    finally:
        os.close(descriptor)


def _find(path: Path) -> Path:
    return path.with_name(f"{path.name}.mark")
