"""The turn to change contacts: one at a time, and a disk that has no space for its lock is waited for."""

from __future__ import annotations

import pytest

from quoflow.errors import StoreError
from quoflow.store import contact_lock


def test_the_turn_is_one_holders_at_a_time(tmp_path):
    """Who comes second and does not wait is told so; when the first is through, it is free."""
    path = tmp_path / "quoflow.db"
    with contact_lock.hold(path, waits=False) as first, contact_lock.hold(path, waits=False) as second:
        assert (first, second) == (True, False)
    with contact_lock.hold(path, waits=False) as third:
        assert third


def test_a_lock_that_cannot_be_made_is_waited_for(tmp_path):
    """The disk may have space again later: a service must not end for it."""
    with pytest.raises(StoreError) as caught, contact_lock.hold(tmp_path / "gone" / "quoflow.db", waits=False):
        pass

    assert caught.value.is_passing
