"""The README, the pages of docs/, the pack of rules and the examples: what they show is what runs."""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import get_args

import click
import pytest
from pydantic import BaseModel

from quoflow import settings
from quoflow.cli.main import cli, run
from quoflow.core import (
    contexts,
    events,
    expressions,
    facts,
    filters,
    functions,
    history,
    hours,
    printing,
    rules,
    steps,
)
from quoflow.core.events import Event
from quoflow.core.parameters.messages import SendMessage
from quoflow.core.segments import count_segments
from quoflow.loader import configuration, options, plain
from quoflow.loader.documents import read_documents
from quoflow.loader.folder import load_rules
from quoflow.loader.known import Known
from quoflow.loader.rules import build_rules
from quoflow.runtime import cases
from quoflow.sandbox import faults, scenario

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    path
    for pattern in ("*.md", "docs/*.md", "docs/reference/**/*.md", "rules/*.md", "examples/*/*.md", "benchmarks/*.md")
    for path in ROOT.glob(pattern)
)
EXAMPLES = sorted(path.parent for path in ROOT.glob("examples/*/quoflow.yaml"))
PACK = [path for path in sorted(ROOT.glob("rules/*.yaml")) if not path.name.endswith(".test.yaml")]
KNOWN = Known(hours=("office",), connections=("main",), allow_auto=("*",))
NOW = datetime(2026, 11, 23, 15, tzinfo=UTC)  # a Monday, ten o'clock in New York
PAST = history.History(
    counts={("message.received", timedelta(days=7)): 3},
    latest={
        "message.sent": history.Happened(datetime(2026, 11, 20, 15, tzinfo=UTC), "outgoing", "We open at nine."),
        "call.missed": None,
    },
    replied_at=datetime(2026, 11, 20, 15, tzinfo=UTC),
    is_first=False,
)


@dataclass(frozen=True)
class Block:
    """A fenced block: its page and line, its language, what follows the language, and its text."""

    page: Path
    line: int
    language: str
    words: tuple[str, ...]
    text: str

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def list_blocks(*languages: str) -> list[Block]:
    found = []
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for match in re.finditer(r"^```(\w+)(.*)\n((?:.*\n)*?)```$", text, re.MULTILINE):
            line = text.count("\n", 0, match.start()) + 1
            found.append(Block(page, line, match[1], tuple(match[2].split()), match[3]))
    return [block for block in found if block.language in languages]


def complete(block: Block) -> str:
    """Make a whole rule of a fragment: what it leaves out is put before it."""
    kind = block.words[1] if len(block.words) > 1 else "message.received"
    missing = {"name": "fragment", "trigger": kind, "actions": "\n  - notify: done"}
    given = {line.partition(":")[0] for line in block.text.splitlines()}
    return "".join(f"{key}: {value}\n" for key, value in missing.items() if key not in given) + block.text


def find_problems(text: str, name: str) -> list[str]:
    rules_found, problems = build_rules(read_documents(text.encode(), name), name, KNOWN)
    assert rules_found or problems
    return [f"{problem} {problem.hint}" for problem in problems]


def find_settings_problems(text: str, folder: Path) -> list[str]:
    file = folder / "quoflow.yaml"
    file.write_text(text, encoding="utf-8")
    _, problems = configuration.read_configuration(file, settings.Settings, {})
    return list(map(str, problems))


def list_names(model: type[BaseModel]) -> list[str]:
    return [info.alias or name for name, info in model.model_fields.items()]


def list_models(model: type[BaseModel]) -> list[type[BaseModel]]:
    """List a model and every model below it."""

    def walk(annotation: object) -> list[type[BaseModel]]:
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            return list_models(annotation)
        return [found for part in get_args(annotation) for found in walk(part)]

    return [model, *(found for info in model.model_fields.values() for found in walk(info.annotation))]


YAML = list_blocks("yaml")


@pytest.mark.parametrize("block", [one for one in YAML if one.words[:1] in ((), ("fragment",))], ids=str)
def test_rules_shown_are_rules(block):
    """Every rule and every part of one that a page shows passes the check without a warning."""
    text = complete(block) if block.words else block.text

    assert find_problems(text, str(block)) == []


