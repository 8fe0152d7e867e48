"""The JSON Schemas for editors, of everything that a project holds in YAML."""

from __future__ import annotations

from quoflow import settings
from quoflow.loader import schema
from quoflow.runtime import cases


def render_schemas() -> dict[str, str]:
    """Give the JSON Schemas by file name."""
    return schema.render_schemas(settings.Settings, cases.CaseFile)
