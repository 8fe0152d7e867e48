"""Runs the real command line, and stops itself (SIGSTOP) between the first intent and its first byte.

The clock by which leases are measured is asked right after the intent is committed; the first time that it is asked
while an attempt is in `sending`, the whole process stops, as in a machine that is suspended.
`LEASE` is the lease in seconds.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import sys
import threading
from contextlib import closing
from datetime import timedelta

from quoflow import app
from quoflow.cli import main
from quoflow.runtime import worker

_read_elapsed = app.read_elapsed
_stopped: list[bool] = []


def read_elapsed() -> float:
    """Give the real time; but stand still first, once, if a text is about to leave."""
    if not _stopped and _is_sending():
        _stopped.append(True)
        # To this very thread: a stop sent to the whole process wakes another thread first, and this one runs on.
        signal.pthread_kill(threading.get_ident(), signal.SIGSTOP)
    return _read_elapsed()


def _is_sending() -> bool:
    with closing(sqlite3.connect("file:quoflow.db?mode=ro", uri=True)) as database:
        return database.execute("SELECT count(*) FROM attempts WHERE state = 'sending'").fetchone() != (0,)


if __name__ == "__main__":
    app.read_elapsed = read_elapsed
    worker.LEASE = timedelta(seconds=float(os.environ["LEASE"]))
    sys.exit(main.run(sys.argv[1:]))
