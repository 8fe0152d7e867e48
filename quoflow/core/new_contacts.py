"""From a step's rendered parameters to the contact that is made. Pure.

Quo knows no idempotency key, but it finds a contact by its external id. So every contact that is made has one: the
rule's own, or one made from connection, rule, event and step, which is the same however often the step is tried.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from quoflow.core import contact_changes, plans
from quoflow.core.facts import Contact
from quoflow.core.parameters.contacts import CreateContact, UpsertContact
from quoflow.core.writes import Impossible, NothingToDo, Pen, read_number

LONGEST_KEY = 75
LONGEST_SOURCE = 72

RESERVED = frozenset({"openphone", "device", "csv", "zapier", "google-people", "other"})
RESERVED_STARTS = ("openphone", "csv")
"""Sources that Quo keeps for itself (API reference, `POST /v1/contacts`)."""

OURS = "quoflow-"
"""How an external id begins that quoflow has made."""

_CAMEL = {"first_name": "firstName", "last_name": "lastName", "company": "company", "role": "role"}


def prepare_creation(parameters: CreateContact, pen: Pen) -> plans.Write:
    """Freeze the body of a new contact.

    Raises:
        NothingToDo: somebody with the external id, or with one of the numbers, is there already.
        Impossible: Quo would refuse it.
        ExpressionError: a template cannot be rendered.
    """
    change = _render_new(parameters, pen)
    key = _render_key(parameters, pen)
    known = _find_known(parameters, change, key, pen)
    if known is not None:
        raise NothingToDo(f"{_name_known(known)} is among the contacts already")
    payload = {"external_id": key, "body": _write_body(parameters, change, key, pen)}
    return contact_changes.make_write("create_contact", payload, pen, to=_name_new(change, key))


def prepare_upsert(parameters: UpsertContact, pen: Pen) -> plans.Write:
    """Freeze what is changed of a contact, and the body of a new one if there turns out to be none. Raises as above."""
    change = _render_new(parameters, pen)
    key = _render_key(parameters, pen)
    known = _find_known(parameters, change, key, pen)
    if known is not None:
        contact_changes.refuse_owned(known)
    payload = {
        "contact_id": known.id if known else None,
        "external_id": key,
        **change,
        "body": _write_body(parameters, change, key, pen),
    }
    return contact_changes.make_write("upsert_contact", payload, pen, to=_name_new(change, key))


def derive_key(pen: Pen) -> str:
    """Make the external id of what this step makes for this event: the same at every try, another for every other."""
    event = pen.values.get("event") or {}
    scene = pen.scene
    what = {"connection": scene.connection, "rule": scene.rule.name, "event": event.get("id"), "step": pen.path}
    return f"{OURS}{plans.hash_canonical(what)[:32]}"


def _render_new(parameters: CreateContact | UpsertContact, pen: Pen) -> dict[str, Any]:  # JSON
    change = contact_changes.render_fields(parameters, pen)
    number = (pen.values.get("contact") or {}).get("phone")
    if not parameters.phones and number:
        change["phones"] = [read_number(str(number), pen)]
    if not change:
        raise Impossible("there is nothing to make a contact of: no number, no name, no address")
    return change


def _render_key(parameters: CreateContact | UpsertContact, pen: Pen) -> str:
    if parameters.external_id is None:
        return derive_key(pen)
    key = pen.write(parameters.external_id).strip()
    if not 1 <= len(key) <= LONGEST_KEY:
        raise Impossible(f"the external id `{key}` has {len(key)} characters; Quo takes 1 to {LONGEST_KEY}")
    return key


def _find_known(
    parameters: CreateContact | UpsertContact, change: Mapping[str, Any], key: str, pen: Pen
) -> Contact | None:
    """Find who is meant among the contacts: by the external id, or else by one of the numbers."""
    find = pen.scene.workspace.find_contact
    known = find(key)
    if known is not None and known.external_id == key:
        return known
    if parameters.external_id is not None and isinstance(parameters, UpsertContact):
        return None  # The key says who is meant; somebody else may have the same number.
    return next((one for number in change.get("phones", ()) if (one := find(number)) is not None), None)


def _write_body(
    parameters: CreateContact | UpsertContact, change: Mapping[str, Any], key: str, pen: Pen
) -> dict[str, Any]:  # JSON
    """Write the body of `POST /v1/contacts`; `firstName` must be there, if only as null."""
    values = change.get("set", {})
    default: dict[str, Any] = {"firstName": values.get("first_name")}
    default |= {_CAMEL[name]: value for name, value in values.items()}
    for name, items in (("emails", change.get("emails")), ("phoneNumbers", change.get("phones"))):
        if items:
            default[name] = [{"name": "email" if name == "emails" else "phone", "value": item} for item in items]
    custom = [{"key": field["key"], "value": field["value"]} for field in change.get("fields", ())]
    body: dict[str, Any] = {"defaultFields": default, "externalId": key}
    if custom:
        body["customFields"] = custom
    if parameters.source is not None:
        body["source"] = _check_source(pen.write(parameters.source).strip())
    return body


def _check_source(source: str) -> str:
    if not 1 <= len(source) <= LONGEST_SOURCE:
        raise Impossible(f"the source `{source}` has {len(source)} characters; Quo takes 1 to {LONGEST_SOURCE}")
    if source in RESERVED or source.startswith(RESERVED_STARTS):
        raise Impossible(f"Quo keeps the source `{source}` for itself; choose another, such as the name of your CRM")
    return source


def _name_new(change: Mapping[str, Any], key: str) -> str:
    phones, emails = change.get("phones", ()), change.get("emails", ())
    return next(iter((*phones, *emails)), key)


def _name_known(known: Contact) -> str:
    name = " ".join(part for part in (known.first_name, known.last_name) if part)
    return name or (known.phones[0] if known.phones else known.id)
