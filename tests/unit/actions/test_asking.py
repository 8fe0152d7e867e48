"""The step `http`: allowed hosts only, each redirect checked, secrets that stay at home, and what answers prove."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from quoflow.actions import asking
from quoflow.actions.errands import Errand, Outside
from quoflow.actions.keys import Keys
from quoflow.actions.outgoing import Answer, Broken, Unreached
from quoflow.actions.results import Done
from quoflow.core.outside_settings import HttpSettings

ALLOWED = HttpSettings(allow=("api.example.com", "other.example.com"), secrets=("CRM_KEY",))


class Road:
    """A way out that gives answers in turn, and keeps what was asked."""

    def __init__(self, *answers):
        self.answers, self.asked = list(answers), []

    def exchange(self, request):
        self.asked.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def reply(status=200, body=b"{}", **headers):
    return Answer(status, headers, body)


def make(*answers, http=ALLOWED, environ=None, is_dry=False):
    road = Road(*answers)
    keys = Keys({"CRM_KEY": "Bearer canary"} if environ is None else environ, Path("/"))
    return Outside({}, keys, road, http, is_dry=is_dry), road


def errand(method="GET", url="https://api.example.com/a", **payload):
    payload = {
        "method": method,
        "url": url,
        "headers": {"X-A": "b"},
        "secrets": {"Authorization": "CRM_KEY"},
        **payload,
    }
    return Errand(payload=payload, key="step1", now=datetime(2026, 11, 24, tzinfo=UTC))


def test_a_look_gives_status_text_and_json():
    """The secret goes along as the variable's value; the outcome holds what came back."""
    outside, road = make(reply(body=b'{"a": [1, null]}'))
    looked = asking.look(errand(), outside)

    assert looked == asking.Looked({"status": 200, "ok": True, "text": '{"a": [1, null]}', "json": {"a": [1, None]}})
    assert road.asked[0].headers == {"X-A": "b", "Authorization": "Bearer canary"}


def test_a_redirect_is_followed_where_it_is_allowed_and_secrets_stay_at_home():
    """To the same host everything goes along, to another allowed one no header of the rule does."""
    outside, road = make(
        reply(302, location="/b"), reply(307, location="https://other.example.com/c"), reply(body=b"[]")
    )
    looked = asking.look(errand(), outside)

    assert looked.outcome["json"] == []
    assert [(one.url, sorted(one.headers)) for one in road.asked] == [
        ("https://api.example.com/a", ["Authorization", "X-A"]),
        ("https://api.example.com/b", ["Authorization", "X-A"]),
        ("https://other.example.com/c", []),
    ]


@pytest.mark.parametrize(
    "location",
    [
        "https://evil.example.com/",
        "http://api.example.com/",
        "https://api.example.com:8443/",
        "https://api.example.com@evil.example.com/",
        "ftp://api.example.com/",
        "file:///etc/passwd",
        "//169.254.169.254/latest",
        "https://exa mple/",
    ],
)
def test_a_redirect_to_anywhere_else_is_not_followed(location):
    """Another host, port or scheme than those allowed: nothing is asked there, and the look has failed for good."""
    outside, road = make(reply(302, location=location))
    looked = asking.look(errand(), outside)

    assert (looked.outcome, looked.may_pass, len(road.asked)) == (None, False, 1)
    assert looked.reason


def test_redirects_in_a_circle_end():
    """The first address and three redirects, no more."""
    outside, road = make(*[reply(302, location="/a")] * 9)
    looked = asking.look(errand(), outside)

    assert (looked.reason, len(road.asked)) == ("api.example.com redirects more than 3 times", 4)


@pytest.mark.parametrize(
    ("answer", "reason", "may_pass"),
    [
        (reply(404), "api.example.com answered 404", False),
        (reply(429), "api.example.com answered 429", True),
        (reply(503), "api.example.com answered 503", True),
        (Unreached("no way"), "no way", True),
        (Broken("reset"), "reset", True),
        (Answer(200, {}, b"x", is_whole=False), "api.example.com answered more than 1 MB, or broke off", False),
    ],
)
def test_a_look_in_vain_says_whether_it_may_pass(answer, reason, may_pass):
    """A look may be taken again where that can help; what was answered is there all the same."""
    outside, _ = make(answer)
    looked = asking.look(errand(), outside)

    assert (looked.reason, looked.may_pass) == (reason, may_pass)


