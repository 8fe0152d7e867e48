"""Deleting contacts: kept whole before, deleted once, and found gone."""

from __future__ import annotations

import pytest

from quoflow.actions import deleting
from quoflow.quo import errors

DELETE = {"contact_id": "CT1", "name": "Anna"}


def find(office):
    return list(deleting.find_deletion(DELETE, office.quo, since=office.time))


def test_a_contact_is_kept_and_deleted(office):
    """All that it was is on the disk before the request; twice is once."""
    kept = []
    first = deleting.delete_contact(DELETE, office.quo, lambda *both: kept.append((*both, len(office.posts))))
    again = deleting.delete_contact(DELETE, office.quo, lambda *both: kept.append(both))

    ((before, wanted, written),) = kept
    assert (before["defaultFields"]["firstName"], wanted, written) == ("Anna", {}, 0)
    assert [one.outcome["deleted"] for one in (first, again)] == [True, False]
    assert (first.gone, "CT1" in office.sandbox.world.contacts) == ("CT1", False)


@pytest.mark.parametrize(("fault", "is_gone"), [("timeout_after", True), ("timeout_before", False)])
def test_a_deletion_of_which_nobody_knows_is_found_by_reading(office, fault, is_gone):
    """It was done where the contact is gone."""
    office.fault(fault, method="DELETE")
    with pytest.raises(errors.Ambiguous):
        deleting.delete_contact(DELETE, office.quo, lambda *_: None)

    assert [one.outcome["deleted"] for one in find(office)] == [True] * is_gone
