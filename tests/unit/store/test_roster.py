"""Who is among the contacts, and who was."""

from __future__ import annotations

from quoflow.core.facts import Contact
from quoflow.store import mirror, roster

ANN, BOB = Contact("CT1", first_name="Ann", phones=("+15555550111",)), Contact("CT2", first_name="Bob")


def test_who_is_gone_is_still_known(tx, make):
    """A contact that is gone is found as such, by nobody's number any more; unknown ones are not found."""
    mirror.save_contacts(tx, "main", [ANN, BOB], complete=False, now=make.now)
    mirror.mark_gone(tx, "main", ["CT1", "CT9"], now=make.now)

    assert roster.list_present(tx, "main") == {"CT2"}
    assert roster.find_contacts(tx, "main", ["CT1", "CT2", "CT9"]) == {
        "CT1": roster.Known(ANN, is_gone=True), "CT2": roster.Known(BOB, is_gone=False),
    }  # fmt: skip
    assert mirror.find_contact_by_phone(tx, "main", "+15555550111") is None
    assert roster.find_contacts(tx, "second", ["CT2"]) == {}
