"""The way out: one look-up, checked and pinned; TLS for the name; time and size limited; and what may have happened."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from pathlib import Path

import httpcore
import pytest

from quoflow.actions import outgoing
from quoflow.actions.outgoing import Broken, Request, Unreached, Way
from quoflow.quo.lease import Lease

PEM = Path(__file__).parents[2] / "data" / "loopback.pem"
PUBLIC, OTHER = "93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Wire(httpcore.NetworkStream):
    """A connection that answers with given bytes, and keeps what was written and for whom TLS was made."""

    def __init__(self, answer):
        self.answer, self.written, self.name = answer, b"", None

    def read(self, max_bytes, timeout=None):
        given, self.answer = self.answer[:max_bytes], self.answer[max_bytes:]
        return given

    def write(self, buffer, timeout=None):
        self.written += buffer

    def start_tls(self, ssl_context, server_hostname=None, timeout=None):
        self.name = server_hostname
        return self

    def get_extra_info(self, info):
        return None

    def close(self):
        pass


class Net(httpcore.NetworkBackend):
    """A network in memory: which addresses were connected to; those in `dead` cannot be."""

    def __init__(self, answer=OK, dead=()):
        self.wire, self.dialled, self.dead = Wire(answer), [], dead

    def connect_tcp(self, host, port, timeout=None, local_address=None, socket_options=None):
        self.dialled.append((host, port))
        if host in self.dead:
            raise httpcore.ConnectError("refused")
        return self.wire


def way(*addresses, net=None, clock=lambda: 0.0):
    return Way(lambda host, port: addresses, clock, net or Net())


def test_the_connection_goes_to_the_address_that_was_checked():
    """TLS is made for the name and `Host` says the name, while the connection goes to the address."""
    net = Net()
    answer = way(PUBLIC, net=net).exchange(Request("POST", "https://api.example.com/x?y=1", {"A": "b"}, b"{}"))

    assert (answer.status, answer.body) == (200, b"ok")
    assert (net.dialled, net.wire.name) == ([(PUBLIC, 443)], "api.example.com")
    head, _, body = net.wire.written.partition(b"\r\n\r\n")
    assert head.splitlines()[0] == b"POST /x?y=1 HTTP/1.1"
    assert {b"Host: api.example.com", b"A: b", b"Content-Length: 2"} <= set(head.splitlines())
    assert body == b"{}"


def test_a_name_that_changes_its_address_is_looked_up_once():
    """DNS rebinding: the first answer is public and checked, the second would be this machine; nobody asks for it."""
    answers, net = [(PUBLIC,), ("127.0.0.1",)], Net()
    asked = []

    def rebind(host, port):
        asked.append(host)
        return answers[len(asked) - 1]

    Way(rebind, lambda: 0.0, net).exchange(Request("GET", "https://api.example.com/"))

    assert (asked, net.dialled) == (["api.example.com"], [(PUBLIC, 443)])


@pytest.mark.parametrize("bad", ["127.0.0.1", "169.254.169.254", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::"])
@pytest.mark.parametrize("order", [1, -1])
def test_one_forbidden_address_among_several_forbids_all(bad, order):
    """A name that stands for a public address and for ours as well is not reached at all."""
    net = Net()
    with pytest.raises(Unreached, match="is not reached"):
        way(*(PUBLIC, bad)[::order], net=net).exchange(Request("GET", "https://api.example.com/"))

    assert net.dialled == []


def test_the_next_address_is_tried_where_one_is_dead():
    """Of the addresses that were checked, and of no others, the first that answers is taken."""
    net = Net(dead={PUBLIC})
    way(PUBLIC, OTHER, net=net).exchange(Request("GET", "https://api.example.com:8443/"))

    assert net.dialled == [(PUBLIC, 8443), (OTHER, 8443)]


@pytest.mark.parametrize(
    ("url", "private", "words"),
    [
        ("http://api.example.com/", False, "only https"),
        ("http://api.example.com/", True, "only https"),
        ("ftp://api.example.com/", False, "begins with https"),
        ("https:///x", False, "begins with https"),
        ("https://user:pw@api.example.com/", False, "must not hold a user"),
        ("https://exa mple/", False, "not an address"),
    ],
)
def test_what_is_no_public_https_address_is_not_reached(url, private, words):
    """Plain http never goes over the internet; a user in the address, another scheme or no host are refused."""
    net = Net()
    with pytest.raises(Unreached, match=words):
        way(PUBLIC, net=net).exchange(Request("GET", url, private=private))

    assert net.dialled == []


def test_a_name_without_an_address_was_not_reached():
    """The name server knows nothing: provably nothing was sent."""

    def fail(host, port):
        raise socket.gaierror(-2, "Name or service not known")

    with pytest.raises(Unreached, match="not known to the name server"):
        Way(fail, lambda: 0.0, Net()).exchange(Request("GET", "https://api.example.com/"))
    with pytest.raises(Unreached, match="has no address"):
        way().exchange(Request("GET", "https://api.example.com/"))


def test_a_header_that_would_end_the_line_is_not_sent():
    """A value with a line break in it, from wherever, makes no second header: the request does not leave."""
    net = Net()
    with pytest.raises(Unreached):
        way(PUBLIC, net=net).exchange(Request("GET", "https://api.example.com/", {"X": "a\r\nHost: evil"}))

    assert net.wire.written == b""


def test_what_stood_still_past_its_lease_is_not_sent():
    """Between the guards' yes and the first byte lies too much time: nothing leaves."""
    net, lease = Net(), Lease(lambda: 31.0, 0.0, 30.0)
    with pytest.raises(Unreached, match="31 s lie between"):
        way(PUBLIC, net=net).exchange(Request("POST", "https://api.example.com/", body=b"x", lease=lease))

    assert net.wire.written == b""


