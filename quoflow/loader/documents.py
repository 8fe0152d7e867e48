"""Reads YAML 1.2 as text: documents of nodes with line and column; what we do not take is refused, all at once.

What differs between parsers and versions of YAML never reaches them: line ends, byte order mark, tabs, control
characters, directives and the `---` between documents are dealt with here, before.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from quoflow.errors import Problem
from quoflow.loader import syntax
from quoflow.loader.events import BrokenYaml, YamlEvent, read_events
from quoflow.loader.nodes import Key, ListNode, MappingNode, Node, ScalarNode
from quoflow.loader.report import Report

LARGEST_FILE = 1_000_000
LARGEST_TEXT = 8_192
DEEPEST = 20
MOST_REPAIRS = 50

_STRANGE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")
_MARKER = re.compile(r"(---|\.\.\.)(?=\s|$)(.*)")
_HEADER = re.compile(r"[|>][0-9+-]*(?=#)")
_VERSION = re.compile(r"%YAML\s+1\.2\s*(#.*)?$")


@dataclass(frozen=True, slots=True)
class Read:
    """What a file holds: the root of each document that is not empty, the problems, and the text's lines."""

    documents: tuple[Node, ...]
    problems: tuple[Problem, ...]
    lines: Sequence[str] = ()


class _Unquoted(Exception):
    """A `{{` without quotes, which YAML reads as a mapping; line and column count from 0."""

    def __init__(self, line: int, column: int, *, in_flow: bool, path: tuple[Key, ...]) -> None:
        super().__init__()
        self.line, self.column, self.in_flow, self.path = line, column, in_flow, path


class _Abandoned(Exception):
    """The rest of a document is not worth reading."""


def read_documents(source: bytes, file: str, *, pure: bool = False) -> Read:
    """Read a file's documents; `pure` takes the parser that needs no libyaml. Problems never raise."""
    report = Report(file)
    text = _decode(source, report)
    if text is None:
        return Read((), tuple(report.problems))
    lines = text.split("\n")
    _clean(lines, report)
    report.lines = lines
    roots = []
    for first, last in _split(lines, report):
        root = _read_document(lines, (first, last), report, pure=pure)
        if root is not None:
            roots.append(root)
    problems = sorted(report.problems, key=lambda problem: (problem.line, problem.column))
    return Read(tuple(roots), tuple(problems), lines)


def _decode(source: bytes, report: Report) -> str | None:
    if len(source) > LARGEST_FILE:
        report.add_at((1, 1), (), ("too-large", "the file is larger than 1 MB", "split it into several files"))
        return None
    if source.startswith((b"\xff\xfe", b"\xfe\xff")):
        report.add_at((1, 1), (), ("encoding", "the file is UTF-16, not UTF-8", "save it as UTF-8"))
        return None
    try:
        text = source.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = source[: error.start].decode("utf-8-sig", errors="replace")
        place = before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1
        report.add_at(place, (), ("encoding", "this character is not UTF-8", "save the file as UTF-8"))
        return None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _clean(lines: list[str], report: Report) -> None:
    """Refuse tabs, control characters and directives, and take them out so that reading can go on."""
    for number, line in enumerate(lines):
        if line.isascii() and line.isprintable() and not line.startswith("%"):
            continue
        if (column := line.find("\t")) >= 0:
            hint = 'use spaces; inside double quotes write "\\t"'
            report.add_at((number + 1, column + 1), (), ("tab", "a tab stands here", hint))
        for match in _STRANGE.finditer(line):
            name = f"U+{ord(match[0]):04X}"
            hint = f'delete it, or write "\\u{ord(match[0]):04x}" inside double quotes'
            message = f"an invisible or control character ({name}) stands here"
            report.add_at((number + 1, match.start() + 1), (), ("control-character", message, hint))
        lines[number] = _STRANGE.sub("?", line).replace("\t", " ")
        if line.startswith("%"):
            _check_directive(line, number, report)
            lines[number] = ""


def _check_directive(line: str, number: int, report: Report) -> None:
    if not _VERSION.match(line):
        name = line.split(maxsplit=1)[0]
        if name == "%YAML":
            message = f"`{line.strip()}` asks for another YAML than 1.2, which is what quoflow reads"
        else:
            message = f"`{name}` begins with `%`, which makes the line a directive; only `%YAML 1.2` is taken"
        report.add_at((number + 1, 1), (), ("directive", message, "delete this line, or indent it if it is text"))


