"""The journal of contacts: each attempt's images, and whose turn it is to change one."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from quoflow.store import contact_lock, journal

NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)


def entry(attempt="a1", **changes):
    given = {"before": {"id": "CT1", "v": 1}, "wanted": {"id": "CT1", "v": 2}, "at": NOW, **changes}
    return journal.Entry(attempt_id=attempt, connection="main", run_id="r1", step_id="s1", contact_id="CT1", **given)


def test_a_later_attempt_keeps_the_first_image(tx):
    """After an ambiguous error the repeated write has an entry of its own; what was there at first is still known."""
    journal.save_entry(tx, entry("a2", before={"v": 2}, at=NOW + timedelta(minutes=1)))
    journal.save_entry(tx, entry("a1"))
    found = journal.list_entries(tx, "r1")

    assert [(one.attempt_id, one.before) for one in found] == [("a1", {"id": "CT1", "v": 1}), ("a2", {"v": 2})]


def test_a_refused_write_is_journalled_anew_or_forgotten(tx):
    """After a 409 the attempt's entry holds what was read again; after a refusal there is nothing to take back."""
    journal.save_entry(tx, entry())
    journal.save_entry(tx, entry(before={"v": 3}))
    (again,) = journal.list_entries(tx, "r1")
    journal.forget_entry(tx, "a1")
    gone = journal.list_entries(tx, "r1")

    assert (again.before, gone) == ({"v": 3}, ())


def test_both_versions_of_a_conflict_are_kept(tx):
    """What we wrote and what was read back stand side by side, with the difference in words."""
    journal.save_entry(tx, entry())
    journal.complete_entry(tx, "a1", after={"id": "CT1", "v": 9}, conflict=["first name is different"])
    (found,) = journal.list_entries(tx, "r1")

    assert (found.wanted["v"], found.after, found.conflict) == (2, {"id": "CT1", "v": 9}, ("first name is different",))


def test_a_contact_that_was_made_has_its_id_from_then_on(tx):
    """Until it is read back only its external id is known; then the entry is found under Quo's own."""
    journal.save_entry(tx, replace(entry(before={}), contact_id="external:crm-1"))
    journal.complete_entry(tx, "a1", after={"id": "CT9"}, conflict=[])

    assert [(one.contact_id, one.before) for one in journal.list_entries(tx, "r1")] == [("CT9", {})]


def test_what_quoflow_made_is_told_from_what_it_changed(tx):
    """By Quo's id or by the stand-in; a change of a contact makes none."""

    def is_made(contact_id, stand_in="external:"):
        return journal.is_made(tx, "main", contact_id, stand_in=stand_in)

    journal.save_entry(tx, entry())
    assert not is_made("CT1")

    journal.save_entry(tx, replace(entry("a2", before={}), contact_id="external:crm-1"))
    assert is_made("CT9", "external:crm-1")
    assert not is_made("CT9", "external:crm-2")
    assert not journal.is_made(tx, "other", "CT9", stand_in="external:crm-1")


def test_what_is_undone_once_stays_so(tx):
    """The first to take a change back is on record; a second marking changes nothing, and an undo is not listed."""
    journal.save_entry(tx, entry())
    journal.save_entry(tx, entry("u1", is_undo=True))
    journal.mark_undone(tx, ["a1"], actor="maria", now=NOW)
    journal.mark_undone(tx, ["a1"], actor="bill", now=NOW + timedelta(days=1))
    (found,) = journal.list_entries(tx, "r1")

    assert (found.attempt_id, found.undone_by, found.undone_at) == ("a1", "maria", NOW)


def test_one_changes_contacts_at_a_time(tmp_path):
    """While one holds the turn another is told at once that it is not theirs; afterwards it is."""
    path = tmp_path / "quoflow.db"
    with contact_lock.hold(path, waits=False) as first, contact_lock.hold(path, waits=False) as second:
        seen = (first, second)
    with contact_lock.hold(path, waits=True) as later:
        pass

    assert (*seen, later) == (True, False, True)


def test_what_nobody_saw_the_end_of_is_listed(tx):
    """A change counts as unfinished until it was read back; another contact's, or connection's, is not listed."""
    journal.save_entry(tx, entry("a1"))
    journal.save_entry(tx, entry("a2", at=NOW - timedelta(minutes=1)))
    journal.save_entry(tx, entry("a3"))
    journal.complete_entry(tx, "a3", after={"id": "CT1", "v": 2}, conflict=[])

    assert [one.attempt_id for one in journal.list_unfinished(tx, "main", "CT1")] == ["a2", "a1"]
    assert journal.list_unfinished(tx, "main", "CT2") == journal.list_unfinished(tx, "second", "CT1") == ()
