"""Forgetting a person: what is theirs goes, wherever it is kept; what keeps anything from happening twice stays.

Words, names, numbers and what was derived from them are taken out. Ids, times, states and hashes stay, so that a
message that Quo shows again is still known and stays erased, and a write that was made is still counted. Opt-outs stay
under a keyed hash (`opt_outs.erase`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Select, String, Table, cast, delete, exists, func, insert, or_, select, update
from sqlalchemy.sql.elements import ColumnElement

from quoflow.core.events import ARTIFACT_KINDS, CALL_KINDS, CONTACT_KINDS
from quoflow.core.facts import ERASED
from quoflow.core.lifecycle import FINISHED_STEPS, ON_THEIR_WAY, StepState
from quoflow.store import inbox, outbox, rows, runs, tables

_steps, _runs, _events = tables.steps, tables.runs, tables.events


@dataclass(frozen=True, slots=True)
class Erased:
    """How much of a person there was."""

    messages: int = 0
    calls: int = 0
    contacts: int = 0
    events: int = 0
    runs: int = 0
    opt_outs: int = 0


def has_open_write(tx: Connection, phone: str) -> bool:
    """Whether a write to a number is on its way or may have happened: its bytes are needed to find out."""
    attempts = tables.attempts
    here = or_(attempts.c.to == phone, attempts.c.run_id.in_(_select_runs(phone)))
    question = select(func.count()).select_from(attempts).where(here, attempts.c.state.in_(outbox.OPEN))
    return bool(tx.scalar(question))


def erase_person(tx: Connection, phone: str, *, now: datetime) -> Erased:
    """Take out what is kept of a number's owner on every connection, but for the opt-outs. Gives how much there was.

    Runs about them that have not ended are cancelled. Refuse it first where `has_open_write`.
    """
    run_ids = list(tx.scalars(_select_runs(phone)))
    _hide_sent(tx, phone)
    _erase_work(tx, phone, run_ids, now)
    events = _erase_events(tx, phone, now)
    return Erased(
        messages=_erase_messages(tx, phone),
        calls=_erase_calls(tx, phone, now),
        contacts=_erase_contacts(tx, phone, now),
        events=events,
        runs=len(run_ids),
    )


def _select_runs(phone: str) -> Select[str]:
    of_event = select(_events.c.id).where(_is_theirs(phone), _events.c.connection == _runs.c.connection)
    return select(_runs.c.id).where(or_(_runs.c.peer == phone, _runs.c.event_id.in_(of_event)))


def _is_theirs(phone: str) -> ColumnElement[bool]:
    """Whether an event is about a number: by its peer, or by what is in it, fired by hand or of a contact."""
    in_words = _events.c.peer.is_(None) | _events.c.kind.in_(CONTACT_KINDS)
    return or_(_events.c.peer == phone, in_words & _mentions(_events.c.data, phone))


def _mentions(column: ColumnElement[object], phone: str) -> ColumnElement[bool]:
    return cast(column, String).contains(phone, autoescape=True)


# -- work


def _erase_work(tx: Connection, phone: str, run_ids: Sequence[str], now: datetime) -> None:
    for run_id in run_ids:
        runs.cancel_run(tx, run_id, reason=ERASED, now=now)
    stops = {"state": StepState.CANCELLED, "due_at": None, "updated_at": now}
    may_stop = _steps.c.state.not_in(sorted(FINISHED_STEPS | ON_THEIR_WAY))
    tx.execute(update(_steps).where(_steps.c.to == phone, may_stop).values(stops))
    blank = {"payload": None, "outcome": None, "text": None, "reason": ERASED}
    _blank(tx, _steps, phone, run_ids, **blank)
    ended = {"state": "cancelled", "decided_at": now}
    approvals = tables.approvals
    tx.execute(update(approvals).where(approvals.c.to == phone, approvals.c.state == "pending").values(ended))
    _blank(tx, approvals, phone, run_ids, payload={}, text=None)
    _blank(tx, tables.attempts, phone, run_ids, text=None, normal_text=None, reason=ERASED)
    for some in rows.chunks(run_ids):
        tx.execute(update(_runs).where(_runs.c.id.in_(some)).values(peer=None, reason=ERASED))
    _erase_entries(tx, phone, run_ids)
    throttles = tables.throttles
    tx.execute(delete(throttles).where(throttles.c.key.contains(phone, autoescape=True)))


def _erase_entries(tx: Connection, phone: str, run_ids: Iterable[str]) -> None:
    """Take out keys with the number in them, and what was gathered of their events."""
    entries, gathered = tables.entries, tables.gathered
    tx.execute(delete(entries).where(entries.c.key.contains(phone, autoescape=True)))
    for some in rows.chunks(run_ids):
        tx.execute(delete(entries).where(entries.c.run_id.in_(some)))
    of_event = exists().where(
        _events.c.connection == gathered.c.connection, _events.c.id == gathered.c.event_id, _is_theirs(phone)
    )
    tx.execute(delete(gathered).where(of_event))


def _blank(tx: Connection, table: Table, phone: str, run_ids: Iterable[str], **values: object) -> None:
    """Empty the columns of what was written to a number, or by the runs about its owner."""
    tx.execute(update(table).where(table.c.to == phone).values(values | {"to": ERASED}))
    for some in rows.chunks(run_ids):
        tx.execute(update(table).where(table.c.run_id.in_(some)).values(values | {"to": ERASED}))


def _erase_events(tx: Connection, phone: str, now: datetime) -> int:
    found = tx.execute(select(_events.c.connection, _events.c.id).where(_is_theirs(phone))).all()
    verdicts = tables.verdicts
    for connection, event_id in found:
        here = (verdicts.c.connection == connection, verdicts.c.event_id == event_id)
        tx.execute(update(verdicts).where(*here).values(reason=ERASED, conditions=None))
    is_new = _is_theirs(phone) & (_events.c.state == inbox.NEW)
    tx.execute(update(_events).where(is_new).values(state=inbox.HANDLED, handled_at=now))
    tx.execute(update(_events).where(_is_theirs(phone)).values(data={}, peer=None, reason=ERASED))
    _hide_forwarded(tx, phone)
    return len(found)


def _hide_forwarded(tx: Connection, phone: str) -> None:
    """Take a number out of the events of other people's calls that were forwarded from it or to it."""
    here = _events.c.kind.in_((*CALL_KINDS, *ARTIFACT_KINDS)) & _mentions(_events.c.data, phone)
    question = select(_events.c.connection, _events.c.id, _events.c.data).where(here)
    for connection, event_id, data in tx.execute(question).all():
        call = {key: ERASED if value == phone else value for key, value in data["call"].items()}
        this = (_events.c.connection == connection, _events.c.id == event_id)
        tx.execute(update(_events).where(*this).values(data={**data, "call": call}))


