"""What a rule asks about the past of an event's contact, looked up before the core is asked."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from quoflow.core import retrospect, talks
from quoflow.core.events import Event
from quoflow.core.facts import Contact
from quoflow.core.history import History
from quoflow.core.rules import Rule
from quoflow.store import exchanges, first_contacts, past
from quoflow.store.database import Connection

LOOKS_BACK = tuple(timedelta(days=days) for days in (2, 31, 366))
"""How far back a reply is looked for, step by step."""


def recall(tx: Connection, rules: Iterable[Rule], event: Event, contact: Contact | None, *, now: datetime) -> History:
    """Answer what these rules ask about the contact of an event, as of now. What none asks is not looked up."""
    questions = {question for rule in rules for question in retrospect.find_questions(rule)}
    if not questions:
        return History()
    numbers = {event.peer or "", *(contact.phones if contact else ())} - {""}
    # What has just been read may be ahead of our clock: Quo's is another.
    about = past.About(event.connection, numbers, until=max(now, event.occurred_at))
    counted = {(one.kind, one.within) for one in questions if one.function == "count"}
    wanted = {one.kind for one in questions if one.function == "last"}
    return History(
        counts={(kind, within): past.count_events(tx, about, kind, since=now - within) for kind, within in counted},
        latest={kind: past.find_latest(tx, about, kind, but=event.quo_id) for kind in wanted},
        is_first=first_contacts.is_first(tx, event.connection, numbers, quo_id=event.quo_id),
        replied_at=_find_reply(tx, about) if any(one.function == "replied_since" for one in questions) else None,
    )


def _find_reply(tx: Connection, about: past.About) -> datetime | None:
    """Give when a person of ours last wrote or talked to them; what is recent is looked at first, for it is enough."""
    for back in LOOKS_BACK:
        found = [_find_talk(tx, about, peer, since=about.until - back) for peer in about.peers]
        if any(found):
            return max(talk.at for talk in found if talk is not None)
    return None


def _find_talk(tx: Connection, about: past.About, peer: str, *, since: datetime) -> talks.Talk | None:
    messages = exchanges.list_others_messages(tx, connection=about.connection, peer=peer, since=since)
    calls = exchanges.list_calls(tx, connection=about.connection, peer=peer, since=since)
    known = [one for one in messages if one.created_at <= about.until]
    return talks.find_talk(known, [one for one in calls if one.created_at <= about.until], now=about.until)
