"""What to say of a name that is not there, or of a value that does not fit where it stands. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from quoflow.core import contexts, shapes
from quoflow.core.contexts import Scope
from quoflow.core.faults import METHODS, suggest
from quoflow.core.functions import SIGNATURES
from quoflow.core.shapes import Kind, Shape

Said = tuple[str, str]
"""A message and a hint."""


def explain_name(name: str, scope: Scope, own: Iterable[str]) -> Said:
    """Say why a top-level name is unknown, and which was meant."""
    if name in contexts.NAMES:
        message = f"`{name}` is there for {describe_kinds(contexts.list_kinds(name))}, not for {join(scope.kinds)}"
        is_recipient = name in {"contact", "line", "conversation"}
        hint = "say who it goes to with `to:` and from which line with `from:`, or give the rule an `audience`"
        return message, hint if is_recipient else ""
    for place in ("vars", "steps"):
        if name in scope.names[place].fields:
            return f"there is no `{name}`", f"write `{place}.{name}`"
    meant = suggest(name, (*scope.names, *own, *SIGNATURES))
    holders = [place for place, shape in scope.names.items() if name in shape.fields]
    if not meant and holders:
        preferred = next((place for place in ("contact", "message", "call") if place in holders), holders[0])
        meant = f"did you mean `{preferred}.{name}`?"
    return f"there is no `{name}`", meant or f"there are {join(sorted(scope.names))}; quote it if it is a text"


def explain_field(path: Sequence[str], base: Shape, name: str) -> Said:
    """Say why a field is unknown, and which was meant."""
    place = ".".join(path) or "this"
    if base.kind == "record":
        return _explain_field_of_record(place, base, name)
    hint = METHODS.get(name, "") if base.kind in {"text", "list"} else ""
    if not hint:
        hint = {
            "list": "use `| first`, `| join(', ')` or a loop",
            "time": "use `| time('%H:%M')`",
            "date": "use `| time('%A')`",
        }.get(base.kind, "leave it out")
    return f"`{place}` is {base} and has no `{name}`", hint


def _explain_field_of_record(place: str, base: Shape, name: str) -> Said:
    meant = suggest(name, base.fields)
    if place == "steps":
        known = f"there are {join(sorted(base.fields))}" if base.fields else "give that step an `id`"
        return f"no step `{name}` has run before this one", meant or known
    if place == "vars":
        return f"`vars` has no `{name}`", meant or "set it under `vars` in the rule or in the configuration"
    return f"`{place}` has no `{name}`", meant or f"it has {join(base.fields)}"


def explain_missing(path: Sequence[str], scope: Scope) -> str:
    """Say why a value may be None where the reason is that only some of the rule's triggers have it."""
    part = contexts.TABLE.get(path[0]) if path else None
    lacking = [kind for kind in scope.kinds if part is not None and kind not in part.kinds]
    if lacking:
        return f": {join(lacking)} has no `{path[0]}`"
    either = [kind for kind in scope.kinds if part is not None and kind in part.sometimes]
    return f": {join(either)} has a `message` or a `call`" if either else ""


def suggest_printable(name: str, shape: Shape) -> str:
    """Say how to print what cannot be printed as it is; nothing when it can."""
    for option in shape.options or (shape,):
        if option.kind == "list":
            return _suggest_for_list(name, option)
        if option.kind == "record":
            return _suggest_for_record(name, option)
        if option.kind in _UNPRINTABLE:
            return _UNPRINTABLE[option.kind].format(name=name)
    return ""


_UNPRINTABLE: Mapping[Kind, str] = {
    "boolean": "write `'yes' if {name} else 'no'`",
    "map": "print one of its fields: {name}.…",
    "nothing": "leave it out",
}


def _suggest_for_list(name: str, shape: Shape) -> str:
    if shapes.item_of(shape).kinds & {"record", "map"}:
        return f"loop over it: {{% for item in {name} %}}{{{{ item.… }}}}{{% endfor %}}"
    return f"write `{name} | join(', ')`"


def _suggest_for_record(name: str, shape: Shape) -> str:
    fields = [field for field, inner in shape.fields.items() if inner.kind == "text"]
    shown = join(f"{name}.{field}" for field in fields[:4])
    return f"print one of its fields: {shown}" if fields else "leave it out"


def suggest_conversion(shape: Shape, takes: Sequence[Kind]) -> str:
    """Say how a value becomes what a filter takes."""
    if shape.kind == "list" and "text" in takes:
        return "use `| join(', ')` or `| first` before it"
    if shape.kind in {"number", "time", "date"} and "text" in takes:
        return "use `| string` before it"
    if shape.kind == "text" and "number" in takes:
        return "use `| int` before it"
    if "time" in takes:
        return "give it a time, such as `message.time` or `now()`"
    return f"give it {shapes.NOUNS[takes[0]]}"


def describe_kinds(kinds: Sequence[str]) -> str:
    """Name trigger kinds: `message.*`, or one by one."""
    groups: dict[str, list[str]] = {}
    for kind in kinds:
        groups.setdefault(kind.partition(".")[0], []).append(kind)
    named = [f"{group}.*" if len(members) > 1 else members[0] for group, members in groups.items()]
    return f"{join(named)} triggers" if named else "no trigger"


def join(words: Iterable[str] | Mapping[str, object]) -> str:
    """List words with commas."""
    return ", ".join(words)
