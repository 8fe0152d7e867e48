"""Calls, and what is made after them: recordings, summaries, transcripts, voicemails, each of them late."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Literal

from quoflow.sandbox import media
from quoflow.sandbox.exchange import FieldProblem, Refused, Reply, answer_data
from quoflow.sandbox.queries import E164, NUMBER_ID, USER_ID, read_span
from quoflow.sandbox.scenario import Late, TranscriptEntry
from quoflow.sandbox.session import Routes, Session
from quoflow.sandbox.world import Call

_SECONDS_PER_WORD = 0.4


def write_call(session: Session, call: Call) -> dict[str, Any]:  # JSON
    """Write a call as the API shows it; our own number may stand among the participants."""
    stamp = session.writer.stamp_or_none
    row = {
        "id": call.id,
        "phoneNumberId": call.line_id,
        "userId": call.user_id,
        "direction": call.direction,
        "status": call.status,
        "duration": call.duration,
        "participants": _write_participants(session, call),
        "initiatedBy": call.initiated_by,
        "answeredAt": stamp(call.answered_at, call.id),
        "answeredBy": call.answered_by,
        "completedAt": stamp(call.completed_at, call.id),
        "forwardedFrom": call.forwarded_from,
        "forwardedTo": call.forwarded_to,
        "createdAt": stamp(call.created_at, call.id),
        "updatedAt": stamp(call.updated_at, call.id),
    }
    if call.ai_handled:
        row["aiHandled"] = "ai-agent"
    nullable = ("initiatedBy", "answeredAt", "answeredBy", "completedAt", "forwardedFrom", "forwardedTo")
    return session.writer.row(row, nullable)


def _write_participants(session: Session, call: Call) -> list[str]:
    own = session.world.lines[call.line_id].number
    place = session.writer.own_number_place(call.id)
    return {"first": [own, call.peer], "last": [call.peer, own]}.get(place, [call.peer])


def _list(session: Session) -> Reply:
    params = session.params
    line_id = params.text("phoneNumberId", NUMBER_ID, required=True)
    participants = params.texts("participants", E164, required=True)
    user_id = params.text("userId", USER_ID)
    span = read_span(params, "created", inclusive=session.options.inclusive_bounds)
    params.check()
    if len(participants) > 1:
        problem = FieldProblem("/participants", "Expected array length to be at most 1", "array")
        raise Refused(400, "Too many participants", code="0101400", title="Too Many Participants", problems=[problem])
    if line_id not in session.world.lines:
        raise Refused(404, f"Phone number {line_id} not found")
    conversation = session.world.find_conversation(line_id, participants)
    rows = [
        call
        for call in reversed(conversation.calls if conversation else [])
        if span.holds(call.created_at) and user_id in {None, call.user_id}
    ]
    return session.page(rows, params, most=100, write=write_call)


def _find(session: Session) -> Call:
    call_id = session.words[0]
    if not call_id.startswith("AC"):
        problem = FieldProblem("/callId", "Expected string to match '^AC(.*)$'")
        raise Refused(400, "The id is not valid", problems=[problem])
    call = session.world.calls.get(call_id)
    if call is None:
        raise Refused(404, f"Call {call_id} not found")
    return call


def _get(session: Session) -> Reply:
    return answer_data(write_call(session, _find(session)))


def phase_of(session: Session, call: Call, late: Late | None) -> Literal["none", "in-progress", "made"]:
    """Say how far a late thing is: nothing for the first half of its delay, then in progress, then made."""
    if late is None or call.completed_at is None:
        return "none"
    since = session.now - call.completed_at
    if since >= late.after:
        return "made"
    return "none" if since < late.after / 2 else "in-progress"


def _get_voicemail(session: Session) -> Reply:
    call = _find(session)
    voicemail = call.artifacts.voicemail
    phase = phase_of(session, call, voicemail)
    if voicemail is None or phase == "none":
        raise Refused(404, f"Call {call.id} has no voicemail")
    status = "in-progress" if phase == "in-progress" else voicemail.status
    is_there = status == "completed"
    row = {
        "id": f"VM{call.id}",
        "callId": call.id,
        "status": status,
        "transcript": voicemail.text if is_there else None,
        "duration": _whole(voicemail.duration) if is_there else None,
        "recordingUrl": f"https://storage.example.com/voicemails/{call.id}.mp3" if is_there else None,
        "processedAt": session.writer.stamp_or_none(call.completed_at if is_there else None, call.id),
    }
    return answer_data(session.writer.row(row, ("transcript", "duration", "recordingUrl", "processedAt")))


def _get_recordings(session: Session) -> Reply:
    call = _find(session)
    recording = call.artifacts.recording
    phase = phase_of(session, call, recording)
    if recording is None or phase == "none":
        return answer_data([])
    status = "in-progress" if phase == "in-progress" else recording.status
    is_there = status == "completed"
    row = {
        "id": f"REC{call.id}",
        "duration": call.duration if is_there else None,
        "startTime": session.writer.stamp_or_none(call.answered_at or call.created_at, call.id),
        "status": status,
        "type": recording.type if is_there else None,
        "url": media.make_url(call, session.request, now=session.now, life=session.options.media_life)
        if is_there
        else None,
    }
    return answer_data([session.writer.row(row, ("duration", "type", "url"))])


def _get_summary(session: Session) -> Reply:
    call = _find(session)
    summary = call.artifacts.summary
    phase = phase_of(session, call, summary)
    status = {"none": "absent", "in-progress": "in-progress"}.get(phase, summary.status if summary else "absent")
    made = summary if summary is not None and status == "completed" else None
    row = {
        "callId": call.id,
        "status": status,
        "summary": list(made.points) if made else None,
        "nextSteps": list(made.next_steps) if made else None,
    }
    return answer_data(row)


def _get_transcript(session: Session) -> Reply:
    call = _find(session)
    transcript = call.artifacts.transcript
    phase = phase_of(session, call, transcript)
    if transcript is None or phase == "none":
        raise Refused(404, f"Call {call.id} has no transcript")
    status = "in-progress" if phase == "in-progress" else transcript.status
    row = {
        "callId": call.id,
        "createdAt": session.writer.stamp_or_none(call.completed_at, call.id),
        "status": status,
        "dialogue": _write_dialogue(session, call, transcript) if status == "completed" else None,
        "duration": call.duration,
    }
    return answer_data(row)


def _write_dialogue(session: Session, call: Call, transcript: TranscriptEntry) -> list[dict[str, Any]]:  # JSON
    own, clock, dialogue = session.world.lines[call.line_id].number, 0.0, []
    for line in transcript.lines:
        end = round(clock + _SECONDS_PER_WORD * len(line.text.split()), 2)
        ours = line.speaker == "us"
        dialogue.append(
            {
                "content": line.text,
                "start": clock,
                "end": end,
                "identifier": own if ours else call.peer,
                "userId": call.user_id if ours else None,
            }
        )
        clock = end
    return dialogue


def _whole(duration: timedelta) -> int:
    return round(duration.total_seconds())


ROUTES: Routes = {
    ("GET", "calls", 0): _list,
    ("GET", "calls", 1): _get,
    ("GET", "call-recordings", 1): _get_recordings,
    ("GET", "call-summaries", 1): _get_summary,
    ("GET", "call-transcripts", 1): _get_transcript,
    ("GET", "call-voicemails", 1): _get_voicemail,
}
