"""What the configuration says of the world beside Quo: whom `notify` tells, and how they are reached. Pure.

Secrets are never values here, only the name of an environment variable or of a file that holds them.
"""

from __future__ import annotations

import re
from email.utils import parseaddr
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from quoflow.core.lists import as_tuple

LOG = "log"
"""The target that is always there: quoflow's own log."""

PORTS = {"starttls": 587, "tls": 465, "none": 25}
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|\[?[0-9A-Fa-f:.]+\]?")
_ALLOWED = re.compile(r"([A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?")
_URL = re.compile(r"https?://[^/\s?#@\\]+(/[^\s\\]*)?")


def _check_variable(name: str) -> str:
    if not _VARIABLE.fullmatch(name):
        raise ValueError("this is not the name of an environment variable; write its name, not the secret itself")
    return name


def _check_host(host: str) -> str:
    if not _HOST.fullmatch(host):
        raise ValueError(f"`{host}` is not the name of a server; write one such as smtp.example.com")
    return host


def _check_mailbox(written: str) -> str:
    if not written.isprintable():
        raise ValueError("a mail address is one line; write one such as owner@example.com")
    _, address = parseaddr(written)
    name, at, domain = address.partition("@")
    if not (name and at and domain) or re.search(r"[\s<>,;]", address):
        raise ValueError(f"`{written}` is not a mail address; write one such as owner@example.com")
    return written


def _check_url(url: str) -> str:
    if not _URL.fullmatch(url):
        raise ValueError(f"`{url}` is not an address; write one such as https://hooks.example.com/quoflow")
    return url


Variable = Annotated[str, AfterValidator(_check_variable)]
Mailbox = Annotated[str, AfterValidator(_check_mailbox)]
Mailboxes = Annotated[
    tuple[Mailbox, ...], BeforeValidator(as_tuple, json_schema_input_type=str | tuple[str, ...]), Field(min_length=1)
]
PRIVATE = "true: it is on this machine or in your own network; plain http will do then."


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    @model_validator(mode="before")
    @classmethod
    def _holds_no_secret(cls, data: Any) -> Any:  # as it is written
        for key in ("password", "token", "secret"):
            if isinstance(data, dict) and key in data:
                raise ValueError(
                    f"a secret must not stand in this file; in place of `{key}` write `{key}_env: MY_{key.upper()}`"
                    f" (the name of an environment variable that holds it) or `{key}_file:`"
                )
        return data


class SmtpTarget(_Model):
    """A mail to people, through your mail provider's server."""

    host: Annotated[str, AfterValidator(_check_host)] = Field(
        description="The provider's server for outgoing mail, such as smtp.example.com."
    )
    port: int | None = Field(None, ge=1, le=65535, description="Its port; 587, 465 with tls, or 25 with none.")
    security: Literal["starttls", "tls", "none"] = Field(
        "starttls", description="How the connection is made secret; none sends no password."
    )
    user: str | None = Field(None, min_length=1, description="The user's name, where the server asks for one.")
    password_env: Variable | None = Field(None, description="The NAME of the environment variable with the password.")
    password_file: str | None = Field(None, description="A file that holds the password and nothing else.")
    ca_file: str | None = Field(None, description="Certificates to trust in place of the system's (PEM).")
    from_: Mailbox = Field(alias="from", description="Who it is from, such as `Bright Pipes <phone@example.com>`.")
    to: Mailboxes = Field(description="A mail address or a list of them.")

    @model_validator(mode="after")
    def _fits_together(self) -> SmtpTarget:
        if self.password_env and self.password_file:
            raise ValueError("the password has two places; write either `password_env` or `password_file`")
        if (self.user is None) != (self.password_env is None and self.password_file is None):
            raise ValueError("user and password go together; write `user` and `password_env`, or neither")
        if self.user and self.security == "none":
            raise ValueError("a password never goes out in the open; write `security: starttls` or `tls`")
        return self

    @property
    def real_port(self) -> int:
        """Give the port, also where none is written."""
        return self.port or PORTS[self.security]


