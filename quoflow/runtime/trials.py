"""Runs a test of rules: the real engine on a database of its own and a simulated Quo, in time that only we move."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from quoflow.core import expectations, schedule
from quoflow.core.events import Event
from quoflow.core.lifecycle import StepRecord, StepState
from quoflow.errors import QuoflowError
from quoflow.quo import inprocess
from quoflow.runtime import approving, cases, explaining, service
from quoflow.runtime.engine import Engine, Notice
from quoflow.sandbox.exchange import Refused, Request
from quoflow.sandbox.happenings import happen_call, happen_message
from quoflow.sandbox.model import Sandbox
from quoflow.sandbox.scenario import CallEntry, MessageEntry, Scenario, build_scenario
from quoflow.settings import Settings
from quoflow.store import histories, inbox, mirror, verdicts
from quoflow.store import runs as store

BEGINNING = "2026-11-23 10:00"
"""A Monday, in office hours."""

LINE = {"id": "PNmain", "number": "+12125550100", "name": "Main Line"}
STEPS_AT_MOST = 2_000
"""How often something may become due while one `after` passes: a rule that goes round and round is stopped."""

SETTLED = timedelta(seconds=5)
"""How long a call rings, and how long Quo takes for what it makes of one."""

STANDING = frozenset({StepState.HELD, StepState.NEEDS_APPROVAL, StepState.SKIPPED, StepState.FAILED, StepState.UNKNOWN})
"""Writes that were to go out and did not: what waits behind one of them, or was cancelled, is not told."""

ELSEWHERE = ("trigger: it waits for", "schedule: meant for", "manual: meant for")
"""How the reasons of rules begin that an event was not for at all."""


class Clock:
    """Time that stands still until it is moved."""

    def __init__(self, now: datetime) -> None:
        self.now = self.started = now

    def read(self) -> datetime:
        """Give the time, UTC."""
        return self.now

    def elapsed(self) -> float:
        """Give seconds since the beginning."""
        return (self.now - self.started).total_seconds()

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.now += timedelta(seconds=seconds)


@dataclass(slots=True)
class World:
    """What a test runs in: its clock, its simulated Quo, and what was told so far."""

    clock: Clock
    sandbox: Sandbox
    people: Mapping[str, str]
    connection: str
    told: list[str] = field(default_factory=list)

    def hear(self, notice: Notice) -> None:
        """Keep what `notify` and `log` say."""
        if notice.kind == "notify" or notice.kind.startswith("log."):
            self.told.append(notice.text)

    def find_number(self, named: str) -> str:
        """Give the number that is meant: one that is written, a contact's by first name, or the only contact's."""
        if not named and len(self.people) == 1:
            return next(iter(self.people.values()))
        if named.startswith("+"):
            return named
        if named not in self.people:
            known = ", ".join(self.people) or "none"
            raise QuoflowError(f"there is no contact `{named}`", f"write a number, or one of the contacts: {known}")
        return self.people[named]


def read_beginning(given: cases.Given, timezone: str) -> datetime:
    """Give the time at which a test begins, UTC. Raises QuoflowError when it is none."""
    written = given.now or BEGINNING
    try:
        local = datetime.fromisoformat(written)
    except ValueError:
        raise QuoflowError(f"`now: {written}` is not a time", "write it as 2026-11-23 10:00") from None
    return (local if local.tzinfo else local.replace(tzinfo=ZoneInfo(timezone))).astimezone(UTC)


def build_given_scenario(given: cases.Given, settings: Settings) -> Scenario:
    """Build the workspace that is given."""
    tags = settings.tags.field or "tags"
    people = given.contacts or ()
    keys = dict.fromkeys((tags, *(key for one in people for key in one.fields)))
    contacts: list[dict[str, Any]] = [
        {
            "id": one.id or f"CT{number}",
            **{
                name: getattr(one, name)
                for name in ("first_name", "last_name", "company", "role")
                if getattr(one, name)
            },
            "phones": list(one.phones),
            "emails": list(one.emails),
            "fields": {**one.fields, **({tags: list(one.tags)} if one.tags else {})},
        }
        for number, one in enumerate(people, 1)
    ]
    lines = [one.model_dump(exclude_defaults=True) for one in given.lines or ()] or [LINE]
    for number, line in enumerate(lines):
        line.setdefault("id", f"PN{number}")
    fields = [{"name": key, "key": key, "type": "multi-select" if key == tags else "string"} for key in keys]
    options = {"rate_limit": "off", "oddities": "false", "sent_after": "0s", "delivered_after": "0s"}
    return build_scenario(
        {
            "users": [{"id": "USowner", "first_name": "Owner", "role": "owner", "email": "owner@example.com"}],
            "lines": lines, "contacts": contacts, "fields": fields, "options": options,
        }
    )  # fmt: skip


def list_people(given: cases.Given) -> dict[str, str]:
    """Give the number of each contact that has a name and one."""
    return {one.first_name: one.phones[0] for one in given.contacts or () if one.first_name and one.phones}


@dataclass(frozen=True, slots=True)
class Trial:
    """What a test came to: nothing in either where it has passed.

    Attributes:
        problem: why it could not be run to its end.
        why: what each rule made of each thing that happened, in words; only where the test failed.
    """

    test: cases.Test
    differences: tuple[expectations.Difference, ...] = ()
    problem: str = ""
    why: tuple[str, ...] = ()

    @property
    def has_passed(self) -> bool:
        """Whether everything is as expected."""
        return not (self.differences or self.problem)


def run_trial(test: cases.Test, engine: Engine, world: World) -> Trial:
    """Run a test, and hold what came of it against what it expects."""
    try:
        outcome = run_test(test, engine, world)
    except QuoflowError as error:
        return Trial(test, problem=f"{error.message}{f' ({error.hint})' if error.hint else ''}")
    told = test.case.expect.model_dump()
    differences = expectations.compare(expectations.Expected(**told), outcome)
    return Trial(test, differences, why=tuple(explain(engine, world)) if differences else ())


def answer(sandbox: Sandbox, asked: inprocess.Asked) -> inprocess.Answered:
    """Let the simulated Quo answer a request."""
    reply = sandbox.handle(Request(asked.method, asked.path, asked.query, asked.headers, asked.body))
    return inprocess.Answered(reply.status, reply.headers, reply.body)


def run_test(test: cases.Test, engine: Engine, world: World) -> expectations.Outcome:
    """Let everything happen, and give what came of it. Raises QuoflowError when a thing cannot happen."""
    for past in sorted(test.given.history or (), key=lambda one: one.ago or timedelta(0), reverse=True):
        _happen_before(world, past)
    world.clock.now = world.clock.started
    service.run_once(engine)
    approves = test.given.approve is not False
    world.told.clear()
    for happening in test.case.when:
        if happening.after is not None:
            _let_pass(engine, world, happening.after, approves=approves)
        elif happening.trigger is not None:
            _fire(engine, happening.trigger, world.connection)
        else:
            _happen(world, happening)
        _settle(engine, approves=approves)
    return _sum_up(engine, world)


def _happen_before(world: World, happening: cases.Happening) -> None:
    if happening.ago is None:
        raise QuoflowError("what is in `history` says how long `ago` it was", "write `ago: 3h` beside it")
    world.clock.now = world.clock.started - happening.ago
    _happen(world, happening)
    world.sandbox.world.advance(world.clock.started)


def _happen(world: World, happening: cases.Happening) -> None:
    """Let a text or call happen now at Quo; a call takes its time, and what is made of it comes at once."""
    text = happening.message_received or happening.message_sent
    try:
        if text is not None:
            is_ours = happening.message_sent is not None
            peer = world.find_number(text.to if is_ours else text.from_)
            entry = MessageEntry(
                line=text.line, peer=(peer,), text=text.text, direction="outgoing" if is_ours else "incoming"
            )
            happen_message(world.sandbox.world, entry, world.clock.now, world.sandbox.options)
        else:
            _call(world, happening)
    except Refused as refused:
        raise QuoflowError(refused.problems[0].message if refused.problems else str(refused)) from None


def _call(world: World, happening: cases.Happening) -> None:
    talk = happening.call_missed or happening.call_answered or happening.call_made
    assert talk is not None  # noqa: S101 - one of the keys is there, or the file would not have been read
    is_taken, is_ours = happening.call_missed is None, happening.call_made is not None
    duration = talk.duration if talk.duration is not None else timedelta(minutes=1)
    made = {
        "voicemail": {"text": talk.voicemail} if talk.voicemail is not None else None,
        "transcript": {"lines": [{"text": line} for line in talk.transcript]} if talk.transcript else None,
        "summary": {"points": list(talk.summary)} if talk.summary else None,
    }
    entry = CallEntry.model_validate(
        {
            "line": talk.line, "peer": world.find_number(talk.to if is_ours else talk.from_), "answered": is_taken,
            "direction": "outgoing" if is_ours else "incoming", "ring": SETTLED, "duration": duration, **made,
        }
    )  # fmt: skip
    begun = world.clock.now - SETTLED - (duration if is_taken else timedelta(0))
    happen_call(world.sandbox.world, entry, begun)
    world.sandbox.world.advance(world.clock.now)


def _fire(engine: Engine, fire: cases.Fire, connection: str) -> None:
    rule = engine.find_rule(fire.rule)
    if rule is None or not any(one.kind == "manual" for one in rule.triggers):
        raise QuoflowError(f"there is no rule `{fire.rule}` with a `manual` trigger")
    data = {"rule": fire.rule, "set": dict(fire.set), "by": "test"}
    event = Event(f"manual:{fire.rule}:{engine.new_id()}", "manual", connection, engine.clock(), data=data)
    with engine.database.write() as tx:
        inbox.add_events(tx, [event], now=engine.clock())


def _settle(engine: Engine, *, approves: bool) -> None:
    """Look and work until nothing more is to be done at this moment."""
    for _ in range(STEPS_AT_MOST):
        report = service.run_once(engine)
        if report.failed:
            raise QuoflowError(f"the simulated Quo could not be read: {next(iter(report.failed.values()))}")
        pending = approving.list_pending(engine) if approves else ()
        approving.decide(engine, list(pending), approve=True, actor="test")
        if not (pending or report.worked or report.taken.events):
            return
    raise QuoflowError("the rules never come to rest: they set each other off")


def _let_pass(engine: Engine, world: World, span: timedelta, *, approves: bool) -> None:
    """Let time pass, stopping wherever something becomes due."""
    end = world.clock.now + span
    for _ in range(STEPS_AT_MOST):
        due = min((at for at in _list_due(engine, world) if at > world.clock.now), default=end)
        world.clock.now = min(due, end)
        _settle(engine, approves=approves)
        if world.clock.now >= end:
            return
    raise QuoflowError(f"more than {STEPS_AT_MOST:,} things became due in that time")


def _list_due(engine: Engine, world: World) -> Iterator[datetime]:
    """List the times at which something may be due next: steps, and schedules."""
    with engine.database.read() as tx:
        step = store.next_due_at(tx)
    if step is not None:
        yield step
    specs = [one.schedule for rule in engine.rules if rule.enabled for one in rule.triggers if one.schedule]
    for spec in specs:
        timezone = spec.timezone or engine.settings.timezone
        following = schedule.next_firing(spec, after=world.clock.now, timezone=timezone, anchor=world.clock.started)
        if following is not None:
            yield following.at


def _sum_up(engine: Engine, world: World) -> expectations.Outcome:
    with engine.database.read() as tx:
        runs = store.list_runs(tx, limit=None)
        matched = verdicts.list_verdicts(tx, since=world.clock.started, limit=None)
        lines = {line.number: line.name or line.number for line in mirror.list_lines(tx, world.connection)}
        people = mirror.list_contacts(tx, world.connection)
    steps = sorted(
        ((run.rule, step) for run in runs for step in run.steps if step.is_write),
        key=lambda one: (one[1].updated_at, one[1].created_at, one[1].position),
    )
    tags = engine.settings.tags.field or "tags"
    return expectations.Outcome(
        writes=tuple(_describe(rule, one, lines) for rule, one in steps if one.state is StepState.SUCCEEDED),
        told=tuple(world.told),
        held=tuple(
            expectations.Held(rule, one.action, one.to or "", one.text or "", one.reason)
            for rule, one in steps
            if one.state in STANDING and one.hash
        ),
        skipped=tuple(expectations.Skipped(one.rule, one.reason) for one in reversed(matched) if not one.matched),
        runs={run.rule: run.state.value for run in reversed(runs)},
        tags={phone: tuple(one.fields.get(tags) or ()) for one in people for phone in one.phones},
    )


def _describe(rule: str, step: StepRecord, lines: Mapping[str, str]) -> expectations.Write:
    payload = dict(step.payload or {})
    if step.action == "send_message":
        payload = {"to": step.to, "text": step.text, "from": lines.get(str(step.from_), step.from_)}
    elif step.to:
        payload = {"to": step.to, **payload}
    return expectations.Write(rule, step.action, payload)


def explain(engine: Engine, world: World) -> Iterator[str]:
    """Say what each rule made of each thing that happened, a line each."""
    with engine.database.read() as tx:
        events = histories.list_events_since(tx, world.clock.started)
    for event in events:
        stories, _ = explaining.explain(engine, event.id, limit=1)
        for one in (rule for story in stories for rule in story.rules):
            if one.finding.reason.startswith(ELSEWHERE):
                continue
            yield f"{event.kind}: {one.finding.rule}: {one.finding.reason}"
            for each in one.steps:
                yield f"    {each.step.path} {each.step.action}: {each.step.state}, {each.step.reason}".rstrip(", ")
