"""CSV that a spreadsheet may open: what a customer wrote is never a formula there."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""The last four are as wide as a Chinese character; some spreadsheets take them for the narrow ones."""


def format_csv(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Give rows as CSV (RFC 4180) with a line of headings."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(headings)
    writer.writerows([neutralise(cell) for cell in row] for row in rows)
    return out.getvalue()


def neutralise(cell: object) -> str:
    """Put an apostrophe before what a spreadsheet would calculate: what begins with `=`, `+`, `-`, `@`, tab or CR.

    Blanks before it do not hide it (OWASP, CSV injection). Phone numbers begin with `+`, so they get one too.
    """
    text = "" if cell is None else str(cell)
    return f"'{text}" if text.startswith(_FORMULA) or text.lstrip().startswith(_FORMULA) else text
