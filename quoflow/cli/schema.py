"""`quoflow schema`: the JSON Schemas that editors complete and check by."""

from __future__ import annotations

from pathlib import Path

import click

from quoflow import errors
from quoflow.cli import output
from quoflow.runtime import schemas


@click.command(help="Print the JSON Schema of rules, of tests or of the configuration, or write all into a folder.")
@click.argument("which", type=click.Choice(["rule", "config", "test"]), default="rule")
@click.option("--write", "folder", type=click.Path(path_type=Path), help="Write every schema into this folder.")
def schema(which: str, folder: Path | None) -> int:
    """Print or write the schemas."""
    texts = schemas.render_schemas()
    if folder is None:
        click.echo(texts[f"{which}.schema.json"], nl=False)
        return errors.EXIT_FINE
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
        output.tell(f"wrote {folder / name}")
    return errors.EXIT_FINE
