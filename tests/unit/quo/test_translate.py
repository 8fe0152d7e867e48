"""From wire to facts: the other party, gaps instead of crashes, artifacts that arrive late."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quoflow.core import facts
from quoflow.quo import translate, wire

OWN = {"+15555550100", "+15555550101"}
PEER = "+15551234567"
AT = datetime(2022, 1, 1, tzinfo=UTC)


def make_call(**changes):
    call = {
        "id": "AC1",
        "phoneNumberId": "PN1",
        "direction": "incoming",
        "status": "completed",
        "participants": [PEER],
        "createdAt": "2022-01-01T00:00:00Z",
    }
    return wire.parse_item(wire.Call, {**call, **changes})


def make_message(**changes):
    message = {
        "id": "AC1",
        "phoneNumberId": "PN1",
        "direction": "incoming",
        "from": PEER,
        "to": ["+15555550100"],
        "text": "hi",
        "status": "delivered",
        "createdAt": "2022-01-01T00:00:00Z",
    }
    return wire.parse_item(wire.Message, {**message, **changes})


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("+1 (555) 123-4567", PEER),
        (" +15551234567 ", PEER),
        ("+1.555.123.4567", PEER),
        ("(555) 123-4567", "(555) 123-4567"),
        ("72345", "72345"),
        ("anonymous", "anonymous"),
    ],
)
def test_only_what_is_e164_is_tidied(written, expected):
    """A number with a plus loses its dressing; short codes, names and local numbers stay as Quo gives them."""
    assert translate.tidy_number(written) == expected


@given(st.permutations([PEER, "+15555550100", "+15555550101"]))
def test_our_own_numbers_are_not_the_peer(participants):
    """Wherever our lines stand among the participants, the peer is the other party."""
    call = translate.read_call(make_call(participants=participants), OWN)
    conversation = translate.read_conversation(
        wire.parse_item(wire.Conversation, {"id": "CN1", "phoneNumberId": "PN1", "participants": participants}), OWN
    )

    assert call.peer == PEER
    assert conversation.participants == (PEER,)


def test_a_call_between_our_lines_still_has_a_peer():
    """Nobody else took part: the last named is the other."""
    call = translate.read_call(make_call(participants=["+15555550100", "+15555550101"]), OWN)

    assert call.peer == "+15555550101"


def test_a_call_is_read_whole():
    """Every field comes over; a fraction of a second is rounded, an agent's name means the AI took it."""
    call = make_call(
        answeredAt="2022-01-01T00:00:05Z",
        completedAt="2022-01-01T00:01:00.500Z",
        duration=55.4,
        answeredBy="US1",
        aiHandled="ai-agent",
        forwardedTo="US2",
        userId="US1",
    )

    assert translate.read_call(call, OWN, conversation_id="CN1") == facts.Call(
        id="AC1",
        line_id="PN1",
        peer=PEER,
        direction="incoming",
        status="completed",
        created_at=AT,
        answered_at=datetime(2022, 1, 1, 0, 0, 5, tzinfo=UTC),
        completed_at=datetime(2022, 1, 1, 0, 1, 0, 500000, tzinfo=UTC),
        duration=55,
        answered_by="US1",
        user_id="US1",
        ai_handled=True,
        forwarded_to="US2",
        conversation_id="CN1",
    )


@pytest.mark.parametrize(
    ("value", "expected"), [(None, False), (False, False), ("false", False), (True, True), ("sona", True)]
)
def test_ai_handled_in_any_shape(value, expected):
    """A boolean, its name, an agent's name or nothing."""
    assert translate.read_call(make_call(aiHandled=value), OWN).ai_handled is expected


@pytest.mark.parametrize(
    ("changes", "gap"),
    [
        ({"direction": None}, "direction is missing"),
        ({"direction": "sideways"}, "direction `sideways` is unknown"),
        ({"createdAt": None}, "createdAt is missing"),
        ({"participants": []}, "participants are missing"),
    ],
)
def test_a_call_that_decides_nothing_is_skipped_with_a_reason(changes, gap):
    """What lacks the essential gives None and a reason; nothing crashes."""
    assert translate.read_call(make_call(**changes), OWN) is None
    assert translate.find_gap(make_call(**changes)) == gap


@pytest.mark.parametrize(
    ("changes", "gap"),
    [
        ({"direction": None}, "direction is missing"),
        ({"createdAt": None}, "createdAt is missing"),
        ({"from": None}, "from is missing"),
        ({"direction": "outgoing", "to": []}, "to is missing"),
    ],
)
def test_a_message_that_decides_nothing_is_skipped_with_a_reason(changes, gap):
    """What lacks the essential gives None and a reason; nothing crashes."""
    assert translate.read_message(make_message(**changes), OWN) is None
    assert translate.find_gap(make_message(**changes)) == gap


def test_messages_have_the_other_party_as_peer():
    """Incoming: who sent it; outgoing: the first who is not us."""
    incoming = translate.read_message(make_message(), OWN)
    sent = make_message(**{"direction": "outgoing", "from": "+15555550100", "to": ["+15555550101", PEER]})

    assert (incoming.peer, incoming.direction, incoming.to) == (PEER, "incoming", ("+15555550100",))
    assert translate.read_message(sent, OWN).peer == PEER


