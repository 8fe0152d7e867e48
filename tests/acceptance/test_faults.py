"""What the network does to us, through the real command: never twice, never lost, never silent."""

from __future__ import annotations

import pytest

from .conftest import ANNA, ANSWER, BILL, UNLIMITED, WATCH


@pytest.fixture
def answering(make_firm):
    """A firm that answers every text by itself, and watches what is sent by others."""
    firm = make_firm(ANSWER, WATCH, auto=True, guards=UNLIMITED)
    firm.begin()
    return firm


def row(firm):
    (found,) = firm.list("outbox")
    return found


def look_often(firm):
    """Let every later look at a write happen, and more."""
    for ahead in ("1m", "5m", "1h"):
        firm.once(ahead=ahead)


@pytest.mark.parametrize(
    ("kind", "more"),
    [("reset_after", {}), ("garbage_2xx", {}), ("500", {"accept": True}), ("502_html", {"accept": True})],
)
def test_an_accepted_text_whose_answer_is_lost_is_claimed(answering, kind, more):
    """Where Quo took the text and we did not hear so, it is found in the conversation, claimed, never sent again."""
    answering.quo.write("hi", ANNA)
    answering.quo.fault(kind, "/v1/messages", method="POST", **more)
    answering.once()
    found = row(answering)
    look_often(answering)

    (sent,) = answering.quo.sent()
    assert (found["state"], found["message_id"]) == ("sent", sent["id"])
    assert answering.states() == [("answer", "succeeded")]


@pytest.mark.parametrize("kind", ["reset_before", "500", "502_html"])
def test_a_text_that_nobody_knows_about_is_parked(answering, kind):
    """Where it cannot be proved either way, it is listed as unknown with the reason, and not sent by itself, ever."""
    answering.quo.write("hi", ANNA)
    answering.quo.fault(kind, "/v1/messages", method="POST")
    answering.once()
    look_often(answering)

    found = answering.list("outbox", "--state", "unknown")[0]
    assert (found["state"], found["attempts"], found["message_id"]) == ("unknown", 1, None)
    assert found["reason"]
    assert answering.states() == [("answer", "held")]
    assert len(answering.quo.writes()) == 1


@pytest.mark.parametrize(("kind", "state"), [("timeout_before", "unknown"), ("timeout_after", "sent")])
def test_a_time_out_is_reconciled(answering, kind, state):
    """An answer that never comes ends by itself; what was accepted is claimed, what was not is unknown."""
    answering.quo.write("hi", ANNA)
    answering.quo.fault(kind, "/v1/messages", method="POST")
    answering.once()
    look_often(answering)

    assert row(answering)["state"] == state
    assert len(answering.quo.writes()) == 1
    assert len(answering.quo.sent()) == (state == "sent")


def test_identical_texts_are_claimed_one_by_one(answering):
    """Two texts of the same words, both uncertain, one accepted: one is sent, one is unknown, none is claimed twice."""
    answering.quo.write("hi", ANNA)
    answering.quo.write("hi", ANNA)
    answering.quo.fault("reset_after", "/v1/messages", method="POST")
    answering.quo.fault("reset_before", "/v1/messages", method="POST")
    answering.once()
    look_often(answering)

    assert sorted(one["state"] for one in answering.list("outbox")) == ["sent", "unknown"]
    assert len(answering.quo.sent()) == 1


def test_a_storm_of_429_on_sends_ends_in_one_text(answering):
    """Too many requests are provably not sent: the text is tried again later, and goes out once."""
    answering.quo.write("hi", ANNA)
    answering.quo.fault("429", "/v1/messages", method="POST", times=3)
    answering.once()
    waiting = row(answering)
    assert (waiting["state"], waiting["attempts"]) == ("queued", 1)
    for ahead in ("1m", "10m", "1h", "2h"):
        answering.once(ahead=ahead)

    assert (row(answering)["state"], row(answering)["attempts"]) == ("sent", 4)
    assert len(answering.quo.sent()) == 1


