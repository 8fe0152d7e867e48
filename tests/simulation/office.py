"""The parts of one simulated life, and the quoflow process in it: it polls, works, dies and starts again."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from random import Random

from quoflow.errors import StoreError
from quoflow.quo import errors
from quoflow.runtime import polling, reconcile, service
from quoflow.runtime.engine import Engine, Notice
from quoflow.sandbox.model import Sandbox
from quoflow.sandbox.world import number_ids

from . import firm, process
from .clock import EPOCH, Clock
from .disk import Disk
from .fuse import Fuse, Killed
from .ledger import Ledger
from .network import Network
from .oracle import Broken, Oracle, Saying

SKEWS = (timedelta(0), timedelta(0), timedelta(minutes=9), timedelta(minutes=-9))
ALARMS = {"bug", "event.failed", "run.unreadable"}
"""Notices that say that quoflow itself is broken."""


class Office:
    """The parts of one life, and the process that works in it. Another takes over when it dies."""

    def __init__(
        self,
        disk: Disk,
        dice: Random,
        *,
        profile: int = 0,
        skew: timedelta = timedelta(0),
        start: str = "blank",
        rule_set: int = 0,
    ) -> None:
        self.dice, self.disk = dice, disk
        self.seen: Counter[str] = Counter()
        self.trace: list[str] = []
        self.clock = Clock(ahead=skew)
        self.fuse = Fuse(self.seen)
        self.profile_number, self.profile = profile, firm.PROFILES[profile]
        scenario = firm.build_world(
            inclusive_bounds=self.profile.inclusive_bounds, flat_bodies=self.profile.flat_bodies
        )
        self.sandbox = Sandbox(scenario, clock=self.clock.read_true, new_id=number_ids())
        self.network = Network(self.sandbox, self.clock, self.fuse, self.seen)
        self.ids = process.Ids()
        disk.wipe(self.fuse, start)
        self.oracle = Oracle(self.clock, self.sandbox, self.profile, disk.look())
        self.oracle.sayings.append(Saying("AChistory", firm.TORONTO, "stop", EPOCH - timedelta(hours=2)))
        self.ledger = Ledger(self.oracle)
        self.network.on_arrival, self.network.on_answer = self.oracle.take_arrival, self.oracle.take_answer
        disk.on_commit = self.oracle.take_commit
        self.rule_set = rule_set
        self.heard_from: datetime | None = None
        self.texts = itertools.count(1)
        self.active: list[str] = []
        self.must_restart = False
        self.is_recovered = False
        self.engine = self.start()

    def close(self) -> None:
        """Let go of the database."""
        self.engine.database.close()
        self.oracle.database.close()

    # -- the process

    def start(self) -> Engine:
        """Start a process on what is on the disk."""
        self.fuse.revive()
        self.is_recovered = False
        return process.start(
            firm.build_project(self.profile_number, self.disk.path.parent),
            firm.build_rule_set(self.rule_set),
            clock=self.clock,
            disk=self.disk,
            network=self.network,
            ids=self.ids,
            dice=self.dice,
            tell=self.hear,
        )

    def restart(self) -> None:
        """End the process, and start another."""
        self.ledger.note_death()
        self.engine.database.close()
        self.engine = self.start()
        self.must_restart = False

    def hear(self, notice: Notice) -> None:
        """Take a notice of the engine's."""
        self.note(f"  · {notice.kind}: {notice.text}")
        self.seen[f"told {notice.kind}"] += 1
        if notice.kind in ALARMS:
            raise Broken(f"{notice.kind}: {notice.text}")

    def note(self, text: str) -> None:
        """Write a line of the trace."""
        plain = text.replace(str(self.disk.path), self.disk.path.name)  # the folder's name is another each time
        self.trace.append(f"{self.clock.read_true():%d %H:%M:%S} {plain}")

    @contextmanager
    def working(self, role: str) -> Iterator[None]:
        """Let the engine work; a death or a failing disk ends its process, and another takes over."""
        self.active.append(role)
        try:
            yield
        except Killed as killed:
            if self.active[:-1]:
                raise
            self.note(f"  † killed {killed}")
            self.must_restart = True
        except StoreError as error:
            # The service goes on in the same process, with what it has in memory; `run --once` ends.
            goes_on = role in {"worker", "poller"} and error.is_passing and self.dice.random() < 0.5
            self.must_restart = self.must_restart or not goes_on
            self.note(f"  ! {error.message}{', and the service goes on' if goes_on else ''}")
            self.seen[f"a failing disk {'is waited for' if goes_on else 'ends the process'}"] += 1
        except errors.QuoError as error:
            self.note(f"  ! {error}")
        finally:
            self.active.pop()
        if self.must_restart and not self.active:
            self.restart()

    def poll(self) -> None:
        """Look at Quo once, as the service's poller does."""
        with self.working("poller"):
            self._note_heard(polling.poll_connection(self.engine, "main"))

    def work(self) -> None:
        """Do what is due, as the service's worker does."""
        with self.working("worker"):
            if not self.is_recovered:
                reconcile.recover(self.engine)
                self.is_recovered = True
            service.do_due_work(self.engine)

    def run_once(self) -> None:
        """Poll and work, as `quoflow run --once` does."""
        with self.working("once"):
            for polled in service.run_once(self.engine).polled:
                self._note_heard(polled)

    def _note_heard(self, polled: polling.Polled) -> None:
        if self.heard_from is None:
            self.heard_from = self.clock.read_true()
