"""Contacts: read whole from time to time, compared with what is known, and the differences put into the inbox.

The API cannot say which contacts changed, nor find one by its number, so it is all of them or none. A list that is not
whole deletes nobody: whoever is missing from it is looked at once more, alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta

from quoflow.core import differences
from quoflow.core.differences import Difference, Rewrite
from quoflow.core.events import Event
from quoflow.core.facts import Contact
from quoflow.quo import errors, images, translate, wire
from quoflow.quo.client import Quo
from quoflow.runtime.engine import Engine, Notice
from quoflow.store import cursors, inbox, journal, mirror, roster
from quoflow.store.database import Connection

UNKNOWN_CONTACT_PAUSE = timedelta(seconds=60)
"""How soon the contacts may be read again because a number is not among them."""

MOST_LOOKED_FOR = 50
"""Contacts that are looked at alone in one sweep because the list had them no more; the rest with the next ones."""


_CUT = timedelta(microseconds=999_999)


@dataclass(frozen=True, slots=True)
class _Swept:
    """What a look at all contacts found: who is there, and who is known to be gone."""

    contacts: tuple[Contact, ...]
    gone: frozenset[str]


def refresh_contacts(engine: Engine, connection: str) -> int:
    """Read every contact, and put what has become of them since the last time into the inbox.

    Gives how many there are. Raises QuoError; then nothing has changed here.
    """
    with engine.database.read() as tx:
        known = roster.list_present(tx, connection)
    swept = _sweep(engine, connection, known)
    now = engine.clock()
    with engine.database.write() as tx:
        learn(tx, engine, connection, swept.contacts, gone=swept.gone)
        state = cursors.read_state(tx, connection)
        cursors.save_state(tx, replace(state, contacts_synced_at=now))
    return len(swept.contacts)


def learn(
    tx: Connection, engine: Engine, connection: str, contacts: Iterable[Contact], *, gone: Iterable[str] = ()
) -> tuple[Event, ...]:
    """Save contacts that were read, with the events of what somebody else has changed of them; one transaction.

    Before the first look is done nothing is an event. What was read before a write of quoflow and comes after it is
    stale, and left out.
    """
    now, state = engine.clock(), cursors.read_state(tx, connection)
    read = {contact.id: contact for contact in contacts}
    missing = frozenset(gone)
    known = roster.find_contacts(tx, connection, {*read, *missing})
    fresh = [one for one in read.values() if one.id not in known or not _is_stale(one, known[one.id].contact)]
    found = [_compare(tx, engine, connection, known.get(one.id), one) for one in fresh]
    found += [
        Difference(known[one].contact, None)
        for one in sorted(missing & known.keys())
        if not known[one].is_gone and not _has_deleted(tx, connection, one)
    ]
    mirror.save_contacts(tx, connection, fresh, complete=False, now=now)
    mirror.mark_gone(tx, connection, missing, now=now)
    if state.baseline_at is None or state.baseline_done_at is None:
        return ()
    earliest = state.baseline_at - engine.settings.poll.overlap
    field = engine.settings.tags.field
    derived = (differences.derive_contact_event(connection, one, tags_field=field, seen_at=now) for one in found if one)
    return inbox.add_events(tx, [one for one in derived if one and one.occurred_at >= earliest], now=now)


def _compare(
    tx: Connection, engine: Engine, connection: str, known: roster.Known | None, after: Contact
) -> Difference | None:
    """Compare a contact with what is known of it; one that was gone and is back is no news, and nor is what we did."""
    if known is None:
        stand_in = f"{images.STAND_IN}{after.external_id or ''}"
        return None if journal.is_made(tx, connection, after.id, stand_in=stand_in) else Difference(None, after)
    if known.is_gone or known.contact == after:
        return None
    field = engine.settings.tags.field
    changed = differences.list_changes(known.contact, after, field)
    entries = journal.list_unfinished(tx, connection, after.id) if changed else ()
    rewrites = [
        Rewrite(_read_image(one.before), _read_image(one.wanted)) for one in entries if one.before and one.wanted
    ]
    return Difference(known.contact, after, differences.leave_out_own(changed, after, rewrites, field))


def _has_deleted(tx: Connection, connection: str, contact_id: str) -> bool:
    """Whether quoflow has deleted a contact, or may have: then nothing is wanted to be there."""
    return any(not entry.wanted for entry in journal.list_unfinished(tx, connection, contact_id))


def _read_image(image: journal.Image) -> Contact:
    return translate.read_contact(images.read_image(image))


def _is_stale(read: Contact, known: Contact) -> bool:
    """Whether a contact was read before it became what is known; Quo cuts some times to the second."""
    if read.updated_at is None or known.updated_at is None:
        return False
    doubt = timedelta(0) if read.updated_at.microsecond else _CUT
    return read.updated_at + doubt < known.updated_at


def _sweep(engine: Engine, connection: str, known: frozenset[str]) -> _Swept:
    """Read all contacts. Gives who is gone only where Quo says so of each of them."""
    quo, skipped = engine.quos[connection], list[wire.Skipped]()
    listed = {one.id: one for one in quo.list_contacts(skipped=skipped)}
    unreadable = {one.id for one in skipped}
    missing = sorted(known - listed.keys() - unreadable) if None not in unreadable else []
    if len(missing) > MOST_LOOKED_FOR:
        text = f"{len(missing)} contacts are not in the list any more; {MOST_LOOKED_FOR} of them are looked at now"
        engine.tell(Notice("contacts.missing", text, connection))
    found, gone = _look_for(quo, missing[:MOST_LOOKED_FOR])
    return _Swept(tuple(map(translate.read_contact, (*listed.values(), *found))), frozenset(gone))


def _look_for(quo: Quo, missing: Iterable[str]) -> tuple[list[wire.Contact], list[str]]:
    """Look at contacts one by one. Gives those that are there all the same, and those that Quo does not have."""
    found, gone = list[wire.Contact](), list[str]()
    for contact_id in missing:
        try:
            found.append(quo.get_contact(contact_id))
        except errors.NotFound:
            gone.append(contact_id)
        except errors.Unauthorized:
            raise
        except errors.QuoError:
            break  # it will be looked for with the next sweep
    return found, gone
