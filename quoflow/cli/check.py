"""`quoflow check`: rules and configuration, every problem at its line."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from quoflow import errors
from quoflow.cli import output
from quoflow.cli.output import Session
from quoflow.errors import Problem
from quoflow.runtime import projects


@click.command(help="Check rules and configuration; every problem at its line. PATHS: files or folders of rules.")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Write JSON to stdout.")
@click.pass_obj
def check(session: Session, paths: tuple[Path, ...], as_json: bool) -> int:  # noqa: FBT001 - click passes by name
    """Check and report; exit 4 when something is wrong."""
    names, problems = _check(session.config, paths)
    failed = any(problem.severity == "error" for problem in problems)
    if as_json:
        output.write_json({"ok": not failed, "rules": names, "problems": [_describe(one) for one in problems]})
    else:
        output.write_problems(problems)
        _summarize(names, problems)
    return errors.EXIT_INVALID if failed else errors.EXIT_FINE


def _check(config: Path | None, paths: tuple[Path, ...]) -> tuple[list[str], list[Problem]]:
    checked = projects.check_files(config, paths, os.environ)
    return [rule.name for rule in checked.rules], list(checked.problems)


def _describe(problem: Problem) -> dict[str, Any]:  # JSON
    return {
        "file": problem.file,
        "line": problem.line,
        "column": problem.column,
        "path": problem.path,
        "code": problem.code,
        "severity": problem.severity,
        "message": problem.message,
        "hint": problem.hint,
    }


def _summarize(names: list[str], problems: list[Problem]) -> None:
    found = [sum(one.severity == severity for one in problems) for severity in ("error", "warning")]
    counts = [
        f"{count} {word}{'' if count == 1 else 's'}" for count, word in zip(found, ("error", "warning"), strict=True)
    ]
    rules = f"{len(names)} rule{'' if len(names) == 1 else 's'}"
    mark = output.paint("✗", "red") if found[0] else output.paint("✓", "green")
    output.write(f"{mark} {rules} checked: {', '.join(counts)}")
