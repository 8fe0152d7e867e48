"""`quoflow init`: a working project in a folder, ready to be edited."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import click

from quoflow import errors
from quoflow.cli import output
from quoflow.runtime import schemas

FILES = {
    "quoflow.yaml": "quoflow.yaml",
    "rules/missed-call-textback.yaml": "missed-call-textback.yaml",
    "rules/missed-call-textback.test.yaml": "missed-call-textback.test.yaml",
    ".vscode/settings.json": "vscode-settings.json",
    ".github/workflows/rules.yml": "rules-workflow.yml",
    ".gitignore": "gitignore",
}


@click.command(
    help="Write a working project into FOLDER: a configuration, a rule with its tests, editor settings, a CI workflow."
)
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), default=Path())
@click.option(
    "--gateway", type=click.Choice(["maton", "direct"]), default="maton", show_default=True, help="The way in."
)
def init(folder: Path, gateway: str) -> int:
    """Write the files that are not there yet; none is overwritten."""
    templates = resources.files("quoflow.cli") / "templates"
    folder.mkdir(parents=True, exist_ok=True)
    for name, template in FILES.items():
        text = (templates / template).read_text(encoding="utf-8")
        _write_new(folder / name, _fill_in(text, gateway))
    for name, text in schemas.render_schemas().items():
        _write_new(folder / "schema" / name, text)
    key = "MATON_API_KEY" if gateway == "maton" else "QUO_API_KEY"
    output.write()
    output.write("Next:")
    output.write(f"  export {key}=…            your key; it never goes into a file of the project")
    output.write("  quoflow doctor                     checks the key, the lines and everything else")
    output.write("  quoflow check                      checks the rules")
    output.write("  quoflow test                       runs their tests")
    output.write("  quoflow run --once --dry-run       shows what would be sent, sends nothing")
    return errors.EXIT_FINE


def _fill_in(text: str, gateway: str) -> str:
    if gateway == "direct":
        text = text.replace("gateway: maton ", "gateway: direct").replace(
            "https://api.maton.ai", "https://api.openphone.com"
        )
        text = text.replace("MATON_API_KEY", "QUO_API_KEY")
    return text


def _write_new(path: Path, text: str) -> None:
    if path.exists():
        output.write(f"kept   {path} (it is there already)")
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    output.write(f"wrote  {path}")
