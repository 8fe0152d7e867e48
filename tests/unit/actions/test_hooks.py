"""Webhooks: what Slack, Teams and others are sent, that hostile words do nothing there, and what answers mean."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from quoflow.actions import hooks, notifying
from quoflow.actions.errands import Errand, Outside
from quoflow.actions.keys import Keys
from quoflow.actions.outgoing import Answer, Way
from quoflow.actions.results import Done, Failure
from quoflow.core.outside_settings import Target

NOW = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
TARGETS = {
    "team": {"slack": {"url_env": "SLACK"}},
    "office": {"teams": {"url_file": "teams-url"}},
    "crm": {"webhook": {"url": "https://crm.example.com/in?a=1", "token_env": "TOKEN"}},
}
ENVIRON = {"SLACK": "https://hooks.slack.com/services/T/B/x", "TOKEN": "t0ken"}
HOSTILE = "<!channel> <@U123> <https://evil.example|click> & *bold* @here\n[x](https://evil.example) {{ 7*7 }}"


@pytest.fixture
def outside(tmp_path: Path):
    (tmp_path / "teams-url").write_text("https://x.logic.azure.com/workflows/1\n")
    targets = {name: Target.model_validate(written) for name, written in TARGETS.items()}
    return Outside(targets, Keys(ENVIRON, tmp_path), Way(lambda *_: (), lambda: 0.0))


def errand(to, text="Hello", **more):
    return Errand(payload={"to": to, "text": text, "rule": "alerts", **more}, key="step1", now=NOW)


def build(outside, to, text="Hello", **more):
    request = hooks.build_request(errand(to, text, **more), outside.targets[to].way, outside)
    return request, json.loads(request.body)


def test_slack_mentions_nobody_and_formats_nothing(outside):
    """`<!channel>`, `<@…>`, links and stars of a customer are shown as they were written."""
    request, body = build(outside, "team", HOSTILE)

    assert request.url == ENVIRON["SLACK"]
    assert body == {
        "text": "&lt;!channel&gt; &lt;@U123&gt; &lt;https://evil.example|click&gt; &amp; *bold* @here\n"
        "[x](https://evil.example) {{ 7*7 }}",
        "mrkdwn": False,
        "parse": "none",
        "link_names": False,
        "unfurl_links": False,
        "unfurl_media": False,
    }


def test_teams_gets_text_that_knows_no_markdown(outside):
    """The words stand in a text run, which formats nothing; no mention is declared."""
    request, body = build(outside, "office", HOSTILE)
    card = body["attachments"][0]["content"]

    assert request.url == "https://x.logic.azure.com/workflows/1"
    assert card["body"] == [{"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": HOSTILE}]}]
    assert "msteams" not in card


def test_a_webhook_gets_json_with_a_key_that_stays(outside):
    """Any address: the words, the rule and an id that is the same at every attempt; the token is in a header only."""
    request, body = build(outside, "crm", HOSTILE, subject="New")

    assert request.url == "https://crm.example.com/in?a=1"
    assert body == {
        "id": "step1",
        "at": "2026-11-24T15:00:00+00:00",
        "rule": "alerts",
        "to": "crm",
        "subject": "New",
        "text": HOSTILE,
    }
    assert request.headers == {
        "Content-Type": "application/json",
        "Idempotency-Key": "step1",
        "Authorization": "Bearer t0ken",
    }


def test_a_chat_shows_the_subject_that_a_rule_writes(outside):
    """Its own subject is the first line; the one that a mail would have without it is not shown."""
    assert build(outside, "team", subject="VIP <1>")[1]["text"] == "VIP &lt;1&gt;\nHello"
    assert build(outside, "team")[1]["text"] == "Hello"


@pytest.mark.parametrize(
    ("status", "what", "words"),
    [
        (301, "hold", "write the new one"),
        (302, "uncertain", "nobody knows"),
        (400, "fail", "does not take this"),
        (401, "hold", "check its token"),
        (403, "hold", "check its address"),
        (404, "hold", "check its address"),
        (408, "uncertain", "nobody knows"),
        (410, "hold", "check its address"),
        (413, "fail", "does not take this"),
        (429, "hold", "takes no more for now"),
        (500, "uncertain", "nobody knows"),
        (503, "uncertain", "nobody knows"),
    ],
)
def test_what_an_answer_means(status, what, words):
    """What speaks of the address holds the target; what proves nothing is uncertain; the rest fails this one alone."""
    failure = hooks.judge(Answer(status, {}, b""), errand("crm"))

    assert (failure.what, words in failure.reason) == (what, True), failure
    assert failure.scope == ("notify:crm" if what == "hold" else None)


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_a_2xx_is_taken(status):
    """Whatever stands in it, also where it was cut."""
    assert hooks.judge(Answer(status, {}, b"x", is_whole=False), errand("crm")) == Done()


def test_what_cannot_be_reached_holds_the_target(outside):
    """No address, no variable, no name: nothing was sent, and the target stands still until it is mended."""
    lost = Outside(outside.targets, Keys({}, Path("/nowhere")), outside.way)
    unknown = notifying.notify(errand("crm"), outside)
    no_variable = notifying.notify(errand("team"), lost)
    no_file = notifying.notify(errand("office"), lost)

    assert {one.what for one in (unknown, no_variable, no_file)} == {"hold"}
    assert unknown.reason == "crm.example.com has no address"
    assert no_variable.reason == "its address is missing: the environment variable SLACK is not set"
    assert "cannot be read (No such file or directory)" in no_file.reason


def test_nothing_leaves_in_a_dry_run_or_to_nobody(outside):
    """A dry run sends nothing; a target that was taken out of the configuration gets nothing."""
    dry = Outside(outside.targets, outside.keys, outside.way, is_dry=True)

    assert notifying.notify(errand("crm"), dry) == Failure("fail", "not sent, this is a dry run")
    assert "no target `gone` any more" in notifying.notify(errand("gone"), outside).reason
