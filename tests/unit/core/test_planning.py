"""Planning: what a run does next, from its first plan to its end."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quoflow.core import contexts, lifecycle, outline, planning, progress, steps, writes
from quoflow.core.events import Event
from quoflow.core.facts import Contact, Line
from quoflow.core.functions import Functions
from quoflow.core.lifecycle import RunState, StepRecord, StepState
from quoflow.core.parameters.contacts import TagContact
from quoflow.core.parameters.fetches import FetchTranscript
from quoflow.core.parameters.flow import If, Stop, Wait
from quoflow.core.parameters.messages import SendMessage
from quoflow.core.parameters.outside import Notify
from quoflow.core.rules import Rule

NOW = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)
MAIN = Line(id="PN1", number="+15555550100", name="Main Line")
ANNA = Contact(id="CT1", first_name="Anna", phones=("+15555550111",), fields={"tags": ["customer"]})
EVENT = Event(
    id="call.missed:AC1",
    kind="call.missed",
    connection="main",
    occurred_at=NOW,
    line_id="PN1",
    peer="+15555550111",
    direction="incoming",
    data={"call": {"id": "AC1", "from": "+15555550111", "to": "+15555550100"}},
)

KINDS = {
    "send_message": SendMessage,
    "tag_contact": TagContact,
    "fetch_transcript": FetchTranscript,
    "notify": Notify,
    "wait": Wait,
    "stop": Stop,
}


def step(kind, path="actions[0]", *, name=None, condition=None, on_error="fail", **parameters):
    model = KINDS[kind].model_validate(parameters)
    return steps.Step(path=path, kind=kind, parameters=model, id=name, condition=condition, on_error=on_error)


def text(path="actions[0]", words="Hello", **options):
    return step("send_message", path, text=words, **options)


def branch(condition, *, then=(), otherwise=(), path="actions[0]", name=None):
    placed = [
        tuple(replace(one, path=f"{path}.{way}[{number}]") for number, one in enumerate(sequence))
        for way, sequence in (("then", then), ("else", otherwise))
    ]
    return steps.Step(path, "if", If(), id=name, condition=condition, then=placed[0], otherwise=placed[1])


def rule(*sequence):
    numbered = tuple(
        one if one.kind == "if" else replace(one, path=f"actions[{number}]") for number, one in enumerate(sequence)
    )
    return Rule(name="r", version="v1", document={}, triggers=(), steps=numbered)


def scene(*, contact=ANNA, now=NOW, tags_field="tags", targets=()):
    values = contexts.build_values(EVENT, contact=contact, line=MAIN, rule="r", tags_field=tags_field)
    return writes.Scene(
        rule=rule(),
        connection="main",
        values=values,
        functions=Functions(now=now),
        lines=(MAIN,),
        region="US",
        tags_field=tags_field,
        now=now,
        targets=frozenset(targets),
    )


def record(path, state=StepState.SUCCEEDED, *, action="send_message", name=None, outcome=None, reason=""):
    return StepRecord(
        id=path,
        run_id="run",
        connection="main",
        path=path,
        position=0,
        action=action,
        state=state,
        created_at=NOW,
        updated_at=NOW,
        name=name,
        outcome=outcome,
        reason=reason,
    )


def advance(made, *records, facts=None):
    return planning.advance(made, records, facts or scene())


def shown(result):
    return [(one.path, one.state) for one in result.steps]


def test_a_first_plan_freezes_the_bytes_of_a_text():
    """The first plan of a text holds exactly what will be sent, due now."""
    (planned,) = advance(rule(text(words="Hi {{ contact.first_name }}"))).steps

    expected = {"content": "Hi Anna", "from": "PN1", "to": ["+15555550111"]}
    assert (planned.write.payload, planned.state, planned.due_at) == (expected, StepState.QUEUED, NOW)
    assert planned.payload == planned.write.payload


def test_writes_that_are_known_together_are_planned_together():
    """A tag behind a text that is still pending is asked for with it."""
    result = advance(rule(text(), step("tag_contact", add=["missed"]), step("notify", text="seen")))

    assert shown(result) == [(f"actions[{number}]", StepState.QUEUED) for number in range(3)]
    assert (result.end, result.later) == (None, ())


@pytest.mark.parametrize(
    "words",
    ["{{ steps.first.message_id }}", "{{ contact.tags | join }}", "{{ contact.fields.tags }}"],
)
def test_a_write_that_pending_ones_may_change_waits(words):
    """Bytes made from a result, or from what a pending tag changes, are not known before it is settled."""
    result = advance(rule(text(name="first"), text(words=words)))

    assert shown(result) == [("actions[0]", StepState.QUEUED)]
    assert result.later == ("actions[1]",)


def test_a_conditional_write_behind_a_pending_one_waits():
    """A condition is decided when its turn comes, not before."""
    result = advance(rule(text(), text(condition="contact.first_name == 'Anna'")))

    assert (shown(result), result.later) == ([("actions[0]", StepState.QUEUED)], ("actions[1]",))


def test_nothing_is_planned_behind_a_wait():
    """A wait blocks: what is behind it is later."""
    result = advance(rule(step("wait", duration="30m"), text()))

    (planned,) = result.steps
    assert (planned.state, planned.due_at) == (StepState.WAITING, NOW + timedelta(minutes=30))
    assert result.later == ("actions[1]",)


def test_a_settled_wait_lets_the_next_text_out():
    """Once the wait is over, the text behind it is planned with the facts of then."""
    made = rule(step("wait", duration="30m"), text(words="Hi {{ contact.first_name }}"))
    facts = scene(contact=replace(ANNA, first_name="Annie"), now=NOW + timedelta(minutes=30))

    (planned,) = advance(made, record("actions[0]", action="wait"), facts=facts).steps
    assert (planned.path, planned.write.text) == ("actions[1]", "Hi Annie")


def test_nothing_is_planned_behind_a_read():
    """What a fetch gives is not known before it is there."""
    result = advance(rule(step("fetch_transcript", name="transcript"), text()))

    assert (shown(result), result.later) == ([("actions[0]", StepState.QUEUED)], ("actions[1]",))


def test_an_outcome_is_reachable_by_the_steps_id():
    """Later templates and conditions read `steps.<id>`."""
    made = rule(step("fetch_transcript", name="transcript"), text(words="You said: {{ steps.transcript.text }}"))
    done = record("actions[0]", action="fetch_transcript", name="transcript", outcome={"text": "hello"})

    (planned,) = advance(made, done).steps
    assert planned.write.text == "You said: hello"


@pytest.mark.parametrize(("who", "way", "other"), [("Anna", "then", "else"), ("Bill", "else", "then")])
def test_a_branch_takes_one_way_and_closes_the_other(who, way, other):
    """The way that holds is planned at once; the other neither now nor later."""
    made = rule(
        branch(f"contact.first_name == '{who}'", then=[text(words="A"), text()], otherwise=[text(words="B"), text()])
    )
    result = advance(made)

    assert [one.path for one in result.steps] == ["actions[0]", f"actions[0].{way}[0]", f"actions[0].{way}[1]"]
    assert result.steps[0].outcome == {"branch": way}
    assert not any(f".{other}" in path for path in result.later)


def test_a_branch_is_decided_once():
    """The way that was taken stays taken, whatever the contact is called by then."""
    made = rule(branch("contact.first_name == 'Anna'", then=[step("wait", duration="1h"), text()]))
    facts = scene(contact=replace(ANNA, first_name="Bill"))
    taken = record("actions[0]", action="if", outcome={"branch": "then"})

    result = advance(made, taken, record("actions[0].then[0]", action="wait"), facts=facts)
    assert shown(result) == [("actions[0].then[1]", StepState.QUEUED)]


def test_a_branch_behind_a_pending_write_is_later_with_both_its_ways():
    """Which way it goes is not known yet, so both stand as later."""
    result = advance(rule(text(), branch("true", then=[text()], otherwise=[text()], path="actions[1]")))

    assert result.later == ("actions[1]", "actions[1].then[0]", "actions[1].else[0]")


def test_what_follows_a_branch_comes_after_it():
    """Steps behind an `if` are planned once the way taken is through."""
    made = rule(branch("true", then=[text()]), text(path="actions[1]"))
    taken = record("actions[0]", action="if", outcome={"branch": "then"})

    assert shown(advance(made, taken, record("actions[0].then[0]"))) == [("actions[1]", StepState.QUEUED)]


def test_a_stop_ends_the_run_and_says_why():
    """Nothing behind a stop is planned, now or later."""
    result = advance(rule(step("stop", reason="not today"), text()))

    assert result.end == progress.End(RunState.SUCCEEDED, "not today")
    assert (shown(result), result.later) == ([("actions[0]", StepState.SUCCEEDED)], ())


def test_a_recorded_stop_stays_an_end():
    """Asked again, a run that was stopped is still at its end."""
    result = advance(rule(step("stop"), text()), record("actions[0]", action="stop", reason="enough"))

    assert (result.steps, result.end) == ((), progress.End(RunState.SUCCEEDED, "enough"))


def test_a_failed_step_ends_the_run_with_its_place_and_reason():
    """A failure says which step it was and why."""
    result = advance(rule(text(), text()), record("actions[0]", StepState.FAILED, reason="400: no"))

    assert (result.steps, result.end) == ((), progress.End(RunState.FAILED, "actions[0]: 400: no"))


def test_on_error_continue_goes_on():
    """A step that says so does not end the run when it fails."""
    result = advance(rule(text(on_error="continue"), text()), record("actions[0]", StepState.FAILED, reason="no"))

    assert (shown(result), result.end) == ([("actions[1]", StepState.QUEUED)], None)


def test_a_write_that_cannot_be_made_fails_in_words():
    """An impossible write is a failed step with a reason, and the end of the run."""
    result = advance(rule(text(words="{{ contact.company or '' }}"), text()))

    assert shown(result) == [("actions[0]", StepState.FAILED)]
    assert result.end == progress.End(RunState.FAILED, "actions[0]: the text came out empty")


def test_a_template_that_cannot_be_rendered_fails_in_words():
    """Undefined or None in a text is a failed step that names the source, never a traceback or `None` in a text."""
    result = advance(rule(text(words="Hi {{ contact.last_name }}")))

    assert shown(result) == [("actions[0]", StepState.FAILED)]
    assert "contact.last_name" in result.steps[0].reason


def test_nothing_to_do_is_skipped_not_failed():
    """Tagging a number that is no contact is skipped, and the run goes on."""
    facts = scene(contact=None)
    result = planning.advance(rule(step("tag_contact", add=["missed"]), text(words="Hello")), (), facts)

    assert shown(result) == [("actions[0]", StepState.SKIPPED), ("actions[1]", StepState.QUEUED)]


def test_a_step_whose_condition_does_not_hold_is_skipped():
    """`if:` on a step leaves it out with the condition as the reason."""
    result = advance(rule(text(condition="contact.first_name == 'Bill'"), step("notify", text="x")))

    assert shown(result) == [("actions[0]", StepState.SKIPPED), ("actions[1]", StepState.QUEUED)]
    assert result.steps[0].reason == "`contact.first_name == 'Bill'` does not hold"


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ((StepState.SUCCEEDED, StepState.SUCCEEDED), RunState.SUCCEEDED),
        ((StepState.SUCCEEDED, StepState.CANCELLED), RunState.SUCCEEDED),
        ((StepState.SKIPPED, StepState.CANCELLED), RunState.CANCELLED),
        ((StepState.SKIPPED, StepState.SKIPPED), RunState.SKIPPED),
    ],
)
def test_the_end_says_what_the_writes_came_to(states, expected):
    """A run that wrote something succeeded; one that a person stopped is cancelled; one with no write is skipped."""
    records = [record(f"actions[{number}]", state, reason=f"why {state}") for number, state in enumerate(states)]
    end = advance(rule(text(), text()), *records).end

    assert end.state == expected
    assert end.reason == ("" if expected is RunState.SUCCEEDED else f"why {StepState(expected.value)}")


def test_a_rule_without_writes_succeeds():
    """Waits alone are no writes, and their end is a success."""
    assert advance(rule(step("wait", duration="1m")), record("actions[0]", action="wait")).end == progress.End(
        RunState.SUCCEEDED
    )


def test_positions_number_the_steps_as_the_file_has_them():
    """Branches stand where they are written: then before else, both before what follows."""
    made = rule(branch("true", then=[text()], otherwise=[text()]), text())

    assert outline.number_steps(made.steps) == {
        "actions[0]": 0,
        "actions[0].then[0]": 1,
        "actions[0].else[0]": 2,
        "actions[1]": 3,
    }


def test_a_step_is_found_by_its_path_in_any_branch():
    """Paths lead to steps, and to none where there is none."""
    made = rule(branch("true", otherwise=[text(words="B")]))

    assert outline.find_step(made, "actions[0].else[0]").parameters.text == "B"
    assert outline.find_step(made, "actions[9]") is None


BUILDERS = st.sampled_from(
    [
        text,
        lambda: text(words="x {{ contact.tags | join }}"),
        lambda: step("tag_contact", add=["t"]),
        lambda: step("notify", text="n"),
        lambda: step("wait", duration="5m"),
        lambda: step("fetch_transcript"),
        lambda: step("stop"),
        lambda: text(condition="contact.first_name == 'Anna'"),
        lambda: text(condition="contact.first_name == 'Bill'", on_error="continue"),
    ]
)


@given(st.lists(BUILDERS, max_size=5), st.data())
def test_every_run_comes_to_an_end_and_plans_each_step_once(builders, data):
    """Whatever the steps and their outcomes, in whatever order they settle: no step twice, and an end is reached."""
    made = rule(*(build() for build in builders))
    known: dict[str, StepRecord] = {}
    for _ in range(3 * len(builders) + 2):
        result = planning.advance(made, known.values(), scene())
        assert not known.keys() & {one.path for one in result.steps}
        for one in result.steps:
            known[one.path] = record(one.path, one.state, action=one.action, outcome=one.outcome, reason=one.reason)
        if result.end is not None:
            break
        pending = sorted(path for path, one in known.items() if one.state not in lifecycle.FINISHED_STEPS)
        chosen = data.draw(st.sampled_from(pending))
        state = data.draw(st.sampled_from(sorted(lifecycle.FINISHED_STEPS)))
        known[chosen] = replace(known[chosen], state=state)

    assert result.end is not None
    assert result.later == ()


@given(st.lists(BUILDERS, max_size=5))
def test_planning_again_with_what_was_planned_adds_nothing(builders):
    """Asked again without news, a run has nothing to add: a crash between two looks does no harm."""
    made = rule(*(build() for build in builders))
    first = planning.advance(made, (), scene())
    known = [record(one.path, one.state, action=one.action, outcome=one.outcome) for one in first.steps]

    second = planning.advance(made, known, scene())
    assert (second.steps, second.later) == ((), first.later)


def test_a_step_that_is_due_sees_what_came_before():
    """The values of the step that is next hold the outcomes so far, with times as times, and what was set."""
    found = rule(step("fetch_transcript", name="heard"), step("fetch_transcript"))
    outcome = {"found": True, "text": "refund"}
    records = [
        record("actions[0]", action="fetch_transcript", name="heard", outcome=outcome),
        record("actions[1]", StepState.QUEUED, action="fetch_transcript"),
    ]
    values = planning.read_values(found, records, scene())

    assert values["steps"] == {"heard": outcome}
    assert values["contact"]["first_name"] == "Anna"


def test_a_notification_to_a_target_is_a_write_and_one_to_the_log_is_not():
    """Who is named in the configuration is told through the outbox; what is for anybody else goes to the log."""
    told = rule(step("notify", to="team", text="Hi {{ contact.first_name }}", subject="New"), step("notify", text="x"))
    team, log = advance(told, facts=scene(targets={"team"})).steps

    assert (team.write.action, team.write.to, team.write.text, team.write.segments) == ("notify", "team", "Hi Anna", 0)
    assert team.payload == {"to": "team", "text": "Hi Anna", "rule": "r", "subject": "New"}
    assert (log.write, log.payload) == (None, {"to": "log", "text": "x"})
    assert [one.write for one in advance(told).steps] == [None, None]


def test_nothing_waits_for_a_notification_but_the_end():
    """A wait, a branch and a text behind one that is on its way are planned; `stop` and a failure wait for it."""
    waits = advance(rule(step("notify", text="x"), step("wait", duration="1h"), text()))
    stops = rule(step("notify", text="x"), step("stop"))
    impossible = rule(step("notify", text="x"), step("tag_contact", add=["a"]))
    sending = record("actions[0]", StepState.UNKNOWN, action="notify")
    failed = record("actions[1]", StepState.FAILED, action="tag_contact", reason="gone")
    done = record("actions[0]", action="notify")

    assert shown(waits) == [("actions[0]", StepState.QUEUED), ("actions[1]", StepState.WAITING)]
    assert (shown(advance(stops, sending)), advance(stops, sending).end) == ([], None)
    assert advance(stops, done).end.state is RunState.SUCCEEDED
    assert advance(impossible, sending, failed).end is None
    assert advance(impossible, done, failed).end.state is RunState.FAILED
    assert advance(impossible, sending, facts=scene(tags_field=None)).steps == ()
