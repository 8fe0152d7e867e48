"""The service: one instance, a clean stop at any moment, few requests, and nothing private in its log."""

from __future__ import annotations

import json
import signal
from collections import Counter

import pytest

from .conftest import ANNA, ANSWER, BILL, CORA, KEY, STRANGER, TEXTBACK


def count_reads(log):
    """Count requests by the family of their path."""
    return Counter(one["path"].split("/v1/")[1].split("/")[0] for one in log)


def test_a_service_does_the_whole_job_while_people_decide(make_firm):
    """It polls, asks, takes up a yes that another process gives, sends once, and ends with 0 when told to."""
    firm = make_firm(TEXTBACK)
    with firm.serving() as service:
        service.wait_for(lambda: "first look done" in service.log)
        firm.quo.miss_call(ANNA)
        service.wait_for(lambda: firm.list("approvals"))
        assert len(firm.preview()["writes"]) == 1
        firm.approve_all()
        service.wait_for(firm.quo.sent)
        assert service.stop() == 0

    assert firm.states() == [("textback", "succeeded")]
    assert len(firm.quo.sent()) == 1


def test_a_second_instance_is_refused_and_names_the_first(make_firm):
    """One instance works on a database: the second says which process has it, and does nothing."""
    firm = make_firm(TEXTBACK)
    with firm.serving() as first:
        first.wait_until_serving()
        once = firm.once(code=1)
        with firm.serving() as second:
            assert second.process.wait(20) == 1

    assert f"process {first.process.pid}" in once.err
    assert f"process {first.process.pid}" in second.log
    assert (once.out, len(once.err.splitlines())) == ("", 1)
    firm.once()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_an_idle_service(make_firm, number):
    """SIGTERM and Ctrl-C end it with 0, and the next start has nothing to repair."""
    firm = make_firm(TEXTBACK)
    with firm.serving() as service:
        service.wait_for(lambda: "first look done" in service.log)
        assert service.stop(number) == 0

    assert "stopped" in service.log


@pytest.mark.parametrize(
    ("kind", "method", "path"),
    [
        ("slow", "GET", "/v1/conversations"),
        ("429", "GET", "/v1/conversations"),
        ("timeout_after", "POST", "/v1/messages"),
    ],
)
def test_a_signal_ends_a_service_within_a_request(make_firm, kind, method, path):
    """However slow Quo is: it ends with 0 in time, and a text in flight is claimed at the next start, not repeated."""
    firm = make_firm(ANSWER, auto=True)
    firm.begin()
    firm.quo.fault(kind, path, method=method, times=None, delay="1h")
    firm.quo.write("hi", ANNA)
    with firm.serving() as service:
        service.wait_for(lambda: any(one["fault"] for one in firm.quo.log()))
        assert service.stop() == 0

    firm.quo.clear_faults()
    firm.once()
    assert firm.quo.texts() == ["Got it: hi"]
    assert [one["state"] for one in firm.list("outbox")] == ["sent"]


def test_an_idle_look_is_one_request(make_firm):
    """Nothing new costs one request; each changed conversation two more; contacts are read once where needed."""
    firm = make_firm(ANSWER)
    firm.begin()
    before = len(firm.quo.log())
    firm.once()
    assert count_reads(firm.quo.log()[before:]) == {"conversations": 1}

    before = len(firm.quo.log())
    for peer in (ANNA, BILL, CORA):
        firm.quo.write("hi", peer)
    firm.once()
    assert count_reads(firm.quo.log()[before:]) == {"conversations": 1, "messages": 3, "calls": 3, "contacts": 1}


def test_a_service_reads_only_what_changed(make_firm):
    """Over many looks the service asks for conversations only, and twice for each one that changed."""
    firm = make_firm(ANSWER)
    firm.begin()
    before = len(firm.quo.log())

    def read():
        return count_reads(firm.quo.log()[before:])

    with firm.serving() as service:
        service.wait_for(lambda: read()["conversations"] >= 2)
        assert set(read()) == {"conversations"}
        for peer in (ANNA, BILL):
            firm.quo.write("hi", peer)
        service.wait_for(lambda: len(firm.list("approvals")) == 2)
        last = read()["conversations"]
        service.wait_for(lambda: read()["conversations"] > last)

    assert {**read(), "conversations": 0} == {"conversations": 0, "messages": 2, "calls": 2}


@pytest.mark.parametrize("form", ["text", "json"])
def test_neither_key_nor_customers_numbers_reach_the_log(make_firm, form):
    """Whatever happens, at the most talkative level: no key, no whole number, in the service's log and in `--once`."""
    notify = "name: tell\ntrigger: call.missed\nactions:\n  - notify: {text: 'Missed {{ contact.phone }}'}\n"
    firm = make_firm(TEXTBACK, notify, ANSWER, auto=True, log={"level": "debug", "format": form})
    firm.begin()
    firm.quo.miss_call(STRANGER)
    firm.quo.write(f"Call {STRANGER} or (555) 555-0177", STRANGER)
    firm.quo.fault("400", "/v1/messages", method="POST")
    once = firm.once()
    firm.quo.miss_call(ANNA)
    firm.quo.fault("reset_before", "/v1/messages", method="POST")
    with firm.serving() as service:
        service.wait_for(lambda: service.log.count("Missed") == 1)
        service.wait_for(lambda: "nobody knows" in service.log or len(firm.quo.writes()) == 3)
        firm.quo.fault("401", method="GET")
        service.wait_for(lambda: "stand still" in service.log)
        assert service.stop() == 0

    for log in (once.err, once.out, service.log):
        assert not any(secret in log for secret in (KEY, STRANGER, ANNA, "5555550177", "555-0177", "5550111"))
    assert "401" in service.log or "MATON_API_KEY" in service.log
    if form == "json":
        lines = [json.loads(line) for line in service.log.splitlines() if line.startswith("{")]
        assert {"event", "level", "timestamp", "kind", "connection"} <= lines[0].keys()