class _Hook(_Model):
    url_env: Variable | None = Field(None, description="The NAME of the environment variable with the address.")
    url_file: str | None = Field(None, description="A file that holds the address and nothing else.")
    private: bool = Field(False, description=PRIVATE)

    @model_validator(mode="before")
    @classmethod
    def _hides_its_address(cls, data: Any) -> Any:  # as it is written
        if isinstance(data, dict) and "url" in data and "url" not in cls.model_fields:
            raise ValueError(
                "this address is a secret: who has it can write there; write `url_env: TEAM_WEBHOOK`"
                " (the name of an environment variable that holds it) or `url_file:`"
            )
        return data

    @model_validator(mode="after")
    def _has_one_address(self) -> _Hook:
        places = ("url_env", "url_file", "url")
        if sum(bool(getattr(self, place, None)) for place in places) != 1:
            known = [f"`{place}`" for place in places if place in type(self).model_fields]
            raise ValueError(f"say where the address is; write one of {' and '.join(known)}")
        return self


class SlackTarget(_Hook):
    """A channel of Slack, by an incoming webhook."""


class TeamsTarget(_Hook):
    """A channel of Microsoft Teams, by a workflow that posts what a webhook gets."""


class WebhookTarget(_Hook):
    """Any address that takes JSON by POST."""

    url: Annotated[str, AfterValidator(_check_url)] | None = Field(
        None, description="The address, where it is no secret."
    )
    token_env: Variable | None = Field(None, description="The NAME of the variable with a token, sent as Bearer.")
    token_file: str | None = Field(None, description="A file that holds the token and nothing else.")

    @model_validator(mode="after")
    def _has_one_token(self) -> WebhookTarget:
        if self.token_env and self.token_file:
            raise ValueError("the token has two places; write either `token_env` or `token_file`")
        return self


def _check_allowed(hosts: tuple[str, ...]) -> tuple[str, ...]:
    for host in hosts:
        if not _ALLOWED.fullmatch(host):
            raise ValueError(f"`{host}` is not a host; write one such as api.example.com or api.example.com:8443")
    return tuple(host.lower() for host in hosts)


class HttpSettings(_Model):
    """Which hosts the step `http` may reach, and with which secrets."""

    allow: Annotated[
        tuple[str, ...],
        BeforeValidator(as_tuple, json_schema_input_type=str | tuple[str, ...]),
        AfterValidator(_check_allowed),
    ] = Field((), description="Hosts such as api.example.com; none unless said, and then `http` is off.")
    secrets: Annotated[
        tuple[Variable, ...], BeforeValidator(as_tuple, json_schema_input_type=str | tuple[str, ...])
    ] = Field((), description="NAMES of environment variables that a rule may send as a header.")
    private: bool = Field(
        False, description="true, for development: the hosts are on this machine or in your network; http will do too."
    )

    def object_to(self, scheme: str, host: str) -> str | None:
        """Say why an address may not be asked, by its scheme and `host` or `host:port`; None when it may."""
        if host.lower() not in self.allow:
            return f"`{host}` is not among the hosts that `http: {{allow: […]}}` names"
        if scheme != "https" and not (self.private and scheme == "http"):
            return "only https is spoken with hosts outside"
        return None


class RecordingSettings(_Model):
    """Where the audio of calls goes that `fetch_recording` saves."""

    folder: str = Field("recordings", min_length=1, description="The folder; relative to this file's folder.")
    private: bool = Field(
        False, description="true, for the sandbox: the audio is on this machine or in your own network; http will do."
    )


class Target(_Model):
    """Somebody whom `notify` tells, by one way."""

    smtp: SmtpTarget | None = Field(None, description="By mail.")
    slack: SlackTarget | None = Field(None, description="In a channel of Slack.")
    teams: TeamsTarget | None = Field(None, description="In a channel of Microsoft Teams.")
    webhook: WebhookTarget | None = Field(None, description="By POST to any address.")

    @model_validator(mode="after")
    def _is_one_way(self) -> Target:
        if len([way for way in (self.smtp, self.slack, self.teams, self.webhook) if way is not None]) != 1:
            raise ValueError("a target is one way to reach somebody; write one of smtp, slack, teams and webhook")
        return self

    @property
    def way(self) -> SmtpTarget | SlackTarget | TeamsTarget | WebhookTarget:
        """Give the way by which it is reached."""
        found = self.smtp or self.slack or self.teams or self.webhook
        assert found is not None  # noqa: S101 - the validator has looked
        return found
