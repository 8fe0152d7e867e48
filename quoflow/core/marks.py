"""From a step's rendered parameters to the mark of a conversation. Pure."""

from __future__ import annotations

from quoflow.core import contact_changes, plans
from quoflow.core.parameters.conversations import MarkConversation
from quoflow.core.writes import Impossible, Pen


def prepare_mark(parameters: MarkConversation, pen: Pen) -> plans.Write:
    """Freeze which conversation is marked, and how. Raises Impossible or ExpressionError."""
    if parameters.conversation is None:
        conversation_id = (pen.values.get("conversation") or {}).get("id")
    else:
        conversation_id = pen.write(parameters.conversation).strip()
    if not conversation_id:
        raise Impossible("there is no conversation to mark; say `conversation:` with its id")
    payload = {"conversation_id": conversation_id, "as": parameters.as_}
    contact = pen.values.get("contact") or {}
    to = contact.get("phone") if parameters.conversation is None else None
    return contact_changes.make_write("mark_conversation", payload, pen, to=str(to or conversation_id))
