"""What is made after a call, fetched by kind: voicemail, transcript, summary, recording. Each may not be there yet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from quoflow.core import facts
from quoflow.quo import errors, translate
from quoflow.quo.client import Quo

Kind = Literal["voicemail", "transcript", "summary", "recording"]


def fetch_artifact(quo: Quo, kind: Kind, call_id: str, *, speakers: Mapping[str, str] | None = None) -> facts.Artifact:
    """Fetch one artifact of a call as it stands now; a 404 means that it is pending.

    Args:
        quo: the workspace's API.
        kind: which one.
        call_id: the call's id.
        speakers: names by user id or number, for transcripts.

    Raises:
        errors.QuoError: for anything but a 404.
    """
    try:
        if kind == "voicemail":
            return translate.to_voicemail(call_id, quo.get_voicemail(call_id))
        if kind == "transcript":
            return translate.to_transcript(call_id, quo.get_transcript(call_id), speakers)
        if kind == "summary":
            return translate.to_summary(call_id, quo.get_summary(call_id))
        return translate.to_recording(call_id, quo.get_recordings(call_id))
    except errors.NotFound:
        return facts.Artifact(kind, call_id, "pending")
