"""Flow: rules as people write them, played step by step through the planner, without a store."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from quoflow.core import contexts, lifecycle, planning, progress, writes
from quoflow.core.events import Event
from quoflow.core.facts import Contact, Line
from quoflow.core.functions import Functions
from quoflow.core.hours import OfficeHours
from quoflow.core.lifecycle import StepRecord, StepState
from quoflow.loader.documents import read_documents
from quoflow.loader.known import Known
from quoflow.loader.rules import build_rules

NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)  # a Monday, ten o'clock in New York
MAIN = Line(id="PN1", number="+15555550100", name="Main Line")
ANNA = Contact(id="CT1", first_name="Anna", phones=("+15555550111",), fields={"tags": ["customer", "vip", "north"]})
HOURS = {"office": OfficeHours(open={"mon-fri": "09:00-17:00"}), "night": OfficeHours(open={"mon-sun": "22:00-02:00"})}
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
        rules, problems = build_rules(read_documents(source.encode(), "play.yaml"), "play.yaml", Known())
        assert [str(one) for one in problems if one.severity == "error"] == []
        (self.rule,) = rules
        self.records: dict[str, StepRecord] = {}
        self.texts: dict[str, str] = {}
        self.now = NOW
        self.contact = contact
        self.end = None
        self.later: tuple[str, ...] = ()

    def advance(self) -> progress.Advance:
        """Ask what is next, and add nothing."""
        values = contexts.build_values(
            EVENT, contact=self.contact, line=MAIN, rule="play", variables=self.rule.vars, tags_field="tags"
        )
        functions = Functions(now=self.now, timezone="America/New_York", hours=HOURS)
        scene = writes.Scene(self.rule, "main", values, functions, (MAIN,), "US", "tags", self.now)
        return planning.advance(self.rule, self.records.values(), scene)

    def go(self) -> list[tuple[str, str]]:
        """Plan on; give path and state of each step that was added."""
        given = self.advance()
        for one in given.steps:
            assert one.path not in self.records
            self.records[one.path] = StepRecord(
                id=one.path, run_id="run", connection="main", path=one.path, position=one.position, action=one.action,
                state=one.state, created_at=self.now, updated_at=self.now, name=one.name, due_at=one.due_at,
                outcome=one.outcome, reason=one.reason, is_write=one.write is not None, deadline_at=one.deadline_at,
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
    assert play.end.reason.startswith("actions[0]: what would be kept has 30,")


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


# -- choose


CHOOSE = """
  - choose:
      - if: "'vip' in contact.tags"
        then:
          - notify: vip
      - if: contact.known
        then:
          - notify: known
    else:
      - notify: nobody
  - notify: behind
