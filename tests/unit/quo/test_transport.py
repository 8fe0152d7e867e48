"""The transport over a function: headers, retries of reads only, dry run, cool-down, clock, and quiet logs."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from quoflow.errors import QuoflowError
from quoflow.quo import errors, transport
from quoflow.quo.endpoint import Endpoint
from quoflow.quo.lease import Lease
from quoflow.quo.retry import Patience


class Script:
    """Answer one request after the other from a list; the last answer repeats. Exceptions are raised."""

    def __init__(self, *answers) -> None:
        self.answers = list(answers)
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        status, body, *headers = answer
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return httpx.Response(status, content=content, headers=headers[0] if headers else None)


FINE = (200, {"data": []})


@pytest.mark.parametrize("gateway", ["maton", "direct"])
def test_every_request_carries_its_headers(make_transport, gateway):
    """Key, User-Agent, connection and Accept go with reads and writes alike, the right way for each way in."""
    script = Script(FINE)
    sender = make_transport(script, gateway=gateway, connection_id="conn-1")
    sender.get_json("/v1/calls", {"participants": ["+15551234567"]})
    sender.send_json("POST", "/v1/messages", {"content": "hé"})

    for request in script.requests:
        assert request.headers["authorization"] == (
            "Bearer canary-key-7f3a" if gateway == "maton" else "canary-key-7f3a"
        )
        assert request.headers["user-agent"].startswith("quoflow/")
        assert request.headers.get("maton-connection") == ("conn-1" if gateway == "maton" else None)
        assert request.headers["accept"] == "application/json"
    prefix = "/quo" if gateway == "maton" else ""
    assert script.requests[0].url.raw_path.decode() == f"{prefix}/v1/calls?participants=%2B15551234567"
    assert json.loads(script.requests[1].content) == {"content": "hé"}
    assert script.requests[1].headers["content-type"] == "application/json"


class Freezing:
    """A network whose machine stands still at one step of the exchange."""

    def __init__(self, clock, step: str, seconds: float) -> None:
        self.clock, self.step, self.seconds = clock, step, seconds
        self.written: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        tell = request.extensions["trace"]
        for step in ("connection.connect_tcp", "http11.send_request_headers", "http11.send_request_body"):
            if step.endswith(self.step):
                self.clock.seconds += self.seconds
            tell(f"{step}.started", {})
            self.written.append(step)
            tell(f"{step}.complete", {})
        return httpx.Response(202, json={"id": "AC1"})


@pytest.mark.parametrize("step", ["connect_tcp", "send_request_headers", "send_request_body"])
def test_what_stood_still_past_its_lease_is_not_sent(make_transport, clock, step):
    """Frozen anywhere before the last part of the request is written, it is refused, and nothing of that part left."""
    network = Freezing(clock, step, 30)
    sender = make_transport(network)
    with pytest.raises(errors.LeaseOver, match="not sent, 30 s have passed"):
        sender.send_json("POST", "/v1/messages", {}, lease=Lease(clock.read, clock.read(), 30))

    assert "http11.send_request_body" not in network.written


def test_what_leaves_within_its_lease_is_sent(make_transport, clock):
    """A lease that lasts stands in nobody's way, and the time after the last byte is not its concern."""
    sender = make_transport(Freezing(clock, "send_request_body", 29))

    assert sender.send_json("POST", "/v1/messages", {}, lease=Lease(clock.read, clock.read(), 30)) == {"id": "AC1"}


def test_a_lease_that_is_over_opens_no_connection(make_transport, clock):
    """What is too late already does not even reach the network."""
    script = Script(FINE)
    lease = Lease(clock.read, clock.read(), 30)
    clock.seconds += 31
    with pytest.raises(errors.LeaseOver):
        make_transport(script).send_json("POST", "/v1/messages", {}, lease=lease)

    assert script.requests == []


def test_a_client_under_a_lease_holds_every_write_to_it(make_quo, clock):
    """Each kind of write is refused once the lease is over; reads are not, and the client itself has no lease."""
    script = Script((200, {"id": "AC1"}))
    quo = make_quo(script)
    leased = quo.lease(30)
    clock.seconds += 31
    writes = [
        lambda: leased.send_message({}),
        lambda: leased.create_contact({}),
        lambda: leased.patch_contact("CT1", {}),
        lambda: leased.delete_contact("CT1"),
        lambda: leased.mark_conversation("CV1", "done"),
    ]
    for write in writes:
        with pytest.raises(errors.LeaseOver):
            write()
    assert script.requests == []
    leased.get_message("AC1")
    quo.send_message({})

    assert [request.method for request in script.requests] == ["GET", "POST"]


