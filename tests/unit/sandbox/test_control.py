"""The control surface."""

from __future__ import annotations

import pytest

ANNA = "+15555550111"


def test_a_text_is_let_in(desk):
    """An injected text is from the peer to the line, delivered, now."""
    made = desk.post("/_sandbox/messages", {"peer": ANNA, "line": "Sales", "text": "Hi"})
    row = desk.messages(ANNA, "PN2").data[0]

    assert made.status == 201
    assert (row["id"], row["conversationId"]) == (made.body["id"], made.body["conversation_id"])
    assert (row["direction"], row["from"], row["to"]) == ("incoming", ANNA, ["+15555550101"])
    assert (row["status"], row["text"]) == ("delivered", "Hi")


def test_a_persons_text_is_on_its_way(desk):
    """An injected outgoing text goes from the line to the peer, and moves on like any other."""
    made = desk.post("/_sandbox/messages", {"peer": ANNA, "direction": "outgoing", "text": "Hi"}).body["id"]
    queued = desk.get(f"/v1/messages/{made}").data
    desk.later(10)

    assert (queued["from"], queued["to"], queued["status"]) == ("+15555550100", [ANNA], "queued")
    assert desk.get(f"/v1/messages/{made}").data["status"] == "delivered"


def test_a_text_moves_on_and_never_back(desk):
    """A text becomes what is said at once, without its conversation; what has ended stays, also when its time comes."""
    made = desk.send().data["id"]
    before = desk.get("/v1/conversations").data
    desk.later(0.5)
    assert desk.patch(f"/_sandbox/messages/{made}", {"status": "sent"}).status == 200
    assert desk.patch(f"/_sandbox/messages/{made}", {"status": "failed"}).status == 200
    assert desk.patch(f"/_sandbox/messages/{made}", {"status": "delivered"}).status == 409
    desk.later(60)

    row = desk.get(f"/v1/messages/{made}").data
    assert (row["status"], row["updatedAt"]) == ("failed", "2026-11-23T15:00:00.500Z")
    assert desk.get("/v1/conversations").data == before
    assert desk.patch("/_sandbox/messages/ACnone", {"status": "sent"}).status == 404
    assert desk.patch(f"/_sandbox/messages/{made}", {"status": "read"}).problems == ["/status"]


def test_a_call_that_is_over_at_once(desk):
    """A call without ringing is over, and its late things are counted from now."""
    call = desk.post("/_sandbox/calls", {"peer": ANNA, "ring": "0s", "voicemail": {"text": "Hi"}}).body["id"]

    assert desk.get(f"/v1/calls/{call}").data["status"] == "missed"
    assert desk.get(f"/v1/call-voicemails/{call}").data["transcript"] == "Hi"


def test_a_contact_is_put_in(desk):
    """An injected contact is created now, with typed fields."""
    made = desk.post("/_sandbox/contacts", {"first_name": "Anna", "phones": [ANNA], "fields": {"tags": ["vip"]}})
    row = desk.get(f"/v1/contacts/{made.body['id']}").data

    assert made.status == 201
    assert row["createdAt"] == "2026-11-23T15:00:00.000Z"
    assert row["customFields"][0]["value"] == ["vip"]


def test_a_contact_is_changed_and_deleted_in_the_app(desk):
    """What is named changes, the rest stays, also of a contact that no key may change; then it is gone."""
    entry = {"first_name": "Anna", "company": "Berg", "fields": {"tags": ["vip"]}, "source": "hubspot"}
    made = desk.post("/_sandbox/contacts", entry).body["id"]
    desk.later(60)
    changed = desk.patch(
        f"/_sandbox/contacts/{made}", {"company": "Berg & Co", "phones": [ANNA], "fields": {"tags": []}}
    )
    row = desk.get(f"/v1/contacts/{made}").data

    assert changed.status == 200
    assert (row["defaultFields"]["firstName"], row["defaultFields"]["company"]) == ("Anna", "Berg & Co")
    assert [one["value"] for one in row["defaultFields"]["phoneNumbers"]] == [ANNA]
    assert (row["customFields"][0]["value"], row["source"]) == ([], "hubspot")
    assert row["createdAt"] < row["updatedAt"]
    assert desk.ask("DELETE", f"/_sandbox/contacts/{made}").status == 204
    assert desk.get(f"/v1/contacts/{made}").status == 404
    assert (
        desk.ask("DELETE", f"/_sandbox/contacts/{made}").status
        == desk.patch("/_sandbox/contacts/CTx", {}).status
        == 404
    )


@pytest.mark.parametrize(
    ("path", "body", "problem"),
    [
        ("messages", {}, "/peer"),
        ("messages", {"peer": ANNA, "line": "Nope"}, "/line"),
        ("messages", {"peer": ANNA, "user": "Nobody"}, "/user"),
        ("messages", {"peer": ANNA, "txet": "typo"}, "/txet"),
        ("calls", {"peer": ANNA, "ring": "soon"}, "/ring"),
        ("contacts", {"fields": {"nope": "x"}}, "/customFields/nope"),
        ("clock", {"advance": "tomorrow"}, "/advance"),
    ],
)
def test_bad_input_is_named(desk, path, body, problem):
    """What cannot be is 400 with the field's name, and changes nothing."""
    answer = desk.post(f"/_sandbox/{path}", body)

    assert (answer.status, answer.problems) == (400, [problem])
    assert desk.get("/v1/conversations").data == []


def test_the_state_shows_everything(desk):
    """The state lists all rows as plain data, with what is still to come."""
    desk.send()
    state = desk.get("/_sandbox/state").body

    assert state["scenario"] == "unnamed"
    assert state["to_come"] == 2
    assert [len(state[name]) for name in ("lines", "users", "conversations", "messages", "calls")] == [2, 2, 1, 1, 0]
    assert state["messages"][0]["created_at"] == "2026-11-23T15:00:00+00:00"


def test_an_unknown_path_says_what_there_is(desk):
    """A path that is none is 404 and names those that are."""
    answer = desk.get("/_sandbox/nothing")

    assert answer.status == 404
    assert "POST /_sandbox/faults" in answer.body["message"]
