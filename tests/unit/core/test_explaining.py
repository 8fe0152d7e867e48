"""One reason for each rule, whatever became of the event."""

from __future__ import annotations

import pytest

from quoflow.core import explaining
from quoflow.core.explaining import Handling, Kept
from quoflow.core.matching import Verdict

ASKED = (("'vip' in contact.tags", False),)
NO = Verdict("greet", "v2", "e1", matched=False, reason="`x` does not hold", conditions=ASKED)
YES = Verdict("greet", "v2", "e1", matched=True, reason="it fits", conditions=(("x", True),))


@pytest.mark.parametrize("judged", [NO, YES])
@pytest.mark.parametrize(
    ("handling", "verdict", "reason"),
    [
        (Handling("new"), "waiting", "the event has not been handled yet"),
        (Handling("new", 1, "locked"), "waiting", "the event has not been handled yet; try 1 failed: locked"),
        (Handling("handled", 1, "maria answered yes"), "not_asked", "maria answered yes"),
        (Handling("handled", 1, is_blank=True), "not_matched", explaining.BLANK),
        (Handling("quarantined", 3, "KeyError"), "quarantined", "the event was set aside after 3 tries: KeyError"),
    ],
)
def test_no_rule_is_said_to_have_decided_where_none_was_asked(handling, verdict, reason, judged):
    """What waits, was set aside, answered or blanked has that for its reason, however the rule would judge it."""
    found = explaining.find_reason(handling, None, judged)

    assert (found.verdict, found.reason, found.conditions) == (verdict, reason, ())


def test_what_was_not_kept_is_judged_again_and_marked():
    """A rule that did not fit says why, with its conditions of now, and that they are those of now."""
    found = explaining.find_reason(Handling("handled"), None, NO)

    assert (found.verdict, found.reason, found.conditions) == ("not_matched", NO.reason, ASKED)
    assert found.is_recomputed


def test_a_fit_of_now_is_no_match_of_then():
    """What fits only now had no part in it; nobody is told that a run should be there."""
    found = explaining.find_reason(Handling("handled"), None, YES)

    assert (found.verdict, found.reason) == ("not_matched", explaining.NOW_BUT_NOT_THEN)


@pytest.mark.parametrize(("matched", "verdict"), [(True, "matched"), (False, "skipped")])
def test_what_is_on_record_stands(matched, verdict):
    """The recorded verdict, with the conditions and the version of then, whatever the rule would say now."""
    kept = Kept("greet", "v1", matched, "as it was", (("old", True),))
    found = explaining.find_reason(Handling("handled"), kept, NO)

    assert (found.verdict, found.reason, found.rule_version) == (verdict, "as it was", "v1")
    assert (found.conditions, found.is_recomputed) == ((("old", True),), False)


def test_an_older_record_without_conditions_shows_those_of_now():
    """A verdict of an older quoflow has no conditions; those of now are shown, and marked."""
    found = explaining.find_reason(Handling("handled"), Kept("greet", "v1", True, "as it was", None), NO)

    assert (found.conditions, found.is_recomputed) == (ASKED, True)


def test_operands_are_what_an_expression_reads():
    """Names with their present values; what is not there is left out, and no function is taken for a name."""
    values = {"contact": {"tags": ["vip"], "fields": {"plan": "gold"}}, "message": None}
    expression = "'vip' in contact.tags and contact.fields.plan == 'gold' and message.text and is_open('office')"

    assert explaining.list_operands(expression, values) == {"contact.tags": ["vip"], "contact.fields.plan": "gold"}
