"""Checks what steps say of the world beside Quo against the configuration: whom they tell."""

from __future__ import annotations

from collections.abc import Sequence

from quoflow.core.outside_settings import LOG
from quoflow.loader.known import Known
from quoflow.loader.nodes import Key, MappingNode, Node, ScalarNode
from quoflow.loader.report import Report, join_words, suggest


def check_target(node: Node, known: Known, report: Report, path: Sequence[Key]) -> None:
    """Report a `notify` whose target the configuration does not have; nothing where there is no configuration.

    Where the configuration names nobody at all it is a warning: rules that others wrote can be tried all the same.
    """
    place = node.items.get("to") if isinstance(node, MappingNode) else None
    if known.targets is None or not isinstance(place, ScalarNode) or not place.value:
        return
    names = (*known.targets, LOG)
    if place.value in names:
        return
    if len(names) == 1:
        told = f"quoflow.yaml names nobody to notify, so what is for `{place.value}` goes to quoflow's own log"
        hint = f"name `{place.value}` under `notify:` in quoflow.yaml, or write `{LOG}`"
        report.warn(place, (*path, "to"), ("unknown-target", told, hint))
        return
    hint = suggest(place.value, names, otherwise=f"quoflow.yaml has {join_words(names, last='and')}")
    report.add(place, (*path, "to"), ("unknown-target", f"there is no target `{place.value}` to notify", hint))
