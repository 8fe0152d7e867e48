"""The world beside Quo, by the real command: who is told, that it is once; who is down keeps nobody waiting."""

from __future__ import annotations

import time

import pytest

from .conftest import ANNA, BILL, UNLIMITED
from .listener import Listener

TELL = """
name: tell
trigger: message.received
actions:
  - notify: {to: down, text: "first"}
  - notify: {to: crm, subject: "From {{ contact.name }}", text: "{{ message.text }}"}
  - send_message: {text: "Thank you."}
  - wait: 1h
  - notify: {to: crm, text: "an hour later"}
"""


@pytest.fixture
def make_listener():
    running = []

    def start():
        running.append(Listener())
        return running[-1]

    yield start
    for one in running:
        one.close()


def hook(listener, **more):
    return {"webhook": {"url": f"{listener.url}/in", "private": True, **more}}


def states(firm):
    return {(one["to"], one["text"]): one["state"] for one in firm.list("outbox")}


def test_who_is_down_keeps_nobody_waiting(make_firm, make_listener):
    """One target answers 404: it is tried once a pause; others are told, texts and waits go on; then it is too."""
    down, crm = make_listener(), make_listener()
    down.status = 404
    targets = {"down": hook(down), "crm": hook(crm, token_env="CRM_TOKEN")}
    firm = make_firm(TELL, auto=True, guards=UNLIMITED, notify=targets)
    firm.environ["CRM_TOKEN"] = "t0ken-canary"
    firm.begin()
    firm.quo.write("hi <!channel>", ANNA)
    firm.quo.write("hello", BILL)
    planned = firm.preview()["writes"]
    nothing = (len(down.got), len(crm.got))
    first = firm.once()
    firm.once(ahead="10s")
    tried, told = len(down.got), [(one["subject"], one["text"]) for one in crm.bodies]
    firm.once(ahead="70m")
    later = len(crm.got)
    down.status = 200
    firm.once(ahead="100m")
    ended = firm.states()
    log = (firm.root / "quoflow.db").read_bytes()

    assert (sorted({one["action"] for one in planned}), nothing) == (["notify", "send_message"], (0, 0))
    assert {one["to"]: one["gate"]["state"] for one in planned if one["action"] == "notify"} == {
        "down": "ready",
        "crm": "ready",
    }
    assert tried == 1
    assert "notifications to `down` stand still" in first.err
    assert sorted(told) == [("From Anna Berg", "hi <!channel>"), ("From Bill", "hello")]
    assert len(firm.quo.sent()) == 2
    assert later == 4
    assert {one["id"] for one in down.bodies[-2:]} == {one["id"] for one in down.bodies}
    assert ended == [("tell", "succeeded")] * 2
    assert crm.got[0][2]["authorization"] == "Bearer t0ken-canary"
    assert b"t0ken-canary" not in log


def test_of_a_lost_notification_nobody_knows_and_it_is_not_sent_again(make_firm, make_listener):
    """The line goes dead after the words were sent: parked, never repeated by itself, and settled by a person."""
    crm = make_listener()
    crm.status = 0
    firm = make_firm("name: tell\ntrigger: message.received\nactions:\n  - notify: {to: crm, text: hello}\n",
                     notify={"crm": hook(crm)})  # fmt: skip
    firm.begin()
    firm.quo.write("hi", ANNA)
    firm.once()
    crm.status = 200
    firm.once(ahead="5m")
    firm.once(ahead="2h")
    (lost,) = firm.list("outbox")
    firm.run("outbox", "resolve", lost["id"], "--sent", "yes")

    assert (lost["state"], lost["action"], len(crm.got)) == ("unknown", "notify", 1)
    assert "did not answer properly" in lost["reason"]
    assert firm.states() == [("tell", "succeeded")]


