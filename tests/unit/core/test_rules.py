"""Rules: filters, schedules and throttles as a rule may write them, and a rule's defaults."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from datetime import timedelta

import pytest
from pydantic import ValidationError

from quoflow.core import rules


def test_one_value_is_a_list_of_one():
    """Each filter may be one value or a list."""
    one = rules.Filters.model_validate({"line": "Main", "from": "+15550104567", "text": {"contains": "refund"}})
    many = rules.Filters.model_validate({"line": ["Main", "Sales"], "status": ["missed", "busy"]})

    assert (one.line, one.from_, one.text.contains) == (("Main",), ("+15550104567",), ("refund",))
    assert (many.line, many.status) == (("Main", "Sales"), ("missed", "busy"))


@pytest.mark.parametrize(
    ("model", "written", "words"),
    [
        (rules.Filters, {"lines": "Main"}, "Extra inputs"),
        (rules.Filters, {"direction": "in"}, "'incoming' or 'outgoing'"),
        (rules.TextFilter, {}, "say either `contains` or `matches`"),
        (rules.TextFilter, {"contains": "a", "matches": "b"}, "say either `contains` or `matches`"),
        (rules.TextFilter, {"matches": "a" * 501}, "at most 500"),
        (rules.Schedule, {}, "say one of `cron`, `every` and `at`"),
        (rules.Schedule, {"cron": "0 9 * * *", "every": "1h"}, "say one of `cron`, `every` and `at`"),
        (rules.Schedule, {"every": "often"}, "is not a duration"),
        (rules.Schedule, {"cron": "0 9 * * *", "catchup": "once"}, "'skip', 'latest' or 'all'"),
        (rules.Throttle, {}, "once_within"),
    ],
)
def test_what_a_trigger_may_not_say_is_refused(model, written, words):
    """Unknown keys, both or neither of two ways, and impossible values are errors."""
    with pytest.raises(ValidationError) as caught:
        model.model_validate(written)

    assert words in str(caught.value)


def test_a_throttle_keeps_the_contact_quiet_unless_said():
    """The key is the contact's phone by default."""
    throttle = rules.Throttle.model_validate({"once_within": "4h"})

    assert throttle.once_within == timedelta(hours=4)
    assert throttle.key == "{{ contact.phone }}"


def test_a_rule_is_careful_by_default():
    """Nothing said: approval by a person, a day of age at most, every connection, no condition."""
    rule = rules.Rule(name="a", version="0" * 12, document={}, triggers=(), steps=())

    assert rule.approval == "required"
    assert rule.max_age == timedelta(hours=24)
    assert rule.connections == ()
    assert rule.when == rules.AllOf(())
    assert rule.enabled


def test_a_rule_cannot_be_changed():
    """A rule is a value: a run keeps the version it began with."""
    rule = rules.Rule(name="a", version="0" * 12, document={}, triggers=(), steps=())

    with pytest.raises(FrozenInstanceError):
        rule.name = "b"
    with pytest.raises(ValidationError):
        rules.Filters().line = ("x",)


@pytest.mark.parametrize("model", [rules.Filters, rules.TextFilter, rules.Schedule, rules.Throttle])
def test_every_key_is_described(model):
    """Descriptions are the reference that editors show; none is missing."""
    assert [name for name, info in model.model_fields.items() if not info.description] == []
