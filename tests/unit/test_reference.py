"""docs/reference/: one page for each trigger, action, option and function, and it says what the code does."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"
sys.path.insert(0, str(REFERENCE))

import build  # noqa: E402 - a script, not a package
import sample  # noqa: E402 - the same

NAMES = [(family, name) for family, (_, names) in build.FAMILIES.items() for name in names]
PAGES = build.build_pages()


@pytest.mark.parametrize("path", sorted(PAGES))
def test_a_page_says_what_the_code_does(path):
    """Each page is what `make docs` writes: a change of the language that leaves it behind is red."""
    written = REFERENCE / path

    assert written.exists(), "run `make docs`"
    assert written.read_text(encoding="utf-8") == PAGES[path], "run `make docs`"


def test_no_page_is_left_over():
    """What is no longer in the language has no page, and no example."""
    pages = {str(path.relative_to(REFERENCE)) for path in REFERENCE.rglob("*.md")}
    examples = {str(path.relative_to(build.EXAMPLES).with_suffix("")) for path in build.EXAMPLES.rglob("*.yaml")}

    assert pages - PAGES.keys() == set()
    assert examples - {f"{family}/{name}" for family, name in NAMES} == set()


@pytest.mark.parametrize(("family", "name"), NAMES)
def test_an_example_shows_what_its_page_is_about(family, name):
    """The word stands in the example, as code and not only in a comment."""
    text, rules = build.read_example(family, name)
    code = "".join(line for line in text.splitlines(keepends=True) if not line.startswith("#"))

    assert rules
    assert re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w-])", code)


@pytest.mark.parametrize(("family", "name"), [one for one in NAMES if one != ("options", "enabled")])
def test_an_example_comes_to_something(family, name):
    """Planned for the moment that the page describes, the rule matches."""
    _, rules = build.read_example(family, name)

    told = ["\n".join(sample.plan_example(rule)) for rule in rules]

    assert [one for one in told if "nothing is done" in one] == []
