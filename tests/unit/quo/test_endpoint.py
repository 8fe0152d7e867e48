"""Endpoints: URLs and headers of both ways in, tolerant of how people write a base URL, strict about keys."""

from __future__ import annotations

import pytest

from quoflow.errors import QuoflowError
from quoflow.quo.endpoint import Endpoint


@pytest.mark.parametrize(
    "written",
    [
        "https://api.maton.ai",
        "https://api.maton.ai/",
        " https://api.maton.ai/quo ",
        "https://api.maton.ai/quo/v1",
        "https://api.maton.ai/quo/v1/",
        "https://api.maton.ai/v1",
    ],
)
def test_a_base_url_may_be_written_in_any_usual_way(written):
    """Trailing slash, /quo and /v1 do not double in the request's URL."""
    endpoint = Endpoint("maton", written, "k")

    assert endpoint.locate("/v1/calls") == "https://api.maton.ai/quo/v1/calls"
    assert endpoint.locate("/connections") == "https://api.maton.ai/connections"
    assert endpoint.locate("/connections/abc") == "https://api.maton.ai/connections/abc"


def test_direct_has_no_prefix():
    """Directly the path is Quo's own, also under a path of a test server."""
    assert (
        Endpoint("direct", "http://localhost:9/mock/v1", "k").locate("/v1/calls") == "http://localhost:9/mock/v1/calls"
    )


def test_maton_headers():
    """Maton gets a Bearer key, the connection and our name."""
    headers = Endpoint("maton", "https://api.maton.ai", "k", "abc", user_agent="quoflow/9").build_headers()

    assert headers == {
        "Authorization": "Bearer k",
        "User-Agent": "quoflow/9",
        "Accept": "application/json",
        "Maton-Connection": "abc",
    }


def test_direct_headers():
    """Quo itself gets the raw key, for it answers 401 to a Bearer, and no header of Maton's."""
    headers = Endpoint("direct", "https://api.openphone.com", "Bearer k\n", "abc").build_headers()

    assert headers["Authorization"] == "k"
    assert headers["User-Agent"].startswith("quoflow/")
    assert "Maton-Connection" not in headers


@pytest.mark.parametrize(
    "url", ["", "api.maton.ai", "ftp://x", "http://", "https://a b", "https://u:p@x", "http://x?y", "http://x:99999"]
)
def test_a_base_url_that_is_none_is_refused(url):
    """What is not an http(s) URL is refused with what to write, not with a traceback at the first request."""
    with pytest.raises(QuoflowError) as caught:
        Endpoint("maton", url, "k")

    assert "https://api.maton.ai" in str(caught.value)


@pytest.mark.parametrize("key", ["", "  ", "two words", "line\nbreak", "clé-secrète"])
def test_a_key_that_no_header_can_carry_is_refused_without_printing_it(key):
    """A broken key is refused here, naming where it came from, for httpx would print it in its own error."""
    with pytest.raises(QuoflowError) as caught:
        Endpoint("maton", "https://api.maton.ai", key, key_source="file key.txt")

    assert "file key.txt" in str(caught.value)
    assert "maton.ai/settings" in str(caught.value)
    assert not key.strip() or key not in str(caught.value)


def test_the_key_is_not_in_the_representation():
    """Printing an endpoint in a log or a traceback shows no key."""
    assert "secret" not in repr(Endpoint("maton", "https://api.maton.ai", "secret"))


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://127.0.0.1:8", True),
        ("http://[::1]:8", True),
        ("http://localhost", True),
        ("http://quo.localhost", True),
        ("http://127.9.9.9", True),
        ("https://api.maton.ai", False),
        ("https://localhost.example.com", False),
    ],
)
def test_loopback_is_recognised(url, expected):
    """Loopback is told from the rest by name and address."""
    assert Endpoint("maton", url, "k").is_loopback is expected
