"""How long people's words are kept: a night's work of the service, in small transactions."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from quoflow.runtime.engine import Engine, Notice
from quoflow.store import audit, identity, pruning

AT_A_TIME = 500
NIGHT = timedelta(hours=3)
"""The hour, on the configured clock, from which on a day's pruning is due."""

_PRUNED = "pruned_at"


def prune_if_due(engine: Engine, stop: threading.Event | None = None) -> None:
    """Blank what is older than the configuration says, once a night; nothing where it says nothing."""
    if engine.settings.retention.texts is None:
        return
    now = engine.clock()
    local = (now - NIGHT).astimezone(ZoneInfo(engine.settings.timezone))
    night = local.replace(hour=0, minute=0, second=0, microsecond=0) + NIGHT
    with engine.database.read() as tx:
        last = identity.find_value(tx, _PRUNED)
    if last is None or datetime.fromisoformat(last) < night:
        prune(engine, actor=audit.PROGRAM, stop=stop)


def prune(engine: Engine, *, actor: str, stop: threading.Event | None = None) -> dict[str, int]:
    """Blank what is older than the configuration says, and record it. Gives how many rows it were, by table."""
    now, total = engine.clock(), dict[str, int]()
    before = find_limit(engine, now)
    if before is None:
        return total
    while not (stop and stop.is_set()):
        with engine.database.write() as tx:
            done = pruning.blank_some(tx, before=before, limit=AT_A_TIME)
        total = {name: total.get(name, 0) + count for name, count in done.items()}
        if max(done.values()) < AT_A_TIME:
            break
    else:
        return total
    with engine.database.write() as tx:
        identity.save_value(tx, _PRUNED, now.isoformat(), now=now)
        if any(total.values()):
            data = {"before": before.isoformat(), **total}
            audit.record(tx, at=now, actor=actor, kind="texts.pruned", connection=None, subject="", data=data)
    if any(total.values()):
        engine.tell(
            Notice("retention", f"removed the words of {sum(total.values())} rows from before {before:%Y-%m-%d}")
        )
    return total


def find_limit(engine: Engine, now: datetime) -> datetime | None:
    """Give the time before which words are old; None where nothing says so."""
    age = engine.settings.retention.texts
    return None if age is None else now - age
