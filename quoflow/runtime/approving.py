"""A person's yes or no, and what follows from it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from quoflow.runtime import runs
from quoflow.runtime.engine import Engine, Notice
from quoflow.store import approvals, audit
from quoflow.store import runs as store


@dataclass(frozen=True, slots=True)
class Decided:
    """What became of one decision: `decided`, or why it did not count."""

    approval: approvals.Approval
    outcome: str

    @property
    def is_decided(self) -> bool:
        """Whether the decision counts."""
        return self.outcome == "decided"


def list_pending(engine: Engine) -> tuple[approvals.Approval, ...]:
    """List what waits for a person; what has expired is expired first."""
    with engine.database.write() as tx:
        approvals.expire_due(tx, now=engine.clock())
        return tuple(approvals.list_pending(tx))


def decide(engine: Engine, wanted: Iterable[approvals.Approval], *, approve: bool, actor: str) -> tuple[Decided, ...]:
    """Decide on exactly these approvals, each bound to the hash that was shown."""
    return tuple(_decide_one(engine, approval, approve=approve, actor=actor) for approval in wanted)


def _decide_one(engine: Engine, approval: approvals.Approval, *, approve: bool, actor: str) -> Decided:
    now = engine.clock()
    with engine.database.write() as tx:
        outcome = approvals.decide(tx, approval.id, hash=approval.hash, approve=approve, actor=actor, now=now)
        if outcome == "decided":
            kind = "approval.approved" if approve else "approval.rejected"
            data = {"hash": approval.hash, "rule": approval.rule}
            audit.record(
                tx, at=now, actor=actor, kind=kind, connection=approval.connection, subject=approval.id, data=data
            )
            run = store.find_run(tx, approval.run_id)
            if run is not None:
                runs.carry_on(tx, engine, run)
    if outcome == "decided":
        word = "approved" if approve else "rejected"
        engine.tell(Notice(f"approval.{word}", f"{approval.rule}: {word} by {actor}", approval.connection))
    return Decided(approval, outcome)
