"""The sandbox's answers against the vendor's own OpenAPI file, where both define a thing.

The file is not ours to ship: the test runs where it is named by QUO_OPENAPI or lies beside the checkout.
Where the live service differs from the file, the sandbox follows the service; DIFFERENCES says where.
"""

from __future__ import annotations

import gzip
import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from openapi_schema_validator import OAS31Validator

from quoflow.sandbox.control import control
from quoflow.sandbox.exchange import Request
from quoflow.sandbox.model import ROUTES, Sandbox
from quoflow.sandbox.scenario import build_scenario
from quoflow.sandbox.world import number_ids

ROOT = Path(__file__).parents[2]
BESIDE = ROOT.parent / "shared" / "reference" / "quo-openapi-v1.yaml.gz"
FILE = Path(os.environ.get("QUO_OPENAPI") or BESIDE)

pytestmark = pytest.mark.skipif(
    not FILE.is_file(), reason=f"the vendor's OpenAPI file is not there: set QUO_OPENAPI (looked for {FILE.name})"
)

ANNA = "+15555550111"
DIFFERENCES = {
    "contacts are listed without externalIds": "the file requires the parameter, the service lists all without it",
    "aiHandled on calls": "the service has it, the file forbids keys that it does not name",
    "fields that nobody announced": "rows grow fields; the file forbids that for calls and recordings",
    "nulls left out": "the file requires nullable keys, the service leaves some out",
    "nextPageToken left out": "the same, at the end of a list",
    "message status failed": "the service has it, the file does not",
    "mark-as-read, -done, -open": "newer than the file",
    "users, voicemails": "not in the file",
}
SHOWN_BY_CALLS = {
    "aiHandled on calls": "'aiHandled' was unexpected",
    "fields that nobody announced": "'_rollout' was unexpected",
    "nulls left out": "'forwardedTo' is a required property",
    "nextPageToken left out": "'nextPageToken' is a required property",
}
NOT_IN_THE_FILE = {
    ("GET", "users", 0),
    ("GET", "users", 1),
    ("GET", "call-voicemails", 1),
    ("POST", "conversations", 2),
}
SCENARIO = {
    "options": {"rate_limit": "null", "oddities": "false"},
    "users": [{"id": "US1", "first_name": "Olivia", "email": "olivia@example.com", "role": "owner"}],
    "lines": [{"id": "PN1", "number": "+15555550100", "name": "Main"}],
    "fields": [{"name": "Tags", "key": "tags", "type": "multi-select"}],
    "contacts": [
        {"id": "CT1", "first_name": "Anna", "phones": ANNA, "emails": "a@example.com", "fields": {"tags": "vip"}},
        {"id": "CT2", "external_id": "crm-2", "source": "crm"},
    ],
    "history": [
        {"at": "-1h", "message": {"id": "AC1", "peer": ANNA, "text": "Hi"}},
        {"at": "-50m", "message": {"id": "AC2", "peer": ANNA, "direction": "outgoing", "text": "Hello"}},
        {
            "at": "-40m",
            "call": {
                "id": "AC3",
                "peer": ANNA,
                "answered": "true",
                "recording": {},
                "summary": {"points": "One", "next_steps": "Two"},
                "transcript": {"lines": [{"text": "Hi"}, {"speaker": "us", "text": "Hello"}]},
            },
        },
        {
            "at": "-30m",
            "call": {
                "id": "AC4",
                "peer": ANNA,
                "forwarded_to": "+15555550199",
                "recording": {"status": "failed"},
                "summary": {"status": "failed"},
                "transcript": {"status": "failed"},
            },
        },
        {"at": "-1s", "call": {"id": "AC5", "peer": ANNA, "direction": "outgoing"}},
    ],
}
PEER = (("phoneNumberId", "PN1"), ("participants", ANNA))
HOOK = {"url": "https://example.com/hook", "label": "mine"}
CONTACT = {"defaultFields": {"firstName": "Bill", "phoneNumbers": [{"name": "home", "value": ANNA}]}}
OPERATIONS = [
    # method, path, query, body, status, the file's path
    ("GET", "/v1/phone-numbers", (), None, 200, "/v1/phone-numbers"),
    ("GET", "/v1/messages", PEER, None, 200, "/v1/messages"),
    ("GET", "/v1/messages", (*PEER, ("maxResults", "1")), None, 200, "/v1/messages"),
    ("GET", "/v1/messages/AC1", (), None, 200, "/v1/messages/{id}"),
    ("POST", "/v1/messages", (), {"content": "x", "from": "PN1", "to": [ANNA]}, 202, "/v1/messages"),
    ("GET", "/v1/calls", PEER, None, 200, "/v1/calls"),
    ("GET", "/v1/call-recordings/AC3", (), None, 200, "/v1/call-recordings/{callId}"),
    ("GET", "/v1/call-recordings/AC4", (), None, 200, "/v1/call-recordings/{callId}"),
    ("GET", "/v1/call-recordings/AC5", (), None, 200, "/v1/call-recordings/{callId}"),
    ("GET", "/v1/call-summaries/AC3", (), None, 200, "/v1/call-summaries/{callId}"),
    ("GET", "/v1/call-summaries/AC4", (), None, 200, "/v1/call-summaries/{callId}"),
    ("GET", "/v1/call-summaries/AC5", (), None, 200, "/v1/call-summaries/{callId}"),
    ("GET", "/v1/call-transcripts/AC3", (), None, 200, "/v1/call-transcripts/{id}"),
    ("GET", "/v1/call-transcripts/AC4", (), None, 200, "/v1/call-transcripts/{id}"),
    ("GET", "/v1/contacts", (("externalIds", "crm-2"),), None, 200, "/v1/contacts"),
    ("GET", "/v1/contacts", (), None, 200, "/v1/contacts"),
    ("GET", "/v1/contacts/CT1", (), None, 200, "/v1/contacts/{id}"),
    ("POST", "/v1/contacts", (), CONTACT, 201, "/v1/contacts"),
    ("PATCH", "/v1/contacts/CT1", (), CONTACT, 200, "/v1/contacts/{id}"),
    ("DELETE", "/v1/contacts/CT1", (), None, 204, "/v1/contacts/{id}"),
    ("GET", "/v1/contact-custom-fields", (), None, 200, "/v1/contact-custom-fields"),
    ("GET", "/v1/conversations", (), None, 200, "/v1/conversations"),
    ("GET", "/v1/webhooks", (), None, 200, "/v1/webhooks"),
    ("POST", "/v1/webhooks/messages", (), {**HOOK, "events": ["message.received"]}, 201, "/v1/webhooks/messages"),
    ("POST", "/v1/webhooks/calls", (), {**HOOK, "events": ["call.ringing"]}, 201, "/v1/webhooks/calls"),
    (
        "POST",
        "/v1/webhooks/call-summaries",
        (),
        {**HOOK, "events": ["call.summary.completed"]},
        201,
        "/v1/webhooks/call-summaries",
    ),
    (
        "POST",
        "/v1/webhooks/call-transcripts",
        (),
        {**HOOK, "events": ["call.transcript.completed"]},
        201,
        "/v1/webhooks/call-transcripts",
    ),
    ("GET", "/v1/webhooks/{webhook}", (), None, 200, "/v1/webhooks/{id}"),
    ("DELETE", "/v1/webhooks/{webhook}", (), None, 204, "/v1/webhooks/{id}"),
]


