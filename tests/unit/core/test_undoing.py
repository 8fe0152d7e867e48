"""Three states of a contact, before, wanted and now, decide what may be taken back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quoflow.core import undoing
from quoflow.core.undoing import Change

NAME, MISSED, VIP = ("first name", ""), ("custom field tags", "missed"), ("custom field tags", "vip")


@pytest.mark.parametrize(
    ("now", "verdict"),
    [
        ({NAME: "Ann"}, "restore"),
        ({NAME: "Anna"}, "same"),
        ({NAME: "Anne"}, "left"),
        ({}, "left"),
    ],
)
def test_only_what_is_still_as_we_wrote_it_is_restored(now, verdict):
    """What somebody has changed since is left alone, and what is as before needs nothing."""
    (undone,) = undoing.undo_changes([Change(NAME, "Anna", "Ann")], now)

    assert (undone.verdict, undone.now) == (verdict, now.get(NAME))


def test_a_change_is_told_entry_by_entry():
    """What is the same on both sides is no change of ours; what appears or goes is."""
    before = {NAME: "Anna", VIP: "vip"}
    wanted = {NAME: "Anna", MISSED: "missed"}

    assert undoing.list_changes(before, wanted) == (Change(VIP, "vip", None), Change(MISSED, None, "missed"))


def test_a_second_try_covers_the_first_only_where_it_changed_the_same():
    """After an ambiguous first try, what only that one changed is still known, from before it."""
    first = undoing.list_changes({}, {MISSED: "missed", NAME: "Ann"})
    second = undoing.list_changes({NAME: "Bea", MISSED: "missed"}, {NAME: "Ann", MISSED: "missed"})

    assert undoing.merge_changes([*first, *second]) == (Change(MISSED, None, "missed"), Change(NAME, "Bea", "Ann"))


def test_the_steps_of_a_run_are_undone_together():
    """Two steps that changed one entry are undone to before the first; a change that a later step took back is none."""
    steps = [[Change(NAME, "A", "B"), Change(VIP, None, "vip")], [Change(NAME, "B", "C"), Change(VIP, "vip", None)]]

    assert undoing.chain_changes(steps) == (Change(NAME, "A", "C"),)


def test_an_edit_between_two_steps_is_where_undoing_ends():
    """A person wrote X between our B and C: undoing goes back to their X, not to our A."""
    steps = [[Change(NAME, "A", "B")], [Change(NAME, "X", "C")]]

    assert undoing.chain_changes(steps) == (Change(NAME, "X", "C"),)


KEYS = st.tuples(st.sampled_from(["tags", "phone", "role"]), st.sampled_from(["", "a", "b"]))
STATES = st.dictionaries(KEYS, st.integers(0, 2), max_size=6)


@given(before=STATES, wanted=STATES, theirs=STATES)
def test_undoing_gives_back_exactly_what_was_ours(before, wanted, theirs):
    """Whatever others have changed since: theirs stays, ours is as before, and a second time does nothing."""
    now = wanted | theirs
    undone = undoing.undo_changes(undoing.list_changes(before, wanted), now)
    after = now | {one.change.key: one.change.before for one in undone if one.verdict == "restore"}

    touched = {key for key in {*now, *after} if now.get(key) != after.get(key)}
    assert all(now.get(key) == wanted.get(key) and after.get(key) == before.get(key) for key in touched)
    again = undoing.undo_changes(undoing.list_changes(before, wanted), after)
    assert [one for one in again if one.verdict == "restore"] == []
