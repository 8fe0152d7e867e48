"""The rules that are at work, and the one place where a new set takes the place of the old one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from quoflow.core.indexing import RuleIndex
from quoflow.core.rules import Rule


@dataclass(frozen=True, slots=True)
class RuleSet:
    """Rules that were read together, with what finds them: they change together, or not at all."""

    rules: tuple[Rule, ...]
    index: RuleIndex
    by_name: Mapping[str, Rule]


def make_set(rules: Iterable[Rule]) -> RuleSet:
    """Make a set of rules, each name once."""
    listed = tuple(rules)
    return RuleSet(listed, RuleIndex(listed), MappingProxyType({rule.name: rule for rule in listed}))


@dataclass(eq=False, slots=True)
class Rulebook:
    """Holds the present set. Whoever reads it gets one set or the other, never a part of each."""

    present: RuleSet = field(default_factory=lambda: make_set(()))
