"""Killed at random points: a text is sent at most once, and none is lost."""

from __future__ import annotations

import random
import time

from .conftest import ANSWER, UNLIMITED, WATCH

COUNT = 100
MOST_STARTS = 100
IDLE = 4.0
PEERS = tuple(f"+1555555{number}" for number in range(1001, 1006))


def let_live(service, quo, chance):
    """Let a service live until it has sent a few texts more, or only for a moment. True when it found no more to do."""
    if chance.random() < 0.2:
        time.sleep(chance.uniform(0.2, 1.5))
        return False
    service.wait_until_serving()
    seen, wanted, since = -1, len(quo.writes()) + chance.randint(1, 16), time.monotonic()
    while seen < wanted and time.monotonic() < since + IDLE:
        count = len(quo.writes())
        if count > seen:
            seen, since = count, time.monotonic()
        time.sleep(0.002)
    time.sleep(chance.uniform(0, 0.02))
    return seen < wanted


def test_killed_at_random_points_nothing_is_twice_and_nothing_is_lost(make_firm):
    """`kill -9` among 100 sends, answers cut after acceptance: each text once, or listed as unknown and not sent."""
    seed = random.randrange(2**32)
    print(f"seed {seed}")  # noqa: T201  pytest shows it when the test fails
    chance = random.Random(seed)
    firm = make_firm(ANSWER, WATCH, auto=True, guards=UNLIMITED)
    quo = firm.quo
    firm.environ |= {"QUOFLOW_CONNECTIONS__MAIN__REQUESTS_PER_SECOND": "10", "QUOFLOW_POLL__EVERY": "30s"}
    firm.begin()
    for number in range(COUNT):
        quo.write(f"text {number}", PEERS[number % len(PEERS)])
    for kind, probability, more in (
        ("reset_after", 0.1, {}),
        ("500", 0.1, {"accept": True}),
        ("reset_before", 0.03, {}),
    ):
        quo.fault(kind, "/v1/messages", method="POST", times=None, probability=probability, seed=seed, **more)

    for _ in range(MOST_STARTS):
        with firm.serving() as service:
            is_drained = let_live(service, quo, chance)
        if is_drained:
            break
    quo.clear_faults()
    for ahead in ("0s", "5m", "1h"):
        firm.once(ahead=ahead)

    written = {one["text"]: one for one in firm.list("outbox", "--limit", "1000")}
    sent = {one["text"]: one["id"] for one in quo.sent()}
    unknown = {text for text, one in written.items() if one["state"] == "unknown"}
    assert len(quo.sent()) == len(sent)
    assert written.keys() == {f"Got it: text {number}" for number in range(COUNT)}
    assert {text: one["message_id"] for text, one in written.items() if one["state"] == "sent"} == sent
    assert unknown == written.keys() - sent.keys()
    assert "watch" not in dict(firm.states())
