"""The sandbox as a whole: its limit, its log, its lock, its resets."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

from quoflow.sandbox.model import redact

ANNA = "+15555550111"


def test_ten_requests_a_second_and_key(make_desk):
    """The eleventh request of a key in one fixed second is 429; the next second and other keys are free."""
    desk = make_desk(options={"rate_limit": "10"})
    desk.later(0.5)
    first = [desk.get("/v1/users").status for _ in range(11)]
    other = desk.get("/v1/users", headers={"user-agent": "t", "authorization": "key-2"}).status
    desk.later(0.5)

    assert first == [200] * 10 + [429]
    assert other == 200
    assert desk.get("/v1/users").status == 200


def test_both_ways_in_share_the_limit(make_desk):
    """A key counts once, whichever way it is used, and a refused text is not sent."""
    desk = make_desk(options={"rate_limit": "2"})
    bearer = {"user-agent": "tests", "authorization": "Bearer key-1"}

    assert desk.get("/v1/users").status == 200
    assert desk.get("/connections", headers=bearer).status == 200
    assert desk.send().status == 429
    assert desk.get("/_sandbox/sent").data == []


def test_requests_to_the_control_surface_do_not_count(make_desk):
    """The control surface has neither limit nor log."""
    desk = make_desk(options={"rate_limit": "1"})
    statuses = {desk.get("/_sandbox/state", headers={}).status for _ in range(5)}

    assert statuses == {200}
    assert desk.get("/_sandbox/log").data == []


def test_the_log_keeps_every_request_without_the_key(desk):
    """The log has method, path, query, status and the body of writes; of the key only its end."""
    desk.headers = {"user-agent": "tests/1", "authorization": "abcdefgh-secret-1234", "maton-connection": "c1"}
    desk.messages()
    desk.send("Hi")
    read, write = desk.get("/_sandbox/log").data

    assert (read["method"], read["path"], read["status"], read["way"]) == ("GET", "/v1/messages", 200, "direct")
    assert read["query"] == [["phoneNumberId", "PN1"], ["participants", ANNA]]
    assert "body" not in read
    assert (write["number"], write["connection"], write["user_agent"]) == (2, "c1", "tests/1")
    assert json.loads(write["body"])["content"] == "Hi"
    assert "secret" not in json.dumps([read, write])


def test_a_key_is_redacted():
    """Long keys keep their last four characters, short ones nothing; the scheme stays."""
    assert redact("Bearer abcdefghijklmnop") == "Bearer ***mnop"
    assert redact("abcdefghijklmnop") == "***mnop"
    assert redact("short") == "***"
    assert redact("") is None


def test_what_was_sent_is_kept_with_its_body(desk):
    """`/_sandbox/sent` has each accepted text, its body as it came and its status of now."""
    sent = desk.send("Hi").data
    desk.later(10)
    rows = desk.get("/_sandbox/sent").data

    assert [(row["id"], row["to"], row["status"]) for row in rows] == [(sent["id"], ANNA, "delivered")]
    assert json.loads(rows[0]["body"]) == {"content": "Hi", "from": "PN1", "to": [ANNA]}


def test_texts_by_people_are_not_among_the_sent(desk):
    """A text that a person writes is in the conversation and not among what the API sent."""
    desk.post("/_sandbox/messages", {"peer": ANNA, "direction": "outgoing", "text": "by hand", "user": "Olivia"})

    assert [row["text"] for row in desk.messages().data] == ["by hand"]
    assert desk.get("/_sandbox/sent").data == []


def test_a_reset_begins_anew(desk):
    """A reset forgets what was sent, queued, logged and advanced; the scenario is as at its start."""
    desk.send()
    desk.post("/_sandbox/faults", {"kind": "500"})
    desk.post("/_sandbox/clock", {"advance": "1h"})
    desk.post("/_sandbox/reset")

    assert desk.sandbox.now() == desk.time
    assert desk.get("/_sandbox/log").data == []
    assert desk.get("/v1/conversations").data == []


def test_time_can_be_moved_on(desk):
    """Advancing the clock makes what is late arrive, and stamps what follows."""
    sent = desk.send().data["id"]
    moved = desk.post("/_sandbox/clock", {"advance": "10m"})

    assert moved.body == {"now": "2026-11-23T15:10:00+00:00", "to_come": 0}
    assert desk.get(f"/v1/messages/{sent}").data["status"] == "delivered"
    assert desk.send().data["createdAt"] == "2026-11-23T15:10:00.000Z"


def test_threads_take_turns(desk):
    """Requests from many threads are all answered, each text is sent once and numbered once."""
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda number: desk.send(str(number)), range(200)))
    log = desk.get("/_sandbox/log").data

    assert {answer.status for answer in answers} == {202}
    assert len({answer.data["id"] for answer in answers}) == 200
    assert [entry["number"] for entry in log] == list(range(1, 201))
