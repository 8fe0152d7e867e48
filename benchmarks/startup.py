"""Cold starts: the median of seven whole processes."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from figures import Figure, take_median
from loading import FILES, write_rules

QUOFLOW = str(Path(sys.executable).with_name("quoflow"))
ENVIRONMENT = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
CONFIGURATION = "connections:\n  main: {api_key_env: MATON_API_KEY}\nrules: rules/\n"
TIMES = 7


def time_command(arguments: list[str], folder: Path) -> float:
    """Give the median seconds; the first run, which may write byte code, does not count."""

    def start() -> None:
        subprocess.run(arguments, cwd=folder, env=ENVIRONMENT, check=True, capture_output=True)

    start()
    return take_median(start, times=TIMES)


def measure() -> list[Figure]:
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch)
        for name, count in (("one", 1), ("many", FILES)):
            write_rules(root / name / "rules", count)
            (root / name / "quoflow.yaml").write_text(CONFIGURATION, encoding="utf-8")
        bare = time_command([sys.executable, "-c", "pass"], root)
        help_ = time_command([QUOFLOW, "--help"], root)
        one = time_command([QUOFLOW, "check"], root / "one")
        many = time_command([QUOFLOW, "check"], root / "many")
    return [
        Figure("start of python alone", bare * 1_000, "ms"),
        Figure("start of `quoflow --help`", help_ * 1_000, "ms", "≤ 100"),
        Figure("`quoflow check` of one file", one * 1_000, "ms", "≤ 250"),
        Figure(f"`quoflow check` of {FILES:,} files", many * 1_000, "ms", "≤ 1,000"),
    ]
