"""Texts: sent once as they are, and found again afterwards."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from quoflow.actions import texts
from quoflow.quo import errors

ANNA = "+15555550111"
PAYLOAD = {"content": "We\u2019re sorry \u2013 call us\u2026", "from": "PN1", "to": [ANNA]}


def find(office, payload=PAYLOAD, **since):
    return tuple(texts.find_message(payload, office.quo, since=office.time - timedelta(**since)))


def test_a_text_is_sent_byte_for_byte_and_once(office):
    """The body is the payload and nothing else; the outcome names the message."""
    done = texts.send_message(PAYLOAD, office.quo)

    (post,) = office.posts
    assert json.loads(post["body"]) == PAYLOAD
    assert done.message_id == office.sandbox.world.sent[0]["id"] == done.outcome["message_id"]
    assert (done.outcome["text"], done.outcome["status"]) == (PAYLOAD["content"], "queued")


@pytest.mark.parametrize(
    ("kind", "error"),
    [("timeout_after", errors.Interrupted), ("500", errors.ServerFailed), ("garbage_2xx", errors.Unreadable)],
)
def test_an_uncertain_send_is_tried_once_and_says_so(office, kind, error):
    """After an ambiguous error nothing is sent again by the client itself."""
    office.fault(kind, path="/v1/messages")

    with pytest.raises(error) as caught:
        texts.send_message(PAYLOAD, office.quo)
    assert caught.value.is_ambiguous
    assert len(office.posts) == 1


def test_a_text_that_was_accepted_is_found(office):
    """A text hidden by a time-out is found by its conversation, direction and words."""
    office.fault("timeout_after", path="/v1/messages")
    with pytest.raises(errors.Interrupted):
        texts.send_message(PAYLOAD, office.quo)

    (found,) = find(office, seconds=5)
    assert found.message_id == office.sandbox.world.sent[0]["id"] == found.outcome["message_id"]


def test_a_text_whose_characters_were_rewritten_is_found(office):
    """Quo may list plain quotes, dashes and dots where typographic ones were sent."""
    texts.send_message({**PAYLOAD, "content": "We're sorry - call us..."}, office.quo)

    assert len(find(office, seconds=5)) == 1


@pytest.mark.parametrize(
    "other",
    [
        {"text": "Something else", "direction": "outgoing", "peer": ANNA},
        {"text": PAYLOAD["content"], "direction": "incoming", "peer": ANNA},
        {"text": PAYLOAD["content"], "direction": "outgoing", "peer": "+15555550199"},
    ],
)
def test_another_text_is_not_taken_for_ours(office, other):
    """Other words, the customer's own, or another conversation are not this text."""
    office.happen("messages", **other)

    assert find(office, seconds=5) == ()


def test_a_text_of_another_user_is_not_taken_for_ours(office):
    """Where we said who sends it, a text that someone else sent is theirs."""
    office.happen("messages", text=PAYLOAD["content"], direction="outgoing", peer=ANNA)

    assert find(office, {**PAYLOAD, "userId": "US9"}, seconds=5) == ()
    assert len(find(office, {**PAYLOAD, "userId": "US1"}, seconds=5)) == 1


def test_an_earlier_text_of_the_same_words_is_not_taken_for_ours(office):
    """What was written before the attempt began cannot be this attempt."""
    office.happen("messages", text=PAYLOAD["content"], direction="outgoing", peer=ANNA)
    office.later(seconds=11)

    assert find(office, seconds=10.5) == find(office, seconds=5) == ()


def test_a_text_of_the_very_moment_is_found(office):
    """Whether the API's bound includes itself is not documented: what was accepted at `since` counts."""
    texts.send_message(PAYLOAD, office.quo)

    assert len(find(office, seconds=0)) == 1


def test_all_candidates_are_given_the_oldest_first(office):
    """Of identical texts the first is claimed first, so that each attempt can have its own."""
    sent = []
    for _ in range(2):
        sent.append(texts.send_message(PAYLOAD, office.quo).message_id)
        office.later(seconds=2)

    assert [found.message_id for found in find(office, minutes=1)] == sent
