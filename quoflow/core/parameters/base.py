"""What every step's parameters are made of: strings that are templates or expressions, and the strict model. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict

from quoflow.core.lists import as_tuple


@dataclass(frozen=True, slots=True)
class Marker:
    """Says how a string in a rule is read: as a template or as an expression."""

    kind: Literal["template", "expression"]


Template = Annotated[str, Marker("template")]
Texts = Annotated[tuple[str, ...], BeforeValidator(as_tuple)]
Expression = Annotated[str, Marker("expression")]
Templates = Annotated[tuple[Template, ...], BeforeValidator(as_tuple)]


class Parameters(BaseModel):
    """What a step says about itself; unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)
