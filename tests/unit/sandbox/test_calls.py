"""Calls, and what is made of them later."""

from __future__ import annotations

import pytest

ANNA = "+15555550111"


def begin(desk, **call):
    return desk.post("/_sandbox/calls", {"peer": ANNA, "ring": "10s", **call}).body["id"]


def read(desk, call_id):
    return desk.get(f"/v1/calls/{call_id}").data


def test_a_missed_call_rings_and_is_over(desk):
    """A call is visible while it rings; then it is over, with no answer and no duration."""
    call = begin(desk)
    ringing = read(desk, call)
    desk.later(10)
    over = read(desk, call)

    assert (ringing["status"], ringing["completedAt"]) == ("ringing", None)
    assert (over["status"], over["answeredAt"], over["duration"]) == ("missed", None, 0)
    assert over["completedAt"] == "2026-11-23T15:00:10.000Z"


def test_an_answered_call_is_taken_and_ends(desk):
    """An answered call goes ringing, in-progress, completed; its duration counts from the answer."""
    call = begin(desk, answered=True, duration="90s", line="Sales", user="Max")
    desk.later(10)
    taken = read(desk, call)
    desk.later(90)
    over = read(desk, call)

    assert (taken["status"], taken["answeredBy"]) == ("in-progress", "US2")
    assert (over["status"], over["duration"]) == ("completed", 90)


@pytest.mark.parametrize(
    ("call", "status"),
    [
        ({"direction": "outgoing"}, "no-answer"),
        ({"status": "abandoned"}, "abandoned"),
        ({"ai_handled": True}, "completed"),
        ({"forwarded_to": "+15555550199"}, "forwarded"),
    ],
)
def test_final_statuses(desk, call, status):
    """A call that nobody took can end in many ways: missed is not one status."""
    made = begin(desk, **call)
    desk.later(10)

    assert read(desk, made)["status"] == status


def test_a_list_takes_exactly_one_participant(desk):
    """Two participants are refused with Quo's own code; one works, the newest call first."""
    first, second = begin(desk), begin(desk)
    query = [("phoneNumberId", "PN1"), ("participants", ANNA), ("participants", "+15555550112")]
    desk.later(1)
    third = begin(desk)

    assert desk.get("/v1/calls", *query).body["code"] == "0101400"
    assert [row["id"] for row in desk.calls().data] == [third, second, first]


def test_our_own_number_may_stand_among_the_participants(make_desk):
    """With oddities on, a call's participants hold our own number for some calls, first or last."""
    desk = make_desk(options={"oddities": "true"})
    rows = [read(desk, begin(desk))["participants"] for _ in range(30)]

    assert {tuple(row) for row in rows} == {(ANNA,), ("+15555550100", ANNA), (ANNA, "+15555550100")}


def test_unknown_calls(desk):
    """An unknown id is 404 and another prefix 400, for calls and all that is made of them."""
    families = ["calls", "call-recordings", "call-summaries", "call-transcripts", "call-voicemails"]

    assert {desk.get(f"/v1/{family}/AC404").status for family in families} == {404}
    assert {desk.get(f"/v1/{family}/XX404").status for family in families} == {400}


def test_without_artifacts_nothing_ever_comes(desk):
    """A call for which nothing is made says so in each family's own way, for ever."""
    call = begin(desk)
    desk.later(86_400)

    assert desk.get(f"/v1/call-voicemails/{call}").status == 404
    assert desk.get(f"/v1/call-transcripts/{call}").status == 404
    assert desk.get(f"/v1/call-recordings/{call}").data == []
    assert desk.get(f"/v1/call-summaries/{call}").data == {
        "callId": call,
        "status": "absent",
        "summary": None,
        "nextSteps": None,
    }


def test_a_voicemail_comes_late(desk):
    """A voicemail is 404 at first, then in progress, then there with its text."""
    call = begin(desk, voicemail={"after": "60s", "text": "Call me", "duration": "9s"})
    seen = []
    for wait in (0, 10, 30, 30):
        desk.later(wait)
        answer = desk.get(f"/v1/call-voicemails/{call}")
        seen.append((answer.status, answer.data["status"] if answer.status == 200 else None))
    made = desk.get(f"/v1/call-voicemails/{call}").data

    assert seen == [(404, None), (404, None), (200, "in-progress"), (200, "completed")]
    assert (made["transcript"], made["duration"]) == ("Call me", 9)
    assert made["recordingUrl"].startswith("https://")


