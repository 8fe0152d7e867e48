"""Mappings without some of their keys. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from quoflow.loader.nodes import MappingNode


def drop_keys(node: MappingNode, names: Sequence[str]) -> MappingNode:
    """Give a mapping without some of its keys."""
    items = {key: value for key, value in node.items.items() if key not in names}
    return replace(node, items=items)
