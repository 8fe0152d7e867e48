"""What would be done: writes with their frozen bytes, and what the gate says of them. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

GateState = Literal["ready", "needs_approval", "held", "refused"]


def encode_canonical(value: object) -> str:
    """Encode plain data as JSON in one way only: sorted keys, no spaces, UTF-8 text."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def hash_canonical(value: object) -> str:
    """Give the SHA-256 of plain data's canonical JSON, 64 hexadecimal digits."""
    return hashlib.sha256(encode_canonical(value).encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True, slots=True)
class Write:
    """One change at Quo, rendered and frozen.

    Attributes:
        connection: the connection's name.
        action: the step kind, such as `send_message`.
        to: the recipient's number (E.164), or the contact's where it is not a text.
        from_: our line's number, or None.
        text: the text for `send_message`, else None.
        payload: the exact body that will be sent (or, for contacts, the change to merge).
        segments: SMS segments, 0 where it is not a text.
        rule_version: the version of the rule that asked for it.
    """

    connection: str
    action: str
    to: str
    from_: str | None
    text: str | None
    payload: Mapping[str, Any]  # JSON
    segments: int
    rule_version: str

    @property
    def hash(self) -> str:
        """Give what an approval binds: connection, action, recipient, sender, content and rule version."""
        return hash_canonical(
            {
                "connection": self.connection,
                "action": self.action,
                "to": self.to,
                "from": self.from_,
                "payload": self.payload,
                "rule_version": self.rule_version,
            }
        )


@dataclass(frozen=True, slots=True)
class Gate:
    """What the gate says of a write: ready, needs a person's approval, held (until a time, if known), refused."""

    state: GateState
    reason: str = ""
    until: datetime | None = None
    guard: str | None = None
