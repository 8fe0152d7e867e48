"""A person's yes or no, what follows from it, and other words in the place of a rule's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from quoflow.core import lifecycle, writes
from quoflow.errors import QuoflowError
from quoflow.runtime import runs
from quoflow.runtime.engine import Engine, Notice
from quoflow.store import approvals, audit
from quoflow.store import runs as store
from quoflow.store.database import Connection

RuleNow = Literal["unchanged", "changed", "disabled", "deleted"]

COUNTED = frozenset({"decided", "voted", "repeated"})
"""Outcomes with which a person has got their way, as far as it is theirs."""


@dataclass(frozen=True, slots=True)
class Decided:
    """What became of one decision: `decided`, or another outcome of `store.approvals.decide`."""

    approval: approvals.Approval
    outcome: str

    @property
    def is_counted(self) -> bool:
        """Whether the decision counts."""
        return self.outcome in COUNTED


@dataclass(frozen=True, slots=True)
class Review:
    """An approval with what else a person wants to know before they decide.

    Attributes:
        voters: who has said yes so far.
        needed: how many different people must.
        rule_version: the version of the rule that the write is bound to.
        rule_now: what has become of that rule since.
    """

    approval: approvals.Approval
    voters: tuple[str, ...]
    needed: int
    rule_version: str
    rule_now: RuleNow


def list_pending(engine: Engine) -> tuple[approvals.Approval, ...]:
    """List what waits for a person; what has expired is expired first."""
    with engine.database.write() as tx:
        approvals.expire_due(tx, now=engine.clock())
        return tuple(approvals.list_pending(tx))


def review(engine: Engine, wanted: Iterable[approvals.Approval]) -> tuple[Review, ...]:
    """Add to each approval its votes so far, and whether its rule is still what it was."""
    listed = tuple(wanted)
    needed = engine.settings.approvals.approvers
    with engine.database.read() as tx:
        voters = approvals.list_voters(tx, [one.id for one in listed])
        runs_by_id = {one.run_id: store.find_run(tx, one.run_id, with_steps=False) for one in listed}
    versions = {run_id: run.rule_version if run else "" for run_id, run in runs_by_id.items()}
    return tuple(
        Review(
            approval=one,
            voters=voters.get(one.id, ()),
            needed=needed,
            rule_version=versions[one.run_id],
            rule_now=_compare_rule(engine, one.rule, versions[one.run_id]),
        )
        for one in listed
    )


def _compare_rule(engine: Engine, name: str, version: str) -> RuleNow:
    rule = engine.find_rule(name)
    if rule is None:
        return "deleted"
    if not rule.enabled:
        return "disabled"
    return "unchanged" if rule.version == version else "changed"


def decide(
    engine: Engine,
    wanted: Iterable[approvals.Approval],
    *,
    approve: bool,
    actor: str,
    channel: approvals.Channel = "command",
) -> tuple[Decided, ...]:
    """Decide on exactly these approvals, each bound to the hash that was shown."""
    decided = []
    for approval in wanted:
        with engine.database.write() as tx:
            outcome = decide_in(tx, engine, approval, approve=approve, actor=actor, channel=channel)
        tell_decided(engine, approval, outcome, approve=approve, actor=actor)
        decided.append(Decided(approval, outcome))
    return tuple(decided)


def decide_in(
    tx: Connection,
    engine: Engine,
    approval: approvals.Approval,
    *,
    approve: bool,
    actor: str,
    channel: approvals.Channel,
) -> str:
    """Take one decision in a transaction, put it on record, and carry its run on. Gives the outcome."""
    now, chosen = engine.clock(), engine.settings.approvals
    terms = approvals.Terms(chosen.approvers, chosen.self_approval)
    outcome = approvals.decide(
        tx, approval.id, hash=approval.hash, approve=approve, actor=actor, now=now, channel=channel, terms=terms
    )
    if outcome == "repeated":
        return outcome
    kind = _KINDS.get(outcome, "approval.not_counted") if approve or outcome != "decided" else "approval.rejected"
    data = {"hash": approval.hash, "rule": approval.rule, "channel": channel, "said": "yes" if approve else "no"}
    _record(engine, tx, approval, actor=actor, kind=kind, data=data | {"outcome": outcome})
    run = store.find_run(tx, approval.run_id) if outcome == "decided" else None
    if run is not None:
        runs.carry_on(tx, engine, run)
    return outcome


def tell_decided(engine: Engine, approval: approvals.Approval, outcome: str, *, approve: bool, actor: str) -> None:
    """Tell the feed of a decision that was taken."""
    if outcome == "voted":
        needed = engine.settings.approvals.approvers
        engine.tell(Notice("approval.voted", f"{approval.rule}: {actor} says yes, of {needed}", approval.connection))
    elif outcome == "decided":
        word = "approved" if approve else "rejected"
        engine.tell(Notice(f"approval.{word}", f"{approval.rule}: {word} by {actor}", approval.connection))


def edit(engine: Engine, approval: approvals.Approval, *, text: str, actor: str) -> approvals.Approval:
    """Put other words in the place of a text that waits for approval; they are frozen, and wait for a yes of their own.

    Recipient, sender and the rule's version stay as they are, and so does the time by which a yes must come.

    Raises:
        QuoflowError: when it is not a text, when the words cannot be sent or are the same, or when it no longer waits.
    """
    if approval.text is None or approval.action == "approve":
        raise QuoflowError(f"{approval.id} is no text but {approval.action}", "reject it, or change the rule")
    now = engine.clock()
    with engine.database.write() as tx:
        run = store.find_run(tx, approval.run_id, with_steps=False)
        step = store.find_step(tx, approval.step_id)
        if run is None or step is None:
            raise QuoflowError(f"the run of {approval.id} is gone")
        try:
            write = writes.rewrite_text(lifecycle.thaw_write(step, rule_version=run.rule_version), text)
        except writes.Impossible as error:
            raise QuoflowError(f"this cannot be sent: {error}") from None
        if write.hash == approval.hash:
            raise QuoflowError("the text is the same as before", f"`quoflow approvals approve {approval.id}` sends it")
        new = replace(
            approval,
            id=engine.new_id(),
            text=write.text,
            payload=write.payload,
            segments=write.segments,
            hash=write.hash,
            requested_at=now,
            edited_by=actor,
            code=None,
        )
        outcome = approvals.supersede(tx, approval, new, write=write, now=now)
        if outcome != "decided":
            raise QuoflowError(
                f"{approval.id} was not edited: {explain(outcome)}", "`quoflow approvals list` shows what waits"
            )
        data = {"rule": approval.rule, "hash_before": approval.hash, "hash": new.hash, "approval": new.id}
        _record(engine, tx, approval, actor=actor, kind="approval.edited", data=data)
    engine.tell(Notice("approval.edited", f"{approval.rule}: edited by {actor}", approval.connection))
    return new


def explain(outcome: str) -> str:
    """Say an outcome of a decision in words."""
    return _WORDS.get(outcome, outcome)


def _record(
    engine: Engine, tx: Connection, approval: approvals.Approval, *, actor: str, kind: str, data: Mapping[str, object]
) -> None:
    audit.record(
        tx,
        at=engine.clock(),
        actor=actor,
        kind=kind,
        connection=approval.connection,
        subject=approval.id,
        data=data,
    )


_KINDS = {"decided": "approval.approved", "voted": "approval.voted"}
_WORDS = {
    "changed": "what would be sent has changed since it was shown, or it waits no longer",
    "expired": "its time is over, and that means no",
    "own": "whoever edited it, or fired the rule by hand, may not approve it; somebody else must",
    "already superseded": "it was edited, and the new text has an id of its own",
}
