"""Phone numbers, users and webhooks."""

from __future__ import annotations

import pytest


def test_phone_numbers_come_all_at_once(desk):
    """The list is not paginated; each number has its users and its restrictions."""
    body = desk.get("/v1/phone-numbers").body

    assert set(body) == {"data"}
    assert [(row["id"], row["number"], row["name"]) for row in body["data"]] == [
        ("PN1", "+15555550100", "Main"),
        ("PN2", "+15555550101", "Sales"),
    ]
    assert [user["id"] for user in body["data"][1]["users"]] == ["US1", "US2"]
    assert set(body["data"][0]["restrictions"]["messaging"]) == {"US", "CA", "Intl"}


def test_phone_numbers_of_a_user(desk):
    """`userId` keeps the numbers of one user; another prefix is refused."""
    assert [row["id"] for row in desk.get("/v1/phone-numbers", ("userId", "US2")).data] == ["PN2"]
    assert desk.get("/v1/phone-numbers", ("userId", "max")).problems == ["/userId"]


def test_users(desk):
    """Users are a paged list and can be read one by one."""
    listed = desk.get("/v1/users", ("maxResults", "1"))

    assert [row["id"] for row in listed.data] == ["US1"]
    assert listed.body["nextPageToken"]
    assert desk.get("/v1/users/US2").data["email"] == "max@example.com"
    assert desk.get("/v1/users/US9").status == 404
    assert desk.get("/v1/users/PN1").status == 400


def test_a_webhook_is_kept_shown_and_deleted(desk):
    """A webhook answers 201 with its key, is listed and read, and is gone after DELETE."""
    made = desk.post("/v1/webhooks/messages", {"events": ["message.received"], "url": "https://example.com/hook"})
    path = f"/v1/webhooks/{made.data['id']}"

    assert made.status == 201
    assert (made.data["status"], made.data["resourceIds"], made.data["userId"]) == ("enabled", ["*"], "US1")
    assert desk.get("/v1/webhooks").data == [made.data]
    assert desk.get(path).data == made.data
    assert desk.ask("DELETE", path).status == 204
    assert desk.get(path).status == 404
    assert desk.get("/v1/webhooks/XX1").status == 400


@pytest.mark.parametrize(
    ("family", "change", "problem"),
    [
        ("messages", {"events": ["call.completed"]}, "/events"),
        ("calls", {"events": ["message.received"]}, "/events"),
        ("call-summaries", {"events": []}, "/events"),
        ("call-transcripts", {"url": "ftp://example.com"}, "/url"),
        ("messages", {"resourceIds": ["US1"]}, "/resourceIds/0"),
        ("messages", {"status": "on"}, "/status"),
    ],
)
def test_bad_webhooks_are_refused(desk, family, change, problem):
    """A webhook's events belong to its family, and its url and resources look like such."""
    events = {"calls": "call.completed", "call-summaries": "call.summary.completed"}
    body = {"events": [events.get(family, "message.received")], "url": "https://example.com", **change}
    if family == "call-transcripts":
        body["events"] = ["call.transcript.completed"]
    answer = desk.post(f"/v1/webhooks/{family}", body)

    assert (answer.status, answer.problems) == (400, [problem])


def test_a_webhook_of_no_family(desk):
    """A family that is none is 404."""
    assert desk.post("/v1/webhooks/contacts", {"events": [], "url": "https://example.com"}).status == 404
