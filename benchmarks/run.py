"""Runs every benchmark and prints a table: `make bench`, or `benchmarks/run.py matching startup` for some."""

from __future__ import annotations

import os
import platform
import sys
from datetime import UTC, datetime

import cycles
import loading
import matching
import memory
import pipeline
import startup
import waits

BENCHMARKS = {
    "matching": matching.measure,
    "loading": loading.measure,
    "startup": startup.measure,
    "pipeline": pipeline.measure,
    "cycles": cycles.measure,
    "memory": memory.measure,
    "waits": waits.measure,
}


def main() -> None:
    wanted = sys.argv[1:] or list(BENCHMARKS)
    unknown = [name for name in wanted if name not in BENCHMARKS]
    if unknown:
        sys.exit(f"there is no benchmark {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}")
    when, load = f"{datetime.now(UTC):%Y-%m-%d}", os.getloadavg()[0]
    machine = f"Python {platform.python_version()}, {platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    print(f"{when}, {machine}; load before it began: {load:.1f}")
    print(f"{'what':<58} {'figure':>10} {'unit':<12} target")
    for name in wanted:
        for figure in BENCHMARKS[name]():
            print(figure, flush=True)


if __name__ == "__main__":
    main()
