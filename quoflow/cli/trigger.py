"""`quoflow trigger`: fire a rule by hand; and the event that does so, for a plan that looks what would come of it."""

from __future__ import annotations

from collections.abc import Iterable

import click

from quoflow import app, errors
from quoflow.cli import feed, output
from quoflow.cli.output import Session
from quoflow.core.events import Event
from quoflow.core.rules import Rule
from quoflow.runtime.engine import Engine
from quoflow.store import audit, inbox


@click.command(help="Fire the `manual` trigger of rule NAME; a running service or the next `run --once` takes it up.")
@click.argument("name")
@click.option("--set", "pairs", multiple=True, metavar="KEY=VALUE", help="A value that the rule reads as `vars.KEY`.")
@click.option("--connection", help="Which connection, where there are several.")
@click.pass_obj
def trigger(session: Session, name: str, pairs: tuple[str, ...], connection: str | None) -> int:
    """Put one event into the inbox."""
    with app.open_engine(session.config, tell=feed.ignore) as engine:
        event = make_event(engine, name, kinds=("manual",), pairs=pairs, connection=connection)
        data = {"rule": name}
        with engine.database.write() as tx:
            inbox.add_events(tx, [event], now=event.occurred_at)
            audit.record(
                tx,
                at=event.occurred_at,
                actor=event.data["by"],
                kind="rule.triggered",
                connection=event.connection,
                subject=event.id,
                data=data,
            )
    output.write(f"triggered {name}: {event.id}")
    return errors.EXIT_FINE


def make_event(
    engine: Engine, name: str, *, kinds: tuple[str, ...], pairs: Iterable[str], connection: str | None
) -> Event:
    """Make the event with which a rule fires now.

    Args:
        engine: the parts.
        name: the rule's.
        kinds: the triggers that will do, `manual` or `schedule`; the first one that the rule has is taken.
        pairs: values to set, each KEY=VALUE.
        connection: where it fires; may be left out where only one is possible.

    Raises:
        QuoflowError: when there is no such rule, or it is disabled. UsageError: when a pair is none, or belongs to no
            such trigger, or it is not clear which connection is meant.
    """
    rule = _find_rule(engine, name, kinds)
    kind = next(kind for kind in kinds if any(one.kind == kind for one in rule.triggers))
    values = dict(_split(pair) for pair in pairs)
    if values and kind != "manual":
        raise click.UsageError(f"--set is for rules with a `manual` trigger; change `vars` in `{name}` instead.")
    return Event(
        id=f"{kind}:{name}:{engine.new_id()}",
        kind=kind,
        connection=_choose_connection(engine, rule, connection),
        occurred_at=engine.clock(),
        data={"rule": name, "set": values, "by": app.read_actor()},
    )


def _find_rule(engine: Engine, name: str, kinds: tuple[str, ...]) -> Rule:
    fitting = {one.name: one for one in engine.rules if any(trigger.kind in kinds for trigger in one.triggers)}
    rule = fitting.get(name)
    if rule is None:
        close = output.suggest(name, fitting)
        hint = f"Did you mean `{close}`?" if close else f"Rules with one: {', '.join(fitting) or 'none'}"
        words = " or ".join(f"`{kind}`" for kind in kinds)
        raise errors.QuoflowError(f"there is no rule `{name}` with a {words} trigger", hint)
    if not rule.enabled:
        raise errors.QuoflowError(f"the rule `{name}` is not enabled", "take out `enabled: false` first")
    return rule


def _choose_connection(engine: Engine, rule: Rule, wanted: str | None) -> str:
    known = tuple(engine.settings.connections)
    names = tuple(one for one in known if not rule.connections or one in rule.connections)
    chosen = wanted or (names[0] if len(names) == 1 else None)
    if chosen not in names:
        raise click.UsageError(f"Say --connection with one of: {', '.join(names) or 'none that the rule applies to'}.")
    return chosen


def _split(pair: str) -> tuple[str, str]:
    key, equals, value = pair.partition("=")
    if not equals or not key.isidentifier():
        raise click.UsageError(f"`{pair}` is not KEY=VALUE with a key of letters, digits and underscores.")
    return key, value
