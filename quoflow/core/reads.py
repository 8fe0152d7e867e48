"""From a read step's rendered parameters to exactly what is looked for. Pure.

One function per read kind. What is looked for is frozen when the step is planned, as a write's bytes are, so that a
look that is taken again hours later asks for the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from quoflow.core import contexts, expressions
from quoflow.core.facts import Contact
from quoflow.core.parameters.base import Parameters
from quoflow.core.parameters.fetches import Artifact, FindContact, Listing
from quoflow.core.writes import Impossible, Pen, read_number, resolve_line

Sought = Mapping[str, Any]  # JSON

_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


def prepare_read(kind: str, parameters: Parameters, pen: Pen) -> Sought:
    """Render a read step and freeze what it looks for.

    Raises:
        Impossible: what it needs is not there.
        ExpressionError: a template cannot be rendered.
    """
    if isinstance(parameters, Artifact):
        return _prepare_artifact(parameters, pen)
    if isinstance(parameters, Listing):
        return _prepare_listing(parameters, pen)
    assert isinstance(parameters, FindContact), kind  # noqa: S101 - the registry pairs kind and model
    return _prepare_find(parameters, pen)


def _prepare_artifact(parameters: Artifact, pen: Pen) -> Sought:
    if parameters.call is None:
        call_id = (pen.values.get("call") or {}).get("id")
    else:
        call_id = pen.write(parameters.call).strip()
    if not call_id:
        raise Impossible("the event has no call to fetch from; say `call:` with a call's id")
    return {"call_id": str(call_id)}


def _prepare_listing(parameters: Listing, pen: Pen) -> Sought:
    contact = pen.values.get("contact") or {}
    written = pen.write(parameters.contact) if parameters.contact is not None else contact.get("phone")
    if not written:
        raise Impossible("there is no number to look for: the caller's number is hidden, or the step needs `contact:`")
    line = resolve_line(parameters.line, pen, key="line")
    return {"line_id": line.id, "peer": read_number(str(written), pen), "limit": parameters.limit}


def _prepare_find(parameters: FindContact, pen: Pen) -> Sought:
    if parameters.where is not None:
        return {"by": "where", "value": parameters.where}
    by, source = next(
        (name, source)
        for name in ("phone", "email", "external_id")
        if (source := getattr(parameters, name)) is not None
    )
    value = pen.write(source).strip()
    if not value:
        raise Impossible(f"there is no contact to look for: `{by}` came out empty")
    return {"by": by, "value": read_number(value, pen) if by == "phone" else value}


def select_contacts(contacts: Iterable[Contact], sought: Sought, pen: Pen) -> tuple[Contact, ...]:
    """Give the contacts that are looked for, the one that was changed last first.

    Raises:
        ExpressionError: `where` cannot be evaluated for one of them.
    """
    fits = _CHOOSERS[sought["by"]]
    found = [contact for contact in contacts if fits(contact, sought["value"], pen)]
    return tuple(sorted(found, key=lambda one: (one.updated_at or _LONG_AGO, one.id), reverse=True))


def _fits_where(contact: Contact, expression: str, pen: Pen) -> bool:
    scene = pen.scene
    candidate = contexts.describe_contact(contact, tags_field=scene.tags_field, region=scene.region, now=scene.now)
    return expressions.holds(expression, {**pen.values, "contact": candidate}, scene.functions)


_CHOOSERS: Mapping[str, Callable[[Contact, str, Pen], bool]] = {
    "phone": lambda contact, number, _: number in contact.phones,
    "email": lambda contact, address, _: address.casefold() in {one.casefold() for one in contact.emails},
    "external_id": lambda contact, key, _: contact.external_id == key,
    "where": _fits_where,
}
