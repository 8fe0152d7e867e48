"""The main path: a rule, real HTTP, a person's yes, a text that is sent once; through both ways in."""

from __future__ import annotations

import json
from datetime import datetime

import pytest

from .conftest import ANNA, ANSWER, CONNECTION, KEY, MAIN, STRANGER, TEXTBACK


@pytest.mark.parametrize("gateway", ["maton", "direct"])
def test_a_missed_call_becomes_one_approved_text(make_firm, gateway):
    """Baseline, preview, question, yes, text, and never again: the whole path, and every listing agrees with it."""
    firm = make_firm(TEXTBACK, gateway=gateway, is_plain=True)
    quo = firm.quo
    firm.once()
    assert quo.writes() == []

    quo.miss_call(ANNA)
    (planned,) = firm.preview()["writes"]
    assert planned["gate"]["state"] == "needs_approval"
    assert quo.writes() == []
    assert firm.list("runs") == []

    firm.once()
    (asked,) = firm.list("approvals")
    assert quo.sent() == []
    firm.once()
    assert firm.list("approvals") == [asked]

    firm.run("approvals", "approve", asked["id"], "--yes")
    assert quo.sent() == []
    firm.once()
    (post,) = quo.writes()
    assert json.loads(post["body"]) == planned["payload"] == asked["payload"]
    firm.once()
    assert len(quo.writes()) == 1

    (sent,) = quo.sent()
    (run,) = firm.list("runs")
    (written,) = firm.list("outbox")
    assert (run["rule"], run["state"], run["id"]) == ("textback", "succeeded", written["run"])
    assert [(step["action"], step["state"]) for step in run["steps"]] == [("send_message", "succeeded")]
    assert (written["state"], written["message_id"], written["attempts"]) == ("sent", sent["id"], 1)
    assert firm.list("approvals") == []


def test_listings_have_the_fields_that_scripts_rely_on(make_firm):
    """Every field of the contract is there, with the values of this one text."""
    firm = make_firm(TEXTBACK)
    firm.begin()
    call = firm.quo.miss_call(ANNA)
    text = "Hi Anna, sorry we missed you – we’ll call back."
    same = {"rule": "textback", "action": "send_message", "to": ANNA, "text": text}
    payload = {"content": text, "from": "PNmain", "to": [ANNA]}

    preview = firm.preview()
    (planned,) = preview["writes"]
    assert preview["skipped"] == []
    assert same.items() <= planned.items()
    assert {"connection": "main", "from": MAIN, "payload": payload, "segments": 1}.items() <= planned.items()
    assert (planned["event"], set(planned["gate"])) == (f"call.missed:{call['id']}", {"state", "reason", "until"})
    assert planned["why"]

    firm.once()
    (asked,) = firm.list("approvals")
    assert same.items() <= asked.items()
    assert {"from": MAIN, "payload": payload, "segments": 1}.items() <= asked.items()
    assert len(asked["hash"]) == 64
    hours = datetime.fromisoformat(asked["expires_at"]) - datetime.fromisoformat(asked["requested_at"])
    assert hours.total_seconds() == 24 * 3600

    (run,) = firm.list("runs")
    assert (run["event"], run["state"]) == (f"call.missed:{call['id']}", "needs_approval")
    assert run["rule_version"]
    assert datetime.fromisoformat(run["started_at"]) <= datetime.fromisoformat(run["updated_at"])
    assert {"id", "action", "state", "reason"} <= set(run["steps"][0])

    firm.approve_all()
    (queued,) = firm.list("outbox")
    assert {**same, "run": run["id"], "state": "queued", "message_id": None, "attempts": 0}.items() <= queued.items()
    assert {"id", "reason"} <= set(queued)


def test_every_request_says_who_asks_and_for_whom(make_firm):
    """User-Agent, the key as that way in wants it, and the connection go with every request."""
    firm = make_firm(TEXTBACK, auto=True)
    firm.begin()
    firm.quo.miss_call(ANNA)
    firm.once()

    log = firm.quo.log()
    assert len([one for one in log if one["method"] == "POST"]) == 1
    assert all(one["user_agent"].startswith("quoflow/") for one in log)
    assert {one["key"] for one in log} == {f"Bearer ***{KEY[-4:]}"}
    assert {one["connection"] for one in log} == {CONNECTION}
    assert {one["path"].split("/")[1] for one in log} == {"quo"}


