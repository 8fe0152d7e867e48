"""Making contacts: once, whatever happens, and known again by the external id."""

from __future__ import annotations

import pytest

from quoflow.actions import making
from quoflow.quo import errors

KEY = "quoflow-0123"
BODY = {"defaultFields": {"firstName": "Eve", "phoneNumbers": [{"name": "phone", "value": "+15555550155"}]},
        "customFields": [{"key": "note", "value": "new"}], "externalId": KEY}  # fmt: skip
CREATE = {"external_id": KEY, "body": BODY}
UPSERT = {"contact_id": None, "set": {"company": "Berg"}, **CREATE}


def ignore(_before, _wanted):
    pass


def keyed(office):
    return [one for one in office.sandbox.world.contacts.values() if one.external_id == KEY]


def find(office, payload=CREATE, look=making.find_creation):
    return list(look(payload, office.quo, since=office.time))


def test_a_contact_is_made_and_kept_before_it_leaves(office):
    """What is wanted is on the disk first, with nothing before it; what was read back is the outcome."""
    kept = []
    done = making.create_contact(CREATE, office.quo, lambda *both: kept.append((*both, len(office.posts))))

    (made,) = keyed(office)
    assert done.outcome == {"id": made.id, "created": True, "changed": True, "conflict": []}
    ((before, wanted, written),) = kept
    assert (before, wanted["defaultFields"]["firstName"], written) == ({}, "Eve", 0)


@pytest.mark.parametrize("fault", ["timeout_after", "timeout_before", "500", "garbage_2xx"])
@pytest.mark.parametrize("accept", [True, False])
def test_a_try_of_which_nobody_knows_makes_no_second_contact(office, fault, accept):
    """It is found where it was made, and a second try makes it only where it was not."""
    office.fault(fault, method="POST", accept=accept)
    with pytest.raises(errors.Ambiguous):
        making.create_contact(CREATE, office.quo, ignore)
    was_made = bool(keyed(office))
    found = find(office)
    done = making.create_contact(CREATE, office.quo, ignore)

    assert len(keyed(office)) == 1
    assert ([one.outcome["created"] for one in found], done.outcome["created"]) == ([True] * was_made, not was_made)


def test_whoever_has_the_key_already_is_left_alone(office):
    """Somebody made them first, between the plan and the write: nothing of theirs is changed."""
    office.happen("contacts", first_name="Old", external_id=KEY)
    done = making.create_contact(CREATE, office.quo, ignore)

    assert (done.outcome["created"], office.posts) == (False, [])
    assert keyed(office)[0].default_fields["firstName"] == "Old"


def test_a_conflict_is_read_and_not_fought(office):
    """A try of ours that came late was first: Quo says 409, and the contact is found."""

    def be_late(_before, _wanted):
        office.happen("contacts", first_name="Eve", external_id=KEY)

    done = making.create_contact(CREATE, office.quo, be_late)
    assert (done.outcome["created"], len(keyed(office))) == (True, 1)

    office.fault("409", method="POST")
    with pytest.raises(errors.Conflict):
        making.create_contact({"external_id": "k2", "body": {**BODY, "externalId": "k2"}}, office.quo, ignore)


def test_an_upsert_changes_who_is_there_and_makes_who_is_not(office):
    """By the id that was known when it was planned, or by the external id as it is now."""
    made = making.upsert_contact(UPSERT, office.quo, ignore)
    changed = making.upsert_contact(UPSERT, office.quo, ignore)
    by_id = making.upsert_contact({**UPSERT, "contact_id": "CT2"}, office.quo, ignore)

    assert [one.outcome["created"] for one in (made, changed, by_id)] == [True, False, False]
    assert (keyed(office)[0].default_fields["company"], len(keyed(office))) == ("Berg", 1)
    assert office.sandbox.world.contacts["CT2"].default_fields["company"] == "Berg"


def test_an_upsert_is_found_when_the_contact_is_as_it_should_be(office):
    """A contact that is there but not changed yet is no proof that it was done."""
    assert find(office, UPSERT, making.find_upsert) == []
    office.happen("contacts", first_name="Eve", external_id=KEY)
    assert find(office, UPSERT, making.find_upsert) == []

    making.upsert_contact(UPSERT, office.quo, ignore)
    (found,) = find(office, UPSERT, making.find_upsert)
    assert found.outcome["changed"] is True
