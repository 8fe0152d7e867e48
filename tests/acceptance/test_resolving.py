"""What a person says about texts of which nobody knows, and runs tried again: audited, once, and through the gate."""

from __future__ import annotations

import pytest

from .conftest import ANNA, ANSWER, BILL, UNLIMITED

POSTS = {"path": "/v1/messages", "method": "POST"}
TWO = """
name: two
trigger: message.received
actions:
  - send_message: {text: "One"}
  - send_message: {text: "Two"}
"""


@pytest.fixture
def lost(make_firm):
    """A firm with one text of which nobody knows, and the id of that write."""
    firm = make_firm(ANSWER, auto=True, guards=UNLIMITED)
    firm.begin()
    firm.quo.write("hi", ANNA)
    firm.quo.fault("reset_before", **POSTS)
    firm.once()
    firm.id = firm.list("outbox", "--state", "unknown")[0]["id"]
    return firm


def row(firm):
    """Give the one write's state, attempts and message."""
    (found,) = [one for one in firm.list("outbox") if one["to"] == ANNA]
    return found["state"], found["attempts"], found["message_id"]


def fail(firm, *arguments, code=1):
    """Run a command that fails with one line."""
    ran = firm.run(*arguments, code=code)
    assert (ran.out, len(ran.err.splitlines())) == ("", 1)
    return ran.err


def test_a_write_is_shown_with_every_attempt(lost):
    """Bytes, hash, times, looks and reason, for people and as JSON."""
    shown = lost.run("outbox", "show", lost.id, "--json").json
    told = lost.run("outbox", "show", lost.id).out
    (attempt,) = shown["history"]

    assert (shown["id"], shown["state"], shown["attempts"], shown["payload"]["content"]) == (
        lost.id,
        "unknown",
        1,
        "Got it: hi",
    )
    assert (attempt["state"], attempt["looks"], attempt["hash"], attempt["finished_at"]) == (
        "unknown",
        1,
        shown["hash"],
        None,
    )
    assert attempt["reason"]
    assert f"quoflow outbox resolve {lost.id}" in told
    assert "there is no write nope" in fail(lost, "outbox", "show", "nope")


def test_it_was_sent_and_is_this_message(lost):
    """The message is checked at Quo and claimed: the run goes on, nothing is sent, and it is said only once."""
    message = lost.quo.write("Got it, hi", ANNA, direction="outgoing")["id"]
    ran = lost.run("outbox", "resolve", lost.id, "--sent", message)

    assert "Got it, hi" in ran.err
    assert row(lost) == ("sent", 1, message)
    assert lost.states() == [("answer", "succeeded")]
    assert "is sent" in fail(lost, "outbox", "resolve", lost.id, "--not-sent")
    assert len(lost.quo.writes()) == 1


def test_a_message_that_cannot_be_it_is_refused(lost):
    """Unknown to Quo, to somebody else, written by them, or another text's: nothing changes."""
    other = lost.quo.write("hello", BILL)["id"]
    lost.once()
    ours = lost.quo.sent()[0]["id"]
    theirs = lost.quo.write("hm", ANNA)["id"]

    assert "knows no message" in fail(lost, "outbox", "resolve", lost.id, "--sent", "AC404")
    assert "written to us" in fail(lost, "outbox", "resolve", lost.id, "--sent", other)
    assert "written to us" in fail(lost, "outbox", "resolve", lost.id, "--sent", theirs)
    assert "somebody else" in fail(lost, "outbox", "resolve", lost.id, "--sent", ours)
    assert "another text already" in fail(lost, "outbox", "resolve", lost.id, "--sent", ours, "--force")
    assert row(lost) == ("unknown", 1, None)


def test_a_word_is_taken_where_quo_cannot_be_asked(lost):
    """With Quo out of reach it is refused with a hint, and --force takes the person's word."""
    lost.quo.fault("401", times=None)

    assert "--force" in fail(lost, "outbox", "resolve", lost.id, "--sent", "AC9")
    lost.run("outbox", "resolve", lost.id, "--sent", "AC9", "--force")
    assert row(lost) == ("sent", 1, "AC9")


def test_it_was_not_sent(lost):
    """It fails with who said so and why, its run with it, and nothing is sent for it, ever."""
    lost.run("outbox", "resolve", lost.id, "--not-sent", "--reason", "looked in the app")
    for ahead in ("0s", "5m", "2h"):
        lost.once(ahead=ahead)
    found = lost.list("outbox")[0]

    assert row(lost) == ("failed", 1, None)
    assert found["reason"].endswith("says that it was not sent: looked in the app")
    assert lost.states() == [("answer", "failed")]
    assert len(lost.quo.writes()) == 1


def test_it_was_not_sent_and_goes_again_through_the_gate(lost):
    """Queued again, it is held by the kill switch, and once resumed goes out once."""
    lost.run("pause", "wait")
    lost.run("outbox", "resolve", lost.id, "--not-sent", "--resend")
    lost.once()
    held = row(lost)
    lost.run("resume")
    lost.once()

    assert held == ("held", 1, None)
    assert row(lost) == ("sent", 2, lost.quo.sent()[0]["id"])
    assert lost.states() == [("answer", "succeeded")]


def test_for_a_cancelled_run_nothing_goes_again(lost):
    """The run was cancelled meanwhile: its text can be settled, not sent."""
    run = lost.list("runs")[0]["id"]
    lost.run("runs", "cancel", run)

    assert "has ended" in fail(lost, "outbox", "resolve", lost.id, "--not-sent", "--resend")
    lost.run("outbox", "resolve", lost.id, "--not-sent")
    lost.once()
    assert row(lost) == ("failed", 1, None)
    assert len(lost.quo.writes()) == 1


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("--sent", "AC1", "--not-sent"),
        ("--sent", "AC1", "--resend"),
        ("--sent", "AC1", "--reason", "x"),
        ("--not-sent", "--force"),
    ],
)
def test_what_makes_no_sense_is_a_usage_error(lost, options):
    """One of two things is said, with what goes with it; anything else is 64 and changes nothing."""
    lost.run("outbox", "resolve", lost.id, *options, code=64)

    assert row(lost) == ("unknown", 1, None)


def test_a_failed_run_is_tried_again_with_what_stood_behind(make_firm):
    """Refused by Quo, it failed and took the rest with it; mended and tried again both go out, each once, in order."""
    firm = make_firm(TWO, guards=UNLIMITED)
    firm.begin()
    firm.quo.write("hi", ANNA)
    firm.once()
    firm.approve_all()
    firm.quo.fault("400", **POSTS)
    firm.once()
    run = firm.list("runs")[0]
    assert run["state"] == "failed"
    firm.run("runs", "retry", run["id"])
    firm.once()
    firm.once()

    assert firm.quo.texts() == ["One", "Two"]
    assert firm.states() == [("two", "succeeded")]
    assert "only a failed one" in fail(firm, "runs", "retry", run["id"])


def test_a_run_is_not_tried_again_for_a_text_that_may_be_out(lost):
    """Unknown is not failed: such a run is held, and `runs retry` refuses it, as one that does not exist."""
    run = lost.list("runs")[0]["id"]

    assert "only a failed one" in fail(lost, "runs", "retry", run)
    assert "there is no run" in fail(lost, "runs", "retry", "nope")
    lost.once(ahead="5m")
    assert len(lost.quo.writes()) == 1
