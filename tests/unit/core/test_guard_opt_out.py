"""The guard of opt-outs: certain ones refuse, probable ones wait for a person, and Quo's own answers are enough."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from quoflow.core import guards
from quoflow.core.guard_settings import GuardSettings
from quoflow.core.guards import GuardFacts
from quoflow.core.opt_out_ledger import Entry, Standing
from quoflow.core.plans import Write

NOON = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)
PEER = "+12125550123"
TEXT = Write("main", "send_message", PEER, "+15555550100", "Hi", {}, 1, "v1")
ON = GuardSettings.model_validate({"opt_out": {}})


def check(basis=None, *, settings=ON, says="stop", **known):
    actor = "ann" if basis == "person" else None
    entry = Entry("main", PEER, says, "the words", "AC1", NOON, basis, "evidence", actor, NOON)
    standing = Standing(entry, basis) if basis else None
    return guards.check(TEXT, GuardFacts(now=NOON, opted_out=standing, **known), settings)


@pytest.mark.parametrize(
    ("basis", "state", "passes"),
    [
        ("certain", "refused", "passes after they write START"),
        ("person", "refused", "passes after `quoflow optouts lift`"),
        ("likely", "held", "`quoflow optouts confirm|lift` decides"),
    ],
)
def test_each_basis_has_its_way_out(basis, state, passes):
    """What is certain is refused, what is probable is held without an end; the reason says what would let it pass."""
    gate = check(basis)

    assert (gate.state, gate.guard, gate.until) == (state, "opt_out", None)
    assert gate.reason.endswith(passes)
    assert "the words" in gate.reason
    assert PEER not in gate.reason
    assert check(basis, settings=GuardSettings.model_validate({"opt_out": "off"})).state == "ready"


def test_what_waits_for_a_person_does_not_wait_for_ever():
    """A held text that has become too late is refused; its lateness counts as everywhere."""
    known = {"due_at": NOON - timedelta(hours=1), "max_age": timedelta(minutes=15)}

    assert (check("likely", **known).state, check("likely", **known).guard) == ("refused", "max_age")
    assert check("likely", **(known | {"max_age": timedelta(hours=2)})).state == "held"


def test_what_quo_answers_is_answered_once():
    """A text in answer to STOP or START is refused, also where nothing stands any more."""
    gate = check(answered_by_quo="start")

    assert (gate.state, gate.guard) == ("refused", "opt_out")
    assert gate.reason == "opt-out: it would answer 'START', which Quo itself answers"
    assert check(answered_by_quo="start", settings=GuardSettings.model_validate({"opt_out": "off"})).state == "ready"
