"""What a step takes from its rule's triggers unless it says so itself: a call, a contact, a line. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from quoflow.core import contexts, naming
from quoflow.loader.nodes import MappingNode, Node
from quoflow.loader.report import join_words

Told = tuple[str, str, str]

_CALL = (("call", "call"),)
_CONTACT = (("contact", "contact"),)
_TALK = (("contact", "contact"), ("line", "line"))

NEEDS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "send_message": (("contact", "to"), ("line", "from")),
    "tag_contact": _CONTACT,
    "update_contact": _CONTACT,
    "mark_conversation": (("conversation", "conversation"),),
    "delete_contact": _CONTACT,
    "fetch_transcript": _CALL,
    "fetch_summary": _CALL,
    "fetch_voicemail": _CALL,
    "fetch_recording": _CALL,
    "fetch_messages": _TALK,
    "fetch_calls": _TALK,
}
"""By step kind: which part of the event it takes, and the key that says it otherwise."""


def list_missing(kind: str, written: Node, scope: contexts.Scope) -> Iterator[tuple[Told, bool]]:
    """Give what a step needs and its triggers do not have: the problem, and whether it is missing for all of them."""
    given = written.items if isinstance(written, MappingNode) else {}
    for part, key in NEEDS.get(kind, ()):
        if key in given or not scope.kinds:
            continue
        shape = scope.names.get(part)
        if shape is None or shape.maybe:
            lacking = [one for one in scope.kinds if one not in contexts.TABLE[part].kinds]
            who = join_words(lacking)
            wherefrom = naming.describe_kinds(contexts.list_kinds(part))
            hint = f"say `{key}:` under `{kind}`; {part}s are there for {wherefrom}"
            yield ("missing-part", f"`{kind}` takes the event's {part}, and {who} has none", hint), shape is None