"""


@pytest.mark.parametrize(
    ("contact", "expected"),
    [
        (ANNA, ["vip", "behind"]),
        (replace(ANNA, fields={}), ["known", "behind"]),
        (None, ["nobody", "behind"]),
    ],
)
def test_the_first_way_that_holds_is_taken(contact, expected):
    """Of several ways the first whose condition holds is taken, else the last, and the run goes on behind it."""
    assert Play(CHOOSE, contact=contact).finish() == expected


def test_a_choice_is_made_once():
    """The way that was taken stays taken, whoever the contact is by then; the others never come."""
    play = Play(CHOOSE.replace("- notify: vip", "- wait: 5m\n          - notify: vip"))
    play.go()
    play.contact = None

    assert play.later == ("actions[0].choose[0].then[1]", "actions[1]")
    assert play.finish() == ["vip", "behind"]


def test_without_a_way_that_holds_nothing_is_done():
    """A choice without `else` may come to nothing."""
    play = Play(
        "  - choose:\n      - if: contact.company\n        then:\n          - notify: firm\n  - notify: behind\n"
    )

    assert play.finish() == ["behind"]


# -- for_each

EACH = "  - for_each:\n      in: contact.tags\n      do:\n"


def test_steps_are_done_for_each_item_in_turn():
    """Each item has its steps, one after the other, and each step a path of its own."""
    play = Play(
        "  - for_each:\n      in: contact.tags\n      as: tag\n      do:\n        - wait: 5m\n"
        '        - notify: "{{ each.index }} of {{ each.length }}: {{ tag }}"\n  - notify: behind\n'
    )

    assert play.finish() == ["1 of 3: customer", "2 of 3: vip", "3 of 3: north", "behind"]
    assert list(play.records) == [
        "actions[0]",
        *(f"actions[0].for_each[{number}].do[{at}]" for number in range(3) for at in range(2)),
        "actions[1]",
    ]
    positions = [one.position for one in play.records.values()]
    assert positions == sorted(set(positions))


def test_the_texts_of_all_items_are_asked_for_together():
    """Texts whose bytes are known are planned behind each other, so that a person is asked once."""
    play = Play(EACH + '        - send_message: {text: "{{ item }}"}\n')

    assert play.go() == [("actions[0]", "succeeded")] + [
        (f"actions[0].for_each[{number}].do[0]", "queued") for number in range(3)
    ]


def test_the_list_is_kept_as_it_was():
    """A list that changes while the run waits changes nothing: each item has its turn once."""
    play = Play(
        '  - for_each:\n      in: contact.tags\n      do:\n        - wait: 5m\n        - notify: "{{ item }}"\n'
    )
    play.go()
    play.contact = replace(ANNA, fields={"tags": ["other"]})

    assert play.finish() == ["customer", "vip", "north"]


def test_outcomes_are_those_of_the_item():
    """`steps.<id>` within a loop is the step of the same item, and nothing of it is left behind it."""
    play = Play(
        EACH + "        - id: sent\n          send_message: {text: '{{ item }}'}\n"
        "        - if: steps.sent.text == 'vip'\n          notify: 'sent {{ item }}'\n  - set: {n: '{{ 1 }}'}\n"
    )
    for number, tag in enumerate(("customer", "vip", "north")):
        play.go()
        play.settle(f"actions[0].for_each[{number}].do[0]", outcome={"text": tag})
        play.go()
        if tag == "vip":
            play.settle("actions[0].for_each[1].do[1]")

    assert [text for text in play.finish() if text.startswith("sent")] == ["sent vip"]


def test_what_a_loop_sets_is_there_for_the_next_item_and_behind_it():
    """A loop can count."""
    play = Play(
        EACH + "        - set: {n: '{{ vars.n | int + 1 }}'}\n  - notify: 'n = {{ vars.n }}'\n",
        variables="{n: '0'}",
    )

    assert play.finish() == ["n = 3"]


@pytest.mark.parametrize("most", ["2", "3"])
def test_more_items_than_allowed_are_refused_before_the_first(most):
    """A list that is longer than `max` ends the run before anything is done for any item."""
    play = Play(
        f"  - for_each:\n      in: contact.tags\n      max: {most}\n      do:\n        - send_message: {{text: Hi}}\n"
    )
    play.go()

    assert (play.end is None) == (most == "3")
    assert len(play.texts) == (3 if most == "3" else 0)
    if most == "2":
        assert play.end.reason == "actions[0]: `contact.tags` has 3 items, and `max` is 2"


def test_no_items_are_no_steps():
    """An empty list, or none, is passed over."""
    play = Play(
        "  - for_each:\n      in: contact.tags\n      do:\n        - notify: '{{ item }}'\n  - notify: behind\n"
    )
    play.contact = None

    assert play.finish() == ["behind"]


def test_an_end_within_a_loop_is_the_end():
    """`stop` for one item ends the run: the others have no turn."""
    play = Play(EACH + "        - if: item == 'vip'\n          stop: enough\n        - notify: '{{ item }}'\n")

    assert (play.finish(), play.end.reason) == (["customer"], "enough")


# -- wait_until, wait_for


@pytest.mark.parametrize(
    ("written", "due"),
    [
        ('"17:00"', "2026-11-23T17:00-05:00"),
        ('"8:30"', "2026-11-24T08:30-05:00"),
        ('{time: "17:00", timezone: Europe/Berlin}', "2026-11-23T17:00+01:00"),
        ("{open: office}", "2026-11-23T10:00-05:00"),
        ("{open: night}", "2026-11-23T22:00-05:00"),
    ],
)
def test_a_run_waits_until_the_clock_or_the_calendar_says_so(written, due):
    """A time of day is on the configuration's clock unless another is named; an open calendar is no wait at all."""
    play = Play(f"  - wait_until: {written}\n  - notify: done\n")

    assert play.go() == [("actions[0]", "waiting")]
    assert play.records["actions[0]"].due_at == datetime.fromisoformat(due)