# -- mirror


def _erase_messages(tx: Connection, phone: str) -> int:
    table = tables.messages
    theirs = or_(table.c.peer == phone, table.c.from_ == phone, _mentions(table.c.to, phone))
    _forget_watches(tx, table, theirs)
    blank = {"text": "", "peer": ERASED, "from_": ERASED, "to": (), "status": ERASED}
    return tx.execute(update(table).where(theirs).values(blank)).rowcount


def _hide_sent(tx: Connection, phone: str) -> None:
    """Put an erased message where one of ours to them will be that was not read back yet."""
    attempts, messages = tables.attempts, tables.messages
    is_read = exists().where(messages.c.connection == attempts.c.connection, messages.c.id == attempts.c.message_id)
    sent = attempts.c.message_id.is_not(None) & (attempts.c.action == "send_message")
    question = select(attempts).where(attempts.c.to == phone, sent, ~is_read)
    for attempt in tx.execute(question).mappings().all():
        tx.execute(
            insert(messages).values(
                connection=attempt["connection"],
                id=attempt["message_id"],
                line_id=attempt["line_id"],
                peer=ERASED,
                direction="outgoing",
                text="",
                status=ERASED,
                created_at=attempt["started_at"],
                from_=ERASED,
                to=(),
                is_ours=True,
            )
        )


def _erase_calls(tx: Connection, phone: str, now: datetime) -> int:
    table = tables.calls
    theirs = or_(table.c.peer == phone, table.c.forwarded_from == phone, table.c.forwarded_to == phone)
    _forget_watches(tx, table, theirs)
    blank = {"peer": ERASED, "forwarded_from": None, "forwarded_to": None, "status": ERASED}
    over = func.coalesce(table.c.completed_at, now)
    return tx.execute(update(table).where(theirs).values(blank | {"completed_at": over})).rowcount


def _forget_watches(tx: Connection, table: Table, theirs: ColumnElement[bool]) -> None:
    """Await nothing more of these calls or texts."""
    watches = tables.watches
    of_them = select(table.c.id).where(theirs, table.c.connection == watches.c.connection)
    tx.execute(delete(watches).where(watches.c.call_id.in_(of_them)))


def _erase_contacts(tx: Connection, phone: str, now: datetime) -> int:
    table, phones, journal = tables.contacts, tables.contact_phones, tables.journal
    found = tx.execute(select(table.c.connection, table.c.id).where(_mentions(table.c.phones, phone))).all()
    blank = dict.fromkeys(("first_name", "last_name", "company", "role", "external_id"))
    for connection, contact_id in found:
        for indexed in (phones, journal):
            here = (indexed.c.connection == connection, indexed.c.contact_id == contact_id)
            tx.execute(delete(indexed).where(*here))
        here = (table.c.connection == connection, table.c.id == contact_id)
        tx.execute(
            update(table).where(*here).values(**blank, emails=(), phones=(), fields={}, gone_at=now, updated_at=None)
        )
    tx.execute(delete(tables.first_contacts).where(tables.first_contacts.c.phone == phone))
    tx.execute(delete(tables.unanswered).where(tables.unanswered.c.peer == phone))
    talks = tables.conversations
    tx.execute(update(talks).where(_mentions(talks.c.participants, phone)).values(participants=(), name=None))
    return len(found)
