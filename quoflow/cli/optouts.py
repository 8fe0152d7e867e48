"""`quoflow optouts`: who must not be texted, why, and a person's word about it."""

from __future__ import annotations

import getpass
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from quoflow import app, errors
from quoflow.cli import feed, output, spreadsheet
from quoflow.cli.output import Session
from quoflow.core import opt_out_ledger
from quoflow.core.opt_out_ledger import Entry, Standing
from quoflow.runtime import erasing
from quoflow.runtime import optouts as runtime
from quoflow.runtime.engine import Engine
from quoflow.store import opt_outs as store

CERTAINTIES = {"certain": "said stop", "likely": "probably", "person": "by hand"}
COLUMNS = ("connection", "number", "says", "certainty", "word", "evidence", "message_id", "at", "recorded_at", "actor")

_on = click.option("--connection", help="On this connection only; on all unless said.")
_json = click.option("--json", "as_json", is_flag=True, help="Write JSON to stdout.")


@click.group(invoke_without_command=True, help="List who must not be texted; add, confirm and lift; export; erase.")
@click.pass_context
def optouts(ctx: click.Context) -> int:
    """List when nothing else is asked for."""
    if ctx.invoked_subcommand is None:
        result: int = ctx.invoke(list_optouts)
        return result
    return errors.EXIT_FINE


@optouts.command("list", help="List the numbers that are not texted, and why.")
@click.option("--pending", is_flag=True, help="Only those that wait for a person to confirm or lift them.")
@_json
@click.pass_obj
def list_optouts(session: Session, pending: bool = False, as_json: bool = False) -> int:  # noqa: FBT001, FBT002 - click passes by name
    """List what stands."""
    with app.open_engine(session.config, tell=feed.ignore) as engine, engine.database.read() as tx:
        found = [one for one in store.list_standing(tx) if one[1].is_pending or not pending]
    if as_json:
        output.write_json([describe(number, standing) for number, standing in found])
    elif not found:
        output.write("Nothing waits for a person." if pending else "No number has opted out.")
    else:
        rows = [
            (one.entry.connection, _show(number), CERTAINTIES[one.basis], one.entry.evidence or one.entry.word,
             output.format_time(one.entry.at))
            for number, one in found
        ]  # fmt: skip
        output.write_table(("connection", "number", "why", "words", "when"), rows)
        if any(one.is_pending for _, one in found):
            output.write(
                "Probably: `quoflow optouts confirm NUMBER` if they did, `lift NUMBER --reason …` if they did not."
            )
    return errors.EXIT_FINE


@optouts.command(help="Show what is known of one number: every entry, and whether it may be texted.")
@click.argument("number")
@_json
@click.pass_obj
def show(session: Session, number: str, as_json: bool) -> int:  # noqa: FBT001 - click passes by name
    """Show one number's ledger."""
    with app.open_engine(session.config, tell=feed.ignore) as engine:
        phone = runtime.read_number(engine, number)
        with engine.database.read() as tx:
            entries = store.list_entries(tx, phone=phone)
            stands = {
                one: store.find_opt_out(tx, connection=one, phone=phone) for one in _name_connections(engine, None)
            }
    standing = [describe(phone, one) for one in stands.values() if one is not None]
    if as_json:
        output.write_json({"number": phone, "standing": standing, "entries": [_describe_entry(one) for one in entries]})
        return errors.EXIT_FINE
    for name, one in stands.items():
        said = f"is not texted ({opt_out_ledger.describe(one)})" if one else "may be texted"
        output.write(f"{name}: {phone} {said}")
    if entries:
        rows = [(one.connection, one.says, one.certainty or "certain", one.evidence or one.word, one.actor or "",
                 output.format_time(one.recorded_at if one.actor else one.at)) for one in entries]  # fmt: skip
        output.write_table(("connection", "says", "certainty", "words", "by", "when"), rows)
    return errors.EXIT_FINE


@optouts.command(help="Enter a number that must not be texted; only a person can lift that again.")
@click.argument("number")
@click.option("--reason", default="", help="Why, such as: asked on the phone.")
@_on
@click.pass_obj
def add(session: Session, number: str, reason: str, connection: str | None) -> int:
    """Enter one."""
    return _decide(session, number, "stop", connection=connection, reason=reason)


@optouts.command(help="Confirm that a number opted out; START does not lift it any more.")
@click.argument("number")
@_on
@click.pass_obj
def confirm(session: Session, number: str, connection: str | None) -> int:
    """Confirm one."""
    return _decide(session, number, "confirm", connection=connection, reason="")


@optouts.command(help="Lift what stands against texting a number: a false alarm, or they changed their mind.")
@click.argument("number")
@click.option("--reason", required=True, help="Why texting it is right; it is kept.")
@_on
@click.pass_obj
def lift(session: Session, number: str, reason: str, connection: str | None) -> int:
    """Lift one."""
    if not reason.strip():
        raise click.UsageError("A lift needs a --reason that says something.")
    return _decide(session, number, "lift", connection=connection, reason=reason)


