"""`quoflow` and `python -m quoflow`."""

from __future__ import annotations

import sys

from quoflow.cli import main as cli


def main() -> None:
    """Run the command line and exit with its code."""
    sys.exit(cli.run(sys.argv[1:]))


if __name__ == "__main__":
    main()
