"""Expectations of a test of rules: what fits, what does not, and how the difference is told."""

from __future__ import annotations

import pytest

from quoflow.core.expectations import Difference, Expected, Held, Outcome, Skipped, Write, compare

TEXT = Write("r", "send_message", {"to": "+12125550123", "text": "Hi Anna, sorry.", "from": "Main Line"})
TAG = Write("r", "tag_contact", {"to": "+12125550123", "contact_id": "CT1", "add": ["b", "a"], "remove": []})
OUTCOME = Outcome(
    writes=(TEXT, TAG),
    told=("Anna called",),
    held=(Held("r", "send_message", "+12125550124", "Hi Bill", "quiet hours: it is 23:00"),),
    skipped=(Skipped("s", "throttle: it fired at 10:00"),),
    runs={"r": "succeeded"},
    tags={"+12125550123": ("a", "b")},
)
SHOWN_TEXT = "send_message to: +12125550123, text: Hi Anna, sorry., from: Main Line"
SHOWN_TAG = "tag_contact to: +12125550123, contact_id: CT1, add: [b, a], remove: []"
SHOWN_HELD = "rule: r, action: send_message, to: +12125550124, text: Hi Bill, reason: quiet hours: it is 23:00"
WRITES = [{"send_message": {"text": "Hi Anna, sorry."}}, {"tag_contact": {"add": ["a", "b"]}}]


@pytest.mark.parametrize(
    "expected",
    [
        {"writes": WRITES},
        {"writes": [{"send_message": {}}, {"tag_contact": {}}]},
        {"writes": [{"send_message": {"text": {"contains": "SORRY"}}}, {"tag_contact": {"to": "+12125550123"}}]},
        {"writes": [{"send_message": {"text": {"contains": ["no", "hi"]}}}, {"tag_contact": {}}]},
        {"writes": [{"send_message": {"text": {"matches": r"^Hi \w+"}}}, {"tag_contact": {}}]},
        {"told": ["Anna called"]},
        {"told": [{"contains": "anna"}]},
        {"held": [{"reason": "Quiet hours"}]},
        {"held": [{"rule": "r", "to": "+12125550124", "text": {"contains": "bill"}}]},
        {"skipped": [{"rule": "s", "reason": "throttle"}]},
        {"runs": {"r": "succeeded"}},
        {"tags": {"+12125550123": ["b", "a"]}},
    ],
)
def test_what_fits_makes_no_difference(expected):
    """Only what is written is looked at; lists of values have no order; reasons need to hold the words only."""
    assert compare(Expected(**expected), OUTCOME) == ()


@pytest.mark.parametrize(
    ("expected", "differences"),
    [
        (
            {"writes": [{"send_message": {"text": "Hi"}}, {"tag_contact": {}}]},
            [Difference("writes[0]", "send_message text: Hi", SHOWN_TEXT)],
        ),
        (
            {"writes": WRITES[:1]},
            [Difference("writes[1]", "nothing more", SHOWN_TAG)],
        ),
        ({"writes": [*WRITES, {"send_message": {}}]}, [Difference("writes[2]", "send_message ", "nothing more")]),
        ({"told": []}, [Difference("told[0]", "nothing more", "Anna called")]),
        ({"told": [{"matches": "^called"}]}, [Difference("told[0]", "matches: ^called", "Anna called")]),
        (
            {"held": [{"reason": "opt-out"}]},
            [Difference("held[0]", "reason: opt-out", SHOWN_HELD)],
        ),
        ({"skipped": []}, [Difference("skipped[0]", "nothing more", "rule: s, reason: throttle: it fired at 10:00")]),
        ({"runs": {"r": "failed"}}, [Difference("runs.r", "failed", "succeeded")]),
        ({"runs": {"x": "failed"}}, [Difference("runs.x", "failed", "nothing")]),
        ({"tags": {"+12125550123": ["a"]}}, [Difference("tags.+12125550123", "[a]", "[a, b]")]),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_told_with_both_sides(expected, differences):
    """Each difference says where it is, what was expected and what there is."""
    assert list(compare(Expected(**expected), OUTCOME)) == differences


def test_nothing_means_nothing():
    """A write, something told and something held each break it; an empty outcome does not."""
    assert [one.expected for one in compare(Expected(nothing=True), OUTCOME)] == ["nothing"] * 4
    assert compare(Expected(nothing=True), Outcome(runs={"r": "skipped"})) == ()


def test_another_order_of_writes_is_a_difference():
    """Who tags before they text does something else than who texts first."""
    found = compare(Expected(writes=WRITES[::-1]), OUTCOME)

    assert [one.place for one in found] == ["writes[0]", "writes[1]"]
