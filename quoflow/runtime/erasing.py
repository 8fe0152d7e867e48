"""Forgetting a person at their wish: what is theirs goes, their opt-out stays under a keyed hash."""

from __future__ import annotations

from dataclasses import asdict, replace

from quoflow.errors import QuoflowError
from quoflow.runtime.engine import Engine
from quoflow.store import audit, erasure, identity, opt_outs


def erase(engine: Engine, phone: str, *, actor: str) -> erasure.Erased:
    """Erase a number's owner from the database, in one transaction; audited, as everywhere, under a pseudonym.

    Raises:
        QuoflowError: when a text to them is on its way or may have been sent; it must be settled first.
    """
    with engine.database.write() as tx:
        if erasure.has_open_write(tx, phone):
            hint = "settle it first: `quoflow outbox list --state sending --state unknown` shows it"
            raise QuoflowError("a text to them is on its way, or nobody knows whether it was sent", hint)
        key = identity.find_hash_key(tx)
        assert key is not None  # noqa: S101 - opening the database makes it
        erased = erasure.erase_person(tx, phone, now=engine.clock())
        erased = replace(erased, opt_outs=opt_outs.erase(tx, phone, key=key))
        now, data = engine.clock(), asdict(erased)
        audit.record(tx, at=now, actor=actor, kind="optout.erased", connection=None, subject=phone, data=data)
    return erased
