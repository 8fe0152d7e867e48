"""Keyed hashes: they tell two numbers apart, and say nothing without the key."""

from __future__ import annotations

import hashlib
import hmac

from quoflow.core import pseudonyms

NUMBER, OTHER = "+15555550123", "+15555550124"


def test_a_keyed_hash_is_hmac_sha256():
    """Others can check it with any library: it is HMAC-SHA256 in hexadecimal digits."""
    key = bytes(range(32))

    assert pseudonyms.keyed_hash(NUMBER, key) == hmac.new(key, NUMBER.encode(), hashlib.sha256).hexdigest()


def test_a_keyed_hash_depends_on_number_and_key():
    """Another number or another key gives another hash, and it is not the plain hash that anyone can compute."""
    hashes = {pseudonyms.keyed_hash(number, key) for number in (NUMBER, OTHER) for key in (b"a" * 32, b"b" * 32)}

    assert len(hashes) == 4
    assert hashlib.sha256(NUMBER.encode()).hexdigest() not in hashes
