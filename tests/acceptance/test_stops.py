"""SIGTERM in every phase: the service ends within 10 seconds with 0, and leaves nothing in limbo."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing, contextmanager

from .conftest import ANNA, ANSWER, BILL, UNLIMITED

POSTS = {"path": "/v1/messages", "method": "POST"}


@contextmanager
def locking(firm):
    """Hold the database's write lock, as another program would."""
    with closing(sqlite3.connect(firm.root / "quoflow.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


def count_reads(firm):
    """Count the requests for the messages of a conversation."""
    return sum(one["method"] == "GET" and "/v1/messages" in one["path"] for one in firm.quo.log())


def list_states(firm):
    """Give the outbox's states by text."""
    return {one["text"]: one["state"] for one in firm.list("outbox")}


def test_in_the_wait_for_a_turn_nothing_is_sent_and_nothing_is_in_limbo(make_firm):
    """Stopped while a text waits for its place in the pace: it is queued again, and goes out once after the start."""
    firm = make_firm(ANSWER, guards=UNLIMITED)
    firm.begin()
    for text in ("one", "two", "three"):
        firm.quo.write(text, ANNA)
    firm.once()
    firm.approve_all()
    with firm.serving(QUOFLOW_CONNECTIONS__MAIN__REQUESTS_PER_SECOND="0.3") as service:
        service.wait_for(lambda: len(firm.quo.writes()) == 1 and "sending" in list_states(firm).values())
        assert service.stop() == 0
    left = list_states(firm)
    assert len(firm.quo.sent()) < 3
    firm.once(ahead="1m")

    assert set(left.values()) == {"queued", "sent"}
    assert sorted(firm.quo.texts()) == ["Got it: one", "Got it: three", "Got it: two"]
    assert set(list_states(firm).values()) == {"sent"}


def test_in_a_storm_of_429_texts_stay_queued(make_firm):
    """Every request is turned away: a stop ends it all the same, and afterwards each text goes out once."""
    firm = make_firm(ANSWER, auto=True)
    firm.begin()
    firm.quo.write("hi", ANNA)
    firm.quo.fault("429", times=None, **POSTS)
    with firm.serving() as service:
        service.wait_for(lambda: len(firm.quo.writes()) >= 2)
        assert service.stop() == 0
    left = list_states(firm)
    firm.quo.clear_faults()
    firm.once(ahead="5m")

    assert set(left.values()) == {"queued"}
    assert firm.quo.texts() == ["Got it: hi"]


def test_while_the_database_is_locked_by_another_program(make_firm):
    """It does not wait for the lock: what it has read is read again after the start, and answered once."""
    firm = make_firm(ANSWER, auto=True)
    firm.begin()
    with firm.serving() as service:
        service.wait_until_serving()
        service.wait_for(lambda: "sending" not in list_states(firm).values())
        before = count_reads(firm)
        with locking(firm):
            firm.quo.write("hi", ANNA)
            service.wait_for(lambda: count_reads(firm) > before)
            assert service.stop() == 0
    firm.once()

    assert firm.quo.texts() == ["Got it: hi"]
    assert list_states(firm) == {"Got it: hi": "sent"}


def test_with_an_outcome_that_the_locked_database_cannot_take(make_firm):
    """A text is accepted, its outcome cannot be written, the service is stopped: the text is found, not repeated."""
    firm = make_firm(ANSWER, auto=True)
    firm.begin()
    firm.quo.fault("slow", delay="2s", **POSTS)
    firm.quo.write("hi", ANNA)
    with firm.serving() as service:
        service.wait_for(firm.quo.writes)
        with locking(firm):
            service.wait_for(lambda: "text +" in service.log or "write.done" in service.log, within=20)
            assert service.stop() == 0
    assert list_states(firm) == {"Got it: hi": "sending"}
    firm.once()

    assert firm.quo.texts() == ["Got it: hi"]
    assert list_states(firm) == {"Got it: hi": "sent"}


def test_with_many_connections_that_hang(make_firm):
    """Five workspaces, none of which answers: the wait for them is one, not one for each."""
    firm = make_firm(ANSWER)
    config = json.loads((firm.root / "quoflow.yaml").read_text())
    config["connections"] = {f"c{number}": config["connections"]["main"] for number in range(5)}
    (firm.root / "quoflow.yaml").write_text(json.dumps(config))
    firm.quo.fault("slow", "/v1/phone-numbers", times=None, delay="1h")
    with firm.serving() as service:
        service.wait_for(lambda: len(firm.quo.log()) >= 5)
        assert service.stop() == 0


def test_twice_and_in_a_hurry(make_firm):
    """A second signal while it stops changes nothing: still 0, still in time."""
    firm = make_firm(ANSWER, auto=True)
    firm.begin()
    firm.quo.write("hi", BILL)
    firm.quo.fault("timeout_after", **POSTS)
    with firm.serving() as service:
        service.wait_for(firm.quo.writes)
        service.process.terminate()
        service.process.terminate()
        assert service.stop() == 0
    firm.once()

    assert list_states(firm) == {"Got it: hi": "sent"}
    assert firm.quo.texts() == ["Got it: hi"]
