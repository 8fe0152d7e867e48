"""The two ways in, and the gateway's connections."""

from __future__ import annotations

import pytest

BEARER = {"user-agent": "tests", "authorization": "Bearer key-1"}
TWO = [{"id": "one"}, {"id": "two"}, {"id": "old", "status": "FAILED"}]


def test_both_ways_lead_to_the_same_workspace(desk):
    """The gateway takes a bearer token under /quo, the API a raw key; both show the same lines."""
    direct, gateway = desk.get("/v1/phone-numbers"), desk.get("/quo/v1/phone-numbers", headers=BEARER)

    assert direct.status == gateway.status == 200
    assert direct.body == gateway.body


@pytest.mark.parametrize(
    ("path", "authorization"),
    [
        ("/v1/users", ""),
        ("/v1/users", "Bearer key-1"),
        ("/v1/users", "bearer key-1"),
        ("/quo/v1/users", ""),
        ("/quo/v1/users", "key-1"),
        ("/quo/v1/users", "Bearer "),
        ("/quo/v1/users", "Basic key-1"),
        ("/connections", "key-1"),
    ],
)
def test_the_other_ways_key_is_refused(desk, path, authorization):
    """A missing key, or one in the other way's form, is 401."""
    assert desk.get(path, headers={"user-agent": "tests", "authorization": authorization}).status == 401


def test_the_two_shapes_of_an_error(desk):
    """The API answers flat with a code and a trace, the gateway wrapped with a key and a trace."""
    flat, wrapped = desk.get("/v1/users", headers={}).body, desk.get("/quo/v1/users", headers={"user-agent": "t"}).body

    assert {"message", "code", "status", "docs", "title", "trace"} <= set(flat)
    assert (flat["code"], flat["status"]) == ("1100401", 401)
    assert set(wrapped) == {"error"}
    assert set(wrapped["error"]) == {"message", "key", "trace"}


def test_only_listed_keys_are_accepted(make_desk):
    """A scenario that lists keys refuses every other, both ways."""
    desk = make_desk(options={"keys": ["key-1"]})
    other = {"user-agent": "tests", "authorization": "key-2"}

    assert desk.get("/v1/users").status == 200
    assert desk.get("/v1/users", headers=other).status == 401
    assert desk.get("/quo/v1/users", headers=BEARER).status == 200
    assert desk.get("/quo/v1/users", headers={**other, "authorization": "Bearer key-2"}).status == 401


@pytest.mark.parametrize("path", ["/quo/v1/users", "/connections"])
def test_the_gateway_blocks_requests_without_a_user_agent(desk, path):
    """Without a User-Agent the gateway answers 403 in HTML; the direct way does not mind."""
    headers = {"authorization": "Bearer key-1"}
    blocked = desk.get(path, headers=headers)

    assert blocked.status == 403
    assert blocked.reply.headers["content-type"].startswith("text/html")
    assert desk.get("/v1/users", headers={"authorization": "key-1"}).status == 200


@pytest.mark.parametrize("path", ["/openphone/v1/users", "/slack/api/chat", "/", "/v2/users", "/quo/users", "/quo"])
def test_another_app_or_path_is_not_found(desk, path):
    """The wrong app prefix is 404, whatever the key."""
    assert desk.get(path, headers=BEARER).status == 404


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/v1/nothing"), ("DELETE", "/v1/messages"), ("GET", "/v1/contacts/a/b"), ("GET", "/v1")],
)
def test_unknown_endpoints(desk, method, path):
    """A path or method that the API lacks is 404 in its own shape."""
    answer = desk.ask(method, path)

    assert (answer.status, answer.body["status"]) == (404, 404)


def test_several_connections_must_be_told_apart(make_desk):
    """With several connections the header is required, and must name an active one."""
    desk = make_desk(connections=TWO)

    def status(**more):
        return desk.get("/quo/v1/users", headers={**BEARER, **more}).status

    assert status() == 400
    assert status(**{"maton-connection": "two"}) == 200
    assert status(**{"maton-connection": "old"}) == 404
    assert status(**{"maton-connection": "three"}) == 404


def test_one_connection_needs_no_header_but_a_wrong_one_is_refused(desk):
    """With one connection the header may be missing; if it is there it must be right."""
    assert desk.get("/quo/v1/users", headers=BEARER).status == 200
    assert desk.get("/quo/v1/users", headers={**BEARER, "maton-connection": "sandbox-connection"}).status == 200
    assert desk.get("/quo/v1/users", headers={**BEARER, "maton-connection": "other"}).status == 404


def test_an_expired_token_is_a_lasting_500(make_desk):
    """A connection whose OAuth token expired answers 500 until it is opened anew in the browser."""
    desk = make_desk(connections=[{"id": "one", "token": "expired"}])
    before = [desk.get("/quo/v1/users", headers=BEARER).status for _ in range(3)]
    url = desk.get("/connections/one", headers=BEARER).body["connection"]["url"]
    session = url.partition("session_token=")[2]
    opened = desk.get("/_sandbox/connect", ("session_token", session)).status

    assert before == [500, 500, 500]
    assert (opened, desk.get("/quo/v1/users", headers=BEARER).status) == (200, 200)


def test_connections_are_listed_by_app_and_status(make_desk):
    """The list filters by app and status; an unknown status is refused."""
    desk = make_desk(connections=TWO)

    def ids(*query):
        return [row["connection_id"] for row in desk.get("/connections", *query, headers=BEARER).body["connections"]]

    assert ids() == ["one", "two", "old"]
    assert ids(("app", "quo"), ("status", "ACTIVE")) == ["one", "two"]
    assert ids(("app", "slack")) == []
    assert desk.get("/connections", ("status", "FINE"), headers=BEARER).status == 400


def test_a_connection_is_created_opened_and_deleted(make_desk):
    """A new connection is pending until its url is opened; deleted it is gone."""
    desk = make_desk(connections=[])
    before = desk.get("/quo/v1/users", headers=BEARER).status
    made = desk.post("/connections", {"app": "quo"}, headers={**BEARER, "host": "127.0.0.1:9"}).body["connection"]
    path = f"/connections/{made['connection_id']}"
    desk.get("/_sandbox/connect", ("session_token", made["url"].partition("session_token=")[2]))
    active = desk.get(path, headers=BEARER).body["connection"]["status"]
    works = desk.get("/quo/v1/users", headers=BEARER).status

    assert (before, made["status"], active, works) == (404, "PENDING", "ACTIVE", 200)
    assert made["url"].startswith("http://127.0.0.1:9/")
    assert desk.ask("DELETE", path, headers=BEARER).status == 200
    assert desk.get(path, headers=BEARER).status == 404


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b'{"app": "openphone"}'])
def test_a_connection_to_another_app_is_refused(desk, body):
    """Only the app `quo` can be connected."""
    assert desk.ask("POST", "/connections", body=body, headers=BEARER).status == 400


def test_other_methods_of_connections(desk):
    """PUT is not allowed, a deeper path not found, a made-up session connects nothing."""
    assert desk.ask("PUT", "/connections", headers=BEARER).status == 405
    assert desk.get("/connections/a/b", headers=BEARER).status == 404
    assert desk.get("/_sandbox/connect", ("session_token", "made-up")).status == 404
