"""How values become text for people: no None, no `True`, no Python; times as local text. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from zoneinfo import ZoneInfo

TIME_FORMAT = "%b %-d, %Y, %-I:%M %p"
DATE_FORMAT = "%b %-d, %Y"

_DIRECTIVE = re.compile(r"%(-?.?)", re.DOTALL)
_KNOWN = re.compile(r"-?[aAbBdHIjmMpSyYZeuw]|%")
_UNWANTED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


def show(value: object, zone: ZoneInfo) -> str:
    """Write a value as a person reads it.

    Raises:
        ValueError: it is nothing, true or false, a list or a record: none of these belongs in a text.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        raise ValueError("true or false cannot be printed; write `'yes' if … else 'no'`")  # noqa: TRY004 - in words
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else str(value)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, date):
        return show_time(value, None, zone)
    raise ValueError(f"{describe(value)} cannot be printed")


def show_time(value: date, form: str | None, zone: ZoneInfo) -> str:
    """Write a time or date in local time; `form` is strftime's, of the directives that `check_format` knows.

    Raises:
        ValueError: the form holds another directive.
    """
    if form is not None:
        wrong = check_format(form)
        if wrong:
            raise ValueError(wrong)
    if isinstance(value, datetime):
        return value.astimezone(zone).strftime(TIME_FORMAT if form is None else form)
    return value.strftime(DATE_FORMAT if form is None else form)


def check_format(form: str) -> str | None:
    """Say what is wrong with a time format, or None. Widths such as `%999999d` would fill the memory."""
    for found in _DIRECTIVE.finditer(form):
        if not _KNOWN.fullmatch(found[1]):
            return f"`{found[0]}` is not a part of a time that can be printed; use such as %H:%M, %-I:%M %p, %A, %b %-d"
    return None if len(form) <= 100 else "a time format has 100 characters at most"


def clean(text: str) -> str:
    """Drop control characters (but newline and tab) and broken surrogates, which customers' texts may hold."""
    return _UNWANTED.sub("", text)


def describe(value: object) -> str:
    """Name what a value is, for a person."""
    if value is None:
        return "nothing"
    kinds: tuple[tuple[type | tuple[type, ...], str], ...] = (
        (bool, "true or false"),
        ((int, float), "a number"),
        (str, "a text"),
        (datetime, "a time"),
        (date, "a date"),
        ((list, tuple), "a list"),
        (Mapping, "a record"),
    )
    return next((name for types, name in kinds if isinstance(value, types)), "this value")
