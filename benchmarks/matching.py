"""Matching: events per second through N rules, verdicts included.

A rule wants: a text on one of ten lines, with one of ten words in any case, from a contact tagged vip. A text holds
two of the words and every second contact is a vip, so that 1 pair in 100 matches. Reading the facts from the store is
not part of it: each event's context is built once from values at hand.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

from figures import Figure

from quoflow.core import contexts, functions, indexing
from quoflow.core.events import Event
from quoflow.core.facts import Contact, Line
from quoflow.core.rules import AllOf, Filters, Holds, Rule, TextFilter, Trigger

NOW = datetime(2026, 11, 23, 15, tzinfo=UTC)
WORDS = ("price", "refund", "boiler", "leak", "invoice", "visit", "heater", "quote", "today", "broken")
LINES = tuple(Line(f"PN{number}", f"+1555555010{number}", f"Line {number}") for number in range(10))
EVENTS = 10_000
TARGETS = {1_000: "≥ 50,000", 10_000: "≥ 8,000"}


def make_rules(count: int) -> tuple[Rule, ...]:
    return tuple(make_rule(number) for number in range(count))


def make_rule(number: int) -> Rule:
    word = WORDS[number // len(LINES) % len(WORDS)]
    filters = Filters(line=(LINES[number % len(LINES)].name,), text=TextFilter(contains=(word,)))
    return Rule(
        name=f"rule-{number}",
        version="0" * 12,
        document={},
        triggers=(Trigger("message.received", filters=filters),),
        steps=(),
        when=AllOf((Holds("'vip' in contact.tags"),)),
    )


def make_events(count: int) -> list[tuple[Event, Contact]]:
    return [(make_event(number), make_contact(number)) for number in range(count)]


def make_event(number: int) -> Event:
    first, second = WORDS[number // 10 % 10], WORDS[(number // 10 + 1 + number // 100 % 9) % 10]
    text = f"Hello, I am writing about the {first.upper()} that we spoke of; is there a {second} for it, or not yet?"
    peer = f"+1212555{number % 10_000:04d}"
    message = {"id": f"AC{number}", "text": text, "from": peer, "direction": "incoming", "status": "received"}
    return Event(
        id=f"message.received:AC{number}",
        kind="message.received",
        connection="main",
        occurred_at=NOW + timedelta(seconds=number),
        line_id=LINES[number % 10].id,
        peer=peer,
        direction="incoming",
        data={"message": message},
    )


def make_contact(number: int) -> Contact:
    tags = ["customer", "vip"] if number // 1_000 % 2 else ["customer"]
    return Contact(f"CT{number}", first_name="Anna", last_name="Berg", fields={"tags": tags})


def match_all(index: indexing.RuleIndex, events: list[tuple[Event, Contact]]) -> int:
    """Give how many pairs of rule and event match."""
    language = functions.Functions(now=NOW, timezone="America/New_York")
    matched = 0
    for event, contact in events:
        line = next(one for one in LINES if one.id == event.line_id)
        values = contexts.build_values(event, contact=contact, line=line, tags_field="tags")
        found = index.match(event, lambda _rule, values=values: (values, language), lines=LINES, region="US")
        matched += sum(1 for _ in found)
    return matched


def measure() -> list[Figure]:
    events = make_events(EVENTS)
    found = []
    for count in (10, 100, 1_000, 10_000):
        index = indexing.RuleIndex(make_rules(count))
        match_all(index, events[:100])  # conditions are compiled when they are first asked
        begun = time.perf_counter()
        matched = match_all(index, events)
        seconds = time.perf_counter() - begun
        share = matched / (EVENTS * count)
        what = f"matching, {count:,} rules, {EVENTS:,} events ({share:.1%} of pairs match)"
        found.append(Figure(what, EVENTS / seconds, "events/s", TARGETS.get(count, "")))
    return found