@pytest.mark.parametrize(("kind", "says"), [("401", "MATON_API_KEY"), ("402", "credits")])
def test_what_a_person_must_mend_holds_the_text(answering, kind, says):
    """A refused key or an empty account holds the text with the reason; once mended it goes out, once."""
    answering.quo.write("hi", ANNA)
    answering.quo.fault(kind, "/v1/messages", method="POST")
    answering.once()
    held = row(answering)
    answering.once()
    assert answering.quo.sent() == []
    answering.once(ahead="2m")

    assert (held["state"], says in held["reason"]) == ("held", True)
    assert row(answering)["state"] == "sent"
    assert len(answering.quo.sent()) == 1


@pytest.mark.parametrize(("kind", "code"), [("400", ""), ("403", "0299403"), ("422", "")])
def test_a_refused_text_fails_and_the_others_go_on(answering, kind, code):
    """What Quo refuses for good, for this recipient, is not tried again, and does not stand in the way of the next."""
    answering.quo.write("hi", ANNA)
    answering.quo.fault(kind, "/v1/messages", method="POST", code=code)
    answering.once()
    answering.quo.write("hello", BILL)
    answering.once()
    answering.once(ahead="1h")

    assert sorted((one["state"], one["attempts"]) for one in answering.list("outbox")) == [("failed", 1), ("sent", 1)]
    assert [one["to"] for one in answering.quo.sent()] == [BILL]


def test_reads_are_tried_again(answering):
    """A gateway's page, a storm of 429, a cut connection and half an answer on reads cost time and nothing else."""
    answering.quo.write("hi", ANNA)
    for kind, times in (("502_html", 1), ("429", 2), ("reset_before", 1)):
        answering.quo.fault(kind, method="GET", times=times)
    answering.once()

    assert answering.quo.texts() == ["Got it: hi"]


def test_an_unreachable_connection_fails_the_pass_and_loses_nothing(answering):
    """A refused key ends the pass with 1 and one readable line; once mended the same event is handled."""
    answering.quo.write("hi", ANNA)
    answering.quo.fault("401", times=None)
    ran = answering.once(code=1)
    plan = answering.run("run", "--once", "--dry-run", code=1)
    answering.quo.clear_faults()
    answering.once()

    assert "MATON_API_KEY" in ran.err
    assert "MATON_API_KEY" in plan.err
    assert answering.quo.texts() == ["Got it: hi"]


def test_a_conversation_that_cannot_be_read_loses_nothing(answering):
    """It does not stop the others, is said, and is read at the next look: its text is an event then."""
    answering.quo.write("first", ANNA)
    answering.quo.write("second", BILL)
    answering.quo.fault("400", "/v1/calls", method="GET")
    ran = answering.once()
    assert len(answering.quo.texts()) == 1
    assert "cannot be read" in ran.err
    answering.once()
    answering.once()

    assert sorted(answering.quo.texts()) == ["Got it: first", "Got it: second"]


def test_our_own_texts_are_no_events(answering):
    """A text that quoflow sent is not `message.sent`, even if it is first seen in the conversation; a person's is."""
    answering.quo.write("hi", ANNA)
    answering.quo.fault("reset_after", "/v1/messages", method="POST")
    answering.once()
    answering.quo.write("hello", BILL)
    answering.once()
    answering.once()
    assert "watch" not in dict(answering.states())

    answering.quo.write("Maria here", ANNA, direction="outgoing")
    answering.once()
    assert ("watch", "succeeded") in answering.states()


def test_the_rate_limit_of_the_real_service_is_kept(make_firm):
    """Against 10 requests a second, a burst of work is paced rather than refused, and everything is sent."""
    firm = make_firm(ANSWER, auto=True, guards=UNLIMITED, quo={"options": {"rate_limit": 10}})
    firm.begin()
    for number in range(12):
        firm.quo.write(f"{number}", ANNA)
    firm.once()

    assert len(set(firm.quo.texts())) == 12
    assert len(firm.quo.writes()) == 12
