"""What a database knows of itself: values by name, and one secret that stays the same."""

from __future__ import annotations

import pytest
from sqlalchemy import delete, select, update

from quoflow.errors import StoreError
from quoflow.store import identity, tables

KEY = bytes(range(32))


@pytest.fixture
def tx(tx):
    """Give a database that knows nothing of itself: opening it has made a key."""
    tx.execute(delete(tables.identity))
    return tx


def test_a_value_is_kept_until_it_is_replaced(tx, make):
    """A name has one value, the last; a name that was never used has none."""
    identity.save_value(tx, "place", "here", now=make.now)
    identity.save_value(tx, "place", "there", now=make.at(1))

    assert identity.find_value(tx, "place") == "there"
    assert identity.find_value(tx, "other") is None
    identity.forget_value(tx, "place")
    assert identity.find_value(tx, "place") is None
    identity.save_value(tx, "place", "there", now=make.at(1))
    assert tx.scalars(select(tables.identity.c.at)).all() == [make.at(1)]


def test_the_hash_key_is_made_once(tx, make):
    """The first question makes the secret, every later one gives it back: a hash means the same for ever."""
    assert identity.find_hash_key(tx) is None

    first = identity.read_hash_key(tx, now=make.now, make=lambda: KEY)
    second = identity.read_hash_key(tx, now=make.at(1), make=lambda: b"another".ljust(32))

    assert (first, second, identity.find_hash_key(tx)) == (KEY, KEY, KEY)


@pytest.mark.parametrize("kept", ["", "no key", KEY.hex()[:-2]])
def test_a_damaged_hash_key_is_no_reason_to_make_another(tx, make, kept):
    """With another key, erased numbers would be texted again: it fails instead."""
    identity.read_hash_key(tx, now=make.now, make=lambda: KEY)
    tx.execute(update(tables.identity).values(value=kept))

    with pytest.raises(StoreError, match="secret for keyed hashes is damaged"):
        identity.read_hash_key(tx, now=make.now, make=lambda: KEY)


def test_a_short_key_is_not_taken(tx, make):
    """What gives fresh bytes must give 32 of them."""
    with pytest.raises(StoreError):
        identity.read_hash_key(tx, now=make.now, make=lambda: b"short")
    assert identity.find_value(tx, identity.HASH_KEY) is None
