"""Artifacts: what Quo makes after a call, looked at once."""

from __future__ import annotations

import pytest

from quoflow.actions import artifacts
from quoflow.core import happenings, steps
from quoflow.core.parameters import fetches
from quoflow.quo import errors

LATE = {
    "voicemail": {"after": "60s", "text": "Please call me"},
    "transcript": {"after": "60s", "lines": [{"speaker": "us", "text": "Hello"}, {"text": "I want a refund"}]},
    "recording": {"after": "60s"},
    "summary": {"after": "60s", "points": ["Wants a refund"], "next_steps": ["Call back"]},
}
WORDS = {
    "voicemail": ("text", "Please call me"),
    "recording": ("url", "/_media/recordings/"),
    "transcript": ("text", "refund"),
    "summary": ("text", "Wants a refund"),
}


def ring(office, **late):
    call = office.happen("calls", peer="+15555550111", ring="1s", answered=True, duration="5s", **late)
    office.later(seconds=7)
    return call["id"]


@pytest.mark.parametrize("kind", sorted(LATE))
def test_what_is_not_made_yet_is_pending_then_completed(office, kind):
    """A 404, an empty, absent or in-progress answer are all `not yet`; a minute later it is there with its words."""
    call_id = ring(office, **{kind: LATE[kind]})
    seen = []
    for _ in range(4):
        artifact = artifacts.fetch_artifact(kind, call_id, office.quo)
        seen.append(artifact.state)
        office.later(seconds=25)

    assert seen[0] == seen[1] == "pending"
    assert seen[-1] == "completed"
    assert (artifact.kind, artifact.call_id) == (kind, call_id)
    field, words = WORDS[kind]
    assert words in artifact.data[field]


@pytest.mark.parametrize("kind", sorted(LATE))
def test_what_could_not_be_made_has_failed(office, kind):
    """Quo says when it never will be: that is an answer, not something to wait for."""
    call_id = ring(office, **{kind: {"status": "failed"}})

    assert artifacts.fetch_artifact(kind, call_id, office.quo).state == "failed"


def test_a_refusal_is_an_error_not_a_pending_artifact(office):
    """A wrong key must not look like a transcript that is late."""
    call_id = ring(office)
    office.fault("401", path="/v1/call-transcripts")

    with pytest.raises(errors.Unauthorized):
        artifacts.fetch_artifact("transcript", call_id, office.quo)


def test_every_kind_that_is_watched_or_fetched_has_a_reader():
    """A trigger or a fetch step without a reader would be forgotten."""
    needed = set(happenings.ARTIFACT_EVENTS) | {
        kind.removeprefix("fetch_") for kind in steps.READS if issubclass(steps.STEPS[kind], fetches.Artifact)
    }

    assert needed <= artifacts._READERS.keys()
