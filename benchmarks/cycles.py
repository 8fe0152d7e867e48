"""Requests for each look at Quo, as the sandbox's own log counts them: idle, and with k changed conversations."""

from __future__ import annotations

from figures import Figure
from stage import Stage, open_stage

from quoflow.runtime import intake, polling

TARGETS = {0: "1", 1: "1 + 2", 10: "1 + 20"}


def count_requests(stage: Stage) -> int:
    """Take one look, and give how many requests it made."""
    before = len(stage.ask("log"))
    polling.poll_connection(stage.engine, "main")
    return len(stage.ask("log")) - before


def measure() -> list[Figure]:
    found = []
    with open_stage(20) as stage:
        polling.poll_connection(stage.engine, "main")
        for number in range(20):
            stage.receive(number, "the first text")
        count_requests(stage)
        intake.take_in_all(stage.engine)
        count_requests(stage)
        for changed, target in TARGETS.items():
            for number in range(changed):
                stage.receive(number, f"one more of {changed}")
            what = f"requests of a look, {changed} conversations changed" if changed else "requests of an idle look"
            found.append(Figure(what, count_requests(stage), "requests", target))
    return found
