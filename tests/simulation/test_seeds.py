"""Thousands of lives from seeds, each with its own troubles: no promise is ever broken."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from .disk import Disk
from .life import FAULTS, PLACES
from .seeds import live, live_many

CHUNKS, LIVES = 4, 250
"""Lives in `make test`; `make soak` lives on until it is stopped."""

ROOT = Path(__file__).parents[2]

SOMETIMES = (
    "full", "busy", "error", "cancelled", "text edited", "decision voted", "decision own",
    "clock back", "clock forward", "tampered",
    "told write.again", "told write.found", "told write.unknown", "told write.held", "told write.refused",
    "decision decided", "decision changed", "a failing disk is waited for", "a failing disk ends the process",
    *(f"meanwhile {deed}" for deed in ("poll", "work", "decide", "pause", "cancel", "edit_contact", "customer_stops")),
    *(f"fault {kind}" for kind in FAULTS),
    *(f"kill {place}" for place in PLACES),
)  # fmt: skip
"""What must have happened somewhere in every chunk of lives, or the lives prove less than they seem to."""


@pytest.mark.timeout(600)
@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_no_life_breaks_a_promise(chunk, chosen_seed):
    """No text twice, none without its intent, guards and yes, no event lost, nothing left over; and all of it tried."""
    if chosen_seed is not None:
        pytest.skip("one seed was asked for")
    seen = live_many(range(chunk * LIVES, (chunk + 1) * LIVES))

    assert [what for what in SOMETIMES if not seen[what]] == []


def test_the_life_of_a_seed(chosen_seed, capsys):
    """The seed that was asked for lives again, and all that happens is shown."""
    if chosen_seed is None:
        pytest.skip("no seed was asked for: `--seed N` or SEED=N")
    disk = Disk()
    try:
        life = live(chosen_seed, disk)
    finally:
        disk.close()
    with capsys.disabled():
        sys.stdout.write("\n".join(["", *life.trace, ""]))


def test_a_seed_does_the_same_again():
    """Two processes that hash differently live the same life to the letter: a failing seed replays exactly."""
    script = (
        "from tests.simulation import disk, seeds\n"
        "print('\\n'.join(line for seed in (3, 4, 5) for line in seeds.live(seed, disk.Disk()).trace))\n"
    )
    told = [
        subprocess.run(
            [sys.executable, "-c", script], cwd=ROOT, env={"PYTHONHASHSEED": number, "PYTHONPATH": str(ROOT)},
            capture_output=True, text=True, check=True, timeout=60,
        ).stdout
        for number in ("1", "2")
    ]  # fmt: skip

    assert told[0].splitlines() == told[1].splitlines()
