"""Who has to do with us for the first time: noted once for each number, and an event where it is not history."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from quoflow.core import facts, happenings
from quoflow.core.events import Event
from quoflow.store import first_contacts
from quoflow.store.database import Connection
from quoflow.store.first_contacts import FirstContact

BEGINNING = frozenset({"message.received", "message.sent", "call.completed"})
"""The events that a conversation can begin with: one for each text and each call."""


def note_known(tx: Connection, connection: str, phones: Iterable[str], *, at: datetime) -> None:
    """Note numbers that we have had to do with before: nothing of theirs is a first contact."""
    first_contacts.note(tx, connection, [FirstContact(phone, at) for phone in phones if _is_number(phone)])


def meet(tx: Connection, connection: str, happened: Iterable[Event], ours: Iterable[facts.Message]) -> list[Event]:
    """Note whose first text or call is among these, and give the events of the conversations that they began.

    What quoflow itself has sent begins a conversation without an event.

    Args:
        tx: the write transaction.
        connection: the connection's name.
        happened: the events of texts and calls that are new.
        ours: texts of quoflow that were read with them.
    """
    began = {event.quo_id: event for event in happened if event.kind in BEGINNING}
    found = [FirstContact(event.peer or "", event.occurred_at, event.quo_id) for event in began.values()]
    found += [FirstContact(one.peer, one.created_at, one.id) for one in ours]
    first: dict[str, FirstContact] = {}
    for one in sorted(found, key=lambda one: (one.at.replace(microsecond=0), one.quo_id in began, one.at, one.quo_id)):
        # Quo cuts some times to the second. Of one second ours came first: it answers nothing that was not read before.
        if _is_number(one.phone):
            first.setdefault(one.phone, one)
    new = first_contacts.note(tx, connection, first.values())
    return [
        happenings.derive_started_event(began[one.quo_id])
        for phone, one in first.items()
        if phone in new and one.quo_id in began
    ]


def _is_number(phone: str) -> bool:
    """Whether it is a number at all: a hidden caller is nobody in particular."""
    return any(character.isdigit() for character in phone)
