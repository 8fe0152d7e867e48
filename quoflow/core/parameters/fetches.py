"""Steps that read: what Quo makes of a call, what was written and called, and who is who. Pure."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from pydantic import Field, model_validator

from quoflow.core.durations import Duration
from quoflow.core.parameters.base import Expression, Parameters, Template

ASK_FOR = timedelta(minutes=5)
"""How long Quo is asked again where it cannot be reached, unless the step says."""


class Artifact(Parameters):
    """Waits for something that Quo makes of a call."""

    call: Template | None = Field(None, description="The call's id (AC…); the event's call unless said.")
    timeout: Duration = Field(timedelta(hours=1), description="How long to wait for it to be made, such as 1h.")
    on_timeout: Literal["fail", "continue"] = Field("fail", description="What to do when it was not made in time.")


class FetchTranscript(Artifact):
    """Wait for the transcript of the event's call, then read it: `steps.<id>.text`."""


class FetchSummary(Artifact):
    """Wait for the summary of the event's call, then read it: `steps.<id>.text`, `.next_steps`."""


class FetchVoicemail(Artifact):
    """Wait for the voicemail of the event's call, then read it: `steps.<id>.text`, `.duration`."""


class FetchRecording(Artifact):
    """Wait for the recording of the event's call, and save the audio to a folder: `steps.<id>.path`."""


class Listing(Parameters):
    """Reads the latest of what there is between one of our lines and a number."""

    contact: Template | None = Field(None, description="Their number; the event's contact unless said.")
    line: Template | None = Field(
        None, description="Our line: its name, number or PN… id; the event's line unless said."
    )
    limit: int = Field(10, ge=1, le=100, description="How many at most, the latest: 1 to 100.")
    timeout: Duration = Field(ASK_FOR, description="How long to ask again where Quo cannot be reached, such as 5m.")
    on_timeout: Literal["fail", "continue"] = Field("fail", description="What to do when Quo was not reached in time.")


class FetchMessages(Listing):
    """Read the latest texts with this contact, the oldest of them first: `steps.<id>.messages`."""


class FetchCalls(Listing):
    """Read the latest calls with this contact, the oldest of them first: `steps.<id>.calls`."""


class FindContact(Parameters):
    """Find a contact: `steps.<id>.found`, `.id`, `.name`, `.tags` and the rest of a contact's fields."""

    phone: Template | None = Field(None, description="One of their numbers.")
    email: Template | None = Field(None, description="One of their e-mail addresses, in any case.")
    external_id: Template | None = Field(None, description="Their id in another system, as it was given to Quo.")
    where: Expression | None = Field(
        None, description="An expression that holds for them, such as contact.company == 'Berg Bakery'."
    )
    on_many: Literal["fail", "first"] = Field(
        "fail", description="What to do when several fit: fail, or take the one that was changed last."
    )
    timeout: Duration = Field(ASK_FOR, description="How long to ask again where Quo cannot be reached, such as 5m.")
    on_timeout: Literal["fail", "continue"] = Field("fail", description="What to do when Quo was not reached in time.")

    @model_validator(mode="after")
    def _says_one(self) -> FindContact:
        ways = (self.phone, self.email, self.external_id, self.where)
        if sum(way is not None for way in ways) != 1:
            raise ValueError("say one of `phone`, `email`, `external_id` and `where`")
        return self
