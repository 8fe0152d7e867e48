"""Reads what any step may say beside what it does: its id, its `if`, and what follows when it goes wrong."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal

from pydantic import BaseModel, Field

from quoflow.core import steps
from quoflow.core.durations import Span
from quoflow.core.parameters.retry import Retry
from quoflow.loader.conditions import read_expression
from quoflow.loader.nodes import Key, ListNode, MappingNode, Node, ScalarNode
from quoflow.loader.phrases import Checker
from quoflow.loader.report import Report, join_words
from quoflow.loader.validation import read_model

_ID = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,49}")


class Timeout(BaseModel):
    """What a step says about the time that it may take."""

    timeout: Span = Field(description="How long the step may take from when its turn came, such as 10m.")


@dataclass(slots=True)
class OptionReader:
    """Reads the keys that every step may have, and remembers where each id was given."""

    report: Report
    places: dict[str, ScalarNode] = field(default_factory=dict)

    def read_if(self, node: Node | None, checker: Checker, path: Sequence[Key]) -> str | None:
        """Read the condition of a step; None where there is none, or none that can be read."""
        if node is None:
            return None
        if not isinstance(node, ScalarNode):
            problem = ("wrong-type", "`if` takes one expression", "join several with `and` or `or`")
            self.report.add(node, path, problem)
            return None
        found = read_expression(node, checker, path)
        return None if found is None else found.expression

    def read_id(self, node: Node | None, path: Sequence[Key]) -> str | None:
        """Read a step's id, which no other step of the rule has."""
        if node is None:
            return None
        if not isinstance(node, ScalarNode) or not _ID.fullmatch(node.value):
            hint = "use letters, digits and `_`, so that it can be written as `steps.name`"
            self.report.add(node, path, ("wrong-value", "this is not an id", hint))
            return None
        earlier = self.places.get(node.value)
        if earlier is not None:
            message = f"the id `{node.value}` is given twice; the other is at {earlier.line}:{earlier.column}"
            self.report.add(node, path, ("duplicate-id", message, "give each step its own"))
            return None
        self.places[node.value] = node
        return node.value

    def read_on_error(self, node: Node | None, kind: str | None, path: Sequence[Key]) -> Literal["fail", "continue"]:
        """Read whether a failure ends the run."""
        if node is not None and kind == "fail":
            problem = ("wrong-value", "`fail` ends the run; nothing follows it", "leave `on_error` out")
            self.report.add(node, path, problem)
        elif isinstance(node, ListNode):
            return "continue"  # by way of those steps
        elif node is not None and (not isinstance(node, ScalarNode) or node.value not in ("fail", "continue")):
            hint = "write `fail`, `continue` or a list of steps"
            problem = ("wrong-value", "this is not possible here", hint)
            self.report.add(node, path, problem)
        elif isinstance(node, ScalarNode) and node.value == "continue":
            return "continue"
        return "fail"

    def read_rest(self, node: MappingNode, kind: str, path: Sequence[Key]) -> dict[str, Any]:  # a step's own fields
        """Read what a step says of being tried again, of its time and of what nobody knows, by the step's fields."""
        readers = {"on_ambiguous": self.read_on_ambiguous, "retry": self.read_retry, "timeout": self.read_timeout}
        return {key: read(node.items.get(key), kind, (*path, key)) for key, read in readers.items()}

    def read_retry(self, node: Node | None, kind: str, path: Sequence[Key]) -> Retry | None:
        """Read how often a step is done again that failed; a number alone will do."""
        if node is None or self._refuse_flow(node, kind, path):
            return None
        if isinstance(node, ScalarNode) and not node.is_null:
            node = MappingNode({"times": node}, {"times": node}, node.line, node.column)
        return read_model(Retry, node, self.report, path)

    def read_timeout(self, node: Node | None, kind: str, path: Sequence[Key]) -> timedelta | None:
        """Read how long a step may take."""
        if node is None or self._refuse_flow(node, kind, path):
            return None
        inner = MappingNode({"timeout": node}, {"timeout": ScalarNode("timeout")}, node.line, node.column)
        read = read_model(Timeout, inner, self.report, path[:-1])
        return None if read is None else read.timeout

    def _refuse_flow(self, node: Node, kind: str, path: Sequence[Key]) -> bool:
        if kind not in steps.FLOW:
            return False
        message = f"`{path[-1]}` is for steps that do or fetch something, not for `{kind}`"
        self.report.add(node, path, ("wrong-value", message, "leave it out, or give it to a step within"))
        return True

    def read_on_ambiguous(self, node: Node | None, kind: str, path: Sequence[Key]) -> Literal["park", "resend"]:
        """Read what becomes of a write of which nobody knows whether it was done."""
        if node is None:
            return "park"
        if kind not in steps.RESENDABLE:
            owners = join_words(sorted(steps.RESENDABLE))
            problem = ("wrong-value", f"`on_ambiguous` belongs to {owners}, not to `{kind}`", "leave it out")
            self.report.add(node, path, problem)
        elif not isinstance(node, ScalarNode) or node.value not in ("park", "resend"):
            hint = "write `park` (a person decides, the default) or `resend` (once more, after two minutes)"
            self.report.add(node, path, ("wrong-value", "this is not possible here", hint))
        elif node.value == "resend":
            return "resend"
        return "park"
