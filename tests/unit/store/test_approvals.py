"""Approvals: decided once, on the bytes that were shown, or not at all."""

from __future__ import annotations

import threading

import pytest

from quoflow.core.lifecycle import StepState
from quoflow.errors import StoreError, UsageError
from quoflow.store import approvals, runs

S = StepState


@pytest.fixture
def step(tx, make):
    """A step that waits for a decision."""
    waiting = make.step("s1", state=S.NEEDS_APPROVAL, due_at=None)
    make.run(tx, "r1", waiting)
    approvals.request_approval(tx, make.approval(waiting))
    return waiting


def decide(tx, make, *, minute=1, approve=True, **fields):
    known = {"hash": "hash of s1", "actor": "ann", "now": make.at(minute)}
    return approvals.decide(tx, "abcd1234", approve=approve, **(known | fields))


def state(tx):
    return approvals.find_approval(tx, "abcd1234").state


def test_an_approval_comes_back_whole(tx, make, step):
    """What was asked is what is shown."""
    assert approvals.list_pending(tx) == (make.approval(step),)
    assert approvals.find_approval(tx, "abcd1234") == make.approval(step)


def test_yes_queues_the_step(tx, make, step):
    """A yes makes exactly this step due now, and says who said it and when it became ready."""
    assert decide(tx, make) == "decided"
    found, moved = approvals.find_approval(tx, "abcd1234"), runs.find_step(tx, "s1")

    assert (found.state, found.decided_at, found.decided_by) == ("approved", make.at(1), "ann")
    assert (moved.state, moved.due_at) == (S.QUEUED, make.at(1))
    assert moved.hash == step.hash
    assert approvals.list_pending(tx) == ()


def test_no_cancels_the_step(tx, make, step):
    """A no ends the step, and says who said it."""
    assert decide(tx, make, approve=False) == "decided"
    moved = runs.find_step(tx, "s1")

    assert (moved.state, moved.due_at, moved.reason) == (S.CANCELLED, None, "rejected by ann")
    assert state(tx) == "rejected"


@pytest.mark.parametrize(("first", "says"), [(True, "already approved"), (False, "already rejected")])
def test_a_decision_is_made_once(tx, make, step, first, says):
    """The second decision changes nothing, whatever it is."""
    decide(tx, make, approve=first)
    before = runs.find_step(tx, "s1")

    assert decide(tx, make, approve=not first, minute=2) == says
    assert runs.find_step(tx, "s1") == before


def test_a_decision_does_not_outlive_its_step(tx, make, step):
    """When the step asks again, with the same bytes, the old decision does not answer for it."""
    decide(tx, make, approve=False)
    runs.update_step(tx, "s1", expected=set(StepState), now=make.at(2), state=S.NEEDS_APPROVAL)

    assert decide(tx, make, minute=3) == "already rejected"
    assert runs.find_step(tx, "s1").state is S.NEEDS_APPROVAL


def test_other_bytes_cannot_be_approved(tx, make, step):
    """A decision on bytes that are not the recorded ones changes nothing."""
    assert decide(tx, make, hash="what another page showed") == "changed"
    assert (state(tx), runs.find_step(tx, "s1").state) == ("pending", S.NEEDS_APPROVAL)


def test_a_step_that_was_rendered_anew_cannot_be_approved(tx, make, step):
    """When the step's own bytes changed after the request, the old request decides nothing."""
    runs.update_step(tx, "s1", expected={S.NEEDS_APPROVAL}, now=make.now, hash="new bytes")

    assert decide(tx, make) == "changed"
    assert runs.find_step(tx, "s1").state is S.NEEDS_APPROVAL


def test_an_expired_approval_cannot_be_decided(tx, make, step):
    """From the instant of expiry on the answer is no, also before it was swept up."""
    day = 24 * 60

    assert decide(tx, make, minute=day) == "expired"
    assert runs.find_step(tx, "s1").state is S.NEEDS_APPROVAL
    assert approvals.expire_due(tx, now=make.at(day - 1)) == 0
    assert approvals.expire_due(tx, now=make.at(day)) == 1
    moved = runs.find_step(tx, "s1")
    assert (moved.state, moved.reason) == (
        S.CANCELLED,
        "the approval expired at 2026-11-24 15:00 UTC without a decision",
    )
    assert decide(tx, make, minute=day) == "already expired"
    assert approvals.expire_due(tx, now=make.at(day)) == 0


def test_the_last_instant_before_expiry_counts(tx, make, step):
    """Just before its expiry an approval can be decided."""
    assert decide(tx, make, minute=24 * 60 - 0.001) == "decided"


def test_a_cancelled_run_cannot_be_approved(tx, make, step):
    """Cancelling a run takes its questions back."""
    runs.cancel_run(tx, "r1", reason="they answered", now=make.now)

    assert decide(tx, make) == "already cancelled"
    assert runs.find_step(tx, "s1").state is S.CANCELLED


def test_deciding_on_nothing_is_an_error_in_words(tx, make):
    """An id that is not there is said to be, with where to look."""
    with pytest.raises(StoreError, match="no approval `abcd1234`") as caught:
        decide(tx, make)
    assert "approvals list" in caught.value.hint


def test_an_approval_is_found_by_the_beginning_of_its_id(tx, make, step):
    """Four characters are enough where they mean one; a whole id always means itself."""
    twin = make.approval(step, "abcd9999")
    longer = make.approval(step, "abcd12345")

    assert approvals.find_approval(tx, "abcd") == make.approval(step)
    approvals.request_approval(tx, twin)
    approvals.request_approval(tx, longer)
    assert approvals.find_approval(tx, "abcd9") == twin
    assert approvals.find_approval(tx, "abcd1234") == make.approval(step)
    assert approvals.find_approval(tx, "abc") is None
    assert approvals.find_approval(tx, "a%%%") is None
    assert approvals.find_approval(tx, "ffff") is None
    with pytest.raises(UsageError, match="several approvals begin with `abcd`"):
        approvals.find_approval(tx, "abcd")


def test_of_many_threads_one_decides(database, make):
    """When people decide at the same time exactly one decision counts, and the step follows it."""
    with database.write() as tx:
        waiting = make.step("s1", state=S.NEEDS_APPROVAL)
        make.run(tx, "r1", waiting)
        approvals.request_approval(tx, make.approval(waiting))
    barrier, outcomes = threading.Barrier(4), []

    def race(*, approve):
        barrier.wait()
        with database.write() as tx:
            outcomes.append((decide(tx, make, approve=approve, actor=str(approve)), approve))

    threads = [threading.Thread(target=race, kwargs={"approve": number % 2 == 0}) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ((_, winner),) = [outcome for outcome in outcomes if outcome[0] == "decided"]

    with database.read() as tx:
        assert runs.find_step(tx, "s1").state is (S.QUEUED if winner else S.CANCELLED)
        assert approvals.find_approval(tx, "abcd1234").decided_by == str(winner)
    assert {said for said, _ in outcomes} == {"decided", "already approved" if winner else "already rejected"}
