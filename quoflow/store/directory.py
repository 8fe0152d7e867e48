"""Everybody we know of a workspace, one after the other, however many there are: read page by page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

from sqlalchemy import Connection, Select, Table

from quoflow.core.facts import Contact, Conversation
from quoflow.store import rows, tables

PAGE = 500
"""How many are in memory at a time."""

_T = TypeVar("_T", Contact, Conversation)


def walk_contacts(tx: Connection, connection: str) -> Iterator[Contact]:
    """Give every contact that is not gone, by id."""
    table = tables.contacts
    question = rows.select_as(Contact, table).where(table.c.connection == connection, table.c.gone_at.is_(None))
    yield from _walk(tx, Contact, question, table)


def walk_conversations(tx: Connection, connection: str) -> Iterator[Conversation]:
    """Give every conversation, by id."""
    table = tables.conversations
    question = rows.select_as(Conversation, table).where(table.c.connection == connection)
    yield from _walk(tx, Conversation, question, table)


def _walk(tx: Connection, kind: type[_T], question: Select[tuple[object, ...]], table: Table) -> Iterator[_T]:
    last = ""
    while True:
        page = rows.read_all(tx, kind, question.where(table.c.id > last).order_by(table.c.id).limit(PAGE))
        yield from page
        if len(page) < PAGE:
            return
        last = page[-1].id
