"""What a test of rules expects, held against what came of it: differences in words. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from quoflow.core import filters


@dataclass(frozen=True, slots=True)
class Write:
    """A write that went out: its action, and what a test may say of it by name, such as `to` and `text`."""

    rule: str
    action: str
    fields: Mapping[str, Any]  # plain data


@dataclass(frozen=True, slots=True)
class Held:
    """A write that did not go out, and why: held by a guard, refused by it, or waiting for a person."""

    rule: str
    action: str
    to: str
    text: str
    reason: str


@dataclass(frozen=True, slots=True)
class Skipped:
    """A rule that fitted an event and did nothing all the same."""

    rule: str
    reason: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """Everything that came of a test's events.

    Attributes:
        told: the texts that `notify` and `log` gave, in order.
        runs: the state of the latest run of each rule that had one.
        tags: the tags that each contact has at the end, by phone number.
    """

    writes: tuple[Write, ...] = ()
    told: tuple[str, ...] = ()
    held: tuple[Held, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    runs: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Expected:
    """What a test says of its outcome; None where it says nothing.

    A text is the text itself, or a mapping with `contains` (one of these, in any case) or `matches` (RE2).
    """

    writes: Sequence[Mapping[str, Mapping[str, Any]]] | None = None
    told: Sequence[Any] | None = None  # texts or mappings
    held: Sequence[Mapping[str, Any]] | None = None
    skipped: Sequence[Mapping[str, Any]] | None = None
    runs: Mapping[str, str] | None = None
    tags: Mapping[str, Sequence[str]] | None = None
    nothing: bool = False


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not as expected: where in `expect`, what was wanted, and what there is instead."""

    place: str
    expected: str
    got: str


def compare(expected: Expected, outcome: Outcome) -> tuple[Difference, ...]:
    """List the differences; none where everything is as expected."""
    found: list[Difference] = []
    if expected.nothing:
        found += _compare_nothing(outcome)
    if expected.writes is not None:
        wanted = [next(iter(one.items())) for one in expected.writes]
        got = [(one.action, one.fields) for one in outcome.writes]
        found += _compare_lists("writes", [_show_write(*one) for one in wanted], [_show_write(*one) for one in got],
                                [_fits_write(one, other) for one, other in zip(wanted, got, strict=False)])  # fmt: skip
    if expected.told is not None:
        fits = [_fits(one, other) for one, other in zip(expected.told, outcome.told, strict=False)]
        found += _compare_lists("told", list(map(_show, expected.told)), list(outcome.told), fits)
    for name, wanted_of, got_of in (
        ("held", expected.held, [_list_fields(one) for one in outcome.held]),
        ("skipped", expected.skipped, [_list_fields(one) for one in outcome.skipped]),
    ):
        if wanted_of is not None:
            fits = [_fits_all(one, other) for one, other in zip(wanted_of, got_of, strict=False)]
            found += _compare_lists(name, list(map(_show, wanted_of)), list(map(_show, got_of)), fits)
    found += _compare_mappings("runs", expected.runs, outcome.runs)
    found += _compare_mappings("tags", expected.tags, outcome.tags)
    return tuple(found)


def _compare_nothing(outcome: Outcome) -> Iterable[Difference]:
    done = [_show_write(one.action, one.fields) for one in outcome.writes]
    done += [f"told: {text}" for text in outcome.told]
    done += [f"{one.rule} to {one.to}, not sent: {one.reason}" for one in outcome.held]
    return [Difference("nothing", "nothing", one) for one in done]


def _compare_lists(place: str, wanted: list[str], got: list[str], fits: list[bool]) -> Iterable[Difference]:
    """Compare one by one, in order; what is missing or too much stands at the end."""
    for position in range(max(len(wanted), len(got))):
        left = wanted[position] if position < len(wanted) else "nothing more"
        right = got[position] if position < len(got) else "nothing more"
        if position >= len(fits) or not fits[position]:
            yield Difference(f"{place}[{position}]", left, right)


def _compare_mappings(place: str, wanted: Mapping[str, Any] | None, got: Mapping[str, Any]) -> Iterable[Difference]:
    for name, value in (wanted or {}).items():
        actual = got.get(name)
        left, right = (sorted(one) if isinstance(one, list | tuple) else one for one in (value, actual))
        if left != right:
            yield Difference(f"{place}.{name}", _show(value), _show(actual) if actual is not None else "nothing")


def _fits_write(wanted: tuple[str, Mapping[str, Any]], got: tuple[str, Mapping[str, Any]]) -> bool:
    return wanted[0] == got[0] and _fits_all(wanted[1], got[1])


def _fits_all(wanted: Mapping[str, Any], got: Mapping[str, Any]) -> bool:
    return all(_fits(value, got.get(name), is_reason=name == "reason") for name, value in wanted.items())


def _fits(wanted: Any, got: Any, *, is_reason: bool = False) -> bool:  # plain data
    """Tell whether a value is the one wanted; a reason only needs to hold the words."""
    if isinstance(wanted, Mapping) and "contains" in wanted:
        words = wanted["contains"]
        folded = str(got).casefold()
        return any(str(one).casefold() in folded for one in (words if isinstance(words, list | tuple) else [words]))
    if isinstance(wanted, Mapping) and "matches" in wanted:
        return bool(filters.compile_pattern(str(wanted["matches"])).search(str(got)))
    if isinstance(wanted, list | tuple) or isinstance(got, list | tuple):
        return sorted(map(str, _as_list(wanted))) == sorted(map(str, _as_list(got)))
    return str(wanted).casefold() in str(got).casefold() if is_reason else str(wanted) == str(got)


def _as_list(value: Any) -> Sequence[Any]:  # plain data
    return value if isinstance(value, list | tuple) else () if value is None else (value,)


def _list_fields(one: Held | Skipped) -> Mapping[str, str]:
    names = ("rule", "action", "to", "text", "reason") if isinstance(one, Held) else ("rule", "reason")
    return {name: getattr(one, name) for name in names if getattr(one, name)}


def _show_write(action: str, fields: Mapping[str, Any]) -> str:
    return f"{action} {_show(fields)}"


def _show(value: Any) -> str:  # plain data
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {_show(one)}" for name, one in value.items())
    return f"[{', '.join(map(_show, value))}]" if isinstance(value, list | tuple) else str(value)