def test_the_direct_way_sends_the_key_as_it_is(make_firm):
    """Quo's own API wants no `Bearer`, knows no connections, and gets the user agent all the same."""
    firm = make_firm(TEXTBACK, gateway="direct")
    firm.begin()

    log = firm.quo.log()
    assert {(one["key"], one["connection"], one["path"].split("/")[1]) for one in log} == {
        (f"***{KEY[-4:]}", None, "v1")
    }
    assert all(one["user_agent"].startswith("quoflow/") for one in log)


def test_what_is_previewed_is_what_is_sent(make_firm):
    """For several people and kinds of writes: the preview's payloads are the bodies, in order, and nothing else."""
    rule = """
name: welcome
trigger: {message.received: {text: {contains: hello}}}
actions:
  - send_message: {text: "“{{ message.text }}” – {{ contact.first_name or format_phone(contact.phone) }} 👋"}
  - send_message: {from: Sales, text: "{{ line.name }}: {{ segments(message.text) }}", user: USmaria, done: true}
"""
    firm = make_firm(rule)
    firm.begin()
    for peer in (ANNA, STRANGER):
        firm.quo.write("Hello {{ contact.phone }} {% if %} ☎", peer)
    planned = [one["payload"] for one in firm.preview()["writes"]]
    firm.once()
    firm.approve_all()
    firm.once()

    bodies = [json.loads(one["body"]) for one in firm.quo.writes()]
    assert len(planned) == 4
    assert sorted(map(json.dumps, bodies)) == sorted(map(json.dumps, planned))
    assert bodies[0]["content"] == "“Hello {{ contact.phone }} {% if %} ☎” – Anna 👋"


def test_a_preview_counts_what_it_lists_itself(make_firm):
    """Of three automatic texts to one contact, with room for one, the preview holds those that the guards will hold."""
    limits = {"contact_cap": {"per_hour": 1, "per_day": 9}, "loop": "off"}
    firm = make_firm(ANSWER, auto=True, guards=limits)
    firm.begin()
    for text in ("one", "two", "three"):
        firm.quo.write(text)
    planned = [(one["text"], one["gate"]["state"]) for one in firm.preview()["writes"]]
    firm.once()

    assert sorted(planned) == [("Got it: one", "ready"), ("Got it: three", "held"), ("Got it: two", "held")]
    assert [one["text"] for one in firm.quo.sent()] == ["Got it: one"]
    assert [one["state"] for one in firm.list("outbox")].count("held") == 2


def test_a_preview_lets_a_connection_that_is_gone_rest(make_firm):
    """What is due on a connection that is no longer configured stands still, as it does for the worker."""
    firm = make_firm(ANSWER, auto=True)
    firm.begin()
    firm.quo.write("one")
    firm.run("pause")
    firm.once()
    firm.run("resume")
    gone = {"gateway": "maton", "base_url": firm.quo.url, "api_key_env": "MATON_API_KEY", "connection_id": CONNECTION}
    firm.configure(connections={"other": gone}, approvals={"allow_auto": ["*"]})

    assert [one["gate"]["state"] for one in firm.preview()["writes"]] == ["held"]
    firm.once()
    assert firm.quo.sent() == []


def test_a_preview_leaves_no_trace(make_firm):
    """A dry run changes neither Quo nor the database: the next real run sees the same news."""
    firm = make_firm(TEXTBACK)
    firm.begin()
    firm.quo.miss_call(ANNA)
    firm.preview()
    second = firm.preview()
    plan = firm.run("plan", "--json", code=2).json

    assert plan["writes"] == second["writes"]
    assert (firm.list("runs"), firm.list("approvals"), firm.list("outbox")) == ([], [], [])
    assert {one["method"] for one in firm.quo.log()} == {"GET"}
    firm.once()
    assert len(firm.list("approvals")) == 1
