"""Contacts and their custom fields: a change replaces, a read-only contact refuses, an external id is unique."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from quoflow.sandbox.exchange import FieldProblem, Refused, Reply, answer_data
from quoflow.sandbox.queries import USER_ID, Body, read_body
from quoflow.sandbox.scenario import INTEGRATIONS, ContactEntry, FieldEntry
from quoflow.sandbox.session import Routes, Session
from quoflow.sandbox.wire import parse_moment, to_milliseconds
from quoflow.sandbox.world import Contact, World

RESERVED_SOURCES = frozenset({"openphone", "device", "csv", "zapier", "google-people", "other"})
RESERVED_STARTS = ("openphone", "csv")

_ExternalId = Annotated[str, StringConstraints(min_length=1, max_length=75)]
_Source = Annotated[str, StringConstraints(min_length=1, max_length=72)]
_Url = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[a-z][a-z0-9+.-]*:\S+$")]


class ItemBody(Body):
    """An e-mail address or a phone number of a contact; a value of null takes the item away."""

    name: str
    value: str | None
    id: str | None = None


class CustomItemBody(Body):
    """The value of a custom field, named by `key` or, on a contact that has it, by `id`."""

    key: str | None = None
    id: str | None = None
    value: Any  # its type is the field's


class ChangedFields(Body):
    """The default fields of a contact that is changed."""

    company: str | None = None
    emails: tuple[ItemBody, ...] = ()
    first_name: str | None = None
    last_name: str | None = None
    phone_numbers: tuple[ItemBody, ...] = ()
    role: str | None = None


class CreatedFields(ChangedFields):
    """The default fields of a contact that is created: the key `firstName` must be there."""

    first_name: str | None


class ChangeBody(Body):
    """The body of `PATCH /v1/contacts/{id}`."""

    default_fields: ChangedFields = ChangedFields()
    custom_fields: tuple[CustomItemBody, ...] = ()
    external_id: _ExternalId | None = None
    source: _Source | None = None
    source_url: _Url | None = None


class CreateBody(ChangeBody):
    """The body of `POST /v1/contacts`."""

    default_fields: CreatedFields
    source: _Source = "public-api"
    created_by_user_id: str | None = Field(None, pattern=USER_ID)


def build_contact(world: World, entry: ContactEntry, start: datetime) -> Contact:
    """Make a contact of a scenario.

    Raises:
        Refused: 400 when a custom field's value does not fit its type.
    """
    created = to_milliseconds(start + entry.created)
    custom = []
    for key, value in entry.fields.items():
        definition = world.fields.get(key)
        typed = _from_text(definition.type, value) if definition else value
        custom.append(_build_custom(world, CustomItemBody(key=key, value=typed), None))
    return Contact(
        id=entry.id or world.new_id("CT"),
        default_fields={
            "company": entry.company,
            "emails": [{"name": "email", "value": value, "id": world.new_id("EM")} for value in entry.emails],
            "firstName": entry.first_name,
            "lastName": entry.last_name,
            "phoneNumbers": [{"name": "mobile", "value": value, "id": world.new_id("PH")} for value in entry.phones],
            "role": entry.role,
        },
        custom_fields=custom,
        source=entry.source,
        source_url=None,
        external_id=entry.external_id,
        created_by=world.owner.id,
        created_at=created,
        updated_at=created,
    )


def change_contact(world: World, contact_id: str, entry: ContactEntry, now: datetime) -> None:
    """Let somebody, in the app or in an integration, change what the entry names of a contact; the rest stays.

    Raises:
        Refused: 404 when it is not there, 400 when a custom field's value does not fit its type.
    """
    contact = world.contacts.get(contact_id)
    if contact is None:
        raise Refused(404, f"Contact {contact_id} not found")
    given = entry.model_fields_set
    made = build_contact(world, entry, now)
    names = {"first_name": "firstName", "last_name": "lastName", "phones": "phoneNumbers"}
    for name in given & {"first_name", "last_name", "company", "role", "emails", "phones"}:
        key = names.get(name, name)
        contact.default_fields = {**contact.default_fields, key: made.default_fields[key]}
    kept = [each for each in contact.custom_fields if each["key"] not in entry.fields]
    contact.custom_fields = [*kept, *(each for each in made.custom_fields if each["value"] is not None)]
    for name in given & {"source", "external_id"}:
        setattr(contact, name, getattr(entry, name))
    contact.updated_at = to_milliseconds(now)


def _from_text(kind: str, value: Any) -> Any:  # plain data of a scenario, perhaps all text
    if kind == "multi-select":
        return [value] if isinstance(value, str) else value
    if isinstance(value, str) and kind == "boolean":
        return {"true": True, "false": False}.get(value.lower(), value)
    if isinstance(value, str) and kind == "number":
        try:
            return float(value)
        except ValueError:
            return value
    return value


def write_contact(session: Session, contact: Contact) -> dict[str, Any]:  # JSON
    """Write a contact as the API shows it."""
    stamp = session.writer.stamp
    fields = session.world.fields
    custom = [
        {**each, "name": fields[each["key"]].name, "type": fields[each["key"]].type} for each in contact.custom_fields
    ]
    row = {
        "id": contact.id,
        "externalId": contact.external_id,
        "source": contact.source,
        "sourceUrl": contact.source_url,
        "defaultFields": contact.default_fields,
        "customFields": custom,
        "createdAt": stamp(contact.created_at, contact.id),
        "updatedAt": stamp(contact.updated_at, contact.id),
        "createdByUserId": contact.created_by,
    }
    return session.writer.row(row, ("externalId", "source", "sourceUrl"))


def _create(session: Session) -> Reply:
    body = read_body(CreateBody, session.request.body)
    _check_source(body.source)
    _check_external_id(session.world, body.external_id, of="")
    author = body.created_by_user_id or session.world.owner.id
    if author not in session.world.users:
        raise Refused(404, f"User {author} not found")
    contact = Contact(
        id=session.world.new_id("CT"),
        default_fields=_merge_fields(session.world, body.default_fields, {}),
        custom_fields=_build_customs(session.world, body.custom_fields, []),
        source=body.source,
        source_url=body.source_url,
        external_id=body.external_id,
        created_by=author,
        created_at=session.now,
        updated_at=session.now,
    )
    session.world.contacts[contact.id] = contact
    return answer_data(write_contact(session, contact), 201)


def _change(session: Session) -> Reply:
    contact = _find(session)
    body = read_body(ChangeBody, session.request.body)
    _check_writable(contact)
    given = body.model_fields_set
    if "source" in given and body.source != contact.source:
        _check_source(body.source or "")
    if "external_id" in given:
        _check_external_id(session.world, body.external_id, of=contact.id)
    default = _merge_fields(session.world, body.default_fields, contact.default_fields)
    custom = _build_customs(session.world, body.custom_fields, contact.custom_fields)
    contact.default_fields, contact.custom_fields = default, custom
    for name in given & {"source", "source_url", "external_id"}:
        setattr(contact, name, getattr(body, name))
    contact.updated_at = session.now
    return answer_data(write_contact(session, contact))


def _delete(session: Session) -> Reply:
    contact = _find(session)
    _check_writable(contact)
    del session.world.contacts[contact.id]
    return Reply(204, {})


def _get(session: Session) -> Reply:
    return answer_data(write_contact(session, _find(session)))


def _list(session: Session) -> Reply:
    params = session.params
    external_ids, sources = params.texts("externalIds"), params.texts("sources")
    rows = [
        contact
        for contact in session.world.contacts.values()
        if (not external_ids or contact.external_id in external_ids) and (not sources or contact.source in sources)
    ]
    return session.page(rows, params, most=50, write=write_contact)


def _list_fields(session: Session) -> Reply:
    fields = session.world.fields.values()
    return answer_data([{"name": field.name, "key": field.key, "type": field.type} for field in fields])


def _find(session: Session) -> Contact:
    contact = session.world.contacts.get(session.words[0])
    if contact is None:
        raise Refused(404, f"Contact {session.words[0]} not found")
    return contact


def _check_writable(contact: Contact) -> None:
    if contact.source in INTEGRATIONS:
        raise Refused(403, f"Contacts from {contact.source} are read-only", code="0801403")


def _check_source(source: str) -> None:
    if source in RESERVED_SOURCES or source.startswith(RESERVED_STARTS):
        problem = FieldProblem("/source", f"`{source}` is reserved")
        raise Refused(400, "The source is not allowed", problems=[problem])


def _check_external_id(world: World, external_id: str | None, *, of: str) -> None:
    if external_id is None:
        return
    if any(other.external_id == external_id and other.id != of for other in world.contacts.values()):
        raise Refused(409, f"A contact with externalId {external_id} is already there")


def _merge_fields(world: World, body: ChangedFields, before: dict[str, Any]) -> dict[str, Any]:  # JSON
    given = body.model_fields_set

    def keep(field: str, key: str) -> str | None:
        return getattr(body, field) if field in given else before.get(key)

    return {
        "company": keep("company", "company"),
        "emails": _build_items(world, body.emails, before.get("emails", []), "EM"),
        "firstName": keep("first_name", "firstName"),
        "lastName": keep("last_name", "lastName"),
        "phoneNumbers": _build_items(world, body.phone_numbers, before.get("phoneNumbers", []), "PH"),
        "role": keep("role", "role"),
    }


def _build_items(
    world: World,
    items: tuple[ItemBody, ...],
    before: list[dict[str, Any]],  # JSON
    prefix: str,
) -> list[dict[str, Any]]:
    known = {item["id"] for item in before}
    return [
        {"name": item.name, "value": item.value, "id": item.id if item.id in known else world.new_id(prefix)}
        for item in items
        if item.value is not None
    ]


def _build_customs(
    world: World,
    items: tuple[CustomItemBody, ...],
    before: list[dict[str, Any]],  # JSON
) -> list[dict[str, Any]]:
    by_id, by_key = {item["id"]: item for item in before}, {item["key"]: item for item in before}
    built = [_build_custom(world, item, by_id.get(item.id or "") or by_key.get(item.key or "")) for item in items]
    return [item for item in built if item["value"] is not None]


def _build_custom(
    world: World,
    item: CustomItemBody,
    before: dict[str, Any] | None,  # JSON
) -> dict[str, Any]:
    key = item.key or (before["key"] if before else "")
    definition = world.fields.get(key)
    if definition is None:
        raise _bad_custom(key, f"there is no custom field `{key or item.id}`")
    if item.value is not None and not _fits(definition, item.value):
        raise _bad_custom(key, f"the value of a {definition.type} field does not look like this")
    return {"id": before["id"] if before else world.new_id("CF"), "key": key, "value": item.value}


def _bad_custom(key: str, message: str) -> Refused:
    problem = FieldProblem(f"/customFields/{key}", message)
    return Refused(
        400, "Invalid custom field item", code="0801400", title="Invalid Custom Field Item", problems=[problem]
    )


def _fits(definition: FieldEntry, value: Any) -> bool:
    match definition.type:
        case "multi-select":
            return isinstance(value, list) and all(isinstance(option, str) for option in value)
        case "boolean":
            return isinstance(value, bool)
        case "number":
            return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        case "date":
            return isinstance(value, str) and parse_moment(value) is not None
        case _:
            return isinstance(value, str)


ROUTES: Routes = {
    ("GET", "contacts", 0): _list,
    ("POST", "contacts", 0): _create,
    ("GET", "contacts", 1): _get,
    ("PATCH", "contacts", 1): _change,
    ("DELETE", "contacts", 1): _delete,
    ("GET", "contact-custom-fields", 0): _list_fields,
}
