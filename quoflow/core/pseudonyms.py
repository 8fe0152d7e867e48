"""What stands for a phone number where the number itself may not: a keyed hash. Pure.

A plain hash of a phone number is no secret: there are few enough numbers to try them all. With a key that only this
database knows, the hash still tells whether two numbers are the same, and nothing else.
"""

from __future__ import annotations

import hashlib
import hmac


def keyed_hash(number: str, key: bytes) -> str:
    """Give the HMAC-SHA256 of a number under a key, as 64 hexadecimal digits."""
    return hmac.new(key, number.encode(), hashlib.sha256).hexdigest()
