"""Values of expressions as JSON, and back: times and dates come back as what they were. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

_TIME, _DATE = "_time", "_date"
"""Keys that no value of an expression has: `shapes.make_plain` leaves out what begins like this."""


def to_json(value: Any) -> Any:  # plain data in, JSON out
    """Give plain data as JSON."""
    if isinstance(value, datetime):
        return {_TIME: value.isoformat()}
    if isinstance(value, date):
        return {_DATE: value.isoformat()}
    if isinstance(value, Mapping):
        return {str(key): to_json(item) for key, item in value.items()}
    return [to_json(item) for item in value] if isinstance(value, list | tuple) else value


def to_text(value: Any) -> Any:  # plain data in, JSON out
    """Give plain data as JSON that anybody reads: times and dates as ISO 8601 text, which stay text."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): to_text(item) for key, item in value.items()}
    return [to_text(item) for item in value] if isinstance(value, list | tuple) else value


def from_json(value: Any) -> Any:  # JSON in, plain data out
    """Give what `to_json` was given."""
    if isinstance(value, Mapping):
        if _TIME in value:
            return datetime.fromisoformat(value[_TIME])
        if _DATE in value:
            return date.fromisoformat(value[_DATE])
        return {key: from_json(item) for key, item in value.items()}
    return [from_json(item) for item in value] if isinstance(value, list) else value
