"""What a rule asks about the past of an event's contact, looked up before the core is asked."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from quoflow.core import retrospect
from quoflow.core.events import Event
from quoflow.core.facts import Contact
from quoflow.core.history import History
from quoflow.core.rules import Rule
from quoflow.store import past
from quoflow.store.database import Connection


def recall(tx: Connection, rules: Iterable[Rule], event: Event, contact: Contact | None, *, now: datetime) -> History:
    """Answer what these rules ask about the contact of an event, as of now. What none asks is not looked up."""
    questions = {question for rule in rules for question in retrospect.find_questions(rule)}
    if not questions:
        return History()
    numbers = {event.peer or "", *(contact.phones if contact else ())} - {""}
    # What has just been read may be ahead of our clock: Quo's is another.
    about = past.About(event.connection, numbers, until=max(now, event.occurred_at))
    _, _, quo_id = event.id.partition(":")
    counted = {(one.kind, one.within) for one in questions if one.function == "count"}
    wanted = {one.kind for one in questions if one.function == "last"}
    return History(
        counts={(kind, within): past.count_events(tx, about, kind, since=now - within) for kind, within in counted},
        latest={kind: past.find_latest(tx, about, kind, but=quo_id) for kind in wanted},
    )
