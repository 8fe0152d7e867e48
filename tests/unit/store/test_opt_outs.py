"""The ledger of opt-outs: the latest word counts, in whatever order it is read, and nothing is ever deleted."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from quoflow.core.opt_out_ledger import Entry, Standing
from quoflow.core.pseudonyms import keyed_hash
from quoflow.store import identity, opt_outs, tables


def word(make, says, minute, *, phone=None, message_id=None, connection="main"):
    # Of two messages at one instant START has the later id: it must not be the id that decides.
    message = message_id or f"{'A' if says == 'STOP' else 'B'}{minute}"
    return Entry(connection, phone or make.peer, says.lower(), says, message, make.at(minute), "certain", f"{says}!")


def say(tx, make, says, minute, **more):
    return opt_outs.enter(tx, word(make, says, minute, **more))


def find(tx, make, connection="main"):
    return opt_outs.find_opt_out(tx, connection=connection, phone=make.peer)


def test_stop_stops_one_number_of_one_connection(tx, make):
    """STOP stands for that number and connection, with its evidence."""
    say(tx, make, "STOP", 1)

    assert find(tx, make) == Standing(word(make, "STOP", 1), "certain")
    assert find(tx, make, "second") is None
    assert opt_outs.find_opt_out(tx, connection="main", phone="+15555550199") is None


@pytest.mark.parametrize("order", [("STOP", "START"), ("START", "STOP")])
@pytest.mark.parametrize(("stop_at", "start_at", "stands"), [(1, 2, False), (2, 1, True), (1, 1, True)])
def test_the_later_word_counts_whichever_is_read_first(tx, make, order, stop_at, start_at, stands):
    """An old STOP read late does not block, an old START read late does not lift; in doubt it blocks."""
    for says in order:
        say(tx, make, says, stop_at if says == "STOP" else start_at)

    assert (find(tx, make) is not None) is stands
    assert len(opt_outs.list_standing(tx)) == stands


def test_reading_a_message_again_changes_nothing(tx, make):
    """The same message is one entry, also after what it said was lifted."""
    entered = [say(tx, make, says, minute) for says, minute in [("STOP", 1), ("START", 2), ("STOP", 1)]]

    assert entered == [True, True, False]
    assert find(tx, make) is None
    assert tx.scalar(select(func.count()).select_from(tables.opt_outs)) == 2


def test_the_list_has_each_number_once(tx, make):
    """Numbers that stand are listed once, with their latest word; those that lifted it are not."""
    say(tx, make, "STOP", 1, phone="+2")
    say(tx, make, "STOP", 3, phone="+2")
    say(tx, make, "STOP", 1, phone="+1", message_id="other")
    say(tx, make, "STOP", 1, phone="+3", message_id="lifted")
    say(tx, make, "START", 2, phone="+3")
    listed = opt_outs.list_standing(tx)

    assert [(phone, one.entry.at) for phone, one in listed] == [("+1", make.at(1)), ("+2", make.at(3))]


def test_entries_are_listed_in_the_order_in_which_they_count(tx, make):
    """All of them, or those of one connection or number."""
    say(tx, make, "START", 2)
    say(tx, make, "STOP", 1)
    say(tx, make, "STOP", 3, phone="+2", connection="second")

    assert [one.word for one in opt_outs.list_entries(tx)] == ["STOP", "START", "STOP"]
    assert [one.phone for one in opt_outs.list_entries(tx, connection="second")] == ["+2"]
    assert [one.word for one in opt_outs.list_entries(tx, phone=make.peer)] == ["STOP", "START"]


def test_an_erased_number_is_known_when_it_comes_back(tx, make):
    """Only its keyed hash is left, without their words; it blocks, and START from the number lifts it."""
    key = identity.find_hash_key(tx)
    say(tx, make, "STOP", 1)
    say(tx, make, "STOP", 1, phone="+15555550199", message_id="other")

    assert opt_outs.erase(tx, make.peer, key=key) == 1

    kept = replace(word(make, "STOP", 1), phone=f"hmac:{keyed_hash(make.peer, key)}", word="", evidence=None)
    assert find(tx, make) == Standing(kept, "certain")
    assert [phone for phone, _ in opt_outs.list_standing(tx)] == ["+15555550199", kept.phone]
    say(tx, make, "START", 2)
    assert find(tx, make) is None
    assert [phone for phone, _ in opt_outs.list_standing(tx)] == ["+15555550199"]


def test_the_list_has_a_number_that_came_back_once(tx, make):
    """What was erased and what was written since are one number's."""
    key = identity.find_hash_key(tx)
    say(tx, make, "STOP", 1)
    opt_outs.erase(tx, make.peer, key=key)
    say(tx, make, "STOP", 2)

    assert [(phone, one.entry.at) for phone, one in opt_outs.list_standing(tx)] == [(make.peer, make.at(2))]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    words=st.lists(st.tuples(st.sampled_from(["STOP", "START"]), st.integers(0, 4)), unique=True),
    data=st.data(),
)
def test_the_order_of_reading_does_not_matter(database, make, words, data):
    """Any permutation of the same messages, some read twice, leaves the same state."""
    again = data.draw(st.lists(st.sampled_from(words))) if words else []
    shuffled = data.draw(st.permutations(words + again))
    with database.write() as tx:
        for says, minute in shuffled:
            say(tx, make, says, minute)
        found, listed = find(tx, make), opt_outs.list_standing(tx)
        tx.rollback()
    latest = max((minute for _, minute in words), default=None)

    assert (found is not None) == (("STOP", latest) in words)
    assert listed == (((make.peer, found),) if found else ())
