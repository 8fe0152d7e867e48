"""Single moments as rules write them: `2026-12-24T09:00`, on a clock that is told elsewhere unless it says so. Pure."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated

from pydantic import BeforeValidator, WithJsonSchema

PATTERN = r"^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2})?(?:Z|[+-]\d{2}:\d{2})?$"
YEARS = range(1970, 2200)


def parse_moment(text: str) -> datetime:
    """Read a date with a time of day; aware when it says its distance from UTC (`Z`, `-05:00`), naive otherwise.

    Raises:
        ValueError: when it is not one, saying what to write.
    """
    written = text.strip()
    if not re.fullmatch(PATTERN, written, re.ASCII):
        raise ValueError(f"`{text}` is not a date with a time of day; write it as 2026-12-24T09:00")
    try:
        moment = datetime.fromisoformat(written)
    except ValueError:
        raise ValueError(
            f"`{text}` is no moment: there is no such date or time of day; write 2026-12-24T09:00"
        ) from None
    if moment.year not in YEARS:
        raise ValueError(f"`{text}` is out of reach; write a year from {YEARS[0]} to {YEARS[-1]}")
    return moment


def _validate(value: object) -> object:
    return parse_moment(value) if isinstance(value, str) else value


Moment = Annotated[
    datetime,
    BeforeValidator(_validate),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": PATTERN,
            "examples": ["2026-12-24T09:00", "2026-12-24T09:00-05:00"],
            "description": "A date with a time of day, such as 2026-12-24T09:00.",
        }
    ),
]
