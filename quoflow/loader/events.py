"""Two readers of YAML that tell the same: libyaml's, written in C, and a pure one where libyaml is missing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, NamedTuple

try:
    from yaml import _yaml as libyaml
except ImportError:  # PyYAML without libyaml: a pure parser takes over
    libyaml = None  # type: ignore[assignment]  # a module, or its absence

Kind = Literal["document", "mapping", "list", "scalar", "alias", "end"]


class YamlEvent(NamedTuple):
    """One piece of a document; line and column count from 0."""

    kind: Kind
    line: int
    column: int
    value: str = ""
    style: str = ""
    tag: str | None = None
    anchor: str | None = None


class BrokenYaml(Exception):
    """The text is not YAML from here on; line and column count from 0."""

    def __init__(
        self, problem: str, place: tuple[int, int], *, context: str = "", since: tuple[int, int] | None = None
    ) -> None:
        super().__init__(problem)
        self.problem, self.context = problem, context
        self.line, self.column = place
        self.since, self.since_column = since or place


KINDS: dict[str, Kind] = {
    "DocumentStartEvent": "document",
    "MappingStartEvent": "mapping",
    "SequenceStartEvent": "list",
    "ScalarEvent": "scalar",
    "AliasEvent": "alias",
    "MappingEndEvent": "end",
    "SequenceEndEvent": "end",
    "DocumentEndEvent": "end",
}


def read_events(text: str, *, pure: bool = False) -> Iterator[YamlEvent]:
    """Read YAML 1.2 piece by piece; scalars keep their text.

    Raises:
        BrokenYaml: where the text stops being YAML.
    """
    return _read_pure(text) if pure or libyaml is None else _read_c(text)


def _read_c(text: str) -> Iterator[YamlEvent]:
    from yaml.error import MarkedYAMLError  # the pure parser has no use for it

    parser = libyaml.CParser(text)
    try:
        parser.get_event()
        while parser.check_event():
            yield from _translate(parser.get_event())
    except MarkedYAMLError as error:
        raise _break(error) from None


def _read_pure(text: str) -> Iterator[YamlEvent]:
    from ruamel.yaml import YAML  # only where libyaml is missing
    from ruamel.yaml.error import MarkedYAMLError  # the same

    try:
        for event in YAML(typ="safe", pure=True).parse(text):
            yield from _translate(event)
    except MarkedYAMLError as error:
        raise _break(error) from None
    except (ValueError, AttributeError, IndexError, AssertionError) as error:  # its slips on broken text
        raise BrokenYaml(f"{error}", (0, 0)) from None


def _translate(event: Any) -> tuple[YamlEvent, ...]:  # either parser's event, which have no types
    kind = KINDS.get(type(event).__name__)
    if kind is None:
        return ()
    mark = event.start_mark
    line, column = mark.line, mark.column
    if kind == "scalar":
        return (YamlEvent(kind, line, column, event.value, event.style or "", _read_tag(event), event.anchor),)
    if kind in ("mapping", "list"):
        return (YamlEvent(kind, line, column, "", "", _read_tag(event), event.anchor),)
    return (YamlEvent(kind, line, column, anchor=event.anchor if kind == "alias" else None),)


def _read_tag(event: Any) -> str | None:
    return None if event.tag is None else str(event.tag)


def _break(error: Any) -> BrokenYaml:
    mark, since = error.problem_mark or error.context_mark, error.context_mark
    return BrokenYaml(
        error.problem or "",
        (mark.line, mark.column) if mark else (0, 0),
        context=error.context or "",
        since=(since.line, since.column) if since else None,
    )