def test_a_long_answer_is_cut():
    """No more than so many bytes are kept, and the answer says that it was cut."""
    long = b"HTTP/1.1 200 OK\r\nContent-Length: 3000000\r\n\r\n" + b"x" * 3_000_000
    answer = way(PUBLIC, net=Net(long)).exchange(Request("GET", "https://api.example.com/"))

    assert (len(answer.body), answer.is_whole) == (1_000_000, False)


def test_an_answer_that_breaks_off_still_says_its_status():
    """The status came, the rest did not: it happened."""
    net = Net(b"HTTP/1.1 202 Accepted\r\nContent-Length: 10\r\n\r\nok")
    answer = way(PUBLIC, net=net).exchange(Request("POST", "https://api.example.com/", body=b"x"))

    assert (answer.status, answer.is_whole) == (202, False)


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 2", b"nonsense\r\n\r\n"])
def test_no_proper_answer_proves_nothing(answer):
    """The connection ended, or what came is no HTTP: it may have been received."""
    with pytest.raises(Broken, match="did not answer properly"):
        way(PUBLIC, net=Net(answer)).exchange(Request("POST", "https://api.example.com/", body=b"x"))


def test_the_whole_exchange_has_one_time_limit():
    """A server that drips keeps nobody: each read is given what is left, and after the limit none is begun."""
    times = iter([0.0, 0.0, 1.0, 2.0, 3.0, 4.0, 6.0, 6.0, 6.0])
    drips = Net()
    drips.wire.read = lambda max_bytes, timeout=None: b"H"
    with pytest.raises(Broken, match="too long"):
        way(PUBLIC, net=drips, clock=lambda: next(times)).exchange(Request("GET", "https://api.example.com/"))


def serve_tls(answer):
    """Serve one TLS connection on loopback with the tests' certificate; give its port."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(PEM)
    listener = socket.create_server(("127.0.0.1", 0))

    def run():
        with listener:
            raw, _ = listener.accept()
            try:
                with context.wrap_socket(raw, server_side=True) as connection:
                    connection.recv(65536)
                    connection.sendall(answer)
            except OSError:
                raw.close()

    threading.Thread(target=run, daemon=True).start()
    return listener.getsockname()[1]


@pytest.mark.parametrize(("host", "is_fine"), [("api.example.com", True), ("evil.example.com", False)])
def test_the_certificate_must_be_the_names(host, is_fine, monkeypatch):
    """Over real TLS: the certificate counts for the name that was asked for, not for the address."""
    monkeypatch.setenv("SSL_CERT_FILE", str(PEM))
    real = Way(lambda *_: ("127.0.0.1",), time.monotonic)
    request = Request("GET", f"https://{host}:{serve_tls(OK)}/", private=True)
    if is_fine:
        assert real.exchange(request).body == b"ok"
    else:
        with pytest.raises(Unreached, match="could not be reached"):
            real.exchange(request)


def test_a_probe_sends_nothing():
    """Connecting and TLS tell whether a host is there; no request is made, and a forbidden one is not even dialled."""
    net = Net()

    assert way(PUBLIC, net=net).probe("https://api.example.com/", private=False) == PUBLIC
    assert (net.wire.name, net.wire.written) == ("api.example.com", b"")
    with pytest.raises(Unreached, match="loopback"):
        way("127.0.0.1").probe("https://api.example.com/", private=False)


def test_the_system_is_asked_for_addresses():
    """What the resolver gives are addresses, and nothing else."""
    assert "127.0.0.1" in outgoing.resolve("localhost", 80)
    assert outgoing.resolve("127.1", 80) == ("127.0.0.1",)
