"""Sending, listing and reading texts."""

from __future__ import annotations

import pytest

ANNA = "+15555550111"


def test_a_text_is_accepted_and_can_be_read_at_once(desk):
    """A sent text answers 202 with its row, and a GET right after shows the same row."""
    sent = desk.send("Hi Anna")
    listed, read = desk.messages(), desk.get(f"/v1/messages/{sent.data['id']}")

    assert sent.status == 202
    assert sent.data["text"] == "Hi Anna"
    assert sent.data["from"] == "+15555550100"
    assert sent.data["to"] == [ANNA]
    assert sent.data["status"] == "queued"
    assert sent.data["userId"] == "US1"
    assert listed.data == [sent.data]
    assert read.data == sent.data


def test_a_text_is_delivered_as_time_passes(desk):
    """The status moves queued, sent, delivered, each with its own updatedAt."""
    message = desk.send().data["id"]
    seen = []
    for _ in range(3):
        row = desk.get(f"/v1/messages/{message}").data
        seen.append((row["status"], row["updatedAt"]))
        desk.later(2)

    assert seen == [
        ("queued", "2026-11-23T15:00:00.000Z"),
        ("sent", "2026-11-23T15:00:01.000Z"),
        ("delivered", "2026-11-23T15:00:03.000Z"),
    ]


def test_a_number_that_cannot_be_reached_gets_nothing(make_desk):
    """A text to an undeliverable number is accepted, and undelivered later."""
    desk = make_desk(options={"undeliverable": ANNA})
    message = desk.send().data["id"]
    desk.later(10)

    assert desk.get(f"/v1/messages/{message}").data["status"] == "undelivered"


def test_from_may_be_the_number_of_a_line(desk):
    """`from` takes a PN id or the E.164 number of a line of ours."""
    assert desk.send(from_="+15555550101").data["phoneNumberId"] == "PN2"


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"content": ""}, "/content"),
        ({"content": " \n\t "}, "/content"),
        ({"content": "x" * 1601}, "/content"),
        ({"content": 7}, "/content"),
        ({"from": "Main"}, "/from"),
        ({"to": []}, "/to"),
        ({"to": [ANNA, "+15555550112"]}, "/to"),
        ({"to": ANNA}, "/to"),
        ({"to": ["5555550111"]}, "/to/0"),
        ({"userId": "Olivia"}, "/userId"),
        ({"setInboxStatus": "open"}, "/setInboxStatus"),
    ],
)
def test_a_bad_text_is_refused_with_its_field(desk, change, path):
    """Each rule of the body is kept: 400, the field's path, and nothing is sent."""
    body = {"content": "Hi", "from": "PN1", "to": [ANNA], **change}
    answer = desk.post("/v1/messages", body)

    assert answer.status == 400
    assert answer.problems == [path]
    assert desk.messages().data == []


@pytest.mark.parametrize("gone", ["content", "from", "to"])
def test_each_required_key_is_required(desk, gone):
    """A body that leaves out content, from or to is refused."""
    body = {"content": "Hi", "from": "PN1", "to": [ANNA]}
    del body[gone]

    assert desk.post("/v1/messages", body).problems == [f"/{gone}"]


def test_the_longest_text_is_taken(desk):
    """1,600 characters are allowed, newlines among them."""
    assert desk.send("\n" + "x" * 1599).status == 202


@pytest.mark.parametrize("body", [b"", b"not json", b"[1]", b'"text"'])
def test_a_body_that_is_no_object_is_refused(desk, body):
    """Anything but a JSON object gets 400, not a crash."""
    assert desk.ask("POST", "/v1/messages", body=body).status == 400


def test_unknown_senders_and_users(desk):
    """A line or user that is not there is 404, one that may not is 403."""
    assert desk.send(from_="PN9").status == 404
    assert desk.send(from_="+15555559999").body["code"] == "0202403"
    assert desk.send(userId="US9").status == 404
    assert desk.send(userId="US2").status == 403
    assert desk.send(userId="US2", from_="PN2").data["userId"] == "US2"


@pytest.mark.parametrize(
    ("region", "to", "status", "code"),
    [
        ("US", "+12125550123", 400, "0206400"),
        ("CA", "+14165550123", 403, "0200403"),
        ("Intl", "+442079460958", 403, "0200403"),
    ],
)
def test_restrictions_of_a_line(make_desk, region, to, status, code):
    """A region that a line may not text is refused: the US as a missing A2P registration; others still work."""
    lines = [{"id": "PN1", "number": "+15555550100", "name": "Main", "messaging": {region: "restricted"}}]
    desk = make_desk(lines=lines)
    others = {"+12125550123", "+14165550123", "+442079460958"} - {to}

    assert (desk.send(to=to).status, desk.send(to=to).body["code"]) == (status, code)
    assert {desk.send(to=other).status for other in others} == {202}


