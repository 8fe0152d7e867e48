"""What narrows an event wherever a rule names one: words, and one value or a list of which one must fit. Pure."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from quoflow.core.lists import as_tuple

OneOrMany = Annotated[tuple[str, ...], BeforeValidator(as_tuple)]


class TextFilter(BaseModel):
    """What the text must look like. `contains` takes any case; in `matches` write `(?i)` for that."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    contains: OneOrMany = Field(
        (), description="A word or a list of words, one of which the text contains, in any case."
    )
    matches: str | None = Field(
        None, max_length=500, description="An RE2 regular expression found anywhere in the text."
    )

    @model_validator(mode="after")
    def _says_one(self) -> TextFilter:
        if bool(self.contains) == bool(self.matches):
            raise ValueError("say either `contains` or `matches`")
        return self
