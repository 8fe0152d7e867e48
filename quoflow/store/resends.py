"""Second attempts at writes that nobody found, and what is still looked for at Quo.

The first attempt becomes `resent`: it may have happened all the same, so it goes on being counted and looked for.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, exists, insert, select, update
from sqlalchemy.exc import IntegrityError

from quoflow.core.lifecycle import ON_THEIR_WAY, StepState
from quoflow.store import outbox, rows, runs, tables

_table, _steps = tables.attempts, tables.steps


def take_again(tx: Connection, lost_id: str, attempt: outbox.Attempt, *, now: datetime) -> bool:
    """Take the intent of a second attempt at a write whose first one is unknown, and mark that one as `resent`.

    Gives False, and changes nothing, unless the first is unknown still, is the step's only attempt that may have
    happened, and the bytes are the same. Send only when the transaction is committed.
    """
    other = _table.alias("other")
    is_only = ~exists().where(
        other.c.step_id == attempt.step_id, other.c.id != lost_id, other.c.state.in_(outbox.MAY_COUNT)
    )
    here = (_table.c.id == lost_id, _table.c.step_id == attempt.step_id, _table.c.state == "unknown")
    same = (_steps.c.id == attempt.step_id, _steps.c.state == StepState.UNKNOWN, _steps.c.hash == attempt.payload_hash)
    with tx.begin_nested() as point:
        lost = tx.execute(update(_table).where(*here, is_only).values(state="resent", finished_at=now))
        again = {"state": StepState.SENDING, "reason": "", "tries": _steps.c.tries + 1, "updated_at": now}
        taken = tx.execute(update(_steps).where(*same).values(again))
        if (lost.rowcount, taken.rowcount) != (1, 1):
            point.rollback()
            return False
        tx.execute(insert(_table), rows.to_row(_table, attempt) | {"state": "sending"})
    return True


def put_back(tx: Connection, attempt_id: str, *, reason: str, now: datetime) -> bool:
    """Record that a second attempt provably was not sent: the first is unknown again, and so is the step.

    Gives False, and changes nothing, when the attempt is no second one, or is settled already.
    """
    second = _table.alias("second")
    is_lost = (_table.c.state == "resent", second.c.id == attempt_id, second.c.state.in_(outbox.OPEN))
    question = select(_table.c.id, _table.c.step_id).join(second, second.c.step_id == _table.c.step_id).where(*is_lost)
    lost = tx.execute(question).one_or_none()
    if lost is None:
        return False
    ended = {"state": "failed", "reason": reason, "finished_at": now}
    tx.execute(update(_table).where(_table.c.id == attempt_id).values(ended))
    tx.execute(update(_table).where(_table.c.id == lost.id).values(state="unknown", finished_at=None))
    why = f"nobody knows whether it was sent; the second try was not: {reason}"
    return runs.update_step(tx, lost.step_id, expected=ON_THEIR_WAY, now=now, state=StepState.UNKNOWN, reason=why)


def give_up(tx: Connection, step_id: str, *, reason: str, now: datetime) -> None:
    """Record that the first attempt of a step, which was made again, was not sent: a person says so."""
    here = (_table.c.step_id == step_id, _table.c.state == "resent")
    tx.execute(update(_table).where(*here).values(state="failed", reason=reason, finished_at=now))


def settle_late(tx: Connection, attempt_id: str, *, message_id: str, now: datetime) -> bool:
    """Record that an attempt which was sent again had been accepted after all: there are two texts. Its step stays.

    Gives False, and changes nothing, when it is no such attempt, or the message id belongs to another.
    """
    here = (_table.c.id == attempt_id, _table.c.state == "resent")
    changes = {"state": "sent", "message_id": message_id, "finished_at": now, "reason": "it went out late, too"}
    try:
        with tx.begin_nested():
            return tx.execute(update(_table).where(*here).values(changes)).rowcount == 1
    except IntegrityError:  # UNIQUE (connection, message_id)
        return False


def list_lost(tx: Connection) -> tuple[outbox.Attempt, ...]:
    """List the attempts that may still turn up at Quo, the oldest first: unknown ones, also those sent again."""
    question = (
        rows.select_as(outbox.Attempt, _table)
        .where(_table.c.state.in_(outbox.LOST))
        .order_by(_table.c.started_at, _table.c.id)
    )
    return rows.read_all(tx, outbox.Attempt, question)


def list_alike(tx: Connection, attempt: outbox.Attempt) -> tuple[outbox.Attempt, ...]:
    """List the other lost attempts at the same text from the same line to the same number, the oldest first."""
    here = (
        _table.c.connection == attempt.connection,
        _table.c.line_id == attempt.line_id,
        _table.c.to == attempt.to,
        _table.c.normal_text == attempt.normal_text,
        _table.c.state.in_(outbox.LOST),
        _table.c.id != attempt.id,
    )
    return rows.read_all(
        tx,
        outbox.Attempt,
        rows.select_as(outbox.Attempt, _table).where(*here).order_by(_table.c.started_at, _table.c.id),
    )