@pytest.mark.parametrize(
    ("answer", "what"),
    [
        (reply(301), "fail"),
        (reply(302), "uncertain"),
        (reply(303), "uncertain"),
        (reply(307), "fail"),
        (reply(400), "fail"),
        (reply(401), "fail"),
        (reply(408), "uncertain"),
        (reply(409), "fail"),
        (reply(429), "hold"),
        (reply(500), "uncertain"),
        (reply(503), "uncertain"),
        (Unreached("no way"), "hold"),
        (Broken("reset"), "uncertain"),
    ],
)
def test_what_came_of_sending(answer, what):
    """What proves nothing is never sent again by itself; who cannot be reached is held; no redirect is followed."""
    outside, road = make(answer)
    failure = asking.send(errand("POST", body="{}"), outside)

    assert (failure.what, len(road.asked)) == (what, 1), failure
    assert failure.scope == ("http:api.example.com" if what == "hold" else None)
    assert "canary" not in failure.reason


def test_what_was_taken_has_an_outcome_and_a_key():
    """A 2xx: the outcome is what came back; the key is the same for every attempt."""
    outside, road = make(reply(201, b"made"))
    done = asking.send(errand("POST", body='{"é": 1}'), outside)

    assert done == Done(outcome={"status": 201, "ok": True, "text": "made", "json": None})
    assert (road.asked[0].body, road.asked[0].headers["Idempotency-Key"]) == ('{"é": 1}'.encode(), "step1")


@pytest.mark.parametrize("act", [asking.look, asking.send])
@pytest.mark.parametrize(
    ("change", "http", "words"),
    [
        ({}, HttpSettings(), "not among the hosts"),
        ({"url": "https://evil.example.com/"}, ALLOWED, "not among the hosts"),
        ({"url": "http://api.example.com/"}, ALLOWED, "only https"),
        ({"url": "https://api.example.com:8443/"}, ALLOWED, "not among the hosts"),
        ({"secrets": {"A": "MATON_API_KEY"}}, ALLOWED, "does not let rules send MATON_API_KEY"),
    ],
)
def test_what_the_configuration_does_not_allow_is_not_asked(act, change, http, words):
    """Also where a rule was stored when it was allowed: the configuration of now counts, and nothing leaves."""
    outside, road = make(http=http)
    outcome = act(errand("POST" if act is asking.send else "GET", **change), outside)

    assert words in outcome.reason
    assert road.asked == []


def test_nothing_leaves_without_its_secret_or_in_a_dry_run():
    """A variable that is not set holds what is sent; in a dry run nothing is even built."""
    missing, dry = make(environ={}), make(is_dry=True)
    failure = asking.send(errand("POST"), missing[0])

    assert (failure.what, failure.reason) == ("hold", "the environment variable CRM_KEY is not set")
    assert "dry run" in asking.send(errand("POST"), dry[0]).reason
    assert "dry run" in asking.look(errand(), dry[0]).reason
    assert missing[1].asked == dry[1].asked == []


@pytest.mark.parametrize("body", [b"[1e999]", b'"\\ud800"', b"[" * 100_000, b"NaN", b"", b"{'a': 1}"])
def test_hostile_json_is_no_json(body):
    """Figures without bounds, halves of characters, endless nesting: the text is there, `json` is nothing."""
    assert asking.describe_answer(reply(body=body))["json"] is None


def test_plain_http_needs_the_configurations_word():
    """`private: true` is for development: then http may be spoken, and the request says that it may stay at home."""
    private = HttpSettings(allow=("127.0.0.1:8080",), private=True)
    outside, road = make(reply(), http=private)
    asking.look(errand(url="http://127.0.0.1:8080/", secrets={}), outside)

    assert road.asked[0].private