def test_done_moves_the_conversation(desk):
    """`setInboxStatus: done` marks the conversation done; a text without it opens it again."""
    desk.send(setInboxStatus="done")
    conversation = next(iter(desk.sandbox.world.conversations.values()))
    done = conversation.is_done
    desk.send()

    assert (done, conversation.is_done) == (True, False)


def test_lists_are_newest_first_and_of_one_conversation(desk):
    """Only the asked line's texts with exactly the asked participants come, the newest first."""
    for text, to, line in [("1", ANNA, "PN1"), ("2", "+15555550112", "PN1"), ("3", ANNA, "PN2"), ("4", ANNA, "PN1")]:
        desk.send(text, to=to, from_=line)
        desk.later(1)

    assert [row["text"] for row in desk.messages().data] == ["4", "1"]


def test_a_group_is_found_by_all_its_numbers_in_any_order(desk):
    """Participants are a set sent as repeated keys; a part of them is another conversation."""
    desk.post("/_sandbox/messages", {"peer": [ANNA, "+15555550112"], "text": "to both"})
    both = [("phoneNumberId", "PN1"), ("participants", "+15555550112"), ("participants", ANNA)]

    assert [row["text"] for row in desk.get("/v1/messages", *both).data] == ["to both"]
    assert desk.messages().data == []


@pytest.mark.parametrize(
    ("query", "paths"),
    [
        ([], ["/phoneNumberId", "/participants"]),
        ([("phoneNumberId", "PN1")], ["/participants"]),
        ([("phoneNumberId", "PN1"), ("participants[]", ANNA)], ["/participants"]),
        ([("phoneNumberId", "PN1"), ("participants", " 15555550111")], ["/participants/0"]),
        ([("phoneNumberId", "+15555550100"), ("participants", ANNA)], ["/phoneNumberId"]),
        ([("phoneNumberId", "PN1"), ("phoneNumberId", "PN2"), ("participants", ANNA)], ["/phoneNumberId"]),
        ([("phoneNumberId", "PN1"), ("participants", ANNA), ("maxResults", "0")], ["/maxResults"]),
        ([("phoneNumberId", "PN1"), ("participants", ANNA), ("maxResults", "101")], ["/maxResults"]),
        ([("phoneNumberId", "PN1"), ("participants", ANNA), ("createdAfter", "yesterday")], ["/createdAfter"]),
        ([("phoneNumberId", "PN1"), ("participants", ANNA), ("userId", "Max")], ["/userId"]),
    ],
)
@pytest.mark.parametrize("family", ["messages", "calls"])
def test_bad_parameters_are_refused_all_at_once(desk, family, query, paths):
    """Required and malformed parameters give 400 with one problem each: brackets and a bare plus included."""
    answer = desk.get(f"/v1/{family}", *query)

    assert answer.status == 400
    assert answer.problems == paths


def test_unknown_ids(desk):
    """An unknown id is 404, one with another prefix 400, an unknown line 404."""
    assert desk.get("/v1/messages/AC404").status == 404
    assert desk.get("/v1/messages/XX404").status == 400
    assert desk.messages(ANNA, "PN404").status == 404


def test_time_filters_and_since(desk):
    """`createdAfter` and `createdBefore` leave out the bound; the deprecated `since` is a createdBefore."""
    for text in "123":
        desk.send(text)
        desk.later(10)
    bound = "2026-11-23T15:00:10.000Z"

    def texts(name):
        return [row["text"] for row in desk.messages(ANNA, "PN1", (name, bound)).data]

    assert texts("createdAfter") == ["3"]
    assert texts("createdBefore") == ["1"]
    assert texts("since") == ["1"]


def test_bounds_can_be_inclusive(make_desk):
    """The scenario decides whether the bounds belong to the stretch: a client must be right either way."""
    desk = make_desk(options={"inclusive_bounds": "true"})
    desk.send("1")
    stamp = "2026-11-23T15:00:00Z"

    assert len(desk.messages(ANNA, "PN1", ("createdAfter", stamp)).data) == 1
    assert len(desk.messages(ANNA, "PN1", ("createdBefore", stamp)).data) == 1


def test_the_user_filter(desk):
    """`userId` keeps the texts of one person."""
    desk.send("by max", from_="PN2", userId="US2")
    desk.send("by olivia", from_="PN2", userId="US1")

    assert [row["text"] for row in desk.messages(ANNA, "PN2", ("userId", "US2")).data] == ["by max"]


def test_flat_bodies_are_the_gateways_only(make_desk):
    """With `flat_bodies` the gateway answers a sent message without `data`; the direct way does not."""
    desk = make_desk(options={"flat_bodies": "true"})
    body = {"content": "Hi", "from": "PN1", "to": [ANNA]}
    headers = {"user-agent": "tests", "authorization": "Bearer key-1"}

    assert desk.post("/quo/v1/messages", body, headers=headers).body["text"] == "Hi"
    assert desk.post("/v1/messages", body).data["text"] == "Hi"
