"""What Quo told us, kept: lines, people, conversations, messages and calls. Only what differs is written."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, fields
from datetime import datetime

from sqlalchemy import Connection, delete, func, insert, select, update

from quoflow.core.facts import ERASED, OVER, Call, Contact, Conversation, Line, Message, Property, User
from quoflow.store import rows, tables


@dataclass(frozen=True, slots=True)
class SyncedConversation:
    """A conversation and up to when its messages and calls have been read."""

    conversation: Conversation
    synced_until: datetime


# -- lines and users: short lists, always read whole


def save_lines(tx: Connection, connection: str, lines: Iterable[Line]) -> None:
    """Replace what we know of a connection's lines: the list is always complete."""
    tx.execute(delete(tables.lines).where(tables.lines.c.connection == connection))
    if new := [rows.to_row(tables.lines, line, connection=connection) for line in _last_of_each(lines)]:
        tx.execute(insert(tables.lines), new)


def list_lines(tx: Connection, connection: str) -> tuple[Line, ...]:
    """List a connection's lines by number."""
    table = tables.lines
    question = rows.select_as(Line, table).where(table.c.connection == connection).order_by(table.c.number, table.c.id)
    return rows.read_all(tx, Line, question)


def save_users(tx: Connection, connection: str, users: Iterable[User]) -> None:
    """Replace what we know of a connection's users: the list is always complete."""
    tx.execute(delete(tables.users).where(tables.users.c.connection == connection))
    if new := [rows.to_row(tables.users, user, connection=connection) for user in _last_of_each(users)]:
        tx.execute(insert(tables.users), new)


def list_users(tx: Connection, connection: str) -> tuple[User, ...]:
    """List a connection's users by id."""
    table = tables.users
    question = rows.select_as(User, table).where(table.c.connection == connection).order_by(table.c.id)
    return rows.read_all(tx, User, question)


def save_properties(tx: Connection, connection: str, properties: Iterable[Property]) -> None:
    """Replace what we know of a connection's contact properties: the list is always complete."""
    table = tables.properties
    tx.execute(delete(table).where(table.c.connection == connection))
    if new := [rows.to_row(table, one, connection=connection) for one in {one.key: one for one in properties}.values()]:
        tx.execute(insert(table), new)


def list_properties(tx: Connection, connection: str) -> tuple[Property, ...]:
    """List a connection's contact properties by key."""
    table = tables.properties
    question = rows.select_as(Property, table).where(table.c.connection == connection).order_by(table.c.key)
    return rows.read_all(tx, Property, question)


# -- contacts


def save_contacts(
    tx: Connection, connection: str, contacts: Iterable[Contact], *, complete: bool, now: datetime
) -> None:
    """Write contacts and the index of their numbers.

    Args:
        tx: the write transaction.
        connection: the connection's name.
        contacts: what was read.
        complete: whether these are all that there are: then the others are gone, and found no more.
        now: the time, UTC.
    """
    table = tables.contacts
    read = _last_of_each(contacts)
    ids = {contact.id for contact in read}
    present = set(tx.scalars(select(table.c.id).where(table.c.connection == connection, table.c.gone_at.is_(None))))
    known = rows.find_by_id(tx, Contact, table, connection=connection, ids=ids)
    rows.save(tx, table, read, connection=connection, known=known, defaults={"gone_at": None})
    back = known.keys() - present
    _mark(tx, connection, back, gone_at=None)
    changed = [contact for contact in read if known.get(contact.id) != contact or contact.id in back]
    _drop_phones(tx, connection, known.keys() & {contact.id for contact in changed})
    if phones := [
        {"connection": connection, "phone": phone, "contact_id": contact.id}
        for contact in changed
        for phone in set(contact.phones)
    ]:
        tx.execute(insert(tables.contact_phones), phones)
    if complete:
        _drop_phones(tx, connection, present - ids)
        _mark(tx, connection, present - ids, gone_at=now)


def mark_gone(tx: Connection, connection: str, ids: Iterable[str], *, now: datetime) -> None:
    """Let contacts be gone: they are found no more."""
    listed = tuple(ids)
    _drop_phones(tx, connection, listed)
    _mark(tx, connection, listed, gone_at=now)


