"""A hundred thousand runs that wait: what a restarted service costs with them, in time and in memory.

The rows are put in the store as runs that reached a `wait_for`; then the real command starts on that database,
against the sandbox in another process, and once on an empty one for comparison.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

from figures import Figure
from memory import PEOPLE, make_event
from stage import CONFIGURATION, QUOFLOW, make_phone, open_engine, serve_sandbox, write_scenario

from quoflow.core.lifecycle import RunRecord, RunState, StepRecord, StepState
from quoflow.runtime import intake, service
from quoflow.runtime.engine import Engine
from quoflow.store import inbox, rule_versions
from quoflow.store import runs as store

RUNS = 100_000
BATCH = 5_000
RULE = """name: follow-up
trigger: message.received
approval: auto
actions:
  - wait_for: {event: message.received, timeout: 7d, on_timeout: continue}
  - notify: "{{ contact.name }} has not answered"
"""


def measure(runs: int = RUNS) -> list[Figure]:
    """Give start and memory of a service with none and with all of the waits, and what a pass and a wake cost."""
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch)
        (root / "scenario.yaml").write_text(write_scenario(0), encoding="utf-8")
        with serve_sandbox(root) as url:
            (root / "rules").mkdir()
            (root / "rules" / "rule.yaml").write_text(RULE, encoding="utf-8")
            (root / "quoflow.yaml").write_text(CONFIGURATION.format(url=url), encoding="utf-8")
            bare = _start_service(root)
            with open_engine(root, url) as engine:
                _fill(engine, runs)
            full = _start_service(root)
            with open_engine(root, url) as engine:
                idle = _time(lambda: service.do_due_work(engine))
                woken = _time(lambda: _wake_some(engine))
    return [
        Figure("restart of an empty service until it serves", bare[0], "s"),
        Figure(f"restart with {runs:,} waiting runs", full[0], "s", "≤ 2"),
        Figure("memory of an empty service", bare[1], "MB"),
        Figure(f"memory with {runs:,} waiting runs", full[1], "MB", "flat"),
        Figure(f"a pass with nothing due, {runs:,} waiting", idle * 1_000, "ms"),
        Figure(f"an answer that wakes all {runs // PEOPLE} of one person, of {runs:,}", woken * 1_000, "ms"),
    ]


def _start_service(root: Path) -> tuple[float, float]:
    """Start `quoflow run`, wait until it has done its first passes, and give the seconds to `serving` and the MB."""
    begun = time.perf_counter()
    environ = {**os.environ, "BENCH_KEY": "bench"}
    with (root / "service.log").open("wb") as log:
        process = subprocess.Popen([QUOFLOW, "run"], cwd=root, env=environ, stdout=log, stderr=log)
        while b"serving" not in (root / "service.log").read_bytes():
            time.sleep(0.01)
        serving = time.perf_counter() - begun
        time.sleep(5)
        pages = int(Path(f"/proc/{process.pid}/statm").read_text(encoding="ascii").split()[1])
        process.terminate()
        process.wait(timeout=30)
    return serving, pages * os.sysconf("SC_PAGE_SIZE") / 1_000_000


def _fill(engine: Engine, runs: int) -> None:
    now, (rule,) = engine.clock(), engine.rules
    with engine.database.write() as tx:
        rule_versions.save_version(
            tx, rule=rule.name, version=rule.version, document=rule.document, file=rule.file, now=now
        )
    for first in range(0, runs, BATCH):
        with engine.database.write() as tx:
            events = [make_event(number, now - timedelta(hours=1)) for number in range(first, first + BATCH)]
            inbox.add_events(tx, events, now=now)
            for event in events:
                inbox.mark_handled(tx, event, now=now)
            for run, step in _make_runs(engine, first):
                store.add_run(tx, run)
                store.add_steps(tx, [step])


def _make_runs(engine: Engine, first: int) -> Iterator[tuple[RunRecord, StepRecord]]:
    now, (rule,) = engine.clock(), engine.rules
    for number in range(first, first + BATCH):
        name = f"r{number}"
        times = {"started_at": now, "updated_at": now}
        yield (
            RunRecord(
                name, "main", rule.name, rule.version, f"message.received:AC{number}", RunState.WAITING,
                peer=make_phone(number % PEOPLE), reason="waits", **times,
            ),
            StepRecord(
                f"s{number}", name, "main", "actions[0]", 0, "wait_for", StepState.WAITING, now, now,
                due_at=now + timedelta(days=7), reason="waits",
            ),
        )  # fmt: skip


def _wake_some(engine: Engine) -> None:
    """Let somebody answer who waits in a few runs."""
    with engine.database.write() as tx:
        inbox.add_events(tx, [make_event(RUNS + 1, engine.clock())], now=engine.clock())
    intake.take_in_all(engine)


def _time(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun
