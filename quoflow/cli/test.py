"""`quoflow test`: the tests beside the rules, each in a world of its own."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import click

from quoflow import app, errors
from quoflow.cli import output
from quoflow.cli.output import Session
from quoflow.core.rules import Rule
from quoflow.errors import InvalidFiles
from quoflow.loader import folder
from quoflow.runtime import cases, projects
from quoflow.runtime.projects import Project
from quoflow.runtime.trials import Trial


@click.command(help="Run the tests of rules (*.test.yaml) beside them. PATHS: files or folders of tests.")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--name", "wanted", default="", help="Only tests whose name holds this.")
@click.option("--junit", type=click.Path(path_type=Path, dir_okay=False), help="Write a JUnit report to this file.")
@click.option("--json", "as_json", is_flag=True, help="Write JSON to stdout.")
@click.pass_obj
def test(session: Session, paths: tuple[Path, ...], wanted: str, junit: Path | None, as_json: bool) -> int:  # noqa: FBT001 - click passes by name
    """Run and report; exit 1 when a test fails, 4 when a file is wrong."""
    project, rules = projects.load_project(session.config, os.environ)
    chosen = [one for one in _read(project, paths) if wanted.casefold() in one.case.name.casefold()]
    if not chosen:
        raise errors.UsageError("there are no tests here", "write some in a file such as rules/my-rule.test.yaml")
    started = time.perf_counter()
    trials = []
    for trial in _run(project, rules, chosen):
        trials.append(trial)
        if not as_json:
            _draw(trial)
    if junit is not None:
        junit.write_text(_describe_junit(trials), encoding="utf-8")
    if as_json:
        output.write_json({"ok": all(one.has_passed for one in trials), "tests": [_describe(one) for one in trials]})
    else:
        _summarize(trials, time.perf_counter() - started)
    return errors.EXIT_FINE if all(one.has_passed for one in trials) else errors.EXIT_FAILED


def _read(project: Project, paths: tuple[Path, ...]) -> list[cases.Test]:
    root = Path.cwd() if paths else project.root
    files, problems = folder.find_tests(paths or project.rule_paths, root)
    found: list[cases.Test] = []
    told = list(problems)
    for file, name in files:
        tests, wrong = cases.read_tests(file, name)
        found += tests
        told += wrong
    if any(one.severity == "error" for one in told):
        raise InvalidFiles(tuple(told))
    return found


def _run(project: Project, rules: tuple[Rule, ...], tests: Iterable[cases.Test]) -> Iterator[Trial]:
    """Run each test with the rules that are meant: those it names, those of the file beside it, or all."""
    with app.open_trials(project) as run:
        yield from (_run_one(run, rules, one) for one in tests)


def _run_one(run: Callable[[cases.Test, tuple[Rule, ...]], Trial], rules: tuple[Rule, ...], test: cases.Test) -> Trial:
    beside = tuple(one for one in rules if _is_beside(one, test))
    named = tuple(one for one in rules if one.name in test.rules)
    unknown = [name for name in test.rules if name not in {one.name for one in rules}]
    if unknown:
        close = output.suggest(unknown[0], [one.name for one in rules])
        return Trial(test, problem=f"there is no rule `{unknown[0]}`{f' (did you mean `{close}`?)' if close else ''}")
    return run(test, named or beside or rules)


def _is_beside(rule: Rule, test: cases.Test) -> bool:
    return Path(rule.file).name.partition(".")[0] == Path(test.file).name.partition(".")[0]


def _draw(trial: Trial) -> None:
    name = f"{trial.test.file}:{trial.test.line} {trial.test.case.name}"
    if trial.has_passed:
        output.write(f"{output.paint('✓', 'green')} {name}")
        return
    output.write(f"{output.paint('✗', 'red')} {name}")
    if trial.problem:
        output.write(f"    {trial.problem}")
    for one in trial.differences:
        output.write(f"    {one.place}")
        output.write(f"        expected: {output.paint(output.show_text(one.expected), 'green')}")
        output.write(f"        got:      {output.paint(output.show_text(one.got), 'red')}")
    if trial.why:
        output.write("    why:")
        for line in trial.why:
            output.write(f"        {output.show_text(line)}")


def _summarize(trials: list[Trial], seconds: float) -> None:
    failed = sum(not one.has_passed for one in trials)
    mark = output.paint("✗", "red") if failed else output.paint("✓", "green")
    output.write(f"{mark} {len(trials)} tests: {len(trials) - failed} passed, {failed} failed, in {seconds:.1f} s")


def _describe(trial: Trial) -> dict[str, Any]:  # JSON
    return {
        "file": trial.test.file,
        "line": trial.test.line,
        "name": trial.test.case.name,
        "ok": trial.has_passed,
        "problem": trial.problem,
        "differences": [{"place": one.place, "expected": one.expected, "got": one.got} for one in trial.differences],
        "why": list(trial.why),
    }


def _describe_junit(trials: list[Trial]) -> str:
    """Give the report that CI servers read: https://llg.cubic.org/docs/junit/."""
    failed = str(sum(not one.has_passed for one in trials))
    suite = ET.Element("testsuite", name="quoflow", tests=str(len(trials)), failures=failed)
    for trial in trials:
        case = ET.SubElement(suite, "testcase", classname=trial.test.file, name=trial.test.case.name)
        if not trial.has_passed:
            told = [f"{one.place}: expected {one.expected}, got {one.got}" for one in trial.differences]
            failure = ET.SubElement(case, "failure", message=trial.problem or told[0])
            failure.text = "\n".join([trial.problem, *told, *trial.why]).strip()
    ET.indent(suite)
    return ET.tostring(suite, encoding="unicode", xml_declaration=True) + "\n"
