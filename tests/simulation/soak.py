"""Lives on until it is stopped or a life fails: `make soak`; from a seed on with SEEDS=1000, one with SEED=17."""

from __future__ import annotations

import itertools
import os
import secrets
import sys
import time
from collections import Counter

from .disk import Disk
from .life import Failed
from .seeds import live


def main() -> int:
    """Live on, and tell every minute how far it is. Gives 1 when a life failed."""
    one = os.environ.get("SEED")
    first = int(one) if one else int(os.environ.get("SEEDS") or secrets.randbelow(10**9))
    numbers = range(first, first + 1) if one else itertools.count(first)
    disk, seen, told = Disk(), Counter[str](), time.monotonic()
    count = 0
    try:
        for count, number in enumerate(numbers, start=1):
            life = live(number, disk)
            seen.update(life.seen)
            if one:
                sys.stdout.write("\n".join([*life.trace, ""]))
            elif time.monotonic() - told > 60:
                told = time.monotonic()
                sys.stdout.write(f"{count} lives, the last of seed {number}; {seen['kill']} deaths, nothing broken\n")
                sys.stdout.flush()
    except Failed as failed:
        sys.stdout.write(f"{failed}\n")
        return 1
    except KeyboardInterrupt:
        sys.stdout.write(f"{count} lives from seed {first} on: nothing broken\n")
    finally:
        disk.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
