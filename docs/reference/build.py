"""Writes the pages of this folder: one for each trigger, action, option and function, with its example planned.

Run `make docs` after a change of the language. What a page says comes from the models that read rules, so that it
cannot say anything else than the code does; a test compares the pages with what this would write.
"""
# ruff: noqa: INP001 - scripts, not a package

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import sample

from quoflow.core import contexts, events, functions, shapes
from quoflow.core.rules import Rule
from quoflow.loader import kinds, schema
from quoflow.loader.documents import read_documents
from quoflow.loader.rules import build_rules

HERE = Path(__file__).parent
EXAMPLES = HERE / "examples"
RULE = schema.build_rule_schema()
STEP_KEYS = RULE["definitions"]["step"]["anyOf"][0]["properties"]

FAMILIES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "triggers": ("When a rule runs.", events.KINDS),
    "actions": ("What a step of `actions` does.", (*kinds.KINDS, "if")),
    "options": (
        "What a rule, or one of its steps, says beside that.",
        (
            *(key for key in RULE["properties"] if key not in ("trigger", "actions")),
            *(key for key in STEP_KEYS if key not in (*kinds.KINDS, "if", "then", "else")),
        ),
    ),
    "functions": ("What expressions and templates may call.", tuple(functions.SIGNATURES)),
}
PARTS = {"steps": "a list of steps", "condition": "an expression", "triggerName": "a trigger", "trigger": "a trigger"}
"""Parts of a rule that are explained elsewhere, in words."""

TYPES = {"boolean": "true or false", "integer": "a number", "number": "a number", "object": "a mapping"}


def build_pages() -> dict[str, str]:
    """Give the text of every page by its path below this folder."""
    pages = {"README.md": _build_index()}
    for family, (_, names) in FAMILIES.items():
        pages |= {f"{family}/{name}.md": _build_page(family, name) for name in names}
    return pages


def read_example(family: str, name: str) -> tuple[str, tuple[Rule, ...]]:
    """Read an example and load its rules. Raises SystemExit when there is none, or it has a problem."""
    file = EXAMPLES / family / f"{name}.yaml"
    if not file.exists():
        raise SystemExit(f"{family}: `{name}` has no example; write {file.relative_to(HERE.parents[1])}")
    text = file.read_text(encoding="utf-8")
    rules, problems = build_rules(read_documents(text.encode(), file.name), file.name, sample.KNOWN)
    if problems:
        raise SystemExit("\n".join(f"{family}/{problem} {problem.hint}" for problem in problems))
    return text, tuple(rules)


def _build_index() -> str:
    lines = [
        "# Reference",
        "",
        "Made by `make docs` from the code; the language as a whole is explained in [Rules](../rules.md).",
    ]
    for family, (what, names) in FAMILIES.items():
        lines += ["", f"## {family.capitalize()}", "", what, "", "| name | |", "|---|---|"]
        lines += [f"| [`{name}`]({family}/{name}.md) | {_escape(_summarize(family, name))} |" for name in names]
    return "\n".join(lines) + "\n"


def _build_page(family: str, name: str) -> str:
    text, rules = read_example(family, name)
    lines = [f"# `{name}`", "", _summarize(family, name), "", *_describe(family, name), "## Example", ""]
    lines += ["```yaml", text.rstrip(), "```", ""]
    fired = {rule.triggers[0].kind for rule in rules}
    moment = (
        "When the clock strikes or someone asks"
        if not any(rule.audience for rule in rules) and fired <= {"schedule", "manual"}
        else "For Anna, who is a contact"
    )
    lines += [f"{moment}, on a Monday at 10:00 in New York, that comes to:", "", "```text"]
    lines += [line for rule in rules for line in sample.plan_example(rule)]
    lines += ["```", "", f"[All {family}](../README.md#{family}) · [Rules](../../rules.md)"]
    return "\n".join(lines) + "\n"


def _summarize(family: str, name: str) -> str:
    if family == "triggers":
        return schema.TRIGGERS[name]
    if family == "functions":
        return _read_docstring(name)[0]
    found = STEP_KEYS[name] if family == "actions" or name not in RULE["properties"] else RULE["properties"][name]
    return str(_resolve(found).get("description") or found["description"])


def _describe(family: str, name: str) -> Iterator[str]:
    if family == "functions":
        yield from _describe_function(name)
        return
    if family == "triggers":
        found = RULE["definitions"]["trigger"]["properties"][name]
    else:
        found = STEP_KEYS[name] if family == "actions" or name not in RULE["properties"] else RULE["properties"][name]
        if family == "options":
            yield from (f"Takes {_tell_kind(found)}.", "")
            if (default := _resolve(found).get("default", found.get("default"))) is not None:
                yield from (f"Unless said: `{_write(default)}`.", "")
    if name == "if":
        found = {"properties": {key: STEP_KEYS[key] for key in ("if", "then", "else")}, "required": ["if"]}
    yield from _list_keys(found)
    if family == "triggers":
        names = [part for part, one in contexts.TABLE.items() if name in one.kinds]
        yield from ("Expressions see " + ", ".join(f"`{part}`" for part in sorted(names)) + ".", "")
    if family == "actions" and (outcome := contexts.OUTCOMES.get(name)) is not None and outcome.fields:
        yield from (
            "## Outcome",
            "",
            "With an `id`, later steps see under `steps.<id>`:",
            "",
            "| field | |",
            "|---|---|",
        )
        yield from (
            f"| `{key}` | {shape}{' or nothing' if shape.maybe else ''} |" for key, shape in outcome.fields.items()
        )
        yield ""


