"""Clocks that are wrong: ours goes back or far ahead, Quo's is minutes off; nothing early, doubled, stale or lost."""

from __future__ import annotations

from datetime import timedelta

import pytest

from .conftest import ANNA, ANSWER, BILL, CORA, SCENARIO, UNLIMITED

TICK = "name: tick\ntrigger: {schedule: {every: 1m}}\nactions:\n  - notify: {text: tick}\n"
HOURLY = "name: hourly\ntrigger: {schedule: {every: 1h}}\nactions:\n  - notify: {text: the hour}\n"
ONCE = f"{ANSWER}throttle: {{once_within: 1h, key: '{{{{ contact.phone }}}}'}}\n"


def count(firm, rule):
    return [name for name, _ in firm.states()].count(rule)


@pytest.fixture
def set_back(make_firm):
    """A firm at work whose clock has gone back two hours, with a new schedule that has never been seen."""
    firm = make_firm(ONCE, auto=True, guards=UNLIMITED)
    firm.once(ahead="2h")
    firm.quo.write("hi", ANNA)
    firm.once(ahead="2h")
    firm.write_rules(f"{ONCE}approval: auto\n", TICK)
    return firm


def test_schedules_stand_still_until_the_clock_has_caught_up(set_back):
    """Two hours back: said once, no schedule fires in hours that have been, and they go on by themselves after."""
    first, second = set_back.once(), set_back.once(ahead="2m")
    meanwhile = count(set_back, "tick")
    caught_up, _ = set_back.once(ahead="2h1m"), set_back.once(ahead="2h3m")

    assert ("clock shows" in first.err, "clock shows" in second.err) == (True, False)
    assert meanwhile == 0
    assert "has caught up" in caught_up.err
    assert count(set_back, "tick") >= 1


def test_a_clock_that_went_back_opens_no_throttle_and_stops_no_answer(set_back):
    """Who was answered is still within the throttle; someone else is answered at once."""
    set_back.quo.write("hi again", ANNA)
    set_back.quo.write("hi", BILL)
    set_back.once()

    assert [one["to"] for one in set_back.quo.sent()] == [ANNA, BILL]


def test_a_person_may_say_that_the_clock_is_right_now(set_back):
    """After a clock that was wrongly ahead, `quoflow resume` lets schedules go on from here."""
    set_back.once()
    set_back.run("resume")
    set_back.once()
    ran = set_back.once(ahead="2m")

    assert "clock shows" not in ran.err
    assert count(set_back, "tick") == 2


def test_thirty_days_ahead_is_no_burst(make_firm):
    """A schedule fires once and counts what it missed, an approval is a no, and an old text gets no answer."""
    firm = make_firm(ANSWER, HOURLY, guards=UNLIMITED)
    firm.begin()
    firm.quo.write("hi", ANNA)
    firm.once()
    (asked,) = firm.list("approvals")
    firm.quo.write("hello", BILL)
    ran = firm.once(ahead="30d1m")
    firm.once(ahead="30d2m")

    assert firm.list("approvals") == []
    firm.run("approvals", "approve", asked["id"], code=1, ahead="30d2m")
    assert firm.quo.sent() == []
    assert "too old" in ran.err
    assert "719 firings were missed" in ran.err
    assert count(firm, "hourly") == 1


@pytest.mark.parametrize("minutes", [-9, 9])
def test_quos_clock_may_stand_nine_minutes_off(make_firm, minutes):
    """Either way: history triggers nothing, what comes is answered once, and a text in doubt is found and claimed."""
    fresh = [{"at": "-5s", "message": {"peer": CORA, "text": "Hello?"}}]
    quo = {"ahead": timedelta(minutes=minutes), "history": [*SCENARIO["history"], *fresh]}
    firm = make_firm(ANSWER, auto=True, guards=UNLIMITED, quo=quo)
    firm.once()
    firm.once()
    assert firm.quo.writes() == []

    firm.quo.write("first", ANNA)
    firm.quo.fault("reset_after", "/v1/messages", method="POST")
    firm.once()
    firm.quo.write("second", BILL)
    firm.quo.fault("slow", "/v1/messages", method="POST", delay="1h")
    with firm.serving() as service:
        service.wait_for(lambda: len(firm.quo.sent()) == 2)
        service.kill()
    firm.quo.clear_faults()
    for ahead in ("0s", "1m", "5m"):
        firm.once(ahead=ahead)

    assert sorted(firm.quo.texts()) == ["Got it: first", "Got it: second"]
    assert {one["state"] for one in firm.list("outbox")} == {"sent"}
