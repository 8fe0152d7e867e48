"""Outcomes: what steps returned is data of the shapes that the check has promised."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from quoflow.core import contexts, outcomes, steps
from quoflow.core.facts import Call, Contact, Message

NOW = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)
OLD = NOW - timedelta(hours=1)
HELLO = Message("AC2", "PN1", "+15555550111", "incoming", "Hello", "received", NOW, "+15555550111", ("+15555550100",))
BEFORE = Message("AC1", "PN1", "+15555550111", "outgoing", "Hi", "delivered", OLD, "+15555550100", ("+15555550111",))
RING = Call("AC4", "PN1", "+15555550111", "incoming", "missed", NOW)
ANNA = Contact("CT1", "Anna", "Berg", phones=("+15555550111",), fields={"tags": ["vip"]}, external_id="crm-1")


def read(kind, outcome):
    return outcomes.read_outcome(kind, outcome, now=NOW)


def describe(contact):
    return outcomes.describe_found(contact, tags_field="tags", region="US", now=NOW)


@pytest.mark.parametrize(
    ("kind", "outcome"),
    [
        ("fetch_messages", outcomes.describe_messages([HELLO, BEFORE])),
        ("fetch_calls", outcomes.describe_calls([RING], line_number="+15555550100")),
        ("find_contact", describe(ANNA)),
        *((kind, outcomes.describe_nothing(kind, now=NOW)) for kind in sorted(steps.READS)),
    ],
)
def test_an_outcome_is_of_its_shape(fits, kind, outcome):
    """Every field that the check knows is there with a value of its kind, also where nothing was found."""
    assert fits(contexts.OUTCOMES[kind], read(kind, outcome))


def test_texts_and_calls_come_the_oldest_first():
    """Quo lists the newest first; a rule reads them as they were said."""
    told = outcomes.describe_messages([HELLO, BEFORE])

    assert ([one["text"] for one in told["messages"]], told["count"]) == (["Hi", "Hello"], 2)
    (call,) = outcomes.describe_calls([RING], line_number="+15555550100")["calls"]
    assert (call["from"], call["to"], call["missed"]) == ("+15555550111", "+15555550100", True)


def test_a_contact_is_told_with_all_that_is_known():
    """Found, a contact has all that `contact` has, and what it is known by elsewhere; nobody is `found` false."""
    anna, nobody = describe(ANNA), describe(None)

    assert (anna["found"], anna["name"], anna["phone"]) == (True, "Anna Berg", "+15555550111")
    assert (anna["tags"], anna["external_id"]) == (["vip"], "crm-1")
    assert (nobody["found"], nobody["known"], nobody["id"], nobody["tags"]) == (False, False, None, [])


def test_what_was_kept_as_json_is_read_with_its_times():
    """Times are times again; what an outcome has not got is left out, and what is not known stays."""
    told = read("fetch_messages", {"messages": [{"time": OLD.isoformat()}], "more": 1})

    assert (told["messages"][0]["time"], told["more"], "count" in told) == (OLD, 1, False)
