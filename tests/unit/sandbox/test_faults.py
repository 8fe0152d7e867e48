"""Faults: whom they hit, how often, and whether the request took effect."""

from __future__ import annotations

import math

import pytest

ANNA = "+15555550111"
TEXT = {"content": "Hi", "from": "PN1", "to": [ANNA]}


def queue(desk, **fault):
    assert desk.post("/_sandbox/faults", fault).status == 201


def sent(desk):
    return [row["text"] for row in desk.get("/_sandbox/sent").data]


@pytest.mark.parametrize(
    ("kind", "status", "shape"),
    [
        ("400", 400, "flat"),
        ("401", 401, "flat"),
        ("402", 402, "flat"),
        ("403", 403, "flat"),
        ("404", 404, "flat"),
        ("409", 409, "flat"),
        ("422", 422, "flat"),
        ("429", 429, "flat"),
        ("500", 500, "flat"),
        ("503", 503, "flat"),
        ("502_html", 502, "html"),
        ("error_wrapped", 500, "wrapped"),
    ],
)
def test_an_answering_fault_hits_once_and_sends_nothing(desk, kind, status, shape):
    """Each of these answers in its shape, the text is not sent, and the next request is fine."""
    queue(desk, kind=kind)
    hit, after = desk.send(), desk.send("after")
    found = "html" if isinstance(hit.body, str) else "wrapped" if "error" in hit.body else "flat"

    assert (hit.status, found, after.status) == (status, shape, 202)
    assert sent(desk) == ["after"]


@pytest.mark.parametrize(
    ("kind", "drop", "delay", "is_sent"),
    [
        ("reset_before", "before", 0.0, False),
        ("reset_after", "after", 0.0, True),
        ("timeout_before", "", math.inf, False),
        ("timeout_after", "", math.inf, True),
        ("slow", "", 3.0, True),
    ],
)
def test_a_cutting_fault_says_whether_the_text_went(desk, kind, drop, delay, is_sent):
    """A cut or a silence leaves no answer; the `after` ones have accepted the text all the same."""
    queue(desk, kind=kind, delay="3s")
    reply = desk.send().reply

    assert (reply.drop, reply.delay) == (drop, delay)
    assert bool(sent(desk)) is is_sent
    assert bool(desk.messages().data) is is_sent


def test_garbage_after_acceptance(desk):
    """A 2xx that cannot be read has accepted the text; an error is left as it was."""
    queue(desk, kind="garbage_2xx", times=2)
    hit, refused = desk.send(), desk.send("")

    assert hit.status == 202
    assert isinstance(hit.body, str)
    assert refused.problems == ["/content"]
    assert sent(desk) == ["Hello"]


def test_a_list_that_is_not_whole(desk):
    """A list lacks its first item, or has one that cannot be read; what is no list stays as it is."""
    desk.post("/_sandbox/contacts", {"id": "CT1"})
    desk.post("/_sandbox/contacts", {"id": "CT2"})
    whole = [one["id"] for one in desk.get("/v1/contacts").data]
    queue(desk, kind="short_list", path="/v1/contacts")
    short = [one["id"] for one in desk.get("/v1/contacts").data]
    queue(desk, kind="bad_item", path="/v1/contacts", times=2)
    bad, single = desk.get("/v1/contacts").data, desk.get("/v1/contacts/CT1").data

    assert short == whole[1:]
    assert [one["id"] for one in bad] == whole
    assert not isinstance(bad[0]["createdAt"], str)
    assert isinstance(single["createdAt"], str)


@pytest.mark.parametrize("kind", ["500", "502_html", "error_wrapped"])
def test_a_lying_server_error(desk, kind):
    """With `accept` a 5xx hides a text that was accepted."""
    queue(desk, kind=kind, accept=True)

    assert desk.send().status >= 500
    assert sent(desk) == ["Hello"]


def test_codes_and_statuses_can_be_named(desk):
    """A fault takes a code of Quo's, and the wrapped one a status."""
    queue(desk, kind="403", code="0204403")
    queue(desk, kind="403")
    queue(desk, kind="error_wrapped", status=403)

    assert desk.send().body["code"] == "0204403"
    assert desk.send().body["code"] == "0202403"
    assert desk.send().status == 403


def test_a_fault_hits_only_what_it_is_for(desk):
    """Method and path narrow a fault, whichever way the request comes in."""
    queue(desk, kind="500", method="post", path="/v1/messages", times=None)
    bearer = {"user-agent": "tests", "authorization": "Bearer k"}

    assert desk.get("/v1/users").status == 200
    assert desk.messages().status == 200
    assert desk.send().status == 500
    assert desk.post("/quo/v1/messages", TEXT, headers=bearer).status == 500


def test_the_first_fault_in_line_hits(desk):
    """Faults hit in the order in which they were queued; each is used up by its times."""
    queue(desk, kind="500", times=2)
    queue(desk, kind="429")

    assert [desk.get("/v1/users").status for _ in range(4)] == [500, 500, 429, 200]


def test_probability_repeats_with_its_seed(make_desk):
    """A fault with a probability hits some requests, the same ones for the same seed."""

    def hits(seed):
        desk = make_desk()
        queue(desk, kind="500", times=None, probability=0.5, seed=seed)
        return [desk.get("/v1/users").status for _ in range(30)]

    assert hits(1) == hits(1)
    assert hits(1) != hits(2)
    assert set(hits(1)) == {200, 500}


def test_several_at_once_and_forgetting_them(desk):
    """A list queues several faults; DELETE forgets them all."""
    made = desk.post("/_sandbox/faults", [{"kind": "500", "times": 2}, {"kind": "429", "times": None}])
    cleared = desk.ask("DELETE", "/_sandbox/faults")

    assert [(fault["kind"], fault["left"]) for fault in made.data] == [("500", 2), ("429", None)]
    assert cleared.status == 204
    assert desk.get("/v1/users").status == 200


@pytest.mark.parametrize("fault", [{}, {"kind": "boom"}, {"kind": "500", "times": 0}, {"kind": "500", "tmies": 1}, 7])
def test_a_fault_that_is_none_is_refused(desk, fault):
    """An unknown kind or key is 400; nothing of the request is queued."""
    assert desk.post("/_sandbox/faults", [{"kind": "500"}, fault]).status == 400
    assert desk.get("/v1/users").status == 200


def test_the_log_names_the_fault(desk):
    """The log says which fault hit, and has no status where no answer went out."""
    queue(desk, kind="reset_after")
    desk.send()
    entry = desk.get("/_sandbox/log").data[-1]

    assert (entry["fault"], entry["status"]) == ("reset_after", None)
