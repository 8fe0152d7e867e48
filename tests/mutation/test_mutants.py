"""The mutants fit the code as it is: a bug that can no longer be put in proves nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from .mutants import MUTANTS

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda one: one.name)
def test_a_mutant_fits_the_code(mutant):
    """Its place stands exactly once, and the tests that must notice it are there."""
    text = (ROOT / mutant.file).read_text(encoding="utf-8")
    missing = [test for test in mutant.tests if not has_test(test)]

    assert text.count(mutant.before) == 1
    assert mutant.before != mutant.after
    assert missing == []


def test_the_table_names_every_mutant():
    """docs/guarantees.md shows each of them, and none that is gone."""
    page = (ROOT / "docs" / "guarantees.md").read_text(encoding="utf-8")
    table = page.partition("<!-- mutants")[2].partition("<!-- end of mutants")[0]
    rows = [line.split("|")[1].strip() for line in table.splitlines() if line.startswith("| ")]

    assert rows[1:] == [mutant.name for mutant in MUTANTS]


def has_test(name: str) -> bool:
    """Tell whether a test, or a file or folder of them, is there."""
    file, _, test = name.partition("::")
    path = ROOT / file
    return path.exists() and (not test or f"def {test.partition('[')[0]}(" in path.read_text(encoding="utf-8"))
