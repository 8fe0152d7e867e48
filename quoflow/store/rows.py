"""Between rows and frozen values: a table's columns bear the names of a value's fields.

Known rows are told from new ones by reading first, which is right inside a write transaction and means the same
on every database, where `ON CONFLICT` does not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from typing import Any, ClassVar, Protocol, TypeVar

from sqlalchemy import Column, Connection, Select, Table, bindparam, insert, select, update

CHUNK = 500
"""How many ids go into one question; databases bound the number of parameters."""


class Record(Protocol):
    """A dataclass."""

    __dataclass_fields__: ClassVar[dict[str, Any]]  # what `dataclasses.fields` needs, as typeshed has it


class Identified(Record, Protocol):
    """A dataclass with an id."""

    @property
    def id(self) -> str:
        """What Quo calls it."""


R = TypeVar("R", bound=Record)
I = TypeVar("I", bound=Identified)  # noqa: E741 - a type's name


def columns(table: Table, kind: type[Record]) -> list[Column[Any]]:
    """List the columns of a table that a value of this kind is made of."""
    return [table.c[field.name] for field in fields(kind) if field.name in table.c]


def select_as(kind: type[Record], table: Table) -> Select[Any]:
    """Begin a question whose answers `read_all` and `read_one` can turn into values."""
    return select(*columns(table, kind))


def read_all(tx: Connection, kind: type[R], question: Select[Any]) -> tuple[R, ...]:
    """Give every answer as a value."""
    return tuple(kind(**row) for row in tx.execute(question).mappings())


def read_one(tx: Connection, kind: type[R], question: Select[Any]) -> R | None:
    """Give the first answer as a value, or None."""
    row = tx.execute(question.limit(1)).mappings().first()
    return None if row is None else kind(**row)


def to_row(table: Table, value: Record, **more: object) -> dict[str, Any]:
    """Give a value as a row of a table, with more columns beside."""
    return {column.name: getattr(value, column.name) for column in columns(table, type(value))} | more


def chunks(ids: Iterable[str]) -> Iterator[Sequence[str]]:
    """Cut ids into pieces that fit into one question."""
    listed = list(ids)
    for start in range(0, len(listed), CHUNK):
        yield listed[start : start + CHUNK]


def find_by_id(tx: Connection, kind: type[I], table: Table, *, connection: str, ids: Iterable[str]) -> dict[str, I]:
    """Find what is stored of one connection under these ids."""
    found: dict[str, I] = {}
    for some in chunks(ids):
        question = select_as(kind, table).where(table.c.connection == connection, table.c.id.in_(some))
        found.update((value.id, value) for value in read_all(tx, kind, question))
    return found


def save(
    tx: Connection,
    table: Table,
    values: Sequence[I],
    *,
    connection: str,
    known: Mapping[str, I],
    defaults: Mapping[str, object],
) -> None:
    """Write one connection's values: insert those that are not known, update those that differ.

    Args:
        tx: the write transaction.
        table: its key is (connection, id).
        values: unique by id.
        connection: the connection's name.
        known: what is stored already, by id, read in the same transaction.
        defaults: columns beside the values', for rows that are new.
    """
    new = [to_row(table, one, connection=connection, **defaults) for one in values if one.id not in known]
    if new:
        tx.execute(insert(table), new)
    changed = [to_row(table, one) for one in values if one.id in known and known[one.id] != one]
    if changed:
        names = [name for name in changed[0] if name != "id"]
        statement = (
            update(table)
            .where(table.c.connection == connection, table.c.id == bindparam("key_id"))
            .values({name: bindparam(f"new_{name}") for name in names})
        )
        tx.execute(statement, [{"key_id": row["id"]} | {f"new_{name}": row[name] for name in names} for row in changed])
