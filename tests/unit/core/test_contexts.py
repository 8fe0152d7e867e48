"""Contexts: what is declared is what is there, for every trigger."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quoflow.core import contexts, events, shapes, steps
from quoflow.core.contexts import build_scope, build_values
from quoflow.core.events import Event
from quoflow.core.facts import Contact, Conversation, Line, User

NOW = datetime(2026, 11, 23, 15, tzinfo=UTC)
PEER = "+12125550123"

MESSAGE = {
    "id": "AC1",
    "text": "Hello",
    "from": PEER,
    "to": ["+13105550100"],
    "direction": "incoming",
    "status": "delivered",
    "time": "2026-11-23T14:59:00Z",
    "user_id": None,
}
CALL = {
    "id": "AC2",
    "direction": "incoming",
    "status": "completed",
    "from": PEER,
    "to": "+13105550100",
    "duration": 61,
    "time": "2026-11-23T14:59:00+00:00",
    "answered_at": None,
    "completed_at": "2026-11-23T15:00:00Z",
    "answered_by": None,
    "missed": True,
}


def make_event(kind: str, *, data: dict | None = None, peer: str | None = PEER) -> Event:
    return Event(
        id=f"{kind}:AC1",
        kind=kind,
        connection="main",
        occurred_at=NOW,
        line_id="PN1",
        peer=peer,
        direction="incoming",
        conversation_id="CN1",
        data={"message": MESSAGE, "call": CALL} if data is None else data,
    )


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
PARTS = st.fixed_dictionaries(
    {},
    optional={
        name: st.dictionaries(st.sampled_from(sorted(contexts.TABLE[name].fields)), JSON) | JSON
        for name in ("message", "call", "voicemail", "transcript", "summary", "recording")
    },
)
CONTACTS = st.builds(
    Contact,
    id=st.just("C1"),
    first_name=st.none() | st.text(max_size=4),
    last_name=st.none() | st.text(max_size=4),
    company=st.none() | st.text(max_size=4),
    fields=st.dictionaries(st.sampled_from(["tags", "plan"]), JSON),
)


@given(
    kind=st.sampled_from(events.KINDS),
    data=PARTS,
    facts=st.fixed_dictionaries(
        {
            "contact": st.none() | CONTACTS,
            "line": st.none() | st.just(Line("PN1", "+13105550100", "Main")),
            "conversation": st.none() | st.just(Conversation("CN1", "PN1", (PEER,), name="Ann")),
            "user": st.none() | st.just(User("US1", None, "Lee", None, None)),
        }
    ),
    variables=st.dictionaries(st.text("abc", min_size=1, max_size=3), JSON, max_size=3),
    peer=st.none() | st.just(PEER) | st.just("anonymous"),
)
def test_built_values_are_of_the_declared_shapes(fits, kind, data, facts, variables, peer):
    """For every trigger and whatever the data holds, each declared name has a value of its shape; others are None."""
    scope = build_scope([kind], variables=shapes.make_plain(variables), steps={}, hours=())
    event = make_event(kind, data=data, peer=peer)
    values = build_values(event, **facts, variables=variables, tags_field="tags")

    assert values.keys() == contexts.NAMES
    for name, value in values.items():
        assert fits(scope.names[name], value) if name in scope.names else value is None, name


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("message.received", {"message"}),
        ("message.sent", {"message"}),
        ("call.missed", {"call"}),
        ("voicemail.received", {"call", "voicemail"}),
        ("recording.completed", {"call", "recording"}),
        ("summary.completed", {"call", "summary"}),
        ("transcript.completed", {"call", "transcript"}),
    ],
)
def test_trigger_has_its_own_part_and_the_people(kind, expected):
    """A phone event's context has what happened, the people and lines, and what the rule brings."""
    scope = build_scope([kind], variables={}, steps={}, hours=())

    always = {
        "event",
        "events",
        "connection",
        "contact",
        "conversation",
        "line",
        "user",
        "rule",
        "run",
        "steps",
        "vars",
    }

    assert always | expected == scope.names.keys()


@pytest.mark.parametrize("kind", ["schedule", "manual"])
def test_schedule_and_manual_have_no_contact(kind):
    """Nobody called or wrote, so there is no contact, line or conversation."""
    scope = build_scope([kind], variables={}, steps={}, hours=())

    expected = {"event", "events", "connection", "rule", "run", "steps", "vars"}

    assert expected == scope.names.keys()


