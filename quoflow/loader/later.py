"""What belongs to the rule language but does not run yet: known by name, so that it is never silently ignored. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from quoflow.loader.nodes import Key, MappingNode
from quoflow.loader.report import Report

THROTTLE = ()


def tell_later(what: str) -> tuple[str, str, str]:
    """Give the problem of something that this version cannot run: code, message, hint."""
    message = f"{what} is part of the language; this version of quoflow does not run it yet"
    return "not-yet", message, "take it out for now"


def drop_later(node: MappingNode, names: Sequence[str], report: Report, path: Sequence[Key]) -> MappingNode:
    """Refuse keys that this version cannot run, and give the mapping without them."""
    found = [name for name in names if name in node.items]
    if not found:
        return node
    for name in found:
        report.add(node.keys[name], (*path, name), tell_later(f"`{name}`"))
    return drop_keys(node, found)


def drop_keys(node: MappingNode, names: Sequence[str]) -> MappingNode:
    """Give a mapping without some of its keys."""
    items = {key: value for key, value in node.items.items() if key not in names}
    return replace(node, items=items)
