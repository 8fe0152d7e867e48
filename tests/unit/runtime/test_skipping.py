"""Skips: a few are told one by one, the rest by cause, and what is kept does not grow with them."""

from __future__ import annotations

from quoflow.runtime import skipping


def test_a_few_are_told_and_the_rest_are_summed_up_by_cause():
    """The first five of each rule and cause are told; then one line for each cause, the greatest first."""
    skips = skipping.Skips()
    told = [skips.add("main", "answer", f"too old: it happened {number}m ago") for number in range(1000)]
    told += [skips.add("main", "answer", "throttle: it fired") for _ in range(7)]
    skips.add("main", "other", "too old: it happened 1h ago")
    kept = len(skips.counts)
    counts = skips.take()

    assert (told.count(True), kept) == (10, 3)
    assert skipping.summarise(counts) == [
        ("main", "answer: skipped 1000 in all, too old"),
        ("main", "answer: skipped 7 in all, throttle"),
    ]
    assert counts == {
        ("main", "answer", "too old"): 1000,
        ("main", "answer", "throttle"): 7,
        ("main", "other", "too old"): 1,
    }
    assert skips.take() == {}
    assert skips.add("main", "answer", "too old: again")
