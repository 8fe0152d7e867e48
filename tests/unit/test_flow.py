"""Flow: rules as people write them, played step by step through the planner, without a store."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from quoflow.core import contexts, lifecycle, planning, writes
from quoflow.core.events import Event
from quoflow.core.facts import Contact, Line
from quoflow.core.functions import Functions
from quoflow.core.lifecycle import StepRecord, StepState
from quoflow.loader.documents import read_documents
from quoflow.loader.known import Known
from quoflow.loader.rules import build_rules

NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)  # a Monday, ten o'clock in New York
MAIN = Line(id="PN1", number="+15555550100", name="Main Line")
ANNA = Contact(id="CT1", first_name="Anna", phones=("+15555550111",), fields={"tags": ["customer", "vip", "north"]})
EVENT = Event(
    id="message.received:AC1",
    kind="message.received",
    connection="main",
    occurred_at=NOW,
    line_id="PN1",
    peer="+15555550111",
    direction="incoming",
    data={"message": {"id": "AC1", "text": "How much?", "from": "+15555550111", "to": ["+15555550100"]}},
)


class Play:
    """A run of one rule: `go` plans what can be planned, `settle` says what became of a step."""

    def __init__(self, actions: str, *, variables: str = "{}", contact: Contact | None = ANNA) -> None:
        source = f"name: play\ntrigger: message.received\nvars: {variables}\nactions:\n{actions}"
        (self.rule,), problems = build_rules(read_documents(source.encode(), "play.yaml"), "play.yaml", Known())
        assert [str(one) for one in problems if one.severity == "error"] == []
        self.records: dict[str, StepRecord] = {}
        self.texts: dict[str, str] = {}
        self.now = NOW
        self.contact = contact
        self.end = None
        self.later: tuple[str, ...] = ()

    def go(self) -> list[tuple[str, str]]:
        """Plan on; give path and state of each step that was added."""
        values = contexts.build_values(
            EVENT, contact=self.contact, line=MAIN, rule="play", variables=self.rule.vars, tags_field="tags"
        )
        functions = Functions(now=self.now, timezone="America/New_York")
        scene = writes.Scene(self.rule, "main", values, functions, (MAIN,), "US", "tags", self.now)
        given = planning.advance(self.rule, self.records.values(), scene)
        for one in given.steps:
            assert one.path not in self.records
            self.records[one.path] = StepRecord(
                id=one.path, run_id="run", connection="main", path=one.path, position=one.position, action=one.action,
                state=one.state, created_at=self.now, updated_at=self.now, name=one.name, due_at=one.due_at,
                outcome=one.outcome, reason=one.reason, is_write=one.write is not None,
            )  # fmt: skip
            said = one.write.text if one.write else (one.payload or {}).get("text")
            if said is not None:
                self.texts[one.path] = said
        self.end, self.later = given.end, given.later
        return [(one.path, str(one.state)) for one in given.steps]

    def settle(self, path: str, state: StepState = StepState.SUCCEEDED, **changes: object) -> None:
        """Let a step come to its end."""
        self.records[path] = replace(self.records[path], state=state, **changes)

    def finish(self) -> list[str]:
        """Play on, everything that is planned succeeding, until the run ends; give every text in order."""
        for _ in range(1000):
            self.go()
            if self.end is not None:
                break
            pending = [one for one in self.records.values() if one.state not in lifecycle.FINISHED_STEPS]
            first = min(pending, key=lambda one: one.position)
            self.now = max(self.now, first.due_at or self.now)
            self.settle(first.path)
        return [self.texts[path] for path in sorted(self.texts, key=lambda path: self.records[path].position)]


# -- set, log, fail


@pytest.mark.parametrize(
    ("written", "used", "expected"),
    [
        ('"{{ 2 + 3 }}"', "{{ vars.it * 2 }}", "10"),
        ('"{{ contact.first_name }}!"', "{{ vars.it }}", "Anna!"),
        ('"{{ contact.tags }}"', "{{ vars.it | join(' ') }}", "customer vip north"),
        ('"{{ contact.known }}"', "{{ 'yes' if vars.it else 'no' }}", "yes"),
        ('"{{ now() }}"', "{{ vars.it | time('%H:%M') }}", "10:00"),
        ('"{{ today() }}"', "{{ days_until(vars.it) }}", "0"),
        ('"{{ contact.company }}"', "{{ vars.it or 'nobody' }}", "nobody"),
        ("0123", "{{ vars.it }}", "0123"),
        ("[a, b]", "{{ vars.it | join('+') }}", "a+b"),
        ("{part: tap}", "{{ vars.it.part }}", "tap"),
        ("true", "{{ 'yes' if vars.it else 'no' }}", "yes"),
        ('"{{ message.text }}"', "{{ vars.it }}", "How much?"),
    ],
)
def test_what_is_set_keeps_its_type(written, used, expected):
    """A lone `{{ }}` gives a name its value as it is, over a restart too; anything else is what it says."""
    play = Play(f'  - set: {{it: {written}}}\n  - wait: 5m\n  - notify: "{used}"\n')

    assert play.finish() == [expected]


def test_what_was_set_stays_when_the_facts_change():
    """A value is found once, when its turn comes, not again with each look at the run."""
    play = Play('  - set: {who: "{{ contact.first_name }}"}\n  - wait: 5m\n  - notify: "{{ vars.who }}"\n')
    play.go()
    play.contact = replace(ANNA, first_name="Bea")

    assert play.finish() == ["Anna"]


def test_what_is_set_goes_over_the_rules_own():
    """A step may give one of the rule's `vars` another value, from then on."""
    play = Play(
        '  - notify: "{{ vars.n }}"\n  - set: {n: "{{ vars.n | int + 1 }}"}\n  - notify: "{{ vars.n }}"\n',
        variables="{n: '1'}",
    )

    assert play.finish() == ["1", "2"]


def test_a_value_that_is_too_large_fails_the_step():
    """What is set is kept with the run, and has an end."""
    play = Play('  - set: {big: "{{ vars.long }}"}\n  - notify: done\n', variables=f"{{long: {'x' * 8000}}}")
    play.rule = replace(play.rule, vars={"long": "x" * 30_000})
    play.go()

    assert play.end.state == "failed"
    assert play.end.reason.startswith("actions[0]: what is set has 30,")


def test_a_customers_words_are_no_template():
    """What a customer wrote is a value also when it was set, and printed as it is."""
    play = Play('  - set: {said: "{{ contact.first_name }}"}\n  - notify: "{{ vars.said }}"\n')
    play.contact = replace(ANNA, first_name="{{ 7 * 7 }}")

    assert play.finish() == ["{{ 7 * 7 }}"]


def test_a_log_line_is_no_effect():
    """A run whose text was not sent is not a success because it wrote a line to the log."""
    play = Play("  - send_message: {text: Hello}\n  - log: {text: sent, level: warning}\n")

    assert play.go() == [("actions[0]", "queued"), ("actions[1]", "queued")]
    play.settle("actions[0]", StepState.CANCELLED, reason="rejected by maria")
    play.settle("actions[1]")
    play.go()
    assert (play.end.state, play.end.reason) == ("cancelled", "rejected by maria")


def test_fail_ends_the_run_with_its_reason():
    """`fail` ends a run as failed, in the rule's words, and nothing behind it is done."""
    play = Play('  - if: contact.known\n    fail: "{{ contact.first_name }} is known"\n  - notify: never\n')
    play.go()

    assert (play.end.state, play.end.reason) == ("failed", "Anna is known")
    assert play.texts == {}


def test_fail_that_does_not_hold_is_passed():
    """Its `if` decides whether it ends the run."""
    assert Play("  - if: not contact.known\n    fail: unknown\n  - notify: known\n").finish() == ["known"]


def test_stop_says_why_in_the_rules_words():
    """A reason is a template, too."""
    play = Play('  - stop: "{{ contact.first_name }} has enough"\n')
    play.go()

    assert (play.end.state, play.end.reason) == ("succeeded", "Anna has enough")
