"""The shapes that values in expressions have, known when a rule is loaded, before there is a value. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from functools import reduce
from math import isfinite
from typing import Any, Literal

Kind = Literal["text", "number", "boolean", "time", "date", "nothing", "list", "record", "map", "either", "any"]

DEEPEST = 12
"""How deep plain data may nest; what is deeper is left out."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What is known of a value before there is one.

    Attributes:
        kind: `record` has known fields, `map` has any, `either` is one of `options`, `any` may be anything,
            `nothing` is always None.
        maybe: whether it may be None instead.
        item: of a list, the shape of its items.
        fields: of a record, its fields.
        choices: of a text, the only texts it can be; empty where it can be any.
        is_open: of a record, whether it may have more fields than are known.
    """

    kind: Kind
    maybe: bool = False
    item: Shape | None = None
    fields: Mapping[str, Shape] = field(default_factory=dict)
    choices: tuple[str, ...] = ()
    is_open: bool = False
    options: tuple[Shape, ...] = ()

    @property
    def kinds(self) -> frozenset[Kind]:
        """Give every kind that the value may be of, None aside."""
        return frozenset(option.kind for option in self.options) if self.options else frozenset({self.kind})

    def __str__(self) -> str:
        """Name it for a person: `a list of text`, `text or a number`."""
        if self.options:
            return " or ".join(map(str, self.options))
        if self.kind == "list" and self.item is not None and self.item.kind != "any":
            return f"a list of {NOUNS[self.item.kind].removeprefix('a ')}"
        return NOUNS[self.kind]


NOUNS: Mapping[Kind, str] = {
    "text": "text",
    "number": "a number",
    "boolean": "true or false",
    "time": "a time",
    "date": "a date",
    "nothing": "nothing",
    "list": "a list",
    "record": "a record",
    "map": "a record",
    "either": "one of several",
    "any": "anything",
}

TEXT = Shape("text")
NUMBER = Shape("number")
BOOLEAN = Shape("boolean")
TIME = Shape("time")
DATE = Shape("date")
NOTHING = Shape("nothing", maybe=True)
MAP = Shape("map")
ANY = Shape("any")
UNSURE = Shape("any", maybe=True)


def list_of(item: Shape) -> Shape:
    """Give the shape of a list of such items."""
    return Shape("list", item=item)


def record(fields: Mapping[str, Shape]) -> Shape:
    """Give the shape of a record with these fields and no others."""
    return Shape("record", fields=fields)


def choice(*texts: str) -> Shape:
    """Give the shape of a text that is always one of these."""
    return Shape("text", choices=texts)


def maybe(shape: Shape) -> Shape:
    """Give the same shape, or None."""
    return replace(shape, maybe=True)


def surely(shape: Shape) -> Shape:
    """Give the same shape without None."""
    return shape if not shape.maybe or shape.kind == "nothing" else replace(shape, maybe=False)


def join(left: Shape, right: Shape) -> Shape:
    """Give the narrowest shape that covers both."""
    if left == right:
        return left
    either = left.maybe or right.maybe
    options: dict[Kind, Shape] = {}
    for option in (*_list_options(left), *_list_options(right)):
        options[option.kind] = _merge(options[option.kind], option) if option.kind in options else option
    if not options:
        return NOTHING
    if "map" in options:
        options.pop("record", None)
    if "any" in options:
        return UNSURE if either else ANY
    if len(options) == 1:
        return replace(next(iter(options.values())), maybe=either)
    return Shape("either", maybe=either, options=tuple(options.values()))


def _list_options(shape: Shape) -> tuple[Shape, ...]:
    if shape.kind == "nothing":
        return ()
    return shape.options or (surely(shape),)


def _merge(left: Shape, right: Shape) -> Shape:
    """Join two shapes of one kind."""
    if left.kind == "record" and left.fields.keys() != right.fields.keys():
        return MAP
    choices = tuple(dict.fromkeys(left.choices + right.choices)) if left.choices and right.choices else ()
    item = join(left.item, right.item) if left.item and right.item else left.item or right.item
    fields = {name: join(shape, right.fields[name]) for name, shape in left.fields.items()}
    return Shape(left.kind, item=item, fields=fields, choices=choices, is_open=left.is_open or right.is_open)


def list_of_all(items: Iterable[Shape]) -> Shape:
    """Give the shape of a list of such items; an empty one has none."""
    found = list(items)
    return list_of(reduce(join, found)) if found else Shape("list")


def item_of(shape: Shape) -> Shape:
    """Give the shape of a list's items; an empty list has none."""
    return shape.item or NOTHING


