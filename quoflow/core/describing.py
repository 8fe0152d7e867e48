"""A write in a few words, for people who decide on it or look back at it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

Payload = Mapping[str, Any]  # JSON, as it was frozen


def describe_write(action: str, to: str | None, text: str | None, payload: Payload) -> str:
    """Say what a write does, as a sentence without its subject: `tag +15555550111 +vip`."""
    if action == "send_message":
        return f"text {to}: {text}"
    if action == "approve":
        return f"go on: {text}"
    if action == "notify":
        return f"tell {to}: {text}"
    return f"{_VERBS.get(action, action)} {to} {describe_change(action, payload)}".strip()


def describe_change(action: str, payload: Payload) -> str:
    """Say what a write that is no text changes: `+vip -cold`, `company → Berg Bakery, plan → gold`."""
    describe = _CHANGES.get(action)
    return "" if describe is None else describe(payload)


def _describe_tags(payload: Payload) -> str:
    return " ".join([*(f"+{tag}" for tag in payload.get("add", ())), *(f"-{tag}" for tag in payload.get("remove", ()))])


def _describe_fields(payload: Payload) -> str:
    return ", ".join(_list_changes(payload))


def _list_changes(payload: Payload) -> Iterator[str]:
    for name, value in payload.get("set", {}).items():
        label = name.replace("_", " ")
        yield f"{label} → {value}" if value is not None else f"{label} emptied"
    for key, verb in _LISTS.items():
        yield from (f"{verb} {item}" for item in payload.get(key, ()))
    for field in payload.get("fields", ()):
        value = field["value"]
        yield f"{field['name']} → {_show(value)}" if value is not None else f"{field['name']} emptied"


def _describe_body(payload: Payload) -> str:
    body = payload["body"]
    default = body["defaultFields"]
    names = " ".join(default[key] for key in ("firstName", "lastName") if default.get(key))
    items = [item["value"] for key in ("phoneNumbers", "emails") for item in default.get(key, ())]
    custom = [f"{field['key']} {_show(field['value'])}" for field in body.get("customFields", ())]
    parts = [names, default.get("role"), default.get("company"), *items, *custom]
    return ", ".join(part for part in parts if part)


def _show(value: Any) -> str:  # JSON
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _describe_request(payload: Payload) -> str:
    """Write a request as `POST https://… body`; of its secrets it holds not even the names."""
    return " ".join(str(payload[name]) for name in ("method", "url", "body") if payload.get(name))


_LISTS = {"emails": "add", "phones": "add", "remove_emails": "take out", "remove_phones": "take out"}
_VERBS: Mapping[str, str] = {
    "tag_contact": "tag",
    "update_contact": "change",
    "create_contact": "make the contact",
    "upsert_contact": "change or make the contact",
    "delete_contact": "delete the contact",
    "mark_conversation": "mark the conversation with",
    "http": "send to",
}
_CHANGES: Mapping[str, Callable[[Payload], str]] = {
    "tag_contact": _describe_tags,
    "update_contact": _describe_fields,
    "create_contact": _describe_body,
    "upsert_contact": _describe_body,
    "delete_contact": lambda payload: payload["name"] or "without a name",
    "mark_conversation": lambda payload: f"as {payload['as']}",
    "http": _describe_request,
}
