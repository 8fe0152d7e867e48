"""From a step's rendered parameters to the change of a contact that is merged at Quo. Pure.

What is frozen, shown and approved is the change and not the whole contact: at the moment of the write it is put into
the contact as it is then. What Quo would refuse is refused here, in words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from quoflow.core import phones, plans, properties
from quoflow.core.facts import Contact
from quoflow.core.parameters.contacts import ContactFields, DeleteContact, TagContact, UpdateContact
from quoflow.core.writes import Impossible, NothingToDo, Pen, read_number

PLAIN = ("first_name", "last_name", "company", "role")
"""The fields that every contact has once."""

INTEGRATIONS = frozenset({"google-people", "hubspot", "salesforce", "pipedrive", "zoho", "jobber"})
"""Sources that own their contacts: Quo lets nobody else change those (observed; others are told of by its 403)."""


@dataclass(frozen=True, slots=True)
class Target:
    """Whom a change is about: Quo's id, who they are for people, and what is known of them, if anything is."""

    id: str
    to: str
    known: Contact | None


def find_target(source: str | None, pen: Pen, *, what: str) -> Target:
    """Find the contact that a template names by id or number; the event's without one.

    Raises:
        NothingToDo: they are not among the contacts; `what` is what cannot be done then.
        Impossible: an integration owns them.
    """
    if source is None:
        contact = pen.values.get("contact") or {}
        who, number = contact.get("id"), contact.get("phone")
        if not who:
            raise NothingToDo(f"{number or 'this number'} is not among the contacts, so there is nothing to {what}")
    else:
        who, number = pen.write(source).strip(), None
        if not who:
            raise NothingToDo(f"`contact` came out empty, so there is nothing to {what}")
    known = pen.scene.workspace.find_contact(who)
    if known is None and source is not None and (number := phones.normalize(who, pen.scene.region)) is not None:
        known = pen.scene.workspace.find_contact(number)
        if known is None:
            raise NothingToDo(f"{number} is not among the contacts, so there is nothing to {what}")
    if known is not None:
        refuse_owned(known)
    if number is None and known is not None and known.phones:
        number = known.phones[0]
    return Target(known.id if known else str(who), str(number or who), known)


def refuse_owned(known: Contact) -> None:
    """Raise Impossible where an integration owns a contact."""
    if known.source in INTEGRATIONS:
        reason = f"the contact comes from `{known.source}`, and Quo lets nobody else change it; change it there"
        raise Impossible(reason)


def prepare_tagging(parameters: TagContact, pen: Pen) -> plans.Write:
    """Freeze which tags are added and removed. Raises as `find_target`, and ExpressionError."""
    field = pen.scene.tags_field
    if not field:
        raise Impossible("the configuration does not say which custom field holds tags: set `tags: {field: …}`")
    target = find_target(parameters.contact, pen, what="tag")
    change = {"field": field, "add": render_all(parameters.add, pen), "remove": render_all(parameters.remove, pen)}
    return make_write("tag_contact", {"contact_id": target.id, **change}, pen, to=target.to)


def prepare_update(parameters: UpdateContact, pen: Pen) -> plans.Write:
    """Freeze what is changed of a contact. Raises as `find_target`, and ExpressionError."""
    target = find_target(parameters.contact, pen, what="change")
    change = render_fields(parameters, pen)
    values, fields = change.pop("set", {}), change.pop("fields", [])
    for name in parameters.clear:
        if name in PLAIN:
            values[name] = None
        else:
            fields.append(_name_property(name, pen) | {"value": None})
    removed = {
        "remove_emails": render_all(parameters.remove_emails, pen),
        "remove_phones": [read_number(one, pen) for one in render_all(parameters.remove_phones, pen)],
    }
    change = {"set": values, **change, **removed, "fields": fields}
    change = {name: value for name, value in change.items() if value}
    if not change:
        raise NothingToDo("everything that it would change came out empty")
    return make_write("update_contact", {"contact_id": target.id, **change}, pen, to=target.to)


def prepare_deletion(parameters: DeleteContact, pen: Pen) -> plans.Write:
    """Freeze who is deleted. Raises as `find_target`, and ExpressionError."""
    target = find_target(parameters.contact, pen, what="delete")
    known = target.known
    name = " ".join(part for part in (known.first_name, known.last_name) if part) if known else ""
    payload = {"contact_id": target.id, "name": name}
    return make_write("delete_contact", payload, pen, to=target.to)


def render_fields(parameters: ContactFields, pen: Pen) -> dict[str, Any]:  # JSON
    """Fill in what a step writes of a contact; what comes out empty is left out.

    Raises:
        Impossible: a number cannot be one, there is no such contact property, or a value does not fit its type.
        ExpressionError: a template cannot be rendered.
    """
    written = {name: pen.write(source).strip() for name in PLAIN if (source := getattr(parameters, name)) is not None}
    filled = {
        "set": {name: text for name, text in written.items() if text},
        "emails": render_all(parameters.emails, pen),
        "phones": [read_number(one, pen) for one in render_all(parameters.phones, pen)],
        "fields": [one for name, sources in parameters.fields.items() for one in _read_property(name, sources, pen)],
    }
    return {name: value for name, value in filled.items() if value}


def _read_property(name: str, sources: Sequence[str], pen: Pen) -> list[dict[str, Any]]:  # JSON
    texts = render_all(sources, pen)
    if not texts:
        return []
    try:
        known = properties.find_property(pen.scene.workspace.properties, name)
        return [
            {"key": known.key, "name": known.name, "type": known.type, "value": properties.read_value(known, texts)}
        ]
    except ValueError as error:
        raise Impossible(str(error)) from None


def _name_property(name: str, pen: Pen) -> dict[str, Any]:  # JSON
    try:
        known = properties.find_property(pen.scene.workspace.properties, name)
    except ValueError as error:
        raise Impossible(str(error)) from None
    return {"key": known.key, "name": known.name, "type": known.type}


def render_all(sources: Sequence[str], pen: Pen) -> list[str]:
    """Fill in several templates; each text once, without those that came out empty."""
    rendered = (pen.write(source).strip() for source in sources)
    return list(dict.fromkeys(text for text in rendered if text))


def make_write(action: str, payload: Mapping[str, Any], pen: Pen, *, to: str) -> plans.Write:  # JSON
    """Make the write of a change; nothing of it is a text."""
    return plans.Write(
        connection=pen.scene.connection,
        action=action,
        to=to,
        from_=None,
        text=None,
        payload=payload,
        segments=0,
        rule_version=pen.scene.rule.version,
    )
