"""What was read of texts and calls becomes mirror and events, in the transaction of whoever has read it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from quoflow.core import facts, happenings, likeness
from quoflow.core.events import Event
from quoflow.runtime import awaiting, delivery, meeting, optouts, recovery, watching
from quoflow.runtime.desks import Desk
from quoflow.store import inbox, mirror, outbox
from quoflow.store.database import Connection


@dataclass(frozen=True, slots=True)
class Read:
    """Texts that were read.

    Attributes:
        texts: all of them.
        strange: those of other people that were not known before.
        ours: those that quoflow has sent.
        fresh: ids of those that were not known before, whoever sent them.
    """

    texts: tuple[facts.Message, ...] = ()
    strange: tuple[facts.Message, ...] = ()
    ours: tuple[facts.Message, ...] = ()
    fresh: frozenset[str] = frozenset()


def save_messages(tx: Connection, desk: Desk, messages: list[facts.Message]) -> Read:
    """Save messages, learn opt-outs from those that are new, and give what counts."""
    claimed = outbox.claimed_ids(tx, connection=desk.connection, ids=[one.id for one in messages])
    ours = {one.id for one in messages if one.id in claimed or _is_on_its_way(tx, desk, one)}
    fresh = mirror.save_messages(tx, desk.connection, messages, ours=ours)
    for message in fresh:
        if message.direction == "incoming":
            optouts.learn(tx, desk.engine, desk.connection, message)
    strange = tuple(message for message in fresh if message.id not in ours)
    recovery.look_for_strangers(tx, desk.engine, desk.connection, strange)
    sent = tuple(message for message in messages if message.id in ours)
    return Read(tuple(messages), strange, sent, frozenset(one.id for one in fresh))


def _is_on_its_way(tx: Connection, desk: Desk, message: facts.Message) -> bool:
    """Whether a message could be one that quoflow has sent, or may have, without knowing its id yet."""
    if message.direction != "outgoing":
        return False
    pending = outbox.pending_texts(
        tx, connection=desk.connection, line_id=message.line_id, to=message.peer, at=message.created_at
    )
    return likeness.fold_text(message.text) in pending


def add_events(
    tx: Connection, desk: Desk, read: Read, calls: Iterable[facts.Call], *, rang: Collection[str] = ()
) -> list[Event]:
    """Put what happened since the baseline into the inbox, and watch for what comes of it. Gives the new events.

    A call among those that `rang`, which were known before, does not start any more: one of the first look never did.
    """
    derived: list[Event] = []
    for message in read.strange:
        derived += happenings.derive_message_events(desk.connection, message)
    for call in calls:
        number = desk.find_number(call.line_id)
        events = happenings.derive_call_events(desk.connection, call, line_number=number)
        derived += [event for event in events if event.kind != "call.started" or call.id not in rang]
        if call.is_over and happenings.find_end(call) >= desk.earliest:
            watching.begin(tx, desk.engine, desk.connection, call)
    awaiting.take_note(
        tx,
        desk.engine,
        desk.connection,
        messages=[one for one in read.texts if one.id in read.fresh],
        calls=calls,
        earliest=desk.earliest,
    )
    derived += meeting.meet(tx, desk.connection, derived, read.ours)
    recent = [event for event in derived if event.occurred_at >= desk.earliest]
    new = list(inbox.add_events(tx, recent, now=desk.engine.clock()))
    fresh = {one.id for one in read.texts if one.id in read.fresh and one.created_at >= desk.earliest}
    return new + delivery.take_note(tx, desk.engine, desk.connection, read.texts, fresh=fresh)
