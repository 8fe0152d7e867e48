"""What went to and fro between our lines and a number, as the guards want to know it."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, exists, select

from quoflow.core import loops
from quoflow.core.facts import Call, Message
from quoflow.store import rows, tables
from quoflow.store.outbox import MAY_COUNT

_attempts, _messages, _calls = tables.attempts, tables.messages, tables.calls
_CUT = timedelta(microseconds=999_999)


def list_sent(tx: Connection, *, connection: str, to: str, since: datetime) -> tuple[loops.Sent, ...]:
    """List the texts of quoflow to a number that went out, or may have, from a time on, oldest first."""
    table = _attempts
    here = (table.c.connection == connection, table.c.to == to, table.c.started_at >= since)
    sent = (table.c.action == "send_message", table.c.state.in_(MAY_COUNT))
    columns = (table.c.started_at, table.c.line_id, table.c.rule, table.c.normal_text, table.c.step_id)
    question = select(*columns).where(*here, *sent).order_by(table.c.started_at, table.c.id)
    return tuple(loops.Sent(*row) for row in tx.execute(question))


def find_answer(tx: Connection, *, connection: str, line_id: str, peer: str, since: datetime) -> loops.Answer | None:
    """Give a number's latest text to a line, if it is from a time on and a text of quoflow went before it.

    Both times are Quo's, so that a clock of ours that is wrong makes no machine of a person. Quo cuts some of them to
    the second: a text of ours from the same second is taken to have gone before it.
    """
    here = (_messages.c.connection == connection, _messages.c.line_id == line_id, _messages.c.peer == peer)
    latest_first = (_messages.c.created_at.desc(), _messages.c.id.desc())
    incoming = select(_messages.c.created_at).where(*here, _messages.c.direction == "incoming")
    heard: datetime | None = tx.scalar(incoming.order_by(*latest_first).limit(1))
    if heard is None or heard < since:
        return None
    ours = select(_messages.c.created_at).where(
        *here, _messages.c.is_ours, _messages.c.created_at <= heard + _read_doubt(heard)
    )
    said: datetime | None = tx.scalar(ours.order_by(*latest_first).limit(1))
    return None if said is None else loops.Answer(heard, max(heard - said, timedelta(0)))


def find_last_message(tx: Connection, *, connection: str, line_id: str, peer: str) -> Message | None:
    """Give the latest text between a line and a number that is known here."""
    here = (_messages.c.connection == connection, _messages.c.line_id == line_id, _messages.c.peer == peer)
    question = rows.select_as(Message, _messages).where(*here)
    return rows.read_one(tx, Message, question.order_by(_messages.c.created_at.desc(), _messages.c.id.desc()).limit(1))


def find_message(tx: Connection, *, connection: str, message_id: str) -> Message | None:
    """Find a text by its id."""
    here = (_messages.c.connection == connection, _messages.c.id == message_id)
    return rows.read_one(tx, Message, rows.select_as(Message, _messages).where(*here))


def list_others_messages(tx: Connection, *, connection: str, peer: str, since: datetime) -> tuple[Message, ...]:
    """List what went to and fro with a number on any line from a time on, without the texts that quoflow has sent."""
    sent = exists().where(_attempts.c.connection == connection, _attempts.c.message_id == _messages.c.id)
    here = (_messages.c.connection == connection, _messages.c.peer == peer, _messages.c.created_at >= since)
    question = rows.select_as(Message, _messages).where(*here, ~_messages.c.is_ours, ~sent)
    return rows.read_all(tx, Message, question.order_by(_messages.c.created_at, _messages.c.id))


def list_calls(tx: Connection, *, connection: str, peer: str, since: datetime) -> tuple[Call, ...]:
    """List the calls with a number on any line that began at a time or later, oldest first."""
    here = (_calls.c.connection == connection, _calls.c.peer == peer, _calls.c.created_at >= since)
    question = rows.select_as(Call, _calls).where(*here)
    return rows.read_all(tx, Call, question.order_by(_calls.c.created_at, _calls.c.id))


def has_exchanged(tx: Connection, *, connection: str, line_id: str, peer: str) -> bool:
    """Tell whether a line and a number have ever exchanged a text or a call, as far as it is known here."""
    known = [
        exists().where(table.c.connection == connection, table.c.line_id == line_id, table.c.peer == peer)
        for table in (_messages, _calls)
    ]
    tried = exists().where(
        _attempts.c.connection == connection,
        _attempts.c.line_id == line_id,
        _attempts.c.to == peer,
        _attempts.c.state.in_(MAY_COUNT),
    )
    return any(tx.scalar(select(one)) for one in (*known, tried))


def _read_doubt(moment: datetime) -> timedelta:
    """Give how much later a moment may really have been: one without a fraction of a second was cut."""
    return timedelta(0) if moment.microsecond else _CUT
