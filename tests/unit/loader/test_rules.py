"""Rules: what a good document becomes, its version, and how it is built again from what is stored."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from quoflow.core.parameters.base import Parameters
from quoflow.core.parameters.contacts import TagContact
from quoflow.core.parameters.fetches import FetchSummary
from quoflow.core.parameters.flow import Stop, Wait
from quoflow.core.parameters.messages import SendMessage
from quoflow.core.parameters.outside import Notify
from quoflow.core.rules import AllOf, AnyOf, Holds, Not, Rule
from quoflow.errors import QuoflowError
from quoflow.loader.documents import read_documents
from quoflow.loader.folder import load_rules
from quoflow.loader.known import Known
from quoflow.loader.rules import build_rules, restore_rule

ROOT = Path(__file__).parents[3]
GOLDEN = ROOT / "tests" / "golden" / "check"
DESIGN = GOLDEN / "design-example" / "rules" / "rule.yaml"
HEAD = "name: rule\ntrigger: message.received\n"


def build(text: str) -> Rule:
    rules, problems = build_rules(read_documents(text.encode(), "rule.yaml"), "rule.yaml", Known())
    assert [one for one in problems if one.severity == "error"] == []
    return rules[0]


def test_the_designs_example_becomes_a_rule() -> None:
    """The example of the design is read as it says."""
    rule = build(DESIGN.read_text())

    assert (rule.name, rule.approval, rule.max_age, rule.cancel_on) == (
        "missed-call-textback",
        "required",
        timedelta(minutes=15),
        ("message.received", "message.sent"),
    )
    assert [(one.kind, one.filters.line) for one in rule.triggers] == [("call.missed", ("Main Line",))]
    assert rule.when == AllOf((Holds("is_open('office')"), Holds("'do-not-text' not in contact.tags")))
    assert [(step.path, step.kind, step.id) for step in rule.steps] == [
        ("actions[0]", "send_message", None),
        ("actions[1]", "tag_contact", None),
        ("actions[2]", "wait", None),
        ("actions[3]", "fetch_transcript", "transcript"),
        ("actions[4]", "if", None),
    ]
    assert [step.path for step in rule.steps[4].then] == ["actions[4].then[0]", "actions[4].then[1]"]


def test_what_becomes_of_a_lost_text_is_the_rules_choice_and_no_part_of_its_bytes() -> None:
    """`on_ambiguous` stands beside `send_message`: a person decides unless it says `resend`; it changes the version."""
    send = "actions:\n  - send_message: {text: Hi}\n"
    default, park, resend = (
        build(f"{HEAD}{send}{more}") for more in ("", "    on_ambiguous: park\n", "    on_ambiguous: resend\n")
    )

    assert [rule.steps[0].on_ambiguous for rule in (default, park, resend)] == ["park", "park", "resend"]
    assert default.steps[0].parameters == resend.steps[0].parameters
    assert default.version != resend.version
    assert restore_rule(resend.version, resend.document).steps == resend.steps


def test_what_is_left_out_has_defaults() -> None:
    """A rule asks for approval, ages after a day, and applies to every connection, unless it says."""
    rule = build(f"{HEAD}actions: [stop]\n")

    assert (rule.approval, rule.max_age, rule.connections, rule.enabled, rule.when) == (
        "required",
        timedelta(hours=24),
        (),
        True,
        AllOf(),
    )


def test_conditions_nest() -> None:
    """any, all and not become what they say; a single expression is a list of one."""
    rule = build(f"{HEAD}when:\n  - any: [contact.known, {{not: {{all: [line.name == 'a']}}}}]\nactions: [stop]\n")

    assert rule.when == AllOf((AnyOf((Holds("contact.known"), Not(AllOf((Holds("line.name == 'a'"),))))),))
    assert build(f"{HEAD}when: contact.known\nactions: [stop]\n").when == AllOf((Holds("contact.known"),))


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("wait: 30m", Wait(duration=timedelta(minutes=30))),
        ("wait: {duration: 30m}", Wait(duration=timedelta(minutes=30))),
        ("stop:", Stop()),
        ("stop", Stop()),
        ("stop: enough", Stop(reason="enough")),
        ("notify: Hello", Notify(text="Hello")),
        ("notify: {to: owner, text: 15}", Notify(to="owner", text="15")),
        ("fetch_summary:", FetchSummary()),
        ("send_message: {text: no, done: true}", SendMessage(text="no", done=True)),
        ("tag_contact: {add: vip}", TagContact(add=("vip",))),
    ],
)
def test_short_forms(written: str, expected: Parameters) -> None:
    """A step's short forms mean what their long forms mean; texts stay texts."""
    head = HEAD.replace("message.received", "call.answered")  # a fetch takes the event's call
    assert build(f"{head}actions:\n  - {written}\n").steps[0].parameters == expected


