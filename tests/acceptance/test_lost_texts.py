"""Texts whose answer was lost: claimed oldest to oldest, never taken from a person, sent again only where asked for."""

from __future__ import annotations

import pytest

from .conftest import ANNA, ANSWER, UNLIMITED, WATCH

POSTS = {"path": "/v1/messages", "method": "POST"}
AGAIN = """
name: answer
trigger: message.received
actions:
  - send_message: {text: "Got it: {{ message.text }}"}
    on_ambiguous: resend
"""


def later(firm, minutes):
    """Let time pass, for us and for Quo, and work once."""
    firm.quo.advance(f"{minutes}m")
    firm.minutes = getattr(firm, "minutes", 0) + minutes
    firm.once(ahead=f"{firm.minutes}m")


def rows(firm):
    """Give the outbox, the oldest first, as (state, attempts, message id)."""
    return [(one["state"], one["attempts"], one["message_id"]) for one in reversed(firm.list("outbox"))]


@pytest.fixture
def resending(make_firm):
    """A firm whose rule sends a lost text again."""
    firm = make_firm(AGAIN, WATCH, auto=True, guards=UNLIMITED)
    firm.begin()
    return firm


def test_a_lost_text_is_sent_again_after_two_looks_and_two_minutes(resending):
    """Not at once, not after a minute, but then; and only once, whatever time passes."""
    resending.quo.write("hi", ANNA)
    resending.quo.fault("reset_before", **POSTS)
    resending.once()
    resending.once()
    later(resending, 1)
    assert rows(resending) == [("unknown", 1, None)]
    later(resending, 2)
    (sent,) = resending.quo.sent()
    later(resending, 20)
    later(resending, 60)

    assert rows(resending) == [("sent", 2, sent["id"])]
    assert resending.states() == [("answer", "succeeded")]
    assert len(resending.quo.writes()) == 2


def test_a_step_of_our_clock_does_not_hurry_it(resending):
    """Our clock leaps by half an hour and Quo's does not: what may still turn up is not sent again."""
    resending.quo.write("hi", ANNA)
    resending.quo.fault("reset_before", **POSTS)
    resending.once()
    for _ in range(4):
        resending.once(ahead="30m")

    assert rows(resending) == [("unknown", 1, None)]
    assert len(resending.quo.writes()) == 1


def test_a_second_lost_text_is_parked(resending):
    """Lost again, it is not sent a third time: a person decides."""
    resending.quo.write("hi", ANNA)
    resending.quo.fault("reset_before", times=2, **POSTS)
    resending.once()
    for minutes in (1, 2, 1, 2, 20, 60):
        later(resending, minutes)

    assert rows(resending) == [("unknown", 2, None)]
    assert len(resending.quo.writes()) == 2


@pytest.mark.parametrize(("guard", "says"), [("pause", "wrong price"), ("opt_out", "asked us to stop")])
def test_the_guards_are_asked_before_it_goes_again(resending, guard, says):
    """Paused, or a STOP in the meantime: it stays unknown, with the guard's reason, and nothing leaves."""
    resending.quo.write("hi", ANNA)
    resending.quo.fault("reset_before", **POSTS)
    resending.once()
    if guard == "pause":
        resending.run("pause", "wrong price")
    else:
        resending.quo.write("STOP", ANNA)
    later(resending, 1)
    later(resending, 2)
    found = [one for one in resending.list("outbox") if one["text"] == "Got it: hi"]

    assert [(one["state"], one["attempts"]) for one in found] == [("unknown", 1)]
    assert says in found[0]["reason"]
    assert len(resending.quo.writes()) == 1


def test_a_second_try_that_provably_was_not_sent_leaves_it_unknown(resending):
    """A 429 on the second try says nothing about the first: it is unknown again, and tried again at a later look."""
    resending.write_rules(f"{AGAIN}approval: auto\nmax_age: 1h\n")
    resending.quo.write("hi", ANNA)
    resending.quo.fault("reset_before", **POSTS)
    resending.once()
    later(resending, 1)
    resending.quo.fault("429", **POSTS)
    later(resending, 2)
    again = rows(resending)
    later(resending, 13)

    assert again == [("unknown", 2, None)]
    assert [(state, attempts) for state, attempts, _ in rows(resending)] == [("sent", 3)]
    assert resending.quo.texts() == ["Got it: hi"]


def test_a_text_that_turns_up_late_is_claimed_and_told(resending):
    """Accepted after the second went out: both are claimed, it is said aloud, and no rule takes it for a person's."""
    resending.quo.write("hi", ANNA)
    resending.quo.fault("reset_before", **POSTS)
    resending.once()
    later(resending, 1)
    later(resending, 2)
    resending.quo.write("Got it: hi", ANNA, direction="outgoing")  # the proxy lets go of the first one
    resending.quo.advance("15m")
    ran = resending.once(ahead="20m")

    assert "has got two" in ran.err
    assert [state for state, _, _ in rows(resending)] == ["sent"]
    assert "watch" not in dict(resending.states())


def test_what_a_rule_does_not_ask_for_is_not_sent_again(make_firm):
    """Parking is the default."""
    firm = make_firm(ANSWER, auto=True)
    firm.begin()
    firm.quo.write("hi", ANNA)
    firm.quo.fault("reset_before", **POSTS)
    firm.once()
    for minutes in (1, 2, 20, 60):
        later(firm, minutes)

    assert rows(firm) == [("unknown", 1, None)]


def test_the_same_words_of_a_person_are_not_claimed(make_firm):
    """A text that a person wrote before, word for word, is theirs: ours was lost, and stays unknown."""
    firm = make_firm(ANSWER, auto=True)
    firm.begin()
    firm.quo.write("Got it: hi", ANNA, direction="outgoing")
    firm.once()
    firm.quo.write("hi", ANNA)
    firm.quo.fault("reset_before", **POSTS)
    firm.once()

    assert rows(firm) == [("unknown", 1, None)]


def test_three_lost_and_one_accepted_are_one_sent_and_two_unknown(make_firm):
    """Of identical texts to one person only as many are claimed as messages are there, the oldest attempt first."""
    firm = make_firm(ANSWER, auto=True, guards=UNLIMITED)
    firm.begin()
    for _ in range(3):
        firm.quo.write("hi", ANNA)
    for kind in ("reset_before", "reset_before", "reset_after"):
        firm.quo.fault(kind, **POSTS)
    firm.once()
    later(firm, 5)

    assert sorted(state for state, _, _ in rows(firm)) == ["sent", "unknown", "unknown"]
    assert [message for state, _, message in rows(firm) if state == "sent"] == [firm.quo.sent()[0]["id"]]


def test_what_a_look_reads_before_the_answer_comes_is_ours(make_firm):
    """The poll finds the text in the conversation while its answer is still on the way: no event, and it is claimed."""
    firm = make_firm(ANSWER, WATCH, auto=True)
    firm.begin()
    firm.quo.write("hi", ANNA)
    firm.quo.fault("slow", delay="4s", **POSTS)

    def reads_since_the_text():
        log = firm.quo.log()
        at = next((place for place, one in enumerate(log) if one["method"] == "POST"), len(log))
        return [one for one in log[at:] if one["method"] == "GET" and one["path"].endswith("/v1/messages")]

    with firm.serving() as service:
        service.wait_for(reads_since_the_text)
        service.wait_for(lambda: [state for state, _, _ in rows(firm)] == ["sent"])
        assert service.stop() == 0
    firm.once()

    assert rows(firm) == [("sent", 1, firm.quo.sent()[0]["id"])]
    assert "watch" not in dict(firm.states())
