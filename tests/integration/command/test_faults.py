"""What the network does to us, through the real command: never twice, never lost, never silent."""

import random
import signal
import time

import pytest

PEER = "+15555550177"

RULE = """
name: answer
trigger: message.received
approval: auto
actions:
  - send_message: {text: "Got it: {{ message.text }}"}
"""


@pytest.fixture
def answering(project):
    project.write_rule(RULE)
    guards = "{quiet_hours: off, contact_cap: off, budget: off}"
    project.configure(approvals="{allow_auto: ['*']}", guards=guards)
    project.run("run", "--once")
    return project


@pytest.mark.parametrize("kind", ["reset_after", "502_html", "garbage_2xx"])
def test_an_accepted_text_is_claimed_and_not_sent_again(answering, quo, kind):
    """Where Quo took the text but its answer was lost, the text is found in the conversation and claimed."""
    quo.receive("hi")
    fault = {"kind": kind, "method": "POST", "path": "/v1/messages", "times": 1}
    quo.post("faults", {**fault, "accept": True} if kind == "502_html" else fault)
    for _ in range(3):
        answering.run("run", "--once")
    (row,) = answering.json("outbox", "list")

    assert len(quo.texts) in ((0,) if kind == "garbage_2xx" and row["state"] == "unknown" else (1,))
    assert row["state"] in ("sent", "unknown")
    assert (row["state"] == "sent") == (len(quo.texts) == 1)


def test_a_text_that_may_be_out_is_parked_for_a_person(answering, quo):
    """Where nobody can say whether it was sent, it is listed as unknown and never sent by itself."""
    quo.receive("hi")
    quo.post("faults", {"kind": "reset_before", "method": "POST", "path": "/v1/messages", "times": 1})
    for _ in range(3):
        answering.run("run", "--once")
    (row,) = answering.json("outbox", "list")

    assert row["state"] == "unknown"
    assert quo.texts == []


@pytest.mark.parametrize(
    ("kind", "state"), [("401", "queued"), ("402", "queued"), ("429", "queued"), ("403", "failed")]
)
def test_a_refused_text_waits_or_fails_by_what_is_provable(answering, quo, kind, state):
    """A provable refusal is never unknown: it waits where a later try can help, and fails where none can."""
    quo.receive("hi")
    quo.post("faults", {"kind": kind, "method": "POST", "path": "/v1/messages", "times": 1})
    answering.run("run", "--once")
    (row,) = answering.json("outbox", "list")

    assert (row["state"], quo.texts) == (state, [])
    assert row["reason"]


def test_reads_are_tried_again(answering, quo):
    """A bad gateway page and a storm of 429 on reads cost time and nothing else."""
    quo.receive("hi")
    quo.post(
        "faults", [{"kind": "502_html", "method": "GET", "times": 1}, {"kind": "429", "method": "GET", "times": 2}]
    )
    answering.run("run", "--once")

    assert quo.texts == [(PEER, "Got it: hi")]


def test_an_unreachable_connection_fails_the_pass_and_loses_nothing(answering, quo):
    """With the key refused the pass ends with 1 and a readable line; later the same event is handled."""
    quo.receive("hi")
    quo.post("faults", {"kind": "401", "times": None})
    answering.run("run", "--once", code=1)
    said = answering.err
    quo.post("faults", method="DELETE")
    answering.run("run", "--once")

    assert "key" in said
    assert quo.texts == [(PEER, "Got it: hi")]


def test_a_second_instance_is_refused_and_the_first_stops_cleanly(answering):
    """One instance works on a file; SIGTERM ends it with 0."""
    first = answering.start("run")
    answering.wait_until(lambda: (answering.root / "quoflow.db.lock").stat().st_size > 0)
    time.sleep(0.5)
    answering.run("run", "--once", code=1)
    refused = answering.err
    first.send_signal(signal.SIGTERM)
    _, err = first.communicate(timeout=15)

    assert str(first.pid) in refused
    assert first.returncode == 0, err


def test_killed_at_random_points_nothing_is_twice_and_nothing_lost(answering, quo):
    """`kill -9` at random moments of 100 sends, answers cut after acceptance: each text once, or listed unknown."""
    seed = random.randrange(2**32)
    chance = random.Random(seed)
    count = 100
    for number in range(count):
        quo.receive(f"text {number}", peer=f"+1555555{1000 + number % 20:04d}")
    fault = {"kind": "reset_after", "method": "POST", "path": "/v1/messages", "probability": 0.2, "seed": seed}
    quo.post("faults", {**fault, "times": None})
    for _ in range(40):
        service = answering.start("run")
        time.sleep(0.7 + chance.random() * 1.2)
        service.kill()
        service.communicate()
        if len(quo.texts) >= count:
            break
    quo.post("faults", method="DELETE")
    answering.run("run", "--once")
    answering.run("run", "--once")
    rows = answering.json("outbox", "list", "--limit", "1000")
    sent = [text for _, text in quo.texts]
    known = {row["text"] for row in rows if row["state"] == "sent"}
    unknown = {row["text"] for row in rows if row["state"] == "unknown"}

    assert len(sent) == len(set(sent)), f"a text went out twice; seed {seed}"
    assert {row["state"] for row in rows} <= {"sent", "unknown"}, f"seed {seed}"
    assert known | unknown == {f"Got it: text {number}" for number in range(count)}, f"seed {seed}"
    assert known <= set(sent), f"a text is said to be sent and is not; seed {seed}"
    assert set(sent) - known <= unknown, f"a text is out and not on the list; seed {seed}"
