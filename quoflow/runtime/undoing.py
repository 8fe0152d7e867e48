"""Taking a run's changes of contacts back: look at Quo, ask the core, restore what is still ours, and say so.

A text cannot be taken back. What somebody has changed since our write stays as they left it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from quoflow.actions import making
from quoflow.core import lifecycle, new_contacts, plans, undoing
from quoflow.core.lifecycle import RunRecord, StepRecord, StepState
from quoflow.errors import QuoflowError
from quoflow.quo import contacts, errors, images, wire
from quoflow.runtime import gates, journaling
from quoflow.runtime.engine import Engine
from quoflow.store import audit, contact_lock, journal, mirror
from quoflow.store import runs as store
from quoflow.store.database import Connection

ContactState = Literal["to_restore", "restored", "nothing", "left", "already", "failed"]

REFUSED = frozenset({"left", "failed"})


@dataclass(frozen=True, slots=True)
class ContactUndo:
    """What becomes, or became, of one contact.

    Attributes:
        entries: what the journal has of the run's changes of it, without those that were taken back already.
        known: the contact as it was before the first of them.
        undoings: each entry of the contact that the run changed, with the verdict on it.
        state: `to_restore` (something can be), `restored`, `nothing` (all is as it was before), `left` (somebody has
            changed all of it since), `already` (it was taken back before), `failed`.
        is_made: whether the run has made it: then it is deleted again, if nobody has changed anything of it.
        is_deleted: whether the run has deleted it: then it is made again, with a new id.
    """

    connection: str
    contact_id: str
    entries: tuple[journal.Entry, ...]
    known: wire.Contact
    undoings: tuple[undoing.Undoing, ...]
    state: ContactState
    reason: str = ""
    is_made: bool = False
    is_deleted: bool = False

    @property
    def is_partly_left(self) -> bool:
        """Whether something of it stays as somebody else has left it."""
        return self.state in REFUSED or any(one.verdict == "left" for one in self.undoings)


@dataclass(frozen=True, slots=True)
class Undo:
    """A run, its contacts, and the texts that it sent."""

    run: RunRecord
    contacts: tuple[ContactUndo, ...]
    texts: tuple[StepRecord, ...]

    @property
    def is_due(self) -> bool:
        """Whether anything can be restored."""
        return any(one.state == "to_restore" for one in self.contacts)


def plan_undo(engine: Engine, run_id: str) -> Undo:
    """Look at every contact that a run changed, and decide what can be restored. Writes nothing.

    Raises:
        QuoflowError: when there is no such run, it has not come to its end, or the kill switch is on.
    """
    with engine.database.read() as tx:
        run = store.find_run(tx, run_id)
        if run is None:
            raise QuoflowError(f"there is no run {run_id}", "`quoflow runs list` shows them")
        entries = _identify(journal.list_entries(tx, run_id))
    _refuse_unsettled(run)
    grouped: dict[tuple[str, str], list[journal.Entry]] = {}
    for entry in entries:
        grouped.setdefault((entry.connection, entry.contact_id), []).append(entry)
    texts = [step for step in run.steps if step.action == "send_message" and step.state is StepState.SUCCEEDED]
    return Undo(run, tuple(_look(engine, tuple(of_one)) for of_one in grouped.values()), tuple(texts))


def carry_out(engine: Engine, planned: Undo, *, actor: str) -> Undo:
    """Restore what the plan says can be, contact by contact; one that fails does not stop the others.

    Raises:
        QuoflowError: when the kill switch is on, or the database cannot be written; nothing has left then.
    """
    done = [_undo_contact(engine, one, actor=actor) if one.state == "to_restore" else one for one in planned.contacts]
    return replace(planned, contacts=tuple(done))


def check_gate(tx: Connection, engine: Engine, connection: str, contact_id: str) -> None:
    """Ask the guards that stand before every change of a contact. Raises QuoflowError when one objects."""
    write = plans.Write(
        connection=connection,
        action="undo",
        to=contact_id,
        from_=None,
        text=None,
        payload={"contact_id": contact_id},
        segments=0,
        rule_version="",
    )
    gate = gates.check_guards(tx, engine, write, rule=None, due_at=None, now=engine.clock(), event_id=None)
    if gate.state != "ready":
        raise QuoflowError(gate.reason, "nothing was changed")


def _refuse_unsettled(run: RunRecord) -> None:
    if run.state not in lifecycle.FINISHED_RUNS:
        hint = f"`quoflow runs cancel {run.id}` ends it first"
        raise QuoflowError(f"the run {run.id} has not come to its end ({run.state}) and may still write", hint)
    if any(step.state is StepState.SENDING for step in run.steps):
        raise QuoflowError(f"a write of the run {run.id} is on its way", "try again in a minute")


def _look(engine: Engine, entries: tuple[journal.Entry, ...]) -> ContactUndo:
    first = entries[0]
    known = images.read_image(first.before or first.after or first.wanted)
    left = tuple(one for one in entries if one.undone_at is None)
    found = ContactUndo(first.connection, first.contact_id, left, known, (), "already", is_made=not first.before)
    if not left:
        return replace(found, reason=f"undone at {entries[-1].undone_at:%Y-%m-%d %H:%M} UTC by {entries[-1].undone_by}")
    try:
        now = _read_now(engine, first.connection, first.contact_id)
    except errors.NotFound:
        if found.is_made or left[-1].wanted:
            return replace(found, state="left", reason="the contact is gone")
        undoings = undoing.undo_changes(_join_changes(left), {})
        return replace(found, undoings=undoings, state="to_restore", is_deleted=True)
    except errors.QuoError as error:
        return replace(found, state="failed", reason=str(error))
    undoings = undoing.undo_changes(_join_changes(left), images.list_entries(now))
    if found.is_made:
        return _judge_made(replace(found, known=now), undoings, now)
    verdicts = {one.verdict for one in undoings}
    state: ContactState = "to_restore" if "restore" in verdicts else "left" if "left" in verdicts else "nothing"
    return replace(found, undoings=undoings, state=state)


def _identify(entries: Iterable[journal.Entry]) -> tuple[journal.Entry, ...]:
    """Give every try at making one contact the id that it came to have, as far as one of them has learned it."""
    listed = tuple(entries)
    made = [one for one in listed if not one.before and not one.contact_id.startswith(images.STAND_IN)]
    ids = {one.wanted.get("externalId"): one.contact_id for one in made}
    return tuple(
        one if one.before else replace(one, contact_id=ids.get(one.wanted.get("externalId"), one.contact_id))
        for one in listed
    )


def _read_now(engine: Engine, connection: str, contact_id: str) -> wire.Contact:
    """Read a contact by its id, or by its external id where nobody has learned more. Raises QuoError."""
    quo = engine.quos[connection]
    if not contact_id.startswith(images.STAND_IN):
        return quo.get_contact(contact_id)
    key = contact_id.removeprefix(images.STAND_IN)
    found = next((one for one in quo.list_contacts(external_ids=[key]) if one.external_id == key), None)
    if found is None:
        raise errors.NotFound(f"Quo has no contact of the external id {key}")
    return found


def _judge_made(found: ContactUndo, undoings: tuple[undoing.Undoing, ...], now: wire.Contact) -> ContactUndo:
    """A contact that the run made is deleted again whole or not at all."""
    ours = {one.change.key for one in undoings}
    if images.list_entries(now).keys() <= ours and all(one.verdict == "restore" for one in undoings):
        return replace(found, undoings=undoings, state="to_restore")
    return replace(found, state="left", reason="somebody has changed it since, so it is not deleted")


def _join_changes(entries: Iterable[journal.Entry]) -> tuple[undoing.Change, ...]:
    """Give what the run made of the contact, all steps and all tries together."""
    steps: dict[str, list[undoing.Change]] = {}
    for entry in entries:
        before, wanted = (
            images.list_entries(images.read_image(one)) if one else {} for one in (entry.before, entry.wanted)
        )
        steps.setdefault(entry.step_id, []).extend(undoing.list_changes(before, wanted))
    return undoing.chain_changes(undoing.merge_changes(changes) for changes in steps.values())


def _undo_contact(engine: Engine, planned: ContactUndo, *, actor: str) -> ContactUndo:
    """Restore one contact, by the same way as every change: read, keep, write the complete set, read back."""
    undo_id = engine.new_id()
    if planned.is_made:
        return _delete_made(engine, planned, undo_id, actor=actor)
    if planned.is_deleted:
        return _make_again(engine, planned, undo_id, actor=actor)
    shown = [one.change for one in planned.undoings if one.verdict == "restore"]
    seen: list[undoing.Undoing] = []

    def change(contact: wire.Contact) -> wire.Contact:
        # Asked again about the contact as it is at this moment; nothing is restored that was not shown.
        seen[:] = undoing.undo_changes(shown, images.list_entries(contact))
        wanted = {one.change.key: one.change.before for one in seen if one.verdict == "restore"}
        return images.restore_entries(contact, wanted, known=planned.known) if wanted else contact

    def keep(before: wire.Contact, wanted: wire.Contact) -> None:
        _keep(engine, planned, undo_id, before=images.write_image(before), wanted=images.write_image(wanted))

    try:
        with contact_lock.hold(engine.database.path, waits=True):
            done = contacts.change_contact(engine.quos[planned.connection], planned.contact_id, change, keep=keep)
    except errors.QuoError as error:
        return _take_failure(engine, planned, undo_id, error)
    changed = {one.change.key: one for one in seen}
    undoings = tuple(changed.get(one.change.key, one) for one in planned.undoings)
    is_left = any(one.verdict == "left" for one in undoings)
    state: ContactState = "restored" if done.changed else "left" if is_left else "nothing"
    finished = replace(planned, undoings=undoings, state=state)
    if done.conflict:
        finished = replace(finished, reason=f"conflict: {'; '.join(done.conflict)}")
    _record(engine, finished, undo_id, done, actor=actor)
    return finished


def _delete_made(engine: Engine, planned: ContactUndo, undo_id: str, *, actor: str) -> ContactUndo:
    """Delete a contact that the run made, looked at once more at this moment."""
    quo = engine.quos[planned.connection]
    try:
        with contact_lock.hold(engine.database.path, waits=True):
            now = _look(engine, planned.entries)
            if now.state != "to_restore":
                return now
            before = images.write_image(quo.get_contact(planned.known.id))
            _keep(engine, planned, undo_id, before=before, wanted={})
            quo.delete_contact(planned.known.id)
    except errors.QuoError as error:
        return _take_failure(engine, planned, undo_id, error)
    finished = replace(planned, state="restored")
    with engine.database.write() as tx:
        mirror.mark_gone(tx, planned.connection, [planned.known.id], now=engine.clock())
        _mark_undone(tx, engine, finished, undo_id, actor=actor)
    return finished


def _make_again(engine: Engine, planned: ContactUndo, undo_id: str, *, actor: str) -> ContactUndo:
    """Make a contact again that the run deleted; its external id sees to it that it is made once."""
    key = planned.known.external_id or f"{new_contacts.OURS}{planned.entries[-1].attempt_id}"
    payload = {"external_id": key, "body": images.write_body(planned.known, key)}

    def keep(before: journal.Image, wanted: journal.Image) -> None:
        _keep(engine, planned, undo_id, before=before, wanted=wanted)

    try:
        with contact_lock.hold(engine.database.path, waits=True):
            done = making.create_contact(payload, engine.quos[planned.connection], keep)
    except errors.QuoError as error:
        return _take_failure(engine, planned, undo_id, error)
    finished = replace(planned, state="restored")
    with engine.database.write() as tx:
        after = done.after or {}
        journaling.save_read_back(tx, engine, undo_id, planned.connection, after=after, conflict=done.conflict)
        _mark_undone(tx, engine, finished, undo_id, actor=actor)
    return finished


def _keep(engine: Engine, planned: ContactUndo, undo_id: str, *, before: journal.Image, wanted: journal.Image) -> None:
    entry = replace(
        planned.entries[-1],
        attempt_id=undo_id,
        is_undo=True,
        contact_id=str((before or wanted)["id"]),
        before=before,
        wanted=wanted,
        at=engine.clock(),
        after=None,
        conflict=(),
    )
    with engine.database.write() as tx:
        check_gate(tx, engine, planned.connection, planned.contact_id)
        journal.save_entry(tx, entry)


def _take_failure(engine: Engine, planned: ContactUndo, undo_id: str, error: errors.QuoError) -> ContactUndo:
    if error.is_ambiguous:
        reason = f"nobody knows whether it was done: {error.message}; run it again, it begins by looking"
        return replace(planned, state="failed", reason=reason)
    with engine.database.write() as tx:
        journal.forget_entry(tx, undo_id)
    return replace(planned, state="failed", reason=str(error))


def _record(engine: Engine, finished: ContactUndo, undo_id: str, done: contacts.ContactChange, *, actor: str) -> None:
    """Mark what was taken back, with who did it, in one transaction."""
    if not done.changed:
        return
    with engine.database.write() as tx:
        after = images.write_image(done.after)
        journaling.save_read_back(tx, engine, undo_id, finished.connection, after=after, conflict=done.conflict)
        _mark_undone(tx, engine, finished, undo_id, actor=actor)


def _mark_undone(tx: Connection, engine: Engine, finished: ContactUndo, undo_id: str, *, actor: str) -> None:
    # The names of the fields only: what stands in them is the customer's, and the journal has it.
    names = {verdict: sorted({one.change.key[0] for one in finished.undoings if one.verdict == verdict})
             for verdict in ("restore", "left")}  # fmt: skip
    run_id = finished.entries[-1].run_id
    data = {"run": run_id, "undo": undo_id, "restored": names["restore"], "left": names["left"]}
    now = engine.clock()
    journal.mark_undone(tx, [one.attempt_id for one in finished.entries], actor=actor, now=now)
    audit.record(
        tx,
        at=now,
        actor=actor,
        kind="contact.undone",
        connection=finished.connection,
        subject=finished.contact_id,
        data=data,
    )
