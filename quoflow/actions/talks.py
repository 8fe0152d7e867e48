"""What was written and called between a line and a number, read anew."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, TypeVar

from quoflow.core.facts import Call, Line, Message
from quoflow.quo import translate
from quoflow.quo.client import Quo

_Item = TypeVar("_Item")


def fetch_messages(sought: Mapping[str, Any], lines: Iterable[Line], quo: Quo) -> tuple[Message, ...]:  # JSON
    """Read the latest texts, the newest first; what cannot be read is left out. Raises QuoError."""
    line_id, numbers = sought["line_id"], [line.number for line in lines]
    listed = quo.list_messages(line_id, [sought["peer"]])
    read = (translate.read_message(one, own_numbers=numbers, line_id=line_id) for one in listed)
    return tuple(islice(_without_gaps(read), sought["limit"]))


def fetch_calls(sought: Mapping[str, Any], lines: Iterable[Line], quo: Quo) -> tuple[Call, ...]:  # JSON
    """Read the latest calls, the newest first; what cannot be read is left out. Raises QuoError."""
    line_id, numbers = sought["line_id"], [line.number for line in lines]
    listed = quo.list_calls(line_id, sought["peer"])
    read = (translate.read_call(one, own_numbers=numbers, line_id=line_id) for one in listed)
    return tuple(islice(_without_gaps(read), sought["limit"]))


def _without_gaps(items: Iterable[_Item | None]) -> Iterator[_Item]:
    return (item for item in items if item is not None)
