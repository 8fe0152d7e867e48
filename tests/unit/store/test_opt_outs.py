"""The ledger of opt-outs: the latest word counts, in whatever order it is read."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from quoflow.store import opt_outs, tables
from quoflow.store.opt_outs import OptOut


def say(tx, make, says, minute, *, phone=None, message_id=None, connection="main"):
    enter = opt_outs.save_opt_out if says == "STOP" else opt_outs.lift_opt_out
    # Of two messages at one instant START has the later id: it must not be the id that decides.
    message = message_id or f"{'A' if says == 'STOP' else 'B'}{minute}"
    enter(tx, connection=connection, phone=phone or make.peer, word=says, message_id=message, at=make.at(minute))


def find(tx, make, connection="main"):
    return opt_outs.find_opt_out(tx, connection=connection, phone=make.peer)


def test_stop_stops_one_number_of_one_connection(tx, make):
    """STOP stands for that number and connection, with its evidence."""
    say(tx, make, "STOP", 1)

    assert find(tx, make) == OptOut("main", make.peer, "STOP", "A1", make.at(1))
    assert find(tx, make, "second") is None
    assert opt_outs.find_opt_out(tx, connection="main", phone="+15555550199") is None


@pytest.mark.parametrize("order", [("STOP", "START"), ("START", "STOP")])
@pytest.mark.parametrize(("stop_at", "start_at", "stands"), [(1, 2, False), (2, 1, True), (1, 1, True)])
def test_the_later_word_counts_whichever_is_read_first(tx, make, order, stop_at, start_at, stands):
    """An old STOP read late does not block, an old START read late does not lift; in doubt it blocks."""
    for says in order:
        say(tx, make, says, stop_at if says == "STOP" else start_at)

    assert (find(tx, make) is not None) is stands
    assert len(opt_outs.list_opt_outs(tx)) == stands


def test_reading_a_message_again_changes_nothing(tx, make):
    """The same message is one entry, also after what it said was lifted."""
    for says, minute in [("STOP", 1), ("START", 2), ("STOP", 1)]:
        say(tx, make, says, minute)

    assert find(tx, make) is None
    assert tx.scalar(select(func.count()).select_from(tables.opt_outs)) == 2


def test_the_list_has_each_number_once(tx, make):
    """Numbers that stand are listed once, with their latest word; those that lifted it are not."""
    say(tx, make, "STOP", 1, phone="+2")
    say(tx, make, "STOP", 3, phone="+2")
    say(tx, make, "STOP", 1, phone="+1", message_id="other")
    say(tx, make, "STOP", 1, phone="+3", message_id="lifted")
    say(tx, make, "START", 2, phone="+3")

    assert [(one.phone, one.at) for one in opt_outs.list_opt_outs(tx)] == [("+1", make.at(1)), ("+2", make.at(3))]


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
        found, listed = find(tx, make), opt_outs.list_opt_outs(tx)
        tx.rollback()
    latest = max((minute for _, minute in words), default=None)

    assert (found is not None) == (("STOP", latest) in words)
    assert listed == ((found,) if found else ())