def test_a_calendar_that_is_gone_fails_the_step():
    """A configuration that no longer has the calendar ends the run in words."""
    play = Play("  - wait_until: {open: weekend}\n  - notify: done\n")
    play.go()

    assert play.end.reason == "actions[0]: there is no calendar `weekend` under `hours` in the configuration"


WAIT_FOR = """
  - id: answer
    wait_for: {event: message.received, timeout: 2h, on_timeout: ON_TIMEOUT}
  - notify: "{{ steps.answer.text or 'nothing' }}"
"""


def test_what_came_is_read_by_the_steps_behind():
    """Once the event has come, the run goes on with it."""
    play = Play(WAIT_FOR.replace("ON_TIMEOUT", "[{notify: late}]"))
    play.go()
    play.settle("actions[0]", outcome={"found": True, "text": "Yes", "time": NOW.isoformat()})

    assert play.records["actions[0]"].due_at == NOW + timedelta(hours=2)
    assert play.finish() == ["Yes"]


@pytest.mark.parametrize(
    ("written", "state", "expected"),
    [
        ("continue", StepState.SUCCEEDED, ["nothing"]),
        ("[{notify: late}]", StepState.SUCCEEDED, ["late", "nothing"]),
        ("[{notify: late}, {stop: enough}]", StepState.SUCCEEDED, ["late"]),
        ("fail", StepState.FAILED, []),
    ],
)
def test_what_did_not_come_is_dealt_with_as_the_step_says(written, state, expected):
    """A time-out fails the run, or it goes on, by way of the steps that are for that."""
    play = Play(WAIT_FOR.replace("ON_TIMEOUT", written))
    play.go()
    play.settle("actions[0]", state, outcome={"found": False}, reason="it did not come in time")

    assert play.finish() == expected
    if state is StepState.FAILED:
        assert play.end.reason == "actions[0]: it did not come in time"


# -- retry, on_error, timeout


RESCUE = """
  - id: sent
    send_message: {text: Hello}
    on_error:
      - notify: "{{ error.step }}: {{ error.message }}"
  - notify: behind
"""


def test_a_failure_is_dealt_with_by_the_steps_for_it():
    """Steps under `on_error` are done in the place of the one that failed, know why it did, and the run goes on."""
    play = Play(RESCUE)
    play.go()
    play.settle("actions[0]", StepState.FAILED, reason="400: no")
    play.settle("actions[1]")

    assert play.go() == [("actions[0].on_error[0]", "queued")]
    play.settle("actions[0].on_error[0]")
    play.go()
    assert play.texts["actions[0].on_error[0]"] == "actions[0]: 400: no"
    assert play.end.state == "succeeded"


def test_without_a_failure_they_never_come():
    """Steps under `on_error` are passed over where nothing went wrong, and nobody is told that they may come."""
    play = Play(RESCUE)
    play.go()
    play.settle("actions[0]")
    play.go()

    assert not [path for path in (*play.later, *play.records) if "on_error" in path]


def fail(play, number, **more):
    play.now += timedelta(hours=number)
    play.settle("actions[0]", StepState.FAILED, reason="404: no", may_retry=True, **more)
    return play.advance()


@pytest.mark.parametrize(
    ("written", "pauses"),
    [
        ("3", [30, 60, 120]),
        ("{times: 2, every: 5m}", [300, 300]),
        ("{times: 4, backoff: 20m}", [1200, 2400, 3600, 3600]),
        ("{times: 2, backoff: 2h}", [7200, 7200]),
    ],
)
def test_a_step_that_failed_is_tried_again_as_often_as_it_says(written, pauses):
    """Each try is due after its pause; after the last the failure counts."""
    play = Play(f"  - send_message: {{text: Hello}}\n    retry: {written}\n  - wait: 5m\n")
    play.go()
    for number, pause in enumerate(pauses):
        given = fail(play, number, retries=number)
        assert [(one.path, one.due_at - play.now) for one in given.again] == [("actions[0]", timedelta(seconds=pause))]
        assert given.end is None
    assert fail(play, 9, retries=len(pauses)).end.reason == "actions[0]: 404: no"


def test_what_may_have_happened_is_not_tried_again():
    """A failure that is not known to have come to nothing ends the run, whatever `retry` says."""
    play = Play("  - send_message: {text: Hello}\n    retry: 3\n")
    play.go()
    play.settle("actions[0]", StepState.FAILED, reason="nobody knows", may_retry=None)
    given = play.advance()

    assert (given.again, given.end.state) == ((), "failed")


def test_a_time_out_ends_the_trying():
    """No try is planned for after the time that a step has."""
    play = Play("  - send_message: {text: Hello}\n    retry: {times: 5, every: 10m}\n    timeout: 15m\n")
    play.go()

    assert play.records["actions[0]"].deadline_at == NOW + timedelta(minutes=15)
    assert fail(play, 0).end is None
    play.now = NOW + timedelta(minutes=6)
    assert fail(play, 0, retries=1).end.state == "failed"


# -- approve, run_rule


APPROVE = """
  - id: asked
    approve: "Refund for {{ contact.first_name }}?"
    ON_ERROR
  - send_message: {text: "{{ 'yes' if steps.asked.approved else 'no' }}"}
"""


def test_nothing_is_planned_before_the_yes():
    """A question stops a run: what stands behind it is planned with the yes, and not before."""
    play = Play(APPROVE.replace("ON_ERROR", ""))

    assert play.go() == [("actions[0]", "needs_approval")]
    assert play.later == ("actions[1]",)
    play.settle("actions[0]", outcome={"approved": True, "by": "maria"})
    play.go()
    assert play.texts == {"actions[1]": "yes"}


@pytest.mark.parametrize(
    ("written", "texts", "end"),
    [
        ("", {}, "cancelled"),
        ("on_error: continue", {"actions[1]": "no"}, None),
        ("on_error: [{stop: 'no: {{ error.message }}'}]", {}, "succeeded"),
    ],
)
def test_a_no_ends_the_run_unless_the_rule_says_otherwise(written, texts, end):
    """A no, or none in time, cancels the run; with `on_error` the rule decides what then."""
    play = Play(APPROVE.replace("ON_ERROR", written))
    play.go()
    play.settle("actions[0]", StepState.CANCELLED, reason="rejected by maria")
    play.go()

    assert (play.texts, play.end and str(play.end.state)) == (texts, end)
    if end is not None:
        assert play.end.reason.endswith("rejected by maria")


def test_a_rule_that_is_run_is_given_plain_values():
    """Values go over as they are, times as text, for they become the other rule's `vars`."""
    play = Play(
        "  - run_rule: {rule: other, vars: {n: '{{ 1 + 1 }}', who: '{{ contact.first_name }}', at: '{{ today() }}'}}\n"
    )
    (planned,) = play.advance().steps

    assert planned.payload == {"rule": "other", "vars": {"n": 2, "who": "Anna", "at": "2026-11-23"}}
