"""Killed at random points: a text is sent at most once, and none is lost."""

from __future__ import annotations

import random
import time
from collections import Counter

from .conftest import ANSWER, UNLIMITED, WATCH

SENDS = 300
WORDS = 20
KILLS = 100
MOST_LIVES = 400
IDLE = 3.0
PEERS = tuple(f"+1555555{number}" for number in range(1001, 1006))


def let_live(quo, chance):
    """Let a service live until it has sent a few texts more, or only for a moment. True when it found no more to do."""
    if chance.random() < 0.2:
        time.sleep(chance.uniform(0, 0.4))
        return False
    seen, wanted, since = -1, len(quo.writes()) + chance.randint(1, 3), time.monotonic()
    while seen < wanted and time.monotonic() < since + IDLE:
        count = len(quo.writes())
        if count > seen:
            seen, since = count, time.monotonic()
        time.sleep(0.001)
    time.sleep(chance.uniform(0, 0.01))
    return seen < wanted


def count_texts(rows):
    """Count texts by recipient and words."""
    return Counter((one["to"], one["text"]) for one in rows)


def test_killed_at_random_points_nothing_is_twice_and_nothing_is_lost(make_firm):
    """`kill -9` a hundred times among 300 sends, many identical, some answers cut: each is accepted once or unknown."""
    seed = random.randrange(2**32)
    print(f"seed {seed}")  # noqa: T201  pytest shows it when the test fails
    chance = random.Random(seed)
    firm = make_firm(ANSWER, WATCH, auto=True, guards=UNLIMITED)
    quo = firm.quo
    firm.environ |= {"QUOFLOW_POLL__EVERY": "30s"}
    firm.begin()
    for number in range(SENDS):
        quo.write(f"text {chance.randrange(WORDS)}", PEERS[number % len(PEERS)])
    for kind, probability, more in (
        ("reset_after", 0.1, {}),
        ("500", 0.1, {"accept": True}),
        ("reset_before", 0.03, {}),
    ):
        quo.fault(kind, "/v1/messages", method="POST", times=None, probability=probability, seed=seed, **more)

    kills, is_drained = 0, False
    while kills < MOST_LIVES and not (is_drained and kills >= KILLS):
        with firm.living():
            is_drained = let_live(quo, chance)
        kills += 1
    quo.clear_faults()
    for ahead in ("0s", "5m", "1h"):
        firm.once(ahead=ahead)

    written = firm.list("outbox", "--limit", "1000")
    accepted = quo.sent()
    sent = [one for one in written if one["state"] == "sent"]
    assert kills >= KILLS
    assert len(written) == SENDS
    assert {one["state"] for one in written} <= {"sent", "unknown"}
    assert sorted(one["message_id"] for one in sent) == sorted(one["id"] for one in accepted)
    assert count_texts(sent) == count_texts(accepted)
    assert "watch" not in dict(firm.states())
