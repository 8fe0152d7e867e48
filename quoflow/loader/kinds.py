"""Which one thing a step does: the kinds that may be written, and what is said where it is none or several."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from quoflow.core import steps
from quoflow.loader.nodes import Key, MappingNode, Node, ScalarNode
from quoflow.loader.report import Report, join_words, suggest

FLOW = ("then", "else")
COMMON = ("id", "if", "on_error", "on_ambiguous", "retry", "timeout", *FLOW)
KINDS = tuple(kind for kind in steps.STEPS if kind != "if")
SHORT: Mapping[str, str] = {
    "wait": "duration",
    "mark_conversation": "as",
    "stop": "reason",
    "fail": "reason",
    "notify": "text",
    "log": "text",
    "wait_until": "time",
    "wait_for": "event",
    "approve": "message",
    "run_rule": "rule",
}
"""Steps whose one parameter may stand alone: `wait: 30m`."""

BESIDE: Mapping[str, tuple[str, ...]] = {"choose": ("else",)}
"""Keys of a choice that stand beside a step, too."""

ENDS = ("stop", "fail")
"""Steps that end the run; the word alone will do."""


def find_kind(node: MappingNode, report: Report, path: Sequence[Key]) -> str | None:
    """Find the one thing that a step does; `if` with `then` is one, too."""
    names = [key for key in node.items if key not in COMMON]
    unknown = [name for name in names if name not in KINDS]
    for name in unknown:
        _refuse_unknown(node, name, report, path)
    kinds = [name for name in names if name in KINDS]
    beside = BESIDE.get(kinds[0], ()) if kinds else ()
    flow = next((key for key in FLOW if key in node.items and key not in beside), None)
    if unknown or len(kinds) < len(names):
        return None
    if flow and kinds:
        problem = ("wrong-value", f"`{flow}` cannot stand beside `{kinds[0]}`", f"put `{kinds[0]}` under `then`")
        report.add(node.keys[flow], (*path, flow), problem)
        return None
    if len(kinds) > 1:
        problem = (
            "wrong-value",
            f"a step does one thing, not {join_words(kinds, last='and')}",
            "make a step of each",
        )
        report.add(node.keys[kinds[1]], path, problem)
        return None
    return kinds[0] if kinds else _find_flow(node, report, path)


def _find_flow(node: MappingNode, report: Report, path: Sequence[Key]) -> str | None:
    if "if" in node.items and "then" in node.items:
        return "if"
    if "then" in node.items:
        problem = ("missing-key", "`then` needs an `if`", "write the condition: `if: …`")
    elif "if" in node.items:
        problem = ("missing-key", "this `if` has no `then` and no step", "write `then:` with a list of steps")
    else:
        problem = ("missing-key", "this step does nothing", f"name what it does: {join_words(KINDS)}")
    report.add(node, path, problem)
    return None


def _refuse_unknown(node: MappingNode, name: str, report: Report, path: Sequence[Key]) -> None:
    known = (*KINDS, *COMMON)
    hint = suggest(name, known, otherwise=f"there are {join_words(KINDS, last='and')}")
    owner = next((kind for kind in KINDS if kind in node.items), None)
    if owner and name in {info.alias or key for key, info in steps.STEPS[owner].model_fields.items()}:
        hint = f"it belongs under `{owner}`: indent it further"
    code = "unknown-key" if owner else "unknown-step"
    report.add(node.keys[name], (*path, name), (code, f"there is no step or key `{name}`", hint))


def write_out(node: Node, kind: str) -> Node:
    """Write a short form out: `wait: 30m` is `wait: {duration: 30m}`, `stop:` is `stop: {}`."""
    if not isinstance(node, ScalarNode):
        return node
    if node.is_null:
        return MappingNode(line=node.line, column=node.column)
    if kind not in SHORT:
        return node
    key = SHORT[kind]
    return MappingNode({key: node}, {key: node}, node.line, node.column)