def _split(lines: list[str], report: Report) -> Iterator[tuple[int, int]]:
    """Give each document as (first, behind last) line."""
    start = 0
    for number, line in enumerate(lines):
        if line[:1] not in "-." or not (match := _MARKER.match(line)):
            continue
        yield start, number
        start = number
        behind = match[2].strip()
        if behind and not behind.startswith("#"):
            message = f"`{match[1]}` must stand alone on its line"
            report.add_at((number + 1, 1), (), ("syntax", message, "begin the document on the next line"))
        lines[number] = ""
    yield start, len(lines)


def _read_document(lines: list[str], span: tuple[int, int], report: Report, *, pure: bool) -> Node | None:
    """Read one document; where a `{{` lacks quotes, give it some and read again, so that the rest is checked too."""
    first, last = span
    begun = len(report.problems)
    repaired: list[Problem] = []
    for _ in range(MOST_REPAIRS):
        del report.problems[begun:]
        builder = _Builder(lines, first, report)
        try:
            return builder.read("\n".join(lines[first:last]), pure=pure)
        except _Unquoted as found:
            repaired.append(_describe_unquoted(found, report.file))
            if not _give_quotes(lines, found):
                return None
        except BrokenYaml as error:
            if not _is_template(lines, first, error):
                _report_broken(error, (lines, first), report, repaired)
                return None
            unquoted = _Unquoted(first + error.line, error.column - 1, in_flow=False, path=tuple(builder.path))
            repaired.append(_describe_unquoted(unquoted, report.file))
            if not _give_quotes(lines, unquoted):
                return None
        except _Abandoned:
            return None
        finally:
            report.problems.extend(repaired)
    return None


def _is_template(lines: Sequence[str], first: int, error: BrokenYaml) -> bool:
    number = first + error.line
    return number < len(lines) and error.column > 0 and lines[number][error.column - 1 : error.column + 1] == "{%"


def _describe_unquoted(found: _Unquoted, file: str) -> Problem:
    report = Report(file)
    message = "a text that begins with `{{` or `{%` needs quotes"
    hint = 'put quotes around the whole text: "{{ … }}"'
    report.add_at((found.line + 1, found.column + 1), found.path, ("unquoted-template", message, hint))
    return report.problems[0]


def _give_quotes(lines: list[str], found: _Unquoted) -> bool:
    """Put the text in quotes, as the person should; tell whether it ends on its line."""
    line = lines[found.line]
    head, tail = line[: found.column], line[found.column :]
    if head.strip() and not head.rstrip().endswith((":", "-", ",", "[", "{", "?")):
        return False  # not where a text begins
    end = tail.find("%}" if tail.startswith("{%") else "}}")
    if end < 0:
        return False
    if found.in_flow:
        text, rest = tail[: end + 2], tail[end + 2 :]
    else:
        comment = tail.find(" #", end)
        text, rest = (tail, "") if comment < 0 else (tail[:comment], tail[comment:])
    quoted = text.rstrip().replace("'", "''")
    lines[found.line] = f"{head}'{quoted}'{rest}"
    return True


def _report_broken(
    error: BrokenYaml, text: tuple[Sequence[str], int], report: Report, repaired: Sequence[Problem]
) -> None:
    lines, first = text
    told = syntax.explain(error, lines[first:])
    line = min(first + told.line + 1, len(lines))
    has_tabs = any(problem.code == "tab" and problem.line > first for problem in report.problems)
    if not has_tabs and all(problem.line != line for problem in repaired):
        report.add_at((line, told.column + 1), (), ("syntax", told.message, told.hint))


