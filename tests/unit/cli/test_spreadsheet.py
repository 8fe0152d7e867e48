"""CSV for spreadsheets: no cell is a formula, and nothing is lost."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quoflow.cli import spreadsheet


@pytest.mark.parametrize("first", ["=", "+", "-", "@", "\t", "\r", " =", "\n+", "\uff1d"])
def test_a_formula_is_text(first):
    """What a spreadsheet would calculate begins with an apostrophe, also behind blanks."""
    assert spreadsheet.neutralise(f"{first}1+1") == f"'{first}1+1"


@pytest.mark.parametrize("cell", ["", "1+1", "a=b", "'=1", "STOP", "2026-11-23"])
def test_other_cells_stay(cell):
    """Nothing else is touched."""
    assert spreadsheet.neutralise(cell) == cell


@given(st.lists(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\x00")), min_size=2, max_size=2)))
def test_any_cells_are_read_back(rows):
    """Quotes, commas and line ends come back as they were, but for the apostrophe."""
    text = spreadsheet.format_csv(("a", "b"), rows)
    back = list(csv.reader(io.StringIO(text, newline="")))

    assert back == [["a", "b"], *([spreadsheet.neutralise(cell) for cell in row] for row in rows)]


def test_nothing_is_an_empty_cell():
    """A value that is not there leaves its cell empty."""
    assert spreadsheet.format_csv(("a", "b"), [(None, 1)]) == "a,b\r\n,1\r\n"
