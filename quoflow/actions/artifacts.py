"""What Quo makes after a call: voicemails, recordings, summaries, transcripts, read when they are there."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from quoflow.core.facts import Artifact
from quoflow.quo import errors, translate
from quoflow.quo.client import Quo


def fetch_artifact(kind: str, call_id: str, quo: Quo) -> Artifact:
    """Look once for an artifact of a call. `pending` means: not made yet, or never will be.

    Raises:
        QuoError: the API refused or could not be reached; a 404 is an answer here, not an error.
    """
    try:
        return _READERS[kind](quo, call_id)
    except errors.NotFound:
        return Artifact(kind=kind, call_id=call_id, state="pending")


_READERS: Mapping[str, Callable[[Quo, str], Artifact]] = {
    "voicemail": lambda quo, call_id: translate.read_voicemail(call_id, quo.get_voicemail(call_id)),
    "recording": lambda quo, call_id: translate.read_recording(call_id, quo.get_recordings(call_id)),
    "transcript": lambda quo, call_id: translate.read_transcript(call_id, quo.get_transcript(call_id)),
    "summary": lambda quo, call_id: translate.read_summary(call_id, quo.get_summary(call_id)),
}
