"""Facts: when a call is over, and when it is missed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from itertools import product

import pytest

from quoflow.core import facts

NOW = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)
RINGING = facts.Call(
    id="AC1", line_id="PN1", peer="+15550104567", direction="incoming", status="ringing", created_at=NOW
)
OVER = ("completed", "busy", "failed", "no-answer", "canceled", "missed", "abandoned", "forwarded")
UNDER_WAY = ("queued", "initiated", "ringing", "in-progress", "answered", "a-status-of-tomorrow", "")


@pytest.mark.parametrize("status", OVER)
def test_some_statuses_end_a_call(status):
    """These statuses end a call even without a time of completion."""
    assert replace(RINGING, status=status).is_over


@pytest.mark.parametrize("status", UNDER_WAY)
def test_other_statuses_need_a_time_of_completion(status):
    """A call that rings, is answered or has an unknown status is over once its end is known."""
    call = replace(RINGING, status=status)

    assert not call.is_over
    assert replace(call, completed_at=NOW).is_over


@pytest.mark.parametrize("status", sorted({*OVER} - {"forwarded"}))
def test_an_incoming_call_that_nobody_took_is_missed(status):
    """Missed is the absence of an answer, whatever the status says, `completed` included."""
    assert replace(RINGING, status=status).is_missed


@pytest.mark.parametrize("status", UNDER_WAY)
def test_a_call_that_still_rings_is_not_missed(status):
    """Nothing is missed before it is over; with an end and no answer it is."""
    call = replace(RINGING, status=status)

    assert not call.is_missed
    assert replace(call, completed_at=NOW).is_missed


def test_missed_is_decided_by_the_whole_truth_table():
    """Of all combinations only the incoming, over, unanswered, not AI-handled, not forwarded call is missed."""
    table = product(
        ("incoming", "outgoing"), (None, NOW), (None, NOW), (False, True), (None, "+15550009999"), OVER + UNDER_WAY
    )

    for direction, answered, completed, ai_handled, forwarded, status in table:
        call = replace(
            RINGING,
            direction=direction,
            answered_at=answered,
            completed_at=completed,
            ai_handled=ai_handled,
            forwarded_to=forwarded,
            status=status,
        )
        over = completed is not None or status in OVER
        taken = answered is not None or ai_handled or forwarded is not None or status == "forwarded"

        assert call.is_missed is (direction == "incoming" and over and not taken), call


def test_a_call_that_was_forwarded_to_us_can_be_missed():
    """Where it came from does not matter, only whether it went on to someone else."""
    assert replace(RINGING, status="missed", forwarded_from="+15550009999").is_missed
