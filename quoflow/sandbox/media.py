"""The audio of calls, on addresses that expire: another host's storage, as far as it can be simulated. Pure."""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime, timedelta
from urllib.parse import urlencode

from quoflow.sandbox.exchange import Reply, Request
from quoflow.sandbox.world import Call, World

PREFIX = "/_media/"
HOST = "storage.example.com"
"""Whose addresses are given where a request names no host: nothing is served there."""

_KEY = b"sandbox storage"
_HEADERS = {
    "audio/mpeg": b"\xff\xfb\x90\x00",
    "audio/wav": b"RIFF\x24\x00\x00\x00WAVEfmt ",
    "audio/ogg": b"OggS\x00\x02",
}


def make_url(call: Call, request: Request, *, now: datetime, life: timedelta) -> str:
    """Make an address for the audio of a call that can be used for a while, and by whoever has it."""
    host = request.headers.get("host")
    expires = int((now + life).timestamp())
    query = urlencode({"expires": expires, "signature": _sign(call.id, expires)})
    return f"{f'http://{host}' if host else f'https://{HOST}'}{PREFIX}recordings/{call.id}?{query}"


def serve(request: Request, world: World, *, now: datetime) -> Reply:
    """Answer a request for audio as such a storage does: to the address alone, and to no key beside it."""
    words = request.path.removeprefix(PREFIX).split("/")
    query = dict(request.query)
    call = world.calls.get(words[1]) if len(words) == 2 and words[0] == "recordings" else None
    expires = query.get("expires", "")
    signature = _sign(call.id, int(expires)) if call and expires.isdecimal() else ""
    if "authorization" in request.headers:
        return _refuse(400, "InvalidArgument", "Only one auth mechanism allowed")
    if call is None or not signature or not hmac.compare_digest(signature, query.get("signature", "")):
        return _refuse(403, "SignatureDoesNotMatch", "The signature does not match")
    if now.timestamp() >= int(expires):
        return _refuse(403, "AccessDenied", "Request has expired")
    recording = call.artifacts.recording
    if request.method != "GET" or recording is None:
        return _refuse(404, "NoSuchKey", "The specified key does not exist")
    body = _HEADERS.get(recording.type, b"") + b"\x00" * 64
    return Reply(200, {"content-type": recording.served_as or recording.type}, body)


def _sign(call_id: str, expires: int) -> str:
    return hmac.new(_KEY, f"{call_id}:{expires}".encode(), hashlib.sha256).hexdigest()


def _refuse(status: int, code: str, message: str) -> Reply:
    page = f'<?xml version="1.0" encoding="UTF-8"?><Error><Code>{code}</Code><Message>{message}</Message></Error>'
    return Reply(status, {"content-type": "application/xml"}, page.encode())
