"""Schemas: they are what is in schema/, take every rule that check takes, and mark what it refuses."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from ruamel.yaml import YAML

from quoflow.core import events, steps
from quoflow.loader.folder import Known, load_rules
from quoflow.loader.schema import TRIGGERS, build_model_schema, build_rule_schema, render_schemas
from quoflow.runtime.cases import CaseFile, read_tests
from quoflow.settings import Settings

ROOT = Path(__file__).parents[3]
GOLDEN = ROOT / "tests" / "golden" / "check"
RULE = jsonschema.Draft7Validator(build_rule_schema())
CONFIG = jsonschema.Draft7Validator(build_model_schema(Settings, "quoflow configuration"))
TESTS = jsonschema.Draft7Validator(build_model_schema(CaseFile, "quoflow tests"))
TESTS_OF_RULES = sorted(file for folder in ("rules", "examples") for file in (ROOT / folder).rglob("*.test.yaml"))
FINE = [
    *sorted({*(ROOT / "rules").rglob("*.yaml")} - {*TESTS_OF_RULES}),
    *sorted({*(ROOT / "examples").glob("*/rules/*.yaml")} - {*TESTS_OF_RULES}),
    *(GOLDEN / case / "rules" / "rule.yaml" for case in ("design-example", "text-stays-text")),
    GOLDEN / "several-documents" / "rules" / "rules.yaml",
]
CONFIGURATIONS = [
    *sorted((ROOT / "examples").rglob("quoflow.yaml")),
    *(GOLDEN / case / "quoflow.yaml" for case in ("design-example", "variables", "stop-and-approval")),
]
HEAD = "name: rule\ntrigger: call.missed\n"


def parse(text: str) -> list[Any]:
    """Parse as editors do: YAML 1.2, where numbers are numbers."""
    return [one for one in YAML(typ="safe", pure=True).load_all(io.StringIO(text)) if one is not None]


def list_errors(validator: jsonschema.Draft7Validator, data: Any) -> list[str]:
    return [error.message for error in validator.iter_errors(data)]


@pytest.mark.parametrize("name", ["rule.schema.json", "config.schema.json", "test.schema.json"])
def test_the_files_are_fresh(name: str) -> None:
    """schema/ holds what the models say; `make schema` writes it anew."""
    assert (ROOT / "schema" / name).read_text(encoding="utf-8") == render_schemas(Settings, CaseFile)[name]


def test_the_schemas_are_schemas() -> None:
    """Each is valid by draft-07 itself."""
    jsonschema.Draft7Validator.check_schema(RULE.schema)
    jsonschema.Draft7Validator.check_schema(CONFIG.schema)
    jsonschema.Draft7Validator.check_schema(TESTS.schema)


@pytest.mark.parametrize("file", TESTS_OF_RULES, ids=lambda file: file.name)
def test_tests_that_are_fine_are_fine_in_editors(file: Path) -> None:
    """The tests beside the rules of the pack and the examples pass both, what `quoflow test` reads and the schema."""
    tests, problems = read_tests(file, file.name)
    (data,) = parse(file.read_text(encoding="utf-8"))

    assert tests
    assert problems == ()
    assert list_errors(TESTS, data) == []


@pytest.mark.parametrize("file", FINE, ids=lambda file: str(file.relative_to(ROOT)))
def test_rules_that_are_fine_are_fine_in_editors(file: Path) -> None:
    """Every rule of ours passes both, the check and the schema, numbers and booleans where text is meant included."""
    documents = parse(file.read_text(encoding="utf-8"))
    loaded = load_rules([file], ROOT, Known())

    assert documents
    assert [one for one in loaded.problems if one.severity == "error"] == []
    assert [list_errors(RULE, document) for document in documents] == [[] for _ in documents]


@pytest.mark.parametrize("file", CONFIGURATIONS, ids=lambda file: str(file.relative_to(ROOT)))
def test_configurations_that_are_fine_are_fine_in_editors(file: Path) -> None:
    """Every configuration of ours passes the schema."""
    assert list_errors(CONFIG, parse(file.read_text(encoding="utf-8"))[0]) == []


@pytest.mark.parametrize(
    "text",
    [
        "trigger: call.missed\nactions: [stop]\n",
        "name: rule\nactions: [stop]\n",
        "name: rule\ntrigger: call.missed\n",
        "name: rule\ntrigger: call.mised\nactions: [stop]\n",
        "name: rule\ntrigger: conversation.unanswered\nactions: [stop]\n",
        "name: rule\ntrigger: {call.missed: {lin: a}}\nactions: [stop]\n",
        "name: rule\ntrigger: {call.missed: , message.sent: }\nactions: [stop]\n",
        "name: rule\ntrigger: {id: a}\nactions: [stop]\n",
        "name: rule\ntrigger: []\nactions: [stop]\n",
        'name: rule\ntrigger: {schedule: {cron: "* * * * *", every: 1h}}\nactions: [stop]\n',
        "name: rule\ntrigger: {schedule: {every: soon}}\nactions: [stop]\n",
        "name: rule\ntrigger: {manual: {line: a}}\nactions: [stop]\n",
        "name: a rule\ntrigger: call.missed\nactions: [stop]\n",
        f"{HEAD}actions: []\n",
        f"{HEAD}actions: [{{}}]\n",
        f"{HEAD}actions: [go]\n",
        f"{HEAD}actions: [{{send_mesage: {{text: a}}}}]\n",
        f"{HEAD}actions: [{{send_message: {{txt: a}}}}]\n",
        f"{HEAD}actions: [{{send_message: a}}]\n",
        f"{HEAD}actions: [{{send_message: {{text: a, done: yes}}}}]\n",
        f"{HEAD}actions: [{{wait: 30 minutes}}]\n",
        f"{HEAD}actions: [{{wait: 30}}]\n",
        f"{HEAD}actions: [{{wait: }}]\n",
        f"{HEAD}actions: [{{wait: 5m, notify: a}}]\n",
        f"{HEAD}actions: [{{if: a}}]\n",
        f"{HEAD}actions: [{{then: [stop]}}]\n",
        f"{HEAD}actions: [{{if: a, then: [stop], wait: 5m}}]\n",
        f"{HEAD}actions: [{{if: a, then: []}}]\n",
        f"{HEAD}actions: [{{http: {{url: a}}}}]\n",
        f"{HEAD}actions: [stop]\nwhen: [{{some: a}}]\n",
        f"{HEAD}actions: [stop]\nwhen: {{any: []}}\n",
        f"{HEAD}actions: [stop]\naproval: auto\n",
        f"{HEAD}actions: [stop]\napproval: never\n",
        f"{HEAD}actions: [stop]\nenabled: yes\n",
        f"{HEAD}actions: [stop]\ncancel_on: message.receved\n",
        f"{HEAD}actions: [stop]\nthrottle: {{key: a}}\n",
    ],
)
def test_what_check_refuses_editors_mark(text: str, tmp_path: Path) -> None:
    """A broken rule is an error in both, the check and the schema."""
    (tmp_path / "rule.yaml").write_text(text)
    loaded = load_rules([tmp_path], tmp_path, Known())

    assert any(one.severity == "error" for one in loaded.problems)
    assert list_errors(RULE, parse(text)[0])


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        "connections: {}\n",
        "connections: {main: {}}\n",
        "connections: {main: {api_key: a}}\n",
        "connections: {main: {api_key_env: A, api_key_file: b}}\n",
        "connections: {main: {api_key_env: A, gateway: x}}\n",
        "connections: {main: {api_key_env: A}}\npoll: {every: 15}\n",
        "connections: {main: {api_key_env: A}}\nguards: {budget: on}\n",
        "connections: {main: {api_key_env: A}}\nwebs: {}\n",
    ],
)
def test_broken_configurations_are_marked(text: str) -> None:
    """A configuration that cannot be used is an error in editors."""
    assert list_errors(CONFIG, parse(text)[0])


def test_everything_that_can_be_completed_is_explained() -> None:
    """Every trigger, step, option and parameter has a description, which editors show."""
    properties = RULE.schema["properties"]
    definitions = RULE.schema["definitions"]
    mapping = definitions["step"]["anyOf"][0]
    models = [definitions[kind] for kind in steps.STEPS if kind not in ("if", "choose", "set")]
    described = [
        properties,
        mapping["properties"],
        definitions["trigger"]["properties"],
        *(one["properties"] for one in models),
    ]

    assert set(TRIGGERS) == set(events.KINDS)
    needs_more = {"conversation.unanswered"}  # a name alone says not how long
    assert definitions["triggerName"]["enum"] == [kind for kind in events.KINDS if kind not in needs_more]
    assert set(steps.STEPS) <= set(mapping["properties"])
    assert [key for part in described for key, value in part.items() if not value.get("description")] == []


def test_defaults_are_written_as_people_write_them() -> None:
    """Durations in defaults are `15s`, not `PT15S`."""
    texts = "".join(render_schemas(Settings, CaseFile).values())

    assert '"default": "15s"' in texts
    assert '"default": "PT' not in texts
