"""Durations as people write them in rules: `30s`, `15m`, `4h`, `1h30m`, `2d`, `1w`. Pure."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, PlainSerializer, WithJsonSchema

UNITS = {"w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1}
PATTERN = r"^(?:[0-9]+w)?(?:[0-9]+d)?(?:[0-9]+h)?(?:[0-9]+m)?(?:[0-9]+s)?$"
LONGEST = timedelta(days=366)
LONGEST_AGE = timedelta(days=3_660)


def parse_duration(text: str, *, longest: timedelta = LONGEST) -> timedelta:
    """Read a duration such as `15m` or `1h30m`.

    Raises:
        ValueError: when it is not whole numbers with the units w, d, h, m, s (each once, largest first),
            or longer than the longest. The message says what to write.
    """
    written = text.strip()
    if not written or not re.fullmatch(PATTERN, written):
        raise ValueError(f"`{text}` is not a duration; write whole numbers with a unit, such as 30s, 15m, 4h or 2d")
    seconds = sum(int(number) * UNITS[unit] for number, unit in re.findall(r"([0-9]+)([wdhms])", written))
    if seconds > longest.total_seconds():
        raise ValueError(f"`{text}` is longer than {longest.days} days")
    return timedelta(seconds=seconds)


def format_duration(duration: timedelta) -> str:
    """Write a duration the way rules write it, largest unit first, whole seconds."""
    left = int(duration.total_seconds())
    parts = []
    for unit, size in UNITS.items():
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"


def _validate(value: object) -> object:
    return parse_duration(value) if isinstance(value, str) else value


def _validate_age(value: object) -> object:
    return parse_duration(value, longest=LONGEST_AGE) if isinstance(value, str) else value


def _refuse_nothing(value: timedelta) -> timedelta:
    if not value:
        raise ValueError("this must be longer than nothing; write a duration such as 15m, or leave the option out")
    return value


_SCHEMA = WithJsonSchema(
    {
        "type": "string",
        "pattern": PATTERN,
        "examples": ["30s", "15m", "4h", "2d"],
        "description": "A duration such as 15m.",
    }
)

Duration = Annotated[timedelta, BeforeValidator(_validate), PlainSerializer(format_duration, return_type=str), _SCHEMA]

Span = Annotated[Duration, AfterValidator(_refuse_nothing)]
"""A duration that is longer than nothing."""

Age = Annotated[timedelta, BeforeValidator(_validate_age), PlainSerializer(format_duration, return_type=str), _SCHEMA]
"""How old something kept may be: up to ten years, where nothing that waits is longer than one."""
