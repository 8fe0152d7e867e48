"""One quoflow process of the simulation: the real engine, with virtual time, disk and network around it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from random import Random

import httpx

from quoflow import app
from quoflow.core.rules import Rule
from quoflow.quo.client import Quo
from quoflow.quo.endpoint import Endpoint
from quoflow.quo.transport import TokenBucket, Transport
from quoflow.runtime import auditing, orphans, recovery
from quoflow.runtime.engine import Engine, Notice
from quoflow.runtime.projects import Project

from .clock import Clock
from .disk import Disk
from .network import Network


class Ids:
    """Gives ids that count up: the same life always has the same ids."""

    def __init__(self) -> None:
        self._given = 0

    def give(self) -> str:
        """Give the next one."""
        self._given += 1
        return f"{self._given:012x}"


def start(
    project: Project,
    rules: tuple[Rule, ...],
    *,
    clock: Clock,
    disk: Disk,
    network: Network,
    ids: Ids,
    dice: Random,
    tell: Callable[[Notice], None],
) -> Engine:
    """Start a process: open the database, join the parts as the application does."""
    database = disk.open(clock.read)
    bucket = TokenBucket(8, clock=clock.monotonic, sleep=clock.sleep)
    transport = Transport(
        Endpoint("maton", "https://api.maton.ai", "key-of-the-simulation", "conn"),
        bucket=bucket,
        clock=clock.monotonic,
        sleep=clock.sleep,
        random=dice.random,
        wall_clock=clock.read,
        client=httpx.Client(transport=network, trust_env=False, timeout=timedelta(seconds=20).total_seconds()),
    )
    made = app.make_engine(project, rules, database, quos={"main": Quo(transport)}, tell=tell)
    engine = replace(made, clock=clock.read, new_id=ids.give, jitter=dice.random)
    recovery.begin(engine)
    auditing.record_configuration(engine)
    orphans.cancel_orphans(engine)
    return engine
