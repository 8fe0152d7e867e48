"""Happenings: which triggers a message, a call or an artifact fires."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quoflow.core import events, happenings, plans
from quoflow.core.facts import OVER, Artifact, Call, Message

NOW = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)
LATER = NOW + timedelta(minutes=3)
OURS, THEIRS = "+15555550100", "+15555550111"
MESSAGE = Message(
    id="AC1", line_id="PN1", peer=THEIRS, direction="incoming", from_=THEIRS, to=(OURS,), text="Hi", status="delivered",
    created_at=NOW, conversation_id="CN1",
)  # fmt: skip
RINGING = Call(
    id="AC2",
    line_id="PN1",
    peer=THEIRS,
    direction="incoming",
    status="ringing",
    created_at=NOW,
    conversation_id="CN1",
)
MISSED = replace(RINGING, status="missed", completed_at=LATER)
ANSWERED = replace(RINGING, status="completed", answered_at=NOW, answered_by="US1", completed_at=LATER, duration=180)


def kinds_of(call):
    return [event.kind for event in happenings.derive_call_events("main", call, line_number=OURS)]


def test_an_incoming_text_is_received():
    """A customer's text fires message.received, with everything a rule can ask for."""
    (event,) = happenings.derive_message_events("main", MESSAGE)

    assert (event.id, event.kind, event.peer, event.line_id) == (
        "message.received:AC1", "message.received", THEIRS, "PN1",
    )  # fmt: skip
    assert (event.occurred_at, event.direction, event.conversation_id) == (NOW, "incoming", "CN1")
    assert event.data["message"] == {
        "id": "AC1", "text": "Hi", "from": THEIRS, "to": OURS, "direction": "incoming", "status": "delivered",
        "time": NOW.isoformat(), "user_id": None,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("delivered", "message.delivered"),
        ("undelivered", "message.failed"),
        ("failed", "message.failed"),
        *((status, None) for status in ("queued", "sent", "received", "unknown", "")),
    ],
)
def test_a_status_says_what_became_of_a_text(status, expected):
    """Delivered is one end, undelivered and failed the other; all else, also what nobody has heard of, is none."""
    assert happenings.find_delivery(status) == expected


@pytest.mark.parametrize(
    ("updated_at", "expected"), [(LATER, LATER), (None, LATER + timedelta(hours=9)), (NOW - timedelta(hours=1), NOW)]
)
def test_a_delivery_is_as_old_as_quo_says(updated_at, expected):
    """It happened when Quo changed the text, not when we read it; never before the text was written."""
    text = replace(MESSAGE, direction="outgoing", status="undelivered", updated_at=updated_at)
    event = happenings.derive_delivery_event(
        "main", text, kind="message.failed", rule="textback", seen_at=LATER + timedelta(hours=9)
    )

    assert (event.id, event.occurred_at, event.data["message"]["rule"]) == ("message.failed:AC1", expected, "textback")


def test_an_outgoing_text_is_sent():
    """A text by a person of ours fires message.sent."""
    message = replace(MESSAGE, direction="outgoing", from_=OURS, to=(THEIRS,))

    assert [event.kind for event in happenings.derive_message_events("main", message)] == ["message.sent"]


def test_a_text_of_a_hidden_sender_has_no_peer():
    """An empty number is no number: guards and templates see None."""
    (event,) = happenings.derive_message_events("main", replace(MESSAGE, peer="", to=()))

    assert (event.peer, event.data["message"]["to"]) == (None, "")


@pytest.mark.parametrize("status", ["queued", "initiated", "ringing", "in-progress", "something-new"])
def test_a_call_that_is_not_over_has_only_started(status):
    """A call is visible before it ends; unknown statuses are not an end."""
    (event,) = happenings.derive_call_events("main", replace(RINGING, status=status), line_number=OURS)

    assert (event.id, event.occurred_at, event.data["call"]["status"]) == ("call.started:AC2", NOW, status)


@pytest.mark.parametrize("status", ["missed", "no-answer", "abandoned", "busy", "canceled", "completed"])
def test_a_call_that_nobody_took_is_missed_whatever_its_status(status):
    """Missed is the absence of an answer, not one status."""
    assert kinds_of(replace(MISSED, status=status)) == ["call.started", "call.completed", "call.missed"]


@pytest.mark.parametrize(
    ("change", "more"),
    [
        ({"direction": "outgoing", "status": "no-answer"}, []),
        ({"ai_handled": True}, []),
        ({"status": "forwarded"}, ["call.forwarded"]),
        ({"forwarded_to": "+15555550199"}, ["call.forwarded"]),
        ({"forwarded_to": "+15555550199", "answered_at": NOW}, ["call.answered", "call.forwarded"]),
        ({"forwarded_from": "+15555550199"}, ["call.missed"]),
    ],
)
def test_a_call_that_was_taken_or_made_by_us_is_not_missed(change, more):
    """Outgoing and AI-handled calls are completed, and that is all; those that went on to somebody are forwarded."""
    assert kinds_of(replace(MISSED, **change)) == ["call.started", "call.completed", *more]


