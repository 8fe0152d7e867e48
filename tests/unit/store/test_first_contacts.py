"""First contacts: noted once for each number and connection, and told by the text or call that it was."""

from __future__ import annotations

from quoflow.store import first_contacts
from quoflow.store.first_contacts import FirstContact

OTHER = "+15555550124"


def test_a_number_is_new_once(tx, make):
    """The second time it is known, also when many are noted at once; another connection knows nothing of it."""
    first = FirstContact(make.peer, make.at(0), "AC1")
    crowd = [FirstContact(f"+1555555{number:04}", make.at(0)) for number in range(1200)]

    assert first_contacts.note(tx, "main", [first]) == {make.peer}
    assert first_contacts.note(tx, "main", [FirstContact(make.peer, make.at(9), "AC2"), *crowd]) == {
        one.phone for one in crowd
    } - {make.peer}
    assert first_contacts.note(tx, "second", [first]) == {make.peer}
    assert first_contacts.note(tx, "main", crowd) == set()


def test_the_first_is_told_by_its_id(tx, make):
    """It is the first only where no number of the same person was there before by anything else."""
    first_contacts.note(tx, "main", [FirstContact(make.peer, make.at(0), "AC1")])

    assert first_contacts.is_first(tx, "main", (make.peer,), quo_id="AC1")
    assert first_contacts.is_first(tx, "main", (make.peer, OTHER), quo_id="AC1")
    assert not first_contacts.is_first(tx, "main", (make.peer,), quo_id="AC2")
    assert not first_contacts.is_first(tx, "main", (OTHER,), quo_id="AC1")
    assert not first_contacts.is_first(tx, "main", (), quo_id="AC1")
    assert not first_contacts.is_first(tx, "second", (make.peer,), quo_id="AC1")

    first_contacts.note(tx, "main", [FirstContact(OTHER, make.at(-9))])
    assert not first_contacts.is_first(tx, "main", (make.peer, OTHER), quo_id="AC1")
