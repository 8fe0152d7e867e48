"""What Quo refuses for a key, an account or a line stands still, is tried once a minute, and goes on by itself."""

from __future__ import annotations

import pytest

from .conftest import ANNA, ANSWER, BILL, CORA, UNLIMITED

SEND = {"path": "/v1/messages", "method": "POST"}


@pytest.fixture
def answering(make_firm):
    """A firm that answers every text by itself."""
    firm = make_firm(ANSWER, auto=True, guards=UNLIMITED)
    firm.begin()
    return firm


def requests_of(firm, **options):
    """Run one pass and give the requests that it made."""
    before = len(firm.quo.log())
    firm.once(code=None, **options)
    return [f"{one['method']} {one['path'].removeprefix('/quo/v1/')}" for one in firm.quo.log()[before:]]


def states(firm):
    return {one["to"]: one["state"] for one in firm.list("outbox")}


def reasons(firm):
    return {one["reason"] for one in firm.list("outbox") if one["state"] == "held"}


def test_a_refused_key_costs_one_request_a_pass_and_keeps_what_is_due(answering):
    """Polls and writes stop, the text is held with where the key came from and where to get one; then it goes, once."""
    answering.quo.write("hi", ANNA)
    answering.quo.fault("429", **SEND)
    answering.once()
    answering.quo.fault("401", times=None)
    first = requests_of(answering, ahead="1m")
    again = requests_of(answering, ahead="2m")
    (held,) = answering.list("outbox")
    ran = answering.once(code=1, ahead="3m")
    assert "https://maton.ai/settings" in ran.err
    answering.quo.clear_faults()
    answering.quo.write("hello", BILL)
    answering.once(ahead="5m")
    answering.once(ahead="7m")

    assert (first, again) == (["GET conversations"], ["GET phone-numbers"])
    assert held["state"] == "held"
    assert all(part in held["reason"] for part in ("MATON_API_KEY", "https://maton.ai/settings"))
    assert (len(ran.err.splitlines()), "MATON_API_KEY" in ran.err) == (2, True)
    assert sorted(answering.quo.texts()) == ["Got it: hello", "Got it: hi"]


def test_a_service_leaves_a_refused_key_alone_and_the_other_connections_go_on(make_firm, make_quo):
    """One connection's key is refused: said once, no request more; the other is polled and answered meanwhile."""
    firm, other = make_firm(ANSWER, auto=True, guards=UNLIMITED), make_quo()
    place = {"api_key_env": "MATON_API_KEY", "connection_id": "conn-brightpipes"}
    connections = {"main": {**place, "base_url": firm.quo.url}, "other": {**place, "base_url": other.url}}
    firm.configure(approvals={"allow_auto": ["*"]}, connections=connections)
    firm.begin()
    firm.quo.fault("401", times=None)
    with firm.serving() as service:
        service.wait_for(lambda: "API key was not accepted" in service.log)
        firm.quo.write("hi", ANNA)
        before, looks = len(firm.quo.log()), len(other.log())
        other.write("hello", BILL)
        service.wait_for(lambda: len(other.log()) >= looks + 6 and other.sent())
        assert len(firm.quo.log()) == before
        assert service.stop() == 0
    assert service.log.count("API key was not accepted") == 1
    firm.quo.clear_faults()
    with firm.serving() as service:
        service.wait_for(firm.quo.sent)
        assert service.stop() == 0

    assert firm.quo.texts() == ["Got it: hi"]
    assert service.log.count("go on: Quo accepts them again") == 1


def test_an_empty_account_holds_the_writes_and_nothing_else(answering):
    """402: one text tries it, a minute later one more; polling goes on; refilled, all go, each once."""
    for peer in (ANNA, BILL):
        answering.quo.write("hi", peer)
    answering.quo.fault("402", times=None, **SEND)
    first = requests_of(answering)
    answering.quo.write("hi", CORA)
    at_once, later = requests_of(answering), requests_of(answering, ahead="2m")
    held = reasons(answering)
    answering.quo.clear_faults()
    answering.once(ahead="4m")

    assert [asked.count("POST messages") for asked in (first, at_once, later)] == [1, 0, 1]
    assert ("GET messages" in at_once, len(held)) == (True, 1)
    assert "credits" in held.pop()
    assert states(answering) == dict.fromkeys((ANNA, BILL, CORA), "sent")
    assert len(answering.quo.sent()) == 3


def test_the_try_goes_alone_also_where_nobody_knows_what_came_of_it(answering):
    """A try whose answer is lost proves nothing: the next one is a minute later, not at once."""
    for peer in (ANNA, BILL, CORA):
        answering.quo.write("hi", peer)
    answering.quo.fault("402", **SEND)
    answering.once()
    answering.quo.fault("reset_before", **SEND)
    tried = requests_of(answering, ahead="2m")
    answering.once(ahead="4m")

    assert tried.count("POST messages") == 1
    assert sorted(one["state"] for one in answering.list("outbox")) == ["sent", "sent", "unknown"]


def test_what_has_become_stale_on_an_empty_account_is_not_sent(make_firm):
    """After a refill, a text that is older than its rule's `max_age` is skipped with the reason."""
    firm = make_firm(f"{ANSWER}max_age: 15m\n", auto=True, guards=UNLIMITED)
    firm.begin()
    for peer in (ANNA, BILL):
        firm.quo.write("hi", peer)
    firm.quo.fault("402", **SEND)
    firm.once()
    firm.quo.write("hello", CORA)
    firm.once(ahead="14m")
    firm.once(ahead="30m")

    assert {state for _, state in firm.states()} <= {"skipped", "succeeded"}
    assert len(firm.quo.sent()) == 3


@pytest.mark.parametrize(
    ("kind", "code", "says"),
    [("403", "0202403", "share the line"), ("403", "0204403", "limit"), ("400", "0206400", "A2P 10DLC registration")],
)
def test_a_line_that_may_not_text_stands_still_alone(answering, kind, code, says):
    """By Quo's code: the line's next text waits with what to do, the other line's go; once mended, all go, once."""
    answering.quo.write("hi", ANNA)
    answering.quo.fault(kind, code=code, **SEND)
    answering.once()
    answering.quo.write("hi", BILL)
    answering.quo.write("hi", CORA, line="PNsales")
    answering.once()
    meanwhile = states(answering)
    (held,) = reasons(answering)
    answering.once(ahead="2m")

    assert meanwhile == {ANNA: "held", BILL: "held", CORA: "sent"}
    assert says in held
    assert states(answering) == dict.fromkeys((ANNA, BILL, CORA), "sent")
    assert len(answering.quo.sent()) == 3


def test_a_person_who_has_mended_it_need_not_wait(answering):
    """`quoflow resume` lets what stands still be tried at once."""
    answering.quo.write("hi", ANNA)
    answering.quo.fault("402", **SEND)
    answering.once()
    ran = answering.run("resume")
    answering.once()

    assert "1 held write will be tried" in ran.out

    assert answering.quo.texts() == ["Got it: hi"]