def test_a_transcript_comes_late(desk):
    """A transcript is 404, then in progress without dialogue, then a dialogue of both sides in order."""
    lines = [{"speaker": "us", "text": "Hello there"}, {"speaker": "them", "text": "I want a refund"}]
    call = begin(desk, answered=True, duration="20s", transcript={"after": "60s", "lines": lines})
    desk.later(30)
    early = desk.get(f"/v1/call-transcripts/{call}").status
    desk.later(30)
    half = desk.get(f"/v1/call-transcripts/{call}").data
    desk.later(30)
    made = desk.get(f"/v1/call-transcripts/{call}").data

    assert early == 404
    assert (half["status"], half["dialogue"]) == ("in-progress", None)
    assert made["dialogue"] == [
        {"content": "Hello there", "start": 0.0, "end": 0.8, "identifier": "+15555550100", "userId": "US1"},
        {"content": "I want a refund", "start": 0.8, "end": 2.4, "identifier": ANNA, "userId": None},
    ]


def test_a_summary_and_a_recording_come_late(desk):
    """A summary goes absent, in-progress, completed; a recording list is empty, in progress, completed."""
    late = {"summary": {"after": "60s", "points": ["Leak"], "next_steps": "Call back"}, "recording": {"after": "60s"}}
    call = begin(desk, answered=True, duration="20s", **late)
    seen = []
    for wait in (30, 30, 30):
        desk.later(wait)
        summary, recordings = desk.get(f"/v1/call-summaries/{call}").data, desk.get(f"/v1/call-recordings/{call}").data
        seen.append((summary["status"], [recording["status"] for recording in recordings]))

    assert seen == [("absent", []), ("in-progress", ["in-progress"]), ("completed", ["completed"])]
    assert (summary["summary"], summary["nextSteps"]) == (["Leak"], ["Call back"])
    assert (recordings[0]["duration"], recordings[0]["type"]) == (20, "audio/mpeg")


@pytest.mark.parametrize("family", ["transcript", "summary", "voicemail", "recording"])
def test_what_fails_says_so(desk, family):
    """What is made late may fail: its status says so and it holds nothing."""
    path = {"summary": "call-summaries"}.get(family, f"call-{family}s")
    call = begin(desk, **{family: {"after": "10s", "status": "failed"}})
    desk.later(60)
    data = desk.get(f"/v1/{path}/{call}").data
    row = data[0] if isinstance(data, list) else data

    assert row["status"] == "failed"
    assert not {row.get(key) for key in ("url", "recordingUrl", "transcript", "summary", "dialogue")} - {None}


def test_a_call_can_be_changed_by_hand(desk):
    """PATCH picks a call up, ends it and adds what is made of it; the agenda does not end it a second time."""
    call = begin(desk, ring="1h")
    desk.later(5)
    desk.patch(f"/_sandbox/calls/{call}", {"answered": True})
    desk.later(30)
    desk.patch(f"/_sandbox/calls/{call}", {"completed": True, "voicemail": {"text": "Hi"}})
    ended = read(desk, call)
    desk.later(7200)

    assert (ended["status"], ended["duration"]) == ("completed", 30)
    assert read(desk, call) == ended
    assert desk.get(f"/v1/call-voicemails/{call}").data["transcript"] == "Hi"
    assert desk.patch("/_sandbox/calls/AC404", {}).status == 404


def test_a_call_ends_once(desk):
    """A call that was ended by hand is not ended again when its time would have been up, nor by a second hand."""
    call = begin(desk, answered=True, duration="1h")
    desk.later(10)
    desk.get("/v1/users")
    desk.later(20)
    desk.patch(f"/_sandbox/calls/{call}", {"completed": True})
    desk.later(7200)
    desk.patch(f"/_sandbox/calls/{call}", {"completed": True})
    row = read(desk, call)

    assert (row["duration"], row["completedAt"]) == (20, "2026-11-23T15:00:30.000Z")


def test_the_end_of_a_call_moves_its_conversation(desk):
    """A conversation is updated when a call begins and when it ends, and names the call as last activity."""
    call = begin(desk)
    desk.later(10)
    conversation = desk.get("/v1/conversations").data[0]

    assert conversation["lastActivityId"] == call
    assert conversation["updatedAt"] == "2026-11-23T15:00:10.000Z"
