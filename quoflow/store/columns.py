"""Column types that mean the same on SQLite and PostgreSQL: times in UTC, states, lists of strings, free text."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, DateTime, Dialect, Enum, Text
from sqlalchemy.types import TypeDecorator

STATE_LENGTH = 20

Json = JSON(none_as_null=True)
"""Plain data; Python's None is SQL's NULL."""


class UtcDateTime(TypeDecorator[datetime]):
    """An instant, in UTC with microseconds; on SQLite text of fixed width, so that it sorts as time does."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - the signature is SQLAlchemy's
        """Turn an aware datetime into UTC.

        Raises:
            ValueError: when it is naive: which instant it means cannot be known.
        """
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a time without a time zone cannot be stored: {value.isoformat()}")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - the signature is SQLAlchemy's
        """Give an aware datetime in UTC; SQLite gives it back without its zone."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Strings(TypeDecorator[tuple[str, ...]]):
    """A tuple of strings, kept as a JSON list."""

    impl = JSON
    cache_ok = True

    def process_bind_param(self, value: Iterable[str] | None, dialect: Dialect) -> list[str]:  # noqa: ARG002 - the signature is SQLAlchemy's
        """Give the list that JSON knows."""
        return list(value or ())

    def process_result_value(self, value: Any, dialect: Dialect) -> tuple[str, ...]:  # noqa: ARG002 - JSON; the signature is SQLAlchemy's
        """Give the tuple that frozen values hold."""
        return tuple(value or ())


class FreeText(TypeDecorator[str]):
    r"""What people wrote. Halves of characters, which no database can encode, become question marks.

    They come from JSON such as `"\ud83d"`; one of them must not stop a whole poll again and again.
    """

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - the signature is SQLAlchemy's
        """Replace what UTF-8 cannot hold."""
        if value is None or value.isascii():
            return value
        return value.encode("utf-8", "replace").decode("utf-8")


def state_of(kind: type[StrEnum]) -> Enum:
    """Give the type of a column that holds one of an enumeration's values, as text and without a constraint.

    Without a constraint a later version can add a state without rebuilding the table.
    """
    return Enum(
        kind,
        native_enum=False,
        create_constraint=False,
        length=STATE_LENGTH,
        values_callable=lambda members: [member.value for member in members],
    )
