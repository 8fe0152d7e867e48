"""Finding a contact: in the mirror, which is read anew where it may be behind, or at Quo by its external id."""

from __future__ import annotations

from quoflow.core import reads, writes
from quoflow.core.facts import Contact
from quoflow.quo import translate
from quoflow.runtime import contact_sweep
from quoflow.runtime.engine import Engine
from quoflow.store import cursors, mirror


def find_contacts(engine: Engine, connection: str, sought: reads.Sought, pen: writes.Pen) -> tuple[Contact, ...]:
    """Give the contacts that fit, the one that was changed last first; none where there is none.

    Quo finds a contact by its external id only. For the rest the mirror is asked, and where nobody fits it is read
    anew, unless that was done within the last minute.

    Raises:
        QuoError: Quo could not be asked.
        ExpressionError: `where` cannot be evaluated for one of them.
    """
    if sought["by"] == "external_id":
        return _find_at_quo(engine, connection, str(sought["value"]))
    found = _find_in_mirror(engine, connection, sought, pen)
    if not found and _is_behind(engine, connection):
        contact_sweep.refresh_contacts(engine, connection)
        found = _find_in_mirror(engine, connection, sought, pen)
    return found


def _find_at_quo(engine: Engine, connection: str, external_id: str) -> tuple[Contact, ...]:
    listed = engine.quos[connection].list_contacts(external_ids=[external_id])
    found = tuple(one for one in map(translate.read_contact, listed) if one.external_id == external_id)
    if found:
        with engine.database.write() as tx:
            contact_sweep.learn(tx, engine, connection, found)
    return found


def _find_in_mirror(engine: Engine, connection: str, sought: reads.Sought, pen: writes.Pen) -> tuple[Contact, ...]:
    with engine.database.read() as tx:
        known = mirror.list_contacts(tx, connection, phone=sought["value"] if sought["by"] == "phone" else None)
    return reads.select_contacts(known, sought, pen)


def _is_behind(engine: Engine, connection: str) -> bool:
    with engine.database.read() as tx:
        synced = cursors.read_state(tx, connection).contacts_synced_at
    return synced is None or engine.clock() - synced >= contact_sweep.UNKNOWN_CONTACT_PAUSE
