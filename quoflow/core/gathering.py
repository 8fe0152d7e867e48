"""Gathering an audience: who is in, each number once, who is left out and why, and whether that is too many. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from quoflow.core import expressions, limits, planning, writes
from quoflow.core.audiences import Candidate, name_member, name_source
from quoflow.core.events import Event
from quoflow.core.rules import Audience, Rule


@dataclass(slots=True)
class Gathering:
    """An audience as it is gathered, one candidate after the other; each number is in it once.

    Attributes:
        looked_at: how many candidates there were.
        members: the events of those who are in.
        left_out: the events of those who are meant and cannot be reached, or are in already, each with its reason.
        untold: of how many it could not be told whether they are meant, and `example`, the first one's reason.
    """

    source: str
    looked_at: int = 0
    members: list[Event] = field(default_factory=list)
    left_out: list[tuple[Event, str]] = field(default_factory=list)
    untold: int = 0
    example: str = ""
    _taken: dict[str, str] = field(default_factory=dict)

    def take(self, candidate: Candidate) -> bool:
        """Take in one who is meant; False where they are left out."""
        self.looked_at += 1
        event, objection = candidate.event, candidate.objection
        if objection is None and event.peer in self._taken:
            objection = f"same number: {name_member(event)} has the number of {self._taken[event.peer]}"
        if objection is not None or event.peer is None:
            self.left_out.append((event, objection or ""))
            return False
        self._taken[event.peer] = name_member(event)
        self.members.append(event)
        return True

    def pass_over(self, reason: str | None = None, candidate: Candidate | None = None) -> None:
        """Count one who is not meant, or of whom it cannot be told, for a reason."""
        self.looked_at += 1
        if reason is not None and candidate is not None:
            self.untold += 1
            self.example = self.example or f"{name_member(candidate.event)}: {reason}"

    def describe(self) -> str:
        """Say in figures who is in."""
        said = f"{len(self.members)} of {self.looked_at} {name_source(self.source)}"
        if self.left_out:
            said += f", {len(self.left_out)} more left out"
        if self.untold:
            said += f"; of {self.untold} it could not be told (the first: {self.example})"
        return said


def gather(
    rule: Rule, audience: Audience, candidates: Iterable[Candidate], see: Callable[[Candidate], writes.Scene]
) -> tuple[Gathering, str | None]:
    """Find who of the candidates is meant, one after the other, so that there may be any number of them.

    Args:
        rule: the rule, with its limits.
        audience: whom it acts on.
        candidates: everybody there is to choose from.
        see: gives the facts as the run of one candidate would see them.

    Returns:
        Those who are in, and why nothing may be begun for any of them, where something stands against it.
    """
    gathering, reach = Gathering(audience.source), limits.Reach()
    try:
        for candidate in candidates:
            scene = see(candidate)
            if not _is_meant(audience, candidate, scene, gathering):
                continue
            if gathering.take(candidate) and (rule.max_recipients or rule.max_actions):
                reach += planning.foresee(rule, (), scene)[1]
    except expressions.ExpressionError as error:  # of the list itself: nobody can be told from it
        return gathering, f"audience: {error}"
    return gathering, limits.object_to(rule, reach)


def _is_meant(audience: Audience, candidate: Candidate, scene: writes.Scene, gathering: Gathering) -> bool:
    try:
        if audience.condition is None or expressions.holds(audience.condition, scene.values, scene.functions):
            return True
    except expressions.ExpressionError as error:
        gathering.pass_over(str(error), candidate)
    else:
        gathering.pass_over()
    return False
