"""Puts one realistic bug at a time into a copy of the project and shows which test notices: none may survive.

`make mutants` runs them all and writes the table into docs/guarantees.md; with names, only those are run.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from mutants import MUTANTS, Mutant

ROOT = Path(__file__).resolve().parents[2]
TABLE = ROOT / "docs" / "guarantees.md"
BEGIN, END = "<!-- mutants: written by `make mutants` -->", "<!-- end of mutants -->"
PATIENCE = 900
"""Seconds after which a mutant counts as noticed because it hangs: far longer than its tests take."""


@dataclass(frozen=True)
class Result:
    """What became of a mutant: the test that noticed it, or None."""

    mutant: Mutant
    caught_by: str | None


def copy_project(folder: Path) -> None:
    """Copy what git knows of, as it is now."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    for name in listed.splitlines():
        source = ROOT / name
        if source.is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, folder / name)


def apply_mutant(mutant: Mutant, folder: Path) -> None:
    """Put the bug in. Raises ValueError when the place it belongs to is no longer there, or not the only one."""
    file = folder / mutant.file
    text = file.read_text(encoding="utf-8")
    if text.count(mutant.before) != 1:
        raise ValueError(f"{mutant.name}: its place stands {text.count(mutant.before)} times in {mutant.file}")
    file.write_text(text.replace(mutant.before, mutant.after), encoding="utf-8")


def run_mutant(mutant: Mutant) -> Result:
    """Run the tests that should notice, until one does."""
    with tempfile.TemporaryDirectory(prefix="quoflow-mutant-") as scratch:
        folder = Path(scratch)
        copy_project(folder)
        apply_mutant(mutant, folder)
        command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *mutant.tests]
        environ = {**os.environ, "PYTHONPATH": str(folder)}
        try:
            done = subprocess.run(
                command, cwd=folder, env=environ, capture_output=True, text=True, timeout=PATIENCE, check=False
            )
        except subprocess.TimeoutExpired:
            return Result(mutant, f"{mutant.tests[0]} (it hung)")
    if done.returncode not in (0, 1):
        raise RuntimeError(f"{mutant.name}: pytest itself failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    failed = re.search(r"^(?:FAILED|ERROR) (\S+)", done.stdout, re.MULTILINE)
    return Result(mutant, failed[1] if failed else None)


def draw_table(results: Sequence[Result]) -> str:
    """Draw the table in Markdown."""
    rows = [
        f"| {one.mutant.name} | `{one.mutant.file.removeprefix('quoflow/')}` | "
        f"`{(one.caught_by or '**survived**').removeprefix('tests/').partition('[')[0]}` |"
        for one in results
    ]
    return "\n".join(["| the bug | put into | noticed by |", "|---|---|---|", *rows])


def write_table(table: str) -> None:
    """Put the table into the guarantees' page."""
    text = TABLE.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    TABLE.write_text(f"{before}{BEGIN}\n\n{table}\n\n{END}{after}", encoding="utf-8")


def main() -> int:
    """Run them, two at a time."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="only those whose name has one of these words")
    parser.add_argument("--write", action="store_true", help="write the table into docs/guarantees.md")
    chosen = parser.parse_args()
    wanted = [one for one in MUTANTS if not chosen.names or any(name in one.name for name in chosen.names)]
    with ThreadPoolExecutor(2) as pool:
        results = []
        for result in pool.map(run_mutant, wanted):
            print(
                f"{'caught' if result.caught_by else 'SURVIVED':9} {result.mutant.name}: {result.caught_by}", flush=True
            )
            results.append(result)
    survivors = [one for one in results if one.caught_by is None]
    if chosen.write and not survivors:
        write_table(draw_table(results))
    print(f"{len(results) - len(survivors)} caught, {len(survivors)} survived")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
