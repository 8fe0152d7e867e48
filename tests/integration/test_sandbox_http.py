"""The sandbox over real HTTP on loopback: what only the wire can show."""

from __future__ import annotations

import itertools
import signal
import socket
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import httpx
import pytest

from quoflow.errors import QuoflowError
from quoflow.sandbox.model import Sandbox
from quoflow.sandbox.scenario import build_scenario
from quoflow.sandbox.server import SandboxServer, _is_loopback
from quoflow.sandbox.world import number_ids

ANNA = "+15555550111"
TEXT = {"content": "Hi", "from": "PN1", "to": [ANNA]}
SCENARIO = {
    "options": {"rate_limit": None},
    "users": [{"id": "US1", "first_name": "Olivia", "role": "owner"}],
    "lines": [{"id": "PN1", "number": "+15555550100", "name": "Main"}],
}


def build_sandbox():
    return Sandbox(build_scenario(SCENARIO), clock=lambda: datetime.now(UTC), new_id=number_ids())


@pytest.fixture(scope="module")
def server():
    with SandboxServer(build_sandbox()) as running:
        yield running


@pytest.fixture
def client(server):
    with httpx.Client(base_url=server.base_url, headers={"Authorization": "Bearer k"}, timeout=5) as http:
        http.post("/_sandbox/reset")
        yield http


def queue(client, **fault):
    assert client.post("/_sandbox/faults", json=fault).status_code == 201


def sent(client):
    return [row["text"] for row in client.get("/_sandbox/sent").json()["data"]]


def test_a_text_goes_both_ways_in(client):
    """A text is sent through the gateway and read directly, on one connection that stays open."""
    accepted = client.post("/quo/v1/messages", json=TEXT)
    query = {"phoneNumberId": "PN1", "participants": [ANNA], "maxResults": 100}
    read = client.get("/v1/messages", params=query, headers={"Authorization": "k"})

    assert accepted.status_code == 202
    assert [row["id"] for row in read.json()["data"]] == [accepted.json()["data"]["id"]]
    assert "server" not in read.headers
    assert read.headers["content-type"] == "application/json; charset=utf-8"


def test_an_answer_is_dated_by_the_sandboxs_own_clock(client):
    """Who measures how far the clocks are apart measures what was advanced."""
    client.post("/_sandbox/clock", json={"advance": "9m"})
    date = parsedate_to_datetime(client.get("/quo/v1/phone-numbers").headers["date"])

    assert date - datetime.now(UTC) > timedelta(minutes=8)


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("participants=%2B15555550111", 200),
        ("participants=+15555550111", 400),
        ("participants[]=%2B15555550111", 400),
        ("participants%5B%5D=%2B15555550111", 400),
        ("participants=%2B15555550111&participants=%2B15555550112", 200),
        ("participants=%2B15555550111,%2B15555550112", 400),
    ],
)
def test_how_a_query_is_written_matters(client, query, status):
    """A bare plus is a space, brackets are another name, a list is a repeated key."""
    assert client.get(f"/quo/v1/messages?phoneNumberId=PN1&{query}").status_code == status


@pytest.mark.parametrize(("kind", "count"), [("reset_before", 0), ("reset_after", 1)])
def test_a_reset_is_a_real_one(client, kind, count):
    """The TCP connection is reset without an answer; after acceptance the text is there all the same."""
    queue(client, kind=kind)

    with pytest.raises((httpx.ReadError, httpx.WriteError)):
        client.post("/quo/v1/messages", json=TEXT)
    assert len(sent(client)) == count
    assert client.post("/quo/v1/messages", json=TEXT).status_code == 202


@pytest.mark.parametrize(("kind", "count"), [("timeout_before", 0), ("timeout_after", 1)])
def test_a_silence_is_a_read_timeout(client, kind, count):
    """No answer ever comes: the client's own patience ends it."""
    queue(client, kind=kind)

    with pytest.raises(httpx.ReadTimeout):
        client.post("/quo/v1/messages", json=TEXT, timeout=0.1)
    assert len(sent(client)) == count


def test_a_slow_answer_comes(client):
    """A slow answer is late, and the true one."""
    queue(client, kind="slow", delay="1s", path="/v1/users")
    with pytest.raises(httpx.ReadTimeout):
        client.get("/quo/v1/users", timeout=0.1)
    queue(client, kind="slow", delay="1s", path="/v1/users")

    assert client.get("/quo/v1/users", timeout=10).status_code == 200


