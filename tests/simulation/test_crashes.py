"""One poll, match, yes and send, killed before and after every statement, commit and request of it."""

from __future__ import annotations

from random import Random

import pytest

from . import firm
from .disk import Disk
from .fuse import Point
from .life import Life, describe
from .oracle import Broken
from .seeds import drain, resume

UNLIMITED, ONE_RULE = 1, 3
PARTS = 4


@pytest.fixture(scope="module")
def disk():
    """Give one disk to all lives of a module: only its file is new in each."""
    opened = Disk()
    yield opened
    opened.close()


def begin(disk: Disk, fault: str) -> Life:
    """Begin a life in which one customer has just written."""
    life = resume(disk, Random(0), profile=UNLIMITED, rule_set=ONE_RULE)
    life.text(firm.ANNA, "Hello")
    if fault:
        life.break_requests("POST", kind=fault, times=1)
    return life


def answer(life: Life) -> None:
    """Read the text, plan the answer, say yes to it, send it, and see it at Quo."""
    for deed in (life.poll, life.work, life.approve_all, life.work, life.poll):
        deed()
        life.ledger.check()


def record_points(disk: Disk, fault: str) -> list[Point]:
    """List every place at which the process can die."""
    life = begin(disk, fault)
    life.fuse.record = []
    answer(life)
    life.close()
    return life.fuse.record


def count_in_doubt(life: Life) -> int:
    """Count the texts of which nobody knows whether they were sent."""
    return life.oracle.database.execute("SELECT count(*) FROM attempts WHERE state = 'unknown'").fetchone()[0]


def live_killed(disk: Disk, number: int, point: Point, fault: str) -> bool:
    """Live until killed at a point, and on to the end. Gives whether a person is asked what became of the text."""
    life = begin(disk, fault)
    life.fuse.arm("kill", number)
    try:
        answer(life)
        answer(life)
        accepted, in_doubt = len(life.sandbox.world.sent), count_in_doubt(life)
        drain(life)
    except Broken as broken:
        pytest.fail(f"killed {point}: {describe(life, number, broken)}")
    finally:
        life.close()
    assert life.seen["kill"] == 1, point
    assert accepted + in_doubt == 1, (point, life.trace)
    return bool(in_doubt)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("fault", ["", "reset_after"])
@pytest.mark.parametrize("part", range(PARTS))
def test_a_death_anywhere_sends_once_or_asks(disk, part, fault):
    """Wherever it dies, the text is sent once; only where it may have left and did not, a person is asked."""
    points = list(enumerate(record_points(disk, fault)))[part::PARTS]
    doubtful = {point.place for number, point in points if live_killed(disk, number, point, fault)}

    assert doubtful <= {"after the commit of an intent", "before a POST"}


def test_every_kind_of_place_is_among_them(disk):
    """The places at which the process is killed are those that matter: no class of them is missing."""
    places = {point.place for point in record_points(disk, "")}
    kinds = ("an intent", "an outcome", "a decision", "a plan", "a poll", "a cursor")
    commits = {f"{when} the commit of {kind}" for kind in kinds for when in ("before", "after")}

    assert commits | {"before a POST", "after a POST", "before a GET", "after a GET"} <= places
