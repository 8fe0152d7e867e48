"""Whether the arguments of a function, filter or test fit what it takes. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from jinja2 import nodes

from quoflow.core import durations, events, filters, printing, shapes
from quoflow.core.contexts import Scope
from quoflow.core.faults import Report, suggest
from quoflow.core.functions import DEFAULT_CALENDAR, LOOKING_BACK, SIGNATURES, Parameter, read_day
from quoflow.core.shapes import Shape

Infer = Callable[[nodes.Expr], Shape]
Given = Mapping[str, nodes.Expr]


def check_arguments(
    report: Report, node: nodes.Call | nodes.Filter | nodes.Test, parameters: Sequence[Parameter], infer: Infer
) -> None:
    """Note arguments that are too many, missing, misnamed or of the wrong shape; types each of them."""
    name = read_name(node)
    given: dict[str, nodes.Expr] = {}
    for position, argument in enumerate(node.args):
        if position < len(parameters):
            given[parameters[position].name] = argument
        else:
            infer(argument)
            report.add(node, f"`{name}` takes {_count(parameters)}", _show(node, parameters), at=name)
            break
    for keyword in node.kwargs:
        assert isinstance(keyword, nodes.Keyword)  # noqa: S101 - jinja2's types say too little
        infer(keyword.value)
        if keyword.key in given or keyword.key not in {parameter.name for parameter in parameters}:
            report.add(node, f"`{name}` has no argument `{keyword.key}`", _show(node, parameters), at=keyword.key)
        else:
            given[keyword.key] = keyword.value
    is_misnamed = len(given) < len(node.args) + len(node.kwargs)
    for parameter in parameters:
        if parameter.name in given:
            _check_shape(report, name, parameter, given[parameter.name], infer)
        elif not parameter.optional and not is_misnamed:
            report.add(node, f"`{name}` needs `{parameter.name}`", _show(node, parameters), at=name)


def check_constants(report: Report, node: nodes.Call | nodes.Filter | nodes.Test, scope: Scope) -> None:
    """Note what a written-out argument says that can never work: an unknown calendar, a wrong regular expression."""
    name = read_name(node)
    value = _read_constant(node)
    if name in ("is_open", "opens_at") and scope.hours is not None:
        calendar = DEFAULT_CALENDAR if not node.args and not node.kwargs else value
        if isinstance(calendar, str) and calendar not in scope.hours:
            hint = suggest(calendar, scope.hours) or "name it under `hours` in the configuration"
            report.add(node, f"there is no calendar `{calendar}`", hint, at=name)
    elif name == "matches" and not isinstance(value, str):
        report.add(node, "`matches` takes a regular expression that is written out", "quote it", at=name)
    elif name == "matches" and isinstance(value, str) and "\b" in value:
        report.add(node, "`\\b` between quotes is a backspace, which no text holds", "write `\\\\b`", at=name)
    elif isinstance(value, str) and name in _READERS:
        try:
            _READERS[name](value)
        except ValueError as error:
            report.add(node, str(error), at=name)
    elif name in LOOKING_BACK and isinstance(node, nodes.Call):
        _check_looking_back(report, node, scope)


def read_arguments(node: nodes.Call | nodes.Filter | nodes.Test, parameters: Sequence[Parameter]) -> Given:
    """Give a call's arguments by the names of its parameters; what is too much or misnamed is left out."""
    names = [parameter.name for parameter in parameters]
    named = {keyword.key: keyword.value for keyword in node.kwargs if isinstance(keyword, nodes.Keyword)}
    return {**dict(zip(names, node.args, strict=False)), **{key: named[key] for key in names if key in named}}


def _check_looking_back(report: Report, node: nodes.Call, scope: Scope) -> None:
    """Note what keeps a question about the past from being asked before the rule is looked at."""
    name = read_name(node)
    if "contact" not in scope.names:
        message = f"`{name}` looks at what went before with a contact, and {', '.join(scope.kinds)} has none"
        report.add(node, message, "leave it out", at=name)
        return
    for parameter in SIGNATURES[name].parameters:
        argument = read_arguments(node, SIGNATURES[name].parameters).get(parameter.name)
        if not parameter.written or argument is None:
            continue
        if not isinstance(argument, nodes.Const):
            wanted, example = ("window", "'7d'") if parameter.name == "within" else ("kind", "'message.received'")
            report.add(node, f"`{name}` takes a {wanted} that is written out", f"write {example}", at=name)
        elif isinstance(argument.value, str):
            check = _check_kind if parameter.name == "kind" else _check_window
            check(report, node, argument.value)


def _check_kind(report: Report, node: nodes.Call, kind: str) -> None:
    if kind in events.ABOUT_SOMEBODY:
        return
    hint = suggest(kind, events.ABOUT_SOMEBODY) or f"there are {', '.join(events.ABOUT_SOMEBODY)}"
    message = f"`{kind}` is not an event with a contact"
    report.add(node, message, hint, at=kind)


def _check_window(report: Report, node: nodes.Call, window: str) -> None:
    try:
        durations.parse_duration(window)
    except ValueError as error:
        message, _, hint = str(error).partition("; ")
        report.add(node, message, hint, at=window)


def read_name(node: nodes.Call | nodes.Filter | nodes.Test) -> str:
    """Give the name of what is called."""
    if isinstance(node, nodes.Call):
        return node.node.name if isinstance(node.node, nodes.Name) else ""
    return node.name


def _read_form(text: str) -> None:
    wrong = printing.check_format(text)
    if wrong:
        raise ValueError(wrong)


_READERS: Mapping[str, Callable[[str], object]] = {
    "ago": durations.parse_duration,
    "days_until": read_day,
    "matches": filters.compile_pattern,
    "time": _read_form,
}


def _read_constant(node: nodes.Call | nodes.Filter | nodes.Test) -> object:
    first: Iterator[nodes.Expr] = iter([*node.args, *(keyword.value for keyword in node.kwargs)])
    argument = next(first, None)
    return argument.value if isinstance(argument, nodes.Const) else None


def _check_shape(report: Report, name: str, parameter: Parameter, argument: nodes.Expr, infer: Infer) -> None:
    shape = infer(argument)
    if shape.kind != "any" and not shape.kinds <= set(parameter.kinds):
        wanted = " or ".join(shapes.NOUNS[kind] for kind in parameter.kinds)
        report.add(argument, f"`{name}` takes {wanted} as `{parameter.name}`, and this is {shape}", at=name)
    elif shape.maybe and "nothing" not in parameter.kinds:
        report.warn(argument, f"what `{name}` is given may be nothing", "write `value or 'otherwise'`", at=name)


def _count(parameters: Sequence[Parameter]) -> str:
    most = len(parameters)
    if most == 0:
        return "no arguments"
    least = sum(not parameter.optional for parameter in parameters)
    number = str(most) if least == most else f"{least} to {most}"
    return f"{number} argument{'' if most == 1 else 's'}"


def _show(node: nodes.Node, parameters: Sequence[Parameter]) -> str:
    names = ", ".join(f"{parameter.name}=…" if parameter.optional else parameter.name for parameter in parameters)
    assert isinstance(node, nodes.Call | nodes.Filter | nodes.Test)  # noqa: S101 - nothing else has arguments
    name = read_name(node)
    if isinstance(node, nodes.Call):
        return f"write `{name}({names})`"
    return f"write `{'|' if isinstance(node, nodes.Filter) else 'is'} {name}{f'({names})' if names else ''}`"
