"""Words of which a text must hold one if a rule is to match: read from its filters and conditions. Pure.

They only tell where it is worth asking. Whether the rule matches is for `quoflow.core.matching` to say.
"""

from __future__ import annotations

from collections.abc import Iterator

from jinja2 import nodes

from quoflow.core import grammar
from quoflow.core.rules import AllOf, Condition, Holds, Not, Trigger

TEXTS = ("message", "voicemail", "transcript", "summary")
"""Names of the context whose `text` is the event's text, for triggers of that name."""


def find_words(trigger: Trigger, when: Condition) -> frozenset[str] | None:
    """Give words, folded, of which the event's text holds one wherever the rule matches; None where any text may do."""
    wanted = trigger.filters.text
    if wanted is not None and wanted.matches is None:
        return _fold(wanted.contains)
    owner = trigger.kind.partition(".")[0]
    return _find_in_condition(when, owner) if owner in TEXTS else None


def list_leaves(when: Condition) -> Iterator[Holds]:
    """List the expressions that a condition is made of."""
    if isinstance(when, Holds):
        yield when
    elif isinstance(when, Not):
        yield from list_leaves(when.part)
    else:
        for part in when.parts:
            yield from list_leaves(part)


def _find_in_condition(when: Condition, owner: str) -> frozenset[str] | None:
    if isinstance(when, AllOf):
        found = (_find_in_condition(part, owner) for part in when.parts)
        return next((words for words in found if words is not None), None)
    if not isinstance(when, Holds) or f"{owner}.text" not in when.expression:
        return None
    tree = grammar.parse(when.expression, "expression").tree
    return None if tree is None else _find_in_tree(tree, owner)


def _find_in_tree(tree: nodes.Node, owner: str) -> frozenset[str] | None:
    if isinstance(tree, nodes.And):
        left = _find_in_tree(tree.left, owner)
        return left if left is not None else _find_in_tree(tree.right, owner)
    if isinstance(tree, nodes.Or):
        left, right = _find_in_tree(tree.left, owner), _find_in_tree(tree.right, owner)
        return None if left is None or right is None else left | right
    if not (isinstance(tree, nodes.Compare) and isinstance(tree.expr, nodes.Const) and len(tree.ops) == 1):
        return None
    word, operand = tree.expr.value, tree.ops[0]
    if operand.op != "in" or not isinstance(word, str) or not _is_text(operand.expr, owner):
        return None
    return _fold((word,))


def _is_text(tree: nodes.Node, owner: str) -> bool:
    """Tell whether this is the event's text, as it is or in lower case, which folds to the same."""
    if isinstance(tree, nodes.Filter) and tree.name == "lower" and tree.node is not None:
        tree = tree.node
    if not isinstance(tree, nodes.Getattr) or tree.attr != "text":
        return False
    return isinstance(tree.node, nodes.Name) and tree.node.name == owner


def _fold(words: tuple[str, ...]) -> frozenset[str] | None:
    folded = frozenset(word.casefold() for word in words)
    return None if "" in folded or not folded else folded
