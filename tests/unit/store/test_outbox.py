"""The outbox: an intent before the first byte, one outcome, and nothing sent twice."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from quoflow.core.lifecycle import FINISHED_STEPS, RunState, StepState
from quoflow.store import outbox, resends, runs
from quoflow.store.database import Database

S = StepState


@pytest.fixture
def step(tx, make):
    """A text that is queued."""
    queued = make.step("s1", tries=1)
    make.run(tx, "r1", queued)
    return queued


def take(tx, make, step, attempt_id="a1", **fields):
    return outbox.take_intent(tx, make.attempt(step, attempt_id, **fields), now=make.at(1))


def settle(tx, make, attempt_id="a1", state="sent", **fields):
    return outbox.settle(tx, attempt_id, state=state, now=make.at(2), **({"reason": ""} | fields))


def another(tx, make, name, **fields):
    """Write one more queued text, of its own run."""
    queued = make.step(name, **fields)
    make.run(tx, f"run of {name}", queued)
    return replace(queued, run_id=f"run of {name}")


# -- taking the intent


@pytest.mark.parametrize("state", StepState)
def test_an_intent_is_taken_from_queued_or_held_only(tx, make, state):
    """A write in any other state is not taken up, and leaves no attempt."""
    step = another(tx, make, "s1", state=state)
    taken = take(tx, make, step)

    assert taken == (state in (S.QUEUED, S.HELD))
    assert runs.find_step(tx, "s1").state is (S.SENDING if taken else state)
    assert outbox.list_unsettled(tx) == ((make.attempt(step),) if taken else ())


def test_taking_an_intent_counts_a_try(tx, make, step):
    """The step is sending, due no more, and has been tried once more."""
    take(tx, make, step)
    taken = runs.find_step(tx, "s1")

    assert (taken.state, taken.due_at, taken.tries, taken.updated_at) == (S.SENDING, None, 2, make.at(1))


@pytest.mark.parametrize("fields", [{"payload_hash": "other bytes"}, {"step_id": "s9"}])
def test_other_bytes_are_not_taken(tx, make, step, fields):
    """An intent for bytes that are not the step's, or for no step, is refused."""
    assert not take(tx, make, step, **fields)
    assert runs.find_step(tx, "s1") == step


def test_a_step_that_is_no_write_is_not_taken(tx, make):
    """Only writes go through the outbox."""
    step = another(tx, make, "s1", is_write=False)

    assert not take(tx, make, step)


@pytest.mark.parametrize("state", ["sending", "sent", "unknown"])
def test_a_step_that_slipped_back_is_not_sent_again(tx, make, step, state):
    """Even if something put a step back in the queue, what happened or may have happened is not done again."""
    take(tx, make, step)
    if state != "sending":
        settle(tx, make, state=state)
    runs.update_step(tx, "s1", expected=set(StepState), now=make.now, state=S.QUEUED)

    assert not take(tx, make, step, "a2")


