"""Writes of which nobody can say whether they happened: look at Quo, claim what is found, park the rest.

A text is looked for in its conversation and claimed by its message id, which the schema keeps unique, so that
two identical texts need two messages. One that is not found is parked as unknown for a person, and looked for
again a few times: a proxy may deliver late. A tag is read back; setting it again changes nothing, so it may be.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal

from quoflow.actions import registry, results
from quoflow.core import claims
from quoflow.quo import errors
from quoflow.quo.client import Quo
from quoflow.runtime import breaking, journaling, runs
from quoflow.runtime.engine import Engine, Notice
from quoflow.store import mirror, outbox, resends
from quoflow.store import runs as store
from quoflow.store.database import Connection

LOOKS = (timedelta(0), timedelta(seconds=30), timedelta(seconds=150), timedelta(minutes=15), timedelta(hours=1))
"""How long after the attempt began each look is due."""

Seen = Literal["found", "nothing", "doubt", "unseen"]
"""What a look came to: `doubt` is a text just like it that may be somebody else's, `unseen` that Quo did not show."""


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
    if look(engine, attempt) != "found":
        park(engine, attempt, reason=reason)


def park(engine: Engine, attempt: outbox.Attempt, *, reason: str) -> None:
    """Leave a write to a person: nothing sends it again. One that may safely be repeated is queued again."""
    now = engine.clock()
    action = registry.WRITE_ACTIONS[attempt.action]
    with engine.database.write() as tx:
        if action.is_repeatable:
            outbox.release(tx, attempt.id, reason=reason, now=now, due_at=now + action.settles_after)
        else:
            outbox.settle(tx, attempt.id, state="unknown", reason=reason, now=now)
        _carry_on(tx, engine, attempt)
    kind = "write.retry" if action.is_repeatable else "write.unknown"
    engine.tell(Notice(kind, f"{attempt.rule}: nobody knows yet whether it was done: {reason}", attempt.connection))


def recover(engine: Engine) -> int:
    """Settle the writes that a dead process left in `sending`. Gives how many there were."""
    with engine.database.read() as tx:
        left = outbox.list_unsettled(tx)
    for attempt in left:
        if attempt.connection in engine.quos:
            settle_uncertain(engine, attempt, reason="quoflow was stopped while it was sending this")
    return len(left)


def list_due(engine: Engine) -> tuple[outbox.Attempt, ...]:
    """List the lost writes for which it is time to look once more."""
    now = engine.clock()
    with engine.database.read() as tx:
        lost = resends.list_lost(tx)
    return tuple(one for one in lost if is_look_due(one, now) and one.connection in engine.quos)


def is_look_due(attempt: outbox.Attempt, now: datetime) -> bool:
    """Whether it is time to look for an unknown write once more."""
    return attempt.looks < len(LOOKS) and now >= attempt.started_at + LOOKS[attempt.looks]


def look(engine: Engine, attempt: outbox.Attempt) -> Seen:
    """Look at Quo for a write, and claim it if it is there, and the lost ones that are just like it with it.

    Messages are given to the attempts oldest to oldest, those that were sent again last.
    """
    if breaking.find_refused_key(engine, attempt.connection) is not None:
        return "unseen"
    with engine.database.read() as tx:
        step = store.find_step(tx, attempt.step_id)
        alike = resends.list_alike(tx, attempt)
    group = sorted((attempt, *alike), key=lambda one: (one.state == "resent", one.started_at, one.id))
    quo = engine.quos[attempt.connection]
    reach = min(_find_earliest(one, quo) for one in group) - outbox.SKEW
    try:
        found = tuple(registry.WRITE_ACTIONS[attempt.action].find((step.payload if step else None) or {}, quo, reach))
    except errors.Unauthorized as error:
        breaking.refuse_key(engine, attempt.connection, error)
        return "unseen"
    except errors.QuoError as error:
        engine.tell(Notice("reconcile.failed", f"{attempt.rule}: {error}", attempt.connection))
        return "unseen"
    with engine.database.write() as tx:
        outbox.count_look(tx, attempt.id)
        return _claim(tx, engine, attempt, group=group, found=found)


def _find_earliest(attempt: outbox.Attempt, quo: Quo) -> datetime:
    """Give the earliest time, by Quo's clock, at which an attempt can have been accepted."""
    if attempt.quo_at is not None:
        return attempt.quo_at - outbox.SLACK
    skew = quo.clock_skew
    return attempt.started_at - outbox.SKEW if skew is None else attempt.started_at + skew - outbox.SLACK


def _claim(
    tx: Connection,
    engine: Engine,
    attempt: outbox.Attempt,
    *,
    group: Sequence[outbox.Attempt],
    found: Sequence[results.Done],
) -> Seen:
    connection, quo = attempt.connection, engine.quos[attempt.connection]
    ids = [one.message_id for one in found if one.message_id is not None]
    taken = outbox.claimed_ids(tx, connection=connection, ids=ids)
    # What a look at the workspace read as somebody else's, before the attempt began, is somebody else's.
    taken |= mirror.list_strangers(tx, connection, ids)
    free = [one for one in found if one.message_id is None or one.message_id not in taken]
    pairs = claims.assign([_find_earliest(one, quo) for one in group], [one.at for one in free])
    for number, which in pairs.items():
        _settle_found(tx, engine, group[number], free[which])
    fresh = outbox.find_attempt(tx, attempt.id)
    if fresh is None or (fresh.state not in outbox.LOST and fresh.state != "sending"):
        return "found"
    return "nothing" if len(pairs) == len(free) else "doubt"


def _settle_found(tx: Connection, engine: Engine, attempt: outbox.Attempt, done: results.Done) -> None:
    if attempt.state != "resent":
        if _settle_done(tx, engine, attempt, done):
            engine.tell(Notice("write.found", f"{attempt.rule}: it had been done", attempt.connection))
    elif done.message_id and resends.settle_late(tx, attempt.id, message_id=done.message_id, now=engine.clock()):
        text = f"{attempt.rule}: a text was sent again and Quo took the first one late: the customer has got two"
        engine.tell(Notice("write.twice", text, attempt.connection))


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
            journaling.save_read_back(
                tx, engine, attempt.id, attempt.connection, after=done.after, conflict=done.conflict
            )
        if done.gone is not None:
            journaling.save_gone(tx, engine, attempt.id, attempt.connection, contact_id=done.gone)
        _carry_on(tx, engine, attempt)
    return settled


def _carry_on(tx: Connection, engine: Engine, attempt: outbox.Attempt) -> None:
    run = store.find_run(tx, attempt.run_id)
    if run is not None:
        runs.carry_on(tx, engine, run)
