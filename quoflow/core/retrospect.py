"""Which questions about the past a rule's expressions ask, so that the answers can be fetched first. Pure.

A question is made of what is written out, as in `count('call.missed', '7d')`; the check refuses any other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from functools import lru_cache

from jinja2 import nodes

from quoflow.core import durations, grammar
from quoflow.core.arguments import read_arguments
from quoflow.core.functions import LOOKING_BACK, SIGNATURES
from quoflow.core.history import Question
from quoflow.core.rules import Rule

_CALLS = tuple(f"{name}(" for name in LOOKING_BACK)


def find_questions(rule: Rule) -> frozenset[Question]:
    """List what a rule asks about the past, anywhere in its document; a text that only looks like it does no harm."""
    return frozenset(question for source in _list_texts(rule.document) for question in _read_questions(source))


def _list_texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        if any(call in value for call in _CALLS):
            yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _list_texts(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _list_texts(item)


@lru_cache(maxsize=4096)
def _read_questions(source: str) -> frozenset[Question]:
    is_template = "{{" in source or "{%" in source
    tree = grammar.parse(source, "template" if is_template else "expression").tree
    calls = tree.find_all(nodes.Call) if tree is not None else ()
    found = [tree, *calls] if isinstance(tree, nodes.Call) else calls
    return frozenset(question for call in found if (question := _read_question(call)) is not None)


def _read_question(call: nodes.Call) -> Question | None:
    name = getattr(call.node, "name", "")
    if name not in LOOKING_BACK:
        return None
    given = read_arguments(call, SIGNATURES[name].parameters)
    written = {key: node.value for key, node in given.items() if isinstance(node, nodes.Const)}
    try:
        within = durations.parse_duration(written["within"]) if "within" in written else timedelta(0)
    except (ValueError, AttributeError):
        return None
    return Question(name, str(written.get("kind", "")), within)
