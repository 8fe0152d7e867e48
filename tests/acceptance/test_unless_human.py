"""`unless_human` at work, through the real command: a text waits while a person of ours talks to the contact."""

from __future__ import annotations

from datetime import UTC, datetime

from .conftest import ANNA, BILL, CORA, TEXTBACK

POLITE = f"{TEXTBACK}\nunless_human: 15m\nmax_age: 40m\n"


def test_a_text_waits_while_a_person_talks_and_goes_once_after_it(make_firm):
    """In the preview with its time, and at work; what a machine said within 15 seconds holds nothing."""
    said = {"peer": ANNA, "text": "I am on it", "direction": "outgoing", "user": "USmaria"}
    firm = make_firm(POLITE, auto=True, quo={"history": [{"at": "-1m", "message": said}]})
    firm.begin()
    firm.quo.miss_call(ANNA)
    firm.quo.miss_call(BILL)
    firm.quo.write("We are closed.", BILL, direction="outgoing")  # Quo's own reply to the call a moment ago
    (planned,) = [one["gate"] for one in firm.preview()["writes"] if one["to"] == ANNA]
    firm.once()
    (held,) = [one for one in firm.list("outbox") if one["to"] == ANNA]

    assert [one["to"] for one in firm.quo.sent()] == [BILL]
    assert (planned["state"], held["state"]) == ("held", "held")
    assert "unless_human: a person of ours texted +1555***0111" in held["reason"]
    assert 10 < (datetime.fromisoformat(planned["until"]) - datetime.now(UTC)).total_seconds() / 60 <= 15

    firm.once(ahead="10m")
    assert len(firm.quo.sent()) == 1
    for ahead in ("16m", "17m"):
        firm.once(ahead=ahead)
    assert [one["to"] for one in firm.quo.sent()] == [BILL, ANNA]


def test_a_person_who_begins_after_the_yes_holds_it_and_past_its_age_it_is_skipped(make_firm):
    """The guard is asked again with the intent; a call that was taken up counts, and the run ends with the reason."""
    firm = make_firm(POLITE)
    firm.begin()
    firm.quo.miss_call(CORA)
    firm.once()
    firm.approve_all()
    call = firm.quo.miss_call(CORA, answered=True, status="in-progress")
    firm.once()
    (held,) = firm.list("outbox")
    assert (held["state"], "spoke with +1555***0113" in held["reason"]) == ("held", True)

    firm.once(ahead="30m")  # the call goes on
    firm.once(ahead="41m")
    (run,) = [one for one in firm.list("runs") if one["state"] == "skipped"]
    assert (run["reason"].startswith("unless_human: "), "too late by" in run["reason"]) == (True, True)
    assert (firm.quo.sent(), bool(call["id"])) == ([], True)
