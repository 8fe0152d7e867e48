"""Calls: which rules can be run by others, and what they are given."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from quoflow.core import calls
from quoflow.core.events import Event
from quoflow.core.rules import Rule, Trigger

NOW = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)
BEGAN = Event("manual:first:1", "manual", "main", NOW, data={"rule": "first", "by": "maria"})
GREET = Rule("greet", "1", {}, (Trigger("call.missed"), Trigger("manual")), ())


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (GREET, None),
        (None, "there is no rule `greet`"),
        (replace(GREET, enabled=False), "the rule `greet` is not enabled"),
        (replace(GREET, triggers=GREET.triggers[:1]), "the rule `greet` has no `manual` trigger"),
    ],
)
def test_a_rule_is_run_that_waits_for_it(rule, expected):
    """A rule must be there, be enabled and have the trigger `manual`; otherwise the step fails in words."""
    assert calls.object_to(rule, "greet") == expected


def test_who_fired_the_first_rule_stays_known():
    """Whose wish it was decides who may approve it, however many rules lie between."""
    data = calls.make_data(BEGAN, run_id="r1", rule="greet", values={"n": 1})

    assert data == {"rule": "greet", "set": {"n": 1}, "called_by": "r1", "depth": 1, "by": "maria"}
    assert calls.find_caller(replace(BEGAN, data=data)) == "r1"
    assert calls.find_caller(BEGAN) is None


def test_rules_run_each_other_so_deep_and_no_deeper():
    """A circle that came about while runs were waiting comes to an end."""
    event, depths = BEGAN, []
    for _ in range(calls.DEEPEST + 1):
        data = calls.make_data(event, run_id="r", rule="greet", values={})
        depths.append(calls.is_too_deep(data))
        event = replace(event, data=data)

    assert depths == [False] * calls.DEEPEST + [True]
