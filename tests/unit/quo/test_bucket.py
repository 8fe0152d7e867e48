"""The token bucket: never more than Quo allows in any second, shared, with a common cool-down."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quoflow.quo.bucket import TokenBucket


class Clock:
    def __init__(self) -> None:
        self.seconds = 0.0

    def read(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds


def most_in_a_second(times: list[float]) -> int:
    return max(sum(1 for other in times if start <= other < start + 1 - 1e-9) for start in times)


@given(st.floats(0.2, 10), st.lists(st.floats(0, 3), min_size=1, max_size=60))
def test_no_window_of_a_second_sees_more_than_quo_allows(rate, pauses):
    """Whatever the callers' pauses and whatever the rate up to 10, no sliding second holds more than 10 requests."""
    clock = Clock()
    bucket = TokenBucket(rate, clock=clock.read, sleep=clock.sleep)
    times = []
    for pause in pauses:
        clock.seconds += pause if pause > 1 else 0  # long idle times, and bursts without any pause
        bucket.take(within=1e9)
        times.append(clock.read())

    assert most_in_a_second(times) <= 10


def test_the_default_rate_uses_what_is_allowed():
    """At 8 a second, 80 requests in a row take about ten seconds: the bucket is no slower than it says."""
    clock = Clock()
    bucket = TokenBucket(8, clock=clock.read, sleep=clock.sleep)
    for _ in range(80):
        bucket.take(within=60)

    assert 9.5 < clock.read() < 10.1


def test_a_token_that_cannot_come_in_time_is_not_waited_for():
    """Who cannot get a token in time is told at once how long it would take, and has not slept."""
    clock = Clock()
    bucket = TokenBucket(8, clock=clock.read, sleep=clock.sleep)
    bucket.cool_down(100)

    assert bucket.take(within=60) == 100
    assert clock.read() == 0


def test_a_cool_down_stops_everyone_and_ends_without_a_burst():
    """After a cool-down requests start again one by one, not with a full bucket."""
    clock = Clock()
    bucket = TokenBucket(8, clock=clock.read, sleep=clock.sleep)
    bucket.cool_down(5)
    times = []
    for _ in range(4):
        bucket.take(within=60)
        times.append(clock.read())

    assert times == pytest.approx([5 + 1 / 8, 5 + 2 / 8, 5 + 3 / 8, 5 + 4 / 8])


def test_a_shorter_cool_down_does_not_end_a_longer_one():
    """Two 429s at once: the longer wait holds."""
    clock = Clock()
    bucket = TokenBucket(8, clock=clock.read, sleep=clock.sleep)
    bucket.cool_down(30)
    bucket.cool_down(1)

    assert bucket.take(within=10) == 30


def test_threads_share_one_bucket():
    """Eight threads with one bucket and a clock of their own making take no more tokens than one thread would."""
    lock = threading.Lock()
    clock = Clock()

    def sleep(seconds: float) -> None:
        with lock:
            clock.seconds += seconds

    bucket = TokenBucket(8, clock=clock.read, sleep=sleep)
    threads = [threading.Thread(target=lambda: [bucket.take(within=1e9) for _ in range(10)]) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)

    assert clock.read() >= (80 - bucket.burst) / bucket.rate - 0.01


def test_a_rate_must_be_positive():
    """A rate of nothing would wait for ever: it is refused."""
    with pytest.raises(ValueError, match="above 0"):
        TokenBucket(0, clock=lambda: 0.0, sleep=lambda _: None)


def test_reads_yield_to_writes():
    """While someone urgent waits the next token is theirs, however early another asks; afterwards all are equal."""
    clock = Clock()
    asked = []

    def sleep(seconds: float) -> None:
        clock.seconds += seconds
        asked.append(bucket.take(within=0))  # a read that comes just when the token is there

    bucket = TokenBucket(1, clock=clock.read, sleep=sleep)
    assert bucket.take(within=0) == 0
    assert bucket.take(within=10, is_urgent=True) == 0
    clock.seconds += 1

    assert asked
    assert 0 not in asked
    assert bucket.take(within=0) == 0
