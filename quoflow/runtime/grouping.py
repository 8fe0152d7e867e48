"""Approvals that were planned together, as one batch: what of it waits, and exactly what a yes to it covers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from quoflow.core import plans
from quoflow.errors import QuoflowError, UsageError
from quoflow.store.approvals import Approval

SHORTEST_PREFIX = 4
_SUM_DIGITS = 8


@dataclass(frozen=True, slots=True)
class Group:
    """What waits of one batch. An edited text is not among it: it was not planned with the others."""

    batch: str
    approvals: tuple[Approval, ...]

    @property
    def rule(self) -> str:
        """Name the rule whose batch it is."""
        return self.approvals[0].rule

    @property
    def recipients(self) -> int:
        """Count the different numbers that it is about."""
        return len({one.to for one in self.approvals})

    @property
    def sum(self) -> str:
        """Give a short digest of every id and hash: it is another one as soon as anything is."""
        return plans.hash_canonical(sorted([one.id, one.hash] for one in self.approvals))[:_SUM_DIGITS]


def group(pending: Iterable[Approval]) -> tuple[tuple[Group, ...], tuple[Approval, ...]]:
    """Put together what waits of each batch; what belongs to none, or was edited, stays by itself."""
    members: dict[str, list[Approval]] = {}
    singles = []
    for one in pending:
        if one.batch is None or one.edited_by is not None:
            singles.append(one)
        else:
            members.setdefault(one.batch, []).append(one)
    return tuple(Group(batch, tuple(found)) for batch, found in members.items()), tuple(singles)


def find_group(pending: Iterable[Approval], batch: str, *, listed: str | None = None) -> Group:
    """Find what waits of a batch, by its id or the beginning of it.

    Args:
        pending: everything that waits.
        batch: the id.
        listed: the sum that was shown with the batch, where one is to hold to it.

    Raises:
        QuoflowError: when nothing waits of such a batch, several begin like this, or it is not what was shown.
    """
    groups, _ = group(pending)
    found = [one for one in groups if one.batch == batch]
    if not found and len(batch) >= SHORTEST_PREFIX:
        found = [one for one in groups if one.batch.startswith(batch)]
    if not found:
        raise QuoflowError(f"nothing waits of a batch {batch}", "`quoflow approvals list` shows what waits")
    if len(found) > 1:
        raise UsageError(f"several batches begin with `{batch}`", "write more of the id")
    if listed is not None and listed != found[0].sum:
        count = len(found[0].approvals)
        hint = f"`quoflow approvals list --batch {batch}` shows it as it is now: {count} that wait, sum {found[0].sum}"
        raise QuoflowError(f"the batch {batch} is not what was listed under {listed}", hint)
    return found[0]
