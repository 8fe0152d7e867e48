"""Golden plans: rules and events in a folder, and what must come of them. New behaviour is a new folder.

`tests/golden/plan/<case>/` holds `rules.yaml`, `events.yaml` and `expected.json`. After a wanted change write the
expectations anew with `UPDATE_GOLDEN=1 pytest tests/unit/test_golden_plans.py`, and read the difference.
"""

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from quoflow.core import audiences, contexts, expressions, facts, indexing, matching, phones, planning, writes
from quoflow.core.events import Event
from quoflow.core.functions import Functions
from quoflow.core.gathering import gather
from quoflow.core.hours import OfficeHours
from quoflow.loader import rules
from quoflow.loader.documents import read_documents
from quoflow.loader.known import Known
from quoflow.loader.plain import read_plain

CASES = sorted(path for path in (Path(__file__).parent.parent / "golden" / "plan").iterdir() if path.is_dir())
NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)  # a Monday, 10:00 in New York
LINES = (facts.Line("PNmain", "+15555550100", "Main Line"), facts.Line("PNsales", "+15555550102", "Sales"))
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
        data=written.get("data") or {},
    )


def plan_case(folder):
    """Match every event to every rule and plan the matches, as the engine does; give plain data."""
    read = read_documents((folder / "rules.yaml").read_bytes(), "rules.yaml")
    built, problems = rules.build_rules(read, "rules.yaml", Known())
    assert [str(problem) for problem in problems if problem.severity == "error"] == []
    index = indexing.RuleIndex(built)
    told = {}
    people = [facts.Contact(**one) for one in (read_plain(folder / "events.yaml").get("contacts") or [])]
    for number, written in enumerate(read_plain(folder / "events.yaml")["events"]):
        event = build_event(written, number)
        contact = facts.Contact(**written["contact"]) if "contact" in written else None
        told[event.id] = {
            rule.name: plan_batch(rule, event, people) if rule.audience else plan_rule(rule, event, contact)
            for rule in index.candidates(event, LINES)
        }
    return told


def plan_rule(rule, event, contact):
    functions = LANGUAGE
    line = next((one for one in LINES if one.id == event.line_id), None)
    values = contexts.build_values(
        event, contact=contact, line=line, rule=rule.name, variables=rule.vars, tags_field="tags"
    )
    verdict = matching.match(rule, event, values, functions, lines=LINES, region="US")
    if not verdict.matched:
        return {"verdict": "no", "reason": verdict.reason}
    if late := matching.is_due_by_age(rule, event, NOW):
        return {"verdict": "skipped", "reason": late}
    scene = writes.Scene(rule, "main", values, functions, LINES, "US", "tags", NOW)
    advance = planning.advance(rule, [], scene)
    steps = [describe(step) for step in advance.steps]
    end = {"end": f"{advance.end.state}: {advance.end.reason}".rstrip(": ")} if advance.end else {}
    return {"verdict": "yes", "reason": verdict.reason, "steps": steps, "later": list(advance.later), **end}


def plan_batch(rule, event, people):
    """Gather the rule's audience and plan each member, as the engine does."""
    firing = audiences.Firing(event, rule)
    if rule.audience.source == "contacts":
        candidates = [firing.consider_contact(one) for one in people]
    else:
        numbers = enumerate(
            audiences.read_numbers(expressions.evaluate(rule.audience.numbers, {"vars": rule.vars}, LANGUAGE)), 1
        )
        candidates = [firing.consider_number(at, phones.normalize(one, "US"), None) for at, one in numbers]
    gathering, objection = gather(rule, rule.audience, candidates, lambda one: see(rule, one.event, one.contact))
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


def see(rule, event, contact):
    values = contexts.build_values(event, contact=contact, rule=rule.name, variables=rule.vars, tags_field="tags")
    return writes.Scene(rule, "main", values, LANGUAGE, LINES, "US", "tags", NOW)


def describe(step):
    told = {"path": step.path, "action": step.action, "state": step.state.value}
    if step.write is not None:
        told["payload"] = dict(step.write.payload)
        told["segments"] = step.write.segments
    return {**told, **({"reason": step.reason} if step.reason else {})}


@pytest.mark.parametrize("folder", CASES, ids=lambda folder: folder.name)
def test_plans_are_as_expected(folder):
    """What a rule would do for an event is exactly what its folder says, byte for byte."""
    told = plan_case(folder)
    expected = folder / "expected.json"
    if os.environ.get("UPDATE_GOLDEN"):
        expected.write_text(json.dumps(told, indent=2, ensure_ascii=False, default=str) + "\n")

    assert json.loads(json.dumps(told, default=str)) == json.loads(expected.read_text())


def test_there_are_cases():
    """The golden folder is found, so that the test above cannot pass by finding nothing."""
    assert len(CASES) >= 6