def _describe_function(name: str) -> Iterator[str]:
    signature = functions.SIGNATURES[name]
    taken = [f"{one.name}{'?' if one.optional else ''}" for one in signature.parameters]
    yield from (
        f"`{name}({', '.join(taken)})` gives {signature.result}{' or nothing' if signature.result.maybe else ''}.",
        "",
    )
    if signature.parameters:
        yield from ("| argument | takes | |", "|---|---|---|")
        for one in signature.parameters:
            kinds = " or ".join(shapes.NOUNS[kind] for kind in one.kinds)
            yield f"| `{one.name}` | {kinds} | {_tell_need(one)} |"
        yield ""
    for paragraph in _read_docstring(name)[1:]:
        yield from (paragraph, "")


def _tell_need(parameter: functions.Parameter) -> str:
    return "may be left out" if parameter.optional else "is written out, not worked out" if parameter.written else ""


def _read_docstring(name: str) -> list[str]:
    """Give a function's docstring as paragraphs, the first one its summary; what it raises is what `check` says."""
    method = functions.Functions(now=sample.NOW).callables[name]
    text = (inspect.getdoc(method) or "").partition("\n\nRaises:")[0]
    return [" ".join(paragraph.split()) for paragraph in text.split("\n\n")]


def _list_keys(found: Mapping[str, Any]) -> Iterator[str]:
    rows = list(_walk_keys(_resolve(found), ""))
    if rows:
        yield from ("| key | takes | unless said | |", "|---|---|---|---|", *rows, "")


def _walk_keys(model: Mapping[str, Any], prefix: str) -> Iterator[str]:
    for key, found in model.get("properties", {}).items():
        inner = _resolve(found)
        default = inner.get("default", found.get("default"))
        unless = (
            "must be there" if key in model.get("required", ()) else "" if default is None else f"`{_write(default)}`"
        )
        told = found.get("description") or inner.get("description", "")
        yield f"| `{prefix}{key}` | {_escape(_tell_kind(found))} | {unless} | {_escape(told)} |"
        yield from _walk_keys(inner, f"{prefix}{key}.")


def _resolve(found: Mapping[str, Any]) -> Mapping[str, Any]:
    """Follow a reference to what it describes; of several choices, to the mapping among them."""
    if "$ref" in found:
        name = found["$ref"].rpartition("/")[2]
        return {} if name in PARTS else _resolve(RULE["definitions"][name])
    for part in [*found.get("allOf", ()), *found.get("anyOf", ())]:
        inner = _resolve(part)
        if inner.get("properties"):
            return {**inner, **{key: value for key, value in found.items() if key == "default"}}
    return found


def _tell_kind(found: Mapping[str, Any]) -> str:
    """Say what may be written for a key."""
    parts = [part for key in ("anyOf", "allOf") for part in found.get(key, ()) if part.get("type") != "null"]
    if "$ref" in found:
        name = found["$ref"].rpartition("/")[2]
        return PARTS.get(name) or _tell_kind(RULE["definitions"][name])
    if parts:
        return ", or ".join(dict.fromkeys(map(_tell_kind, parts)))
    if "enum" in found or "const" in found:
        return ", ".join(f"`{_write(one)}`" for one in found.get("enum", [found.get("const")]))
    if found.get("type") == "array":
        return f"a list of {_tell_several(_tell_kind(found['items']))}" if "items" in found else "a list"
    return "a duration" if "m)?" in found.get("pattern", "") else TYPES.get(str(found.get("type")), "text")


def _tell_several(what: str) -> str:
    """Put the name of a kind into the plural; choices stay as they are."""
    return what if "`" in what or "," in what else f"{what.removeprefix('a ').removeprefix('an ')}s"


def _write(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _escape(text: str) -> str:
    return re.sub(r"\s+", " ", text).replace("|", "\\|")


def main() -> None:
    """Write the pages, and remove those of what is no longer in the language."""
    pages = build_pages()
    for stale in {*HERE.rglob("*.md")} - {HERE / path for path in pages}:
        stale.unlink()
    for path, text in pages.items():
        (HERE / path).parent.mkdir(exist_ok=True)
        (HERE / path).write_text(text, encoding="utf-8")
    sys.stdout.write(f"{len(pages)} pages in {HERE.name}/\n")


if __name__ == "__main__":
    main()