def test_a_write_does_not_wait_long_for_its_turn(make_transport, clock):
    """In a cool-down a write comes back at once as not sent, so that its guards are asked again; a read waits."""
    sender = make_transport(Script((429, {}, {"retry-after": "20"}), FINE), patience=Patience(tries=1))
    with pytest.raises(errors.RateLimited):
        sender.get_json("/v1/calls")
    with pytest.raises(errors.RateLimited) as caught:
        sender.send_json("POST", "/v1/messages", {})

    assert caught.value.retry_after == pytest.approx(20)
    assert transport.WRITES_WAIT < 20
    assert sender.get_json("/v1/calls") == {"data": []}


PASSING = [
    (429, {}),
    (500, {}),
    (502, b"<html>"),
    (408, b""),
    httpx.ConnectError("refused"),
    httpx.ConnectTimeout("slow"),
    httpx.ReadTimeout("slow"),
    httpx.RemoteProtocolError("cut"),
    httpx.ReadError("reset"),
]


@pytest.mark.parametrize("failure", PASSING)
def test_a_read_is_tried_again_until_it_works(make_transport, failure):
    """A GET survives what passes."""
    script = Script(failure, failure, FINE)

    assert make_transport(script).get_json("/v1/calls") == {"data": []}
    assert len(script.requests) == 3


@pytest.mark.parametrize(
    "failure", [*PASSING, (400, {}), (401, {}), (402, {}), (403, {}), (404, {}), (409, {}), (422, {})]
)
@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE"])
def test_a_write_is_sent_exactly_once(make_transport, method, failure):
    """No failure of any kind makes the transport repeat a write."""
    script = Script(failure, FINE)
    with pytest.raises(errors.QuoError):
        make_transport(script).send_json(method, "/v1/contacts/1", {})

    assert len(script.requests) == 1


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 409, 422, 302])
def test_a_read_that_time_cannot_mend_is_not_repeated(make_transport, status):
    """4xx are final, and a redirect is not followed: it would carry the key elsewhere."""
    script = Script((status, {}, {"location": "http://elsewhere.example/"}), FINE)
    with pytest.raises(errors.QuoError) as caught:
        make_transport(script).get_json("/v1/calls")

    assert len(script.requests) == 1
    assert caught.value.status == status


def test_a_read_gives_up_with_the_last_error(make_transport, clock):
    """After the last try the last error is raised, and the pauses have doubled."""
    script = Script((500, {"trace": "a"}), (500, {"trace": "b"}))
    with pytest.raises(errors.ServerFailed) as caught:
        make_transport(script, patience=Patience(tries=4)).get_json("/v1/calls")

    assert len(script.requests) == 4
    assert caught.value.trace == "b"
    assert [pause for pause in clock.sleeps if pause >= 0.5] == [0.5, 1.0, 2.0]


def test_a_retry_after_beyond_the_deadline_is_reported_at_once(make_transport, clock):
    """An hour's Retry-After is not slept through, and nobody asks again before it is over."""
    script = Script((429, {}, {"retry-after": "3600"}))
    sender = make_transport(script)
    with pytest.raises(errors.RateLimited) as caught:
        sender.get_json("/v1/calls")
    with pytest.raises(errors.RateLimited):
        sender.send_json("POST", "/v1/messages", {})

    assert caught.value.retry_after == 3600
    assert len(script.requests) == 1
    assert sum(clock.sleeps) < 60


def test_a_429_cools_everyone_down(make_transport, clock):
    """After a write's 429 the next request of anyone who shares the bucket waits as long as was asked."""
    sender = make_transport(Script((429, {}, {"retry-after": "3"}), FINE))
    with pytest.raises(errors.RateLimited):
        sender.send_json("POST", "/v1/messages", {})
    before = clock.read()
    sender.get_json("/v1/calls")

    assert clock.read() - before >= 3


def test_a_dry_run_refuses_writes_before_any_byte(make_transport):
    """With read_only nothing but GET reaches the client."""
    script = Script(FINE)
    sender = make_transport(script, read_only=True)
    for method in ("POST", "PATCH", "DELETE", "PUT"):
        with pytest.raises(errors.WriteRefused, match="dry run"):
            sender.send_json(method, "/v1/messages", {})
    sender.get_json("/v1/calls")

    assert [request.method for request in script.requests] == ["GET"]


@pytest.mark.parametrize("body", [b"<html>", b"{", b"\xff", b"nope", b"[" * 100_000])
def test_a_success_that_is_not_json_is_ambiguous(make_transport, body):
    """A 202 with garbage may hide a message that was accepted."""
    with pytest.raises(errors.Unreadable) as caught:
        make_transport(Script((202, body))).send_json("POST", "/v1/messages", {})

    assert caught.value.is_ambiguous


def test_an_empty_success_is_none_for_a_write_and_an_error_for_a_read(make_transport):
    """A 204 is an answer to a DELETE; a GET was promised JSON."""
    sender = make_transport(Script((204, b"")))

    assert sender.send_json("DELETE", "/v1/contacts/1") is None
    with pytest.raises(errors.Unreadable):
        sender.get_json("/v1/calls")


