"""Runs the real command line with a clock that is ahead of time: `ahead.py 4h run --once`."""

from __future__ import annotations

import sys
from datetime import UTC, datetime

from quoflow import app
from quoflow.cli import main
from quoflow.core.durations import parse_duration

AHEAD = parse_duration(sys.argv[1])


def read_clock() -> datetime:
    return datetime.now(UTC) + AHEAD


app.read_clock = read_clock

if __name__ == "__main__":
    sys.exit(main.run(sys.argv[2:]))