def _mark(tx: Connection, connection: str, ids: Iterable[str], *, gone_at: datetime | None) -> None:
    table = tables.contacts
    for some in rows.chunks(ids):
        tx.execute(update(table).where(table.c.connection == connection, table.c.id.in_(some)).values(gone_at=gone_at))


def _drop_phones(tx: Connection, connection: str, contact_ids: Iterable[str]) -> None:
    table = tables.contact_phones
    for some in rows.chunks(contact_ids):
        tx.execute(delete(table).where(table.c.connection == connection, table.c.contact_id.in_(some)))


def find_contact_by_phone(tx: Connection, connection: str, phone: str) -> Contact | None:
    """Find whose number it is; where several share it, the one that was updated last."""
    table, phones = tables.contacts, tables.contact_phones
    question = (
        rows.select_as(Contact, table)
        .join(phones, (phones.c.connection == table.c.connection) & (phones.c.contact_id == table.c.id))
        .where(phones.c.connection == connection, phones.c.phone == phone)
        .order_by(table.c.updated_at.desc().nulls_last(), table.c.id)
    )
    return rows.read_one(tx, Contact, question)


def find_contact(tx: Connection, connection: str, contact_id: str) -> Contact | None:
    """Find a contact by its id; None when there is none, or it is gone."""
    table = tables.contacts
    here = (table.c.connection == connection, table.c.id == contact_id, table.c.gone_at.is_(None))
    return rows.read_one(tx, Contact, rows.select_as(Contact, table).where(*here))


def find_anyone(tx: Connection, connection: str, who: str) -> Contact | None:
    """Find a contact by its id, its external id or one of its numbers (E.164), in this order."""
    table = tables.contacts
    here = (table.c.connection == connection, table.c.external_id == who, table.c.gone_at.is_(None))
    by_key = rows.select_as(Contact, table).where(*here).order_by(table.c.id)
    found = find_contact(tx, connection, who) or rows.read_one(tx, Contact, by_key)
    return found or find_contact_by_phone(tx, connection, who)


def list_contacts(tx: Connection, connection: str, *, phone: str | None = None) -> tuple[Contact, ...]:
    """List the contacts that are not gone by their ids, all or those that have a number."""
    table, phones = tables.contacts, tables.contact_phones
    question = rows.select_as(Contact, table).where(table.c.connection == connection, table.c.gone_at.is_(None))
    if phone is not None:
        theirs = select(phones.c.contact_id).where(phones.c.connection == connection, phones.c.phone == phone)
        question = question.where(table.c.id.in_(theirs))
    return rows.read_all(tx, Contact, question.order_by(table.c.id))


def count_contacts(tx: Connection, connection: str) -> int:
    """Count the contacts that are not gone."""
    table = tables.contacts
    here = (table.c.connection == connection, table.c.gone_at.is_(None))
    return tx.scalar(select(func.count()).select_from(table).where(*here)) or 0


# -- conversations


def save_conversation(tx: Connection, connection: str, conversation: Conversation, *, synced_until: datetime) -> None:
    """Write a conversation and up to when its messages and calls have been read."""
    table = tables.conversations
    row = rows.to_row(table, conversation, connection=connection, synced_until=synced_until)
    here = (table.c.connection == connection, table.c.id == conversation.id)
    if not tx.execute(update(table).where(*here).values(row)).rowcount:
        tx.execute(insert(table), row)


def find_conversation(tx: Connection, connection: str, conversation_id: str) -> SyncedConversation | None:
    """Find a conversation by its id."""
    table = tables.conversations
    question = select(table).where(table.c.connection == connection, table.c.id == conversation_id)
    row = tx.execute(question).mappings().first()
    if row is None:
        return None
    conversation = Conversation(**{field.name: row[field.name] for field in fields(Conversation)})
    return SyncedConversation(conversation, row["synced_until"])


# -- messages


def save_messages(
    tx: Connection, connection: str, messages: Iterable[Message], *, ours: AbstractSet[str] = frozenset()
) -> tuple[Message, ...]:
    """Write messages; known ones are updated in place, erased ones stay erased.

    Args:
        tx: the write transaction.
        connection: the connection's name.
        messages: what was read.
        ours: ids of those that quoflow itself sent; once ours, always ours.

    Returns:
        Those that were not known before, in the order given; each message is new once.
    """
    table = tables.messages
    read = _last_of_each(messages)
    known = rows.find_by_id(tx, Message, table, connection=connection, ids=[message.id for message in read])
    kept = [message for message in read if message.id not in known or known[message.id].status != ERASED]
    rows.save(tx, table, kept, connection=connection, known=known, defaults={"is_ours": False})
    for some in rows.chunks(ours):
        tx.execute(update(table).where(table.c.connection == connection, table.c.id.in_(some)).values(is_ours=True))
    return tuple(message for message in read if message.id not in known)


