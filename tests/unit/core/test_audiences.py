"""Audiences: who may be a member, and the event that each has of their own."""

from __future__ import annotations

import tracemalloc
from datetime import UTC, datetime

import pytest

from quoflow.core import audiences, writes
from quoflow.core.audiences import Firing
from quoflow.core.events import Event
from quoflow.core.expressions import ExpressionError
from quoflow.core.facts import Contact, Conversation
from quoflow.core.functions import Functions
from quoflow.core.gathering import Gathering, gather
from quoflow.core.rules import Audience, Rule, Trigger

NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
ANNA, BILL = "+15555550111", "+15555550112"


def make_firing(key="contacts", connection="main"):
    rule = Rule("offer", "v1", {}, (Trigger("manual"),), (), audience=Audience.model_validate({key: "true"}))
    event = Event("manual:offer:1", "manual", connection, NOW, data={"rule": "offer", "set": {"a": "b"}, "by": "ann"})
    return Firing(event, rule)


def test_a_member_has_the_same_event_however_often_it_is_gathered():
    """After a crash the batch is gathered anew, and must be the same: its ids come from what they are of."""
    contact = Contact("CT1", phones=(ANNA,))
    first, again = (make_firing().consider_contact(contact).event for _ in range(2))

    assert first == again
    assert (first.id, first.kind, first.peer, first.occurred_at) == ("manual:offer:1/CT1", "manual", ANNA, NOW)


def test_a_members_event_knows_its_batch_and_whose_wish_it_was():
    """What was set by hand, who did it, the batch and the rule's version go with each member."""
    firing = make_firing()
    event = firing.consider_contact(Contact("CT1", phones=(ANNA,))).event

    assert (event.data["set"], event.data["by"]) == ({"a": "b"}, "ann")
    assert (audiences.find_batch(event), audiences.find_version(event)) == (firing.batch, "v1")
    assert (audiences.find_contact_id(event), audiences.find_rule_name(event)) == ("CT1", "offer")
    assert audiences.find_batch(firing.event) is None


def test_what_is_set_by_hand_makes_no_member():
    """A value of the name `batch` that somebody sets is a value, and nothing else."""
    event = Event("manual:offer:1", "manual", "main", NOW, data={"set": {"batch": "x", "audience": "contacts"}})

    assert audiences.find_batch(event) is None


def test_two_connections_have_two_batches():
    """The same schedule fires for each workspace under one id, and a yes to one is no yes to the other."""
    assert make_firing().batch != make_firing(connection="other").batch


def test_the_first_number_that_can_be_texted_counts():
    """A short code is passed over; who has nothing else is left out with a reason."""
    firing = make_firing()

    assert firing.consider_contact(Contact("CT1", phones=("12345", ANNA, BILL))).event.peer == ANNA
    assert firing.consider_contact(Contact("CT2", phones=("12345",))).objection == (
        "no number: the contact CT2 has none that can be texted"
    )


@pytest.mark.parametrize(
    ("participants", "objection"),
    [
        ((ANNA,), None),
        ((ANNA, BILL), "no number: the conversation CN1 is one of 2 numbers"),
        ((), "no number: the conversation CN1 is one of 0 numbers"),
        (("12345",), "no number: the other side of the conversation CN1 cannot be texted"),
    ],
)
def test_a_conversation_with_one_number_may_be_a_member(participants, objection):
    """A group is none: a text to one of it would be another conversation."""
    candidate = make_firing("conversations").consider_conversation(Conversation("CN1", "PN1", participants), None)

    assert candidate.objection == objection
    assert (candidate.event.line_id, candidate.event.conversation_id) == ("PN1", "CN1")


def test_each_number_is_in_once():
    """Two contacts of one number are one member: the first, and the other one is told why not."""
    firing, gathering = make_firing(), Gathering("contacts")
    taken = [gathering.take(firing.consider_contact(Contact(name, phones=(ANNA,)))) for name in ("CT1", "CT2")]

    assert taken == [True, False]
    assert [(event.id, reason) for event, reason in gathering.left_out] == [
        ("manual:offer:1/CT2", "same number: CT2 has the number of CT1")
    ]
    assert gathering.describe() == "1 of 2 contacts, 1 more left out"


@pytest.mark.parametrize(
    ("value", "numbers"),
    [
        ([ANNA, f" {BILL} "], [ANNA, BILL]),
        (f"{ANNA}, {BILL},", [ANNA, BILL]),
        (f"{ANNA}\n{BILL}", [ANNA, BILL]),
        ("", []),
    ],
)
def test_a_list_may_be_written_in_one_text(value, numbers):
    """`trigger --set numbers=…` gives a text; a list is taken item by item."""
    assert list(audiences.read_numbers(value, "vars.numbers")) == numbers


@pytest.mark.parametrize(("value", "what"), [(None, "nothing"), (7, "a number"), ({"a": 1}, "a record")])
def test_what_is_no_list_has_no_members(value, what):
    """What `--set` forgot, or gave in another form, is told of, and nobody is taken to be meant."""
    with pytest.raises(ExpressionError, match=f"`vars.numbers` gave {what}, and a list of numbers is expected"):
        audiences.read_numbers(value, "vars.numbers")


def test_an_audience_of_any_size_is_gathered_in_little_memory():
    """Of each candidate only what its run is for is kept, so that ten thousand contacts cost a few megabytes."""
    firing = make_firing()
    rule, audience = firing.rule, firing.rule.audience
    language = Functions(now=NOW)
    candidates = (
        firing.consider_contact(Contact(f"CT{at}", phones=(f"+1555{at:07}",), fields={"note": f"{at}" * 5_000}))
        for at in range(10_000)
    )  # 200 MB, if they were all there at a time

    def see(candidate):
        values = {"contact": {"note": candidate.contact.fields["note"]}}
        return writes.Scene(rule, "main", values, language, (), "US", None, NOW)

    tracemalloc.start()
    gathering, objection = gather(rule, audience, candidates, see)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert (len(gathering.members), objection) == (10_000, None)
    assert peak < 30_000_000