def test_numbers_in_filters_are_tidied() -> None:
    """A full number may be written with blanks and punctuation, and is E.164 in the rule; short codes stay."""
    rule = build(
        "name: r\nactions: [stop]\n"
        "trigger: {message.received: {from: [+1 (555) 555-0123, 72345], to: +44 20 7946.0958}}\n"
    )

    assert (rule.triggers[0].filters.from_, rule.triggers[0].filters.to) == (
        ("+15555550123", "72345"),
        ("+442079460958",),
    )


def test_a_trigger_may_carry_an_id_inside_or_beside() -> None:
    """`id` stands among the filters or beside the kind."""
    rule = build(
        "name: r\ntrigger:\n  - call.missed: {id: inside}\n  - call.missed:\n    id: beside\nactions: [stop]\n"
    )

    assert [one.id for one in rule.triggers] == ["inside", "beside"]


def test_the_version_follows_the_content() -> None:
    """Comments, order of keys, quotes and layout leave the version alone; a changed word does not."""
    one = build("name: rule\ntrigger: manual\nactions: [{notify: Hello}]\n")
    same = build("# why\nactions:\n  - notify: 'Hello'\ntrigger: \"manual\"\n\nname: rule\n")
    other = build("name: rule\ntrigger: manual\nactions: [{notify: Hallo}]\n")

    assert one.version == same.version
    assert one.version != other.version
    assert len(one.version) == 12
    assert set(one.version) <= set("0123456789abcdef")


@pytest.mark.parametrize("case", ["design-example", "text-stays-text", "several-documents", "stop-and-approval"])
def test_rules_are_built_again_from_what_is_stored(case: str) -> None:
    """A rule restored from its document's JSON is the same rule, but for its place in a file."""
    for rule in load_rules([GOLDEN / case / "rules"], GOLDEN, Known()).rules:
        restored = restore_rule(rule.version, json.loads(json.dumps(rule.document)))
        fields = [name for name in rule.__dataclass_fields__ if name not in ("file", "line")]

        assert [getattr(restored, name) for name in fields] == [getattr(rule, name) for name in fields]


def test_restoring_checks_no_expressions() -> None:
    """What was stored is trusted: a name that has gone since does not stop a run."""
    rule = build(f"{HEAD}when: contact.known\nactions: [stop]\n")
    restored = restore_rule("0123456789ab", {**rule.document, "when": "contact.gone"})

    assert (restored.version, restored.when) == ("0123456789ab", AllOf((Holds("contact.gone"),)))


def test_what_cannot_be_restored_is_told() -> None:
    """A stored document of another version of quoflow is an error for a person."""
    with pytest.raises(QuoflowError) as raised:
        restore_rule("0123456789ab", {"name": "old", "trigger": "manual", "actions": [{"dance": None}]})

    assert "The stored version 0123456789ab of the rule old cannot be read" in str(raised.value)


def test_faulty_files_give_no_rules() -> None:
    """Where a document could not be read as it was written, none of its file's rules are used."""
    text = "name: a\nname: b\ntrigger: manual\nactions: [stop]\n---\nname: c\ntrigger: manual\nactions: [stop]\n"
    rules, problems = build_rules(read_documents(text.encode(), "f"), "f", Known())

    assert (rules, [one.code for one in problems]) == ((), ["duplicate-key"])


def test_every_problem_has_a_hint_or_says_enough() -> None:
    """In all golden cases, a code is a slug and a message is a line."""
    for case in GOLDEN.iterdir():
        for problem in load_rules([case / "rules"], case, Known()).problems:
            assert problem.code.replace("-", "").isalpha(), problem
            assert problem.message, problem
            assert "\n" not in problem.message + problem.hint, problem
            assert "Input should" not in problem.message, problem


def test_many_keys_are_told_of_quickly() -> None:
    """Did-you-mean is not asked for keys that will not be told of: 50,000 unknown ones are a hundred problems."""
    text = "".join(f"key{at}: x\n" for at in range(50_000))
    _, problems = build_rules(read_documents(text.encode(), "f"), "f", Known())

    assert len(problems) == 100


@pytest.mark.parametrize("name", ["sqlalchemy", "httpx", "starlette", "phonenumbers", "croniter", "re2", "ruamel.yaml"])
def test_checking_a_plain_rule_imports_nothing_heavy(name: str) -> None:
    """A rule without cron and patterns is checked without the libraries that take long to import."""
    script = (
        "import sys\nfrom pathlib import Path\nfrom quoflow.loader.folder import Known, load_rules\n"
        f"assert load_rules([Path({str(DESIGN)!r})], Path('.'), Known()).rules\nprint({name!r} in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "False"
