"""The order of things: one pass over everything, or the same again and again until someone says stop.

This is the one module that knows who calls `work_once` and when, and the only one with threads: one for each
connection to poll, so that a slow workspace does not hold up the others; everything else happens in the caller's.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from quoflow.core.lifecycle import FINISHED_RUNS, RunState
from quoflow.errors import StoreError
from quoflow.quo import errors
from quoflow.runtime import (
    admitting,
    asking,
    breaking,
    intake,
    overdue,
    polling,
    reconcile,
    recovery,
    reloading,
    resending,
    retention,
    runs,
    schedules,
    skipping,
    worker,
)
from quoflow.runtime.engine import Engine, Notice
from quoflow.store import approvals
from quoflow.store import runs as store

UNFINISHED = frozenset(RunState) - FINISHED_RUNS

PATIENCE = 4.0
"""Seconds that a clean stop waits for the threads, all together, to end what they are in."""

SHORTEST_WAIT, LONGEST_WAIT = 1.0, 30.0
"""Seconds between tries while the database cannot be written: they double from the one to the other."""

LONGEST_NAP = 1.0
"""Seconds between looks at the database for work that another process put there: approvals, triggers, resume."""


@dataclass(slots=True)
class Report:
    """What one pass did."""

    polled: list[polling.Polled]
    failed: dict[str, str]
    taken: intake.Taken = field(default_factory=intake.Taken)
    worked: int = 0
    skips: dict[skipping.Cause, int] = field(default_factory=dict)


def run_once(engine: Engine) -> Report:
    """Poll every connection once and do all the work that is then due."""
    reconcile.recover(engine)
    report = Report(polled=[], failed={})
    for connection in engine.quos:
        if refused := breaking.try_key(engine, connection, at_once=True):
            report.failed[connection] = refused.reason
            engine.tell(Notice("poll.failed", refused.reason, connection))
            continue
        try:
            report.polled.append(polling.poll_connection(engine, connection, is_once=True))
        except errors.QuoError as error:
            report.failed[connection] = str(error)
            tell_failed_poll(engine, connection, error)
    report.taken, report.worked = do_due_work(engine)
    report.skips = intake.sum_up_skips(engine)
    retention.prune_if_due(engine)
    recovery.touch(engine)
    return report


def tell_failed_poll(engine: Engine, connection: str, error: errors.QuoError) -> None:
    """Say why a connection could not be read; a key that is refused is not used again until Quo takes it."""
    if not isinstance(error, errors.Unauthorized):
        engine.tell(Notice("poll.failed", str(error), connection))
        return
    breaking.refuse_key(engine, connection, error)


def do_due_work(engine: Engine, stop: threading.Event | None = None) -> tuple[intake.Taken, int]:
    """Fire schedules, take new events in, expire approvals, carry out due steps. Gives (events taken, steps worked)."""
    schedules.fire_due(engine)
    taken = intake.take_in_all(engine)
    with engine.database.write() as tx:
        expired = approvals.expire_due(tx, now=engine.clock())
    if expired:
        engine.tell(Notice("approval.expired", f"{expired} approvals expired: that means no"))
    overdue.end_overdue(engine)
    carry_decided_on(engine)
    asking.ask_owners(engine)
    resending.look_again(engine)
    worked = 0
    while not (stop and stop.is_set()) and (worker.work_once(engine) or admitting.admit_waiting(engine)):
        worked += 1
    return taken, worked


def carry_decided_on(engine: Engine) -> None:
    """Carry on the runs whose step was settled by a decision or an expiry, outside the worker."""
    with engine.database.read() as tx:
        stalled = store.list_stalled_runs(tx, states=UNFINISHED)
    for run in stalled:
        with engine.database.write() as tx:
            runs.carry_on(tx, engine, run)


class Service:
    """`quoflow run`: polls, works and fires schedules until `stop` is called."""

    def __init__(self, engine: Engine, stop: threading.Event, reloader: reloading.Reloader | None = None) -> None:
        """Serve with an engine until `stop` is set, with the rules as they are edited where there is a reloader."""
        self._engine = engine
        self._reloader = reloader
        self._stop = stop
        self._wake = threading.Event()
        self._broken: BaseException | None = None
        self._running = threading.Condition()
        self._loops_left = 0
        self._is_recovered = False
        self._begun: set[str] = set()
        self.last_polled: dict[str, polling.Polled] = {}

    def stop(self) -> None:
        """Ask for a clean stop: no new step is begun, the one in flight ends."""
        self._stop.set()
        self._wake.set()

    @property
    def is_stopping(self) -> bool:
        """Whether a stop was asked for."""
        return self._stop.is_set()

    def run(self) -> None:
        """Serve until stopped. Raises what broke a loop: a bug of ours, or a database that is damaged."""
        loops = [self._work, *(partial(self._poll, name) for name in self._engine.quos)]
        threads = [threading.Thread(target=self._guard, args=(loop,), daemon=True) for loop in loops]
        self._loops_left = len(threads)
        for thread in threads:
            thread.start()
        self._stop.wait()
        with self._running:
            # What is still in a request then is left as it is: an intent without an outcome is reconciled at the start.
            self._running.wait_for(lambda: not self._loops_left, timeout=PATIENCE)
        if self._broken is not None:
            raise self._broken

    def _guard(self, loop: Callable[[], None]) -> None:
        try:
            loop()
        except BaseException as error:  # noqa: BLE001 - what breaks a thread must end the service, not only the thread
            self._broken = error
            self.stop()
        with self._running:
            self._loops_left -= 1
            self._running.notify_all()

    def _work(self) -> None:
        self._keep_on(self._work_once, pause=self._nap, name="work")

    def _work_once(self) -> None:
        if not self._is_recovered:
            reconcile.recover(self._engine)
            self._is_recovered = True
        if self._reloader is not None:
            self._reloader.look()
        taken, _ = do_due_work(self._engine, self._stop)
        if not taken.events:  # the backlog is through
            intake.sum_up_skips(self._engine)
        retention.prune_if_due(self._engine, self._stop)
        recovery.touch(self._engine)

    def _nap(self) -> None:
        self._wake.wait(LONGEST_NAP)
        self._wake.clear()

    def _poll(self, connection: str) -> None:
        every = self._engine.settings.poll.every.total_seconds()
        self._keep_on(
            partial(self._poll_once, connection), pause=partial(self._stop.wait, every), name=f"polling {connection}"
        )

    def _poll_once(self, connection: str) -> None:
        is_first = connection not in self._begun
        self._begun.add(connection)
        if breaking.try_key(self._engine, connection, at_once=is_first):
            return
        try:
            polled = polling.poll_connection(self._engine, connection)
        except errors.QuoError as error:
            if not self._stop.is_set():
                tell_failed_poll(self._engine, connection, error)
            return
        self.last_polled[connection] = polled
        if polled.events:
            self._wake.set()

    def _keep_on(self, work: Callable[[], None], *, pause: Callable[[], object], name: str) -> None:
        """Do a piece of work until stopped; a database that is locked or full is waited for, and said once."""
        failures = 0
        while not self._stop.is_set():
            try:
                work()
            except StoreError as error:
                if not error.is_passing:
                    raise
                failures += 1
                if failures == 1:
                    text = f"{name} stands still: {error}. Nothing is lost; it is tried again until it works"
                    self._engine.tell(Notice("store.failed", text))
                self._stop.wait(min(SHORTEST_WAIT * 2 ** (failures - 1), LONGEST_WAIT))
                continue
            if failures:
                self._engine.tell(Notice("store.recovered", f"{name} goes on: the database can be written again"))
                failures = 0
            pause()
