"""`quoflow test`: real engine, simulated Quo, time that only the test moves; through the real command line."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from quoflow.cli.main import run

ROOT = Path(__file__).parents[2]
CONFIGURATION = """
connections:
  main: {api_key_env: NOWHERE}
timezone: America/New_York
approvals: {allow_auto: []}
notify: {owner: {webhook: {url: https://hooks.example.com/x}}}
"""
TEXTBACK = """
name: textback
trigger: call.missed
throttle: {once_within: 4h}
cancel_on: message.received
actions:
  - send_message: {text: "Sorry, {{ contact.first_name or 'friend' }}."}
  - tag_contact: {add: missed}
  - notify: {to: owner, text: "{{ contact.name }} called"}
  - wait: 2h
  - send_message: {text: Still there?}
"""
GIVEN = """
given:
  contacts:
    - {first_name: Anna, phone: "+12125550123", tags: [customer]}
    - {first_name: Bill, phone: "+12125550124"}
"""


@pytest.fixture
def project(tmp_path, monkeypatch, capsys):
    """A project with the rule in it, and no way out of this machine, nor of this process."""

    def refuse(*_):
        raise AssertionError("a test of rules opened a connection")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rules").mkdir()
    (tmp_path / "quoflow.yaml").write_text(CONFIGURATION)
    (tmp_path / "rules" / "textback.yaml").write_text(TEXTBACK)
    return Project(tmp_path, capsys)


class Project:
    def __init__(self, root, capsys):
        self.root, self.capsys = root, capsys

    def test(self, tests, *words, given=GIVEN, code=0):
        """Write a file of tests, run it, and give what was written."""
        (self.root / "rules" / "textback.test.yaml").write_text(f"{given}\ntests:\n{tests}")
        assert run(["test", *words]) == code, self.capsys.readouterr()
        return self.capsys.readouterr()

    def test_one(self, when, expect, *, code=0, given=GIVEN):
        """Run one test, and give it as JSON."""
        told = self.test(f"  - name: one\n    when: {when}\n    expect: {expect}\n", "--json", given=given, code=code)
        (found,) = json.loads(told.out)["tests"]
        return found


MISSED = "{call.missed: {from: Anna}}"


def test_what_a_rule_does_is_seen(project):
    """Texts, tags, what is told and how the run stands, after the time that the test lets pass."""
    project.test_one(
        f"[{MISSED}, {{after: 3h}}]",
        """
      writes:
        - send_message: {to: "+12125550123", text: "Sorry, Anna.", from: Main Line}
        - tag_contact: {add: missed}
        - send_message: {text: Still there?}
      told: [Anna called]
      runs: {textback: succeeded}
      tags: {"+12125550123": [customer, missed]}
""",
    )


@pytest.mark.parametrize(
    ("when", "expect"),
    [
        (f"[{MISSED}, {{after: 119m}}]", "{runs: {textback: waiting}}"),
        (f"[{MISSED}, {{after: 1h}}, {MISSED}]", "{skipped: [{rule: textback, reason: once within}]}"),
        (f"[{MISSED}, {{after: 5h}}, {MISSED}]", "{skipped: []}"),
        (f"[{MISSED}, {{message.received: {{from: Anna, text: hi}}}}]", "{runs: {textback: cancelled}}"),
        (f"[{MISSED}, {{message.received: {{from: Bill, text: hi}}}}]", "{runs: {textback: waiting}}"),
        (f"[{MISSED}, {{message.sent: {{to: Anna, text: hi}}}}]", "{runs: {textback: waiting}}"),
        ("[{call.answered: {from: Anna, duration: 5m}}]", "{nothing: true}"),
        ("[{call.made: {to: Anna, duration: 5m}}]", "{nothing: true}"),
        ("[{message.received: {from: Anna, text: STOP}}, {call.missed: {from: Anna}}]", "{held: [{reason: opt-out}]}"),
    ],
)  # fmt: skip
def test_the_engine_is_the_real_one(project, when, expect):
    """Waits, throttles, cancelling, other people's texts and calls, opt-outs: as they work in the service."""
    project.test_one(when, expect)


def test_guards_hold_as_they_would(project):
    """At night a text is held, with the guard's reason; so is one to somebody who said STOP before the test began."""
    night = f'{GIVEN}  now: "2026-11-23 23:30"\n'
    stopped = f"{GIVEN}  history: [{{ago: 3d, message.received: {{from: Anna, text: STOP}}}}]\n"

    project.test_one(f"[{MISSED}]", '{held: [{to: "+12125550123", reason: quiet hours}], writes: []}', given=night)
    project.test_one(f"[{MISSED}]", "{held: [{reason: opt-out}]}", given=stopped)


def test_without_a_yes_nothing_goes_out(project):
    """`approve: false`: what is asked stays unanswered."""
    project.test_one(
        f"[{MISSED}]", "{writes: [], runs: {textback: needs_approval}}", given=f"{GIVEN}  approve: false\n"
    )


def test_a_failure_shows_both_sides_and_why(project):
    """What was expected, what came instead, and what the rule made of each thing that happened; exit code 1."""
    told = project.test(
        f"  - name: says sorry\n    when: [{MISSED}]\n    expect: {{writes: [{{send_message: {{text: Hello}}}}]}}\n",
        code=1,
    ).out

    assert "✗ rules/textback.test.yaml:8 says sorry" in told
    assert "expected: send_message text: Hello" in told
    assert "got:      send_message to: +12125550123, text: Sorry, Anna., from: Main Line" in told
    assert "call.missed: textback: call.missed fits the trigger" in told
    assert "1 tests: 0 passed, 1 failed" in told


def test_a_report_for_ci(project):
    """The JUnit file names each test and its failure."""
    tests = (
        f"  - name: good\n    when: [{MISSED}]\n    expect: {{told: [Anna called]}}\n"
        f"  - name: bad\n    when: [{MISSED}]\n    expect: {{nothing: true}}\n"
    )
    project.test(tests, "--junit", "report.xml", code=1)

    suite = ET.parse(project.root / "report.xml").getroot()
    assert suite.attrib == {"name": "quoflow", "tests": "2", "failures": "1"}
    assert [(case.get("name"), case.find("failure") is None) for case in suite] == [("good", True), ("bad", False)]


@pytest.mark.parametrize(
    ("test", "place", "words"),
    [
        ("{name: x, when: [{after: 1h}], expect: {}}", "8:44", "a test that expects nothing at all cannot fail"),
        ("{name: x, when: [{after: 1}], expect: {nothing: true}}", "8:30", "`1` is not a duration"),
        ("{name: x, when: [{call.mised: {}}], expect: {nothing: true}}", "8:23", "did you mean `call.missed`?"),
        ("{name: x, when: [{after: 1h, trigger: {rule: y}}], expect: {nothing: true}}", "8:22", "one thing happens at"),
        ("{name: x, when: [], expect: {writes: [{send_mesage: {}}]}}", "8:43", "did you mean `send_message`?"),
        ("{name: x, when: [], expect: {runs: {textback: succeded}}}", "8:51", "did you mean `succeeded`?"),
        ("{name: x, expect: {nothing: true}}", "8:5", "`when` is missing"),
    ],
)  # fmt: skip
def test_a_mistake_in_a_test_is_told_at_its_place(project, test, place, words):
    """File, line, column, what is wrong and what to do; exit code 4, and no test is run."""
    told = project.test(f"  - {test}\n", code=4)

    assert f"rules/textback.test.yaml:{place}: error:" in told.err
    assert words in told.err
    assert told.out == ""


@pytest.mark.parametrize(
    ("when", "words"),
    [
        ("[{call.missed: {from: Anne}}]", "there is no contact `Anne`"),
        ("[{call.missed: {from: Anna, line: Nowhere}}]", "there is no line `Nowhere`"),
        ("[{trigger: {rule: textback}}]", "there is no rule `textback` with a `manual` trigger"),
    ],
)
def test_what_cannot_happen_fails_that_test(project, when, words):
    """A person, line or rule that is not there is told; the others still run."""
    found = project.test_one(when, "{nothing: true}", code=1)

    assert (found["ok"], words in found["problem"]) == (False, True)


def test_tests_are_not_rules_and_leave_no_trace(project):
    """The files of tests are no rules to the check, and running them makes no database and no other file."""
    before = {path.name for path in project.root.rglob("*")}
    project.test_one(f"[{MISSED}]", "{told: [Anna called]}")

    assert run(["check"]) == 0
    assert "1 rule checked" in project.capsys.readouterr().out
    assert {path.name for path in project.root.rglob("*")} - before == {"textback.test.yaml"}


def test_only_the_rules_beside_a_file_run_unless_it_names_others(project):
    """`textback.test.yaml` is about textback.yaml; `rules: [other]` asks for another."""
    other = "name: other\ntrigger: call.missed\nactions:\n  - notify: other\n"
    (project.root / "rules" / "other.yaml").write_text(other)
    project.test_one(f"[{MISSED}]", "{told: [Anna called]}")
    project.test_one(f"[{MISSED}]", "{told: [other]}", given=f"rules: other\n{GIVEN}")


def test_the_pack_keeps_its_own_tests(project):
    """Each test that stands beside a rule of the pack passes, with the guards as they are unless said."""
    named = CONFIGURATION.replace("notify: {", "notify: {notes: {webhook: {url: https://hooks.example.com/notes}}, ")
    (project.root / "quoflow.yaml").write_text(f"{named}rules: {ROOT / 'rules'}\n")

    tested = {path.name.partition(".")[0] for path in (ROOT / "rules").glob("*.test.yaml")}

    assert {path.stem for path in (ROOT / "rules").glob("*.yaml") if ".test" not in path.name} - tested == set()
    assert run(["test"]) == 0, project.capsys.readouterr()


ORDERS = """
name: textback
trigger: message.received
actions:
  - id: order
    http:
      url: https://api.example.com/orders
      query: {phone: "{{ contact.phone }}"}
      secrets: {Authorization: CRM_KEY}
  - http:
      url: "https://api.example.com/orders/{{ steps.order.json.id or '' }}"
      method: PUT
      json: {said: "{{ message.text }}"}
"""


def test_what_hosts_outside_answer_is_given(project):
    """A look has the answer that the test gives, what is sent is taken, and neither leaves the process."""
    (project.root / "quoflow.yaml").write_text(f"{CONFIGURATION}http: {{allow: api.example.com, secrets: CRM_KEY}}\n")
    (project.root / "rules" / "textback.yaml").write_text(ORDERS)
    known = f"{GIVEN}  http: [{{url: https://api.example.com/orders, json: {{id: 17}}}}]\n"
    sent = "{http: {method: PUT, url: 'https://api.example.com/orders/17', body: {contains: hello}}}"
    wrote = "[{message.received: {from: Anna, text: hello}}]"
    project.test_one(wrote, f"{{writes: [{sent}], runs: {{textback: succeeded}}}}", given=known)
    unknown = project.test_one(wrote, "{runs: {textback: succeeded}}", code=1)

    assert "the test says nothing of GET https://api.example.com/orders?phone=%2B12125550123" in json.dumps(unknown)
    assert not (project.root / "recordings").exists()


@pytest.mark.parametrize(
    "folder", sorted({path.parents[1] for path in ROOT.glob("examples/*/rules/*.test.yaml")}), ids=str
)
def test_the_examples_keep_their_own_tests(project, folder):
    """What an example shows in its tests is so, with its own configuration."""
    assert run(["--config", str(folder / "quoflow.yaml"), "test"]) == 0, project.capsys.readouterr()
