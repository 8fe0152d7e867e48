"""Paging, and the reading of parameters."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quoflow.sandbox.exchange import Refused
from quoflow.sandbox.queries import Params

ANNA = "+15555550111"


def walk(desk, path, *query):
    """Give the ids on each page, following tokens to the end."""
    pages, token = [], None
    while True:
        more = [("pageToken", token)] if token else []
        answer = desk.get(path, *query, *more)
        pages.append([row["id"] for row in answer.data])
        token = answer.body.get("nextPageToken")
        if token is None:
            return pages


def test_a_walk_sees_every_row_once(desk):
    """Pages follow each other without a gap or a repeat; `totalItems` is only the page's own count."""
    sent = [desk.send(str(number)).data["id"] for number in range(7)]
    query = [("phoneNumberId", "PN1"), ("participants", ANNA), ("maxResults", "3")]
    pages = walk(desk, "/v1/messages", *query)

    assert [len(page) for page in pages] == [3, 3, 1]
    assert sorted(row for page in pages for row in page) == sorted(sent)
    assert desk.get("/v1/messages", *query).body["totalItems"] == 3


def test_ten_rows_unless_said(desk):
    """Without `maxResults` a page has ten rows."""
    for number in range(11):
        desk.send(str(number))

    assert len(desk.messages().data) == 10


def test_rows_that_arrive_in_between_shift_the_pages(desk):
    """A text that arrives between two pages makes the next page repeat a row: a client must not mind."""
    for number in range(4):
        desk.send(str(number))
        desk.later(1)
    first = desk.messages(ANNA, "PN1", ("maxResults", "2"))
    desk.send("new")
    second = desk.messages(ANNA, "PN1", ("maxResults", "2"), ("pageToken", first.body["nextPageToken"]))

    assert first.data[1]["text"] == second.data[0]["text"] == "2"


def test_a_token_is_good_for_its_own_query_only(desk):
    """A token with other filters, another page size, another list or made up is refused."""
    for number in range(3):
        desk.send(str(number))
        desk.send(str(number), to="+15555550112")
    query = [("phoneNumberId", "PN1"), ("participants", ANNA), ("maxResults", "1")]
    token = desk.get("/v1/messages", *query).body["nextPageToken"]
    other = [query[0], ("participants", "+15555550112"), query[2]]
    wider = [*query[:2], ("maxResults", "2")]
    mark = ("pageToken", token)

    assert desk.get("/v1/messages", *query, mark).status == 200
    assert desk.get("/v1/messages", mark, *reversed(query)).status == 200
    assert desk.get("/v1/messages", *other, mark).problems == ["/pageToken"]
    assert desk.get("/v1/messages", *wider, mark).problems == ["/pageToken"]
    assert desk.get("/v1/calls", *query, mark).problems == ["/pageToken"]
    assert desk.get("/v1/messages", *query, ("pageToken", "made-up")).problems == ["/pageToken"]


def test_a_token_expires(make_desk):
    """A page token is short-lived: after its life it is refused."""
    desk = make_desk(options={"page_token_life": "30s"})
    for number in range(3):
        desk.send(str(number))
    token = desk.messages(ANNA, "PN1", ("maxResults", "1")).body["nextPageToken"]
    desk.later(30)
    in_time = desk.messages(ANNA, "PN1", ("maxResults", "1"), ("pageToken", token)).status
    desk.later(1)

    assert in_time == 200
    assert desk.messages(ANNA, "PN1", ("maxResults", "1"), ("pageToken", token)).status == 400


def test_the_end_is_null_or_absent(make_desk):
    """With oddities the last page's token is null for some lists and absent for others."""
    desk = make_desk(options={"oddities": "true"})
    empty = desk.messages().body
    desk.send()

    assert empty["nextPageToken"] is None
    assert "nextPageToken" not in desk.messages().body


@given(st.text(max_size=8))
def test_any_limit_is_read_or_refused(text):
    """Whatever stands for `maxResults`, it is a number within the bounds or a problem, never a crash."""
    params = Params([("maxResults", text)])
    limit = params.limit(50)

    assert 1 <= limit <= 50
    if params.problems:
        with pytest.raises(Refused):
            params.check()
    else:
        assert limit == int(text)


@given(st.text(max_size=30))
def test_any_moment_is_read_or_refused(text):
    """Whatever stands for a moment, it is an aware one or a problem, never a crash."""
    params = Params([("createdAfter", text)])
    moment = params.moment("createdAfter")

    assert (moment is None) == bool(params.problems)
    assert moment is None or moment.tzinfo is not None