@optouts.command(help="Write the whole ledger, with the evidence.")
@click.option("-o", "--output", "file", type=click.Path(path_type=Path), help="A new file; stdout unless said.")
@click.option("--format", "form", type=click.Choice(("csv", "json")), default="csv", show_default=True)
@click.pass_obj
def export(session: Session, file: Path | None, form: str) -> int:
    """Export every entry."""
    with app.open_engine(session.config, tell=feed.ignore) as engine, engine.database.read() as tx:
        entries = [_describe_entry(one) for one in store.list_entries(tx)]
    text = _FORMATS[form](entries)
    if file is None:
        click.echo(text, nl=False)
        return errors.EXIT_FINE
    try:
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
            out.write(text)
    except FileExistsError:
        raise errors.QuoflowError(f"{file} is there already", "name a file that does not exist yet") from None
    except OSError as error:
        raise errors.QuoflowError(f"{file} cannot be written: {error.strerror}", "name another place") from error
    output.write(f"wrote {len(entries)} {'entry' if len(entries) == 1 else 'entries'} to {file}")
    return errors.EXIT_FINE


@optouts.command(help="Erase a person: their texts, names and numbers go; their opt-out stays, as a keyed hash.")
@click.argument("number")
@click.option("--yes", is_flag=True, help="Do not ask again.")
@click.pass_obj
def erase(session: Session, number: str, yes: bool) -> int:  # noqa: FBT001 - click passes by name
    """Erase one."""
    with app.open_engine(session.config, tell=feed.ignore) as engine:
        phone = runtime.read_number(engine, number)
        if not yes and not output.confirm(f"Erase what is kept of {phone}? There is no way back."):
            output.write("Nothing was erased.")
            return errors.EXIT_FAILED
        erased = erasing.erase(engine, phone, actor=getpass.getuser())
    output.write(
        f"erased messages: {erased.messages}, calls: {erased.calls}, contacts: {erased.contacts},"
        f" events: {erased.events}, runs: {erased.runs}; entries of the ledger that stay under a keyed hash:"
        f" {erased.opt_outs}"
    )
    output.write("Quo and your backups still have what they have: delete the contact and the conversation there too.")
    return errors.EXIT_FINE


def _decide(session: Session, number: str, deed: runtime.Deed, *, connection: str | None, reason: str) -> int:
    actor = getpass.getuser()
    with app.open_engine(session.config, tell=feed.ignore) as engine:
        phone = runtime.read_number(engine, number)
        names = _name_connections(engine, connection)
        answers = runtime.decide(engine, phone, deed, connections=names, actor=actor, reason=reason)
    done = [answer for answer in answers if answer.is_done]
    for answer in done:
        was = f" (was: {answer.text})" if answer.text else ""
        output.write(f"{answer.connection}: {phone} {_OUTCOMES[deed]}{was}")
    for answer in answers if not done else ():
        output.write_error(f"{answer.connection}: {phone} is as it was: {answer.text}")
    return errors.EXIT_FINE if done else errors.EXIT_FAILED


_OUTCOMES = {"stop": "is not texted any more", "confirm": "stays opted out", "lift": "may be texted again"}


def _name_connections(engine: Engine, wanted: str | None) -> tuple[str, ...]:
    known = tuple(engine.settings.connections)
    if wanted is not None and wanted not in known:
        raise errors.UsageError(f"there is no connection `{wanted}`", f"there are: {', '.join(known)}")
    return known if wanted is None else (wanted,)


def _show(number: str) -> str:
    return "(erased)" if number.startswith(opt_out_ledger.ERASED) else number


def describe(number: str, standing: Standing) -> dict[str, Any]:
    """Give what stands against a number as the JSON that scripts rely on."""
    entry = _describe_entry(standing.entry)
    return {**entry, "number": number, "certainty": standing.basis, "pending": standing.is_pending}


def _describe_entry(entry: Entry) -> dict[str, Any]:
    values = {name: getattr(entry, name) for name in COLUMNS if name != "number"}
    return {**values, "number": entry.phone, "certainty": entry.certainty or "certain"}


def _format_csv(entries: list[dict[str, Any]]) -> str:
    times = ("at", "recorded_at")
    rows = ([output.format_time(one[name]) if name in times else one[name] for name in COLUMNS] for one in entries)
    return spreadsheet.format_csv(COLUMNS, rows)


def _format_json(entries: list[dict[str, Any]]) -> str:
    return output.format_json(entries) + "\n"


_FORMATS: dict[str, Callable[[list[dict[str, Any]]], str]] = {"csv": _format_csv, "json": _format_json}