def test_a_pause_holds_notifications_too(make_firm, make_listener):
    """The kill switch means that nothing leaves; afterwards it goes, once, without anybody's yes."""
    crm = make_listener()
    firm = make_firm("name: tell\ntrigger: message.received\nactions:\n  - notify: {to: crm, text: hello}\n",
                     notify={"crm": hook(crm)})  # fmt: skip
    firm.begin()
    firm.run("pause", "test")
    firm.quo.write("hi", ANNA)
    firm.once()
    held, before = firm.list("outbox"), len(crm.got)
    firm.run("resume")
    firm.once()

    assert ([one["state"] for one in held], before, len(crm.got)) == (["held"], 0, 1)
    assert firm.list("approvals") == []


def test_doctor_looks_whether_targets_can_be_reached_and_sends_nothing(make_firm, make_listener):
    """Connections are made, no request is; what is wrong is told with what to do, and the exit code says so."""
    crm, gone = make_listener(), make_listener()
    gone.close()
    targets = {"crm": hook(crm), "gone": hook(gone), "team": {"slack": {"url_env": "NO_SLACK"}}}
    firm = make_firm(notify=targets)
    found = firm.run("doctor", "--json", code=1).json["findings"]
    told = {one["subject"]: (one["state"], one["message"]) for one in found if one["subject"].startswith("notify")}

    assert told["notify crm"] == ("fine", "it can be reached; nothing was sent")
    assert told["notify gone"][0] == "wrong"
    assert told["notify team"] == ("wrong", "its address is missing: the environment variable NO_SLACK is not set")
    assert crm.got == []


ORDERS = """
name: orders
trigger: message.received
actions:
  - id: order
    http:
      url: "{url}/orders"
      query: {phone: "{{ contact.phone }}"}
      secrets: {Authorization: CRM_KEY}
  - http:
      url: "{url}/orders/{{ steps.order.json.id }}/notes"
      method: POST
      secrets: {Authorization: CRM_KEY}
      json: {text: "{{ message.text }}", order: "{{ steps.order.json.id }}"}
  - notify: "noted: {{ steps.order.status }}"
"""


def test_http_looks_asks_for_a_yes_and_sends_once(make_firm, make_listener):
    """A GET goes at once, its JSON is used; the POST is shown whole, waits for a yes, and is parked when lost."""
    api = make_listener()
    api.body = b'{"id": 17}'
    host = api.url.removeprefix("http://")
    firm = make_firm(ORDERS.replace("{url}", api.url), http={"allow": [host], "secrets": ["CRM_KEY"], "private": True})
    firm.environ["CRM_KEY"] = "Bearer canary-crm"
    firm.begin()
    firm.quo.write('say "hi"', ANNA)
    firm.preview()
    before = len(api.got)
    firm.once()
    (asked,) = firm.list("approvals")
    shown = firm.run("approvals", "list").out
    api.status = 0
    firm.approve_all()
    firm.once()
    firm.once(ahead="30m")
    (lost,) = firm.list("outbox")
    firm.run("outbox", "resolve", lost["id"], "--sent", "yes")
    firm.once(ahead="31m")
    look, sent = api.got
    everything = (firm.root / "quoflow.db").read_bytes() + shown.encode()

    assert before == 0
    assert look[:2] == ("GET", f"/orders?phone=%2B{ANNA[1:]}")
    assert asked["payload"] == {
        "method": "POST",
        "url": f"{api.url}/orders/17/notes",
        "headers": {"Content-Type": "application/json"},
        "secrets": {"Authorization": "CRM_KEY"},
        "body": '{"text": "say \\"hi\\"", "order": 17}',
    }
    assert (sent[:2], sent[3].decode()) == (("POST", "/orders/17/notes"), asked["payload"]["body"])
    assert [one[2]["authorization"] for one in (look, sent)] == ["Bearer canary-crm"] * 2
    assert lost["state"] == "unknown"
    assert firm.states() == [("orders", "succeeded")]
    assert b"canary-crm" not in everything