@dataclass(slots=True)
class _Builder:
    """Builds one document's nodes from events; the path says where it stands."""

    lines: Sequence[str]
    first: int
    report: Report
    path: list[Key] = field(default_factory=list)

    def read(self, text: str, *, pure: bool) -> Node | None:
        events = read_events(text, pure=pure)
        if next(events, None) is None:
            return None
        node = self._read_node(next(events), events, depth=0)
        for _ in events:  # to the end, for what is wrong behind the root
            pass
        return None if isinstance(node, ScalarNode) and node.is_null and not node.value else node

    def _add(self, event: YamlEvent, code: str, message: str, hint: str) -> None:
        self.report.add_at((self.first + event.line + 1, event.column + 1), self.path, (code, message, hint))

    def _read_node(self, event: YamlEvent, events: Iterator[YamlEvent], *, depth: int) -> Node:
        if event.tag is not None or event.anchor is not None:
            self._refuse_extras(event)
        line, column = self.first + event.line + 1, event.column + 1
        if event.kind == "scalar":
            if len(event.value) > LARGEST_TEXT // 4 and len(event.value.encode()) > LARGEST_TEXT:
                self._add(event, "too-long", "this text is longer than 8 KB", "shorten it")
            if event.style in ("|", ">"):
                self._check_header(event)
            return ScalarNode(event.value, line, column, event.style)
        if event.kind == "alias":
            return ScalarNode(f"*{event.anchor}", line, column, "'")  # told of above; the rest is checked on
        if depth >= DEEPEST:
            self._add(event, "too-deep", f"this is nested more than {DEEPEST} deep", "flatten it")
            raise _Abandoned
        if event.kind == "list":
            return self._read_list(event, events, depth=depth + 1)
        self._refuse_template(event)
        return self._read_mapping(event, events, depth=depth + 1)

    def _read_list(self, start: YamlEvent, events: Iterator[YamlEvent], *, depth: int) -> ListNode:
        items: list[Node] = []
        while (event := next(events)).kind != "end":
            self.path.append(len(items))
            items.append(self._read_node(event, events, depth=depth))
            self.path.pop()
        return ListNode(tuple(items), self.first + start.line + 1, start.column + 1)

    def _read_mapping(self, start: YamlEvent, events: Iterator[YamlEvent], *, depth: int) -> MappingNode:
        items: dict[str, Node] = {}
        keys: dict[str, ScalarNode] = {}
        while (event := next(events)).kind != "end":
            key = self._read_key(event, events, depth=depth)
            self.path.append(key.value)
            if key.value in items:
                self._refuse_twice(event, keys[key.value])
            value = self._read_node(next(events), events, depth=depth)
            self.path.pop()
            if isinstance(value, ScalarNode) and not value.value and not value.style:
                value = ScalarNode("", key.line, key.column)  # the parsers differ on where nothing stands
            items.setdefault(key.value, value)
            keys.setdefault(key.value, key)
        return MappingNode(items, keys, self.first + start.line + 1, start.column + 1)

    def _read_key(self, event: YamlEvent, events: Iterator[YamlEvent], *, depth: int) -> ScalarNode:
        node = self._read_node(event, events, depth=depth)
        if not isinstance(node, ScalarNode):
            self._add(event, "complex-key", "a key must be a word, not a list or a mapping", "write `key: value`")
            return ScalarNode(f"?{node.line}:{node.column}", node.line, node.column)
        if event.kind == "scalar" and not event.style:
            if event.value == "<<":
                self._add(event, "merge-key", "merge keys (`<<`) are not used here", "write the keys out")
            elif not event.value:
                self._add(event, "syntax", "a key is missing before this `:`", "write `key: value`")
        return node

    def _refuse_extras(self, event: YamlEvent) -> None:
        if event.tag is not None:
            hint = "delete it; every text is read as the kind that its place needs"
            name = event.tag.replace("tag:yaml.org,2002:", "!!")
            self._add(event, "tag", f"tags such as `{name}` are not used here", hint)
        if event.kind == "alias":
            hint = "write the value out; if the text begins with `*`, put it in quotes"
            self._add(event, "alias", f"aliases (`*{event.anchor}`) are not used here", hint)
        elif event.anchor is not None:
            hint = "delete it; if the text begins with `&`, put it in quotes"
            self._add(event, "anchor", f"anchors (`&{event.anchor}`) are not used here", hint)

    def _check_header(self, event: YamlEvent) -> None:
        """Refuse a `#` right behind `|`, which libyaml overlooks."""
        match = _HEADER.match(self.lines[self.first + event.line], event.column)
        if match is not None:
            moved = event._replace(column=match.end())
            self._add(moved, "syntax", "the text after `|` or `>` begins on this line", "begin it on the next one")

    def _refuse_template(self, event: YamlEvent) -> None:
        line = self.lines[self.first + event.line]
        if line.startswith(("{{", "{%"), event.column):
            in_flow = self._is_in_flow(event)
            raise _Unquoted(self.first + event.line, event.column, in_flow=in_flow, path=tuple(self.path))

    def _is_in_flow(self, event: YamlEvent) -> bool:
        before = self.lines[self.first + event.line][: event.column].rstrip()
        return before.endswith((",", "[", "{")) or (before.endswith(":") and ("{" in before or "[" in before))

    def _refuse_twice(self, event: YamlEvent, earlier: ScalarNode) -> None:
        message = f"`{event.value}` is written twice in this mapping; the other is at {earlier.line}:{earlier.column}"
        self._add(event, "duplicate-key", message, "keep one of them")
