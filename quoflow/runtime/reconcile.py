"""Writes of which nobody can say whether they happened: look at Quo, claim what is found, park the rest.

A text is looked for in its conversation and claimed by its message id, which the schema keeps unique, so that
two identical texts need two messages. One that is not found is parked as unknown for a person, and looked for
again a few times: a proxy may deliver late. A tag is read back; setting it again changes nothing, so it may be.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from quoflow.actions import registry, results
from quoflow.quo import errors
from quoflow.runtime import breaking, journaling, runs
from quoflow.runtime.engine import Engine, Notice
from quoflow.store import outbox
from quoflow.store import runs as store
from quoflow.store.database import Connection

LOOKS = (timedelta(0), timedelta(seconds=30), timedelta(seconds=150))
"""How long after the attempt began each look is due."""

SKEW = timedelta(minutes=5)
"""How far Quo's clock may stand behind ours when its answers have not told."""

SLACK = timedelta(seconds=5)


def record_done(engine: Engine, attempt: outbox.Attempt, done: results.Done) -> None:
    """Record a write that happened, and carry its run on."""
    with engine.database.write() as tx:
        settled = _settle_done(tx, engine, attempt, done)
    if settled:
        journaling.tell_conflict(engine, attempt, done)
    else:
        park(engine, attempt, reason=f"Quo answered with message {done.message_id}, which another attempt has claimed")


def settle_uncertain(engine: Engine, attempt: outbox.Attempt, *, reason: str) -> None:
    """Look for a write once; record it if it is found, else park it as unknown with the reason."""
    if not _look(engine, attempt):
        park(engine, attempt, reason=reason)


def park(engine: Engine, attempt: outbox.Attempt, *, reason: str) -> None:
    """Leave a write to a person: nothing sends it again. One that may safely be repeated is queued again."""
    now = engine.clock()
    repeatable = registry.WRITE_ACTIONS[attempt.action].is_repeatable
    with engine.database.write() as tx:
        if repeatable:
            outbox.release(tx, attempt.id, reason=reason, now=now, due_at=now + LOOKS[1])
        else:
            outbox.settle(tx, attempt.id, state="unknown", reason=reason, now=now)
        _carry_on(tx, engine, attempt)
    kind = "write.retry" if repeatable else "write.unknown"
    engine.tell(Notice(kind, f"{attempt.rule}: nobody knows yet whether it was done: {reason}", attempt.connection))


def recover(engine: Engine) -> int:
    """Settle the writes that a dead process left in `sending`. Gives how many there were."""
    with engine.database.read() as tx:
        left = outbox.list_unsettled(tx)
    for attempt in left:
        if attempt.connection in engine.quos:
            settle_uncertain(engine, attempt, reason="quoflow was stopped while it was sending this")
    return len(left)


def look_again(engine: Engine) -> int:
    """Take the looks at unknown writes that are due. Gives how many were found."""
    now = engine.clock()
    with engine.database.read() as tx:
        unknown = outbox.list_unknown(tx)
    due = [one for one in unknown if is_look_due(one, now) and one.connection in engine.quos]
    return sum(_look(engine, attempt) for attempt in due)


def is_look_due(attempt: outbox.Attempt, now: datetime) -> bool:
    """Whether it is time to look for an unknown write once more."""
    return attempt.looks < len(LOOKS) and now >= attempt.started_at + LOOKS[attempt.looks]


def _look(engine: Engine, attempt: outbox.Attempt) -> bool:
    """Look at Quo for a write, and claim it if it is there."""
    if breaking.find_refused_key(engine, attempt.connection) is not None:
        return False
    with engine.database.read() as tx:
        step = store.find_step(tx, attempt.step_id)
    quo = engine.quos[attempt.connection]
    skew = quo.clock_skew
    since = attempt.started_at - SKEW if skew is None else attempt.started_at + skew - SLACK
    try:
        found = tuple(registry.WRITE_ACTIONS[attempt.action].find((step.payload if step else None) or {}, quo, since))
    except errors.Unauthorized as error:
        breaking.refuse_key(engine, attempt.connection, error)
        return False
    except errors.QuoError as error:
        engine.tell(Notice("reconcile.failed", f"{attempt.rule}: {error}", attempt.connection))
        return False
    with engine.database.write() as tx:
        outbox.count_look(tx, attempt.id)
        for done in found:
            if _settle_done(tx, engine, attempt, done):
                engine.tell(Notice("write.found", f"{attempt.rule}: it had been done", attempt.connection))
                return True
    return False


def _settle_done(tx: Connection, engine: Engine, attempt: outbox.Attempt, done: results.Done) -> bool:
    settled = outbox.settle(
        tx,
        attempt.id,
        state="sent",
        reason=journaling.describe_conflict(done),
        now=engine.clock(),
        message_id=done.message_id,
        outcome=done.outcome,
    )
    if settled:
        if done.after is not None:
            now = engine.clock()
            journaling.save_read_back(
                tx, attempt.id, attempt.connection, after=done.after, conflict=done.conflict, now=now
            )
        _carry_on(tx, engine, attempt)
    return settled


def _carry_on(tx: Connection, engine: Engine, attempt: outbox.Attempt) -> None:
    run = store.find_run(tx, attempt.run_id)
    if run is not None:
        runs.carry_on(tx, engine, run)
