"""`quoflow pause` and `quoflow resume`: the kill switch."""

from __future__ import annotations

import click

from quoflow import app, errors
from quoflow.cli import feed, output
from quoflow.cli.output import Session
from quoflow.runtime import clockwatch
from quoflow.store import audit, breakers, controls, runs


@click.command(help="The kill switch: no write goes out until `quoflow resume`; polling goes on.")
@click.argument("reason", default="")
@click.pass_obj
def pause(session: Session, reason: str) -> int:
    """Stop every write, in this process and in a running service."""
    actor = app.read_actor()
    with app.open_engine(session.config, tell=feed.ignore) as engine, engine.database.write() as tx:
        now = engine.clock()
        controls.pause(tx, reason=reason, actor=actor, now=now)
        audit.record(tx, at=now, actor=actor, kind="paused", connection="", subject="", data={"reason": reason})
    output.write("Paused: no write goes out until `quoflow resume`. Polling and planning go on.")
    return errors.EXIT_FINE


@click.command(help="Let writes go out again; what was held is looked at again at once.")
@click.pass_obj
def resume(session: Session) -> int:
    """Lift the pause."""
    actor = app.read_actor()
    with app.open_engine(session.config, tell=feed.ignore) as engine, engine.database.write() as tx:
        now = engine.clock()
        was_paused = controls.read_pause(tx) is not None
        controls.resume(tx)
        woken = runs.wake_held(tx, now=now)
        breakers.hurry_probes(tx, now=now)
        clockwatch.accept(tx, now)
        audit.record(tx, at=now, actor=actor, kind="resumed", connection="", subject="", data={"woken": woken})
    said = "Resumed: writes go out again." if was_paused else "It was not paused."
    held = f" {woken} held write{'' if woken == 1 else 's'} will be tried at the next pass." if woken else ""
    output.write(f"{said}{held}")
    return errors.EXIT_FINE
