"""What stands for a phone number where the number itself may not: a keyed hash. Pure.

A plain hash of a phone number is no secret: there are few enough numbers to try them all. With a key that only this
database knows, the hash still tells whether two numbers are the same, and nothing else.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from typing import Any

SHOWN_HASH = 16
"""Hexadecimal digits of the hash in a pseudonym: enough to tell all the numbers in the world apart."""

_NUMBER = re.compile(
    r"(?:\+|%2B)[1-9](?:[ ().-]{0,2}[0-9]){6,14}(?![0-9])"  # E.164, also as people space it
    r"|(?<![0-9A-Za-z+#.])1?[ .-]?(?:\([2-9][0-9]{2}\)|[2-9][0-9]{2})[ .-]?[0-9]{3}[ .-]?[0-9]{4}(?![0-9A-Za-z])",
    re.IGNORECASE,
)
"""Phone numbers with a country code, and North American ones without. Our own ids have 12 characters: no match."""


def keyed_hash(number: str, key: bytes) -> str:
    """Give the HMAC-SHA256 of a number under a key, as 64 hexadecimal digits."""
    return hmac.new(key, number.encode(), hashlib.sha256).hexdigest()


def make_pseudonym(number: str, key: bytes) -> str:
    """Give what stands for an E.164 number: `#`, 16 digits of its keyed hash, and its last four digits."""
    return f"#{keyed_hash(number, key)[:SHOWN_HASH]}:{number[-4:]}"


def conceal(value: Any, find_key: Callable[[], bytes]) -> Any:  # JSON
    """Put pseudonyms in place of the phone numbers in every text of some JSON, the keys of mappings included.

    The key is asked for where there is a number only.
    """
    if isinstance(value, str):
        return _NUMBER.sub(lambda found: make_pseudonym(_read(found.group()), find_key()), value)
    if isinstance(value, Mapping):
        return {conceal(str(name), find_key): conceal(inner, find_key) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [conceal(inner, find_key) for inner in value]
    return value


def _read(written: str) -> str:
    """Give a number as E.164, so that one number has one pseudonym however it was written."""
    digits = re.sub(r"[^0-9]", "", written.upper().replace("%2B", "+"))
    is_full = written[0] in "+%" or len(digits) == 11
    return f"+{digits}" if is_full else f"+1{digits}"
