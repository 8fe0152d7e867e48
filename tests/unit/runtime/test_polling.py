"""Polling: what a look at Quo makes events of."""

from __future__ import annotations

from .conftest import ANNA, BILL

CALLED = "name: called\ntrigger: [call.started, call.missed]\nactions: [stop]\n"


def test_a_call_that_rang_at_the_first_look_does_not_start(make_shop):
    """However close to the first look it began, and whenever it ends: only its end is an event."""
    ringing = {"at": "0s", "call": {"id": "ACold", "peer": ANNA, "ring": "2m"}}
    shop = make_shop(CALLED, history=[ringing])
    new = shop.happen("calls", peer=BILL, ring="2m")["id"]
    shop.work()
    assert shop.events("call.") == [f"call.started:{new}"]

    shop.later(minutes=3)
    shop.work(times=2)
    ends = [f"{kind}:{call}" for kind in ("call.completed", "call.missed") for call in ("ACold", new)]
    assert sorted(shop.events("call.")) == sorted([*ends, f"call.started:{new}"])
