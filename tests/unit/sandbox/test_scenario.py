"""Scenarios: how they are read, what they refuse, and the bundled ones."""

from __future__ import annotations

from datetime import timedelta

import pytest
import yaml

from quoflow.errors import QuoflowError
from quoflow.sandbox.scenario import FOLDER, build_scenario, find_scenario

USERS = [{"first_name": "Olivia"}]
LINES = [{"number": "+15555550100", "name": "Main"}]


def bundled(name):
    return yaml.load(find_scenario(name).read_text(), yaml.BaseLoader)


def test_all_scalars_may_be_text():
    """Numbers, booleans, nulls and durations are read from text, as YAML without types gives them."""
    options = {"rate_limit": "null", "flat_bodies": "true", "keys": "one", "sent_after": "2s"}
    scenario = build_scenario({"users": USERS, "lines": LINES, "options": options})

    assert scenario.options.rate_limit is None
    assert scenario.options.flat_bodies is True
    assert scenario.options.keys == ("one",)
    assert scenario.options.sent_after == timedelta(seconds=2)
    assert build_scenario({"users": USERS, "lines": LINES}).options.rate_limit == 10


@pytest.mark.parametrize(
    ("part", "message"),
    [
        ({"lines": [{"number": "555"}]}, "lines.0.number"),
        ({"users": []}, "users"),
        ({"lnies": []}, "lnies"),
        ({"history": [{"at": "2h", "message": {"peer": "+15555550111"}}]}, "history.0.at"),
        ({"timeline": [{"after": "-2h", "message": {"peer": "+15555550111"}}]}, "timeline.0.after"),
        ({"timeline": [{"after": "soon", "message": {"peer": "+15555550111"}}]}, "is not a duration"),
        ({"timeline": [{"after": "5s"}]}, "either a `message` or a `call`"),
        ({"timeline": [{"after": "5s", "message": {"peer": "+15555550111", "line": "Nope"}}]}, "no line `Nope`"),
        ({"timeline": [{"after": "5s", "call": {"peer": "+15555550111", "user": "Nobody"}}]}, "no user `Nobody`"),
        ({"contacts": [{"fields": {"tags": "vip"}}]}, "no custom field `tags`"),
        ({"options": {"rate_limit": "0"}}, "options.rate_limit"),
    ],
)
def test_a_wrong_scenario_is_refused_with_its_key(part, message):
    """What is wrong is named by its key, in one readable error."""
    with pytest.raises(QuoflowError) as caught:
        build_scenario({"users": USERS, "lines": LINES, **part})

    assert message in str(caught.value)


def test_anything_but_a_mapping_is_refused():
    """A list or a text is no scenario, and says so."""
    with pytest.raises(QuoflowError) as caught:
        build_scenario(["users"])

    assert "scenario" in str(caught.value)


def test_scenarios_are_found_by_name_or_path(tmp_path):
    """A bundled name or a path of one's own; else an error that lists the bundled ones."""
    own = tmp_path / "own.yaml"
    own.write_text("users: []")
    with pytest.raises(QuoflowError) as caught:
        find_scenario("nope")

    assert find_scenario("demo") == FOLDER / "demo.yaml"
    assert find_scenario(str(own)) == own
    assert "demo, empty" in caught.value.hint


def test_the_empty_scenario_is_a_bare_workspace():
    """`empty` has two lines, one user, the field for tags, and nothing else."""
    scenario = build_scenario(bundled("empty"))

    assert (len(scenario.lines), len(scenario.users)) == (2, 1)
    assert [(field.key, field.type) for field in scenario.fields] == [("tags", "multi-select")]
    assert (scenario.contacts, scenario.history, scenario.timeline) == ((), (), ())


def test_the_history_of_the_demo_is_true_at_the_start(make_desk):
    """At its start the demo has its past: an opt-out, a finished call with a transcript, delivered texts."""
    desk = make_desk(**bundled("demo"))
    texts = [message.text for message in desk.sandbox.world.messages.values()]
    done = [call for call in desk.sandbox.world.calls.values() if call.artifacts.transcript]

    assert [text for text in texts if text.lower() == "stop"] == ["STOP"]
    assert {message.status for message in desk.sandbox.world.messages.values()} == {"delivered"}
    assert [call.status for call in done] == ["completed"]
    assert desk.get(f"/v1/call-transcripts/{done[0].id}").data["status"] == "completed"


def test_the_demo_is_lively(make_desk):
    """Within ten seconds the demo misses three calls, takes one that asks for a refund, and gets three texts."""
    desk = make_desk(**bundled("demo"))
    before = set(desk.sandbox.world.messages), set(desk.sandbox.world.calls)
    desk.later(10)
    desk.get("/v1/users")
    world = desk.sandbox.world
    texts = {message.text: message.from_ for key, message in world.messages.items() if key not in before[0]}
    new = [call for key, call in world.calls.items() if key not in before[1]]
    missed, taken = [call.peer for call in new if not call.answered_at], [call for call in new if call.answered_at]
    known = {item["value"] for contact in world.contacts.values() for item in contact.default_fields["phoneNumbers"]}
    transcript = desk.get(f"/v1/call-transcripts/{taken[0].id}").data

    assert world.to_come == 0
    assert {call.status for call in new} == {"missed", "completed"}
    assert len(texts) == 3
    assert [peer in known for peer in missed] == [True, False, True]
    assert texts["Stop"] == missed[2]
    assert any("price" in text for text in texts)
    assert "refund" in json_text(transcript)
    assert desk.get(f"/v1/call-voicemails/{next(c.id for c in new if c.peer == missed[1])}").status == 200


def json_text(transcript):
    return " ".join(line["content"] for line in transcript["dialogue"])


def test_the_timeline_happens_in_its_own_time(make_desk):
    """What is due is stamped with the time it was due, however late somebody looks."""
    timeline = [{"after": "5s", "message": {"peer": "+15555550111", "text": "Hi"}}]
    desk = make_desk(timeline=timeline)
    before = desk.messages().data
    desk.later(60)

    assert before == []
    assert desk.messages().data[0]["createdAt"] == "2026-11-23T15:00:05.000Z"


def test_history_is_kept_in_order_of_time(make_desk):
    """A history written in any order reads newest first, and a conversation begins with its oldest item."""
    history = [{"at": f"-{days}d", "message": {"peer": "+15555550111", "text": str(days)}} for days in (2, 9, 5)]
    desk = make_desk(history=history, conversations=[{"peer": "+15555550111", "at": "-1d", "name": "Anna"}])
    row = desk.get("/v1/conversations").data[0]

    assert [message["text"] for message in desk.messages().data] == ["2", "5", "9"]
    assert (row["createdAt"], row["name"]) == ("2026-11-14T15:00:00.000Z", "Anna")
    assert row["lastActivityAt"] == "2026-11-21T15:00:00.000Z"