def test_garbage_cannot_be_read(client):
    """A 2xx with a body that breaks off is no JSON, and the text was sent."""
    queue(client, kind="garbage_2xx")
    answer = client.post("/quo/v1/messages", json=TEXT)

    assert answer.status_code == 202
    with pytest.raises(ValueError):
        answer.json()
    assert sent(client) == ["Hi"]


def test_a_delete_has_no_body(client):
    """204 has neither body nor length, and the connection goes on."""
    made = client.post("/quo/v1/contacts", json={"defaultFields": {"firstName": "Anna"}}).json()["data"]
    deleted = client.delete(f"/quo/v1/contacts/{made['id']}")

    assert (deleted.status_code, deleted.content) == (204, b"")
    assert client.get(f"/quo/v1/contacts/{made['id']}").status_code == 404


def test_a_request_without_a_user_agent(client, server):
    """The gateway blocks what has no User-Agent, as seen on the wire."""
    host = server.base_url.removeprefix("http://")
    request = f"GET /quo/v1/users HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer k\r\nConnection: close\r\n\r\n"
    with socket.create_connection(tuple(host.split(":"))) as raw:
        raw.sendall(request.encode())
        answer = b"".join(iter(lambda: raw.recv(65536), b""))

    assert answer.startswith(b"HTTP/1.1 403 ")
    assert b"<html>" in answer


def test_a_huge_body_is_refused(client):
    """Over a megabyte is 413, not memory."""
    assert client.post("/quo/v1/messages", content=b"x" * 2_000_000).status_code == 413


def test_a_new_connections_url_opens_here(client):
    """The OAuth url of a new connection is the sandbox's own: opening it makes the connection active."""
    made = client.post("/connections", json={"app": "quo"}).json()["connection"]
    page = httpx.get(made["url"])
    read = client.get(f"/connections/{made['connection_id']}").json()["connection"]

    assert (made["status"], page.status_code, read["status"]) == ("PENDING", 200, "ACTIVE")


def test_the_control_surface_is_for_loopback_only():
    """Only a client on loopback may use the control surface."""
    clients = [("127.0.0.1", 1), ("::1", 1), ("127.8.8.8", 1), ("10.0.0.1", 1), ("2001:db8::1", 1), None]

    assert [_is_loopback(client) for client in clients] == [True, True, True, False, False, False]


def test_stopping_cuts_what_hangs():
    """A request that would never be answered does not keep the server from stopping."""
    failures = []

    def ask():
        try:
            httpx.get(f"{server.base_url}/v1/users", headers={"Authorization": "k"}, timeout=30)
        except httpx.HTTPError as error:
            failures.append(type(error))

    server = SandboxServer(build_sandbox()).start()
    httpx.post(f"{server.base_url}/_sandbox/faults", json={"kind": "timeout_before", "path": "/v1/users"})
    asking = threading.Thread(target=ask)
    asking.start()
    for _ in itertools.takewhile(lambda _: not server.sandbox.log, range(500)):
        time.sleep(0.01)
    server.stop()
    asking.join(10)

    assert len(failures) == 1
    assert not server._thread.is_alive()


def test_a_port_that_is_taken_is_a_readable_error(server):
    """A taken port says so and what to do, without a traceback of the network."""
    port = int(server.base_url.rpartition(":")[2])
    with pytest.raises(QuoflowError) as caught:
        SandboxServer(build_sandbox(), port=port).start()

    assert f"127.0.0.1:{port}" in caught.value.message
    assert "port" in caught.value.hint


FOREGROUND = """
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from quoflow.sandbox.model import Sandbox
from quoflow.sandbox.scenario import build_scenario
from quoflow.sandbox.server import serve
from quoflow.sandbox.world import number_ids
scenario = build_scenario({"users": [{"role": "owner"}], "lines": [{"number": "+15555550100"}]})
sandbox = Sandbox(scenario, clock=lambda: datetime.now(UTC), new_id=number_ids())
serve(sandbox, host="127.0.0.1", port=0, ready=lambda url: print(url, flush=True))
print("stopped", flush=True)
"""


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_the_foreground_server_stops_at_a_signal(stop):
    """`serve` says where it listens, answers, and comes back at SIGTERM or SIGINT without a word on stderr."""
    command = [sys.executable, "-W", "error", "-c", FOREGROUND]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        url = process.stdout.readline().strip()
        status = httpx.get(f"{url}/v1/users", headers={"Authorization": "k"}).status_code
        process.send_signal(stop)
        out, err = process.communicate(timeout=20)

    assert (status, out, err, process.returncode) == (200, "stopped\n", "", 0)
