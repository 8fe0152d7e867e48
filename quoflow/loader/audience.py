"""Checks `audience`: whom a rule acts on, expressions of a member's own names, and triggers that go with it."""

from __future__ import annotations

from collections.abc import Sequence

from quoflow.core import contexts
from quoflow.core.matching import ADDRESSED
from quoflow.core.rules import Audience
from quoflow.loader.nodes import MappingNode, ScalarNode
from quoflow.loader.phrases import Checker
from quoflow.loader.report import join_words

CONDITIONS = ("contacts", "conversations", "where")


def check_audience(node: MappingNode, audience: Audience | None, checker: Checker) -> Checker:
    """Check a rule's audience where it is written, and give the checker for what is of each member.

    Args:
        node: the rule.
        audience: as it was read; None where it could not be, or there is none.
        checker: knows the rule's triggers, which must be ones that know no contact.
    """
    written = node.items.get("audience")
    if not isinstance(written, MappingNode):
        return checker
    _check_triggers(node, checker)
    source = audience.source if audience is not None else _guess_source(written)
    _warn_of_no_limit(node, checker)
    members = checker.for_members(source)
    for key in CONDITIONS:
        place = written.items.get(key)
        if isinstance(place, ScalarNode) and place.value.strip():
            members.check(place, ("audience", key), "expression")
    numbers = written.items.get("list")
    if isinstance(numbers, ScalarNode) and numbers.value.strip():
        checker.check_list(numbers, ("audience", "list"))
    return members


def _guess_source(written: MappingNode) -> str | None:
    """Give what was probably meant where it could not be read, so that the rest of the rule is checked all the same."""
    return next((source for source in contexts.AUDIENCES if source in written.items), None)


def _check_triggers(node: MappingNode, checker: Checker) -> None:
    others = _list_others(checker.kinds)
    if others:
        message = (
            f"`audience` goes with the triggers `schedule` and `manual`, not with {join_words(others, last='and')}"
        )
        problem = ("wrong-value", message, "take it out: such a rule acts on the contact of its event")
        checker.report.add(node.keys["audience"], ("audience",), problem)


def _list_others(kinds: Sequence[str]) -> list[str]:
    return [kind for kind in kinds if kind not in ADDRESSED]


def _warn_of_no_limit(node: MappingNode, checker: Checker) -> None:
    approval = node.items.get("approval")
    is_automatic = isinstance(approval, ScalarNode) and approval.value == "auto"
    if is_automatic and not node.items.keys() & {"max_recipients", "max_actions"}:
        message = "nobody is asked, and nothing says how many may be texted at once"
        problem = ("no-limit", message, "say it with `max_recipients`")
        checker.report.warn(node.keys["audience"], ("audience",), problem)
