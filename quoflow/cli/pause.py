"""`quoflow pause` and `quoflow resume`: the kill switch."""

from __future__ import annotations

import click

from quoflow import app, errors
from quoflow.cli import feed, output
from quoflow.cli.output import Session
from quoflow.runtime import clockwatch, recovery
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
@click.option("--recovered", is_flag=True, help="End recovery mode: this database is the right one, and may write.")
@click.pass_obj
def resume(session: Session, recovered: bool) -> int:  # noqa: FBT001 - click passes by name
    """Lift the pause, or end recovery mode."""
    if recovered:
        return _end_recovery(session)
    actor = app.read_actor()
    with app.open_engine(session.config, tell=feed.ignore) as engine, engine.database.write() as tx:
        now = engine.clock()
        was_paused = controls.read_pause(tx) is not None
        controls.resume(tx)
        woken = runs.wake_held(tx, now=now)
        breakers.hurry_probes(tx, now=now)
        clockwatch.accept(tx, now)
        audit.record(tx, at=now, actor=actor, kind="resumed", connection="", subject="", data={"woken": woken})
        standing = controls.read_recovery(tx)
    if standing is not None:
        output.write(f"Recovery mode stays on: {standing.reason}. `quoflow resume --recovered` ends it.")
        return errors.EXIT_FINE
    said = "Resumed: writes go out again." if was_paused else "It was not paused."
    held = f" {woken} held write{'' if woken == 1 else 's'} will be tried at the next pass." if woken else ""
    output.write(f"{said}{held}")
    return errors.EXIT_FINE


def _end_recovery(session: Session) -> int:
    actor = app.read_actor()
    with app.open_engine(session.config, tell=feed.ignore) as engine, engine.database.write() as tx:
        was_on = recovery.confirm(tx, engine, actor=actor)
        is_paused = controls.read_pause(tx) is not None
    if not was_on:
        output.write("It was not in recovery mode.")
    elif is_paused:
        output.write("Recovery mode is over; the pause stays on until `quoflow resume`.")
    else:
        output.write("Recovery mode is over: writes go out again.")
    return errors.EXIT_FINE
