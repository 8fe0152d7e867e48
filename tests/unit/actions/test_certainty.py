"""Every way in which a send can end, through client and classification: what is provable about it."""

from __future__ import annotations

import httpx
import pytest

from quoflow.actions import results
from quoflow.quo import errors
from quoflow.quo.client import Quo
from quoflow.quo.transport import Endpoint, TokenBucket, Transport

from .conftest import START

MESSAGE = {"id": "AC1", "text": "Hi", "status": "queued"}
BEFORE_THE_FIRST_BYTE = {"ConnectError", "ConnectTimeout", "PoolTimeout", "ProxyError", "UnsupportedProtocol"}
REFUSED = {
    400: "fail", 401: "hold", 402: "hold", 403: "fail", 404: "fail", 405: "fail", 407: "fail", 409: "retry",
    410: "fail", 413: "fail", 415: "fail", 421: "retry", 422: "fail", 425: "retry", 429: "retry", 431: "fail",
}  # fmt: skip
NOBODY_KNOWS = (101, 300, 301, 302, 303, 304, 307, 308, 408, 500, 501, 502, 503, 504, 520, 599)


def send(answer):
    """Send one text to a network that answers so; give `sent` or what follows."""

    def handle(request):
        if isinstance(answer, Exception):
            raise answer
        return answer

    transport = Transport(
        Endpoint("maton", "http://quo.test", "key", None, key_source="test"),
        bucket=TokenBucket(8, clock=lambda: 0.0, sleep=lambda _: None),
        clock=lambda: 0.0,
        sleep=lambda _: None,
        random=lambda: 0.5,
        wall_clock=lambda: START,
        client=httpx.Client(transport=httpx.MockTransport(handle)),
    )
    try:
        return "sent", Quo(transport).send_message({"content": "Hi"}).id
    except errors.QuoError as error:
        return results.classify_failure(error, tries=1, jitter=0.5).what, None


def leaves(kind):
    below = kind.__subclasses__()
    return [leaf for one in below for leaf in leaves(one)] if below else [kind]


@pytest.mark.parametrize("kind", leaves(httpx.HTTPError), ids=lambda kind: kind.__name__)
def test_every_exception_of_httpx_is_sorted(kind):
    """Whatever exceptions httpx has or will have: only those from before the first byte prove that nothing was sent."""
    if kind is httpx.HTTPStatusError:
        cause = kind("no", request=httpx.Request("POST", "http://quo.test"), response=httpx.Response(500))
    else:
        cause = kind("no")
    expected = "retry" if kind.__name__ in BEFORE_THE_FIRST_BYTE else "uncertain"

    assert send(cause) == (expected, None)


def test_an_address_that_cannot_be_one_was_not_sent():
    """A URL that httpx refuses is no request."""
    assert send(httpx.InvalidURL("no")) == ("retry", None)


@pytest.mark.parametrize("status", range(400, 500))
def test_every_refusal_proves_that_nothing_was_sent(status):
    """A 4xx is proof, but for 408: the request may have been whole when they gave up on it."""
    expected = "uncertain" if status == 408 else REFUSED.get(status, "fail")

    assert send(httpx.Response(status, json={"message": "no"})) == (expected, None)


@pytest.mark.parametrize("status", NOBODY_KNOWS)
@pytest.mark.parametrize("body", [b"", b"<html>", b'{"data": {"id": "AC1"}}'])
def test_redirects_and_failures_prove_nothing(status, body):
    """A 3xx, a 5xx or an odd status may hide a text that was accepted, even one whose body names a message."""
    assert send(httpx.Response(status, content=body, headers={"location": "http://elsewhere.test/"})) == (
        "uncertain",
        None,
    )


@pytest.mark.parametrize("status", [200, 201, 202, 203])
@pytest.mark.parametrize("body", [MESSAGE, {"data": MESSAGE}, {"data": MESSAGE, "more": 1}], ids=["flat", "data", "+"])
def test_a_success_that_names_its_message_is_sent(status, body):
    """Flat as in the gateway's pages or wrapped as the service does it: the id is what counts."""
    assert send(httpx.Response(status, json=body)) == ("sent", "AC1")


@pytest.mark.parametrize("status", [200, 202, 204, 206])
@pytest.mark.parametrize(
    "body", [b"", b"  ", b"null", b"[]", b"{}", b'{"data": {}}', b'{"data": null}', b'{"id": ""}', b"{", b"<html>"]
)
def test_a_success_that_names_no_message_is_uncertain(status, body):
    """Accepted, perhaps; but which message it became nobody knows yet: it is looked for, not sent again."""
    assert send(httpx.Response(status, content=body)) == ("uncertain", None)
