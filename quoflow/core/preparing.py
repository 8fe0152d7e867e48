"""Every kind of write, and how its bytes are prepared: one explicit dictionary. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from quoflow.core import contact_changes, marks, new_contacts, plans, requests, writes
from quoflow.core.parameters.base import Parameters
from quoflow.core.writes import Pen


def prepare_write(kind: str, parameters: Parameters, pen: Pen) -> plans.Write:
    """Render a write step and freeze its bytes.

    Raises:
        Impossible: the API would refuse it, or something that it needs is not there.
        NothingToDo: there is nothing to change.
        ExpressionError: a template cannot be rendered.
    """
    return _PREPARE[kind](parameters, pen)


_PREPARE: Mapping[str, Callable[[Any, Pen], plans.Write]] = {  # each takes its own model
    "send_message": writes.prepare_text,
    "tag_contact": contact_changes.prepare_tagging,
    "update_contact": contact_changes.prepare_update,
    "create_contact": new_contacts.prepare_creation,
    "upsert_contact": new_contacts.prepare_upsert,
    "delete_contact": contact_changes.prepare_deletion,
    "mark_conversation": marks.prepare_mark,
    "notify": writes.prepare_notice,
    "http": requests.prepare_request,
}
