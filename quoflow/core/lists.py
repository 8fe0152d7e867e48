"""One or many, as rules and configurations write them. Pure."""

from __future__ import annotations


def as_tuple(value: object) -> object:
    """Take one text for a list of one; leave anything else to the model's own check."""
    return (value,) if isinstance(value, str) else value
