"""The storage of recordings: addresses that expire, and that want no key beside them."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

from quoflow.sandbox.exchange import Request


def ask(desk, url, **headers):
    parts = urlsplit(url)
    return desk.sandbox.handle(Request("GET", parts.path, tuple(parse_qsl(parts.query)), headers))


def record(desk, **recording):
    body = {"peer": "+15555550111", "ring": "0s", "answered": True, "duration": "0s", "recording": recording}
    call = desk.post("/_sandbox/calls", body).body["id"]
    (row,) = desk.get(f"/v1/call-recordings/{call}").data
    return row["url"]


def test_a_recording_is_given_to_its_address_alone(desk):
    """The audio has the type that its storage says; with a key beside the address it is refused, as S3 does."""
    url = record(desk, type="audio/wav", served_as="binary/octet-stream")
    given = ask(desk, url)

    assert (given.status, given.headers["content-type"], given.body[:4]) == (200, "binary/octet-stream", b"RIFF")
    assert ask(desk, url, authorization="Bearer x").status == 400


def test_an_address_expires(desk):
    """After five minutes it is 403; a fresh one is given by the call's recordings."""
    url = record(desk)
    desk.later(299)
    before = ask(desk, url).status
    desk.later(2)

    assert (before, ask(desk, url).status) == (200, 403)


def test_an_address_cannot_be_made_up(desk):
    """Another time, another call, no signature: 403."""
    url = record(desk)
    changed = [url.replace("expires=1", "expires=2"), url.replace("signature=", "signature=0"), url.partition("?")[0]]

    assert [ask(desk, one).status for one in changed] == [403] * 3
    assert ask(desk, "http://sandbox/_media/recordings/AC404?expires=x&signature=").status == 403