@pytest.mark.parametrize("block", [one for one in YAML if one.words[:1] == ("config",)], ids=str)
def test_configurations_shown_are_configurations(block, tmp_path):
    """Every configuration that a page shows can be used."""
    assert find_settings_problems(block.text, tmp_path) == []


@pytest.mark.parametrize("block", [one for one in YAML if one.words[:1] == ("scenario",)], ids=str)
def test_scenarios_shown_are_scenarios(block, tmp_path):
    """Every scenario that a page shows can be served."""
    file = tmp_path / "scenario.yaml"
    file.write_text(block.text, encoding="utf-8")

    assert scenario.build_scenario(plain.read_plain(file)).lines


@pytest.mark.parametrize("block", [one for one in YAML if one.words[:1] == ("test",)], ids=str)
def test_tests_shown_are_tests(block, tmp_path):
    """Every test of rules that a page shows can be read."""
    file = tmp_path / "shown.test.yaml"
    file.write_text(block.text, encoding="utf-8")

    tests, problems = cases.read_tests(file, str(block))

    assert tests
    assert list(map(str, problems)) == []


@pytest.mark.parametrize("model", list_models(cases.CaseFile))
def test_testing_page_shows_every_key(model):
    """Each key of a file of tests stands in one of the page's examples."""
    shown = "".join(block.text for block in YAML if block.page.name == "testing.md")

    assert [
        key for key in list_names(model) if not re.search(rf"\b{key}:", shown) and key not in ("phone", "email")
    ] == []


@pytest.mark.parametrize("block", list_blocks("json"), ids=str)
def test_faults_shown_are_faults(block):
    """Every fault that a page shows can be put in wait."""
    read = json.loads(block.text)

    assert block.words == ("fault",)
    assert [faults.Fault.model_validate(one) for one in (read if isinstance(read, list) else [read])]


def test_no_block_is_left_out():
    """A block of a kind that no test knows is a slip, for nothing would check it."""
    kinds = {
        (block.language, *block.words[:1]) for block in list_blocks("yaml", "yml", "json", "sh", "console", "bash")
    }

    assert kinds <= {
        ("yaml",),
        ("yaml", "fragment"),
        ("yaml", "config"),
        ("yaml", "scenario"),
        ("yaml", "test"),
        ("json", "fault"),
        ("sh",),
    }


# -- commands


def list_commands() -> list[tuple[str, list[str]]]:
    """List every `quoflow` and `make` command of the sh blocks, its words without what the shell does around it."""
    found = []
    for block in list_blocks("sh"):
        for line in block.text.splitlines():
            for part in re.split(r"&&|\|\||[|;&]", line.partition(" #")[0]):
                words = shlex.split(part) if part.count("'") % 2 == 0 else []
                words = words[next((at for at, word in enumerate(words) if "=" not in word), 0) :]
                if words[:1] in (["quoflow"], ["make"]):
                    found.append((f"{block} {' '.join(words)}", words))
    return found


def list_mentions() -> list[tuple[str, list[str]]]:
    """List every `quoflow` command that stands in a sentence; those with choices in brackets are for reading only."""
    found = []
    for page in PAGES:
        for command in re.findall(r"`(quoflow(?: [^`\[…]+)?)`", page.read_text(encoding="utf-8")):
            words = " ".join(command.split())
            found.append((f"{page.relative_to(ROOT)} {words}", shlex.split(words)))
    return found


COMMANDS = list_commands() + list_mentions()


@pytest.mark.parametrize("words", [words for _, words in COMMANDS], ids=[name for name, _ in COMMANDS])
def test_commands_shown_are_commands(words):
    """Every command that a page shows is one: its name, its options and its arguments."""
    if words[0] == "make":
        assert re.search(rf"^{words[1]}:", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
        return
    command: click.Command = cli
    rest = [word for word in words[1:] if word != "--help"]
    context = click.Context(cli, info_name="quoflow")
    while isinstance(command, click.Group) and rest:
        child = command.get_command(context, rest[0])
        assert child is not None, f"there is no command `{rest[0]}`"
        command, rest = child, rest[1:]
    if not isinstance(command, click.Group):
        command.make_context(words[1], list(rest), parent=context)


def test_readme_begins_with_the_two_commands():
    """The first two commands of the README are the newcomer's: see it run, and run its tests."""
    readme = str(ROOT / "README.md")

    first = [words for name, words in list_commands() if readme.endswith(name.partition(":")[0])][:2]

    assert first == [["make", "demo"], ["make", "test"]]


def test_readme_shows_a_mistake_as_it_is_told(tmp_path, monkeypatch, capsys):
    """The mistake in the README is what `check` says of such a rule, word for word."""
    rule = (
        "name: vip\ntrigger: message.received\nwhen:\n  - \"'vip' in message.txt\"\nactions:\n  - notify: A VIP wrote\n"
    )
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "vip.yaml").write_text(rule, encoding="utf-8")
    monkeypatch.chdir(tmp_path)

    run(["check", "rules"])

    told = capsys.readouterr().err
    assert told in (ROOT / "README.md").read_text(encoding="utf-8")
    assert "error" in told


