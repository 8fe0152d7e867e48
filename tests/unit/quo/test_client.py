"""The typed client: each endpoint's request, paging to the end, and answers that do not say what they should."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from urllib.parse import parse_qs

import httpx
import pytest

from quoflow.quo import errors
from quoflow.quo.client import Quo

AT = datetime(2026, 3, 1, tzinfo=UTC)
ITEM = {"id": "X1", "key": "k"}


class Recorder:
    """Answer everything with the same, and keep what was asked."""

    def __init__(self, body, status=200) -> None:
        self.body, self.status = body, status
        self.asked: list[tuple[str, str, dict]] = []
        self.bodies: list[object] = []

    def __call__(self, request):
        path = request.url.raw_path.decode().partition("?")[0]
        self.asked.append((request.method, path, parse_qs(request.url.query.decode())))
        self.bodies.append(json.loads(request.content) if request.content else None)
        return httpx.Response(self.status, json=self.body) if self.body is not None else httpx.Response(204)


LISTS = [
    (lambda quo: quo.list_phone_numbers(user_id="US1"), "/v1/phone-numbers", {"userId": ["US1"]}),
    (lambda quo: quo.list_users(), "/v1/users", {"maxResults": ["50"]}),
    (
        lambda quo: quo.list_messages("PN1", ["+15551234567"], created_after=AT, user_id="US1"),
        "/v1/messages",
        {
            "phoneNumberId": ["PN1"],
            "participants": ["+15551234567"],
            "userId": ["US1"],
            "createdAfter": ["2026-03-01T00:00:00.000Z"],
            "maxResults": ["100"],
        },
    ),
    (
        lambda quo: quo.list_calls("PN1", "+15551234567", created_before=AT),
        "/v1/calls",
        {
            "phoneNumberId": ["PN1"],
            "participants": ["+15551234567"],
            "createdBefore": ["2026-03-01T00:00:00.000Z"],
            "maxResults": ["100"],
        },
    ),
    (
        lambda quo: quo.list_contacts(external_ids=["a", "b"], sources=["s"]),
        "/v1/contacts",
        {"externalIds": ["a", "b"], "sources": ["s"], "maxResults": ["50"]},
    ),
    (lambda quo: quo.list_custom_fields(), "/v1/contact-custom-fields", {}),
    (
        lambda quo: quo.list_conversations(phone_numbers=["PN1"], updated_after=AT, exclude_inactive=True),
        "/v1/conversations",
        {
            "phoneNumbers": ["PN1"],
            "updatedAfter": ["2026-03-01T00:00:00.000Z"],
            "excludeInactive": ["true"],
            "maxResults": ["100"],
        },
    ),
    (lambda quo: quo.get_recordings("AC1"), "/v1/call-recordings/AC1", {}),
]


@pytest.mark.parametrize(("call", "path", "params"), LISTS)
def test_lists_ask_as_quo_wants(make_quo, call, path, params):
    """Path, required parameters, the largest page, arrays as repeated keys, and nothing else."""
    recorder = Recorder({"data": [ITEM]})

    assert len(list(call(make_quo(recorder)))) == 1
    assert recorder.asked == [("GET", f"/quo{path}", params)]


@pytest.mark.parametrize(
    ("call", "path"),
    [
        (lambda quo: quo.get_user("US1"), "/v1/users/US1"),
        (lambda quo: quo.get_message("AC1"), "/v1/messages/AC1"),
        (lambda quo: quo.get_call("AC1"), "/v1/calls/AC1"),
        (lambda quo: quo.get_summary("AC1"), "/v1/call-summaries/AC1"),
        (lambda quo: quo.get_transcript("AC1"), "/v1/call-transcripts/AC1"),
        (lambda quo: quo.get_voicemail("AC1"), "/v1/call-voicemails/AC1"),
        (lambda quo: quo.get_contact("a/../b"), "/v1/contacts/a%2F..%2Fb"),
    ],
)
def test_single_reads_ask_for_one(make_quo, call, path):
    """Each single read has its path, the id as one part of it."""
    recorder = Recorder({"data": ITEM})

    assert call(make_quo(recorder))
    assert recorder.asked == [("GET", f"/quo{path}", {})]


@pytest.mark.parametrize(
    ("call", "method", "path", "body"),
    [
        (lambda quo: quo.send_message({"content": "x"}), "POST", "/v1/messages", {"content": "x"}),
        (lambda quo: quo.create_contact({"a": 1}), "POST", "/v1/contacts", {"a": 1}),
        (lambda quo: quo.patch_contact("C1", {"a": 1}), "PATCH", "/v1/contacts/C1", {"a": 1}),
        (lambda quo: quo.delete_contact("C1"), "DELETE", "/v1/contacts/C1", None),
        (lambda quo: quo.mark_conversation("CN1", "done"), "POST", "/v1/conversations/CN1/mark-as-done", None),
        (lambda quo: quo.mark_conversation("CN1", "open"), "POST", "/v1/conversations/CN1/mark-as-open", None),
        (lambda quo: quo.mark_conversation("CN1", "read"), "POST", "/v1/conversations/CN1/mark-as-read", None),
    ],
)
def test_writes_send_the_body_as_it_is(make_quo, call, method, path, body):
    """Method, path and exactly the body that was given."""
    recorder = Recorder({"data": ITEM})
    call(make_quo(recorder))

    assert recorder.asked == [(method, f"/quo{path}", {})]
    assert recorder.bodies == [body]


def test_a_delete_answered_with_nothing_is_done(make_quo):
    """204 is a success."""
    make_quo(Recorder(None)).delete_contact("C1")


@pytest.mark.parametrize(
    "body", [{}, {"data": {}}, {"data": None}, [], "ok", 7, {"error": {"message": "x"}}, {"id": ""}, None]
)
def test_an_accepted_text_that_names_no_message_is_ambiguous(make_quo, body):
    """A 2xx without a message id may hide one that was sent: never taken for sent, never for not sent."""
    with pytest.raises(errors.Unreadable) as caught:
        make_quo(Recorder(body, status=202)).send_message({"content": "x"})

    assert caught.value.is_ambiguous


def pages(*tokens):
    """Serve one item a page, with these next tokens in turn."""
    served = []

    def answer(request):
        token = tokens[min(len(served), len(tokens) - 1)]
        served.append(request.url.params.get("pageToken"))
        return httpx.Response(200, json={"data": [{"id": f"X{len(served)}"}], "totalItems": 1, "nextPageToken": token})

    return answer, served


def test_a_list_is_read_to_its_end(make_quo):
    """Pages are asked for with the token of the last, whatever totalItems says, until the token is null."""
    answer, served = pages("a", "b+/=", None)

    assert [user.id for user in make_quo(answer).list_users()] == ["X1", "X2", "X3"]
    assert served == [None, "a", "b+/="]


def test_a_list_is_read_page_by_page(make_quo):
    """Who stops reading early asks for no more pages."""
    answer, served = pages("a", "b", None)
    next(make_quo(answer).list_users())

    assert served == [None]


@pytest.mark.parametrize("tokens", [("a", "a"), ("a", "b", "a")])
def test_a_list_that_goes_round_in_circles_ends(make_quo, tokens):
    """A token that came before, at once or later, is an error and not an endless walk."""
    answer, _ = pages(*tokens)
    with pytest.raises(errors.PagingError, match="twice"):
        list(make_quo(answer).list_users())


def test_a_list_without_end_is_cut_off(make_quo):
    """New tokens for ever end at the cap."""

    def answer(request):
        token = int(request.url.params.get("pageToken", "0")) + 1
        return httpx.Response(200, json={"data": [], "nextPageToken": str(token)})

    with pytest.raises(errors.PagingError, match="7 pages"):
        list(make_quo(answer, most_pages=7).list_users())


def test_unreadable_items_are_reported(make_quo):
    """The others come; the bad one is told and kept among the warnings."""
    told = []
    quo = make_quo(Recorder({"data": [{"id": 1}, {"no": "id"}, {"id": "US3"}]}), on_skipped=told.append)

    assert [user.id for user in quo.list_users()] == ["1", "US3"]
    assert [skipped.kind for skipped in told] == ["User"]
    assert list(quo.warnings) == told


def test_a_list_that_is_none_is_unreadable(make_quo):
    """A 200 without a list is not an empty list."""
    with pytest.raises(errors.Unreadable):
        list(make_quo(Recorder({"hello": 1})).list_users())


def test_a_raw_look(make_quo):
    """What a person types is asked for as meant, and comes back as it is."""
    recorder = Recorder({"any": ["thing"]})

    assert make_quo(recorder).get_raw("/v1/messages?participants=+15551234567", [("maxResults", "5")]) == {
        "any": ["thing"]
    }
    assert recorder.asked == [("GET", "/quo/v1/messages", {"participants": ["+15551234567"], "maxResults": ["5"]})]


def test_the_public_methods_are_the_endpoints():
    """Exactly one method for each endpoint of the reference, the raw look, and what is known of time."""
    assert {name for name in vars(Quo) if not name.startswith("_")} == {
        "list_phone_numbers",
        "list_users",
        "get_user",
        "send_message",
        "list_messages",
        "get_message",
        "list_calls",
        "get_call",
        "get_recordings",
        "get_summary",
        "get_transcript",
        "get_voicemail",
        "list_contacts",
        "get_contact",
        "create_contact",
        "patch_contact",
        "delete_contact",
        "list_custom_fields",
        "list_conversations",
        "mark_conversation",
        "get_raw",
        "clock_skew",
        "lease",
        "begun_lease",
        "read_time",
    }
