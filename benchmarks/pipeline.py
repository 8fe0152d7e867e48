"""The durable pipeline: from an event in the inbox to its text accepted by the sandbox, in another process.

Every step's commit is real: the run, the intent before each request, the outcome after it, all with
`synchronous=FULL`. The texts come from as many contacts, one each, and the sandbox's own list must agree.
"""

from __future__ import annotations

import time

from figures import Figure
from stage import open_stage

from quoflow.runtime import intake, polling, worker

TEXTS = 300


def measure() -> list[Figure]:
    with open_stage(TEXTS) as stage:
        engine = stage.engine
        polling.poll_connection(engine, "main")
        for number in range(TEXTS):
            stage.receive(number)
        begun = time.perf_counter()
        polling.poll_connection(engine, "main")
        polled = time.perf_counter()
        taken = intake.take_in_all(engine)
        planned = time.perf_counter()
        while worker.work_once(engine):
            pass
        done = time.perf_counter()
        sent = stage.ask("sent")
    assert taken.runs == len(sent) == TEXTS, (taken, len(sent))
    assert len({one["to"] if isinstance(one["to"], str) else one["to"][0] for one in sent}) == TEXTS
    return [
        Figure(f"polling {TEXTS} changed conversations into the inbox", TEXTS / (polled - begun), "events/s"),
        Figure("match, plan and record a run", TEXTS / (planned - polled), "runs/s"),
        Figure("gate, intent, send, outcome", TEXTS / (done - planned), "texts/s"),
        Figure("inbox → sent, both together", TEXTS / (done - polled), "texts/s", "≥ 300"),
    ]
