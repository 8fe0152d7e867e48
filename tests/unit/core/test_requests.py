"""Requests of `http` steps: what is filled in stays where it is put, values keep their types, secrets are names."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime

import pytest

from quoflow.core import requests, steps
from quoflow.core.expressions import ExpressionError, evaluate, render
from quoflow.core.functions import Functions

NOW = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
VALUES = {
    "contact": {
        "name": "Anna & Co",
        "phone": "+15555550111",
        "tags": ["a", "b"],
        "vip": True,
        "since": date(2026, 1, 2),
    },
    "message": {"text": '"}, "admin": true, {"x": "\n../?a=b#c', "time": NOW, "dots": ".."},
}


class Pen:
    """Writes with the values above."""

    def write(self, source, *, limit=1600):
        return render(source, VALUES, Functions(now=NOW), limit=limit)

    def evaluate(self, source):
        return evaluate(source, VALUES, Functions(now=NOW))


def ask(**written):
    return requests.render(steps.STEPS["http"].model_validate(written), Pen())


def test_a_look_is_its_address_and_headers():
    """A GET has no body; secrets are there by the name of their variable."""
    asked = ask(
        url="https://api.example.com/x", headers={"X-A": "{{ contact.name }}"}, secrets={"Authorization": "KEY"}
    )

    assert asked == {
        "method": "GET",
        "url": "https://api.example.com/x",
        "headers": {"X-A": "Anna & Co"},
        "secrets": {"Authorization": "KEY"},
    }


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ({"url": "https://h/{{ contact.name }}/x"}, "https://h/Anna%20%26%20Co/x"),
        ({"url": "https://h/a?b={{ contact.phone }}"}, "https://h/a?b=%2B15555550111"),
        (
            {"url": "https://h/a", "query": {"p": "{{ contact.phone }}", "n": "ü"}},
            "https://h/a?p=%2B15555550111&n=%C3%BC",
        ),
        ({"url": "https://h/a?x=1", "query": {"y": "2"}}, "https://h/a?x=1&y=2"),
        (
            {"url": "https://h/{{ message.text }}"},
            "https://h/%22%7D%2C%20%22admin%22%3A%20true%2C%20%7B%22x%22%3A%20%22%0A..%2F%3Fa%3Db%23c",
        ),
    ],
)
def test_what_is_filled_into_an_address_is_quoted(written, expected):
    """No value of a customer's makes another path, another query or another host."""
    assert ask(**written)["url"] == expected


def test_dots_filled_into_an_address_are_refused():
    """`..` needs no quoting and would lead elsewhere."""
    with pytest.raises(ExpressionError, match="would lead elsewhere"):
        ask(url="https://h/a/{{ message.dots }}/b")


def test_json_keeps_types_and_cannot_be_broken_out_of():
    """One `{{ }}` alone gives its value, anything around it text; quotes of a customer stay inside their text."""
    written = {
        "who": "{{ contact.name }}!",
        "tags": "{{ contact.tags }}",
        "vip": "{{ contact.vip }}",
        "since": "{{ contact.since }}",
        "nested": [{"said": "{{ message.text }}"}, 5, None, True],
    }
    asked = ask(url="https://h/", method="POST", json=written)

    assert json.loads(asked["body"]) == {
        "who": "Anna & Co!",
        "tags": ["a", "b"],
        "vip": True,
        "since": "2026-01-02",
        "nested": [{"said": VALUES["message"]["text"]}, 5, None, True],
    }
    assert asked["headers"] == {"Content-Type": "application/json"}


def test_a_header_is_one_line():
    """A line break of a customer's becomes a blank."""
    assert ask(url="https://h/", headers={"X": "{{ message.text }}"})["headers"]["X"].count("\n") == 0


def test_a_body_is_text_and_has_a_limit():
    """`body` is sent as it comes out; 100,000 characters are the most."""
    assert ask(url="https://h/", method="PUT", body="a={{ contact.name }}")["body"] == "a=Anna & Co"
    with pytest.raises(ExpressionError):
        ask(url="https://h/", method="PUT", json={"x": "y" * 100_001})


@pytest.mark.parametrize(
    ("url", "host"), [("https://API.example.com:8443/x", "api.example.com:8443"), ("https://h", "h")]
)
def test_a_host_is_named_with_its_port(url, host):
    """Breakers and plans name it in small letters."""
    assert requests.find_host(url) == host


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ({"method": "GET", "json": {}}, "a GET sends nothing"),
        ({"method": "POST", "json": {}, "body": "x"}, "either `json` or `body`"),
        ({"headers": {"Host": "x"}}, "not a header that can be set"),
        ({"headers": {"a b": "x"}}, "not a header that can be set"),
        ({"headers": {"A": "x"}, "secrets": {"a": "K"}}, "is there twice"),
    ],
)
def test_what_does_not_fit_together_is_refused(written, words):
    """Each with what to write."""
    with pytest.raises(ValueError, match=words):
        steps.STEPS["http"].model_validate({"url": "https://h/", **written})
