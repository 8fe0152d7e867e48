"""Contact properties: which one is meant, and a text as a value of its type. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from quoflow.core.facts import Property
from quoflow.core.faults import suggest

_URL = re.compile(r"[a-z][a-z0-9+.-]*:\S+", re.IGNORECASE)
_WORDS = {"true": True, "yes": True, "false": False, "no": False}


def find_property(known: Iterable[Property], written: str) -> Property:
    """Find a property by its key, or else by its name in any case.

    Raises:
        ValueError: there is none, or the name is that of several; says which there are.
    """
    listed = tuple(known)
    found = [one for one in listed if one.key == written]
    found = found or [one for one in listed if one.name.casefold() == written.strip().casefold()]
    if len(found) == 1:
        return found[0]
    names = {name: None for one in listed for name in (one.key, one.name)}
    there = f"there are {', '.join(f'`{one.key}` ({one.type})' for one in listed)}" if listed else "there are none"
    if found:
        raise ValueError(f"several contact properties are called `{written}`; {there}")
    raise ValueError(f"there is no contact property `{written}`; {suggest(written, names) or there}")


def read_value(known: Property, written: Sequence[str]) -> Any:  # JSON
    """Give one text, or the texts of a list, as a value of a property's type.

    Raises:
        ValueError: it is none; says what is expected.
    """
    if known.type == "multi-select":
        return list(dict.fromkeys(written))
    if len(written) > 1:
        raise ValueError(f"`{known.key}` takes one {known.type}, and these are {len(written)}")
    (text,) = written
    try:
        return _READERS.get(known.type, str)(text)
    except ValueError:
        raise ValueError(f"`{known.key}` takes {_EXPECTED[known.type]}, and `{text}` is none") from None


def _read_boolean(text: str) -> bool:
    if text.casefold() not in _WORDS:
        raise ValueError(text)
    return _WORDS[text.casefold()]


def _read_number(text: str) -> int | float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return int(number) if number.is_integer() and abs(number) < 2**53 else number


def _read_date(text: str) -> str:
    """Give the instant that Quo keeps: a date is its midnight, UTC."""
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        return f"{date.fromisoformat(text).isoformat()}T00:00:00.000Z"
    moment = datetime.fromisoformat(text)
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.000Z"


def _read_url(text: str) -> str:
    if not _URL.fullmatch(text):
        raise ValueError(text)
    return text


_READERS: Mapping[str, Callable[[str], Any]] = {  # JSON
    "boolean": _read_boolean,
    "number": _read_number,
    "date": _read_date,
    "url": _read_url,
}
_EXPECTED: Mapping[str, str] = {
    "boolean": "true or false",
    "number": "a number",
    "date": "a date such as 2026-12-24",
    "url": "an address such as https://example.com",
}
