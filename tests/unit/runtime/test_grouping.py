"""What waits of a batch, and the sum that stands for exactly that."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from quoflow.errors import QuoflowError, UsageError
from quoflow.runtime import grouping
from quoflow.store.approvals import Approval

NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
ANNA, BILL = "+15555550111", "+15555550112"


def ask(name, *, batch="b1batch", to=ANNA, **more):
    known = {
        "connection": "main", "step_id": name, "run_id": name, "rule": "offer", "action": "send_message", "to": to,
        "from_": None, "text": "Hi", "payload": {}, "segments": 1, "hash": f"hash of {name}", "state": "pending",
        "requested_at": NOW, "expires_at": NOW + timedelta(days=1),
    }  # fmt: skip
    return Approval(id=name, batch=batch, **(known | more))


def test_what_was_planned_together_is_one_group():
    """What belongs to no batch stays by itself, and so does a text that somebody has edited."""
    pending = [ask("a1"), ask("a2", to=BILL), ask("a3", batch=None), ask("a4", edited_by="ann"), ask("a5", batch="c2")]
    groups, singles = grouping.group(pending)

    assert [(one.batch, [each.id for each in one.approvals], one.recipients) for one in groups] == [
        ("b1batch", ["a1", "a2"], 2),
        ("c2", ["a5"], 1),
    ]
    assert [one.id for one in singles] == ["a3", "a4"]


def test_a_sum_is_of_every_id_and_hash():
    """One more, one less, another id or another word: each makes another sum; the order makes none."""
    one, other = ask("a1"), ask("a2")
    sums = [
        grouping.Group("b1batch", found).sum
        for found in (
            (one, other),
            (one,),
            (one, other, ask("a3")),
            (one, replace(other, hash="another")),
            (one, replace(other, id="a9")),
        )
    ]

    assert len(set(sums)) == len(sums)
    assert grouping.Group("b1batch", (other, one)).sum == sums[0]


def test_a_batch_is_found_by_the_beginning_of_its_id():
    """From four characters on, where it is the only one; and only if it is what was listed, where that is said."""
    pending = [ask("a1"), ask("a2", batch="b1batter"), ask("a3", batch="c2c2c2")]
    found = grouping.find_group(pending, "c2c2")

    assert [one.id for one in found.approvals] == ["a3"]
    assert grouping.find_group(pending, "c2c2c2", listed=found.sum) == found
    with pytest.raises(QuoflowError, match="is not what was listed under 00000000"):
        grouping.find_group(pending, "c2c2c2", listed="00000000")
    with pytest.raises(QuoflowError, match="nothing waits of a batch c2c"):
        grouping.find_group(pending, "c2c")
    with pytest.raises(UsageError, match="several batches begin with `b1ba`"):
        grouping.find_group(pending, "b1ba")
