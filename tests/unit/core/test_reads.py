"""Reads: what a step looks for, frozen when it is planned, and which contacts fit."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from quoflow.core import contexts, reads, steps, writes
from quoflow.core.events import Event
from quoflow.core.expressions import ExpressionError
from quoflow.core.facts import Contact, Line
from quoflow.core.functions import Functions
from quoflow.core.rules import Rule

NOW = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)
MAIN, SALES = Line("PN1", "+15555550100", "Main Line"), Line("PN2", "+15555550102", "Sales")
ANNA = Contact(
    "CT1",
    "Anna",
    company="Berg Bakery",
    emails=("Anna@Berg.example",),
    phones=("+15555550111", "+15555550119"),
    fields={"tags": ["vip"]},
    external_id="crm-1",
    updated_at=NOW - timedelta(days=2),
)
BILL = Contact("CT2", "Bill", company="Berg Bakery", phones=("+15555550112", "+15555550119"), updated_at=NOW)
CORA = Contact("CT3", "Cora", company="Cora's")


def make_pen(kind="call.missed", *, peer="+15555550111", line=MAIN, **outcomes):
    data = {"call": {"id": "AC1"}} if kind.startswith("call") else {}
    event = Event("e1", kind, "main", NOW, line_id=line.id if line else None, peer=peer, data=data)
    values = contexts.build_values(event, contact=ANNA, line=line, rule="r", tags_field="tags")
    rule = Rule(name="r", version="v1", document={}, triggers=(), steps=())
    scene = writes.Scene(rule, "main", values, Functions(now=NOW), (MAIN, SALES), "US", "tags", NOW)
    return writes.Pen(scene, {**values, "steps": outcomes})


def prepare(kind, pen=None, **written):
    return reads.prepare_read(kind, steps.STEPS[kind].model_validate(written), pen or make_pen())


@pytest.mark.parametrize(
    ("kind", "written", "expected"),
    [
        ("fetch_transcript", {}, {"call_id": "AC1"}),
        ("fetch_voicemail", {"call": "{{ steps.last.id }}"}, {"call_id": "AC9"}),
        ("fetch_messages", {}, {"line_id": "PN1", "peer": "+15555550111", "limit": 10}),
        (
            "fetch_calls",
            {"contact": "(212) 555-0123", "line": " sales ", "limit": 3},
            {"line_id": "PN2", "peer": "+12125550123", "limit": 3},
        ),
        ("find_contact", {"phone": "212 555 0123"}, {"by": "phone", "value": "+12125550123"}),
        ("find_contact", {"email": " {{ contact.emails[0] }} "}, {"by": "email", "value": "Anna@Berg.example"}),
        ("find_contact", {"external_id": "crm-{{ 1 }}"}, {"by": "external_id", "value": "crm-1"}),
        ("find_contact", {"where": "contact.known"}, {"by": "where", "value": "contact.known"}),
    ],
)
def test_what_is_looked_for_is_frozen(kind, written, expected):
    """Templates are filled in, numbers are read in the region, lines by name; what is not said is the event's."""
    assert prepare(kind, make_pen(last={"id": "AC9"}), **written) == expected


@pytest.mark.parametrize(
    ("kind", "pen", "written", "words"),
    [
        ("fetch_summary", make_pen("manual", peer=None, line=None), {}, "no call to fetch from"),
        ("fetch_summary", make_pen(), {"call": " "}, "no call to fetch from"),
        ("fetch_messages", make_pen(peer=None), {}, "there is no number to look for"),
        ("fetch_messages", make_pen(), {"contact": "Anna"}, "`Anna` is not a number"),
        ("fetch_calls", make_pen(line=None), {}, "say `line:` with one of `Main Line`, `Sales`"),
        ("fetch_calls", make_pen(), {"line": "Support"}, "`Support` is none of our lines"),
        ("find_contact", make_pen(), {"phone": "12"}, "`12` is not a number"),
        ("find_contact", make_pen(), {"email": "{{ contact.role or '' }}"}, "`email` came out empty"),
    ],
)
def test_what_cannot_be_looked_for_is_said(kind, pen, written, words):
    """What a read needs and has not got is refused when it is planned, in words."""
    with pytest.raises(writes.Impossible) as caught:
        prepare(kind, pen, **written)

    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("sought", "expected"),
    [
        ({"by": "phone", "value": "+15555550111"}, ["CT1"]),
        ({"by": "phone", "value": "+15555550119"}, ["CT2", "CT1"]),
        ({"by": "phone", "value": "+15555550199"}, []),
        ({"by": "email", "value": "anna@BERG.example"}, ["CT1"]),
        ({"by": "external_id", "value": "crm-1"}, ["CT1"]),
        ({"by": "where", "value": "contact.company == 'Berg Bakery'"}, ["CT2", "CT1"]),
        ({"by": "where", "value": "'vip' in contact.tags"}, ["CT1"]),
        ({"by": "where", "value": "contact.company == steps.asked.company"}, ["CT3"]),
        ({"by": "where", "value": "contact.phone == ''"}, ["CT3"]),
    ],
)
def test_contacts_that_fit_come_the_last_changed_first(sought, expected):
    """An address fits in any case; an expression sees each contact in turn as `contact`, and the rest of the rule."""
    pen = make_pen(asked={"company": "Cora's"})
    assert [one.id for one in reads.select_contacts((ANNA, BILL, CORA), sought, pen)] == expected


def test_an_expression_that_cannot_be_evaluated_is_an_error():
    """A contact for which `where` fails does not pass for one that does not fit."""
    with pytest.raises(ExpressionError):
        reads.select_contacts((ANNA, BILL), {"by": "where", "value": "contact.role < 3"}, make_pen())
