"""Rules planned for events that a file writes down: what golden plans and the tests of the pack share."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from quoflow.core import (
    audiences,
    contexts,
    expressions,
    facts,
    history,
    indexing,
    matching,
    phones,
    planning,
    retrospect,
    writes,
)
from quoflow.core.events import Event
from quoflow.core.functions import Functions
from quoflow.core.gathering import gather
from quoflow.core.hours import OfficeHours
from quoflow.core.lifecycle import StepRecord, StepState
from quoflow.loader import rules
from quoflow.loader.documents import read_documents
from quoflow.loader.known import Known

NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)  # a Monday, 10:00 in New York
LINES = (facts.Line("PNmain", "+15555550100", "Main Line"), facts.Line("PNsales", "+15555550102", "Sales"))
PROPERTIES = (
    facts.Property("plan", "Plan", "string"),
    facts.Property("seats", "Seats", "number"),
    facts.Property("tags", "Tags", "multi-select"),
)
OFFICE = {"office": OfficeHours(open={"mon-fri": ("09:00-17:00",)})}
LANGUAGE = Functions(now=NOW, timezone="America/New_York", region="US", hours=OFFICE)


def build_event(written, number):
    kind = written["kind"]
    ago = timedelta(minutes=int(written.get("minutes_ago", "1")))
    return Event(
        id=written.get("id", f"{kind}:{number}"),
        kind=kind,
        connection="main",
        occurred_at=NOW - ago,
        line_id=written.get("line"),
        peer=written.get("peer"),
        direction=written.get("direction"),
        data=read_numbers(written.get("data") or {}),
    )


def read_numbers(value):
    """Turn digits back into numbers: rules are read as text, Quo's data is JSON."""
    if isinstance(value, dict):
        return {key: read_numbers(one) for key, one in value.items()}
    return int(value) if isinstance(value, str) and value.isdigit() else value


def load(file):
    """Read the rules of a file; none of them may have an error."""
    built, problems = rules.build_rules(read_documents(file.read_bytes(), file.name), file.name, Known())
    assert [str(problem) for problem in problems if problem.severity == "error"] == []
    return built


def plan_events(built, events, people):
    """Match every event to the rules that may concern it and plan the matches, as the engine does; give plain data."""
    index = indexing.RuleIndex(built)
    told = {}
    for number, written in enumerate(events):
        event = build_event(written, number)
        candidates = index.candidates(event, LINES)
        told[event.id] = {rule.name: plan_event(rule, written, number=number, people=people) for rule in candidates}
    return told


def plan_event(rule, written, *, number=0, people=(), talks=()):
    """Tell what a rule would do for an event; of one with an audience, for each member."""
    event = build_event(written, number)
    contact = facts.Contact(**written["contact"]) if "contact" in written else None
    scene = see(rule, event, contact, office=written.get("office"))
    verdict = matching.match(rule, event, scene.values, scene.functions, lines=LINES, region="US")
    if not verdict.matched:
        return {"verdict": "no", "reason": verdict.reason}
    if late := matching.is_due_by_age(rule, event, NOW):
        return {"verdict": "skipped", "reason": late}
    if rule.audience:
        known = [facts.Contact(**one) for one in people]
        return {"verdict": "yes", **plan_batch(rule, event, known, talks=talks, wrote=written.get("wrote", ()))}
    told = {"verdict": "yes", "reason": verdict.reason, **describe_advance(planning.advance(rule, [], scene))}
    records = {}
    for outcomes in written.get("rounds", ()):
        for step in planning.advance(rule, list(records.values()), scene).steps:
            records[step.path] = settle(step, outcomes)
        more = describe_advance(planning.advance(rule, list(records.values()), scene))
        told.setdefault("then", []).append(more)
    return told


def make_workspace(contact):
    """Give a workspace of a few properties, in which nobody is known but the event's contact."""
    known = (contact,) if contact else ()

    def find(who):
        return next((one for one in known if who in (one.id, one.external_id, *one.phones)), None)

    return writes.Workspace(properties=PROPERTIES, find_contact=find)


def see(rule, event, contact, *, wrote=(), office=None):
    """Give a rule's scene; what it counts of the past is nothing, or one for the contacts and numbers that wrote.

    The office is open from nine to five, or in the hours that are given.
    """
    number = int(event.peer in wrote or (contact is not None and contact.id in wrote))
    asked = {(one.kind, one.within): number for one in retrospect.find_questions(rule) if one.function == "count"}
    hours = {"office": OfficeHours(open={"mon-fri": (office,)})} if office else OFFICE
    language = replace(LANGUAGE, history=history.History(counts=asked), hours=hours)
    line = next((one for one in LINES if one.id == event.line_id), None)
    values = contexts.build_values(
        event, contact=contact, line=line, rule=rule.name, variables=rule.vars, tags_field="tags"
    )
    return writes.Scene(rule, "main", values, language, LINES, "US", "tags", NOW, make_workspace(contact))


def settle(step, outcomes):
    """Make a record of a planned step that has been done, with the outcome that its id is given."""
    done = {StepState.QUEUED: StepState.SUCCEEDED, StepState.WAITING: StepState.SUCCEEDED}
    outcome = outcomes.get(step.name, step.outcome or {})
    return StepRecord(
        id=step.path, run_id="run", connection="main", path=step.path, position=step.position, action=step.action,
        state=done.get(step.state, step.state), created_at=NOW, updated_at=NOW, name=step.name, outcome=outcome,
        reason=step.reason,
    )  # fmt: skip


def plan_batch(rule, event, people, *, talks, wrote):
    """Gather the rule's audience and plan each member, as the engine does."""
    firing = audiences.Firing(event, rule)
    if rule.audience.source == "contacts":
        candidates = [firing.consider_contact(one) for one in people]
    elif rule.audience.source == "conversations":
        by_phone = {phone: one for one in people for phone in one.phones}
        read = (facts.Conversation(**{**one, "participants": tuple(one["participants"])}) for one in talks)
        candidates = [firing.consider_conversation(one, by_phone.get(one.participants[0])) for one in read]
    else:
        source = rule.audience.numbers
        listed = expressions.evaluate(source, see(rule, event, None).values, LANGUAGE)
        numbers = enumerate(audiences.read_numbers(listed, source), 1)
        candidates = [firing.consider_number(at, phones.normalize(one, "US"), None) for at, one in numbers]
    gathering, objection = gather(
        rule, rule.audience, candidates, lambda one: see(rule, one.event, one.contact, wrote=wrote)
    )
    if objection:
        return {"batch": gathering.describe(), "stopped": objection}
    members = {one.event.id: one for one in candidates}
    return {
        "batch": gathering.describe(),
        "left_out": {event.id: reason for event, reason in gathering.left_out},
        "members": {
            event.id: [
                describe(step) for step in planning.advance(rule, [], see(rule, event, members[event.id].contact)).steps
            ]
            for event in gathering.members
        },
    }


def describe_advance(advance):
    end = {"end": f"{advance.end.state}: {advance.end.reason}".rstrip(": ")} if advance.end else {}
    return {"steps": [describe(step) for step in advance.steps], "later": list(advance.later), **end}


def describe(step):
    told = {"path": step.path, "action": step.action, "state": step.state.value}
    if step.write is not None:
        told["payload"] = dict(step.write.payload)
        told["segments"] = step.write.segments
    elif step.payload is not None:
        told["payload"] = dict(step.payload)
    return {**told, **({"reason": step.reason} if step.reason else {})}
