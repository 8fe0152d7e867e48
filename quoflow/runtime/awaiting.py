"""Who waits for an answer: noted when they ask, forgotten when a person of ours answers, and an event when it is long.

A wait is a row with a due time, so that it survives the process. It is looked at after what is new was read, so that an
answer that Quo has shows in time.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from quoflow.core import facts, happenings, talks, unanswered
from quoflow.core.events import Event
from quoflow.core.unanswered import Patience
from quoflow.runtime.engine import Engine
from quoflow.store import exchanges, inbox, mirror, waiting
from quoflow.store.database import Connection
from quoflow.store.waiting import Waiting


def take_note(
    tx: Connection,
    engine: Engine,
    connection: str,
    *,
    messages: Iterable[facts.Message],
    calls: Iterable[facts.Call],
    earliest: datetime,
) -> None:
    """Note who asks, and forget who was answered, by texts that are new and calls that have changed.

    They are in the mirror already. What is from before `earliest` is history, and nobody waits for that.
    """
    texts, rung = tuple(messages), tuple(calls)
    pairs = {(one.line_id, one.peer) for one in texts} | {(one.line_id, one.peer) for one in rung}
    for line_id, peer in sorted(pair for pair in pairs if pair[1]):
        said = [one for one in texts if (one.line_id, one.peer) == (line_id, peer)]
        rang = [one for one in rung if (one.line_id, one.peer) == (line_id, peer)]
        known = waiting.list_waiting(tx, connection=connection, line_id=line_id, peer=peer)
        times = [one.began_at for one in known] + [one.created_at for one in said] + [one.created_at for one in rang]
        since = min(times) - talks.AUTOMATIC_WITHIN
        answered_at = _find_answer(tx, engine, connection, line_id=line_id, peer=peer, since=since)
        done = [one for one in known if answered_at is not None and one.began_at < answered_at]
        waiting.remove(tx, done)
        asked = [one for one in said if one.created_at >= earliest]
        ended = [one for one in rang if one.is_over and happenings.find_end(one) >= earliest]
        question = unanswered.find_question(asked, ended, after=answered_at)
        if question is not None and peer not in _list_owners(engine):
            left = {(one.wait, one.calendar) for one in known if one not in done}
            _begin(tx, engine, replace(question, connection=connection), left=left)


def _find_answer(
    tx: Connection, engine: Engine, connection: str, *, line_id: str, peer: str, since: datetime
) -> datetime | None:
    """Give when a person of ours last wrote or talked to them on this line."""
    messages = exchanges.list_others_messages(tx, connection=connection, peer=peer, since=since)
    calls = exchanges.list_calls(tx, connection=connection, peer=peer, since=since - talks.LONGEST_CALL)
    found = talks.find_talk(
        [one for one in messages if one.line_id == line_id],
        [one for one in calls if one.line_id == line_id],
        now=engine.clock(),
    )
    return None if found is None else found.at


def _list_owners(engine: Engine) -> frozenset[str]:
    """List who answers quoflow's own questions by text: nobody need answer them."""
    sms = engine.settings.approvals.sms
    return frozenset(sms.owners.values()) if sms else frozenset()


def _begin(tx: Connection, engine: Engine, question: Event, *, left: set[tuple[int, str]]) -> None:
    """Let somebody wait as each rule has it who asks for it, but where they wait already."""
    for patience in unanswered.list_patiences(engine.rules, question.connection):
        key = (int(patience.wait.total_seconds()), patience.calendar)
        due_at = _find_due(tx, engine, question.connection, question.line_id, question.occurred_at, patience)
        if key not in left and due_at is not None:
            wait, calendar = key
            began = Waiting(
                connection=question.connection,
                quo_id=question.quo_id,
                wait=wait,
                calendar=calendar,
                line_id=question.line_id or "",
                peer=question.peer or "",
                conversation_id=question.conversation_id,
                began_at=question.occurred_at,
                due_at=due_at,
            )
            waiting.add(tx, began)


def _find_due(
    tx: Connection, engine: Engine, connection: str, line_id: str | None, began_at: datetime, patience: Patience
) -> datetime | None:
    line = next((one for one in mirror.list_lines(tx, connection) if one.id == line_id), None)
    timezone = engine.settings.find_timezone(line.names if line else ())
    return unanswered.find_due(began_at, patience, engine.calendars, timezone=timezone)


def fire_due(engine: Engine, connection: str) -> list[Event]:
    """Put the events of those who have waited too long into the inbox, each once. Gives them."""
    now = engine.clock()
    wanted = unanswered.list_patiences(engine.rules, connection)
    with engine.database.read() as tx:
        is_stale = bool(waiting.list_patiences(tx, connection=connection) - {_key(one) for one in wanted})
        due = waiting.list_open(tx, connection=connection, due_by=now)
    if not due and not is_stale:
        return []
    with engine.database.write() as tx:
        if is_stale:
            _adopt(tx, engine, connection, wanted)
        events = [_fire(tx, one) for one in waiting.list_open(tx, connection=connection, due_by=now)]
        return list(inbox.add_events(tx, [event for event in events if event is not None], now=now))


def _key(patience: Patience) -> tuple[int, str]:
    return int(patience.wait.total_seconds()), patience.calendar


def _adopt(tx: Connection, engine: Engine, connection: str, wanted: tuple[Patience, ...]) -> None:
    """Let those who wait as no rule asks any more wait as the rules ask now, from when they began."""
    known = {_key(one) for one in wanted}
    for one in waiting.list_open(tx, connection=connection):
        if (one.wait, one.calendar) in known:
            continue
        waiting.remove(tx, [one])
        for patience in wanted:
            due_at = _find_due(tx, engine, connection, one.line_id, one.began_at, patience)
            if due_at is not None:
                wait, calendar = _key(patience)
                waiting.add(tx, replace(one, wait=wait, calendar=calendar, due_at=due_at))


def _fire(tx: Connection, one: Waiting) -> Event | None:
    """Give the event of somebody who has waited too long; None where what they asked is no longer known."""
    question = _find_question(tx, one)
    if question is None:
        waiting.remove(tx, [one])
        return None
    waiting.mark_fired(tx, one)
    patience = Patience(timedelta(seconds=one.wait), one.calendar)
    return unanswered.derive_unanswered_event(question, patience, due_at=one.due_at)


def _find_question(tx: Connection, one: Waiting) -> Event | None:
    message = exchanges.find_message(tx, connection=one.connection, message_id=one.quo_id)
    if message is not None and message.status != facts.ERASED:
        return happenings.derive_message_events(one.connection, message)[0]
    call = mirror.find_call(tx, one.connection, one.quo_id)
    if call is None or call.status == facts.ERASED:
        return None
    line = next((line for line in mirror.list_lines(tx, one.connection) if line.id == call.line_id), None)
    return happenings.derive_call_events(one.connection, call, line_number=line.number if line else "")[0]
