"""Lives a life from a seed, to its end."""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from random import Random

from quoflow.runtime import reconcile

from . import firm
from .disk import Disk
from .life import DEEDS, FAULTS, PLACES, Failed, Life, describe
from .office import SKEWS
from .oracle import Broken

SHORTEST, LONGEST = 0, 4
"""Deeds in a life, beside the one whose turn it is."""

NEW = 0.15
"""How many lives begin with the first look; the others find it done."""

ROUNDS = 60


def live(seed: int, disk: Disk) -> Life:
    """Live the life of a seed. The same seed always does the same.

    Raises:
        Failed: when a promise was broken, with all that happened.
    """
    dice = Random(seed)
    life = begin(disk, dice, is_new=dice.random() < NEW)
    try:
        # Each place and each fault has its turn, whatever the dice say.
        if seed % 2:
            life.trouble_at(PLACES[seed // 2 % len(PLACES)])
        else:
            life.broken_send(FAULTS[seed // 2 % len(FAULTS)])
        life.ledger.check()
        names, weights = list(DEEDS), list(DEEDS.values())
        for name in dice.choices(names, weights, k=dice.randrange(SHORTEST, LONGEST)):
            getattr(life, name)()
            life.ledger.check()
        drain(life)
    except (Exception, Broken) as broken:
        raise Failed(f"seed {seed}: {describe(life, seed, broken)}") from broken
    finally:
        life.close()
    return life


def begin(disk: Disk, dice: Random, *, is_new: bool) -> Life:
    """Begin a life: with the first look at the workspace, or after it."""
    profile, skew = dice.randrange(len(firm.PROFILES)), dice.choice(SKEWS)
    if is_new:
        life = Life(disk, dice, profile=profile, skew=skew)
        if dice.random() < 0.5:
            life.trouble()
        life.run_once()
        return life
    return resume(disk, dice, profile=profile, skew=skew)


def resume(disk: Disk, dice: Random, *, profile: int, skew: timedelta = timedelta(0), rule_set: int = 0) -> Life:
    """Begin a life just after the first look, which is taken once and kept."""
    name = f"looked-{profile}-{skew.total_seconds():.0f}"
    if name not in disk.kept:
        first = Life(disk, Random(0), profile=profile, skew=skew)
        first.run_once()
        first.close()
        disk.keep(name)
    life = Life(disk, dice, profile=profile, skew=skew, start=name, rule_set=rule_set)
    life.clock.sleep(1)
    life.heard_from = life.clock.read_true()
    return life


def drain(life: Life) -> None:
    """Let all trouble end and time pass until there is nothing left to do; then check that nothing is left."""
    life.note("-- from here on, all is well")
    life.mend_quo()
    life.fuse.trouble = None
    life.rule_set = 1  # nothing in it fires by itself
    life.restart()
    life.resume()
    life.confirm()
    quiet = 0
    for number in range(ROUNDS):
        # Once Quo has told everything, only what is due is left to do; the last look finds no text of ours an event.
        (life.run_once if number < 2 or life.sandbox.world.to_come else life.work)()
        life.ledger.check()
        life.world_moves()
        due = find_next_due(life)
        # What was settled in one pass may be carried on in the next, so that one with nothing due is not the last.
        quiet = quiet + 1 if due is None else 0
        if quiet > 1:
            break
        due = due or life.clock.read()
        life.clock.sleep(max((due - life.clock.read()).total_seconds(), 1.0))
    life.poll()
    life.work()  # what somebody did to a contact may be learned by this very look
    life.ledger.check_end(heard_from=life.heard_from)


def find_next_due(life: Life) -> datetime | None:
    """Give when something more will happen by itself; None when nothing will."""
    moments = []
    now = life.clock.read()
    look = life.oracle.database.execute
    questions = (
        """SELECT s.due_at FROM steps s JOIN runs r ON r.id = s.run_id WHERE s.due_at IS NOT NULL
        AND r.state NOT IN ('succeeded', 'failed', 'cancelled', 'skipped')""",
        "SELECT expires_at FROM approvals WHERE state = 'pending'",
    )
    for question in questions:
        moments += [_read_time(row[0]) for row in look(question)]
    for started, looks in look("SELECT started_at, looks FROM attempts WHERE state IN ('unknown', 'resent')"):
        moments += [_read_time(started) + after for after in reconcile.LOOKS[looks:]]
    if life.sandbox.world.to_come:  # a call that rings
        moments.append(now + timedelta(seconds=90))
    # What is due already had its chance in the last pass: it waits for something else.
    return min((one for one in moments if one > now), default=None)


def _read_time(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+00:00")


def live_many(numbers: Iterable[int]) -> Counter[str]:
    """Live one life after the other. Gives what occurred, and how often.

    Raises:
        Failed: at the first life in which a promise was broken.
    """
    seen: Counter[str] = Counter()
    disk = Disk()
    gc.freeze()  # what is loaded by now stays: looking it over again and again costs a tenth of the time
    try:
        for number in numbers:
            seen.update(live(number, disk).seen)
    finally:
        gc.unfreeze()
        disk.close()
    return seen
