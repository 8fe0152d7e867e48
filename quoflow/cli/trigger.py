"""`quoflow trigger`: fire a rule by hand."""

from __future__ import annotations

import click

from quoflow import app, errors
from quoflow.cli import feed, output
from quoflow.cli.output import Session
from quoflow.core.events import Event
from quoflow.store import audit, inbox


@click.command(help="Fire the `manual` trigger of rule NAME; a running service or the next `run --once` takes it up.")
@click.argument("name")
@click.option("--set", "pairs", multiple=True, metavar="KEY=VALUE", help="A value that the rule reads as `vars.KEY`.")
@click.option("--connection", help="Which connection, where there are several.")
@click.pass_obj
def trigger(session: Session, name: str, pairs: tuple[str, ...], connection: str | None) -> int:
    """Put one event into the inbox."""
    values = dict(_split(pair) for pair in pairs)
    with app.open_engine(session.config, tell=feed.ignore) as engine:
        rule = engine.find_rule(name)
        if rule is None or not any(one.kind == "manual" for one in rule.triggers):
            manual = [one.name for one in engine.rules if any(trigger.kind == "manual" for trigger in one.triggers)]
            close = output.suggest(name, manual)
            hint = f"Did you mean `{close}`?" if close else f"Rules with one: {', '.join(manual) or 'none'}"
            raise errors.QuoflowError(f"there is no rule `{name}` with a `manual` trigger", hint)
        names = tuple(engine.settings.connections)
        chosen = connection or (names[0] if len(names) == 1 else None)
        if chosen not in names:
            raise click.UsageError(f"Say --connection with one of: {', '.join(names)}.")
        now, actor = engine.clock(), app.read_actor()
        event = Event(
            id=f"manual:{name}:{engine.new_id()}",
            kind="manual",
            connection=chosen,
            occurred_at=now,
            data={"rule": name, "set": values, "by": actor},
        )
        with engine.database.write() as tx:
            inbox.add_events(tx, [event], now=now)
            audit.record(
                tx, at=now, actor=actor, kind="rule.triggered", connection=chosen, subject=event.id, data={"rule": name}
            )
    output.write(f"triggered {name}: {event.id}")
    return errors.EXIT_FINE


def _split(pair: str) -> tuple[str, str]:
    key, equals, value = pair.partition("=")
    if not equals or not key.isidentifier():
        raise click.UsageError(f"`{pair}` is not KEY=VALUE with a key of letters, digits and underscores.")
    return key, value
