"""A small firm for the simulation: its people, lines, rules, their later versions, and what it allows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

from quoflow.core.rules import Rule
from quoflow.loader.documents import read_documents
from quoflow.loader.known import Known
from quoflow.loader.rules import build_rules
from quoflow.runtime.projects import Project
from quoflow.sandbox.scenario import Scenario, build_scenario
from quoflow.settings import Settings

MAIN, SALES = "+12125550100", "+12125550101"
OWNER = "+12125550199"
ANNA, BILL, CORA = "+12125550111", "+12135550112", "+18085550113"
TORONTO, LONDON, KINGSTON = "+14165550114", "+442079460958", "+18765550115"

ZONES = {
    OWNER: ("America/New_York",),
    ANNA: ("America/New_York",),
    BILL: ("America/Los_Angeles",),
    CORA: ("Pacific/Honolulu",),
    TORONTO: ("America/Toronto",),
}
"""Who may be texted, and where each lives. London and Kingston may not: another country, the one behind +1."""

CUSTOMERS = (ANNA, ANNA, ANNA, ANNA, BILL, BILL, BILL, CORA, CORA, TORONTO, LONDON, KINGSTON)
"""Who writes and calls, the more often named the more often."""

CONTACTS = {"CTanna": ANNA, "CTbill": BILL, "CTcora": CORA}

_SCENARIO: dict[str, Any] = {
    "connections": [{"id": "conn"}],
    "users": [{"id": "USmaria", "first_name": "Maria", "role": "owner"}],
    "lines": [
        {"id": "PNmain", "number": MAIN, "name": "Main"},
        {"id": "PNsales", "number": SALES, "name": "Sales"},
    ],
    "fields": [
        {"name": "Tags", "key": "tags", "type": "multi-select"},
        {"name": "Note", "key": "note", "type": "string"},
    ],
    "contacts": [
        {
            "id": "CTanna",
            "first_name": "Anna",
            "phones": [ANNA, "+12125550119"],
            "emails": ["anna@berg.example", "office@berg.example"],
            "fields": {"tags": ["customer"], "note": "back door"},
        },
        {"id": "CTbill", "first_name": "Bill", "phones": [BILL], "fields": {"note": "rings twice"}},
        {"id": "CTcora", "first_name": "Cora", "phones": [CORA], "emails": ["cora@example.com"]},
    ],
    "history": [
        {"at": "-3h", "message": {"peer": ANNA, "text": "Are you open today?"}},
        {"at": "-2h", "message": {"id": "AChistory", "peer": TORONTO, "text": "STOP"}},
        {"at": "-1h", "call": {"peer": BILL}},
    ],
}

ANSWER = """
name: answer
trigger: message.received
approval: auto
max_age: 15m
actions:
  - send_message: {text: "Got it, {{ contact.first_name or 'friend' }} – we’ll call you."}
"""
ANSWER_ASKED = ANSWER.replace("approval: auto", "approval: required").replace("call you", "ring you")
TEXTBACK = """
name: textback
trigger: call.missed
max_age: 2h
actions:
  - send_message: {text: "Sorry we missed you."}
  - tag_contact: {add: [missed], remove: [customer]}
  - notify: {text: missed a call}
"""
TEXTBACK_SHORT = """
name: textback
trigger: call.missed
max_age: 1h
approval: auto
actions:
  - send_message: {text: "We missed you: sorry."}
"""
CHASE = """
name: chase
trigger: call.missed
approval: auto
cancel_on: message.received
actions:
  - wait: 20m
  - send_message: {text: Are you still there?}
    on_ambiguous: resend
  - wait: 30m
  - send_message: {text: Are you still there?}
"""
BOOK = """
name: book
trigger: {message.received: {text: {contains: book}}}
throttle: {once_within: 10m}
actions:
  - tag_contact: {add: [booked]}
  - send_message: {text: See you soon.}
    on_ambiguous: resend
"""
DIGEST = f"""
name: digest
trigger: {{schedule: {{every: 2h, catchup: latest}}}}
approval: auto
max_age: 3h
actions:
  - send_message: {{to: "{OWNER}", from: Main, text: All is well.}}
