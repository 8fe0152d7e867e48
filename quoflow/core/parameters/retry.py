"""How often a step that failed is done again, and when. Pure."""

from __future__ import annotations

from datetime import timedelta

from pydantic import BaseModel, ConfigDict, Field, model_validator

from quoflow.core.durations import Duration

FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(hours=1)


class Retry(BaseModel):
    """Do a step again that failed without having happened."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    times: int = Field(ge=1, le=10, description="How often it is done again at most, 1 to 10.")
    every: Duration | None = Field(None, description="The pause before each try, such as 1m.")
    backoff: Duration | None = Field(
        None, description="The pause before the first try; it doubles with each, up to an hour. 30s unless said."
    )

    @model_validator(mode="after")
    def _says_one(self) -> Retry:
        if self.every is not None and self.backoff is not None:
            raise ValueError("say either `every`, a pause that stays, or `backoff`, one that doubles")
        return self

    def choose_pause(self, done: int) -> timedelta:
        """Give the pause before the next try, when so many were made already."""
        if self.every is not None:
            return self.every
        first = FIRST_PAUSE if self.backoff is None else self.backoff
        return max(first, min(LONGEST_PAUSE, first * (1 << done)))
