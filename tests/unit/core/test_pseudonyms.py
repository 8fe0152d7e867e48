"""Keyed hashes: they tell two numbers apart, and say nothing without the key."""

from __future__ import annotations

import hashlib
import hmac

import pytest

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


KEY = b"k" * 32


@pytest.mark.parametrize(
    "written",
    ["+15555550123", "+1 555 555 0123", "+1 (555) 555-0123", "(555) 555-0123", "555-555-0123", "5555550123",
     "15555550123", "%2B15555550123", "tel:+15555550123"],
)  # fmt: skip
def test_a_number_has_one_pseudonym_however_it_is_written(written):
    """A keyed hash and the last four digits stand for a number; nothing else of it is left."""
    concealed = pseudonyms.conceal({"to": [f"text {written}, now"]}, lambda: KEY)
    shown = f"#{pseudonyms.keyed_hash(NUMBER, KEY)[:16]}:0123"

    assert concealed == {"to": [f"text {'tel:' if written.startswith('tel') else ''}{shown}, now"]}
    assert pseudonyms.conceal(concealed, lambda: KEY) == concealed


def test_numbers_are_concealed_wherever_they_stand():
    """Keys of mappings, lists in lists and numbers of other countries: none is left whole."""
    data = {NUMBER: {"list": [[NUMBER, "+442079460958"]], "n": 5, "yes": True, "none": None}}
    concealed = pseudonyms.conceal(data, lambda: KEY)

    assert "5555550123" not in str(concealed)
    assert "2079460958" not in str(concealed)
    assert next(iter(concealed.values()))["n"] == 5


@pytest.mark.parametrize(
    "text", ["", "482910385736", "AC5555550123", "PN15555550100", "2026-11-23 15:00", "1764042000", "+1555***4567",
             "0" * 64, "entry 12", "$25.00", "1234567890123456789"]
)  # fmt: skip
def test_what_is_no_number_stays(text):
    """Ids, times, hashes and masked numbers are left alone, and no key is asked for."""

    def refuse():
        raise AssertionError

    assert pseudonyms.conceal(text, refuse) == text