def test_half_a_surrogate_pair_does_not_come_through(make_transport):
    """Legal JSON that no database takes is made harmless; whole pairs stay."""
    body = b'{"text": "a\\ud83d b\\ud83d\\ude00"}'

    assert make_transport(Script((200, body))).get_json("/v1/x") == {"text": "a? b😀"}


def test_an_answer_that_drips_for_ever_is_cut_off(make_transport, clock):
    """A server that sends a byte now and then never trips the read time-out; the whole answer has a limit too."""

    def drip():
        while True:
            clock.seconds += 4
            yield b" "

    sender = make_transport(lambda request: httpx.Response(200, content=drip()))
    with pytest.raises(errors.Interrupted):
        sender.send_json("POST", "/v1/messages", {})


def test_an_endless_answer_is_cut_off(make_transport):
    """An answer beyond 32 MB is not read into memory."""
    sender = make_transport(lambda request: httpx.Response(200, content=(b"x" * 2**20 for _ in range(100))))
    with pytest.raises(errors.Unreadable, match="32 MB"):
        sender.get_json("/v1/calls")


def test_an_error_whose_body_breaks_keeps_its_status(make_transport):
    """A 402 is a 402 though its body is cut: the status alone says that nothing was sent."""

    def cut():
        yield b'{"mess'
        raise httpx.ReadError("reset")

    with pytest.raises(errors.OutOfCredits):
        make_transport(lambda request: httpx.Response(402, content=cut())).send_json("POST", "/v1/messages", {})


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        ("Sun, 01 Mar 2026 12:00:30 GMT", timedelta(seconds=30)),
        ("Sun, 01 Mar 2026 11:59:00 -0000", timedelta(seconds=-60)),
        ("yesterday", None),
        (None, None),
    ],
)
def test_the_servers_clock_is_measured(make_transport, date, expected):
    """The Date header against our wall clock: server minus ours; nonsense is ignored."""
    sender = make_transport(Script((200, {"data": []}, {"date": date} if date else {})))
    sender.get_json("/v1/calls")

    assert sender.clock_skew == expected


def test_the_servers_time_goes_on_by_itself(make_transport, clock):
    """Once heard it is told by elapsed time: neither our wall clock nor its steps have a part in it."""
    sender = make_transport(Script((200, {"data": []}, {"date": "Sun, 01 Mar 2026 09:00:30 GMT"})))
    assert sender.read_server_time() is None
    sender.get_json("/v1/calls")
    sender.wall_clock = lambda: clock.wall() + timedelta(days=30)
    clock.seconds += 90

    assert sender.read_server_time() == datetime(2026, 3, 1, 9, 2, tzinfo=UTC)


def test_every_try_is_told_without_its_query(make_transport):
    """The hook sees each try, failed or not; customers' numbers stand in queries and are not told."""
    told = []
    sender = make_transport(Script(httpx.ConnectError("x"), (500, {}), FINE), on_request=told.append)
    sender.get_json("/v1/messages", {"participants": ["+15551234567"]})

    assert [(one.method, one.path, one.status) for one in told] == [
        ("GET", "/v1/messages", None),
        ("GET", "/v1/messages", 500),
        ("GET", "/v1/messages", 200),
    ]


def test_no_number_and_no_key_reach_a_log(make_transport, caplog):
    """Even at DEBUG, httpx and httpcore are silent: they would log whole URLs."""
    caplog.set_level(logging.DEBUG)
    make_transport(Script(FINE)).get_json("/v1/messages", {"participants": ["+15551234567"]})

    assert caplog.text == ""


def test_loopback_ignores_proxies(monkeypatch):
    """A proxy of the environment is used for other hosts only: none can reach this machine's sandbox."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    with (
        transport.build_client(Endpoint("maton", "http://127.0.0.1:8", "k")) as near,
        transport.build_client(Endpoint("maton", "https://api.maton.ai", "k")) as far,
    ):
        assert not near._mounts
        assert far._mounts


def test_a_proxy_that_cannot_be_used_is_a_readable_error(monkeypatch):
    """A mistyped proxy is named as the cause, without printing it: it may hold a password."""
    monkeypatch.setenv("HTTPS_PROXY", "gopher://user:secret@proxy")
    with pytest.raises(QuoflowError, match="HTTPS_PROXY") as caught:
        transport.build_client(Endpoint("maton", "https://api.maton.ai", "k"))

    assert "secret" not in str(caught.value)


def test_cookies_are_not_kept():
    """A gateway's session cookie is not sent back: it could tie a request to another account."""
    seen = []

    def answer(request):
        seen.append(request.headers.get("cookie"))
        return httpx.Response(200, json={}, headers={"set-cookie": "session=1"})

    with transport.build_client(Endpoint("maton", "https://api.maton.ai", "k")) as client:
        client._transport = httpx.MockTransport(answer)
        client._mounts = {}
        for _ in range(2):
            client.get("https://api.maton.ai/")

    assert seen == [None, None]