def test_of_many_threads_one_takes_the_intent(database, make):
    """When workers race for a write exactly one may send it."""
    with database.write() as tx:
        step = another(tx, make, "s1")
    barrier, taken = threading.Barrier(4), []

    def race(name):
        barrier.wait()
        with database.write() as tx:
            if take(tx, make, step, name):
                taken.append(name)

    threads = [threading.Thread(target=race, args=(f"a{number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with database.read() as tx:
        assert [attempt.id for attempt in outbox.list_unsettled(tx)] == taken
    assert len(taken) == 1


# -- settling


@pytest.mark.parametrize(
    ("state", "step_state", "finished"),
    [("sent", S.SUCCEEDED, 2), ("failed", S.FAILED, 2), ("unknown", S.UNKNOWN, None)],
)
def test_an_attempt_and_its_step_settle_together(tx, make, step, state, step_state, finished):
    """The outcome is on the attempt and on the step, with the reason."""
    take(tx, make, step)
    assert settle(tx, make, state=state, reason="why", outcome={"status": "x"})
    row = outbox.list_outbox(tx)[0]
    settled = runs.find_step(tx, "s1")

    assert (settled.state, settled.reason, settled.outcome, settled.due_at) == (
        step_state,
        "why",
        {"status": "x"},
        None,
    )
    assert (row.state, row.reason, row.attempts) == (state, "why", 1)
    unknown = resends.list_lost(tx)
    assert [one.finished_at for one in unknown] == ([None] if finished is None else [])


@pytest.mark.parametrize("state", ["sent", "failed"])
def test_an_outcome_is_final(tx, make, step, state):
    """What was sent or failed is not settled or released again."""
    take(tx, make, step)
    settle(tx, make, state=state)
    before = runs.find_step(tx, "s1")

    assert not settle(tx, make, state="unknown")
    assert not outbox.release(tx, "a1", reason="", now=make.at(3), due_at=make.at(3))
    assert not settle(tx, make, "no such attempt")
    assert runs.find_step(tx, "s1") == before


@pytest.mark.parametrize("state", ["sent", "failed", "unknown"])
def test_unknown_is_settled_by_evidence(tx, make, step, state):
    """An attempt of unknown fate can still be found, given up, or stay unknown."""
    take(tx, make, step)
    settle(tx, make, state="unknown", reason="timed out")

    assert settle(tx, make, state=state, reason="looked")
    assert runs.find_step(tx, "s1").state is outbox.STEP_STATES[state]


def test_a_message_is_claimed_once(tx, make, step):
    """Two identical texts need two messages: an id that another attempt has changes nothing, and the next is tried."""
    other = another(tx, make, "s2")
    for one, attempt_id in ((step, "a1"), (other, "a2")):
        take(tx, make, one, attempt_id)
        settle(tx, make, attempt_id, state="unknown", reason="timed out")

    assert settle(tx, make, "a1", message_id="AC1")
    assert not settle(tx, make, "a2", message_id="AC1")
    assert runs.find_step(tx, "s2").state is S.UNKNOWN
    assert [attempt.message_id for attempt in resends.list_lost(tx)] == [None]
    assert settle(tx, make, "a2", message_id="AC2")
    assert outbox.claimed_ids(tx, connection="main", ids=["AC1", "AC2", "AC3"]) == {"AC1", "AC2"}
    assert outbox.claimed_ids(tx, connection="second", ids=["AC1"]) == set()


def test_another_connection_may_have_the_same_message_id(tx, make, step):
    """Ids are unique within a connection only."""
    theirs = make.step("s2", connection="second")
    make.run(tx, "r2", theirs, connection="second")
    take(tx, make, step)
    take(tx, make, replace(theirs, run_id="r2"), "a2")

    assert settle(tx, make, "a1", message_id="AC1")
    assert settle(tx, make, "a2", message_id="AC1")


def test_of_many_threads_one_claims_a_message(database, make):
    """When attempts race for one message exactly one gets it."""
    with database.write() as tx:
        for number in range(4):
            take(tx, make, another(tx, make, f"s{number}"), f"a{number}")
    barrier, claimed = threading.Barrier(4), []

    def race(name):
        barrier.wait()
        with database.write() as tx:
            if settle(tx, make, name, message_id="AC1"):
                claimed.append(name)

    threads = [threading.Thread(target=race, args=(f"a{number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(claimed) == 1
    with database.read() as tx:
        assert {attempt.id for attempt in outbox.list_unsettled(tx)} == {"a0", "a1", "a2", "a3"} - set(claimed)


def test_what_was_provably_not_sent_is_queued_again(tx, make, step):
    """A released attempt has failed, and its step is due again and can be taken again."""
    take(tx, make, step)
    assert outbox.release(tx, "a1", reason="429", now=make.at(2), due_at=make.at(5))
    released = runs.find_step(tx, "s1")

    assert (released.state, released.reason, released.due_at) == (S.QUEUED, "429", make.at(5))
    assert outbox.list_unsettled(tx) == ()
    assert take(tx, make, step, "a2", started_at=make.at(5))
    assert outbox.list_outbox(tx)[0].attempts == 2


def test_nothing_is_queued_again_for_a_run_at_its_end(tx, make, step):
    """A text that was on its way when its run was cancelled is not sent a second time."""
    take(tx, make, step)
    runs.cancel_run(tx, "r1", reason="they answered", now=make.at(1))
    assert runs.find_step(tx, "s1").state is S.SENDING

    assert outbox.release(tx, "a1", reason="429", now=make.at(2), due_at=make.at(5))
    assert runs.find_step(tx, "s1").state is S.CANCELLED
    assert runs.next_due(tx, now=make.at(9)) is None


def test_looks_are_counted(tx, make, step):
    """How often an attempt was looked for is kept with it."""
    take(tx, make, step)
    outbox.count_look(tx, "a1")
    outbox.count_look(tx, "a1")

    assert outbox.list_unsettled(tx)[0].looks == 2


# -- asking


def fill(tx, make):
    """Write one attempt in each state, a minute apart, and some that are different in one way."""
    for minute, state in enumerate(("sending", "unknown", "sent", "failed")):
        step = another(tx, make, state, segments=2**minute)
        take(tx, make, step, state, started_at=make.at(minute), normal_text=state)
        if state != "sending":
            settle(tx, make, state, state=state)
    other = another(tx, make, "other", to="+15555550199", segments=100)
    take(tx, make, other, "other", started_at=make.at(9), line_id="PN2")
    tag = another(tx, make, "tag", action="tag_contact", segments=0)
    take(tx, make, tag, "tag", started_at=make.at(9), text=None, normal_text=None)


def test_segments_add_up_over_all_numbers(tx, make):
    """The budget counts what went out or may have, to everyone."""
    fill(tx, make)

    assert outbox.sum_segments(tx, connection="main", since=make.now) == 1 + 2 + 4 + 100
    assert outbox.sum_segments(tx, connection="main", since=make.at(2)) == 4 + 100
    assert outbox.sum_segments(tx, connection="second", since=make.now) == 0


def test_pending_texts_are_those_that_may_be_on_their_way(tx, make):
    """The texts of a line to a number that are sending or unknown, and no others."""
    fill(tx, make)
    here = {"connection": "main", "to": make.peer, "at": make.at(9)}

    assert outbox.pending_texts(tx, line_id="PN1", **here) == ("sending", "unknown")
    assert outbox.pending_texts(tx, line_id="PN2", **here) == ()


@pytest.mark.parametrize("quo_at", [None, 30])
def test_a_message_of_another_time_is_nobodys_pending_text(tx, make, step, quo_at):
    """What was written before the attempt began, or over a day after it, is somebody else's; Quo's clock counts."""
    take(tx, make, step, started_at=make.at(0), quo_at=None if quo_at is None else make.at(quo_at))
    begun, slack = make.at(quo_at or 0), outbox.SKEW if quo_at is None else outbox.SLACK
    moment, day = timedelta(seconds=1), timedelta(hours=24)
    tried = (begun - slack - moment, begun - slack, begun + day, begun + day + moment)
    here = {"connection": "main", "line_id": "PN1", "to": make.peer}

    assert [bool(outbox.pending_texts(tx, **here, at=at)) for at in tried] == [False, True, True, False]


def test_unsettled_and_unknown_are_listed_oldest_first(tx, make):
    """What needs evidence is listed by when it began."""
    fill(tx, make)

    assert [one.id for one in outbox.list_unsettled(tx)] == ["sending", "other", "tag"]
    assert [one.id for one in resends.list_lost(tx)] == ["unknown"]


@pytest.mark.parametrize("state", StepState)
def test_every_state_has_its_word(tx, make, state):
    """Each write is listed under one of the outbox's seven states, and found by it."""
    another(tx, make, "s1", state=state)
    (row,) = outbox.list_outbox(tx)

    assert outbox.list_outbox(tx, states=[row.state]) == (row,)
    assert outbox.list_outbox(tx, states={*outbox.OUTBOX_STATES.values()} - {row.state}) == ()


def test_the_outbox_shows_each_write_with_its_latest_attempt(tx, make, step):
    """A row says what is sent, to whom, for which run, and what came of it; the newest is first."""
    take(tx, make, step)
    outbox.release(tx, "a1", reason="429", now=make.at(2), due_at=make.at(5))
    take(tx, make, step, "a2", started_at=make.at(5))
    settle(tx, make, "a2", message_id="AC1")
    another(tx, make, "s2", created_at=make.at(1))
    another(tx, make, "unknown bytes", hash=None)
    another(tx, make, "no write", is_write=False)
    newest, first = outbox.list_outbox(tx)

    assert newest.id == "s2"
    assert first == outbox.OutboxRow("s1", "r1", "greet", "send_message", make.peer, "Hi", "sent", "AC1", 2, "")
    assert outbox.list_outbox(tx, limit=1) == (newest,)


# -- any sequence


class Sending(RuleBasedStateMachine):
    """Whatever workers, lookers, people and cancellations do in whatever order, each write happens at most once."""

    @initialize()
    def begin(self):
        self.database = Database.open(self.folder / "quoflow.db", clock=lambda: self.make.now)
        self.transaction = self.database.write()
        self.tx = self.transaction.__enter__()
        self.steps = [another(self.tx, self.make, f"s{number}") for number in range(3)]
        self.attempts = []
        self.sent = {step.id: 0 for step in self.steps}

    def teardown(self):
        if hasattr(self, "tx"):
            self.tx.rollback()
            self.transaction.__exit__(None, None, None)
            self.database.close()

    @rule(number=st.integers(0, 2))
    def send(self, number):
        attempt_id = f"a{len(self.attempts)}"
        if take(self.tx, self.make, self.steps[number], attempt_id):
            self.attempts.append((attempt_id, self.steps[number].id))

    @rule(data=st.data(), state=st.sampled_from(["sent", "failed", "unknown"]), message=st.sampled_from("ABC"))
    def learn(self, data, state, message):
        if self.attempts:
            attempt_id, step_id = data.draw(st.sampled_from(self.attempts))
            claim = message if state == "sent" else None
            done = settle(self.tx, self.make, attempt_id, state=state, message_id=claim)
            self.sent[step_id] += done and state == "sent"

    @rule(data=st.data())
    def give_back(self, data):
        if self.attempts:
            attempt_id, _ = data.draw(st.sampled_from(self.attempts))
            outbox.release(self.tx, attempt_id, reason="", now=self.make.now, due_at=self.make.now)

    @rule(number=st.integers(0, 2))
    def cancel(self, number):
        runs.cancel_run(self.tx, self.steps[number].run_id, reason="", now=self.make.now)

    @invariant()
    def holds(self):
        if not hasattr(self, "tx"):
            return
        pending = {one.step_id: one.state for one in (*outbox.list_unsettled(self.tx), *resends.list_lost(self.tx))}
        for step in self.steps:
            record = runs.find_step(self.tx, step.id)
            run = runs.find_run(self.tx, step.run_id)
            assert self.sent[step.id] <= 1
            assert (self.sent[step.id] == 1) == (record.state is S.SUCCEEDED)
            assert (step.id in pending) == (record.state in (S.SENDING, S.UNKNOWN))
            assert pending.get(step.id, record.state) == record.state
            if run.state is RunState.CANCELLED:
                assert record.state in {*FINISHED_STEPS, S.SENDING, S.UNKNOWN}
        ids = [row.message_id for row in outbox.list_outbox(self.tx) if row.message_id]
        assert len(ids) == len(set(ids))


def test_any_sequence_sends_once(tmp_path_factory, make):
    """No sequence of sending, learning, giving back and cancelling breaks the outbox's promises."""

    class Here(Sending):
        def __init__(self):
            super().__init__()
            self.make = make
            self.folder = tmp_path_factory.mktemp("outbox")

    Here.TestCase.settings = settings(max_examples=25, stateful_step_count=20, deadline=None)
    Here.TestCase("runTest").runTest()
