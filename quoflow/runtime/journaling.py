"""Changes of contacts, kept: what was there before a write leaves, and what was read back after it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from quoflow.actions import registry, results
from quoflow.core.lifecycle import StepRecord
from quoflow.quo import images, translate
from quoflow.runtime import contact_sweep
from quoflow.runtime.engine import Engine, Notice
from quoflow.store import contact_lock, journal, mirror, outbox
from quoflow.store.database import Connection

TURN = timedelta(seconds=5)
"""When a change of a contact is taken up again that found somebody else at it."""

BUSY = "another process of quoflow is changing contacts at this moment"


@contextmanager
def take_turn(engine: Engine, step: StepRecord) -> Iterator[bool]:
    """Hold the turn to change contacts, where the step does that; gives False when it is another's just now."""
    if not registry.WRITE_ACTIONS[step.action].is_on_contact:
        yield True
        return
    with contact_lock.hold(engine.database.path, waits=False) as is_ours:
        yield is_ours


def make_keep(engine: Engine, attempt: outbox.Attempt) -> results.Keep:
    """Give what an action calls with both images of a contact before its write leaves: they are committed then."""

    def keep(before: results.Image, wanted: results.Image) -> None:
        entry = journal.Entry(
            attempt_id=attempt.id,
            connection=attempt.connection,
            run_id=attempt.run_id,
            step_id=attempt.step_id,
            contact_id=str((before or wanted)["id"]),
            before=before,
            wanted=wanted,
            at=engine.clock(),
        )
        with engine.database.write() as tx:
            journal.save_entry(tx, entry)

    return keep


def save_read_back(
    tx: Connection,
    engine: Engine,
    attempt_id: str,
    connection: str,
    *,
    after: results.Image,
    conflict: Iterable[str],
) -> None:
    """Keep what was read back, in the journal and in the mirror: the next rule sees what this one has changed.

    What somebody else has changed at the same time is an event, as anything that is read.
    """
    contact_sweep.learn(tx, engine, connection, [translate.read_contact(images.read_image(after))])
    journal.complete_entry(tx, attempt_id, after=after, conflict=conflict)


def save_gone(tx: Connection, engine: Engine, attempt_id: str, connection: str, *, contact_id: str) -> None:
    """Keep that a contact is deleted, in the journal and in the mirror: it is found no more, and that is no event."""
    mirror.mark_gone(tx, connection, [contact_id], now=engine.clock())
    journal.complete_entry(tx, attempt_id, after={"id": contact_id}, conflict=())


def describe_conflict(done: results.Done) -> str:
    """Say what differs from what was written: somebody else was at it, or it could not be read; else it is empty."""
    return f"conflict: {'; '.join(done.conflict)}" if done.conflict else ""


def tell_conflict(engine: Engine, attempt: outbox.Attempt, done: results.Done) -> None:
    """Tell a conflict that was noticed when the contact was read back."""
    if done.conflict:
        text = f"{attempt.rule}: a contact is not as it was written: {'; '.join(done.conflict)}"
        fields = {"run": attempt.run_id}
        engine.tell(Notice("contact.conflict", text, attempt.connection, fields))