def find_message(tx: Connection, connection: str, message_id: str) -> Message | None:
    """Find a message by its id."""
    table = tables.messages
    here = (table.c.connection == connection, table.c.id == message_id)
    return rows.read_one(tx, Message, rows.select_as(Message, table).where(*here))


def list_strangers(tx: Connection, connection: str, ids: Iterable[str]) -> set[str]:
    """Give which of these messages were read as somebody else's: a person's, another tool's, or a customer's."""
    table = tables.messages
    strangers: set[str] = set()
    for some in rows.chunks(ids):
        here = (table.c.connection == connection, table.c.id.in_(some), ~table.c.is_ours)
        strangers.update(tx.scalars(select(table.c.id).where(*here)))
    return strangers


def list_messages(tx: Connection, connection: str, *, line_id: str, peer: str, since: datetime) -> tuple[Message, ...]:
    """List what was written between a line and a number from a time on, oldest first."""
    table = tables.messages
    here = (table.c.connection == connection, table.c.line_id == line_id, table.c.peer == peer)
    question = rows.select_as(Message, table).where(*here, table.c.created_at >= since)
    return rows.read_all(tx, Message, question.order_by(table.c.created_at, table.c.id))


def last_inbound_at(tx: Connection, connection: str, *, peer: str) -> datetime | None:
    """Give when a number last wrote to us, on any line."""
    table = tables.messages
    here = (table.c.connection == connection, table.c.peer == peer, table.c.direction == "incoming")
    last: datetime | None = tx.scalar(select(func.max(table.c.created_at)).where(*here))
    return last


# -- calls


def save_calls(tx: Connection, connection: str, calls: Iterable[Call]) -> tuple[Call, ...]:
    """Write calls, and give those that call for attention.

    A call is given when it was not known before (over or not), and once more when it is over for the first time.
    So, over any sequence of reads, each call is given as over at most once, and exactly once as soon as one read
    has it over. What is over stays over: a later read that says otherwise is stale, and changes nothing.

    Returns:
        The calls, in the order given; of several readings of one call the last, but one that is over goes first.
    """
    table = tables.calls
    read: dict[str, Call] = {}
    for call in calls:
        if call.id not in read or call.is_over or not read[call.id].is_over:
            read[call.id] = call
    known = rows.find_by_id(tx, Call, table, connection=connection, ids=read)
    kept = [call for call in read.values() if call.id not in known or known[call.id].status != ERASED]
    fresh = [call for call in kept if call.is_over or call.id not in known or not known[call.id].is_over]
    rows.save(tx, table, fresh, connection=connection, known=known, defaults={})
    return tuple(call for call in fresh if call.id not in known or call.is_over > known[call.id].is_over)


def find_known_calls(tx: Connection, connection: str, ids: Iterable[str]) -> set[str]:
    """Give which of these calls have been read before."""
    return set(rows.find_by_id(tx, Call, tables.calls, connection=connection, ids=ids))


def find_call(tx: Connection, connection: str, call_id: str) -> Call | None:
    """Find a call by its id."""
    table = tables.calls
    here = (table.c.connection == connection, table.c.id == call_id)
    return rows.read_one(tx, Call, rows.select_as(Call, table).where(*here))


def list_open_calls(tx: Connection, connection: str, *, since: datetime) -> tuple[Call, ...]:
    """List the calls that began at a time or later and were not over when last read, oldest first."""
    table = tables.calls
    is_open = table.c.completed_at.is_(None) & table.c.status.not_in(sorted(OVER))
    question = rows.select_as(Call, table).where(table.c.connection == connection, table.c.created_at >= since, is_open)
    return rows.read_all(tx, Call, question.order_by(table.c.created_at, table.c.id))


def _last_of_each(values: Iterable[rows.I]) -> list[rows.I]:
    return list({value.id: value for value in values}.values())
