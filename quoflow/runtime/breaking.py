"""Breakers at work: what Quo refuses for a key, an account or a line stands still, and is tried again once a minute.

They are rows, so that passes by cron and a service behave alike. A key is tried with one cheap GET. Writes and lines
are tried with the next write that is due and passes its guards: it goes alone, and the others go when it went through.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from quoflow.core import breaking
from quoflow.core.lifecycle import StepRecord
from quoflow.quo import errors
from quoflow.runtime.engine import Engine, Notice
from quoflow.store import audit, breakers, outbox, runs
from quoflow.store.database import Connection


@dataclass(frozen=True, slots=True)
class Tripped:
    """A breaker that is open, and whether it was closed before."""

    breaker: breakers.Breaker
    is_new: bool


def trip(tx: Connection, engine: Engine, connection: str, *, scope: str, reason: str) -> Tripped:
    """Open a breaker, or count one more failure of one that is open; `announce` it when that is committed."""
    now = engine.clock()
    known = breakers.find_breaker(tx, connection, scope)
    failures = known.failures + 1 if known else 1
    breaker = breakers.Breaker(
        connection=connection,
        scope=scope,
        reason=reason,
        opened_at=known.opened_at if known else now,
        probe_at=now + breaking.choose_pause(scope, failures=failures),
        failures=failures,
    )
    breakers.save_breaker(tx, breaker)
    if known is None:
        _record(tx, "breaker.opened", breaker, now)
    return Tripped(breaker, is_new=known is None)


def announce(engine: Engine, tripped: Tripped) -> None:
    """Say loudly that something stands still, when it has just begun to."""
    one = tripped.breaker
    if tripped.is_new:
        what = breaking.describe_scope(one.connection, one.scope)
        text = f"{what} stand still, and are tried again by themselves: {one.reason}"
        engine.tell(Notice("breaker.opened", text, one.connection, {"scope": one.scope}))


def refuse_key(engine: Engine, connection: str, error: errors.Unauthorized) -> bool:
    """Open the breaker of a key that Quo does not accept. Gives whether it was closed before."""
    with engine.database.write() as tx:
        tripped = trip(tx, engine, connection, scope=breaking.KEY, reason=str(error))
    announce(engine, tripped)
    return tripped.is_new


def find_refused_key(engine: Engine, connection: str) -> breakers.Breaker | None:
    """Give the open breaker of a connection's key, or None when the key may be used."""
    with engine.database.read() as tx:
        return breakers.find_breaker(tx, connection, breaking.KEY)


def try_key(engine: Engine, connection: str, *, at_once: bool) -> breakers.Breaker | None:
    """Ask Quo whether it takes a refused key again: one cheap GET, once a minute.

    Args:
        engine: the parts.
        connection: its name.
        at_once: whether a person or a timer asks for it now, as with `run --once` and at a start.

    Returns:
        None when the key may be used, else the breaker that is still open.
    """
    refused = find_refused_key(engine, connection)
    if refused is None:
        return None
    now = engine.clock()
    due = max(now, refused.probe_at) if at_once else now
    with engine.database.write() as tx:
        is_ours = breakers.claim_probe(tx, connection, breaking.KEY, now=due, next_at=now + breaking.PROBE_EVERY)
    if is_ours:
        try:
            tuple(engine.quos[connection].list_phone_numbers())
        except errors.Unauthorized as error:
            refuse_key(engine, connection, error)
        except errors.QuoError:
            pass  # nothing is known of the key; the next turn is in a minute
        else:
            _close(engine, connection, (breaking.KEY,))
    return find_refused_key(engine, connection)


def stop_write(tx: Connection, step: StepRecord, now: datetime) -> bool:
    """Hold a write that passes its guards while a breaker stands in its way; those in the same plight are held too.

    Where a breaker's next try is due this write is the try, and goes. Gives whether it was held.
    """
    scopes = breaking.list_scopes(step.action, to=step.to, line_id=_find_line(step))
    open_now = [one for one in breakers.list_breakers(tx, step.connection) if one.scope in scopes]
    shut = next((one for one in open_now if one.scope == breaking.KEY or one.probe_at > now), None)
    if shut is not None:
        due_at = max(shut.probe_at, now + breaking.PROBE_EVERY) if shut.scope == breaking.KEY else shut.probe_at
        runs.hold_due(tx, connection=step.connection, scope=shut.scope, reason=shut.reason, due_at=due_at, now=now)
        return True
    for one in open_now:
        next_at = now + breaking.choose_pause(one.scope, failures=one.failures)
        breakers.claim_probe(tx, step.connection, one.scope, now=now, next_at=next_at)
    return False


def close_for_write(engine: Engine, attempt: outbox.Attempt) -> None:
    """Close what a write that went through has shown to be mended: what was held with it is due, and goes."""
    scopes = breaking.list_scopes(attempt.action, to=attempt.to, line_id=attempt.line_id)
    _close(engine, attempt.connection, tuple(one for one in scopes if one != breaking.KEY))


def _close(engine: Engine, connection: str, scopes: tuple[str, ...]) -> None:
    with engine.database.read() as tx:
        found = [one for one in breakers.list_breakers(tx, connection) if one.scope in scopes]
    for one in found:
        now = engine.clock()
        with engine.database.write() as tx:
            breakers.close_breaker(tx, connection, one.scope)
            _record(tx, "breaker.closed", one, now)
        text = f"{breaking.describe_scope(connection, one.scope)} go on: {_find_who(one.scope)} accepts them again"
        engine.tell(Notice("breaker.closed", text, connection, {"scope": one.scope}))


def _find_who(scope: str) -> str:
    return scope.partition(":")[2] or "Quo"


def _find_line(step: StepRecord) -> str:
    return str((step.payload or {}).get("from") or "")


def _record(tx: Connection, kind: str, breaker: breakers.Breaker, now: datetime) -> None:
    data = {"scope": breaker.scope, "reason": breaker.reason}
    audit.record(
        tx, at=now, actor="quoflow", kind=kind, connection=breaker.connection, subject=breaker.scope, data=data
    )
