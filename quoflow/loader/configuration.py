"""Reads the configuration file by any model, with overrides from the environment laid over it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel

from quoflow.errors import Problem
from quoflow.loader.documents import read_documents
from quoflow.loader.nodes import ListNode, MappingNode, Node, ScalarNode
from quoflow.loader.report import Report
from quoflow.loader.shapes import TEXT, Shape, list_fields
from quoflow.loader.validation import read_model

Model = TypeVar("Model", bound=BaseModel)

FROM_ENVIRONMENT = 0
"""The line of a node that stands in no file."""


def read_configuration(
    path: Path,
    model: type[Model],
    overrides: Mapping[str, Any],  # nested, texts at the ends
    *,
    prefix: str = "QUOFLOW_",
) -> tuple[Model | None, tuple[Problem, ...]]:
    """Read a configuration file; None when there is any error.

    A problem with an override names the environment variable (`prefix` and the path) in place of the file.
    """
    file = str(path)
    try:
        source = path.read_bytes()
    except OSError as error:
        problem = Problem(file, 1, 1, "", "unreadable", f"the file cannot be read ({error.strerror})", "check the path")
        return None, (problem,)
    read = read_documents(source, file)
    report = Report(file, read.lines, list(read.problems))
    if len(read.documents) > 1:
        extra = read.documents[1]
        report.add(extra, (), ("several-documents", "a configuration is one document", "delete the `---` before this"))
    root: Node = read.documents[0] if read.documents else MappingNode()
    if not isinstance(root, MappingNode):
        report.add(root, (), ("wrong-type", "a configuration is a mapping (`key: value`)", "begin with `connections:`"))
        return None, tuple(report.problems)
    found = read_model(model, _lay_over(root, overrides, Shape(model=model)), report, ())
    ordered = sorted(report.problems, key=lambda problem: (problem.line, problem.column))
    problems = tuple(_name_variable(problem, prefix) for problem in ordered)
    return (None if report.has_errors else found), problems


def _lay_over(node: Node | None, override: Any, shape: Shape) -> Node:  # nested dicts, texts at the ends
    if not isinstance(override, Mapping):
        return _read_override(str(override), shape)
    base = node if isinstance(node, MappingNode) else MappingNode(line=FROM_ENVIRONMENT, column=1)
    items, keys = dict(base.items), dict(base.keys)
    for word, inner in override.items():
        key = _find_key(word, items)
        known = list_fields(shape.model) if shape.model else {}
        items[key] = _lay_over(items.get(key), inner, known.get(key, shape.value or TEXT))
        keys.setdefault(key, ScalarNode(key, FROM_ENVIRONMENT))
    return replace(base, items=items, keys=keys)


def _find_key(word: str, items: Mapping[str, Node]) -> str:
    """Find the key that a variable means: variables have no small letters and no hyphens."""
    return next((key for key in items if key.lower().replace("-", "_") == word), word)


def _read_override(text: str, shape: Shape) -> Node:
    """Read a variable's text: JSON where it begins like a list or mapping, commas where the model has a list."""
    if text.lstrip().startswith(("[", "{")):
        try:
            return _place(json.loads(text))
        except (ValueError, RecursionError):
            return ScalarNode(text, FROM_ENVIRONMENT)
    if shape.item is not None and "," in text:
        parts = tuple(ScalarNode(part.strip(), FROM_ENVIRONMENT) for part in text.split(",") if part.strip())
        return ListNode(parts, FROM_ENVIRONMENT)
    return ScalarNode(text, FROM_ENVIRONMENT)


def _place(data: Any) -> Node:  # JSON
    if isinstance(data, dict):
        keys = {key: ScalarNode(key, FROM_ENVIRONMENT) for key in data}
        return MappingNode({key: _place(value) for key, value in data.items()}, keys, FROM_ENVIRONMENT)
    if isinstance(data, list):
        return ListNode(tuple(_place(item) for item in data), FROM_ENVIRONMENT)
    if data is None or isinstance(data, bool):
        return ScalarNode("null" if data is None else str(data).lower(), FROM_ENVIRONMENT)
    return ScalarNode(str(data), FROM_ENVIRONMENT, style="'")


def _name_variable(problem: Problem, prefix: str) -> Problem:
    if problem.line != FROM_ENVIRONMENT:
        return problem
    words = problem.path.partition("[")[0].replace("-", "_").split(".")
    return replace(problem, file=f"environment variable {prefix}{'__'.join(words).upper()}", line=1, column=1)