def test_name_of_some_triggers_may_be_none_in_a_rule_with_several():
    """With two triggers, what only one of them has may be None; what both have is sure."""
    scope = build_scope(["message.received", "call.missed"], variables={}, steps={}, hours=())

    actual = {name: scope.names[name].maybe for name in ("message", "call", "contact")}

    assert actual == {"message": True, "call": True, "contact": False}


@pytest.mark.parametrize(
    ("contact", "peer", "expected"),
    [
        (Contact("C1", "Ann", "Lee", "Acme"), PEER, "Ann Lee"),
        (Contact("C1", " ", "Lee", "Acme"), PEER, "Lee"),
        (Contact("C1", None, None, "Acme"), PEER, "Acme"),
        (Contact("C1"), PEER, "(212) 555-0123"),
        (None, PEER, "(212) 555-0123"),
        (None, "anonymous", "anonymous"),
        (None, None, ""),
    ],
)
def test_contact_is_always_called_something(contact, peer, expected):
    """The name falls back to the company, then to the number as people write it."""
    values = build_values(make_event("message.received", peer=peer), contact=contact)

    assert expected == values["contact"]["name"]


def test_unknown_contact_has_the_number_and_nothing_else():
    """Someone who is not in the contacts still has a phone, no tags and no names."""
    actual = build_values(make_event("call.missed"), tags_field="tags")["contact"]

    expected = {
        "id": None,
        "known": False,
        "first_name": None,
        "last_name": None,
        "name": "(212) 555-0123",
        "company": None,
        "role": None,
        "phone": PEER,
        "emails": [],
        "phones": [],
        "tags": [],
        "fields": {},
    }

    assert expected == actual


@pytest.mark.parametrize(
    ("tags_field", "value", "expected"),
    [
        ("tags", ["vip", "do-not-text"], ["vip", "do-not-text"]),
        ("tags", "vip", ["vip"]),
        ("tags", None, []),
        ("tags", ["vip", None, 3], ["vip"]),
        ("other", ["vip"], []),
        (None, ["vip"], []),
    ],
)
def test_tags_come_from_the_configured_field(tags_field, value, expected):
    """Tags are the options of the configured custom field, and of no other."""
    contact = Contact("C1", fields={"tags": value})

    values = build_values(make_event("message.received"), contact=contact, tags_field=tags_field)

    assert expected == values["contact"]["tags"]


def test_times_are_aware_datetimes():
    """What is ISO 8601 text in the event's data is a time in the context."""
    call = build_values(make_event("call.missed"))["call"]

    assert datetime(2026, 11, 23, 14, 59, tzinfo=UTC) == call["time"]
    assert call["completed_at"] == NOW
    assert call["answered_at"] is None


def test_what_a_manual_trigger_sets_is_put_over_the_variables():
    """`quoflow trigger --set` changes a variable, and adds new ones; no other event can."""
    variables = {"plan": "basic", "city": "Rome"}
    data = {"set": {"plan": "gold", "more": "yes"}}

    manual = build_values(make_event("manual", data=data), variables=variables)
    other = build_values(make_event("message.received", data=data), variables=variables)

    assert manual["vars"] == {"plan": "gold", "city": "Rome", "more": "yes"}
    assert other["vars"] == variables


def test_other_rule_sees_the_same_event_with_its_own_variables():
    """The costly part of a context is built once an event, and lent to each rule."""
    event = make_event("message.received")
    values = build_values(event, rule="first", variables={"a": "1"})

    actual = contexts.add_rule(values, event=event, rule="second", variables={"b": "2"}, steps={"s": {"text": "x"}})

    assert (values["rule"], values["vars"]) == ({"name": "first"}, {"a": "1"})
    assert (actual["rule"], actual["vars"]) == ({"name": "second"}, {"b": "2"})
    assert actual["steps"] == {"s": {"text": "x"}}
    assert actual["contact"] is values["contact"]


def test_every_step_kind_that_can_have_an_outcome_declares_it():
    """A step kind without a declared outcome is one that gives none."""
    without = {"if", "choose", "stop", "fail"}

    assert steps.STEPS.keys() - without == contexts.OUTCOMES.keys()


def test_every_trigger_of_the_language_is_known_to_the_table():
    """A new trigger kind must be given its part of the context."""
    kinds = set(events.KINDS)

    assert kinds == contexts.EVERY
    for kind in kinds - {"schedule", "manual"}:
        specific = {name for name, part in contexts.TABLE.items() if kind in part.kinds} - {"event", "connection"}
        assert {"contact", *(() if kind in events.CONTACT_KINDS else ("line",))} <= specific, kind