@pytest.fixture(scope="module")
def spec():
    raw = FILE.read_bytes()
    return json.loads(gzip.decompress(raw) if FILE.suffix == ".gz" else raw)


def build(**options):
    scenario = {**SCENARIO, "options": {**SCENARIO["options"], **options}}
    return Sandbox(
        build_scenario(scenario), clock=lambda: datetime(2026, 11, 23, 15, 0, tzinfo=UTC), new_id=number_ids()
    )


def ask(sandbox, method, path, query=(), body=None):
    raw = b"" if body is None else json.dumps(body).encode()
    request = Request(method, path, query, {"authorization": "key"}, raw)
    reply = control(sandbox, request) if path.startswith("/_sandbox") else sandbox.handle(request)
    return reply.status, json.loads(reply.body) if reply.body else None


def find_schema(spec, method, path, status):
    content = spec["paths"][path][method.lower()]["responses"][str(status)].get("content")
    schema = content["application/json"]["schema"] if content else None
    return schema and {**schema, "components": spec["components"]}


def find_errors(schema, body):
    validator = OAS31Validator(schema, format_checker=OAS31Validator.FORMAT_CHECKER)
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(body)]


@pytest.mark.parametrize(("method", "path", "query", "body", "status", "name"), OPERATIONS)
def test_an_answer_fits_the_vendors_schema(spec, method, path, query, body, status, name):
    """A valid call of each operation has the status and the body that the vendor's file describes."""
    sandbox = build()
    if "{webhook}" in path:
        hook = ask(sandbox, "POST", "/v1/webhooks/calls", body={**HOOK, "events": ["call.completed"]})[1]["data"]
        path = path.replace("{webhook}", hook["id"])
    found, answer = ask(sandbox, method, path, query, body)
    schema = find_schema(spec, method, name, status)

    assert found == status
    assert (answer is None) == (schema is None)
    assert schema is None or find_errors(schema, answer) == []


def test_every_operation_of_the_file_is_served(spec):
    """Every operation of the file is checked above, and what the sandbox has beyond it is listed."""
    described = {(method.upper(), path) for path, methods in spec["paths"].items() for method in methods}
    checked = {(method, name) for method, _, _, _, _, name in OPERATIONS}

    assert described - checked == set()
    assert checked - described == set()


def test_what_goes_beyond_the_file_is_known(spec):
    """A route of the sandbox is in the file or in the list of those that are not."""
    described = {
        (method.upper(), path.split("/")[2], len(path.split("/")) - 3)
        for path, methods in spec["paths"].items()
        for method in methods
    }
    single_call = {("GET", "calls", 1)}  # the file lists calls but reads none by id

    assert set(ROUTES) - described - single_call == NOT_IN_THE_FILE


@pytest.mark.parametrize(
    ("path", "query", "name"),
    [("/v1/nothing", (), None), ("/v1/messages", (), "/v1/messages"), ("/v1/calls", (), "/v1/calls")],
)
def test_errors_have_the_vendors_shape(spec, path, query, name):
    """An error has every key that the file requires; its code is the one of its status."""
    _, body = ask(build(), "GET", path, query)
    shape = spec["paths"]["/v1/calls"]["get"]["responses"]["400"]["content"]["application/json"]["schema"]

    assert set(shape["required"]) <= set(body)
    if name == "/v1/calls":
        assert find_errors(shape, body) == []


def test_the_known_differences_are_real(spec):
    """Each kind of difference that oddities make shows against the file, so the list stays honest."""
    sandbox = build(oddities="true")
    for number in range(40):
        ask(sandbox, "POST", "/_sandbox/calls", body={"peer": ANNA, "ring": "0s", "ai_handled": number == 0})
    schema = find_schema(spec, "GET", "/v1/calls", 200)
    _, body = ask(sandbox, "GET", "/v1/calls", (*PEER, ("maxResults", "99")))
    errors = " ".join(find_errors(schema, body))

    shown = {name for name, words in SHOWN_BY_CALLS.items() if words in errors}

    assert shown == set(SHOWN_BY_CALLS)
    assert shown <= set(DIFFERENCES)
