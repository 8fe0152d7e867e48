"""What a notification needs on its way: its words, where targets and their secrets are, and the way out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from quoflow.actions.keys import Keys, NoSecret
from quoflow.actions.outgoing import Way
from quoflow.core import breaking
from quoflow.core.outside_settings import (
    HttpSettings,
    RecordingSettings,
    SlackTarget,
    SmtpTarget,
    Target,
    TeamsTarget,
    WebhookTarget,
)
from quoflow.quo.lease import Lease


class NoAddress(Exception):
    """A target cannot be reached as it is configured; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Errand:
    """One write to somebody outside, as it was frozen.

    Attributes:
        payload: the frozen parameters (JSON).
        key: the same for every attempt at it, so that a receiver can tell a repetition.
        now: the time, UTC.
        lease: when it is too late to leave.
    """

    payload: Mapping[str, Any]
    key: str
    now: datetime
    lease: Lease | None = None

    @property
    def to(self) -> str:
        """Give the target's name."""
        return str(self.payload.get("to", ""))

    @property
    def rule(self) -> str:
        """Give the rule's name."""
        return str(self.payload.get("rule", ""))

    @property
    def text(self) -> str:
        """Give the notification's text."""
        return str(self.payload.get("text", ""))

    @property
    def subject(self) -> str:
        """Give the subject: as the rule says, or the rule's name."""
        return str(self.payload.get("subject") or f"quoflow: {self.rule}")

    @property
    def words(self) -> str:
        """Give what a chat shows: the subject where the rule writes one, and the text."""
        written = self.payload.get("subject")
        return f"{written}\n{self.text}" if written else self.text

    @property
    def scope(self) -> str:
        """Give what stands still when the target cannot be reached."""
        return breaking.name_outside("notify", self.to)


@dataclass(frozen=True, slots=True)
class Outside:
    """The world beside Quo: who is told under which name, where secrets are, and the way out.

    Attributes:
        http: which hosts the step `http` may reach.
        recordings: where the audio of calls goes.
        is_dry: whether nothing may leave: a dry run.
    """

    targets: Mapping[str, Target]
    keys: Keys
    way: Way
    http: HttpSettings = field(default_factory=HttpSettings)
    recordings: RecordingSettings = field(default_factory=RecordingSettings)
    is_dry: bool = False

    def find_address(self, target: SlackTarget | TeamsTarget | WebhookTarget) -> str:
        """Give a webhook's address. Raises NoAddress."""
        if isinstance(target, WebhookTarget) and target.url:
            return target.url
        return self._read("address", target.url_env, target.url_file) or ""

    def read_token(self, target: WebhookTarget) -> str | None:
        """Give a webhook's token, if it has one. Raises NoAddress."""
        return self._read("token", target.token_env, target.token_file)

    def read_password(self, target: SmtpTarget) -> str | None:
        """Give the password for a mail server, if it wants one. Raises NoAddress."""
        return self._read("password", target.password_env, target.password_file)

    def _read(self, what: str, env: str | None, file: str | None) -> str | None:
        try:
            return self.keys.read(env=env, file=file)
        except NoSecret as error:
            raise NoAddress(f"its {what} is missing: {error}") from None
