"""Recovery mode: polling and looking, but no write, until a person says that this database may go on.

It begins by itself where a database was restored, copied or long out of work, and where Quo shows texts from our
lines that such a database cannot know of. It is a control that the kill switch's guard asks for, like the pause.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path

from quoflow.core import facts, likeness, recovery
from quoflow.core.recovery import Past, Place
from quoflow.runtime.engine import Engine, Notice
from quoflow.store import audit, controls, cursors, identity, places, runs
from quoflow.store.database import Connection

TOUCH_EVERY = timedelta(minutes=5)
"""How often it is noted that the service is at work: each time is a write to the disk."""

HINT = "look at `quoflow outbox list` and at Quo, then let it go on with `quoflow resume --recovered`"

_INSTANCE, _PLACE, _ACTIVE = "instance", "place", "last_active"


def begin(engine: Engine) -> None:
    """Look at the start whether this database may write, and say why not where it may not."""
    path, now = engine.database.path, engine.clock()
    place = places.read_place(path)
    with engine.database.write() as tx:
        past = read_past(tx, path)
        standing = controls.read_recovery(tx)
        settings = engine.settings.recovery
        reason = recovery.suspect(past, place, now=now, idle=settings.idle, watch_place=settings.place)
        if standing is None and reason is not None:
            enter(tx, engine, reason)
        elif standing is None:
            if past.place is None:
                identity.save_value(tx, _INSTANCE, engine.new_id(), now=now)
            _note_place(tx, place, now)
        else:
            _tell(engine, standing.reason)
    if past.last_active is not None and recovery.is_gap(past, now):
        engine.blind.update(dict.fromkeys(engine.quos, past.last_active))


def read_past(tx: Connection, path: Path) -> Past:
    """Read what a database knows of its past."""
    kept = identity.find_value(tx, _PLACE)
    active, copied = identity.find_value(tx, _ACTIVE), identity.find_value(tx, identity.COPIED)
    return Past(
        place=Place(**json.loads(kept)) if kept else None,
        last_active=datetime.fromisoformat(active) if active else cursors.last_synced_at(tx),
        copied_at=datetime.fromisoformat(copied) if copied else None,
        entries=audit.find_head(tx).id,
        noted=places.read_mark(path, identity.find_value(tx, _INSTANCE) or ""),
    )


def enter(tx: Connection, engine: Engine, reason: str) -> None:
    """Stop all writes until a person confirms; a first reason is kept."""
    now = engine.clock()
    if not controls.begin_recovery(tx, reason=reason, actor=audit.PROGRAM, now=now):
        return
    audit.record(
        tx, at=now, actor=audit.PROGRAM, kind="recovery.begun", connection=None, subject="", data={"reason": reason}
    )
    _tell(engine, reason)


def confirm(tx: Connection, engine: Engine, *, actor: str) -> bool:
    """Let writes go on because a person says so: place and state are the right ones. Gives whether it was on."""
    standing, now = controls.read_recovery(tx), engine.clock()
    if standing is None:
        return False
    controls.end_recovery(tx)
    identity.forget_value(tx, identity.COPIED)
    identity.save_value(tx, _ACTIVE, now.isoformat(), now=now)
    identity.save_value(tx, _INSTANCE, engine.new_id(), now=now)  # what is noted beside the file counts no more
    _note_place(tx, places.read_place(engine.database.path), now)
    runs.wake_held(tx, now=now)
    data = {"reason": standing.reason}
    audit.record(tx, at=now, actor=actor, kind="recovery.confirmed", connection=None, subject="", data=data)
    return True


def touch(engine: Engine) -> None:
    """Note that this database is at work, and beside it how far it has come."""
    now = engine.clock()
    with engine.database.read() as tx:
        if controls.read_recovery(tx) is not None:
            return
        active, instance = identity.find_value(tx, _ACTIVE), identity.find_value(tx, _INSTANCE)
        entries = audit.find_head(tx).id
    if active is None or now - datetime.fromisoformat(active) >= TOUCH_EVERY:
        with engine.database.write() as tx:
            identity.save_value(tx, _ACTIVE, now.isoformat(), now=now)
    if instance is not None:
        with suppress(OSError):  # a note that is behind says nothing, and the disk speaks up elsewhere
            places.write_mark(engine.database.path, instance, entries)


def look_for_strangers(tx: Connection, engine: Engine, connection: str, messages: Iterable[facts.Message]) -> None:
    """Look among new texts from our lines for those that this database should know of, at the first look after a gap.

    A text that nobody of the workspace wrote came by the API; one that is word for word what waits here to be sent
    was sent by a later state of this database, or by another one.
    """
    since = engine.blind.get(connection)
    if since is None:
        return
    waiting = {
        (text.to, likeness.fold_text(text.text or "")) for text in runs.list_unsent_texts(tx, connection=connection)
    }
    for message in messages:
        if message.direction != "outgoing" or message.created_at < since:
            continue
        is_waiting = (message.peer, likeness.fold_text(message.text)) in waiting
        if is_waiting or (message.user_id is None and not engine.settings.recovery.other_senders):
            what = "the very text that waits here" if is_waiting else "a text sent by a program"
            when = f"{message.created_at:%Y-%m-%d %H:%M} UTC"
            enter(
                tx,
                engine,
                f"Quo shows {what}, of {when}, that this database knows nothing of (connection {connection})",
            )
            return


def _tell(engine: Engine, reason: str) -> None:
    engine.tell(Notice("recovery", f"recovery mode, nothing is written: {reason}; {HINT}"))


def _note_place(tx: Connection, place: Place, now: datetime) -> None:
    kept = json.dumps(asdict(place))
    if identity.find_value(tx, _PLACE) != kept:
        identity.save_value(tx, _PLACE, kept, now=now)
