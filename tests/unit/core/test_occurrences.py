"""Items of `events`: every kind of event has one, whatever is in it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from quoflow.core import occurrences
from quoflow.core.events import Event
from quoflow.core.facts import Contact

NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
ANNA = "+12125550123"


def describe(kind="message.received", contact=None, peer=ANNA, **data):
    event = Event(f"{kind}:AC1", kind, "main", NOW, peer=peer, data=data)
    return occurrences.describe_event(event, contact, "US")


@pytest.mark.parametrize("part", ["message", "voicemail", "transcript", "summary"])
def test_an_item_has_the_words_of_its_event(part, fits):
    """Whatever part they are in; and it has the shape that the check promises."""
    item = describe(**{part: {"text": "hello"}})

    assert item["text"] == "hello"
    assert fits(occurrences.EVENTS, [item, describe(peer=None), describe("call.missed", call={"id": "AC1"})])


def test_an_item_names_the_person_as_people_do():
    """By name, else company, else the number; nobody where there is no number."""
    assert describe(contact=Contact("CT1", "Anna", "Berg"))["name"] == "Anna Berg"
    assert describe(contact=Contact("CT1", company="Berg Bakery"))["name"] == "Berg Bakery"
    assert describe()["name"] == "(212) 555-0123"
    assert describe(peer=None)["name"] is None
