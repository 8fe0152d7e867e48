"""Conversations: their filters, their order, and marking them."""

from __future__ import annotations

import pytest

ANNA, BILL, CLEO = "+15555550111", "+15555550112", "+15555550113"


@pytest.fixture
def busy(make_desk):
    """Three conversations: Anna (first), Bill on the second line, Cleo (deleted, without activity)."""
    desk = make_desk(
        conversations=[{"peer": CLEO, "deleted": "true", "at": "-2h", "name": "Cleo", "assigned_to": "Max"}]
    )
    desk.post("/_sandbox/messages", {"peer": ANNA, "text": "1"})
    desk.later(10)
    desk.post("/_sandbox/messages", {"peer": BILL, "line": "Sales", "text": "2"})
    desk.later(10)
    return desk


def peers(desk, *query):
    return [row["participants"][0] for row in desk.get("/v1/conversations", *query).data]


def test_the_most_recent_activity_comes_first(busy):
    """A conversation moves to the top when something happens in it, and names what it was."""
    before = peers(busy)
    sent = busy.send(to=ANNA).data
    row = busy.get("/v1/conversations").data[0]

    assert before == [BILL, ANNA, CLEO]
    assert (row["participants"], row["lastActivityId"]) == ([ANNA], sent["id"])
    assert row["lastActivityAt"] == row["updatedAt"] == "2026-11-23T15:00:20.000Z"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ([("phoneNumbers", "PN2")], [BILL]),
        ([("phoneNumbers", "+15555550101")], [BILL]),
        ([("phoneNumbers", "PN1"), ("phoneNumbers", "PN2")], [BILL, ANNA, CLEO]),
        ([("phoneNumbers", "PN404")], []),
        ([("phoneNumber", "PN2")], [BILL]),
        ([("phoneNumbers[]", "PN2")], [BILL, ANNA, CLEO]),
        ([("userId", "US2")], [BILL]),
        ([("excludeInactive", "true")], [BILL, ANNA]),
        ([("excludeInactive", "false")], [BILL, ANNA, CLEO]),
        ([("updatedAfter", "2026-11-23T15:00:05Z")], [BILL]),
        ([("updatedAfter", "2026-11-23T15:00:10Z")], []),
        ([("updatedBefore", "2026-11-23T15:00:05Z")], [ANNA, CLEO]),
        ([("createdAfter", "2026-11-23T14:00:00Z")], [BILL, ANNA]),
        ([("createdBefore", "2026-11-23T14:00:00+00:00")], [CLEO]),
        ([("updatedAfter", "2026-11-23T10:00:05-05:00")], [BILL]),
    ],
)
def test_filters(busy, query, expected):
    """Every filter works alone; a bracketed one is ignored silently."""
    assert peers(busy, *query) == expected


@pytest.mark.parametrize(
    ("query", "path"),
    [
        ([("phoneNumbers", "Main")], "/phoneNumbers/0"),
        ([("phoneNumbers", "PN1")] * 101, "/phoneNumbers"),
        ([("updatedAfter", "2026-11-23")], "/updatedAfter"),
        ([("excludeInactive", "yes")], "/excludeInactive"),
        ([("maxResults", "ten")], "/maxResults"),
        ([("userId", "PN1")], "/userId"),
    ],
)
def test_bad_filters(busy, query, path):
    """A malformed filter is 400 and named."""
    answer = busy.get("/v1/conversations", *query)

    assert (answer.status, answer.problems) == (400, [path])


def test_what_a_scenario_says_of_a_conversation(make_desk):
    """Name, assignee, mute, snooze and deletion of a scenario show in the row."""
    entry = {"peer": CLEO, "name": "Cleo", "assigned_to": "Max", "muted": "true", "snoozed": "true", "deleted": "true"}
    row = make_desk(conversations=[entry]).get("/v1/conversations").data[0]

    assert (row["name"], row["assignedTo"]) == ("Cleo", "US2")
    assert None not in {row["mutedUntil"], row["snoozedUntil"], row["deletedAt"]}


def test_marking(busy):
    """The three marks answer with the updated conversation and change its state."""
    row = busy.get("/v1/conversations").data[0]
    conversation = busy.sandbox.world.conversations[row["id"]]
    seen = []
    for verb in ("mark-as-read", "mark-as-done", "mark-as-open"):
        answer = busy.post(f"/v1/conversations/{row['id']}/{verb}")
        seen.append((answer.status, answer.data["id"], conversation.is_read, conversation.is_done))

    assert seen == [(200, row["id"], True, False), (200, row["id"], True, True), (200, row["id"], True, False)]


def test_an_incoming_text_makes_a_conversation_unread(busy):
    """What comes in is unread until it is marked as read."""
    row = busy.get("/v1/conversations").data[0]

    assert busy.sandbox.world.conversations[row["id"]].is_read is False


def test_marks_that_are_not_there(make_desk, busy):
    """An unknown conversation or verb is 404; a scenario can take the marks away altogether."""
    row = busy.get("/v1/conversations").data[0]
    old = make_desk(options={"mark_endpoints": "false"}, conversations=[{"peer": CLEO}])
    old_row = old.get("/v1/conversations").data[0]

    assert busy.post("/v1/conversations/CN404/mark-as-read").status == 404
    assert busy.post(f"/v1/conversations/{row['id']}/mark-as-spam").status == 404
    assert old.post(f"/v1/conversations/{old_row['id']}/mark-as-read").status == 404
