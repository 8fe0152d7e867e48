"""History: the first look learns who does not want texts, and triggers nothing."""

from __future__ import annotations

from .conftest import ANNA, BILL, CORA, SCENARIO, TEXTBACK

ECHO = """
name: echo
trigger: message.received
actions:
  - send_message: {text: "Got it: {{ message.text }}"}
"""


def test_history_never_triggers(make_firm):
    """Calls and texts from before the first look, however fresh, are no events, not then and not at any later look."""
    fresh = [{"at": "-5s", "message": {"peer": BILL, "text": "Hello?"}}, {"at": "-20s", "call": {"peer": BILL}}]
    firm = make_firm(TEXTBACK, ECHO, auto=True, quo={"history": [*SCENARIO["history"], *fresh]})
    for _ in range(3):
        firm.once()

    assert firm.quo.writes() == []
    assert firm.list("runs") == []


def test_what_comes_after_the_first_look_triggers_once_each(make_firm):
    """In the very conversation that has a history, the new text and the new call are events, the old are not."""
    firm = make_firm(TEXTBACK, ECHO, auto=True)
    firm.begin()
    firm.quo.write("And tomorrow?", ANNA)
    firm.quo.miss_call(ANNA)
    firm.once()
    firm.once()

    assert sorted(firm.quo.texts()) == ["Got it: And tomorrow?", "Hi Anna, sorry we missed you – we’ll call back."]


def test_a_stop_in_history_blocks_and_a_start_lifts_it(make_firm):
    """Who wrote STOP long ago gets nothing, with the reason in words; after START texts go out again."""
    stop = {"at": "-30d", "message": {"peer": CORA, "text": "Stop."}}
    firm = make_firm(TEXTBACK, auto=True, quo={"history": [*SCENARIO["history"], stop]})
    firm.begin()
    firm.quo.miss_call(CORA)
    (refused,) = firm.preview()["writes"]
    assert (refused["gate"]["state"], "STOP" in refused["gate"]["reason"].upper()) == ("refused", True)
    firm.once()
    assert firm.states() == [("textback", "skipped")]
    assert firm.list("outbox", code=0)[0]["state"] == "cancelled"
    assert firm.quo.sent() == []

    firm.quo.write("START", CORA)
    firm.quo.miss_call(CORA)
    firm.once()

    assert [one["to"] for one in firm.quo.sent()] == [CORA]


def test_a_stop_after_approval_still_blocks(make_firm):
    """Guards are asked again at the last moment: a yes from before does not outvote the customer."""
    firm = make_firm(TEXTBACK)
    firm.begin()
    firm.quo.miss_call(BILL)
    firm.once()
    firm.approve_all()
    firm.quo.write("unsubscribe", BILL)
    firm.once()

    assert firm.quo.sent() == []
    assert firm.states() == [("textback", "skipped")]
