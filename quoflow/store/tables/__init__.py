"""Every table of the store: portable types only, so that PostgreSQL can hold them too. Times are UTC.

Each table names its connection but for those that are of no connection: the versions of rules, the controls, and
what the database knows of itself. A change here needs a migration beside it; a test compares the two.
"""

from quoflow.store.tables.base import metadata
from quoflow.store.tables.mirror import (
    calls,
    contact_phones,
    contacts,
    conversations,
    cursors,
    first_contacts,
    lines,
    messages,
    properties,
    unanswered,
    users,
    watches,
)
from quoflow.store.tables.oversight import (
    audit,
    breakers,
    controls,
    identity,
    journal,
    opt_outs,
)
from quoflow.store.tables.work import (
    approval_votes,
    approvals,
    attempts,
    batches,
    entries,
    events,
    firings,
    gathered,
    rule_versions,
    runs,
    steps,
    throttles,
    verdicts,
)

__all__ = [
    "approval_votes",
    "approvals",
    "attempts",
    "audit",
    "batches",
    "breakers",
    "calls",
    "contact_phones",
    "contacts",
    "controls",
    "conversations",
    "cursors",
    "entries",
    "events",
    "firings",
    "first_contacts",
    "gathered",
    "identity",
    "journal",
    "lines",
    "messages",
    "metadata",
    "opt_outs",
    "properties",
    "rule_versions",
    "runs",
    "steps",
    "throttles",
    "unanswered",
    "users",
    "verdicts",
    "watches",
]
