"""`quoflow db`: upgrade, back up, prune and check the database."""

from __future__ import annotations

import os
from pathlib import Path

import click

from quoflow import app, errors
from quoflow.cli import feed, output
from quoflow.cli.output import Session
from quoflow.runtime import projects, retention
from quoflow.store import audit, migrations, pruning


@click.group(help="Upgrade, back up, prune or check the database.")
def db() -> None:
    """Hold the commands."""


@db.command(help="Bring the database to this version's schema (opening it does so too).")
@click.pass_obj
def upgrade(session: Session) -> int:
    """Upgrade by opening."""
    project = projects.load_settings(session.config, os.environ)
    with app.open_database(project):
        output.write(f"{project.database_target} is up to date")
    return errors.EXIT_FINE


@db.command(help="Copy the database to FILE, also while a service runs.")
@click.argument("file", type=click.Path(path_type=Path))
@click.pass_obj
def backup(session: Session, file: Path) -> int:
    """Back up."""
    if file.exists():
        raise errors.QuoflowError(f"{file} is there already", "Name a file that does not exist yet")
    project = projects.load_settings(session.config, os.environ)
    with app.open_database(project) as store:
        store.copy_to(file, at=app.read_clock())
    output.write(f"wrote {file}")
    return errors.EXIT_FINE


@db.command(help="Remove the texts and other words that are older than `retention: {texts: …}` says.")
@click.option("--dry-run", is_flag=True, help="Only count.")
@click.option("--json", "as_json", is_flag=True, help="Write JSON to stdout.")
@click.pass_obj
def prune(session: Session, dry_run: bool, as_json: bool) -> int:  # noqa: FBT001 - click passes by name
    """Prune, or count what would be."""
    with app.open_engine(session.config, tell=feed.ignore) as engine:
        before = retention.find_limit(engine, engine.clock())
        if before is None:
            hint = "Set `retention: {texts: 400d}` in quoflow.yaml, or another age from 30d on"
            raise errors.QuoflowError("nothing says how long texts are kept, so they are kept", hint)
        if dry_run:
            with engine.database.read() as tx:
                counts = pruning.count_old(tx, before=before)
        else:
            counts = retention.prune(engine, actor=app.read_actor())
    if as_json:
        output.write_json({"before": output.format_time(before), "pruned": not dry_run, "rows": counts})
        return errors.EXIT_FINE
    listed = ", ".join(f"{count} {name}" for name, count in counts.items() if count) or "nothing"
    verb = "would lose" if dry_run else "lost"
    output.write(f"{verb} their words from before {before:%Y-%m-%d}: {listed}")
    return errors.EXIT_FINE


@db.command(help="Check the file, its references, its schema and the audit's chain; exit 1 when something is wrong.")
@click.option("--json", "as_json", is_flag=True, help="Write JSON to stdout.")
@click.pass_obj
def check(session: Session, as_json: bool) -> int:  # noqa: FBT001 - click passes by name
    """Check."""
    project = projects.load_settings(session.config, os.environ)
    with app.open_database(project) as store:
        found = list(store.check_integrity())
        with store.read() as tx:
            chain, version = audit.verify(tx), migrations.read_version(tx)
    if chain.problem:
        found.append(f"audit: {chain.problem}")
    if as_json:
        told = {"ok": not found, "schema": version, "audit_entries": chain.count, "problems": found}
        output.write_json(told)
    else:
        for problem in found:
            output.write_error(problem)
        if not found:
            output.write(f"{project.database_target} is sound: schema {version}, {chain.count} audit entries hold")
    return errors.EXIT_FAILED if found else errors.EXIT_FINE
