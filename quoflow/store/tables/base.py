"""What every table is made of: the names of constraints, and columns that recur."""

from __future__ import annotations

from sqlalchemy import Column, Integer, MetaData, String

from quoflow.store.columns import UtcDateTime

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def key(name: str) -> Column[str]:
    """Give a part of the primary key."""
    return Column(name, String, primary_key=True)


def text(name: str) -> Column[str]:
    """Give a text that is always there."""
    return Column(name, String, nullable=False)


def time(name: str) -> Column[object]:
    """Give a time that is always there."""
    return Column(name, UtcDateTime, nullable=False)


def count(name: str) -> Column[int]:
    """Give a number that is always there."""
    return Column(name, Integer, nullable=False)