def shape_of(value: object) -> Shape:
    """Give the shape of plain data, such as a rule's `vars`."""
    for types, shape in ((bool, BOOLEAN), ((int, float), NUMBER), (str, TEXT), (datetime, TIME), (date, DATE)):
        if isinstance(value, types):
            return shape
    if value is None:
        return NOTHING
    if isinstance(value, Mapping):
        return record({str(key): shape_of(item) for key, item in value.items()})
    if isinstance(value, list | tuple):
        return list_of_all(map(shape_of, value))
    return ANY


def conform(shape: Shape, raw: object, *, otherwise: datetime) -> Any:  # plain data of any shape
    """Make plain data of this shape from data that should have it: what is missing becomes None, or is empty.

    Args:
        shape: what is declared.
        raw: what came; times may be ISO 8601 text (UTC unless it says).
        otherwise: the time where a time must be and none is.
    """
    if raw is None and shape.maybe:
        return None
    if shape.kind == "text" and type(raw) is str:
        return raw
    value = _read(shape, raw, otherwise)
    if value is None and not shape.maybe:
        return otherwise if shape.kind == "time" else _EMPTY[shape.kind]
    return value


_EMPTY: Mapping[Kind, object] = {"text": "", "number": 0, "boolean": False, "date": None, "nothing": None, "any": None}


def _read(shape: Shape, raw: object, otherwise: datetime) -> object:
    match shape.kind:
        case "record" if isinstance(raw, Mapping) or not shape.maybe:
            known = raw if isinstance(raw, Mapping) else {}
            return {name: conform(part, known.get(name), otherwise=otherwise) for name, part in shape.fields.items()}
        case "list" if raw is not None or not shape.maybe:
            item = shape.item or ANY
            return [conform(item, one, otherwise=otherwise) for one in _as_items(raw)]
        case "map" if isinstance(raw, Mapping) or not shape.maybe:
            return make_plain(raw if isinstance(raw, Mapping) else {})
        case "any" | "either":
            return make_plain(raw)
        case _:
            return _read_scalar(shape.kind, raw)


def _as_items(raw: object) -> Iterable[object]:
    if raw is None:
        return ()
    return raw if isinstance(raw, list | tuple) else (raw,)


def _read_scalar(kind: Kind, raw: object) -> object:
    if isinstance(raw, bool):
        return raw if kind == "boolean" else None
    if kind == "text":
        return raw if isinstance(raw, str) else str(raw) if isinstance(raw, int | float) else None
    if kind == "number":
        return raw if isinstance(raw, int | float) and isfinite(raw) else None
    return _read_time(raw) if kind == "time" else None


def _read_time(raw: object) -> datetime | None:
    if isinstance(raw, str):
        try:
            raw = datetime.fromisoformat(raw)
        except ValueError:
            return None
    if not isinstance(raw, datetime):
        return None
    return raw if raw.tzinfo is not None else raw.replace(tzinfo=UTC)


def make_plain(value: object, *, depth: int = 0) -> Any:  # plain data of any shape
    """Copy plain data, leaving out what is not: objects, keys that begin with `_`, what nests too deep."""
    if value is None or isinstance(value, str | int | float | date):
        return value
    if depth >= DEEPEST:
        return None
    if isinstance(value, Mapping):
        return {
            str(key): make_plain(item, depth=depth + 1) for key, item in value.items() if not str(key).startswith("_")
        }
    if isinstance(value, list | tuple):
        return [make_plain(item, depth=depth + 1) for item in value]
    return None
