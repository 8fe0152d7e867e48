"""The filters and tests of the rule language: what each takes and gives, and its doing. Pure.

None goes through a filter as None, so that `contact.first_name | title or 'there'` works and "None" is never
printed. Whatever makes texts longer is bounded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any, Protocol

from jinja2 import Undefined, pass_context
from jinja2.filters import do_title

from quoflow.core import printing, shapes
from quoflow.core.functions import Functions, Parameter
from quoflow.core.shapes import BOOLEAN, NUMBER, TEXT, Kind, Shape

LONGEST_RESULT = 65_536
"""Characters that one filter may make: `replace` on `replace` would grow without bound."""

LONGEST_SUBJECT = 100_000
LONGEST_PATTERN = 500

ORDERED: tuple[Kind, ...] = ("text", "number", "time", "date")
PRINTABLE: tuple[Kind, ...] = (*ORDERED, "any")
HASHABLE: tuple[Kind, ...] = (*PRINTABLE, "boolean")
ANYTHING: tuple[Kind, ...] = (*PRINTABLE, "boolean", "nothing", "list", "record", "map")


class Context(Protocol):
    """What jinja2 hands to a filter that asks for its context: ours, with the functions of this moment."""

    functions: Functions


@dataclass(frozen=True, slots=True)
class Filter:
    """A filter or test: the kinds it takes, its arguments, what it gives, and its doing.

    `result` is a shape, or a function of the shape that goes in. `mends` says that it takes None and gives a value;
    `holds` are the kinds that the items of a list may be of.
    """

    takes: tuple[Kind, ...]
    result: Shape | Callable[[Shape], Shape]
    do: Callable[..., object]
    parameters: tuple[Parameter, ...] = ()
    mends: bool = False
    holds: tuple[Kind, ...] = ANYTHING


def can_hold(filter_: Filter, items: Shape) -> bool:
    """Tell whether a filter takes a list of such items; what it puts in order must be of one kind."""
    if filter_.holds is ANYTHING or items.kind == "any":
        return True
    is_mixed = filter_.holds is ORDERED and len(items.kinds) > 1
    return items.kinds <= set(filter_.holds) and not items.maybe and not is_mixed


def _text(name: str, *, optional: bool = False) -> Parameter:
    return Parameter(name, ("text",), optional)


def _number(name: str) -> Parameter:
    return Parameter(name, ("number",), optional=True)


def _bound(length: int) -> None:
    if length > LONGEST_RESULT:
        raise ValueError(f"a text here would grow beyond {LONGEST_RESULT:,} characters")


def _need(value: object, types: type | tuple[type, ...], name: str) -> None:
    if not isinstance(value, types) or isinstance(value, bool):
        raise ValueError(f"`| {name}` cannot take {printing.describe(value)}")  # noqa: TRY004 - shown to a person


def _on_text(name: str, do: Callable[..., object]) -> Callable[..., object]:
    def filter_text(value: object, *args: object, **kwargs: object) -> object:
        if value is None:
            return None
        _need(value, str, name)
        return do(value, *args, **kwargs)

    return filter_text


def _on_items(name: str, do: Callable[..., object]) -> Callable[..., object]:
    def filter_items(value: object, *args: object, **kwargs: object) -> object:
        if value is None:
            return None
        _need(value, (list, tuple), name)
        return do(value, *args, **kwargs)

    return filter_items


def _replace(value: str, old: str, new: str) -> str:
    _need(old, str, "replace")
    _need(new, str, "replace")
    _bound(len(value) + value.count(old) * len(new))
    return value.replace(old, new)


def _truncate(value: str, length: int = 100, end: str = "...") -> str:
    if len(value) <= length:
        return value
    kept = value[: max(length - len(end), 0)]
    shortened = kept.rsplit(None, 1)[0] if " " in kept.strip() else kept
    return (shortened.rstrip() + end)[: max(length, 0)]


def _fold(item: Any) -> Any:  # anything of a list
    return item.casefold() if isinstance(item, str) else item


def _sort(items: Iterable[Any], reverse: bool = False) -> list[Any]:  # noqa: FBT001, FBT002 - jinja2's own argument
    return sorted(items, key=_fold, reverse=reverse)


def _unique(items: Iterable[object]) -> list[object]:
    seen: set[object] = set()
    kept = []
    for item in items:
        if _fold(item) not in seen:
            seen.add(_fold(item))
            kept.append(item)
    return kept


@pass_context
def _join(context: Context, items: object, separator: str = "") -> str | None:
    if items is None:
        return None
    _need(items, (list, tuple), "join")
    assert isinstance(items, list | tuple)  # noqa: S101 - just seen
    parts = [printing.show(item, context.functions.zone) for item in items]
    _bound(sum(map(len, parts)) + len(separator) * len(parts))
    return separator.join(parts)


@pass_context
def _string(context: Context, value: object) -> str | None:
    return None if value is None else printing.show(value, context.functions.zone)


@pass_context
def _time(context: Context, value: object, form: str | None = None) -> str | None:
    if value is None:
        return None
    _need(value, date, "time")
    assert isinstance(value, date)  # noqa: S101 - just seen
    return printing.show_time(value, form, context.functions.zone)


def _count(value: object) -> int | None:
    if value is None:
        return None
    _need(value, (str, list, tuple, Mapping), "length")
    assert isinstance(value, str | list | tuple | Mapping)  # noqa: S101 - just seen
    return len(value)


def _default(value: object, otherwise: object = "", boolean: bool = False) -> object:  # noqa: FBT001, FBT002 - jinja2's
    is_missing = value is None or isinstance(value, Undefined) or (boolean and not value)
    return otherwise if is_missing else value


def _int(value: object, default: int = 0) -> int:
    try:
        return int(value) if isinstance(value, int | float) else int(float(str(value)))
    except (ValueError, OverflowError):
        return default


def _float(value: object, default: float = 0.0) -> float:
    try:
        number = float(value) if isinstance(value, int | float) else float(str(value))
    except (ValueError, OverflowError):
        return default
    return number if abs(number) < float("inf") else default


def _round(value: float | None, precision: int = 0) -> float | None:
    if value is None:
        return None
    _need(value, (int, float), "round")
    return round(value, max(0, min(precision, 12))) if precision > 0 else round(value)


def _abs(value: float | None) -> float | None:
    if value is None:
        return None
    _need(value, (int, float), "abs")
    return abs(value)


def _pick(shape: Shape) -> Shape:
    return shape if shape.kind == "any" else shapes.maybe(shapes.item_of(shape))


def _same(shape: Shape) -> Shape:
    return shape


def _texts(shape: Shape) -> Shape:
    return shapes.maybe(TEXT) if shape.maybe else TEXT


_TEXT: tuple[Kind, ...] = ("text",)
_LIST: tuple[Kind, ...] = ("list",)
_NUMBER: tuple[Kind, ...] = ("number",)

FILTERS: Mapping[str, Filter] = {
    "upper": Filter(_TEXT, _texts, _on_text("upper", str.upper)),
    "lower": Filter(_TEXT, _texts, _on_text("lower", str.lower)),
    "title": Filter(_TEXT, _texts, _on_text("title", do_title)),
    "capitalize": Filter(_TEXT, _texts, _on_text("capitalize", str.capitalize)),
    "trim": Filter(_TEXT, _texts, _on_text("trim", lambda value: value.strip())),
    "replace": Filter(_TEXT, _texts, _on_text("replace", _replace), (_text("old"), _text("new"))),
    "truncate": Filter(
        _TEXT, _texts, _on_text("truncate", _truncate), (_number("length"), _text("end", optional=True))
    ),
    "wordcount": Filter(_TEXT, NUMBER, _on_text("wordcount", lambda value: len(value.split()))),
    "length": Filter(("text", "list", "record", "map"), NUMBER, _count),
    "count": Filter(("text", "list", "record", "map"), NUMBER, _count),
    "join": Filter(_LIST, _texts, _join, (_text("separator", optional=True),), holds=PRINTABLE),
    "first": Filter(_LIST, _pick, _on_items("first", lambda items: items[0] if items else None)),
    "last": Filter(_LIST, _pick, _on_items("last", lambda items: items[-1] if items else None)),
    "min": Filter(_LIST, _pick, _on_items("min", lambda items: min(items, default=None)), holds=ORDERED),
    "max": Filter(_LIST, _pick, _on_items("max", lambda items: max(items, default=None)), holds=ORDERED),
    "sort": Filter(
        _LIST, _same, _on_items("sort", _sort), (Parameter("reverse", ("boolean",), optional=True),), holds=ORDERED
    ),
    "unique": Filter(_LIST, _same, _on_items("unique", _unique), holds=HASHABLE),
    "reverse": Filter(_LIST, _same, _on_items("reverse", lambda items: list(reversed(items)))),
    "int": Filter(("text", "number"), NUMBER, _int, (_number("default"),), mends=True),
    "float": Filter(("text", "number"), NUMBER, _float, (_number("default"),), mends=True),
    "round": Filter(_NUMBER, _same, _round, (_number("precision"),)),
    "abs": Filter(_NUMBER, _same, _abs),
    "string": Filter(("text", "number", "time", "date"), _texts, _string),
    "time": Filter(("time", "date"), _texts, _time, (_text("form", optional=True),)),
    "default": Filter(
        ANYTHING,
        _same,
        _default,
        (Parameter("otherwise", ANYTHING, optional=True), Parameter("boolean", ("boolean",), optional=True)),
        mends=True,
    ),
}
FILTERS = {**FILTERS, "d": FILTERS["default"]}
"""Every filter of the language."""


def _is_missing(value: object) -> bool:
    return value is None or isinstance(value, Undefined)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _matches(value: object, pattern: str) -> bool:
    if value is None:
        return False
    _need(value, str, "matches")
    return compile_pattern(pattern).search(str(value)[:LONGEST_SUBJECT]) is not None


@lru_cache(maxsize=512)
def compile_pattern(pattern: str) -> Any:  # re2 has no types
    """Compile an RE2 regular expression (https://github.com/google/re2/wiki/Syntax), which takes linear time.

    Raises:
        ValueError: it is too long, or not one that RE2 reads; says so in words.
    """
    import re2  # deferred: only rules with regular expressions pay for loading it

    if not isinstance(pattern, str) or len(pattern) > LONGEST_PATTERN:
        raise ValueError(f"a regular expression is a text of {LONGEST_PATTERN} characters at most")
    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        part = error.args[0].decode(errors="replace") if isinstance(error.args[0], bytes) else str(error)
        raise ValueError(f"`{pattern}` is not a regular expression that RE2 reads ({part})") from None


TESTS: Mapping[str, Filter] = {
    "defined": Filter(ANYTHING, BOOLEAN, lambda value: not _is_missing(value), mends=True),
    "undefined": Filter(ANYTHING, BOOLEAN, _is_missing, mends=True),
    "none": Filter(ANYTHING, BOOLEAN, _is_missing, mends=True),
    "string": Filter(ANYTHING, BOOLEAN, lambda value: isinstance(value, str), mends=True),
    "number": Filter(ANYTHING, BOOLEAN, _is_number, mends=True),
    "boolean": Filter(ANYTHING, BOOLEAN, lambda value: isinstance(value, bool), mends=True),
    "matches": Filter(_TEXT, BOOLEAN, _matches, (_text("pattern"),), mends=True),
}
"""Every test of the language: `is defined` means that there is a value, None being none."""
