"""Runs and steps: once for each event, moved by compare-and-set, and the right step next."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import IntegrityError

from quoflow.core.lifecycle import FINISHED_RUNS, FINISHED_STEPS, RunState, StepState
from quoflow.store import approvals, outbox, runs

S = StepState


# -- runs


def test_a_run_comes_back_whole(tx, make):
    """A run comes back with its steps in their order, or without."""
    second = make.step("s2", position=1, name="after", outcome={"found": True}, reason="why", tries=2)
    run = make.run(tx, "r1", make.step("s1"), second, reason="because", state=RunState.HELD)
    again = runs.find_run(tx, "r1")

    assert again == run
    assert again.steps[1].outcome == {"found": True}
    assert runs.find_run(tx, "r1", with_steps=False) == replace(run, steps=())
    assert runs.find_run(tx, "r2") is None


def test_a_rule_runs_once_for_an_event(tx, make):
    """A second run of a rule for one event is refused without harm; another rule's or connection's is not."""
    run = make.run(tx, "r1")

    assert not runs.add_run(tx, replace(run, id="r2"))
    assert runs.find_run(tx, "r2") is None
    assert runs.add_run(tx, replace(run, id="r3", rule="other"))
    make.run(tx, "r4", event_id=run.event_id, connection="second")


def test_a_run_needs_its_event_and_its_version(tx, make):
    """A run that could not be carried on after a restart is not written."""
    run = make.run(tx, "r1")

    with pytest.raises(IntegrityError), tx.begin_nested():
        runs.add_run(tx, replace(run, id="r2", event_id="unheard of"))
    with pytest.raises(IntegrityError), tx.begin_nested():
        runs.add_run(tx, replace(run, id="r3", rule="other", rule_version="unknown"))


def test_runs_are_listed_newest_first(tx, make):
    """Runs are listed with their steps, by state, connection and time, as many as asked for."""
    make.run(tx, "old", make.step("s1"), started_at=make.at(-2))
    make.run(tx, "new", make.step("s2"), started_at=make.at(-1), state=RunState.SUCCEEDED)
    make.run(tx, "other", connection="second")

    def listed(**options):
        return [run.id for run in runs.list_runs(tx, **options)]

    assert listed() == ["other", "new", "old"]
    assert listed(limit=2) == ["other", "new"]
    assert listed(state="queued") == ["other", "old"]
    assert listed(connection="main", limit=None) == ["new", "old"]
    assert listed(since=make.at(-1)) == ["other", "new"]
    assert [[step.id for step in run.steps] for run in runs.list_runs(tx)] == [[], ["s2"], ["s1"]]


def test_unfinished_runs_are_found_by_number_and_rule(tx, make):
    """Runs at their end are left out; those left are found by connection, number and rule."""
    make.run(tx, "r1", make.step("s1"))
    make.run(tx, "r2", peer="+15555550199", rule="other")
    make.run(tx, "r3", connection="second")
    for state in FINISHED_RUNS:
        make.run(tx, f"at its end: {state}", state=state)

    def found(**options):
        return {run.id for run in runs.list_unfinished_runs(tx, connection="main", **options)}

    assert found() == {"r1", "r2"}
    assert found(peer=make.peer) == {"r1"}
    assert found(rule="other") == {"r2"}
    assert found(peer=make.peer, rule="other") == set()
    assert {run.id for run in runs.list_all_unfinished(tx)} == {"r1", "r2", "r3"}
    assert runs.list_unfinished_runs(tx, connection="main", peer=make.peer)[0].steps[0].id == "s1"


def test_a_run_at_its_end_never_moves(tx, make):
    """A run moves until it is at its end."""
    make.run(tx, "r1")

    assert runs.update_run(tx, "r1", state=RunState.WAITING, reason="until noon", now=make.at(1))
    found = runs.find_run(tx, "r1")
    assert (found.state, found.reason, found.updated_at) == (RunState.WAITING, "until noon", make.at(1))
    assert runs.update_run(tx, "r1", state=RunState.FAILED, reason="no", now=make.at(2))
    assert not runs.update_run(tx, "r1", state=RunState.QUEUED, reason="again", now=make.at(3))
    assert runs.find_run(tx, "r1").reason == "no"


def test_cancelling_a_run_leaves_only_what_may_have_happened(tx, make):
    """Steps and approvals are cancelled; steps at their end, sending or unknown stay as they are."""
    steps = [make.step(state, position=place, state=state) for place, state in enumerate(StepState)]
    make.run(tx, "r1", *steps)
    make.run(tx, "r2", make.step("other"))
    approvals.request_approval(tx, make.approval(make.step(S.NEEDS_APPROVAL, run_id="r1")))

    assert runs.cancel_run(tx, "r1", reason="they answered", now=make.at(1))
    after = {step.id: step.state for step in runs.list_steps(tx, "r1")}
    kept = {*FINISHED_STEPS, S.SENDING, S.UNKNOWN}
    assert after == {state: state if state in kept else S.CANCELLED for state in StepState}
    queued = runs.find_step(tx, S.QUEUED)
    assert (queued.reason, queued.due_at, queued.updated_at) == ("they answered", None, make.at(1))
    assert runs.find_run(tx, "r1").state is RunState.CANCELLED
    assert approvals.find_approval(tx, "abcd1234").state == "cancelled"
    assert runs.find_step(tx, "other").state is S.QUEUED
    assert not runs.cancel_run(tx, "r1", reason="again", now=make.at(2))


def test_stalled_runs_are_those_that_a_decision_moved(tx, make):
    """A run is stalled when a step ended after it was last carried on, or nothing of it is left to do."""
    make.run(tx, "decided", make.step("s1", state=S.CANCELLED, updated_at=make.at(1)), make.step("s2", position=1))
    make.run(tx, "nothing left", make.step("s3", state=S.SUCCEEDED), state=RunState.HELD)
    make.run(tx, "going on", make.step("s4", state=S.SUCCEEDED), make.step("s5", position=1))
    make.run(tx, "woken", make.step("s6", updated_at=make.at(1)))
    make.run(tx, "at its end", make.step("s7", state=S.SUCCEEDED, updated_at=make.at(1)), state=RunState.SUCCEEDED)
    stalled = runs.list_stalled_runs(tx, states=list(RunState))

    assert {run.id for run in stalled} == {"decided", "nothing left"}
    assert [run.id for run in runs.list_stalled_runs(tx, states=["held"])] == ["nothing left"]


# -- steps


def test_a_step_changes_only_from_the_expected_state(tx, make):
    """Compare-and-set: from another state nothing changes."""
    make.run(tx, "r1", make.step("s1", state=S.WAITING))

    assert not runs.update_step(tx, "s1", expected={S.QUEUED, S.HELD}, now=make.at(1), state=S.FAILED)
    assert runs.find_step(tx, "s1").state is S.WAITING
    changes = {"state": S.HELD, "reason": "quiet hours", "due_at": make.at(9), "outcome": {"a": 1}, "tries": 3}
    assert runs.update_step(tx, "s1", expected={S.WAITING}, now=make.at(1), **changes)
    assert runs.find_step(tx, "s1") == make.step("s1", updated_at=make.at(1), **changes)


@pytest.mark.parametrize("state", StepState)
def test_a_step_at_its_end_is_due_no_more(tx, make, state):
    """A step that comes to its end loses its due time; one that does not keeps it."""
    make.run(tx, "r1", make.step("s1"))
    runs.update_step(tx, "s1", expected={S.QUEUED}, now=make.now, state=state)

    assert (runs.find_step(tx, "s1").due_at is None) == (state in FINISHED_STEPS)


@pytest.mark.parametrize("name", ["run_id", "colour"])
def test_a_change_must_be_of_a_field_that_changes(tx, make, name):
    """What a step is cannot be changed, and a misspelt field is an error."""
    make.run(tx, "r1", make.step("s1"))

    with pytest.raises(TypeError, match=name):
        runs.update_step(tx, "s1", expected={S.QUEUED}, now=make.now, **{name: "x"})


def test_of_many_threads_one_wins_a_step(database, make):
    """When threads race for a step exactly one gets it."""
    with database.write() as tx:
        for number in range(10):
            make.run(tx, f"r{number}", make.step(f"s{number}"))
    barrier, won = threading.Barrier(4), []

    def race(name):
        for number in range(10):
            barrier.wait()
            with database.write() as tx:
                if runs.update_step(tx, f"s{number}", expected={S.QUEUED}, now=make.now, state=S.WAITING, reason=name):
                    won.append((number, name))

    threads = [threading.Thread(target=race, args=(f"thread {number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(number for number, _ in won) == list(range(10))
    with database.read() as tx:
        assert {(number, runs.find_step(tx, f"s{number}").reason) for number in range(10)} == set(won)


# -- what is next


def test_the_longest_due_step_is_next(tx, make):
    """Due steps come by when they were due; those not yet due, without a time, or of no workable state do not."""
    for number, (state, minute) in enumerate([(S.QUEUED, -1), (S.HELD, -3), (S.WAITING, -2), (S.QUEUED, 1)]):
        make.run(tx, f"r{number}", make.step(f"s{number}", state=state, due_at=make.at(minute)))
    for state in set(StepState) - set(runs.WORKABLE):
        make.run(tx, state, make.step(state, state=state, due_at=make.at(-9)))
    make.run(tx, "no time", make.step("no time", due_at=None))
    order = []
    while step := runs.next_due(tx, now=make.now):
        order.append(step.id)
        runs.update_step(tx, step.id, expected=runs.WORKABLE, now=make.now, state=S.SUCCEEDED)

    assert order == ["s1", "s2", "s0"]
    assert runs.next_due_at(tx) == make.at(1)
    assert runs.next_due(tx, now=make.at(1)).id == "s3"


@pytest.mark.parametrize("first", StepState)
def test_a_step_waits_for_those_before_it(tx, make, first):
    """A step is next only when every earlier one of its run is at its end."""
    make.run(tx, "r1", make.step("s1", state=first, due_at=None), make.step("s2", position=1, due_at=make.at(-1)))
    due = runs.next_due(tx, now=make.now)

    assert (due is not None) == (first in FINISHED_STEPS)
    assert runs.next_due_at(tx) == (make.at(-1) if first in FINISHED_STEPS else None)


@pytest.mark.parametrize("state", RunState)
def test_a_run_at_its_end_has_nothing_due(tx, make, state):
    """Steps that were left in a run at its end are never carried out."""
    make.run(tx, "r1", make.step("s1"), state=state)

    assert (runs.next_due(tx, now=make.now) is None) == (state in FINISHED_RUNS)
    assert (runs.next_due_at(tx) is None) == (state in FINISHED_RUNS)


def test_only_the_named_connections_are_worked(tx, make):
    """Connections that cannot be reached are left out; naming none means none."""
    make.run(tx, "r1", make.step("s1", due_at=make.at(-1)))
    make.run(tx, "r2", make.step("s2"), connection="second")

    assert runs.next_due(tx, now=make.now, connections=["second"]).id == "s2"
    assert runs.next_due(tx, now=make.now, connections=["main", "second"]).id == "s1"
    assert runs.next_due(tx, now=make.now, connections=[]) is None


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(
    planned=st.lists(
        st.lists(st.tuples(st.sampled_from(list(S)), st.none() | st.integers(-5, 5)), max_size=3), max_size=4
    )
)
def test_next_is_what_the_rule_says(database, make, planned):
    """For any runs, the next step is the longest due of the first unfinished ones; of several, the first in place."""
    workable = []
    with database.write() as tx:
        for number, steps in enumerate(planned):
            records = [
                make.step(
                    f"{number}.{place}",
                    position=place,
                    state=state,
                    due_at=None if minute is None else make.at(minute),
                )
                for place, (state, minute) in enumerate(steps)
            ]
            make.run(tx, f"r{number}", *records)
            first = next((record for record in records if record.state not in FINISHED_STEPS), None)
            if first is not None and first.state in runs.WORKABLE and first.due_at is not None:
                workable.append((first.due_at, first.position, first.id))
        found, found_at = runs.next_due(tx, now=make.now), runs.next_due_at(tx)
        tx.rollback()

    due = [one for one in workable if one[0] <= make.now]
    assert (found.id if found else None) == (min(due)[2] if due else None)
    assert found_at == (min(workable)[0] if workable else None)


def test_held_steps_are_woken(tx, make):
    """After a pause every held step is due at once; others stay as they were."""
    make.run(tx, "r1", make.step("s1", state=S.HELD, due_at=None))
    make.run(tx, "r2", make.step("s2", state=S.HELD, due_at=make.at(60)))
    make.run(tx, "r3", make.step("s3", state=S.WAITING, due_at=make.at(60)))

    assert runs.wake_held(tx, now=make.at(1)) == 2
    assert [runs.find_step(tx, name).due_at for name in ("s1", "s2", "s3")] == [make.at(1), make.at(1), make.at(60)]


def test_two_steps_of_a_run_cannot_stand_in_one_place(tx, make):
    """A step of a rule is written once for each run, so that carrying on twice cannot act twice."""
    make.run(tx, "r1", make.step("s1", path="actions[0]"))

    with pytest.raises(IntegrityError), tx.begin_nested():
        runs.add_steps(tx, [make.step("s2", path="actions[0]", position=1)])
    assert outbox.list_outbox(tx)[0].id == "s1"


@pytest.mark.parametrize("state", list(S))
def test_only_what_cannot_have_happened_is_overdue(tx, make, state):
    """A step past its time is listed while it waits; one that is on its way, unknown or settled is left alone."""
    make.run(tx, "r1", make.step("s1", state=state, deadline_at=make.at(-1)))
    make.run(tx, "r2", make.step("s2", deadline_at=make.at(1)), make.step("s3", position=1, deadline_at=None))
    waits = {S.QUEUED, S.HELD, S.WAITING, S.NEEDS_APPROVAL}

    assert [one.id for one in runs.list_overdue(tx, now=make.at(0))] == (["s1"] if state in waits else [])