"""
NUDGE = f"""
name: nudge
trigger: manual
vars: {{who: "{BILL}"}}
actions:
  - send_message: {{to: "{{{{ vars.who }}}}", from: Sales, text: All is well.}}
"""
WATCH = """
name: watch
trigger: [message.sent, call.answered]
actions:
  - notify: {text: one of us is at it}
"""

RULE_SETS = (
    (ANSWER, TEXTBACK, CHASE, BOOK, DIGEST, NUDGE, WATCH),
    (ANSWER_ASKED, TEXTBACK_SHORT, CHASE, BOOK, NUDGE, WATCH),
    (ANSWER, TEXTBACK_SHORT, BOOK, DIGEST, WATCH),
    (ANSWER_ASKED,),
)
"""What the rules are at the start, and what people make of them while runs are on their way; the last asks once."""

EDITS = 3
"""How many of them people change between."""

ALLOWED = ("answer", "chase", "digest", "textback")

KNOWN = Known(connections=("main",), allow_auto=ALLOWED)


@dataclass(frozen=True)
class Profile:
    """What a firm allows. A figure of None stands for `off`."""

    open_from: int | None = 8
    open_to: int = 20
    per_hour: int | None = 3
    per_day: int | None = 10
    segments_per_day: int | None = 5000
    loop: int | None = 3
    approvers: int = 1
    self_approval: bool = True
    inclusive_bounds: bool = False
    flat_bodies: bool = False

    @property
    def guards(self) -> dict[str, Any]:
        """Give the section of the configuration."""
        hours = {"from": f"{self.open_from:02d}:00", "to": f"{self.open_to:02d}:00"} if self.open_from else "off"
        cap = {"per_hour": self.per_hour, "per_day": self.per_day} if self.per_hour else "off"
        budget = {"segments_per_day": self.segments_per_day} if self.segments_per_day else "off"
        loop = {"automatic_per_hour": self.loop} if self.loop else "off"
        return {"quiet_hours": hours, "contact_cap": cap, "budget": budget, "loop": loop, "countries": ["US", "CA"]}


PROFILES = (
    Profile(),
    Profile(open_from=None, per_hour=None, loop=None, flat_bodies=True),
    Profile(open_from=9, open_to=17, per_hour=1, per_day=2, loop=None, self_approval=False, inclusive_bounds=True),
    Profile(open_from=None, per_hour=None, segments_per_day=4, loop=2, approvers=2),
)


@cache
def build_world(*, inclusive_bounds: bool, flat_bodies: bool) -> Scenario:
    """Build the workspace as it is at the start."""
    options = {"inclusive_bounds": str(inclusive_bounds), "flat_bodies": str(flat_bodies), "sent_after": "0s"}
    return build_scenario({**_SCENARIO, "options": options})


@cache
def build_project(profile_number: int, folder: Path) -> Project:
    """Build the project of a profile."""
    configured = Settings.model_validate(
        {
            "connections": {"main": {"base_url": "https://api.maton.ai", "api_key_env": "KEY"}},
            "timezone": "America/New_York",
            "approvals": {
                "allow_auto": list(ALLOWED),
                "expire_after": "4h",
                "approvers": PROFILES[profile_number].approvers,
                "self_approval": PROFILES[profile_number].self_approval,
            },
            "guards": PROFILES[profile_number].guards,
            "recovery": {"place": False},  # lives begin on copies
            "database": str(folder / "quoflow.db"),
        }
    )
    return Project(folder / "quoflow.yaml", folder, configured)


@cache
def build_rule_set(number: int) -> tuple[Rule, ...]:
    """Build one of the sets of rules."""
    read = read_documents("\n---\n".join(RULE_SETS[number]).encode(), "rules.yaml")
    rules, problems = build_rules(read, "rules.yaml", KNOWN)
    assert not problems, problems
    return rules


@cache
def list_promises() -> dict[str, tuple[bool, timedelta]]:
    """Give, of every version of every rule, whether a person must say yes, and how late a text may be."""
    rules = [rule for number in range(len(RULE_SETS)) for rule in build_rule_set(number)]
    return {rule.version: (not (rule.approval == "auto" and rule.name in ALLOWED), rule.max_age) for rule in rules}