def test_a_message_without_line_takes_the_one_asked_for():
    """A null phoneNumberId means the line that was asked for; without one, nothing."""
    bare = make_message(phoneNumberId=None, text=None)

    assert translate.read_message(bare, OWN) is None
    assert translate.read_message(bare, OWN, line_id="PN7").line_id == "PN7"
    assert translate.read_message(bare, OWN, line_id="PN7").text == ""


def test_a_contact_is_read():
    """Fields by key, multi-select as a list of text even when null; empty items dropped, numbers tidied."""
    contact = wire.parse_item(
        wire.Contact,
        {
            "id": "C1",
            "defaultFields": {
                "firstName": "Jane",
                "emails": [{"name": "x", "value": None}, {"name": "y", "value": "a@b.c"}],
                "phoneNumbers": [{"name": "x", "value": "+1 555 123 4567"}, {"value": "555-1234"}],
            },
            "customFields": [
                {"key": "tags", "name": "Tags", "type": "multi-select", "value": ["a", None, 7]},
                {"key": "more", "name": "More", "type": "multi-select", "value": None},
                {"key": "n", "name": "N", "type": "number", "value": 1.5},
                {"name": "Only name", "type": "boolean", "value": False},
                {"type": "string", "value": "nobody"},
            ],
        },
    )
    read = translate.read_contact(contact)

    assert read.phones == (PEER, "555-1234")
    assert read.emails == ("a@b.c",)
    by_key = {"tags": ["a", "7"], "more": [], "n": 1.5, "Only name": False}
    by_name = {"Tags": ["a", "7"], "More": [], "N": 1.5, "Only name": False}
    assert read.fields == {**by_name, **by_key}


def test_lines_and_users_are_read():
    """A line without a name is called by its number."""
    line = wire.parse_item(
        wire.PhoneNumber, {"id": "PN1", "number": "+1 555 555 0100", "name": None, "users": [{"id": "US1"}, None]}
    )

    assert translate.read_line(line) == facts.Line("PN1", "+15555550100", "+15555550100", ("US1",), {})
    assert translate.read_user(wire.User(id="US1", role="owner")).role == "owner"


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("completed", "completed"),
        ("absent", "pending"),
        ("in-progress", "pending"),
        ("failed", "failed"),
        ("deleted", "failed"),
        ("newfangled", "pending"),
        (None, "pending"),
    ],
)
def test_artifact_states(status, expected):
    """Each status means the same for all four kinds; unknown ones wait for the deadline."""
    assert translate.read_voicemail("AC1", wire.Voicemail(status=status)).state == expected
    assert translate.read_transcript("AC1", wire.Transcript(status=status)).state == expected
    assert translate.read_summary("AC1", wire.Summary(status=status)).state == expected
    assert translate.read_recording("AC1", [wire.Recording(status=status)]).state == expected


def test_what_is_not_there_yet_is_pending():
    """A 404 (None) and an empty list of recordings mean: not yet."""
    assert translate.read_voicemail("AC1", None) == facts.Artifact("voicemail", "AC1", "pending")
    assert translate.read_transcript("AC1", None) == facts.Artifact("transcript", "AC1", "pending")
    assert translate.read_summary("AC1", None) == facts.Artifact("summary", "AC1", "pending")
    assert translate.read_recording("AC1", []) == facts.Artifact("recording", "AC1", "pending")


def test_a_transcript_becomes_lines():
    """One line a turn, speakers by user id or number, with names where known."""
    body = {
        "status": "completed",
        "dialogue": [
            {"content": "Hello", "start": 0.5, "end": 1, "identifier": "+15555550100", "userId": "US1"},
            {"content": "Hi", "start": 1, "end": 2, "identifier": PEER, "userId": None},
            {"content": None},
        ],
    }
    artifact = translate.read_transcript("AC1", wire.parse_item(wire.Transcript, {"data": body}), {"US1": "Ann"})

    assert artifact.data["text"] == f"Ann: Hello\n{PEER}: Hi\nUnknown: "
    assert artifact.data["lines"][0] == {"speaker": "Ann", "text": "Hello", "start": 0.5, "end": 1, "user_id": "US1"}


def test_completed_with_nothing_in_it_is_completed_and_empty():
    """A completed artifact whose body is null has an empty text, so that rules can ask for it."""
    assert translate.read_transcript("AC1", wire.Transcript(status="completed")).data == {"text": "", "lines": []}
    assert translate.read_summary("AC1", wire.Summary(status="completed")).data == {
        "text": "",
        "points": [],
        "next_steps": [],
    }
    assert translate.read_voicemail("AC1", wire.Voicemail(status="completed")).data["text"] == ""


def test_a_summary_and_a_recording_are_read():
    """A summary's text is its points; of several recordings the first complete one counts."""
    summary = wire.Summary(status="completed", summary=("a", "b"), next_steps=("c",))
    recordings = [
        wire.Recording(status="failed"),
        wire.Recording(status="completed", url="https://x/1", duration=9, type="mp3"),
    ]

    assert translate.read_summary("AC1", summary).data == {"text": "a\nb", "points": ["a", "b"], "next_steps": ["c"]}
    assert translate.read_recording("AC1", recordings).data == {"url": "https://x/1", "duration": 9, "type": "mp3"}
    assert translate.read_recording("AC1", [wire.Recording(status="failed"), wire.Recording()]).state == "pending"
