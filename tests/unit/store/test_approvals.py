"""Approvals: decided once, on the bytes that were shown, or not at all."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from quoflow.core import lifecycle
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


def test_what_a_run_asks_for_at_once_comes_in_the_order_of_its_steps(tx, make):
    """Ids are drawn by chance; people read what is done first before what is done next."""
    first = make.step("s9", path="actions[0]", position=0, state=S.NEEDS_APPROVAL, due_at=None)
    second = make.step("s1", path="actions[1]", position=1, state=S.NEEDS_APPROVAL, due_at=None)
    make.run(tx, "r1", first, second)
    approvals.request_approval(tx, replace(make.approval(second), id="aaaa"))
    approvals.request_approval(tx, replace(make.approval(first), id="zzzz"))

    assert [one.id for one in approvals.list_pending(tx)] == ["zzzz", "aaaa"]


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
    """The second decision changes nothing, whatever it is; who says the same again is told so."""
    decide(tx, make, approve=first)
    before = runs.find_step(tx, "s1")

    assert decide(tx, make, approve=not first, minute=2) == says
    assert decide(tx, make, approve=first, minute=2, actor="bea") == says
    assert decide(tx, make, approve=first, minute=2) == "repeated"
    assert decide(tx, make, approve=first, minute=2, hash="other bytes") == says
    assert runs.find_step(tx, "s1") == before
    assert approvals.find_approval(tx, "abcd1234").decided_at == make.at(1)


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

    def race(number):
        approve = number % 2 == 0
        barrier.wait()
        with database.write() as tx:
            outcomes.append((decide(tx, make, approve=approve, actor=f"person {number}"), number))

    threads = [threading.Thread(target=race, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ((_, winner),) = [outcome for outcome in outcomes if outcome[0] == "decided"]
    is_yes = winner % 2 == 0

    with database.read() as tx:
        assert runs.find_step(tx, "s1").state is (S.QUEUED if is_yes else S.CANCELLED)
        assert approvals.find_approval(tx, "abcd1234").decided_by == f"person {winner}"
    assert {said for said, _ in outcomes} == {"decided", "already approved" if is_yes else "already rejected"}


TWO = approvals.Terms(approvers=2)
OTHERS = approvals.Terms(self_approval=False)


def test_two_approvers_are_two_people(tx, make, step):
    """The first yes is a vote and sends nothing; the same person again is no second one; another's yes decides."""
    assert decide(tx, make, terms=TWO) == "voted"
    assert (state(tx), runs.find_step(tx, "s1").state) == ("pending", S.NEEDS_APPROVAL)
    assert decide(tx, make, minute=2, terms=TWO) == "repeated"
    assert (state(tx), runs.find_step(tx, "s1").state) == ("pending", S.NEEDS_APPROVAL)
    assert decide(tx, make, minute=3, actor="bea", channel="text", terms=TWO) == "decided"
    found = approvals.find_approval(tx, "abcd1234")

    assert (found.state, found.decided_at, found.decided_by) == ("approved", make.at(3), "ann, bea")
    assert runs.find_step(tx, "s1").state is S.QUEUED
    assert approvals.list_voters(tx, ["abcd1234"]) == {"abcd1234": ("ann", "bea")}
    assert decide(tx, make, minute=4, terms=TWO) == "repeated"


def test_one_no_is_enough(tx, make, step):
    """A no after a vote ends it; the voter's yes does not count any more."""
    decide(tx, make, terms=TWO)

    assert decide(tx, make, actor="bea", approve=False, terms=TWO) == "decided"
    assert decide(tx, make, actor="carl", terms=TWO) == "already rejected"
    assert decide(tx, make, terms=TWO) == "already rejected"
    assert runs.find_step(tx, "s1").state is S.CANCELLED


def test_a_vote_on_other_bytes_or_too_late_is_none(tx, make, step):
    """A vote is a decision: hash and time are asked of each one."""
    assert decide(tx, make, hash="other bytes", terms=TWO) == "changed"
    assert decide(tx, make, minute=24 * 60, terms=TWO) == "expired"
    assert approvals.list_voters(tx, ["abcd1234"]) == {}