def test_an_answered_call_is_completed_and_answered():
    """A call that someone took fires both, at its end, and started when it began."""
    found = happenings.derive_call_events("main", ANSWERED, line_number=OURS)

    assert [(event.kind, event.occurred_at) for event in found] == [
        ("call.started", NOW),
        ("call.completed", LATER),
        ("call.answered", LATER),
    ]


def test_a_calls_parties_follow_its_direction():
    """`from` and `to` are who called and who was called."""
    incoming = happenings.describe_call(ANSWERED, line_number=OURS)
    outgoing = happenings.describe_call(replace(ANSWERED, direction="outgoing"), line_number=OURS)

    assert (incoming["from"], incoming["to"]) == (THEIRS, OURS) == (outgoing["to"], outgoing["from"])


@pytest.mark.parametrize(
    ("change", "expected"),
    [({}, LATER), ({"completed_at": None, "answered_at": NOW}, NOW), ({"completed_at": None}, NOW)],
)
def test_the_end_of_a_call_is_the_best_that_quo_says(change, expected):
    """completedAt, else answeredAt, else createdAt."""
    assert happenings.find_end(replace(MISSED, **change)) == expected


@pytest.mark.parametrize(("kind", "expected"), happenings.ARTIFACT_EVENTS.items())
def test_a_complete_artifact_is_an_event_of_when_it_was_seen(kind, expected):
    """What is made after a call happens when it is first seen complete, and carries call and content."""
    made = Artifact(kind, "AC2", "completed", {"text": "call me"})
    event = happenings.derive_artifact_event("main", MISSED, made, line_number=OURS, seen_at=LATER)

    assert (event.id, event.kind, event.occurred_at, event.peer) == (f"{expected}:AC2", expected, LATER, THEIRS)
    assert (event.data[kind], event.data["call"]["id"]) == ({"text": "call me", "status": "completed"}, "AC2")
    assert not event.has_failed


@pytest.mark.parametrize("state", ["failed", "missing"])
@pytest.mark.parametrize("kind", happenings.ARTIFACT_EVENTS)
def test_an_artifact_that_never_comes_is_the_same_event_and_says_so(kind, state):
    """It has the id of the one that came, so that a call fires the trigger once, either way."""
    lost = Artifact(kind, "AC2", state)
    event = happenings.derive_artifact_event("main", MISSED, lost, line_number=OURS, seen_at=LATER)

    assert (event.id, event.has_failed) == (f"{happenings.ARTIFACT_EVENTS[kind]}:AC2", True)
    assert event.data[kind] == {"status": state}


@pytest.mark.parametrize("kind", happenings.ARTIFACT_EVENTS)
def test_an_artifact_that_may_still_come_fires_nothing(kind):
    """Not made yet is no answer."""
    artifact = Artifact(kind, "AC2", "pending")

    assert happenings.derive_artifact_event("main", MISSED, artifact, line_number=OURS, seen_at=LATER) is None


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (MISSED, ["voicemail"]),
        (ANSWERED, ["recording", "summary", "transcript"]),
        (replace(MISSED, ai_handled=True), ["recording", "summary", "transcript"]),
        (replace(MISSED, status="forwarded"), []),
        (RINGING, []),
    ],
)
def test_only_what_a_call_can_have_is_awaited(call, expected):
    """A missed call may have a voicemail; one that somebody or the AI took, the others; nothing else is awaited."""
    assert [kind for kind in happenings.ARTIFACT_EVENTS if happenings.can_have(call, kind)] == expected


CALLS = st.builds(
    Call,
    id=st.just("AC9"),
    line_id=st.just("PN1"),
    peer=st.sampled_from([THEIRS, ""]),
    direction=st.sampled_from(["incoming", "outgoing"]),
    status=st.sampled_from([*sorted(OVER), "ringing", "in-progress", "answered", "brand-new"]),
    created_at=st.just(NOW),
    answered_at=st.none() | st.just(NOW),
    completed_at=st.none() | st.just(LATER),
    ai_handled=st.booleans(),
    forwarded_to=st.none() | st.just("+15555550199"),
)


@given(CALLS)
def test_any_call_gives_known_events_that_can_be_stored_and_read_twice(call):
    """Whatever Quo says of a call: known kinds, ids that repeat, plain data, never both answered and missed."""
    first = happenings.derive_call_events("main", call, line_number=OURS)

    assert first == happenings.derive_call_events("main", call, line_number=OURS)
    assert {event.kind for event in first} <= set(events.CALL_KINDS)
    assert not {"call.answered", "call.missed"} <= {event.kind for event in first}
    assert len({event.id for event in first}) == len(first)
    assert all(plans.encode_canonical(dict(event.data)) for event in first)


def test_every_artifact_trigger_is_derived_from_an_artifact():
    """A trigger for something late that nothing derives would be forgotten: the two tables agree."""
    assert set(happenings.ARTIFACT_EVENTS.values()) == set(events.ARTIFACT_KINDS)