RECORD = """
name: keep
trigger: call.answered
actions:
  - id: audio
    fetch_recording: {timeout: 1h}
  - notify: "saved {{ steps.audio.path }}: {{ steps.audio.size }} bytes of {{ steps.audio.type }}"
"""


def test_a_recording_is_saved_once_it_is_made_and_its_host_gets_no_key(make_firm):
    """It comes late; its address expires and is asked for afresh; the storage would refuse a key beside it."""
    firm = make_firm(RECORD, recordings={"private": True})
    firm.begin()
    call = firm.quo.miss_call(ANNA, answered=True, duration="0s", recording={"after": "5m", "served_as": "audio/wav"})
    firm.once()
    early = list(firm.root.glob("recordings/*"))
    firm.quo.advance("6m")
    done = firm.once(ahead="10m")
    file = firm.root / "recordings" / f"{call['id']}.wav"
    loads = [one for one in firm.quo.log() if one["path"].startswith("/_media/")]

    assert early == []
    assert f"saved recordings/{call['id']}.wav: 68 bytes of audio/wav" in done.err
    assert (file.stat().st_size, file.stat().st_mode & 0o777) == (68, 0o600)
    assert [(one["status"], one["key"], one["connection"]) for one in loads] == [(200, None, None)]
    assert firm.states() == [("keep", "succeeded")]


def test_a_recording_on_a_private_address_is_not_loaded_unless_the_configuration_says_so(make_firm):
    """What Quo names may lead into our own network: it is refused, for good, and nothing is asked there."""
    firm = make_firm(RECORD)
    firm.begin()
    firm.quo.miss_call(ANNA, answered=True, duration="0s", recording={})
    firm.once()
    (run,) = firm.list("runs")

    assert run["state"] == "failed"
    assert "127.0.0.1 is not reached: 127.0.0.1 is loopback" in run["steps"][0]["reason"]
    assert [one for one in firm.quo.log() if one["path"].startswith("/_media/")] == []


def test_a_lost_notification_is_sent_once_more_where_its_rule_says_so(make_firm, make_listener):
    """`on_ambiguous: resend`: after two minutes, once, with the same id, so that the receiver can tell."""
    crm = make_listener()
    crm.status = 0
    step = "  - notify: {to: crm, text: hello}\n    on_ambiguous: resend\n"
    firm = make_firm(f"name: tell\ntrigger: message.received\nactions:\n{step}", notify={"crm": hook(crm)})
    firm.begin()
    firm.quo.write("hi", ANNA)
    firm.once()
    crm.status = 200
    for ahead in ("40s", "90s"):
        firm.quo.advance("40s")
        firm.once(ahead=ahead)
    soon = len(crm.got)
    for ahead in ("4m", "20m", "2h"):
        firm.quo.advance("10m")
        firm.once(ahead=ahead)

    assert (soon, len(crm.got), {one["id"] for one in crm.bodies}) == (1, 2, {crm.bodies[0]["id"]})
    assert firm.states() == [("tell", "succeeded")]


def test_a_service_that_is_killed_while_it_tells_somebody_tells_them_once(make_firm, make_listener):
    """SIGKILL between the words and the answer: the intent is on the disk, so nobody is told twice."""
    crm = make_listener()
    crm.answers.clear()
    rule = "name: tell\ntrigger: message.received\nactions:\n  - notify: {to: crm, text: hello}\n"
    firm = make_firm(rule, notify={"crm": hook(crm)})
    firm.begin()
    firm.quo.write("hi", ANNA)
    with firm.living():
        deadline = time.monotonic() + 30
        while not crm.got:
            assert time.monotonic() < deadline
            time.sleep(0.01)
    crm.answers.set()
    firm.once()
    firm.once(ahead="2h")

    assert [one["state"] for one in firm.list("outbox")] == ["unknown"]
    assert len(crm.got) == 1