def test_votes_at_the_same_time_decide_once(database, make):
    """Of many voters at once the second person decides, and nobody else; a double click is one vote."""
    with database.write() as tx:
        waiting = make.step("s1", state=S.NEEDS_APPROVAL)
        make.run(tx, "r1", waiting)
        approvals.request_approval(tx, make.approval(waiting))
    barrier, outcomes = threading.Barrier(4), []

    def race(number):
        barrier.wait()
        with database.write() as tx:
            outcomes.append(decide(tx, make, actor=f"person {number // 2}", terms=TWO))

    threads = [threading.Thread(target=race, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert (outcomes.count("voted"), outcomes.count("decided"), outcomes.count("repeated")) == (1, 1, 2)


def test_nobody_approves_their_own_wish(tx, make):
    """Who fired the rule by hand, and everyone who edited the text, may say no but not yes; others may."""
    waiting = make.step("s1", state=S.NEEDS_APPROVAL, due_at=None)
    make.run(tx, "r1", waiting)
    approvals.request_approval(tx, make.approval(waiting, "first", state="superseded", edited_by="bea"))
    approvals.request_approval(tx, make.approval(waiting, asked_by="ann", edited_by="carl"))

    assert [decide(tx, make, actor=name, terms=OTHERS) for name in ("ann", "bea", "carl")] == ["own", "own", "own"]
    assert (state(tx), approvals.list_voters(tx, ["abcd1234"])) == ("pending", {})
    assert decide(tx, make, actor="dora", terms=OTHERS) == "decided"


def test_a_no_to_ones_own_wish_counts(tx, make):
    """Withdrawing is never refused."""
    waiting = make.step("s1", state=S.NEEDS_APPROVAL, due_at=None)
    make.run(tx, "r1", waiting)
    approvals.request_approval(tx, make.approval(waiting, asked_by="ann"))

    assert decide(tx, make, approve=False, terms=OTHERS) == "decided"


def supersede(tx, make, old, *, minute=1):
    """Edit what an approval shows."""
    write = lifecycle.thaw_write(runs.find_step(tx, "s1"), rule_version="v1")
    write = replace(write, text="Hello", payload={**write.payload, "content": "Hello"}, segments=2)
    new = replace(old, id="edited", text="Hello", payload=write.payload, hash=write.hash, edited_by="bea")
    return approvals.supersede(tx, old, new, write=write, now=make.at(minute)), write


def test_an_edit_moves_the_step_and_the_question_together(tx, make, step):
    """The old question decides nothing any more, the new one binds the new bytes, which stand in the step."""
    decide(tx, make, terms=TWO)
    outcome, write = supersede(tx, make, make.approval(step))
    moved = runs.find_step(tx, "s1")

    assert outcome == "decided"
    assert (moved.state, moved.text, moved.payload["content"], moved.segments) == (
        S.NEEDS_APPROVAL,
        "Hello",
        "Hello",
        2,
    )
    assert moved.hash == write.hash == approvals.find_approval(tx, "edited").hash
    assert (state(tx), approvals.find_approval(tx, "abcd1234").decided_by) == ("superseded", "bea")
    assert [one.id for one in approvals.list_pending(tx)] == ["edited"]
    assert approvals.list_voters(tx, ["edited"]) == {}
    assert decide(tx, make, minute=2) == "already superseded"
    assert approvals.decide(tx, "edited", hash=write.hash, approve=True, actor="carl", now=make.at(2)) == "decided"


@pytest.mark.parametrize("how", ["decided", "expired", "edited"])
def test_what_waits_no_longer_cannot_be_edited(tx, make, step, how):
    """An edit that comes too late changes nothing."""
    old = make.approval(step)
    if how == "decided":
        decide(tx, make)
    elif how == "edited":
        supersede(tx, make, old)
    before = runs.find_step(tx, "s1")
    outcome, _ = supersede(tx, make, old, minute=24 * 60 if how == "expired" else 2)

    assert outcome == {"decided": "already approved", "expired": "expired", "edited": "already superseded"}[how]
    assert runs.find_step(tx, "s1") == before


def test_a_yes_covers_exactly_its_bytes(tx, make, step):
    """What a yes stands for is asked by the hash, of this step, and only once it is given."""
    assert not approvals.is_covered(tx, "s1", hash="hash of s1")
    decide(tx, make)

    assert approvals.is_covered(tx, "s1", hash="hash of s1")
    assert not approvals.is_covered(tx, "s1", hash="other bytes")
    assert not approvals.is_covered(tx, "s2", hash="hash of s1")