def test_every_command_is_described():
    """The page of the configuration has each command of the command line."""
    page = (ROOT / "docs/configuration.md").read_text(encoding="utf-8")

    assert [name for name in cli.list_commands(click.Context(cli)) if f"`quoflow {name}" not in page] == []


# -- links


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    """A link to a file of the project finds it, and one to a heading finds the heading."""
    text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    lost = []
    for link in re.findall(r"(?:\]\(|src=\")([^)\"\s]+)", text):
        if link.startswith(("http:", "https:")):
            continue
        path, _, heading = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (heading and heading not in list_headings(target)):
            lost.append(link)

    assert lost == []


def list_headings(page: Path) -> set[str]:
    titles = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


# -- the reference is whole


RULES_PAGE = (ROOT / "docs/rules.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "name",
    sorted(
        {
            *events.KINDS,
            *steps.STEPS,
            *options.Options.model_fields,
            *contexts.NAMES,
            *(name for part in contexts.TABLE.values() if part.kinds & set(events.KINDS) for name in part.fields),
        }
    ),
)
def test_reference_names_every_word(name):
    """The page of the language has every trigger, step, option and name."""
    assert f"`{name}`" in RULES_PAGE


@pytest.mark.parametrize(
    "model",
    [
        *(rules.Filters, rules.TextFilter, rules.Schedule, rules.Throttle),
        *(model for kind, model in steps.STEPS.items() if kind != "set"),  # any name may be set
    ],
)
def test_reference_shows_every_key(model):
    """Each parameter of each step, filter and schedule stands in one of the examples."""
    shown = "".join(block.text for block in YAML if block.page.name == "rules.md")

    assert [key for key in list_names(model) if not re.search(rf"\b{key}:", shown)] == []


def list_examples() -> list[tuple[str, str]]:
    """List the rows of the tables that are marked as tested: an expression, and what it gives."""
    rows = []
    for table in re.findall(r"<!-- tested: expressions -->\n((?:\|.*\n)+)", RULES_PAGE):
        for row in table.splitlines()[2:]:
            source, given = (cell.strip() for cell in re.split(r"(?<!\\)\|", row)[1:3])
            rows.append((source.strip("`").replace("\\|", "|"), given))
    return rows


@pytest.mark.parametrize(("source", "expected"), list_examples())
def test_expressions_shown_give_what_is_said(source, expected):
    """Each expression of the reference gives what stands beside it."""
    message = {"id": "AC1", "text": "Hello, how much is a new tap?", "direction": "incoming", "status": "received"}
    event = Event(
        "message.received:AC1", "message.received", "main", NOW, peer="+12125550123", data={"message": message}
    )
    contact = facts.Contact(
        "CT1", first_name="Anna", last_name="Berg", company="Berg Bakery", fields={"tags": ["customer", "vip"]}
    )
    values = contexts.build_values(event, contact=contact, variables={"price": 95}, tags_field="tags")
    office = hours.OfficeHours(open={"mon-fri": "09:00-17:00"})
    language = functions.Functions(now=NOW, timezone="America/New_York", hours={"office": office}, history=PAST)

    value = expressions.evaluate(source, values, language)

    assert (str(value).lower() if isinstance(value, bool) else printing.show(value, language.zone)) == expected


def test_reference_has_an_example_of_every_function():
    """Each function, filter and test of expressions has a row that is run."""
    sources = " ".join(source for source, _ in list_examples())
    missing = [name for name in functions.SIGNATURES if f"{name}(" not in sources]
    missing += [name for name in filters.FILTERS if not re.search(rf"\| {name}\b", sources)]
    missing += [name for name in filters.TESTS if f"is {name}" not in sources]

    assert missing == []


