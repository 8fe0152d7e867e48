"""What is said of a mistake in an expression: the fault, where it stands, and what to write instead. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches

import jinja2
from jinja2 import nodes

from quoflow.errors import Severity


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong in an expression or template.

    `line` and `column` count from 1 within the source; the column is the best guess. A fault of severity
    `warning` can be rendered, but may fail on some events.
    """

    message: str
    hint: str = ""
    line: int = 1
    column: int = 1
    severity: Severity = "error"


FILTERS_ELSEWHERE: Mapping[str, str] = {
    "attr": "name the field: `contact.company`",
    "format": "write `~` between the parts, or several {{ }}",
    "map": "use a loop: {% for item in list %}",
    "select": "use a loop: {% for item in list if … %}",
    "reject": "use a loop: {% for item in list if … %}",
    "selectattr": "use a loop: {% for item in list if … %}",
    "rejectattr": "use a loop: {% for item in list if … %}",
    "safe": "texts are never HTML: leave it out",
    "escape": "texts are never HTML: leave it out",
    "e": "texts are never HTML: leave it out",
    "strftime": "use `| time('%H:%M')`",
    "date": "use `| time('%b %-d')`",
    "contains": "write `'word' in message.text`",
    "strip": "use `| trim`",
    "len": "use `| length`",
    "size": "use `| length`",
}
"""What to write instead of a filter that people know from Jinja2 or elsewhere."""

METHODS: Mapping[str, str] = {
    "upper": "use `| upper`",
    "lower": "use `| lower`",
    "title": "use `| title`",
    "capitalize": "use `| capitalize`",
    "strip": "use `| trim`",
    "replace": "use `| replace('old', 'new')`",
    "join": "use `list | join(', ')`",
    "split": "test it with `'word' in …`",
    "startswith": "use `is matches('^word')`",
    "endswith": "use `is matches('word$')`",
    "find": "use `'word' in …`",
    "contains": "use `'word' in …`",
    "count": "use `| length`",
    "length": "use `| length`",
    "format": "write several {{ }}",
    "strftime": "use `| time('%H:%M')`",
    "get": "write `.name or 'otherwise'`",
}
"""What to write instead of a method that people know from Python or JavaScript."""

CALLS_ELSEWHERE: Mapping[str, str] = {
    "range": "loops go over data only, such as contact.tags",
    "len": "use `| length`",
    "str": "use `| string`",
    "int": "use `| int`",
    "float": "use `| float`",
    "round": "use `| round`",
    "min": "use `| min`",
    "max": "use `| max`",
    "lower": "use `| lower`",
    "upper": "use `| upper`",
}
"""What to write instead of a function that people know from Python or Jinja2."""


def suggest(name: str, known: Iterable[str]) -> str:
    """Give `did you mean …?` for a name that is not known, or nothing."""
    close = get_close_matches(name, sorted(known), n=1, cutoff=0.7)
    return f"did you mean `{close[0]}`?" if close else ""


def locate(source: str, line: int, needle: str) -> int:
    """Guess the column of a word in a line of the source: inside braces first, after a dot for `.word`."""
    lines = source.splitlines()
    text = lines[line - 1] if 0 < line <= len(lines) else ""
    start = max(text.find("{{"), 0) if "{{" in text else max(text.find("{%"), 0)
    word = needle.lstrip(".")
    found = re.compile((r"\.\s*" if needle.startswith(".") else r"(?<![\w.])") + f"({re.escape(word)})" + r"(?!\w)")
    match = found.search(text, start) if word else None
    return match.start(1) + 1 if match else start + 1


_SYNTAX_HINTS: tuple[tuple[str, str, str], ...] = (
    (r"unexpected char '&'", "`&` is not an operator here", "write `and`"),
    (r"unexpected char '!'|got '!'", "`!` is not an operator here", "write `not`"),
    (r"token 'name', got '\|'", "`||` is not an operator here", "write `or`"),
    (r"got '='", "`=` does not compare", "write `==`"),
    (r"unexpected char '\?'|got '\?'", "`?` is not an operator here", "write `'a' if condition else 'b'`"),
    (r"unexpected char '[\u2018-\u201f]'", "typographic quotes do not quote", "write ' or \" instead"),
    (r"unexpected char (?:'\\''|\"'\"|'\"')", "a quote is not closed", "close the text with the same quote"),
    (r"needs to be closed is 'if'", "an `if` is not closed", "close it with {% endif %}"),
    (r"needs to be closed is 'for'", "a `for` is not closed", "close it with {% endfor %}"),
    (r"unexpected '}'|got '}'", "a brace is missing", "close with }} or %}"),
    (r"'end of template'|Missing end of comment", "braces are not closed", "close with }} or %}"),
    (r"Expected an expression, got 'end of", "an expression is missing", "write what should stand here"),
)


def explain_syntax(error: jinja2.TemplateSyntaxError, source: str, kind: str) -> Fault:
    """Say what Jinja2's parser means, in words for people who write rules."""
    said = error.message or "it cannot be read"
    line = min(max(error.lineno, 1), max(len(source.splitlines()), 1))
    got = re.search(r"got '(.+?)'|char '(.+?)'|tag '(.+?)'", said)
    word = next(filter(None, got.groups()), "") if got else ""
    column = locate(source, line, word)
    if kind == "expression" and "end of template" in said:
        return Fault("it ends too early", "write what should stand here", line, column)
    for pattern, message, hint in _SYNTAX_HINTS:
        if re.search(pattern, said):
            return Fault(message, hint, line, column)
    tag = re.search(r"unknown tag '(\w+)'", said)
    if tag:
        return Fault(
            f"there is no tag `{tag[1]}`",
            suggest(tag[1], ("if", "elif", "else", "endif", "for", "endfor")) or "there are `if` and `for`",
            line,
            column,
        )
    left = re.search(r"expected token 'end of (?:print statement|expression|statement block)', got '(.+)'", said)
    if left:
        return Fault(
            f"`{left[1]}` does not belong here", "join conditions with `and` or `or`, texts with `~`", line, column
        )
    return Fault(f"it cannot be read: {said[:1].lower()}{said[1:].rstrip('.')}", "", line, column)


@dataclass(slots=True)
class Report:
    """Collects the faults of one source, each at the line of a node."""

    source: str
    found: list[Fault] = field(default_factory=list)

    def add(
        self, node: nodes.Node, message: str, hint: str = "", *, at: str = "", severity: Severity = "error"
    ) -> None:
        """Note a fault once; `at` is the word that it is about, `.word` for a field."""
        line = node.lineno or 1  # jinja2's types hide that some nodes have none
        fault = Fault(message, hint, line, locate(self.source, line, at), severity)
        if fault not in self.found:
            self.found.append(fault)

    def warn(self, node: nodes.Node, message: str, hint: str = "", *, at: str = "") -> None:
        """Note what may fail on some events."""
        self.add(node, message, hint, at=at, severity="warning")
