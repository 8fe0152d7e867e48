"""Steps that change contacts. Pure."""

from __future__ import annotations

from pydantic import Field, model_validator

from quoflow.core.parameters.base import Parameters, Templates


class TagContact(Parameters):
    """Add or remove tags: options of the multi-select custom field named in the configuration."""

    add: Templates = Field((), description="A tag or a list of tags to add.")
    remove: Templates = Field((), description="A tag or a list of tags to remove.")

    @model_validator(mode="after")
    def _says_something(self) -> TagContact:
        if not self.add and not self.remove:
            raise ValueError("say which tags to `add` or to `remove`")
        return self
