"""The demo: the engine against the sandbox until nothing more happens, then the figures of both sides."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from quoflow.core.lifecycle import RunRecord, StepState
from quoflow.runtime import approving, service
from quoflow.runtime.engine import Engine, Notice
from quoflow.sandbox.model import Sandbox
from quoflow.store import inbox, verdicts
from quoflow.store import runs as store
from quoflow.store.approvals import Approval

LONGEST = timedelta(seconds=50)
PAUSE = 0.5
QUIET_ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Told:
    """The closing table."""

    events: int
    runs: int
    sent: int
    tagged: int
    held: int
    rejected: int
    skipped: int
    accepted: int
    reasons: tuple[tuple[str, str], ...]

    @property
    def is_agreed(self) -> bool:
        """Whether the sandbox accepted as many texts as we say that we sent."""
        return self.sent == self.accepted

    def describe(self) -> dict[str, Any]:
        """Give the table as JSON."""
        names = ("events", "runs", "sent", "tagged", "held", "rejected", "skipped", "accepted")
        reasons = [{"rule": rule, "reason": reason} for rule, reason in self.reasons]
        return {**{name: getattr(self, name) for name in names}, "reasons": reasons, "agreed": self.is_agreed}


def run_demo(
    engine: Engine, sandbox: Sandbox, *, decide: Callable[[Approval], bool], sleep: Callable[[float], None]
) -> Told:
    """Poll, match, ask and send until the scenario is over and no step is due.

    Args:
        engine: the parts, joined to the sandbox by HTTP.
        sandbox: the simulated Quo, to see what is still to come and what it accepted.
        decide: a person's yes or no to each write.
        sleep: waits that many seconds.
    """
    started = engine.clock()
    quiet = 0
    service.run_once(engine)
    while quiet < QUIET_ROUNDS and engine.clock() - started < LONGEST:
        report = service.run_once(engine)
        decided = _decide_all(engine, decide)
        busy = decided or report.taken.events or report.worked or sandbox.world.to_come or _is_due_soon(engine)
        quiet = 0 if busy else quiet + 1
        sleep(PAUSE)
    engine.tell(Notice("demo.over", "nothing more to come"))
    return _count(engine, sandbox)


def _decide_all(engine: Engine, decide: Callable[[Approval], bool]) -> int:
    pending = approving.list_pending(engine)
    for approval in pending:
        yes = decide(approval)
        approving.decide(engine, [approval], approve=yes, actor="demo")
    return len(pending)


def _is_due_soon(engine: Engine) -> bool:
    """Whether a step will be due while the demo lasts: what waits for hours is left waiting."""
    with engine.database.read() as tx:
        due_at = store.next_due_at(tx)
    return due_at is not None and due_at - engine.clock() < timedelta(seconds=15)


def _count(engine: Engine, sandbox: Sandbox) -> Told:
    with engine.database.read() as tx:
        runs = store.list_runs(tx, limit=None)
        judged = verdicts.list_verdicts(tx, limit=None)
        events = inbox.count_all(tx)
    skipped = [(one.rule, one.reason) for one in judged if not one.matched]
    stopped = _list_states(runs, {StepState.SKIPPED, StepState.HELD})
    return Told(
        events=events,
        runs=len(runs),
        sent=len(_list_states(runs, {StepState.SUCCEEDED}, action="send_message")),
        tagged=len(_list_states(runs, {StepState.SUCCEEDED}, action="tag_contact")),
        held=len(stopped),
        rejected=len(_list_states(runs, {StepState.CANCELLED})),
        skipped=len(skipped),
        accepted=sum(entry["method"] == "POST" and entry["status"] == 202 for entry in sandbox.log),
        reasons=tuple(stopped + skipped),
    )


def _list_states(runs: tuple[RunRecord, ...], states: set[StepState], *, action: str = "") -> list[tuple[str, str]]:
    return [
        (run.rule, step.reason)
        for run in runs
        for step in run.steps
        if step.is_write and step.state in states and action in ("", step.action)
    ]
