"""Golden cases of `check`: a folder of rules (and perhaps a quoflow.yaml), and every word that is said of it.

A new case is a new folder below tests/golden/check. `QUOFLOW_UPDATE_GOLDEN=1` writes expected.txt; read what it wrote.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from quoflow.errors import Problem
from quoflow.loader.configuration import read_configuration
from quoflow.loader.folder import Known, load_rules
from quoflow.runtime.projects import make_known
from quoflow.settings import Settings

FOLDER = Path(__file__).parents[2] / "golden" / "check"
CASES = sorted(path.name for path in FOLDER.iterdir() if path.is_dir())


def check(case: Path) -> str:
    """Check a case as the command does, and write down what it says."""
    configuration = case / "quoflow.yaml"
    known, problems = Known(), ()
    if configuration.exists():
        settings, problems = read_configuration(configuration, Settings, {})
        if settings is not None:
            known = make_known(settings)
    paths = [case / "rules"] if (case / "rules").is_dir() else []
    loaded = load_rules(paths, case, known)
    lines = [show(problem, case) for problem in (*problems, *loaded.problems)]
    return "".join([*lines, f"rules: {', '.join(rule.name for rule in loaded.rules) or 'none'}\n"])


def show(problem: Problem, case: Path) -> str:
    text = f"{problem} [{problem.code}]".replace(f"{case}/", "")
    return f"{text}\n    {problem.hint}\n" if problem.hint else f"{text}\n"


@pytest.mark.parametrize("name", CASES)
def test_what_is_said_of_a_folder_of_rules(name: str) -> None:
    """Every problem is told with its place, its words and its hint, and nothing else is."""
    said = check(FOLDER / name)
    expected = FOLDER / name / "expected.txt"
    if os.environ.get("QUOFLOW_UPDATE_GOLDEN"):
        expected.write_text(said, encoding="utf-8")

    assert said == expected.read_text(encoding="utf-8")


def test_there_are_enough_cases() -> None:
    """The folder is found, and holds what issue and design name."""
    assert len(CASES) >= 25
