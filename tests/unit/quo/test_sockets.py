"""The transport over real sockets: what breaks below HTTP, and what the bytes on the wire are."""

from __future__ import annotations

import socket
import struct
import threading

import httpx
import pytest

from quoflow.quo import errors, transport
from quoflow.quo.retry import Patience

ONCE = Patience(tries=1)


def answer(status: str, body: bytes, extra: str = "") -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n{extra}\r\n"
    return head.encode() + body


def reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def post(make_transport, url):
    sender = make_transport(base_url=url)
    try:
        return sender.send_json("POST", "/v1/messages", {"content": "x"})
    finally:
        sender.close()


def test_a_refused_connection_was_not_sent(make_transport):
    """Nobody listens: provably nothing happened."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

    with pytest.raises(errors.Unreachable):
        post(make_transport, f"http://127.0.0.1:{port}")


def test_a_host_that_does_not_exist_was_not_sent(make_transport, monkeypatch):
    """DNS fails (`.invalid` never resolves, RFC 6761): provably nothing happened."""
    monkeypatch.setenv("NO_PROXY", "*")
    with pytest.raises(errors.Unreachable):
        post(make_transport, "http://quo.invalid")


def test_a_failed_tls_handshake_was_not_sent(make_transport, serve):
    """The other side does not speak TLS: provably nothing happened."""

    def behave(connection, request):
        connection.sendall(answer("200 OK", b"{}"))

    url = serve_early(serve, behave)
    with pytest.raises(errors.Unreachable):
        post(make_transport, url.replace("http://", "https://"))


def serve_early(serve, behave):
    """Serve without waiting for a whole request: a TLS client never sends one."""
    listener = socket.create_server(("127.0.0.1", 0))

    def run():
        connection, _ = listener.accept()
        with connection, listener:
            connection.recv(1)
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    threading.Thread(target=run, daemon=True).start()
    return f"http://127.0.0.1:{listener.getsockname()[1]}"


@pytest.mark.parametrize(
    "behave",
    [
        lambda connection, request: reset(connection),
        lambda connection, request: None,
        lambda connection, request: connection.sendall(b"HTTP/1.1 202 Acc"),
        lambda connection, request: connection.sendall(b"HTTP/1.1 202 Accepted\r\nContent-Length: 99\r\n\r\n{"),
        lambda connection, request: connection.sendall(
            b'HTTP/1.1 202 Accepted\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n{"a"\r\n'
        ),
        lambda connection, request: connection.sendall(b"SMTP 220 hello\r\n\r\n"),
    ],
    ids=["reset", "closed", "cut head", "cut body", "cut chunks", "no HTTP"],
)
def test_a_break_after_sending_is_ambiguous(make_transport, serve, behave):
    """However the answer breaks, the message may have been accepted."""
    with pytest.raises(errors.Ambiguous) as caught:
        post(make_transport, serve(behave))

    assert isinstance(caught.value, errors.Interrupted)


def test_a_silent_server_is_ambiguous(make_transport, serve, monkeypatch):
    """The read times out after the request went out whole."""
    monkeypatch.setattr(transport, "TIMEOUT", httpx.Timeout(0.05))
    seen = threading.Event()
    done = threading.Event()

    def behave(connection, request):
        seen.set()
        done.wait(5)

    with pytest.raises(errors.Interrupted):
        post(make_transport, serve(behave))
    done.set()

    assert seen.wait(5)


def test_a_gateways_html_page_is_understood(make_transport, serve):
    """A 502 in HTML is a failed server, told without its markup."""
    page = b"<html><head><title>502 Bad Gateway</title></head></html>"

    with pytest.raises(errors.ServerFailed) as caught:
        post(make_transport, serve(lambda connection, request: connection.sendall(answer("502 Bad Gateway", page))))

    assert "HTML page" in str(caught.value)
    assert "<" not in str(caught.value)


def test_broken_compression_is_unreadable(make_transport, serve):
    """A 202 that cannot be unpacked does not say what was done."""
    broken = answer("202 Accepted", b"not gzip at all", "Content-Encoding: gzip\r\n")

    with pytest.raises(errors.Unreadable):
        post(make_transport, serve(lambda connection, request: connection.sendall(broken)))


def test_a_read_survives_a_broken_connection(make_transport, serve):
    """A GET whose first answer is cut is asked again and answered."""
    tries = []

    def behave(connection, request):
        tries.append(request)
        connection.sendall(b"HTTP/1.1 200 OK\r\n" if len(tries) == 1 else answer("200 OK", b'{"data": []}'))

    sender = make_transport(base_url=serve(behave))

    assert sender.get_json("/v1/calls") == {"data": []}
    assert len(tries) == 2
    sender.close()


def test_the_bytes_on_the_wire(make_transport, serve):
    """The request line and headers as the server sees them: encoded plus, repeated keys, one of each header."""
    seen = []

    def behave(connection, request):
        seen.append(request.decode())
        connection.sendall(answer("200 OK", b"{}"))

    sender = make_transport(base_url=serve(behave) + "/quo/", connection_id="conn-1", patience=ONCE)
    sender.get_json("/v1/messages", {"participants": ["+15551234567", "+15557654321"], "maxResults": 100})
    sender.close()
    line, *headers = seen[0].split("\r\n")

    assert (
        line == "GET /quo/v1/messages?participants=%2B15551234567&participants=%2B15557654321&maxResults=100 HTTP/1.1"
    )
    names = [header.partition(":")[0].lower() for header in headers if header]
    assert sorted(names) == sorted(set(names))
    assert {"authorization", "user-agent", "accept", "maton-connection"} <= set(names)
