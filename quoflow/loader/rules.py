"""Reads a document as a rule, and builds a rule again from the plain data that is stored of it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from quoflow.core import optouts, outline, plans
from quoflow.core.parameters.messages import SendMessage
from quoflow.core.rules import Rule
from quoflow.core.steps import Step
from quoflow.errors import Problem, QuoflowError
from quoflow.loader import mappings
from quoflow.loader.audience import check_audience
from quoflow.loader.conditions import read_when
from quoflow.loader.documents import Read
from quoflow.loader.known import Known
from quoflow.loader.nodes import Key, ListNode, MappingNode, Node, ScalarNode, find_node, from_plain, to_plain
from quoflow.loader.options import Options
from quoflow.loader.phrases import Checker
from quoflow.loader.report import Report, suggest
from quoflow.loader.steps import StepReader
from quoflow.loader.triggers import read_triggers, tell_event
from quoflow.loader.validation import read_model

FRAME = ("trigger", "when", "actions", "on_error")
KEYS = (*Options.model_fields, *FRAME)
VERSION_DIGITS = 12
_NAME = re.compile(r"[^\W_][\w.-]{0,99}")


def build_rules(read: Read, file: str, known: Known) -> tuple[tuple[Rule, ...], tuple[Problem, ...]]:
    """Build the rules of a file that was read; each that has no error is given, and every problem by its place."""
    report = Report(file, read.lines, list(read.problems))
    builder = _RuleBuilder(report, known)
    rules = [rule for node in read.documents if (rule := builder.build(node)) is not None]
    if any(problem.severity == "error" for problem in read.problems):
        rules = []  # what was read is not all that was written
    ordered = sorted(report.problems, key=lambda problem: (problem.line, problem.column))
    return tuple(rules), tuple(ordered)


def restore_rule(version: str, document: Mapping[str, Any]) -> Rule:
    """Build a rule again from the plain data of its `document`, without checking its expressions.

    Raises:
        QuoflowError: when this version of quoflow cannot read it any more.
    """
    report = Report(f"stored rule {document.get('name')}")
    rule = _RuleBuilder(report, Known(), is_trusted=True).build(from_plain(document))
    if rule is None:
        first = report.problems[0]
        raise QuoflowError(
            f"The stored version {version} of the rule {document.get('name')} cannot be read: {first.message}",
            "It was stored by another version of quoflow; cancel its runs with `quoflow runs cancel`",
        )
    return replace(rule, version=version)


class _RuleBuilder:
    """Builds the rules of one file; problems go to the report."""

    def __init__(self, report: Report, known: Known, *, is_trusted: bool = False) -> None:
        self.report, self.known, self.is_trusted = report, known, is_trusted

    def build(self, node: Node) -> Rule | None:
        begun = self._count_errors()
        if not isinstance(node, MappingNode):
            hint = "begin with `name:`, `trigger:` and `actions:`"
            self.report.add(node, (), ("wrong-type", "a rule is a mapping (`key: value`)", hint))
            return None
        options = self._read_options(node)
        read = read_triggers(node.items.get("trigger"), node, self.report, self.known)
        checker = self._make_checker(node, read.kinds)
        when = read_when(node.items.get("when"), checker)
        members = check_audience(node, options.audience if options else None, checker)
        for option in ("throttle", "concurrency"):
            self._check_key(node, option, members)
        reader = StepReader(self.report, members, self.known.region)
        steps = reader.read(node.items.get("actions"), node)
        on_error = reader.read_on_error(node.items.get("on_error"), members)
        if options is None or self._count_errors() > begun:
            return None
        self._warn_of_marketing(node, options, steps)
        rule = self._make_rule(node, options, steps)
        return replace(rule, triggers=read.triggers, when=when, on_error=on_error, calls=tuple(reader.calls))

    def _make_rule(self, node: MappingNode, options: Options, steps: tuple[Step, ...]) -> Rule:
        """Make a rule of its options and steps; when it runs, and what else it does, is put in after."""
        document = to_plain(node)
        return Rule(
            name=options.name,
            version=plans.hash_canonical(document)[:VERSION_DIGITS],
            document=document,
            triggers=(),
            steps=steps,
            description=options.description,
            approval=options.approval,
            max_age=options.max_age,
            throttle=options.throttle,
            concurrency=options.concurrency,
            unless_human=options.unless_human,
            cancel_on=options.cancel_on,
            connections=options.connection,
            audience=options.audience,
            max_recipients=options.max_recipients,
            max_actions=options.max_actions,
            purpose=options.purpose,
            enabled=options.enabled,
            vars=options.vars,
            file=self.report.file,
            line=node.line,
        )

    def _count_errors(self) -> int:
        return sum(problem.severity == "error" for problem in self.report.problems)

    def _make_checker(self, node: MappingNode, kinds: tuple[str, ...]) -> Checker:
        written = node.items.get("vars")
        variables = to_plain(written) if isinstance(written, MappingNode) else {}
        return Checker(self.report, () if self.is_trusted else kinds, self.known, variables)

    def _read_options(self, node: MappingNode) -> Options | None:
        for key in node.items:
            if key not in KEYS and not self.report.is_full:
                hint = suggest(key, KEYS, otherwise=f"a rule has {', '.join(KEYS)}")
                self.report.add(node.keys[key], (key,), ("unknown-key", f"`{key}` is not known here", hint))
        own = mappings.drop_keys(node, [key for key in node.items if key not in Options.model_fields])
        options = read_model(Options, own, self.report, ())
        if options is not None:
            self._check_options(options, node)
        return options

    def _check_options(self, options: Options, node: MappingNode) -> None:
        if not _NAME.fullmatch(options.name):
            slug = re.sub(r"[^\w.-]+", "-", options.name).strip("-_.")[:100]
            hint = f"write `{slug}`" if slug else "write it as `missed-call-textback`"
            message = "a name is up to 100 letters, digits, `-`, `_` and `.`, the first a letter or a digit"
            self.report.add(node.items["name"], ("name",), ("rule-name", message, hint))
        self._check_listed(node, "cancel_on", options.cancel_on)
        self._check_listed(node, "connection", options.connection)
        if options.approval == "auto" and self.known.allow_auto is not None:
            allowed = tuple(self.known.allow_auto)
            if "*" not in allowed and options.name not in allowed:
                message = "the configuration does not allow this, so the rule will ask for approval all the same"
                hint = f"add `{options.name}` to `approvals: allow_auto` in quoflow.yaml"
                self.report.warn(node.items["approval"], ("approval",), ("approval", message, hint))

    def _warn_of_marketing(self, node: MappingNode, options: Options, steps: Sequence[Step]) -> None:
        """Say that the first text to somebody should tell how to opt out, where none of a rule's texts does."""
        every = [step.parameters for step in outline.flatten(tuple(steps))]
        texts = [one.text for one in every if isinstance(one, SendMessage)]
        if options.purpose == "marketing" and texts and not any(map(optouts.tells_how_to_stop, texts)):
            message = "none of its texts says how to opt out, and the first one to somebody should"
            problem = ("opt-out-wording", message, "add a sentence such as `Reply STOP to end.`")
            self.report.warn(node.items["purpose"], ("purpose",), problem)

    def _check_listed(self, node: MappingNode, key: str, words: Sequence[str]) -> None:
        for at, word in enumerate(words):
            told = tell_event(word) if key == "cancel_on" else self._tell_connection(word)
            if told is not None:
                path: tuple[Key, ...] = (key, at) if isinstance(node.items[key], ListNode) else (key,)
                self.report.add(find_node(node, (key, at)), path, told)

    def _tell_connection(self, name: str) -> tuple[str, str, str] | None:
        if self.known.connections is None:
            return None
        names = tuple(self.known.connections)
        if name in names:
            return None
        hint = suggest(name, names, otherwise=f"the configuration has {', '.join(names) or 'none'}")
        return "unknown-connection", f"there is no connection `{name}`", hint

    def _check_key(self, node: MappingNode, option: str, checker: Checker) -> None:
        """Check what counts as the same for an option; unsaid it is the contact, whom every trigger must then have."""
        written = node.items.get(option)
        if not isinstance(written, MappingNode):
            return
        key = written.items.get("key")
        if isinstance(key, ScalarNode):
            checker.check(key, (option, "key"), "template")
            return
        contact = checker.scope.names.get("contact")
        if key is None and checker.kinds and (contact is None or contact.maybe):
            hint = 'say what counts as the same, such as `key: "{{ vars.phone }}"`, or `key: all` for everything'
            message = "a trigger of this rule has no contact, so this needs a `key`"
            self.report.add(node.keys[option], (option,), ("missing-key", message, hint))