@pytest.mark.parametrize("model", list_models(settings.Settings))
def test_configuration_page_names_every_key(model):
    """Each key of the configuration is described, and stands in an example."""
    page = (ROOT / "docs/configuration.md").read_text(encoding="utf-8")
    shown = "".join(block.text for block in YAML if block.page.name == "configuration.md")
    names = list_names(model)

    assert [name for name in names if f"`{name}`" not in page and f"`{name}:" not in page] == []
    assert [name for name in names if not re.search(rf"\b{name}:", shown)] == []


def test_sandbox_page_names_every_fault_and_option():
    """Each fault and each option of a scenario is described."""
    page = (ROOT / "docs/sandbox.md").read_text(encoding="utf-8")
    names = [*get_args(faults.Kind), *faults.Fault.model_fields, *scenario.Options.model_fields]

    assert [name for name in names if f"`{name}`" not in page and f'"{name}":' not in page] == []


# -- the pack and the examples


def test_pack_is_well():
    """The pack of rules passes the check without a warning, whatever the configuration."""
    loaded = load_rules([ROOT / "rules"], ROOT, Known())

    assert loaded.problems == ()
    assert len(loaded.rules) == len(PACK)


def test_pack_is_listed():
    """The pack's page lists each of its rules."""
    page = (ROOT / "rules/README.md").read_text(encoding="utf-8")

    assert [path.name for path in PACK if f"]({path.name})" not in page] == []


@pytest.mark.parametrize("folder", EXAMPLES, ids=lambda path: path.name)
def test_examples_are_well(folder):
    """Each example's configuration and rules pass the check, and it says in a few lines how to run it."""
    configured, problems = configuration.read_configuration(folder / "quoflow.yaml", settings.Settings, {})
    assert configured is not None
    known = Known(configured.hours, configured.vars, configured.region, configured.connections)
    loaded = load_rules([folder / path for path in configured.rules], folder, known)

    assert (problems, loaded.problems) == ((), ())
    assert loaded.rules
    assert len((folder / "README.md").read_text(encoding="utf-8").splitlines()) <= 15


def list_texts() -> list[tuple[str, str]]:
    """List the texts to customers of the pack and the examples."""

    def walk(sequence: tuple[steps.Step, ...]) -> list[str]:
        own = [step.parameters.text for step in sequence if isinstance(step.parameters, SendMessage)]
        return own + [text for step in sequence for text in walk(step.then) + walk(step.otherwise)]

    folders = [ROOT / "rules", *(folder / "rules" for folder in EXAMPLES)]
    found = load_rules(folders, ROOT, Known()).rules
    return [(rule.name, text) for rule in found for text in walk(rule.steps)]


@pytest.mark.parametrize(("rule", "text"), list_texts(), ids=[name for name, _ in list_texts()])
def test_texts_cost_one_segment(rule, text):
    """Each text of the pack and the examples fits one segment, with a name of twelve letters filled in."""
    given = {"vars": {"line": "Main", "day": "2026-12-01", "time": "10:00"}, "contact": {"first_name": "Maximiliane"}}
    found = next(one for one in load_rules([ROOT / "rules", *EXAMPLES], ROOT, Known()).rules if one.name == rule)
    values = {**given, "vars": {**given["vars"], **{key: value for key, value in found.vars.items() if value}}}

    midweek = {"office": hours.OfficeHours(open={"wed": ("10:30-17:00",)})}  # the day with the longest name

    written = expressions.render(text, values, functions.Functions(now=NOW, hours=midweek))

    assert count_segments(written) == 1


@pytest.mark.parametrize(
    "path", sorted({*ROOT.glob("rules/*.yaml"), *ROOT.glob("examples/**/*.yaml")}), ids=lambda path: path.name
)
def test_editors_find_the_schema(path):
    """Each rule and configuration tells editors where its schema is, and it is there."""
    first = path.read_text(encoding="utf-8").splitlines()[0]
    named = re.fullmatch(r"# yaml-language-server: \$schema=(\S+)", first)

    assert named is not None
    assert (path.parent / named[1]).is_file()
